#include "matching/key_selection.h"

#include <stdlib.h>
#include <string.h>

#include "matching/parallel.h"

enum { RECORDS_PER_TASK = 1 << 13, PAIRS_FEW = 2000000, PAIRS_SAMPLED = 300000 };

/* Of the pairs that only this type finds, so many must pass for it to be walked. */
#define YIELD_MIN 0.0005

/* Pairs by which types they share. */
struct sharing {
    blocking_types types;
    uint32_t pairs, passed;
};

struct sample {
    struct sharing *pairs;
    size_t count, capacity;
};

struct sampling {
    const struct blocking *blocking;
    const struct scorer *scorer;
    struct scoring_memos *memos;
    uint64_t limit;         /* records whose hash is not above it are in the sample */
    struct sample *samples; /* per task and kind */
    bool failed;            /* atomic */
};

static bool sample_add(struct sample *sample, blocking_types types, bool passed)
{
    if (sample->count == sample->capacity) {
        size_t capacity = sample->capacity ? sample->capacity * 2 : 256;
        struct sharing *grown = realloc(sample->pairs, capacity * sizeof *grown);
        if (!grown) return false;
        sample->pairs = grown;
        sample->capacity = capacity;
    }
    sample->pairs[sample->count++] = (struct sharing){types, 1, passed};
    return true;
}

static bool sample_record(struct sampling *sampling, struct scoring_memo *memo, uint32_t record,
                          struct blocking_partners *partners, struct sample *samples)
{
    const struct blocking *blocking = sampling->blocking;
    struct sample *sample = &samples[record_is_organisation(&blocking->records[record])];
    if (!blocking_find_partners(blocking, record, BLOCKING_ALL, partners)) return false;
    for (size_t i = 0; i < partners->count; i++) {
        uint32_t other = partners->record[i];
        float log_odds = scoring_score(sampling->scorer, memo, &blocking->records[record],
                                       &blocking->records[other], 0);
        if (!sample_add(sample, blocking_shared_types(blocking, record, other), log_odds >= 0))
            return false;
    }
    return true;
}

static void sample_task(void *context, size_t task, unsigned thread)
{
    struct sampling *sampling = context;
    struct blocking_partners partners = {0};
    struct scoring_memo *memo = scoring_memos_get(sampling->memos, thread);
    uint64_t first = task * RECORDS_PER_TASK, last = first + RECORDS_PER_TASK;
    if (last > sampling->blocking->record_count) last = sampling->blocking->record_count;
    for (uint64_t i = first; i < last; i++) {
        if (values_mix(i + 1) > sampling->limit) continue;
        if (!sample_record(sampling, memo, (uint32_t)i, &partners,
                           &sampling->samples[task * MODEL_KIND_COUNT]))
            __atomic_store_n(&sampling->failed, true, __ATOMIC_RELAXED);
    }
    blocking_partners_release(&partners);
}

/* ------------------------------------------------------------------ choice */

static int by_types(const void *x, const void *y)
{
    const struct sharing *a = x, *b = y;
    return a->types < b->types ? -1 : a->types > b->types;
}

static size_t sum_up(struct sharing *pairs, size_t count)
{
    size_t kept = 0;
    if (count) qsort(pairs, count, sizeof *pairs, by_types);
    for (size_t i = 0; i < count; i++) {
        if (kept && pairs[kept - 1].types == pairs[i].types) {
            pairs[kept - 1].pairs += pairs[i].pairs;
            pairs[kept - 1].passed += pairs[i].passed;
        } else {
            pairs[kept++] = pairs[i];
        }
    }
    return kept;
}

/* Share of the pairs that would be lost with this type, after those that are lost already, that
 * pass; 0 when none would be lost. */
static double yield_of(const struct sharing *sharings, size_t count, blocking_types walked,
                       blocking_types type)
{
    double pairs = 0, passed = 0;
    for (size_t i = 0; i < count; i++) {
        if ((sharings[i].types & walked) != type) continue;
        pairs += sharings[i].pairs;
        passed += sharings[i].passed;
    }
    return pairs > 0 ? passed / pairs : 0;
}

static blocking_types choose(const struct sharing *sharings, size_t count)
{
    blocking_types walked = (UINT64_C(1) << KEYS_TYPE_MAX) - 1;
    walked |= walked << BLOCKING_OVER;
    for (;;) {
        blocking_types least = 0;
        double least_yield = YIELD_MIN;
        for (blocking_types type = 1; type && type <= walked; type <<= 1) {
            double yield = walked & type ? yield_of(sharings, count, walked, type) : 1;
            if (yield >= least_yield) continue;
            least = type;
            least_yield = yield;
        }
        if (!least) return walked;
        walked &= ~least;
    }
}

static bool choose_of_kind(const struct sampling *sampling, size_t tasks, enum model_kind kind,
                           struct key_selection *selection)
{
    size_t count = 0;
    for (size_t t = 0; t < tasks; t++)
        count += sampling->samples[t * MODEL_KIND_COUNT + kind].count;
    struct sharing *all = malloc((count + 1) * sizeof *all);
    if (!all) return false;
    count = 0;
    for (size_t t = 0; t < tasks; t++) {
        const struct sample *sample = &sampling->samples[t * MODEL_KIND_COUNT + kind];
        if (sample->count) memcpy(all + count, sample->pairs, sample->count * sizeof *all);
        count += sample->count;
    }
    if (count) selection->types[kind] = choose(all, sum_up(all, count));
    free(all);
    return true;
}

static uint64_t count_pairs(const struct blocking *blocking)
{
    uint64_t pairs = 0;
    for (int kind = 0; kind < MODEL_KIND_COUNT; kind++)
        for (int type = 0; type < KEYS_TYPE_MAX; type++) pairs += blocking->list[kind][type].pairs;
    return pairs;
}

enum status key_selection_run(const struct blocking *blocking, const struct scorer *scorer,
                              struct scoring_memos *memos, unsigned threads,
                              struct key_selection *selection)
{
    uint64_t pairs = count_pairs(blocking);
    *selection = (struct key_selection){{BLOCKING_ALL, BLOCKING_ALL}};
    if (pairs < PAIRS_FEW) return STATUS_OK;
    size_t tasks = ((size_t)blocking->record_count + RECORDS_PER_TASK - 1) / RECORDS_PER_TASK;
    double share = PAIRS_SAMPLED / (double)pairs;
    struct sampling sampling = {.blocking = blocking,
                                .scorer = scorer,
                                .memos = memos,
                                .limit = (uint64_t)(share * 18446744073709551615.0),
                                .samples = calloc(tasks * MODEL_KIND_COUNT, sizeof(struct sample))};
    if (!sampling.samples) return STATUS_OUT_OF_MEMORY;
    parallel_run(threads, tasks, sample_task, &sampling);
    bool enough = !sampling.failed;
    for (int kind = 0; kind < MODEL_KIND_COUNT && enough; kind++)
        enough = choose_of_kind(&sampling, tasks, (enum model_kind)kind, selection);
    for (size_t i = 0; i < tasks * MODEL_KIND_COUNT; i++) free(sampling.samples[i].pairs);
    free(sampling.samples);
    return enough ? STATUS_OK : STATUS_OUT_OF_MEMORY;
}
