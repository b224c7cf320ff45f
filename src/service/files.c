#include "service/files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status fail(const char *path, int reason, struct error *error)
{
    return error_set(error, STATUS_IO, STR(""), STR(""), "%s: %s", path, strerror(reason));
}

static enum status read_into(int file, const char *path, char *bytes, size_t room, size_t *len,
                             struct error *error)
{
    *len = 0;
    while (*len < room) {
        ssize_t got = read(file, bytes + *len, room - *len);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(path, errno, error);
        if (got == 0) return STATUS_OK;
        *len += (size_t)got;
    }
    return error_set(error, STATUS_LIMIT_EXCEEDED, STR(""), STR(""), "%s: is larger than %zu bytes",
                     path, room - 1);
}

enum status files_read(struct str path, size_t max_bytes, struct arena *arena, struct str *text,
                       struct error *error)
{
    char *name = arena_cstr(arena, path), *bytes = arena_alloc(arena, max_bytes + 1);
    size_t len = 0;
    if (!name || !bytes) return error_plain(error, STATUS_OUT_OF_MEMORY);
    int file = open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0) return fail(name, errno, error);
    enum status status = read_into(file, name, bytes, max_bytes + 1, &len, error);
    (void)close(file);
    if (status != STATUS_OK) return status;
    bytes[len] = '\0';
    *text = str_of(bytes, len);
    return STATUS_OK;
}

static enum status write_all(int file, const char *path, struct str text, struct error *error)
{
    while (text.len > 0) {
        ssize_t put = write(file, text.ptr, text.len);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return fail(path, errno, error);
        text = str_skip(text, (size_t)put);
    }
    return fsync(file) == 0 ? STATUS_OK : fail(path, errno, error);
}

enum status files_create(struct str path, int mode, struct str text, struct arena *arena,
                         struct error *error)
{
    char *name = arena_cstr(arena, path);
    if (!name) return error_plain(error, STATUS_OUT_OF_MEMORY);
    int file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    if (file < 0) return fail(name, errno, error);
    enum status status = write_all(file, name, text, error);
    if (close(file) != 0 && status == STATUS_OK) status = fail(name, errno, error);
    if (status != STATUS_OK) (void)unlink(name);
    return status;
}

enum status files_sync_directory(struct str path, struct arena *arena, struct error *error)
{
    char *name = arena_cstr(arena, path);
    if (!name) return error_plain(error, STATUS_OUT_OF_MEMORY);
    int directory = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum status status =
        directory >= 0 && fsync(directory) == 0 ? STATUS_OK : fail(name, errno, error);
    if (directory >= 0) (void)close(directory);
    return status;
}

enum status files_replace(struct str path, int mode, struct str text, struct arena *arena,
                          struct error *error)
{
    struct str fresh = arena_format(arena, "%.*s.new", STR_ARGS(path));
    char *name = arena_cstr(arena, path);
    if (str_is_none(fresh) || !name) return error_plain(error, STATUS_OUT_OF_MEMORY);
    (void)unlink(fresh.ptr); /* of an attempt that was interrupted */
    TRY(files_create(fresh, mode, text, arena, error));
    if (rename(fresh.ptr, name) != 0) return fail(name, errno, error);
    return files_sync_directory(files_directory_of(path), arena, error);
}

bool files_exists(struct str path, struct arena *arena)
{
    char *name = arena_cstr(arena, path);
    return name && access(name, F_OK) == 0;
}

enum status files_make_directory(struct str path, int mode, struct arena *arena,
                                 struct error *error)
{
    char *name = arena_cstr(arena, path);
    if (!name) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 1; i <= path.len; i++) {
        if (i < path.len && name[i] != '/') continue;
        char kept = name[i];
        name[i] = '\0';
        if (mkdir(name, (mode_t)mode) != 0 && errno != EEXIST) return fail(name, errno, error);
        name[i] = kept;
    }
    struct stat there;
    if (stat(name, &there) != 0) return fail(name, errno, error);
    return S_ISDIR(there.st_mode) ? STATUS_OK : fail(name, ENOTDIR, error);
}

struct str files_directory_of(struct str path)
{
    size_t len = path.len;
    while (len > 0 && path.ptr[len - 1] != '/') len--;
    if (len == 0) return STR(".");
    return len == 1 ? STR("/") : str_of(path.ptr, len - 1);
}
