#include "adapters/jobs/import_job.h"

#include "application/jobs.h"
#include "base/identifier.h"

/* In the order of enum import_form; a form that is found in the file has no name. */
static const struct {
    struct str name;
    enum record_form record;
} forms[] = {
    [IMPORT_DETECT] = {STR_NONE, RECORD_FORM_DETECT},
    [IMPORT_CSV] = {STR("CSV"), RECORD_FORM_CSV},
    [IMPORT_NDJSON] = {STR("NDJSON"), RECORD_FORM_NDJSON},
};

enum record_form import_job_form(enum import_form form)
{
    return forms[form].record;
}

char import_job_separator(const struct import_parameters *parameters)
{
    char separator;
    return csv_separator_parse(parameters->separator, &separator) ? separator : '\0';
}

enum status import_job_check(const struct import_parameters *parameters, struct arena *arena,
                             struct mapping_rules *rules, struct error *error)
{
    if (!identifier_is_valid(parameters->source))
        return error_set(error, STATUS_INVALID_VALUE, STR("source"), STR(IDENTIFIER_ALLOWED),
                         "is no identifier");
    if (parameters->errors_max < 0)
        return error_set(error, STATUS_INVALID_VALUE, STR("errorsMax"), STR("0 or more"),
                         "is less than 0");
    TRY(mapping_rules_parse(parameters->mapping, arena, rules, error));
    rules->key_column = parameters->key_column;
    rules->encoding = CSV_ENCODING_DETECT;
    rules->separator = import_job_separator(parameters);
    if (!str_is_none(parameters->separator) && !rules->separator)
        return error_set(error, STATUS_INVALID_VALUE, STR("separator"), STR(CSV_SEPARATORS_ALLOWED),
                         "is no separator that is known");
    if (str_is_none(parameters->encoding) ||
        csv_encoding_parse(parameters->encoding, &rules->encoding))
        return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, STR("encoding"), STR(CSV_ENCODINGS_ALLOWED),
                     "is no encoding that is known");
}

static struct str to_json(const struct import_parameters *parameters, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    json_member_string(&writer, STR("form"), forms[parameters->form].name);
    json_member_string(&writer, STR("source"), parameters->source);
    json_member_string(&writer, STR("keyColumn"), parameters->key_column);
    json_member_string(&writer, STR("encoding"), parameters->encoding);
    json_member_string(&writer, STR("separator"), parameters->separator);
    if (!str_is_none(parameters->mapping)) {
        json_key(&writer, STR("mapping"));
        json_raw(&writer, parameters->mapping);
    }
    json_member_string(&writer, STR("onDuplicate"),
                       create_customer_choice_name(parameters->on_duplicate));
    json_key(&writer, STR("errorsMax"));
    json_int64(&writer, parameters->errors_max);
    json_key(&writer, STR("dryRun"));
    json_boolean(&writer, parameters->dry_run);
    json_object_end(&writer);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

/* False when they are not what to_json() writes. */
static bool from_json(const struct json_value *object, struct arena *arena,
                      struct import_parameters *out)
{
    const struct json_value *mapping = json_get(object, STR("mapping"));
    const struct json_value *dry_run = json_get(object, STR("dryRun"));
    struct str form = json_text(json_get(object, STR("form")));
    struct buffer text = {.arena = arena};
    struct json_writer writer = {.out = &text};
    *out = (struct import_parameters){.source = json_text(json_get(object, STR("source"))),
                                      .key_column = json_text(json_get(object, STR("keyColumn"))),
                                      .encoding = json_text(json_get(object, STR("encoding"))),
                                      .separator = json_text(json_get(object, STR("separator"))),
                                      .dry_run = dry_run && dry_run->boolean};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        if (!str_is_none(form) && str_equal(form, forms[i].name)) out->form = (enum import_form)i;
    if (mapping) {
        json_write(&writer, mapping);
        out->mapping = buffer_str(&text);
    }
    return !buffer_failed(&text) && !str_is_none(out->source) &&
           json_to_int64(json_get(object, STR("errorsMax")), &out->errors_max) &&
           create_customer_choice(json_text(json_get(object, STR("onDuplicate"))),
                                  &out->on_duplicate);
}

enum status import_job_create(struct application *application, const struct caller *caller,
                              struct str job_id, const struct import_parameters *parameters,
                              struct arena *arena, struct job_row *job, struct error *error)
{
    struct str json = to_json(parameters, arena);
    if (str_is_none(json)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return jobs_create(application, caller, job_id, STR("IMPORT"), json, arena, job, error);
}

static enum status check_state(const struct job_row *row, struct error *error)
{
    if (!str_equal(row->kind, STR("IMPORT"))) return error_plain(error, STATUS_NOT_AN_IMPORT);
    bool open = row->state == JOB_QUEUED || row->state == JOB_RUNNING;
    return open ? STATUS_OK : jobs_refuse_ended(row, error);
}

enum status import_job_without(struct application *application, const struct caller *caller,
                               const struct import_parameters *parameters, struct arena *arena,
                               struct import_job *out, struct error *error)
{
    *out = (struct import_job){.options = {.application = application,
                                           .caller = *caller,
                                           .form = forms[parameters->form].record,
                                           .settings = {.source = parameters->source,
                                                        .on_duplicate = parameters->on_duplicate},
                                           .dry_run = parameters->dry_run,
                                           .errors_max = parameters->errors_max}};
    return import_job_check(parameters, arena, &out->options.rules, error);
}

enum status import_job_open(struct application *application, const struct caller *caller,
                            struct str job_id, struct arena *arena, struct import_job *out,
                            struct error *error)
{
    struct json_value *document;
    struct job_step last;
    struct job_row row;
    struct import_parameters parameters;
    TRY(jobs_last_step(application, caller, job_id, arena, &row, &last, error));
    TRY(check_state(&row, error));
    TRY(json_parse(row.document, arena, &document, error));
    if (!from_json(json_get(document, STR("parameters")), arena, &parameters))
        return error_plain(error, STATUS_STORE_CORRUPT);
    TRY(import_job_without(application, caller, &parameters, arena, out, error));
    out->row = row;
    out->options.settings.import_id = row.job_id;
    out->options.settings.epoch = row.epoch;
    out->at.step = last.number;
    if (last.number == 0) return STATUS_OK;
    TRY(json_parse(last.document, arena, &document, error));
    return import_counts_read(document, &out->at.counts) ? STATUS_OK
                                                         : error_plain(error, STATUS_STORE_CORRUPT);
}

void import_job_write_error(struct json_writer *writer, const struct error *error)
{
    json_key(writer, STR("error"));
    json_object_begin(writer);
    json_member_string(writer, STR("code"), status_code(error->status));
    json_member_string(writer, STR("message"), str_from_cstr(error->message));
    if (error->field[0]) json_member_string(writer, STR("field"), str_from_cstr(error->field));
    if (error->allowed[0])
        json_member_string(writer, STR("allowed"), str_from_cstr(error->allowed));
    json_object_end(writer);
}

struct str import_job_progress(const struct import_counts *counts, const struct error *why,
                               struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    import_counts_write(&writer, counts);
    if (why) import_job_write_error(&writer, why);
    json_object_end(&writer);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}
