/* Says of a 64-bit hash that it is not in a set, or that it may be: a Bloom filter whose bits of
 * one element lie in one word (F. Putze, P. Sanders, J. Singler, "Cache-, hash- and space-efficient
 * Bloom filters", 2007). Of hashes that are not in it, about one in forty is taken for one that
 * may be. */
#ifndef ADAPTERS_STORE_KEY_FILTER_H
#define ADAPTERS_STORE_KEY_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct key_filter;

/* How many bytes one for so many elements takes. */
size_t key_filter_bytes(size_t count);
/* NULL when out of memory. */
struct key_filter *key_filter_new(size_t count);
void key_filter_free(struct key_filter *filter);

void key_filter_add(struct key_filter *filter, uint64_t hash);
bool key_filter_may_have(const struct key_filter *filter, uint64_t hash);

#endif
