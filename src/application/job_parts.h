/* The file of a job: what was uploaded for it, what it left to be fetched, or what it needs to go
 * on. It is in the store, in parts, so that every instance has it; the part behind the last is
 * empty, and a file without that one is not whole. It goes when the job ends, but for the result of
 * an export, which is kept for a time.
 */
#ifndef APPLICATION_JOB_PARTS_H
#define APPLICATION_JOB_PARTS_H

#include "application/application.h"

enum { JOB_PART_BYTES = 512 * 1024, JOB_NOT_MADE = -1 };

/* Part `number` (1, 2, ...) of a file; the first takes away what an earlier run had put. `epoch` as
 * in jobs_update(); JOB_NOT_MADE: of a job that will be made when its file is there. */
MUST_CHECK enum status job_parts_put(struct application *application, const struct caller *caller,
                                     struct str job_id, int64_t epoch, int64_t number,
                                     struct str bytes, struct arena *arena, struct error *error);
/* Empty behind the last. STATUS_JOB_NOT_FOUND when the file is not there, or not whole. */
MUST_CHECK enum status job_parts_get(struct application *application, const struct caller *caller,
                                     struct str job_id, int64_t number, struct arena *arena,
                                     struct str *bytes, struct error *error);
MUST_CHECK enum status job_parts_remove(struct application *application,
                                        const struct caller *caller, struct str job_id,
                                        struct arena *arena, struct error *error);

#endif
