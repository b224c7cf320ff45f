/* Whose entries of the search index the last ones were that were asked for: a number is of one home
 * and no other, for ever. A fixed table, in which a number has one place. Thread-safe. */
#ifndef ADAPTERS_STORE_SEARCH_HOMES_H
#define ADAPTERS_STORE_SEARCH_HOMES_H

#include "base/arena.h"

struct search_homes;

/* NULL when out of memory. */
struct search_homes *search_homes_new(void);
void search_homes_free(struct search_homes *homes);
/* A copy in the arena; absent when it is not there, or out of memory. */
struct str search_homes_find(struct search_homes *homes, int64_t number, struct arena *arena);
void search_homes_put(struct search_homes *homes, int64_t number, struct str home);

#endif
