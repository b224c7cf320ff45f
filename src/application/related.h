/* Relationship facts read as edges between surviving customers. Internal to application/. */
#ifndef APPLICATION_RELATED_H
#define APPLICATION_RELATED_H

#include "application/customer.h"
#include "domain/hierarchy.h"
#include "domain/relationship.h"

/* One relationship as it stands: the last word of each relationshipId, unless it was ended. */
struct link {
    struct str relationship_id;
    struct str home;      /* the end that it was given to */
    struct str object;    /* the other end, as given */
    struct str home_root; /* their survivors */
    struct str object_root;
    struct str type;
    const struct json_value *body;
    instant recorded_at;
};

/* All links that touch the tree under `root`, in order of recorded_at. Links whose ends became one
 * customer are left out. */
MUST_CHECK enum status related_links(struct store_session *session, struct str root,
                                     struct arena *arena, struct link **links, size_t *count,
                                     struct error *error);

struct hierarchy {
    struct hierarchy_edge *edges;
    size_t edge_count;
    size_t room;
    struct str *customers; /* survivors whose links were read */
    struct str *names;
    size_t customer_count;
    bool truncated; /* there are more customers than `customers_max` */
};

/* Which links are edges: those that hold on the day; or those that do or will. */
enum related_time { RELATED_ON, RELATED_FROM };

/* The edges of everything that hangs together with `root` through hierarchical relationships; on
 * one day, suspended ones marked. */
MUST_CHECK enum status related_load(struct store_session *session, struct str root,
                                    enum related_time time, struct str day, size_t customers_max,
                                    struct arena *arena, struct hierarchy *out,
                                    struct error *error);
/* The day of an instant, YYYY-MM-DD; absent when out of memory. */
struct str related_day(instant at, struct arena *arena);

#endif
