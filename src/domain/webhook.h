/* A webhook: somebody's URL that is told of events, after Standard Webhooks 1.0.0
 * (standardwebhooks.com). Here is what can be said of one without a store or a network: which
 * events it wants, when a delivery that failed is tried again, and what an answer means.
 */
#ifndef DOMAIN_WEBHOOK_H
#define DOMAIN_WEBHOOK_H

#include "base/status.h"
#include "domain/event.h"

enum webhook_state {
    WEBHOOK_ACTIVE,
    WEBHOOK_DISABLED, /* by its owner, or since its receiver would not take anything */
    WEBHOOK_STATE_COUNT
};

/* Why one is disabled. */
enum webhook_cause {
    WEBHOOK_BY_OWNER,
    WEBHOOK_GONE,    /* the receiver answered 410 */
    WEBHOOK_FAILING, /* all has failed for too long */
    WEBHOOK_CAUSE_COUNT
};

enum webhook_outcome {
    WEBHOOK_DELIVERED,
    WEBHOOK_TO_RETRY, /* failed, and will be tried again */
    WEBHOOK_GIVEN_UP, /* failed for the last time; what comes behind it goes on */
    WEBHOOK_ERASED,   /* the event is no longer there: its customer was erased */
    WEBHOOK_OUTCOME_COUNT
};

/* What became of one attempt. */
enum webhook_reason {
    WEBHOOK_ANSWERED, /* the HTTP status says it */
    WEBHOOK_TIMED_OUT,
    WEBHOOK_NOT_RESOLVED,
    WEBHOOK_NOT_CONNECTED,
    WEBHOOK_NOT_ALLOWED, /* the name leads to an internal address */
    WEBHOOK_NOT_TRUSTED, /* the certificate */
    WEBHOOK_BROKEN,      /* no HTTP came back, or more than is read */
    WEBHOOK_NOT_THERE,   /* the event is not */
    WEBHOOK_REASON_COUNT
};

/* "ACTIVE"; absent for what is none. */
struct str webhook_state_name(enum webhook_state state);
struct str webhook_cause_name(enum webhook_cause cause);
struct str webhook_outcome_name(enum webhook_outcome outcome);
struct str webhook_reason_name(enum webhook_reason reason);
bool webhook_state_parse(struct str name, enum webhook_state *state);
bool webhook_cause_parse(struct str name, enum webhook_cause *cause);
bool webhook_outcome_parse(struct str name, enum webhook_outcome *outcome);
bool webhook_reason_parse(struct str name, enum webhook_reason *reason);

/* A set of event types: bit n is type n. */
#define WEBHOOK_TYPE_BIT(type) (UINT32_C(1) << (type))
#define WEBHOOK_TYPES_ALL      (WEBHOOK_TYPE_BIT(EVENT_TYPE_COUNT) - 1)
/* As it is stored, names separated by commas; "" is all of them, those that come later included.
 * False for a name that is none. */
bool webhook_types_parse(struct str text, uint32_t *types);
/* 0: there is no such type. */
uint32_t webhook_type_bit(struct str name);
struct str webhook_types_format(uint32_t types, struct arena *arena);

/* The schedule of the Standard Webhooks text: immediately, then after 5 s, 5 min, 30 min, 2, 5, 10,
 * 14, 20 and 24 hours. */
enum { WEBHOOK_ATTEMPTS_MAX = 10 };
/* How long after that many failed attempts the next one is made; past the schedule its last delay.
 * `random` spreads it over 90 to 110 %. */
int64_t webhook_delay_ms(int64_t attempts, uint64_t random);

/* 2xx is a success and nothing else is. */
bool webhook_is_success(int http_status);
/* The receiver is overloaded: 429, 502, 503, 504. Not this event but all are to wait. */
bool webhook_is_throttle(int http_status);
/* At most a day: a receiver does not say how long its events are kept. 0 or less: it said nothing.
 */
int64_t webhook_retry_after_ms(int64_t seconds);

#endif
