/* Documents follow the survivorship policy: what a customer shows, what lists filter by and what it
 * is found by is computed when it is written, and anew here, for those for which another policy
 * gives something else. Each of them gets a version (cause POLICY) and an event, in one unit of
 * work.
 *
 * Doing it again changes nothing, so that it may begin anew after an interruption, and may run
 * while others write.
 */
#ifndef APPLICATION_RECOMPUTE_CUSTOMERS_H
#define APPLICATION_RECOMPUTE_CUSTOMERS_H

#include "application/results.h"

struct recompute_counts {
    int64_t customers; /* looked at */
    int64_t changed;
};

struct recompute_page {
    struct str after; /* behind this customerId; absent: from the first */
    size_t limit;
    struct str job_id; /* the job that it is; absent: none */
    int64_t epoch;     /* that the job was taken with */
};

/* Adds to the counts; `next` is the `after` of the next page, absent when there is none.
 * STATUS_JOB_ENDED, _TAKEN when the job is not the caller's any more. */
MUST_CHECK enum status recompute_customers(struct application *application,
                                           const struct caller *caller,
                                           const struct recompute_page *page, struct arena *arena,
                                           struct recompute_counts *counts, struct str *next,
                                           struct error *error);

#endif
