/* Open addressing with linear probing; what is taken out leaves no mark, for those behind it move
 * up (D. E. Knuth, "The Art of Computer Programming" 3, 6.4, algorithm R). */
#include "adapters/store/document_index.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_MIN = 64 };

struct document_index_slot {
    uint32_t tag; /* its lower bits say where it would like to be */
    uint32_t place;
};

struct document_index_probe document_index_probe(const struct document_index *index, uint64_t hash)
{
    return (struct document_index_probe){.tag = (uint32_t)hash, .at = (uint32_t)hash & index->mask};
}

uint32_t document_index_next(const struct document_index *index, struct document_index_probe *probe)
{
    if (!index->slots) return 0;
    for (;;) {
        const struct document_index_slot *slot = &index->slots[probe->at];
        if (!slot->place) return 0;
        probe->at = (probe->at + 1) & index->mask;
        if (slot->tag == probe->tag) return slot->place;
    }
}

static void insert(struct document_index *index, struct document_index_slot slot)
{
    size_t at = slot.tag & index->mask;
    while (index->slots[at].place) at = (at + 1) & index->mask;
    index->slots[at] = slot;
}

static bool grow(struct document_index *index)
{
    struct document_index old = *index;
    size_t slots = old.slots ? (old.mask + 1) * 2 : SLOTS_MIN;
    index->slots = calloc(slots, sizeof(*index->slots));
    if (!index->slots) {
        *index = old;
        return false;
    }
    index->mask = slots - 1;
    for (size_t i = 0; old.slots && i <= old.mask; i++)
        if (old.slots[i].place) insert(index, old.slots[i]);
    free(old.slots);
    return true;
}

bool document_index_add(struct document_index *index, uint64_t hash, uint32_t place)
{
    bool is_full = !index->slots || (index->count + 1) * 4 > (index->mask + 1) * 3;
    if (is_full && !grow(index)) return false;
    insert(index, (struct document_index_slot){.tag = (uint32_t)hash, .place = place});
    index->count++;
    return true;
}

static size_t find(const struct document_index *index, uint64_t hash, uint32_t place)
{
    size_t at = (uint32_t)hash & index->mask;
    while (index->slots[at].place != place) at = (at + 1) & index->mask;
    return at;
}

void document_index_remove(struct document_index *index, uint64_t hash, uint32_t place)
{
    size_t mask = index->mask, hole = find(index, hash, place);
    for (size_t at = (hole + 1) & mask; index->slots[at].place; at = (at + 1) & mask) {
        size_t from_home = (at - index->slots[at].tag) & mask;
        if (from_home < ((at - hole) & mask)) continue; /* it would stand before its home */
        index->slots[hole] = index->slots[at];
        hole = at;
    }
    index->slots[hole].place = 0;
    index->count--;
}

void document_index_move(struct document_index *index, uint64_t hash, uint32_t from, uint32_t to)
{
    index->slots[find(index, hash, from)].place = to;
}

void document_index_clear(struct document_index *index)
{
    if (index->slots) memset(index->slots, 0, (index->mask + 1) * sizeof(*index->slots));
    index->count = 0;
}

void document_index_release(struct document_index *index)
{
    free(index->slots);
    *index = (struct document_index){0};
}
