/* import: a file of customers into the store, as a job that can go on and be taken back. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/jobs/import_job.h"
#include "application/job_report.h"
#include "application/jobs.h"
#include "base/identifier.h"
#include "service/command_import_propose.h"
#include "service/command_import_undo.h"
#include "service/import_samples.h"
#include "service/progress.h"
#include "service/report_file.h"
#include "service/store_command.h"

enum { EXIT_SOME_REFUSED = 3 };

struct import_run {
    struct caller caller;
    struct import_parameters parameters;
    struct import_job job;
    struct progress progress;
    struct report_file report;
    struct import_samples samples; /* of a dry run */
    int64_t bytes_total;
    bool json;
};

/* --- what was asked --- */

/* At the last sign, for a column may have one in its name, and no field has. */
static bool split_map(struct str map, struct str *column, struct str *field)
{
    size_t sign = map.len;
    while (sign > 0 && map.ptr[sign - 1] != '=') sign--;
    if (sign < 2 || sign == map.len) return false;
    *column = str_of(map.ptr, sign - 1);
    *field = str_skip(map, sign);
    return true;
}

/* Columns that --map and --ignore name, each once. */
struct named_columns {
    struct json_writer *writer;
    struct str *items;
    size_t count;
};

static enum status name_column(struct named_columns *named, struct str column, struct error *error)
{
    if (str_is_among(named->items, named->count, column))
        return error_set(error, STATUS_USAGE, STR("map"), STR("one --map or --ignore for a column"),
                         "column %.*s is named twice", STR_ARGS(column));
    named->items[named->count++] = column;
    json_key(named->writer, column);
    return STATUS_OK;
}

static enum status take_map(struct str map, struct named_columns *named, struct error *error)
{
    struct str column, field;
    if (!split_map(map, &column, &field))
        return error_set(error, STATUS_USAGE, STR("map"), STR("COLUMN=FIELD: Company=name"),
                         "--map %.*s is no mapping", STR_ARGS(map));
    if (!record_mapping_is_field(field) && record_mapping_is_field(column))
        return error_set(error, STATUS_USAGE, STR("map"), STR("COLUMN=FIELD: Company=name"),
                         "the column comes first: --map '%.*s=%.*s'", STR_ARGS(field),
                         STR_ARGS(column));
    TRY(name_column(named, column, error));
    json_string(named->writer, field);
    return STATUS_OK;
}

/* --map, --ignore and --ignore-unknown as the mapping of the API. */
static enum status take_mapping(const struct invocation *invocation, struct str *mapping,
                                struct error *error)
{
    struct buffer out = {.arena = invocation->arena};
    struct json_writer writer = {.out = &out};
    struct named_columns named = {
        .writer = &writer,
        .items = ARENA_NEW_ARRAY(invocation->arena, struct str, invocation->given_count + 1)};
    struct str value;
    size_t index = 0;
    if (!named.items) return error_plain(error, STATUS_OUT_OF_MEMORY);
    json_object_begin(&writer);
    while (invocation_each(invocation, STR("map"), &index, &value))
        TRY(take_map(value, &named, error));
    for (index = 0; invocation_each(invocation, STR("ignore"), &index, &value);) {
        TRY(name_column(&named, value, error));
        json_null(&writer);
    }
    if (invocation_switch(invocation, STR("ignore-unknown"))) {
        TRY(name_column(&named, STR("*"), error));
        json_null(&writer);
    }
    json_object_end(&writer);
    if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *mapping = named.count > 0 ? buffer_str(&out) : STR_NONE;
    return STATUS_OK;
}

static enum status take_format(const struct invocation *invocation, enum import_form *form,
                               struct error *error)
{
    struct str format = invocation_option(invocation, STR("format"));
    struct str file = invocation->operands[0];
    *form = IMPORT_DETECT;
    if (str_ends_with(file, STR(".csv")) || str_equal(format, STR("csv"))) *form = IMPORT_CSV;
    if (str_ends_with(file, STR(".ndjson")) || str_ends_with(file, STR(".jsonl")) ||
        str_equal(format, STR("ndjson")))
        *form = IMPORT_NDJSON;
    if (str_is_none(format) || str_equal(format, STR("csv")) || str_equal(format, STR("ndjson")))
        return STATUS_OK;
    return error_set(error, STATUS_USAGE, STR("format"), STR("csv | ndjson"),
                     "--format is not known");
}

static enum status take_encoding(const struct invocation *invocation, struct str *name,
                                 struct error *error)
{
    enum csv_encoding encoding;
    *name = invocation_option(invocation, STR("encoding"));
    if (str_is_none(*name) || csv_encoding_parse(*name, &encoding)) return STATUS_OK;
    return error_set(error, STATUS_USAGE, STR("encoding"), STR(CSV_ENCODINGS_ALLOWED),
                     "--encoding is not known");
}

static enum status take_separator(const struct invocation *invocation,
                                  struct import_parameters *parameters, struct error *error)
{
    parameters->separator = invocation_option(invocation, STR("separator"));
    if (str_is_none(parameters->separator) || import_job_separator(parameters)) return STATUS_OK;
    return error_set(error, STATUS_USAGE, STR("separator"), STR(CSV_SEPARATORS_ALLOWED),
                     "--separator is not known");
}

static enum status take_options(const struct invocation *invocation, struct import_run *run,
                                struct error *error)
{
    struct import_parameters *parameters = &run->parameters;
    TRY(store_command_caller(invocation, &run->caller, error));
    TRY(take_format(invocation, &parameters->form, error));
    TRY(take_mapping(invocation, &parameters->mapping, error));
    parameters->key_column = invocation_option(invocation, STR("key-column"));
    TRY(take_encoding(invocation, &parameters->encoding, error));
    TRY(take_separator(invocation, parameters, error));
    parameters->source = invocation_option(invocation, STR("source"));
    if (str_is_none(parameters->source)) parameters->source = STR("import");
    parameters->dry_run = invocation_switch(invocation, STR("dry-run"));
    run->json = invocation_switch(invocation, STR("json"));
    TRY(invocation_number(invocation, STR("errors-max"), 0, 0, INT64_MAX, &parameters->errors_max,
                          error));
    if (!identifier_is_valid(parameters->source))
        return error_set(error, STATUS_USAGE, STR("source"), STR(IDENTIFIER_ALLOWED),
                         "--source is no identifier");
    if (!create_customer_choice(invocation_option(invocation, STR("on-duplicate")),
                                &parameters->on_duplicate))
        return error_set(error, STATUS_USAGE, STR("on-duplicate"), create_customer_choices,
                         "--on-duplicate has no such value");
    return STATUS_OK;
}

/* --- the same over HTTP --- */

static struct str curl_line(const struct invocation *invocation, const struct import_run *run)
{
    const struct import_parameters *parameters = &run->parameters;
    struct arena *arena = invocation->arena;
    struct str file = invocation->operands[0];
    bool lines = parameters->form == IMPORT_NDJSON;
    bool encoded = !lines && !str_is_none(parameters->encoding);
    struct buffer out = {.arena = arena};
    buffer_append_format(&out,
                         "  curl -sS -T %.*s -X POST -H 'Content-Type: %s%s%.*s'%.*s \\\n    '%.*s/"
                         "imports?source=%.*s",
                         STR_ARGS(file), lines ? "application/x-ndjson" : "text/csv",
                         encoded ? "; charset=" : "", encoded ? (int)parameters->encoding.len : 0,
                         parameters->encoding.ptr,
                         STR_ARGS(store_command_headers(invocation, &run->caller)),
                         STR_ARGS(store_command_url(invocation)), STR_ARGS(parameters->source));
    if (!str_is_none(parameters->key_column))
        buffer_append_format(&out, "&keyColumn=%.*s",
                             STR_ARGS(store_command_escape(parameters->key_column, arena)));
    if (!lines && !str_is_none(parameters->separator))
        buffer_append_format(&out, "&separator=%.*s", STR_ARGS(parameters->separator));
    buffer_append_format(&out, "&onDuplicate=%.*s",
                         STR_ARGS(create_customer_choice_name(parameters->on_duplicate)));
    if (parameters->dry_run) buffer_append(&out, STR("&dryRun=true"));
    if (parameters->errors_max > 0)
        buffer_append_format(&out, "&errorsMax=%lld", (long long)parameters->errors_max);
    if (!str_is_none(parameters->mapping))
        buffer_append_format(&out, "&mapping=%.*s",
                             STR_ARGS(store_command_escape(parameters->mapping, arena)));
    buffer_append(&out, STR("'"));
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

/* --- while it runs --- */

static void tell_lines(void *context, struct str lines)
{
    struct import_run *run = context;
    report_file_tell(&run->report, lines);
}

static void tell_sample(void *context, int64_t row, const struct import_result *result,
                        const struct json_value *body)
{
    struct import_run *run = context;
    import_samples_row(&run->samples, row, result, body);
}

static enum status tell_progress(void *context, const struct import_counts *counts)
{
    struct import_run *run = context;
    progress_tell(&run->progress, counts->rows, counts->bytes, run->bytes_total);
    return STATUS_OK;
}

/* --- the end --- */

static void summarise_json(const struct import_run *run, double seconds, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    json_member_string(&writer, STR("jobId"), run->job.row.job_id);
    import_counts_write(&writer, &run->job.at.counts);
    json_key(&writer, STR("milliseconds"));
    json_int64(&writer, (int64_t)(seconds * 1000));
    if (run->parameters.dry_run) {
        json_key(&writer, STR("samples"));
        json_array_begin(&writer);
        buffer_append(&out, import_samples_text(&run->samples));
        json_array_end(&writer);
    }
    json_object_end(&writer);
    buffer_append_char(&out, '\n');
    (void)fwrite(buffer_str(&out).ptr, 1, out.len, stdout);
}

static void summarise(const struct import_run *run, int64_t rows_before, double seconds)
{
    const struct import_counts *counts = &run->job.at.counts;
    char text[5][PROGRESS_NUMBER_MAX], rows[PROGRESS_NUMBER_MAX], rate[PROGRESS_NUMBER_MAX];
    double per_second = seconds > 0 ? (double)(counts->rows - rows_before) / seconds : 0;
    const char *would = run->parameters.dry_run ? "would be " : "";
    (void)printf("%s %s in %.1f s (%s/s)", progress_number(counts->rows, rows),
                 counts->restore ? "lines restored" : "rows", seconds,
                 progress_number((int64_t)per_second, rate));
    if (!counts->restore)
        (void)printf(": %s%s created, %s updated, %s unchanged, %s duplicates, %s invalid", would,
                     progress_number(counts->outcomes[IMPORT_CREATED], text[0]),
                     progress_number(counts->outcomes[IMPORT_UPDATED], text[1]),
                     progress_number(counts->outcomes[IMPORT_UNCHANGED], text[2]),
                     progress_number(counts->outcomes[IMPORT_DUPLICATE], text[3]),
                     progress_number(counts->outcomes[IMPORT_INVALID], text[4]));
    (void)printf("\n%.*s", STR_ARGS(import_samples_text(&run->samples)));
    if (!str_is_none(run->job.row.job_id) && !counts->restore)
        (void)printf("import %.*s; to take it back: customer360 import --undo %.*s\n",
                     STR_ARGS(run->job.row.job_id), STR_ARGS(run->job.row.job_id));
}

/* Whoever asked for no report is told that there is more to know. */
static void tell_refused(const struct invocation *invocation, const struct import_run *run)
{
    const struct import_counts *counts = &run->job.at.counts;
    char refused[PROGRESS_NUMBER_MAX], duplicates[PROGRESS_NUMBER_MAX],
        invalid[PROGRESS_NUMBER_MAX];
    bool has_report = !str_is_none(invocation_option(invocation, STR("errors")));
    if (run->json || has_report || import_counts_refused(counts) == 0) return;
    (void)fprintf(stderr,
                  "%s rows %s: %s are customers already, %s are invalid; "
                  "--errors FILE tells which, and why\n",
                  progress_number(import_counts_refused(counts), refused),
                  run->parameters.dry_run ? "would not be taken" : "were not taken",
                  progress_number(counts->outcomes[IMPORT_DUPLICATE], duplicates),
                  progress_number(counts->outcomes[IMPORT_INVALID], invalid));
}

/* --- running --- */

static enum status open_input(const struct invocation *invocation, struct import_run *run,
                              int *file, struct error *error)
{
    struct str path = invocation->operands[0];
    struct stat what;
    *file = STDIN_FILENO;
    if (!str_equal(path, STR("-"))) {
        char *name = arena_cstr(invocation->arena, path);
        *file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
        if (*file < 0)
            return error_set(error, STATUS_IO, STR("FILE"), STR("a file that can be read, or -"),
                             "%.*s: %s", STR_ARGS(path), strerror(errno));
    }
    if (fstat(*file, &what) != 0) return STATUS_OK;
    if (S_ISDIR(what.st_mode))
        return error_set(error, STATUS_IO, STR("FILE"), STR("a file that can be read, or -"),
                         "%.*s is a folder", STR_ARGS(path));
    if (S_ISREG(what.st_mode)) run->bytes_total = what.st_size;
    return STATUS_OK;
}

/* What the interrupted run had told already. */
static enum status tell_again(struct import_run *run, struct application *application,
                              struct arena *arena, struct error *error)
{
    struct str lines = STR("");
    int64_t after = 0;
    struct arena_mark mark = arena_mark(arena);
    while (!str_is_none(lines) && after < run->job.at.step) {
        arena_rewind(arena, mark);
        TRY(job_report_read(application, &run->caller, run->job.row.job_id, &after, arena, &lines,
                            error));
        if (!str_is_none(lines)) report_file_tell(&run->report, lines);
    }
    return STATUS_OK;
}

/* The job: a new one, the one to go on with, or none for a dry run. */
static enum status open_job(const struct invocation *invocation, struct import_run *run,
                            struct application *application, struct error *error)
{
    struct arena *arena = invocation->arena;
    struct str job_id = invocation_option(invocation, STR("resume"));
    struct job_row row;
    if (run->parameters.dry_run)
        return import_job_without(application, &run->caller, &run->parameters, arena, &run->job,
                                  error);
    if (str_equal(job_id, STR("last"))) {
        TRY(jobs_find_last(application, &run->caller, STR("IMPORT"), arena, &row, error));
        job_id = row.job_id;
    }
    if (str_is_none(job_id)) {
        TRY(import_job_create(application, &run->caller, STR_NONE, &run->parameters, arena, &row,
                              error));
        job_id = row.job_id;
    }
    TRY(import_job_open(application, &run->caller, job_id, arena, &run->job, error));
    TRY(tell_again(run, application, arena, error));
    if (!run->json)
        (void)fprintf(stderr, "import %.*s%s\n", STR_ARGS(job_id),
                      run->job.at.step > 0 ? ", where it stood" : "");
    return STATUS_OK;
}

/* A failure that is not about the import leaves the job as it is, to be gone on with. */
static bool is_for_later(enum status status)
{
    static const enum status passing[] = {
        STATUS_UNAVAILABLE, STATUS_WRITE_CONFLICT, STATUS_OUTCOME_UNKNOWN, STATUS_STORE_FULL,
        STATUS_IO,          STATUS_OUT_OF_MEMORY};
    for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
        if (status == passing[i]) return true;
    return false;
}

static enum status end_job(struct import_run *run, struct application *application,
                           enum status status, struct arena *arena, struct error *error)
{
    struct str job_id = run->job.row.job_id;
    if (str_is_none(job_id) || status == STATUS_JOB_ENDED) return status;
    if (is_for_later(status)) {
        (void)fprintf(stderr, "To go on: customer360 import FILE --resume %.*s\n",
                      STR_ARGS(job_id));
        return status;
    }
    bool fine = status == STATUS_OK;
    struct str progress = import_job_progress(&run->job.at.counts, fine ? NULL : error, arena);
    struct error ignored;
    enum status recorded =
        jobs_update(application, &run->caller, job_id, run->job.row.epoch,
                    fine ? JOB_DONE : JOB_FAILED, progress, arena, fine ? error : &ignored);
    return fine ? recorded : status;
}

static enum status import_file(struct invocation *invocation, struct import_run *run, int file,
                               struct error *error)
{
    struct instance instance;
    if (!str_is_none(invocation_option(invocation, STR("resume"))))
        TRY(store_command_require_store(invocation, error));
    if (run->parameters.dry_run)
        store_command_spare_new(invocation);
    else
        store_command_tell_new(invocation);
    TRY(store_command_open(invocation, curl_line(invocation, run), &instance, error));
    struct importer_options *options = &run->job.options;
    enum status status = open_job(invocation, run, &instance.application, error);
    if (status == STATUS_OK) {
        int64_t rows_before = run->job.at.counts.rows;
        options->may_restore = true; /* who is here has the store anyway */
        options->batch = (size_t)invocation->config.values.jobs_batch;
        options->memory_bytes = (size_t)invocation->config.values.jobs_memory;
        options->told = tell_lines;
        options->sampled = run->parameters.dry_run ? tell_sample : NULL;
        run->samples =
            (struct import_samples){.out = {.arena = invocation->arena}, .json = run->json};
        options->progress = tell_progress;
        options->context = run;
        progress_begin(&run->progress, STR("rows"), run->json);
        status = importer_run(options, file, &run->job.at, error);
        double seconds = progress_end(&run->progress);
        status = end_job(run, &instance.application, status, invocation->arena, error);
        if (run->json)
            summarise_json(run, seconds, invocation->arena);
        else if (status == STATUS_OK || run->job.at.counts.rows > 0)
            summarise(run, rows_before, seconds);
    }
    instance_close(&instance);
    return status;
}

static enum status run_import(struct invocation *invocation, struct error *error)
{
    struct import_run run = {.bytes_total = 0};
    struct str undo = invocation_option(invocation, STR("undo"));
    int file = -1;
    if (!str_is_none(undo)) return command_import_undo(invocation, undo, error);
    if (invocation->operand_count == 0)
        return error_set(error, STATUS_USAGE, STR("FILE"), STR("a CSV or NDJSON file, or -"),
                         "what shall be imported?");
    TRY(take_options(invocation, &run, error));
    TRY(open_input(invocation, &run, &file, error));
    bool only;
    TRY(command_import_propose(invocation, file, &run.parameters, &only, error));
    if (only) return STATUS_OK;
    TRY(report_file_open(invocation, STR("IMPORT"), run.json, &run.report, error));
    enum status status = import_file(invocation, &run, file, error);
    status = report_file_close(&run.report, status, error);
    (void)close(file);
    if (status == STATUS_OK && import_counts_refused(&run.job.at.counts) > 0)
        invocation->exit_code = EXIT_SOME_REFUSED;
    tell_refused(invocation, &run);
    return status;
}

static const struct command_option options[] = {
    {STR("source"), STR("NAME"), STR("the system that the records come from (import)")},
    {STR("key-column"), STR("COLUMN"),
     STR("the record's key there: a later import of the same key updates")},
    {STR("map"), STR("COLUMN=FIELD"), STR("a column that is not named as its field; repeatable")},
    {STR("ignore"), STR("COLUMN"), STR("pass over a column; repeatable")},
    {STR("ignore-unknown"), STR_NONE,
     STR("pass over all columns that are no field and not mapped")},
    {STR("propose"), STR_NONE,
     STR("show what the columns seem to be, by their names and values; import nothing")},
    {STR("auto-map"), STR_NONE,
     STR("map as proposed where that is sure; --map and --ignore count more")},
    {STR("on-duplicate"), STR("reject | review | merge | allow"),
     STR("a row that certainly is a customer already is reported, created and queued for review, "
         "created and merged, or just created (reject)")},
    {STR("dry-run"), STR_NONE,
     STR("tell what would happen, with samples, and write nothing; with --undo as well")},
    {STR("errors"), STR("FILE"),
     STR("write refused rows and why to FILE, as CSV if it ends so, else NDJSON; with --undo "
         "customers with more to be told")},
    {STR("errors-max"), STR("N"), STR("give up when more rows than that were refused (no bound)")},
    {STR("resume"), STR("JOB | last"),
     STR("go on with an import that was interrupted, behind the last row that is in; with the "
         "same FILE, all else is known")},
    {STR("undo"), STR("JOB | last"), STR("take a whole import back; no FILE")},
    {STR("encoding"), STR(CSV_ENCODINGS_ALLOWED), STR("of CSV; else it is found")},
    {STR("separator"), STR(CSV_SEPARATORS_ALLOWED), STR("of CSV; else it is found")},
    {STR("format"), STR("csv | ndjson"), STR("else by the name or the first byte")},
    {STR("json"), STR_NONE, STR("no progress, and a summary that a program reads")},
    STORE_COMMAND_OPTIONS,
};

const struct command command_import = {
    .name = STR("import"),
    .operands = STR("FILE"),
    .operands_max = 1,
    .summary = STR("reads customers from CSV or NDJSON, or restores an export"),
    .text = STR("  customer360 import customers.csv --source erp --key-column ID \\\n"
                "      --map Company=name --map Mail=emails --map \"VAT no\"=identifiers.VAT \\\n"
                "      --ignore-unknown --errors refused.csv\n"
                "  customer360 import customers.csv --resume last\n"
                "  customer360 import --undo JOB\n\n"
                "A column named as a field needs no mapping: name, emails, addresses.city,\n"
                "contacts[0].email, identifiers.VAT, preferences.theme. A cell of a list is split\n"
                "at ';'. FILE is - for standard input. The file of an export restores its state.\n"
                "Exit code 3: some rows were invalid or are customers already, all others are in."),
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_import,
};
