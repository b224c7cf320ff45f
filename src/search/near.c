#include "search/near.h"

struct words {
    const struct search_token *token;
    struct arena *arena;
    struct str items[SEARCH_NEAR_WORDS_MAX];
    size_t count;
    bool failed;
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
    if (words->count == SEARCH_NEAR_WORDS_MAX || str_is_among(words->items, words->count, word))
        return;
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

enum status search_near_ranges(const struct search_view *view, const struct search_token *token,
                               struct arena *scratch, struct search_ranges *ranges,
                               struct error *error)
{
    struct words words = {.token = token, .arena = ranges->arena};
    struct search_ranges near = {.arena = ranges->arena};
    const struct search_walk walk = {.take = take_block, .context = &words};
    bool ignored;
    search_ranges_near(&near, token);
    if (near.failed) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(search_view_prepare(view, &near, 1, ranges->arena, error));
    for (size_t i = 0; i < near.count; i++) {
        if (is_of_entries(&near.items[i])) {
            search_ranges_add(ranges, near.items[i]);
            continue;
        }
        for (size_t s = 0; s < view->segment_count; s++)
            TRY(search_view_walk(view, s, &near.items[i], &walk, scratch, &ignored, error));
    }
    for (size_t w = 0; w < words.count; w++) search_ranges_word(ranges, words.items[w]);
    return words.failed || ranges->failed ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}
