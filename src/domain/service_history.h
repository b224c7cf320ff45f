/* What a customer is served: service orders and contracts, folded from the history facts of its
 * homes, one fact after the other; and what is covered on a day.
 *
 * Facts about one order (home, serviceOrderId), or one contract, come in the order of observed_at,
 * those of one time as they were told: a member that is given replaces what was known. So what
 * several topics say comes together whichever of them is read first.
 *
 * There are two times. What is so on a day (valid time) follows from what the sender says of it:
 *   a contract     has a period from startDate to endDate, and what it says holds for that period:
 *                  a renewal that begins next year takes nothing from this one, a contract that is
 *                  told of late has covered from its start, an end that is brought forward ends it.
 *                  What gives no date (another plan) holds from when it was said on.
 *   an order       stands as was said by the end of the day, and its agreement was breached if it
 *                  was so by then (breachedAt), whenever that was said.
 * When we were told (recorded time, recorded_at) does not matter for that, unless it is asked what
 * was known at a time: then facts that were told later are left out by the caller.
 */
#ifndef DOMAIN_SERVICE_HISTORY_H
#define DOMAIN_SERVICE_HISTORY_H

#include "base/status.h"
#include "domain/fact.h"

/* A member that nothing was said of is absent, a time INSTANT_NONE. Text is that of the facts. */
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

/* From its first fact; then each, the first too. */
void service_order_begin(struct service_order *order, const struct fact *first);
void service_order_add(struct service_order *order, const struct fact *fact);
/* Whether it is not closed, as far as is known. */
bool service_order_is_open(const struct service_order *order);
/* From when on it is so. */
instant service_order_valid_from(const struct fact *fact);
/* Its text in the arena: facts may go. STATUS_OUT_OF_MEMORY only. */
MUST_CHECK enum status service_order_keep(struct service_order *order, struct arena *arena);

struct contract {
    struct str contract_id;
    struct str home;
    struct str source;
    struct str plan_id;
    struct str start_date; /* YYYY-MM-DD, the first day that it covers; absent: from ever */
    struct str end_date;   /* the last one; absent: for good */
};

/* A contract on a day. */
struct contract_on {
    struct str day; /* YYYY-MM-DD */
    instant end;    /* of the day */
    struct contract known;
    struct contract then; /* as the day shows it, when has_begun */
    bool has_begun;
    bool is_told; /* a fact was added */
};

/* From its first fact, for a day; then each, the first too. */
void contract_begin(struct contract_on *contract, const struct fact *first);
void contract_add(struct contract_on *contract, const struct fact *fact);
/* What is shown for the day. */
const struct contract *contract_shown(const struct contract_on *contract);
MUST_CHECK enum status contract_keep(struct contract *contract, struct arena *arena);

enum contract_state { CONTRACT_ACTIVE, CONTRACT_UPCOMING, CONTRACT_EXPIRED, CONTRACT_STATES };
struct str contract_state_name(enum contract_state state);
enum contract_state contract_state(const struct contract *contract, struct str day);

#endif
