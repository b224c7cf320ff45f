/* How good a clustering is against a known truth: pairs, whole clusters, and B-cubed (A. Bagga,
 * B. Baldwin, 1998). Memory and time are linear in the rows, whatever the clusters' sizes. */
#ifndef MATCHING_EVALUATION_H
#define MATCHING_EVALUATION_H

#include "base/status.h"

struct evaluation_score {
    double precision, recall, f1;
};

struct evaluation {
    struct evaluation_score pairs, clusters, b_cubed;
    double true_pairs, found_pairs, right_pairs;
    uint32_t true_clusters, found_clusters; /* of two rows and more */
    uint32_t largest_true, largest_found;
};

/* Both give each row the number of its cluster, any numbers below `rows`. */
enum status evaluation_run(const uint32_t *truth, const uint32_t *found, uint32_t rows,
                           struct evaluation *evaluation);

/* Precision, recall and their harmonic mean; an empty whole counts as 1. */
struct evaluation_score evaluation_score(double right, double found, double wanted);

/* Truth as pairs of rows to cluster numbers, by connecting them. */
void evaluation_connect(uint32_t *cluster, uint32_t a, uint32_t b);
void evaluation_settle(uint32_t *cluster, uint32_t rows);

#endif
