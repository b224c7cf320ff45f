#include "adapters/memory/memory_table.h"

#include <string.h>

#include "base/hash.h"

struct memory_image {
    struct memory_image *previous;
    void *at;
    size_t size_bytes;
    char bytes[];
};

bool memory_save(struct memory_heap *heap, void *at, size_t size_bytes)
{
    struct memory_image *image =
        arena_alloc(&heap->journal_arena, sizeof(struct memory_image) + size_bytes);
    if (!image) return false;
    *image = (struct memory_image){.previous = heap->journal, .at = at, .size_bytes = size_bytes};
    if (size_bytes) memcpy(image->bytes, at, size_bytes);
    heap->journal = image;
    return true;
}

void memory_journal_undo(struct memory_heap *heap)
{
    for (struct memory_image *image = heap->journal; image; image = image->previous)
        if (image->size_bytes) memcpy(image->at, image->bytes, image->size_bytes);
    memory_journal_forget(heap);
}

void memory_journal_forget(struct memory_heap *heap)
{
    heap->journal = NULL;
    arena_reset(&heap->journal_arena);
}

/* The old array stays as it is for an undo: what lies past its count is nobody's. */
static bool vector_room(struct memory_heap *heap, struct memory_vector *vector)
{
    if (!memory_save(heap, vector, sizeof(*vector))) return false;
    if (vector->count < vector->room) return true;
    size_t room = vector->room ? vector->room * 2 : 4;
    void **items = arena_alloc(&heap->arena, room * sizeof(*items));
    if (!items) return false;
    if (vector->count) memcpy(items, vector->items, vector->count * sizeof(*items));
    vector->items = items;
    vector->room = room;
    return true;
}

bool memory_vector_add(struct memory_heap *heap, struct memory_vector *vector, void *item)
{
    if (!vector_room(heap, vector)) return false;
    vector->items[vector->count++] = item;
    return true;
}

bool memory_vector_insert(struct memory_heap *heap, struct memory_vector *vector, size_t at,
                          void *item)
{
    if (at == vector->count) return memory_vector_add(heap, vector, item);
    if (!vector_room(heap, vector)) return false;
    size_t tail_bytes = (vector->count - at) * sizeof(*vector->items);
    if (!memory_save(heap, vector->items + at, tail_bytes)) return false;
    memmove(vector->items + at + 1, vector->items + at, tail_bytes);
    vector->items[at] = item;
    vector->count++;
    return true;
}

static uint64_t hash_of(struct str key)
{
    return hash_bytes((struct hash_key){0x736F6D6570736575u, 0x646F72616E646F6Du}, key);
}

/* The slot of the key, or the free one where it would go. */
static struct memory_slot *slot_of(const struct memory_table *table, struct str key, uint64_t hash)
{
    for (size_t at = hash & (table->room - 1);; at = (at + 1) & (table->room - 1)) {
        struct memory_slot *slot = &table->slots[at];
        if (!slot->key.ptr || (slot->hash == hash && str_equal(slot->key, key))) return slot;
    }
}

void *memory_table_get(const struct memory_table *table, struct str key)
{
    return table->room ? slot_of(table, key, hash_of(key))->value : NULL;
}

static bool grow(struct memory_heap *heap, struct memory_table *table)
{
    struct memory_table larger = {.count = table->count,
                                  .room = table->room ? table->room * 2 : 16};
    larger.slots = ARENA_NEW_ARRAY(&heap->arena, struct memory_slot, larger.room);
    if (!larger.slots || !memory_save(heap, table, sizeof(*table))) return false;
    for (size_t i = 0; i < table->room; i++) {
        struct memory_slot *slot = &table->slots[i];
        if (slot->key.ptr) *slot_of(&larger, slot->key, slot->hash) = *slot;
    }
    *table = larger;
    return true;
}

bool memory_table_put(struct memory_heap *heap, struct memory_table *table, struct str key,
                      void *value)
{
    if (table->count * 2 >= table->room && !grow(heap, table)) return false;
    uint64_t hash = hash_of(key);
    struct memory_slot *slot = slot_of(table, key, hash);
    if (!memory_save(heap, slot, sizeof(*slot))) return false;
    if (!slot->key.ptr) {
        struct str copy = arena_str(&heap->arena, key);
        if (!copy.ptr || !memory_save(heap, &table->count, sizeof(table->count))) return false;
        *slot = (struct memory_slot){.key = copy, .hash = hash};
        table->count++;
    }
    slot->value = value;
    return true;
}
