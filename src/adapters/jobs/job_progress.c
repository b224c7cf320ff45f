/* What a running job tells: its pace, its state, its failure. */
#include <time.h>

#include "adapters/jobs/job_internal.h"
#include "base/log.h"

enum {
    TELL_EVERY_MS = 500,
    RECORD_TRIES = 8,
    GOES_MAX = 60, /* without getting on; with the pauses, about a minute */
    FIRST_PAUSE_MS = 50,
    PAUSE_MAX_MS = 1000
};

instant job_now(const struct job_service *service)
{
    return service->application->environment->now(service->application->environment);
}

bool job_pace_is_due(struct job_pace *pace, instant now)
{
    if (now - pace->told_at < TELL_EVERY_MS * (INSTANT_SECOND / 1000)) return false;
    pace->told_at = now;
    return true;
}

void job_pace_write(struct json_writer *writer, const struct job_pace *pace, instant now,
                    int64_t done, int64_t total, int64_t items)
{
    double seconds = (double)(now - pace->begun_at) / (double)INSTANT_SECOND;
    if (seconds <= 0) seconds = 1e-6;
    json_key(writer, STR("ratePerSecond"));
    json_int64(writer, (int64_t)((double)items / seconds));
    if (total <= 0 || done <= 0) return;
    double left = seconds * (double)(total - done) / (double)done;
    json_key(writer, STR("etaSeconds"));
    json_int64(writer, left > 0 ? (int64_t)left : 0);
}

static bool passes(struct job_service *service, enum status status)
{
    bool passes = status == STATUS_UNAVAILABLE || status == STATUS_WRITE_CONFLICT ||
                  status == STATUS_OUTCOME_UNKNOWN;
    return passes && !atomic_load(&service->stopping);
}

static void pause_before(int tries)
{
    int64_t pause_ms = tries < 5 ? FIRST_PAUSE_MS << tries : PAUSE_MAX_MS;
    const struct timespec pause = {.tv_sec = pause_ms / 1000, .tv_nsec = pause_ms % 1000 * 1000000};
    (void)nanosleep(&pause, NULL);
}

enum status job_go_on(struct job_service *service, job_go *go, job_place *place, void *job,
                      struct error *error)
{
    enum status status = go(job, error);
    int64_t before = place(job);
    for (int tries = 0; tries < GOES_MAX && passes(service, status); tries++) {
        pause_before(tries);
        status = go(job, error);
        if (place(job) > before) tries = -1;
        before = place(job);
    }
    return status;
}

enum status job_begin(struct job_service *service, const struct job_task *task, struct str progress,
                      struct error *error)
{
    enum status status = job_record(service, task, JOB_RUNNING, progress);
    return status == STATUS_OK ? status : error_plain(error, status);
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

bool job_ends(const struct job_service *service, const struct job_task *task, enum status status)
{
    if (status == STATUS_OK || status == STATUS_JOB_ENDED) return true;
    if (status == STATUS_JOB_TAKEN) log_warn("job.taken_over", LOG_ID("job", task->job_id));
    return status != STATUS_JOB_TAKEN && !atomic_load(&service->stopping);
}

bool job_record_end(struct job_service *service, const struct job_task *task, enum status status,
                    struct str progress)
{
    enum job_state state = status == STATUS_OK ? JOB_DONE : JOB_FAILED;
    if (status == STATUS_JOB_ENDED) return true; /* its record says so */
    status = job_record(service, task, state, progress);
    return status == STATUS_OK || status == STATUS_JOB_ENDED;
}

bool job_end(struct job_service *service, const struct job_task *task, enum status status,
             struct str progress, struct log_field count)
{
    if (!job_record_end(service, task, status, progress)) return false; /* logged there */
    log_info("job.ended", LOG_ID("job", task->job_id),
             LOG_CODE("outcome", status == STATUS_OK ? STR("DONE") : status_code(status)), count);
    return true;
}
