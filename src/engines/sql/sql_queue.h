/* Those who wait for their turn at a store, and how long whoever comes now would: what waits, times
 * what one usually takes. Counting is cheap and needs no lock; any thread may ask.
 *
 * While nobody waits it has rest, so that a queue that stands is told from a burst
 * (base/saturation.h).
 */
#ifndef ENGINES_SQL_SQL_QUEUE_H
#define ENGINES_SQL_SQL_QUEUE_H

#include "base/saturation.h"

/* Zeroed is empty. */
struct sql_queue {
    _Atomic int64_t waiting; /* not begun */
    _Atomic int64_t each_ns; /* what one usually takes */
    struct saturation saturation;
};

void sql_queue_enter(struct sql_queue *queue);
void sql_queue_leave(struct sql_queue *queue);
/* One took that long. Only one thread at a time. */
void sql_queue_took(struct sql_queue *queue, int64_t took_ns);
/* For all that waits, one behind the other. */
struct queue_wait sql_queue_wait(const struct sql_queue *queue);
/* The usual one of values that come one after the other: follows them slowly, and one that stands
 * out (a thread that was not given the processor) moves it little. */
int64_t sql_queue_usual(int64_t usual, int64_t value);
int64_t sql_queue_now_ns(void);

#endif
