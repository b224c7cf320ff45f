/* Bringing all customers to the survivorship policy as a job, page by page. One that was cut off
 * begins anew: what it has changed is as it should be, and is only looked at. */
#include <string.h>

#include "adapters/jobs/job_internal.h"
#include "application/recompute_customers.h"

enum { PAGE_CUSTOMERS = 50, PAGE_ARENA_MAX = 1 << 30 };

struct recompute_job {
    struct job_run run; /* first */
    struct recompute_counts counts;
    char after[IDENTIFIER_MAX_BYTES];
    size_t after_len;
    bool done;
};

static struct job_measure write_progress(const struct job_run *run, struct json_writer *writer)
{
    const struct recompute_job *job = (const struct recompute_job *)run;
    json_key(writer, STR("customers"));
    json_int64(writer, job->counts.customers);
    json_key(writer, STR("changed"));
    json_int64(writer, job->counts.changed);
    return (struct job_measure){.items = job->counts.customers};
}

static enum status take_page(struct recompute_job *job, struct error *error)
{
    struct job_run *run = &job->run;
    const struct recompute_page page = {.after = job->after_len ? str_of(job->after, job->after_len)
                                                                : STR_NONE,
                                        .limit = PAGE_CUSTOMERS,
                                        .job_id = run->task->job_id,
                                        .epoch = run->task->epoch};
    struct str next;
    arena_reset(&run->page);
    TRY(recompute_customers(run->service->application, &run->task->caller, &page, &run->page,
                            &job->counts, &next, error));
    job->done = str_is_none(next);
    if (next.len > sizeof(job->after)) return error_plain(error, STATUS_INTERNAL);
    if (!job->done) memcpy(job->after, next.ptr, next.len);
    job->after_len = job->done ? 0 : next.len;
    return STATUS_OK;
}

/* From where it stands, or the first customer on in a process that has not run it. */
static enum status go(struct job_run *run, struct error *error)
{
    struct recompute_job *job = (struct recompute_job *)run;
    TRY(job_begin(&job_recompute_kind, run, error));
    while (!job->done) {
        TRY(take_page(job, error));
        TRY(job_tell(&job_recompute_kind, run, error));
    }
    return STATUS_OK;
}

static int64_t customers(const struct job_run *run)
{
    return ((const struct recompute_job *)run)->counts.customers;
}

const struct job_kind job_recompute_kind = {.name = STR("RECOMPUTE"),
                                            .size = sizeof(struct recompute_job),
                                            .arena_max_bytes = PAGE_ARENA_MAX,
                                            .go = go,
                                            .place = customers,
                                            .write = write_progress,
                                            .counted = {{"profiles", customers}}};
