#include "application/job_report.h"

#include "formats/csv.h"

enum { STEPS_PAGE = 16, ORIGINAL_MAX = 4096, COLUMNS_MAX = 9 };

/* The columns of CSV are members of the lines. */
static const struct str import_columns[COLUMNS_MAX + 1] = {
    STR("row"),     STR("column"),     STR("code"),     STR("field"),   STR("message"),
    STR("allowed"), STR("customerId"), STR("original"), STR("reasons"), STR_NONE};
static const struct str undo_columns[COLUMNS_MAX + 1] = {
    STR("customerId"), STR("result"), STR("reasons"), STR("survivorId"), STR_NONE};

/* Why the row is taken for that customer: of the candidates the first is the one that is named. */
static void write_match(struct json_writer *writer, struct str details, struct arena *arena)
{
    struct json_value *refusal;
    if (str_is_none(details) || json_parse(details, arena, &refusal, NULL) != STATUS_OK) return;
    const struct json_value *candidates = json_get(refusal, STR("candidates"));
    if (!candidates || candidates->type != JSON_ARRAY || candidates->count == 0) return;
    static const struct str members[] = {STR("matchProbability"), STR("reasons")};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        const struct json_value *value = json_get(&candidates->items[0], members[i]);
        if (!value) continue;
        json_key(writer, members[i]);
        json_write(writer, value);
    }
}

void job_report_refusal(struct buffer *out, const struct job_refusal *refusal)
{
    const struct error *why = refusal->why;
    struct json_writer writer = {.out = out};
    json_object_begin(&writer);
    json_key(&writer, STR("row"));
    json_int64(&writer, refusal->row);
    json_member_string(&writer, STR("column"), refusal->column);
    json_member_string(&writer, STR("code"), status_code(why->status));
    if (why->field[0]) json_member_string(&writer, STR("field"), str_from_cstr(why->field));
    json_member_string(&writer, STR("message"), str_from_cstr(why->message));
    if (why->allowed[0]) json_member_string(&writer, STR("allowed"), str_from_cstr(why->allowed));
    json_member_string(&writer, STR("customerId"), refusal->customer_id);
    json_member_string(&writer, STR("original"), str_cut(refusal->original, ORIGINAL_MAX));
    write_match(&writer, why->details_json, out->arena);
    json_object_end(&writer);
    buffer_append_char(out, '\n');
}

/* --- reading --- */

struct reading {
    struct str job_id;
    int64_t after;
    struct arena *arena;
    struct job_step *steps;
    size_t count;
};

static enum status read_body(struct store_session *session, void *context, struct error *error)
{
    struct reading *reading = context;
    return store_job_step_list(session, reading->job_id, reading->after, STEPS_PAGE, reading->arena,
                               &reading->steps, &reading->count, error);
}

enum status job_report_read(struct application *application, const struct caller *caller,
                            struct str job_id, int64_t *after, struct arena *arena,
                            struct str *lines, struct error *error)
{
    struct reading reading = {.job_id = job_id, .after = *after, .arena = arena};
    struct buffer out = {.arena = arena};
    *lines = STR_NONE;
    TRY(store_read(application->store, caller->tenant, arena, read_body, &reading, error));
    if (reading.count == 0) return STATUS_OK;
    for (size_t i = 0; i < reading.count; i++)
        if (!str_is_none(reading.steps[i].report)) buffer_append(&out, reading.steps[i].report);
    if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *after = reading.steps[reading.count - 1].number;
    *lines = buffer_str(&out);
    return STATUS_OK;
}

/* --- as CSV --- */

static struct str cell_of(const struct json_value *value, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    if (!value) return STR("");
    if (value->type == JSON_STRING || value->type == JSON_NUMBER) return value->text;
    for (size_t i = 0; value->type == JSON_ARRAY && i < value->count; i++) {
        if (i > 0) buffer_append_char(&out, ';');
        buffer_append(&out, json_text(&value->items[i]));
    }
    return buffer_failed(&out) ? STR("") : buffer_str(&out);
}

enum status job_report_csv(struct str kind, struct str lines, bool with_names, struct arena *arena,
                           struct buffer *out, struct error *error)
{
    const struct str *columns = str_equal(kind, STR("UNDO")) ? undo_columns : import_columns;
    struct csv_writer writer = {.out = out, .guard_formulas = true};
    struct str cells[COLUMNS_MAX], line;
    size_t count = 0;
    while (!str_is_none(columns[count])) count++;
    if (with_names) csv_write_row(&writer, columns, count);
    while (str_split(&lines, '\n', &line)) {
        struct json_value *object;
        if (str_is_empty(line)) continue;
        TRY(json_parse(line, arena, &object, error));
        for (size_t i = 0; i < count; i++) cells[i] = cell_of(json_get(object, columns[i]), arena);
        csv_write_row(&writer, cells, count);
    }
    return buffer_failed(out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}
