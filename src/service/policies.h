/* Survivorship policies per tenant, from a file, replaceable while the service runs.
 *
 *     {"acme": {"fields": {"name": "mostTrusted"}, "trust": {"erp": 90}}, "*": {...}}
 *
 * "*" is for tenants that are not named; without it they have the built-in policy. A policy that
 * was handed out stays valid until policies_free(): replaced ones are kept, for somebody may be
 * computing with them.
 */
#ifndef SERVICE_POLICIES_H
#define SERVICE_POLICIES_H

#include "domain/policy.h"

struct policies;

/* An empty path: the built-in policy for all. STATUS_CONFIGURATION. */
MUST_CHECK enum status policies_new(struct str path, struct policies **policies,
                                    struct error *error);
void policies_free(struct policies *policies);
/* Reads the file again, or another; on failure the old ones stay in force. */
MUST_CHECK enum status policies_reload(struct policies *policies, struct str path,
                                       struct error *error);
/* Never NULL. Thread-safe. */
const struct policy *policies_for(struct policies *policies, struct str tenant);

#endif
