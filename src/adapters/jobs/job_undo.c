/* The undo of an import as a job, from wherever it stands. */
#include "adapters/jobs/job_internal.h"
#include "adapters/jobs/undoer.h"

enum { ARENA_MAX = 1 << 20 };

struct running_undo {
    struct job_run run; /* first */
    struct undoer_options options;
    struct undo_counts counts;
    int64_t total;
    int64_t homes_before; /* this process began */
    bool begun;
};

static struct job_measure write_progress(const struct job_run *run, struct json_writer *writer)
{
    const struct running_undo *running = (const struct running_undo *)run;
    undo_counts_write(writer, &running->counts);
    json_key(writer, STR("stepsTotal"));
    json_int64(writer, running->total);
    return (struct job_measure){.done = running->counts.steps,
                                .total = running->total,
                                .items = running->counts.homes - running->homes_before};
}

static enum status tell_progress(void *context, const struct undo_counts *counts, int64_t total)
{
    struct running_undo *running = context;
    struct error why;
    if (!running->begun) running->homes_before = counts->homes;
    running->begun = true;
    running->total = total;
    return job_tell(&job_undo_kind, &running->run, &why);
}

static enum status prepare(struct job_run *run, struct error *error)
{
    (void)error;
    ((struct running_undo *)run)->options =
        (struct undoer_options){.application = run->service->application,
                                .caller = run->task->caller,
                                .undo_id = run->task->job_id,
                                .epoch = run->task->epoch,
                                .progress = tell_progress,
                                .context = run};
    return STATUS_OK;
}

static enum status go(struct job_run *run, struct error *error)
{
    struct running_undo *running = (struct running_undo *)run;
    return undoer_run(&running->options, &running->counts, error);
}

static int64_t steps(const struct job_run *run)
{
    return ((const struct running_undo *)run)->counts.steps;
}

static int64_t homes(const struct job_run *run)
{
    return ((const struct running_undo *)run)->counts.homes;
}

const struct job_kind job_undo_kind = {.name = STR("UNDO"),
                                       .size = sizeof(struct running_undo),
                                       .arena_max_bytes = ARENA_MAX,
                                       .prepare = prepare,
                                       .go = go,
                                       .place = steps,
                                       .write = write_progress,
                                       .counted = {{"homes", homes}}};
