#include <time.h>
#include <unistd.h>

#include "base/environment.h"
#include "engines/sql/sqlite_connection.h"
#include "sql_statements.h"

static enum status apply(struct sqlite_connection *connection,
                         const struct sql_migration *migration, struct error *error)
{
    char digest[SQL_DIGEST_MAX];
    struct environment *environment = environment_system();
    struct sql_value params[] = {
        SQL_PARAM_INT64(migration->number),
        SQL_PARAM_TEXT(migration->name),
        SQL_PARAM_TEXT(sql_migration_digest(migration, digest)),
        SQL_PARAM_INT64(environment->now(environment)),
    };
    TRY(sqlite_connection_control(connection, CONTROL_BEGIN_IMMEDIATE, error));
    enum status status = sqlite_connection_script(connection, migration->text, error);
    if (status == STATUS_OK)
        status =
            sqlite_connection_query(connection, SQL_MIGRATION_RECORD, params, 4, NULL, NULL, error);
    if (status == STATUS_OK) status = sqlite_connection_control(connection, CONTROL_COMMIT, error);
    struct error ignored;
    if (status != STATUS_OK && sqlite3_get_autocommit(connection->db) == 0 &&
        sqlite_connection_control(connection, CONTROL_ROLLBACK, &ignored) != STATUS_OK)
        return STATUS_INTERNAL;
    return status;
}

static enum status migrate(struct sqlite_connection *connection,
                           const struct sql_migration *migrations, size_t count,
                           struct arena *arena, int *applied, struct error *error)
{
    struct sql_rows recorded;
    size_t done;
    TRY(sqlite_connection_query(connection, SQL_MIGRATION_TABLE, NULL, 0, NULL, NULL, error));
    TRY(sqlite_connection_query(connection, SQL_MIGRATION_LIST, NULL, 0, arena, &recorded, error));
    TRY(sql_migrations_check_exact(&recorded, migrations, count, &done, error));
    for (size_t i = done; i < count; i++) {
        TRY(apply(connection, &migrations[i], error));
        (*applied)++;
    }
    return STATUS_OK;
}

enum status sqlite_migrate(struct str path, const struct sql_migration *migrations, size_t count,
                           int *applied, struct error *error)
{
    const struct sqlite_options options = {.path = path, .busy_timeout_ms = 1000};
    struct sqlite_connection connection;
    struct arena arena;
    int lock_fd;
    *applied = 0;
    TRY(sqlite_lock_file(path, &lock_fd, error));
    enum status status =
        sqlite_connection_open(&connection, &options, CONNECTION_WRITER, true, error);
    if (status == STATUS_OK) {
        arena_init(&arena, 1024 * 1024);
        status = migrate(&connection, migrations, count, &arena, applied, error);
        arena_release(&arena);
        sqlite_connection_close(&connection);
    }
    close(lock_fd);
    return status;
}
