/* Clusters from scored pairs, without chaining.
 *
 * Pairs are joined from the most certain down (single linkage's order), but two groups only become
 * one when their members agree on the whole: the mean of the log-odds over the pairs across, each
 * held within bounds so that neither one certain pair nor one contradiction decides alone, must
 * reach the threshold. What is missing in a pair does not count against it, only what disagrees.
 * Pairs across that blocking never brought together are scored here. So one
 * bridge between two dense groups does not join them. (Average linkage; as a likelihood:
 * correlation clustering, N. Bansal, A. Blum, S. Chawla 2004.)
 */
#ifndef MATCHING_CLUSTERING_H
#define MATCHING_CLUSTERING_H

#include "matching/scoring.h"

struct edge {
    uint32_t a, b; /* a < b */
    float log_odds;
};

struct clustering_options {
    unsigned threads;
    struct scoring_memos *memos;
    float threshold; /* mean log-odds across that joins two groups */
    float bound;     /* log-odds are held within +- this */
    bool one_to_one; /* clusters of at most two: linking two clean files */
    /* Pairs that must not be in one cluster, ascending by a then b; may be NULL. */
    const struct edge *apart;
    size_t apart_count;
};

/* Reorders the edges, and writes to cluster[i] the lowest record number of i's cluster and to
 * best[i] the log-odds of i's best pair within its cluster (0 when alone). */
enum status clustering_run(const struct scorer *scorer, const struct record *records,
                           uint32_t record_count, struct edge *edges, size_t edge_count,
                           const struct clustering_options *options, uint32_t *cluster, float *best,
                           struct error *error);

/* Gives clusters lasting names. before[i] is the name of record i's cluster in an earlier run, 0
 * for a new record; names that are smaller are older. On a split the name stays with the part that
 * has most of its records; on a merge the oldest name survives; a cluster without a name is called
 * `fresh` plus its lowest record number. */
enum status clustering_keep_names(const uint32_t *cluster, const uint64_t *before,
                                  uint32_t record_count, uint64_t fresh, uint64_t *names);

#endif
