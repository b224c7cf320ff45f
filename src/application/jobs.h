/* /jobs: long work, started by a request or the command line, run elsewhere; here is its record.
 *
 * A job's document is {"parameters":{..},"progress":{..}}; whoever runs it replaces `progress`.
 */
#ifndef APPLICATION_JOBS_H
#define APPLICATION_JOBS_H

#include "application/results.h"

struct str jobs_new_id(struct application *application, struct arena *arena);
/* STATUS_RATE_LIMITED when the tenant has as many jobs that have not ended as limits.jobs_max, or
 * a few more: nobody is locked out for the sake of the number. What makes a job for the service
 * looks itself; this is for before an upload is taken. */
MUST_CHECK enum status jobs_check_room(struct application *application, const struct caller *caller,
                                       struct arena *arena, struct error *error);
/* The same in a unit of work. */
MUST_CHECK enum status jobs_check_room_within(const struct application *application,
                                              struct store_session *session, struct error *error);
/* A job of that id for the service to run, which one of its instances takes; absent: a new one,
 * that the caller runs himself. `parameters` is a JSON object. `*out` is filled before the unit of
 * work ends, so that what is kept with it may tell of the job; its texts are the arena's, but for
 * `job_id` and `kind` as given. */
MUST_CHECK enum status jobs_create(struct application *application, const struct caller *caller,
                                   struct str job_id, struct str kind, struct str parameters,
                                   struct arena *arena, struct job_row *out, struct error *error);
MUST_CHECK enum status jobs_get(struct application *application, const struct caller *caller,
                                struct str job_id, struct arena *arena, struct job_row *out,
                                struct error *error);
/* The job and how far it is: its last step, number 0 when there is none. */
MUST_CHECK enum status jobs_last_step(struct application *application, const struct caller *caller,
                                      struct str job_id, struct arena *arena, struct job_row *job,
                                      struct job_step *last, struct error *error);
/* Newest first. A page may end before it is full, and go on, where few jobs are of that kind or
 * state. */
struct job_query {
    struct str kind, state; /* absent: any */
    struct str cursor;
    size_t limit;
};
MUST_CHECK enum status jobs_list(struct application *application, const struct caller *caller,
                                 const struct job_query *query, struct arena *arena,
                                 struct json_page *out, struct error *error);
/* STATUS_JOB_ENDED when it is not queued or running any more. */
MUST_CHECK enum status jobs_cancel(struct application *application, const struct caller *caller,
                                   struct str job_id, struct arena *arena, struct job_row *out,
                                   struct error *error);
/* For the runner, here and below: `epoch` is the one that the job had when he opened or took it;
 * when another has taken it since he gets STATUS_JOB_TAKEN, and writes nothing any more. */
/* Sets state and progress (a JSON object; absent: as it is). STATUS_JOB_ENDED when the job was
 * cancelled meanwhile, which is how the runner learns it. */
MUST_CHECK enum status jobs_update(struct application *application, const struct caller *caller,
                                   struct str job_id, int64_t epoch, enum job_state state,
                                   struct str progress, struct arena *arena, struct error *error);
/* His for `lease_ms` more; 0 gives it up. Nothing when it is his no more. */
MUST_CHECK enum status jobs_keep(struct application *application, const struct caller *caller,
                                 struct str job_id, int64_t epoch, int64_t lease_ms,
                                 struct arena *arena, struct error *error);
/* The newest of the kind. STATUS_JOB_NOT_FOUND. */
MUST_CHECK enum status jobs_find_last(struct application *application, const struct caller *caller,
                                      struct str kind, struct arena *arena, struct job_row *job,
                                      struct error *error);
/* A step that stands for itself: of a dry run, which writes nothing else. STATUS_JOB_ENDED. */
MUST_CHECK enum status jobs_append_step(struct application *application,
                                        const struct caller *caller, const struct job_step *step,
                                        int64_t epoch, struct arena *arena, struct error *error);
/* STATUS_JOB_ENDED, which names the job and its state. */
enum status jobs_refuse_ended(const struct job_row *row, struct error *error);
/* In a unit of work of the job: it stays as it is until that ends. STATUS_JOB_ENDED when it is
 * neither queued nor running. */
MUST_CHECK enum status jobs_hold(struct store_session *session, struct str job_id, int64_t epoch,
                                 struct arena *arena, struct error *error);
/* The lane of a kind of job: those of one tenant in one lane run one after another. */
struct str jobs_lane(struct str kind);
/* What a new job's row has: its parameters and the trace of its request; absent when out of memory.
 */
struct str jobs_document(struct str parameters, struct str trace, struct arena *arena);
/* The traceparent of the request that asked for it; absent when there was none. */
struct str jobs_trace(const struct job_row *job, struct arena *arena);
/* Of what it was asked for with, a text; absent when it is not there. */
struct str jobs_text_parameter(const struct job_row *job, struct str name, struct arena *arena);
/* {"jobId","kind","state","actor","createdAt","updatedAt","parameters","progress"}; absent when
 * out of memory. */
struct str jobs_json(const struct job_row *job, struct arena *arena);

#endif
