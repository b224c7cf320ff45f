/* The files of jobs: where they are, and how they go. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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

/* The name of a file without its suffix; absent when it has another one. */
static struct str job_of(struct str file, struct str suffix)
{
    if (!str_ends_with(file, suffix)) return STR_NONE;
    struct str job = str_of(file.ptr, file.len - suffix.len);
    return identifier_is_valid(job) ? job : STR_NONE;
}

static void fail_interrupted(struct job_service *service, struct str tenant, struct str job_id)
{
    struct job_task task = {
        .job_id = job_id,
        .caller = {.tenant = tenant, .user_id = STR("customer360")},
    };
    enum status status =
        job_record(service, &task, JOB_FAILED,
                   STR("{\"error\":{\"code\":\"SERVICE_STOPPED\",\"message\":\"the service stopped "
                       "while the job ran; what it had written stays: import the file again\"}}"));
    if (status == STATUS_OK) log_warn("job.interrupted", LOG_ID("job", job_id));
}

static void clean_file(struct job_service *service, struct str tenant, int directory,
                       const char *name)
{
    struct stat file;
    struct str job_id = job_of(str_from_cstr(name), STR(".upload"));
    struct str scan_id = job_of(str_from_cstr(name), STR(".scan"));
    if (fstatat(directory, name, &file, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(file.st_mode)) return;
    if (!str_is_none(job_id)) fail_interrupted(service, tenant, job_id);
    if (!str_is_none(scan_id)) job_resume_scan(service, tenant, scan_id);
    int64_t age_ms = ((int64_t)time(NULL) - file.st_mtim.tv_sec) * 1000;
    bool spool = str_ends_with(str_from_cstr(name), STR(".spool"));
    bool scanning = !str_is_none(scan_id) || str_ends_with(str_from_cstr(name), STR(".pairs"));
    if (spool || !str_is_none(job_id) || (!scanning && age_ms > service->keep_ms))
        (void)unlinkat(directory, name, 0);
}

static void clean_tenant(struct job_service *service, const char *tenant)
{
    struct arena arena;
    arena_init(&arena, 65536);
    struct str path = arena_format(&arena, "%.*s/%s", STR_ARGS(service->directory), tenant);
    char *name = str_is_none(path) ? NULL : arena_cstr(&arena, path);
    DIR *directory = name ? opendir(name) : NULL;
    struct dirent *entry;
    while (directory && (entry = readdir(directory)))
        if (entry->d_name[0] != '.')
            clean_file(service, str_from_cstr(tenant), dirfd(directory), entry->d_name);
    if (directory) (void)closedir(directory);
    arena_release(&arena);
}

void job_clean_directory(struct job_service *service)
{
    struct arena arena;
    arena_init(&arena, 65536);
    char *name = arena_cstr(&arena, service->directory);
    DIR *directory = name ? opendir(name) : NULL;
    struct dirent *entry;
    while (directory && (entry = readdir(directory)))
        if (identifier_is_valid(str_from_cstr(entry->d_name))) clean_tenant(service, entry->d_name);
    if (directory) (void)closedir(directory);
    arena_release(&arena);
}
