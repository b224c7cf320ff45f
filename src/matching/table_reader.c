/* See table_reader.h. A chunk is a block of the file that ends with a whole row; what is left of a
 * row at the block's end moves to the front of the next block. */
#include "matching/table_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK_BYTES = 4 << 20, ROW_MAX_BYTES = 64 << 20, COLUMNS_MAX = 1024 };

struct table_reader {
    int file;
    bool at_end;
    bool ends_by_return; /* lines end with CR alone */
    char delimiter;
    uint64_t size_bytes, bytes_read, uneven_rows, line;
    char *rest; /* bytes read but not yet handed out */
    size_t rest_count, rest_capacity;
    struct str *columns;
    size_t column_count;
    char *header_bytes;
};

size_t table_reader_column_count(const struct table_reader *reader)
{
    return reader->column_count;
}

struct str table_reader_column(const struct table_reader *reader, size_t column)
{
    return reader->columns[column];
}

uint64_t table_reader_uneven_rows(const struct table_reader *reader)
{
    return reader->uneven_rows;
}

uint64_t table_reader_bytes_read(const struct table_reader *reader)
{
    return reader->bytes_read;
}

uint64_t table_reader_size_bytes(const struct table_reader *reader)
{
    return reader->size_bytes;
}

void table_chunk_release(struct table_chunk *chunk)
{
    free(chunk->fields);
    free(chunk->bytes);
    *chunk = (struct table_chunk){0};
}

void table_reader_close(struct table_reader *reader)
{
    if (!reader) return;
    if (reader->file > 0) close(reader->file);
    free(reader->rest);
    free(reader->columns);
    free(reader->header_bytes);
    free(reader);
}

/* ------------------------------------------------------------------ rows */

enum row_end { ROW_WHOLE, ROW_CUT, ROW_UNCLOSED };

struct row_cursor {
    char *at, *end;
    bool at_end; /* of the file: the last row needs no line end */
    char delimiter;
};

/* A quoted field from its opening quote on, unescaped in place; *stop is where it ended. */
static enum row_end read_quoted(const struct row_cursor *cursor, char *open, struct str *field,
                                char **stop)
{
    char *in = open + 1, *out = open + 1;
    while (true) {
        char *quote = memchr(in, '"', (size_t)(cursor->end - in));
        if (!quote) return cursor->at_end ? ROW_UNCLOSED : ROW_CUT;
        if (quote + 1 == cursor->end && !cursor->at_end) return ROW_CUT;
        memmove(out, in, (size_t)(quote - in));
        out += quote - in;
        in = quote + 1;
        if (in == cursor->end || *in != '"') break;
        *out++ = '"';
        in++;
    }
    /* Text behind the closing quote is kept as it stands. */
    while (in < cursor->end && *in != cursor->delimiter && *in != '\n') *out++ = *in++;
    if (out > open + 1 && in < cursor->end && *in == '\n' && out[-1] == '\r') out--;
    *field = str_of(open + 1, (size_t)(out - open - 1));
    *stop = in;
    return ROW_WHOLE;
}

static enum row_end read_plain(const struct row_cursor *cursor, char *start, struct str *field,
                               char **stop)
{
    char *in = start;
    char delimiter = cursor->delimiter;
    while (in < cursor->end && *in != delimiter && *in != '\n') in++;
    if (in == cursor->end && !cursor->at_end) return ROW_CUT;
    size_t len = (size_t)(in - start);
    if (len > 0 && (in == cursor->end || *in == '\n') && start[len - 1] == '\r') len--;
    *field = str_of(start, len);
    *stop = in;
    return ROW_WHOLE;
}

/* One row into at most `max` fields; surplus ones are counted but not kept. Quoted fields are
 * only unescaped once the row is known to be whole: a cut row is read again from its start. */
static enum row_end read_row(struct row_cursor *cursor, struct str *fields, size_t max,
                             size_t *count)
{
    char *in = cursor->at;
    *count = 0;
    while (true) {
        struct str field;
        char *stop;
        enum row_end end = in < cursor->end && *in == '"' ? read_quoted(cursor, in, &field, &stop)
                                                          : read_plain(cursor, in, &field, &stop);
        if (end != ROW_WHOLE) return end;
        if (fields && *count < max) fields[*count] = field;
        ++*count;
        in = stop;
        if (in == cursor->end) break;
        if (*in++ == '\n') break;
        if (in == cursor->end && !cursor->at_end) return ROW_CUT;
    }
    cursor->at = in;
    return ROW_WHOLE;
}

/* True when a whole row starts at the cursor: looked at without changing a byte. */
static bool row_is_whole(const struct row_cursor *cursor)
{
    const char *in = cursor->at;
    if (cursor->at_end) return in < cursor->end;
    if (!in) return false;
    const char *line = memchr(in, '\n', (size_t)(cursor->end - in));
    if (!line) return false;
    if (!memchr(in, '"', (size_t)(line - in))) return true;
    bool field_start = true;
    while (in < cursor->end) {
        if (field_start && *in == '"') {
            do {
                in = memchr(in + 1, '"', (size_t)(cursor->end - in - 1));
                if (!in || in + 1 >= cursor->end) return false;
                in++;
            } while (*in == '"');
            field_start = false;
            continue;
        }
        if (*in == '\n') return true;
        field_start = *in == cursor->delimiter;
        in++;
    }
    return false;
}

/* ------------------------------------------------------------------ blocks */

static enum status reserve(char **bytes, size_t *capacity, size_t wanted)
{
    if (wanted <= *capacity) return STATUS_OK;
    char *grown = realloc(*bytes, wanted);
    if (!grown) return STATUS_OUT_OF_MEMORY;
    *bytes = grown;
    *capacity = wanted;
    return STATUS_OK;
}

static void end_lines(char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] == '\r') bytes[i] = '\n';
}

static enum status read_more(struct table_reader *reader, struct table_chunk *chunk, size_t wanted,
                             struct error *error)
{
    if (reserve(&chunk->bytes, &chunk->byte_capacity, chunk->byte_count + wanted) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    while (wanted > 0 && !reader->at_end) {
        ssize_t got = read(reader->file, chunk->bytes + chunk->byte_count, wanted);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return error_set(error, STATUS_IO, STR_NONE, STR_NONE, "the file cannot be read: %s",
                             strerror(errno));
        reader->at_end = got == 0;
        reader->bytes_read += (uint64_t)got;
        if (reader->ends_by_return) end_lines(chunk->bytes + chunk->byte_count, (size_t)got);
        chunk->byte_count += (size_t)got;
        wanted -= (size_t)got;
    }
    return STATUS_OK;
}

static enum status keep_rest(struct table_reader *reader, const char *from, size_t count,
                             struct error *error)
{
    if (reserve(&reader->rest, &reader->rest_capacity, count ? count : 1) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (from && count) memcpy(reader->rest, from, count);
    reader->rest_count = count;
    return STATUS_OK;
}

static enum status grow_fields(struct table_chunk *chunk, size_t wanted, struct error *error)
{
    if (wanted <= chunk->field_capacity) return STATUS_OK;
    size_t capacity = chunk->field_capacity ? chunk->field_capacity * 2 : 1 << 16;
    if (capacity < wanted) capacity = wanted;
    struct str *grown = realloc(chunk->fields, capacity * sizeof *grown);
    if (!grown) return error_plain(error, STATUS_OUT_OF_MEMORY);
    chunk->fields = grown;
    chunk->field_capacity = capacity;
    return STATUS_OK;
}

static bool is_blank(const struct str *fields, size_t count)
{
    return count == 1 && fields[0].len == 0;
}

static enum status split_rows(struct table_reader *reader, struct table_chunk *chunk,
                              struct row_cursor *cursor, struct error *error)
{
    size_t columns = reader->column_count;
    while (row_is_whole(cursor)) {
        TRY(grow_fields(chunk, (chunk->row_count + 1) * columns, error));
        struct str *row = chunk->fields + chunk->row_count * columns;
        size_t count = 0;
        reader->line++;
        if (read_row(cursor, row, columns, &count) != ROW_WHOLE)
            return error_set(error, STATUS_MALFORMED_CSV, STR_NONE, STR_NONE,
                             "row %llu: a quoted field is not closed",
                             (unsigned long long)reader->line);
        if (is_blank(row, count) && columns > 1) continue;
        if (count != columns) reader->uneven_rows++;
        for (; count < columns; count++) row[count] = STR("");
        chunk->row_count++;
    }
    return STATUS_OK;
}

enum status table_reader_next(struct table_reader *reader, struct table_chunk *chunk,
                              struct error *error)
{
    chunk->row_count = chunk->byte_count = 0;
    if (reserve(&chunk->bytes, &chunk->byte_capacity, reader->rest_count + BLOCK_BYTES) !=
        STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (reader->rest_count) memcpy(chunk->bytes, reader->rest, reader->rest_count);
    chunk->byte_count = reader->rest_count;
    reader->rest_count = 0;
    while (true) {
        TRY(read_more(reader, chunk, BLOCK_BYTES, error));
        struct row_cursor cursor = {chunk->bytes, chunk->bytes + chunk->byte_count, reader->at_end,
                                    reader->delimiter};
        if (!row_is_whole(&cursor) && !reader->at_end) {
            if (chunk->byte_count <= ROW_MAX_BYTES) continue;
            return error_set(error, STATUS_MALFORMED_CSV, STR_NONE, STR_NONE,
                             "row %llu has more than 64 MB: is a quote not closed?",
                             (unsigned long long)reader->line + 1);
        }
        TRY(split_rows(reader, chunk, &cursor, error));
        return keep_rest(reader, cursor.at, (size_t)(cursor.end - cursor.at), error);
    }
}

/* ------------------------------------------------------------------ header */

static char find_delimiter(struct str line)
{
    static const char candidates[] = {',', ';', '\t', '|'};
    char best = ',';
    size_t most = 0;
    for (size_t c = 0; c < sizeof candidates; c++) {
        size_t count = 0;
        bool quoted = false;
        for (size_t i = 0; i < line.len && (quoted || line.ptr[i] != '\n'); i++) {
            if (line.ptr[i] == '"') quoted = !quoted;
            count += !quoted && line.ptr[i] == candidates[c];
        }
        if (count > most) {
            most = count;
            best = candidates[c];
        }
    }
    return best;
}

/* How much stands before the header: a byte order mark, the line in which a spreadsheet names the
 * separator, empty lines. */
static size_t header_begin(struct str text)
{
    struct str rest = text;
    if (str_starts_with(rest, STR("\xEF\xBB\xBF"))) rest = str_skip(rest, 3);
    ptrdiff_t line = str_starts_with(rest, STR("sep=")) ? str_find_char(rest, '\n') : -1;
    rest = str_skip(rest, (size_t)(line + 1));
    while (rest.len > 0 && (rest.ptr[0] == '\n' || rest.ptr[0] == '\r')) rest = str_skip(rest, 1);
    return text.len - rest.len;
}

/* What the first bytes tell of the file's form. */
static enum status read_first(struct table_reader *reader, struct table_chunk *first,
                              struct error *error)
{
    bool is_new = first->byte_count == 0;
    TRY(read_more(reader, first, BLOCK_BYTES, error));
    struct str text = str_of(first->bytes, first->byte_count);
    if (is_new && str_find_char(text, '\n') < 0 && str_find_char(text, '\r') >= 0) {
        reader->ends_by_return = true;
        end_lines(first->bytes, first->byte_count);
    }
    if (str_starts_with(text, STR("\xFF\xFE")) || str_starts_with(text, STR("\xFE\xFF")))
        return error_set(error, STATUS_MALFORMED_CSV, STR_NONE, STR("UTF-8"),
                         "the file is in UTF-16");
    return STATUS_OK;
}

static enum status read_header(struct table_reader *reader, struct error *error)
{
    struct table_chunk first = {0};
    enum status status = STATUS_OK;
    struct row_cursor cursor;
    do {
        status = read_first(reader, &first, error);
        size_t skip = header_begin(str_of(first.bytes, first.byte_count));
        cursor = (struct row_cursor){first.bytes + skip, first.bytes + first.byte_count,
                                     reader->at_end, ','};
        reader->delimiter = cursor.delimiter =
            find_delimiter(str_of(cursor.at, (size_t)(cursor.end - cursor.at)));
    } while (status == STATUS_OK && !row_is_whole(&cursor) && !reader->at_end &&
             first.byte_count <= ROW_MAX_BYTES);
    reader->columns = calloc(COLUMNS_MAX, sizeof *reader->columns);
    if (!reader->columns) status = error_plain(error, STATUS_OUT_OF_MEMORY);
    if (status == STATUS_OK &&
        (cursor.at == cursor.end ||
         read_row(&cursor, reader->columns, COLUMNS_MAX, &reader->column_count) != ROW_WHOLE))
        status = error_set(error, STATUS_MALFORMED_CSV, STR_NONE, STR_NONE,
                           "the file has no header row");
    if (status == STATUS_OK && reader->column_count > COLUMNS_MAX)
        status = error_set(error, STATUS_MALFORMED_CSV, STR_NONE, STR_NONE,
                           "the file has more than %d columns", COLUMNS_MAX);
    if (status == STATUS_OK)
        status = keep_rest(reader, cursor.at, (size_t)(cursor.end - cursor.at), error);
    reader->line = 1;
    reader->header_bytes = first.bytes;
    free(first.fields);
    return status;
}

enum status table_reader_open(const char *path, struct table_reader **reader, struct error *error)
{
    *reader = calloc(1, sizeof **reader);
    if (!*reader) return error_plain(error, STATUS_OUT_OF_MEMORY);
    (*reader)->file = strcmp(path, "-") == 0 ? dup(0) : open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    enum status status = STATUS_OK;
    if ((*reader)->file < 0 || fstat((*reader)->file, &about) != 0)
        status = error_set(error, STATUS_IO, STR_NONE, STR_NONE, "%s: %s", path, strerror(errno));
    else if (S_ISDIR(about.st_mode))
        status = error_set(error, STATUS_IO, STR_NONE, STR_NONE, "%s is a folder", path);
    else
        (*reader)->size_bytes = S_ISREG(about.st_mode) ? (uint64_t)about.st_size : 0;
    if (status == STATUS_OK) status = read_header(*reader, error);
    if (status != STATUS_OK) {
        table_reader_close(*reader);
        *reader = NULL;
    }
    return status;
}
