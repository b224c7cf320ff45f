/* What neighbouring systems tell becomes what is known of a customer, each message once.
 *
 * Messages of one type are taken in one unit of work together with the note that they were (the
 * inbox): whatever is killed and when, a message that comes again finds the note, or nothing.
 *
 *   lead                  an initial profile, by the source record (sales, leadId), as an import
 *                         does it; one that certainly is a customer already is merged into it
 *   service order, SLA,   a history fact of the home that is named
 *   contract
 *   master update         an assertion by the source record (mdm, masterId or customerId) in the
 *                         home that is named: what differs from what it said before
 *   block                 a CREDIT fact of the home that is named
 *
 * A home keeps what it was given also while it is merged. What is about an erased customer is
 * dropped. One message that is refused keeps back those behind it with its key, and no others.
 */
#ifndef APPLICATION_CONSUME_EVENTS_H
#define APPLICATION_CONSUME_EVENTS_H

#include "application/application.h"
#include "domain/inbound.h"

enum consumed_outcome {
    CONSUMED_APPLIED,
    CONSUMED_REPEATED, /* it had been, before */
    CONSUMED_DROPPED,  /* the customer was erased */
    CONSUMED_REFUSED,  /* nothing was written; `error` says why */
    CONSUMED_HELD      /* it comes behind one of its key that was refused: not tried */
};

struct consumed {
    enum consumed_outcome outcome;
    struct error error;
};

/* The customer may come yet: to be tried again. Anything else that is refused stays so. */
bool consume_events_may_come(const struct consumed *result);

enum { CONSUME_BATCH_MAX = 500 };

/* `events`: of one type and one tenant, in their order; `results` one for each. A status other than
 * OK is about the store (or memory), not about a message: it is to be tried again as a whole. */
MUST_CHECK enum status consume_events(struct application *application,
                                      const struct inbound_event *events, size_t count,
                                      struct arena *arena, struct consumed *results,
                                      struct error *error);

#endif
