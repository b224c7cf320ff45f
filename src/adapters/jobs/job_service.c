#include "adapters/jobs/job_service.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/jobs/job_internal.h"
#include "base/identifier.h"
#include "base/log.h"

enum { TASK_ARENA_MAX = 1 << 20 };

/* --- tasks --- */

static void task_free(struct job_task *task)
{
    if (!task) return;
    arena_release(&task->arena);
    free(task);
}

static struct job_task *task_new(enum job_kind kind, const struct caller *caller)
{
    struct job_task *task = calloc(1, sizeof(*task));
    if (!task) return NULL;
    arena_init(&task->arena, TASK_ARENA_MAX);
    task->kind = kind;
    task->caller = (struct caller){.tenant = arena_str(&task->arena, caller->tenant),
                                   .user_id = arena_str(&task->arena, caller->user_id),
                                   .trace = arena_str(&task->arena, caller->trace)};
    if (!str_is_none(task->caller.tenant) && !str_is_none(task->caller.user_id)) return task;
    task_free(task);
    return NULL;
}

static void enqueue(struct job_service *service, struct job_task *task)
{
    struct job_worker *worker = &service->workers[task->kind];
    (void)pthread_mutex_lock(&service->lock);
    if (worker->last)
        worker->last->next = task;
    else
        worker->first = task;
    worker->last = task;
    (void)pthread_cond_broadcast(&service->changed);
    (void)pthread_mutex_unlock(&service->lock);
}

/* NULL when the service stops. */
static struct job_task *dequeue(struct job_worker *worker)
{
    struct job_service *service = worker->service;
    (void)pthread_mutex_lock(&service->lock);
    while (!worker->first && !atomic_load(&service->stopping))
        (void)pthread_cond_wait(&service->changed, &service->lock);
    struct job_task *task = worker->first;
    if (task) worker->first = task->next;
    if (!worker->first) worker->last = NULL;
    (void)pthread_mutex_unlock(&service->lock);
    return task;
}

/* What still waits when the service stops is run as well: it fails at its first look at `stopping`,
 * and so gets a record that says why. */
static void *work(void *argument)
{
    static void (*const run[JOB_KIND_COUNT])(struct job_service *, struct job_task *) = {
        [JOB_KIND_IMPORT] = job_run_import,
        [JOB_KIND_EXPORT] = job_run_export,
        [JOB_KIND_SCAN] = job_run_scan};
    struct job_worker *worker = argument;
    struct job_task *task;
    while ((task = dequeue(worker))) {
        run[worker->kind](worker->service, task);
        task_free(task);
    }
    return NULL;
}

/* --- the port: imports --- */

struct import_upload {
    struct job_service *service;
    struct job_task *task;
    int file;
    char *spool_path;
};

static enum status take_parameters(struct job_task *task, const struct import_parameters *given,
                                   struct error *error)
{
    struct arena *arena = &task->arena;
    if (!identifier_is_valid(given->source))
        return error_set(error, STATUS_INVALID_VALUE, STR("source"), STR(IDENTIFIER_ALLOWED),
                         "is no identifier");
    struct import_parameters *own = &task->parameters;
    *own = *given;
    own->source = arena_str(arena, given->source);
    own->key_column = arena_str(arena, given->key_column);
    own->mapping = arena_str(arena, given->mapping);
    if (str_is_none(own->source) || (str_is_none(own->mapping) && !str_is_none(given->mapping)) ||
        (str_is_none(own->key_column) && !str_is_none(given->key_column)))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(mapping_rules_parse(own->mapping, arena, &task->rules, error));
    task->rules.key_column = own->key_column;
    return STATUS_OK;
}

static enum status open_spool(struct import_upload *upload, struct error *error)
{
    struct job_service *service = upload->service;
    struct job_task *task = upload->task;
    struct str name =
        identifier_new(service->application->environment, STR("UPLOAD"), &task->arena);
    TRY(job_make_directory(service, task->caller.tenant, &task->arena, error));
    upload->spool_path = job_path(service, task->caller.tenant, name, "spool", &task->arena);
    if (!upload->spool_path) return error_plain(error, STATUS_OUT_OF_MEMORY);
    upload->file = open(upload->spool_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    return upload->file >= 0 ? STATUS_OK : job_file_failed("made", error);
}

static void import_drop(struct import_upload *upload)
{
    if (upload->file >= 0) {
        (void)close(upload->file);
        (void)unlink(upload->spool_path);
    }
    task_free(upload->task);
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
    upload->task = task_new(JOB_KIND_IMPORT, caller);
    enum status status = upload->task ? take_parameters(upload->task, parameters, error)
                                      : error_plain(error, STATUS_OUT_OF_MEMORY);
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
    upload->task->bytes_total += (int64_t)chunk.len;
    while (chunk.len > 0) {
        ssize_t put = write(upload->file, chunk.ptr, chunk.len);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return job_file_failed("written", error);
        chunk = str_skip(chunk, (size_t)put);
    }
    return STATUS_OK;
}

static struct str parameters_json(const struct job_task *task, struct arena *arena)
{
    const struct import_parameters *own = &task->parameters;
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    json_member_string(&writer, STR("form"), own->form == IMPORT_CSV ? STR("CSV") : STR("NDJSON"));
    json_member_string(&writer, STR("source"), own->source);
    json_member_string(&writer, STR("keyColumn"), own->key_column);
    if (!str_is_none(own->mapping)) {
        json_key(&writer, STR("mapping"));
        json_raw(&writer, own->mapping);
    }
    json_member_string(&writer, STR("onDuplicate"), create_customer_choice_name(own->on_duplicate));
    json_object_end(&writer);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

static enum status record_import(struct import_upload *upload, struct arena *arena,
                                 struct job_row *job, struct error *error)
{
    struct job_service *service = upload->service;
    struct job_task *task = upload->task;
    struct str parameters = parameters_json(task, arena);
    if (str_is_none(parameters)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(jobs_create(service->application, &task->caller, STR("IMPORT"), parameters, arena, job,
                    error));
    task->job_id = arena_str(&task->arena, job->job_id);
    if (str_is_none(task->job_id)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    task->upload_path =
        job_path(service, task->caller.tenant, task->job_id, "upload", &task->arena);
    if (!task->upload_path) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return rename(upload->spool_path, task->upload_path) == 0 ? STATUS_OK
                                                              : job_file_failed("renamed", error);
}

static enum status import_start(struct import_upload *upload, struct arena *arena,
                                struct job_row *job, struct error *error)
{
    enum status status = record_import(upload, arena, job, error);
    if (status != STATUS_OK) {
        enum status recorded = STATUS_OK;
        if (!str_is_none(upload->task->job_id))
            recorded = job_record(upload->service, upload->task, JOB_FAILED, STR_NONE);
        import_drop(upload);
        return recorded == STATUS_OK ? status : recorded;
    }
    (void)close(upload->file);
    enqueue(upload->service, upload->task);
    free(upload);
    return STATUS_OK;
}

/* --- the port: exports --- */

/* Records the job and keeps its id. */
static enum status record_task(struct job_service *service, struct job_task *task, struct str kind,
                               struct str parameters, struct arena *arena, struct job_row *job,
                               struct error *error)
{
    TRY(jobs_create(service->application, &task->caller, kind, parameters, arena, job, error));
    task->job_id = arena_str(&task->arena, job->job_id);
    return str_is_none(task->job_id) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

static enum status export_start(struct job_runner *runner, const struct caller *caller,
                                struct arena *arena, struct job_row *job, struct error *error)
{
    struct job_service *service = (struct job_service *)runner;
    struct job_task *task = task_new(JOB_KIND_EXPORT, caller);
    if (!task) return error_plain(error, STATUS_OUT_OF_MEMORY);
    enum status status = record_task(service, task, STR("EXPORT"), STR("{}"), arena, job, error);
    if (status != STATUS_OK) {
        task_free(task);
        return status;
    }
    enqueue(service, task);
    return STATUS_OK;
}

/* --- the port: scans --- */

static enum status scan_start(struct job_runner *runner, const struct caller *caller,
                              double merge_from, struct arena *arena, struct job_row *job,
                              struct error *error)
{
    struct job_service *service = (struct job_service *)runner;
    struct job_task *task = task_new(JOB_KIND_SCAN, caller);
    struct str parameters =
        merge_from > 1 ? STR("{}") : arena_format(arena, "{\"autoMergeAbove\":%.9g}", merge_from);
    if (!task) return error_plain(error, STATUS_OUT_OF_MEMORY);
    task->merge_from = merge_from;
    enum status status = record_task(service, task, STR("SCAN"), parameters, arena, job, error);
    if (status == STATUS_OK) {
        status = job_scan_mark(service, task, error);
        if (status != STATUS_OK && job_record(service, task, JOB_FAILED, STR_NONE) != STATUS_OK)
            log_error("job.not_recorded", LOG_ID("job", task->job_id));
    }
    if (status != STATUS_OK) {
        task_free(task);
        return status;
    }
    enqueue(service, task);
    return STATUS_OK;
}

void job_resume_scan(struct job_service *service, struct str tenant, struct str job_id)
{
    struct caller nobody = {.tenant = tenant, .user_id = STR("customer360")};
    struct job_task *task = task_new(JOB_KIND_SCAN, &nobody);
    if (!task) return;
    task->job_id = arena_str(&task->arena, job_id);
    if (str_is_none(task->job_id) || !job_scan_read_mark(service, task)) {
        task_free(task);
        return;
    }
    log_info("job.resumed", LOG_ID("job", task->job_id));
    enqueue(service, task);
}

/* --- the port: files --- */

struct job_file_reader {
    int file;
};

static enum status file_open(struct job_runner *runner, const struct caller *caller,
                             struct str job_id, enum job_file which, struct arena *arena,
                             struct job_file_reader **out, struct error *error)
{
    const struct job_service *service = (const struct job_service *)runner;
    const char *suffix = which == JOB_FILE_RESULT ? "result" : "errors";
    struct job_file_reader *reader = ARENA_NEW(arena, struct job_file_reader);
    if (!identifier_is_valid(job_id)) return error_plain(error, STATUS_JOB_NOT_FOUND);
    char *path = job_path(service, caller->tenant, job_id, suffix, arena);
    if (!reader || !path) return error_plain(error, STATUS_OUT_OF_MEMORY);
    reader->file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (reader->file < 0 && errno == ENOENT)
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
    for (int i = 0; i < JOB_KIND_COUNT; i++) {
        struct job_worker *worker = &service->workers[i];
        worker->service = service;
        worker->kind = (enum job_kind)i;
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
    service->base =
        (struct job_runner){import_open, import_write, import_start, import_drop, export_start,
                            scan_start,  file_open,    file_read,    file_close};
    service->application = options->application;
    service->lock_file = -1;
    service->batch = options->batch;
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
    for (int i = 0; i < JOB_KIND_COUNT; i++)
        if (service->workers[i].started) (void)pthread_join(service->workers[i].thread, NULL);
    if (service->lock_file >= 0) (void)close(service->lock_file);
    (void)pthread_cond_destroy(&service->changed);
    (void)pthread_mutex_destroy(&service->lock);
    arena_release(&service->arena);
    free(service);
}
