#include "application/job_parts.h"

#include "application/jobs.h"

struct part {
    struct application *application;
    struct arena *arena;
    struct str job_id;
    int64_t epoch;
    int64_t number;
    struct str bytes;
};

static enum status put_body(struct store_session *session, void *context, struct error *error)
{
    const struct part *part = context;
    struct environment *environment = part->application->environment;
    if (part->epoch != JOB_NOT_MADE)
        TRY(jobs_hold(session, part->job_id, part->epoch, part->arena, error));
    if (part->number == 1) TRY(store_job_parts_remove(session, part->job_id, error));
    return store_job_part_put(session, part->job_id, part->number, environment->now(environment),
                              part->bytes, error);
}

enum status job_parts_put(struct application *application, const struct caller *caller,
                          struct str job_id, int64_t epoch, int64_t number, struct str bytes,
                          struct arena *arena, struct error *error)
{
    struct part part = {application, arena, job_id, epoch, number, bytes};
    return store_write(application->store, caller->tenant, arena, put_body, &part, error);
}

static enum status get_body(struct store_session *session, void *context, struct error *error)
{
    struct part *part = context;
    return store_job_part_get(session, part->job_id, part->number, part->arena, &part->bytes,
                              error);
}

enum status job_parts_get(struct application *application, const struct caller *caller,
                          struct str job_id, int64_t number, struct arena *arena, struct str *bytes,
                          struct error *error)
{
    struct part part = {.arena = arena, .job_id = job_id, .number = number};
    TRY(store_read(application->store, caller->tenant, arena, get_body, &part, error));
    *bytes = part.bytes;
    if (!str_is_none(part.bytes)) return STATUS_OK;
    return error_set(error, STATUS_JOB_NOT_FOUND, STR(""), STR(""),
                     "the file of the job is not there, or not whole");
}

static enum status remove_body(struct store_session *session, void *context, struct error *error)
{
    const struct part *part = context;
    return store_job_parts_remove(session, part->job_id, error);
}

enum status job_parts_remove(struct application *application, const struct caller *caller,
                             struct str job_id, struct arena *arena, struct error *error)
{
    struct part part = {.job_id = job_id};
    return store_write(application->store, caller->tenant, arena, remove_body, &part, error);
}
