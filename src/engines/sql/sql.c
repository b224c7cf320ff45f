#include "engines/sql/sql.h"

#include <stdio.h>

#include "base/hash.h"

int64_t sql_cell_int64(const struct sql_rows *rows, size_t row, size_t column, int64_t absent)
{
    int64_t value;
    struct str text = sql_cell(rows, row, column);
    return !str_is_none(text) && str_to_int64(text, &value) ? value : absent;
}

enum status sql_query(struct sql_transaction *transaction, const struct sql_statement *statement,
                      const struct sql_value *params, size_t count, struct arena *arena,
                      struct sql_rows *rows, struct error *error)
{
    return transaction->driver->query(transaction, statement, params, count, arena, rows, error);
}

enum status sql_execute(struct sql_transaction *transaction, const struct sql_statement *statement,
                        const struct sql_value *params, size_t count, struct error *error)
{
    return transaction->driver->execute(transaction, statement, params, count, error);
}

enum status sql_ask(struct sql_transaction *transaction, const struct sql_statement *statement,
                    const struct sql_value *params, size_t count, struct arena *arena,
                    struct sql_rows *rows, struct error *error)
{
    return transaction->driver->ask(transaction, statement, params, count, arena, rows, error);
}

enum status sql_settle(struct sql_transaction *transaction, struct error *error)
{
    return transaction->driver->settle(transaction, error);
}

struct str sql_migration_digest(const struct sql_migration *migration, char out[SQL_DIGEST_MAX])
{
    /* It detects a change by mistake, not an attack: the key is no secret. */
    const struct hash_key key = {0x6d6967726174696fULL, 0x6e2d646967657374ULL};
    uint64_t hash = hash_bytes(key, migration->text);
    snprintf(out, SQL_DIGEST_MAX, "%016llx", (unsigned long long)hash);
    return str_of(out, SQL_DIGEST_MAX - 1);
}

/* What to do when the store is ahead of the program: to migrate is of no use then. */
#define LATER_PROGRAM STR("a later version of customer360, which knows these migrations")

/* "drop_old_keys_after_0110" may only meet programs that know migration 110. 0: it may meet any. */
static int64_t needed_by(struct str name)
{
    static const struct str mark = STR("_after_");
    int64_t number = 0;
    for (size_t i = 0; i + mark.len < name.len; i++)
        if (str_starts_with(str_skip(name, i), mark) &&
            str_to_int64(str_skip(name, i + mark.len), &number))
            return number;
    return 0;
}

static enum status check_later(struct str name, int64_t number, int64_t known, struct error *error)
{
    if (needed_by(name) <= known) return STATUS_OK;
    return error_set(error, STATUS_SCHEMA_MISMATCH, STR_NONE, LATER_PROGRAM,
                     "migration %lld (%.*s) is not for this program, which knows those up to %lld",
                     (long long)number, STR_ARGS(name), (long long)known);
}

bool sql_migrations_restoring(const struct sql_rows *recorded)
{
    size_t rows = recorded->row_count;
    return rows > 0 && sql_cell_int64(recorded, rows - 1, 0, 0) == SQL_RESTORE_MARK;
}

/* Without the mark, which has the highest number. */
static size_t count_recorded(const struct sql_rows *recorded)
{
    return recorded->row_count - sql_migrations_restoring(recorded);
}

enum status sql_migrations_check(const struct sql_rows *recorded,
                                 const struct sql_migration *migrations, size_t count, size_t *done,
                                 struct error *error)
{
    size_t rows = count_recorded(recorded);
    for (size_t i = 0; i < rows; i++) {
        int64_t number = sql_cell_int64(recorded, i, 0, -1);
        struct str name = sql_cell(recorded, i, 1);
        if (i >= count && count > 0) {
            TRY(check_later(name, number, migrations[count - 1].number, error));
            continue;
        }
        if (i >= count || number != migrations[i].number)
            return error_set(error, STATUS_SCHEMA_MISMATCH, STR_NONE, LATER_PROGRAM,
                             "migration %lld (%.*s) is not known to this program; the store is "
                             "newer than it",
                             (long long)number, STR_ARGS(name));
        char digest[SQL_DIGEST_MAX];
        if (!str_equal(sql_cell(recorded, i, 2), sql_migration_digest(&migrations[i], digest)))
            return error_set(error, STATUS_SCHEMA_MISMATCH, STR_NONE,
                             STR("the customer360 that applied it, or a backup from before"),
                             "migration %lld (%.*s) was applied with another text",
                             (long long)number, STR_ARGS(name));
    }
    *done = rows;
    return STATUS_OK;
}

enum status sql_migrations_check_exact(const struct sql_rows *recorded,
                                       const struct sql_migration *migrations, size_t count,
                                       size_t *done, struct error *error)
{
    TRY(sql_migrations_check(recorded, migrations, count, done, error));
    size_t rows = count_recorded(recorded);
    if (rows <= count) return STATUS_OK;
    return error_set(
        error, STATUS_SCHEMA_MISMATCH, STR_NONE, LATER_PROGRAM,
        "the store is newer than this program: %zu of its %zu migrations are not known",
        rows - count, rows);
}
