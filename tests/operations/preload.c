/* What a test does to a process from outside: sets its clock apart, lets one allocation fail, or
 * makes its disk slow.
 *
 *     LD_PRELOAD=preload.so PRELOAD_CONTROL=FILE program
 *
 * FILE holds three 64-bit integers, which the test changes at any time: microseconds that are added
 * to the system's clock; the number of the next allocation that fails, once (0: none; -1: it did);
 * and microseconds that bringing a file to the disk takes longer.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct control {
    _Atomic int64_t clock_us;
    _Atomic int64_t fail_at;
    _Atomic int64_t sync_us;
};

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static struct control *control;

__attribute__((constructor)) static void attach(void)
{
    const char *path = getenv("PRELOAD_CONTROL");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *at = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (at != MAP_FAILED) control = at;
    (void)close(file);
}

/* --- allocations --- */

static int fails(void)
{
    if (!control) return 0;
    int64_t at = atomic_load(&control->fail_at);
    while (at > 0) {
        int64_t next = at == 1 ? -1 : at - 1;
        if (!atomic_compare_exchange_weak(&control->fail_at, &at, next)) continue;
        if (next == -1) errno = ENOMEM;
        return next == -1;
    }
    return 0;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t nmemb, size_t size)
{
    return fails() ? NULL : __libc_calloc(nmemb, size);
}

void *realloc(void *ptr, size_t size)
{
    return fails() ? NULL : __libc_realloc(ptr, size);
}

/* --- the disk --- */

static void wait_for_the_disk(void)
{
    if (control && control->sync_us > 0) (void)usleep((useconds_t)control->sync_us);
}

int fsync(int fd)
{
    wait_for_the_disk();
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fildes)
{
    wait_for_the_disk();
    return (int)syscall(SYS_fdatasync, fildes);
}

/* --- the clock --- */

int clock_gettime(clockid_t clock_id, struct timespec *tp)
{
    long failed = syscall(SYS_clock_gettime, clock_id, tp);
    if (failed == 0 && clock_id == CLOCK_REALTIME && control) {
        int64_t us = (int64_t)tp->tv_sec * 1000000 + tp->tv_nsec / 1000 + control->clock_us;
        tp->tv_sec = us / 1000000;
        tp->tv_nsec = us % 1000000 * 1000 + tp->tv_nsec % 1000;
    }
    return (int)failed;
}

time_t time(time_t *timer)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (timer) *timer = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
    struct timespec now;
    (void)tz;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    *tv = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}
