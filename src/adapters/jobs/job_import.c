/* An import as a job: the spooled upload through the importer. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "adapters/jobs/job_internal.h"
#include "adapters/jobs/refusal.h"
#include "base/log.h"

struct import_job {
    struct job_service *service;
    struct job_task *task;
    struct job_pace pace;
    FILE *errors; /* NULL: none refused yet, or it cannot be written */
    bool errors_failed;
    struct arena scratch;
};

static void write_refused(void *context, int64_t row, enum import_outcome outcome,
                          struct str customer_id, const struct error *why)
{
    struct import_job *job = context;
    (void)outcome;
    if (job->errors_failed) return;
    arena_reset(&job->scratch);
    if (!job->errors) {
        char *path = job_path(job->service, job->task->caller.tenant, job->task->job_id, "errors",
                              &job->scratch);
        job->errors = path ? fopen(path, "we") : NULL;
    }
    struct buffer line = {.arena = &job->scratch};
    refusal_write_json(&line, row, customer_id, why);
    if (!job->errors || buffer_failed(&line) ||
        fwrite(line.bytes, 1, line.len, job->errors) != line.len) {
        job->errors_failed = true;
        log_error("job.errors_not_written", LOG_ID("job", job->task->job_id));
    }
}

static struct str progress_json(struct import_job *job, const struct import_counts *counts,
                                const struct error *error)
{
    struct buffer out = {.arena = &job->scratch};
    struct json_writer writer = {.out = &out};
    arena_reset(&job->scratch);
    json_object_begin(&writer);
    refusal_write_counts(&writer, counts);
    json_key(&writer, STR("bytesTotal"));
    json_int64(&writer, job->task->bytes_total);
    job_pace_write(&writer, &job->pace, job_now(job->service), counts->bytes,
                   job->task->bytes_total, counts->rows);
    if (error) job_write_error(&writer, error);
    json_object_end(&writer);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

static enum status tell_progress(void *context, const struct import_counts *counts)
{
    struct import_job *job = context;
    if (atomic_load(&job->service->stopping)) return STATUS_UNAVAILABLE;
    if (!job_pace_is_due(&job->pace, job_now(job->service))) return STATUS_OK;
    enum status status =
        job_record(job->service, job->task, JOB_RUNNING, progress_json(job, counts, NULL));
    /* A progress that cannot be told is no reason to stop. */
    return status == STATUS_JOB_ENDED ? status : STATUS_OK;
}

static enum status run(struct import_job *job, struct import_counts *counts, struct error *error)
{
    const struct job_task *task = job->task;
    const struct importer_options options = {
        .application = job->service->application,
        .caller = task->caller,
        .form = task->parameters.form == IMPORT_CSV ? RECORD_FORM_CSV : RECORD_FORM_NDJSON,
        .source = task->parameters.source,
        .rules = task->rules,
        .on_duplicate = task->parameters.on_duplicate,
        .batch = job->service->batch,
        .refused = write_refused,
        .progress = tell_progress,
        .context = job,
    };
    int file = open(task->upload_path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return job_file_failed("read", error);
    enum status status = importer_run(&options, file, counts, error);
    (void)close(file);
    return status;
}

static void finish(struct import_job *job, enum status status, const struct import_counts *counts,
                   struct error *error)
{
    if (job->errors && fclose(job->errors) != 0) job->errors_failed = true;
    if (status == STATUS_JOB_ENDED) return; /* cancelled: its record says so */
    if (status != STATUS_OK && atomic_load(&job->service->stopping))
        (void)error_set(error, STATUS_UNAVAILABLE, STR(""), STR("import the file again"),
                        "the service was stopped; what was written stays");
    error->status = status;
    bool fine = status == STATUS_OK;
    if (job_record(job->service, job->task, fine ? JOB_DONE : JOB_FAILED,
                   progress_json(job, counts, fine ? NULL : error)) != STATUS_OK)
        return; /* logged there */
    log_info("job.ended", LOG_ID("job", job->task->job_id),
             LOG_CODE("outcome", fine ? STR("DONE") : status_code(error->status)),
             LOG_COUNT("rows", counts->rows));
}

void job_run_import(struct job_service *service, struct job_task *task)
{
    struct import_job job = {.service = service, .task = task};
    struct import_counts counts = {.rows = 0};
    struct error error = {.status = STATUS_OK};
    job.pace.begun_at = job_now(service);
    arena_init(&job.scratch, 1 << 20);
    enum status status = job_record(service, task, JOB_RUNNING, progress_json(&job, &counts, NULL));
    if (status == STATUS_OK) status = run(&job, &counts, &error);
    finish(&job, status, &counts, &error);
    (void)unlink(task->upload_path);
    arena_release(&job.scratch);
}
