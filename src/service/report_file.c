#include "service/report_file.h"

#include <errno.h>
#include <string.h>

#include "application/job_report.h"

enum { LINES_SHOWN = 10, REPORT_ARENA_MAX = 64 << 20 };

enum status report_file_open(const struct invocation *invocation, struct str kind, bool quiet,
                             struct report_file *report, struct error *error)
{
    struct str path = invocation_option(invocation, STR("errors"));
    *report = (struct report_file){.kind = kind, .quiet = quiet};
    arena_init(&report->arena, REPORT_ARENA_MAX);
    if (str_is_none(path)) return STATUS_OK;
    char *name = arena_cstr(invocation->arena, path);
    report->file = name ? fopen(name, "we") : NULL;
    if (!report->file)
        return error_set(error, STATUS_IO, STR("errors"), STR("a file that can be written"),
                         "%.*s: %s", STR_ARGS(path), strerror(errno));
    report->csv = str_ends_with(path, STR(".csv"));
    report_file_tell(report, STR("")); /* the names stand there though nothing follows */
    return STATUS_OK;
}

static void show(struct report_file *report, struct str line)
{
    struct json_value *object;
    int64_t row;
    if (report->told++ >= LINES_SHOWN || report->quiet) return;
    if (json_parse(line, &report->arena, &object, NULL) != STATUS_OK) return;
    struct str field = json_text(json_get(object, STR("field")));
    struct str message = json_text(json_get(object, STR("message")));
    if (json_to_int64(json_get(object, STR("row")), &row))
        (void)fprintf(stderr, "row %lld: %.*s%s%.*s\n", (long long)row, STR_ARGS(field),
                      str_is_empty(field) ? "" : ": ", STR_ARGS(message));
    else
        (void)fprintf(stderr, "%.*s\n", STR_ARGS(line));
}

void report_file_tell(struct report_file *report, struct str lines)
{
    struct buffer out = {.arena = &report->arena};
    struct str rest = lines, line;
    arena_reset(&report->arena);
    if (!report->file) {
        while (str_split(&rest, '\n', &line))
            if (!str_is_empty(line)) show(report, line);
        return;
    }
    enum status status = STATUS_OK;
    if (report->csv)
        status = job_report_csv(report->kind, lines, !report->named, &report->arena, &out, NULL);
    else
        buffer_append(&out, lines);
    report->named = true;
    if (status != STATUS_OK || buffer_failed(&out) ||
        fwrite(buffer_str(&out).ptr, 1, out.len, report->file) != out.len)
        report->failed = true;
}

enum status report_file_close(struct report_file *report, enum status status, struct error *error)
{
    arena_release(&report->arena);
    if (!report->file) {
        if (report->told > LINES_SHOWN && !report->quiet)
            (void)fprintf(stderr, "... and %lld more; --errors FILE keeps them all\n",
                          (long long)(report->told - LINES_SHOWN));
        return status;
    }
    if (fclose(report->file) != 0) report->failed = true;
    if (status != STATUS_OK || !report->failed) return status;
    return error_set(error, STATUS_IO, STR("errors"), STR(""), "the errors could not be written");
}
