#include "service/process_metrics.h"
#include "formats/metric.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

/* The second field of /proc/self/statm: resident pages. 0 when it cannot be read. */
static int64_t resident_bytes(void)
{
    char text[128];
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t got = read(file, text, sizeof(text));
    (void)close(file);
    struct str rest = str_of(text, got > 0 ? (size_t)got : 0), pages;
    int64_t count = 0;
    (void)str_split(&rest, ' ', &pages);
    if (!str_split(&rest, ' ', &pages) || !str_to_int64(pages, &count)) return 0;
    return count * sysconf(_SC_PAGESIZE);
}

static int64_t open_descriptors(void)
{
    int64_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (directory && readdir(directory)) count++;
    if (directory) (void)closedir(directory);
    return count > 3 ? count - 3 : 0; /* . and .. and the directory itself */
}

static double processor_seconds(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

void process_metrics_write(struct buffer *out)
{
    metric_count(out, "process_resident_memory_bytes", "gauge", "Resident memory.",
                 resident_bytes());
    metric_value(out, "process_cpu_seconds_total", "counter", "User and system time.",
                 processor_seconds());
    metric_count(out, "process_open_fds", "gauge", "Open descriptors.", open_descriptors());
}
