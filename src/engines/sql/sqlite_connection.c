#include "engines/sql/sqlite_connection.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/hex.h"

enum {
    SCRATCH_BYTES_MAX = 64 * 1024 * 1024,
    PAGE_BYTES = 4096,
    WRITER_CACHE_KIB = 64 * 1024,
    READER_CACHE_KIB = 32 * 1024, /* the inner pages of some million customers */
    ROWS_FIRST = 4,
};

static const char *const control_texts[CONTROL_COUNT] = {
    [CONTROL_BEGIN] = "begin",
    [CONTROL_BEGIN_IMMEDIATE] = "begin immediate",
    [CONTROL_COMMIT] = "commit",
    [CONTROL_ROLLBACK] = "rollback",
    [CONTROL_SAVEPOINT] = "savepoint body",
    [CONTROL_RELEASE] = "release body",
    [CONTROL_ROLLBACK_TO] = "rollback to body",
};

/* --- what went wrong --- */

static enum status status_of_code(int code, enum status conflict)
{
    static const struct {
        int code;
        enum status status;
    } meanings[] = {
        {SQLITE_FULL, STATUS_STORE_FULL},
        {SQLITE_CORRUPT, STATUS_STORE_CORRUPT},
        {SQLITE_NOTADB, STATUS_STORE_CORRUPT},
        {SQLITE_READONLY, STATUS_STORE_READ_ONLY},
        {SQLITE_PERM, STATUS_STORE_READ_ONLY},
        {SQLITE_IOERR, STATUS_IO},
        {SQLITE_CANTOPEN, STATUS_IO},
        {SQLITE_NOMEM, STATUS_OUT_OF_MEMORY},
        {SQLITE_BUSY, STATUS_UNAVAILABLE},
        {SQLITE_LOCKED, STATUS_UNAVAILABLE},
        {SQLITE_INTERRUPT, STATUS_UNAVAILABLE},
        {SQLITE_TOOBIG, STATUS_LIMIT_EXCEEDED},
        {SQLITE_SCHEMA, STATUS_SCHEMA_MISMATCH},
    };
    if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY) return conflict;
    for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
        if ((code & 0xff) == meanings[i].code) return meanings[i].status;
    return STATUS_INTERNAL;
}

/* SQLite's sentence for the code, never that for the statement: that may quote data. */
static enum status fail(struct sqlite_connection *connection, struct str what, enum status conflict,
                        struct error *error)
{
    int code = sqlite3_extended_errcode(connection->db);
    enum status status = status_of_code(code, conflict);
    if (status == conflict) return error_plain(error, status);
    return error_set(error, status, STR_NONE, STR_NONE, "SQLite, %.*s: %s (%d)", STR_ARGS(what),
                     sqlite3_errstr(code), code);
}

/* --- opening --- */

static enum status set_up(struct sqlite_connection *connection,
                          const struct sqlite_options *options, enum sqlite_role role,
                          struct error *error)
{
    char text[512];
    bool writer = role == CONNECTION_WRITER;
    sqlite3_snprintf(sizeof(text), text,
                     "pragma page_size = %d; pragma journal_mode = wal; pragma synchronous = full;"
                     "pragma wal_autocheckpoint = 0; pragma temp_store = memory;"
                     "pragma secure_delete = fast; pragma foreign_keys = off;"
                     "pragma mmap_size = %lld; pragma cache_size = -%d; pragma query_only = %d",
                     PAGE_BYTES, (long long)options->mmap_bytes,
                     writer ? WRITER_CACHE_KIB : READER_CACHE_KIB, writer ? 0 : 1);
    TRY(sqlite_connection_script(connection, str_from_cstr(text), error));
    sqlite3_db_config(connection->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, writer ? 0 : 1, NULL);
    sqlite3_db_config(connection->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(connection->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return STATUS_OK;
}

/* SQLite's own sentence names neither the file nor the reason. */
static enum status fail_to_open(struct sqlite_connection *connection, const char *path,
                                struct error *error)
{
    if (!connection->db) return error_plain(error, STATUS_OUT_OF_MEMORY);
    struct stat found;
    bool is_folder = stat(path, &found) == 0 && S_ISDIR(found.st_mode);
    int reason = is_folder ? EISDIR : sqlite3_system_errno(connection->db);
    if (reason == 0) return fail(connection, STR("open"), STATUS_INTERNAL, error);
    return error_set(error, STATUS_INTERNAL, STR_NONE,
                     STR("sqlite:PATH of a file that can be written"),
                     "the store %s cannot be opened: %s", path, strerror(reason));
}

/* Counting its memory takes SQLite a lock of the whole process at every allocation, and nobody
 * asks. Refused once SQLite runs, so that it comes before the first connection of all. */
static void forgo_memory_statistics(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

enum status sqlite_connection_open(struct sqlite_connection *connection,
                                   const struct sqlite_options *options, enum sqlite_role role,
                                   bool create, struct error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, forgo_memory_statistics);
    *connection = (struct sqlite_connection){0};
    arena_init(&connection->scratch, SCRATCH_BYTES_MAX);
    char *path = arena_cstr(&connection->scratch, options->path);
    if (!path) return error_plain(error, STATUS_OUT_OF_MEMORY);

    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
    if (sqlite3_open_v2(path, &connection->db, flags, NULL) != SQLITE_OK) {
        enum status status = fail_to_open(connection, path, error);
        sqlite_connection_close(connection);
        return status;
    }
    arena_reset(&connection->scratch);
    sqlite3_extended_result_codes(connection->db, 1);
    sqlite3_busy_timeout(connection->db, (int)options->busy_timeout_ms);
    enum status status = set_up(connection, options, role, error);
    if (status != STATUS_OK) sqlite_connection_close(connection);
    return status;
}

void sqlite_connection_close(struct sqlite_connection *connection)
{
    for (size_t i = 0; i < CONTROL_COUNT; i++) sqlite3_finalize(connection->controls[i]);
    for (size_t i = 0; i < connection->statement_count; i++)
        sqlite3_finalize(connection->statements[i]);
    free(connection->statements);
    sqlite3_close(connection->db);
    arena_release(&connection->scratch);
    *connection = (struct sqlite_connection){0};
}

enum status sqlite_lock_file(struct str path, int *fd, struct error *error)
{
    char name[4096];
    sqlite3_snprintf(sizeof(name), name, "%.*s.lock", STR_ARGS(path));
    int lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) {
        bool denied = errno == EACCES || errno == EROFS;
        return error_set(error, denied ? STATUS_STORE_READ_ONLY : STATUS_IO, STR_NONE, STR_NONE,
                         "%s, the lock file beside the store, cannot be opened: %s", name,
                         strerror(errno));
    }
    if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
        close(lock);
        return error_plain(error, STATUS_STORE_IN_USE);
    }
    *fd = lock;
    return STATUS_OK;
}

bool sqlite_is_in_use(struct str path)
{
    char name[4096];
    sqlite3_snprintf(sizeof(name), name, "%.*s.lock", STR_ARGS(path));
    int lock = open(name, O_RDONLY | O_CLOEXEC);
    if (lock < 0) return false;
    bool in_use = flock(lock, LOCK_SH | LOCK_NB) != 0;
    close(lock);
    return in_use;
}

/* --- statements --- */

enum status sqlite_connection_script(struct sqlite_connection *connection, struct str text,
                                     struct error *error)
{
    struct arena_mark mark = arena_mark(&connection->scratch);
    char *script = arena_cstr(&connection->scratch, text);
    if (!script) return error_plain(error, STATUS_OUT_OF_MEMORY);
    int code = sqlite3_exec(connection->db, script, NULL, NULL, NULL);
    arena_rewind(&connection->scratch, mark);
    if (code == SQLITE_OK) return STATUS_OK;
    return fail(connection, STR("script"), STATUS_INTERNAL, error);
}

enum status sqlite_connection_control(struct sqlite_connection *connection,
                                      enum sqlite_control control, struct error *error)
{
    sqlite3_stmt **statement = &connection->controls[control];
    struct str what = str_from_cstr(control_texts[control]);
    if (!*statement && sqlite3_prepare_v3(connection->db, what.ptr, -1, SQLITE_PREPARE_PERSISTENT,
                                          statement, NULL) != SQLITE_OK)
        return fail(connection, what, STATUS_INTERNAL, error);
    int code = sqlite3_step(*statement);
    enum status status =
        code == SQLITE_DONE ? STATUS_OK : fail(connection, what, STATUS_INTERNAL, error);
    sqlite3_reset(*statement);
    return status;
}

static bool make_room(struct sqlite_connection *connection, size_t index)
{
    if (index < connection->statement_count) return true;
    size_t count = index + 32;
    sqlite3_stmt **grown = realloc(connection->statements, count * sizeof(*grown));
    if (!grown) return false;
    memset(grown + connection->statement_count, 0,
           (count - connection->statement_count) * sizeof(*grown));
    connection->statements = grown;
    connection->statement_count = count;
    return true;
}

static enum status prepare(struct sqlite_connection *connection,
                           const struct sql_statement *statement, sqlite3_stmt **out,
                           struct error *error)
{
    if (!make_room(connection, statement->index)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    sqlite3_stmt **prepared = &connection->statements[statement->index];
    if (!*prepared) {
        int code =
            sqlite3_prepare_v3(connection->db, statement->sqlite.ptr, (int)statement->sqlite.len,
                               SQLITE_PREPARE_PERSISTENT, prepared, NULL);
        /* The texts are tested: what cannot be prepared does not fit the tables that are there. */
        if (code == SQLITE_ERROR)
            return error_set(error, STATUS_SCHEMA_MISMATCH, STR_NONE, STR_NONE,
                             "the store's schema does not fit statement %.*s",
                             STR_ARGS(statement->name));
        if (code != SQLITE_OK) return fail(connection, statement->name, STATUS_INTERNAL, error);
    }
    *out = *prepared;
    return STATUS_OK;
}

/* --- parameters --- */

static void append_json_string(struct buffer *out, struct str text)
{
    buffer_append_char(out, '"');
    size_t start = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        buffer_append(out, str_of(text.ptr + start, i - start));
        char escape[6] = {'\\', 'u', '0', '0', hex_digits[c >> 4], hex_digits[c & 15]};
        buffer_append(out, str_of(escape, sizeof(escape)));
        start = i + 1;
    }
    buffer_append(out, str_skip(text, start));
    buffer_append_char(out, '"');
}

static struct str json_array(struct arena *scratch, const struct sql_value *value)
{
    struct buffer out = {.arena = scratch};
    buffer_append_char(&out, '[');
    for (size_t i = 0; i < value->array_count; i++) {
        if (i > 0) buffer_append_char(&out, ',');
        append_json_string(&out, value->array[i]);
    }
    buffer_append_char(&out, ']');
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

/* Texts stay where they are: the statement is reset before the caller goes on. */
static int bind_value(struct sqlite_connection *connection, sqlite3_stmt *prepared, int position,
                      const struct sql_value *value)
{
    struct str text = value->text;
    switch (value->type) {
    case SQL_NULL:
        return sqlite3_bind_null(prepared, position);
    case SQL_INT64:
        return sqlite3_bind_int64(prepared, position, value->integer);
    case SQL_BYTES:
        return sqlite3_bind_blob64(prepared, position, text.ptr ? text.ptr : "", text.len,
                                   SQLITE_STATIC);
    case SQL_INT64_ARRAY:
        return SQLITE_MISUSE;
    case SQL_TEXT_ARRAY:
        text = json_array(&connection->scratch, value);
        if (str_is_none(text)) return SQLITE_NOMEM;
        break;
    case SQL_TEXT:
        break;
    }
    return sqlite3_bind_text64(prepared, position, text.ptr, text.len, SQLITE_STATIC, SQLITE_UTF8);
}

/* --- rows --- */

struct collector {
    sqlite3_stmt *prepared;
    struct arena *arena;
    struct sql_rows *rows;
    size_t row_capacity;
};

static bool grow_rows(struct collector *collector)
{
    struct sql_rows *rows = collector->rows;
    size_t capacity = collector->row_capacity ? collector->row_capacity * 2 : ROWS_FIRST;
    size_t row_bytes = rows->column_count * sizeof(*rows->cells);
    struct str *cells = arena_realloc(collector->arena, rows->cells,
                                      collector->row_capacity * row_bytes, capacity * row_bytes);
    if (!cells) return false;
    rows->cells = cells;
    collector->row_capacity = capacity;
    return true;
}

static bool collect_cell(struct collector *collector, int column, struct str *cell)
{
    sqlite3_stmt *prepared = collector->prepared;
    int type = sqlite3_column_type(prepared, column);
    *cell = STR_NONE;
    if (type == SQLITE_NULL) return true;
    const char *bytes = type == SQLITE_BLOB ? sqlite3_column_blob(prepared, column)
                                            : (const char *)sqlite3_column_text(prepared, column);
    size_t length = (size_t)sqlite3_column_bytes(prepared, column);
    if (!bytes && length > 0) return false;
    *cell = arena_str(collector->arena, str_of(bytes ? bytes : "", length));
    return !str_is_none(*cell);
}

static bool collect_row(struct collector *collector)
{
    struct sql_rows *rows = collector->rows;
    if (rows->row_count == collector->row_capacity && !grow_rows(collector)) return false;
    struct str *cells = rows->cells + rows->row_count * rows->column_count;
    for (size_t i = 0; i < rows->column_count; i++)
        if (!collect_cell(collector, (int)i, &cells[i])) return false;
    rows->row_count++;
    return true;
}

static enum status run(struct sqlite_connection *connection, const struct sql_statement *statement,
                       sqlite3_stmt *prepared, struct arena *arena, struct sql_rows *rows,
                       struct error *error)
{
    struct collector collector = {.prepared = prepared, .arena = arena, .rows = rows};
    if (rows) *rows = (struct sql_rows){.column_count = (size_t)sqlite3_column_count(prepared)};
    int code;
    while ((code = sqlite3_step(prepared)) == SQLITE_ROW)
        if (rows && !collect_row(&collector)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (code != SQLITE_DONE) return fail(connection, statement->name, statement->conflict, error);
    if (rows) rows->affected = sqlite3_changes64(connection->db);
    return STATUS_OK;
}

enum status sqlite_connection_query(struct sqlite_connection *connection,
                                    const struct sql_statement *statement,
                                    const struct sql_value *params, size_t count,
                                    struct arena *arena, struct sql_rows *rows, struct error *error)
{
    sqlite3_stmt *prepared = NULL;
    if (str_is_none(statement->sqlite)) return STATUS_OK; /* a lock that one writer needs not */
    TRY(prepare(connection, statement, &prepared, error));
    int code = SQLITE_OK;
    for (size_t i = 0; i < count && code == SQLITE_OK; i++)
        code = bind_value(connection, prepared, (int)i + 1, &params[i]);
    enum status status = code == SQLITE_OK
                             ? run(connection, statement, prepared, arena, rows, error)
                             : error_set(error, status_of_code(code, STATUS_INTERNAL), STR_NONE,
                                         STR_NONE, "SQLite, %.*s: a parameter cannot be bound (%d)",
                                         STR_ARGS(statement->name), code);
    sqlite3_reset(prepared);
    if (connection->scratch.used_bytes > 0) arena_reset(&connection->scratch);
    return status;
}
