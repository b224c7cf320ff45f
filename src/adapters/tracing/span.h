/* A span of a trace (OpenTelemetry): what was done, when, and under which parent. A plain value
 * with its texts inside, so that it is handed to another thread by copying it.
 *
 * Names and attributes are those of OpenTelemetry's semantic conventions where these have one.
 * None ever holds personal data, nor what leads to a person: no ids of customers, no paths, no
 * queries, no keys and no values of messages. Names of attributes are literals.
 */
#ifndef ADAPTERS_TRACING_SPAN_H
#define ADAPTERS_TRACING_SPAN_H

#include "base/trace.h"

/* As OTLP numbers them. */
enum span_kind {
    SPAN_INTERNAL = 1,
    SPAN_SERVER = 2,
    SPAN_CLIENT = 3,
    SPAN_PRODUCER = 4,
    SPAN_CONSUMER = 5
};

enum { SPAN_ATTRIBUTES_MAX = 10, SPAN_TEXT_MAX = 400 };

struct span_attribute {
    struct str name;
    int64_t number;
    uint16_t at, len; /* of a text */
    bool is_text;
};

struct span {
    struct trace trace; /* the span itself: what it hands on */
    char parent_id[TRACE_SPAN_CHARS];
    bool has_parent;
    bool has_failed;
    enum span_kind kind;
    int64_t started_ns; /* since 1970 */
    int64_t ended_ns;
    uint16_t name_len, text_len, attribute_count;
    struct span_attribute attributes[SPAN_ATTRIBUTES_MAX];
    char text[SPAN_TEXT_MAX]; /* the name, then texts of attributes */
};

/* A child of `parent`, or, with an absent parent, the first of its trace. */
void span_init(struct span *span, enum span_kind kind, struct str name, const struct trace *trace,
               struct str parent_id);
/* What finds no room is cut, or left out. An absent text is left out. */
void span_text(struct span *span, struct str name, struct str value);
void span_number(struct span *span, struct str name, int64_t value);
/* It has failed, of this class (error.type). */
void span_fail(struct span *span, struct str type);

#endif
