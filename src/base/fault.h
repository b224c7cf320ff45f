/* Named points at which a test may kill the process, to show what survives.
 *
 * In a normal build FAULT_POINT is nothing at all. With -DFAULT_POINTS (make fault-binary, which
 * makes build/fault/customer360) the environment variable FAULT_AT=name or name:n kills the process
 * with SIGKILL when that point is passed for the first or n-th time; FAULT_AT=first>name[:n] counts
 * only once the point `first` was passed. With FAULT_STOPS=1 it stops there, until SIGCONT. The
 * names are in the section fault_points of such a program, so that a test which names one that is
 * not there can be told (tests/fault/points.py).
 *
 *     FAULT_POINT("sqlite.before_commit");
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#ifdef FAULT_POINTS
void fault_point(const char *name);
#define FAULT_POINT(name)                                                                          \
    do {                                                                                           \
        static const char fault_point_name[] __attribute__((section("fault_points"), used)) =      \
            name;                                                                                  \
        fault_point(fault_point_name);                                                             \
    } while (0)
#else
#define FAULT_POINT(name) ((void)0)
#endif

#endif
