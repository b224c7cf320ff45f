#include "base/fault.h"

#ifdef FAULT_POINTS

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

void fault_point(const char *name)
{
    static _Atomic long passed = 0;
    const char *wanted = getenv("FAULT_AT");
    size_t length = strlen(name);
    if (!wanted || strncmp(wanted, name, length) != 0) return;
    if (wanted[length] != '\0' && wanted[length] != ':') return;
    long count = wanted[length] == ':' ? strtol(wanted + length + 1, NULL, 10) : 1;
    if (atomic_fetch_add(&passed, 1) + 1 == count) (void)raise(SIGKILL);
}

#else

/* A translation unit must not be empty. */
extern int fault_points_are_off;

#endif
