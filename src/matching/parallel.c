#include "matching/parallel.h"

#include <pthread.h>
#include <sched.h>

struct job {
    parallel_task *task;
    void *context;
    size_t count;
    size_t next; /* atomic */
};

struct worker {
    struct job *job;
    unsigned number;
    pthread_t thread;
};

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct job *job = worker->job;
    size_t task;
    while ((task = __atomic_fetch_add(&job->next, 1, __ATOMIC_RELAXED)) < job->count)
        job->task(job->context, task, worker->number);
    return NULL;
}

void parallel_run(unsigned threads, size_t tasks, parallel_task *task, void *context)
{
    struct job job = {task, context, tasks, 0};
    struct worker workers[PARALLEL_THREADS_MAX];
    unsigned started = 0;
    if (threads > PARALLEL_THREADS_MAX) threads = PARALLEL_THREADS_MAX;
    for (unsigned i = 1; i < threads && i < tasks; i++) {
        workers[started] = (struct worker){.job = &job, .number = i};
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0) break;
        started++;
    }
    struct worker self = {.job = &job, .number = 0};
    work(&self);
    for (unsigned i = 0; i < started; i++) pthread_join(workers[i].thread, NULL);
}

unsigned parallel_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    int count = CPU_COUNT(&set);
    return count < 1 ? 1 : count > PARALLEL_THREADS_MAX ? PARALLEL_THREADS_MAX : (unsigned)count;
}
