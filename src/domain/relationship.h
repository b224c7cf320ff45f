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
#include "domain/hierarchy.h"
#include "domain/profile.h"
#include "domain/tree.h"

struct relationship_type {
    struct str name;    /* PARENT_OF */
    struct str inverse; /* SUBSIDIARY_OF: how it reads from the other end */
    bool hierarchical;  /* cycles are refused */
};
extern const struct relationship_type relationship_types[];
extern const size_t relationship_type_count;
/* NULL when there is none of that name. */
const struct relationship_type *relationship_type_find(struct str name);

/* What a client may say. */
extern const struct profile_field relationship_fields[];
extern const size_t relationship_field_count;

/* A body of POST .../relationships: {"type","customerId","from"?,"to"?,"relationshipId"?}. The id
 * is absent when it is not given. The fact body is {"type","from","to"}, dates null when not given;
 * `to` is the last day and not before `from`. */
MUST_CHECK enum status relationship_parse(const struct json_value *body, struct arena *arena,
                                          struct str *relationship_id, struct str *other,
                                          struct json_value **fact_body, struct error *error);

/* Does the relationship hold on the day (YYYY-MM-DD)? Both ends are days that count. */
bool relationship_is_current(const struct json_value *fact_body, struct str day);
/* Of these facts, the latest about each relationship that was not removed, in fact order; a
 * relationship is known by its home and id. STATUS_OUT_OF_MEMORY only. */
MUST_CHECK enum status relationship_current_facts(const struct fact *facts, size_t count,
                                                  struct arena *arena, const struct fact ***current,
                                                  size_t *current_count);

/* Ends of the edge that a relationship of `type` from `home` to `other` is; false when the type
 * makes no hierarchy. PARENT_OF and SUBSIDIARY_OF are the two readings of one edge. */
bool relationship_edge(struct str type, struct str home, struct str other,
                       struct hierarchy_edge *edge);
#endif
