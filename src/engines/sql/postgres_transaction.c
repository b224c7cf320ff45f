/* Units of work. One has a connection to itself; what it sends without needing an answer travels
 * with the next statement that does, or with the commit:
 *
 *     begin, [tenant] [prepare] first query, Sync  ->  ...  ->  statements, commit, Sync
 *
 * The tenant is the session's; it is set in the transaction when the one before had another, or did
 * not commit.
 *
 * After a failure the server skips everything up to the Sync, and nothing more is sent once the
 * failure is known; so no statement of a unit of work can ever run outside of its transaction. */
#include "engines/sql/postgres_internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"

enum {
    ATTEMPTS_MAX = 10,
    PAUSE_MAX_MS = 60,
    QUEUED_MAX = 500 /* statements before their answers are waited for: bounds the buffers */
};

/* A query whose rows are awaited. */
struct query {
    struct arena *arena;
    struct sql_rows *rows;
};

struct postgres_transaction {
    struct sql_transaction base;
    struct postgres_connection *connection;
    struct postgres_pool *pool;
    enum sql_mode mode;
    struct str tenant;
    int64_t position; /* that a replica must be at */
    bool begun;
    bool is_commit_sent;
    bool is_committed;
    bool is_answered; /* at least once */
    bool is_broken;
    enum status failure; /* of any statement; STATUS_OK while there is none */
    struct error failure_error;
    size_t queued;
    struct postgres_wait wait;
};

/* --- answers --- */

static void fail(struct postgres_transaction *transaction, enum status status,
                 const struct error *error)
{
    if (transaction->failure != STATUS_OK)
        return; /* the first says why; the rest follows from it */
    transaction->failure = status;
    transaction->failure_error = *error;
}

static void fail_with(struct postgres_transaction *transaction, enum status status)
{
    struct error error;
    fail(transaction, error_plain(&error, status), &error);
}

static void fail_behind(struct postgres_transaction *transaction)
{
    struct error error;
    fail(transaction, postgres_is_behind(&error), &error);
}

static void take_rows(struct postgres_transaction *transaction,
                      const struct postgres_operation *operation, const PGresult *result)
{
    const struct query *query = operation->owner;
    if (query && postgres_rows(result, STR_NONE, query->arena, query->rows) != STATUS_OK)
        fail_with(transaction, STATUS_OUT_OF_MEMORY);
}

static void take_result(struct postgres_connection *connection,
                        struct postgres_operation *operation, const PGresult *result)
{
    struct postgres_transaction *transaction = connection->user_data;
    transaction->is_answered = true;
    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        if (operation->kind == POSTGRES_STATEMENT) take_rows(transaction, operation, result);
        if (operation->kind == POSTGRES_POSITION && connection->position < transaction->position)
            fail_behind(transaction);
        /* A transaction that failed answers "ROLLBACK" to a commit. */
        if (operation->kind == POSTGRES_COMMIT)
            transaction->is_committed = strcmp(PQcmdStatus((PGresult *)result), "COMMIT") == 0;
        return;
    case PGRES_PIPELINE_ABORTED:
        return; /* the failure came before */
    default:
        break;
    }
    struct error error = {0};
    enum status status = postgres_failure(result, operation->statement, &error);
    const char *code = postgres_sqlstate(result);
    if (strcmp(code, "26000") == 0 || strcmp(code, "0A000") == 0) connection->is_stale = true;
    fail(transaction, status, &error);
}

static void take_sync(struct postgres_connection *connection)
{
    struct postgres_transaction *transaction = connection->user_data;
    transaction->queued = 0;
    if (connection->operation_count == 0) postgres_wake(&transaction->wait);
}

static void take_end(struct postgres_connection *connection, const struct error *error)
{
    struct postgres_transaction *transaction = connection->user_data;
    transaction->is_broken = true;
    if (transaction->is_commit_sent && !transaction->is_committed &&
        transaction->failure == STATUS_OK && transaction->mode == SQL_WRITE)
        fail_with(transaction, STATUS_OUTCOME_UNKNOWN);
    else
        fail(transaction, STATUS_UNAVAILABLE, error);
    postgres_wake(&transaction->wait);
}

static const struct postgres_user transaction_user = {
    .result = take_result, .synced = take_sync, .broken = take_end};

/* --- statements --- */

static enum status failure_of(const struct postgres_transaction *transaction, struct error *error)
{
    if (transaction->failure != STATUS_OK && error) *error = transaction->failure_error;
    return transaction->failure;
}

/* Sending failed. A connection that was gone before anything was sent told nobody. */
static void lose_connection(struct postgres_transaction *transaction)
{
    postgres_connection_break(transaction->connection, NULL);
    transaction->is_broken = true;
    if (transaction->failure == STATUS_OK) fail_with(transaction, STATUS_UNAVAILABLE);
}

/* Sends what was queued and waits for all answers. */
static void settle(struct postgres_transaction *transaction)
{
    struct postgres_connection *connection = transaction->connection;
    transaction->wait.done = false;
    if (connection->state != POSTGRES_READY || !postgres_send_sync(connection)) {
        lose_connection(transaction);
        return;
    }
    postgres_pool_wait(transaction->pool, &transaction->wait);
}

/* A transaction that was begun has its snapshot before it could ask. */
static bool ask_position(const struct postgres_transaction *transaction)
{
    bool sent;
    return postgres_send_position(transaction->connection, transaction->position, &sent) &&
           (!sent || postgres_send_sync(transaction->connection));
}

static bool begin(struct postgres_transaction *transaction)
{
    if (transaction->begun) return true;
    struct postgres_connection *connection = transaction->connection;
    if (!ask_position(transaction)) return false;
    transaction->begun = true;
    if (!postgres_send_control(connection, POSTGRES_BEGIN, transaction->mode) ||
        !postgres_renew_plans(connection))
        return false;
    return postgres_has_tenant(connection, transaction->tenant) ||
           postgres_send_tenant(connection, transaction->tenant);
}

static enum status send(struct postgres_transaction *transaction,
                        const struct sql_statement *statement, const struct sql_value *params,
                        size_t count, struct query *query, struct error *error)
{
    TRY(failure_of(transaction, error));
    if (!begin(transaction) ||
        !postgres_send_statement(transaction->connection, statement, params, count, query)) {
        lose_connection(transaction);
        return failure_of(transaction, error);
    }
    transaction->queued++;
    return STATUS_OK;
}

enum status postgres_query(struct sql_transaction *base, const struct sql_statement *statement,
                           const struct sql_value *params, size_t count, struct arena *arena,
                           struct sql_rows *rows, struct error *error)
{
    struct postgres_transaction *transaction = (struct postgres_transaction *)base;
    struct query query = {.arena = arena, .rows = rows};
    TRY(send(transaction, statement, params, count, &query, error));
    return postgres_settle(base, error);
}

enum status postgres_ask(struct sql_transaction *base, const struct sql_statement *statement,
                         const struct sql_value *params, size_t count, struct arena *arena,
                         struct sql_rows *rows, struct error *error)
{
    struct query *query = ARENA_NEW(arena, struct query);
    if (!query) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *query = (struct query){.arena = arena, .rows = rows};
    return send((struct postgres_transaction *)base, statement, params, count, query, error);
}

enum status postgres_settle(struct sql_transaction *base, struct error *error)
{
    struct postgres_transaction *transaction = (struct postgres_transaction *)base;
    settle(transaction);
    return failure_of(transaction, error);
}

enum status postgres_execute(struct sql_transaction *base, const struct sql_statement *statement,
                             const struct sql_value *params, size_t count, struct error *error)
{
    struct postgres_transaction *transaction = (struct postgres_transaction *)base;
    if (str_is_none(statement->postgres)) return STATUS_OK;
    TRY(send(transaction, statement, params, count, NULL, error));
    if (transaction->queued < QUEUED_MAX) return STATUS_OK;
    settle(transaction);
    return failure_of(transaction, error);
}

/* --- ends --- */

static void roll_back(struct postgres_transaction *transaction)
{
    struct postgres_connection *connection = transaction->connection;
    if (!transaction->begun || connection->state != POSTGRES_READY) return;
    if (connection->operation_count)
        settle(transaction); /* a skipped Sync must not take it along */
    if (connection->state != POSTGRES_READY) return;
    if (!postgres_send_control(connection, POSTGRES_ROLLBACK, transaction->mode)) {
        lose_connection(transaction);
        return;
    }
    settle(transaction);
}

static enum status commit(struct postgres_transaction *transaction, struct error *error)
{
    if (!transaction->begun) return STATUS_OK;
    TRY(failure_of(transaction, error));
    FAULT_POINT("postgres.before_commit");
    struct postgres_connection *connection = transaction->connection;
    bool sent = postgres_send_control(connection, POSTGRES_COMMIT, transaction->mode);
    transaction->is_commit_sent = true;
    transaction->wait.done = false;
    if (!sent || !postgres_send_sync(connection)) {
        lose_connection(transaction);
        return failure_of(transaction, error);
    }
    FAULT_POINT("postgres.after_commit_sent");
    postgres_pool_wait(transaction->pool, &transaction->wait);
    FAULT_POINT("postgres.after_commit");
    if (transaction->is_committed) return STATUS_OK;
    TRY(failure_of(transaction, error));
    return error_set(error, STATUS_INTERNAL, STR_NONE, STR_NONE, "PostgreSQL did not commit");
}

static void finish_connection(struct postgres_transaction *transaction)
{
    struct postgres_connection *connection = transaction->connection;
    connection->user_data = NULL;
    if (connection->is_stale) {
        connection->user = NULL;
        postgres_connection_break(connection, "what was prepared is of no more use");
    }
    postgres_pool_release(connection);
}

static enum status attempt(struct postgres_transaction *transaction, sql_body *body, void *context,
                           struct error *error)
{
    TRY(postgres_pool_acquire(transaction->pool, &transaction->connection, error));
    transaction->connection->user = &transaction_user;
    transaction->connection->user_data = transaction;
    enum status status = body(&transaction->base, context, error);
    if (status == STATUS_OK) status = commit(transaction, error);
    if (!transaction->is_committed) {
        transaction->connection->tenant_known = false;
        roll_back(transaction);
    }
    /* A body may have made something else of a conflict that it met. */
    if (status != STATUS_OK && transaction->failure == STATUS_WRITE_CONFLICT)
        status = failure_of(transaction, error);
    finish_connection(transaction);
    return status;
}

/* Longer each time, and not the same for two that met. */
static void pause_before_retry(const struct postgres_transaction *transaction, int attempts)
{
    int64_t limit_ms = (int64_t)1 << (attempts < 6 ? attempts : 6);
    if (limit_ms > PAUSE_MAX_MS) limit_ms = PAUSE_MAX_MS;
    uint64_t mixed = (uint64_t)(uintptr_t)transaction * 0x9e3779b97f4a7c15u +
                     (uint64_t)postgres_now_ms() * 0xbf58476d1ce4e5b9u;
    int64_t delay_ms = (int64_t)((mixed >> 33) % (uint64_t)limit_ms) + 1;
    if (transaction->wait.coroutine)
        coroutine_sleep(delay_ms);
    else
        (void)usleep((useconds_t)delay_ms * 1000);
}

static enum status transact(struct sql_driver *base, enum sql_mode mode, int64_t position,
                            struct str tenant, struct arena *arena, sql_body *body, void *context,
                            struct error *error)
{
    struct postgres_driver *driver = (struct postgres_driver *)base;
    struct postgres_pool *pool = postgres_pool_of_thread(driver);
    if (!pool) return error_plain(error, STATUS_OUT_OF_MEMORY);
    struct arena_mark mark = arena_mark(arena);
    enum status status = STATUS_OK;
    for (int attempts = 1; attempts <= ATTEMPTS_MAX; attempts++) {
        struct postgres_transaction transaction = {.base.driver = base,
                                                   .pool = pool,
                                                   .mode = mode,
                                                   .tenant = tenant,
                                                   .position = position,
                                                   .wait.coroutine =
                                                       pool->loop ? coroutine_current() : NULL};
        status = attempt(&transaction, body, context, error);
        /* One whose connection was dead from the start is not the caller's trouble. */
        bool was_dead = status == STATUS_UNAVAILABLE && transaction.is_broken &&
                        !transaction.is_answered && attempts == 1;
        if (status != STATUS_WRITE_CONFLICT && !was_dead) break;
        if (attempts == ATTEMPTS_MAX || (driver->is_replica && !was_dead)) break;
        if (!was_dead) pause_before_retry(&transaction, attempts);
        arena_rewind(arena, mark);
    }
    if (status == STATUS_OK && mode == SQL_WRITE && driver->committed)
        driver->committed(driver->committed_argument);
    return status;
}

enum status postgres_transact(struct sql_driver *base, enum sql_mode mode, struct str tenant,
                              struct arena *arena, sql_body *body, void *context,
                              struct error *error)
{
    return transact(base, mode, 0, tenant, arena, body, context, error);
}

enum status postgres_transact_at(struct sql_driver *base, int64_t position, struct str tenant,
                                 struct arena *arena, sql_body *body, void *context,
                                 struct error *error)
{
    return transact(base, SQL_READ, position, tenant, arena, body, context, error);
}
