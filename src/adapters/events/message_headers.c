#include "adapters/events/message_headers.h"

#define TRACE STR("traceparent")

const struct message_header message_headers_event[EVENT_HEADER_COUNT] = {
    [EVENT_HEADER_CONTENT_TYPE] = {STR("content-type"),
                                   STR("application/avro, or application/json")},
    [EVENT_HEADER_SPECVERSION] = {STR("ce_specversion"), STR("1.0")},
    [EVENT_HEADER_ID] = {STR("ce_id"), STR("eventId; a resend has the same one")},
    [EVENT_HEADER_SOURCE] = {STR("ce_source"), STR("/crm-customer360")},
    [EVENT_HEADER_TYPE] = {STR("ce_type"), STR("the full name of the event")},
    [EVENT_HEADER_SUBJECT] = {STR("ce_subject"),
                              STR("the customer that it is ordered by, which is the key")},
    [EVENT_HEADER_TIME] = {STR("ce_time"), STR("when the change was recorded (RFC 3339)")},
    [EVENT_HEADER_TENANT] = {STR("ce_tenantid"), STR("tenantId")},
    [EVENT_HEADER_SEQUENCE] = {STR("ce_sequence"),
                               STR("position in the feed, 19 digits: orders a customer's events "
                                   "of several topics")},
    [EVENT_HEADER_TRACE] = {TRACE,
                            STR("of the request or message that made the change (W3C Trace "
                                "Context); left out when it had none"),
                            .optional = true},
};

const struct message_header message_headers_letter[LETTER_HEADER_COUNT] = {
    [LETTER_HEADER_TOPIC] = {STR("dead_letter_topic"), STR("where the message was read")},
    [LETTER_HEADER_PARTITION] = {STR("dead_letter_partition"), STR("its partition there")},
    [LETTER_HEADER_OFFSET] = {STR("dead_letter_offset"), STR("its offset there")},
    [LETTER_HEADER_CODE] = {STR("dead_letter_code"),
                            STR("an error code, or KEY_PARKED: one before it with the same key "
                                "was put aside")},
    [LETTER_HEADER_REASON] = {STR("dead_letter_reason"), STR("the same for people")},
    [LETTER_HEADER_TRACE] = {TRACE, STR("as the message had it, if that is one"), .optional = true},
    [LETTER_HEADER_KEY] = {STR("dead_letter_key"),
                           STR("says that the key was left out, for it is too large"),
                           .optional = true},
    [LETTER_HEADER_VALUE] = {STR("dead_letter_value"),
                             STR("says that the value was left out, for it is too large"),
                             .optional = true},
};

const struct message_header message_headers_inbound[INBOUND_HEADER_COUNT] = {
    [INBOUND_HEADER_TRACE] = {TRACE,
                              STR("the trace that what the message does becomes a part of (W3C "
                                  "Trace Context)"),
                              .optional = true},
};
