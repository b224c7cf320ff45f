/* Work that blocks, such as writing a file, done by another thread while the coroutine that needs
 * it waits and its loop serves others.
 *
 *     static void write_now(void *argument) { struct writing *w = argument; ... w->status = ...; }
 *     offload_run(offload, write_now, &writing);      returns when it was done
 *
 * What is given runs as it came; with two threads the slow does not hold up all.
 */
#ifndef ENGINES_LOOP_OFFLOAD_H
#define ENGINES_LOOP_OFFLOAD_H

#include "engines/loop/loop.h"

struct offload;

/* NULL when out of memory or threads. */
struct offload *offload_new(size_t thread_count);
/* Nothing may be under way. */
void offload_free(struct offload *offload);
/* Outside of any coroutine the function is simply called. */
void offload_run(struct offload *offload, loop_function *function, void *argument);

#endif
