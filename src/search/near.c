#include "search/near.h"

#include <stdlib.h>
#include <string.h>

enum { SEGMENT_WORDS_MAX = 256, KEPT_BYTES_MAX = SEGMENT_WORDS_MAX * (SEARCH_WORD_MAX + 1) };

/* Of one segment. */
struct words {
    const struct search_token *token;
    struct arena *arena;
    struct str items[SEGMENT_WORDS_MAX];
    size_t count;
    bool failed;
};

struct near_word {
    struct str word;
    int weight;
    uint64_t segments; /* that may have it, by bit */
};

/* Of all segments. */
struct near_words {
    struct near_word *items;
    size_t count, room;
    uint64_t cut; /* segments that have more of them than were taken */
};

/* The word of a dictionary key, in `out`. */
static struct str dictionary_word(struct str key, char *out)
{
    if (key.ptr[0] == 'D') return str_skip(key, 2);
    if (key.ptr[0] == 'R') return search_reversed(str_skip(key, 2), out);
    if (key.ptr[0] != 'S') return STR_NONE;
    ptrdiff_t blank = str_find_char(key, ' ');
    return blank < 0 ? STR_NONE : str_skip(key, (size_t)blank + 1);
}

static void add_word(struct words *words, struct str word)
{
    if (words->count == SEGMENT_WORDS_MAX || str_is_among(words->items, words->count, word)) return;
    struct str copy = arena_str(words->arena, word);
    words->failed = words->failed || str_is_none(copy);
    if (!words->failed) words->items[words->count++] = copy;
}

static void take_block(void *context, struct str body, const struct search_range *range)
{
    struct words *words = context;
    struct search_reader reader = search_reader_of(body);
    for (bool found = search_reader_seek(&reader, range->from); found;
         found = search_reader_list(&reader)) {
        char room[SEARCH_KEY_MAX];
        struct str key = search_reader_key(&reader);
        if (search_range_is_behind(range, key)) return;
        struct str word = dictionary_word(key, room);
        if (!str_is_none(word) && search_match_near(words->token, word, key.ptr[0] == 'S'))
            add_word(words, word);
    }
}

/* Phone numbers are their own dictionary. */
static bool is_of_entries(const struct search_range *range)
{
    return range->from.ptr[0] == 'V';
}

static enum status walk_dictionary(const struct search_view *view, size_t segment,
                                   const struct search_ranges *near, struct words *words,
                                   struct arena *scratch, struct error *error)
{
    const struct search_walk walk = {.take = take_block, .context = words};
    bool ignored;
    for (size_t i = 0; i < near->count; i++)
        if (!is_of_entries(&near->items[i]))
            TRY(search_view_walk(view, segment, &near->items[i], &walk, scratch, &ignored, error));
    return words->failed ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

/* One behind the other, with a blank behind each. */
static void keep(const struct search_view *view, size_t segment, struct str key,
                 const struct words *words)
{
    char text[KEPT_BYTES_MAX];
    size_t len = 0;
    for (size_t i = 0; i < words->count; i++) {
        memcpy(text + len, words->items[i].ptr, words->items[i].len);
        len += words->items[i].len;
        text[len++] = ' ';
    }
    view->remember(view->context, segment, key, str_of(text, len));
}

static void take_kept(struct words *words, struct str kept)
{
    struct str word;
    while (kept.len > 0 && str_split(&kept, ' ', &word))
        if (word.len > 0 && words->count < SEGMENT_WORDS_MAX) words->items[words->count++] = word;
}

static enum status words_of_segment(const struct search_view *view, size_t segment,
                                    const struct search_ranges *near, struct words *words,
                                    struct arena *scratch, struct error *error)
{
    struct str key = arena_format(words->arena, "N%.*s", STR_ARGS(words->token->word));
    if (str_is_none(key)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    struct str kept = view->recall ? view->recall(view->context, segment, key) : STR_NONE;
    words->count = 0;
    if (!str_is_none(kept)) {
        take_kept(words, kept);
        return STATUS_OK;
    }
    TRY(walk_dictionary(view, segment, near, words, scratch, error));
    if (view->recall) keep(view, segment, key, words);
    return STATUS_OK;
}

static uint64_t segment_bit(size_t segment)
{
    return segment < 64 ? 1ULL << segment : 0;
}

static bool add_words(struct near_words *all, const struct words *words, size_t segment)
{
    if (all->count + words->count > all->room) {
        size_t room = 2 * (all->count + words->count);
        struct near_word *larger = arena_realloc(
            words->arena, all->items, all->room * sizeof(*larger), room * sizeof(*larger));
        if (!larger) return false;
        all->items = larger;
        all->room = room;
    }
    for (size_t i = 0; i < words->count; i++)
        all->items[all->count++] = (struct near_word){
            words->items[i], search_match_word(words->token, words->items[i], false).weight,
            segment_bit(segment)};
    if (words->count == SEGMENT_WORDS_MAX) all->cut |= segment_bit(segment);
    return true;
}

static int compare_near(const void *a, const void *b)
{
    const struct near_word *x = a, *y = b;
    if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
    return str_compare(x->word, y->word);
}

/* The nearest ones, each once, and only where they are. */
static void add_ranges(struct near_words *all, struct search_ranges *ranges)
{
    if (all->count > 1) qsort(all->items, all->count, sizeof(*all->items), compare_near);
    for (size_t i = 0, next, used = 0; i < all->count && used < SEARCH_NEAR_WORDS_MAX; i = next) {
        uint64_t segments = all->cut;
        for (next = i; next < all->count && str_equal(all->items[next].word, all->items[i].word);
             next++)
            segments |= all->items[next].segments;
        search_ranges_word(ranges, all->items[i].word, ~segments);
        used++;
    }
}

static enum status near_words(const struct search_view *view, const struct search_token *token,
                              const struct search_ranges *near, struct arena *scratch,
                              struct search_ranges *ranges, struct error *error)
{
    struct words *words = arena_alloc(ranges->arena, sizeof(*words));
    struct near_words all = {0};
    if (!words) return error_plain(error, STATUS_OUT_OF_MEMORY);
    words->token = token;
    words->arena = ranges->arena;
    words->failed = false;
    for (size_t s = 0; s < view->segment_count; s++) {
        TRY(words_of_segment(view, s, near, words, scratch, error));
        if (!add_words(&all, words, s)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    add_ranges(&all, ranges);
    return STATUS_OK;
}

enum status search_near_ranges(const struct search_view *view, const struct search_token *token,
                               struct arena *scratch, struct search_ranges *ranges,
                               struct error *error)
{
    struct search_ranges near = {.arena = ranges->arena};
    bool has_words = false;
    search_ranges_near(&near, token);
    if (near.failed) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(search_view_prepare(view, &near, 1, ranges->arena, error));
    for (size_t i = 0; i < near.count; i++) {
        has_words = has_words || !is_of_entries(&near.items[i]);
        if (is_of_entries(&near.items[i])) search_ranges_add(ranges, near.items[i]);
    }
    if (has_words) TRY(near_words(view, token, &near, scratch, ranges, error));
    return ranges->failed ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}
