#include "adapters/events/publish_spans.h"

#include <stdio.h>

enum { OPEN_MAX = 32 };

struct group {
    struct trace trace;
    enum event_type type;
    int64_t count;
};

struct groups {
    struct group items[OPEN_MAX];
    size_t count, next; /* the next to be told when there is no room */
};

static void tell(struct tracer *tracer, const struct kafka_topic *topics, const struct group *group,
                 int64_t started_ns)
{
    struct span span;
    char name[128];
    struct str topic = topics[group->type].name;
    int len = snprintf(name, sizeof(name), "send %.*s", STR_ARGS(topic));
    size_t kept = (size_t)len < sizeof(name) ? (size_t)len : sizeof(name) - 1;
    tracer_begin(tracer, &group->trace, SPAN_PRODUCER, str_of(name, kept), &span);
    span.started_ns = started_ns;
    span_text(&span, STR("messaging.system"), STR("kafka"));
    span_text(&span, STR("messaging.operation.name"), STR("send"));
    span_text(&span, STR("messaging.operation.type"), STR("send"));
    span_text(&span, STR("messaging.destination.name"), topic);
    span_number(&span, STR("messaging.batch.message_count"), group->count);
    tracer_end(tracer, &span);
}

static struct group *find(struct groups *groups, const struct trace *trace, enum event_type type)
{
    for (size_t i = 0; i < groups->count; i++)
        if (groups->items[i].type == type &&
            str_equal(trace_parent(&groups->items[i].trace), trace_parent(trace)))
            return &groups->items[i];
    return NULL;
}

void publish_spans_tell(struct tracer *tracer, const struct kafka_topic *topics,
                        const struct outbox_event *events, size_t count, int64_t started_ns)
{
    struct groups groups = {.count = 0};
    for (size_t i = 0; tracer && i < count; i++) {
        const struct event *event = &events[i].event;
        struct trace trace;
        if (!trace_parse(event->trace, &trace) || !tracer_samples(tracer, &trace)) continue;
        struct group *group = find(&groups, &trace, event->type);
        if (!group && groups.count < OPEN_MAX) {
            group = &groups.items[groups.count++];
            *group = (struct group){trace, event->type, 0};
        } else if (!group) {
            group = &groups.items[groups.next++ % OPEN_MAX];
            tell(tracer, topics, group, started_ns);
            *group = (struct group){trace, event->type, 0};
        }
        group->count++;
    }
    for (size_t i = 0; i < groups.count; i++) tell(tracer, topics, &groups.items[i], started_ns);
}
