#include "adapters/api/request_span.h"

#include <stdio.h>

#include "adapters/tracing/traced_store.h"

struct request_span {
    struct span span;
    struct traced_store store;
    struct application application; /* the service's, over that store */
};

/* A path has ids of customers, so what stands for it is the route's. */
static void describe(const struct call *call, struct span *span)
{
    span_text(span, STR("http.request.method"), http_request_method(call->request));
    span_text(span, STR("url.scheme"),
              call_options(call)->credentials ? STR("https") : STR("http"));
    span_text(span, STR("http.route"), call->route->path);
    span_text(span, STR("url.path"), call->route->path);
}

static struct str name_of(const struct call *call)
{
    return arena_format(call->arena, "%.*s %.*s", STR_ARGS(http_request_method(call->request)),
                        STR_ARGS(call->route->path));
}

void request_span_begin(struct call *call)
{
    struct tracer *tracer = call_options(call)->tracer;
    if (!tracer_samples(tracer, &call->trace)) return;
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
