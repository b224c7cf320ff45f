#include "adapters/jobs/job_service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "adapters/jobs/import_job.h"
#include "adapters/jobs/job_internal.h"
#include "adapters/jobs/mapping_proposal.h"
#include "application/job_parts.h"
#include "application/undo_import.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/identifier.h"
#include "base/log.h"

enum { TASK_ARENA_MAX = 8 << 20, PURGE_SECONDS = 600, SHARES_OF_LEASE = 3 };
enum { PURGED_AT_ONCE = 500 };

/* --- waiting --- */

/* Until a job is made here that was not when `asked` was, a third of a lease is over (others make
 * jobs, and lose theirs), or the service stops. */
static void rest(struct job_service *service, uint64_t asked)
{
    struct timespec until = clock_in_ms(service->lease_ms / SHARES_OF_LEASE);
    int waited = 0;
    (void)pthread_mutex_lock(&service->lock);
    while (waited == 0 && service->asked == asked && !atomic_load(&service->stopping))
        waited = pthread_cond_timedwait(&service->changed, &service->lock, &until);
    (void)pthread_mutex_unlock(&service->lock);
}

static uint64_t asked_so_far(struct job_service *service)
{
    (void)pthread_mutex_lock(&service->lock);
    uint64_t asked = service->asked;
    (void)pthread_mutex_unlock(&service->lock);
    return asked;
}

/* A job was made. */
static void wake_workers(struct job_service *service)
{
    (void)pthread_mutex_lock(&service->lock);
    service->asked++;
    (void)pthread_cond_broadcast(&service->changed);
    (void)pthread_mutex_unlock(&service->lock);
}

/* --- taking a job, keeping it, giving it up --- */

static void task_free(struct job_task *task)
{
    if (!task) return;
    arena_release(&task->arena);
    free(task);
}

/* Whose turn it was, so that the next one's is next. */
static void note_turn(struct job_worker *worker, struct str tenant)
{
    if (tenant.len <= sizeof(worker->room)) {
        memcpy(worker->room, tenant.ptr, tenant.len);
        worker->before = str_of(worker->room, tenant.len);
    }
}

static enum status claim(struct job_worker *worker, struct job_task *task, struct error *error)
{
    struct job_service *service = worker->service;
    struct job_claim taken;
    const struct job_turn turn = {.lane = worker->lane,
                                  .holder = str_from_cstr(service->holder),
                                  .after = worker->before,
                                  .lease_ms = service->lease_ms};
    TRY(store_job_claim(service->application->store, &turn, &task->arena, &taken, error));
    if (str_is_none(taken.tenant)) return STATUS_JOB_NOT_FOUND;
    note_turn(worker, taken.tenant);
    task->job_id = taken.job_id;
    task->epoch = taken.epoch;
    task->caller = (struct caller){.tenant = taken.tenant};
    TRY(jobs_get(service->application, &task->caller, taken.job_id, &task->arena, &task->row,
                 error));
    task->caller.user_id = task->row.actor;
    task->caller.trace = jobs_trace(&task->row, &task->arena);
    return STATUS_OK;
}

static void show_task(struct job_worker *worker, struct job_task *task)
{
    (void)pthread_mutex_lock(&worker->service->lock);
    worker->task = task;
    (void)pthread_mutex_unlock(&worker->service->lock);
}

/* NULL when there is none, or the store does not answer. */
static struct job_task *take_task(struct job_worker *worker)
{
    struct error error;
    struct job_task *task = calloc(1, sizeof(*task));
    if (!task) return NULL;
    arena_init(&task->arena, TASK_ARENA_MAX);
    if (claim(worker, task, &error) != STATUS_OK) {
        task_free(task);
        return NULL;
    }
    if (task->epoch > 1)
        log_info("job.goes_on", LOG_ID("job", task->job_id), LOG_COUNT("epoch", task->epoch));
    show_task(worker, task);
    return task;
}

/* For the next, here or elsewhere; when that cannot be said now, its lease runs out. */
static void give_up(const struct job_service *service, struct job_task *task)
{
    struct error error;
    enum status status = jobs_keep(service->application, &task->caller, task->job_id, task->epoch,
                                   0, &task->arena, &error);
    log_info("job.given_up", LOG_ID("job", task->job_id), LOG_CODE("code", status_code(status)));
}

static void *work(void *argument)
{
    struct job_worker *worker = argument;
    struct job_service *service = worker->service;
    while (!atomic_load(&service->stopping)) {
        uint64_t asked = asked_so_far(service);
        struct job_task *task = take_task(worker);
        bool ended = task && job_run(service, task);
        show_task(worker, NULL);
        if (task && !ended) give_up(service, task);
        task_free(task);
        if (!ended) rest(service, asked);
    }
    return NULL;
}

/* Which jobs are under way: tenants and ids as copies, for a worker frees its task. */
static size_t under_way(struct job_service *service, struct arena *arena, struct job_claim *out)
{
    size_t count = 0;
    (void)pthread_mutex_lock(&service->lock);
    for (int i = 0; i < JOB_WORKERS; i++) {
        const struct job_task *task = service->workers[i].task;
        if (!task) continue;
        out[count] = (struct job_claim){.tenant = arena_str(arena, task->caller.tenant),
                                        .job_id = arena_str(arena, task->job_id),
                                        .epoch = task->epoch};
        if (!str_is_none(out[count].tenant) && !str_is_none(out[count].job_id)) count++;
    }
    (void)pthread_mutex_unlock(&service->lock);
    return count;
}

/* One that cannot be kept now may be at the next turn; nothing rests on it. */
static void keep_leases(struct job_service *service, struct arena *arena)
{
    struct job_claim jobs[JOB_WORKERS];
    struct error error;
    size_t count = under_way(service, arena, jobs);
    for (size_t i = 0; i < count; i++) {
        const struct caller caller = {.tenant = jobs[i].tenant};
        enum status status = jobs_keep(service->application, &caller, jobs[i].job_id, jobs[i].epoch,
                                       service->lease_ms, arena, &error);
        if (status != STATUS_OK)
            log_debug("job.not_kept", LOG_ID("job", jobs[i].job_id),
                      LOG_CODE("code", status_code(status)));
    }
}

static instant before_ms(struct job_service *service, int64_t keep_ms)
{
    return job_now(service) - keep_ms * (INSTANT_SECOND / 1000);
}

static void purge_jobs(struct job_service *service, struct arena *arena)
{
    struct error error;
    enum status status = store_jobs_purge(service->application->store,
                                          before_ms(service, service->keep_ms), arena, &error);
    if (status != STATUS_OK) log_debug("job.not_purged", LOG_CODE("code", status_code(status)));
}

/* Takes away at most so many that are too old. */
typedef enum status purge_some(struct job_service *, struct arena *, size_t *purged);

static enum status purge_answers(struct job_service *service, struct arena *arena, size_t *purged)
{
    return store_answers_purge(service->application->store, job_now(service), PURGED_AT_ONCE, arena,
                               purged, NULL);
}

/* Nobody gets them any more: that is worth a word. */
static enum status purge_letters(struct job_service *service, struct arena *arena, size_t *purged)
{
    instant before = before_ms(service, service->letters_keep_ms);
    enum status status = store_dead_letters_purge(service->application->store, before,
                                                  PURGED_AT_ONCE, arena, purged, NULL);
    if (status == STATUS_OK && *purged > 0)
        log_warn("consumer.letters_expired", LOG_COUNT("messages", (int64_t)*purged));
    return status;
}

/* In turns that keep no writer waiting for long; what is left at `until` goes the next time. */
static void purge_in_turns(struct job_service *service, purge_some *some, instant until,
                           struct arena *arena)
{
    enum status status = STATUS_OK;
    size_t purged = PURGED_AT_ONCE;
    while (status == STATUS_OK && purged == PURGED_AT_ONCE && job_now(service) < until &&
           !atomic_load(&service->stopping)) {
        arena_reset(arena);
        status = some(service, arena, &purged);
    }
    if (status != STATUS_OK)
        log_debug("job.rows_not_purged", LOG_CODE("code", status_code(status)));
}

/* For no longer than until the leases, which this thread keeps as well, want it again. */
static void purge(struct job_service *service, struct arena *arena)
{
    instant until =
        job_now(service) + service->lease_ms / SHARES_OF_LEASE * (INSTANT_SECOND / 1000);
    purge_jobs(service, arena);
    purge_in_turns(service, purge_answers, until, arena);
    purge_in_turns(service, purge_letters, until, arena);
}

/* Sleeps a third of a lease. False when the service stops. */
static bool next_turn(struct job_service *service)
{
    struct timespec until = clock_in_ms(service->lease_ms / SHARES_OF_LEASE);
    int waited = 0;
    (void)pthread_mutex_lock(&service->lock);
    while (waited == 0 && !atomic_load(&service->stopping))
        waited = pthread_cond_timedwait(&service->changed, &service->lock, &until);
    (void)pthread_mutex_unlock(&service->lock);
    return !atomic_load(&service->stopping);
}

static void *keep(void *argument)
{
    struct job_service *service = argument;
    struct arena arena;
    instant purge_at = INSTANT_NONE;
    arena_init(&arena, TASK_ARENA_MAX);
    do {
        arena_reset(&arena);
        keep_leases(service, &arena);
        if (job_now(service) < purge_at) continue;
        purge(service, &arena);
        purge_at = job_now(service) + PURGE_SECONDS * INSTANT_SECOND;
    } while (next_turn(service));
    arena_release(&arena);
    return NULL;
}

/* --- the port: imports --- */

struct import_upload {
    struct job_service *service;
    struct arena arena;
    struct caller caller;
    struct import_parameters parameters; /* copies */
    int file;
};

static bool copy_text(struct arena *arena, struct str *text)
{
    if (str_is_none(*text)) return true;
    *text = arena_str(arena, *text);
    return !str_is_none(*text);
}

static enum status take_parameters(struct import_upload *upload, const struct caller *caller,
                                   const struct import_parameters *given, struct error *error)
{
    struct arena *arena = &upload->arena;
    struct import_parameters *own = &upload->parameters;
    struct mapping_rules rules;
    upload->caller = *caller;
    *own = *given;
    if (!copy_text(arena, &own->source) || !copy_text(arena, &own->key_column) ||
        !copy_text(arena, &own->encoding) || !copy_text(arena, &own->separator) ||
        !copy_text(arena, &own->mapping) || !copy_text(arena, &upload->caller.tenant) ||
        !copy_text(arena, &upload->caller.user_id) || !copy_text(arena, &upload->caller.trace))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return import_job_check(own, arena, &rules, error);
}

static void import_drop(struct import_upload *upload)
{
    if (upload->file >= 0) (void)close(upload->file);
    arena_release(&upload->arena);
    free(upload);
}

static enum status import_open(struct job_runner *runner, const struct caller *caller,
                               const struct import_parameters *parameters, struct arena *arena,
                               struct import_upload **out, struct error *error)
{
    (void)arena;
    struct import_upload *upload = calloc(1, sizeof(*upload));
    if (!upload) return error_plain(error, STATUS_OUT_OF_MEMORY);
    upload->service = (struct job_service *)runner;
    upload->file = -1;
    arena_init(&upload->arena, TASK_ARENA_MAX);
    enum status status = take_parameters(upload, caller, parameters, error);
    if (status == STATUS_OK) status = job_scratch_open(upload->service, &upload->file, error);
    if (status != STATUS_OK) {
        import_drop(upload);
        return status;
    }
    *out = upload;
    return STATUS_OK;
}

static enum status import_write(struct import_upload *upload, struct str chunk, struct error *error)
{
    while (chunk.len > 0) {
        ssize_t put = write(upload->file, chunk.ptr, chunk.len);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return job_file_failed("written", error);
        chunk = str_skip(chunk, (size_t)put);
    }
    return STATUS_OK;
}

static enum status import_propose(struct import_upload *upload, struct arena *arena,
                                  struct str *json, struct error *error)
{
    struct record_sample sample;
    struct mapping_proposal proposal;
    const struct import_parameters *parameters = &upload->parameters;
    TRY(record_sample_read(upload->file, import_job_form(parameters->form),
                           import_job_separator(parameters), arena, &sample, error));
    TRY(mapping_propose(&sample, arena, &proposal, error));
    *json = mapping_proposal_json(&proposal, arena);
    return str_is_none(*json) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

/* --- the port: starting. What was answered with 202 is done, whatever happens: the file of a job
 * is in the store before the job is. --- */

static struct application application_over(const struct job_service *service, struct store *store)
{
    struct application application = *service->application;
    application.store = store;
    return application;
}

/* The record was, or was not, made; where that is not known it is looked for. */
static enum status settle(struct job_service *service, enum status status)
{
    if (status != STATUS_OK && status != STATUS_OUTCOME_UNKNOWN) return status;
    FAULT_POINT("job.recorded");
    wake_workers(service);
    return status;
}

static enum status new_id(const struct job_service *service, struct arena *arena,
                          struct str *job_id, struct error *error)
{
    *job_id = jobs_new_id(service->application, arena);
    return str_is_none(*job_id) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

/* Nothing is there before the record is, but parts that will be purged. */
static enum status put_upload(const struct import_upload *upload, struct str job_id,
                              struct error *error)
{
    enum status status =
        job_file_put(upload->service, &upload->caller, job_id, JOB_NOT_MADE, upload->file, error);
    return status == STATUS_OUTCOME_UNKNOWN ? error_plain(error, STATUS_UNAVAILABLE) : status;
}

static void remove_upload(const struct import_upload *upload, struct str job_id,
                          struct arena *arena)
{
    struct error error;
    if (job_parts_remove(upload->service->application, &upload->caller, job_id, arena, &error) !=
        STATUS_OK)
        log_debug("job.upload_not_removed", LOG_ID("job", job_id));
}

static enum status start_upload(struct import_upload *upload, struct store *store,
                                struct arena *arena, struct job_row *job, struct error *error)
{
    struct job_service *service = upload->service;
    struct application application = application_over(service, store);
    struct str job_id;
    TRY(new_id(service, arena, &job_id, error));
    enum status status = put_upload(upload, job_id, error);
    FAULT_POINT("job.prepared");
    if (status == STATUS_OK)
        status = import_job_create(&application, &upload->caller, job_id, &upload->parameters,
                                   arena, job, error);
    if (status != STATUS_OK && status != STATUS_OUTCOME_UNKNOWN)
        remove_upload(upload, job_id, arena);
    return settle(service, status);
}

static enum status import_start(struct import_upload *upload, struct store *store,
                                struct arena *arena, struct job_row *job, struct error *error)
{
    enum status status = start_upload(upload, store, arena, job, error);
    import_drop(upload);
    return status;
}

static enum status undo_start(struct job_runner *runner, struct store *store,
                              const struct caller *caller, struct str import_id,
                              struct arena *arena, struct job_row *job, struct error *error)
{
    struct job_service *service = (struct job_service *)runner;
    struct application application = application_over(service, store);
    struct str job_id;
    TRY(new_id(service, arena, &job_id, error));
    FAULT_POINT("job.prepared");
    return settle(service,
                  undo_import_start(&application, caller, import_id, job_id, arena, job, error));
}

static enum status create(struct job_runner *runner, struct store *store,
                          const struct caller *caller, struct str kind, struct str parameters,
                          struct arena *arena, struct job_row *job, struct error *error)
{
    struct job_service *service = (struct job_service *)runner;
    struct application application = application_over(service, store);
    struct str job_id;
    TRY(new_id(service, arena, &job_id, error));
    FAULT_POINT("job.prepared");
    return settle(service,
                  jobs_create(&application, caller, job_id, kind, parameters, arena, job, error));
}

static enum status export_start(struct job_runner *runner, struct store *store,
                                const struct caller *caller, enum export_form form,
                                struct arena *arena, struct job_row *job, struct error *error)
{
    struct str parameters = form == EXPORT_CSV ? STR("{\"format\":\"csv\"}") : STR("{}");
    return create(runner, store, caller, STR("EXPORT"), parameters, arena, job, error);
}

static enum status scan_start(struct job_runner *runner, struct store *store,
                              const struct caller *caller, double merge_from, struct arena *arena,
                              struct job_row *job, struct error *error)
{
    struct str parameters =
        merge_from > 1 ? STR("{}") : arena_format(arena, "{\"autoMergeAbove\":%.17g}", merge_from);
    if (str_is_none(parameters)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return create(runner, store, caller, STR("SCAN"), parameters, arena, job, error);
}

static enum status recompute_start(struct job_runner *runner, struct store *store,
                                   const struct caller *caller, struct arena *arena,
                                   struct job_row *job, struct error *error)
{
    return create(runner, store, caller, STR("RECOMPUTE"), STR("{}"), arena, job, error);
}

/* --- life --- */

/* One worker for the lane of each of these. */
static const struct str worker_kinds[JOB_WORKERS] = {STR("IMPORT"), STR("EXPORT"), STR("SCAN")};

static enum status start_threads(struct job_service *service, struct error *error)
{
    for (int i = 0; i < JOB_WORKERS; i++) {
        struct job_worker *worker = &service->workers[i];
        worker->service = service;
        worker->lane = jobs_lane(worker_kinds[i]);
        worker->started = pthread_create(&worker->thread, NULL, work, worker) == 0;
        if (!worker->started) return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    service->keeping = pthread_create(&service->keeper, NULL, keep, service) == 0;
    return service->keeping ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}

static void make_holder(struct job_service *service)
{
    struct environment *environment = service->application->environment;
    uint64_t number;
    environment->random(environment, &number, sizeof(number));
    (void)snprintf(service->holder, sizeof(service->holder), "jobs-%016llx",
                   (unsigned long long)number);
}

static bool init_lock(struct job_service *service)
{
    pthread_condattr_t monotonic;
    if (pthread_condattr_init(&monotonic) != 0) return false;
    bool fine = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
                pthread_mutex_init(&service->lock, NULL) == 0 &&
                pthread_cond_init(&service->changed, &monotonic) == 0;
    (void)pthread_condattr_destroy(&monotonic);
    return fine;
}

static const struct job_runner functions = {
    .import_open = import_open,
    .import_write = import_write,
    .import_propose = import_propose,
    .import_start = import_start,
    .import_drop = import_drop,
    .undo_start = undo_start,
    .export_start = export_start,
    .scan_start = scan_start,
    .recompute_start = recompute_start,
    .file_open = job_result_open,
    .file_read = job_result_read,
    .file_close = job_result_close,
};

enum status job_service_new(const struct job_service_options *options, struct job_runner **runner,
                            struct error *error)
{
    *runner = NULL;
    struct job_service *service = calloc(1, sizeof(*service));
    if (!service) return error_plain(error, STATUS_OUT_OF_MEMORY);
    service->base = functions;
    service->application = options->application;
    service->batch = options->batch;
    service->memory_bytes = options->memory_bytes;
    service->keep_ms = options->keep_ms;
    service->letters_keep_ms = options->letters_keep_ms;
    service->lease_ms = options->lease_ms;
    service->scan_memory_bytes = options->scan_memory_bytes;
    arena_init(&service->arena, 65536);
    service->directory = arena_str(&service->arena, options->directory);
    make_holder(service);
    if (str_is_none(service->directory) || !init_lock(service)) {
        arena_release(&service->arena);
        free(service);
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    enum status status = start_threads(service, error);
    if (status == STATUS_OK)
        *runner = &service->base;
    else
        job_service_free(&service->base);
    return status;
}

void job_service_free(struct job_runner *runner)
{
    struct job_service *service = (struct job_service *)runner;
    if (!service) return;
    (void)pthread_mutex_lock(&service->lock);
    atomic_store(&service->stopping, true);
    (void)pthread_cond_broadcast(&service->changed);
    (void)pthread_mutex_unlock(&service->lock);
    for (int i = 0; i < JOB_WORKERS; i++)
        if (service->workers[i].started) (void)pthread_join(service->workers[i].thread, NULL);
    if (service->keeping) (void)pthread_join(service->keeper, NULL);
    (void)pthread_cond_destroy(&service->changed);
    (void)pthread_mutex_destroy(&service->lock);
    arena_release(&service->arena);
    free(service);
}
