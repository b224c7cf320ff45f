/* A multimap in memory from 64-bit hashes to row numbers, for rows that are appended and later
 * taken away all at once: open addressing with linear probing, growing by doubling. Not
 * thread-safe. */
#ifndef ADAPTERS_STORE_KEY_INDEX_H
#define ADAPTERS_STORE_KEY_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct key_index_entry {
    uint64_t hash;
    int64_t row; /* > 0; 0: the slot is free */
};

struct key_index {
    struct key_index_entry *slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t count;
};

/* False when out of memory. */
bool key_index_add(struct key_index *index, uint64_t hash, int64_t row);
/* Rows of that hash, at most `max`; gives how many. */
size_t key_index_find(const struct key_index *index, uint64_t hash, int64_t *rows, size_t max);
/* Has the processor bring what a find of the hash will read: that is one cache miss otherwise. */
void key_index_prefetch(const struct key_index *index, uint64_t hash);
/* Its entries as an array in the order of the hash, the caller's to free; NULL when out of memory.
 */
struct key_index_entry *key_index_sorted(const struct key_index *index);
void key_index_release(struct key_index *index);

#endif
