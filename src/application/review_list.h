/* GET /duplicates, /duplicates/{id} and /duplicates/stats: the review queue, read. */
#ifndef APPLICATION_REVIEW_LIST_H
#define APPLICATION_REVIEW_LIST_H

#include "application/results.h"

/* Absent: any. */
struct review_query {
    struct str state; /* a name of enum duplicate_state, or ALL; absent: what waits, OPEN, or, when
                         claimed_by is given, CLAIMED */
    struct str cause;
    struct str probability_min; /* "0.9" */
    struct str claimed_by;
    struct str customer_id; /* items about this customer, merged or not */
    struct str segment;     /* of either customer */
    struct str cursor;
    size_t limit; /* 0: 50 */
};

/* By falling probability. A page that a filter has left short may have a next one nevertheless.
 * STATUS_INVALID_VALUE names the filter; STATUS_CUSTOMER_NOT_FOUND. Items as in review_item.h. */
MUST_CHECK enum status review_list(struct application *application, const struct caller *caller,
                                   const struct review_query *query, struct arena *arena,
                                   struct json_page *out, struct error *error);

/* One item with both profiles side by side, the fields that differ and the evidence.
 * STATUS_DUPLICATE_NOT_FOUND. */
MUST_CHECK enum status review_get(struct application *application, const struct caller *caller,
                                  struct str duplicate_id, struct arena *arena, struct str *json,
                                  struct error *error);

/* {"open","claimed","later","oldestOpenAt","oldestOpenSeconds","byCause":{"CREATE":..},
 * "merged","notDuplicate","automatic","automaticRate","perDay":[{"date","merged",
 * "notDuplicate"}]}: `open` to `byCause` are of what waits; `automaticRate` is the share of
 * decisions that no steward took, null while there are none; days are the last 30, newest first,
 * without those on which nothing was resolved. */
MUST_CHECK enum status review_stats(struct application *application, const struct caller *caller,
                                    struct arena *arena, struct str *json, struct error *error);

#endif
