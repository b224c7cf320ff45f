/* Hierarchies of customers, as directed edges: which of them close a cycle. The edges come from
 * relationships, with each end read as the customer that survives. */
#ifndef DOMAIN_HIERARCHY_H
#define DOMAIN_HIERARCHY_H

#include "base/instant.h"
#include "base/status.h"

/* A directed edge parent -> child of a hierarchy between surviving customers. */
struct hierarchy_edge {
    struct str parent;
    struct str child;
    struct str relationship_id;
    struct str from, to; /* days between which it holds; absent: open */
    instant recorded_at;
    bool suspended; /* set by hierarchy_suspend_cycles */
};
/* Marks, per cycle, the latest recorded edge (then the greater relationship id). Deterministic
 * whatever the order of the edges. */
MUST_CHECK enum status hierarchy_suspend_cycles(struct hierarchy_edge *edges, size_t count,
                                                struct arena *arena);
/* The edges that hold on the day, in their order; `held` has room for all. */
size_t hierarchy_on(const struct hierarchy_edge *edges, size_t count, struct str day,
                    struct hierarchy_edge *held);
/* Would adding parent -> child close a cycle over the edges that are not suspended? An edge from a
 * customer to itself is a cycle. STATUS_OUT_OF_MEMORY only. */
MUST_CHECK enum status hierarchy_would_cycle(const struct hierarchy_edge *edges, size_t count,
                                             struct str parent, struct str child,
                                             struct arena *arena, bool *cycle);

#endif
