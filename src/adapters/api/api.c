/* Putting the parts together: one API for the process, one worker per loop. */
#include "adapters/api/api.h"

#include <stdlib.h>

#include "adapters/api/internal.h"
#include "adapters/api/openapi.h"
#include "adapters/events/asyncapi.h"

enum { PROCESS_ARENA_BYTES = 8 << 20, FILE_THREADS = 2 };

static enum status fill(struct api *api, struct error *error)
{
    struct hash_key key;
    struct environment *environment = api->options.application->environment;
    if (routes_count >= METRICS_ROUTES_MAX ||
        router_init(&api->router, routes, routes_count, &api->arena) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    api->openapi = openapi_write(&api->options, &api->arena);
    api->asyncapi = asyncapi_write(api->options.version, &api->arena);
    if (str_is_none(api->openapi) || str_is_none(api->asyncapi))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    environment->random(environment, &key, sizeof(key));
    const int64_t rates[API_RATES] = {
        [API_RATE_TENANT] = api->options.limits.rate_per_second,
        [API_RATE_CALLER] = api->options.limits.caller_per_second,
    };
    for (int i = 0; i < API_RATES; i++)
        if (!(api->rates[i] = rate_new(rates[i], key)))
            return error_plain(error, STATUS_OUT_OF_MEMORY);
    api_set_waits(api, api->options.limits.read_wait_max_ms, api->options.limits.write_wait_max_ms);
    atomic_store(&api->identity, api->options.identity);
    api->files = offload_new(FILE_THREADS);
    if (!api->files) return error_plain(error, STATUS_OUT_OF_MEMORY);
    api->started_at = environment->now(environment);
    return STATUS_OK;
}

enum status api_new(const struct api_options *options, struct api **out, struct error *error)
{
    struct api *api = calloc(1, sizeof(*api));
    *out = NULL;
    if (!api) return error_plain(error, STATUS_OUT_OF_MEMORY);
    api->options = *options;
    arena_init(&api->arena, PROCESS_ARENA_BYTES);
    enum status status = fill(api, error);
    if (status != STATUS_OK) {
        api_free(api);
        return status;
    }
    *out = api;
    return STATUS_OK;
}

static struct http_options engine_options(struct api *api, struct api_worker *worker)
{
    const struct api_limits *limits = &api->options.limits;
    return (struct http_options){.host = api->options.host,
                                 .port = api->options.port,
                                 .body_max_bytes = limits->body_max_bytes,
                                 .connections_max = limits->connections_max,
                                 .header_max_bytes = limits->header_max_bytes,
                                 .stream_max_bytes = limits->upload_max_bytes,
                                 .idle_timeout_ms = limits->idle_timeout_ms,
                                 .request_arena_bytes = limits->request_arena_bytes,
                                 .credentials = api->options.credentials,
                                 .handle = dispatch_request,
                                 .refuse = dispatch_refusal,
                                 .context = worker};
}

enum status api_listen(struct api *api, struct loop *loop, struct http_server **server,
                       struct error *error)
{
    struct environment *environment = api->options.application->environment;
    if (api->worker_count == API_WORKERS_MAX) return error_plain(error, STATUS_LIMIT_EXCEEDED);
    struct api_worker *worker = calloc(1, sizeof(*worker));
    if (!worker) return error_plain(error, STATUS_OUT_OF_MEMORY);
    worker->api = api;
    worker->loop = loop;
    environment->random(environment, &worker->ids, sizeof(worker->ids));
    worker->gzip = coding_new();
    struct http_options options = engine_options(api, worker);
    enum status status = worker->gzip ? http_server_new(loop, &options, &worker->server, error)
                                      : error_plain(error, STATUS_OUT_OF_MEMORY);
    if (status != STATUS_OK) {
        coding_free(worker->gzip);
        free(worker);
        return status;
    }
    /* All loops share the port that the first one got. */
    api->options.port = http_server_port(worker->server);
    api->workers[api->worker_count++] = worker;
    *server = worker->server;
    return STATUS_OK;
}

void api_set_identity(struct api *api, struct identity *identity)
{
    atomic_store(&api->identity, identity);
}

void api_set_rates(struct api *api, int64_t of_tenant, int64_t of_caller)
{
    rate_set(api->rates[API_RATE_TENANT], of_tenant);
    rate_set(api->rates[API_RATE_CALLER], of_caller);
}

void api_set_instances(struct api *api, int64_t instances)
{
    for (int i = 0; i < API_RATES; i++) rate_share(api->rates[i], instances);
}

void api_set_waits(struct api *api, int64_t read_max_ms, int64_t write_max_ms)
{
    admission_set(&api->admission, read_max_ms * 1000, write_max_ms * 1000);
}

void api_drain(struct api *api)
{
    atomic_store(&api->draining, true);
}

void api_free(struct api *api)
{
    if (!api) return;
    for (size_t i = 0; i < api->worker_count; i++) {
        coding_free(api->workers[i]->gzip);
        free(api->workers[i]);
    }
    offload_free(api->files);
    for (int i = 0; i < API_RATES; i++) rate_free(api->rates[i]);
    arena_release(&api->arena);
    free(api);
}
