/* The 360 view of what a customer is served and owes: service orders and credit. Each is about the
 * whole tree and says of each part which home it belongs to, so that an unmerge takes with it what
 * it shows here. */
#ifndef APPLICATION_CUSTOMER_HISTORY_H
#define APPLICATION_CUSTOMER_HISTORY_H

#include "application/customer.h"

/* The customer, who must be a root, and the ids of the homes that he has (as of a time), in the
 * order of the tree; internal to application/. */
struct history_owner {
    struct profile_row row;
    struct tree tree;
    struct str *homes;
};
MUST_CHECK enum status history_owner_load(struct store_session *session, struct str customer_id,
                                          instant as_of, struct arena *arena,
                                          struct history_owner *owner, struct error *error);

/* A place in a list, newest first: its items are in the order of all members, of one time by rank,
 * then id, and what came later (number) first. As a cursor
 * "<microseconds>.<rank>.<number>.<id>". */
struct history_place {
    instant at;
    int rank;
    struct str id;
    int64_t number;
};
int history_place_compare(const struct history_place *a, const struct history_place *b);
/* Absent text: before everything. */
MUST_CHECK enum status history_place_parse(struct str text, struct history_place *place,
                                           struct error *error);
/* Absent when out of memory. */
struct str history_place_text(const struct history_place *place, struct arena *arena);

/* {"items":[{"serviceOrderId","customerId","source","priority","status","createdAt",
 * "slaBreachedAt","sla"}]}, newest first. `limit` 0: 50. */
MUST_CHECK enum status customer_service_orders(struct application *application,
                                               const struct caller *caller, struct str customer_id,
                                               struct str cursor, size_t limit, struct arena *arena,
                                               struct json_page *out, struct error *error);
/* {"customerId","blocked","holds":[{"customerId","blocked","reason","since","source"}]}: the latest
 * word about each home that there is one about. */
MUST_CHECK enum status customer_credit(struct application *application, const struct caller *caller,
                                       struct str customer_id, struct arena *arena,
                                       struct str *json, struct error *error);

/* Members that are shown of an order wherever its agreement is spoken of. */
struct service_order;
void customer_history_write_breach(struct json_writer *writer, const struct service_order *order);

#endif
