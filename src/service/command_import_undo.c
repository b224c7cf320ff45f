#include "service/command_import_undo.h"

#include "adapters/jobs/import_job.h"
#include "adapters/jobs/undoer.h"
#include "application/job_report.h"
#include "application/jobs.h"
#include "service/import_samples.h"
#include "service/progress.h"
#include "service/report_file.h"
#include "service/store_command.h"

enum { PREVIEW_ARENA_MAX = 512 << 20 };

struct undo_run {
    struct undoer_options options;
    struct progress progress;
    struct report_file report;
    struct import_samples samples; /* of a preview */
    bool json, preview;
};

static enum status tell_progress(void *context, const struct undo_counts *counts, int64_t total)
{
    struct undo_run *run = context;
    progress_tell(&run->progress, counts->homes, counts->steps, total);
    return STATUS_OK;
}

static enum status name_import(struct application *application, const struct caller *caller,
                               struct arena *arena, struct str *import_id, struct error *error)
{
    struct job_row row;
    if (!str_equal(*import_id, STR("last"))) return STATUS_OK;
    TRY(jobs_find_last(application, caller, STR("IMPORT"), arena, &row, error));
    *import_id = row.job_id;
    (void)fprintf(stderr, "import %.*s\n", STR_ARGS(*import_id));
    return STATUS_OK;
}

/* An import that was interrupted counts as running: who undoes it does not want it to go on. */
static enum status start(struct application *application, const struct caller *caller,
                         struct str import_id, struct arena *arena, struct job_row *undo,
                         struct error *error)
{
    struct job_row import;
    enum status status =
        undo_import_start(application, caller, import_id, STR_NONE, arena, undo, error);
    if (status != STATUS_JOB_RUNNING) return status;
    TRY(jobs_cancel(application, caller, import_id, arena, &import, error));
    return undo_import_start(application, caller, import_id, STR_NONE, arena, undo, error);
}

static struct str progress_json(const struct undo_counts *counts, const struct error *why,
                                struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    undo_counts_write(&writer, counts);
    if (why) import_job_write_error(&writer, why);
    json_object_end(&writer);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

static enum status tell_report(struct undo_run *run, struct arena *arena, struct error *error)
{
    struct str lines = STR("");
    int64_t after = 0;
    struct arena_mark mark = arena_mark(arena);
    while (!str_is_none(lines)) {
        arena_rewind(arena, mark);
        TRY(job_report_read(run->options.application, &run->options.caller, run->options.undo_id,
                            &after, arena, &lines, error));
        if (!str_is_none(lines)) report_file_tell(&run->report, lines);
    }
    return STATUS_OK;
}

static void summarise(const struct undo_run *run, const struct undo_counts *counts, double seconds,
                      struct arena *arena)
{
    char text[UNDO_OUTCOME_COUNT + 1][PROGRESS_NUMBER_MAX];
    struct str samples = import_samples_text(&run->samples);
    if (run->json) {
        struct str json = progress_json(counts, NULL, arena);
        (void)printf("{\"%s\":\"%.*s\",\"milliseconds\":%lld,\"progress\":%.*s",
                     run->preview ? "importId" : "jobId", STR_ARGS(run->options.undo_id),
                     (long long)(seconds * 1000), STR_ARGS(json));
        if (run->preview) (void)printf(",\"samples\":[%.*s]", STR_ARGS(samples));
        (void)printf("}\n");
        return;
    }
    (void)printf("%s customers in %.1f s: %s%s removed, %s restored, %s kept, %s skipped\n%.*s",
                 progress_number(counts->homes, text[0]), seconds, run->preview ? "would be " : "",
                 progress_number(counts->outcomes[UNDO_REMOVED], text[1]),
                 progress_number(counts->outcomes[UNDO_RESTORED], text[2]),
                 progress_number(counts->outcomes[UNDO_KEPT], text[3]),
                 progress_number(counts->outcomes[UNDO_SKIPPED], text[4]), STR_ARGS(samples));
}

/* --- what it would do --- */

static void tell_sample(void *context, struct str home, enum undo_outcome outcome, struct str name)
{
    struct undo_run *run = context;
    import_samples_home(&run->samples, home, outcome, name);
}

static enum status preview_steps(struct undo_run *run, struct str import_id,
                                 const struct later_imports *later,
                                 const struct undo_preview *preview, struct undo_counts *counts,
                                 struct error *error)
{
    struct arena arena;
    bool done = false;
    enum status status = STATUS_OK;
    arena_init(&arena, PREVIEW_ARENA_MAX);
    while (!done && status == STATUS_OK) {
        struct str lines = STR_NONE;
        arena_reset(&arena);
        status = undo_import_preview_step(run->options.application, &run->options.caller, import_id,
                                          later, preview, &arena, counts, &lines, &done, error);
        if (status == STATUS_OK && !str_is_none(lines)) report_file_tell(&run->report, lines);
        progress_tell(&run->progress, counts->homes, 0, 0);
    }
    arena_release(&arena);
    return status;
}

static enum status run_preview(struct invocation *invocation, struct undo_run *run,
                               struct str import_id, struct error *error)
{
    struct application *application = run->options.application;
    const struct caller *caller = &run->options.caller;
    struct later_imports *later = NULL;
    struct undo_counts counts = {.homes = 0};
    struct undo_preview preview = {.told = tell_sample, .context = run};
    TRY(name_import(application, caller, invocation->arena, &import_id, error));
    TRY(undo_import_check(application, caller, import_id, invocation->arena, error));
    TRY(later_imports_read(application, caller, import_id, &later, error));
    preview.seen = import_trial_new((size_t)invocation->config.values.jobs_memory);
    run->options.undo_id = import_id;
    progress_begin(&run->progress, STR("customers"), run->json);
    enum status status = preview.seen
                             ? preview_steps(run, import_id, later, &preview, &counts, error)
                             : error_plain(error, STATUS_OUT_OF_MEMORY);
    double seconds = progress_end(&run->progress);
    import_trial_free(preview.seen);
    later_imports_free(later);
    if (status == STATUS_OK) summarise(run, &counts, seconds, invocation->arena);
    return status;
}

static enum status run_undo(struct invocation *invocation, struct undo_run *run,
                            struct str import_id, struct error *error)
{
    struct application *application = run->options.application;
    const struct caller *caller = &run->options.caller;
    struct undo_counts counts;
    struct job_row undo = {.state = JOB_QUEUED};
    TRY(name_import(application, caller, invocation->arena, &import_id, error));
    TRY(start(application, caller, import_id, invocation->arena, &undo, error));
    run->options.undo_id = undo.job_id;
    run->options.epoch = undo.epoch;
    progress_begin(&run->progress, STR("customers"), run->json);
    enum status status = undoer_run(&run->options, &counts, error);
    double seconds = progress_end(&run->progress);
    if (status != STATUS_OK) return status; /* the same command goes on with it */
    TRY(jobs_update(application, caller, undo.job_id, undo.epoch, JOB_DONE,
                    progress_json(&counts, NULL, invocation->arena), invocation->arena, error));
    TRY(tell_report(run, invocation->arena, error));
    summarise(run, &counts, seconds, invocation->arena);
    return STATUS_OK;
}

static struct str curl_line(const struct invocation *invocation, const struct caller *caller,
                            struct str import_id)
{
    return arena_format(invocation->arena, "  curl -sS -X POST%.*s '%.*s/imports/%.*s/undo'",
                        STR_ARGS(store_command_headers(invocation, caller)),
                        STR_ARGS(store_command_url(invocation)),
                        STR_ARGS(store_command_escape(import_id, invocation->arena)));
}

enum status command_import_undo(struct invocation *invocation, struct str import_id,
                                struct error *error)
{
    struct undo_run run = {.json = invocation_switch(invocation, STR("json")),
                           .preview = invocation_switch(invocation, STR("dry-run"))};
    struct instance instance;
    if (invocation->operand_count > 0)
        return error_set(error, STATUS_USAGE, STR("undo"), STR("--undo JOB without a FILE"),
                         "an undo takes no file");
    TRY(store_command_require_store(invocation, error));
    TRY(store_command_caller(invocation, &run.options.caller, error));
    TRY(report_file_open(invocation, STR("UNDO"), run.json, &run.report, error));
    enum status status = store_command_open(
        invocation, curl_line(invocation, &run.options.caller, import_id), &instance, error);
    if (status == STATUS_OK) {
        run.options.application = &instance.application;
        run.options.progress = tell_progress;
        run.options.context = &run;
        run.samples =
            (struct import_samples){.out = {.arena = invocation->arena}, .json = run.json};
        status = run.preview ? run_preview(invocation, &run, import_id, error)
                             : run_undo(invocation, &run, import_id, error);
        instance_close(&instance);
    }
    return report_file_close(&run.report, status, error);
}
