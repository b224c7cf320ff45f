#include "adapters/jobs/job_service.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "adapters/jobs/import_job.h"
#include "adapters/jobs/job_internal.h"
#include "adapters/jobs/mapping_proposal.h"
#include "application/undo_import.h"
#include "base/fault.h"
#include "base/identifier.h"
#include "base/log.h"

enum { TASK_ARENA_MAX = 1 << 20, CLEAN_SECONDS = 600 };

/* --- tasks --- */

static const struct {
    int worker;
    void (*run)(struct job_service *service, struct job_task *task);
} kinds[JOB_KIND_COUNT] = {
    [JOB_KIND_IMPORT] = {0, job_run_import},
    [JOB_KIND_UNDO] = {0, job_run_undo},
    [JOB_KIND_EXPORT] = {1, job_run_export},
    [JOB_KIND_SCAN] = {2, job_run_scan},
};

void job_task_free(struct job_task *task)
{
    if (!task) return;
    arena_release(&task->arena);
    free(task);
}

struct job_task *job_task_new(enum job_kind kind, const struct caller *caller, struct str job_id)
{
    struct job_task *task = calloc(1, sizeof(*task));
    if (!task) return NULL;
    arena_init(&task->arena, TASK_ARENA_MAX);
    task->kind = kind;
    task->job_id = arena_str(&task->arena, job_id);
    task->caller = (struct caller){.tenant = arena_str(&task->arena, caller->tenant),
                                   .user_id = arena_str(&task->arena, caller->user_id),
                                   .trace = arena_str(&task->arena, caller->trace)};
    if (!str_is_none(task->caller.tenant) && !str_is_none(task->caller.user_id) &&
        !str_is_none(task->job_id))
        return task;
    job_task_free(task);
    return NULL;
}

void job_enqueue(struct job_service *service, struct job_task *task)
{
    struct job_worker *worker = &service->workers[kinds[task->kind].worker];
    (void)pthread_mutex_lock(&service->lock);
    if (worker->last)
        worker->last->next = task;
    else
        worker->first = task;
    worker->last = task;
    (void)pthread_cond_broadcast(&service->changed);
    (void)pthread_mutex_unlock(&service->lock);
}

/* NULL when the service stops, or nothing came for a while. */
static struct job_task *dequeue(struct job_worker *worker)
{
    struct job_service *service = worker->service;
    struct timespec until;
    int waited = clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += CLEAN_SECONDS;
    (void)pthread_mutex_lock(&service->lock);
    while (!worker->first && !atomic_load(&service->stopping) && waited == 0)
        waited = pthread_cond_timedwait(&service->changed, &service->lock, &until);
    struct job_task *task = worker->first;
    if (task) worker->first = task->next;
    if (!worker->first) worker->last = NULL;
    (void)pthread_mutex_unlock(&service->lock);
    return task;
}

/* What still waits when the service stops is run as well: it sees `stopping` at once. Imports and
 * undoings are left for the next start; an export fails, and so gets a record that says why. */
static void *work(void *argument)
{
    struct job_worker *worker = argument;
    struct job_service *service = worker->service;
    for (;;) {
        struct job_task *task = dequeue(worker);
        if (!task && atomic_load(&service->stopping)) return NULL;
        if (task) kinds[task->kind].run(service, task);
        job_task_free(task);
        if (worker == &service->workers[kinds[JOB_KIND_EXPORT].worker]) job_remove_results(service);
    }
}

/* --- the port: imports --- */

struct import_upload {
    struct job_service *service;
    struct arena arena;
    struct caller caller;
    struct import_parameters parameters; /* copies */
    int file;
    char *spool_path;
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
        !copy_text(arena, &own->mapping) || !copy_text(arena, &upload->caller.tenant) ||
        !copy_text(arena, &upload->caller.user_id) || !copy_text(arena, &upload->caller.trace))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return import_job_check(own, arena, &rules, error);
}

static enum status open_spool(struct import_upload *upload, struct error *error)
{
    struct job_service *service = upload->service;
    struct arena *arena = &upload->arena;
    struct str name = identifier_new(service->application->environment, STR("UPLOAD"), arena);
    TRY(job_make_directory(service, upload->caller.tenant, arena, error));
    upload->spool_path = job_path(service, upload->caller.tenant, name, "spool", arena);
    if (!upload->spool_path) return error_plain(error, STATUS_OUT_OF_MEMORY);
    upload->file = open(upload->spool_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    return upload->file >= 0 ? STATUS_OK : job_file_failed("made", error);
}

static void upload_free(struct import_upload *upload)
{
    if (upload->file >= 0) (void)close(upload->file);
    arena_release(&upload->arena);
    free(upload);
}

static void import_drop(struct import_upload *upload)
{
    if (upload->file >= 0) (void)unlink(upload->spool_path);
    upload_free(upload);
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
    if (status == STATUS_OK) status = open_spool(upload, error);
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
    TRY(record_sample_read(upload->file, import_job_form(upload->parameters.form), arena, &sample,
                           error));
    TRY(mapping_propose(&sample, arena, &proposal, error));
    *json = mapping_proposal_json(&proposal, arena);
    return str_is_none(*json) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

/* --- the port: starting. What was answered with 202 is done, whatever happens: the file that
 * stands for a job is on the disk before the job is in the store. --- */

static struct application application_over(const struct job_service *service, struct store *store)
{
    struct application application = *service->application;
    application.store = store;
    return application;
}

/* A task with an id of its own, which outlives it in `arena`, and the name of its file. NULL when
 * out of memory. */
static struct job_task *new_task(const struct job_service *service, enum job_kind kind,
                                 const struct caller *caller, const char *suffix,
                                 struct arena *arena, struct str *job_id)
{
    *job_id = jobs_new_id(service->application, arena);
    struct job_task *task = str_is_none(*job_id) ? NULL : job_task_new(kind, caller, *job_id);
    if (!task) return NULL;
    task->upload_path = job_path(service, caller->tenant, *job_id, suffix, &task->arena);
    if (task->upload_path) return task;
    job_task_free(task);
    return NULL;
}

/* The record was, or was not, made. Where that is not known the task finds out when it runs. */
static enum status settle(struct job_service *service, struct job_task *task, enum status status)
{
    if (status == STATUS_OK || status == STATUS_OUTCOME_UNKNOWN) {
        FAULT_POINT("job.recorded");
        job_enqueue(service, task);
        return status;
    }
    (void)unlink(task->upload_path);
    job_task_free(task);
    return status;
}

static enum status make_empty(const char *path, struct error *error)
{
    int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
    if (file < 0) return job_file_failed("made", error);
    (void)close(file);
    return STATUS_OK;
}

static enum status name_upload(const struct import_upload *upload, const char *path,
                               struct arena *arena, struct error *error)
{
    if (fdatasync(upload->file) != 0) return job_file_failed("written", error);
    if (rename(upload->spool_path, path) != 0) return job_file_failed("renamed", error);
    return job_sync_directory(upload->service, upload->caller.tenant, arena, error);
}

static enum status import_start(struct import_upload *upload, struct store *store,
                                struct arena *arena, struct job_row *job, struct error *error)
{
    struct job_service *service = upload->service;
    struct application application = application_over(service, store);
    struct str job_id;
    struct job_task *task =
        new_task(service, JOB_KIND_IMPORT, &upload->caller, "upload", arena, &job_id);
    enum status status = task ? name_upload(upload, task->upload_path, arena, error)
                              : error_plain(error, STATUS_OUT_OF_MEMORY);
    FAULT_POINT("job.prepared");
    if (status == STATUS_OK)
        status = import_job_create(&application, &upload->caller, job_id, &upload->parameters,
                                   arena, job, error);
    if (task) status = settle(service, task, status);
    if (status == STATUS_OK || status == STATUS_OUTCOME_UNKNOWN)
        upload_free(upload);
    else
        import_drop(upload);
    return status;
}

/* One that did not come to its end goes on, unless it is under way: then its file is there. */
static enum status go_on_undoing(struct job_service *service, const struct caller *caller,
                                 struct str undo_id, struct error *error)
{
    struct job_task *task = job_task_new(JOB_KIND_UNDO, caller, undo_id);
    if (task) task->upload_path = job_path(service, caller->tenant, undo_id, "undo", &task->arena);
    int file = task && task->upload_path
                   ? open(task->upload_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640)
                   : -1;
    enum status status = STATUS_OK;
    if (!task || !task->upload_path)
        status = error_plain(error, STATUS_OUT_OF_MEMORY);
    else if (file < 0 && errno != EEXIST)
        status = job_file_failed("made", error);
    if (file < 0) {
        job_task_free(task);
        return status;
    }
    (void)close(file);
    job_enqueue(service, task);
    return STATUS_OK;
}

/* A task of that kind with a file that is empty yet; none is left when it fails. */
static enum status prepare_task(struct job_service *service, enum job_kind kind,
                                const struct caller *caller, const char *suffix,
                                struct arena *arena, struct str *job_id, struct job_task **task,
                                struct error *error)
{
    TRY(job_make_directory(service, caller->tenant, arena, error));
    *task = new_task(service, kind, caller, suffix, arena, job_id);
    if (!*task) return error_plain(error, STATUS_OUT_OF_MEMORY);
    enum status status = make_empty((*task)->upload_path, error);
    if (status == STATUS_OK) status = job_sync_directory(service, caller->tenant, arena, error);
    FAULT_POINT("job.prepared");
    return status == STATUS_OK ? STATUS_OK : settle(service, *task, status);
}

static enum status undo_start(struct job_runner *runner, struct store *store,
                              const struct caller *caller, struct str import_id,
                              struct arena *arena, struct job_row *job, struct error *error)
{
    struct job_service *service = (struct job_service *)runner;
    struct application application = application_over(service, store);
    struct job_task *task;
    struct str job_id;
    TRY(prepare_task(service, JOB_KIND_UNDO, caller, "undo", arena, &job_id, &task, error));
    enum status status =
        undo_import_start(&application, caller, import_id, job_id, arena, job, error);
    if (status != STATUS_OK || str_equal(job->job_id, job_id)) return settle(service, task, status);
    (void)unlink(task->upload_path);
    job_task_free(task);
    return go_on_undoing(service, caller, job->job_id, error);
}

static enum status export_start(struct job_runner *runner, struct store *store,
                                const struct caller *caller, struct arena *arena,
                                struct job_row *job, struct error *error)
{
    struct job_service *service = (struct job_service *)runner;
    struct application application = application_over(service, store);
    struct job_task *task;
    struct str job_id;
    TRY(prepare_task(service, JOB_KIND_EXPORT, caller, "export", arena, &job_id, &task, error));
    enum status status =
        jobs_create(&application, caller, job_id, STR("EXPORT"), STR("{}"), arena, job, error);
    return settle(service, task, status);
}

static enum status scan_start(struct job_runner *runner, struct store *store,
                              const struct caller *caller, double merge_from, struct arena *arena,
                              struct job_row *job, struct error *error)
{
    struct job_service *service = (struct job_service *)runner;
    struct application application = application_over(service, store);
    struct str parameters =
        merge_from > 1 ? STR("{}") : arena_format(arena, "{\"autoMergeAbove\":%.9g}", merge_from);
    struct str job_id;
    struct job_task *task = new_task(service, JOB_KIND_SCAN, caller, "scan", arena, &job_id);
    if (!task) return error_plain(error, STATUS_OUT_OF_MEMORY);
    task->merge_from = merge_from;
    enum status status = job_scan_mark(service, task, error);
    if (status == STATUS_OK) status = job_sync_directory(service, caller->tenant, arena, error);
    FAULT_POINT("job.prepared");
    if (status == STATUS_OK)
        status =
            jobs_create(&application, caller, job_id, STR("SCAN"), parameters, arena, job, error);
    return settle(service, task, status);
}

/* --- the port: files --- */

struct job_file_reader {
    int file;
};

static enum status file_open(struct job_runner *runner, const struct caller *caller,
                             struct str job_id, struct arena *arena, struct job_file_reader **out,
                             struct error *error)
{
    const struct job_service *service = (const struct job_service *)runner;
    struct job_file_reader *reader = ARENA_NEW(arena, struct job_file_reader);
    if (!identifier_is_valid(job_id)) return error_plain(error, STATUS_JOB_NOT_FOUND);
    char *path = job_path(service, caller->tenant, job_id, "result", arena);
    if (!reader || !path) return error_plain(error, STATUS_OUT_OF_MEMORY);
    struct stat file;
    reader->file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool is_old =
        reader->file >= 0 && (fstat(reader->file, &file) != 0 || job_file_is_old(service, &file));
    if (is_old) (void)close(reader->file);
    if (is_old || (reader->file < 0 && errno == ENOENT))
        return error_set(error, STATUS_JOB_NOT_FOUND, STR(""), STR(""),
                         "the job has no such file, not yet, not any more, or not here");
    if (reader->file < 0) return job_file_failed("read", error);
    *out = reader;
    return STATUS_OK;
}

static enum status file_read(struct job_file_reader *reader, char *bytes, size_t size,
                             size_t *count, struct error *error)
{
    ssize_t got;
    do {
        got = read(reader->file, bytes, size);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return job_file_failed("read", error);
    *count = (size_t)got;
    return STATUS_OK;
}

static void file_close(struct job_file_reader *reader)
{
    (void)close(reader->file);
}

/* --- life --- */

static enum status start_workers(struct job_service *service, struct error *error)
{
    for (int i = 0; i < JOB_WORKERS; i++) {
        struct job_worker *worker = &service->workers[i];
        worker->service = service;
        if (pthread_create(&worker->thread, NULL, work, worker) != 0)
            return error_plain(error, STATUS_OUT_OF_MEMORY);
        worker->started = true;
    }
    return STATUS_OK;
}

enum status job_service_new(const struct job_service_options *options, struct job_runner **runner,
                            struct error *error)
{
    *runner = NULL;
    struct job_service *service = calloc(1, sizeof(*service));
    if (!service) return error_plain(error, STATUS_OUT_OF_MEMORY);
    service->base = (struct job_runner){.import_open = import_open,
                                        .import_write = import_write,
                                        .import_propose = import_propose,
                                        .import_start = import_start,
                                        .import_drop = import_drop,
                                        .undo_start = undo_start,
                                        .export_start = export_start,
                                        .scan_start = scan_start,
                                        .file_open = file_open,
                                        .file_read = file_read,
                                        .file_close = file_close};
    service->application = options->application;
    service->lock_file = -1;
    service->batch = options->batch;
    service->memory_bytes = options->memory_bytes;
    service->keep_ms = options->keep_ms;
    service->scan_memory_bytes = options->scan_memory_bytes;
    arena_init(&service->arena, 65536);
    service->directory = arena_str(&service->arena, options->directory);
    if (pthread_mutex_init(&service->lock, NULL) != 0 ||
        pthread_cond_init(&service->changed, NULL) != 0 || str_is_none(service->directory)) {
        arena_release(&service->arena);
        free(service);
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    enum status status = job_lock_directory(service, error);
    if (status == STATUS_OK) {
        job_clean_directory(service);
        status = start_workers(service, error);
    }
    if (status != STATUS_OK) {
        job_service_free(&service->base);
        return status;
    }
    *runner = &service->base;
    return STATUS_OK;
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
    if (service->lock_file >= 0) (void)close(service->lock_file);
    (void)pthread_cond_destroy(&service->changed);
    (void)pthread_mutex_destroy(&service->lock);
    arena_release(&service->arena);
    free(service);
}
