/* What an operator wants to know of a store before it hurts: for `doctor`. All of it reads. */
#ifndef ADAPTERS_STORE_STORE_HEALTH_H
#define ADAPTERS_STORE_STORE_HEALTH_H

#include "adapters/store/sql_store.h"

struct store_health {
    instant newest;          /* time of the newest events; INSTANT_NONE: none */
    int64_t unfinished_jobs; /* queued or running */
    int64_t unnumbered;      /* events that wait for their place in the feed */
    int64_t stale_claims;    /* on possible duplicates, that have run out by `now` */
    int64_t unindexed;       /* customers that the search index lacks */
    int64_t search_tail;     /* entries of one tenant that are in no segment of it, at most */
    int64_t stale_answers;   /* kept for retries, that expired an hour before `now` */
};

/* Of a store that shows all tenants. */
MUST_CHECK enum status store_health_read(struct store *store, instant now,
                                         struct store_health *health, struct error *error);

/* PostgreSQL, of the role that the store is open with. */
struct role_health {
    char name[64];
    bool is_unbound;   /* a superuser, or bypasses row-level security */
    bool is_owner;     /* of a table */
    char unforced[64]; /* a table on which row-level security is not forced; "" */
    char unseen[64];   /* a table that the owner cannot see as a whole; "" */
    instant now;       /* the database's clock */
};
MUST_CHECK enum status store_health_role(struct store *store, struct role_health *health,
                                         struct error *error);

/* The role sees all tenants; without that it would see an empty store. STATUS_CONFIGURATION. */
MUST_CHECK enum status store_health_require_owner(struct store *store, struct error *error);

/* The embedded store's file, page by page: "ok", or what is wrong first. Reads all of it. */
MUST_CHECK enum status store_health_pages(struct store *store, char *said, size_t size,
                                          struct error *error);

/* Some customers, or all that are not erased, in one snapshot. */
typedef enum status store_health_look(struct store_session *session, struct str customer_id,
                                      struct arena *arena, void *context, struct error *error);
MUST_CHECK enum status store_health_each(struct store *store, bool all, store_health_look *look,
                                         void *context, struct error *error);

/* Of a replica, by its place in store.replica from 0: STATUS_UNAVAILABLE when it does not answer or
 * follows nobody. */
struct replica_health {
    int64_t behind_bytes;
    bool follows; /* it is on the primary's timeline, as far as it is known */
};
size_t store_health_replica_count(struct store *store);
MUST_CHECK enum status store_health_replica(struct store *store, size_t index,
                                            struct replica_health *health, struct error *error);

#endif
