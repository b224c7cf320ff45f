#include "matching/evaluation.h"

#include <stdlib.h>

struct evaluation_score evaluation_score(double right, double found, double wanted)
{
    struct evaluation_score score;
    score.precision = found > 0 ? right / found : 1;
    score.recall = wanted > 0 ? right / wanted : 1;
    double sum = score.precision + score.recall;
    score.f1 = sum > 0 ? 2 * score.precision * score.recall / sum : 0;
    return score;
}

static uint32_t root_of(uint32_t *cluster, uint32_t i)
{
    while (cluster[i] != i) {
        cluster[i] = cluster[cluster[i]];
        i = cluster[i];
    }
    return i;
}

void evaluation_connect(uint32_t *cluster, uint32_t a, uint32_t b)
{
    a = root_of(cluster, a);
    b = root_of(cluster, b);
    if (a < b)
        cluster[b] = a;
    else
        cluster[a] = b;
}

void evaluation_settle(uint32_t *cluster, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++) cluster[i] = root_of(cluster, i);
}

/* A row's two clusters as one number: equal for rows that agree in both. */
static int by_value(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return a < b ? -1 : a > b;
}

static double pairs_of(double n)
{
    return n * (n - 1) / 2;
}

struct sizes {
    uint32_t *truth, *found;
};

static void count_clusters(const struct sizes *sizes, uint32_t rows, struct evaluation *result)
{
    for (uint32_t i = 0; i < rows; i++) {
        result->true_pairs += pairs_of(sizes->truth[i]);
        result->found_pairs += pairs_of(sizes->found[i]);
        result->true_clusters += sizes->truth[i] > 1;
        result->found_clusters += sizes->found[i] > 1;
        if (sizes->truth[i] > result->largest_true) result->largest_true = sizes->truth[i];
        if (sizes->found[i] > result->largest_found) result->largest_found = sizes->found[i];
    }
}

/* Rows sorted by both clusters: each run is the overlap of one true with one found cluster. */
static void count_overlaps(const struct sizes *sizes, const uint64_t *both, uint32_t rows,
                           struct evaluation *result)
{
    double precision = 0, recall = 0, whole = 0;
    for (uint32_t i = 0; i < rows;) {
        uint32_t end = i;
        while (end < rows && both[end] == both[i]) end++;
        double n = end - i;
        uint32_t truth = sizes->truth[both[i] >> 32], found = sizes->found[(uint32_t)both[i]];
        result->right_pairs += pairs_of(n);
        precision += n * n / found;
        recall += n * n / truth;
        whole += n > 1 && truth == end - i && found == end - i;
        i = end;
    }
    result->pairs = evaluation_score(result->right_pairs, result->found_pairs, result->true_pairs);
    result->clusters = evaluation_score(whole, result->found_clusters, result->true_clusters);
    result->b_cubed.precision = rows ? precision / rows : 1;
    result->b_cubed.recall = rows ? recall / rows : 1;
    double sum = result->b_cubed.precision + result->b_cubed.recall;
    result->b_cubed.f1 = 2 * result->b_cubed.precision * result->b_cubed.recall / sum;
}

enum status evaluation_run(const uint32_t *truth, const uint32_t *found, uint32_t rows,
                           struct evaluation *evaluation)
{
    *evaluation = (struct evaluation){.true_pairs = 0};
    struct sizes sizes = {calloc((size_t)rows + 1, sizeof(uint32_t)),
                          calloc((size_t)rows + 1, sizeof(uint32_t))};
    uint64_t *both = malloc(((size_t)rows + 1) * sizeof *both);
    enum status status = STATUS_OUT_OF_MEMORY;
    if (sizes.truth && sizes.found && both) {
        for (uint32_t i = 0; i < rows; i++) {
            sizes.truth[truth[i]]++;
            sizes.found[found[i]]++;
            both[i] = (uint64_t)truth[i] << 32 | found[i];
        }
        qsort(both, rows, sizeof *both, by_value);
        count_clusters(&sizes, rows, evaluation);
        count_overlaps(&sizes, both, rows, evaluation);
        status = STATUS_OK;
    }
    free(sizes.truth);
    free(sizes.found);
    free(both);
    return status;
}
