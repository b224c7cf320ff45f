/* What a running job tells: how far it is, how fast, its state, its failure. */
#include <time.h>

#include "adapters/jobs/import_job.h"
#include "adapters/jobs/job_internal.h"
#include "base/log.h"

enum { TELL_EVERY_MS = 500, RECORD_TRIES = 8 };

instant job_now(const struct job_service *service)
{
    return service->application->environment->now(service->application->environment);
}

static bool is_due(struct job_pace *pace, instant now)
{
    if (now - pace->told_at < TELL_EVERY_MS * (INSTANT_SECOND / 1000)) return false;
    pace->told_at = now;
    return true;
}

/* {"ratePerSecond":..,"etaSeconds":..} as members of an open object. */
static void write_pace(struct json_writer *writer, const struct job_pace *pace, instant now,
                       struct job_measure measure)
{
    double seconds = (double)(now - pace->begun_at) / (double)INSTANT_SECOND;
    if (seconds <= 0) seconds = 1e-6;
    json_key(writer, STR("ratePerSecond"));
    json_int64(writer, (int64_t)((double)measure.items / seconds));
    if (measure.total <= 0 || measure.done <= 0) return;
    double left = seconds * (double)(measure.total - measure.done) / (double)measure.done;
    json_key(writer, STR("etaSeconds"));
    json_int64(writer, left > 0 ? (int64_t)left : 0);
}

struct str job_progress(const struct job_kind *kind, struct job_run *run, const struct error *why)
{
    struct buffer out = {.arena = &run->text};
    struct json_writer writer = {.out = &out};
    arena_reset(&run->text);
    json_object_begin(&writer);
    struct job_measure measure = kind->write(run, &writer);
    write_pace(&writer, &run->pace, job_now(run->service), measure);
    if (why) import_job_write_error(&writer, why);
    json_object_end(&writer);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

enum status job_begin(const struct job_kind *kind, struct job_run *run, struct error *error)
{
    enum status status =
        job_record(run->service, run->task, JOB_RUNNING, job_progress(kind, run, NULL));
    return status == STATUS_OK ? status : error_plain(error, status);
}

enum status job_tell(const struct job_kind *kind, struct job_run *run, struct error *error)
{
    if (atomic_load(&run->service->stopping)) return error_plain(error, STATUS_UNAVAILABLE);
    if (!is_due(&run->pace, job_now(run->service))) return STATUS_OK;
    enum status status =
        job_record(run->service, run->task, JOB_RUNNING, job_progress(kind, run, NULL));
    bool is_over = status == STATUS_JOB_ENDED || status == STATUS_JOB_TAKEN;
    return is_over ? error_plain(error, status) : STATUS_OK;
}

enum status job_record(struct job_service *service, const struct job_task *task,
                       enum job_state state, struct str progress)
{
    struct arena arena;
    struct error error = {.status = STATUS_OK};
    enum status status = STATUS_OK;
    arena_init(&arena, 4 << 20);
    for (int tries = 0; tries < RECORD_TRIES; tries++) {
        arena_reset(&arena);
        status = jobs_update(service->application, &task->caller, task->job_id, task->epoch, state,
                             progress, &arena, &error);
        if (status != STATUS_UNAVAILABLE && status != STATUS_WRITE_CONFLICT &&
            status != STATUS_OUTCOME_UNKNOWN && status != STATUS_OUT_OF_MEMORY)
            break;
        struct timespec delay = {.tv_sec = tries / 4, .tv_nsec = 50000000};
        (void)nanosleep(&delay, NULL);
    }
    if (status != STATUS_OK && status != STATUS_JOB_ENDED && status != STATUS_JOB_TAKEN)
        log_error("job.not_recorded", LOG_ID("job", task->job_id),
                  LOG_CODE("code", status_code(status)));
    arena_release(&arena);
    return status;
}
