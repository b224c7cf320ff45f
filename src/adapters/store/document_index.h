/* Where the entries of a shard of the document cache are: from the hash that an entry goes by to
 * its place, a number that is not 0. Of the hash 32 bits are kept, so that a slot is 8 bytes and
 * eight are a line of the processor's cache; who finds a place looks there whether it is the right
 * one. Grows with what is in it. Not thread-safe.
 *
 *     struct document_index_probe probe = document_index_probe(&index, hash);
 *     while ((place = document_index_next(&index, &probe))) ...
 */
#ifndef ADAPTERS_STORE_DOCUMENT_INDEX_H
#define ADAPTERS_STORE_DOCUMENT_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct document_index {
    struct document_index_slot *slots; /* as many as `mask` + 1, if any */
    size_t mask;
    size_t count;
};

struct document_index_probe {
    uint32_t tag;
    size_t at;
};

struct document_index_probe document_index_probe(const struct document_index *index, uint64_t hash);
/* The next place of such a hash; 0: there is none. Nothing may be changed between two calls. */
uint32_t document_index_next(const struct document_index *index,
                             struct document_index_probe *probe);
/* False when out of memory. */
bool document_index_add(struct document_index *index, uint64_t hash, uint32_t place);
/* That of this hash and place must be there. */
void document_index_remove(struct document_index *index, uint64_t hash, uint32_t place);
void document_index_move(struct document_index *index, uint64_t hash, uint32_t from, uint32_t to);
void document_index_clear(struct document_index *index);
void document_index_release(struct document_index *index);

#endif
