/* One connection to an SQLite file: opening it as writer or reader, its prepared statements,
 * binding, collecting rows, and what SQLite's result codes mean to us.
 *
 * Writes and checkpoints happen on one connection only. SQLite 3.7.0 to 3.51.2 has a race between
 * connections that checkpoint or restart the WAL (sqlite.org/wal.html, "the WAL-reset bug"), so
 * readers never checkpoint: not on commit, not on close.
 */
#ifndef ENGINES_SQL_SQLITE_CONNECTION_H
#define ENGINES_SQL_SQLITE_CONNECTION_H

#include <sqlite3.h>

#include "engines/sql/sql.h"

enum sqlite_role { CONNECTION_READER, CONNECTION_WRITER };

/* The statements around a unit of work. */
enum sqlite_control {
    CONTROL_BEGIN,
    CONTROL_BEGIN_IMMEDIATE,
    CONTROL_COMMIT,
    CONTROL_ROLLBACK,
    CONTROL_SAVEPOINT,
    CONTROL_RELEASE,
    CONTROL_ROLLBACK_TO,
    CONTROL_COUNT
};

struct sqlite_connection {
    sqlite3 *db;
    sqlite3_stmt *controls[CONTROL_COUNT];
    sqlite3_stmt **statements; /* by statement->index */
    size_t statement_count;
    struct arena scratch; /* JSON text of array parameters, per statement */
};

/* A unit of work on a connection. */
struct sqlite_transaction {
    struct sql_transaction base;
    struct sqlite_connection *connection;
    enum status failed; /* of the first statement that failed: the transaction is lost */
};

/* Opens the file, which must exist unless `create`. */
MUST_CHECK enum status sqlite_connection_open(struct sqlite_connection *connection,
                                              const struct sqlite_options *options,
                                              enum sqlite_role role, bool create,
                                              struct error *error);
void sqlite_connection_close(struct sqlite_connection *connection);

MUST_CHECK enum status sqlite_connection_control(struct sqlite_connection *connection,
                                                 enum sqlite_control control, struct error *error);
/* Several statements in one text, without parameters or result. */
MUST_CHECK enum status sqlite_connection_script(struct sqlite_connection *connection,
                                                struct str text, struct error *error);
/* `rows` may be NULL: the result is not wanted. */
MUST_CHECK enum status sqlite_connection_query(struct sqlite_connection *connection,
                                               const struct sql_statement *statement,
                                               const struct sql_value *params, size_t count,
                                               struct arena *arena, struct sql_rows *rows,
                                               struct error *error);

/* Takes the lock file beside `path`: STATUS_STORE_IN_USE when another process has it. */
MUST_CHECK enum status sqlite_lock_file(struct str path, int *fd, struct error *error);

#endif
