/* The files of jobs: without a name while they are worked with, in the store as long as somebody
 * may want them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/jobs/job_internal.h"
#include "application/job_parts.h"

enum { PART_ARENA_MAX = 64 << 20 };

enum status job_file_failed(const char *what, struct error *error)
{
    int reason = errno;
    if (reason == ENOSPC || reason == EDQUOT)
        return error_set(error, STATUS_STORE_FULL, STR(""), STR(""),
                         "there is no room left for the files of jobs");
    bool refused = reason == EROFS || reason == EACCES || reason == EPERM || reason == ENOENT;
    return error_set(error, refused ? STATUS_STORE_READ_ONLY : STATUS_IO, STR(""), STR(""),
                     "a file of a job cannot be %s: %s", what, strerror(reason));
}

/* --- scratch --- */

enum status job_scratch_open(const struct job_service *service, int *file, struct error *error)
{
    struct arena arena;
    arena_init(&arena, 65536);
    struct str path = arena_format(&arena, "%.*s/.job-XXXXXX", STR_ARGS(service->directory));
    char *name = str_is_none(path) ? NULL : arena_cstr(&arena, path);
    enum status status = STATUS_OK;
    *file = name ? mkostemp(name, O_CLOEXEC) : -1;
    if (*file >= 0)
        (void)unlink(name);
    else
        status = name ? job_file_failed("made", error) : error_plain(error, STATUS_OUT_OF_MEMORY);
    arena_release(&arena);
    return status;
}

enum status job_scratch_stream(const struct job_service *service, FILE **file, struct error *error)
{
    int descriptor;
    TRY(job_scratch_open(service, &descriptor, error));
    *file = fdopen(descriptor, "w+");
    if (*file) return STATUS_OK;
    (void)close(descriptor);
    return error_plain(error, STATUS_OUT_OF_MEMORY);
}

/* --- into the store, and back --- */

/* Reads until the room is full or the file ends. */
static enum status read_full(int file, char *bytes, size_t size, size_t *count, struct error *error)
{
    for (*count = 0; *count < size;) {
        ssize_t got = read(file, bytes + *count, size - *count);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return job_file_failed("read", error);
        if (got == 0) break;
        *count += (size_t)got;
    }
    return STATUS_OK;
}

static enum status put_parts(const struct job_service *service, const struct caller *caller,
                             struct str job_id, int64_t epoch, int file, char *bytes,
                             struct arena *arena, struct error *error)
{
    size_t count;
    int64_t number = 1;
    do {
        arena_reset(arena);
        TRY(read_full(file, bytes, JOB_PART_BYTES, &count, error));
        TRY(job_parts_put(service->application, caller, job_id, epoch, number++,
                          str_of(bytes, count), arena, error));
    } while (count > 0);
    return STATUS_OK;
}

enum status job_file_put(const struct job_service *service, const struct caller *caller,
                         struct str job_id, int64_t epoch, int file, struct error *error)
{
    struct arena arena;
    if (lseek(file, 0, SEEK_SET) != 0) return job_file_failed("read", error);
    char *bytes = malloc(JOB_PART_BYTES);
    if (!bytes) return error_plain(error, STATUS_OUT_OF_MEMORY);
    arena_init(&arena, PART_ARENA_MAX);
    enum status status = put_parts(service, caller, job_id, epoch, file, bytes, &arena, error);
    arena_release(&arena);
    free(bytes);
    return status;
}

static enum status write_full(int file, struct str bytes, struct error *error)
{
    while (bytes.len > 0) {
        ssize_t put = write(file, bytes.ptr, bytes.len);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return job_file_failed("written", error);
        bytes = str_skip(bytes, (size_t)put);
    }
    return STATUS_OK;
}

static enum status get_parts(const struct job_service *service, const struct job_task *task,
                             int file, struct arena *arena, struct error *error)
{
    struct str bytes;
    int64_t number = 1;
    do {
        arena_reset(arena);
        TRY(job_parts_get(service->application, &task->caller, task->job_id, number++, arena,
                          &bytes, error));
        TRY(write_full(file, bytes, error));
    } while (bytes.len > 0);
    return lseek(file, 0, SEEK_SET) == 0 ? STATUS_OK : job_file_failed("read", error);
}

enum status job_file_fetch(const struct job_service *service, const struct job_task *task,
                           int *file, struct error *error)
{
    struct arena arena;
    TRY(job_scratch_open(service, file, error));
    arena_init(&arena, PART_ARENA_MAX);
    enum status status = get_parts(service, task, *file, &arena, error);
    arena_release(&arena);
    if (status != STATUS_OK) (void)close(*file);
    return status;
}

/* --- results, for whoever fetches them --- */

struct job_file_reader {
    struct application *application;
    struct caller caller;
    struct str job_id;
    int64_t number; /* of the part that `rest` is of */
    struct str rest;
    struct arena arena; /* of the part */
};

static enum status next_part(struct job_file_reader *reader, struct error *error)
{
    arena_reset(&reader->arena);
    return job_parts_get(reader->application, &reader->caller, reader->job_id, ++reader->number,
                         &reader->arena, &reader->rest, error);
}

static enum status refuse_gone(struct error *error)
{
    return error_set(
        error, STATUS_RESULT_NOT_FOUND, STR(""), STR("a new export"),
        "the result is gone: it was kept for its time, or a customer in it was erased");
}

static enum status check_result(const struct job_service *service, const struct job_row *job,
                                struct error *error)
{
    int64_t keep_us = service->keep_ms * (INSTANT_SECOND / 1000);
    if (!str_equal(job->kind, STR("EXPORT")))
        return error_set(error, STATUS_RESULT_NOT_FOUND, STR(""), STR("the jobId of an export"),
                         "only an export has a result; what an import or undo has to tell is at "
                         "/jobs/{jobId}/errors");
    if (job->state != JOB_DONE)
        return error_set(error, STATUS_RESULT_NOT_FOUND, STR(""), STR("a job whose state is DONE"),
                         "the export has not ended, or did not end well");
    return job_now(service) - job->updated_at <= keep_us ? STATUS_OK : refuse_gone(error);
}

enum status job_result_open(struct job_runner *runner, const struct caller *caller,
                            struct str job_id, struct arena *arena, struct job_file_reader **out,
                            struct error *error)
{
    const struct job_service *service = (const struct job_service *)runner;
    struct job_file_reader *reader = ARENA_NEW(arena, struct job_file_reader);
    struct job_row job;
    if (!reader) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(jobs_get(service->application, caller, job_id, arena, &job, error));
    *reader = (struct job_file_reader){
        .application = service->application, .caller = *caller, .job_id = job_id};
    TRY(check_result(service, &job, error));
    arena_init(&reader->arena, PART_ARENA_MAX);
    enum status status = next_part(reader, error);
    if (status == STATUS_OK) {
        *out = reader;
        return STATUS_OK;
    }
    arena_release(&reader->arena);
    return status == STATUS_JOB_NOT_FOUND ? refuse_gone(error) : status;
}

enum status job_result_read(struct job_file_reader *reader, char *bytes, size_t size, size_t *count,
                            struct error *error)
{
    *count = reader->rest.len < size ? reader->rest.len : size;
    if (*count == 0) return STATUS_OK; /* behind the last part */
    memcpy(bytes, reader->rest.ptr, *count);
    reader->rest = str_skip(reader->rest, *count);
    return reader->rest.len > 0 ? STATUS_OK : next_part(reader, error);
}

void job_result_close(struct job_file_reader *reader)
{
    arena_release(&reader->arena);
}
