/* import: a file of customers into the store. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/jobs/importer.h"
#include "adapters/jobs/refusal.h"
#include "base/identifier.h"
#include "service/progress.h"
#include "service/store_command.h"

enum { REFUSALS_SHOWN = 10, EXIT_SOME_REFUSED = 3 };

struct import_run {
    struct importer_options options;
    struct progress progress;
    int64_t bytes_total;
    FILE *errors; /* of --errors; NULL when it was not given */
    bool errors_csv;
    bool errors_failed;
    bool quiet;
    int64_t refused;
    struct arena line;
};

/* --- what was asked --- */

static enum status add_maps(const struct invocation *invocation, struct column_map *maps,
                            struct mapping_rules *rules, struct error *error)
{
    struct str value, field;
    size_t index = 0;
    while (invocation_each(invocation, STR("map"), &index, &value)) {
        struct str column = value;
        (void)str_split(&column, '=', &field);
        if (str_is_none(column) || str_is_empty(field))
            return error_set(error, STATUS_USAGE, STR("map"), STR("FIELD=COLUMN: name=Company"),
                             "--map %.*s is no mapping", STR_ARGS(value));
        maps[rules->map_count++] = (struct column_map){column, field};
    }
    index = 0;
    while (invocation_each(invocation, STR("skip"), &index, &value))
        maps[rules->map_count++] = (struct column_map){value, STR("")};
    rules->maps = maps;
    return STATUS_OK;
}

static enum status take_format(const struct invocation *invocation, enum record_form *form,
                               struct error *error)
{
    struct str format = invocation_option(invocation, STR("format"));
    struct str file = invocation->operands[0];
    *form = RECORD_FORM_DETECT;
    if (str_ends_with(file, STR(".csv")) || str_equal(format, STR("csv"))) *form = RECORD_FORM_CSV;
    if (str_ends_with(file, STR(".ndjson")) || str_ends_with(file, STR(".jsonl")) ||
        str_equal(format, STR("ndjson")))
        *form = RECORD_FORM_NDJSON;
    if (str_is_none(format) || str_equal(format, STR("csv")) || str_equal(format, STR("ndjson")))
        return STATUS_OK;
    return error_set(error, STATUS_USAGE, STR("format"), STR("csv | ndjson"),
                     "--format is not known");
}

static enum status take_options(const struct invocation *invocation, struct import_run *run,
                                struct error *error)
{
    struct importer_options *options = &run->options;
    struct column_map *maps =
        ARENA_NEW_ARRAY(invocation->arena, struct column_map, invocation->given_count + 1);
    if (!maps) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(store_command_caller(invocation, &options->caller, error));
    TRY(take_format(invocation, &options->form, error));
    options->may_restore = true; /* who is here has the store anyway */
    TRY(add_maps(invocation, maps, &options->rules, error));
    options->rules.pass_over_unknown = invocation_switch(invocation, STR("skip-unknown"));
    options->rules.key_column = invocation_option(invocation, STR("key-column"));
    options->source = invocation_option(invocation, STR("source"));
    if (str_is_none(options->source)) options->source = STR("import");
    options->batch = (size_t)invocation->config.values.jobs_batch;
    run->quiet = invocation_switch(invocation, STR("json"));
    if (!identifier_is_valid(options->source))
        return error_set(error, STATUS_USAGE, STR("source"), STR(IDENTIFIER_ALLOWED),
                         "--source is no identifier");
    if (!create_customer_choice(invocation_option(invocation, STR("on-duplicate")),
                                &options->on_duplicate))
        return error_set(error, STATUS_USAGE, STR("on-duplicate"), create_customer_choices,
                         "--on-duplicate is not known");
    return STATUS_OK;
}

/* --- the same over HTTP --- */

static struct str mapping_json(const struct mapping_rules *rules, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    for (size_t i = 0; i < rules->map_count; i++) {
        json_key(&writer, rules->maps[i].column);
        if (str_is_empty(rules->maps[i].field))
            json_null(&writer);
        else
            json_string(&writer, rules->maps[i].field);
    }
    if (rules->pass_over_unknown) {
        json_key(&writer, STR("*"));
        json_null(&writer);
    }
    json_object_end(&writer);
    return buffer_failed(&out) ? STR("{}") : buffer_str(&out);
}

static struct str curl_line(const struct invocation *invocation, const struct import_run *run)
{
    const struct importer_options *options = &run->options;
    struct arena *arena = invocation->arena;
    struct str file = invocation->operands[0];
    bool lines = options->form == RECORD_FORM_NDJSON;
    struct buffer out = {.arena = arena};
    buffer_append_format(&out,
                         "  curl -sS -T %.*s -X POST -H 'Content-Type: %s'%.*s \\\n    '%.*s/"
                         "imports?source=%.*s",
                         STR_ARGS(file), lines ? "application/x-ndjson" : "text/csv",
                         STR_ARGS(store_command_headers(invocation, &options->caller)),
                         STR_ARGS(store_command_url(invocation)), STR_ARGS(options->source));
    if (!str_is_none(options->rules.key_column))
        buffer_append_format(&out, "&keyColumn=%.*s",
                             STR_ARGS(store_command_escape(options->rules.key_column, arena)));
    buffer_append_format(&out, "&onDuplicate=%.*s",
                         STR_ARGS(create_customer_choice_name(options->on_duplicate)));
    if (options->rules.map_count > 0 || options->rules.pass_over_unknown)
        buffer_append_format(
            &out, "&mapping=%.*s",
            STR_ARGS(store_command_escape(mapping_json(&options->rules, arena), arena)));
    buffer_append(&out, STR("'"));
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

/* --- while it runs --- */

static void tell_refused(void *context, int64_t row, enum import_outcome outcome,
                         struct str customer_id, const struct error *why)
{
    struct import_run *run = context;
    (void)outcome;
    run->refused++;
    if (!run->errors) {
        if (run->refused <= REFUSALS_SHOWN && !run->quiet)
            (void)fprintf(stderr, "row %lld: %s%s%s\n", (long long)row, why->field,
                          why->field[0] ? ": " : "", why->message);
        return;
    }
    struct buffer out = {.arena = &run->line};
    arena_reset(&run->line);
    if (run->errors_csv)
        refusal_write_csv(&out, row, customer_id, why);
    else
        refusal_write_json(&out, row, customer_id, why);
    if (buffer_failed(&out) || fwrite(out.bytes, 1, out.len, run->errors) != out.len)
        run->errors_failed = true;
}

static enum status tell_progress(void *context, const struct import_counts *counts)
{
    struct import_run *run = context;
    progress_tell(&run->progress, counts->rows, counts->bytes, run->bytes_total);
    return STATUS_OK;
}

/* --- the end --- */

static void summarise_json(struct import_run *run, const struct import_counts *counts,
                           double seconds)
{
    struct buffer out = {.arena = &run->line};
    struct json_writer writer = {.out = &out};
    arena_reset(&run->line);
    json_object_begin(&writer);
    refusal_write_counts(&writer, counts);
    json_key(&writer, STR("milliseconds"));
    json_int64(&writer, (int64_t)(seconds * 1000));
    json_object_end(&writer);
    buffer_append_char(&out, '\n');
    (void)fwrite(buffer_str(&out).ptr, 1, out.len, stdout);
}

static void summarise(struct import_run *run, const struct import_counts *counts, double seconds)
{
    char text[5][PROGRESS_NUMBER_MAX], rows[PROGRESS_NUMBER_MAX], rate[PROGRESS_NUMBER_MAX];
    if (!run->errors && run->refused > REFUSALS_SHOWN)
        (void)fprintf(stderr, "... and %lld more rows; --errors FILE keeps them all\n",
                      (long long)(run->refused - REFUSALS_SHOWN));
    double per_second = seconds > 0 ? (double)counts->rows / seconds : 0;
    (void)printf("%s %s in %.1f s (%s/s)", progress_number(counts->rows, rows),
                 counts->restore ? "lines restored" : "rows", seconds,
                 progress_number((int64_t)per_second, rate));
    if (!counts->restore)
        (void)printf(": %s created, %s updated, %s unchanged, %s duplicates, %s invalid",
                     progress_number(counts->outcomes[IMPORT_CREATED], text[0]),
                     progress_number(counts->outcomes[IMPORT_UPDATED], text[1]),
                     progress_number(counts->outcomes[IMPORT_UNCHANGED], text[2]),
                     progress_number(counts->outcomes[IMPORT_DUPLICATE], text[3]),
                     progress_number(counts->outcomes[IMPORT_INVALID], text[4]));
    (void)printf("\n");
}

/* --- running --- */

static enum status open_errors(const struct invocation *invocation, struct import_run *run,
                               struct error *error)
{
    struct str path = invocation_option(invocation, STR("errors"));
    if (str_is_none(path)) return STATUS_OK;
    char *name = arena_cstr(invocation->arena, path);
    run->errors = name ? fopen(name, "we") : NULL;
    if (!run->errors)
        return error_set(error, STATUS_IO, STR("errors"), STR("a file that can be written"),
                         "%.*s: %s", STR_ARGS(path), strerror(errno));
    run->errors_csv = str_ends_with(path, STR(".csv"));
    if (!run->errors_csv) return STATUS_OK;
    struct buffer header = {.arena = invocation->arena};
    refusal_write_csv_header(&header);
    run->errors_failed = fwrite(buffer_str(&header).ptr, 1, header.len, run->errors) != header.len;
    return STATUS_OK;
}

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

static enum status import_file(struct invocation *invocation, struct import_run *run, int file,
                               struct import_counts *counts, struct error *error)
{
    struct instance instance;
    TRY(store_command_open(invocation, curl_line(invocation, run), &instance, error));
    run->options.application = &instance.application;
    run->options.refused = tell_refused;
    run->options.progress = tell_progress;
    run->options.context = run;
    progress_begin(&run->progress, STR("rows"), run->quiet);
    enum status status = importer_run(&run->options, file, counts, error);
    double seconds = progress_end(&run->progress);
    if (run->quiet)
        summarise_json(run, counts, seconds);
    else if (status == STATUS_OK || counts->rows > 0)
        summarise(run, counts, seconds);
    instance_close(&instance);
    return status;
}

static enum status close_errors(struct import_run *run, enum status status, struct error *error)
{
    if (!run->errors) return status;
    if (fclose(run->errors) != 0) run->errors_failed = true;
    if (status != STATUS_OK || !run->errors_failed) return status;
    return error_set(error, STATUS_IO, STR("errors"), STR(""), "the errors could not be written");
}

static enum status run_import(struct invocation *invocation, struct error *error)
{
    struct import_run run = {.errors = NULL};
    struct import_counts counts = {.rows = 0};
    int file = -1;
    if (invocation->operand_count == 0)
        return error_set(error, STATUS_USAGE, STR("FILE"), STR("a CSV or NDJSON file, or -"),
                         "what shall be imported?");
    TRY(take_options(invocation, &run, error));
    TRY(open_input(invocation, &run, &file, error));
    TRY(open_errors(invocation, &run, error));
    arena_init(&run.line, 1 << 20);
    enum status status = import_file(invocation, &run, file, &counts, error);
    status = close_errors(&run, status, error);
    arena_release(&run.line);
    (void)close(file);
    if (status == STATUS_OK && counts.outcomes[IMPORT_INVALID] > 0)
        invocation->exit_code = EXIT_SOME_REFUSED;
    return status;
}

static const struct command_option options[] = {
    {STR("source"), STR("NAME"), STR("the system that the records come from (import)")},
    {STR("key-column"), STR("COLUMN"),
     STR("the record's key there: a later import of the same key updates")},
    {STR("map"), STR("FIELD=COLUMN"), STR("a column that is not named as its field; repeatable")},
    {STR("skip"), STR("COLUMN"), STR("pass over a column; repeatable")},
    {STR("skip-unknown"), STR_NONE, STR("pass over all columns that are no field and not mapped")},
    {STR("on-duplicate"), STR("reject | review | merge | allow"),
     STR("a row that certainly is a customer already is reported, created and queued for review, "
         "created and merged, or just created (reject)")},
    {STR("errors"), STR("FILE"),
     STR("write refused rows and why to FILE, as CSV if it ends so, "
         "else NDJSON")},
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
                "      --map name=Company --map emails=Mail --map identifiers.VAT=\"VAT no\" \\\n"
                "      --skip-unknown --errors refused.csv\n\n"
                "A column named as a field needs no mapping: name, emails, addresses.city,\n"
                "contacts[0].email, identifiers.VAT, preferences.theme. A cell of a list is split\n"
                "at ';'. FILE is - for standard input. The file of an export restores its state.\n"
                "Exit code 3: some rows were invalid, all others are in."),
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_import,
};
