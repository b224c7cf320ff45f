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

struct migrating {
    const struct sql_migration *migrations;
    size_t count;
    int applied;
};

static enum status migrate(struct sqlite_connection *connection, void *context, struct arena *arena,
                           struct error *error)
{
    struct migrating *migrating = context;
    struct sql_rows recorded;
    size_t done;
    TRY(sqlite_connection_query(connection, SQL_MIGRATION_TABLE, NULL, 0, NULL, NULL, error));
    TRY(sqlite_connection_query(connection, SQL_MIGRATION_LIST, NULL, 0, arena, &recorded, error));
    TRY(sql_migrations_check_exact(&recorded, migrating->migrations, migrating->count, &done,
                                   error));
    for (size_t i = done; i < migrating->count; i++) {
        TRY(apply(connection, &migrating->migrations[i], error));
        migrating->applied++;
    }
    return STATUS_OK;
}

static enum status mark_new(struct sqlite_connection *connection, void *context,
                            struct arena *arena, struct error *error)
{
    struct sql_rows recorded;
    (void)context;
    TRY(sqlite_connection_query(connection, SQL_MIGRATION_TABLE, NULL, 0, NULL, NULL, error));
    TRY(sqlite_connection_query(connection, SQL_MIGRATION_LIST, NULL, 0, arena, &recorded, error));
    if (recorded.row_count > 0) return STATUS_OK;
    return sqlite_connection_query(connection, SQL_RESTORE_MARK_PUT, NULL, 0, NULL, NULL, error);
}

typedef enum status with_connection(struct sqlite_connection *connection, void *context,
                                    struct arena *arena, struct error *error);

/* Alone: the file is locked meanwhile. */
static enum status alone_with(struct str path, with_connection *work, void *context,
                              struct error *error)
{
    const struct sqlite_options options = {.path = path, .busy_timeout_ms = 1000};
    struct sqlite_connection connection;
    struct arena arena;
    int lock_fd;
    TRY(sqlite_lock_file(path, &lock_fd, error));
    enum status status =
        sqlite_connection_open(&connection, &options, CONNECTION_WRITER, true, error);
    if (status == STATUS_OK) {
        arena_init(&arena, 1024 * 1024);
        status = work(&connection, context, &arena, error);
        arena_release(&arena);
        sqlite_connection_close(&connection);
    }
    close(lock_fd);
    return status;
}

enum status sqlite_mark_new(struct str path, struct error *error)
{
    return alone_with(path, mark_new, NULL, error);
}

enum status sqlite_migrate(struct str path, const struct sql_migration *migrations, size_t count,
                           int *applied, struct error *error)
{
    struct migrating migrating = {migrations, count, 0};
    enum status status = alone_with(path, migrate, &migrating, error);
    *applied = migrating.applied;
    return status;
}
