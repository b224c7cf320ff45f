#include "base/machine.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

enum { PATH_ROOM = 512 };

/* The bound in one file of a control group; INT64_MAX: "max", or there is none. */
static int64_t bound_in(const char *path)
{
    char line[64];
    int64_t bytes;
    FILE *file = fopen(path, "re");
    if (!file) return INT64_MAX;
    bool found = fgets(line, sizeof(line), file) &&
                 str_to_int64(str_trim(str_from_cstr(line)), &bytes) && bytes > 0;
    (void)fclose(file);
    return found ? bytes : INT64_MAX;
}

/* The process's group and those that it is in (version 2: line "0::/a/b" of /proc/self/cgroup). */
static int64_t bound_of_groups(void)
{
    char line[PATH_ROOM], path[PATH_ROOM + 64];
    int64_t least = INT64_MAX;
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (!file) return least;
    while (fgets(line, sizeof(line), file)) {
        if (strncmp(line, "0::", 3) != 0) continue;
        line[strcspn(line, "\n")] = '\0';
        for (char *end = line + strlen(line); end; end = strrchr(line + 3, '/')) {
            *end = '\0';
            (void)snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.max", line + 3);
            int64_t bound = bound_in(path);
            if (bound < least) least = bound;
        }
    }
    (void)fclose(file);
    return least;
}

int64_t machine_memory_bytes(void)
{
    int64_t all = (int64_t)sysconf(_SC_PHYS_PAGES) * (int64_t)sysconf(_SC_PAGESIZE);
    int64_t bound = bound_of_groups();
    return bound < all ? bound : all;
}
