#include "adapters/store/backup.h"

#include <errno.h>
#include <string.h>

#include "adapters/store/backup_tables.h"
#include "formats/json.h"

#define FORMAT_NAME STR("customer360-backup")
enum { FORMAT_VERSION = 1, HEADER_MAX = 4096, TELL_ROWS = 1000 };
/* A row holds a document or a payload: as large as a request may be, and more. */
#define LINE_MAX_BYTES (INT64_C(256) << 20)
/* Memory is taken for one page of rows. */
#define ARENA_MAX (INT64_C(2) << 30)

int64_t backup_schema(void)
{
    int sqlite = sql_migrations_sqlite[sql_migrations_sqlite_count - 1].number;
    int postgres = sql_migrations_postgres[sql_migrations_postgres_count - 1].number;
    return sqlite > postgres ? sqlite : postgres;
}

/* What writing and loading have in common. */
struct copying {
    FILE *file; /* NULL: only counted */
    struct arena *arena;
    void (*told)(void *, int64_t rows);
    void *told_context;
    struct backup_totals *totals;
    struct backup_digest digest;
};

static void count_row(struct copying *copying)
{
    copying->totals->rows++;
    if (copying->told && copying->totals->rows % TELL_ROWS == 0)
        copying->told(copying->told_context, copying->totals->rows);
}

/* --- writing --- */

static enum status put_line(struct copying *copying, struct buffer *line, struct error *error)
{
    if (buffer_failed(line)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (!copying->file) return STATUS_OK;
    if (fwrite(line->bytes, 1, line->len, copying->file) == line->len &&
        fputc('\n', copying->file) == '\n')
        return STATUS_OK;
    return error_set(error, STATUS_IO, STR_NONE, STR_NONE, "the backup cannot be written: %s",
                     strerror(errno));
}

static enum status write_header(struct copying *copying, const struct backup_header *header,
                                struct error *error)
{
    struct buffer line = {.arena = copying->arena};
    struct json_writer writer = {.out = &line};
    json_object_begin(&writer);
    json_member_string(&writer, STR("record"), STR("HEADER"));
    json_member_string(&writer, STR("format"), FORMAT_NAME);
    json_key(&writer, STR("formatVersion"));
    json_int64(&writer, FORMAT_VERSION);
    json_key(&writer, STR("schema"));
    json_int64(&writer, header->schema);
    json_member_string(&writer, STR("program"), header->program);
    json_member_string(&writer, STR("takenAt"), header->taken_at);
    json_member_string(&writer, STR("suppressionKey"), header->suppression_key);
    json_object_end(&writer);
    return put_line(copying, &line, error);
}

static enum status write_table(struct copying *copying, const struct backup_table *table,
                               struct error *error)
{
    struct buffer line = {.arena = copying->arena};
    struct json_writer writer = {.out = &line};
    struct str rest = table->columns, name;
    json_object_begin(&writer);
    json_member_string(&writer, STR("table"), table->name);
    json_key(&writer, STR("columns"));
    json_array_begin(&writer);
    while (str_split(&rest, ',', &name)) json_string(&writer, name);
    json_array_end(&writer);
    json_object_end(&writer);
    copying->totals->tables++;
    return put_line(copying, &line, error);
}

static enum status write_row(struct copying *copying, const struct backup_table *table,
                             const struct sql_rows *rows, size_t row, struct error *error)
{
    struct arena_mark mark = arena_mark(copying->arena);
    struct buffer line = {.arena = copying->arena};
    struct json_writer writer = {.out = &line};
    json_array_begin(&writer);
    for (size_t i = 0; i < table->column_count; i++) {
        struct str cell = sql_cell(rows, row, table->key_types.len + i);
        if (str_is_none(cell))
            json_null(&writer);
        else
            json_string(&writer, cell);
    }
    json_array_end(&writer);
    TRY(put_line(copying, &line, error));
    if (!backup_digest_add(&copying->digest, table, buffer_str(&line), copying->arena))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    arena_rewind(copying->arena, mark);
    count_row(copying);
    return STATUS_OK;
}

static enum status write_rows(struct copying *copying, struct sql_transaction *transaction,
                              const struct backup_table *table, struct error *error)
{
    struct str key[BACKUP_KEY_MAX];
    struct sql_rows rows;
    /* Two arenas in turn: the key of a page lives in that page. */
    struct arena pages[2];
    size_t page = 0;
    enum status status;
    arena_init(&pages[0], ARENA_MAX);
    arena_init(&pages[1], ARENA_MAX);
    backup_tables_first_key(table, key);
    do {
        page = !page;
        arena_reset(&pages[page]);
        status = backup_tables_page(transaction, table, key, &pages[page], &rows, error);
        for (size_t i = 0; status == STATUS_OK && i < rows.row_count; i++)
            status = write_row(copying, table, &rows, i, error);
    } while (status == STATUS_OK && rows.row_count == BACKUP_PAGE);
    arena_release(&pages[0]);
    arena_release(&pages[1]);
    return status;
}

static enum status write_end(struct copying *copying, struct error *error)
{
    struct buffer line = {.arena = copying->arena};
    struct json_writer writer = {.out = &line};
    backup_digest_format(&copying->digest, copying->totals->digest);
    json_object_begin(&writer);
    json_member_string(&writer, STR("record"), STR("END"));
    json_key(&writer, STR("rows"));
    json_int64(&writer, copying->totals->rows);
    json_member_string(&writer, STR("digest"), str_from_cstr(copying->totals->digest));
    json_object_end(&writer);
    return put_line(copying, &line, error);
}

static enum status write_body(struct store_session *session, void *context, struct error *error)
{
    struct copying *copying = context;
    struct sql_transaction *transaction = sql_session_of(session)->transaction;
    struct backup_table *tables;
    size_t count;
    TRY(backup_tables_read(transaction, copying->arena, &tables, &count, error));
    for (size_t i = 0; i < count; i++) {
        TRY(write_table(copying, &tables[i], error));
        TRY(write_rows(copying, transaction, &tables[i], error));
    }
    return write_end(copying, error);
}

enum status backup_write(struct store *store, const struct backup_header *header, FILE *out,
                         void (*told)(void *, int64_t rows), void *context,
                         struct backup_totals *totals, struct error *error)
{
    struct arena arena;
    struct copying copying = {
        .file = out, .arena = &arena, .told = told, .told_context = context, .totals = totals};
    *totals = (struct backup_totals){0};
    arena_init(&arena, ARENA_MAX);
    enum status status = write_header(&copying, header, error);
    if (status == STATUS_OK)
        status = store_read(store, SQL_STORE_WHOLE, &arena, write_body, &copying, error);
    arena_release(&arena);
    return status;
}

/* --- reading --- */

static enum status refuse(struct error *error, const char *what)
{
    return error_set(error, STATUS_INVALID_VALUE, STR_NONE, STR_NONE, "%s", what);
}

struct reader {
    FILE *file;
    char *bytes; /* of getline() */
    size_t capacity;
};

/* *line is absent at the end of the file. */
static enum status read_line(struct reader *reader, struct str *line, struct error *error)
{
    errno = 0;
    ssize_t got = getline(&reader->bytes, &reader->capacity, reader->file);
    *line = STR_NONE;
    if (got < 0 && feof(reader->file)) return STATUS_OK;
    if (got < 0)
        return error_set(error, STATUS_IO, STR_NONE, STR_NONE, "the backup cannot be read: %s",
                         strerror(errno));
    if (got > LINE_MAX_BYTES || reader->bytes[got - 1] != '\n')
        return refuse(error, "the backup is cut off or damaged: its last line has no end");
    *line = str_of(reader->bytes, (size_t)got - 1);
    return STATUS_OK;
}

static enum status read_value(struct str line, struct arena *arena, struct json_value **value,
                              struct error *error)
{
    enum status status = json_parse(line, arena, value, error);
    if (status != STATUS_MALFORMED_JSON && status != STATUS_DUPLICATE_FIELD) return status;
    return refuse(error, "the backup is damaged: a line of it is no JSON");
}

enum status backup_read_header(FILE *in, struct arena *arena, struct backup_header *header,
                               struct error *error)
{
    char *text = ARENA_NEW_ARRAY(arena, char, HEADER_MAX);
    struct json_value *line;
    int64_t version;
    if (!text) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (!fgets(text, HEADER_MAX, in) ||
        json_parse(str_trim(str_from_cstr(text)), arena, &line, NULL) != STATUS_OK ||
        !str_equal(json_text(json_get(line, STR("format"))), FORMAT_NAME))
        return refuse(error,
                      "this is no backup of this program; `import` reads what `export` wrote");
    *header = (struct backup_header){
        .program = json_text(json_get(line, STR("program"))),
        .taken_at = json_text(json_get(line, STR("takenAt"))),
        .suppression_key = json_text(json_get(line, STR("suppressionKey"))),
    };
    if (str_is_none(header->suppression_key) ||
        !json_to_int64(json_get(line, STR("formatVersion")), &version) ||
        version != FORMAT_VERSION || !json_to_int64(json_get(line, STR("schema")), &header->schema))
        return refuse(error, "the backup is of another form than this program writes");
    if (header->schema == backup_schema()) return STATUS_OK;
    return error_set(
        error, STATUS_SCHEMA_MISMATCH, STR_NONE, STR_NONE,
        "the backup was made by customer360 %.*s and has schema %lld, not %lld: restore "
        "it with that program, then upgrade",
        STR_ARGS(header->program), (long long)header->schema, (long long)backup_schema());
}

/* --- loading --- */

struct loading {
    struct copying copying;
    struct reader reader;
    long begin; /* of the file behind its header; -1: it cannot be read again */
    bool began;
    store_body *finish;
    void *finish_context;
    struct backup_table *tables;
    size_t table_count;
    const struct backup_table *table; /* whose rows are read */
};

static enum status check_table_empty(const struct backup_table *table,
                                     struct sql_transaction *transaction, struct arena *arena,
                                     struct error *error)
{
    struct arena_mark mark = arena_mark(arena);
    struct str key[BACKUP_KEY_MAX];
    struct sql_rows rows;
    backup_tables_first_key(table, key);
    TRY(backup_tables_page(transaction, table, key, arena, &rows, error));
    arena_rewind(arena, mark);
    if (rows.row_count == 0) return STATUS_OK;
    return error_set(error, STATUS_STORE_NOT_EMPTY, STR_NONE, STR_NONE,
                     "the store has data already (table %.*s): restore into an empty one",
                     STR_ARGS(table->name));
}

static enum status begin_body(struct store_session *base, void *context, struct error *error)
{
    struct sql_session *session = sql_session_of(base);
    struct backup_table *tables;
    size_t count;
    (void)context;
    TRY(backup_tables_read(session->transaction, session->arena, &tables, &count, error));
    for (size_t i = 0; i < count; i++)
        TRY(check_table_empty(&tables[i], session->transaction, session->arena, error));
    return sql_execute(session->transaction, SQL_RESTORE_MARK_PUT, NULL, 0, error);
}

static enum status abandon_body(struct store_session *base, void *context, struct error *error)
{
    (void)context;
    return sql_execute(sql_session_of(base)->transaction, SQL_RESTORE_MARK_REMOVE, NULL, 0, error);
}

static enum status write_whole(struct store *store, store_body *body, struct error *error)
{
    struct arena arena;
    arena_init(&arena, ARENA_MAX);
    enum status status = store_write(store, SQL_STORE_WHOLE, &arena, body, NULL, error);
    arena_release(&arena);
    return status;
}

enum status backup_begin_load(struct store *store, struct error *error)
{
    return write_whole(store, begin_body, error);
}

enum status backup_abandon(struct store *store, struct error *error)
{
    return write_whole(store, abandon_body, error);
}

/* Nobody writes it until the transaction ends. */
static enum status lock_empty(struct loading *loading, struct sql_transaction *transaction,
                              struct error *error)
{
    for (size_t i = 0; i < loading->table_count; i++) {
        const struct backup_table *table = &loading->tables[i];
        TRY(sql_execute(transaction, &table->lock, NULL, 0, error));
        TRY(check_table_empty(table, transaction, loading->copying.arena, error));
    }
    return STATUS_OK;
}

static bool same_columns(const struct backup_table *table, const struct json_value *columns)
{
    struct str rest = table->columns, name;
    size_t i = 0;
    if (!columns || columns->type != JSON_ARRAY) return false;
    while (str_split(&rest, ',', &name)) {
        if (i == columns->count || !str_equal(json_text(&columns->items[i]), name)) return false;
        i++;
    }
    return i == columns->count;
}

static enum status begin_table(struct loading *loading, const struct json_value *line,
                               struct error *error)
{
    struct str name = json_text(json_get(line, STR("table")));
    loading->table = NULL;
    for (size_t i = 0; i < loading->table_count && !str_is_none(name); i++)
        if (str_equal(loading->tables[i].name, name)) loading->table = &loading->tables[i];
    if (!loading->table || !same_columns(loading->table, json_get(line, STR("columns"))))
        return refuse(error, "the backup is damaged: it has a table that this schema has not");
    loading->copying.totals->tables++;
    return STATUS_OK;
}

static enum status load_row(struct loading *loading, struct sql_transaction *transaction,
                            const struct json_value *row, struct str line, struct error *error)
{
    const struct backup_table *table = loading->table;
    struct sql_value params[BACKUP_COLUMNS_MAX];
    if (!table || row->count != table->column_count)
        return refuse(error, "the backup is damaged: a row of it has not the columns of its table");
    for (size_t i = 0; i < row->count; i++)
        if ((row->items[i].type != JSON_STRING && row->items[i].type != JSON_NULL) ||
            !backup_tables_param(table->types.ptr[i], json_text(&row->items[i]), &params[i]))
            return refuse(error, "the backup is damaged: a value is not of its column's type");
    if (!backup_digest_add(&loading->copying.digest, table, line, loading->copying.arena))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(sql_execute(transaction, &table->insert, params, row->count, error));
    count_row(&loading->copying);
    return STATUS_OK;
}

static enum status check_end(struct loading *loading, const struct json_value *line,
                             struct error *error)
{
    struct backup_totals *totals = loading->copying.totals;
    int64_t rows;
    backup_digest_format(&loading->copying.digest, totals->digest);
    if (!str_equal(json_text(json_get(line, STR("record"))), STR("END")) ||
        !json_to_int64(json_get(line, STR("rows")), &rows))
        return refuse(error, "the backup is damaged: it has a line that is not known");
    if (rows != totals->rows)
        return error_set(error, STATUS_INVALID_VALUE, STR_NONE, STR_NONE,
                         "the backup is damaged: it has %lld rows and says %lld",
                         (long long)totals->rows, (long long)rows);
    if (!str_equal(json_text(json_get(line, STR("digest"))), str_from_cstr(totals->digest)))
        return refuse(error, "the backup is damaged: its rows are not those of its digest");
    return STATUS_OK;
}

/* Row by row until the last line. */
static enum status load_lines(struct loading *loading, struct sql_transaction *transaction,
                              struct error *error)
{
    struct arena *arena = loading->copying.arena;
    struct arena_mark mark = arena_mark(arena);
    struct str line;
    for (;;) {
        struct json_value *value;
        arena_rewind(arena, mark);
        TRY(read_line(&loading->reader, &line, error));
        if (str_is_none(line))
            return refuse(error, "the backup is cut off: its last line is missing");
        TRY(read_value(line, arena, &value, error));
        if (value->type == JSON_ARRAY)
            TRY(load_row(loading, transaction, value, line, error));
        else if (json_get(value, STR("table")))
            TRY(begin_table(loading, value, error));
        else
            return check_end(loading, value, error);
    }
}

/* The search index is made behind the restore, by the service, as after the migration that brought
 * it. For every tenant a session in this transaction. */
static enum status finish(struct loading *loading, struct sql_session *session, struct error *error)
{
    struct arena *arena = loading->copying.arena;
    struct sql_rows tenants;
    TRY(sql_execute(session->transaction, SQL_BACKUP_LOADED, NULL, 0, error));
    TRY(sql_execute(session->transaction, SQL_RESTORE_MARK_REMOVE, NULL, 0, error));
    TRY(sql_execute(session->transaction, SQL_SEARCH_BACKLOG_FILL, NULL, 0, error));
    TRY(sql_query(session->transaction, SQL_TENANT_LIST, NULL, 0, arena, &tenants, error));
    for (size_t i = 0; i < tenants.row_count; i++)
        TRY(sql_store_run((struct sql_store *)session->base.store, session->transaction,
                          sql_cell(&tenants, i, 0), arena, loading->finish, loading->finish_context,
                          error));
    return STATUS_OK;
}

/* May run again after a conflict. */
static enum status load_body(struct store_session *base, void *context, struct error *error)
{
    struct loading *loading = context;
    struct sql_session *session = sql_session_of(base);
    if (loading->began &&
        (loading->begin < 0 || fseek(loading->reader.file, loading->begin, SEEK_SET) != 0))
        return error_set(error, STATUS_UNAVAILABLE, STR_NONE, STR_NONE,
                         "something else writes the store, and this input cannot be read again");
    loading->began = true;
    *loading->copying.totals = (struct backup_totals){0};
    loading->copying.digest = (struct backup_digest){{0}};
    TRY(backup_tables_read(session->transaction, session->arena, &loading->tables,
                           &loading->table_count, error));
    TRY(lock_empty(loading, session->transaction, error));
    TRY(load_lines(loading, session->transaction, error));
    return finish(loading, session, error);
}

enum status backup_load(struct store *store, FILE *in, store_body *finish_body,
                        void *finish_context, void (*told)(void *, int64_t rows), void *context,
                        struct backup_totals *totals, struct error *error)
{
    struct arena arena;
    struct loading loading = {
        .copying = {.arena = &arena, .told = told, .told_context = context, .totals = totals},
        .reader = {.file = in},
        .begin = ftell(in),
        .finish = finish_body,
        .finish_context = finish_context,
    };
    arena_init(&arena, ARENA_MAX);
    enum status status = store_write(store, SQL_STORE_WHOLE, &arena, load_body, &loading, error);
    free(loading.reader.bytes);
    arena_release(&arena);
    return status;
}
