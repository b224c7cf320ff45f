/* A bounded queue of spans, from any threads to one: who puts never waits for anything but another
 * who copies a span. What finds no room is counted and gone.
 */
#ifndef ADAPTERS_TRACING_SPAN_QUEUE_H
#define ADAPTERS_TRACING_SPAN_QUEUE_H

#include <pthread.h>

#include "adapters/tracing/span.h"

struct span_queue {
    pthread_mutex_t mutex;
    struct span *spans;
    size_t room, first, count;
};

/* False when out of memory. */
bool span_queue_init(struct span_queue *queue, size_t room);
void span_queue_release(struct span_queue *queue);
/* How many there are then; 0: there was no room. */
size_t span_queue_put(struct span_queue *queue, const struct span *span);
/* Up to `max`, oldest first: how many. */
size_t span_queue_take(struct span_queue *queue, struct span *spans, size_t max);
size_t span_queue_count(struct span_queue *queue);

#endif
