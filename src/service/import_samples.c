#include "service/import_samples.h"

enum { SHOWN_BYTES = 200 };

/* In the order of the outcomes. What is unchanged is nothing to look at. */
static const struct {
    struct str name;
    const char *text;
} rows[IMPORT_OUTCOME_COUNT] = {
    [IMPORT_CREATED] = {STR("CREATED"), "would be created"},
    [IMPORT_UPDATED] = {STR("UPDATED"), "would update a customer"},
    [IMPORT_UNCHANGED] = {STR_NONE, NULL},
    [IMPORT_DUPLICATE] = {STR("DUPLICATE"), "is a duplicate"},
    [IMPORT_INVALID] = {STR("INVALID"), "is invalid"},
};
static const struct {
    struct str name;
    const char *text;
} homes[UNDO_OUTCOME_COUNT] = {
    [UNDO_REMOVED] = {STR("REMOVED"), "would be removed"},
    [UNDO_RESTORED] = {STR("RESTORED"), "would be as before"},
    [UNDO_KEPT] = {STR("KEPT"), "would stay"},
    [UNDO_SKIPPED] = {STR("SKIPPED"), "would be passed over"},
};

static bool is_refused(const struct import_result *result)
{
    return result->outcome == IMPORT_DUPLICATE || result->outcome == IMPORT_INVALID;
}

/* The id of a customer that would be created is made anew then. */
static bool has_customer(const struct import_result *result)
{
    return result->outcome != IMPORT_CREATED && !str_is_none(result->customer_id);
}

static void begin_element(struct import_samples *samples, struct json_writer *writer)
{
    if (samples->out.len > 0) buffer_append_char(&samples->out, ',');
    *writer = (struct json_writer){.out = &samples->out};
    json_object_begin(writer);
}

static void write_row(struct import_samples *samples, int64_t row,
                      const struct import_result *result, const struct json_value *body)
{
    struct json_writer writer;
    begin_element(samples, &writer);
    json_key(&writer, STR("row"));
    json_int64(&writer, row);
    json_member_string(&writer, STR("result"), rows[result->outcome].name);
    if (has_customer(result)) json_member_string(&writer, STR("customerId"), result->customer_id);
    if (is_refused(result))
        json_member_string(&writer, STR("message"), str_from_cstr(result->error.message));
    if (result->error.field[0] && is_refused(result))
        json_member_string(&writer, STR("field"), str_from_cstr(result->error.field));
    json_key(&writer, STR("record"));
    json_write(&writer, body);
    json_object_end(&writer);
}

static void show_row(struct import_samples *samples, int64_t row,
                     const struct import_result *result, const struct json_value *body)
{
    struct buffer *out = &samples->out, text = {.arena = out->arena};
    struct json_writer writer = {.out = &text};
    buffer_append_format(out, "  row %lld %s", (long long)row, rows[result->outcome].text);
    if (has_customer(result)) buffer_append_format(out, " (%.*s)", STR_ARGS(result->customer_id));
    buffer_append(out, STR(": "));
    if (result->outcome == IMPORT_INVALID) {
        buffer_append_format(out, "%s%s%s\n", result->error.field,
                             result->error.field[0] ? " " : "", result->error.message);
        return;
    }
    json_write(&writer, body);
    out->failed |= buffer_failed(&text);
    buffer_append(out, str_cut(buffer_str(&text), SHOWN_BYTES));
    buffer_append(out, text.len > SHOWN_BYTES ? STR("...\n") : STR("\n"));
}

void import_samples_row(struct import_samples *samples, int64_t row,
                        const struct import_result *result, const struct json_value *body)
{
    if (!rows[result->outcome].text ||
        samples->of_import[result->outcome]++ >= IMPORT_SAMPLES_OF_EACH)
        return;
    if (samples->json)
        write_row(samples, row, result, body);
    else
        show_row(samples, row, result, body);
}

void import_samples_home(struct import_samples *samples, struct str home, enum undo_outcome outcome,
                         struct str name)
{
    struct json_writer writer;
    if (samples->of_undo[outcome]++ >= IMPORT_SAMPLES_OF_EACH) return;
    if (!samples->json) {
        buffer_append_format(&samples->out, "  %.*s %s", STR_ARGS(home), homes[outcome].text);
        writer = (struct json_writer){.out = &samples->out};
        if (!str_is_none(name)) buffer_append(&samples->out, STR(": "));
        if (!str_is_none(name)) json_string(&writer, name);
        buffer_append_char(&samples->out, '\n');
        return;
    }
    begin_element(samples, &writer);
    json_member_string(&writer, STR("customerId"), home);
    json_member_string(&writer, STR("result"), homes[outcome].name);
    json_member_nullable(&writer, STR("name"), name);
    json_object_end(&writer);
}

struct str import_samples_text(const struct import_samples *samples)
{
    return samples->out.len > 0 && !buffer_failed(&samples->out) ? buffer_str(&samples->out)
                                                                 : STR("");
}
