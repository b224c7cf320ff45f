/* The running service: loops, listeners, signals, and the way down.
 *
 *     struct server server;
 *     TRY(server_open(&config, &arena, &server, &error));      everything that can be refused
 *     server_run(&server);                                    until SIGTERM or SIGINT, then drained
 *     server_close(&server);
 *
 * SIGTERM and SIGINT: accepting stops, /readyz says no, followed feeds end, requests under way are
 * finished within http.drain_timeout; a second signal ends at once. SIGHUP: the configuration and
 * the files that it names are read again (server_reload.c). The key set is also read when its file
 * changes.
 */
#ifndef SERVICE_SERVER_H
#define SERVICE_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

#include "adapters/api/api.h"
#include "adapters/events/consumer.h"
#include "adapters/events/relay.h"
#include "adapters/store/postgres_sequencer.h"
#include "adapters/store/replica_watch.h"
#include "adapters/webhooks/deliverer.h"
#include "service/instance.h"
#include "service/presence.h"

struct server;

/* One loop, in a thread of its own but for the first. */
struct server_loop {
    struct server *server;
    struct loop *loop;
    struct http_server *http;
    pthread_t thread;
    bool started;
    instant drain_until; /* INSTANT_NONE while it serves */
    bool drained;        /* all requests were finished when it stopped */
};

/* What one reading of the configuration made. A request may be using an older one, so they are
 * kept until the end. */
struct server_settings {
    struct server_settings *older;
    struct arena arena;
    struct config_values values;
    struct identity *identity;
    struct http_credentials *credentials; /* NULL: plain HTTP */
};

/* How the configuration is read again. */
struct server_source {
    enum status (*read)(const void *context, struct arena *arena, struct config *config,
                        struct error *error);
    const void *context;
};

struct server {
    struct server_source source;
    const struct config_values *config; /* of `settings`; the first loop's thread alone */
    struct server_settings *settings;
    _Atomic int64_t drain_timeout_ms;
    struct instance instance;
    struct job_runner *jobs;
    struct api *api;
    struct postgres_sequencer *sequencer; /* NULL but for PostgreSQL */
    struct tracer *tracer;                /* NULL: nothing is traced */
    struct replica_watch *watch;          /* NULL: there are no replicas */
    struct relay *relay;                  /* NULL: nothing is published to Kafka */
    struct consumer *consumer;            /* NULL: nothing is read from it */
    struct deliverer *deliverer;          /* NULL: there are no webhooks */
    struct presence *presence;            /* among other instances; NULL: it does not run */
    struct server_loop *loops;
    size_t loop_count;
    int signals; /* signalfd */
    _Atomic bool stopping;
    pthread_t index_thread;
    bool indexing;
    pthread_t sample_thread;
    bool sampling; /* the thread was started */
    struct str host;
    uint16_t port; /* that was bound */
};

MUST_CHECK enum status server_open(const struct config_values *config,
                                   const struct server_source *source, struct arena *arena,
                                   struct server *server, struct error *error);
/* "http://127.0.0.1:9401" */
struct str server_url(const struct server *server, struct arena *arena);
void server_run(struct server *server);
/* Also after a failed server_open. */
void server_close(struct server *server);

/* Makes settings from values, whose texts live as long; and takes a new configuration, or says in
 * the log why not. In the first loop's thread. */
MUST_CHECK enum status server_settings_new(const struct config_values *values,
                                           struct server_settings **settings, struct error *error);
void server_settings_free(struct server_settings *settings);
void server_reload(struct server *server);

/* "127.0.0.1:9401", "[::1]:9401", "localhost:0" to host and port. */
bool server_parse_listen(struct str text, struct str *host, uint16_t *port);
bool server_is_loopback(struct str host);
/* jobs.directory, or what stands for it. Absent when out of memory. */
struct str server_jobs_directory(const struct config_values *config, struct arena *arena);
/* Binds and lets go again. STATUS_CONFIGURATION says why not. */
MUST_CHECK enum status server_try_listen(struct str host, uint16_t port, struct error *error);
/* Of the configured kind. */
MUST_CHECK enum status server_open_identity(const struct config_values *config,
                                            struct identity **identity, struct error *error);

#endif
