/* Bringing all customers to the survivorship policy as a job, page by page. One that was cut off
 * begins anew: what it has changed is as it should be, and is only looked at. */
#include <string.h>

#include "adapters/jobs/import_job.h"
#include "adapters/jobs/job_internal.h"
#include "application/recompute_customers.h"
#include "base/log.h"

enum { PAGE_CUSTOMERS = 50, PAGE_ARENA_MAX = 1 << 30 };

struct recompute_job {
    struct job_service *service;
    struct job_task *task;
    struct job_pace pace;
    struct recompute_counts counts;
    char after[IDENTIFIER_MAX_BYTES];
    size_t after_len;
    bool done;
    struct arena page, text;
};

static struct str progress_json(struct recompute_job *job, const struct error *error)
{
    struct buffer out = {.arena = &job->text};
    struct json_writer writer = {.out = &out};
    arena_reset(&job->text);
    json_object_begin(&writer);
    json_key(&writer, STR("customers"));
    json_int64(&writer, job->counts.customers);
    json_key(&writer, STR("changed"));
    json_int64(&writer, job->counts.changed);
    job_pace_write(&writer, &job->pace, job_now(job->service), 0, 0, job->counts.customers);
    if (error) import_job_write_error(&writer, error);
    json_object_end(&writer);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

static enum status take_page(struct recompute_job *job, struct error *error)
{
    const struct recompute_page page = {.after = job->after_len ? str_of(job->after, job->after_len)
                                                                : STR_NONE,
                                        .limit = PAGE_CUSTOMERS,
                                        .job_id = job->task->job_id,
                                        .epoch = job->task->epoch};
    struct str next;
    arena_reset(&job->page);
    TRY(recompute_customers(job->service->application, &job->task->caller, &page, &job->page,
                            &job->counts, &next, error));
    job->done = str_is_none(next);
    if (next.len > sizeof(job->after)) return error_plain(error, STATUS_INTERNAL);
    if (!job->done) memcpy(job->after, next.ptr, next.len);
    job->after_len = job->done ? 0 : next.len;
    return STATUS_OK;
}

/* From where it stands, or the first customer on in a process that has not run it. */
static enum status go(void *context, struct error *error)
{
    struct recompute_job *job = context;
    TRY(job_begin(job->service, job->task, progress_json(job, NULL), error));
    while (!job->done) {
        TRY(take_page(job, error));
        if (atomic_load(&job->service->stopping)) return error_plain(error, STATUS_UNAVAILABLE);
        if (!job_pace_is_due(&job->pace, job_now(job->service))) continue;
        enum status status =
            job_record(job->service, job->task, JOB_RUNNING, progress_json(job, NULL));
        if (status == STATUS_JOB_ENDED || status == STATUS_JOB_TAKEN)
            return error_plain(error, status);
    }
    return STATUS_OK;
}

static int64_t place(const void *context)
{
    return ((const struct recompute_job *)context)->counts.customers;
}

static bool finish(struct recompute_job *job, enum status status, struct error *error)
{
    error->status = status;
    return job_end(job->service, job->task, status,
                   progress_json(job, status == STATUS_OK ? NULL : error),
                   LOG_COUNT("profiles", job->counts.customers));
}

bool job_run_recompute(struct job_service *service, struct job_task *task)
{
    struct recompute_job job = {.service = service, .task = task};
    struct error error = {.status = STATUS_OK};
    arena_init(&job.page, PAGE_ARENA_MAX);
    arena_init(&job.text, 1 << 20);
    job.pace.begun_at = job_now(service);
    enum status status = job_go_on(service, go, place, &job, &error);
    bool ended = job_ends(service, task, status) && finish(&job, status, &error);
    arena_release(&job.page);
    arena_release(&job.text);
    return ended;
}
