/* An export as a job: all customers, as lines or as rows, into a file, which is then put into the
 * store. One that was cut off, or taken away by an erasure, begins anew. */

#include "adapters/jobs/import_job.h"
#include "adapters/jobs/job_internal.h"
#include "application/erase_exports.h"
#include "application/export_profiles.h"
#include "application/export_records.h"
#include "base/log.h"

enum { PAGE_PROFILES = 100, PAGE_ARENA_MAX = 256 << 20 };

struct export_job {
    struct job_service *service;
    struct job_task *task;
    struct job_pace pace;
    bool is_csv;
    struct export_cursor cursor;   /* of lines */
    struct profile_export profile; /* of rows */
    int64_t bytes;
    struct arena page, text;
};

static int64_t profiles_of(const struct export_job *job)
{
    return job->is_csv ? job->profile.profiles : job->cursor.profiles;
}

static bool is_done(const struct export_job *job)
{
    return job->is_csv ? job->profile.done : job->cursor.phase == EXPORT_DONE;
}

static struct str progress_json(struct export_job *job, const struct error *error)
{
    struct buffer out = {.arena = &job->text};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    json_key(&writer, STR("profiles"));
    json_int64(&writer, profiles_of(job));
    json_key(&writer, STR("merges"));
    json_int64(&writer, job->cursor.merges);
    json_key(&writer, STR("bytes"));
    json_int64(&writer, job->bytes);
    job_pace_write(&writer, &job->pace, job_now(job->service), 0, 0, profiles_of(job));
    if (error) import_job_write_error(&writer, error);
    json_object_end(&writer);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

static enum status read_page(struct export_job *job, struct buffer *out, struct error *error)
{
    struct application *application = job->service->application;
    const struct caller *caller = &job->task->caller;
    return job->is_csv ? export_profiles(application, caller, &job->profile, PAGE_PROFILES,
                                         &job->page, out, error)
                       : export_records(application, caller, &job->cursor, PAGE_PROFILES,
                                        &job->page, out, error);
}

static enum status write_page(struct export_job *job, FILE *file, struct error *error)
{
    struct buffer lines = {.arena = &job->text};
    arena_reset(&job->page);
    arena_reset(&job->text);
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
        if (atomic_load(&job->service->stopping)) return error_plain(error, STATUS_UNAVAILABLE);
        if (!job_pace_is_due(&job->pace, job_now(job->service))) continue;
        enum status status =
            job_record(job->service, job->task, JOB_RUNNING, progress_json(job, NULL));
        if (status == STATUS_JOB_ENDED || status == STATUS_JOB_TAKEN)
            return error_plain(error, status);
    }
    return fflush(file) == 0 ? STATUS_OK : job_file_failed("written", error);
}

/* From the first customer on. */
static enum status go(void *context, struct error *error)
{
    struct export_job *job = context;
    const struct job_task *task = job->task;
    FILE *file;
    job->cursor = (struct export_cursor){.after_len = 0};
    job->profile = (struct profile_export){.after_len = 0};
    job->bytes = 0;
    arena_reset(&job->text);
    TRY(job_begin(job->service, task, progress_json(job, NULL), error));
    TRY(erase_exports_await(job->service->application, &task->caller, &job->page, error));
    TRY(job_scratch_stream(job->service, &file, error));
    enum status status = write_pages(job, file, error);
    if (status == STATUS_OK)
        status = job_file_put(job->service, &task->caller, task->job_id, task->epoch, fileno(file),
                              error);
    (void)fclose(file);
    return status;
}

static int64_t place(const void *context)
{
    (void)context;
    return 0;
}

static bool finish(struct export_job *job, enum status status, struct error *error)
{
    error->status = status;
    return job_end(job->service, job->task, status,
                   progress_json(job, status == STATUS_OK ? NULL : error),
                   LOG_COUNT("profiles", profiles_of(job)));
}

bool job_run_export(struct job_service *service, struct job_task *task)
{
    struct export_job job = {.service = service, .task = task};
    struct error error = {.status = STATUS_OK};
    arena_init(&job.page, PAGE_ARENA_MAX);
    arena_init(&job.text, PAGE_ARENA_MAX);
    job.is_csv =
        str_equal(jobs_text_parameter(&task->row, STR("format"), &task->arena), STR("csv"));
    job.pace.begun_at = job_now(service);
    enum status status = job_go_on(service, go, place, &job, &error);
    bool ended = job_ends(service, task, status) && finish(&job, status, &error);
    arena_release(&job.page);
    arena_release(&job.text);
    return ended;
}
