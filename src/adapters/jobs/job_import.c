/* An import as a job: the upload, out of the store, through the importer, from wherever the job
 * stands.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/jobs/import_job.h"
#include "adapters/jobs/job_internal.h"
#include "base/log.h"

struct running_import {
    struct job_service *service;
    struct job_task *task;
    struct import_job import;
    struct job_pace pace;
    int64_t rows_before; /* this process began */
    bool begun;
    int64_t bytes_total;
    struct arena_mark mark; /* of the task's arena, behind which a run begins */
    struct arena scratch;
};

static struct str progress_json(struct running_import *running, const struct import_counts *counts,
                                const struct error *why)
{
    struct buffer out = {.arena = &running->scratch};
    struct json_writer writer = {.out = &out};
    arena_reset(&running->scratch);
    json_object_begin(&writer);
    import_counts_write(&writer, counts);
    json_key(&writer, STR("bytesTotal"));
    json_int64(&writer, running->bytes_total);
    job_pace_write(&writer, &running->pace, job_now(running->service), counts->bytes,
                   running->bytes_total, counts->rows - running->rows_before);
    if (why) import_job_write_error(&writer, why);
    json_object_end(&writer);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

static enum status tell_progress(void *context, const struct import_counts *counts)
{
    struct running_import *running = context;
    if (atomic_load(&running->service->stopping)) return STATUS_UNAVAILABLE;
    if (!job_pace_is_due(&running->pace, job_now(running->service))) return STATUS_OK;
    enum status status = job_record(running->service, running->task, JOB_RUNNING,
                                    progress_json(running, counts, NULL));
    /* A progress that cannot be told is no reason to stop. */
    return status == STATUS_JOB_ENDED || status == STATUS_JOB_TAKEN ? status : STATUS_OK;
}

static enum status open_import(struct running_import *running, struct error *error)
{
    struct job_service *service = running->service;
    struct job_task *task = running->task;
    arena_rewind(&task->arena, running->mark);
    TRY(import_job_open(service->application, &task->caller, task->job_id, &task->arena,
                        &running->import, error));
    struct importer_options *options = &running->import.options;
    options->settings.epoch = task->epoch;
    options->caller = task->caller;
    options->batch = service->batch;
    options->memory_bytes = service->memory_bytes;
    options->progress = tell_progress;
    options->context = running;
    if (!running->begun) running->rows_before = running->import.at.counts.rows;
    running->begun = true;
    return STATUS_OK;
}

/* Behind its last step. */
static enum status go(void *context, struct error *error)
{
    struct running_import *running = context;
    struct import_job *import = &running->import;
    struct stat what;
    int file;
    TRY(open_import(running, error));
    TRY(job_file_fetch(running->service, running->task, &file, error));
    if (fstat(file, &what) == 0) running->bytes_total = what.st_size;
    enum status status = job_begin(running->service, running->task,
                                   progress_json(running, &import->at.counts, NULL), error);
    if (status == STATUS_OK) status = importer_run(&import->options, file, &import->at, error);
    (void)close(file);
    return status;
}

static int64_t place(const void *context)
{
    return ((const struct running_import *)context)->import.at.step;
}

static bool finish(struct running_import *running, enum status status, struct error *error)
{
    const struct import_counts *counts = &running->import.at.counts;
    error->status = status;
    return job_end(running->service, running->task, status,
                   progress_json(running, counts, status == STATUS_OK ? NULL : error),
                   LOG_COUNT("rows", counts->rows));
}

bool job_run_import(struct job_service *service, struct job_task *task)
{
    struct running_import running = {.service = service, .task = task};
    struct error error = {.status = STATUS_OK};
    running.pace.begun_at = job_now(service);
    arena_init(&running.scratch, 1 << 20);
    running.mark = arena_mark(&task->arena);
    enum status status = job_go_on(service, go, place, &running, &error);
    bool ended = job_ends(service, task, status) && finish(&running, status, &error);
    arena_release(&running.scratch);
    return ended;
}
