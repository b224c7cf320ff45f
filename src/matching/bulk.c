#include "matching/bulk_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "matching/parallel.h"
#include "matching/sweep.h"

/* Log-odds from which a pair is an edge at all, and what the mean across must reach. */
#define EDGE_FLOOR     (-1.0f)
#define PROPOSAL_FLOOR (-4.0f)
#define JOIN_THRESHOLD 0.0f
#define LINK_FLOOR     -10.0f
#define LOG_ODDS_BOUND 8.0f

/* ------------------------------------------------------------------ steps */

static double seconds_now(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void bulk_progress(struct bulk *bulk, const char *step, double done)
{
    if (bulk->options.progress) bulk->options.progress(bulk->options.progress_context, step, done);
}

static bool is_stopped(const struct bulk *bulk)
{
    return bulk->options.stopped && bulk->options.stopped(bulk->options.progress_context);
}

enum status bulk_go_on(const struct bulk *bulk, struct error *error)
{
    return is_stopped(bulk)
               ? error_set(error, STATUS_UNAVAILABLE, STR_NONE, STR_NONE, "the work was stopped")
               : STATUS_OK;
}

void bulk_step_begin(struct bulk *bulk, const char *name)
{
    if (bulk->step_count + 1 < BULK_STEPS_MAX) bulk->steps[bulk->step_count++].name = name;
    bulk->step_start = seconds_now(CLOCK_MONOTONIC);
    bulk->step_start_cpu = seconds_now(CLOCK_PROCESS_CPUTIME_ID);
    bulk_progress(bulk, name, 0);
}

void bulk_step_end(struct bulk *bulk)
{
    struct bulk_step *step = &bulk->steps[bulk->step_count - 1];
    step->seconds += seconds_now(CLOCK_MONOTONIC) - bulk->step_start;
    step->cpu_seconds += seconds_now(CLOCK_PROCESS_CPUTIME_ID) - bulk->step_start_cpu;
    bulk_progress(bulk, step->name, 1);
}

enum status bulk_out_of_memory(const struct bulk *bulk, struct error *error)
{
    if (!bulk->budget.exceeded || !bulk->budget.limit_bytes)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return error_set(error, STATUS_OUT_OF_MEMORY, STR_NONE, STR("a higher --memory"),
                     "the work needs more than the %llu MB that it may take (%u rows were read)",
                     (unsigned long long)(bulk->budget.limit_bytes >> 20), bulk->row_count);
}

void *bulk_take(struct bulk *bulk, void *old, uint64_t old_bytes, uint64_t new_bytes)
{
    return values_budget_realloc(&bulk->budget, old, old_bytes, new_bytes);
}

/* ------------------------------------------------------------------ making */

enum status bulk_new(const struct bulk_options *options, struct bulk **bulk, struct error *error)
{
    *bulk = calloc(1, sizeof **bulk);
    if (!*bulk) return error_plain(error, STATUS_OUT_OF_MEMORY);
    (*bulk)->options = *options;
    if (!options->threads) (*bulk)->options.threads = parallel_processors();
    (*bulk)->budget.limit_bytes = options->memory_bytes;
    values_init(&(*bulk)->values, &(*bulk)->budget);
    if (options->models)
        (*bulk)->models = *options->models;
    else
        model_set_default(&(*bulk)->models);
    return STATUS_OK;
}

void bulk_free(struct bulk *bulk)
{
    if (!bulk) return;
    blocking_release(&bulk->blocking);
    rarity_release(&bulk->rarities, &bulk->budget);
    scoring_memos_release(&bulk->memos);
    values_release(&bulk->values);
    columns_release(&bulk->columns);
    table_reader_close(bulk->reader);
    free(bulk->records);
    free(bulk->row_record);
    free(bulk->first_row);
    free(bulk->ids);
    free(bulk->id_offset);
    free(bulk->edges);
    free(bulk->cluster);
    free(bulk->best);
    free(bulk->partner);
    free(bulk->alike);
    free(bulk);
}

/* ------------------------------------------------------------------ order by content */

struct ordered_row {
    uint64_t hash;
    uint32_t row;
};

static int by_content(const void *x, const void *y)
{
    const struct ordered_row *p = x, *q = y;
    if (p->hash != q->hash) return p->hash < q->hash ? -1 : 1;
    return p->row < q->row ? -1 : p->row > q->row;
}

struct sorting {
    struct bulk *bulk;
    struct ordered_row *order, *room;
    struct record *records; /* by content */
    size_t *starts;         /* of buckets, BUCKETS + 1 */
};

enum { ROWS_PER_TASK = 1 << 15 };

static void hash_rows(void *context, size_t task, unsigned thread)
{
    (void)thread;
    enum { AHEAD = 8 };
    const struct sorting *sorting = context;
    const struct values *values = &sorting->bulk->values;
    const struct record *records = sorting->bulk->records;
    size_t last = (task + 1) * ROWS_PER_TASK;
    if (last > sorting->bulk->row_count) last = sorting->bulk->row_count;
    for (size_t i = task * ROWS_PER_TASK; i < last; i++) {
        if (i + AHEAD < last) record_prefetch(values, &records[i + AHEAD]);
        sorting->order[i] = (struct ordered_row){record_hash(values, &records[i]), (uint32_t)i};
    }
}

/* Buckets by the top bits, which a thread then sorts: passes over the whole hash would be many. */
enum { BUCKET_SHIFT = 48, BUCKETS = 1 << 16, BUCKETS_PER_TASK = 1 << 10 };

static void sort_buckets(void *context, size_t task, unsigned thread)
{
    (void)thread;
    struct sorting *sorting = context;
    size_t first = task * BUCKETS_PER_TASK;
    for (size_t b = first; b < first + BUCKETS_PER_TASK; b++) {
        size_t from = sorting->starts[b], count = sorting->starts[b + 1] - from;
        if (count > 1) qsort(sorting->room + from, count, sizeof *sorting->room, by_content);
    }
}

/* The result is in `room`. */
static bool sort_by_content(struct sorting *sorting)
{
    size_t count = sorting->bulk->row_count;
    const struct ordered_row *order = sorting->order;
    sorting->starts = calloc(BUCKETS + 2, sizeof *sorting->starts);
    if (!sorting->starts) return false;
    size_t *starts = sorting->starts + 1;
    for (size_t i = 0; i < count; i++) starts[(order[i].hash >> BUCKET_SHIFT) + 1]++;
    for (size_t i = 0; i < BUCKETS; i++) starts[i + 1] += starts[i];
    for (size_t i = 0; i < count; i++)
        sorting->room[starts[order[i].hash >> BUCKET_SHIFT]++] = order[i];
    parallel_run(sorting->bulk->options.threads, BUCKETS / BUCKETS_PER_TASK, sort_buckets, sorting);
    free(sorting->starts);
    return true;
}

static bool same_content(const struct bulk *bulk, const struct ordered_row *a,
                         const struct ordered_row *b)
{
    return a->hash == b->hash &&
           memcmp(&bulk->records[a->row], &bulk->records[b->row], sizeof(struct record)) == 0;
}

/* Distinct contents in order become the records. Each place in the order learns its record, which
 * it carries in place of the hash from then on. */
static void number_records(struct bulk *bulk, struct ordered_row *order)
{
    struct ordered_row before = {0, 0};
    for (size_t i = 0; i < bulk->row_count; i++) {
        struct ordered_row here = order[i];
        if (i == 0 || bulk->options.link || !same_content(bulk, &before, &here))
            bulk->first_row[bulk->record_count++] = here.row;
        order[i].hash = bulk->record_count - 1;
        before = here;
    }
}

static void move_records(void *context, size_t task, unsigned thread)
{
    (void)thread;
    enum { AHEAD = 8 };
    const struct sorting *sorting = context;
    const struct bulk *bulk = sorting->bulk;
    size_t first = task * ROWS_PER_TASK, last = first + ROWS_PER_TASK;
    if (last > bulk->row_count) last = bulk->row_count;
    for (size_t i = first; i < last; i++) {
        const struct ordered_row *here = &sorting->room[i];
        bulk->row_record[here->row] = (uint32_t)here->hash;
        if (i + AHEAD < last) __builtin_prefetch(&bulk->records[sorting->room[i + AHEAD].row]);
        if (bulk->first_row[here->hash] == here->row)
            sorting->records[here->hash] = bulk->records[here->row];
    }
}

static enum status order_by_content(struct bulk *bulk, struct error *error)
{
    size_t rows = bulk->row_count;
    uint64_t order_bytes = (rows + 1) * sizeof(struct ordered_row);
    uint64_t record_bytes = (rows + 1) * sizeof(struct record);
    struct ordered_row *order = bulk_take(bulk, NULL, 0, order_bytes);
    struct ordered_row *room = bulk_take(bulk, NULL, 0, order_bytes);
    bulk->row_record = bulk_take(bulk, NULL, 0, (rows + 1) * 4);
    bulk->first_row = bulk_take(bulk, NULL, 0, (rows + 1) * 4);
    struct record *records = bulk_take(bulk, NULL, 0, record_bytes);
    struct sorting sorting = {bulk, order, room, records, NULL};
    size_t tasks = (rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
    bool enough = order && room && records && bulk->row_record && bulk->first_row;
    if (enough) {
        parallel_run(bulk->options.threads, tasks, hash_rows, &sorting);
        enough = sort_by_content(&sorting);
    }
    if (enough) {
        number_records(bulk, room);
        parallel_run(bulk->options.threads, tasks, move_records, &sorting);
        bulk_take(bulk, bulk->records, bulk->row_capacity * sizeof *records, 0);
        bulk->records = records;
    } else {
        bulk_take(bulk, records, records ? record_bytes : 0, 0);
    }
    bulk_take(bulk, room, room ? order_bytes : 0, 0);
    bulk_take(bulk, order, order ? order_bytes : 0, 0);
    return enough ? STATUS_OK : bulk_out_of_memory(bulk, error);
}

/* ------------------------------------------------------------------ scoring */

static void on_scored(void *context, double done)
{
    bulk_progress(context, "score", done);
}

static bool is_scoring_stopped(void *context)
{
    return is_stopped(context);
}

/* Log-odds from which two groups are joined. */
static float threshold_of(const struct bulk *bulk)
{
    double threshold = bulk->options.threshold;
    return threshold > 0 && threshold < 1 ? (float)log2(threshold / (1 - threshold))
                                          : JOIN_THRESHOLD;
}

/* Log-odds from which a pair counts: a little below what groups are joined by. */
static float floor_of(const struct bulk *bulk)
{
    if (bulk->options.link) return LINK_FLOOR;
    if (bulk->options.pairs_only) return PROPOSAL_FLOOR;
    return fminf(EDGE_FLOOR, threshold_of(bulk) + EDGE_FLOOR);
}

static enum status score_pairs(struct bulk *bulk, struct error *error)
{
    struct sweep_options options = {.threads = bulk->options.threads,
                                    .memos = &bulk->memos,
                                    .floor = floor_of(bulk),
                                    .across = bulk->options.link ? BULK_SOURCE_BIT : 0,
                                    .progress = on_scored,
                                    .stopped = is_scoring_stopped,
                                    .context = bulk};
    enum status status = sweep_run(&bulk->blocking, &bulk->scorer, &options, &bulk->budget,
                                   &bulk->edges, &bulk->edge_count, &bulk->pairs_scored);
    return status == STATUS_OK ? STATUS_OK : bulk_out_of_memory(bulk, error);
}

/* ------------------------------------------------------------------ matching */

/* Where the first of January is far more frequent than a day can be, it stands for "the year is
 * all we know". */
static void forget_default_days(struct bulk *bulk)
{
    struct value_domain *dates = &bulk->values.domain[DOMAIN_DATE];
    uint32_t dated = 0, first_days = 0;
    for (uint32_t i = 0; i < bulk->record_count; i++) {
        uint32_t date = bulk->records[i].slot[SLOT_DATE];
        if (!date || (date & VALUES_LIST)) continue;
        dated++;
        first_days += dates->values[date].a % 10000 == 101;
    }
    if (first_days < 20 || first_days * 50ULL < dated) return;
    for (uint32_t i = 1; i <= dates->count; i++)
        if (dates->values[i].a % 10000 == 101) dates->values[i].a -= 101;
}

static enum status train(struct bulk *bulk, struct training_result *result, struct error *error)
{
    for (int kind = 0; kind < MODEL_KIND_COUNT; kind++) {
        double pairs = training_pair_count(&bulk->blocking, (enum model_kind)kind);
        double records = sqrt(2 * pairs) + 1;
        double expected = bulk->models.kind[kind].duplicates_per_record * records;
        result->match_rate[kind] = pairs > 0 ? fmin(expected / pairs, 0.2) : 0.2;
    }
    scoring_init(&bulk->scorer, &bulk->values, &bulk->rarities, &bulk->models, result->match_rate);
    if (!bulk->options.train) return STATUS_OK;
    struct training_options options = {.threads = bulk->options.threads,
                                       .memos = &bulk->memos,
                                       .random_pairs = 60000,
                                       .pairs_per_key_type = 8000,
                                       .labels = bulk->options.labels,
                                       .label_count = bulk->options.label_count};
    TRY(training_run(&bulk->blocking, &bulk->scorer, &options, &bulk->models, result, error));
    scoring_init(&bulk->scorer, &bulk->values, &bulk->rarities, &bulk->models, result->match_rate);
    return STATUS_OK;
}

/* Linking two clean files, a record has at most one partner, and the more records have found one,
 * the less likely it is that this one has none: with a share p of records that have a partner, the
 * best candidate's odds are those of the pair times p / (1 - p). */
static float link_bonus(const struct bulk *bulk)
{
    double rows[2] = {bulk->file_start[1], bulk->row_count - bulk->file_start[1]};
    double smaller = fmin(rows[0], rows[1]), partners = 0;
    bool *taken = calloc((size_t)bulk->record_count + 1, sizeof *taken);
    for (size_t e = 0; taken && e < bulk->edge_count; e++) {
        const struct edge *edge = &bulk->edges[e];
        if (edge->log_odds < 0 || taken[edge->a] || taken[edge->b]) continue;
        taken[edge->a] = taken[edge->b] = true;
        partners++;
    }
    free(taken);
    double share = (partners + 1) / (smaller + 3);
    double bonus = log2(share / (1 - share));
    return bonus < 0 ? 0 : bonus > -LINK_FLOOR ? -LINK_FLOOR : (float)bonus;
}

/* Equal rows are one customer unless too little is known of them. */
static void tell_alike(struct bulk *bulk, float threshold)
{
    memset(bulk->alike, true, bulk->record_count * sizeof *bulk->alike);
    for (uint32_t row = 0; row < bulk->row_count; row++) {
        uint32_t i = bulk->row_record[row];
        if (bulk->first_row[i] == row || !bulk->alike[i]) continue;
        bulk->alike[i] = scoring_score(&bulk->scorer, NULL, &bulk->records[i], &bulk->records[i],
                                       threshold) >= threshold;
    }
}

static enum status cluster(struct bulk *bulk, struct error *error)
{
    size_t count = bulk->record_count;
    float threshold = threshold_of(bulk);
    if (bulk->options.link) threshold -= link_bonus(bulk);
    struct clustering_options options = {.threads = bulk->options.threads,
                                         .memos = &bulk->memos,
                                         .threshold = threshold,
                                         .bound = bulk->options.link ? 1e6f : LOG_ODDS_BOUND,
                                         .one_to_one = bulk->options.link};
    bulk->cluster = bulk_take(bulk, NULL, 0, (count + 1) * sizeof *bulk->cluster);
    bulk->best = bulk_take(bulk, NULL, 0, (count + 1) * sizeof *bulk->best);
    bulk->alike = bulk_take(bulk, NULL, 0, (count + 1) * sizeof *bulk->alike);
    bulk->partner = bulk_take(bulk, NULL, 0, (count + 1) * sizeof *bulk->partner);
    if (!bulk->cluster || !bulk->best || !bulk->alike || !bulk->partner)
        return bulk_out_of_memory(bulk, error);
    tell_alike(bulk, threshold);
    TRY(clustering_run(&bulk->scorer, bulk->records, bulk->record_count, bulk->edges,
                       bulk->edge_count, &options, bulk->cluster, bulk->best, error));
    for (uint32_t i = 0; i < bulk->record_count; i++) bulk->partner[i] = i;
    for (uint32_t i = 0; i < bulk->record_count; i++) {
        if (bulk->cluster[i] == i) continue;
        bulk->partner[i] = bulk->cluster[i];
        bulk->partner[bulk->cluster[i]] = i;
    }
    return STATUS_OK;
}

static int by_log_odds(const void *x, const void *y)
{
    const struct edge *p = x, *q = y;
    if (p->log_odds != q->log_odds) return p->log_odds > q->log_odds ? -1 : 1;
    if (p->a != q->a) return p->a < q->a ? -1 : 1;
    return p->b < q->b ? -1 : p->b > q->b;
}

/* A small file can afford to compare on weak keys; in a large one strong keys must do, for the work
 * to stay nearly linear. */
static double pairs_per_record(const struct bulk *bulk)
{
    double share = 20000.0 / (bulk->record_count + 1.0);
    double pairs = 40 * share * share;
    return fmax(fmin(pairs, 40), 0.7);
}

enum status bulk_match(struct bulk *bulk, struct error *error)
{
    struct training_result result = {{0}, {0}};
    bulk_step_begin(bulk, "order");
    TRY(order_by_content(bulk, error));
    bulk_step_end(bulk);
    TRY(bulk_go_on(bulk, error));
    bulk_step_begin(bulk, "frequencies");
    forget_default_days(bulk);
    if (rarity_learn(&bulk->values, bulk->records, bulk->record_count, bulk->options.threads,
                     &bulk->budget, &bulk->rarities) != STATUS_OK)
        return bulk_out_of_memory(bulk, error);
    bulk_step_end(bulk);
    TRY(bulk_go_on(bulk, error));
    bulk_step_begin(bulk, "block");
    struct blocking_options blocking = {bulk->options.threads, pairs_per_record(bulk)};
    if (blocking_build(&bulk->blocking, &bulk->values, &bulk->rarities, bulk->records,
                       bulk->record_count, &blocking, &bulk->budget, error) != STATUS_OK)
        return bulk_out_of_memory(bulk, error);
    bulk_step_end(bulk);
    TRY(bulk_go_on(bulk, error));
    bulk_step_begin(bulk, "train");
    TRY(train(bulk, &result, error));
    bulk_step_end(bulk);
    TRY(bulk_go_on(bulk, error));
    bulk_step_begin(bulk, "score");
    TRY(score_pairs(bulk, error));
    bulk_step_end(bulk);
    TRY(bulk_go_on(bulk, error));
    if (bulk->options.pairs_only) {
        if (bulk->edge_count)
            qsort(bulk->edges, bulk->edge_count, sizeof *bulk->edges, by_log_odds);
        return STATUS_OK;
    }
    bulk_step_begin(bulk, "cluster");
    TRY(cluster(bulk, error));
    bulk_step_end(bulk);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ results */

uint32_t bulk_row_count(const struct bulk *bulk)
{
    return bulk->row_count;
}

struct str bulk_row_id(const struct bulk *bulk, uint32_t row, char room[24])
{
    uint64_t from = bulk->id_offset[row], to = bulk->id_offset[row + 1];
    if (to > from) return str_of(bulk->ids + from, to - from);
    uint32_t number = row - bulk->file_start[bulk_row_file(bulk, row)] + 1;
    int len = snprintf(room, 24, "%u", number);
    return str_of(room, len > 0 ? (size_t)len : 0);
}

unsigned bulk_row_file(const struct bulk *bulk, uint32_t row)
{
    return bulk->file_count > 1 && row >= bulk->file_start[1];
}

uint32_t bulk_row_record(const struct bulk *bulk, uint32_t row)
{
    return bulk->row_record[row];
}

uint32_t bulk_cluster(const struct bulk *bulk, uint32_t row)
{
    uint32_t record = bulk->row_record[row];
    if (!bulk->alike[record] && bulk->first_row[record] != row) return row;
    return bulk->first_row[bulk->cluster[record]];
}

struct counting {
    const struct bulk *bulk;
    uint32_t clusters; /* atomic */
};

static void count_clusters(void *context, size_t task, unsigned thread)
{
    (void)thread;
    struct counting *counting = context;
    const struct bulk *bulk = counting->bulk;
    uint32_t first = (uint32_t)task * ROWS_PER_TASK, last = first + ROWS_PER_TASK, clusters = 0;
    if (last > bulk->row_count) last = bulk->row_count;
    for (uint32_t row = first; row < last; row++) clusters += bulk_cluster(bulk, row) == row;
    __atomic_add_fetch(&counting->clusters, clusters, __ATOMIC_RELAXED);
}

uint32_t bulk_cluster_count(const struct bulk *bulk)
{
    struct counting counting = {bulk, 0};
    size_t tasks = ((size_t)bulk->row_count + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
    parallel_run(bulk->options.threads, tasks, count_clusters, &counting);
    return counting.clusters;
}

unsigned bulk_threads(const struct bulk *bulk)
{
    return bulk->options.threads;
}

uint32_t bulk_first_row(const struct bulk *bulk, uint32_t record)
{
    return bulk->first_row[record];
}

uint32_t bulk_partner(const struct bulk *bulk, uint32_t row)
{
    return bulk->first_row[bulk->partner[bulk->row_record[row]]];
}

double bulk_probability(const struct bulk *bulk, uint32_t row)
{
    uint32_t record = bulk->row_record[row];
    return bulk->best[record] ? scoring_probability(bulk->best[record]) : 1;
}

const struct columns *bulk_columns(const struct bulk *bulk)
{
    return &bulk->columns;
}

struct str bulk_column_name(const struct bulk *bulk, size_t column)
{
    return table_reader_column(bulk->reader, column);
}

const struct model_set *bulk_models(const struct bulk *bulk)
{
    return &bulk->models;
}

const struct blocking *bulk_blocking(const struct bulk *bulk)
{
    return &bulk->blocking;
}

const struct scorer *bulk_scorer(const struct bulk *bulk)
{
    return &bulk->scorer;
}

const struct record *bulk_record(const struct bulk *bulk, uint32_t row)
{
    return &bulk->records[bulk->row_record[row]];
}

const struct edge *bulk_edges(const struct bulk *bulk, size_t *count)
{
    *count = bulk->edge_count;
    return bulk->edges;
}

uint64_t bulk_pairs_scored(const struct bulk *bulk)
{
    return bulk->pairs_scored;
}

uint32_t bulk_record_count(const struct bulk *bulk)
{
    return bulk->record_count;
}

uint64_t bulk_uneven_rows(const struct bulk *bulk)
{
    return bulk->uneven_rows;
}

const struct bulk_step *bulk_steps(const struct bulk *bulk)
{
    return bulk->steps;
}
