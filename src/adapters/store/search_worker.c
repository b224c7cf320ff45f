#include "adapters/store/search_worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"

enum {
    ARENA_BYTES = 256 * 1024 * 1024,
    IDLE_AFTER_MS = 200,     /* without an entry: now little is enough to begin */
    FAILURE_PAUSE_MS = 1000, /* the database does not answer */
};

struct search_worker {
    struct search_index *index;
    struct sql_driver *driver;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    bool has_thread, ending;
    atomic_bool woken;
};

struct search_worker *search_worker_new(struct search_index *index, struct sql_driver *driver)
{
    struct search_worker *worker = calloc(1, sizeof(*worker));
    if (!worker) return NULL;
    worker->index = index;
    worker->driver = driver;
    pthread_mutex_init(&worker->mutex, NULL);
    pthread_cond_init(&worker->changed, NULL);
    return worker;
}

struct work {
    struct search_worker *worker;
    struct str tenant;
    struct arena *arena;
    bool idle, more;
};

static enum status step_body(struct sql_transaction *transaction, void *context,
                             struct error *error)
{
    struct work *work = context;
    return search_index_step(work->worker->index, work->tenant, transaction, work->idle,
                             work->arena, &work->more, error);
}

/* One step, if there is one to do. *failed: it did not succeed. */
static bool step(struct search_worker *worker, struct arena *arena, bool idle, bool *failed)
{
    struct error error = {0};
    arena_reset(arena);
    struct work work = {.worker = worker, .arena = arena, .idle = idle};
    work.tenant = search_index_next(worker->index, idle, arena);
    if (str_is_none(work.tenant)) return false;
    enum status status = worker->driver->transact(worker->driver, SQL_WRITE, work.tenant, arena,
                                                  step_body, &work, &error);
    if (status != STATUS_OK && !*failed)
        log_warn("search.indexing_fails", LOG_CODE("code", status_code(status)),
                 LOG_REASON("reason", str_from_cstr(error.message)));
    *failed = status != STATUS_OK;
    return status == STATUS_OK;
}

static bool wait_ms(struct search_worker *worker, int64_t pause_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += pause_ms / 1000;
    until.tv_nsec += pause_ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&worker->mutex);
    while (!worker->ending && pthread_cond_timedwait(&worker->changed, &worker->mutex, &until) == 0)
        continue;
    bool ending = worker->ending;
    pthread_mutex_unlock(&worker->mutex);
    return !ending;
}

static void *run(void *argument)
{
    struct search_worker *worker = argument;
    struct arena arena;
    bool failed = false, going = true;
    arena_init(&arena, ARENA_BYTES);
    while (going) {
        bool idle = !atomic_exchange(&worker->woken, false);
        bool did = step(worker, &arena, idle, &failed);
        going = wait_ms(worker, failed ? FAILURE_PAUSE_MS : did ? 0 : IDLE_AFTER_MS);
    }
    arena_release(&arena);
    return NULL;
}

void search_worker_wake(struct search_worker *worker)
{
    if (!worker || atomic_exchange(&worker->woken, true) || worker->has_thread) return;
    pthread_mutex_lock(&worker->mutex);
    if (!worker->has_thread && !worker->ending)
        worker->has_thread = pthread_create(&worker->thread, NULL, run, worker) == 0;
    pthread_mutex_unlock(&worker->mutex);
}

void search_worker_free(struct search_worker *worker)
{
    if (!worker) return;
    pthread_mutex_lock(&worker->mutex);
    worker->ending = true;
    pthread_cond_signal(&worker->changed);
    bool has_thread = worker->has_thread;
    pthread_mutex_unlock(&worker->mutex);
    if (has_thread) (void)pthread_join(worker->thread, NULL);
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->mutex);
    free(worker);
}
