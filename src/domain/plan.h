/* A plan token binds a preview to what it was computed from: the versions of the two trees, or of
 * the tree and the customer that a merge is taken out of it with, and the policy. A merge, or a
 * reversal, that brings the token applies that plan or fails with PLAN_CHANGED. The token holds no
 * state and needs no secret: it grants nothing, it only detects change. */
#ifndef DOMAIN_PLAN_H
#define DOMAIN_PLAN_H

#include "domain/policy.h"

/* "plan-" and 16 hexadecimal digits; absent when out of memory. */
struct str plan_token(struct str target_id, int64_t target_version, struct str source_id,
                      int64_t source_version, const struct policy *policy, struct arena *arena);
/* The same of what a reversal of the merge would make of the root it is in and of its source. */
struct str plan_reversal_token(struct str root_id, int64_t root_version, struct str merge_id,
                               int64_t source_version, const struct policy *policy,
                               struct arena *arena);

#endif
