#include "matching/clustering.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "matching/consents.h"
#include "matching/parallel.h"

#define NONE_BEST (-1e30f)

enum { ACROSS_MAX = 64, NONE = -1 };

/* ------------------------------------------------------------------ edges */

static int by_certainty(const void *x, const void *y)
{
    const struct edge *p = x, *q = y;
    if (p->log_odds != q->log_odds) return p->log_odds > q->log_odds ? -1 : 1;
    if (p->a != q->a) return p->a < q->a ? -1 : 1;
    return p->b < q->b ? -1 : p->b > q->b;
}

static uint32_t find_root(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    return i;
}

/* Components of all edges: what can be clustered apart from the rest. The lowest number is root. */
static void join_components(uint32_t *parent, uint32_t count, const struct edge *edges,
                            size_t edge_count)
{
    for (uint32_t i = 0; i < count; i++) parent[i] = i;
    for (size_t e = 0; e < edge_count; e++) {
        uint32_t a = find_root(parent, edges[e].a), b = find_root(parent, edges[e].b);
        if (a < b)
            parent[b] = a;
        else
            parent[a] = b;
    }
    for (uint32_t i = 0; i < count; i++) parent[i] = find_root(parent, i);
}

/* ------------------------------------------------------------------ groups */

struct groups {
    uint32_t *group; /* of a record: the lowest number in it */
    int32_t *next;   /* the group's next record */
    uint32_t *last;  /* of a group */
    uint32_t *size;
};

/* Group pairs that were refused at their present sizes: not asked again. */
struct refusals {
    uint64_t key[256];
};

/* What a thread works with. Refusals name their groups, so those of other components may stay. */
struct worker {
    struct scoring_memo *memo;
    struct consents consents; /* of the component */
    struct refusals refusals;
};

struct clustering {
    const struct scorer *scorer;
    const struct record *records;
    const struct clustering_options *options;
    struct groups groups;
    struct edge *edges;   /* by component; within it by certainty, once it is its turn */
    const size_t *starts; /* of components with edges */
    size_t component_count, per_task;
    struct worker worker[PARALLEL_THREADS_MAX];
};

static float held(const struct clustering *clustering, float log_odds)
{
    float bound = clustering->options->bound;
    return log_odds > bound ? bound : log_odds < -bound ? -bound : log_odds;
}

static bool kept_apart(const struct clustering_options *options, uint32_t a, uint32_t b)
{
    if (a > b) {
        uint32_t swap = a;
        a = b;
        b = swap;
    }
    size_t low = 0, high = options->apart_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct edge *pair = &options->apart[middle];
        if (pair->a < a || (pair->a == a && pair->b < b))
            low = middle + 1;
        else
            high = middle;
    }
    return low < options->apart_count && options->apart[low].a == a && options->apart[low].b == b;
}

static bool any_kept_apart(const struct clustering *clustering, uint32_t a, uint32_t b)
{
    const struct groups *groups = &clustering->groups;
    if (!clustering->options->apart_count) return false;
    for (int32_t i = (int32_t)a; i != NONE; i = groups->next[i])
        for (int32_t j = (int32_t)b; j != NONE; j = groups->next[j])
            if (kept_apart(clustering->options, (uint32_t)i, (uint32_t)j)) return true;
    return false;
}

/* What a pair says of its two groups: its log-odds, but no less than what disagrees in it. That too
 * little of a pair is known to be sure of it says nothing against the groups. */
static float consent(const struct clustering *clustering, struct worker *worker, uint32_t a,
                     uint32_t b)
{
    struct evidence evidence;
    float *known = consents_at(&worker->consents, a, b);
    if (known && *known == *known) return *known;
    float found = -clustering->options->bound;
    if (scoring_evidence(clustering->scorer, worker->memo, &clustering->records[a],
                         &clustering->records[b], &evidence)) {
        float against = scoring_against(&evidence), log_odds = evidence.log_odds;
        found = held(clustering, log_odds >= 0 || log_odds > against ? log_odds : against);
    }
    if (known) *known = found;
    return found;
}

/* Pairs across two groups; of large groups an even sample. */
struct across {
    uint32_t of_a[ACROSS_MAX], of_b[ACROSS_MAX];
    size_t count;
};

static void list_across(const struct groups *groups, uint32_t a, uint32_t b, struct across *across)
{
    uint64_t pairs = (uint64_t)groups->size[a] * groups->size[b];
    uint64_t step = pairs / ACROSS_MAX + 1, at = 0;
    across->count = 0;
    for (int32_t i = (int32_t)a; i != NONE; i = groups->next[i]) {
        for (int32_t j = (int32_t)b; j != NONE; j = groups->next[j], at++) {
            if (at % step) continue;
            across->of_a[across->count] = (uint32_t)i;
            across->of_b[across->count++] = (uint32_t)j;
        }
    }
}

/* Adds up what is known already; answers how many are not, which are put in front. */
static size_t sum_known(struct worker *worker, struct across *across, double *sum)
{
    size_t open = 0;
    for (size_t i = 0; i < across->count; i++) {
        const float *known = consents_at(&worker->consents, across->of_a[i], across->of_b[i]);
        if (known && *known == *known) {
            *sum += *known;
            continue;
        }
        across->of_a[open] = across->of_a[i];
        across->of_b[open++] = across->of_b[i];
    }
    return open;
}

/* Whether the mean over the pairs across reaches the threshold. Whatever an open pair says lies
 * within the bound, so that often what is known decides. */
static bool consent_across(const struct clustering *clustering, struct worker *worker, uint32_t a,
                           uint32_t b)
{
    struct across across;
    list_across(&clustering->groups, a, b, &across);
    double sum = 0, wanted = (double)clustering->options->threshold * (double)across.count;
    double bound = clustering->options->bound;
    for (size_t open = sum_known(worker, &across, &sum); open > 0; open--) {
        if (sum - bound * (double)open >= wanted) return true;
        if (sum + bound * (double)open < wanted) return false;
        sum += consent(clustering, worker, across.of_a[open - 1], across.of_b[open - 1]);
    }
    return sum >= wanted;
}

static void join_groups(struct groups *groups, uint32_t a, uint32_t b)
{
    for (int32_t j = (int32_t)b; j != NONE; j = groups->next[j]) groups->group[j] = a;
    groups->next[groups->last[a]] = (int32_t)b;
    groups->last[a] = groups->last[b];
    groups->size[a] += groups->size[b];
}

static uint64_t refusal_key(const struct groups *groups, uint32_t a, uint32_t b)
{
    uint64_t pair = (uint64_t)a << 32 | b;
    return values_mix(pair) + values_mix((uint64_t)groups->size[a] << 32 | groups->size[b]);
}

static void consider(struct clustering *clustering, struct worker *worker, const struct edge *edge)
{
    struct groups *groups = &clustering->groups;
    uint32_t a = groups->group[edge->a], b = groups->group[edge->b];
    if (a == b) return;
    if (a > b) {
        uint32_t swap = a;
        a = b;
        b = swap;
    }
    bool single = groups->size[a] == 1 && groups->size[b] == 1;
    if (clustering->options->one_to_one && !single) return;
    uint64_t key = refusal_key(groups, a, b);
    uint64_t *refused = &worker->refusals.key[key & 255];
    if (*refused == key) return;
    bool consents = single ? held(clustering, edge->log_odds) >= clustering->options->threshold
                           : consent_across(clustering, worker, a, b);
    if (consents && !any_kept_apart(clustering, a, b))
        join_groups(groups, a, b);
    else
        *refused = key;
}

static void know_edges(const struct clustering *clustering, struct worker *worker,
                       const struct edge *edges, size_t count)
{
    consents_begin(&worker->consents, count);
    for (size_t e = 0; e < count; e++) {
        float *known = consents_at(&worker->consents, edges[e].a, edges[e].b);
        if (known && edges[e].log_odds >= 0) *known = held(clustering, edges[e].log_odds);
    }
}

static void cluster_component(struct clustering *clustering, struct worker *worker,
                              struct edge *edges, size_t count)
{
    if (count > 1) {
        qsort(edges, count, sizeof *edges, by_certainty);
        know_edges(clustering, worker, edges, count);
    }
    for (size_t e = 0; e < count; e++) consider(clustering, worker, &edges[e]);
}

static void cluster_components(void *context, size_t task, unsigned thread)
{
    struct clustering *clustering = context;
    struct worker *worker = &clustering->worker[thread];
    worker->memo = scoring_memos_get(clustering->options->memos, thread);
    size_t first = task * clustering->per_task, last = first + clustering->per_task;
    if (last > clustering->component_count) last = clustering->component_count;
    for (size_t c = first; c < last; c++)
        cluster_component(clustering, worker, clustering->edges + clustering->starts[c],
                          clustering->starts[c + 1] - clustering->starts[c]);
}

/* ------------------------------------------------------------------ whole */

/* The edges that reach the threshold, component after component. */
static struct edge *by_component(const uint32_t *component, uint32_t record_count,
                                 const struct edge *edges, size_t edge_count, size_t **starts,
                                 size_t *component_count)
{
    size_t *place = calloc((size_t)record_count + 1, sizeof *place);
    struct edge *sorted = malloc((edge_count + 1) * sizeof *sorted);
    *starts = malloc((edge_count + 1) * sizeof **starts);
    *component_count = 0;
    if (!place || !sorted || !*starts) {
        free(place);
        free(sorted);
        return NULL;
    }
    for (size_t e = 0; e < edge_count; e++) place[component[edges[e].a]]++;
    size_t sum = 0;
    for (uint32_t i = 0; i < record_count; i++) {
        size_t here = place[i];
        if (here) (*starts)[(*component_count)++] = sum;
        place[i] = sum;
        sum += here;
    }
    (*starts)[*component_count] = sum;
    for (size_t e = 0; e < edge_count; e++) sorted[place[component[edges[e].a]]++] = edges[e];
    free(place);
    return sorted;
}

/* Puts those that reach the threshold in front: how many. */
static size_t part_edges(struct edge *edges, size_t edge_count, float threshold)
{
    size_t joining = 0;
    for (size_t e = 0; e < edge_count; e++) {
        if (edges[e].log_odds < threshold) continue;
        struct edge swap = edges[joining];
        edges[joining++] = edges[e];
        edges[e] = swap;
    }
    return joining;
}

static bool init_groups(struct groups *groups, uint32_t *cluster, uint32_t count)
{
    groups->group = cluster;
    groups->next = malloc(((size_t)count + 1) * sizeof *groups->next);
    groups->last = malloc(((size_t)count + 1) * sizeof *groups->last);
    groups->size = malloc(((size_t)count + 1) * sizeof *groups->size);
    if (!groups->next || !groups->last || !groups->size) return false;
    for (uint32_t i = 0; i < count; i++) {
        groups->group[i] = groups->last[i] = i;
        groups->next[i] = NONE;
        groups->size[i] = 1;
    }
    return true;
}

static void find_best(const uint32_t *cluster, uint32_t count, const struct edge *edges,
                      size_t edge_count, float *best)
{
    for (uint32_t i = 0; i < count; i++) best[i] = NONE_BEST;
    for (size_t e = 0; e < edge_count; e++) {
        const struct edge *edge = &edges[e];
        if (cluster[edge->a] != cluster[edge->b]) continue;
        if (edge->log_odds > best[edge->a]) best[edge->a] = edge->log_odds;
        if (edge->log_odds > best[edge->b]) best[edge->b] = edge->log_odds;
    }
    for (uint32_t i = 0; i < count; i++)
        if (best[i] == NONE_BEST) best[i] = 0;
}

enum status clustering_run(const struct scorer *scorer, const struct record *records,
                           uint32_t record_count, struct edge *edges, size_t edge_count,
                           const struct clustering_options *options, uint32_t *cluster, float *best,
                           struct error *error)
{
    struct clustering clustering = {
        .scorer = scorer, .records = records, .options = options, .per_task = 64};
    size_t *starts = NULL;
    struct edge *sorted = NULL;
    edge_count = part_edges(edges, edge_count, options->threshold);
    join_components(cluster, record_count, edges, edge_count);
    sorted = by_component(cluster, record_count, edges, edge_count, &starts,
                          &clustering.component_count);
    bool enough = sorted && init_groups(&clustering.groups, cluster, record_count);
    if (enough) {
        clustering.edges = sorted;
        clustering.starts = starts;
        size_t tasks = (clustering.component_count + clustering.per_task - 1) / clustering.per_task;
        parallel_run(options->threads, tasks, cluster_components, &clustering);
        find_best(cluster, record_count, edges, edge_count, best);
    }
    for (int i = 0; i < PARALLEL_THREADS_MAX; i++) consents_release(&clustering.worker[i].consents);
    free(clustering.groups.next);
    free(clustering.groups.last);
    free(clustering.groups.size);
    free(starts);
    free(sorted);
    return enough ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}

/* ------------------------------------------------------------------ lasting names */

struct claim {
    uint64_t name;
    uint32_t cluster, records;
};

static int by_name_then_cluster(const void *x, const void *y)
{
    const struct claim *p = x, *q = y;
    if (p->name != q->name) return p->name < q->name ? -1 : 1;
    return p->cluster < q->cluster ? -1 : p->cluster > q->cluster;
}

static size_t count_claims(const uint32_t *cluster, const uint64_t *before, uint32_t record_count,
                           struct claim *claims)
{
    size_t count = 0, kept = 0;
    for (uint32_t i = 0; i < record_count; i++)
        if (before[i]) claims[count++] = (struct claim){before[i], cluster[i], 1};
    qsort(claims, count, sizeof *claims, by_name_then_cluster);
    for (size_t i = 0; i < count; i++) {
        bool same = kept && claims[kept - 1].name == claims[i].name &&
                    claims[kept - 1].cluster == claims[i].cluster;
        if (same)
            claims[kept - 1].records++;
        else
            claims[kept++] = claims[i];
    }
    return kept;
}

enum status clustering_keep_names(const uint32_t *cluster, const uint64_t *before,
                                  uint32_t record_count, uint64_t fresh, uint64_t *names)
{
    struct claim *claims = malloc(((size_t)record_count + 1) * sizeof *claims);
    uint64_t *given = calloc((size_t)record_count + 1, sizeof *given);
    if (!claims || !given) {
        free(claims);
        free(given);
        return STATUS_OUT_OF_MEMORY;
    }
    /* First each name looks for the cluster with most of its records (a split keeps the name with
     * the largest part); a cluster that several names come to takes the oldest (a merge). */
    size_t count = count_claims(cluster, before, record_count, claims), wins = 0;
    for (size_t i = 0; i < count;) {
        size_t strongest = i, end = i;
        for (; end < count && claims[end].name == claims[i].name; end++)
            if (claims[end].records > claims[strongest].records) strongest = end;
        claims[wins++] = claims[strongest];
        i = end;
    }
    qsort(claims, wins, sizeof *claims, by_name_then_cluster);
    for (size_t i = 0; i < wins; i++)
        if (!given[claims[i].cluster]) given[claims[i].cluster] = claims[i].name;
    for (uint32_t i = 0; i < record_count; i++)
        if (!given[cluster[i]]) given[cluster[i]] = fresh + cluster[i];
    for (uint32_t i = 0; i < record_count; i++) names[i] = given[cluster[i]];
    free(claims);
    free(given);
    return STATUS_OK;
}
