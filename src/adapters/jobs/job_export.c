/* An export as a job: all customers, as lines or as rows, into a file, which is then put into the
 * store. One that was cut off, or taken away by an erasure, begins anew. */

#include "adapters/jobs/job_internal.h"
#include "application/erase_exports.h"
#include "application/export_profiles.h"
#include "application/export_records.h"

enum { PAGE_PROFILES = 100, PAGE_ARENA_MAX = 256 << 20 };

struct export_job {
    struct job_run run; /* first */
    bool is_csv;
    struct export_cursor cursor;   /* of lines */
    struct profile_export profile; /* of rows */
    int64_t bytes;
};

static int64_t profiles(const struct job_run *run)
{
    const struct export_job *job = (const struct export_job *)run;
    return job->is_csv ? job->profile.profiles : job->cursor.profiles;
}

static bool is_done(const struct export_job *job)
{
    return job->is_csv ? job->profile.done : job->cursor.phase == EXPORT_DONE;
}

static struct job_measure write_progress(const struct job_run *run, struct json_writer *writer)
{
    const struct export_job *job = (const struct export_job *)run;
    json_key(writer, STR("profiles"));
    json_int64(writer, profiles(run));
    json_key(writer, STR("merges"));
    json_int64(writer, job->cursor.merges);
    json_key(writer, STR("bytes"));
    json_int64(writer, job->bytes);
    return (struct job_measure){.items = profiles(run)};
}

static enum status read_page(struct export_job *job, struct buffer *out, struct error *error)
{
    struct application *application = job->run.service->application;
    const struct caller *caller = &job->run.task->caller;
    return job->is_csv ? export_profiles(application, caller, &job->profile, PAGE_PROFILES,
                                         &job->run.page, out, error)
                       : export_records(application, caller, &job->cursor, PAGE_PROFILES,
                                        &job->run.page, out, error);
}

static enum status write_page(struct export_job *job, FILE *file, struct error *error)
{
    struct job_run *run = &job->run;
    struct buffer lines = {.arena = &run->text};
    arena_reset(&run->page);
    arena_reset(&run->text);
    TRY(read_page(job, &lines, error));
    if (buffer_failed(&lines)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (fwrite(buffer_str(&lines).ptr, 1, lines.len, file) != lines.len)
        return job_file_failed("written", error);
    job->bytes += (int64_t)lines.len;
    return STATUS_OK;
}

static enum status write_pages(struct export_job *job, FILE *file, struct error *error)
{
    while (!is_done(job)) {
        TRY(write_page(job, file, error));
        TRY(job_tell(&job_export_kind, &job->run, error));
    }
    return fflush(file) == 0 ? STATUS_OK : job_file_failed("written", error);
}

static enum status prepare(struct job_run *run, struct error *error)
{
    struct job_task *task = run->task;
    (void)error;
    ((struct export_job *)run)->is_csv =
        str_equal(jobs_text_parameter(&task->row, STR("format"), &task->arena), STR("csv"));
    return STATUS_OK;
}

/* From the first customer on. */
static enum status go(struct job_run *run, struct error *error)
{
    struct export_job *job = (struct export_job *)run;
    const struct job_task *task = run->task;
    FILE *file;
    job->cursor = (struct export_cursor){.after_len = 0};
    job->profile = (struct profile_export){.after_len = 0};
    job->bytes = 0;
    TRY(job_begin(&job_export_kind, run, error));
    TRY(erase_exports_await(run->service->application, &task->caller, &run->page, error));
    TRY(job_scratch_stream(run->service, &file, error));
    enum status status = write_pages(job, file, error);
    if (status == STATUS_OK)
        status = job_file_put(run->service, &task->caller, task->job_id, task->epoch, fileno(file),
                              error);
    (void)fclose(file);
    return status;
}

static int64_t place(const struct job_run *run)
{
    (void)run;
    return 0;
}

const struct job_kind job_export_kind = {.name = STR("EXPORT"),
                                         .size = sizeof(struct export_job),
                                         .arena_max_bytes = PAGE_ARENA_MAX,
                                         .prepare = prepare,
                                         .go = go,
                                         .place = place,
                                         .write = write_progress,
                                         .counted = {{"profiles", profiles}}};
