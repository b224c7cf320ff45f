/* The spans of attempts to deliver: each a child of what made the change, and the parent of what
 * the receiver does.
 */
#ifndef ADAPTERS_WEBHOOKS_DELIVERY_SPANS_H
#define ADAPTERS_WEBHOOKS_DELIVERY_SPANS_H

#include "adapters/tracing/tracer.h"
#include "adapters/webhooks/lane.h"
#include "engines/http/sender.h"

/* The attempt begins: the traceparent that it is sent with. Absent: there is none. */
struct str delivery_spans_begin(struct tracer *tracer, struct lane_item *item);
/* Before the item is settled. */
void delivery_spans_end(struct tracer *tracer, const struct lane_item *item,
                        const struct http_sender_result *result, struct arena *arena);

#endif
