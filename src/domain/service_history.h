/* What a customer is served: service orders and contracts, folded from the history facts of its
 * homes, and what is covered on a day.
 *
 * Facts about one order (home, serviceOrderId), or one contract, are folded in the order of
 * observed_at: a member that is given replaces what was known. So what several topics say comes
 * together whichever of them is read first.
 */
#ifndef DOMAIN_SERVICE_HISTORY_H
#define DOMAIN_SERVICE_HISTORY_H

#include "base/status.h"
#include "domain/fact.h"

/* A member that nothing was said of is absent, a time INSTANT_NONE. */
struct service_order {
    struct str service_order_id;
    struct str home;
    struct str source;
    struct str priority;
    struct str status;
    struct str sla;     /* which one was breached */
    instant created_at; /* INSTANT_NONE: nobody has said yet that it was */
    instant sla_breached_at;
    instant observed_at; /* of the first fact: orders are listed by it */
};

struct contract {
    struct str contract_id;
    struct str home;
    struct str source;
    struct str plan_id;
    struct str start_date; /* YYYY-MM-DD, the first day that it covers; absent: from ever */
    struct str end_date;   /* the last one; absent: for good */
};

/* Facts of other kinds are passed over. Orders: newest first, then by id and home. Contracts: by
 * start, then id and home. STATUS_OUT_OF_MEMORY only. */
MUST_CHECK enum status service_orders_fold(const struct fact *facts, size_t count,
                                           struct arena *arena, struct service_order **orders,
                                           size_t *order_count);
MUST_CHECK enum status contracts_fold(const struct fact *facts, size_t count, struct arena *arena,
                                      struct contract **contracts, size_t *contract_count);

/* ACTIVE, UPCOMING or EXPIRED on that day. */
struct str contract_state(const struct contract *contract, struct str day);
/* Whether the order was made before the end of the day (an instant) and, as far as is known, is
 * not closed. */
bool service_order_is_open(const struct service_order *order, instant end);

#endif
