/* An event as a message: its value, and the headers that tell of it (CloudEvents 1.0, the binary
 * mode of its Kafka binding), so that a reader can route it without knowing its schema.
 *
 *     content-type    application/avro, or application/json
 *     ce_specversion  1.0
 *     ce_id           eventId                    a resend has the same one
 *     ce_source       /crm-customer360
 *     ce_type         com.erp.crm.customer360.events.CustomerMergedEvent
 *     ce_subject      the customer that it is ordered by, which is the key
 *     ce_time         when the change was recorded
 *     ce_tenantid     tenantId
 *     ce_sequence     its position in the feed, 19 digits: orders events of several topics
 *     traceparent     of the request that made the change; left out when it had none
 *
 * A JSON value is the envelope as the feed has it, without the position.
 */
#ifndef ADAPTERS_EVENTS_EVENT_MESSAGE_H
#define ADAPTERS_EVENTS_EVENT_MESSAGE_H

#include "application/ports/store.h"
#include "engines/kafka/kafka.h"
#include "formats/avro.h"

enum { EVENT_MESSAGE_HEADERS = 10 };

enum event_format {
    EVENT_FORMAT_JSON,
    EVENT_FORMAT_REGISTRY,      /* Avro, the schema named by its id at a registry */
    EVENT_FORMAT_SINGLE_OBJECT, /* Avro, the schema named by its fingerprint */
};

/* What stands before an Avro value, by type of event. */
struct event_codec {
    enum event_format format;
    uint32_t schema_ids[EVENT_TYPE_COUNT];
    uint64_t fingerprints[EVENT_TYPE_COUNT];
};

/* Fills the fingerprints; false when out of memory. */
bool event_codec_init(struct event_codec *codec, enum event_format format);

/* STATUS_STORE_CORRUPT when the payload is no JSON, or lacks what its schema wants. */
MUST_CHECK enum status event_message_write_value(const struct event_codec *codec,
                                                 const struct outbox_event *event,
                                                 struct buffer *out, struct error *error);
/* Fills `headers`, of EVENT_MESSAGE_HEADERS, with texts of the arena: how many. 0 when out of
 * memory. */
size_t event_message_headers(const struct event_codec *codec, const struct outbox_event *event,
                             struct kafka_header *headers, struct arena *arena);

#endif
