/* What is to be matched: files, whose columns are read side by side while the next rows are read,
 * or records one by one. */
#include <stdlib.h>
#include <string.h>

#include "matching/bulk_internal.h"
#include "matching/normal.h"
#include "matching/parallel.h"

struct reading {
    struct bulk *bulk;
    struct table_chunk chunk[2];
    int current; /* the chunk that is worked on; the other is being read */
    uint32_t first_row;
    struct record_cache **caches; /* per column */
    enum status status;           /* of reading the other chunk */
    struct error *error;
};

static enum status grow_rows(struct bulk *bulk, size_t more, struct error *error)
{
    uint64_t wanted = (uint64_t)bulk->row_count + more;
    if (wanted >= INT32_MAX)
        return error_set(error, STATUS_LIMIT_EXCEEDED, STR_NONE, STR_NONE,
                         "a file may have at most 2,147,483,646 rows");
    if (wanted < bulk->row_capacity) return STATUS_OK; /* one more has the end of the last id */
    uint64_t capacity = bulk->row_capacity + bulk->row_capacity / 2ULL;
    if (capacity < wanted + 1) capacity = wanted + 1;
    uint64_t old = bulk->row_capacity;
    struct record *records =
        bulk_take(bulk, bulk->records, old * sizeof *records, capacity * sizeof *records);
    if (records) bulk->records = records;
    uint64_t *offsets = records ? bulk_take(bulk, bulk->id_offset, old * sizeof *offsets,
                                            capacity * sizeof *offsets)
                                : NULL;
    if (!offsets) return bulk_out_of_memory(bulk, error);
    bulk->id_offset = offsets;
    bulk->row_capacity = (uint32_t)capacity;
    return STATUS_OK;
}

/* Of the row behind the last one. */
static enum status keep_id(struct bulk *bulk, uint32_t row, struct str id, struct error *error)
{
    if (bulk->ids_bytes + id.len > bulk->ids_capacity) {
        uint64_t capacity = bulk->ids_capacity + bulk->ids_capacity / 2 + id.len + 4096;
        char *grown = bulk_take(bulk, bulk->ids, bulk->ids_capacity, capacity);
        if (!grown) return bulk_out_of_memory(bulk, error);
        bulk->ids = grown;
        bulk->ids_capacity = capacity;
    }
    if (id.len) memcpy(bulk->ids + bulk->ids_bytes, id.ptr, id.len);
    bulk->id_offset[row] = bulk->ids_bytes;
    bulk->ids_bytes += id.len;
    bulk->id_offset[row + 1] = bulk->ids_bytes;
    return STATUS_OK;
}

static enum status keep_ids(struct bulk *bulk, const struct table_chunk *chunk, struct error *error)
{
    size_t columns = bulk->columns.count;
    for (size_t row = 0; row < chunk->row_count; row++) {
        struct str id = bulk->columns.id < 0
                            ? STR("")
                            : chunk->fields[row * columns + (size_t)bulk->columns.id];
        TRY(keep_id(bulk, bulk->row_count + (uint32_t)row, id, error));
    }
    return STATUS_OK;
}

enum { FIELDS_MAX = 64, ROWS_AHEAD = 8 };

/* The columns of a group, in the order in which they are read. */
struct group_columns {
    size_t count, column[FIELDS_MAX];
    struct record_field fields[FIELDS_MAX];
    struct record_cached cached[FIELDS_MAX];
    uint64_t hash[ROWS_AHEAD][FIELDS_MAX]; /* of the texts of the rows ahead */
};

static void choose_columns(const struct reading *reading, enum record_group group,
                           struct group_columns *chosen)
{
    const struct columns *columns = &reading->bulk->columns;
    chosen->count = 0;
    for (int turn = RECORD_TURN_FIRST; turn <= RECORD_TURN_LAST; turn++) {
        for (size_t c = 0; c < columns->count && chosen->count < FIELDS_MAX; c++) {
            enum matching_field field = columns->column[c].field;
            if (record_group_of(field) != group || record_field_turn(field) != turn) continue;
            chosen->fields[chosen->count] =
                (struct record_field){field, str_from_cstr(columns->column[c].type), STR("")};
            chosen->cached[chosen->count].cache = reading->caches[c];
            chosen->column[chosen->count++] = c;
        }
    }
}

/* Trims the row's texts where they stand and asks for what is known of them. */
static void look_ahead(struct group_columns *chosen, struct str *texts, size_t row)
{
    for (size_t i = 0; i < chosen->count; i++) {
        struct str *text = &texts[chosen->column[i]], trimmed = str_trim(*text);
        if (trimmed.len != text->len) *text = trimmed;
        chosen->hash[row % ROWS_AHEAD][i] = record_cache_prefetch(chosen->cached[i].cache, trimmed);
    }
}

static void fill_group(struct reading *reading, enum record_group group)
{
    struct bulk *bulk = reading->bulk;
    const struct table_chunk *chunk = &reading->chunk[reading->current];
    struct group_columns chosen;
    choose_columns(reading, group, &chosen);
    if (chosen.count == 0) return;
    struct record_batch *batch = record_batch_begin(&bulk->values, group);
    for (size_t ahead = 0; ahead < chunk->row_count + ROWS_AHEAD; ahead++) {
        size_t row = ahead - ROWS_AHEAD, columns = bulk->columns.count;
        for (size_t i = 0; i < chosen.count && ahead >= ROWS_AHEAD; i++) {
            chosen.fields[i].text = chunk->fields[row * columns + chosen.column[i]];
            chosen.cached[i].hash = chosen.hash[row % ROWS_AHEAD][i];
        }
        if (ahead >= ROWS_AHEAD)
            record_fill(&bulk->values, group, &bulk->columns.rules, chosen.fields, chosen.count,
                        chosen.cached, batch, &bulk->records[reading->first_row + row]);
        if (ahead < chunk->row_count) look_ahead(&chosen, chunk->fields + ahead * columns, ahead);
    }
    record_batch_end(&bulk->values, batch);
}

static void read_task(void *context, size_t task, unsigned thread)
{
    (void)thread;
    struct reading *reading = context;
    if (task == 0)
        reading->status = table_reader_next(reading->bulk->reader,
                                            &reading->chunk[!reading->current], reading->error);
    else
        fill_group(reading, (enum record_group)(task - 1));
}

static enum status read_rows(struct reading *reading)
{
    struct bulk *bulk = reading->bulk;
    uint32_t source = bulk->file_count == 2 ? BULK_SOURCE_BIT : 0;
    while (reading->chunk[reading->current].row_count > 0) {
        const struct table_chunk *chunk = &reading->chunk[reading->current];
        TRY(grow_rows(bulk, chunk->row_count, reading->error));
        TRY(keep_ids(bulk, chunk, reading->error));
        reading->first_row = bulk->row_count;
        memset(bulk->records + bulk->row_count, 0, chunk->row_count * sizeof *bulk->records);
        parallel_run(bulk->options.threads, 1 + RECORD_GROUP_COUNT, read_task, reading);
        for (size_t row = 0; row < chunk->row_count && source; row++)
            bulk->records[bulk->row_count + row].slot[SLOT_TRAITS] |= source;
        bulk->row_count += (uint32_t)chunk->row_count;
        if (bulk->budget.exceeded) return bulk_out_of_memory(bulk, reading->error);
        if (reading->status != STATUS_OK) return reading->status;
        reading->current = !reading->current;
        TRY(bulk_go_on(bulk, reading->error));
        uint64_t size = table_reader_size_bytes(bulk->reader);
        bulk_progress(bulk, "read",
                      size ? (double)table_reader_bytes_read(bulk->reader) / (double)size : 0);
    }
    return STATUS_OK;
}

static enum status make_caches(struct reading *reading)
{
    const struct columns *columns = &reading->bulk->columns;
    reading->caches = calloc(columns->count + 1, sizeof *reading->caches);
    if (!reading->caches) return error_plain(reading->error, STATUS_OUT_OF_MEMORY);
    for (size_t c = 0; c < columns->count; c++)
        if (columns->column[c].field != MATCHING_FIELD_NONE)
            reading->caches[c] = record_cache_new();
    return STATUS_OK;
}

enum status bulk_read(struct bulk *bulk, const char *path, const struct columns_request *request,
                      struct error *error)
{
    struct reading reading = {.bulk = bulk, .error = error};
    bulk_step_begin(bulk, "read");
    columns_release(&bulk->columns);
    table_reader_close(bulk->reader);
    bulk->reader = NULL;
    TRY(table_reader_open(path, &bulk->reader, error));
    bulk->file_start[bulk->file_count++] = bulk->row_count;
    enum status status = table_reader_next(bulk->reader, &reading.chunk[0], error);
    if (status == STATUS_OK)
        status = columns_recognise(bulk->reader, &reading.chunk[0], request, &bulk->columns, error);
    if (status == STATUS_OK) status = make_caches(&reading);
    if (status == STATUS_OK) status = read_rows(&reading);
    for (size_t c = 0; reading.caches && c < bulk->columns.count; c++)
        record_cache_free(reading.caches[c]);
    free(reading.caches);
    table_chunk_release(&reading.chunk[0]);
    table_chunk_release(&reading.chunk[1]);
    bulk->file_start[bulk->file_count] = bulk->row_count;
    bulk->uneven_rows += table_reader_uneven_rows(bulk->reader);
    bulk_step_end(bulk);
    return status;
}

/* ------------------------------------------------------------------ records in normal form */

enum status bulk_read_record(struct bulk *bulk, struct str id, struct str normal,
                             struct error *error)
{
    if (bulk->file_count == 0) bulk->file_start[bulk->file_count++] = 0;
    TRY(grow_rows(bulk, 1, error));
    TRY(keep_id(bulk, bulk->row_count, id, error));
    TRY(normal_read(&bulk->values, normal, &bulk->records[bulk->row_count], error));
    if (bulk->budget.exceeded) return bulk_out_of_memory(bulk, error);
    bulk->file_start[bulk->file_count] = ++bulk->row_count;
    return STATUS_OK;
}
