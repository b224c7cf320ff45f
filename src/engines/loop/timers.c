#include "engines/loop/timers.h"

#include <limits.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

struct loop_timer {
    int64_t deadline_ns;
    uint64_t order;
    size_t index; /* in the heap */
    loop_function *function;
    void *argument;
};

int64_t timers_now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

static bool is_before(const struct loop_timer *a, const struct loop_timer *b)
{
    if (a->deadline_ns != b->deadline_ns) return a->deadline_ns < b->deadline_ns;
    return a->order < b->order;
}

static void place(struct timers *timers, size_t index, struct loop_timer *timer)
{
    timers->heap[index] = timer;
    timer->index = index;
}

static void sift_up(struct timers *timers, size_t index, struct loop_timer *timer)
{
    while (index > 0) {
        size_t parent = (index - 1) / 2;
        if (!is_before(timer, timers->heap[parent])) break;
        place(timers, index, timers->heap[parent]);
        index = parent;
    }
    place(timers, index, timer);
}

static void sift_down(struct timers *timers, size_t index, struct loop_timer *timer)
{
    for (;;) {
        size_t child = 2 * index + 1;
        if (child >= timers->count) break;
        if (child + 1 < timers->count && is_before(timers->heap[child + 1], timers->heap[child]))
            child++;
        if (!is_before(timers->heap[child], timer)) break;
        place(timers, index, timers->heap[child]);
        index = child;
    }
    place(timers, index, timer);
}

static bool make_room(struct timers *timers)
{
    if (timers->count < timers->capacity) return true;
    size_t capacity = timers->capacity ? timers->capacity * 2 : 64;
    void *heap = realloc(timers->heap, capacity * sizeof(*timers->heap));
    if (!heap) return false;
    timers->heap = heap;
    timers->capacity = capacity;
    return true;
}

struct loop_timer *timers_start(struct timers *timers, int64_t delay_ms, loop_function *function,
                                void *argument)
{
    if (!make_room(timers)) return NULL;
    struct loop_timer *timer = malloc(sizeof(*timer));
    if (!timer) return NULL;
    if (delay_ms < 0) delay_ms = 0;
    if (delay_ms > INT32_MAX) delay_ms = INT32_MAX; /* 24 days */
    *timer = (struct loop_timer){.deadline_ns = timers_now_ns() + delay_ms * 1000000,
                                 .order = timers->started++,
                                 .function = function,
                                 .argument = argument};
    sift_up(timers, timers->count++, timer);
    return timer;
}

static void take_out(struct timers *timers, struct loop_timer *timer)
{
    struct loop_timer *last = timers->heap[--timers->count];
    if (last == timer) return;
    if (timer->index > 0 && is_before(last, timers->heap[(timer->index - 1) / 2]))
        sift_up(timers, timer->index, last);
    else
        sift_down(timers, timer->index, last);
}

void timers_cancel(struct timers *timers, struct loop_timer *timer)
{
    if (!timer) return;
    take_out(timers, timer);
    free(timer);
}

void timers_fire(struct timers *timers)
{
    if (timers->count == 0) return;
    int64_t now = timers_now_ns();
    uint64_t started = timers->started;
    while (timers->count > 0) {
        struct loop_timer *timer = timers->heap[0];
        if (timer->deadline_ns > now || timer->order >= started) return;
        loop_function *function = timer->function;
        void *argument = timer->argument;
        timers_cancel(timers, timer);
        function(argument);
    }
}

int timers_timeout_ms(const struct timers *timers)
{
    if (timers->count == 0) return -1;
    int64_t left_ns = timers->heap[0]->deadline_ns - timers_now_ns();
    if (left_ns <= 0) return 0;
    return (int)((left_ns + 999999) / 1000000);
}

void timers_release(struct timers *timers)
{
    for (size_t i = 0; i < timers->count; i++) free(timers->heap[i]);
    free(timers->heap);
    *timers = (struct timers){0};
}
