/* Single read statements over a few shared connections. What the coroutines of one loop turn ask is
 * sent as one batch per connection: grouped by tenant, the session's tenant set only where it
 * changes, one Sync.
 *
 * A batch is one implicit transaction: a statement that fails takes those behind it along, and
 * takes the session's tenant back to what it was before. So after a failure
 *   - those that were not answered are sent again, each as a batch of its own that sets its tenant;
 *   - answers of batches already under way count only behind a fresh setting of the tenant. */
#include "engines/sql/postgres_internal.h"

#include <string.h>

enum { ATTEMPTS_MAX = 4 };

struct postgres_reader_request {
    struct postgres_reader_request *next;
    struct str tenant;
    const struct sql_statement *statement;
    const struct sql_value *params;
    size_t count;
    struct arena *arena;
    struct sql_rows *rows;
    struct error *error;
    enum status status;
    int64_t position; /* that a replica must be at */
    int attempts;
    struct postgres_wait wait;
};

static struct postgres_reader *reader_of(struct postgres_connection *connection)
{
    return (struct postgres_reader *)connection;
}

static void add_pending(struct postgres_reader *reader, struct postgres_reader_request *request)
{
    request->next = NULL;
    if (reader->last)
        reader->last->next = request;
    else
        reader->first = request;
    reader->last = request;
    reader->pending_count++;
}

static void end_request(struct postgres_reader_request *request, enum status status)
{
    request->status = status;
    postgres_wake(&request->wait);
}

static void again_or_fail(struct postgres_reader *reader, struct postgres_reader_request *request)
{
    if (++request->attempts < ATTEMPTS_MAX)
        add_pending(reader, request);
    else
        end_request(request, error_set(request->error, STATUS_UNAVAILABLE, STR_NONE, STR_NONE,
                                       "PostgreSQL did not answer in several attempts"));
}

void postgres_reader_fail(struct postgres_reader *reader, const struct error *error)
{
    while (reader->first) {
        struct postgres_reader_request *request = reader->first;
        reader->first = request->next;
        if (request->error) *request->error = *error;
        end_request(request, error->status);
    }
    reader->last = NULL;
    reader->pending_count = 0;
}

/* --- answers --- */

static void take_failure(struct postgres_reader *reader, struct postgres_reader_request *request,
                         const PGresult *result)
{
    reader->is_suspect = true;
    reader->connection.tenant_known = false;
    if (!request) return;
    enum status status = postgres_failure(result, request->statement, request->error);
    if (status == STATUS_WRITE_CONFLICT) {
        /* A read has no conflict: what was prepared is of no more use. */
        reader->connection.is_stale = true;
        again_or_fail(reader, request);
        return;
    }
    end_request(request, status);
}

static void take_result(struct postgres_connection *connection,
                        struct postgres_operation *operation, const PGresult *result)
{
    struct postgres_reader *reader = reader_of(connection);
    ExecStatusType status = PQresultStatus(result);
    /* What cannot be prepared is the failure of the statement behind. */
    if (operation->kind == POSTGRES_PREPARE && status == PGRES_FATAL_ERROR)
        operation = operation->next;
    struct postgres_reader_request *request =
        operation->kind == POSTGRES_STATEMENT ? operation->owner : NULL;
    operation->owner = NULL;
    bool fine = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
    if (status == PGRES_FATAL_ERROR) {
        take_failure(reader, request, result);
    } else if (request && (!fine || reader->is_suspect)) {
        again_or_fail(reader, request);
    } else if (request && request->position > connection->position) {
        end_request(request, postgres_is_behind(request->error));
    } else if (request) {
        enum status copied = postgres_rows(result, request->arena, request->rows);
        if (copied != STATUS_OK) (void)error_plain(request->error, copied);
        end_request(request, copied);
    } else if (operation->kind == POSTGRES_TENANT && fine) {
        reader->is_suspect = false;
    }
}

static void take_sync(struct postgres_connection *connection)
{
    (void)connection;
}

static void take_end(struct postgres_connection *connection, const struct error *error)
{
    (void)error; /* a read is simply sent again; connecting again says if that is in vain */
    connection->tenant_known = false;
    reader_of(connection)->is_suspect = false;
}

/* A connection drops its queue when it closes; who waits there must be taken back before. */
static void take_back(struct postgres_connection *connection, struct postgres_operation *operation)
{
    if (operation->kind == POSTGRES_STATEMENT && operation->owner)
        again_or_fail(reader_of(connection), operation->owner);
}

static const struct postgres_user reader_user = {
    .result = take_result, .synced = take_sync, .broken = take_end, .dropped = take_back};

void postgres_reader_init(struct postgres_reader *reader, struct postgres_pool *pool)
{
    *reader = (struct postgres_reader){
        .connection = {.pool = pool, .fd = -1, .user = &reader_user, .is_reader = true}};
}

/* --- sending --- */

static bool send_request(struct postgres_reader *reader, struct postgres_reader_request *request)
{
    return postgres_send_statement(&reader->connection, request->statement, request->params,
                                   request->count, request);
}

/* Takes those of one tenant off the list and sends them; the others stay in order. */
static bool send_group(struct postgres_reader *reader, struct postgres_reader_request **list,
                       struct str tenant)
{
    while (*list) {
        struct postgres_reader_request *request = *list;
        if (!str_equal(request->tenant, tenant)) {
            list = &request->next;
            continue;
        }
        if (!send_request(reader, request)) return false;
        *list = request->next;
    }
    return true;
}

static bool send_position(struct postgres_reader *reader,
                          const struct postgres_reader_request *first)
{
    int64_t position = 0;
    bool sent;
    for (; first; first = first->next)
        if (first->position > position) position = first->position;
    return postgres_send_position(&reader->connection, position, &sent);
}

/* One that was sent before stands alone, so that it shares the fate of no other. */
static bool send_alone(struct postgres_reader *reader, struct postgres_reader_request **list,
                       bool *sent_any)
{
    while (*list) {
        struct postgres_reader_request *request = *list;
        if (request->attempts == 0) {
            list = &request->next;
            continue;
        }
        if (!postgres_send_tenant(&reader->connection, request->tenant) ||
            !send_request(reader, request))
            return false;
        *list = request->next;
        if (!postgres_send_sync(&reader->connection)) return false;
        *sent_any = true;
    }
    return true;
}

static bool send_batches(struct postgres_reader *reader, struct postgres_reader_request **list)
{
    bool sent_any = false;
    if (!send_position(reader, *list)) return false;
    if (!send_alone(reader, list, &sent_any)) return false;
    if (!*list) return true;
    struct postgres_connection *connection = &reader->connection;
    if (!postgres_renew_plans(connection)) return false;
    if (connection->tenant_known &&
        !send_group(reader, list, str_of(connection->tenant, connection->tenant_length)))
        return false;
    while (*list) {
        struct str tenant = (*list)->tenant;
        if (!postgres_has_tenant(connection, tenant) && !postgres_send_tenant(connection, tenant))
            return false;
        if (!send_group(reader, list, tenant)) return false;
    }
    return postgres_send_sync(connection);
}

static void flush_reader(struct postgres_reader *reader)
{
    struct postgres_connection *connection = &reader->connection;
    if (connection->is_stale) {
        postgres_connection_break(connection, "what was prepared is of no more use");
    }
    if (!reader->first) return;
    if (connection->state == POSTGRES_CLOSED && !postgres_pool_connect(connection)) {
        if (connection->pool->is_failing)
            postgres_reader_fail(reader, &connection->pool->last_error);
        return; /* else the next turn tries again */
    }
    if (connection->state != POSTGRES_READY) return;
    struct postgres_reader_request *list = reader->first;
    reader->first = reader->last = NULL;
    reader->pending_count = 0;
    if (send_batches(reader, &list)) return;
    while (list) {
        struct postgres_reader_request *request = list;
        list = request->next;
        again_or_fail(reader, request);
    }
    postgres_connection_break(connection, NULL);
}

void postgres_readers_flush(struct postgres_pool *pool)
{
    for (size_t i = 0; i < pool->driver->readers_max; i++) flush_reader(&pool->readers[i]);
}

/* --- asking --- */

/* The one with the least to do; of equals, one after the other. */
static struct postgres_reader *choose_reader(struct postgres_pool *pool)
{
    size_t count = pool->driver->readers_max;
    struct postgres_reader *best = NULL;
    size_t start = pool->next_reader++;
    for (size_t i = 0; i < count; i++) {
        struct postgres_reader *reader = &pool->readers[(start + i) % count];
        size_t load = reader->pending_count + reader->connection.operation_count;
        if (!best || load < best->pending_count + best->connection.operation_count) best = reader;
    }
    return best;
}

enum status postgres_query_one_at(struct sql_driver *driver, int64_t position, struct str tenant,
                                  const struct sql_statement *statement,
                                  const struct sql_value *params, size_t count, struct arena *arena,
                                  struct sql_rows *rows, struct error *error)
{
    struct postgres_pool *pool = postgres_pool_of_thread((struct postgres_driver *)driver);
    if (!pool) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (tenant.len >= POSTGRES_TENANT_MAX || str_is_none(tenant))
        return error_set(error, STATUS_INVALID_VALUE, STR("tenant"), STR_NONE,
                         "is missing or too long");
    struct postgres_reader_request request = {.tenant = tenant,
                                              .statement = statement,
                                              .params = params,
                                              .count = count,
                                              .arena = arena,
                                              .rows = rows,
                                              .error = error,
                                              .position = position,
                                              .wait.coroutine =
                                                  pool->loop ? coroutine_current() : NULL};
    add_pending(choose_reader(pool), &request);
    if (!pool->loop) postgres_readers_flush(pool);
    postgres_pool_wait(pool, &request.wait);
    return request.status;
}

enum status postgres_query_one(struct sql_driver *driver, struct str tenant,
                               const struct sql_statement *statement,
                               const struct sql_value *params, size_t count, struct arena *arena,
                               struct sql_rows *rows, struct error *error)
{
    return postgres_query_one_at(driver, 0, tenant, statement, params, count, arena, rows, error);
}
