/* An event loop of one thread: file descriptors (epoll), timers, and coroutines.
 *
 * A coroutine is a stack of its own, so that code which waits reads as straight-line code while the
 * thread serves others. Coroutines never leave the thread of their loop. Stacks are pooled and have
 * a guard page.
 *
 *     loop_spawn(loop, handle, request);               runs until its first suspend, then later
 *     ...inside: self = coroutine_current(); arm something that calls coroutine_resume(self);
 *                coroutine_suspend();
 *
 * loop_post() is the only function that other threads may call; all else belongs to the loop's
 * thread.
 */
#ifndef ENGINES_LOOP_LOOP_H
#define ENGINES_LOOP_LOOP_H

#include "base/status.h"

struct loop;
struct coroutine;
struct loop_timer;

typedef void loop_function(void *argument);
/* `events` are EPOLLIN | EPOLLOUT | ... as reported. */
typedef void loop_watch_function(void *argument, uint32_t events);

/* NULL when the system refuses; coroutines_max bounds the stacks (0: 100,000). */
struct loop *loop_new(size_t coroutines_max);
/* All coroutines must have ended. */
void loop_free(struct loop *loop);
/* Runs until loop_stop(). */
void loop_run(struct loop *loop);
/* From the loop's own thread (post it from another). */
void loop_stop(struct loop *loop);
/* The loop that the calling thread is running, or NULL. */
struct loop *loop_current(void);
/* From the loop's own thread: how long what is served now has been ready, in microseconds, and
 * whether the loop had next to no rest for a while (base/saturation.h). */
int64_t loop_lag_us(const struct loop *loop);
bool loop_is_saturated(const struct loop *loop);
/* How often it had nothing to do. */
uint64_t loop_rests(const struct loop *loop);

/* Watches fd; `function` is called level-triggered. Again for the same fd: changes the events. */
MUST_CHECK enum status loop_watch(struct loop *loop, int fd, uint32_t events,
                                  loop_watch_function *function, void *argument);
void loop_unwatch(struct loop *loop, int fd);
/* The same for an fd that was closed already: its number may be somebody else's by now. */
void loop_forget(struct loop *loop, int fd);

/* Calls once after the delay; timers of one deadline in the order they were started. NULL when out
 * of memory. The timer must be cancelled or have fired before it is forgotten; once it has fired it
 * is gone and must not be cancelled. */
struct loop_timer *loop_timer_start(struct loop *loop, int64_t delay_ms, loop_function *function,
                                    void *argument);
void loop_timer_cancel(struct loop *loop, struct loop_timer *timer);

/* Called at the end of each turn, after the ready descriptors were served and before the loop
 * sleeps: the place to flush what a turn has gathered. `*timeout_ms` may be lowered by the hook to
 * wake earlier (-1: no limit). Hooks run in the order they were added. */
typedef void loop_hook(void *argument, int *timeout_ms);
MUST_CHECK enum status loop_add_hook(struct loop *loop, loop_hook *hook, void *argument);
void loop_remove_hook(struct loop *loop, loop_hook *hook, void *argument);

/* Thread-safe: runs function(argument) in the loop's thread soon. False when out of memory. */
bool loop_post(struct loop *loop, loop_function *function, void *argument);

/* Runs function(argument) in a new coroutine: at once until its first suspend when the loop runs,
 * else as soon as it does. May be called from a coroutine. False when there is no stack for it. A
 * stack has 64 KiB. */
bool loop_spawn(struct loop *loop, loop_function *function, void *argument);
/* The running coroutine; NULL outside of any. */
struct coroutine *coroutine_current(void);
/* Back to the loop until somebody resumes us. */
void coroutine_suspend(void);
/* Makes it run again, soon: it is put at the end of the ready queue of its loop; nothing happens
 * when it is there already. One that resumes itself and then suspends lets the others run. */
void coroutine_resume(struct coroutine *coroutine);
/* Thread-safe form of the same; it cannot fail. The coroutine must be suspended or about to be, and
 * only one such call may be under way. */
void coroutine_resume_from_thread(struct coroutine *coroutine);
struct loop *coroutine_loop(const struct coroutine *coroutine);
/* Suspends for that long. */
void coroutine_sleep(int64_t delay_ms);

#endif
