/* What a resource is: a row of the table in routes.c. Dispatch, permissions, /openapi.json, metrics
 * and the tests all read it. */
#ifndef ADAPTERS_API_ROUTER_H
#define ADAPTERS_API_ROUTER_H

#include "adapters/api/identity.h"

struct call;

enum route_method { ROUTE_GET, ROUTE_POST, ROUTE_PATCH, ROUTE_DELETE, ROUTE_METHOD_COUNT };

/* How the body is taken. */
enum route_body {
    ROUTE_BODY_NONE,     /* ignored when empty, else refused */
    ROUTE_BODY_JSON,     /* parsed before the handler runs */
    ROUTE_BODY_PATCH,    /* the same; application/merge-patch+json is taken, too */
    ROUTE_BODY_OPTIONAL, /* absent, or a JSON object; of the schema "Empty" without members */
    ROUTE_BODY_UPLOAD    /* CSV or NDJSON, read by the handler in pieces */
};

/* A query parameter; the sentences are for the documentation. */
struct route_parameter {
    struct str name;
    struct str schema; /* JSON: {"type":"string"} */
    struct str meaning;
    bool required;
};

enum {
    ROUTE_QUERY_MAX = 10,
    ROUTE_FAILURES_MAX = 12,
    ROUTE_PLACES_MAX = 3,
    ROUTE_SEGMENTS_MAX = 9
};

/* Public resources ask for no identity. */
#define ROUTE_PUBLIC (-1)

struct route {
    enum route_method method;
    struct str path; /* "/api/v1/crm/customers/{customerId}": places in braces */
    int permission;  /* enum permission, or ROUTE_PUBLIC */
    enum status (*handle)(struct call *call, struct error *error);
    struct str name; /* operationId and the label of metrics */
    struct str summary;
    enum route_body body;
    struct str request;  /* schema of the body; absent: none */
    struct str response; /* schema of the answer; absent: no body; a media type for other content */
    struct str also;     /* another media type that it may have; absent: none */
    int success;         /* status of the good answer */
    bool versioned;      /* answers an ETag and takes If-Match (changes) or If-None-Match (reads) */
    bool unconditional;  /* answers an ETag, but takes no If-Match */
    bool writes;         /* to the store */
    bool asserts;        /* fields, which other sources may outvote */
    bool lags;           /* a read that may show what was a moment ago (store_replicas.h) */
    bool settles;        /* is answered when no read shows any more what was before */
    bool looks_up;       /* profiles by their ids and nothing else */
    struct route_parameter query[ROUTE_QUERY_MAX];
    /* Besides those that follow from the row (failures.c): failures for what the path and the query
     * say, and refusals of what the body says. */
    enum status failures[ROUTE_FAILURES_MAX];
    enum status refusals[ROUTE_FAILURES_MAX];
};

extern const struct route routes[];
extern const size_t routes_count;

#define ROUTE_BASE "/api/v1/crm"

struct str route_method_name(enum route_method method);
/* NULL when the route takes no such query parameter. */
const struct route_parameter *route_query(const struct route *route, struct str name);

/* The table taken apart for finding; read-only after router_init(). */
struct router_entry {
    const struct route *methods[ROUTE_METHOD_COUNT];
    size_t segment_count;
    struct str segments[ROUTE_SEGMENTS_MAX]; /* absent: a place */
};
struct router {
    struct router_entry *entries; /* literal segments before places */
    size_t entry_count;
};
MUST_CHECK enum status router_init(struct router *router, const struct route *table, size_t count,
                                   struct arena *arena);

struct router_match {
    const struct router_entry *entry; /* NULL: no such path */
    struct str places[ROUTE_PLACES_MAX];
};
void router_find(const struct router *router, struct str path, struct router_match *match);
/* "GET, HEAD, PATCH, OPTIONS"; absent when out of memory. */
struct str router_allow(const struct router_entry *entry, struct arena *arena);

#endif
