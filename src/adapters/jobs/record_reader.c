#include "adapters/jobs/record_reader.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"

enum {
    POLL_MS = 200,
    PIECE_BYTES = 256 << 10,
    LINE_MAX_BYTES = 1 << 20,
    READER_ARENA_MAX = 16 << 20,
    ROW_ROOM_BYTES = 48 << 20, /* for what one more row may need */
    ORIGINAL_MAX = 4096
};

struct record_reader {
    int descriptor;
    enum record_form form;
    const struct mapping_rules *rules;
    _Atomic bool stop;
    struct arena arena;
    char *piece;
    int64_t bytes_read;
    bool end_of_stream;
    /* CSV */
    struct csv_reader csv;
    struct record_mapping *mapping; /* NULL until the header was read */
    /* NDJSON: the bytes that are no whole line yet */
    char *pending;
    size_t pending_at, pending_len;
    int64_t line;
    bool skipping; /* the rest of a line that is too long */
    bool restore;
    /* What was seen, and what is passed over. */
    int64_t rows, known_rows;
    uint64_t digest, known_digest;
};

enum status record_batch_init(struct record_batch *batch, size_t capacity, size_t full_bytes,
                              struct error *error)
{
    *batch = (struct record_batch){.capacity = capacity, .full_bytes = full_bytes};
    arena_init(&batch->arena, full_bytes + ROW_ROOM_BYTES);
    batch->records = calloc(capacity, sizeof(*batch->records));
    batch->lines = calloc(capacity, sizeof(*batch->lines));
    batch->rows = calloc(capacity, sizeof(*batch->rows));
    batch->refused = calloc(capacity, sizeof(*batch->refused));
    batch->originals = calloc(capacity, sizeof(*batch->originals));
    if (batch->records && batch->lines && batch->rows && batch->refused && batch->originals)
        return STATUS_OK;
    record_batch_release(batch);
    return error_plain(error, STATUS_OUT_OF_MEMORY);
}

void record_batch_release(struct record_batch *batch)
{
    arena_release(&batch->arena);
    free(batch->records);
    free(batch->lines);
    free(batch->rows);
    free(batch->refused);
    free(batch->originals);
    *batch = (struct record_batch){.capacity = 0};
}

struct record_reader *record_reader_new(int descriptor, enum record_form form,
                                        const struct mapping_rules *rules)
{
    struct record_reader *reader = calloc(1, sizeof(*reader));
    if (!reader) return NULL;
    reader->descriptor = descriptor;
    reader->form = form;
    reader->rules = rules;
    arena_init(&reader->arena, READER_ARENA_MAX);
    reader->piece = malloc(PIECE_BYTES);
    reader->pending = malloc(LINE_MAX_BYTES + PIECE_BYTES);
    if (!reader->piece || !reader->pending) {
        record_reader_free(reader);
        return NULL;
    }
    return reader;
}

void record_reader_free(struct record_reader *reader)
{
    if (!reader) return;
    arena_release(&reader->arena);
    free(reader->piece);
    free(reader->pending);
    free(reader);
}

/* --- the stream --- */

void record_reader_stop(struct record_reader *reader)
{
    atomic_store(&reader->stop, true);
}

/* Waits for the stream in short steps, so that a stop is seen while nobody writes into the pipe. */
static void wait_for_bytes(struct record_reader *reader)
{
    struct pollfd wait = {.fd = reader->descriptor, .events = POLLIN};
    while (!atomic_load(&reader->stop) && poll(&wait, 1, POLL_MS) == 0) {
    }
}

static enum status read_piece(struct record_reader *reader, struct str *piece, struct error *error)
{
    ssize_t got = 0;
    wait_for_bytes(reader);
    if (atomic_load(&reader->stop)) return error_plain(error, STATUS_IO);
    do {
        got = read(reader->descriptor, reader->piece, PIECE_BYTES);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_set(error, STATUS_IO, STR(""), STR(""), "the input cannot be read: %s",
                         strerror(errno));
    reader->end_of_stream = got == 0;
    reader->bytes_read += got;
    *piece = str_of(reader->piece, (size_t)got);
    return STATUS_OK;
}

static bool is_full(const struct record_batch *batch)
{
    return batch->count + batch->refused_count >= batch->capacity ||
           batch->arena.used_bytes > batch->full_bytes;
}

/* --- what was seen --- */

void record_reader_resume(struct record_reader *reader, int64_t rows, uint64_t digest)
{
    reader->known_rows = rows;
    reader->known_digest = digest;
}

static void digest_text(struct record_reader *reader, struct str text)
{
    reader->digest = hash_bytes((struct hash_key){reader->digest, text.len}, text);
}

static enum status refuse_stream(struct error *error)
{
    return error_set(error, STATUS_INVALID_VALUE, STR("FILE"), STR("the file that it began with"),
                     "the file is another one than the import began with");
}

/* Counts a row; *known when it was read before and is passed over. */
static enum status see_row(struct record_reader *reader, bool *known, struct error *error)
{
    *known = reader->rows < reader->known_rows;
    reader->rows++;
    if (reader->rows != reader->known_rows || reader->digest == reader->known_digest)
        return STATUS_OK;
    return refuse_stream(error);
}

static enum status check_end(const struct record_reader *reader, struct error *error)
{
    return reader->rows < reader->known_rows ? refuse_stream(error) : STATUS_OK;
}

struct str record_original_text(const struct record_original *original, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct csv_writer writer = {.out = &out};
    if (!str_is_none(original->line)) return original->line;
    csv_write_row(&writer, original->cells, original->count);
    return buffer_failed(&out) ? STR_NONE : str_trim(buffer_str(&out));
}

/* A copy that can be shown, whatever its bytes. */
static struct str shown(struct str bytes, struct arena *arena)
{
    if (bytes.len > ORIGINAL_MAX) bytes.len = ORIGINAL_MAX;
    char *copy = arena_alloc(arena, bytes.len);
    if (!copy) return STR_NONE;
    bool utf8 = str_is_utf8(bytes);
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char byte = (unsigned char)bytes.ptr[i];
        copy[i] = byte == 0 || (byte >= 0x80 && !utf8) ? '?' : bytes.ptr[i];
    }
    return str_of(copy, bytes.len);
}

static enum status refuse_row(struct record_reader *reader, struct record_batch *batch, int64_t row,
                              struct str original, const struct error *why, struct error *error)
{
    bool known;
    TRY(see_row(reader, &known, error));
    if (known) return STATUS_OK;
    struct refused_row *refused = &batch->refused[batch->refused_count++];
    *refused =
        (struct refused_row){.row = row, .error = *why, .original = shown(original, &batch->arena)};
    return str_is_none(refused->original) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

/* --- CSV --- */

static enum status take_header(struct record_reader *reader, const struct csv_row *row,
                               struct error *error)
{
    return record_mapping_new(reader->rules, row->fields, row->count, &reader->arena,
                              &reader->mapping, error);
}

static enum status take_row(struct record_reader *reader, struct record_batch *batch,
                            const struct csv_row *row, struct error *error)
{
    if (!reader->mapping) return take_header(reader, row, error);
    bool known;
    for (size_t i = 0; i < row->count; i++) digest_text(reader, row->fields[i]);
    TRY(see_row(reader, &known, error));
    if (known) return STATUS_OK;
    struct import_record *record = &batch->records[batch->count];
    struct json_value *body;
    *record = (struct import_record){.observed_at = INSTANT_NONE};
    batch->originals[batch->count] =
        (struct record_original){.cells = row->fields, .count = row->count};
    TRY(record_mapping_row(reader->mapping, row->fields, row->count, &batch->arena, &body,
                           &record->source_key, error));
    record->body = body;
    batch->rows[batch->count++] = (int64_t)row->number;
    return STATUS_OK;
}

static enum status take_event(struct record_reader *reader, struct record_batch *batch,
                              enum csv_event event, const struct csv_row *row,
                              struct error *row_error, struct error *error)
{
    if (event == CSV_ROW) return take_row(reader, batch, row, error);
    if (event == CSV_BAD_ROW && reader->mapping) {
        digest_text(reader, STR("")); /* its bytes may depend on how the stream came */
        return refuse_row(reader, batch, (int64_t)row->number, row->raw, row_error, error);
    }
    if (error) *error = *row_error; /* nothing can be read, or not even the header */
    return row_error->status;
}

static enum status feed_csv(struct record_reader *reader, struct error *error)
{
    struct str piece = STR("");
    TRY(read_piece(reader, &piece, error));
    if (reader->end_of_stream) {
        csv_reader_finish(&reader->csv);
        return STATUS_OK;
    }
    enum status status = csv_reader_feed(&reader->csv, piece);
    return status == STATUS_OK ? status : error_plain(error, status);
}

static enum status fill_csv(struct record_reader *reader, struct record_batch *batch,
                            struct error *error)
{
    while (!is_full(batch)) {
        struct csv_row row;
        struct error row_error = {.status = STATUS_OK};
        enum csv_event event = csv_reader_next(&reader->csv, &batch->arena, &row, &row_error);
        if (event == CSV_END) {
            if (!reader->mapping)
                return error_set(error, STATUS_MALFORMED_CSV, STR(""),
                                 STR("a row that names the columns, and rows below it"),
                                 "the file is empty");
            batch->end = true;
            return check_end(reader, error);
        }
        if (event == CSV_MORE)
            TRY(feed_csv(reader, error));
        else
            TRY(take_event(reader, batch, event, &row, &row_error, error));
    }
    return STATUS_OK;
}

struct str record_reader_column(const struct record_reader *reader, struct str field)
{
    if (reader->mapping) return record_mapping_column(reader->mapping, field);
    for (size_t i = 0; i < reader->rules->map_count; i++)
        if (record_mapping_is_under(field, reader->rules->maps[i].field))
            return reader->rules->maps[i].column;
    return STR_NONE;
}

/* --- NDJSON --- */

/* The next whole line; false when more bytes are needed, or at the end of the stream. */
static bool next_line(struct record_reader *reader, struct str *line)
{
    const char *from = reader->pending + reader->pending_at;
    size_t len = reader->pending_len - reader->pending_at;
    const char *end = memchr(from, '\n', len);
    if (!end && (!reader->end_of_stream || len == 0)) return false;
    *line = str_of(from, end ? (size_t)(end - from) : len);
    reader->pending_at += line->len + (end ? 1 : 0);
    return true;
}

static enum status feed_lines(struct record_reader *reader, struct error *error)
{
    size_t rest = reader->pending_len - reader->pending_at;
    memmove(reader->pending, reader->pending + reader->pending_at, rest);
    reader->pending_at = 0;
    reader->pending_len = rest;
    if (rest >= LINE_MAX_BYTES) { /* too long: dropped up to its end, and reported there */
        reader->skipping = true;
        reader->pending_len = 0;
    }
    struct str piece = STR("");
    TRY(read_piece(reader, &piece, error));
    memcpy(reader->pending + reader->pending_len, piece.ptr, piece.len);
    reader->pending_len += piece.len;
    return STATUS_OK;
}

static bool is_export_header(const struct json_value *object)
{
    return str_equal(json_text(json_get(object, STR("record"))), STR("HEADER"));
}

/* A line of an export goes as it is; a record through the mapping. */
static enum status take_object(struct record_reader *reader, struct record_batch *batch,
                               const struct json_value *object, struct error *row_error)
{
    if (reader->line == 1 && is_export_header(object)) reader->restore = true;
    if (reader->restore) {
        batch->lines[batch->count] = object;
    } else {
        struct import_record *record = &batch->records[batch->count];
        struct json_value *body;
        *record = (struct import_record){.observed_at = INSTANT_NONE};
        TRY(record_mapping_object(reader->rules, object, &batch->arena, &body, &record->source_key,
                                  row_error));
        record->body = body;
    }
    batch->rows[batch->count++] = reader->line;
    return STATUS_OK;
}

static enum status take_line(struct record_reader *reader, struct record_batch *batch,
                             struct str line, struct error *error)
{
    struct error row_error;
    reader->line++;
    if (reader->skipping) {
        reader->skipping = false;
        (void)error_set(&row_error, STATUS_LIMIT_EXCEEDED, STR(""), STR("a line under 1 MiB"),
                        "the line is too long");
        digest_text(reader, STR(""));
        return refuse_row(reader, batch, reader->line, line, &row_error, error);
    }
    struct str kept = arena_str(&batch->arena, str_trim(line));
    struct json_value *object;
    if (str_is_none(kept)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (kept.len == 0) return STATUS_OK;
    digest_text(reader, kept);
    if (reader->rows < reader->known_rows) { /* read before: what it says does not matter */
        bool known;
        return see_row(reader, &known, error);
    }
    enum status status = json_parse(kept, &batch->arena, &object, &row_error);
    if (status == STATUS_OK) status = take_object(reader, batch, object, &row_error);
    if (status == STATUS_OUT_OF_MEMORY) return error_plain(error, status);
    if (status != STATUS_OK)
        return refuse_row(reader, batch, reader->line, kept, &row_error, error);
    batch->originals[batch->count - 1] = (struct record_original){.line = kept};
    reader->rows++;
    return STATUS_OK;
}

static enum status fill_lines(struct record_reader *reader, struct record_batch *batch,
                              struct error *error)
{
    while (!is_full(batch)) {
        struct str line;
        if (next_line(reader, &line)) {
            TRY(take_line(reader, batch, line, error));
        } else if (reader->end_of_stream) {
            batch->end = true;
            return check_end(reader, error);
        } else {
            TRY(feed_lines(reader, error));
        }
    }
    return STATUS_OK;
}

/* --- either --- */

/* Looks at the first piece and gives it to the parser of its form. */
static enum status begin(struct record_reader *reader, struct error *error)
{
    struct str piece = STR("");
    TRY(read_piece(reader, &piece, error));
    struct str text = piece; /* past a byte order mark, which CSV takes care of itself */
    if (str_starts_with(text, STR("\xef\xbb\xbf"))) text = str_skip(text, 3);
    if (reader->form == RECORD_FORM_DETECT) {
        struct str first = str_trim(text);
        reader->form = first.len > 0 && first.ptr[0] == '{' ? RECORD_FORM_NDJSON : RECORD_FORM_CSV;
    }
    if (reader->form == RECORD_FORM_NDJSON) {
        memcpy(reader->pending, text.ptr, text.len);
        reader->pending_len = text.len;
        return STATUS_OK;
    }
    csv_reader_init(&reader->csv,
                    (struct csv_options){.same_width = true,
                                         .encoding = reader->rules->encoding,
                                         .separator = reader->rules->separator},
                    &reader->arena);
    enum status status = csv_reader_feed(&reader->csv, piece);
    if (reader->end_of_stream) csv_reader_finish(&reader->csv);
    return status == STATUS_OK ? status : error_plain(error, status);
}

enum status record_reader_fill(struct record_reader *reader, struct record_batch *batch,
                               struct error *error)
{
    arena_reset(&batch->arena);
    batch->count = batch->refused_count = 0;
    batch->end = false;
    if (reader->bytes_read == 0 && !reader->end_of_stream) TRY(begin(reader, error));
    TRY(reader->form == RECORD_FORM_CSV ? fill_csv(reader, batch, error)
                                        : fill_lines(reader, batch, error));
    batch->restore = reader->restore;
    batch->bytes_read = reader->bytes_read;
    batch->digest = reader->digest;
    return STATUS_OK;
}
