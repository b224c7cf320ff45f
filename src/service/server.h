/* The running service: loops, listeners, signals, and the way down.
 *
 *     struct server server;
 *     TRY(server_open(&config, &arena, &server, &error));      everything that can be refused
 *     server_run(&server);                                    until SIGTERM or SIGINT, then drained
 *     server_close(&server);
 *
 * SIGTERM and SIGINT: accepting stops, /readyz says no, followed feeds end, requests under way are
 * finished within http.drain_timeout; a second signal ends at once. SIGHUP: key set and policies
 * are read again. The key set is also read when its file changes.
 */
#ifndef SERVICE_SERVER_H
#define SERVICE_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

#include "adapters/api/api.h"
#include "adapters/store/postgres_sequencer.h"
#include "service/instance.h"

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

struct server {
    const struct config_values *config;
    struct instance instance;
    struct identity *identity;
    struct job_runner *jobs;
    struct api *api;
    struct postgres_sequencer *sequencer; /* NULL but for PostgreSQL */
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

MUST_CHECK enum status server_open(const struct config_values *config, struct arena *arena,
                                   struct server *server, struct error *error);
/* "http://127.0.0.1:9401" */
struct str server_url(const struct server *server, struct arena *arena);
void server_run(struct server *server);
/* Also after a failed server_open. */
void server_close(struct server *server);

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
