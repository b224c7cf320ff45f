/* One libpq connection in pipeline mode. What is sent is noted in a queue; answers come in its
 * order. A connection that fails in any way is closed whole: its user is told once and nothing of
 * it is used again. */
#include "engines/sql/postgres_internal.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

/* Prepared on every connection before its first use. */
static const struct {
    const char *name;
    const char *text;
} own_statements[] = {
    {"begin_write", "begin"},
    {"begin_read", "begin isolation level repeatable read read only"},
    {"commit", "commit"},
    {"rollback", "rollback"},
    {"renew", "discard plans"},
    {"tenant", "select set_config('app.tenant', $1, false)"},
    {"position",
     "select cast(pg_last_wal_replay_lsn() - '0/0' as bigint) where pg_is_in_recovery()"},
};
enum { OWN_STATEMENTS = sizeof(own_statements) / sizeof(own_statements[0]) };

static const char *const check_role =
    "select rolsuper or rolbypassrls from pg_roles where rolname = current_user";

/* --- watching --- */

static void on_events(void *argument, uint32_t events)
{
    postgres_connection_serve(argument, events);
}

/* libpq closes its socket by itself when it is cut or tries the next address. */
static void unwatch(struct postgres_connection *connection)
{
    struct loop *loop = connection->pool->loop;
    bool is_open = connection->libpq && PQsocket(connection->libpq) == connection->fd;
    if (loop && connection->fd >= 0 && is_open) loop_unwatch(loop, connection->fd);
    if (loop && connection->fd >= 0 && !is_open) loop_forget(loop, connection->fd);
    connection->fd = -1;
    connection->events = 0;
}

static bool watch(struct postgres_connection *connection, uint32_t events)
{
    int fd = PQsocket(connection->libpq);
    if (fd < 0) return false;
    if (fd == connection->fd && events == connection->events) return true;
    if (fd != connection->fd) unwatch(connection);
    connection->fd = fd;
    connection->events = events;
    if (!connection->pool->loop) return true; /* postgres_pool_wait() polls `events` */
    return loop_watch(connection->pool->loop, fd, events, on_events, connection) == STATUS_OK;
}

/* --- the queue --- */

static int64_t answer_deadline_ms(const struct postgres_connection *connection)
{
    return postgres_now_ms() + connection->pool->driver->answer_timeout_ms;
}

bool postgres_connection_expect(struct postgres_connection *connection,
                                enum postgres_operation_kind kind,
                                const struct sql_statement *statement, void *owner)
{
    struct postgres_operation *operation = malloc(sizeof(*operation));
    if (!operation) return false;
    *operation = (struct postgres_operation){.kind = kind, .statement = statement, .owner = owner};
    if (connection->last)
        connection->last->next = operation;
    else
        connection->first = operation;
    connection->last = operation;
    if (connection->operation_count++ == 0)
        connection->deadline_ms = answer_deadline_ms(connection);
    return true;
}

static void drop_first(struct postgres_connection *connection)
{
    struct postgres_operation *operation = connection->first;
    connection->first = operation->next;
    if (!connection->first) connection->last = NULL;
    connection->operation_count--;
    free(operation);
}

/* --- sending --- */

static bool send_own(struct postgres_connection *connection, enum postgres_operation_kind kind,
                     const char *name, int count, struct str parameter)
{
    const char *values[1] = {parameter.ptr ? parameter.ptr : ""};
    int lengths[1] = {(int)parameter.len}, formats[1] = {1};
    return PQsendQueryPrepared(connection->libpq, name, count, values, lengths, formats, 0) &&
           postgres_connection_expect(connection, kind, NULL, NULL);
}

bool postgres_send_control(struct postgres_connection *connection,
                           enum postgres_operation_kind kind, enum sql_mode mode)
{
    const char *name = kind == POSTGRES_COMMIT     ? "commit"
                       : kind == POSTGRES_ROLLBACK ? "rollback"
                       : mode == SQL_READ          ? "begin_read"
                                                   : "begin_write";
    return send_own(connection, kind, name, 0, STR_NONE);
}

bool postgres_send_tenant(struct postgres_connection *connection, struct str tenant)
{
    connection->tenant_known = tenant.len < sizeof(connection->tenant);
    if (connection->tenant_known) {
        if (tenant.len > 0) memcpy(connection->tenant, tenant.ptr, tenant.len);
        connection->tenant_length = tenant.len;
    }
    return send_own(connection, POSTGRES_TENANT, "tenant", 1, tenant);
}

bool postgres_renew_plans(struct postgres_connection *connection)
{
    enum { FIRST = 2, FACTOR = 4 };
    if (++connection->batches < connection->renewed_at * FACTOR || connection->batches < FIRST)
        return true;
    connection->renewed_at = connection->batches;
    return send_own(connection, POSTGRES_RENEW, "renew", 0, STR_NONE);
}

bool postgres_send_position(struct postgres_connection *connection, int64_t position, bool *sent)
{
    *sent = connection->position < position;
    return !*sent || send_own(connection, POSTGRES_POSITION, "position", 0, STR_NONE);
}

bool postgres_has_tenant(const struct postgres_connection *connection, struct str tenant)
{
    return connection->tenant_known &&
           str_equal(str_of(connection->tenant, connection->tenant_length), tenant);
}

static bool flush(struct postgres_connection *connection)
{
    int left = PQflush(connection->libpq);
    if (left < 0) return false;
    return watch(connection, left ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

bool postgres_send_sync(struct postgres_connection *connection)
{
    return PQpipelineSync(connection->libpq) &&
           postgres_connection_expect(connection, POSTGRES_SYNC, NULL, NULL) && flush(connection);
}

static void forget_statement(struct postgres_connection *connection,
                             const struct sql_statement *statement)
{
    if (statement && statement->index < connection->prepared_count)
        connection->prepared[statement->index] = 0;
}

/* --- connecting --- */

static bool set_up(struct postgres_connection *connection)
{
    PGconn *libpq = connection->libpq;
    if (PQsetnonblocking(libpq, 1) != 0 || !PQenterPipelineMode(libpq)) return false;
    connection->state = POSTGRES_SETTING_UP;
    for (size_t i = 0; i < OWN_STATEMENTS; i++)
        if (!PQsendPrepare(libpq, own_statements[i].name, own_statements[i].text, 0, NULL) ||
            !postgres_connection_expect(connection, POSTGRES_PREPARE, NULL, NULL))
            return false;
    return PQsendQueryParams(libpq, check_role, 0, NULL, NULL, NULL, NULL, 0) &&
           postgres_connection_expect(connection, POSTGRES_CHECK, NULL, NULL) &&
           postgres_send_sync(connection);
}

/* libpq may change its socket between two steps (the next address, another try without TLS). */
static void connect_step(struct postgres_connection *connection)
{
    unwatch(connection);
    bool going_on = true;
    switch (PQconnectPoll(connection->libpq)) {
    case PGRES_POLLING_READING:
        going_on = watch(connection, EPOLLIN);
        break;
    case PGRES_POLLING_WRITING:
        going_on = watch(connection, EPOLLOUT);
        break;
    case PGRES_POLLING_OK:
        going_on = set_up(connection);
        break;
    default:
        going_on = false;
        break;
    }
    if (!going_on) postgres_connection_break(connection, NULL);
}

/* libpq would print them. */
static void ignore_notice(void *argument, const PGresult *notice)
{
    (void)argument, (void)notice;
}

bool postgres_connection_start(struct postgres_connection *connection)
{
    struct postgres_driver *driver = connection->pool->driver;
    assert(connection->state == POSTGRES_CLOSED);
    connection->first_host = connection->pool->first_host;
    char **values = driver->hosts.values[connection->first_host];
    connection->libpq = PQconnectStartParams((const char *const *)driver->hosts.keywords,
                                             (const char *const *)values, 0);
    if (connection->libpq) (void)PQsetNoticeReceiver(connection->libpq, ignore_notice, NULL);
    connection->state = POSTGRES_CONNECTING;
    connection->deadline_ms = postgres_now_ms() + driver->connect_timeout_ms;
    connection->fd = -1;
    connection->events = 0;
    connection->was_ready = false;
    connection->is_stale = false;
    connection->tenant_known = false;
    connection->batches = connection->renewed_at = 0;
    connection->position = 0;
    if (!connection->libpq || PQstatus(connection->libpq) == CONNECTION_BAD ||
        !watch(connection, EPOLLOUT)) {
        postgres_connection_break(connection, NULL);
        return false;
    }
    return true;
}

static void note_setup(const struct postgres_operation *operation, const PGresult *result,
                       const char **refused)
{
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        *refused = "a new connection could not be set up";
    else if (operation->kind == POSTGRES_CHECK && PQntuples(result) == 1 &&
             strcmp(PQgetvalue(result, 0, 0), "t") == 0)
        *refused = "the role is a superuser or may bypass row-level security; the service needs "
                   "one that is bound by it";
}

/* --- answers --- */

/* The server ended the session, or libpq says on its own that something is wrong. */
static bool is_fatal(const PGresult *result)
{
    if (PQresultStatus(result) != PGRES_FATAL_ERROR)
        return PQresultStatus(result) == PGRES_BAD_RESPONSE;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    return !severity || strcmp(severity, "ERROR") != 0;
}

/* A server that follows nobody any more has none. */
static void note_position(struct postgres_connection *connection, const PGresult *result)
{
    int64_t position;
    if (PQresultStatus(result) != PGRES_TUPLES_OK) return;
    bool is_told =
        PQntuples(result) == 1 && str_to_int64(str_from_cstr(PQgetvalue(result, 0, 0)), &position);
    connection->position = is_told ? position : 0;
}

static void deliver(struct postgres_connection *connection, const PGresult *result,
                    const char **refused)
{
    struct postgres_operation *operation = connection->first;
    operation->answered = true;
    if (operation->kind == POSTGRES_PREPARE && PQresultStatus(result) != PGRES_COMMAND_OK)
        forget_statement(connection, operation->statement);
    if (operation->kind == POSTGRES_POSITION) note_position(connection, result);
    if (connection->state == POSTGRES_SETTING_UP)
        note_setup(operation, result, refused);
    else if (connection->user)
        connection->user->result(connection, operation, result);
}

static void deliver_sync(struct postgres_connection *connection)
{
    assert(connection->first->kind == POSTGRES_SYNC);
    drop_first(connection);
    if (connection->state == POSTGRES_SETTING_UP) {
        connection->state = POSTGRES_READY;
        connection->was_ready = true;
        postgres_pool_connected(connection);
    } else if (connection->user) {
        connection->user->synced(connection);
    }
}

/* False when the connection is of no more use; *why may say more than libpq does. */
static bool take_answers(struct postgres_connection *connection, const char **why)
{
    while (connection->first && !PQisBusy(connection->libpq)) {
        PGresult *result = PQgetResult(connection->libpq);
        bool fine = true;
        if (!result) {
            fine = connection->first->answered;
            if (fine) drop_first(connection);
        } else if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            deliver_sync(connection);
        } else if (is_fatal(result)) {
            fine = false;
        } else {
            deliver(connection, result, why);
        }
        PQclear(result);
        if (!fine || *why) return false;
    }
    return true;
}

void postgres_connection_serve(struct postgres_connection *connection, uint32_t events)
{
    if (connection->state == POSTGRES_CLOSED) return;
    if (connection->state == POSTGRES_CONNECTING) {
        connect_step(connection);
        return;
    }
    const char *why = NULL;
    bool alive = true;
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        alive = PQconsumeInput(connection->libpq);
        /* What came before the end still counts. */
        alive = take_answers(connection, &why) && alive;
        connection->deadline_ms = answer_deadline_ms(connection);
    }
    if (alive) alive = flush(connection);
    if (alive) alive = PQstatus(connection->libpq) == CONNECTION_OK;
    if (!alive) postgres_connection_break(connection, why);
}

/* --- ending --- */

void postgres_connection_close(struct postgres_connection *connection)
{
    if (connection->state == POSTGRES_CLOSED) return;
    unwatch(connection);
    PQfinish(connection->libpq);
    connection->libpq = NULL;
    connection->state = POSTGRES_CLOSED;
    while (connection->first) {
        if (connection->user && connection->user->dropped)
            connection->user->dropped(connection, connection->first);
        drop_first(connection);
    }
    free(connection->prepared);
    connection->prepared = NULL;
    connection->prepared_count = 0;
}

/* libpq's messages name host, port, role and database, never a password; the last line of several
 * says what ended it. */
static void describe(struct postgres_connection *connection, const char *why, struct error *error)
{
    const char *text = why ? why : connection->libpq ? PQerrorMessage(connection->libpq) : "";
    size_t length = strcspn(text, "\n");
    if (length == 0) {
        text = "the connection was lost";
        length = strlen(text);
    }
    (void)error_set(error, STATUS_UNAVAILABLE, STR_NONE, STR_NONE, "PostgreSQL: %.*s",
                    (int)(length > 200 ? 200 : length), text);
}

void postgres_connection_break(struct postgres_connection *connection, const char *why)
{
    if (connection->state == POSTGRES_CLOSED) return;
    struct error error;
    describe(connection, why, &error);
    connection->was_cut = !why;
    postgres_connection_close(connection);
    if (connection->user && connection->was_ready) connection->user->broken(connection, &error);
    postgres_pool_lost(connection, &error);
}
