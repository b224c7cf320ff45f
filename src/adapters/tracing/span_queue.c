#include "adapters/tracing/span_queue.h"

#include <stdlib.h>
#include <string.h>

bool span_queue_init(struct span_queue *queue, size_t room)
{
    *queue = (struct span_queue){.room = room};
    queue->spans = calloc(room, sizeof(*queue->spans));
    return queue->spans && pthread_mutex_init(&queue->mutex, NULL) == 0;
}

void span_queue_release(struct span_queue *queue)
{
    if (queue->spans) (void)pthread_mutex_destroy(&queue->mutex);
    free(queue->spans);
}

size_t span_queue_put(struct span_queue *queue, const struct span *span)
{
    size_t used = offsetof(struct span, text) + span->text_len, count = 0;
    (void)pthread_mutex_lock(&queue->mutex);
    if (queue->count < queue->room) {
        memcpy(&queue->spans[(queue->first + queue->count) % queue->room], span, used);
        count = ++queue->count;
    }
    (void)pthread_mutex_unlock(&queue->mutex);
    return count;
}

size_t span_queue_take(struct span_queue *queue, struct span *spans, size_t max)
{
    (void)pthread_mutex_lock(&queue->mutex);
    size_t taken = queue->count < max ? queue->count : max;
    size_t straight = queue->room - queue->first < taken ? queue->room - queue->first : taken;
    memcpy(spans, queue->spans + queue->first, straight * sizeof(*spans));
    memcpy(spans + straight, queue->spans, (taken - straight) * sizeof(*spans));
    queue->first = (queue->first + taken) % queue->room;
    queue->count -= taken;
    (void)pthread_mutex_unlock(&queue->mutex);
    return taken;
}

size_t span_queue_count(struct span_queue *queue)
{
    (void)pthread_mutex_lock(&queue->mutex);
    size_t count = queue->count;
    (void)pthread_mutex_unlock(&queue->mutex);
    return count;
}
