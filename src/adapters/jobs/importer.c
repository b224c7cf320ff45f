#include "adapters/jobs/importer.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "application/restore_records.h"
#include "formats/json.h"

enum {
    SLOTS = 3, /* one being written, one waiting, one being prepared */
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
    if (read->restore || read->count == 0) return STATUS_OK;
    return import_records_prepare(options->application, &options->caller, options->source,
                                  read->records, read->count, options->on_duplicate, &slot->arena,
                                  slot->results, &slot->prepared, error);
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
    struct import_counts *counts;
};

static void pause_before_retry(int tries)
{
    struct timespec delay = {.tv_sec = 0, .tv_nsec = 20000000L << tries};
    if (delay.tv_nsec > 999999999L) delay = (struct timespec){.tv_sec = 1};
    (void)nanosleep(&delay, NULL);
}

static enum status write_once(const struct importer_options *options, struct slot *slot,
                              struct error *error)
{
    if (slot->prepared) return import_records_write(slot->prepared, error);
    if (slot->read.restore && !options->may_restore)
        return error_set(error, STATUS_FORBIDDEN, STR(""), STR("customer360 import FILE"),
                         "an export is restored by the operator, at the command line");
    arena_reset(&slot->arena);
    return restore_records(options->application, &options->caller, slot->read.lines,
                           slot->read.count, &slot->arena, error);
}

static enum status write_batch(struct writing *writing, struct slot *slot, struct error *error)
{
    const struct record_batch *batch = &slot->read;
    enum status status = STATUS_OK;
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        status = write_once(writing->options, slot, error);
        if (status != STATUS_WRITE_CONFLICT && status != STATUS_UNAVAILABLE) break;
        pause_before_retry(tries);
    }
    if (status == STATUS_OUTCOME_UNKNOWN)
        return error_set(error, status, STR(""), STR("import these rows again"),
                         "rows %lld to %lld may or may not have been written",
                         (long long)batch->rows[0], (long long)batch->rows[batch->count - 1]);
    return status;
}

static void tell_refused(const struct importer_options *options, int64_t row,
                         enum import_outcome outcome, struct str customer_id,
                         const struct error *why)
{
    if (options->refused) options->refused(options->context, row, outcome, customer_id, why);
}

static void count_result(struct writing *writing, const struct slot *slot, size_t i)
{
    const struct import_result *result = &slot->results[i];
    writing->counts->outcomes[result->outcome]++;
    if (result->outcome == IMPORT_DUPLICATE || result->outcome == IMPORT_INVALID)
        tell_refused(writing->options, slot->read.rows[i], result->outcome, result->customer_id,
                     &result->error);
}

/* Rows that could not be read and rows that were written, together in the order of the file. */
static void count_batch(struct writing *writing, const struct slot *slot)
{
    const struct record_batch *batch = &slot->read;
    struct import_counts *counts = writing->counts;
    size_t written = batch->restore ? 0 : batch->count, refused = 0, i = 0;
    while (i < written || refused < batch->refused_count) {
        const struct refused_row *row = &batch->refused[refused];
        if (refused == batch->refused_count || (i < written && batch->rows[i] < row->row)) {
            count_result(writing, slot, i++);
            continue;
        }
        counts->outcomes[IMPORT_INVALID]++;
        tell_refused(writing->options, row->row, IMPORT_INVALID, STR_NONE, &row->error);
        refused++;
    }
    counts->rows += (int64_t)(batch->count + batch->refused_count);
    counts->bytes = batch->bytes_read;
    counts->restore = batch->restore;
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
    struct slot *slot;
    bool complete = false;
    while ((slot = wait_for_batch(pipeline))) {
        TRY(check_restore(&slot->read, error));
        if (slot->read.count > 0) TRY(write_batch(writing, slot, error));
        count_batch(writing, slot);
        if (slot->read.count > 0) complete = slot->read.restore && is_last_line(&slot->read);
        give_back(pipeline, false);
        if (!options->progress) continue;
        enum status status = options->progress(options->context, writing->counts);
        if (status != STATUS_OK) return error_plain(error, status);
    }
    if (pipeline->status != STATUS_OK && error) *error = pipeline->error;
    return pipeline->status == STATUS_OK ? check_end(writing->counts, complete, error)
                                         : pipeline->status;
}

/* --- life --- */

static enum status slot_init(struct slot *slot, size_t capacity, struct error *error)
{
    arena_init(&slot->arena, SLOT_ARENA_MAX);
    slot->results = calloc(capacity, sizeof(*slot->results));
    if (!slot->results) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return record_batch_init(&slot->read, capacity, error);
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
    if (!pipeline->reader) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (int i = 0; i < SLOTS; i++) TRY(slot_init(&pipeline->slots[i], options->batch, error));
    return STATUS_OK;
}

static void pipeline_release(struct pipeline *pipeline)
{
    for (int i = 0; i < SLOTS; i++) slot_release(&pipeline->slots[i]);
    record_reader_free(pipeline->reader);
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
                         struct import_counts *counts, struct error *error)
{
    struct pipeline pipeline;
    struct writing writing = {.options = options, .counts = counts};
    *counts = (struct import_counts){.rows = 0};
    enum status status = pipeline_init(&pipeline, options, descriptor, error);
    if (status == STATUS_OK) status = run_pipeline(&pipeline, &writing, error);
    pipeline_release(&pipeline);
    return status;
}
