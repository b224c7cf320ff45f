/* Imports, exports, recomputations and scans for duplicates as jobs: the adapter behind
 * adapters/api/job_runner.h.
 *
 * A job is a row of the store, and its file (an upload, the result of an export) lies in the store
 * as well (application/job_parts.h). So any instance runs it: each has a thread per lane that takes
 * the next job, of each tenant one at a time and the tenants in turn, under a lease
 * (store_job_claim). A further thread keeps the leases of what is under way. An instance that dies
 * or is stopped for longer than a lease loses its jobs to others, which go on behind the last step;
 * whatever it still writes for them is refused by the job's epoch, in the unit of work that would
 * write it.
 *
 * A cancelled job stops after the batch under way; what was written stays. In an orderly stop a job
 * is given up after its batch, for another instance or the next start.
 */
#ifndef ADAPTERS_JOBS_JOB_SERVICE_H
#define ADAPTERS_JOBS_JOB_SERVICE_H

#include "adapters/api/job_runner.h"

struct job_service_options {
    struct application *application;
    struct str directory;    /* is there; for files that go with the process */
    size_t batch;            /* rows per transaction */
    size_t memory_bytes;     /* that an import may use, roughly */
    int64_t keep_ms;         /* how long results of exports and reports stay */
    int64_t letters_keep_ms; /* and what was put aside of neighbours' messages */
    int64_t lease_ms;        /* without a sign of life for so long, another instance takes over */
    uint64_t scan_memory_bytes; /* the most that a scan may take; 0: no limit */
};

MUST_CHECK enum status job_service_new(const struct job_service_options *options,
                                       struct job_runner **runner, struct error *error);
/* Stops the jobs under way after their batch, gives them up and waits for the workers. NULL is
 * fine. */
void job_service_free(struct job_runner *runner);

#endif
