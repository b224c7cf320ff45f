#include "search/hits.h"

#include <stdlib.h>
#include <string.h>

enum { WEIGHT_BITS = 12, CLOSE = 1 << 11, WEIGHT_MASK = CLOSE - 1, OPEN_WEIGHT = 500 };
enum { CLASS_LACKING = 0, CLASS_NEAR = 1000, CLASS_CLOSE = 2000, LACKING_FROM = 3 };

void search_hits_init(struct search_hits *hits, const struct search_reading *reading,
                      struct arena *arena)
{
    *hits = (struct search_hits){.reading = reading, .arena = arena};
}

void search_hits_open(struct search_hits *hits, size_t token)
{
    hits->tokens[token].is_open = true;
}

/* --- gathering --- */

static void add(struct search_hits *hits, size_t token, int64_t number, struct search_match match)
{
    struct search_postings *postings = &hits->tokens[token];
    if (postings->count == postings->room && !hits->failed) {
        size_t room = postings->room ? postings->room * 2 : 64;
        uint64_t *larger = arena_realloc(hits->arena, postings->items,
                                         postings->room * sizeof(*larger), room * sizeof(*larger));
        hits->failed = !larger;
        if (larger) {
            postings->items = larger;
            postings->room = room;
        }
    }
    if (hits->failed) return;
    postings->items[postings->count++] =
        (uint64_t)number << WEIGHT_BITS | (match.is_close ? CLOSE : 0) | (uint64_t)match.weight;
}

/* The key and a blank against a bound. */
static int compare_place(struct str key, struct str bound)
{
    size_t both = key.len < bound.len ? key.len : bound.len;
    int order = memcmp(key.ptr, bound.ptr, both);
    if (order != 0) return order;
    if (key.len >= bound.len) return 1;
    if (bound.ptr[key.len] != ' ') return ' ' - (unsigned char)bound.ptr[key.len];
    return bound.len > key.len + 1 ? -1 : 0;
}

/* Before the range (< 0), in it (0), or behind it? In a place, a blank follows the key. */
static int place_in(struct str key, const struct search_range *range)
{
    if (compare_place(key, range->from) < 0) return -1;
    return compare_place(key, range->to) < 0 ? 0 : 1;
}

void search_hits_block(struct search_hits *hits, struct str block, const struct search_range *range,
                       bool close_only)
{
    struct search_reader reader = search_reader_of(block);
    while (search_reader_list(&reader)) {
        struct str key = search_reader_key(&reader);
        int where = place_in(key, range);
        if (where > 0) return;
        struct search_match matches[SEARCH_TOKENS_MAX];
        bool any = false;
        for (size_t t = 0; where == 0 && t < hits->reading->count; t++) {
            matches[t] = search_match_key(&hits->reading->tokens[t], key, close_only);
            any = any || matches[t].weight > 0;
        }
        int64_t number;
        while (any && search_reader_number(&reader, &number))
            for (size_t t = 0; t < hits->reading->count; t++)
                if (matches[t].weight > 0) add(hits, t, number, matches[t]);
    }
}

void search_hits_entry(struct search_hits *hits, const struct search_entry *entry, bool close_only)
{
    struct search_reader reader = search_reader_of(entry->body);
    while (search_reader_list(&reader)) {
        for (size_t t = 0; t < hits->reading->count; t++) {
            struct search_match match =
                search_match_key(&hits->reading->tokens[t], search_reader_key(&reader), close_only);
            if (match.weight > 0) add(hits, t, entry->number, match);
        }
    }
}

/* --- ordering what was gathered: runs in order, one behind the other, become one --- */

static size_t merge_runs(const uint64_t *a, size_t a_count, const uint64_t *b, size_t b_count,
                         uint64_t *out)
{
    size_t i = 0, j = 0, n = 0;
    while (i < a_count || j < b_count)
        out[n++] = j == b_count || (i < a_count && a[i] <= b[j]) ? a[i++] : b[j++];
    return n;
}

static size_t run_at(const uint64_t *items, size_t from, size_t count)
{
    size_t end = from + 1;
    while (end < count && items[end - 1] <= items[end]) end++;
    return end - from;
}

/* Of one number the greatest weight stays. */
static void keep_best(struct search_postings *postings)
{
    size_t kept = 0;
    for (size_t i = 0; i < postings->count; i++) {
        if (kept > 0 &&
            postings->items[kept - 1] >> WEIGHT_BITS == postings->items[i] >> WEIGHT_BITS)
            kept--;
        postings->items[kept++] = postings->items[i];
    }
    postings->count = kept;
}

static bool settle(struct search_postings *postings, struct arena *arena)
{
    size_t count = postings->count;
    if (count == 0) return true;
    if (run_at(postings->items, 0, count) < count) {
        uint64_t *other = ARENA_NEW_ARRAY(arena, uint64_t, count);
        if (!other) return false;
        bool merged = true;
        while (merged) {
            merged = false;
            for (size_t at = 0; at < count;) {
                size_t first = run_at(postings->items, at, count), second = 0;
                if (at + first < count) second = run_at(postings->items, at + first, count);
                merged = merged || second > 0;
                at += merge_runs(postings->items + at, first, postings->items + at + first, second,
                                 other + at);
            }
            uint64_t *items = postings->items;
            postings->items = other;
            other = items;
        }
        postings->room = count; /* whichever of the two it is now */
    }
    keep_best(postings);
    return true;
}

/* --- ranking: a heap of the best, the worst of them on top --- */

struct ranking {
    struct search_hit *items;
    size_t count, max;
    const struct search_hit *after; /* NULL: all are ranked */
    struct search_hit *passed;      /* up to it, in no order */
    size_t passed_count;
    bool more; /* than the heap holds */
};

int search_hit_compare(const struct search_hit *a, const struct search_hit *b)
{
    if (a->rank != b->rank) return a->rank > b->rank ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

static int compare_hits(const void *a, const void *b)
{
    return search_hit_compare(a, b);
}

static void sink_down(struct ranking *ranking, size_t at)
{
    for (;;) {
        size_t worst = at, left = 2 * at + 1, right = left + 1;
        struct search_hit *items = ranking->items;
        if (left < ranking->count && search_hit_compare(&items[left], &items[worst]) > 0)
            worst = left;
        if (right < ranking->count && search_hit_compare(&items[right], &items[worst]) > 0)
            worst = right;
        if (worst == at) return;
        struct search_hit moved = items[at];
        items[at] = items[worst];
        items[worst] = moved;
        at = worst;
    }
}

static void offer(struct ranking *ranking, struct search_hit hit)
{
    if (ranking->after && search_hit_compare(&hit, ranking->after) <= 0) {
        ranking->passed[ranking->passed_count++] = hit;
        return;
    }
    ranking->more = ranking->more || ranking->count == ranking->max;
    if (ranking->count < ranking->max) {
        ranking->items[ranking->count++] = hit;
        for (size_t i = ranking->count / 2; ranking->count == ranking->max && i-- > 0;)
            sink_down(ranking, i);
        return;
    }
    if (search_hit_compare(&hit, &ranking->items[0]) >= 0) return;
    ranking->items[0] = hit;
    sink_down(ranking, 0);
}

/* --- meeting all tokens --- */

/* Where each list stands while numbers are passed in order. */
struct cursors {
    const struct search_postings *lists;
    size_t at[SEARCH_TOKENS_MAX];
    size_t count;
};

/* The token's posting of the number; 0 when it has none. Numbers are asked for in order; the step
 * doubles while it is far. */
static uint64_t posting_at(struct cursors *cursors, size_t token, uint64_t number)
{
    const struct search_postings *list = &cursors->lists[token];
    size_t low = cursors->at[token], step = 1;
    while (low + step < list->count && list->items[low + step] >> WEIGHT_BITS <= number) {
        low += step;
        step *= 2;
    }
    size_t high = low + step < list->count ? low + step : list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->items[middle] >> WEIGHT_BITS < number)
            low = middle + 1;
        else
            high = middle;
    }
    cursors->at[token] = low;
    return low < list->count && list->items[low] >> WEIGHT_BITS == number ? list->items[low] : 0;
}

/* Ranks the entry when enough tokens are met; at most one may lack. */
static void judge(struct cursors *cursors, uint64_t number, size_t lacking_max,
                  struct ranking *ranking)
{
    size_t lacking = 0;
    int sum = 0, class = CLASS_CLOSE;
    bool unsure = false;
    for (size_t t = 0; t < cursors->count; t++) {
        uint64_t posting = posting_at(cursors, t, number);
        if (posting == 0 && cursors->lists[t].is_open) {
            if (lacking > 0) return;
            sum += OPEN_WEIGHT;
            unsure = true;
            continue;
        }
        if (posting == 0 && (++lacking > lacking_max || unsure)) return;
        if (posting != 0 && !(posting & CLOSE)) class = class < CLASS_NEAR ? class : CLASS_NEAR;
        sum += (int)(posting & WEIGHT_MASK);
    }
    if (lacking > 0) class = CLASS_LACKING;
    offer(ranking, (struct search_hit){.rank = class + sum / (int)cursors->count * 999 / 1000,
                                       .number = (int64_t)number,
                                       .is_unsure = unsure});
}

/* Every entry of the token is judged. */
static void drive(struct search_hits *hits, size_t token, size_t lacking_max,
                  struct ranking *ranking)
{
    struct cursors cursors = {.lists = hits->tokens, .count = hits->reading->count};
    const struct search_postings *list = &hits->tokens[token];
    for (size_t i = 0; i < list->count && cursors.count > 0; i++)
        judge(&cursors, list->items[i] >> WEIGHT_BITS, lacking_max, ranking);
}

/* The token that restricts most: of those that were read whole, or, if none was, the longest. */
static size_t driver_of(const struct search_hits *hits, size_t skipped)
{
    size_t best = SEARCH_TOKENS_MAX;
    for (size_t t = 0; t < hits->reading->count; t++) {
        const struct search_postings *list = &hits->tokens[t];
        if (t == skipped) continue;
        if (best == SEARCH_TOKENS_MAX || (hits->tokens[best].is_open && !list->is_open) ||
            (list->is_open == hits->tokens[best].is_open && list->count < hits->tokens[best].count))
            best = t;
    }
    return best;
}

static void drop_repeated(struct search_hit *list, size_t *count)
{
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++)
        if (kept == 0 || list[kept - 1].number != list[i].number ||
            list[kept - 1].rank != list[i].rank)
            list[kept++] = list[i];
    *count = kept;
}

/* Behind those that were passed, which leave the heap's place to it, the best `max`. */
static void put_together(struct ranking *ranking, size_t max)
{
    qsort(ranking->items, ranking->count, sizeof(*ranking->items), compare_hits);
    drop_repeated(ranking->items, &ranking->count);
    ranking->more = ranking->more || ranking->count > max;
    if (ranking->count > max) ranking->count = max;
    if (!ranking->passed) return;
    qsort(ranking->passed, ranking->passed_count, sizeof(*ranking->passed), compare_hits);
    drop_repeated(ranking->passed, &ranking->passed_count);
    if (ranking->count > 0)
        memcpy(ranking->passed + ranking->passed_count, ranking->items,
               ranking->count * sizeof(*ranking->items));
    ranking->items = ranking->passed;
    ranking->count += ranking->passed_count;
}

enum status search_hits_rank(struct search_hits *hits, const struct search_hit *after, size_t max,
                             struct search_hit **list, size_t *count, bool *more)
{
    size_t tokens = hits->reading->count;
    *list = NULL;
    *count = 0;
    *more = false;
    if (tokens == 0) return STATUS_OK;
    /* One that lacks a token comes from either of two drivers, so some come twice. */
    struct ranking ranking = {.max = 2 * max, .after = after};
    ranking.items = ARENA_NEW_ARRAY(hits->arena, struct search_hit, ranking.max);
    if (hits->failed || !ranking.items) return STATUS_OUT_OF_MEMORY;
    for (size_t t = 0; t < tokens; t++)
        if (!settle(&hits->tokens[t], hits->arena)) return STATUS_OUT_OF_MEMORY;
    size_t driver = driver_of(hits, SEARCH_TOKENS_MAX);
    size_t lacking = tokens >= LACKING_FROM ? 1 : 0;
    size_t other = lacking > 0 ? driver_of(hits, driver) : driver;
    size_t all = hits->tokens[driver].count + (lacking > 0 ? hits->tokens[other].count : 0);
    if (after &&
        !(ranking.passed = ARENA_NEW_ARRAY(hits->arena, struct search_hit, all + ranking.max)))
        return STATUS_OUT_OF_MEMORY;
    drive(hits, driver, lacking, &ranking);
    if (lacking > 0) drive(hits, other, lacking, &ranking);
    put_together(&ranking, max);
    *list = ranking.items;
    *count = ranking.count;
    *more = ranking.more;
    return STATUS_OK;
}

/* --- words near a token --- */

/* The word of a dictionary key, in `out`. */
static struct str dictionary_word(struct str key, char *out)
{
    if (key.ptr[0] == 'D') return str_skip(key, 2);
    if (key.ptr[0] == 'R') return search_reversed(str_skip(key, 2), out);
    if (key.ptr[0] != 'S') return STR_NONE;
    ptrdiff_t blank = str_find_char(key, ' ');
    return blank < 0 ? STR_NONE : str_skip(key, (size_t)blank + 1);
}

static void add_near(struct search_near *near, struct str word)
{
    if (near->failed || str_is_among(near->words, near->count, word)) return;
    if (near->count == near->room) {
        size_t room = near->room ? near->room * 2 : 16;
        struct str *larger = arena_realloc(near->arena, near->words, near->room * sizeof(*larger),
                                           room * sizeof(*larger));
        near->failed = !larger;
        if (!larger) return;
        near->words = larger;
        near->room = room;
    }
    struct str copy = arena_str(near->arena, word);
    near->failed = str_is_none(copy);
    if (!near->failed) near->words[near->count++] = copy;
}

void search_near_block(struct search_near *near, const struct search_reading *reading,
                       struct str block, const struct search_range *range)
{
    struct search_reader reader = search_reader_of(block);
    while (search_reader_list(&reader)) {
        char room[SEARCH_KEY_MAX];
        struct str key = search_reader_key(&reader);
        int where = place_in(key, range);
        if (where > 0) return;
        struct str word = where == 0 ? dictionary_word(key, room) : STR_NONE;
        for (size_t t = 0; !str_is_none(word) && t < reading->count; t++) {
            if (!search_match_near(&reading->tokens[t], word, key.ptr[0] == 'S')) continue;
            add_near(near, word);
            break;
        }
    }
}
