#include "adapters/api/request_span.h"

#include <stdio.h>

#include "adapters/tracing/traced_store.h"

struct request_span {
    struct span span;
    struct traced_store store;
    struct application application; /* the service's, over that store */
};

static bool is_public(const struct call *call)
{
    return call->route && call->route->permission == ROUTE_PUBLIC;
}

/* A method that is not of HTTP may be any text. */
static struct str method_of(const struct call *call)
{
    static const struct str known[] = {STR("GET"),     STR("HEAD"),  STR("POST"),
                                       STR("PATCH"),   STR("PUT"),   STR("DELETE"),
                                       STR("OPTIONS"), STR("TRACE"), STR("CONNECT")};
    struct str method = http_request_method(call->request);
    return str_is_among(known, sizeof(known) / sizeof(known[0]), method) ? method : STR("_OTHER");
}

/* A path has ids of customers, so what stands for it is the route's. */
static void describe(const struct call *call, struct span *span)
{
    span_text(span, STR("http.request.method"), method_of(call));
    span_text(span, STR("url.scheme"),
              call_options(call)->credentials ? STR("https") : STR("http"));
    if (!call->route) return;
    span_text(span, STR("http.route"), call->route->path);
    span_text(span, STR("url.path"), call->route->path);
}

static struct str name_of(const struct call *call)
{
    struct str method = method_of(call);
    if (str_equal(method, STR("_OTHER"))) method = STR("HTTP");
    return call->route ? arena_format(call->arena, "%.*s %.*s", STR_ARGS(method),
                                      STR_ARGS(call->route->path))
                       : method;
}

void request_span_begin(struct call *call)
{
    struct tracer *tracer = call_options(call)->tracer;
    if (is_public(call) || !tracer_samples(tracer, &call->trace)) return;
    struct request_span *self = ARENA_NEW(call->arena, struct request_span);
    struct str name = self ? name_of(call) : STR_NONE;
    if (str_is_none(name)) return;
    tracer_begin(tracer, &call->trace, SPAN_SERVER, name, &self->span);
    describe(call, &self->span);
    call->trace = self->span.trace;
    call->span = self;
}

void request_span_trace_store(struct call *call)
{
    struct request_span *self = call->span;
    if (!self) return;
    self->application = *call->application;
    traced_store_init(&self->store, self->application.store, call_options(call)->tracer,
                      call_options(call)->store_system, &call->trace);
    self->application.store = &self->store.store;
    call->application = &self->application;
}

void request_span_end(struct call *call, int http_status)
{
    struct span *span = call->span ? &call->span->span : NULL;
    char code[16];
    if (!span) return;
    span_number(span, STR("http.response.status_code"), http_status);
    if (http_status >= 500)
        span_fail(span, str_of(code, (size_t)snprintf(code, sizeof(code), "%d", http_status)));
    tracer_end(call_options(call)->tracer, span);
}
