#include "engines/sql/sqlite_writer.h"

#include <string.h>
#include <time.h>

#include "base/fault.h"
#include "engines/loop/loop.h"

enum {
    BATCH_MAX_DEFAULT = 1024,
    /* A batch takes no further unit of work after so long, so that the first one's caller does not
     * wait for a queue of large ones; or after as long as a commit usually takes, so that a slow
     * disk is waited for half of the time at most. */
    BATCH_TIME_MIN_NS = 10 * 1000 * 1000,
    BATCH_TIME_MAX_NS = 200 * 1000 * 1000,
    RUNS_MAX = 8, /* of one body that reports conflicts */
    /* The WAL is brought into the file when it has grown so long. A longer one coalesces more
     * writes to the same page, and makes writers wait longer when its turn comes: what only jobs
     * wait for may take long, what requests wait for a few milliseconds. */
    CHECKPOINT_FRAMES = 16 * 1024,
    CHECKPOINT_REQUEST_FRAMES = 4 * 1024,
    CHECKPOINT_AGAIN = 8, /* when a reader was in the way: after an eighth of it more */
    IDLE_AFTER_MS = 200,
};

struct sqlite_request {
    struct sqlite_request *next;
    struct arena *arena;
    sql_body *body;
    void *context;
    struct error *error;
    enum status status;
    struct coroutine *coroutine; /* NULL: a thread waits on `told` */
    pthread_mutex_t mutex;
    pthread_cond_t told;
    bool done;
};

/* --- one unit of work --- */

/* SQLite rolls the whole transaction back by itself on some failures (full disk, I/O). */
static bool transaction_is_lost(struct sqlite_writer *writer)
{
    return sqlite3_get_autocommit(writer->connection.db) != 0;
}

/* Whatever it says: a transaction that cannot be undone is over. */
static void lose_transaction(struct sqlite_writer *writer)
{
    struct error ignored;
    enum status undone = sqlite_connection_control(&writer->connection, CONTROL_ROLLBACK, &ignored);
    (void)undone;
}

/* Keeps what was executed since the savepoint when `status` is STATUS_OK, else undoes it. When
 * neither can be done nothing of the transaction may be kept: all of it is undone, and is lost. */
static enum status end_savepoint(struct sqlite_writer *writer, enum status status,
                                 struct error *error)
{
    struct sqlite_connection *connection = &writer->connection;
    struct error why;
    if (transaction_is_lost(writer)) return status;
    enum status ended = STATUS_OK;
    if (status != STATUS_OK)
        ended = sqlite_connection_control(connection, CONTROL_ROLLBACK_TO, &why);
    if (ended == STATUS_OK) ended = sqlite_connection_control(connection, CONTROL_RELEASE, &why);
    if (ended == STATUS_OK) return status;
    lose_transaction(writer);
    if (status == STATUS_OK && error) *error = why;
    return status == STATUS_OK ? ended : status;
}

static enum status run_once(struct sqlite_writer *writer, struct sqlite_request *request)
{
    struct sqlite_connection *connection = &writer->connection;
    TRY(sqlite_connection_control(connection, CONTROL_SAVEPOINT, request->error));
    struct sqlite_transaction transaction = {.base = {.driver = writer->driver},
                                             .connection = connection};
    enum status status = request->body(&transaction.base, request->context, request->error);
    FAULT_POINT("sqlite.in_body");
    if (status == STATUS_OK && transaction.failed != STATUS_OK)
        status = error_plain(request->error, transaction.failed);
    return end_savepoint(writer, status, request->error);
}

static void run_until_settled(struct sqlite_writer *writer, struct sqlite_request *request)
{
    struct arena_mark mark = arena_mark(request->arena);
    request->status = STATUS_WRITE_CONFLICT;
    for (int run = 0; run < RUNS_MAX && request->status == STATUS_WRITE_CONFLICT; run++) {
        arena_rewind(request->arena, mark);
        request->status = run_once(writer, request);
        if (transaction_is_lost(writer)) return;
    }
}

static void run_request(struct sqlite_writer *writer, struct sqlite_request *request)
{
    int64_t start = sql_queue_now_ns();
    writer->serves_requests = writer->serves_requests || request->coroutine;
    if (request->coroutine) sql_queue_leave(&writer->queue);
    run_until_settled(writer, request);
    int64_t took = sql_queue_now_ns() - start;
    if (request->coroutine) sql_queue_took(&writer->queue, took);
    writer->working_ns += took;
}

/* --- a batch --- */

static void tell(struct sqlite_request *request)
{
    if (request->coroutine) {
        coroutine_resume_from_thread(request->coroutine);
        return;
    }
    /* Under the mutex, for the request is on its caller's stack and gone once it knows. */
    pthread_mutex_lock(&request->mutex);
    request->done = true;
    pthread_cond_signal(&request->told);
    pthread_mutex_unlock(&request->mutex);
}

static void tell_all(struct sqlite_request *first)
{
    while (first) {
        struct sqlite_request *next = first->next;
        tell(first);
        first = next;
    }
}

/* Those that had succeeded share the failure of their batch. */
static void fail_batch(struct sqlite_request *first, enum status status, const struct error *why)
{
    for (struct sqlite_request *request = first; request; request = request->next) {
        if (request->status != STATUS_OK) continue;
        request->status = status;
        if (request->error) *request->error = *why;
    }
}

static enum status commit(struct sqlite_writer *writer, struct error *error)
{
    int64_t start = sql_queue_now_ns();
    FAULT_POINT("sqlite.before_commit");
    enum status status = sqlite_connection_control(&writer->connection, CONTROL_COMMIT, error);
    FAULT_POINT("sqlite.after_commit");
    int64_t usual = atomic_load_explicit(&writer->commit_ns, memory_order_relaxed);
    usual = sql_queue_usual(usual, sql_queue_now_ns() - start);
    atomic_store_explicit(&writer->commit_ns, usual, memory_order_relaxed);
    if (status == STATUS_OK) return STATUS_OK;
    /* Whole frames may have reached the disk when only the sync failed: a crash now could find
     * them. */
    bool sync_failed = sqlite3_extended_errcode(writer->connection.db) == SQLITE_IOERR_FSYNC;
    struct error ignored;
    if (!transaction_is_lost(writer) &&
        sqlite_connection_control(&writer->connection, CONTROL_ROLLBACK, &ignored) != STATUS_OK)
        return error_plain(error, STATUS_OUTCOME_UNKNOWN);
    return sync_failed ? error_plain(error, STATUS_OUTCOME_UNKNOWN) : status;
}

static int64_t batch_time_ns(const struct sqlite_writer *writer)
{
    int64_t commit_ns = atomic_load_explicit(&writer->commit_ns, memory_order_relaxed);
    if (commit_ns < BATCH_TIME_MIN_NS) return BATCH_TIME_MIN_NS;
    return commit_ns < BATCH_TIME_MAX_NS ? commit_ns : BATCH_TIME_MAX_NS;
}

/* Runs requests until the batch has lasted long enough; cuts the list there and gives the rest. */
static struct sqlite_request *run_batch(struct sqlite_writer *writer, struct sqlite_request *first)
{
    int64_t end = sql_queue_now_ns() + batch_time_ns(writer);
    size_t count = 0;
    writer->serves_requests = false;
    for (struct sqlite_request *request = first; request; request = request->next) {
        run_request(writer, request);
        count++;
        bool enough = count >= writer->batch_max || transaction_is_lost(writer) ||
                      (request->next && sql_queue_now_ns() > end);
        if (!enough) continue;
        struct sqlite_request *rest = request->next;
        request->next = NULL;
        return rest;
    }
    return NULL;
}

static struct error lost_reason(const struct sqlite_request *first)
{
    struct error why = {0};
    enum status status = STATUS_UNAVAILABLE;
    for (; first; first = first->next)
        if (first->status != STATUS_OK) status = first->status;
    error_plain(&why, status);
    return why;
}

static void checkpoint(struct sqlite_writer *writer)
{
    int most = writer->serves_requests ? CHECKPOINT_REQUEST_FRAMES : CHECKPOINT_FRAMES;
    if (writer->wal_frames < writer->wal_frames_tried) writer->wal_frames_tried = 0; /* anew */
    if (writer->wal_frames < most ||
        writer->wal_frames - writer->wal_frames_tried < most / CHECKPOINT_AGAIN)
        return;
    /* A failure costs nothing but a longer WAL: the next one tries again. */
    sqlite3_wal_checkpoint_v2(writer->connection.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    writer->wal_frames_tried = writer->wal_frames;
}

/* Gives whether there is more to do. */
static bool maintain_one(struct sqlite_writer *writer, sql_maintenance *step, bool idle)
{
    struct error ignored;
    struct sqlite_connection *connection = &writer->connection;
    struct sqlite_transaction transaction = {.base = {.driver = writer->driver},
                                             .connection = connection};
    bool more = false;
    if (sqlite_connection_control(connection, CONTROL_SAVEPOINT, &ignored) != STATUS_OK)
        return false;
    enum status status = step(&transaction.base, idle, &more, writer->maintenance_argument);
    if (status == STATUS_OK) status = transaction.failed;
    return end_savepoint(writer, status, &ignored) == STATUS_OK && more;
}

static bool maintain(struct sqlite_writer *writer, bool idle)
{
    bool more = false;
    for (int i = 0; i < SQL_MAINTENANCE_MAX && writer->maintenance[i]; i++)
        if (!transaction_is_lost(writer))
            more = maintain_one(writer, writer->maintenance[i], idle) || more;
    return more;
}

/* A transaction for nothing else. */
static void maintain_idle(struct sqlite_writer *writer)
{
    struct error ignored;
    writer->may_maintain = false;
    if (sqlite_connection_control(&writer->connection, CONTROL_BEGIN_IMMEDIATE, &ignored) !=
        STATUS_OK)
        return;
    bool more = maintain(writer, true);
    if (transaction_is_lost(writer) || commit(writer, &ignored) != STATUS_OK) return;
    if (writer->committed) writer->committed(writer->committed_argument);
    writer->may_maintain = more;
    checkpoint(writer);
}

/* Begins, runs, commits and tells; gives the requests that did not fit. */
static struct sqlite_request *serve(struct sqlite_writer *writer, struct sqlite_request *first)
{
    struct error error = {0};
    struct sqlite_request *rest = NULL;
    enum status status =
        sqlite_connection_control(&writer->connection, CONTROL_BEGIN_IMMEDIATE, &error);
    if (status == STATUS_OK) {
        FAULT_POINT("sqlite.after_begin");
        rest = run_batch(writer, first);
        maintain(writer, false);
        FAULT_POINT("sqlite.maintained");
        writer->may_maintain = writer->maintenance[0] != NULL;
        if (transaction_is_lost(writer)) {
            error = lost_reason(first);
            status = error.status;
        } else {
            status = commit(writer, &error);
        }
    } else {
        for (struct sqlite_request *r = first; r; r = r->next) r->status = STATUS_OK;
    }
    if (status != STATUS_OK)
        fail_batch(first, status, &error);
    else if (writer->committed)
        writer->committed(writer->committed_argument);
    FAULT_POINT("sqlite.before_acknowledge");
    tell_all(first);
    return rest;
}

static struct sqlite_request *serve_timed(struct sqlite_writer *writer,
                                          struct sqlite_request *first)
{
    int64_t start = sql_queue_now_ns();
    writer->working_ns = 0;
    struct sqlite_request *rest = serve(writer, first);
    int64_t besides = sql_queue_now_ns() - start - writer->working_ns;
    int64_t usual = atomic_load_explicit(&writer->batch_ns, memory_order_relaxed);
    atomic_store_explicit(&writer->batch_ns, sql_queue_usual(usual, besides), memory_order_relaxed);
    return rest;
}

/* --- the thread --- */

static int note_frames(void *argument, sqlite3 *db, const char *name, int frames)
{
    (void)db, (void)name;
    struct sqlite_writer *writer = argument;
    writer->wal_frames = frames;
    return SQLITE_OK;
}

/* Nobody waits, be it for a unit of work or for the end. */
static bool queue_is_empty(struct sqlite_writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    bool empty = writer->first == NULL && !writer->stopping;
    pthread_mutex_unlock(&writer->mutex);
    return empty;
}

/* Waits for requests; false when nothing came for a while and there is maintenance to do. */
static bool wait_for_work(struct sqlite_writer *writer)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += IDLE_AFTER_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    while (!writer->first && !writer->stopping) {
        if (!writer->may_maintain)
            pthread_cond_wait(&writer->work, &writer->mutex);
        else if (pthread_cond_timedwait(&writer->work, &writer->mutex, &until) != 0)
            return writer->first != NULL || writer->stopping;
    }
    return true;
}

static struct sqlite_request *take_all(struct sqlite_writer *writer, bool *idle, bool *stop)
{
    pthread_mutex_lock(&writer->mutex);
    *idle = !wait_for_work(writer);
    struct sqlite_request *all = writer->first;
    *stop = writer->stopping && !all;
    writer->first = NULL;
    writer->last = &writer->first;
    pthread_mutex_unlock(&writer->mutex);
    return all;
}

static void *writer_main(void *argument)
{
    struct sqlite_writer *writer = argument;
    bool idle, stop;
    for (;;) {
        struct sqlite_request *waiting = take_all(writer, &idle, &stop);
        if (stop) return NULL;
        while (idle && writer->may_maintain && queue_is_empty(writer)) maintain_idle(writer);
        while (waiting) {
            waiting = serve_timed(writer, waiting);
            checkpoint(writer);
        }
    }
}

enum status sqlite_writer_start(struct sqlite_writer *writer, struct sql_driver *driver,
                                const struct sqlite_options *options, struct error *error)
{
    *writer = (struct sqlite_writer){.driver = driver,
                                     .batch_max = options->batch_max ? options->batch_max
                                                                     : BATCH_MAX_DEFAULT,
                                     .committed = options->committed,
                                     .committed_argument = options->committed_argument,
                                     .maintenance_argument = options->maintenance_argument};
    memcpy(writer->maintenance, options->maintenance, sizeof(writer->maintenance));
    writer->last = &writer->first;
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_cond_init(&writer->work, NULL);
    TRY(sqlite_connection_open(&writer->connection, options, CONNECTION_WRITER, options->create,
                               error));
    sqlite3_wal_hook(writer->connection.db, note_frames, writer);
    if (pthread_create(&writer->thread, NULL, writer_main, writer) != 0) {
        sqlite_connection_close(&writer->connection);
        return error_set(error, STATUS_UNAVAILABLE, STR_NONE, STR_NONE,
                         "the writer thread cannot be started");
    }
    writer->started = true;
    return STATUS_OK;
}

void sqlite_writer_stop(struct sqlite_writer *writer)
{
    if (writer->started) {
        pthread_mutex_lock(&writer->mutex);
        writer->stopping = true;
        pthread_cond_signal(&writer->work);
        pthread_mutex_unlock(&writer->mutex);
        pthread_join(writer->thread, NULL);
        sqlite3_wal_checkpoint_v2(writer->connection.db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL,
                                  NULL);
        sqlite_connection_close(&writer->connection);
    }
    pthread_cond_destroy(&writer->work);
    pthread_mutex_destroy(&writer->mutex);
}

/* --- the callers --- */

static void enqueue(struct sqlite_writer *writer, struct sqlite_request *request)
{
    pthread_mutex_lock(&writer->mutex);
    bool was_empty = writer->first == NULL;
    *writer->last = request;
    writer->last = &request->next;
    if (was_empty) pthread_cond_signal(&writer->work);
    pthread_mutex_unlock(&writer->mutex);
}

static void wait_on_thread(struct sqlite_writer *writer, struct sqlite_request *request)
{
    pthread_mutex_init(&request->mutex, NULL);
    pthread_cond_init(&request->told, NULL);
    enqueue(writer, request);
    pthread_mutex_lock(&request->mutex);
    while (!request->done) pthread_cond_wait(&request->told, &request->mutex);
    pthread_mutex_unlock(&request->mutex);
    pthread_cond_destroy(&request->told);
    pthread_mutex_destroy(&request->mutex);
}

enum status sqlite_writer_run(struct sqlite_writer *writer, struct arena *arena, sql_body *body,
                              void *context, struct error *error)
{
    /* From inside a unit of work it would wait for itself. */
    if (pthread_equal(pthread_self(), writer->thread))
        return error_set(error, STATUS_INTERNAL, STR_NONE, STR_NONE,
                         "a unit of work cannot open another");
    struct sqlite_request request = {.arena = arena,
                                     .body = body,
                                     .context = context,
                                     .error = error,
                                     .coroutine = coroutine_current()};
    if (request.coroutine) {
        sql_queue_enter(&writer->queue);
        enqueue(writer, &request);
        coroutine_suspend();
    } else {
        wait_on_thread(writer, &request);
    }
    return request.status;
}

struct queue_wait sqlite_writer_wait(const struct sqlite_writer *writer)
{
    struct queue_wait wait = sql_queue_wait(&writer->queue);
    int64_t by_time = wait.us * 1000 / batch_time_ns(writer);
    int64_t by_count = wait.ahead / (int64_t)writer->batch_max;
    int64_t batches = by_time > by_count ? by_time : by_count;
    wait.us += batches * atomic_load_explicit(&writer->batch_ns, memory_order_relaxed) / 1000;
    return wait;
}
