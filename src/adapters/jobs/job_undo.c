/* The undo of an import as a job, from wherever it stands. */
#include "adapters/jobs/import_job.h"
#include "adapters/jobs/job_internal.h"
#include "adapters/jobs/undoer.h"
#include "base/log.h"

struct running_undo {
    struct job_service *service;
    struct job_task *task;
    struct undoer_options options;
    struct undo_counts counts;
    struct job_pace pace;
    int64_t total;
    int64_t homes_before; /* this process began */
    bool begun;
    struct arena scratch;
};

static struct str progress_json(struct running_undo *running, const struct undo_counts *counts,
                                const struct error *why)
{
    struct buffer out = {.arena = &running->scratch};
    struct json_writer writer = {.out = &out};
    arena_reset(&running->scratch);
    json_object_begin(&writer);
    undo_counts_write(&writer, counts);
    json_key(&writer, STR("stepsTotal"));
    json_int64(&writer, running->total);
    job_pace_write(&writer, &running->pace, job_now(running->service), counts->steps,
                   running->total, counts->homes - running->homes_before);
    if (why) import_job_write_error(&writer, why);
    json_object_end(&writer);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

static enum status tell_progress(void *context, const struct undo_counts *counts, int64_t total)
{
    struct running_undo *running = context;
    if (!running->begun) running->homes_before = counts->homes;
    running->begun = true;
    running->total = total;
    if (atomic_load(&running->service->stopping)) return STATUS_UNAVAILABLE;
    if (!job_pace_is_due(&running->pace, job_now(running->service))) return STATUS_OK;
    enum status status = job_record(running->service, running->task, JOB_RUNNING,
                                    progress_json(running, counts, NULL));
    return status == STATUS_JOB_ENDED || status == STATUS_JOB_TAKEN ? status : STATUS_OK;
}

static enum status go(void *context, struct error *error)
{
    struct running_undo *running = context;
    return undoer_run(&running->options, &running->counts, error);
}

static int64_t place(const void *context)
{
    return ((const struct running_undo *)context)->counts.steps;
}

static bool finish(struct running_undo *running, enum status status, struct error *error)
{
    const struct undo_counts *counts = &running->counts;
    error->status = status;
    return job_end(running->service, running->task, status,
                   progress_json(running, counts, status == STATUS_OK ? NULL : error),
                   LOG_COUNT("homes", counts->homes));
}

bool job_run_undo(struct job_service *service, struct job_task *task)
{
    struct running_undo running = {.service = service, .task = task};
    struct error error = {.status = STATUS_OK};
    running.options = (struct undoer_options){.application = service->application,
                                              .caller = task->caller,
                                              .undo_id = task->job_id,
                                              .epoch = task->epoch,
                                              .progress = tell_progress,
                                              .context = &running};
    running.pace.begun_at = job_now(service);
    arena_init(&running.scratch, 1 << 20);
    enum status status = job_go_on(service, go, place, &running, &error);
    bool ended = job_ends(service, task, status) && finish(&running, status, &error);
    arena_release(&running.scratch);
    return ended;
}
