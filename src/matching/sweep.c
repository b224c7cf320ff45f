#include "matching/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "matching/key_selection.h"
#include "matching/parallel.h"

enum { RECORDS_PER_TASK = 1 << 10 };

struct edge_buffer {
    struct edge *edges;
    size_t count, capacity;
};

/* What a thread works with: while one record's partners are on their way from memory, those of the
 * one before are scored. */
struct worker {
    struct blocking_partners partners[2];
    float *log_odds;
    size_t log_odds_capacity;
};

struct sweep {
    const struct blocking *blocking;
    const struct scorer *scorer;
    const struct sweep_options *options;
    struct key_selection selection;
    struct edge_buffer *buffers; /* per task */
    size_t tasks;
    struct worker worker[PARALLEL_THREADS_MAX];
    uint64_t pairs; /* atomic */
    size_t done;    /* atomic */
    bool failed;    /* atomic */
    bool stopped;   /* atomic */
};

static bool add_edge(struct edge_buffer *buffer, struct edge edge)
{
    if (buffer->count == buffer->capacity) {
        size_t capacity = buffer->capacity ? buffer->capacity * 2 : 64;
        struct edge *grown = realloc(buffer->edges, capacity * sizeof *grown);
        if (!grown) return false;
        buffer->edges = grown;
        buffer->capacity = capacity;
    }
    buffer->edges[buffer->count++] = edge;
    return true;
}

static void keep_across(const struct sweep *sweep, uint32_t record,
                        struct blocking_partners *partners)
{
    const struct record *records = sweep->blocking->records;
    uint32_t traits = records[record].slot[SLOT_TRAITS];
    size_t kept = 0;
    for (size_t i = 0; i < partners->count; i++) {
        uint32_t other = partners->record[i];
        if ((traits ^ records[other].slot[SLOT_TRAITS]) & sweep->options->across)
            partners->record[kept++] = other;
    }
    partners->count = kept;
}

static bool find_partners(struct sweep *sweep, uint32_t record, struct blocking_partners *partners)
{
    const struct blocking *blocking = sweep->blocking;
    uint32_t types = sweep->selection.types[record_is_organisation(&blocking->records[record])];
    blocking_prefetch(blocking, record, types);
    scoring_prefetch(sweep->scorer, &blocking->records[record]);
    if (!blocking_find_partners(blocking, record, types, partners)) return false;
    if (sweep->options->across) keep_across(sweep, record, partners);
    for (size_t i = 0; i < partners->count; i++)
        __builtin_prefetch(&blocking->records[partners->record[i]]);
    return true;
}

static bool reserve_log_odds(struct worker *worker, size_t count)
{
    if (count <= worker->log_odds_capacity) return true;
    float *grown = realloc(worker->log_odds, count * 2 * sizeof *grown);
    if (!grown) return false;
    worker->log_odds = grown;
    worker->log_odds_capacity = count * 2;
    return true;
}

static bool score_partners(struct sweep *sweep, struct worker *worker, struct scoring_memo *memo,
                           uint32_t record, const struct blocking_partners *partners,
                           struct edge_buffer *buffer)
{
    if (partners->count == 0) return true;
    if (!reserve_log_odds(worker, partners->count)) return false;
    scoring_score_many(sweep->scorer, memo, sweep->blocking->records, record, partners->record,
                       partners->count, sweep->options->floor, worker->log_odds);
    for (size_t i = 0; i < partners->count; i++) {
        struct edge edge = {record, partners->record[i], worker->log_odds[i]};
        if (edge.log_odds >= sweep->options->floor && !add_edge(buffer, edge)) return false;
    }
    return true;
}

/* Records first .. last - 1; answers how many pairs. */
static uint64_t sweep_records(struct sweep *sweep, struct worker *worker, struct scoring_memo *memo,
                              uint32_t first, uint32_t last, struct edge_buffer *buffer)
{
    uint64_t pairs = 0;
    bool enough = find_partners(sweep, first, &worker->partners[first & 1]);
    for (uint32_t i = first; i < last && enough; i++) {
        if (i + 1 < last) enough = find_partners(sweep, i + 1, &worker->partners[(i + 1) & 1]);
        const struct blocking_partners *partners = &worker->partners[i & 1];
        pairs += partners->count;
        enough = enough && score_partners(sweep, worker, memo, i, partners, buffer);
    }
    if (!enough) __atomic_store_n(&sweep->failed, true, __ATOMIC_RELAXED);
    return pairs;
}

static void sweep_task(void *context, size_t task, unsigned thread)
{
    struct sweep *sweep = context;
    struct worker *worker = &sweep->worker[thread];
    uint32_t first = (uint32_t)(task * RECORDS_PER_TASK), last = first + RECORDS_PER_TASK;
    if (last > sweep->blocking->record_count) last = sweep->blocking->record_count;
    if (__atomic_load_n(&sweep->stopped, __ATOMIC_RELAXED)) return;
    struct scoring_memo *memo = scoring_memos_get(sweep->options->memos, thread);
    uint64_t pairs = sweep_records(sweep, worker, memo, first, last, &sweep->buffers[task]);
    __atomic_add_fetch(&sweep->pairs, pairs, __ATOMIC_RELAXED);
    size_t done = __atomic_add_fetch(&sweep->done, 1, __ATOMIC_RELAXED);
    if (thread != 0) return;
    const struct sweep_options *options = sweep->options;
    if (options->progress) options->progress(options->context, (double)done / (double)sweep->tasks);
    if (options->stopped && options->stopped(options->context))
        __atomic_store_n(&sweep->stopped, true, __ATOMIC_RELAXED);
}

static enum status gather_edges(struct sweep *sweep, struct values_budget *budget,
                                struct edge **edges, size_t *edge_count)
{
    size_t total = 0, at = 0;
    for (size_t i = 0; i < sweep->tasks; i++) total += sweep->buffers[i].count;
    *edges = values_budget_realloc(budget, NULL, 0, (total + 1) * sizeof **edges);
    if (!*edges) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < sweep->tasks; i++) {
        struct edge_buffer *buffer = &sweep->buffers[i];
        if (buffer->count) memcpy(*edges + at, buffer->edges, buffer->count * sizeof **edges);
        at += buffer->count;
        free(buffer->edges);
        *buffer = (struct edge_buffer){0};
    }
    *edge_count = total;
    return STATUS_OK;
}

static void release(struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->tasks && sweep->buffers; i++) free(sweep->buffers[i].edges);
    free(sweep->buffers);
    for (int i = 0; i < PARALLEL_THREADS_MAX; i++) {
        blocking_partners_release(&sweep->worker[i].partners[0]);
        blocking_partners_release(&sweep->worker[i].partners[1]);
        free(sweep->worker[i].log_odds);
    }
    free(sweep);
}

enum status sweep_run(const struct blocking *blocking, const struct scorer *scorer,
                      const struct sweep_options *options, struct values_budget *budget,
                      struct edge **edges, size_t *edge_count, uint64_t *pairs)
{
    struct sweep *sweep = calloc(1, sizeof *sweep);
    if (!sweep) return STATUS_OUT_OF_MEMORY;
    sweep->blocking = blocking;
    sweep->scorer = scorer;
    sweep->options = options;
    sweep->tasks = ((size_t)blocking->record_count + RECORDS_PER_TASK - 1) / RECORDS_PER_TASK;
    sweep->buffers = calloc(sweep->tasks + 1, sizeof *sweep->buffers);
    enum status status = sweep->buffers ? key_selection_run(blocking, scorer, options->memos,
                                                            options->threads, &sweep->selection)
                                        : STATUS_OUT_OF_MEMORY;
    if (status == STATUS_OK) {
        parallel_run(options->threads, sweep->tasks, sweep_task, sweep);
        status =
            sweep->failed ? STATUS_OUT_OF_MEMORY : gather_edges(sweep, budget, edges, edge_count);
    }
    *pairs = sweep->pairs;
    release(sweep);
    return status;
}
