/* Single read statements over a few shared connections. What the coroutines of one loop turn ask is
 * sent as one batch per connection: grouped by tenant, the session's tenant set only where it
 * changes, one Sync. Of a group, those that ask the same of another key are one statement, where
 * there is one for many: to parse, bind and plan is most of what a row by its key costs the server.
 *
 * A batch is one implicit transaction: a statement that fails takes those behind it along, and
 * takes the session's tenant back to what it was before. So after a failure
 *   - those that were not answered, and those that shared the statement that failed, are sent
 * again, each as a batch of its own that sets its tenant;
 *   - answers of batches already under way count only behind a fresh setting of the tenant. */
#include "engines/sql/postgres_internal.h"

#include <string.h>

enum { ATTEMPTS_MAX = 4, SHARE_MAX = 128, SHARED_PARAMS_MAX = 4 };

struct postgres_reader_request {
    struct postgres_reader_request *next; /* not sent yet; or one that shares its statement */
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

static struct str key_of(const struct postgres_reader_request *request)
{
    return request->params[request->count - 1].text;
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

/* Of those that share a statement, one after the other; who was told may be gone. */
typedef void take_one(struct postgres_reader *reader, struct postgres_reader_request *request,
                      struct str key, const PGresult *result);

static void take_each(struct postgres_reader *reader, struct postgres_reader_request *request,
                      const PGresult *result, take_one *take)
{
    bool is_shared = request && request->next;
    for (struct postgres_reader_request *next; request; request = next) {
        next = request->next;
        take(reader, request, is_shared ? key_of(request) : STR_NONE, result);
    }
}

static void take_again(struct postgres_reader *reader, struct postgres_reader_request *request,
                       struct str key, const PGresult *result)
{
    (void)key, (void)result;
    again_or_fail(reader, request);
}

static void take_rows(struct postgres_reader *reader, struct postgres_reader_request *request,
                      struct str key, const PGresult *result)
{
    if (request->position > reader->connection.position) {
        end_request(request, postgres_is_behind(request->error));
        return;
    }
    enum status copied = postgres_rows(result, key, request->arena, request->rows);
    if (copied != STATUS_OK) (void)error_plain(request->error, copied);
    end_request(request, copied);
}

static void take_failure(struct postgres_reader *reader, struct postgres_reader_request *request,
                         const PGresult *result)
{
    reader->is_suspect = true;
    reader->connection.tenant_known = false;
    if (!request) return;
    if (request->next) { /* whose failure it is shows when each is alone */
        struct error ignored;
        if (postgres_failure(result, request->statement, &ignored) == STATUS_WRITE_CONFLICT)
            reader->connection.is_stale = true;
        take_each(reader, request, result, take_again);
        return;
    }
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
        take_each(reader, request, result, take_again);
    } else if (request) {
        take_each(reader, request, result, take_rows);
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
    if (operation->kind == POSTGRES_STATEMENT)
        take_each(reader_of(connection), operation->owner, NULL, take_again);
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

static bool is_same(const struct sql_value *a, const struct sql_value *b)
{
    return a->type == b->type && (a->type == SQL_TEXT    ? str_equal(a->text, b->text)
                                  : a->type == SQL_INT64 ? a->integer == b->integer
                                                         : a->type == SQL_NULL);
}

/* Do they ask the same, each of its own key? */
static bool may_share(const struct postgres_reader_request *one,
                      const struct postgres_reader_request *other)
{
    if (one->statement != other->statement || !one->statement->many || one->count != other->count ||
        one->count > SHARED_PARAMS_MAX || !str_equal(one->tenant, other->tenant))
        return false;
    for (size_t i = 0; i + 1 < one->count; i++)
        if (!is_same(&one->params[i], &other->params[i])) return false;
    return one->params[one->count - 1].type == SQL_TEXT &&
           other->params[one->count - 1].type == SQL_TEXT;
}

/* Takes the first off the list and those that can share its statement, linked behind it; gives how
 * many they are. */
static size_t take_sharers(struct postgres_reader_request **list, struct str keys[SHARE_MAX])
{
    struct postgres_reader_request *first = *list, *sharers = NULL, **end = &sharers;
    size_t count = 1;
    if (first->statement->many) keys[0] = key_of(first);
    for (struct postgres_reader_request **at = &first->next; *at && count < SHARE_MAX;) {
        struct postgres_reader_request *other = *at;
        if (!may_share(first, other)) {
            at = &other->next;
            continue;
        }
        *at = other->next;
        *end = other;
        end = &other->next;
        keys[count++] = key_of(other);
    }
    *end = NULL;
    *list = first->next;
    first->next = sharers;
    return count;
}

static void put_back(struct postgres_reader_request **list, struct postgres_reader_request *first)
{
    struct postgres_reader_request *last = first;
    while (last->next) last = last->next;
    last->next = *list;
    *list = first;
}

static bool send_shared(struct postgres_reader *reader, struct postgres_reader_request *first,
                        const struct str *keys, size_t count)
{
    struct sql_value params[SHARED_PARAMS_MAX];
    memcpy(params, first->params, first->count * sizeof(*params));
    params[first->count - 1] = SQL_PARAM_ARRAY(keys, count);
    return postgres_send_statement(&reader->connection, first->statement->many, params,
                                   first->count, first);
}

/* Takes those of one tenant off the list and sends them; the others stay in order. */
static bool send_group(struct postgres_reader *reader, struct postgres_reader_request **list,
                       struct str tenant)
{
    struct str keys[SHARE_MAX];
    while (*list) {
        struct postgres_reader_request *first = *list;
        if (!str_equal(first->tenant, tenant)) {
            list = &first->next;
            continue;
        }
        size_t count = take_sharers(list, keys);
        bool sent =
            count > 1 ? send_shared(reader, first, keys, count) : send_request(reader, first);
        if (sent) continue;
        put_back(list, first);
        return false;
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
        *list = request->next;
        request->next = NULL;
        if (!postgres_send_tenant(&reader->connection, request->tenant) ||
            !send_request(reader, request)) {
            put_back(list, request);
            return false;
        }
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
