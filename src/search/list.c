#include "search/list.h"

#include <string.h>

enum {
    ROOM_FIRST = 1 << 16,
    ROOM_MAX = 1 << 28,
    SPARSE_BYTES = sizeof(uint32_t) + 1 /* of a posting, where its number is written */
};

struct header {
    int64_t first;
    uint64_t count;
    bool is_sparse, is_cut;
    uint16_t matches[SEARCH_LIST_CODES];
};

/* --- building --- */

/* So that codes[] has a place for all of these numbers. */
static bool make_room(struct search_list_builder *builder, int64_t first, int64_t last)
{
    int64_t begin = first - first % ROOM_FIRST, end = last + 1;
    if (builder->room > 0 && begin > builder->first) begin = builder->first;
    if (end < builder->end) end = builder->end;
    if (begin == builder->first && end - begin <= (int64_t)builder->room) {
        builder->end = end;
        return true;
    }
    size_t room = builder->room ? builder->room : ROOM_FIRST;
    while (room < ROOM_MAX && (int64_t)room < end - begin) room *= 2;
    uint8_t *larger =
        (int64_t)room >= end - begin ? ARENA_NEW_ARRAY(builder->arena, uint8_t, room) : NULL;
    if (!larger) return false;
    if (builder->room > 0)
        memcpy(larger + (builder->first - begin), builder->codes,
               (size_t)(builder->end - builder->first));
    builder->codes = larger;
    builder->first = begin;
    builder->end = end;
    builder->room = room;
    return true;
}

/* 0: there are too many. */
static uint8_t code_of(struct search_list_builder *builder, uint16_t bits)
{
    uint8_t *code = &builder->code_of[bits];
    if (*code == 0 && builder->used + 1 < SEARCH_LIST_CODES) {
        *code = (uint8_t)++builder->used;
        builder->matches[*code] = bits;
    }
    return *code;
}

void search_list_add(struct search_list_builder *builder, const int64_t *numbers, size_t count,
                     struct search_match match)
{
    uint16_t bits = (uint16_t)((match.is_close ? SEARCH_POSTING_CLOSE : 0) | match.weight);
    uint8_t code = code_of(builder, bits);
    if (count == 0 || builder->failed) return;
    builder->failed = code == 0 || !make_room(builder, numbers[0], numbers[count - 1]);
    if (builder->failed) return;
    for (size_t i = 0; i < count; i++) {
        uint8_t *place = &builder->codes[numbers[i] - builder->first];
        if (builder->matches[*place] < bits) *place = code;
    }
}

static size_t count_used(const uint8_t *codes, size_t count)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) used += codes[i] != 0;
    return used;
}

static void write_sparse(const struct search_list_builder *builder, size_t span, size_t count,
                         char *text)
{
    uint32_t *steps = (uint32_t *)(void *)text;
    uint8_t *codes = (uint8_t *)text + count * sizeof(*steps);
    for (size_t i = 0, at = 0; i < span; i++) {
        if (builder->codes[i] == 0) continue;
        steps[at] = (uint32_t)i;
        codes[at++] = builder->codes[i];
    }
}

struct str search_list_finish(struct search_list_builder *builder, bool is_cut)
{
    struct header header = {.first = builder->first, .is_cut = is_cut};
    size_t span = (size_t)(builder->end - builder->first);
    if (builder->failed) return STR_NONE;
    size_t used = count_used(builder->codes, span);
    header.is_sparse = span > used * SPARSE_BYTES;
    header.count = header.is_sparse ? used : span;
    memcpy(header.matches, builder->matches, sizeof(header.matches));
    size_t bytes = header.is_sparse ? used * SPARSE_BYTES : span;
    char *text = arena_alloc(builder->arena, sizeof(header) + bytes);
    if (!text) return STR_NONE;
    memcpy(text, &header, sizeof(header));
    if (header.is_sparse)
        write_sparse(builder, span, used, text + sizeof(header));
    else if (span > 0)
        memcpy(text + sizeof(header), builder->codes, span);
    return str_of(text, sizeof(header) + bytes);
}

/* Sparse, whatever the numbers are. */
struct str search_list_pack(const struct search_postings *postings, bool is_cut,
                            struct arena *arena)
{
    struct search_list_builder *kinds = ARENA_NEW(arena, struct search_list_builder);
    size_t count = postings->count;
    struct header header = {.count = count, .is_sparse = true, .is_cut = is_cut};
    char *text = arena_alloc(arena, sizeof(header) + count * SPARSE_BYTES);
    if (!kinds || !text) return STR_NONE;
    uint32_t *steps = (uint32_t *)(void *)(text + sizeof(header));
    uint8_t *codes = (uint8_t *)(steps + count);
    if (count > 0) header.first = (int64_t)(postings->items[0] >> SEARCH_POSTING_BITS);
    for (size_t i = 0; i < count; i++) {
        uint64_t item = postings->items[i];
        int64_t step = (int64_t)(item >> SEARCH_POSTING_BITS) - header.first;
        codes[i] = code_of(kinds, item & ((1 << SEARCH_POSTING_BITS) - 1));
        steps[i] = (uint32_t)step;
        if (codes[i] == 0 || step > UINT32_MAX) return STR_NONE;
    }
    memcpy(header.matches, kinds->matches, sizeof(header.matches));
    memcpy(text, &header, sizeof(header));
    return str_of(text, sizeof(header) + count * SPARSE_BYTES);
}

/* --- reading --- */

struct search_list search_list_of(struct str bytes)
{
    const struct header *header = (const void *)bytes.ptr;
    const char *rest = bytes.ptr + sizeof(*header);
    size_t steps = header->is_sparse ? header->count * sizeof(uint32_t) : 0;
    return (struct search_list){.first = header->first,
                                .count = header->count,
                                .is_cut = header->is_cut,
                                .matches = header->matches,
                                .steps = header->is_sparse ? (const void *)rest : NULL,
                                .codes = (const uint8_t *)rest + steps};
}

/* The first place from `at` on whose step is not below: strides that double, then halves (J.
 * Bentley, A. Yao, "An almost optimal algorithm for unbounded searching", 1976). */
static size_t gallop(const struct search_list *list, size_t at, uint32_t step)
{
    size_t stride = 1;
    while (at + stride <= list->count && list->steps[at + stride - 1] < step) {
        at += stride;
        stride *= 2;
    }
    size_t low = at, high = at + stride - 1 < list->count ? at + stride - 1 : list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->steps[middle] < step)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint16_t search_list_find(const struct search_list *list, int64_t number, size_t *at)
{
    int64_t step = number - list->first;
    if (step < 0 || step > UINT32_MAX) return 0;
    if (!list->steps) return (size_t)step < list->count ? list->matches[list->codes[step]] : 0;
    *at = gallop(list, *at, (uint32_t)step);
    bool found = *at < list->count && list->steps[*at] == (uint32_t)step;
    return found ? list->matches[list->codes[*at]] : 0;
}

void search_list_unpack(const struct search_list *list, struct search_postings *postings)
{
    size_t used = list->steps ? list->count : count_used(list->codes, list->count), at = 0;
    uint64_t *items = arena_alloc(postings->arena, (used + 1) * sizeof(*items));
    postings->failed = !items;
    if (!items) return;
    for (size_t i = 0; i < list->count; i++) {
        int64_t number = list->first + (int64_t)(list->steps ? list->steps[i] : i);
        if (list->codes[i] != 0)
            items[at++] = (uint64_t)number << SEARCH_POSTING_BITS | list->matches[list->codes[i]];
    }
    postings->items = items;
    postings->count = used;
    postings->room = used + 1;
}
