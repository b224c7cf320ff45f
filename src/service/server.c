/* Opening and closing: everything in the order of its dependencies, and back. */
#include "service/server.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/identity/identity.h"
#include "adapters/identity/network.h"
#include "adapters/jobs/job_service.h"
#include "base/log.h"
#include "formats/metric.h"
#include "service/consuming.h"
#include "service/files.h"
#include "service/process_metrics.h"
#include "service/publishing.h"
#include "service/tracing.h"
#include "service/version.h"
#include "service/webhook_delivery.h"

enum { DESCRIPTORS_SPARE = 256, STREAMS_MAX = 256, STREAM_POLL_MS = 100, HEARTBEAT_MS = 15000 };

/* --- the address --- */

bool server_parse_listen(struct str text, struct str *host, uint16_t *port)
{
    struct str rest = text;
    int64_t number;
    if (rest.len > 0 && rest.ptr[0] == '[') {
        rest = str_skip(rest, 1);
        if (!str_split(&rest, ']', host) || rest.len == 0 || rest.ptr[0] != ':') return false;
        rest = str_skip(rest, 1);
    } else {
        if (!str_split(&rest, ':', host) || str_is_none(rest)) return false;
        if (str_equal(*host, STR("localhost"))) *host = STR("127.0.0.1");
    }
    struct network address;
    if (!network_parse(*host, &address) || address.bits != 128) return false;
    if (!str_to_int64(rest, &number) || number < 0 || number > UINT16_MAX) return false;
    *port = (uint16_t)number;
    return true;
}

bool server_is_loopback(struct str host)
{
    struct network loopback;
    if (str_equal(host, STR("::1"))) return true;
    return network_parse(STR("127.0.0.0/8"), &loopback) && network_has(&loopback, host);
}

enum status server_try_listen(struct str host, uint16_t port, struct error *error)
{
    char name[64], number[8];
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_PASSIVE};
    struct addrinfo *address = NULL;
    int one = 1, reason = EINVAL;
    (void)snprintf(name, sizeof(name), "%.*s", STR_ARGS(host));
    (void)snprintf(number, sizeof(number), "%u", port);
    if (getaddrinfo(name, number, &wanted, &address) == 0) {
        int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        reason = bind(fd, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
        if (fd >= 0) (void)close(fd);
        freeaddrinfo(address);
    }
    if (reason == 0) return STATUS_OK;
    return error_set(error, STATUS_CONFIGURATION, STR("http.listen"), STR("a free port"),
                     "cannot listen on %s port %s: %s", name, number, strerror(reason));
}

static enum status check_address(struct server *server, struct error *error)
{
    const struct config_values *config = server->config;
    if (!server_parse_listen(config->http_listen, &server->host, &server->port))
        return error_set(error, STATUS_CONFIGURATION, STR("http.listen"),
                         STR("127.0.0.1:9401, 0.0.0.0:9401, [::]:9401"),
                         "http.listen: \"%.*s\" is no address and port",
                         STR_ARGS(config->http_listen));
    if (config->dev && !server_is_loopback(server->host))
        return error_set(error, STATUS_CONFIGURATION, STR("http.listen"), STR("127.0.0.1, [::1]"),
                         "development mode asks nobody who they are, so it serves loopback only, "
                         "not %.*s",
                         STR_ARGS(server->host));
    return STATUS_OK;
}

/* --- the parts --- */

enum status server_open_identity(const struct config_values *config, struct identity **identity,
                                 struct error *error)
{
    *identity = NULL;
    if (!config->dev && str_is_empty(config->identity_jwks_file) &&
        config->identity_gateway_peers.count == 0)
        return error_set(error, STATUS_CONFIGURATION, STR("identity.jwks_file"),
                         STR("identity.jwks_file, identity.gateway_peers, or --dev"),
                         "there is no way to know who asks, so nobody could be served");
    const struct identity_options options = {
        .development = config->dev,
        .gateway_peers = config->identity_gateway_peers.items,
        .gateway_peer_count = config->identity_gateway_peers.count,
        .jwks_file = config->identity_jwks_file,
        .rules = {.issuer = config->identity_jwt_issuer,
                  .audience = config->identity_jwt_audience,
                  .leeway_ms = config->identity_jwt_leeway,
                  .token_max_bytes = (size_t)config->identity_jwt_token_max,
                  .tenant_claim = config->identity_jwt_tenant_claim,
                  .user_claim = config->identity_jwt_user_claim,
                  .permissions_claim = config->identity_jwt_permissions_claim},
        .cache_capacity = (size_t)config->identity_jwt_cache,
        .environment = environment_system(),
    };
    return identity_new(&options, identity, error);
}

struct str server_jobs_directory(const struct config_values *config, struct arena *arena)
{
    struct str store = instance_store_path(config), host;
    uint16_t port = 0;
    if (!str_is_empty(config->jobs_directory)) return config->jobs_directory;
    if (!str_is_none(store)) return arena_format(arena, "%.*s-jobs", STR_ARGS(store));
    (void)server_parse_listen(config->http_listen, &host, &port);
    return arena_format(arena, "data/jobs-%d", port ? port : (int)getpid());
}

static enum status open_jobs(struct server *server, struct arena *arena, struct error *error)
{
    const struct config_values *config = server->config;
    struct str directory = server_jobs_directory(config, arena);
    if (str_is_none(directory)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(files_make_directory(directory, 0750, arena, error));
    const struct job_service_options options = {
        .application = &server->instance.application,
        .directory = directory,
        .batch = (size_t)config->jobs_batch,
        .memory_bytes = (size_t)config->jobs_memory,
        .keep_ms = config->jobs_keep,
        .letters_keep_ms = config->kafka_letters_keep,
        .lease_ms = config->jobs_lease,
        .scan_memory_bytes = (uint64_t)config->jobs_scan_memory,
    };
    return job_service_new(&options, &server->jobs, error);
}

static size_t wanted_loops(const struct config_values *config)
{
    if (config->http_loops > 0) return (size_t)config->http_loops;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (cores < 1) return 1;
    return cores > API_WORKERS_MAX ? API_WORKERS_MAX : (size_t)cores;
}

/* As many connections as there are descriptors for: past that nobody could be
 * accepted, and the store could open no file. */
static size_t connections_per_loop(const struct config_values *config)
{
    struct rlimit limit;
    int64_t wanted = config->http_connections_max;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return (size_t)wanted;
    int64_t all = (int64_t)limit.rlim_cur;
    int64_t spare = all / 2 < DESCRIPTORS_SPARE ? all / 2 : DESCRIPTORS_SPARE;
    int64_t most = (all - spare) / (int64_t)wanted_loops(config);
    if (most < 1) most = 1;
    if (wanted <= most) return (size_t)wanted;
    log_warn("service.connections_are_fewer", LOG_COUNT("wanted", wanted), LOG_COUNT("most", most),
             LOG_REASON("reason", STR("the limit of descriptors (LimitNOFILE) allows no more")));
    return (size_t)most;
}

static void write_metrics(void *context, struct buffer *out)
{
    const struct server *server = context;
    process_metrics_write(out);
    metric_count(out, "customer360_instances", "gauge",
                 "Instances that share the rate limits, as far as this one knows.",
                 presence_instances(server->presence));
    if (server->instance.kind != STORE_KIND_MEMORY) {
        sql_search_write_metrics(server->instance.store, out);
        sql_write_groups_write_metrics(server->instance.store, out);
        replica_watch_write_metrics(server->instance.store, out);
    }
    if (server->relay) relay_write_metrics(server->relay, out);
    if (server->consumer) consumer_write_metrics(server->consumer, out);
    if (server->deliverer) deliverer_write_metrics(server->deliverer, out);
    if (server->tracer) tracer_write_metrics(server->tracer, out);
}

static enum status open_api(struct server *server, struct error *error)
{
    const struct config_values *config = server->config;
    const struct api_options options = {
        .application = &server->instance.application,
        .identity = server->settings->identity,
        .jobs = server->jobs,
        .limits = {.body_max_bytes = (size_t)config->http_body_max,
                   .upload_max_bytes = (size_t)config->http_upload_max,
                   .header_max_bytes = (size_t)config->http_header_max,
                   .connections_max = connections_per_loop(config),
                   .request_arena_bytes = (size_t)config->http_request_memory,
                   .streams_max = STREAMS_MAX,
                   .idle_timeout_ms = config->http_idle_timeout,
                   .stream_poll_ms = STREAM_POLL_MS,
                   .stream_heartbeat_ms = HEARTBEAT_MS,
                   .rate_per_second = config->http_rate_limit,
                   .caller_per_second = config->http_rate_limit_caller,
                   .read_wait_max_ms = config->http_read_wait_max,
                   .write_wait_max_ms = config->http_write_wait_max},
        .host = server->host,
        .port = server->port,
        .version = STR(CUSTOMER360_VERSION),
        .public_url = config->http_public_url,
        .tracer = server->tracer,
        .store_system = instance_store_system(server->instance.kind),
        .write_metrics = write_metrics,
        .metrics_context = server,
        .credentials = server->settings->credentials,
        .lag_unasked = str_equal(config->store_replica_reads, STR("all")),
    };
    return api_new(&options, &server->api, error);
}

/* New events can be read. */
static void feed_has_grown(void *argument)
{
    struct server *server = argument;
    if (server->relay) relay_wake(server->relay);
    if (server->deliverer) deliverer_wake(server->deliverer);
}

static enum status open_feed(struct server *server, struct error *error)
{
    struct store *store = server->instance.store;
    struct loop *first = server->loops[0].loop;
    if (server->instance.kind == STORE_KIND_POSTGRES)
        TRY(replica_watch_start(store, first, &server->watch, error));
    if (server->instance.kind == STORE_KIND_POSTGRES)
        return postgres_sequencer_start(store, first, feed_has_grown, server, &server->sequencer,
                                        error);
    if (server->instance.kind == STORE_KIND_SQLITE)
        sql_store_set_committed(store, feed_has_grown, server);
    return STATUS_OK;
}

static enum status open_loops(struct server *server, struct arena *arena, struct error *error)
{
    size_t wanted = wanted_loops(server->config);
    server->loops = ARENA_NEW_ARRAY(arena, struct server_loop, wanted);
    if (!server->loops) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < wanted; i++) {
        struct server_loop *loop = &server->loops[server->loop_count++];
        loop->server = server;
        loop->drain_until = INSTANT_NONE;
        loop->loop = loop_new(0);
        if (!loop->loop) return error_plain(error, STATUS_OUT_OF_MEMORY);
        TRY(api_listen(server->api, loop->loop, &loop->http, error));
    }
    server->port = http_server_port(server->loops[0].http);
    return open_feed(server, error);
}

/* Signals are read from a descriptor by the first loop; blocked before any thread is made, so that
 * all threads have them blocked. */
static enum status open_signals(struct server *server, struct error *error)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    server->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return server->signals >= 0 ? STATUS_OK : error_plain(error, STATUS_IO);
}

/* A connection is a descriptor: as many as the system lets us have. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

enum status server_open(const struct config_values *config, const struct server_source *source,
                        struct arena *arena, struct server *server, struct error *error)
{
    *server = (struct server){.source = *source,
                              .config = config,
                              .drain_timeout_ms = config->http_drain_timeout,
                              .signals = -1};
    TRY(check_address(server, error));
    raise_descriptor_limit();
    TRY(open_signals(server, error));
    TRY(server_settings_new(config, &server->settings, error));
    /* The loops share the port (SO_REUSEPORT), and so would another process, unnoticed. */
    if (server->port != 0) TRY(server_try_listen(server->host, server->port, error));
    TRY(instance_open(config, arena, &server->instance, error));
    TRY(open_jobs(server, arena, error));
    TRY(tracing_open(config, arena, &server->tracer, error));
    TRY(publishing_open(config, server->instance.store, server->tracer, arena, &server->relay,
                        error));
    TRY(consuming_open(config, &server->instance.application, server->tracer, arena,
                       &server->consumer, error));
    TRY(webhook_delivery_open(config, &server->instance, server->tracer, &server->deliverer,
                              error));
    TRY(open_api(server, error));
    return open_loops(server, arena, error);
}

struct str server_url(const struct server *server, struct arena *arena)
{
    const char *scheme = str_is_empty(server->config->tls_certificate) ? "http" : "https";
    const char *form = str_find_char(server->host, ':') >= 0 ? "%s://[%.*s]:%u" : "%s://%.*s:%u";
    return arena_format(arena, form, scheme, STR_ARGS(server->host), server->port);
}

/* A loop with unfinished requests is left as it is: its coroutines cannot be ended from outside,
 * and the process is about to end. */
static bool is_idle(const struct server *server, size_t index)
{
    return server->loops[index].drained || !server->stopping;
}

static bool close_listeners(struct server *server)
{
    bool all = true;
    for (size_t i = 0; i < server->loop_count; i++) {
        all = all && is_idle(server, i);
        if (is_idle(server, i) && server->loops[i].http) http_server_free(server->loops[i].http);
    }
    return all;
}

static void close_consumer(struct server *server)
{
    if (!server->consumer) return;
    consumer_stop(server->consumer);
    consumer_free(server->consumer);
    server->consumer = NULL;
}

static void close_readers(struct server *server)
{
    if (server->relay) relay_stop(server->relay, 0);
    if (server->deliverer) deliverer_stop(server->deliverer, 0);
    if (server->instance.kind == STORE_KIND_SQLITE && server->instance.store)
        sql_store_set_committed(server->instance.store, NULL, NULL);
    relay_free(server->relay);
    webhook_delivery_close(&server->instance, server->deliverer);
    server->relay = NULL;
    server->deliverer = NULL;
}

void server_close(struct server *server)
{
    bool all = close_listeners(server);
    job_service_free(server->jobs);
    close_consumer(server);
    close_readers(server);
    if (server->tracer) tracer_stop(server->tracer, 0);
    if (all) api_free(server->api);
    if (all) tracer_free(server->tracer);
    if (all) server_settings_free(server->settings);
    instance_close(&server->instance); /* connections belong to loops, so loops go last */
    for (size_t i = 0; i < server->loop_count; i++)
        if (is_idle(server, i) && server->loops[i].loop) loop_free(server->loops[i].loop);
    if (server->signals >= 0) (void)close(server->signals);
}
