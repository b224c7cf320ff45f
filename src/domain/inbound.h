/* What neighbouring systems tell us: the events that are consumed.
 *
 * The table `inbound_types` is the one place that knows their names, topics and members; reading,
 * schemas and documentation all come from it. A value is the platform's envelope
 *
 *   {"eventType":"ServiceOrderCreatedEvent","eventId":"evt-1","timestamp":"...","tenantId":"t1",
 *    "payload":{"serviceOrderId":"SO-1","customerId":"CUST-100","priority":"HIGH"}}
 *
 * or the same without the inner object, as Avro records are: members side by side. A timestamp is
 * RFC 3339 or milliseconds since 1970, after 1970 and at most INBOUND_AHEAD_MAX ahead. A member
 * that is null or an empty text counts as not given; one that the table does not know is passed
 * over, for senders add members when they like.
 */
#ifndef DOMAIN_INBOUND_H
#define DOMAIN_INBOUND_H

#include "base/instant.h"
#include "domain/profile.h"

enum inbound_type {
    INBOUND_LEAD_CREATED,
    INBOUND_SERVICE_ORDER_CREATED,
    INBOUND_SLA_BREACHED,
    INBOUND_CONTRACT_ACTIVATED,
    INBOUND_MASTER_UPDATED,
    INBOUND_CUSTOMER_BLOCKED,
    INBOUND_TYPE_COUNT
};

struct inbound_type_row {
    struct str name;   /* LeadCreatedEvent */
    struct str topic;  /* where it comes from unless configuration says otherwise */
    struct str source; /* the system that facts made of it are said by */
    struct str effect; /* for people */
    const struct profile_field *fields; /* of the payload */
    size_t field_count;
    bool has_attributes; /* members of a profile are taken, too */
};
extern const struct inbound_type_row inbound_types[INBOUND_TYPE_COUNT];

#define INBOUND_AHEAD_MAX (3600 * INSTANT_SECOND)

struct inbound_event {
    enum inbound_type type;
    struct str event_id;
    struct str tenant;
    instant timestamp;
    struct str trace;        /* traceparent; may be absent */
    struct str key;          /* messages of one are in order; absent: this one is in none */
    struct str customer_id;  /* absent for a lead */
    struct json_value *body; /* checked members of the table, normalised; dates are YYYY-MM-DD */
    struct json_value *attributes; /* of a profile, as they came; NULL unless has_attributes */
};

/* Whom a value is about, as far as that stands in it, whatever else is wrong with it: tenant and
 * customer_id, absent when not known. They point into the value. */
void inbound_names(const struct json_value *value, struct inbound_event *out);
/* STATUS_INVALID_VALUE (eventType: another type than expected), STATUS_REQUIRED_FIELD,
 * STATUS_LIMIT_EXCEEDED name the field. `trace` and `key` are the
 * caller's to set. */
MUST_CHECK enum status inbound_parse(enum inbound_type type, const struct json_value *value,
                                     instant now, struct arena *arena, struct inbound_event *out,
                                     struct error *error);

#endif
