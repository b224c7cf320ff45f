/* From the engine to a handler: route, identity, permission, rate, query, media types, body, in
 * this order, so that nobody sends a body which is refused anyway; and from whatever came of it to
 * an answer, a count and a line in the log. */
#include <time.h>

#include "adapters/api/errors.h"
#include "adapters/api/failures.h"
#include "adapters/api/idempotency.h"
#include "adapters/api/internal.h"
#include "adapters/api/lagging.h"
#include "adapters/api/negotiate.h"
#include "adapters/api/request_span.h"
#include "base/clock.h"
#include "base/log.h"
#include "formats/csv.h"
#include "formats/json.h"

static void begin(struct call *call, struct api_worker *worker, struct http_request *request,
                  struct http_response *response)
{
    call->api = worker->api;
    call->application = worker->api->options.application;
    call->worker = worker;
    call->request = request;
    call->response = response;
    call->arena = http_request_arena(request);
    (void)trace_parse(http_request_header(request, STR("traceparent")), &call->trace);
}

static int find_method(struct str method)
{
    if (str_equal(method, STR("HEAD"))) return ROUTE_GET;
    for (int m = 0; m < ROUTE_METHOD_COUNT; m++)
        if (str_equal(method, route_method_name((enum route_method)m))) return m;
    return -1;
}

static void allow(struct call *call, const struct router_entry *entry)
{
    http_response_header(call->response, STR("Allow"), router_allow(entry, call->arena));
}

static enum status find_route(struct call *call, struct error *error)
{
    struct router_match match;
    struct str method = http_request_method(call->request);
    router_find(&call->api->router, http_request_path(call->request), &match);
    if (!match.entry)
        return error_set(error, STATUS_ROUTE_NOT_FOUND, STR(""),
                         STR("a path of /openapi.json; none but / ends in a slash"), "%.*s",
                         STR_ARGS(status_meaning(STATUS_ROUTE_NOT_FOUND)));
    int which = find_method(method);
    if (which < 0 || !match.entry->methods[which]) {
        struct str allowed = router_allow(match.entry, call->arena);
        allow(call, match.entry);
        return error_set(error, STATUS_METHOD_NOT_ALLOWED, STR(""), allowed, "%s", "");
    }
    call->route = match.entry->methods[which];
    for (size_t i = 0; i < ROUTE_PLACES_MAX; i++) call->places[i] = match.places[i];
    return STATUS_OK;
}

/* OPTIONS tells what a path takes; it is nobody's secret. */
static bool answer_options(struct call *call)
{
    struct router_match match;
    if (!str_equal(http_request_method(call->request), STR("OPTIONS"))) return false;
    struct str path = http_request_path(call->request);
    if (str_equal(path, STR("*"))) {
        http_response_header(call->response, STR("Allow"),
                             STR("GET, HEAD, POST, PATCH, DELETE, OPTIONS"));
    } else {
        router_find(&call->api->router, path, &match);
        if (!match.entry) return false;
        allow(call, match.entry);
    }
    http_response_status(call->response, 204);
    return true;
}

static void tell_number(struct call *call, struct str header, int64_t number)
{
    http_response_header(call->response, header,
                         arena_format(call->arena, "%lld", (long long)number));
}

/* The fields of draft-ietf-httpapi-ratelimit-headers, and those of its early versions, which more
 * clients read; they tell of the limit that is nearest. */
static void tell_rates(struct call *call, const struct rate_answer *answers)
{
    static const char *const names[API_RATES] = {"tenant", "caller"};
    struct buffer policy = {.arena = call->arena}, state = {.arena = call->arena};
    const struct rate_answer *nearest = NULL;
    for (int i = 0; i < API_RATES; i++) {
        const struct rate_answer *answer = &answers[i];
        if (answer->limit == 0) continue;
        const char *comma = nearest ? ", " : "";
        buffer_append_format(&policy, "%s\"%s\";q=%lld;w=1", comma, names[i],
                             (long long)answer->limit);
        buffer_append_format(&state, "%s\"%s\";r=%lld;t=1", comma, names[i],
                             (long long)answer->remaining);
        if (!nearest || answer->remaining < nearest->remaining) nearest = answer;
    }
    if (!nearest || buffer_failed(&policy) || buffer_failed(&state)) return;
    http_response_header(call->response, STR("RateLimit-Policy"), buffer_str(&policy));
    http_response_header(call->response, STR("RateLimit"), buffer_str(&state));
    tell_number(call, STR("RateLimit-Limit"), nearest->limit);
    tell_number(call, STR("RateLimit-Remaining"), nearest->remaining);
    tell_number(call, STR("RateLimit-Reset"), (nearest->wait_us + 999999) / 1000000);
}

static enum status check_rate(struct call *call, struct error *error)
{
    struct rate *const *rates = call->api->rates;
    struct rate_answer answers[API_RATES] = {0};
    bool allowed = true;
    if (!rate_is_limited(rates[API_RATE_TENANT]) && !rate_is_limited(rates[API_RATE_CALLER]))
        return STATUS_OK;
    struct str names[API_RATES] = {
        [API_RATE_TENANT] = call->caller.tenant,
        [API_RATE_CALLER] = arena_format(call->arena, "%.*s\x1f%.*s", STR_ARGS(call->caller.tenant),
                                         STR_ARGS(call->caller.user_id)),
    };
    if (str_is_none(names[API_RATE_CALLER])) return error_plain(error, STATUS_OUT_OF_MEMORY);
    /* What the caller may not ask is not counted against the tenant. */
    for (int i = API_RATES - 1; i >= 0; i--) {
        if (!allowed) continue;
        answers[i] = rate_take(rates[i], names[i], clock_us(CLOCK_MONOTONIC));
        allowed = answers[i].allowed;
    }
    tell_rates(call, answers);
    return allowed ? STATUS_OK : error_plain(error, STATUS_RATE_LIMITED);
}

static enum status check_caller(struct call *call, struct error *error)
{
    struct identity *identity = atomic_load(&call->api->identity);
    struct api_caller who = {.expires_at = INSTANT_NONE};
    if (call->route->permission == ROUTE_PUBLIC) return STATUS_OK;
    TRY(identity->resolve(identity, call->request, &who, error));
    call->caller = (struct caller){.tenant = who.tenant, .user_id = who.user_id};
    /* Not before: whoever may say that a trace is recorded could fill the queue of all. */
    if (call_options(call)->tracer) request_span_begin(call);
    if (call->route->method != ROUTE_GET) {
        (void)call_trace_id(call);
        call->caller.trace = trace_parent(&call->trace);
    }
    call->permissions = who.permissions;
    call->expires_at = who.expires_at;
    TRY(call_require(call, (enum permission)call->route->permission, error));
    return check_rate(call, error);
}

static struct str known_parameters(const struct call *call)
{
    struct buffer out = {.arena = call->arena};
    for (size_t i = 0; i < ROUTE_QUERY_MAX && call->route->query[i].name.ptr; i++) {
        if (i) buffer_append(&out, STR(" | "));
        buffer_append(&out, call->route->query[i].name);
    }
    return out.len ? buffer_str(&out) : STR("no query parameters");
}

static enum status check_query(const struct call *call, struct error *error)
{
    struct str name, value, earlier;
    for (size_t i = 0; http_request_query(call->request, i, &name, &value); i++) {
        if (!route_query(call->route, name))
            return error_set(error, STATUS_UNKNOWN_FIELD, name, known_parameters(call),
                             "there is no such query parameter here");
        for (size_t k = 0; k < i; k++)
            if (http_request_query(call->request, k, &earlier, &value) && str_equal(earlier, name))
                return error_set(error, STATUS_DUPLICATE_FIELD, name, STR("the parameter once"),
                                 "the query parameter is given twice");
    }
    return STATUS_OK;
}

/* An answer of JSON is taken by who accepts JSON in any form; other content is the handler's, and
 * of none there is nothing to accept. */
static enum status check_accept(const struct call *call, struct error *error)
{
    struct str header = http_request_header(call->request, STR("Accept"));
    struct str response = call->route->response;
    if (str_is_none(header) || str_is_none(response) || str_find_char(response, '/') >= 0)
        return STATUS_OK;
    if (negotiate_accept(header, STR("application/json")) > 0 ||
        negotiate_accept(header, STR("application/problem+json")) > 0)
        return STATUS_OK;
    return error_set(error, STATUS_NOT_ACCEPTABLE, STR("Accept"), STR("application/json"),
                     "nothing of what Accept names can be given");
}

/* A change that cannot be held to a version is not made by somebody who asks for that. */
static enum status check_if_match(struct call *call, struct error *error)
{
    struct str header = http_request_header(call->request, STR("If-Match"));
    call->if_match = IF_MATCH_ANY;
    if (call->route->method == ROUTE_GET || str_is_none(header)) return STATUS_OK;
    if (!failures_if_match(call->route))
        return error_set(error, STATUS_INVALID_VALUE, STR("If-Match"), STR("no If-Match"),
                         "this request takes no If-Match");
    switch (negotiate_if_match(header, &call->if_match)) {
    case IF_MATCH_NONE:
    case IF_MATCH_STAR:
        call->if_match = IF_MATCH_ANY;
        return STATUS_OK;
    case IF_MATCH_VERSION:
        return STATUS_OK;
    case IF_MATCH_INVALID:
        break;
    }
    return error_set(error, STATUS_INVALID_VALUE, STR("If-Match"),
                     STR("one entity tag as it came in ETag, such as \"3\", or *"),
                     "the header If-Match is not one entity tag");
}

static bool is_csv(struct str type)
{
    enum csv_encoding encoding;
    struct str charset = negotiate_charset(type);
    return negotiate_is_type_in_any_charset(type, STR("text/csv")) &&
           (str_is_none(charset) || csv_encoding_parse(charset, &encoding));
}

static bool is_taken(enum route_body body, struct str type)
{
    if (negotiate_is_type(type, STR("application/json"))) return body != ROUTE_BODY_UPLOAD;
    if (body == ROUTE_BODY_PATCH)
        return negotiate_is_type(type, STR("application/merge-patch+json"));
    return body == ROUTE_BODY_UPLOAD &&
           (is_csv(type) || negotiate_is_type(type, STR("application/x-ndjson")) ||
            negotiate_is_type(type, STR("application/ndjson")));
}

static bool is_gzip(const struct call *call)
{
    struct str coding = http_request_header(call->request, STR("Content-Encoding"));
    return str_equal_ignore_case(coding, STR("gzip")) ||
           str_equal_ignore_case(coding, STR("x-gzip"));
}

static enum status check_content_encoding(const struct call *call, struct error *error)
{
    bool upload = call->route->body == ROUTE_BODY_UPLOAD;
    struct str coding = http_request_header(call->request, STR("Content-Encoding"));
    if (str_is_none(coding) || str_equal_ignore_case(coding, STR("identity"))) return STATUS_OK;
    if (!upload && is_gzip(call)) return STATUS_OK;
    http_response_header(call->response, STR("Accept-Encoding"),
                         upload ? STR("identity") : STR("gzip"));
    return error_set(error, STATUS_UNSUPPORTED_MEDIA_TYPE, STR("Content-Encoding"),
                     upload ? STR("a body without coding") : STR("gzip, or no coding"),
                     "the coding of the body is not taken here");
}

static enum status check_content_type(const struct call *call, struct error *error)
{
    static const struct str allowed[] = {
        [ROUTE_BODY_NONE] = STR("no body"),
        [ROUTE_BODY_JSON] = STR("application/json"),
        [ROUTE_BODY_PATCH] = STR("application/merge-patch+json | application/json"),
        [ROUTE_BODY_OPTIONAL] = STR("application/json"),
        [ROUTE_BODY_UPLOAD] = STR("text/csv | application/x-ndjson")};
    enum route_body body = call->route->body;
    struct str type = http_request_header(call->request, STR("Content-Type"));
    bool needed = body == ROUTE_BODY_UPLOAD;
    if (body == ROUTE_BODY_NONE) return STATUS_OK;
    TRY(check_content_encoding(call, error));
    if (str_is_none(type) && !needed) return STATUS_OK;
    if (is_taken(body, type)) return STATUS_OK;
    return error_set(error, STATUS_UNSUPPORTED_MEDIA_TYPE, STR("Content-Type"), allowed[body],
                     "the media type of the body is not taken here");
}

static enum status receive_body(struct call *call, struct error *error)
{
    enum status status = http_request_receive(call->request);
    if (status != STATUS_REQUEST_TOO_LARGE)
        return status == STATUS_OK ? STATUS_OK : error_plain(error, status);
    size_t most = call_options(call)->limits.body_max_bytes;
    return error_set(error, status, STR(""), arena_format(call->arena, "at most %zu bytes", most),
                     "the body is larger than allowed");
}

static enum status take_body(struct call *call, struct error *error)
{
    struct json_value *body = NULL;
    enum route_body how = call->route->body;
    if (how == ROUTE_BODY_UPLOAD) return STATUS_OK;
    if (how == ROUTE_BODY_NONE && http_request_has_body(call->request))
        return error_set(error, STATUS_INVALID_VALUE, STR(""), STR("no body"),
                         "this method takes no body here");
    if (how == ROUTE_BODY_NONE) return STATUS_OK;
    TRY(receive_body(call, error));
    struct str text = http_request_body(call->request);
    if (text.len && is_gzip(call))
        TRY(coding_gunzip(text, call_options(call)->limits.body_max_bytes, call->arena, &text,
                          error));
    call->body_text = text;
    if (how == ROUTE_BODY_OPTIONAL && str_trim(text).len == 0) return STATUS_OK;
    if (text.len == 0)
        return error_set(error, STATUS_MALFORMED_JSON, STR(""), STR("a JSON object"),
                         "the body is empty");
    TRY(json_parse(text, call->arena, &body, error));
    call->body = body;
    call->body_checked = true;
    if (str_equal(call->route->request, STR("Empty")) && body->type == JSON_OBJECT &&
        body->count > 0)
        return error_set(error, STATUS_UNKNOWN_FIELD, body->members[0].name, STR("an empty object"),
                         "nothing can be told in the body here");
    if (body->type == JSON_OBJECT) return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, STR(""), STR("a JSON object"),
                     "the body is not a JSON object");
}

static enum status serve(struct call *call, struct error *error)
{
    struct str key;
    TRY(find_route(call, error));
    TRY(admission_check(call, error));
    TRY(check_caller(call, error));
    TRY(check_query(call, error));
    TRY(check_accept(call, error));
    TRY(check_if_match(call, error));
    TRY(idempotency_key(call, &key, error));
    TRY(check_content_type(call, error));
    TRY(take_body(call, error));
    TRY(lagging_begin(call, error));
    request_span_trace_store(call);
    if (call->route->method == ROUTE_GET) return call->route->handle(call, error);
    enum status status = idempotency_run(call, error);
    lagging_end(call, status);
    TRY(status);
    return answer_secret(call, error);
}

static void log_request(struct call *call, size_t route, int status, int64_t took_us)
{
    if (!log_enabled(LOG_LEVEL_DEBUG)) return;
    log_debug("api.request",
              LOG_CODE("route", route < routes_count ? routes[route].name : STR("none")),
              LOG_CODE("method", http_request_method(call->request)), LOG_COUNT("status", status),
              LOG_DURATION("took_us", took_us), LOG_ID("tenant", call->caller.tenant),
              LOG_ID("trace", call_trace_id(call)));
}

static void finish(struct call *call, enum status status, const struct error *error)
{
    /* Who went away needs no answer, or gets one from dispatch_refusal(): no failure of ours. */
    if (status == STATUS_OK || http_request_gone(call->request) ||
        http_request_refused(call->request))
        return;
    if (http_response_started(call->response))
        http_response_abort(call->response);
    else
        errors_answer(call, error);
}

void dispatch_request(void *context, struct http_request *request, struct http_response *response)
{
    struct api_worker *worker = context;
    struct call call = {0};
    struct error error;
    int64_t started_us = clock_us(CLOCK_MONOTONIC);
    begin(&call, worker, request, response);
    metrics_add(&worker->metrics.in_flight, 1);
    if (!answer_options(&call)) {
        error.status = STATUS_OK;
        error.field[0] = error.message[0] = error.allowed[0] = '\0';
        error.details_json = STR_NONE;
        enum status status = serve(&call, &error);
        error.status = status;
        finish(&call, status, &error);
    }
    metrics_add(&worker->metrics.in_flight, -1);
    if (http_request_refused(request)) { /* answered and counted by dispatch_refusal() */
        request_span_end(&call, 400);
        return;
    }
    answer_code(&call);
    request_span_end(&call, http_response_get_status(response));
    int64_t took_us = clock_us(CLOCK_MONOTONIC) - started_us;
    size_t route = call.route ? (size_t)(call.route - routes) : routes_count;
    metrics_count(&worker->metrics, route, http_response_get_status(response), took_us);
    log_request(&call, route, http_response_get_status(response), took_us);
}

/* What the engine itself does not take: the codes that come nearest. */
void dispatch_refusal(void *context, struct http_request *request, struct http_response *response,
                      int status, struct str reason)
{
    struct api_worker *worker = context;
    struct call call = {0};
    struct error error;
    enum status code = status == 413 || status == 431 ? STATUS_REQUEST_TOO_LARGE
                       : status == 503                ? STATUS_UNAVAILABLE
                                                      : STATUS_INVALID_VALUE;
    begin(&call, worker, request, response);
    (void)error_set(&error, code, STR(""), STR(""), "%.*s", STR_ARGS(reason));
    errors_answer_as(&call, &error, status);
    metrics_count(&worker->metrics, routes_count, status, 0);
}
