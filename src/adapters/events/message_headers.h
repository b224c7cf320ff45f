/* The headers of messages: their names in the one place that writers, readers and the description
 * (asyncapi.h) share.
 */
#ifndef ADAPTERS_EVENTS_MESSAGE_HEADERS_H
#define ADAPTERS_EVENTS_MESSAGE_HEADERS_H

#include "base/str.h"

struct message_header {
    struct str name;
    struct str meaning;
    bool optional;
};

/* Of a published event. */
enum event_header {
    EVENT_HEADER_CONTENT_TYPE,
    EVENT_HEADER_SPECVERSION,
    EVENT_HEADER_ID,
    EVENT_HEADER_SOURCE,
    EVENT_HEADER_TYPE,
    EVENT_HEADER_SUBJECT,
    EVENT_HEADER_TIME,
    EVENT_HEADER_TENANT,
    EVENT_HEADER_SEQUENCE,
    EVENT_HEADER_TRACE,
    EVENT_HEADER_COUNT
};
extern const struct message_header message_headers_event[EVENT_HEADER_COUNT];

/* Of a message that was put aside. */
enum letter_header {
    LETTER_HEADER_TOPIC,
    LETTER_HEADER_PARTITION,
    LETTER_HEADER_OFFSET,
    LETTER_HEADER_CODE,
    LETTER_HEADER_REASON,
    LETTER_HEADER_TRACE,
    LETTER_HEADER_KEY,
    LETTER_HEADER_VALUE,
    LETTER_HEADER_COUNT
};
extern const struct message_header message_headers_letter[LETTER_HEADER_COUNT];

/* What is read of a message of a neighbouring system. */
enum inbound_header { INBOUND_HEADER_TRACE, INBOUND_HEADER_COUNT };
extern const struct message_header message_headers_inbound[INBOUND_HEADER_COUNT];

#endif
