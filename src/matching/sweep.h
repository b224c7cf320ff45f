/* The sweep: every pair of records that share a block is scored once, record after record, and
 * those that reach the floor become edges. The result does not depend on the number of threads.
 *
 * Records stand in memory in an order of their content (record_hash()), but what a record is
 * compared with lies anywhere: blocks, and the records in them, are asked for before they are
 * needed.
 */
#ifndef MATCHING_SWEEP_H
#define MATCHING_SWEEP_H

#include "matching/blocking.h"
#include "matching/clustering.h"

struct sweep_options {
    unsigned threads;
    struct scoring_memos *memos;
    float floor;     /* log-odds from which a pair is an edge */
    uint32_t across; /* not 0: only pairs that differ in this bit of SLOT_TRAITS */
    void (*progress)(void *context, double done);
    bool (*stopped)(void *context); /* asked now and then; true: ends with what there is */
    void *context;
};

/* *edges, taken from the budget, has *edge_count and one to spare. */
enum status sweep_run(const struct blocking *blocking, const struct scorer *scorer,
                      const struct sweep_options *options, struct values_budget *budget,
                      struct edge **edges, size_t *edge_count, uint64_t *pairs);

#endif
