/* An event as a message: its value, and the headers that tell of it (CloudEvents 1.0, the binary
 * mode of its Kafka binding), so that a reader can route it without knowing its schema:
 * message_headers.h has them.
 *
 * A JSON value is the envelope as the feed has it, without the position.
 */
#ifndef ADAPTERS_EVENTS_EVENT_MESSAGE_H
#define ADAPTERS_EVENTS_EVENT_MESSAGE_H

#include "adapters/events/message_headers.h"
#include "application/ports/store.h"
#include "engines/kafka/kafka.h"
#include "formats/avro.h"

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
/* Fills `headers`, of EVENT_HEADER_COUNT, with texts of the arena: how many. 0 when out of
 * memory. */
size_t event_message_headers(const struct event_codec *codec, const struct outbox_event *event,
                             struct kafka_header *headers, struct arena *arena);

#endif
