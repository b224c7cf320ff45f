#include "search/segment.h"

#include <stdlib.h>
#include <string.h>

#include "search/terms.h"

/* --- blocks going out --- */

struct output {
    struct search_writer writer;
    const struct search_sink *sink;
    char place[SEARCH_PLACE_MAX], key[SEARCH_KEY_MAX];
    size_t place_len, key_len;
    size_t blocks;
    struct error *error;
};

static enum status flush(struct output *output)
{
    if (output->place_len == 0) return STATUS_OK;
    struct str body = search_writer_finish(&output->writer);
    if (buffer_failed(&output->writer.out)) return error_plain(output->error, STATUS_OUT_OF_MEMORY);
    TRY(output->sink->put(output->sink->context, str_of(output->place, output->place_len), body,
                          output->error));
    search_writer_clear(&output->writer);
    output->place_len = 0;
    output->blocks++;
    return STATUS_OK;
}

static void begin_block(struct output *output, int64_t number)
{
    struct str key = str_of(output->key, output->key_len);
    output->place_len = search_place(key, number, output->place).len;
    search_writer_list(&output->writer, key);
}

static enum status put_list(struct output *output, struct str key)
{
    if (search_writer_is_full(&output->writer)) TRY(flush(output));
    memcpy(output->key, key.ptr, key.len);
    output->key_len = key.len;
    if (output->place_len == 0)
        begin_block(output, 0);
    else
        search_writer_list(&output->writer, key);
    return STATUS_OK;
}

/* The first stands in the block of its key: a key that ended the block before would be left there
 * when all of its numbers are erased. */
static enum status put_number(struct output *output, int64_t number)
{
    if (output->writer.last > 0 && search_writer_is_full(&output->writer)) {
        TRY(flush(output));
        begin_block(output, number);
    }
    search_writer_number(&output->writer, number);
    return STATUS_OK;
}

/* --- entries to a segment --- */

/* One key of one entry. `head` are its first bytes as a number. */
struct occurrence {
    uint64_t head;
    struct str key;
    int64_t number; /* 0: the key has no numbers */
};

struct occurrences {
    struct arena *arena;
    struct occurrence *items;
    size_t count, room;
    bool failed;
};

static uint64_t head_of(struct str key)
{
    uint64_t head = 0;
    for (size_t i = 0; i < sizeof(head); i++)
        head = head << 8 | (i < key.len ? (unsigned char)key.ptr[i] : 0);
    return head;
}

static int compare_occurrences(const void *a, const void *b)
{
    const struct occurrence *x = a, *y = b;
    int by_key = str_compare(x->key, y->key);
    return by_key ? by_key : (x->number > y->number) - (x->number < y->number);
}

static void add(struct occurrences *to, struct str key, int64_t number)
{
    if (to->count == to->room && !to->failed) {
        size_t room = to->room ? to->room * 2 : 1024;
        struct occurrence *larger =
            arena_realloc(to->arena, to->items, to->room * sizeof(*larger), room * sizeof(*larger));
        to->failed = !larger;
        if (larger) {
            to->items = larger;
            to->room = room;
        }
    }
    struct str copy = to->failed ? STR_NONE : arena_str(to->arena, key);
    to->failed = to->failed || str_is_none(copy);
    if (!to->failed) to->items[to->count++] = (struct occurrence){head_of(copy), copy, number};
}

/* Stable, by one byte of the head. */
static void pass(const struct occurrence *from, struct occurrence *to, size_t count, unsigned shift)
{
    size_t at[257] = {0};
    for (size_t i = 0; i < count; i++) at[(from[i].head >> shift & 255) + 1]++;
    for (size_t i = 1; i < 257; i++) at[i] += at[i - 1];
    for (size_t i = 0; i < count; i++) to[at[from[i].head >> shift & 255]++] = from[i];
}

/* By the heads, byte by byte; then what has one head, which mostly is in order, for it came so. */
static void sort(struct occurrences *all)
{
    struct occurrence *other = ARENA_NEW_ARRAY(all->arena, struct occurrence, all->count);
    all->failed = all->failed || !other;
    if (all->failed) return;
    for (unsigned shift = 0; shift < 64; shift += 16) {
        pass(all->items, other, all->count, shift);
        pass(other, all->items, all->count, shift + 8);
    }
    for (size_t from = 0, end; from < all->count; from = end) {
        bool ordered = true;
        for (end = from + 1; end < all->count && all->items[end].head == all->items[from].head;
             end++)
            ordered = ordered && compare_occurrences(&all->items[end - 1], &all->items[end]) <= 0;
        if (!ordered)
            qsort(all->items + from, end - from, sizeof(*all->items), compare_occurrences);
    }
}

static bool has_digit(struct str word)
{
    for (size_t i = 0; i < word.len; i++)
        if (word.ptr[i] <= '9' && word.ptr[i] >= '0') return true;
    return false;
}

static bool has_letter(struct str word)
{
    for (size_t i = 0; i < word.len; i++)
        if (word.ptr[i] > '9' || word.ptr[i] < 0) return true;
    return false;
}

/* What follows from a word: that there is such a word, backwards, and its sound. A number has
 * neither typos that could be told from other numbers nor a sound. */
static void add_word(struct occurrences *to, struct str word)
{
    char key[SEARCH_KEY_MAX] = {'D', search_length(word.len)};
    if (!has_letter(word)) return;
    memcpy(key + 2, word.ptr, word.len);
    add(to, str_of(key, word.len + 2), 0);
    key[0] = 'R';
    search_reversed(word, key + 2);
    add(to, str_of(key, word.len + 2), 0);
    size_t at = has_digit(word) ? 0 : search_sound_key(word, key).len;
    if (at == 0) return;
    memcpy(key + at, word.ptr, word.len);
    add(to, str_of(key, at + word.len), 0);
}

static void add_entry(struct occurrences *to, const struct search_entry *entry)
{
    struct search_reader reader = search_reader_of(entry->body);
    while (search_reader_list(&reader)) add(to, search_reader_key(&reader), entry->number);
}

/* From the keys in order, each word once. */
static void add_words(struct occurrences *to, const struct occurrences *keys)
{
    struct str before = STR("");
    for (size_t i = 0; i < keys->count; i++) {
        struct str word = search_key_word(keys->items[i].key);
        if (str_is_none(word) || str_equal(word, before) || word.len > SEARCH_WORD_MAX) continue;
        before = word;
        add_word(to, word);
    }
}

static enum status put_occurrences(struct output *output, const struct occurrences *all)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct occurrence *at = &all->items[i];
        bool same_key = i > 0 && str_equal(at[-1].key, at->key);
        if (!same_key) TRY(put_list(output, at->key));
        if (at->number > 0 && !(same_key && at[-1].number == at->number))
            TRY(put_number(output, at->number));
    }
    return STATUS_OK;
}

/* Keys of words, by their first letter, lie before (D), between and behind those of entries (P, V).
 */
static enum status put_all(struct output *output, struct occurrences *words,
                           const struct occurrences *keys)
{
    size_t before = 0, between = 0;
    while (before < words->count && words->items[before].key.ptr[0] < 'P') before++;
    while (between < keys->count && keys->items[between].key.ptr[0] < 'R') between++;
    struct occurrences parts[] = {{.items = words->items, .count = before},
                                  {.items = keys->items, .count = between},
                                  {.items = words->items + before, .count = words->count - before},
                                  {.items = keys->items + between, .count = keys->count - between}};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        TRY(put_occurrences(output, &parts[i]));
    return flush(output);
}

enum status search_segment_build(const struct search_entry *entries, size_t count,
                                 struct arena *arena, const struct search_sink *sink,
                                 struct error *error)
{
    struct occurrences keys = {.arena = arena}, words = {.arena = arena};
    struct output output = {.writer = {.out = {.arena = arena}}, .sink = sink, .error = error};
    for (size_t i = 0; i < count; i++) add_entry(&keys, &entries[i]);
    sort(&keys);
    add_words(&words, &keys);
    sort(&words);
    if (keys.failed || words.failed) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return put_all(&output, &words, &keys);
}

/* --- segments to a segment --- */

/* To the next list, in the next block if need be. */
static enum status advance(struct search_source *source, struct error *error)
{
    while (!source->ended && !search_reader_list(&source->reader)) {
        struct str block;
        if (source->reader.is_damaged)
            return error_set(error, STATUS_STORE_CORRUPT, STR_NONE, STR_NONE,
                             "a block of the search index is damaged");
        TRY(source->next(source->context, &block, error));
        source->ended = str_is_none(block);
        source->reader = search_reader_of(block);
    }
    return STATUS_OK;
}

/* The numbers of one key in the sources that have it now, in order. A source's list may go on in
 * its next block. */
struct heads {
    struct search_source *source[SEARCH_SOURCES_MAX];
    int64_t number[SEARCH_SOURCES_MAX];
    size_t count;
};

static enum status next_number(struct search_source *source, struct str key, int64_t *number,
                               bool *found, struct error *error)
{
    *found = search_reader_number(&source->reader, number);
    while (!*found) {
        TRY(advance(source, error));
        if (source->ended || !str_equal(search_reader_key(&source->reader), key)) return STATUS_OK;
        *found = search_reader_number(&source->reader, number);
    }
    return STATUS_OK;
}

static enum status refill(struct heads *heads, size_t at, struct str key, struct error *error)
{
    bool found;
    TRY(next_number(heads->source[at], key, &heads->number[at], &found, error));
    if (found) return STATUS_OK;
    heads->count--;
    heads->source[at] = heads->source[heads->count];
    heads->number[at] = heads->number[heads->count];
    return STATUS_OK;
}

static enum status merge_numbers(struct heads *heads, struct str key, struct output *output)
{
    int64_t last = 0;
    while (heads->count > 0) {
        size_t least = 0;
        for (size_t i = 1; i < heads->count; i++)
            if (heads->number[i] < heads->number[least]) least = i;
        if (heads->number[least] > last) {
            last = heads->number[least];
            TRY(put_number(output, last));
        }
        TRY(refill(heads, least, key, output->error));
    }
    return STATUS_OK;
}

/* The sources that stand at `key`, each at its first number. */
static enum status gather(struct search_source *sources, size_t count, struct str key,
                          struct heads *heads, struct error *error)
{
    heads->count = 0;
    for (size_t i = 0; i < count; i++) {
        bool found;
        if (sources[i].ended || !str_equal(search_reader_key(&sources[i].reader), key)) continue;
        TRY(next_number(&sources[i], key, &heads->number[heads->count], &found, error));
        if (found) heads->source[heads->count++] = &sources[i];
    }
    return STATUS_OK;
}

static struct str least_key(const struct search_source *sources, size_t count)
{
    struct str least = STR_NONE;
    for (size_t i = 0; i < count; i++) {
        if (sources[i].ended) continue;
        struct str key = search_reader_key(&sources[i].reader);
        if (str_is_none(least) || str_compare(key, least) < 0) least = key;
    }
    return least;
}

/* The source that alone has the key; NULL: several have it. */
static struct search_source *only_source(struct search_source *sources, size_t count,
                                         struct str key)
{
    struct search_source *only = NULL;
    for (size_t i = 0; i < count; i++) {
        if (sources[i].ended || !str_equal(search_reader_key(&sources[i].reader), key)) continue;
        if (only) return NULL;
        only = &sources[i];
    }
    return only;
}

/* Most keys are in one segment only: their numbers are copied as they are written. */
static enum status merge_key(struct search_source *sources, size_t count, struct str key,
                             struct output *output)
{
    struct heads heads;
    struct str numbers;
    TRY(put_list(output, key));
    struct search_source *only = only_source(sources, count, key);
    size_t used = output->writer.out.len,
           left = used < SEARCH_BLOCK_BYTES ? SEARCH_BLOCK_BYTES - used : 0;
    if (only && search_reader_copy(&only->reader, left, &numbers)) {
        search_writer_copy(&output->writer, numbers);
        return advance(only, output->error);
    }
    TRY(gather(sources, count, key, &heads, output->error));
    return merge_numbers(&heads, key, output);
}

enum status search_segment_merge(struct search_source *sources, size_t count, struct str after,
                                 size_t blocks_max, struct arena *arena,
                                 const struct search_sink *sink, struct str *reached,
                                 struct error *error)
{
    struct output output = {.writer = {.out = {.arena = arena}}, .sink = sink, .error = error};
    struct str least;
    char room[SEARCH_KEY_MAX];
    *reached = STR_NONE;
    for (size_t i = 0; i < count; i++) {
        do TRY(advance(&sources[i], error));
        while (!sources[i].ended && !str_is_none(after) &&
               str_compare(search_reader_key(&sources[i].reader), after) <= 0);
    }
    while (!str_is_none(least = least_key(sources, count))) {
        if (output.blocks >= blocks_max) {
            TRY(flush(&output));
            *reached = arena_str(arena, str_of(output.key, output.key_len));
            return str_is_none(*reached) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
        }
        memcpy(room, least.ptr, least.len);
        TRY(merge_key(sources, count, str_of(room, least.len), &output));
    }
    return flush(&output);
}

/* --- a block without what is erased --- */

static bool is_in(const int64_t *numbers, size_t count, int64_t number)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (numbers[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && numbers[low] == number;
}

enum status search_segment_without(struct str block, const int64_t *numbers, size_t count,
                                   const struct str *keys, size_t key_count, struct arena *arena,
                                   struct str *place, struct str *rest, bool *changed)
{
    struct search_writer writer = {.out = {.arena = arena}};
    struct search_reader reader = search_reader_of(block);
    char *room = arena_alloc(arena, SEARCH_PLACE_MAX);
    if (!room) return STATUS_OUT_OF_MEMORY;
    *place = STR_NONE;
    *changed = false;
    while (search_reader_list(&reader)) {
        struct str key = search_reader_key(&reader);
        int64_t number, kept = 0, gone = 0;
        bool dropped = str_is_among(keys, key_count, key);
        while (!dropped && search_reader_number(&reader, &number)) {
            bool erased = is_in(numbers, count, number);
            gone += erased;
            if (erased) continue;
            if (kept++ == 0) {
                if (str_is_none(*place)) *place = search_place(key, number, room);
                search_writer_list(&writer, key);
            }
            search_writer_number(&writer, number);
        }
        /* Older blocks may end with a key whose numbers are in the next; only a word has none. */
        bool emptied = kept == 0 && gone == 0 && (key.ptr[0] == 'V' || key.ptr[0] == 'P');
        *changed = *changed || dropped || gone > 0 || emptied;
        if (dropped || kept > 0 || gone > 0 || emptied) continue;
        if (str_is_none(*place)) *place = search_place(key, 0, room);
        search_writer_list(&writer, key);
    }
    *rest = str_is_none(*place) ? STR("") : search_writer_finish(&writer);
    if (buffer_failed(&writer.out)) return STATUS_OUT_OF_MEMORY;
    return reader.is_damaged ? STATUS_STORE_CORRUPT : STATUS_OK;
}
