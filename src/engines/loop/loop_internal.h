/* What the files of the loop share. */
#ifndef ENGINES_LOOP_LOOP_INTERNAL_H
#define ENGINES_LOOP_LOOP_INTERNAL_H

#include <stdatomic.h>

#include "base/saturation.h"
#include "engines/loop/coroutine.h"
#include "engines/loop/timers.h"

/* A call that another thread asked for. */
struct loop_message {
    struct loop_message *next;
    loop_function *function;
    void *argument;
    bool is_embedded; /* in a coroutine; else it is freed before the call */
};

struct loop_watch_entry {
    loop_watch_function *function; /* NULL: not watched */
    void *argument;
    uint32_t generation; /* so that an event of the fd's last user is not taken for this one's */
};

struct loop_hook_entry {
    loop_hook *hook;
    void *argument;
};

struct loop {
    int epoll_fd;
    int wake_fd;
    bool stopping;
    int64_t turn_us; /* when the turn under way began */
    bool is_busy;    /* it had no rest before this turn */
    uint64_t rests;
    struct saturation saturation;
    struct loop_watch_entry *watches; /* by fd */
    size_t watch_capacity;
    struct timers timers;
    struct loop_hook_entry *hooks;
    size_t hook_count;
    _Atomic(struct loop_message *) messages; /* newest first */
    struct coroutines coroutines;
};

/* Thread-safe; cannot fail. */
void loop_send(struct loop *loop, struct loop_message *message);

#endif
