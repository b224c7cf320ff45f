/* Those who wait for their turn at a store, and how long whoever comes now would: what waits, times
 * what one usually takes. Counting is cheap and needs no lock; any thread may ask.
 *
 * A queue that empties is no overload, however long it was: bursts end by themselves. One that has
 * not emptied for a while stands, and only grows or stays (K. Nichols, V. Jacobson, "Controlling
 * queue delay", 2012; B. Maurer, "Fail at scale", 2015). When bursts do not count, the answer of
 * others is that nobody waits.
 */
#ifndef ENGINES_SQL_SQL_QUEUE_H
#define ENGINES_SQL_SQL_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Zeroed is empty. */
struct sql_queue {
    _Atomic int64_t waiting;    /* not begun */
    _Atomic int64_t begun;      /* since somebody came who found nobody waiting */
    _Atomic int64_t emptied_ns; /* when that was */
    _Atomic int64_t each_ns;    /* what one usually takes */
};

void sql_queue_enter(struct sql_queue *queue);
void sql_queue_leave(struct sql_queue *queue);
/* One took that long. Only one thread at a time. */
void sql_queue_took(struct sql_queue *queue, int64_t took_ns);
/* Nanoseconds of work that wait. */
int64_t sql_queue_work_ns(const struct sql_queue *queue, bool bursts_count);
/* The usual one of values that come one after the other: follows them slowly, and one that stands
 * out (a thread that was not given the processor) moves it little. */
int64_t sql_queue_usual(int64_t usual, int64_t value);
int64_t sql_queue_now_ns(void);

#endif
