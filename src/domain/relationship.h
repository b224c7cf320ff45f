/* Relationships between customers: typed, directed, dated; two types make hierarchies.
 *
 * Ends are read through merges: an end that was merged stands for its survivor. A relationship
 * whose two ends became the same customer is not shown while that lasts; an edge that closes a
 * cycle in a hierarchy after a merge is suspended (the latest recorded one gives way) and shown as
 * such; an unmerge brings both back.
 */
#ifndef DOMAIN_RELATIONSHIP_H
#define DOMAIN_RELATIONSHIP_H

#include "base/status.h"
#include "domain/tree.h"

struct relationship_type {
    struct str name;    /* PARENT_OF */
    struct str inverse; /* SUBSIDIARY_OF: how it reads from the other end */
    bool hierarchical;  /* cycles are refused */
};
extern const struct relationship_type relationship_types[];
extern const size_t relationship_type_count;

/* A body of POST .../relationships: {"type","customerId","from"?,"to"?,"relationshipId"?}. */
MUST_CHECK enum status relationship_parse(const struct json_value *body, struct arena *arena,
                                          struct str *relationship_id, struct str *other,
                                          struct json_value **fact_body, struct error *error);

/* A directed edge parent -> child of a hierarchy between surviving customers. */
struct hierarchy_edge {
    struct str parent;
    struct str child;
    struct str relationship_id;
    instant recorded_at;
    bool suspended; /* set by hierarchy_suspend_cycles */
};
/* Marks, per cycle, the latest recorded edge (then the greater relationship id). Deterministic
 * whatever the order of the edges. */
MUST_CHECK enum status hierarchy_suspend_cycles(struct hierarchy_edge *edges, size_t count,
                                                struct arena *arena);
/* Would adding parent -> child close a cycle over the edges that are not suspended? */
bool hierarchy_would_cycle(const struct hierarchy_edge *edges, size_t count, struct str parent,
                           struct str child);

#endif
