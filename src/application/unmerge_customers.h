/* POST .../{id}/merges/{mergeId}/reverse (and its preview): cuts the pointer, at any depth. */
#ifndef APPLICATION_UNMERGE_CUSTOMERS_H
#define APPLICATION_UNMERGE_CUSTOMERS_H

#include "application/results.h"

/* `customer_id` is the one in the path: source, target or survivor of the merge, or absent; for any
 * other STATUS_MERGE_NOT_FOUND. STATUS_MERGE_REVERSED.
 * {"mergeId","planToken","remaining":{profile that stays},"restored":{profile that comes back},
 * "changes":[of the remaining one],"consentChanges":[{"type","purpose","contactPoint",
 * "merged":{"allowed","reason"},"remaining":{..},"restored":{..}}]} */
MUST_CHECK enum status unmerge_customers_preview(struct application *application,
                                                 const struct caller *caller,
                                                 struct str customer_id, struct str merge_id,
                                                 struct arena *arena, struct str *json,
                                                 struct error *error);

/* {"planToken"?}; absent when there is no body. */
MUST_CHECK enum status unmerge_customers_parse(const struct json_value *body,
                                               struct str *plan_token, struct error *error);
/* `plan_token` is that of a preview: that plan, or STATUS_PLAN_CHANGED. Absent: no plan demanded.
 * {"mergeId","targetCustomerId","sourceCustomerId","reversedAt","actor",
 * "profile":{the restored source},"survivor":{the profile it was cut from}} */
MUST_CHECK enum status unmerge_customers(struct application *application,
                                         const struct caller *caller, struct str customer_id,
                                         struct str merge_id, struct str plan_token,
                                         struct arena *arena, struct str *json,
                                         struct error *error);

#endif
