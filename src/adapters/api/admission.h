/* Whether there is time for a request: one that would wait longer for its turn than is allowed is
 * refused before anything of it is begun, so that those who are let in are served as quickly as
 * ever, and those who are not know it at once (docs/decisions: admission).
 *
 * A burst is let in: what counts is a wait that stays. Once somebody was refused, every wait counts
 * until there was none too long for a while.
 *
 * The wait is that of the event loop, in which this request has stood until now, and that of the
 * store's queue, in which it would stand. What asks for no identity (health, metrics, the pages) is
 * always let in.
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
    int64_t refused_us[ADMISSION_KINDS]; /* when somebody was, last */
    uint64_t untold;                     /* refusals since the log was told of some */
    int64_t told_us;
};

/* Thread-safe. */
void admission_set(struct admission *admission, int64_t read_max_us, int64_t write_max_us);
/* STATUS_OVERLOADED. */
MUST_CHECK enum status admission_check(struct call *call, struct error *error);
#endif
