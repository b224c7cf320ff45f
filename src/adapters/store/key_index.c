#include "adapters/store/key_index.h"

#include <stdlib.h>

enum { SLOTS_MIN = 1024 };

/* The hashes are good ones already: their upper bits say where to look. */
static size_t slot_of(const struct key_index *index, uint64_t hash)
{
    return (size_t)(hash >> 20) & (index->slot_count - 1);
}

static void place(struct key_index *index, struct key_index_entry entry)
{
    size_t at = slot_of(index, entry.hash);
    while (index->slots[at].row != 0) at = (at + 1) & (index->slot_count - 1);
    index->slots[at] = entry;
}

static bool grow(struct key_index *index)
{
    struct key_index larger = {.slot_count = index->slot_count ? index->slot_count * 2 : SLOTS_MIN,
                               .count = index->count};
    larger.slots = calloc(larger.slot_count, sizeof(*larger.slots));
    if (!larger.slots) return false;
    for (size_t i = 0; i < index->slot_count; i++)
        if (index->slots[i].row != 0) place(&larger, index->slots[i]);
    free(index->slots);
    *index = larger;
    return true;
}

bool key_index_add(struct key_index *index, uint64_t hash, int64_t row)
{
    if (index->count * 4 >= index->slot_count * 3 && !grow(index)) return false;
    place(index, (struct key_index_entry){hash, row});
    index->count++;
    return true;
}

size_t key_index_find(const struct key_index *index, uint64_t hash, int64_t *rows, size_t max)
{
    size_t found = 0;
    if (index->slot_count == 0) return 0;
    for (size_t at = slot_of(index, hash); index->slots[at].row != 0 && found < max;
         at = (at + 1) & (index->slot_count - 1))
        if (index->slots[at].hash == hash) rows[found++] = index->slots[at].row;
    return found;
}

void key_index_prefetch(const struct key_index *index, uint64_t hash)
{
    if (index->slot_count) __builtin_prefetch(&index->slots[slot_of(index, hash)]);
}

/* As signed numbers, for that is how the database orders them. */
static int compare_entries(const void *a, const void *b)
{
    int64_t x = (int64_t)((const struct key_index_entry *)a)->hash;
    int64_t y = (int64_t)((const struct key_index_entry *)b)->hash;
    return (x > y) - (x < y);
}

struct key_index_entry *key_index_sorted(const struct key_index *index)
{
    struct key_index_entry *entries = calloc(index->count + 1, sizeof(*entries));
    if (!entries) return NULL;
    size_t count = 0;
    for (size_t i = 0; i < index->slot_count; i++)
        if (index->slots[i].row != 0) entries[count++] = index->slots[i];
    qsort(entries, count, sizeof(*entries), compare_entries);
    return entries;
}

void key_index_release(struct key_index *index)
{
    free(index->slots);
    *index = (struct key_index){0};
}
