#include "adapters/store/sql_writes.h"

#include <string.h>

#include "sql_statements.h"

enum {
    PENDING_MAX = 2000, /* rows; more are written before more are gathered */
    BYTES_MAX = 64 << 20,
    COLUMNS_MAX = 12,
    CREATE_PARAMS_MAX = 39
};

/* By column: i is an integer, t is text. */
static const struct table {
    const struct sql_statement *one, *many; /* NULL: `many` does for one */
    const char *columns;
} tables[SQL_WRITES_TABLES] = {
    [SQL_WRITES_PROFILE] = {SQL_PROFILE_INSERT, SQL_PROFILE_INSERT_MANY, "tittiiittttt"},
    [SQL_WRITES_VERSION] = {SQL_VERSION_APPEND, SQL_VERSION_APPEND_MANY, "tiittt"},
    [SQL_WRITES_NEW_FACT] = {NULL, SQL_FACT_APPEND_NEW, "tttttiittt"},
    [SQL_WRITES_FACT] = {SQL_FACT_APPEND, SQL_FACT_APPEND_MANY, "tttttiittt"},
    [SQL_WRITES_NEW_KEY] = {NULL, SQL_KEYS_PUT_NEW, "tt"},
    [SQL_WRITES_KEY] = {NULL, SQL_KEYS_PUT, "tt"},
    [SQL_WRITES_SEARCH] = {SQL_SEARCH_PUT, SQL_SEARCH_PUT_MANY, "tt"},
    [SQL_WRITES_EVENT] = {SQL_EVENT_APPEND, SQL_EVENT_APPEND_MANY, "tttitt"},
    [SQL_WRITES_DELIVERY] = {SQL_WEBHOOK_DELIVERY_APPEND, SQL_WEBHOOK_DELIVERY_APPEND_MANY,
                             "tiitttiittii"},
};

static size_t column_count(enum sql_writes_table table)
{
    return strlen(tables[table].columns);
}

void sql_writes_init(struct sql_writes *writes, struct sql_transaction *transaction,
                     struct str tenant, bool is_gathering)
{
    *writes = (struct sql_writes){
        .transaction = transaction, .tenant = tenant, .is_gathering = is_gathering};
    arena_init(&writes->arena, BYTES_MAX);
}

void sql_writes_release(struct sql_writes *writes)
{
    arena_release(&writes->arena);
}

/* --- writing --- */

static enum status write_one(struct sql_writes *writes, enum sql_writes_table table,
                             const struct sql_value *values, struct error *error)
{
    struct sql_value params[COLUMNS_MAX + 1] = {SQL_PARAM_TEXT(writes->tenant)};
    size_t columns = column_count(table);
    memcpy(params + 1, values, columns * sizeof(*values));
    return sql_execute(writes->transaction, tables[table].one, params, columns + 1, error);
}

/* A column of all rows as one array. */
static bool column_array(struct sql_writes *writes, enum sql_writes_table table, size_t column,
                         struct sql_value *array)
{
    const struct sql_writes_rows *rows = &writes->tables[table];
    const struct sql_value *value = rows->values + column;
    size_t columns = column_count(table);
    if (tables[table].columns[column] == 'i') {
        int64_t *integers = ARENA_NEW_ARRAY(&writes->arena, int64_t, rows->count);
        if (!integers) return false;
        for (size_t i = 0; i < rows->count; i++, value += columns)
            integers[i] = value->type == SQL_NULL ? INT64_MIN : value->integer;
        *array = SQL_PARAM_INT64_ARRAY(integers, rows->count);
        return true;
    }
    struct str *texts = ARENA_NEW_ARRAY(&writes->arena, struct str, rows->count);
    if (!texts) return false;
    for (size_t i = 0; i < rows->count; i++, value += columns)
        texts[i] = value->type == SQL_NULL ? STR_NONE : value->text;
    *array = SQL_PARAM_ARRAY(texts, rows->count);
    return true;
}

/* All columns of a table as arrays, behind what stands in `params`. */
static bool add_arrays(struct sql_writes *writes, enum sql_writes_table table,
                       struct sql_value *params, size_t *count)
{
    for (size_t column = 0; column < column_count(table); column++)
        if (!column_array(writes, table, column, &params[(*count)++])) return false;
    return true;
}

static enum status write_table(struct sql_writes *writes, enum sql_writes_table table,
                               struct error *error)
{
    const struct sql_writes_rows *rows = &writes->tables[table];
    struct sql_value params[COLUMNS_MAX + 1] = {SQL_PARAM_TEXT(writes->tenant)};
    size_t count = 1;
    if (rows->count == 0) return STATUS_OK;
    if (rows->count == 1 && tables[table].one) return write_one(writes, table, rows->values, error);
    if (!add_arrays(writes, table, params, &count)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return sql_execute(writes->transaction, tables[table].many, params, count, error);
}

/* One new customer and nothing else. */
static bool is_creation(const struct sql_writes *writes)
{
    size_t others = writes->tables[SQL_WRITES_FACT].count + writes->tables[SQL_WRITES_KEY].count +
                    writes->tables[SQL_WRITES_DELIVERY].count;
    return others == 0 && writes->tables[SQL_WRITES_PROFILE].count == 1 &&
           writes->tables[SQL_WRITES_VERSION].count == 1 &&
           writes->tables[SQL_WRITES_EVENT].count == 1;
}

static void add_row(const struct sql_writes *writes, enum sql_writes_table table,
                    struct sql_value *params, size_t *count)
{
    memcpy(params + *count, writes->tables[table].values, column_count(table) * sizeof(*params));
    *count += column_count(table);
}

static enum status write_creation(struct sql_writes *writes, struct error *error)
{
    struct sql_value params[CREATE_PARAMS_MAX] = {SQL_PARAM_TEXT(writes->tenant)};
    size_t count = 1;
    add_row(writes, SQL_WRITES_PROFILE, params, &count);
    add_row(writes, SQL_WRITES_VERSION, params, &count);
    if (!add_arrays(writes, SQL_WRITES_NEW_FACT, params, &count) ||
        !add_arrays(writes, SQL_WRITES_NEW_KEY, params, &count))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    add_row(writes, SQL_WRITES_EVENT, params, &count);
    if (!add_arrays(writes, SQL_WRITES_SEARCH, params, &count))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return sql_execute(writes->transaction, SQL_PROFILE_CREATE, params, count, error);
}

enum status sql_writes_flush(struct sql_writes *writes, struct error *error)
{
    enum status status = STATUS_OK;
    if (writes->pending == 0) return STATUS_OK;
    if (is_creation(writes))
        status = write_creation(writes, error);
    else
        for (int table = 0; table < SQL_WRITES_TABLES && status == STATUS_OK; table++)
            status = write_table(writes, (enum sql_writes_table)table, error);
    memset(writes->tables, 0, sizeof(writes->tables));
    writes->pending = 0;
    arena_reset(&writes->arena);
    return status;
}

/* --- gathering --- */

static bool reserve_row(struct sql_writes *writes, struct sql_writes_rows *rows, size_t columns)
{
    if (rows->count < rows->room) return true;
    size_t room = rows->room ? rows->room * 4 : 4, row_bytes = columns * sizeof(*rows->values);
    struct sql_value *values =
        arena_realloc(&writes->arena, rows->values, rows->room * row_bytes, room * row_bytes);
    if (!values) return false;
    rows->values = values;
    rows->room = room;
    return true;
}

static bool copy_value(struct arena *arena, const struct sql_value *from, struct sql_value *to)
{
    *to = *from;
    if (from->type != SQL_TEXT) return true;
    to->text = arena_str(arena, from->text);
    return !str_is_none(to->text);
}

/* Whether the latest customer that is about to be inserted is this one: then nothing of it is there
 * that would have to be looked for. */
static bool inserts(const struct sql_writes *writes, struct str customer_id)
{
    const struct sql_writes_rows *rows = &writes->tables[SQL_WRITES_PROFILE];
    size_t columns = column_count(SQL_WRITES_PROFILE);
    return rows->count > 0 &&
           str_equal(rows->values[(rows->count - 1) * columns].text, customer_id);
}

enum status sql_writes_add(struct sql_writes *writes, enum sql_writes_table table,
                           const struct sql_value *values, struct error *error)
{
    if (!writes->is_gathering) return write_one(writes, table, values, error);
    if (writes->pending >= PENDING_MAX) TRY(sql_writes_flush(writes, error));
    if (table == SQL_WRITES_FACT && inserts(writes, values[0].text)) table = SQL_WRITES_NEW_FACT;
    struct sql_writes_rows *rows = &writes->tables[table];
    size_t columns = column_count(table);
    if (!reserve_row(writes, rows, columns)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    struct sql_value *row = rows->values + rows->count * columns;
    for (size_t i = 0; i < columns; i++)
        if (!copy_value(&writes->arena, &values[i], &row[i]))
            return error_plain(error, STATUS_OUT_OF_MEMORY);
    rows->count++;
    writes->pending++;
    return STATUS_OK;
}

static bool has_key(const struct sql_writes *writes, struct str home, struct str key)
{
    const struct sql_writes_rows *rows = &writes->tables[SQL_WRITES_NEW_KEY];
    for (size_t i = rows->count; i > 0 && str_equal(rows->values[2 * i - 2].text, home); i--)
        if (str_equal(rows->values[2 * i - 1].text, key)) return true;
    return false;
}

enum status sql_writes_add_key(struct sql_writes *writes, struct str home, struct str key,
                               struct error *error)
{
    const struct sql_value values[] = {SQL_PARAM_TEXT(home), SQL_PARAM_TEXT(key)};
    if (!inserts(writes, home)) return sql_writes_add(writes, SQL_WRITES_KEY, values, error);
    if (has_key(writes, home, key)) return STATUS_OK;
    return sql_writes_add(writes, SQL_WRITES_NEW_KEY, values, error);
}

enum status sql_writes_move(struct sql_writes *writes, const struct sql_writes *from,
                            struct error *error)
{
    for (int table = 0; table < SQL_WRITES_TABLES; table++) {
        const struct sql_writes_rows *rows = &from->tables[table];
        struct sql_writes_rows *to = &writes->tables[table];
        size_t columns = column_count((enum sql_writes_table)table);
        for (size_t i = 0; i < rows->count; i++) {
            if (!reserve_row(writes, to, columns)) return error_plain(error, STATUS_OUT_OF_MEMORY);
            memcpy(to->values + to->count++ * columns, rows->values + i * columns,
                   columns * sizeof(*rows->values));
        }
        writes->pending += rows->count;
    }
    return STATUS_OK;
}
