/* A plan token binds a preview to what it was computed from: the two trees' versions and the
 * policy. A merge that brings the token applies that plan or fails with PLAN_CHANGED. The token
 * holds no state and needs no secret: it grants nothing, it only detects change. */
#ifndef DOMAIN_PLAN_H
#define DOMAIN_PLAN_H

#include "domain/policy.h"

/* "plan-" and 16 hexadecimal digits; absent when out of memory. */
struct str plan_token(struct str target_id, int64_t target_version, struct str source_id,
                      int64_t source_version, const struct policy *policy, struct arena *arena);

#endif
