/* A multimap in memory from 64-bit hashes to row numbers, for rows that are appended and later
 * taken away all at once: chains of entries, found by the upper bits of the hash, so that its
 * entries can be had piece by piece in the order of the hash. Many rows may have one hash. Not
 * thread-safe. */
#ifndef ADAPTERS_STORE_KEY_INDEX_H
#define ADAPTERS_STORE_KEY_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct key_entry {
    uint64_t hash;
    int64_t row;
};

struct key_index {
    struct key_index_link *links; /* in the order of adding */
    uint32_t *heads;              /* by the upper `bits` bits; number of the link + 1, 0: none */
    unsigned bits;
    size_t count;
    size_t capacity;
};

/* False when out of memory. */
bool key_index_add(struct key_index *index, uint64_t hash, int64_t row);
/* Rows of that hash, the latest first, at most `max`; gives how many. */
size_t key_index_find(const struct key_index *index, uint64_t hash, int64_t *rows, size_t max);
/* Has the processor bring what a find of the hash will read first: that is a cache miss otherwise.
 */
void key_index_prefetch(const struct key_index *index, uint64_t hash);
/* Entries whose hash has `bucket` as its upper `bits` bits, in no order, at most `max` of them;
 * gives how many there are. */
size_t key_index_bucket(const struct key_index *index, unsigned bits, uint64_t bucket,
                        struct key_entry *entries, size_t max);
void key_index_release(struct key_index *index);

#endif
