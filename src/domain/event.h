/* What the world is told: events, in the envelope of the platform.
 *
 *   {"eventType":"CustomerMergedEvent","eventId":"evt-...","timestamp":"...","aggregateId":"CUST-100",
 *    "tenantId":"tenant-001","payload":{...}}
 *
 * Payloads carry exactly these members:
 *   CustomerProfileCreatedEvent  customerId name status primaryContactId segment
 *   CustomerProfileUpdatedEvent  customerId changedFields[] updatedBy
 *   CustomerMergedEvent          targetCustomerId sourceCustomerId mergeReason
 *   CustomerUnmergedEvent        targetCustomerId sourceCustomerId mergeId
 *   CustomerErasedEvent          customerId
 *   ConsentUpdatedEvent          customerId consentType status
 * (absent values are null). aggregateId is the customer that the event is ordered by: the customer
 * itself, the target of a merge or unmerge.
 */
#ifndef DOMAIN_EVENT_H
#define DOMAIN_EVENT_H

#include "base/instant.h"
#include "formats/json.h"

enum event_type {
    EVENT_PROFILE_CREATED,
    EVENT_PROFILE_UPDATED,
    EVENT_PROFILE_MERGED,
    EVENT_PROFILE_UNMERGED,
    EVENT_PROFILE_ERASED,
    EVENT_CONSENT_UPDATED,
    EVENT_TYPE_COUNT
};

struct event_type_row {
    struct str name;  /* CustomerMergedEvent */
    struct str topic; /* crm.customer360.profile.merged */
    int partitions;
};
extern const struct event_type_row event_types[EVENT_TYPE_COUNT];

struct event {
    int64_t position; /* in the feed; 0 until the store gives one */
    enum event_type type;
    struct str event_id;
    struct str aggregate_id;
    instant timestamp;
    struct str payload; /* a JSON object */
    struct str trace;   /* traceparent of the request, may be absent */
};

struct str event_payload_created(struct str customer_id, const struct json_value *attributes,
                                 struct arena *arena);
struct str event_payload_updated(struct str customer_id, const struct str *changed_fields,
                                 size_t count, struct str updated_by, struct arena *arena);
struct str event_payload_merged(struct str target, struct str source, struct str reason,
                                struct arena *arena);
struct str event_payload_unmerged(struct str target, struct str source, struct str merge_id,
                                  struct arena *arena);
struct str event_payload_erased(struct str customer_id, struct arena *arena);
struct str event_payload_consent(struct str customer_id, struct str channel, struct str status,
                                 struct arena *arena);

/* The envelope, `position` included when it is not 0. */
void event_write(struct json_writer *writer, const struct event *event, struct str tenant);

#endif
