/* Texts as they are compared when one is looked for in another, see fold_within(): for rooms that
 * look through what no index has. */
#ifndef SEARCH_FOLDED_H
#define SEARCH_FOLDED_H

#include "base/arena.h"

/* In the arena; absent when out of memory. */
struct str search_folded(struct str text, struct arena *arena);

#endif
