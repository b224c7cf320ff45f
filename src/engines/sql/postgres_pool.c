/* The connections of one thread. Who wants one to himself stands in a queue; a clock looks after
 * everything that waits: callers, attempts to connect, answers that do not come.
 *
 * After a failed attempt to connect there is a pause, doubled each time up to PAUSE_MAX_MS. While
 * it lasts and no connection is there, callers are refused at once instead of being held. */
#include "base/clock.h"
#include "engines/sql/postgres_internal.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

#include "base/log.h"

enum {
    TICK_MS = 50,
    PAUSE_MIN_MS = 50,
    PAUSE_MAX_MS = 3000,
    WAITING_MAX = 10000,
    CUTS_MAX = 3 /* attempts without a pause, after a success */
};

struct postgres_acquire {
    struct postgres_acquire *next;
    struct postgres_wait wait;
    struct postgres_connection *connection;
    int64_t deadline_ms;
    struct error error;
    enum status status;
};

int64_t postgres_now_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

/* --- waiting --- */

void postgres_wake(struct postgres_wait *wait)
{
    wait->done = true;
    if (wait->is_suspended) coroutine_resume(wait->coroutine);
}

static void look_after(struct postgres_pool *pool);

static struct postgres_connection *connection_at(struct postgres_pool *pool, size_t i)
{
    size_t count = pool->driver->connections_max;
    return i < count ? &pool->connections[i] : &pool->readers[i - count].connection;
}

static size_t connection_count(const struct postgres_pool *pool)
{
    return pool->driver->connections_max + pool->driver->readers_max;
}

static void poll_once(struct postgres_pool *pool)
{
    enum { POLL_MAX = 64 };
    struct pollfd ready[POLL_MAX];
    struct postgres_connection *who[POLL_MAX];
    size_t count = 0;
    for (size_t i = 0; i < connection_count(pool) && count < POLL_MAX; i++) {
        struct postgres_connection *connection = connection_at(pool, i);
        if (connection->state == POSTGRES_CLOSED) continue;
        who[count] = connection;
        ready[count++] = (struct pollfd){.fd = connection->fd, .events = (short)connection->events};
    }
    if (poll(ready, count, TICK_MS) > 0)
        for (size_t i = 0; i < count; i++)
            if (ready[i].revents) postgres_connection_serve(who[i], (uint32_t)ready[i].revents);
    look_after(pool);
    postgres_readers_flush(pool);
}

static void on_tick(void *argument);

/* Something is waited for: the clock must run. */
static void start_clock(struct postgres_pool *pool)
{
    if (pool->loop && !pool->timer)
        pool->timer = loop_timer_start(pool->loop, TICK_MS, on_tick, pool);
}

void postgres_pool_wait(struct postgres_pool *pool, struct postgres_wait *wait)
{
    start_clock(pool);
    while (!wait->done) {
        if (!wait->coroutine) {
            poll_once(pool);
            continue;
        }
        wait->is_suspended = true;
        coroutine_suspend();
        wait->is_suspended = false;
    }
}

/* --- the queue of callers --- */

static struct postgres_acquire *next_waiting(struct postgres_pool *pool)
{
    struct postgres_acquire *first = pool->waiting_first;
    if (!first) return NULL;
    pool->waiting_first = first->next;
    if (!pool->waiting_first) pool->waiting_last = NULL;
    pool->waiting_count--;
    sql_queue_leave(&pool->queue);
    return first;
}

static void put_waiting(struct postgres_pool *pool, struct postgres_acquire *acquire)
{
    if (pool->waiting_last)
        pool->waiting_last->next = acquire;
    else
        pool->waiting_first = acquire;
    pool->waiting_last = acquire;
    pool->waiting_count++;
    sql_queue_enter(&pool->queue);
}

static void refuse_next(struct postgres_pool *pool, const struct error *why)
{
    struct postgres_acquire *acquire = next_waiting(pool);
    acquire->status = why->status;
    acquire->error = *why;
    postgres_wake(&acquire->wait);
}

static void give(struct postgres_pool *pool, struct postgres_connection *connection)
{
    struct postgres_acquire *acquire = next_waiting(pool);
    if (acquire) {
        connection->is_taken = true;
        acquire->connection = connection;
        postgres_wake(&acquire->wait);
    } else {
        connection->next_idle = pool->idle;
        pool->idle = connection;
    }
}

/* Waiting that outlasts the connect time out is refused; the queue is in order of deadlines. */
static void refuse_late(struct postgres_pool *pool, int64_t now)
{
    struct error late;
    (void)error_set(&late, STATUS_UNAVAILABLE, STR_NONE, STR_NONE,
                    "all connections to PostgreSQL are busy");
    while (pool->waiting_first && pool->waiting_first->deadline_ms <= now) refuse_next(pool, &late);
}

/* --- connecting --- */

bool postgres_pool_connect(struct postgres_connection *connection)
{
    struct postgres_pool *pool = connection->pool;
    if (postgres_now_ms() < pool->retry_at_ms) return false;
    return postgres_connection_start(connection);
}

/* True when a connection is there or being made that callers can wait for. */
static bool has_hope(const struct postgres_pool *pool)
{
    for (size_t i = 0; i < pool->driver->connections_max; i++)
        if (pool->connections[i].state != POSTGRES_CLOSED) return true;
    return false;
}

/* As many attempts under way as there are callers waiting. */
static void connect_for_waiting(struct postgres_pool *pool)
{
    size_t connecting = 0;
    for (size_t i = 0; i < pool->driver->connections_max; i++) {
        enum postgres_state state = pool->connections[i].state;
        if (state == POSTGRES_CONNECTING || state == POSTGRES_SETTING_UP) connecting++;
    }
    for (size_t i = 0; i < pool->driver->connections_max && connecting < pool->waiting_count; i++) {
        if (pool->connections[i].state != POSTGRES_CLOSED || pool->connections[i].is_taken)
            continue;
        if (!postgres_pool_connect(&pool->connections[i])) return;
        connecting++;
    }
}

void postgres_pool_connected(struct postgres_connection *connection)
{
    struct postgres_pool *pool = connection->pool;
    if (pool->is_failing)
        log_info(pool->driver->is_replica ? "replica.connected_again" : "postgres.connected_again");
    pool->retry_delay_ms = 0;
    pool->cuts = 0;
    pool->is_failing = false;
    if (!connection->is_reader) give(pool, connection);
}

static void take_from_idle(struct postgres_pool *pool, struct postgres_connection *connection)
{
    for (struct postgres_connection **link = &pool->idle; *link; link = &(*link)->next_idle)
        if (*link == connection) {
            *link = connection->next_idle;
            return;
        }
}

static void pause_connecting(struct postgres_pool *pool, const struct error *error)
{
    if (!pool->is_failing)
        log_warn(pool->driver->is_replica ? "replica.unavailable" : "postgres.unavailable",
                 LOG_REASON("reason", str_from_cstr(error->message)));
    pool->is_failing = true;
    int64_t delay = pool->retry_delay_ms * 2;
    if (delay < PAUSE_MIN_MS) delay = PAUSE_MIN_MS;
    if (delay > PAUSE_MAX_MS) delay = PAUSE_MAX_MS;
    pool->retry_delay_ms = delay;
    pool->retry_at_ms = postgres_now_ms() + delay;
}

/* Called when the connection is closed already. One that was cut is made again at once. */
void postgres_pool_lost(struct postgres_connection *connection, const struct error *error)
{
    struct postgres_pool *pool = connection->pool;
    bool was_made = connection->was_ready || (connection->was_cut && pool->cuts++ < CUTS_MAX);
    connection->was_ready = false;
    pool->last_error = *error;
    if (!was_made) pause_connecting(pool, error);
    if (connection->is_reader) {
        if (!was_made) postgres_reader_fail((struct postgres_reader *)connection, error);
        return;
    }
    take_from_idle(pool, connection);
    if (was_made) connect_for_waiting(pool);
    if (!has_hope(pool))
        while (pool->waiting_first) refuse_next(pool, error);
}

/* An idle one that is alive. The loop watches its own; who polls must look. */
static struct postgres_connection *take_idle(struct postgres_pool *pool)
{
    while (pool->idle) {
        struct postgres_connection *connection = pool->idle;
        if (!pool->loop) postgres_connection_serve(connection, EPOLLIN);
        if (pool->idle != connection) continue; /* it was gone, and taken out */
        pool->idle = connection->next_idle;
        connection->is_taken = true;
        return connection;
    }
    return NULL;
}

static enum status wait_for_connection(struct postgres_pool *pool,
                                       struct postgres_connection **connection, struct error *error)
{
    if (pool->waiting_count >= WAITING_MAX)
        return error_set(error, STATUS_UNAVAILABLE, STR_NONE, STR_NONE,
                         "too many requests wait for PostgreSQL");
    struct postgres_acquire acquire = {.wait.coroutine = pool->loop ? coroutine_current() : NULL,
                                       .deadline_ms =
                                           postgres_now_ms() + pool->driver->connect_timeout_ms};
    put_waiting(pool, &acquire);
    connect_for_waiting(pool);
    if (!has_hope(pool))
        while (pool->waiting_first) refuse_next(pool, &pool->last_error);
    postgres_pool_wait(pool, &acquire.wait);
    if (acquire.status != STATUS_OK && error) *error = acquire.error;
    *connection = acquire.connection;
    return acquire.status;
}

enum status postgres_pool_acquire(struct postgres_pool *pool,
                                  struct postgres_connection **connection, struct error *error)
{
    *connection = take_idle(pool);
    if (!*connection) TRY(wait_for_connection(pool, connection, error));
    assert(*connection);
    (*connection)->taken_ns = sql_queue_now_ns();
    if ((*connection)->state == POSTGRES_READY) return STATUS_OK;
    /* It went between being given and being taken. */
    postgres_pool_release(*connection);
    return error_set(error, STATUS_UNAVAILABLE, STR_NONE, STR_NONE,
                     "the connection to PostgreSQL was lost");
}

void postgres_pool_release(struct postgres_connection *connection)
{
    connection->user = NULL;
    connection->is_taken = false;
    sql_queue_took(&connection->pool->queue, sql_queue_now_ns() - connection->taken_ns);
    if (connection->state != POSTGRES_READY)
        connect_for_waiting(connection->pool);
    else if (connection->first || PQtransactionStatus(connection->libpq) != PQTRANS_IDLE)
        postgres_connection_break(connection, "a transaction was left open");
    else
        give(connection->pool, connection);
}

struct queue_wait postgres_pool_queue(const struct postgres_pool *pool)
{
    struct queue_wait wait = sql_queue_wait(&pool->queue);
    wait.us /= (int64_t)pool->driver->connections_max;
    return wait;
}

/* --- the clock --- */

static bool is_stuck(const struct postgres_connection *connection, int64_t now)
{
    bool is_waiting = connection->state == POSTGRES_CONNECTING || connection->first;
    return connection->state != POSTGRES_CLOSED && is_waiting && connection->deadline_ms <= now;
}

/* Those that nobody uses are to the same server: who took one would wait as long to find out. */
static void break_unused(struct postgres_pool *pool, const char *why)
{
    for (size_t i = 0; i < connection_count(pool); i++) {
        struct postgres_connection *connection = connection_at(pool, i);
        if (connection->state == POSTGRES_READY && !connection->is_taken && !connection->first)
            postgres_connection_break(connection, why);
    }
}

/* A host that does not answer is not tried first again. */
static void look_after(struct postgres_pool *pool)
{
    static const char *const silence = "the server does not answer";
    int64_t now = postgres_now_ms();
    for (size_t i = 0; i < connection_count(pool); i++) {
        struct postgres_connection *connection = connection_at(pool, i);
        if (!is_stuck(connection, now)) continue;
        bool was_ready = connection->state == POSTGRES_READY;
        if (connection->first_host == pool->first_host && !was_ready)
            pool->first_host = (pool->first_host + 1) % pool->driver->hosts.count;
        postgres_connection_break(connection, silence);
        if (was_ready) break_unused(pool, silence);
    }
    refuse_late(pool, now);
}

static bool is_anything_waited_for(struct postgres_pool *pool)
{
    if (pool->waiting_first) return true;
    for (size_t i = 0; i < connection_count(pool); i++) {
        struct postgres_connection *connection = connection_at(pool, i);
        if (connection->state == POSTGRES_CONNECTING || connection->first) return true;
    }
    return false;
}

static void on_tick(void *argument)
{
    struct postgres_pool *pool = argument;
    pool->timer = NULL;
    look_after(pool);
    if (is_anything_waited_for(pool)) start_clock(pool);
}

/* --- life --- */

static void flush_hook(void *argument, int *timeout_ms)
{
    (void)timeout_ms;
    postgres_readers_flush(argument);
}

struct postgres_pool *postgres_pool_new(struct postgres_driver *driver, struct loop *loop)
{
    struct postgres_pool *pool = calloc(1, sizeof(*pool));
    if (!pool) return NULL;
    *pool = (struct postgres_pool){.driver = driver, .loop = loop, .cuts = CUTS_MAX};
    pool->connections = calloc(driver->connections_max, sizeof(*pool->connections));
    pool->readers = calloc(driver->readers_max, sizeof(*pool->readers));
    if (!pool->connections || !pool->readers ||
        (loop && loop_add_hook(loop, flush_hook, pool) != STATUS_OK)) {
        free(pool->connections);
        free(pool->readers);
        free(pool);
        return NULL;
    }
    for (size_t i = 0; i < driver->connections_max; i++)
        pool->connections[i] = (struct postgres_connection){.pool = pool, .fd = -1};
    for (size_t i = 0; i < driver->readers_max; i++) postgres_reader_init(&pool->readers[i], pool);
    return pool;
}

void postgres_pool_free(struct postgres_pool *pool)
{
    assert(!pool->waiting_first && "somebody still waits for the store");
    if (pool->loop) {
        loop_remove_hook(pool->loop, flush_hook, pool);
        loop_timer_cancel(pool->loop, pool->timer);
    }
    for (size_t i = 0; i < connection_count(pool); i++)
        postgres_connection_close(connection_at(pool, i));
    free(pool->connections);
    free(pool->readers);
    free(pool);
}
