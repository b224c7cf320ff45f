/* Timers of one loop: a binary heap by deadline; equal deadlines fire in the order they were
 * started. */
#ifndef ENGINES_LOOP_TIMERS_H
#define ENGINES_LOOP_TIMERS_H

#include "engines/loop/loop.h"

struct timers {
    struct loop_timer **heap;
    size_t count;
    size_t capacity;
    uint64_t started; /* so many, ever: the tie-breaker */
};

/* Monotonic nanoseconds. */
int64_t timers_now_ns(void);
/* NULL when out of memory. */
struct loop_timer *timers_start(struct timers *timers, int64_t delay_ms, loop_function *function,
                                void *argument);
void timers_cancel(struct timers *timers, struct loop_timer *timer);
/* Fires what is due now; what those start in turn waits for the next call. */
void timers_fire(struct timers *timers);
/* Milliseconds until the next one, rounded up; -1 when there is none. */
int timers_timeout_ms(const struct timers *timers);
void timers_release(struct timers *timers);

#endif
