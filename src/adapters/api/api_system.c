/* The service itself: health, metrics, its description, and the pages for people. */
#include "adapters/api/handlers.h"
#include "adapters/api/internal.h"
#include "console_files.h"
#include "formats/json.h"
#include "formats/metric.h"

static enum status answer_health(struct call *call, struct str state, int status,
                                 struct error *error)
{
    struct buffer out = {.arena = call->arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    json_member_string(&writer, STR("status"), state);
    json_member_string(&writer, STR("version"), call_options(call)->version);
    json_object_end(&writer);
    if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(answer_json(call, status, buffer_str(&out), error));
    http_response_header(call->response, STR("Cache-Control"), STR("no-store"));
    return STATUS_OK;
}

enum status api_system_live(struct call *call, struct error *error)
{
    return answer_health(call, STR("UP"), 200, error);
}

enum status api_system_ready(struct call *call, struct error *error)
{
    if (atomic_load(&call->api->draining) || http_request_draining(call->request))
        return error_set(error, STATUS_UNAVAILABLE, STR(""), STR(""),
                         "this instance is shutting down");
    TRY(store_ready(call_application(call)->store, error));
    return answer_health(call, STR("UP"), 200, error);
}

static void write_build(struct buffer *out, const struct api *api, instant now)
{
    metric_head(out, "customer360_build_info", "gauge", "The running program.");
    buffer_append_format(out, "customer360_build_info{version=\"%.*s\"} 1\n",
                         STR_ARGS(api->options.version));
    metric_count(out, "customer360_uptime_seconds", "gauge", "Time since the start.",
                 (now - api->started_at) / INSTANT_SECOND);
}

/* A store that does not answer is no reason to tell nothing: then these two are missing. */
static void write_backlog(struct buffer *out, struct call *call)
{
    int64_t waiting = 0;
    instant oldest = INSTANT_NONE;
    struct error error;
    if (store_duplicate_backlog(call_application(call)->store, call->arena, &waiting, &oldest,
                                &error) != STATUS_OK)
        return;
    metric_count(out, "customer360_duplicates_waiting", "gauge",
                 "Items of the review queue without a decision.", waiting);
    metric_count(out, "customer360_duplicates_oldest_seconds", "gauge",
                 "Age of the oldest of them.",
                 oldest == INSTANT_NONE ? 0 : (call_now(call) - oldest) / INSTANT_SECOND);
}

enum status api_system_metrics(struct call *call, struct error *error)
{
    const struct api *api = call->api;
    struct buffer out = {.arena = call->arena};
    struct str *names = ARENA_NEW_ARRAY(call->arena, struct str, routes_count + 1);
    struct metrics_source *sources =
        ARENA_NEW_ARRAY(call->arena, struct metrics_source, api->worker_count);
    if (!names || !sources) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < routes_count; i++) names[i] = routes[i].name;
    names[routes_count] = STR("none");
    for (size_t i = 0; i < api->worker_count; i++)
        sources[i] =
            (struct metrics_source){.metrics = &api->workers[i]->metrics,
                                    .connections = http_server_connections(api->workers[i]->server),
                                    .accepted = http_server_accepted(api->workers[i]->server)};
    write_build(&out, api, call_now(call));
    metrics_write(&out, sources, api->worker_count, names, routes_count + 1);
    metrics_write_matching(&out, api->options.application->matching);
    write_backlog(&out, call);
    if (api->options.write_metrics) api->options.write_metrics(api->options.metrics_context, &out);
    if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return answer_text(call, STR("text/plain; version=0.0.4; charset=utf-8"), buffer_str(&out),
                       error);
}

static enum status answer_description(struct call *call, struct str description,
                                      struct error *error)
{
    TRY(answer_json(call, 200, description, error));
    http_response_header(call->response, STR("Cache-Control"), STR("public, max-age=60"));
    return STATUS_OK;
}

enum status api_system_openapi(struct call *call, struct error *error)
{
    return answer_description(call, call->api->openapi, error);
}

enum status api_system_asyncapi(struct call *call, struct error *error)
{
    return answer_description(call, call->api->asyncapi, error);
}

static struct str media_type_of(struct str name)
{
    if (str_ends_with(name, STR(".css"))) return STR("text/css; charset=utf-8");
    if (str_ends_with(name, STR(".js"))) return STR("text/javascript; charset=utf-8");
    if (str_ends_with(name, STR(".svg"))) return STR("image/svg+xml");
    return STR("text/html; charset=utf-8");
}

/* Nothing from elsewhere is loaded, and nobody frames the pages. */
enum status api_system_page(struct call *call, struct error *error)
{
    struct str path = http_request_path(call->request), name = call->places[0];
    if (str_equal(path, STR("/"))) name = STR("index.html");
    if (str_equal(path, STR("/docs"))) name = STR("docs.html");
    for (size_t i = 0; i < console_file_count; i++) {
        if (!str_equal(console_files[i].name, name)) continue;
        struct str text = str_of((const char *)console_files[i].bytes, console_files[i].size);
        http_response_header(call->response, STR("Content-Security-Policy"),
                             STR("default-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
                                 "form-action 'self'"));
        http_response_header(call->response, STR("X-Content-Type-Options"), STR("nosniff"));
        http_response_header(call->response, STR("Cache-Control"), STR("no-cache"));
        return answer_text(call, media_type_of(name), text, error);
    }
    return error_plain(error, STATUS_ROUTE_NOT_FOUND);
}
