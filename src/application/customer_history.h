/* The 360 view of what a customer is served and owes: service orders, entitlements, credit. Each
 * is about the whole tree and says of each part which home it belongs to, so that an unmerge takes
 * with it what it shows here. */
#ifndef APPLICATION_CUSTOMER_HISTORY_H
#define APPLICATION_CUSTOMER_HISTORY_H

#include "application/customer.h"

/* What is read of a customer in one snapshot; internal to application/. */
struct history {
    struct profile_row row;
    struct tree tree;
    struct fact *facts; /* history */
    size_t fact_count;
    struct merge *merges; /* in which a home of the tree is or was source or target */
    size_t merge_count;
};
MUST_CHECK enum status history_load(struct application *application, const struct caller *caller,
                                    struct str customer_id, struct arena *arena,
                                    struct history *history, struct error *error);

/* A place in a list that is in order of time, newest first: "<microseconds>.<number among those of
 * that time>". */
struct history_cursor {
    instant at;
    size_t rank;
};
/* Absent text: the beginning. */
MUST_CHECK enum status history_cursor_parse(struct str text, struct history_cursor *cursor,
                                            struct error *error);
/* The page behind the cursor; `at` are the times of all items, write() writes one. */
typedef void history_write(struct json_writer *writer, const void *items, size_t index);
MUST_CHECK enum status history_page(const instant *at, size_t count, size_t limit,
                                    const struct history_cursor *after, history_write *write,
                                    const void *items, struct arena *arena, struct json_page *out,
                                    struct error *error);

/* {"items":[{"serviceOrderId","customerId","source","priority","status","createdAt",
 * "slaBreachedAt","sla"}]}, newest first. `limit` 0: 50. */
MUST_CHECK enum status customer_service_orders(struct application *application,
                                               const struct caller *caller, struct str customer_id,
                                               struct str cursor, size_t limit, struct arena *arena,
                                               struct json_page *out, struct error *error);
/* What is covered on a day (YYYY-MM-DD, UTC), and how the service agreements stand at its end:
 * {"customerId","on","covered","contracts":[{"contractId","customerId","source","planId",
 * "startDate","endDate","state"}],"sla":{"status","openServiceOrders","breached":[{
 * "serviceOrderId","customerId","sla","slaBreachedAt"}]}}. status: NOT_COVERED when no contract
 * covers the day, BREACHED when an open order had its agreement breached by then, else KEPT. */
MUST_CHECK enum status customer_entitlements(struct application *application,
                                             const struct caller *caller, struct str customer_id,
                                             struct str day, struct arena *arena, struct str *json,
                                             struct error *error);
/* {"customerId","blocked","holds":[{"customerId","blocked","reason","since","source"}]}: the latest
 * word about each home that there is one about. */
MUST_CHECK enum status customer_credit(struct application *application, const struct caller *caller,
                                       struct str customer_id, struct arena *arena,
                                       struct str *json, struct error *error);

#endif
