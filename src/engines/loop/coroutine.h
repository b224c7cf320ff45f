/* Inside of the loop: its coroutines, those that are ready to run, and their stacks. Callers use
 * loop.h. */
#ifndef ENGINES_LOOP_COROUTINE_H
#define ENGINES_LOOP_COROUTINE_H

#include "engines/loop/context.h"
#include "engines/loop/loop.h"

struct coroutines {
    struct coroutine *ready_first;
    struct coroutine *ready_last;
    struct coroutine *idle; /* ended; their stacks wait for the next */
    size_t idle_count;
    size_t live_count;
    size_t live_max;
    struct context loop_context; /* the thread's own stack, while a coroutine runs */
};

/* Runs those that were ready when it was called, in order. */
void coroutine_run_ready(struct coroutines *coroutines);
void coroutine_release_idle(struct coroutines *coroutines);

#endif
