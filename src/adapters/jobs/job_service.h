/* Imports, exports and scans for duplicates as jobs: the adapter behind adapters/api/job_runner.h.
 *
 * An upload is spooled to DIRECTORY/TENANT/JOB.upload while it arrives; then the job is recorded
 * and a worker thread runs it, imports in one, exports in another, scans in a third, one after the
 * other. A job's
 * error report (JOB.errors) and result (JOB.result) stay for a time and are then removed. A
 * cancelled job stops after the batch under way; what was written stays.
 *
 * An import or export that was under way when the process ended has FAILED: job_service_new() says
 * so in its record; a scan is taken up again. Its files are on the instance that took the request,
 * and only there.
 */
#ifndef ADAPTERS_JOBS_JOB_SERVICE_H
#define ADAPTERS_JOBS_JOB_SERVICE_H

#include "adapters/api/job_runner.h"

struct job_service_options {
    struct application *application;
    struct str directory;       /* is there; nobody else may use it */
    size_t batch;               /* rows per transaction */
    int64_t keep_ms;            /* how long results and error reports stay */
    uint64_t scan_memory_bytes; /* the most that a scan may take; 0: no limit */
};

/* STATUS_CONFIGURATION when another process has the directory. */
MUST_CHECK enum status job_service_new(const struct job_service_options *options,
                                       struct job_runner **runner, struct error *error);
/* Ends the jobs under way as FAILED and waits for the workers. NULL is fine. */
void job_service_free(struct job_runner *runner);

#endif
