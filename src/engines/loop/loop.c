/* The loop itself. One turn: ready descriptors, timers, messages of other threads, coroutines that
 * were resumed, then the hooks, which flush what all of these gathered; then sleep. */
#include "engines/loop/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "engines/loop/loop_internal.h"

enum {
    EVENTS_PER_TURN = 256,
    COROUTINES_DEFAULT = 100000,
    REST_NS = 50 * 1000 /* a wait for events that is this long was one */
};

static _Thread_local struct loop *running;

static enum status watch_wake_fd(struct loop *loop)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint32_t)loop->wake_fd};
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->wake_fd, &event) == 0 ? STATUS_OK
                                                                                : STATUS_IO;
}

struct loop *loop_new(size_t coroutines_max)
{
    struct loop *loop = calloc(1, sizeof(*loop));
    if (!loop) return NULL;
    loop->coroutines.live_max = coroutines_max ? coroutines_max : COROUTINES_DEFAULT;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->epoll_fd >= 0 && loop->wake_fd >= 0 && watch_wake_fd(loop) == STATUS_OK) return loop;
    if (loop->epoll_fd >= 0) (void)close(loop->epoll_fd);
    if (loop->wake_fd >= 0) (void)close(loop->wake_fd);
    free(loop);
    return NULL;
}

static struct loop_message *take_messages(struct loop *loop)
{
    struct loop_message *newest =
        atomic_exchange_explicit(&loop->messages, NULL, memory_order_acquire);
    struct loop_message *oldest = NULL;
    while (newest) {
        struct loop_message *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

void loop_free(struct loop *loop)
{
    if (!loop) return;
    assert(loop->coroutines.live_count == 0 && "a coroutine has not ended");
    for (struct loop_message *message = take_messages(loop), *next; message; message = next) {
        next = message->next;
        if (!message->is_embedded) free(message);
    }
    coroutine_release_idle(&loop->coroutines);
    timers_release(&loop->timers);
    (void)close(loop->epoll_fd);
    (void)close(loop->wake_fd);
    free(loop->watches);
    free(loop->hooks);
    free(loop);
}

struct loop *loop_current(void)
{
    return running;
}

void loop_stop(struct loop *loop)
{
    loop->stopping = true;
}

/* --- descriptors --- */

static bool make_room_for_fd(struct loop *loop, size_t fd)
{
    if (fd < loop->watch_capacity) return true;
    size_t capacity = loop->watch_capacity ? loop->watch_capacity : 64;
    while (capacity <= fd) capacity *= 2;
    struct loop_watch_entry *watches = realloc(loop->watches, capacity * sizeof(*watches));
    if (!watches) return false;
    memset(watches + loop->watch_capacity, 0, (capacity - loop->watch_capacity) * sizeof(*watches));
    loop->watches = watches;
    loop->watch_capacity = capacity;
    return true;
}

enum status loop_watch(struct loop *loop, int fd, uint32_t events, loop_watch_function *function,
                       void *argument)
{
    assert(fd >= 0 && function);
    if (!make_room_for_fd(loop, (size_t)fd)) return STATUS_OUT_OF_MEMORY;
    struct loop_watch_entry *watch = &loop->watches[fd];
    bool is_new = !watch->function;
    if (is_new) watch->generation++;
    struct epoll_event event = {.events = events,
                                .data.u64 = (uint64_t)watch->generation << 32 | (uint32_t)fd};
    if (epoll_ctl(loop->epoll_fd, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) != 0)
        return errno == ENOMEM ? STATUS_OUT_OF_MEMORY : STATUS_IO;
    watch->function = function;
    watch->argument = argument;
    return STATUS_OK;
}

static bool is_watched(const struct loop *loop, int fd)
{
    return fd >= 0 && (size_t)fd < loop->watch_capacity && loop->watches[fd].function;
}

void loop_unwatch(struct loop *loop, int fd)
{
    if (!is_watched(loop, fd)) return;
    loop->watches[fd].function = NULL;
    (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

void loop_forget(struct loop *loop, int fd)
{
    if (is_watched(loop, fd)) loop->watches[fd].function = NULL;
}

static void serve_event(struct loop *loop, const struct epoll_event *event)
{
    uint32_t fd = (uint32_t)event->data.u64;
    if (fd == (uint32_t)loop->wake_fd) {
        uint64_t count;
        (void)!read(loop->wake_fd, &count, sizeof(count)); /* only to make it quiet again */
        return;
    }
    struct loop_watch_entry watch = loop->watches[fd];
    if (!watch.function || watch.generation != (uint32_t)(event->data.u64 >> 32)) return;
    watch.function(watch.argument, event->events);
}

/* --- timers and hooks --- */

struct loop_timer *loop_timer_start(struct loop *loop, int64_t delay_ms, loop_function *function,
                                    void *argument)
{
    return timers_start(&loop->timers, delay_ms, function, argument);
}

void loop_timer_cancel(struct loop *loop, struct loop_timer *timer)
{
    timers_cancel(&loop->timers, timer);
}

static void drop_empty_hooks(struct loop *loop)
{
    size_t kept = 0;
    for (size_t i = 0; i < loop->hook_count; i++)
        if (loop->hooks[i].hook) loop->hooks[kept++] = loop->hooks[i];
    loop->hook_count = kept;
}

enum status loop_add_hook(struct loop *loop, loop_hook *hook, void *argument)
{
    drop_empty_hooks(loop);
    struct loop_hook_entry *hooks =
        realloc(loop->hooks, (loop->hook_count + 1) * sizeof(*loop->hooks));
    if (!hooks) return STATUS_OUT_OF_MEMORY;
    hooks[loop->hook_count++] = (struct loop_hook_entry){.hook = hook, .argument = argument};
    loop->hooks = hooks;
    return STATUS_OK;
}

/* The place stays, empty, so that a hook may remove itself or another while hooks run. */
void loop_remove_hook(struct loop *loop, loop_hook *hook, void *argument)
{
    for (size_t i = 0; i < loop->hook_count; i++)
        if (loop->hooks[i].hook == hook && loop->hooks[i].argument == argument)
            loop->hooks[i].hook = NULL;
}

/* --- messages of other threads --- */

void loop_send(struct loop *loop, struct loop_message *message)
{
    struct loop_message *head = atomic_load_explicit(&loop->messages, memory_order_relaxed);
    do {
        message->next = head;
    } while (!atomic_compare_exchange_weak_explicit(&loop->messages, &head, message,
                                                    memory_order_release, memory_order_relaxed));
    /* Who found others there leaves the waking to the first of them. */
    if (head) return;
    uint64_t one = 1;
    (void)!write(loop->wake_fd, &one, sizeof(one)); /* full means awake already */
}

bool loop_post(struct loop *loop, loop_function *function, void *argument)
{
    struct loop_message *message = malloc(sizeof(*message));
    if (!message) return false;
    *message = (struct loop_message){.function = function, .argument = argument};
    loop_send(loop, message);
    return true;
}

static void serve_messages(struct loop *loop)
{
    for (struct loop_message *message = take_messages(loop), *next; message; message = next) {
        next = message->next;
        loop_function *function = message->function;
        void *argument = message->argument;
        if (!message->is_embedded) free(message);
        function(argument);
    }
}

/* --- a turn --- */

static int hooks_and_timeout(struct loop *loop)
{
    int timeout_ms = -1;
    for (size_t i = 0; i < loop->hook_count; i++)
        if (loop->hooks[i].hook) loop->hooks[i].hook(loop->hooks[i].argument, &timeout_ms);
    if (loop->coroutines.ready_first || loop->stopping) return 0;
    int timers_ms = timers_timeout_ms(&loop->timers);
    if (timers_ms >= 0 && (timeout_ms < 0 || timers_ms < timeout_ms)) return timers_ms;
    return timeout_ms;
}

/* A busy loop asks first without waiting; one at leisure need not. */
static int wait_for_events(struct loop *loop, struct epoll_event *events, int timeout_ms)
{
    int count = 0;
    if (loop->is_busy || timeout_ms == 0)
        count = epoll_wait(loop->epoll_fd, events, EVENTS_PER_TURN, 0);
    int64_t now = clock_ns(CLOCK_MONOTONIC), before = now;
    saturation_worked(&loop->saturation, now);
    if (count == 0 && timeout_ms != 0) {
        count = epoll_wait(loop->epoll_fd, events, EVENTS_PER_TURN, timeout_ms);
        now = clock_ns(CLOCK_MONOTONIC);
        saturation_rested(&loop->saturation, now);
    }
    loop->is_busy = now - before <= REST_NS;
    loop->rests += !loop->is_busy;
    loop->turn_us = now / 1000;
    return count;
}

int64_t loop_lag_us(const struct loop *loop)
{
    return clock_us(CLOCK_MONOTONIC) - loop->turn_us;
}

bool loop_is_saturated(const struct loop *loop)
{
    return saturation_is_reached(&loop->saturation);
}

uint64_t loop_rests(const struct loop *loop)
{
    return loop->rests;
}

static void turn(struct loop *loop, int timeout_ms)
{
    struct epoll_event events[EVENTS_PER_TURN];
    int count = wait_for_events(loop, events, timeout_ms);
    for (int i = 0; i < count; i++) serve_event(loop, &events[i]);
    timers_fire(&loop->timers);
    serve_messages(loop);
    coroutine_run_ready(&loop->coroutines);
}

void loop_run(struct loop *loop)
{
    struct loop *outer = running;
    running = loop;
    turn(loop, 0);
    while (!loop->stopping) turn(loop, hooks_and_timeout(loop));
    loop->stopping = false;
    running = outer;
}
