/* POST .../{target}/merge and /merge/preview: one pointer from the source to the target. */
#ifndef APPLICATION_MERGE_CUSTOMERS_H
#define APPLICATION_MERGE_CUSTOMERS_H

#include "application/results.h"

struct merge_request {
    struct str source_id;
    struct str reason;     /* absent: DUPLICATE */
    struct str plan_token; /* absent: no plan demanded */
    bool versioned;        /* the target must be at this version */
    int64_t version;
};

/* {"sourceCustomerId":"CUST-2","mergeReason"?,"planToken"?}; no version is demanded. */
MUST_CHECK enum status merge_customers_parse(const struct json_value *body,
                                             struct merge_request *out, struct error *error);

/* STATUS_INVALID_VALUE for a reason that is too long or holds control characters. */
MUST_CHECK enum status merge_customers_check_reason(struct str reason, struct error *error);

/* {"planToken","profile":{the exact result; updatedAt is
 * now},"changes":[{"field","before","after"}],
 * "consentChanges":[{"type","purpose","contactPoint","target":{"allowed","reason"},
 * "source":{..},"merged":{..}}]}: changes against the target. */
MUST_CHECK enum status merge_customers_preview(struct application *application,
                                               const struct caller *caller, struct str target_id,
                                               const struct merge_request *request,
                                               struct arena *arena, struct str *json,
                                               struct error *error);

struct merge_result {
    struct str merge_id;
    int64_t version; /* of the target */
    struct str json; /* {mergeId,targetCustomerId,sourceCustomerId,mergeReason,actor,mergedAt,
                        profile} */
};

/* STATUS_MERGE_WITH_SELF, STATUS_PLAN_CHANGED, STATUS_LIMIT_EXCEEDED; of target or source:
 * STATUS_CUSTOMER_NOT_FOUND, _MERGED, _ERASED, error->field is "sourceCustomerId" for the source
 * and
 * "" for the target. */
MUST_CHECK enum status merge_customers(struct application *application, const struct caller *caller,
                                       struct str target_id, const struct merge_request *request,
                                       struct arena *arena, struct merge_result *out,
                                       struct error *error);

/* The same as a part of a unit of work that is under way. */
MUST_CHECK enum status merge_customers_within(struct application *application,
                                              const struct caller *caller,
                                              struct store_session *session, struct str target_id,
                                              const struct merge_request *request,
                                              struct arena *arena, struct merge_result *out,
                                              struct error *error);

/* Merges in which the customer or any home of its tree was source or target, oldest first, reversed
 * ones too: {"items":[{mergeId,targetCustomerId,sourceCustomerId,mergeReason,actor,mergedAt,
 * reversedAt,reverseActor}],"next":null}. Answers for merged customers as well. */
MUST_CHECK enum status merge_customers_list(struct application *application,
                                            const struct caller *caller, struct str customer_id,
                                            const struct page_request *request, struct arena *arena,
                                            struct json_page *page, struct error *error);

#endif
