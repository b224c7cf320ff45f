#include "adapters/webhooks/delivery_spans.h"

#include "domain/webhook.h"
#include "engines/http/url.h"

struct str delivery_spans_begin(struct tracer *tracer, struct lane_item *item)
{
    struct trace parent;
    item->place.parent[0] = '\0';
    /* A header takes no other text. */
    if (!trace_parse(item->trace, &parent)) return STR_NONE;
    if (!tracer_samples(tracer, &parent)) return item->trace;
    tracer_place(tracer, &parent, &item->place);
    item->begun_ns = tracer_now_ns();
    return trace_parent(&item->place);
}

/* A URL may have a secret in its path, so nothing but the host is told. */
static void describe(const struct lane_item *item, struct span *span, struct arena *arena)
{
    struct http_url url;
    span_text(span, STR("http.request.method"), STR("POST"));
    span_text(span, STR("customer360.webhook.id"), item->lane->row.webhook_id);
    if (item->attempts > 0) span_number(span, STR("http.request.resend_count"), item->attempts);
    if (!http_url_parse(item->lane->row.url, arena, &url)) return;
    span_text(span, STR("url.scheme"), url.scheme);
    span_text(span, STR("server.address"), url.host);
}

void delivery_spans_end(struct tracer *tracer, const struct lane_item *item,
                        const struct http_sender_result *result, struct arena *arena)
{
    struct trace parent;
    struct span span;
    if (!item->place.parent[0] || !trace_parse(item->trace, &parent)) return;
    struct arena_mark mark = arena_mark(arena);
    tracer_adopt(tracer, &parent, &item->place, SPAN_CLIENT, STR("POST"), &span);
    span.started_ns = item->begun_ns;
    describe(item, &span, arena);
    if (result->status > 0) span_number(&span, STR("http.response.status_code"), result->status);
    if (result->status == 0)
        span_fail(&span, http_sent_name(result->sent));
    else if (!webhook_is_success(result->status))
        span_fail(&span, arena_format(arena, "%d", result->status));
    tracer_end(tracer, &span);
    arena_rewind(arena, mark);
}
