/* The schema of a PostgreSQL database. It is changed by the migration role, which owns the tables;
 * the service runs as another role that only gets rights on them. One session, blocking, one
 * migration at a time under an advisory lock, each in a transaction with the row that records it.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/environment.h"
#include "engines/sql/postgres_internal.h"
#include "sql_statements.h"

/* Nothing may wait for ever: not for the lock of another migration, not for one on a table. While a
 * migration waits for a table, whoever wants it after that waits as well: so it waits shortly, lets
 * them go on, and tries again. */
static const char *const settings = "-c lock_timeout=60000 -c client_min_messages=warning";
static const char *const begin = "begin; set local lock_timeout = '500ms'";
enum { TRIES_MAX = 60, PAUSE_MS = 500 };

struct session {
    PGconn *libpq;
    struct arena *arena;
};

static enum status check_result(struct session *session, const PGresult *result,
                                const struct sql_statement *statement, struct error *error)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return STATUS_OK;
    if (PQstatus(session->libpq) != CONNECTION_OK)
        return error_set(error, STATUS_UNAVAILABLE, STR_NONE, STR_NONE,
                         "the connection to PostgreSQL was lost");
    return postgres_failure(result, statement, error);
}

/* Parameters as C strings: there are few and short ones here. */
static enum status run(struct session *session, const struct sql_statement *statement,
                       const char *const *params, int count, struct sql_rows *rows,
                       struct error *error)
{
    PGresult *result =
        PQexecParams(session->libpq, statement->postgres.ptr, count, NULL, params, NULL, NULL, 0);
    enum status status = check_result(session, result, statement, error);
    if (status == STATUS_OK && rows) {
        status = postgres_rows(result, STR_NONE, session->arena, rows);
        if (status != STATUS_OK) (void)error_plain(error, status);
    }
    PQclear(result);
    return status;
}

/* Several statements, without parameters. */
static enum status run_script(struct session *session, struct str name, const char *text,
                              struct error *error)
{
    const struct sql_statement script = {.name = name, .conflict = STATUS_SCHEMA_MISMATCH};
    PGresult *result = PQexec(session->libpq, text);
    enum status status = check_result(session, result, &script, error);
    PQclear(result);
    return status;
}

static enum status record(struct session *session, const struct sql_migration *migration,
                          struct error *error)
{
    struct environment *environment = environment_system();
    char digest[SQL_DIGEST_MAX];
    (void)sql_migration_digest(migration, digest);
    struct str number = arena_format(session->arena, "%d", migration->number);
    struct str now = arena_format(session->arena, "%lld", (long long)environment->now(environment));
    const char *params[] = {number.ptr, arena_cstr(session->arena, migration->name), digest,
                            now.ptr};
    if (!params[0] || !params[1] || !params[3]) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return run(session, SQL_MIGRATION_RECORD, params, 4, NULL, error);
}

static enum status apply_once(struct session *session, const struct sql_migration *migration,
                              struct error *error)
{
    TRY(run_script(session, STR("begin"), begin, error));
    char *text = arena_cstr(session->arena, migration->text);
    enum status status = text ? run_script(session, migration->name, text, error)
                              : error_plain(error, STATUS_OUT_OF_MEMORY);
    if (status == STATUS_OK) status = record(session, migration, error);
    if (status == STATUS_OK) return run_script(session, STR("commit"), "commit", error);
    struct error ignored;
    (void)!run_script(session, STR("rollback"), "rollback", &ignored);
    return status;
}

/* STATUS_WRITE_CONFLICT: a lock was not to be had, and nothing was done. */
static enum status apply(struct session *session, const struct sql_migration *migration,
                         struct error *error)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    enum status status = apply_once(session, migration, error);
    for (int tries = 1; status == STATUS_WRITE_CONFLICT && tries < TRIES_MAX; tries++) {
        (void)nanosleep(&pause, NULL);
        status = apply_once(session, migration, error);
    }
    return status;
}

/* --- the runtime role --- */

static enum status find_role(struct session *session, const char *role, struct sql_rows *rows,
                             struct error *error)
{
    return run(session, SQL_ROLE_FIND, &role, 1, rows, error);
}

static enum status create_role(struct session *session, const char *role, struct error *error)
{
    char *quoted = PQescapeIdentifier(session->libpq, role, strlen(role));
    struct str text =
        quoted ? arena_format(session->arena, "create role %s login", quoted) : STR_NONE;
    PQfreemem(quoted);
    if (str_is_none(text)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (run_script(session, STR("create role"), text.ptr, error) == STATUS_OK) return STATUS_OK;
    return error_set(error, STATUS_CONFIGURATION, STR("runtime-role"), STR_NONE,
                     "role %s does not exist and the migration role may not create it: CREATE "
                     "ROLE %s LOGIN",
                     role, role);
}

static enum status check_role(const struct sql_rows *found, const char *role, struct error *error)
{
    if (!str_equal(sql_cell(found, 0, 0), STR("t")))
        return error_set(error, STATUS_CONFIGURATION, STR("runtime-role"), STR_NONE,
                         "role %s is a superuser or bypasses row-level security", role);
    if (!str_equal(sql_cell(found, 0, 1), STR("t")))
        return error_set(error, STATUS_CONFIGURATION, STR("runtime-role"), STR_NONE,
                         "role %s is the one that migrates; the service needs one of its own",
                         role);
    return STATUS_OK;
}

static enum status grant(struct session *session, const char *role, struct error *error)
{
    struct sql_rows found;
    TRY(find_role(session, role, &found, error));
    if (found.row_count == 0) {
        TRY(create_role(session, role, error));
        TRY(find_role(session, role, &found, error));
        if (found.row_count == 0) return error_plain(error, STATUS_INTERNAL);
    }
    TRY(check_role(&found, role, error));
    TRY(run(session, SQL_ROLE_NAME, &role, 1, NULL, error));
    return run(session, SQL_ROLE_GRANT, NULL, 0, NULL, error);
}

/* --- all of it --- */

static enum status check_tables(struct session *session, struct error *error)
{
    struct sql_rows unforced;
    TRY(run(session, SQL_TABLE_UNFORCED, NULL, 0, &unforced, error));
    if (unforced.row_count == 0) return STATUS_OK;
    return error_set(error, STATUS_SCHEMA_MISMATCH, STR_NONE, STR_NONE,
                     "row-level security is not forced on table %.*s",
                     STR_ARGS(sql_cell(&unforced, 0, 0)));
}

static enum status migrate(struct session *session, struct str runtime_role,
                           const struct sql_migration *migrations, size_t count, int *applied,
                           struct error *error)
{
    struct sql_rows recorded;
    size_t done;
    TRY(run(session, SQL_MIGRATION_LOCK, NULL, 0, NULL, error));
    TRY(run(session, SQL_MIGRATION_TABLE, NULL, 0, NULL, error));
    TRY(run(session, SQL_MIGRATION_LIST, NULL, 0, &recorded, error));
    TRY(sql_migrations_check_exact(&recorded, migrations, count, &done, error));
    for (size_t i = done; i < count; i++) {
        TRY(apply(session, &migrations[i], error));
        (*applied)++;
    }
    TRY(check_tables(session, error));
    TRY(run(session, SQL_WHOLE_STORE_POLICY, NULL, 0, NULL, error));
    if (str_is_empty(runtime_role)) return STATUS_OK;
    const char *role = arena_cstr(session->arena, runtime_role);
    return role ? grant(session, role, error) : error_plain(error, STATUS_OUT_OF_MEMORY);
}

static enum status connect(struct str url, PGconn **libpq, struct error *error)
{
    char **keywords, **values;
    TRY(postgres_parse_url(url, settings, "read-write", &keywords, &values, error));
    *libpq = PQconnectdbParams((const char *const *)keywords, (const char *const *)values, 0);
    postgres_free_url(keywords, values);
    if (!*libpq) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (PQstatus(*libpq) == CONNECTION_OK) return STATUS_OK;
    const char *text = PQerrorMessage(*libpq);
    (void)error_set(error, STATUS_UNAVAILABLE, STR_NONE, STR_NONE, "PostgreSQL: %.*s",
                    (int)strcspn(text, "\n"), text);
    PQfinish(*libpq);
    return STATUS_UNAVAILABLE;
}

enum status postgres_migrate(struct str url, struct str runtime_role,
                             const struct sql_migration *migrations, size_t count, int *applied,
                             struct error *error)
{
    struct arena arena;
    struct session session = {.arena = &arena};
    *applied = 0;
    TRY(connect(url, &session.libpq, error));
    arena_init(&arena, 4 * 1024 * 1024);
    enum status status = migrate(&session, runtime_role, migrations, count, applied, error);
    arena_release(&arena);
    PQfinish(session.libpq);
    return status;
}
