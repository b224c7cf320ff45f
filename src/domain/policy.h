/* Survivorship policy: which of several assertions about one field survives.
 *
 * A policy is data: per field (or "*") a rule, and per source a trust. It comes from configuration,
 * per tenant, and has a digest so that a plan made under another policy is recognised as stale.
 *
 * JSON form, every member optional:
 *   {"trust": {"crm": 100, "erp": 80, "*": 50},
 *    "fields": {"name": "mostTrusted", "segment": "mostRecent", "website": "longest",
 *               "*": "mostRecent"}}
 * A field group survives as a whole: each address is one value, "preferences.<key>" one each.
 */
#ifndef DOMAIN_POLICY_H
#define DOMAIN_POLICY_H

#include "base/status.h"
#include "formats/json.h"

enum survivorship_rule {
    RULE_MOST_RECENT,   /* latest observed_at */
    RULE_MOST_TRUSTED,  /* highest trust, then most recent */
    RULE_MOST_FREQUENT, /* said by most source records, then most recent */
    RULE_LONGEST        /* most characters, then most recent */
};

struct policy;

/* The built-in policy: everything mostRecent, all sources trusted alike. */
const struct policy *policy_default(void);
/* STATUS_INVALID_VALUE / STATUS_UNKNOWN_FIELD name the member. */
MUST_CHECK enum status policy_parse(const struct json_value *json, struct arena *arena,
                                    const struct policy **out, struct error *error);
enum survivorship_rule policy_rule(const struct policy *policy, struct str field);
int64_t policy_trust(const struct policy *policy, struct str source);
uint64_t policy_digest(const struct policy *policy);

#endif
