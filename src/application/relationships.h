/* .../customers/{id}/relationships and /hierarchy. See domain/relationship.h for what merges do. */
#ifndef APPLICATION_RELATIONSHIPS_H
#define APPLICATION_RELATIONSHIPS_H

#include "application/results.h"

/* {"items":[{relationshipId,type,direction:"OUT"|"IN",customerId: the other end's survivor,
 * givenCustomerId: when that was merged since,from,to,suspended}],"next":null}. An incoming one
 * shows the inverse type. */
MUST_CHECK enum status relationships_list(struct application *application,
                                          const struct caller *caller, struct str customer_id,
                                          const struct page_request *request, struct arena *arena,
                                          struct json_page *page, struct error *error);
/* One of them, from either side. STATUS_RELATIONSHIP_NOT_FOUND. */
MUST_CHECK enum status relationships_get(struct application *application,
                                         const struct caller *caller, struct str customer_id,
                                         struct str relationship_id, struct arena *arena,
                                         struct str *json, struct error *error);
/* STATUS_CUSTOMER_NOT_FOUND (field customerId) for an unknown other end, STATUS_HIERARCHY_CYCLE,
 * STATUS_RELATIONSHIP_EXISTS when the home says just that already, STATUS_INVALID_VALUE for a
 * relationship with itself or a relationshipId that is used. */
MUST_CHECK enum status relationships_add(struct application *application,
                                         const struct caller *caller, struct str customer_id,
                                         const struct json_value *body, struct arena *arena,
                                         struct customer_part *out, struct error *error);
/* Ends it, from either side: a new version is one of the customer that it was added to; `*version`
 * is that of the addressed one. STATUS_RELATIONSHIP_NOT_FOUND. */
MUST_CHECK enum status relationships_end(struct application *application,
                                         const struct caller *caller, struct str customer_id,
                                         struct str relationship_id, struct arena *arena,
                                         int64_t *version, struct error *error);

enum hierarchy_direction { HIERARCHY_UP = 1, HIERARCHY_DOWN = 2, HIERARCHY_BOTH = 3 };
enum { HIERARCHY_DEPTH_MAX = 32, HIERARCHY_CUSTOMERS_MAX = 2000 };

/* {"customerId","ancestors":[{customerId,name,parentOf,relationshipId,depth}],"descendants":[{
 * customerId,name,childOf,relationshipId,depth}],"suspended":[{parent,child,relationshipId}],
 * "truncated":false}, nearest first, down to `depth` (1 to HIERARCHY_DEPTH_MAX). */
MUST_CHECK enum status relationships_hierarchy(struct application *application,
                                               const struct caller *caller, struct str customer_id,
                                               enum hierarchy_direction direction, size_t depth,
                                               struct arena *arena, struct str *json,
                                               struct error *error);

#endif
