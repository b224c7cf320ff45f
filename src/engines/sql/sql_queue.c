#include "engines/sql/sql_queue.h"

#include <time.h>

#include "base/clock.h"

enum {
    WEIGHT = 16,
    OUTLIER = 4,
    OUTLIER_MIN_NS = 100 * 1000,
};

int64_t sql_queue_now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

void sql_queue_enter(struct sql_queue *queue)
{
    if (atomic_fetch_add_explicit(&queue->waiting, 1, memory_order_relaxed) == 0)
        saturation_rested(&queue->saturation, sql_queue_now_ns());
}

void sql_queue_leave(struct sql_queue *queue)
{
    saturation_worked(&queue->saturation, sql_queue_now_ns());
    atomic_fetch_sub_explicit(&queue->waiting, 1, memory_order_relaxed);
}

int64_t sql_queue_usual(int64_t usual, int64_t value)
{
    if (usual == 0) return value; /* the first: all that is known */
    int64_t most = usual * OUTLIER + OUTLIER_MIN_NS;
    if (value > most) value = most;
    return usual + (value - usual) / WEIGHT;
}

void sql_queue_took(struct sql_queue *queue, int64_t took_ns)
{
    int64_t usual = atomic_load_explicit(&queue->each_ns, memory_order_relaxed);
    atomic_store_explicit(&queue->each_ns, sql_queue_usual(usual, took_ns), memory_order_relaxed);
}

struct queue_wait sql_queue_wait(const struct sql_queue *queue)
{
    int64_t waiting = atomic_load_explicit(&queue->waiting, memory_order_relaxed);
    int64_t each_ns = atomic_load_explicit(&queue->each_ns, memory_order_relaxed);
    if (waiting < 0) waiting = 0; /* two threads count */
    return (struct queue_wait){.us = waiting * each_ns / 1000,
                               .ahead = waiting,
                               .stands = saturation_is_reached(&queue->saturation)};
}
