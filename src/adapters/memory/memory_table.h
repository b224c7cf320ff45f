/* Containers whose changes can be taken back: a journal of memory images.
 *
 * Before anything durable is overwritten, memory_save() keeps its bytes; memory_journal_undo() puts
 * them back in reverse. New memory needs no image, for nothing points to it after the undo. So
 * every container gets its rollback for nothing, as long as it saves first.
 */
#ifndef ADAPTERS_MEMORY_MEMORY_TABLE_H
#define ADAPTERS_MEMORY_MEMORY_TABLE_H

#include "base/arena.h"

struct memory_image;

struct memory_heap {
    struct arena arena;         /* what is kept */
    struct arena journal_arena; /* images of the unit of work in progress */
    struct memory_image *journal;
};

/* False when out of memory, like all that follow. */
bool memory_save(struct memory_heap *heap, void *at, size_t size_bytes);
void memory_journal_undo(struct memory_heap *heap);
void memory_journal_forget(struct memory_heap *heap);

/* A growing array of pointers. */
struct memory_vector {
    void **items;
    size_t count;
    size_t room;
};
bool memory_vector_add(struct memory_heap *heap, struct memory_vector *vector, void *item);
bool memory_vector_insert(struct memory_heap *heap, struct memory_vector *vector, size_t at,
                          void *item);

/* Text to pointer, open addressing; entries are never removed, their value may be replaced. */
struct memory_slot {
    struct str key;
    uint64_t hash;
    void *value;
};
struct memory_table {
    struct memory_slot *slots;
    size_t count;
    size_t room; /* a power of two, or 0 */
};
/* NULL when the key is not there. */
void *memory_table_get(const struct memory_table *table, struct str key);
/* The key is copied when it is new. */
bool memory_table_put(struct memory_heap *heap, struct memory_table *table, struct str key,
                      void *value);

#endif
