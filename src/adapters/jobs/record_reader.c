#include "adapters/jobs/record_reader.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    POLL_MS = 200,
    PIECE_BYTES = 256 << 10,
    LINE_MAX_BYTES = 1 << 20,
    READER_ARENA_MAX = 16 << 20,
    BATCH_ARENA_MAX = 64 << 20,
    BATCH_FULL_BYTES = 16 << 20 /* more rows are left for the next batch */
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
};

enum status record_batch_init(struct record_batch *batch, size_t capacity, struct error *error)
{
    *batch = (struct record_batch){.capacity = capacity};
    arena_init(&batch->arena, BATCH_ARENA_MAX);
    batch->records = calloc(capacity, sizeof(*batch->records));
    batch->lines = calloc(capacity, sizeof(*batch->lines));
    batch->rows = calloc(capacity, sizeof(*batch->rows));
    batch->refused = calloc(capacity, sizeof(*batch->refused));
    if (batch->records && batch->lines && batch->rows && batch->refused) return STATUS_OK;
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
           batch->arena.used_bytes > BATCH_FULL_BYTES;
}

static void refuse_row(struct record_batch *batch, int64_t row, const struct error *error)
{
    batch->refused[batch->refused_count++] = (struct refused_row){row, *error};
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
    struct import_record *record = &batch->records[batch->count];
    struct json_value *body;
    *record = (struct import_record){.observed_at = INSTANT_NONE};
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
        refuse_row(batch, (int64_t)row->number, row_error);
        return STATUS_OK;
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
            batch->end = true;
            return STATUS_OK;
        }
        if (event == CSV_MORE)
            TRY(feed_csv(reader, error));
        else
            TRY(take_event(reader, batch, event, &row, &row_error, error));
    }
    return STATUS_OK;
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
        refuse_row(batch, reader->line, &row_error);
        return STATUS_OK;
    }
    struct str kept = arena_str(&batch->arena, str_trim(line));
    struct json_value *object;
    if (str_is_none(kept)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (kept.len == 0) return STATUS_OK;
    enum status status = json_parse(kept, &batch->arena, &object, &row_error);
    if (status == STATUS_OK) status = take_object(reader, batch, object, &row_error);
    if (status == STATUS_OUT_OF_MEMORY) return error_plain(error, status);
    if (status != STATUS_OK) refuse_row(batch, reader->line, &row_error);
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
            return STATUS_OK;
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
    csv_reader_init(&reader->csv, (struct csv_options){.same_width = true}, &reader->arena);
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
    return STATUS_OK;
}
