/* One way to speak SQL to two engines: bound parameters in, rows out, one statement text wherever
 * the text can be the same.
 *
 * Statements are files in sql/, embedded at build time; `sql/foo.sql` serves both engines, or
 * `sql/sqlite/foo.sql` and `sql/postgres/foo.sql` where the text must differ. Parameters are
 * written $1, $2 in both. The generated sql_statements.h has one `SQL_FOO` per file.
 *
 * A transaction belongs to one tenant and one connection; see sql_driver. Statements without result
 * (sql_execute) may be queued: their failure shows at the next sql_query or at the commit, which is
 * then refused. So a unit of work over a network costs few round trips.
 */
#ifndef ENGINES_SQL_SQL_H
#define ENGINES_SQL_SQL_H

#include "base/saturation.h"
#include "base/status.h"

enum sql_type { SQL_NULL, SQL_INT64, SQL_TEXT, SQL_BYTES, SQL_TEXT_ARRAY, SQL_INT64_ARRAY };

/* A parameter. Bytes are a blob or bytea. A text array is for `IN`: PostgreSQL gets text[], SQLite
 * a JSON array for json_each(); the two texts differ. An array of integers, in which INT64_MIN is
 * NULL, is for many rows in one statement, and for PostgreSQL alone. */
struct sql_value {
    enum sql_type type;
    int64_t integer;
    struct str text;
    const struct str *array;
    const int64_t *integers;
    size_t array_count;
};

#define SQL_PARAM_TEXT(s)                                                                          \
    ((struct sql_value){.type = str_is_none(s) ? SQL_NULL : SQL_TEXT, .text = (s)})
#define SQL_PARAM_BYTES(s) ((struct sql_value){.type = SQL_BYTES, .text = (s)})
#define SQL_PARAM_INT64(i) ((struct sql_value){.type = SQL_INT64, .integer = (i)})
#define SQL_PARAM_NULL     ((struct sql_value){.type = SQL_NULL})
#define SQL_PARAM_ARRAY(a, n)                                                                      \
    ((struct sql_value){.type = SQL_TEXT_ARRAY, .array = (a), .array_count = (n)})
#define SQL_PARAM_INT64_ARRAY(a, n)                                                                \
    ((struct sql_value){.type = SQL_INT64_ARRAY, .integers = (a), .array_count = (n)})

struct sql_statement {
    struct str name;
    struct str sqlite;   /* text for each engine */
    struct str postgres; /* absent where an engine has no use for it */
    /* Asks the same of many, whose last parameters are one array and are what its first column has.
     * NULL: none does. */
    const struct sql_statement *many;
    enum status conflict; /* what a violated unique constraint means here */
    size_t index;         /* dense, for per-connection tables of prepared statements */
};

/* Result rows, copied into the arena. Column values are text (SQLite: or bytes),
 * or absent (NULL). */
struct sql_rows {
    size_t row_count;
    size_t column_count;
    struct str *cells; /* row_count * column_count */
    int64_t affected;
};
static inline struct str sql_cell(const struct sql_rows *rows, size_t row, size_t column)
{
    return rows->cells[row * rows->column_count + column];
}
/* An integer cell; `absent` when it is NULL. */
int64_t sql_cell_int64(const struct sql_rows *rows, size_t row, size_t column, int64_t absent);

struct sql_transaction;
typedef enum status sql_body(struct sql_transaction *transaction, void *context,
                             struct error *error);

enum sql_mode { SQL_READ, SQL_WRITE };

/* What an engine implements. */
struct sql_driver {
    /* Runs `body` in one transaction with the tenant set; commits when it returns STATUS_OK, else
     * rolls back. Runs it again (arena rewound) when the engine reports a serialisation failure or
     * a deadlock, a bounded number of times, then STATUS_WRITE_CONFLICT. */
    enum status (*transact)(struct sql_driver *, enum sql_mode, struct str tenant, struct arena *,
                            sql_body *, void *context, struct error *);
    /* One read statement in a transaction of its own: the hot path (pipelined, shared). */
    enum status (*query_one)(struct sql_driver *, struct str tenant, const struct sql_statement *,
                             const struct sql_value *params, size_t count, struct arena *,
                             struct sql_rows *, struct error *);
    enum status (*query)(struct sql_transaction *, const struct sql_statement *,
                         const struct sql_value *params, size_t count, struct arena *,
                         struct sql_rows *, struct error *);
    enum status (*execute)(struct sql_transaction *, const struct sql_statement *,
                           const struct sql_value *params, size_t count, struct error *);
    /* See sql_ask() and sql_settle(). NULL where a statement is a call. */
    enum status (*ask)(struct sql_transaction *, const struct sql_statement *,
                       const struct sql_value *params, size_t count, struct arena *,
                       struct sql_rows *, struct error *);
    enum status (*settle)(struct sql_transaction *, struct error *);
    /* transact and query_one, of a driver of a replica: what is read shows at least what the
     * primary had logged before `position`, else STATUS_UNAVAILABLE. NULL where an engine has no
     * replicas. */
    enum status (*transact_at)(struct sql_driver *, int64_t position, struct str tenant,
                               struct arena *, sql_body *, void *context, struct error *);
    enum status (*query_one_at)(struct sql_driver *, int64_t position, struct str tenant,
                                const struct sql_statement *, const struct sql_value *params,
                                size_t count, struct arena *, struct sql_rows *, struct error *);
    enum status (*ready)(struct sql_driver *, struct error *);
    /* For a transaction that the calling coroutine began now. */
    struct queue_wait (*wait)(struct sql_driver *, enum sql_mode);
    void (*free)(struct sql_driver *);
};

/* Embedded in the engines' own struct as its first member. */
struct sql_transaction {
    struct sql_driver *driver;
};

/* Parameters are taken over by the call: their memory is free on return, even when the statement is
 * only queued. A statement without a text for the engine does nothing. */
MUST_CHECK enum status sql_query(struct sql_transaction *transaction,
                                 const struct sql_statement *statement,
                                 const struct sql_value *params, size_t count, struct arena *arena,
                                 struct sql_rows *rows, struct error *error);
MUST_CHECK enum status sql_execute(struct sql_transaction *transaction,
                                   const struct sql_statement *statement,
                                   const struct sql_value *params, size_t count,
                                   struct error *error);
/* A query whose rows are there after sql_settle(), so that several travel together; `rows` and the
 * arena last until then. */
MUST_CHECK enum status sql_ask(struct sql_transaction *transaction,
                               const struct sql_statement *statement,
                               const struct sql_value *params, size_t count, struct arena *arena,
                               struct sql_rows *rows, struct error *error);
MUST_CHECK enum status sql_settle(struct sql_transaction *transaction, struct error *error);

/* Called on the writer thread in a transaction about to be committed; `idle`: in one of its own,
 * for nobody waits. What it executes is a savepoint: any status but STATUS_OK undoes that alone.
 * `more`: there is more to do, call again soon. */
typedef enum status sql_maintenance(struct sql_transaction *transaction, bool idle, bool *more,
                                    void *argument);
enum { SQL_MAINTENANCE_MAX = 2 };

/* The embedded engine: one writer thread with group commit, one read connection per calling thread.
 * Only one process may have the file open (a lock file beside it): STATUS_STORE_IN_USE. */
struct sqlite_options {
    struct str path; /* ":memory:" is not supported: use the memory store */
    int64_t busy_timeout_ms;
    size_t batch_max; /* bodies per commit */
    size_t mmap_bytes;
    bool create; /* make the file when it is missing */
    /* Beside another process that has it: reads only, takes no lock, never checkpoints. */
    bool read_only;
    /* Called on the writer thread after a commit, before anybody is told: lets an adapter drop what
     * it cached. May be NULL. */
    void (*committed)(void *argument);
    void *committed_argument;
    /* What the store keeps up beside its requests, one after the other; NULL: no more. */
    sql_maintenance *maintenance[SQL_MAINTENANCE_MAX];
    void *maintenance_argument;
};
/* Whether a process has the file open. Changes nothing. */
bool sqlite_is_in_use(struct str path);
MUST_CHECK enum status sqlite_open(const struct sqlite_options *options, struct sql_driver **driver,
                                   struct error *error);

/* PostgreSQL: per loop, pipelined asynchronous connections; inside a coroutine a wait suspends it,
 * outside of any (command line) it blocks, on connections of the thread's own. Connections are made
 * when they are needed: opening does not connect. A role that row-level security does not bind is
 * refused. With TLS (sslmode in the URL) at least 1.3 unless the URL says otherwise. Free the
 * driver when its loops have stopped and before they are freed. */
struct postgres_options {
    struct str url; /* postgresql://... of the runtime role */
    size_t connections_per_loop;
    size_t readers_per_loop;      /* shared pipelined connections for query_one */
    int64_t connect_timeout_ms;   /* also how long a caller waits for a connection */
    int64_t statement_timeout_ms; /* 0: none */
    /* Only a server that follows another is connected to, and only asked for what can be asked
     * elsewhere: who does not answer is given up soon. */
    bool is_replica;
    /* Called in the caller's thread after a commit. May be NULL. */
    void (*committed)(void *argument);
    void *committed_argument;
};
MUST_CHECK enum status postgres_open(const struct postgres_options *options,
                                     struct sql_driver **driver, struct error *error);

/* Forward-only migrations, in order of their numbers, each in a transaction, recorded with a digest
 * in table schema_migration; a changed or unknown one is STATUS_SCHEMA_MISMATCH. For PostgreSQL
 * `url` is that of the migration role, and `runtime_role` gets its rights. */
struct sql_migration {
    int number;
    struct str name;
    struct str text; /* several statements */
};
enum { SQL_DIGEST_MAX = 17 };
/* What is recorded of a migration: 16 hexadecimal digits over its text. Returns `out`. */
struct str sql_migration_digest(const struct sql_migration *migration, char out[SQL_DIGEST_MAX]);
/* A restore puts a migration of this number beside the others (restore_mark_put.sql) before it puts
 * anything else, and takes it away with its last row: what was broken off is no store for any
 * program of any version. It is none that is compared. */
#define SQL_RESTORE_MARK 999999999
bool sql_migrations_restoring(const struct sql_rows *recorded);
/* Compares what a database has recorded, rows of (number, name, digest), with what this program
 * has: STATUS_SCHEMA_MISMATCH when one is changed or out of order. Behind what the program has
 * there may be those of later versions, unless one says by its name, NAME_after_NNNN, that a
 * program must know migration NNNN to work beside it. `*done`: how many are applied. */
MUST_CHECK enum status sql_migrations_check(const struct sql_rows *recorded,
                                            const struct sql_migration *migrations, size_t count,
                                            size_t *done, struct error *error);
/* The same for who changes the schema or copies all of it: nothing of later versions may be there.
 */
MUST_CHECK enum status sql_migrations_check_exact(const struct sql_rows *recorded,
                                                  const struct sql_migration *migrations,
                                                  size_t count, size_t *done, struct error *error);
MUST_CHECK enum status sqlite_migrate(struct str path, const struct sql_migration *migrations,
                                      size_t count, int *applied, struct error *error);
/* Before the migrations of a store that is made to be restored into: the mark. One that has some
 * stays as it is. */
MUST_CHECK enum status sqlite_mark_new(struct str path, struct error *error);
MUST_CHECK enum status postgres_migrate(struct str url, struct str runtime_role,
                                        const struct sql_migration *migrations, size_t count,
                                        int *applied, struct error *error);

#endif
