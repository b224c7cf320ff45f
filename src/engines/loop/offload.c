#include "engines/loop/offload.h"

#include <pthread.h>
#include <stdlib.h>

/* On the stack of the coroutine that waits. */
struct offload_task {
    struct offload_task *next;
    loop_function *function;
    void *argument;
    struct coroutine *coroutine;
};

struct offload {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct offload_task *first, *last;
    bool stopping;
    size_t thread_count;
    pthread_t threads[];
};

/* NULL when all is done and no more comes. */
static struct offload_task *take(struct offload *offload)
{
    (void)pthread_mutex_lock(&offload->lock);
    while (!offload->first && !offload->stopping)
        (void)pthread_cond_wait(&offload->changed, &offload->lock);
    struct offload_task *task = offload->first;
    if (task) offload->first = task->next;
    if (!offload->first) offload->last = NULL;
    (void)pthread_mutex_unlock(&offload->lock);
    return task;
}

static void *work(void *argument)
{
    struct offload_task *task;
    while ((task = take(argument))) {
        task->function(task->argument);
        coroutine_resume_from_thread(task->coroutine); /* the task is gone with that */
    }
    return NULL;
}

struct offload *offload_new(size_t thread_count)
{
    struct offload *offload = calloc(1, sizeof(*offload) + thread_count * sizeof(pthread_t));
    if (!offload) return NULL;
    (void)pthread_mutex_init(&offload->lock, NULL);
    (void)pthread_cond_init(&offload->changed, NULL);
    while (offload->thread_count < thread_count &&
           pthread_create(&offload->threads[offload->thread_count], NULL, work, offload) == 0)
        offload->thread_count++;
    if (offload->thread_count == thread_count) return offload;
    offload_free(offload);
    return NULL;
}

void offload_free(struct offload *offload)
{
    if (!offload) return;
    (void)pthread_mutex_lock(&offload->lock);
    offload->stopping = true;
    (void)pthread_cond_broadcast(&offload->changed);
    (void)pthread_mutex_unlock(&offload->lock);
    for (size_t i = 0; i < offload->thread_count; i++)
        (void)pthread_join(offload->threads[i], NULL);
    (void)pthread_cond_destroy(&offload->changed);
    (void)pthread_mutex_destroy(&offload->lock);
    free(offload);
}

void offload_run(struct offload *offload, loop_function *function, void *argument)
{
    struct offload_task task = {
        .function = function, .argument = argument, .coroutine = coroutine_current()};
    if (!task.coroutine) {
        function(argument);
        return;
    }
    (void)pthread_mutex_lock(&offload->lock);
    if (offload->last)
        offload->last->next = &task;
    else
        offload->first = &task;
    offload->last = &task;
    (void)pthread_cond_signal(&offload->changed);
    (void)pthread_mutex_unlock(&offload->lock);
    coroutine_suspend();
}
