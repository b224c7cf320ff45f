/* Imports, exports and scans for duplicates as jobs: the adapter behind adapters/api/job_runner.h.
 *
 * An upload is spooled to a file while it arrives, which becomes DIRECTORY/TENANT/JOB.upload; then
 * the job is recorded and a worker thread runs it, imports and their undoing in one, exports in
 * another, scans in a third, one after the other. An export's result (JOB.result) stays for a time
 * and is then removed. A cancelled job stops after the batch under way; what was written stays.
 *
 * An import, undo or scan that was under way when the process ended goes on, behind its last step,
 * when the next one starts: its file (JOB.upload, JOB.undo, JOB.scan) is still there. An export
 * (JOB.export) begins anew when the process was killed, and is FAILED when it was stopped. Files
 * are on the instance that took the request, and only there.
 */
#ifndef ADAPTERS_JOBS_JOB_SERVICE_H
#define ADAPTERS_JOBS_JOB_SERVICE_H

#include "adapters/api/job_runner.h"

struct job_service_options {
    struct application *application;
    struct str directory;       /* is there; nobody else may use it */
    size_t batch;               /* rows per transaction */
    size_t memory_bytes;        /* that an import may use, roughly */
    int64_t keep_ms;            /* how long results and error reports stay */
    uint64_t scan_memory_bytes; /* the most that a scan may take; 0: no limit */
};

/* STATUS_CONFIGURATION when another process has the directory. */
MUST_CHECK enum status job_service_new(const struct job_service_options *options,
                                       struct job_runner **runner, struct error *error);
/* Stops the jobs under way after their batch and waits for the workers; exports are FAILED. NULL is
 * fine. */
void job_service_free(struct job_runner *runner);

#endif
