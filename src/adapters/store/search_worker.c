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
    BUSY_AFTER_MS = 20,      /* with entries, and too few of them */
    TAIL_MAX = 8192,         /* entries that may wait behind a large write */
    TAIL_MAX_PLANNED = 4096, /* the same where it costs nothing to ask often */
    KEEP_UP_TRIES = 40,
    KEEP_UP_PAUSE_MS = 50,
    /* For so long a plan waits for a commit that is made anyway. */
    COMMIT_WAIT_MS = 1000,
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
    /* Of the embedded store, whose writer writes what is planned. */
    bool plans;
    struct search_plan *plan; /* that waits to be written; NULL: none */
    bool is_applied;          /* and waits for the commit */
    enum status applied;      /* how that went */
    size_t tail_max;
};

struct search_worker *search_worker_new(struct search_index *index, struct sql_driver *driver,
                                        bool plans)
{
    struct search_worker *worker = calloc(1, sizeof(*worker));
    if (!worker) return NULL;
    worker->index = index;
    worker->driver = driver;
    worker->plans = plans;
    worker->tail_max = plans ? TAIL_MAX_PLANNED : TAIL_MAX;
    pthread_mutex_init(&worker->mutex, NULL);
    pthread_cond_init(&worker->changed, NULL);
    return worker;
}

struct work {
    struct search_worker *worker;
    struct str tenant;
    struct arena *arena;
    struct search_plan *plan;
    bool idle, more;
};

static enum status step_body(struct sql_transaction *transaction, void *context,
                             struct error *error)
{
    struct work *work = context;
    return search_index_step(work->worker->index, work->tenant, transaction, work->idle,
                             work->arena, &work->more, error);
}

/* --- planning --- */

static enum status plan_body(struct sql_transaction *transaction, void *context,
                             struct error *error)
{
    struct work *work = context;
    *work->plan = (struct search_plan){.arena = work->arena,
                                       .tenant = work->tenant,
                                       .idle = work->idle,
                                       .erasures = work->plan->erasures};
    return search_index_plan(work->worker->index, transaction, work->plan, error);
}

/* The writer writes a plan with whatever it commits. */
static enum status commit_nothing(struct sql_transaction *transaction, void *context,
                                  struct error *error)
{
    (void)transaction, (void)context, (void)error;
    return STATUS_OK;
}

static struct timespec after_ms(int64_t pause_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += pause_ms / 1000;
    until.tv_nsec += pause_ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    return until;
}

/* Whether the plan was written, or left, and that was committed. */
static bool wait_for_commit(struct search_worker *worker, int64_t pause_ms)
{
    struct timespec until = after_ms(pause_ms);
    int code = 0;
    pthread_mutex_lock(&worker->mutex);
    while (worker->plan && !worker->ending && code == 0)
        code = pthread_cond_timedwait(&worker->changed, &worker->mutex, &until);
    bool settled = !worker->plan;
    pthread_mutex_unlock(&worker->mutex);
    return settled;
}

static void publish(struct search_worker *worker, struct search_plan *plan)
{
    pthread_mutex_lock(&worker->mutex);
    worker->plan = plan;
    worker->is_applied = false;
    worker->applied = STATUS_OK;
    pthread_mutex_unlock(&worker->mutex);
}

/* Whatever became of the plan, the next one is made from what is there. */
static enum status withdraw(struct search_worker *worker, struct error *error)
{
    pthread_mutex_lock(&worker->mutex);
    enum status status = worker->applied;
    worker->plan = NULL;
    pthread_mutex_unlock(&worker->mutex);
    return status == STATUS_OK ? STATUS_OK : error_plain(error, status);
}

/* Where nobody writes the commit is for the plan alone. */
static enum status have_written(struct work *work, struct error *error)
{
    struct search_worker *worker = work->worker;
    enum status status = STATUS_OK;
    publish(worker, work->plan);
    if (work->idle || !wait_for_commit(worker, COMMIT_WAIT_MS))
        status = worker->driver->transact(worker->driver, SQL_WRITE, work->tenant, work->arena,
                                          commit_nothing, NULL, error);
    enum status applied = withdraw(worker, status == STATUS_OK ? error : NULL);
    return status == STATUS_OK ? applied : status;
}

static enum status plan_step(struct work *work, struct error *error)
{
    struct sql_driver *driver = work->worker->driver;
    struct search_plan plan = {.erasures = search_index_erasures(work->worker->index)};
    work->plan = &plan;
    TRY(driver->transact(driver, SQL_READ, work->tenant, work->arena, plan_body, work, error));
    return have_written(work, error);
}

enum status search_worker_apply(struct search_worker *worker, struct sql_transaction *transaction,
                                struct error *error)
{
    enum status status = STATUS_OK;
    if (!worker) return STATUS_OK;
    pthread_mutex_lock(&worker->mutex);
    if (worker->plan && !worker->is_applied) {
        status = search_index_apply(worker->index, worker->plan, transaction, error);
        worker->applied = status;
        worker->is_applied = true;
    }
    pthread_mutex_unlock(&worker->mutex);
    return status;
}

void search_worker_committed(struct search_worker *worker)
{
    if (!worker) return;
    pthread_mutex_lock(&worker->mutex);
    if (worker->is_applied) {
        worker->plan = NULL;
        worker->is_applied = false;
        pthread_cond_broadcast(&worker->changed);
    }
    pthread_mutex_unlock(&worker->mutex);
}

/* --- the thread --- */

static enum status make_step(struct work *work, struct error *error)
{
    struct sql_driver *driver = work->worker->driver;
    if (work->worker->plans) return plan_step(work, error);
    return driver->transact(driver, SQL_WRITE, work->tenant, work->arena, step_body, work, error);
}

/* One step, if there is one to do. *failed: it did not succeed. */
static bool step(struct search_worker *worker, struct arena *arena, bool idle, bool *failed)
{
    struct error error = {0};
    arena_reset(arena);
    struct work work = {.worker = worker, .arena = arena, .idle = idle};
    work.tenant = search_index_next(worker->index, idle, arena);
    if (str_is_none(work.tenant)) return false;
    enum status status = make_step(&work, &error);
    if (status != STATUS_OK && !*failed)
        log_warn("search.indexing_fails", LOG_CODE("code", status_code(status)),
                 LOG_REASON("reason", str_from_cstr(error.message)));
    *failed = status != STATUS_OK;
    return status == STATUS_OK;
}

static bool wait_ms(struct search_worker *worker, int64_t pause_ms)
{
    struct timespec until = after_ms(pause_ms);
    pthread_mutex_lock(&worker->mutex);
    while (!worker->ending && pthread_cond_timedwait(&worker->changed, &worker->mutex, &until) == 0)
        continue;
    bool ending = worker->ending;
    pthread_mutex_unlock(&worker->mutex);
    return !ending;
}

static int64_t pause_after(const struct search_worker *worker, bool idle, bool did, bool failed)
{
    if (failed) return FAILURE_PAUSE_MS;
    if (did) return 0;
    return worker->plans && !idle ? BUSY_AFTER_MS : IDLE_AFTER_MS;
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
        going = wait_ms(worker, pause_after(worker, idle, did, failed));
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
    bool plans = work->worker->plans;
    size_t count, before = 0, tail_max = work->worker->tail_max;
    for (int tries = 0; tries < KEEP_UP_TRIES; tries++) {
        arena_reset(work->arena);
        if (count_tail(work, &count) != STATUS_OK || count <= tail_max) return;
        if (before && count >= before && !wait_ms(work->worker, KEEP_UP_PAUSE_MS)) return;
        before = count;
        if (driver->transact(driver, SQL_WRITE, work->tenant, work->arena,
                             plans ? commit_nothing : step_body, work, &ignored) != STATUS_OK)
            return;
    }
}

void search_worker_keep_up(struct search_worker *worker, struct str tenant)
{
    struct arena arena;
    if (!worker || !search_index_is_to_be_looked_at(worker->index, tenant, worker->tail_max / 2))
        return;
    arena_init(&arena, ARENA_BYTES);
    struct work work = {.worker = worker, .tenant = tenant, .arena = &arena};
    shorten_tail(&work);
    arena_release(&arena);
}

void search_worker_stop(struct search_worker *worker)
{
    if (!worker) return;
    pthread_mutex_lock(&worker->mutex);
    worker->ending = true;
    pthread_cond_broadcast(&worker->changed);
    bool has_thread = worker->has_thread;
    worker->has_thread = false;
    pthread_mutex_unlock(&worker->mutex);
    if (has_thread) (void)pthread_join(worker->thread, NULL);
}

void search_worker_free(struct search_worker *worker)
{
    if (!worker) return;
    search_worker_stop(worker);
    pthread_cond_destroy(&worker->changed);
    pthread_mutex_destroy(&worker->mutex);
    free(worker);
}
