/* The exact rules of matcher.h. Internal to adapters/matcher. */
#ifndef ADAPTERS_MATCHER_EXACT_H
#define ADAPTERS_MATCHER_EXACT_H

#include "application/ports/matcher.h"

enum { EXACT_REASONS_MAX = 16 }; /* further ones say nothing new */

/* Adds the decisive keys of what is said to `keys`, which has room for exact_keys_max() more. */
MUST_CHECK enum status exact_keys(const struct match_record *record, struct arena *arena,
                                  struct match_keys *keys);
size_t exact_keys_max(const struct match_record *record);
/* Adds the reasons for which the two are certainly one; `match->reasons` has room for
 * EXACT_REASONS_MAX. */
MUST_CHECK enum status exact_compare(const struct match_record *a, const struct match_record *b,
                                     struct arena *arena, struct match *match);

#endif
