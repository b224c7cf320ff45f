#include "adapters/jobs/record_sample.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { HEAD_BYTES = 256 << 10, COLUMNS_MAX = 1024 };

static enum status read_head(int descriptor, struct arena *arena, struct str *head, bool *whole,
                             struct error *error)
{
    char *bytes = arena_alloc(arena, HEAD_BYTES);
    size_t len = 0;
    ssize_t got = 1;
    if (!bytes) return error_plain(error, STATUS_OUT_OF_MEMORY);
    while (len < HEAD_BYTES && got > 0) {
        got = pread(descriptor, bytes + len, HEAD_BYTES - len, (off_t)len);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got < 0)
            return error_set(error, STATUS_IO, STR("FILE"), STR("a file, not a pipe"),
                             "the file cannot be looked at before it is read, as --auto-map and "
                             "--propose do: %s",
                             strerror(errno));
        else
            len += (size_t)got;
    }
    *whole = got == 0;
    *head = str_of(bytes, len);
    return STATUS_OK;
}

/* --- CSV --- */

static enum status add_row(struct record_sample *sample, const struct csv_row *row,
                           struct arena *arena, struct error *error)
{
    struct str *cells = ARENA_NEW_ARRAY(arena, struct str, sample->column_count + 1);
    if (!cells) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < sample->column_count; i++)
        cells[i] = i < row->count ? str_trim(row->fields[i]) : STR("");
    sample->rows[sample->row_count++] = cells;
    return STATUS_OK;
}

static enum status sample_csv(struct str head, bool whole, char separator, struct arena *arena,
                              struct record_sample *sample, struct error *error)
{
    struct csv_reader reader;
    struct csv_row row;
    enum csv_event event = CSV_ROW;
    csv_reader_init(&reader, (struct csv_options){.same_width = true, .separator = separator},
                    arena);
    if (csv_reader_feed(&reader, head) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (whole) csv_reader_finish(&reader);
    while (sample->row_count < RECORD_SAMPLE_ROWS) {
        event = csv_reader_next(&reader, arena, &row, error);
        if (event == CSV_FAILED) return STATUS_OUT_OF_MEMORY;
        if (event == CSV_END || event == CSV_MORE) break;
        if (event == CSV_BAD_ROW && sample->column_count > 0) continue;
        if (event == CSV_BAD_ROW)
            return error_set(error, STATUS_INVALID_VALUE, STR("FILE"), STR("CSV with a header"),
                             "the header cannot be read");
        if (sample->column_count > 0) {
            TRY(add_row(sample, &row, arena, error));
            continue;
        }
        sample->columns = row.fields;
        sample->column_count = row.count;
    }
    sample->separator = reader.options.separator;
    sample->encoding = reader.options.encoding;
    return STATUS_OK;
}

/* --- lines of JSON --- */

/* The column of a member; a new one when there is none yet. */
static bool column_of(struct record_sample *sample, struct str name, size_t *at)
{
    for (*at = 0; *at < sample->column_count; (*at)++)
        if (str_equal(sample->columns[*at], name)) return true;
    if (sample->column_count == COLUMNS_MAX) return false;
    sample->columns[sample->column_count++] = name;
    return true;
}

static struct str cell_of(const struct json_value *value)
{
    if (value->type == JSON_ARRAY && value->count > 0) value = &value->items[0];
    return value->type == JSON_STRING || value->type == JSON_NUMBER ? value->text : STR("");
}

static enum status sample_lines(struct str head, bool whole, struct arena *arena,
                                struct record_sample *sample, struct error *error)
{
    const struct json_value *objects[RECORD_SAMPLE_ROWS] = {NULL};
    struct str line;
    sample->columns = ARENA_NEW_ARRAY(arena, struct str, COLUMNS_MAX);
    if (!sample->columns) return error_plain(error, STATUS_OUT_OF_MEMORY);
    while (sample->row_count < RECORD_SAMPLE_ROWS && str_split(&head, '\n', &line)) {
        struct json_value *object;
        size_t at;
        if (str_is_none(head) && !whole) break; /* it is cut off */
        if (str_trim(line).len == 0 ||
            json_parse(str_trim(line), arena, &object, NULL) != STATUS_OK)
            continue;
        for (size_t i = 0; object->type == JSON_OBJECT && i < object->count; i++)
            (void)column_of(sample, object->members[i].name, &at);
        objects[sample->row_count++] = object;
    }
    for (size_t r = 0; r < sample->row_count; r++) {
        struct str *cells = ARENA_NEW_ARRAY(arena, struct str, sample->column_count + 1);
        if (!cells) return error_plain(error, STATUS_OUT_OF_MEMORY);
        for (size_t i = 0; i < sample->column_count; i++) {
            const struct json_value *value = json_get(objects[r], sample->columns[i]);
            cells[i] = value ? cell_of(value) : STR("");
        }
        sample->rows[r] = cells;
    }
    return STATUS_OK;
}

enum status record_sample_read(int descriptor, enum record_form form, char separator,
                               struct arena *arena, struct record_sample *sample,
                               struct error *error)
{
    struct str head = STR("");
    bool whole = false;
    TRY(read_head(descriptor, arena, &head, &whole, error));
    struct str text = head;
    if (str_starts_with(text, STR("\xef\xbb\xbf"))) text = str_skip(text, 3);
    *sample = (struct record_sample){.form = form};
    sample->rows = ARENA_NEW_ARRAY(arena, struct str *, RECORD_SAMPLE_ROWS);
    if (!sample->rows) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(record_form_find(text, &sample->form, error));
    TRY(sample->form == RECORD_FORM_CSV ? sample_csv(head, whole, separator, arena, sample, error)
                                        : sample_lines(text, whole, arena, sample, error));
    if (sample->column_count > 0) return STATUS_OK;
    return error_set(error, STATUS_REQUIRED_FIELD, STR("FILE"),
                     STR("CSV with a header, or lines of JSON"), "the file has no columns");
}
