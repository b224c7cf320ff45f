/* How many customers a tenant has and which values many of them share: what the weight of an
 * agreement depends on. Internal to adapters/matcher.
 *
 * Learned from a count and a sample of the store, in a thread of its own, and kept in memory: a
 * value that is not frequent in the sample is as rare as the model says. Until a tenant is known,
 * and while it is small, the model's own frequencies count, so that what is decided about a few
 * records does not depend on them. What was learned is looked at again when it is used and old; the
 * older the costlier it was, so that learning takes a hundredth of a processor at most.
 */
#ifndef ADAPTERS_MATCHER_STATISTICS_H
#define ADAPTERS_MATCHER_STATISTICS_H

#include "application/ports/store.h"
#include "matching/matching.h"

struct statistics;

/* The model as matching_matcher_new takes it; its text is copied. `store` may be NULL: nothing is
 * learned. */
MUST_CHECK enum status statistics_new(struct store *store, struct str model_text,
                                      struct statistics **statistics, struct error *error);
/* Of the model; valid while the statistics are. */
struct str statistics_model_version(const struct statistics *self);
/* Before the store. */
void statistics_free(struct statistics *self);

/* An engine that weighs by what is known of the tenant now; to be given back. Any thread. */
struct statistics_engine;
struct statistics_engine *statistics_take(struct statistics *self, struct str name);
void statistics_give(struct statistics_engine *engine);
const struct matching_matcher *statistics_matcher(const struct statistics_engine *engine);

#endif
