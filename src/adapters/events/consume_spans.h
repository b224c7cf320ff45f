/* The spans of messages that are consumed. A message's span is a child of what its traceparent
 * names, and the parent of what the message does: of the events that are recorded for it.
 */
#ifndef ADAPTERS_EVENTS_CONSUME_SPANS_H
#define ADAPTERS_EVENTS_CONSUME_SPANS_H

#include "adapters/events/consumer_waiting.h"
#include "adapters/tracing/tracer.h"

struct consume_span {
    struct trace came; /* "" when the message has no valid one */
    struct trace place;
    int64_t began_ns;
    bool is_recorded;
};

/* What the events of a message have as their traceparent: absent when there is none that is valid.
 * The span begins; it lives as long as the text. */
struct str consume_spans_begin(struct tracer *tracer, struct str traceparent,
                               struct consume_span *span);
/* `code` of the error for which it was put aside; absent: it was taken. */
void consume_spans_end(struct tracer *tracer, const struct consume_span *span,
                       const struct item *item, struct str group, struct str code);

#endif
