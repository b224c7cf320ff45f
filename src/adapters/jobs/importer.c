#include "adapters/jobs/importer.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "application/import_trial.h"
#include "application/job_report.h"
#include "application/jobs.h"
#include "application/restore_records.h"
#include "formats/json.h"

enum {
    SLOTS = 3, /* one being written, one waiting, one being prepared */
    /* Of the memory, one is for the rows of a batch: what is prepared from them takes several, in
     * each slot. */
    SHARES = SLOTS * 8,
    TRIES_MAX = 6,
    SLOT_ARENA_MAX = 512 << 20
};

/* A batch on its way: what was read, and what became of it. */
struct slot {
    struct record_batch read;
    struct import_batch *prepared; /* NULL for a restore, or when no row was read */
    struct import_result *results; /* room for a batch */
    struct arena arena;            /* of the two */
};

/* Batches go round: the parser fills and prepares `filled % SLOTS`, the writer takes
 * `taken % SLOTS`. The two share the work about equally. */
struct pipeline {
    const struct importer_options *options;
    struct import_settings settings;
    struct record_reader *reader;
    struct slot slots[SLOTS];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t filled, taken;
    bool stop;          /* the writer wants no more */
    enum status status; /* of the parser; what it had filled before stays good */
    struct error error;
    bool ended;
};

/* Waits for a free slot; NULL when the writer has stopped. */
static struct slot *wait_for_slot(struct pipeline *pipeline)
{
    struct slot *slot = NULL;
    (void)pthread_mutex_lock(&pipeline->lock);
    while (!pipeline->stop && pipeline->filled - pipeline->taken == SLOTS)
        (void)pthread_cond_wait(&pipeline->changed, &pipeline->lock);
    if (!pipeline->stop) slot = &pipeline->slots[pipeline->filled % SLOTS];
    (void)pthread_mutex_unlock(&pipeline->lock);
    return slot;
}

static enum status fill(struct pipeline *pipeline, struct slot *slot, struct error *error)
{
    const struct importer_options *options = pipeline->options;
    struct record_batch *read = &slot->read;
    arena_reset(&slot->arena);
    slot->prepared = NULL;
    TRY(record_reader_fill(pipeline->reader, read, error));
    if (read->restore || read->count + read->refused_count == 0) return STATUS_OK;
    return import_records_prepare(options->application, &options->caller, &pipeline->settings,
                                  read->records, read->count, &slot->arena, slot->results,
                                  &slot->prepared, error);
}

static void *parse_batches(void *argument)
{
    struct pipeline *pipeline = argument;
    bool end = false;
    while (!end) {
        struct slot *slot = wait_for_slot(pipeline);
        if (!slot) return NULL;
        enum status status = fill(pipeline, slot, &pipeline->error);
        end = status != STATUS_OK || slot->read.end;
        (void)pthread_mutex_lock(&pipeline->lock);
        pipeline->status = status;
        pipeline->ended = end;
        if (status == STATUS_OK) pipeline->filled++;
        (void)pthread_cond_broadcast(&pipeline->changed);
        (void)pthread_mutex_unlock(&pipeline->lock);
    }
    return NULL;
}

/* The next filled batch; NULL after the last. */
static struct slot *wait_for_batch(struct pipeline *pipeline)
{
    (void)pthread_mutex_lock(&pipeline->lock);
    while (pipeline->filled == pipeline->taken && !pipeline->ended)
        (void)pthread_cond_wait(&pipeline->changed, &pipeline->lock);
    bool there = pipeline->filled > pipeline->taken;
    (void)pthread_mutex_unlock(&pipeline->lock);
    return there ? &pipeline->slots[pipeline->taken % SLOTS] : NULL;
}

static void give_back(struct pipeline *pipeline, bool stop)
{
    (void)pthread_mutex_lock(&pipeline->lock);
    if (stop) pipeline->stop = true;
    if (!stop) pipeline->taken++;
    (void)pthread_cond_broadcast(&pipeline->changed);
    (void)pthread_mutex_unlock(&pipeline->lock);
}

/* --- writing --- */

struct writing {
    const struct importer_options *options;
    const struct record_reader *reader;
    struct import_position *at;
    struct slot *slot;
    struct import_step step; /* the one being written */
    struct str report;       /* of it */
};

static void pause_before_retry(int tries)
{
    struct timespec delay = {.tv_sec = 0, .tv_nsec = 20000000L << tries};
    if (delay.tv_nsec > 999999999L) delay = (struct timespec){.tv_sec = 1};
    (void)nanosleep(&delay, NULL);
}

/* --- what a step tells --- */

static void refuse(struct writing *writing, struct buffer *report, struct job_refusal refusal)
{
    struct str field = str_from_cstr(refusal.why->field);
    refusal.column = record_reader_column(writing->reader, field);
    job_report_refusal(report, &refusal);
}

static void conclude_row(struct writing *writing, size_t i, struct buffer *report)
{
    const struct slot *slot = writing->slot;
    const struct import_result *result = &slot->results[i];
    writing->step.after.outcomes[result->outcome]++;
    if (result->outcome != IMPORT_DUPLICATE && result->outcome != IMPORT_INVALID) return;
    refuse(writing, report,
           (struct job_refusal){.row = slot->read.rows[i],
                                .customer_id = result->customer_id,
                                .original =
                                    record_original_text(&slot->read.originals[i], report->arena),
                                .why = &result->error});
}

/* Rows that could not be read and rows that were written, together in the order of the file. */
static void conclude(struct import_step *step, struct buffer *report)
{
    struct writing *writing = step->context;
    const struct record_batch *batch = &writing->slot->read;
    size_t refused = 0, i = 0;
    step->after = step->before;
    while (i < batch->count || refused < batch->refused_count) {
        const struct refused_row *row = &batch->refused[refused];
        if (refused == batch->refused_count || (i < batch->count && batch->rows[i] < row->row)) {
            conclude_row(writing, i++, report);
            continue;
        }
        step->after.outcomes[IMPORT_INVALID]++;
        refuse(
            writing, report,
            (struct job_refusal){.row = row->row, .original = row->original, .why = &row->error});
        refused++;
    }
    step->after.rows += (int64_t)(batch->count + batch->refused_count);
    step->after.bytes = batch->bytes_read;
    step->after.digest = batch->digest;
    writing->report = buffer_str(report);
}

/* What a dry run tells is written by itself, when there is a job to tell it to. */
static enum status tell_trial(const struct writing *writing, struct error *error)
{
    const struct importer_options *options = writing->options;
    struct arena *arena = &writing->slot->arena;
    struct buffer document = {.arena = arena};
    struct json_writer writer = {.out = &document};
    if (!options->dry_run || str_is_none(options->settings.import_id)) return STATUS_OK;
    json_object_begin(&writer);
    import_counts_write(&writer, &writing->step.after);
    json_object_end(&writer);
    if (buffer_failed(&document)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    const struct job_step step = {.job_id = options->settings.import_id,
                                  .number = writing->step.number,
                                  .document = buffer_str(&document),
                                  .report = writing->report.len ? writing->report : STR_NONE};
    return jobs_append_step(options->application, &options->caller, &step, options->settings.epoch,
                            arena, error);
}

/* --- one batch --- */

static enum status write_once(struct writing *writing, struct error *error)
{
    const struct importer_options *options = writing->options;
    struct slot *slot = writing->slot;
    if (slot->prepared) return import_records_write(slot->prepared, &writing->step, error);
    if (slot->read.restore && !options->may_restore)
        return error_set(error, STATUS_FORBIDDEN, STR(""), STR("customer360 import FILE"),
                         "an export is restored by the operator, at the command line");
    arena_reset(&slot->arena);
    return restore_records(options->application, &options->caller, slot->read.lines,
                           slot->read.count, &slot->arena, error);
}

/* A commit without an answer: did it happen? */
static enum status look_for_step(const struct writing *writing, struct error *error)
{
    const struct importer_options *options = writing->options;
    struct arena arena;
    struct job_row job;
    struct job_step last = {.number = 0};
    if (str_is_none(options->settings.import_id)) return STATUS_OUTCOME_UNKNOWN;
    arena_init(&arena, 1 << 20);
    enum status status = jobs_last_step(options->application, &options->caller,
                                        options->settings.import_id, &arena, &job, &last, error);
    arena_release(&arena);
    if (status != STATUS_OK) return status == STATUS_UNAVAILABLE ? STATUS_OUTCOME_UNKNOWN : status;
    return last.number >= writing->step.number ? STATUS_OK : STATUS_WRITE_CONFLICT;
}

static enum status write_batch(struct writing *writing, struct error *error)
{
    const struct record_batch *batch = &writing->slot->read;
    enum status status = STATUS_OK;
    writing->step = (struct import_step){.number = writing->at->step + 1,
                                         .before = writing->at->counts,
                                         .conclude = conclude,
                                         .context = writing};
    writing->report = STR_NONE;
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        bool in_doubt = status == STATUS_OUTCOME_UNKNOWN;
        status = in_doubt ? look_for_step(writing, error) : write_once(writing, error);
        if (status == STATUS_OUTCOME_UNKNOWN && !in_doubt) status = look_for_step(writing, error);
        if (status != STATUS_WRITE_CONFLICT && status != STATUS_UNAVAILABLE &&
            status != STATUS_OUTCOME_UNKNOWN)
            break;
        pause_before_retry(tries);
    }
    if (status == STATUS_OUTCOME_UNKNOWN && batch->count > 0)
        return error_set(error, status, STR(""), STR("go on with the import, or import them again"),
                         "rows %lld to %lld may or may not have been written",
                         (long long)batch->rows[0], (long long)batch->rows[batch->count - 1]);
    return status;
}

static void show_rows(const struct writing *writing)
{
    const struct importer_options *options = writing->options;
    const struct record_batch *batch = &writing->slot->read;
    for (size_t i = 0; options->sampled && i < batch->count; i++)
        options->sampled(options->context, batch->rows[i], &writing->slot->results[i],
                         batch->records[i].body);
}

/* What was written counts. */
static void move_on(struct writing *writing)
{
    const struct record_batch *batch = &writing->slot->read;
    struct import_position *at = writing->at;
    if (!batch->restore) {
        at->step = writing->step.number;
        at->counts = writing->step.after;
        show_rows(writing);
        if (writing->options->told && writing->report.len > 0)
            writing->options->told(writing->options->context, writing->report);
        return;
    }
    at->counts.restore = true;
    at->counts.rows += (int64_t)batch->count;
    at->counts.bytes = batch->bytes_read;
}

static enum status check_errors(const struct writing *writing, struct error *error)
{
    int64_t refused = import_counts_refused(&writing->at->counts);
    int64_t bound = writing->options->errors_max;
    if (bound == 0 || refused <= bound) return STATUS_OK;
    return error_set(error, STATUS_LIMIT_EXCEEDED, STR("errorsMax"), STR("a larger bound, or 0"),
                     "%lld rows were refused, more than %lld; what was written stays",
                     (long long)refused, (long long)bound);
}

/* A line of an export that cannot be read makes the whole worthless. */
static enum status check_restore(const struct record_batch *batch, struct error *error)
{
    if (!batch->restore || batch->refused_count == 0) return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, STR(""), STR("the file as it was exported"),
                     "line %lld of the export: %s", (long long)batch->refused[0].row,
                     batch->refused[0].error.message);
}

static bool is_last_line(const struct record_batch *batch)
{
    return str_equal(json_text(json_get(batch->lines[batch->count - 1], STR("record"))),
                     STR("END"));
}

/* An export that was cut off must not pass for the whole. */
static enum status check_end(const struct import_counts *counts, bool complete, struct error *error)
{
    if (!counts->restore || complete) return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, STR("record"), STR("the file as it was exported"),
                     "the export is cut off: its last line is missing; what it has was restored");
}

static enum status write_batches(struct pipeline *pipeline, struct writing *writing,
                                 struct error *error)
{
    const struct importer_options *options = writing->options;
    bool complete = false;
    while ((writing->slot = wait_for_batch(pipeline))) {
        const struct record_batch *read = &writing->slot->read;
        TRY(check_restore(read, error));
        if (read->count + read->refused_count > 0) {
            TRY(write_batch(writing, error));
            TRY(tell_trial(writing, error));
            complete = read->restore && is_last_line(read);
            move_on(writing);
            TRY(check_errors(writing, error));
        }
        give_back(pipeline, false);
        if (!options->progress) continue;
        enum status status = options->progress(options->context, &writing->at->counts);
        if (status != STATUS_OK) return error_plain(error, status);
    }
    if (pipeline->status != STATUS_OK && error) *error = pipeline->error;
    return pipeline->status == STATUS_OK ? check_end(&writing->at->counts, complete, error)
                                         : pipeline->status;
}

/* --- life --- */

static enum status slot_init(struct slot *slot, const struct importer_options *options,
                             struct error *error)
{
    arena_init(&slot->arena, SLOT_ARENA_MAX);
    slot->results = calloc(options->batch, sizeof(*slot->results));
    if (!slot->results) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return record_batch_init(&slot->read, options->batch, options->memory_bytes / SHARES, error);
}

static void slot_release(struct slot *slot)
{
    record_batch_release(&slot->read);
    free(slot->results);
    arena_release(&slot->arena);
}

static enum status pipeline_init(struct pipeline *pipeline, const struct importer_options *options,
                                 int descriptor, struct error *error)
{
    *pipeline = (struct pipeline){.options = options, .status = STATUS_OK};
    if (pthread_mutex_init(&pipeline->lock, NULL) != 0 ||
        pthread_cond_init(&pipeline->changed, NULL) != 0)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    pipeline->reader = record_reader_new(descriptor, options->form, &options->rules);
    pipeline->settings = options->settings;
    if (options->dry_run) pipeline->settings.trial = import_trial_new(options->memory_bytes / 2);
    if (!pipeline->reader || (options->dry_run && !pipeline->settings.trial))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (int i = 0; i < SLOTS; i++) TRY(slot_init(&pipeline->slots[i], options, error));
    return STATUS_OK;
}

static void pipeline_release(struct pipeline *pipeline)
{
    for (int i = 0; i < SLOTS; i++) slot_release(&pipeline->slots[i]);
    record_reader_free(pipeline->reader);
    import_trial_free(pipeline->settings.trial);
    (void)pthread_cond_destroy(&pipeline->changed);
    (void)pthread_mutex_destroy(&pipeline->lock);
}

static enum status run_pipeline(struct pipeline *pipeline, struct writing *writing,
                                struct error *error)
{
    pthread_t parser;
    if (pthread_create(&parser, NULL, parse_batches, pipeline) != 0)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    enum status status = write_batches(pipeline, writing, error);
    give_back(pipeline, true);
    record_reader_stop(pipeline->reader);
    (void)pthread_join(parser, NULL);
    return status;
}

enum status importer_run(const struct importer_options *options, int descriptor,
                         struct import_position *at, struct error *error)
{
    struct pipeline pipeline;
    struct writing writing = {.options = options, .at = at};
    enum status status = pipeline_init(&pipeline, options, descriptor, error);
    writing.reader = pipeline.reader;
    if (pipeline.reader && at->step > 0)
        record_reader_resume(pipeline.reader, at->counts.rows, at->counts.digest);
    if (status == STATUS_OK) status = run_pipeline(&pipeline, &writing, error);
    pipeline_release(&pipeline);
    return status;
}
