/* Long work on the command line tells how far it is: on a terminal one line that is written over,
 * else a line every few seconds, so that a log stays readable. Goes to stderr.
 *
 *     1,234,000 rows, 23,400/s, 45 %, 12 s left
 */
#ifndef SERVICE_PROGRESS_H
#define SERVICE_PROGRESS_H

#include "base/environment.h"

struct progress {
    struct str unit; /* "rows" */
    bool quiet;
    bool terminal;
    bool shown;
    instant begun_at, told_at;
};

void progress_begin(struct progress *progress, struct str unit, bool quiet);
/* `done` of `total` is what the share is taken from; total 0: it is not known. */
void progress_tell(struct progress *progress, int64_t items, int64_t done, int64_t total);
/* Removes the line from the terminal. Returns the seconds since progress_begin. */
double progress_end(struct progress *progress);

enum { PROGRESS_NUMBER_MAX = 32 };
/* 1234567 as "1,234,567". Returns `out`. */
const char *progress_number(int64_t value, char out[PROGRESS_NUMBER_MAX]);

#endif
