/* The HTTP API: from a request to a use case and back.
 *
 * One `struct api` serves the whole process; each event loop listens with api_listen(). What a
 * path, a method and a permission are stands in one table, routes.c; how a status looks over HTTP
 * in another, errors.c. Handlers are one file per resource.
 *
 *     struct api *api;
 *     TRY(api_new(&options, &api, &error));
 *     for each loop: TRY(api_listen(api, loop, &server, &error));
 *     ... run the loops; at the end api_drain(api) and http_server_drain() on each loop ...
 *     api_free(api);          after the servers were freed
 */
#ifndef ADAPTERS_API_API_H
#define ADAPTERS_API_API_H

#include "adapters/api/identity.h"
#include "adapters/api/job_runner.h"
#include "adapters/tracing/tracer.h"

/* Every limit of a request, from configuration. */
struct api_limits {
    size_t body_max_bytes;
    size_t upload_max_bytes; /* of an import; 0: no limit */
    size_t header_max_bytes;
    size_t connections_max;     /* per loop */
    size_t request_arena_bytes; /* memory of one request */
    size_t streams_max;         /* followed event feeds per loop */
    int64_t idle_timeout_ms;
    int64_t stream_poll_ms;      /* how often a followed feed asks for news */
    int64_t stream_heartbeat_ms; /* how often it says that it is alive */
    int64_t rate_per_second;     /* requests of one tenant, on all instances; 0: no limit */
    int64_t caller_per_second;   /* the same of one caller */
    int64_t read_wait_max_ms;    /* what would wait longer is refused; 0: nothing is */
    int64_t write_wait_max_ms;
};

#define API_LIMITS_DEFAULT                                                                         \
    ((struct api_limits){.body_max_bytes = 1 << 20,                                                \
                         .upload_max_bytes = (size_t)4 << 30,                                      \
                         .header_max_bytes = 12 << 10,                                             \
                         .connections_max = 4096,                                                  \
                         .request_arena_bytes = 64 << 20,                                          \
                         .streams_max = 256,                                                       \
                         .idle_timeout_ms = 60000,                                                 \
                         .stream_poll_ms = 100,                                                    \
                         .stream_heartbeat_ms = 15000,                                             \
                         .read_wait_max_ms = 10,                                                   \
                         .write_wait_max_ms = 25})

struct api_options {
    struct application *application;
    struct identity *identity; /* until api_set_identity() */
    struct job_runner *jobs;   /* NULL: imports and exports answer 503 */
    struct api_limits limits;
    struct str host;
    uint16_t port;
    struct http_credentials *credentials; /* NULL: plain HTTP */
    struct str version;                   /* of the program: build info and API description */
    struct tracer *tracer;                /* NULL: nothing is traced */
    struct str store_system;              /* db.system.name of its spans */
    bool lag_unasked;      /* reads may lag though nobody asked for it (store_replicas.h) */
    struct str public_url; /* for the API description; empty: as asked */
    /* Appends further metrics in Prometheus' text form (the store's counters); may be NULL. Called
     * on any loop. */
    void (*write_metrics)(void *context, struct buffer *out);
    void *metrics_context;
};

struct api;

/* The strings of `options` must live as long as the API. */
MUST_CHECK enum status api_new(const struct api_options *options, struct api **api,
                               struct error *error);
/* At most API_WORKERS_MAX times, before any loop runs. */
enum { API_WORKERS_MAX = 256 };
MUST_CHECK enum status api_listen(struct api *api, struct loop *loop, struct http_server **server,
                                  struct error *error);
/* Another answer to who asks, for requests from now on; the one before may be in use and must live
 * as long as the API. Thread-safe, as the next one. */
void api_set_identity(struct api *api, struct identity *identity);
void api_set_rates(struct api *api, int64_t of_tenant, int64_t of_caller);
void api_set_instances(struct api *api, int64_t instances);
void api_set_waits(struct api *api, int64_t read_max_ms, int64_t write_max_ms);
/* From now on /readyz says no and long streams end. Thread-safe. */
void api_drain(struct api *api);
void api_free(struct api *api);

#endif
