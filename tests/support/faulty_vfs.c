#include "faulty_vfs.h"

#include <stdatomic.h>
#include <string.h>

static sqlite3_vfs *below;
static sqlite3_vfs faulty;
static atomic_int faults[FAULT_COUNT];

struct file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct */
};

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct file *)file)->real;
}
#define REAL(file) real_of(file)->pMethods

static int file_close(sqlite3_file *f)
{
    return REAL(f)->xClose(real_of(f));
}
static int file_read(sqlite3_file *f, void *bytes, int count, sqlite3_int64 at)
{
    return REAL(f)->xRead(real_of(f), bytes, count, at);
}
static int file_write(sqlite3_file *f, const void *bytes, int count, sqlite3_int64 at)
{
    int fault = atomic_load(&faults[FAULT_WRITE]);
    return fault ? fault : REAL(f)->xWrite(real_of(f), bytes, count, at);
}
static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return REAL(f)->xTruncate(real_of(f), size);
}
static int file_sync(sqlite3_file *f, int flags)
{
    int fault = atomic_load(&faults[FAULT_SYNC]);
    return fault ? fault : REAL(f)->xSync(real_of(f), flags);
}
static int file_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return REAL(f)->xFileSize(real_of(f), size);
}
static int file_lock(sqlite3_file *f, int lock)
{
    return REAL(f)->xLock(real_of(f), lock);
}
static int file_unlock(sqlite3_file *f, int lock)
{
    return REAL(f)->xUnlock(real_of(f), lock);
}
static int file_check(sqlite3_file *f, int *reserved)
{
    return REAL(f)->xCheckReservedLock(real_of(f), reserved);
}
static int file_control(sqlite3_file *f, int op, void *argument)
{
    return REAL(f)->xFileControl(real_of(f), op, argument);
}
static int file_sector(sqlite3_file *f)
{
    return REAL(f)->xSectorSize(real_of(f));
}
static int file_device(sqlite3_file *f)
{
    return REAL(f)->xDeviceCharacteristics(real_of(f));
}
static int shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return REAL(f)->xShmMap(real_of(f), page, size, extend, out);
}
static int shm_lock(sqlite3_file *f, int offset, int count, int flags)
{
    return REAL(f)->xShmLock(real_of(f), offset, count, flags);
}
static void shm_barrier(sqlite3_file *f)
{
    REAL(f)->xShmBarrier(real_of(f));
}
static int shm_unmap(sqlite3_file *f, int remove)
{
    return REAL(f)->xShmUnmap(real_of(f), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2, /* without memory mapping */
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_device,
    .xShmMap = shm_map,
    .xShmLock = shm_lock,
    .xShmBarrier = shm_barrier,
    .xShmUnmap = shm_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    (void)vfs;
    struct file *file = (struct file *)f;
    memset(file, 0, sizeof(*file));
    file->real = (sqlite3_file *)(file + 1);
    int code = below->xOpen(below, name, file->real, flags, out_flags);
    if (code == SQLITE_OK) file->base.pMethods = &methods;
    return code;
}

void faulty_vfs_install(void)
{
    if (below) return;
    below = sqlite3_vfs_find(NULL);
    faulty = *below;
    faulty.zName = "faulty";
    faulty.szOsFile = (int)sizeof(struct file) + below->szOsFile;
    faulty.xOpen = vfs_open;
    sqlite3_vfs_register(&faulty, 1);
}

void faulty_vfs_set(enum faulty_vfs_call call, int code)
{
    atomic_store(&faults[call], code);
}
