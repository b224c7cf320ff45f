/* Whether there is time for a request: one that would wait longer for its turn than is allowed is
 * refused before anything of it is begun, so that those who are let in are served as quickly as
 * ever, and those who are not know it at once (decisions 0053, 0059).
 *
 * The wait is that of the event loop, in which this request has stood until now, and that of the
 * store's queue, in which it would stand. A burst is let in: while nothing is saturated twice the
 * wait is allowed, and of what came at once the first 64 whatever their wait. Once somebody was
 * refused, a quarter is allowed until nothing is saturated any more: so that a crowd that just fits
 * is served, and an overload leaves a short queue.
 *
 * What asks for no identity (health, metrics, the pages) is always let in.
 */
#ifndef ADAPTERS_API_ADMISSION_H
#define ADAPTERS_API_ADMISSION_H

#include <stdatomic.h>

#include "base/status.h"

struct call;

enum admission_kind { ADMISSION_READ, ADMISSION_WRITE, ADMISSION_KINDS };

/* Of the process. */
struct admission {
    _Atomic int64_t wait_max_us[ADMISSION_KINDS]; /* 0: no limit */
};
/* Of one loop. */
struct admission_past {
    bool is_overload[ADMISSION_KINDS]; /* somebody was refused, and it is saturated since */
    uint64_t rests;                    /* of the loop, by which `at_once` goes */
    int64_t at_once;                   /* requests that came since its rest */
    uint64_t untold;                   /* refusals since the log was told of some */
    int64_t told_us;
};

/* Thread-safe. */
void admission_set(struct admission *admission, int64_t read_max_us, int64_t write_max_us);
/* STATUS_OVERLOADED. */
MUST_CHECK enum status admission_check(struct call *call, struct error *error);
#endif
