/* /jobs: long work, started by a request or the command line, run elsewhere; here is its record.
 *
 * A job's document is {"parameters":{..},"progress":{..}}; whoever runs it replaces `progress`.
 */
#ifndef APPLICATION_JOBS_H
#define APPLICATION_JOBS_H

#include "application/results.h"

/* `parameters` is a JSON object. */
MUST_CHECK enum status jobs_create(struct application *application, const struct caller *caller,
                                   struct str kind, struct str parameters, struct arena *arena,
                                   struct job_row *out, struct error *error);
MUST_CHECK enum status jobs_get(struct application *application, const struct caller *caller,
                                struct str job_id, struct arena *arena, struct job_row *out,
                                struct error *error);
/* Newest first. */
MUST_CHECK enum status jobs_list(struct application *application, const struct caller *caller,
                                 struct str cursor, size_t limit, struct arena *arena,
                                 struct json_page *out, struct error *error);
/* STATUS_JOB_ENDED when it is not queued or running any more. */
MUST_CHECK enum status jobs_cancel(struct application *application, const struct caller *caller,
                                   struct str job_id, struct arena *arena, struct job_row *out,
                                   struct error *error);
/* For the runner: sets state and progress (a JSON object; absent: as it is). STATUS_JOB_ENDED when
 * the job was cancelled meanwhile, which is how the runner learns it. */
MUST_CHECK enum status jobs_update(struct application *application, const struct caller *caller,
                                   struct str job_id, enum job_state state, struct str progress,
                                   struct arena *arena, struct error *error);
/* {"jobId","kind","state","actor","createdAt","updatedAt","parameters","progress"}; absent when
 * out of memory. */
struct str jobs_json(const struct job_row *job, struct arena *arena);

#endif
