/* Whose keys the rows of the log of match keys are: a bounded cache, of the writer thread alone.
 *
 * Records that are imported meet in keys such as a postcode with a first name: a batch of a
 * thousand comes by some ten thousand rows of the log, the same ones again and again. A row is
 * never changed, and its number never used again, so that what is kept of it is right as long as
 * the row is there: forget those that are deleted, and put none that is not committed.
 */
#ifndef ADAPTERS_STORE_KEY_HOMES_H
#define ADAPTERS_STORE_KEY_HOMES_H

#include <stdint.h>

#include "base/str.h"

struct key_homes {
    struct key_home *places; /* NULL until one is put */
};

/* The home, of a tenant (as a hash); absent when it is not kept. Valid until the next put. */
struct str key_homes_get(const struct key_homes *homes, uint64_t tenant, int64_t row);
/* Without memory for it, or when the home's id is long, nothing is kept. */
void key_homes_put(struct key_homes *homes, uint64_t tenant, int64_t row, struct str home);
void key_homes_forget(struct key_homes *homes, int64_t row);
void key_homes_release(struct key_homes *homes);

#endif
