/* The files of jobs: where they are, and how they go. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "adapters/jobs/job_internal.h"
#include "base/identifier.h"
#include "base/log.h"

char *job_path(const struct job_service *service, struct str tenant, struct str name,
               const char *suffix, struct arena *arena)
{
    struct str path = arena_format(arena, "%.*s/%.*s/%.*s.%s", STR_ARGS(service->directory),
                                   STR_ARGS(tenant), STR_ARGS(name), suffix);
    return str_is_none(path) ? NULL : arena_cstr(arena, path);
}

enum status job_file_failed(const char *what, struct error *error)
{
    int reason = errno;
    if (reason == ENOSPC || reason == EDQUOT)
        return error_set(error, STATUS_STORE_FULL, STR(""), STR(""),
                         "there is no room left for the files of jobs");
    return error_set(error, STATUS_IO, STR(""), STR(""), "a file of a job cannot be %s: %s", what,
                     strerror(reason));
}

enum status job_make_directory(const struct job_service *service, struct str tenant,
                               struct arena *arena, struct error *error)
{
    struct str path =
        arena_format(arena, "%.*s/%.*s", STR_ARGS(service->directory), STR_ARGS(tenant));
    char *name = str_is_none(path) ? NULL : arena_cstr(arena, path);
    if (!name) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (mkdir(name, 0750) == 0 || errno == EEXIST) return STATUS_OK;
    return job_file_failed("made", error);
}

enum status job_sync_directory(const struct job_service *service, struct str tenant,
                               struct arena *arena, struct error *error)
{
    struct str path =
        arena_format(arena, "%.*s/%.*s", STR_ARGS(service->directory), STR_ARGS(tenant));
    char *name = str_is_none(path) ? NULL : arena_cstr(arena, path);
    if (!name) return error_plain(error, STATUS_OUT_OF_MEMORY);
    int directory = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return job_file_failed("read", error);
    bool fine = fsync(directory) == 0;
    enum status status = fine ? STATUS_OK : job_file_failed("written", error);
    (void)close(directory);
    return status;
}

enum status job_lock_directory(struct job_service *service, struct error *error)
{
    struct str path = arena_format(&service->arena, "%.*s/.lock", STR_ARGS(service->directory));
    char *name = str_is_none(path) ? NULL : arena_cstr(&service->arena, path);
    if (!name) return error_plain(error, STATUS_OUT_OF_MEMORY);
    service->lock_file = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (service->lock_file < 0) return job_file_failed("made", error);
    if (flock(service->lock_file, LOCK_EX | LOCK_NB) == 0) return STATUS_OK;
    return error_set(error, STATUS_CONFIGURATION, STR("jobs.directory"),
                     STR("a directory for each instance"), "%.*s is another instance's",
                     STR_ARGS(service->directory));
}

/* What a job that has not ended left behind, by the end of its file's name. */
static const struct {
    struct str suffix;
    enum job_kind kind;
} unended[] = {{STR(".upload"), JOB_KIND_IMPORT},
               {STR(".undo"), JOB_KIND_UNDO},
               {STR(".export"), JOB_KIND_EXPORT},
               {STR(".scan"), JOB_KIND_SCAN}};

/* What a task needs besides tenant and job. */
static bool complete(struct job_service *service, struct job_task *task, const char *suffix)
{
    if (task->kind == JOB_KIND_SCAN) return job_scan_read_mark(service, task);
    task->upload_path = job_path(service, task->caller.tenant, task->job_id, suffix, &task->arena);
    return task->upload_path != NULL;
}

/* False when the file is of no job that has not ended. */
static bool go_on(struct job_service *service, struct str tenant, struct str file)
{
    const struct caller caller = {.tenant = tenant, .user_id = STR("customer360")};
    for (size_t i = 0; i < sizeof(unended) / sizeof(unended[0]); i++) {
        struct str suffix = unended[i].suffix;
        if (!str_ends_with(file, suffix)) continue;
        struct str job_id = str_of(file.ptr, file.len - suffix.len);
        if (!identifier_is_valid(job_id)) return false;
        struct job_task *task = job_task_new(unended[i].kind, &caller, job_id);
        if (!task || !complete(service, task, suffix.ptr + 1)) {
            job_task_free(task);
            return true; /* the next start may have the memory */
        }
        log_info("job.goes_on", LOG_ID("job", task->job_id));
        job_enqueue(service, task);
        return true;
    }
    return false;
}

bool job_file_is_old(const struct job_service *service, const struct stat *file)
{
    return ((int64_t)time(NULL) - file->st_mtim.tv_sec) * 1000 > service->keep_ms;
}

/* Is the file of that name to go? */
typedef bool goes(struct job_service *service, struct str tenant, struct str name,
                  const struct stat *file);

static bool goes_at_start(struct job_service *service, struct str tenant, struct str name,
                          const struct stat *file)
{
    if (go_on(service, tenant, name)) return false;
    if (str_ends_with(name, STR(".spool"))) return true;
    /* Pairs are of a scan that goes on. */
    return !str_ends_with(name, STR(".pairs")) && job_file_is_old(service, file);
}

static bool goes_in_time(struct job_service *service, struct str tenant, struct str name,
                         const struct stat *file)
{
    (void)tenant;
    return str_ends_with(name, STR(".result")) && job_file_is_old(service, file);
}

static void clean_file(struct job_service *service, struct str tenant, const char *path,
                       const char *name, goes *is_to_go)
{
    struct stat file;
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return;
    if (fstatat(directory, name, &file, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(file.st_mode) &&
        is_to_go(service, tenant, str_from_cstr(name), &file))
        (void)unlinkat(directory, name, 0);
    (void)close(directory);
}

/* In the order of the names, and so of the jobs. */
static void clean_tenant(struct job_service *service, const char *tenant, goes *is_to_go)
{
    struct arena arena;
    struct dirent **entries = NULL;
    arena_init(&arena, 65536);
    struct str path = arena_format(&arena, "%.*s/%s", STR_ARGS(service->directory), tenant);
    char *name = str_is_none(path) ? NULL : arena_cstr(&arena, path);
    int count = name ? scandir(name, &entries, NULL, alphasort) : 0;
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.')
            clean_file(service, str_from_cstr(tenant), name, entries[i]->d_name, is_to_go);
        free(entries[i]);
    }
    free(entries);
    arena_release(&arena);
}

static void clean(struct job_service *service, goes *is_to_go)
{
    struct arena arena;
    arena_init(&arena, 65536);
    char *name = arena_cstr(&arena, service->directory);
    DIR *directory = name ? opendir(name) : NULL;
    struct dirent *entry;
    while (directory && (entry = readdir(directory)))
        if (identifier_is_valid(str_from_cstr(entry->d_name)))
            clean_tenant(service, entry->d_name, is_to_go);
    if (directory) (void)closedir(directory);
    arena_release(&arena);
}

void job_clean_directory(struct job_service *service)
{
    clean(service, goes_at_start);
}

void job_remove_results(struct job_service *service)
{
    clean(service, goes_in_time);
}
