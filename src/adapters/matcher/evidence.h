/* From profiles to the matching engine and back. Internal to adapters/matcher. */
#ifndef ADAPTERS_MATCHER_EVIDENCE_H
#define ADAPTERS_MATCHER_EVIDENCE_H

#include "application/ports/matcher.h"
#include "matching/matching.h"

/* The normal form of what is said: all values of all of it. */
MUST_CHECK enum status evidence_normalise(const struct json_value *const *said, size_t said_count,
                                          struct arena *arena, struct str *normal);
/* The waterfall, [{"comparison":"family_name","level":"exact","weight":9.1,"frequency":2.4}] in
 * bits and their sum the log-odds, with "prior" as the first and, where it takes something away,
 * "related" as the last; and as reasons, where there are none yet, the comparisons that speak
 * clearly for a match. `match->reasons` has room for MATCHING_PARTS_MAX. */
MUST_CHECK enum status evidence_explain(const struct matching_outcome *outcome, struct arena *arena,
                                        struct match *match);
/* Whether a comparison speaks clearly against a match. */
bool evidence_contradicts(const struct matching_outcome *outcome);

#endif
