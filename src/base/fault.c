#include "base/fault.h"

#ifdef FAULT_POINTS

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_at(const char *wanted, const char *name)
{
    size_t length = strlen(name);
    return strncmp(wanted, name, length) == 0 && strchr(":>", wanted[length]);
}

void fault_point(const char *name)
{
    static _Atomic bool armed = false;
    static _Atomic long passed = 0;
    const char *wanted = getenv("FAULT_AT");
    const char *behind = wanted ? strchr(wanted, '>') : NULL;
    if (!wanted) return;
    if (behind && is_at(wanted, name)) atomic_store(&armed, true);
    if (behind && !atomic_load(&armed)) return;
    if (behind) wanted = behind + 1;
    if (!is_at(wanted, name)) return;
    const char *colon = strchr(wanted, ':');
    long count = colon ? strtol(colon + 1, NULL, 10) : 1;
    if (atomic_fetch_add(&passed, 1) + 1 == count)
        (void)raise(getenv("FAULT_STOPS") ? SIGSTOP : SIGKILL);
}

#else

/* A translation unit must not be empty. */
extern int fault_points_are_off;

#endif
