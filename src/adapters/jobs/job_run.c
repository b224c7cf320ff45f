/* One runner for all kinds of jobs: what differs between them is a row of `kinds`.
 *
 * What is no fault of the job passes, such as a store that is away, or another process that was
 * killed and whose transaction the database has not given up yet: the job goes on then, and fails
 * when it does not get on for long. Its end is recorded, unless the service stops or the job is
 * another's by now. */
#include <stdlib.h>
#include <time.h>

#include "adapters/jobs/job_internal.h"
#include "base/log.h"

enum {
    GOES_MAX = 60, /* without getting on; with the pauses, about a minute */
    FIRST_PAUSE_MS = 50,
    PAUSE_MAX_MS = 1000
};

static const struct job_kind *const kinds[] = {&job_import_kind, &job_undo_kind, &job_export_kind,
                                               &job_scan_kind, &job_recompute_kind};

static const struct job_kind *kind_of(struct str name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (str_equal(kinds[i]->name, name)) return kinds[i];
    return NULL;
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

static enum status go_on(const struct job_kind *kind, struct job_run *run, struct error *error)
{
    enum status status = kind->prepare ? kind->prepare(run, error) : STATUS_OK;
    if (status != STATUS_OK) return status;
    status = kind->go(run, error);
    int64_t before = kind->place(run);
    for (int tries = 0; tries < GOES_MAX && passes(run->service, status); tries++) {
        pause_before(tries);
        status = kind->go(run, error);
        if (kind->place(run) > before) tries = -1;
        before = kind->place(run);
    }
    return status;
}

/* Whether its end is to be recorded: not when it was told to stop, or the job is somebody else's.
 */
static bool ends(const struct job_run *run, enum status status)
{
    if (status == STATUS_OK || status == STATUS_JOB_ENDED) return true;
    if (status == STATUS_JOB_TAKEN) log_warn("job.taken_over", LOG_ID("job", run->task->job_id));
    return status != STATUS_JOB_TAKEN && !atomic_load(&run->service->stopping);
}

static void say_end(const struct job_kind *kind, const struct job_run *run, struct str outcome)
{
    struct log_field first = LOG_COUNT(kind->counted[0].name, kind->counted[0].count(run));
    if (!kind->counted[1].name) {
        log_info("job.ended", LOG_ID("job", run->task->job_id), LOG_CODE("outcome", outcome),
                 first);
        return;
    }
    log_info("job.ended", LOG_ID("job", run->task->job_id), LOG_CODE("outcome", outcome), first,
             LOG_COUNT(kind->counted[1].name, kind->counted[1].count(run)));
}

static bool record_end(const struct job_kind *kind, struct job_run *run, enum status status,
                       struct error *error)
{
    bool fine = status == STATUS_OK;
    error->status = status;
    struct str progress = job_progress(kind, run, fine ? NULL : error);
    if (status != STATUS_JOB_ENDED) { /* whose record says so */
        enum status told =
            job_record(run->service, run->task, fine ? JOB_DONE : JOB_FAILED, progress);
        if (told != STATUS_OK && told != STATUS_JOB_ENDED) return false; /* logged there */
    }
    say_end(kind, run, fine ? STR("DONE") : status_code(status));
    return true;
}

static bool run_kind(const struct job_kind *kind, struct job_run *run)
{
    struct error error = {.status = STATUS_OK};
    run->pace.begun_at = job_now(run->service);
    arena_init(&run->page, kind->arena_max_bytes);
    arena_init(&run->text, kind->arena_max_bytes);
    enum status status = go_on(kind, run, &error);
    bool ended = ends(run, status) && record_end(kind, run, status, &error);
    arena_release(&run->page);
    arena_release(&run->text);
    return ended;
}

bool job_run(struct job_service *service, struct job_task *task)
{
    const struct job_kind *kind = kind_of(task->row.kind);
    if (!kind) return false; /* of a later version: it is for an instance of that */
    struct job_run *run = calloc(1, kind->size);
    if (!run) return false;
    run->service = service;
    run->task = task;
    bool ended = run_kind(kind, run);
    free(run);
    return ended;
}
