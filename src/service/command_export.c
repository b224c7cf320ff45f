/* export: everything of a tenant as lines of JSON, or its golden profiles as CSV. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "application/export_profiles.h"
#include "application/export_records.h"
#include "application/list_customers.h"
#include "application/read_events.h"
#include "service/files.h"
#include "service/progress.h"
#include "service/store_command.h"

enum { PAGE_PROFILES = 200, PAGE_ARENA_MAX = 512 << 20 };

struct export_run {
    struct application *application;
    struct caller caller;
    FILE *out;
    struct progress progress;
    struct arena page, text;
    int64_t profiles;
};

static enum status put(struct export_run *run, const struct buffer *text, struct error *error)
{
    if (buffer_failed(text)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (fwrite(buffer_str(text).ptr, 1, text->len, run->out) == text->len) return STATUS_OK;
    return error_set(error, STATUS_IO, STR(""), STR(""), "the output cannot be written: %s",
                     strerror(errno));
}

static enum status export_lines(struct export_run *run, struct error *error)
{
    struct export_cursor cursor = {.phase = EXPORT_START};
    while (cursor.phase != EXPORT_DONE) {
        struct buffer lines = {.arena = &run->text};
        arena_reset(&run->page);
        arena_reset(&run->text);
        TRY(export_records(run->application, &run->caller, &cursor, PAGE_PROFILES, &run->page,
                           &lines, error));
        TRY(put(run, &lines, error));
        run->profiles = cursor.profiles;
        progress_tell(&run->progress, run->profiles, 0, 0);
    }
    return STATUS_OK;
}

static enum status export_csv(struct export_run *run, struct error *error)
{
    struct profile_export cursor = {.done = false};
    while (!cursor.done) {
        struct buffer rows = {.arena = &run->text};
        arena_reset(&run->page);
        arena_reset(&run->text);
        TRY(export_profiles(run->application, &run->caller, &cursor, PAGE_PROFILES, &run->page,
                            &rows, error));
        TRY(put(run, &rows, error));
        run->profiles = cursor.profiles;
        progress_tell(&run->progress, run->profiles, 0, 0);
    }
    return STATUS_OK;
}

static enum status export_to(struct export_run *run, bool csv, struct error *error)
{
    arena_init(&run->page, PAGE_ARENA_MAX);
    arena_init(&run->text, PAGE_ARENA_MAX);
    /* Output that is a terminal or a pipe needs no second voice. */
    progress_begin(&run->progress, STR("customers"), run->out == stdout);
    enum status status = csv ? export_csv(run, error) : export_lines(run, error);
    double seconds = progress_end(&run->progress);
    char count[PROGRESS_NUMBER_MAX];
    if (status == STATUS_OK && run->out != stdout)
        (void)fprintf(stderr, "%s customers in %.1f s\n", progress_number(run->profiles, count),
                      seconds);
    arena_release(&run->page);
    arena_release(&run->text);
    return status;
}

static bool goes_to_file(const struct invocation *invocation)
{
    return invocation->operand_count > 0 && !str_equal(invocation->operands[0], STR("-"));
}

/* A name that promises another form, .xlsx or .json, would be a lie. */
static enum status format_of_name(const struct invocation *invocation, bool *csv,
                                  struct error *error)
{
    struct str rest = goes_to_file(invocation) ? invocation->operands[0] : STR(""), name = rest;
    *csv = str_ends_with(rest, STR(".csv"));
    while (!str_is_none(rest)) (void)str_split(&rest, '/', &name);
    if (*csv || str_find_char(name, '.') < 0 || str_ends_with(name, STR(".ndjson")) ||
        str_ends_with(name, STR(".jsonl")))
        return STATUS_OK;
    return error_set(error, STATUS_USAGE, STR("FILE"),
                     STR("a name that ends in .ndjson, .jsonl or .csv, or --format csv | ndjson"),
                     "%.*s does not say in which form it shall be", STR_ARGS(name));
}

static enum status take_format(const struct invocation *invocation, bool *csv, struct error *error)
{
    struct str format = invocation_option(invocation, STR("format"));
    if (str_is_none(format)) return format_of_name(invocation, csv, error);
    *csv = str_equal(format, STR("csv"));
    if (*csv || str_equal(format, STR("ndjson"))) return STATUS_OK;
    return error_set(error, STATUS_USAGE, STR("format"), STR("csv | ndjson"),
                     "--format is not known");
}

static struct str curl_lines(const struct invocation *invocation, const struct caller *caller,
                             bool csv)
{
    struct str url = store_command_url(invocation);
    struct str headers = store_command_headers(invocation, caller);
    return arena_format(invocation->arena,
                        "  curl -sS -X POST%.*s '%.*s/exports?format=%s'   # says jobId\n"
                        "  curl -sS%.*s %.*s/jobs/JOB-ID           # until its state is DONE\n"
                        "  curl -sS%.*s -o export.%s %.*s/jobs/JOB-ID/result",
                        STR_ARGS(headers), STR_ARGS(url), csv ? "csv" : "ndjson", STR_ARGS(headers),
                        STR_ARGS(url), STR_ARGS(headers), csv ? "csv" : "ndjson", STR_ARGS(url));
}

/* Before anything is read, for that takes a while. */
static enum status check_output(const struct invocation *invocation, struct error *error)
{
    if (!goes_to_file(invocation) || invocation_switch(invocation, STR("force")) ||
        !files_exists(invocation->operands[0], invocation->arena))
        return STATUS_OK;
    return error_set(error, STATUS_USAGE, STR("FILE"),
                     STR("a name that is not taken, or --force to write over it"),
                     "%.*s is there already", STR_ARGS(invocation->operands[0]));
}

static enum status open_output(const struct invocation *invocation, FILE **out, struct error *error)
{
    *out = stdout;
    if (!goes_to_file(invocation)) return STATUS_OK;
    bool forced = invocation_switch(invocation, STR("force"));
    char *name = arena_cstr(invocation->arena, invocation->operands[0]);
    *out = name ? fopen(name, forced ? "we" : "wxe") : NULL;
    if (*out) return STATUS_OK;
    return error_set(error, STATUS_IO, STR("FILE"), STR("a file that can be written"), "%.*s: %s",
                     STR_ARGS(invocation->operands[0]), strerror(errno));
}

/* A tenant that nobody has written to is a mistake in its name, not an empty export; there is no
 * list of tenants, but each has events from its first customer on. */
static enum status check_tenant(const struct invocation *invocation, struct export_run *run,
                                struct error *error)
{
    struct str tenant = invocation_option(invocation, STR("tenant"));
    const struct customer_query query = {.limit = 1};
    struct json_page page;
    struct event *events;
    size_t count;
    if (str_is_none(tenant)) return STATUS_OK;
    TRY(read_events(run->application, &run->caller, 0, 1, invocation->arena, &events, &count,
                    error));
    if (count > 0) return STATUS_OK;
    TRY(list_customers(run->application, &run->caller, &query, invocation->arena, &page, error));
    struct json_value *list;
    TRY(json_parse(page.body, invocation->arena, &list, error));
    if (json_get(list, STR("items"))->count > 0) return STATUS_OK;
    return error_set(error, STATUS_USAGE, STR("tenant"), STR("a tenant that has customers"),
                     "the store has no customer of tenant %.*s", STR_ARGS(tenant));
}

static enum status run_export(struct invocation *invocation, struct error *error)
{
    struct export_run run = {.out = stdout};
    struct instance instance;
    bool csv;
    TRY(take_format(invocation, &csv, error));
    TRY(store_command_caller(invocation, &run.caller, error));
    TRY(store_command_require_store(invocation, error));
    TRY(check_output(invocation, error));
    TRY(store_command_open(invocation, curl_lines(invocation, &run.caller, csv), &instance, error));
    run.application = &instance.application;
    enum status status = check_tenant(invocation, &run, error);
    if (status == STATUS_OK) status = open_output(invocation, &run.out, error);
    if (status == STATUS_OK) {
        status = export_to(&run, csv, error);
        if ((run.out == stdout ? fflush(stdout) : fclose(run.out)) != 0 && status == STATUS_OK)
            status = error_set(error, STATUS_IO, STR(""), STR(""),
                               "the output cannot be written: %s", strerror(errno));
    }
    instance_close(&instance);
    return status;
}

static const struct command_option options[] = {
    {STR("format"), STR("ndjson | csv"),
     STR("all that is known, which import restores; or golden profiles (by the name, else "
         "ndjson)")},
    {STR("force"), STR_NONE, STR("write over a FILE that is there")},
    STORE_COMMAND_OPTIONS,
};

const struct command command_export = {
    .name = STR("export"),
    .operands = STR("[FILE]"),
    .operands_max = 1,
    .summary = STR("writes everything of a tenant, or its golden profiles as CSV"),
    .text = STR("  customer360 export all.ndjson\n  customer360 export profiles.csv"),
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_export,
};
