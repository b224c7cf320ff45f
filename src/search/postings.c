#include "search/postings.h"

#include <stdlib.h>
#include <string.h>

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, FEW = 256 };

static bool make_room(struct search_postings *postings, size_t count)
{
    if (postings->failed || postings->count + count <= postings->room) return !postings->failed;
    size_t room = postings->room ? postings->room * 2 : 64;
    while (room < postings->count + count) room *= 2;
    uint64_t *larger = arena_realloc(postings->arena, postings->items,
                                     postings->room * sizeof(*larger), room * sizeof(*larger));
    postings->failed = !larger;
    if (!larger) return false;
    postings->items = larger;
    postings->room = room;
    return true;
}

void search_postings_add(struct search_postings *postings, const int64_t *numbers, size_t count,
                         struct search_match match)
{
    uint64_t low = (match.is_close ? SEARCH_POSTING_CLOSE : 0) | (uint64_t)match.weight;
    if (!make_room(postings, count)) return;
    for (size_t i = 0; i < count; i++)
        postings->items[postings->count++] = (uint64_t)numbers[i] << SEARCH_POSTING_BITS | low;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Stable, by some bits of the number. */
static void pass(const uint64_t *from, uint64_t *to, size_t count, unsigned shift)
{
    uint32_t at[DIGITS + 1] = {0};
    for (size_t i = 0; i < count; i++) at[(from[i] >> shift & (DIGITS - 1)) + 1]++;
    for (size_t i = 1; i < DIGITS; i++) at[i] += at[i - 1];
    for (size_t i = 0; i < count; i++) to[at[from[i] >> shift & (DIGITS - 1)]++] = from[i];
}

/* Digit by digit of the numbers, as far as they differ. */
static void sort_by_number(struct search_postings *postings)
{
    uint64_t *other = ARENA_NEW_ARRAY(postings->arena, uint64_t, postings->count);
    uint64_t differing = 0;
    postings->failed = !other;
    if (!other) return;
    for (size_t i = 1; i < postings->count; i++)
        differing |= postings->items[0] ^ postings->items[i];
    for (unsigned shift = SEARCH_POSTING_BITS; shift < 64 && differing >> shift > 0;
         shift += DIGIT_BITS) {
        pass(postings->items, other, postings->count, shift);
        uint64_t *items = postings->items;
        postings->items = other;
        other = items;
    }
    postings->room = postings->count; /* whichever of the two it is now */
}

static bool is_in_order(const struct search_postings *postings)
{
    size_t at = 1;
    while (at < postings->count && postings->items[at - 1] <= postings->items[at]) at++;
    return at >= postings->count;
}

void search_postings_settle(struct search_postings *postings)
{
    size_t kept = 0;
    if (postings->failed) return;
    if (!is_in_order(postings)) {
        if (postings->count <= FEW)
            qsort(postings->items, postings->count, sizeof(*postings->items), compare);
        else
            sort_by_number(postings);
    }
    for (size_t i = 0; i < postings->count && !postings->failed; i++) {
        uint64_t item = postings->items[i];
        bool again = kept > 0 && postings->items[kept - 1] >> SEARCH_POSTING_BITS ==
                                     item >> SEARCH_POSTING_BITS;
        if (again && item < postings->items[kept - 1]) continue;
        postings->items[again ? kept - 1 : kept++] = item;
    }
    postings->count = kept;
}
