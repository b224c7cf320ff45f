#include "search/directory.h"

#include <stdlib.h>
#include <string.h>

enum {
    NUMBER_DIGITS = 12,       /* of a place, */
    TAIL = NUMBER_DIGITS + 1, /* behind its key */
    TOP_EVERY = 64
};

static uint64_t head_of(struct str text)
{
    uint64_t head = 0;
    for (size_t i = 0; i < sizeof(head); i++)
        head = head << 8 | (i < text.len ? (unsigned char)text.ptr[i] : 0);
    return head;
}

static int64_t number_of(struct str place)
{
    int64_t number = 0;
    for (size_t i = place.len - NUMBER_DIGITS; place.len > TAIL && i < place.len; i++) {
        char c = place.ptr[i];
        number = number << 4 | (c >= 'a' ? c - 'a' + 10 : c - '0');
    }
    return number;
}

static bool take_memory(struct search_directory *directory, size_t count, size_t text_bytes)
{
    size_t tops = count / TOP_EVERY + 1;
    directory->heads = malloc((count + 1) * sizeof(*directory->heads));
    directory->tops = malloc(tops * sizeof(*directory->tops));
    directory->numbers = malloc((count + 1) * sizeof(*directory->numbers));
    directory->ends = malloc((count + 1) * sizeof(*directory->ends));
    directory->texts = malloc(text_bytes + 1);
    directory->bytes = sizeof(*directory) + text_bytes + tops * sizeof(*directory->tops) +
                       count * (sizeof(*directory->heads) + sizeof(*directory->numbers) +
                                sizeof(*directory->ends));
    return directory->heads && directory->tops && directory->numbers && directory->ends &&
           directory->texts;
}

struct search_directory *search_directory_new(const struct str *places, size_t count)
{
    struct search_directory *directory = calloc(1, sizeof(*directory));
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) bytes += places[i].len;
    if (!directory || bytes > UINT32_MAX || !take_memory(directory, count, bytes)) {
        search_directory_free(directory);
        return NULL;
    }
    directory->count = count;
    for (size_t i = 0, at = 0; i < count; i++) {
        memcpy(directory->texts + at, places[i].ptr, places[i].len);
        at += places[i].len;
        directory->ends[i] = (uint32_t)at;
        directory->heads[i] = head_of(places[i]);
        if (i % TOP_EVERY == 0) directory->tops[i / TOP_EVERY] = directory->heads[i];
        directory->numbers[i] = number_of(places[i]);
    }
    return directory;
}

void search_directory_free(struct search_directory *directory)
{
    if (!directory) return;
    free(directory->heads);
    free(directory->tops);
    free(directory->numbers);
    free(directory->ends);
    free(directory->texts);
    free(directory);
}

struct str search_directory_place(const struct search_directory *directory, size_t block)
{
    size_t from = block > 0 ? directory->ends[block - 1] : 0;
    return str_of(directory->texts + from, directory->ends[block] - from);
}

struct str search_directory_key(const struct search_directory *directory, size_t block)
{
    struct str place = search_directory_place(directory, block);
    return str_of(place.ptr, place.len > TAIL ? place.len - TAIL : 0);
}

/* The first of the tops that is `head` or more, or only more. */
static size_t find_top(const struct search_directory *directory, uint64_t head, bool more)
{
    size_t low = 0, high = (directory->count + TOP_EVERY - 1) / TOP_EVERY;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (directory->tops[middle] > head || (!more && directory->tops[middle] == head))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

size_t search_directory_find(const struct search_directory *directory, struct str place)
{
    uint64_t head = head_of(place);
    size_t low = find_top(directory, head, false) * TOP_EVERY;
    size_t high = find_top(directory, head, true) * TOP_EVERY;
    low = low > 0 ? low - TOP_EVERY : 0;
    if (high > directory->count) high = directory->count;
    while (low < high) { /* the first that begins behind is in [low, high] */
        size_t middle = low + (high - low) / 2;
        bool behind = directory->heads[middle] > head ||
                      (directory->heads[middle] == head &&
                       str_compare(search_directory_place(directory, middle), place) > 0);
        if (behind)
            high = middle;
        else
            low = middle + 1;
    }
    return low > 0 ? low - 1 : 0;
}

bool search_directory_is_within_list(const struct search_directory *directory, size_t block)
{
    return block + 1 < directory->count && directory->numbers[block + 1] > 0 &&
           str_equal(search_directory_key(directory, block),
                     search_directory_key(directory, block + 1));
}
