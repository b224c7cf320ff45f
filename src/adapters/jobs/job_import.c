/* An import as a job: the upload, out of the store, through the importer, from wherever the job
 * stands.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/jobs/import_job.h"
#include "adapters/jobs/job_internal.h"

enum { ARENA_MAX = 1 << 20 };

struct running_import {
    struct job_run run; /* first */
    struct import_job import;
    int64_t rows_before; /* this process began */
    bool begun;
    int64_t bytes_total;
    struct arena_mark mark; /* of the task's arena, behind which a go begins */
};

static struct job_measure write_progress(const struct job_run *run, struct json_writer *writer)
{
    const struct running_import *running = (const struct running_import *)run;
    const struct import_counts *counts = &running->import.at.counts;
    import_counts_write(writer, counts);
    json_key(writer, STR("bytesTotal"));
    json_int64(writer, running->bytes_total);
    return (struct job_measure){.done = counts->bytes,
                                .total = running->bytes_total,
                                .items = counts->rows - running->rows_before};
}

static enum status tell_progress(void *context, const struct import_counts *counts)
{
    struct running_import *running = context;
    struct error why;
    (void)counts; /* those of running->import.at */
    return job_tell(&job_import_kind, &running->run, &why);
}

static enum status prepare(struct job_run *run, struct error *error)
{
    (void)error;
    ((struct running_import *)run)->mark = arena_mark(&run->task->arena);
    return STATUS_OK;
}

static enum status open_import(struct running_import *running, struct error *error)
{
    struct job_service *service = running->run.service;
    struct job_task *task = running->run.task;
    arena_rewind(&task->arena, running->mark);
    TRY(import_job_open(service->application, &task->caller, task->job_id, &task->arena,
                        &running->import, error));
    struct importer_options *options = &running->import.options;
    options->settings.epoch = task->epoch;
    options->caller = task->caller;
    options->batch = service->batch;
    options->memory_bytes = service->memory_bytes;
    options->progress = tell_progress;
    options->context = running;
    if (!running->begun) running->rows_before = running->import.at.counts.rows;
    running->begun = true;
    return STATUS_OK;
}

/* Behind its last step. */
static enum status go(struct job_run *run, struct error *error)
{
    struct running_import *running = (struct running_import *)run;
    struct import_job *import = &running->import;
    struct stat what;
    int file;
    TRY(open_import(running, error));
    TRY(job_file_fetch(run->service, run->task, &file, error));
    if (fstat(file, &what) == 0) running->bytes_total = what.st_size;
    enum status status = job_begin(&job_import_kind, run, error);
    if (status == STATUS_OK) status = importer_run(&import->options, file, &import->at, error);
    (void)close(file);
    return status;
}

static int64_t steps(const struct job_run *run)
{
    return ((const struct running_import *)run)->import.at.step;
}

static int64_t rows(const struct job_run *run)
{
    return ((const struct running_import *)run)->import.at.counts.rows;
}

const struct job_kind job_import_kind = {.name = STR("IMPORT"),
                                         .size = sizeof(struct running_import),
                                         .arena_max_bytes = ARENA_MAX,
                                         .prepare = prepare,
                                         .go = go,
                                         .place = steps,
                                         .write = write_progress,
                                         .counted = {{"rows", rows}}};
