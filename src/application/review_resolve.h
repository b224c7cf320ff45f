/* POST /duplicates/{id}/claim, /release and /resolve: a steward at work on the review queue. */
#ifndef APPLICATION_REVIEW_RESOLVE_H
#define APPLICATION_REVIEW_RESOLVE_H

#include "application/results.h"

/* Nobody else can decide until the claim is over; claiming again prolongs it, and ends a putting
 * off. STATUS_DUPLICATE_NOT_FOUND, STATUS_DUPLICATE_RESOLVED; STATUS_DUPLICATE_CLAIMED with
 * {"claimedBy","claimedUntil"} as details. The item as in review_item.h. */
MUST_CHECK enum status review_claim(struct application *application, const struct caller *caller,
                                    struct str duplicate_id, int64_t minutes, struct arena *arena,
                                    struct str *json, struct error *error);
/* Gives a claim back; fine when there is none. The same statuses. */
MUST_CHECK enum status review_release(struct application *application, const struct caller *caller,
                                      struct str duplicate_id, struct arena *arena,
                                      struct str *json, struct error *error);

enum review_decision { REVIEW_MERGE, REVIEW_NOT_A_DUPLICATE, REVIEW_LATER };

struct review_request {
    enum review_decision decision;
    struct str survivor_id; /* of a merge: which of the two customers stays */
    struct str merge_reason;
    struct str plan_token; /* of the preview of that merge; absent: no plan demanded */
    instant until;         /* LATER: when the item shows again */
    struct str note;       /* is kept with the item; absent: none */
};

/* {"decision":"MERGE","survivorId","mergeReason"?,"planToken"?} | {"decision":"NOT_A_DUPLICATE"} |
 * {"decision":"LATER","until"}, each with "note"?. */
MUST_CHECK enum status review_resolve_parse(const struct json_value *body,
                                            struct review_request *out, struct error *error);
/* Decides an item. A merge happens in the same unit of work, or nothing does; its result is the
 * member "merge" of the answer. Statuses of review_claim and merge_customers, and
 * STATUS_INVALID_VALUE for a survivor that is none of the two or a time that is past. */
MUST_CHECK enum status review_resolve(struct application *application, const struct caller *caller,
                                      struct str duplicate_id, const struct review_request *request,
                                      struct arena *arena, struct str *json, struct error *error);

#endif
