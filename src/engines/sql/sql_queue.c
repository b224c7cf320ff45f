#include "engines/sql/sql_queue.h"

#include <time.h>

#include "base/clock.h"

enum {
    STANDS_AFTER_NS = 100 * 1000 * 1000,
    STANDS_AFTER_COUNT = 4, /* time passes for who is stopped, too */
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
    if (atomic_fetch_add_explicit(&queue->waiting, 1, memory_order_relaxed) > 0) return;
    atomic_store_explicit(&queue->begun, 0, memory_order_relaxed);
    atomic_store_explicit(&queue->emptied_ns, sql_queue_now_ns(), memory_order_relaxed);
}

void sql_queue_leave(struct sql_queue *queue)
{
    atomic_fetch_sub_explicit(&queue->waiting, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&queue->begun, 1, memory_order_relaxed);
}

int64_t sql_queue_usual(int64_t usual, int64_t value)
{
    int64_t most = usual * OUTLIER + OUTLIER_MIN_NS;
    if (value > most) value = most;
    return usual + (value - usual) / WEIGHT;
}

void sql_queue_took(struct sql_queue *queue, int64_t took_ns)
{
    int64_t usual = atomic_load_explicit(&queue->each_ns, memory_order_relaxed);
    atomic_store_explicit(&queue->each_ns, sql_queue_usual(usual, took_ns), memory_order_relaxed);
}

static bool stands(const struct sql_queue *queue)
{
    int64_t since = atomic_load_explicit(&queue->emptied_ns, memory_order_relaxed);
    return atomic_load_explicit(&queue->begun, memory_order_relaxed) >= STANDS_AFTER_COUNT &&
           sql_queue_now_ns() - since >= STANDS_AFTER_NS;
}

int64_t sql_queue_work_ns(const struct sql_queue *queue, bool bursts_count)
{
    int64_t waiting = atomic_load_explicit(&queue->waiting, memory_order_relaxed);
    if (waiting <= 0 || (!bursts_count && !stands(queue))) return 0;
    return waiting * atomic_load_explicit(&queue->each_ns, memory_order_relaxed);
}
