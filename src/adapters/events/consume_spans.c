#include "adapters/events/consume_spans.h"

#include <stdio.h>

struct str consume_spans_begin(struct tracer *tracer, struct str traceparent,
                               struct consume_span *span)
{
    (void)trace_parse(traceparent, &span->came);
    span->is_recorded = tracer_samples(tracer, &span->came);
    if (!span->is_recorded) return trace_parent(&span->came);
    tracer_place(tracer, &span->came, &span->place);
    span->began_ns = tracer_now_ns();
    return trace_parent(&span->place);
}

void consume_spans_end(struct tracer *tracer, const struct consume_span *span,
                       const struct item *item, struct str group, struct str code)
{
    struct span told;
    char name[128], partition[16];
    if (!span->is_recorded) return;
    int len = snprintf(name, sizeof(name), "process %.*s", STR_ARGS(item->topic));
    size_t kept = (size_t)len < sizeof(name) ? (size_t)len : sizeof(name) - 1;
    int digits = snprintf(partition, sizeof(partition), "%d", (int)item->partition);
    tracer_adopt(tracer, &span->came, &span->place, SPAN_CONSUMER, str_of(name, kept), &told);
    told.started_ns = span->began_ns;
    span_text(&told, STR("messaging.system"), STR("kafka"));
    span_text(&told, STR("messaging.operation.name"), STR("process"));
    span_text(&told, STR("messaging.operation.type"), STR("process"));
    span_text(&told, STR("messaging.destination.name"), item->topic);
    span_text(&told, STR("messaging.consumer.group.name"), group);
    span_text(&told, STR("messaging.destination.partition.id"), str_of(partition, (size_t)digits));
    span_number(&told, STR("messaging.kafka.offset"), item->offset);
    if (!str_is_none(code)) span_fail(&told, code);
    tracer_end(tracer, &told);
}
