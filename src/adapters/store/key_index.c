#include "adapters/store/key_index.h"

#include <stdlib.h>

enum { BITS_MIN = 10 };

struct key_index_link {
    struct key_entry entry;
    uint32_t next;
};

static uint32_t *head_of(const struct key_index *index, uint64_t hash)
{
    return &index->heads[hash >> (64 - index->bits)];
}

static bool grow(struct key_index *index)
{
    unsigned bits = index->heads ? index->bits + 1 : BITS_MIN;
    size_t capacity = (size_t)1 << bits;
    if (bits > 31) return false;
    struct key_index_link *links = realloc(index->links, capacity * sizeof(*links));
    if (links) index->links = links;
    uint32_t *heads = links ? calloc(capacity, sizeof(*heads)) : NULL;
    if (!heads) return false;
    free(index->heads);
    index->heads = heads;
    index->bits = bits;
    index->capacity = capacity;
    for (size_t i = 0; i < index->count; i++) {
        uint32_t *head = head_of(index, links[i].entry.hash);
        links[i].next = *head;
        *head = (uint32_t)i + 1;
    }
    return true;
}

bool key_index_add(struct key_index *index, uint64_t hash, int64_t row)
{
    if (index->count == index->capacity && !grow(index)) return false;
    uint32_t *head = head_of(index, hash);
    index->links[index->count] = (struct key_index_link){.entry = {hash, row}, .next = *head};
    *head = (uint32_t)++index->count;
    return true;
}

size_t key_index_find(const struct key_index *index, uint64_t hash, int64_t *rows, size_t max)
{
    size_t found = 0;
    if (index->count == 0) return 0;
    for (uint32_t at = *head_of(index, hash); at && found < max; at = index->links[at - 1].next)
        if (index->links[at - 1].entry.hash == hash) rows[found++] = index->links[at - 1].entry.row;
    return found;
}

void key_index_prefetch(const struct key_index *index, uint64_t hash)
{
    if (index->heads) __builtin_prefetch(head_of(index, hash));
}

size_t key_index_bucket(const struct key_index *index, unsigned bits, uint64_t bucket,
                        struct key_entry *entries, size_t max)
{
    if (index->count == 0) return 0;
    size_t found = 0;
    /* Several chains to a bucket, or several buckets to a chain. */
    unsigned finer = index->bits > bits ? index->bits - bits : 0;
    size_t first =
        bits > index->bits ? (size_t)(bucket >> (bits - index->bits)) : (size_t)(bucket << finer);
    for (size_t i = first; i < first + ((size_t)1 << finer); i++)
        for (uint32_t at = index->heads[i]; at; at = index->links[at - 1].next) {
            struct key_entry entry = index->links[at - 1].entry;
            if (bits && entry.hash >> (64 - bits) != bucket) continue;
            if (found < max) entries[found] = entry;
            found++;
        }
    return found;
}

void key_index_release(struct key_index *index)
{
    free(index->links);
    free(index->heads);
    *index = (struct key_index){0};
}
