#include "adapters/store/search_worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "sql_statements.h"

enum {
    ARENA_BYTES = 256 * 1024 * 1024,
    IDLE_AFTER_MS = 200,     /* without an entry: now little is enough to begin */
    FAILURE_PAUSE_MS = 1000, /* the database does not answer */
    TAIL_MAX = 8192,         /* entries that may wait behind a large write */
    KEEP_UP_TRIES = 40,
    KEEP_UP_PAUSE_MS = 50,
};

struct search_worker {
    struct search_index *index;
    struct sql_driver *driver;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    bool has_thread, ending;
    atomic_bool started;
    atomic_bool woken; /* by an entry */
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

void search_worker_start(struct search_worker *worker)
{
    if (!worker || atomic_exchange(&worker->started, true)) return;
    pthread_mutex_lock(&worker->mutex);
    if (!worker->has_thread && !worker->ending)
        worker->has_thread = pthread_create(&worker->thread, NULL, run, worker) == 0;
    atomic_store(&worker->started, worker->has_thread);
    pthread_mutex_unlock(&worker->mutex);
}

void search_worker_wake(struct search_worker *worker)
{
    if (!worker) return;
    atomic_store(&worker->woken, true);
    search_worker_start(worker);
}

/* --- keeping up --- */

static enum status count_tail(struct work *work, size_t *count)
{
    struct sql_driver *driver = work->worker->driver;
    struct error ignored;
    const struct sql_value params[] = {SQL_PARAM_TEXT(work->tenant), SQL_PARAM_INT64(4 * TAIL_MAX)};
    struct sql_rows rows;
    TRY(driver->query_one(driver, work->tenant, SQL_SEARCH_NEW_COUNT, params, 2, work->arena, &rows,
                          &ignored));
    *count = (size_t)sql_cell_int64(&rows, 0, 0, 0);
    search_index_seen(work->worker->index, work->tenant, *count);
    return STATUS_OK;
}

/* A failure is the thread's to tell. */
static void shorten_tail(struct work *work)
{
    struct sql_driver *driver = work->worker->driver;
    struct error ignored;
    size_t count, before = 0;
    for (int tries = 0; tries < KEEP_UP_TRIES; tries++) {
        arena_reset(work->arena);
        if (count_tail(work, &count) != STATUS_OK || count <= TAIL_MAX) return;
        if (before && count >= before && !wait_ms(work->worker, KEEP_UP_PAUSE_MS)) return;
        before = count;
        if (driver->transact(driver, SQL_WRITE, work->tenant, work->arena, step_body, work,
                             &ignored) != STATUS_OK)
            return;
    }
}

void search_worker_keep_up(struct search_worker *worker, struct str tenant)
{
    struct arena arena;
    if (!worker || !search_index_is_to_be_looked_at(worker->index, tenant)) return;
    arena_init(&arena, ARENA_BYTES);
    struct work work = {.worker = worker, .tenant = tenant, .arena = &arena};
    shorten_tail(&work);
    arena_release(&arena);
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
