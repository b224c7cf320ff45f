#include "adapters/store/backup_tables.h"

#include <openssl/evp.h>
#include <string.h>

/* Numbers of prepared statements behind those of the program's own. */
enum { FIRST_INDEX = SQL_STATEMENT_COUNT };

enum { NAME, COLUMNS, TYPES, KEY_TYPES, PAGE, INSERT, LOCK };

static struct sql_statement statement_of(struct str name, struct str text, enum status conflict,
                                         size_t index)
{
    return (struct sql_statement){
        .name = name, .sqlite = text, .postgres = text, .conflict = conflict, .index = index};
}

static bool all_known(struct str types)
{
    for (size_t i = 0; i < types.len; i++)
        if (types.ptr[i] != 'i' && types.ptr[i] != 't') return false;
    return types.len > 0;
}

static size_t count_names(struct str names)
{
    size_t count = 1;
    for (size_t i = 0; i < names.len; i++) count += names.ptr[i] == ',';
    return count;
}

static enum status read_table(const struct sql_rows *rows, size_t i, struct backup_table *table,
                              struct error *error)
{
    struct str name = sql_cell(rows, i, NAME);
    *table = (struct backup_table){
        .name = name,
        .columns = sql_cell(rows, i, COLUMNS),
        .types = sql_cell(rows, i, TYPES),
        .key_types = sql_cell(rows, i, KEY_TYPES),
        .page = statement_of(name, sql_cell(rows, i, PAGE), STATUS_INTERNAL, FIRST_INDEX + 3 * i),
        .insert = statement_of(name, sql_cell(rows, i, INSERT), STATUS_INVALID_VALUE,
                               FIRST_INDEX + 3 * i + 1),
        .lock =
            statement_of(name, sql_cell(rows, i, LOCK), STATUS_INTERNAL, FIRST_INDEX + 3 * i + 2),
    };
    table->column_count = count_names(table->columns);
    if (table->column_count == table->types.len && table->column_count <= BACKUP_COLUMNS_MAX &&
        table->key_types.len <= BACKUP_KEY_MAX && all_known(table->types) &&
        all_known(table->key_types))
        return STATUS_OK;
    return error_set(error, STATUS_INTERNAL, STR_NONE, STR_NONE,
                     "table %.*s has a column or key that a backup does not know how to hold",
                     STR_ARGS(name));
}

enum status backup_tables_read(struct sql_transaction *transaction, struct arena *arena,
                               struct backup_table **out, size_t *count, struct error *error)
{
    struct sql_rows rows;
    TRY(sql_query(transaction, SQL_BACKUP_TABLES, NULL, 0, arena, &rows, error));
    struct backup_table *tables = ARENA_NEW_ARRAY(arena, struct backup_table, rows.row_count + 1);
    if (!tables) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < rows.row_count; i++) TRY(read_table(&rows, i, &tables[i], error));
    *out = tables;
    *count = rows.row_count;
    return STATUS_OK;
}

bool backup_tables_param(char type, struct str cell, struct sql_value *param)
{
    int64_t number;
    *param = SQL_PARAM_TEXT(cell);
    if (type == 't' || str_is_none(cell)) return true;
    if (!str_to_int64(cell, &number)) return false;
    *param = SQL_PARAM_INT64(number);
    return true;
}

void backup_tables_first_key(const struct backup_table *table, struct str *key)
{
    for (size_t i = 0; i < table->key_types.len; i++)
        key[i] = table->key_types.ptr[i] == 'i' ? STR("-9223372036854775808") : STR("");
}

enum status backup_tables_page(struct sql_transaction *transaction,
                               const struct backup_table *table, struct str *key,
                               struct arena *arena, struct sql_rows *rows, struct error *error)
{
    struct sql_value params[BACKUP_KEY_MAX];
    for (size_t i = 0; i < table->key_types.len; i++)
        if (!backup_tables_param(table->key_types.ptr[i], key[i], &params[i]))
            return error_plain(error, STATUS_STORE_CORRUPT);
    TRY(sql_query(transaction, &table->page, params, table->key_types.len, arena, rows, error));
    for (size_t i = 0; rows->row_count > 0 && i < table->key_types.len; i++)
        key[i] = sql_cell(rows, rows->row_count - 1, i);
    return STATUS_OK;
}

/* --- the digest --- */

bool backup_digest_add(struct backup_digest *digest, const struct backup_table *table,
                       struct str line, struct arena *arena)
{
    struct arena_mark mark = arena_mark(arena);
    struct buffer text = {.arena = arena};
    uint64_t sum[4];
    buffer_append_format(&text, "%.*s(%.*s)", STR_ARGS(table->name), STR_ARGS(table->columns));
    buffer_append(&text, line);
    bool done = !buffer_failed(&text) && EVP_Digest(text.bytes, text.len, (unsigned char *)sum,
                                                    NULL, EVP_sha256(), NULL) == 1;
    arena_rewind(arena, mark);
    for (size_t i = 0; done && i < 4; i++) digest->lanes[i] += sum[i];
    return done;
}

void backup_digest_format(const struct backup_digest *digest, char out[BACKUP_DIGEST_MAX])
{
    for (size_t i = 0; i < 4; i++)
        (void)snprintf(out + 16 * i, 17, "%016llx", (unsigned long long)digest->lanes[i]);
}
