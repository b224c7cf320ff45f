/* The spans of a batch that was published: one for each trace and topic, however many events it
 * has, since an import's are all of one request. They stand beside the request's other children: a
 * message's header names the request, as the feed and webhooks do, not these.
 */
#ifndef ADAPTERS_EVENTS_PUBLISH_SPANS_H
#define ADAPTERS_EVENTS_PUBLISH_SPANS_H

#include "adapters/tracing/tracer.h"
#include "application/ports/store.h"
#include "engines/kafka/kafka.h"

/* `topics` by type of event. */
void publish_spans_tell(struct tracer *tracer, const struct kafka_topic *topics,
                        const struct outbox_event *events, size_t count, int64_t started_ns);

#endif
