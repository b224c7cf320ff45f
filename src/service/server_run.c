/* Running and draining. Each loop drains itself, in its own thread: it stops accepting, looks every
 * few milliseconds whether requests are still under way, and stops when there are none or time is
 * up. */
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "adapters/identity/identity.h"
#include "adapters/jobs/job_service.h"
#include "application/customer_index.h"
#include "base/log.h"
#include "service/sample.h"
#include "service/server.h"

enum {
    DRAIN_LOOK_MS = 10,
    KEYS_LOOK_MS = 5000,
    INDEX_ARENA_BYTES = 64 * 1024 * 1024,
    INDEX_PAUSE_MS = 1000,
    TRACES_FLUSH_MS = 5000
};

static instant now(void)
{
    return environment_system()->now(environment_system());
}

/* --- draining --- */

static void look_whether_idle(void *argument)
{
    struct server_loop *loop = argument;
    loop->drained = http_server_active(loop->http) == 0;
    if (!loop->drained && now() < loop->drain_until &&
        loop_timer_start(loop->loop, DRAIN_LOOK_MS, look_whether_idle, loop))
        return;
    if (!loop->drained)
        log_warn("service.drain_gave_up",
                 LOG_COUNT("requests", (int64_t)http_server_active(loop->http)));
    loop_stop(loop->loop);
}

static void drain_loop(void *argument)
{
    struct server_loop *loop = argument;
    if (loop->drain_until != INSTANT_NONE) { /* asked a second time: at once */
        loop->drain_until = now();
        return;
    }
    int64_t patience_ms = atomic_load(&loop->server->drain_timeout_ms);
    loop->drain_until = now() + patience_ms * (INSTANT_SECOND / 1000);
    http_server_drain(loop->http);
    look_whether_idle(loop);
}

static void stop(struct server *server)
{
    if (!atomic_exchange(&server->stopping, true)) log_info("service.stopping");
    api_drain(server->api);
    presence_leave(server->presence); /* it accepts nothing from now on */
    for (size_t i = 0; i < server->loop_count; i++) {
        struct server_loop *loop = &server->loops[i];
        if (!loop_post(loop->loop, drain_loop, loop)) log_error("service.cannot_drain");
    }
}

/* --- the key set, when its file changes --- */

static void look_at_keys(void *argument)
{
    struct server *server = argument;
    struct error error = {.status = STATUS_OK};
    bool reloaded;
    enum status status = identity_reload_if_changed(server->settings->identity, &reloaded, &error);
    if (reloaded) log_info("identity.reloaded");
    if (status != STATUS_OK)
        log_error("identity.refused", LOG_CODE("code", status_code(status)),
                  LOG_REASON("reason", str_from_cstr(error.message)));
    if (!server->stopping &&
        !loop_timer_start(server->loops[0].loop, KEYS_LOOK_MS, look_at_keys, server))
        log_error("identity.no_longer_watched");
}

/* --- signals --- */

static void on_signal(void *argument, uint32_t events)
{
    struct server *server = argument;
    struct signalfd_siginfo info;
    (void)events;
    while (read(server->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGHUP)
            server_reload(server);
        else
            stop(server);
    }
}

/* --- the sample base, in a thread of its own: the service answers meanwhile --- */

static void *load_sample(void *argument)
{
    struct server *server = argument;
    struct error error = {.status = STATUS_OK};
    int64_t loaded;
    enum status status =
        sample_load(&server->instance.application, &server->stopping, &loaded, &error);
    if (status != STATUS_OK)
        log_error("sample.failed", LOG_CODE("code", status_code(status)),
                  LOG_REASON("reason", str_from_cstr(error.message)));
    else if (loaded == 0)
        log_info("sample.left_alone", LOG_REASON("reason", STR("the store has customers already")));
    else
        log_info("sample.loaded", LOG_COUNT("customers", loaded));
    return NULL;
}

static void start_sample(struct server *server)
{
    if (!server->config->sample) return;
    server->sampling = pthread_create(&server->sample_thread, NULL, load_sample, server) == 0;
}

/* --- customers from before there was a search index, in a thread of its own as well --- */

static void *index_old_customers(void *argument)
{
    struct server *server = argument;
    struct error error = {.status = STATUS_OK};
    enum status status = STATUS_OK;
    struct arena arena;
    bool done = false, failing = false;
    arena_init(&arena, INDEX_ARENA_BYTES);
    while (!done && !atomic_load(&server->stopping)) {
        arena_reset(&arena);
        status = customer_index_catch_up(&server->instance.application, &arena, &done, &error);
        if (status != STATUS_OK && !failing)
            log_error("search.catching_up_fails", LOG_CODE("code", status_code(status)),
                      LOG_REASON("reason", str_from_cstr(error.message)));
        failing = status != STATUS_OK;
        if (failing) (void)poll(NULL, 0, INDEX_PAUSE_MS);
    }
    arena_release(&arena);
    return NULL;
}

static void start_tracer(struct server *server)
{
    struct error error = {.status = STATUS_OK};
    if (server->tracer && tracer_start(server->tracer, &error) != STATUS_OK)
        log_error("traces.not_started", LOG_CODE("code", status_code(error.status)));
}

static void share_rates(void *argument, int64_t instances)
{
    struct server *server = argument;
    api_set_instances(server->api, instances);
}

/* An embedded store has no other instances. */
static void start_presence(struct server *server)
{
    if (server->instance.kind != STORE_KIND_POSTGRES) return;
    struct error error = {.status = STATUS_OK};
    const struct presence_options options = {.application = &server->instance.application,
                                             .lease_ms = server->config->http_rate_limit_lease,
                                             .told = share_rates,
                                             .argument = server};
    if (presence_start(&options, &server->presence, &error) != STATUS_OK)
        log_error("instances.not_started", LOG_CODE("code", status_code(error.status)));
}

/* Of the feed. */
static void start_readers(struct server *server)
{
    struct error error = {.status = STATUS_OK};
    if (server->relay && relay_start(server->relay, &error) != STATUS_OK)
        log_error("relay.not_started", LOG_CODE("code", status_code(error.status)));
    if (server->deliverer && deliverer_start(server->deliverer, &error) != STATUS_OK)
        log_error("webhooks.not_started", LOG_CODE("code", status_code(error.status)));
}

static void start_consumer(struct server *server)
{
    struct error error = {.status = STATUS_OK};
    if (server->consumer && consumer_start(server->consumer, &error) != STATUS_OK)
        log_error("consumer.not_started", LOG_CODE("code", status_code(error.status)));
}

/* --- running --- */

static void *run_loop(void *argument)
{
    struct server_loop *loop = argument;
    loop_run(loop->loop);
    return NULL;
}

static void start_threads(struct server *server)
{
    for (size_t i = 1; i < server->loop_count; i++) {
        struct server_loop *loop = &server->loops[i];
        loop->started = pthread_create(&loop->thread, NULL, run_loop, loop) == 0;
        if (!loop->started) log_error("service.no_thread", LOG_COUNT("loop", (int64_t)i));
    }
}

static void stop_loop(void *argument)
{
    loop_stop(argument);
}

static void stop_sequencer(void *argument)
{
    struct server *server = argument;
    postgres_sequencer_stop(server->sequencer, stop_loop, server->loops[0].loop);
}

/* What is traced of all else is there by then. */
static int64_t flush_ms(const struct server *server)
{
    int64_t patience = atomic_load(&server->drain_timeout_ms);
    return patience < TRACES_FLUSH_MS ? patience : TRACES_FLUSH_MS;
}

static void stop_watch(void *argument)
{
    struct server *server = argument;
    replica_watch_stop(server->watch, stop_loop, server->loops[0].loop);
}

/* When requests are done: all else that writes, and last what gives its events their place. */
static void wind_down(struct server *server)
{
    struct loop *first = server->loops[0].loop;
    for (size_t i = 1; i < server->loop_count; i++)
        if (server->loops[i].started) (void)pthread_join(server->loops[i].thread, NULL);
    presence_stop(server->presence);
    server->presence = NULL;
    if (server->sampling) (void)pthread_join(server->sample_thread, NULL);
    if (server->indexing) (void)pthread_join(server->index_thread, NULL);
    if (server->consumer) consumer_stop(server->consumer);
    job_service_free(server->jobs);
    server->jobs = NULL;
    if (server->sequencer && loop_post(first, stop_sequencer, server)) loop_run(first);
    if (server->watch && loop_post(first, stop_watch, server)) loop_run(first);
    if (server->relay) relay_stop(server->relay, atomic_load(&server->drain_timeout_ms));
    if (server->deliverer)
        deliverer_stop(server->deliverer, atomic_load(&server->drain_timeout_ms));
    if (server->tracer) tracer_stop(server->tracer, flush_ms(server));
    loop_unwatch(first, server->signals);
}

void server_run(struct server *server)
{
    struct loop *first = server->loops[0].loop;
    enum status status = loop_watch(first, server->signals, EPOLLIN, on_signal, server);
    if (status != STATUS_OK) {
        log_error("service.no_signals", LOG_CODE("code", status_code(status)));
        return;
    }
    start_presence(server);
    start_threads(server);
    look_at_keys(server);
    start_sample(server);
    start_tracer(server);
    start_readers(server);
    start_consumer(server);
    server->indexing =
        pthread_create(&server->index_thread, NULL, index_old_customers, server) == 0;
    loop_run(first);
    wind_down(server);
    log_info("service.stopped");
}
