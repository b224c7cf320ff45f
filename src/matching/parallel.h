/* Runs numbered tasks on a few threads. Which thread gets which task is open; a result must depend
 * on the task's number alone. */
#ifndef MATCHING_PARALLEL_H
#define MATCHING_PARALLEL_H

#include <stddef.h>

typedef void parallel_task(void *context, size_t task, unsigned thread);

enum { PARALLEL_THREADS_MAX = 64 };

/* Returns when all tasks are done. The caller's thread works too, as thread 0. When threads cannot
 * be started the work is done by those there are. */
void parallel_run(unsigned threads, size_t tasks, parallel_task *task, void *context);
/* The processors of the machine, at most PARALLEL_THREADS_MAX. */
unsigned parallel_processors(void);

#endif
