#include "adapters/store/key_filter.h"

#include <stdlib.h>

enum { BITS_PER_ELEMENT = 12 };

struct key_filter {
    uint64_t word_count; /* below 2^32 */
    uint64_t words[];
};

static size_t words_for(size_t count)
{
    return count * BITS_PER_ELEMENT / 64 + 1;
}

size_t key_filter_bytes(size_t count)
{
    return words_for(count) * sizeof(uint64_t);
}

struct key_filter *key_filter_new(size_t count)
{
    struct key_filter *filter = calloc(1, sizeof(*filter) + key_filter_bytes(count));
    if (filter) filter->word_count = words_for(count);
    return filter;
}

void key_filter_free(struct key_filter *filter)
{
    free(filter);
}

/* By the upper bits, so that adding in the order of the hash goes through memory in order. */
static size_t word_of(const struct key_filter *filter, uint64_t hash)
{
    return (size_t)((hash >> 32) * filter->word_count >> 32);
}

static uint64_t bits_of(uint64_t hash)
{
    return 1ULL << (hash & 63) | 1ULL << (hash >> 6 & 63) | 1ULL << (hash >> 12 & 63) |
           1ULL << (hash >> 18 & 63);
}

void key_filter_add(struct key_filter *filter, uint64_t hash)
{
    filter->words[word_of(filter, hash)] |= bits_of(hash);
}

bool key_filter_may_have(const struct key_filter *filter, uint64_t hash)
{
    uint64_t bits = bits_of(hash);
    return (filter->words[word_of(filter, hash)] & bits) == bits;
}
