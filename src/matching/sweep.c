#include "matching/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "matching/key_selection.h"
#include "matching/parallel.h"

enum { RECORDS_PER_TASK = 1 << 10, PAIRS_TOGETHER = 128 };

struct edge_buffer {
    struct edge *edges;
    size_t count, capacity;
};

/* What a thread works with: pairs are collected and scored together, while what they need is on its
 * way from memory. */
struct worker {
    struct blocking_partners partners;
    struct scoring_pair *pairs;
    float *log_odds;
    size_t count, capacity;
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

static bool reserve_pairs(struct worker *worker, size_t more)
{
    size_t wanted = worker->count + more;
    if (wanted <= worker->capacity) return true;
    size_t capacity = 2 * wanted;
    struct scoring_pair *pairs = realloc(worker->pairs, capacity * sizeof *pairs);
    if (pairs) worker->pairs = pairs;
    float *log_odds = pairs ? realloc(worker->log_odds, capacity * sizeof *log_odds) : NULL;
    if (!log_odds) return false;
    worker->log_odds = log_odds;
    worker->capacity = capacity;
    return true;
}

static bool add_pairs(struct sweep *sweep, struct worker *worker, uint32_t record)
{
    const struct blocking *blocking = sweep->blocking;
    struct blocking_partners *partners = &worker->partners;
    blocking_types types =
        sweep->selection.types[record_is_organisation(&blocking->records[record])];
    blocking_prefetch(blocking, record, types);
    scoring_prefetch(sweep->scorer, &blocking->records[record]);
    if (!blocking_find_partners(blocking, record, types, partners)) return false;
    if (sweep->options->across) keep_across(sweep, record, partners);
    if (!reserve_pairs(worker, partners->count)) return false;
    for (size_t i = 0; i < partners->count; i++) {
        __builtin_prefetch(&blocking->records[partners->record[i]]);
        worker->pairs[worker->count++] = (struct scoring_pair){record, partners->record[i]};
    }
    return true;
}

/* Scores what was collected. */
static bool score_pairs(struct sweep *sweep, struct worker *worker, struct scoring_memo *memo,
                        struct edge_buffer *buffer)
{
    float floor = sweep->options->floor;
    scoring_score_many(sweep->scorer, memo, sweep->blocking->records, worker->pairs, worker->count,
                       floor, worker->log_odds);
    for (size_t i = 0; i < worker->count; i++) {
        struct edge edge = {worker->pairs[i].a, worker->pairs[i].b, worker->log_odds[i]};
        if (edge.log_odds >= floor && !add_edge(buffer, edge)) return false;
    }
    worker->count = 0;
    return true;
}

/* Records first .. last - 1; answers how many pairs. */
static uint64_t sweep_records(struct sweep *sweep, struct worker *worker, struct scoring_memo *memo,
                              uint32_t first, uint32_t last, struct edge_buffer *buffer)
{
    uint64_t pairs = 0;
    bool enough = true;
    for (uint32_t i = first; i < last && enough; i++) {
        enough = add_pairs(sweep, worker, i);
        if (worker->count < PAIRS_TOGETHER && i + 1 < last) continue;
        pairs += worker->count;
        enough = enough && score_pairs(sweep, worker, memo, buffer);
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
        blocking_partners_release(&sweep->worker[i].partners);
        free(sweep->worker[i].pairs);
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
