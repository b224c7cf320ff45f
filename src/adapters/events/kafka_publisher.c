#include "adapters/events/kafka_publisher.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/events/event_schemas.h"
#include "adapters/events/publish_spans.h"
#include "base/fault.h"
#include "formats/json.h"

#define PROGRESS_TOPIC STR("crm.customer360.relay.progress")
#define TRANSACTIONAL  STR("crm-customer360-relay")

enum { NAMES_BYTES = 64 * 1024, TOPICS = EVENT_TYPE_COUNT + 1 };

struct kafka_publisher {
    struct publisher base;
    struct kafka_publisher_options options;
    struct arena names; /* what the prefix is put before */
    struct kafka_topic topics[TOPICS];
    struct str transactional_id;
    struct str outbox_id; /* of the outbox that is published, since begin() */
    struct event_codec codec;
    struct kafka_producer *producer; /* NULL: not begun */
    bool topics_are_right;
    bool schemas_are_known;
    atomic_bool stop;
};

static struct kafka_publisher *of(struct publisher *base)
{
    return (struct kafka_publisher *)base;
}

static struct kafka_options client_options(const struct kafka_publisher *self)
{
    return (struct kafka_options){.settings = self->options.settings,
                                  .setting_count = self->options.setting_count,
                                  .timeout_ms = self->options.timeout_ms,
                                  .stop = &self->stop};
}

static struct str progress_topic(const struct kafka_publisher *self)
{
    return self->topics[EVENT_TYPE_COUNT].name;
}

/* --- what must be there --- */

static enum status ensure_topics(struct kafka_publisher *self, bool create, struct error *error)
{
    const struct kafka_options client = client_options(self);
    const struct kafka_topics topics = {.items = self->topics,
                                        .count = TOPICS,
                                        .replication = self->options.replication,
                                        .create = create,
                                        .exact = !self->options.any_partitions};
    return kafka_topics_ensure(&client, &topics, error);
}

static enum status register_schemas(struct kafka_publisher *self, struct arena *arena,
                                    struct error *error)
{
    for (int i = 0; i < EVENT_TYPE_COUNT; i++) {
        struct buffer schema = {.arena = arena};
        avro_write_schema(&schema, &event_schemas[i]);
        if (buffer_failed(&schema)) return error_plain(error, STATUS_OUT_OF_MEMORY);
        TRY(schema_registry_register(&self->options.registry, self->topics[i].name,
                                     buffer_str(&schema), arena, &self->codec.schema_ids[i],
                                     error));
    }
    return STATUS_OK;
}

/* Once per process: what was right stays so, or publishing fails. */
static enum status prepare(struct kafka_publisher *self, struct arena *arena, struct error *error)
{
    if (!self->topics_are_right) TRY(ensure_topics(self, self->options.create_topics, error));
    self->topics_are_right = true;
    if (self->options.format != EVENT_FORMAT_REGISTRY || self->schemas_are_known) return STATUS_OK;
    TRY(register_schemas(self, arena, error));
    self->schemas_are_known = true;
    return STATUS_OK;
}

/* --- how far it is published --- */

static enum status read_progress(struct kafka_publisher *self, struct str outbox_id,
                                 struct arena *arena, struct published *published,
                                 struct error *error)
{
    const struct kafka_options client = client_options(self);
    struct json_value *record;
    struct str value;
    *published = (struct published){.position = -1, .event_id = STR_NONE};
    TRY(kafka_last_record(&client, progress_topic(self), outbox_id, arena, &value, error));
    if (str_is_none(value)) return STATUS_OK;
    if (json_parse(value, arena, &record, NULL) == STATUS_OK &&
        json_to_int64(json_get(record, STR("position")), &published->position)) {
        published->event_id = json_text(json_get(record, STR("eventId")));
        return STATUS_OK;
    }
    return error_set(error, STATUS_CONFIGURATION, STR("kafka"), STR_NONE,
                     "topic %.*s has a record that this program did not write",
                     STR_ARGS(progress_topic(self)));
}

static enum status send_progress(struct kafka_publisher *self, const struct event *last,
                                 struct arena *arena, struct error *error)
{
    struct str value = arena_format(arena, "{\"position\":%" PRId64 ",\"eventId\":\"%.*s\"}",
                                    last->position, STR_ARGS(last->event_id));
    const struct kafka_record record = {.topic = progress_topic(self),
                                        .key = self->outbox_id,
                                        .value = value,
                                        .timestamp_ms = last->timestamp / (INSTANT_SECOND / 1000)};
    if (str_is_none(value)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return kafka_producer_send(self->producer, &record, error);
}

/* --- publishing --- */

static enum status send_event(struct kafka_publisher *self, const struct outbox_event *event,
                              struct arena *arena, struct error *error)
{
    struct kafka_header headers[EVENT_HEADER_COUNT];
    struct buffer value = {.arena = arena};
    TRY(event_message_write_value(&self->codec, event, &value, error));
    size_t count = event_message_headers(&self->codec, event, headers, arena);
    if (count == 0) return error_plain(error, STATUS_OUT_OF_MEMORY);
    const struct kafka_record record = {
        .topic = self->topics[event->event.type].name,
        .key = event->event.aggregate_id,
        .value = buffer_str(&value),
        .timestamp_ms = event->event.timestamp / (INSTANT_SECOND / 1000),
        .headers = headers,
        .header_count = count,
    };
    return kafka_producer_send(self->producer, &record, error);
}

static enum status publish(struct publisher *base, const struct outbox_event *events, size_t count,
                           struct arena *arena, struct error *error)
{
    struct kafka_publisher *self = of(base);
    int64_t started_ns = self->options.tracer ? tracer_now_ns() : 0;
    TRY(kafka_producer_begin(self->producer, error));
    FAULT_POINT("relay.after_begin");
    for (size_t i = 0; i < count; i++) {
        struct arena_mark mark = arena_mark(arena);
        TRY(send_event(self, &events[i], arena, error));
        arena_rewind(arena, mark);
    }
    FAULT_POINT("relay.after_events");
    TRY(send_progress(self, &events[count - 1].event, arena, error));
    FAULT_POINT("relay.before_commit");
    TRY(kafka_producer_commit(self->producer, error));
    FAULT_POINT("relay.after_commit");
    publish_spans_tell(self->options.tracer, self->topics, events, count, started_ns);
    return STATUS_OK;
}

static void end(struct publisher *base)
{
    struct kafka_publisher *self = of(base);
    kafka_producer_free(self->producer);
    self->producer = NULL;
    free((char *)(uintptr_t)self->outbox_id.ptr);
    self->outbox_id = STR_NONE;
}

static enum status keep_outbox_id(struct kafka_publisher *self, struct str outbox_id,
                                  struct error *error)
{
    char *copy = strndup(outbox_id.ptr, outbox_id.len);
    if (!copy) return error_plain(error, STATUS_OUT_OF_MEMORY);
    self->outbox_id = str_of(copy, outbox_id.len);
    return STATUS_OK;
}

/* First the fence, then the reading: what is read then cannot change any more. */
static enum status begin(struct publisher *base, struct str outbox_id, struct arena *arena,
                         struct published *published, struct error *error)
{
    struct kafka_publisher *self = of(base);
    const struct kafka_options client = client_options(self);
    end(base);
    TRY(prepare(self, arena, error));
    TRY(keep_outbox_id(self, outbox_id, error));
    TRY(kafka_producer_open(&client, self->transactional_id, &self->producer, error));
    FAULT_POINT("relay.after_fence");
    return read_progress(self, outbox_id, arena, published, error);
}

/* --- life --- */

static void give_up(struct publisher *base)
{
    atomic_store(&of(base)->stop, true);
}

static void publisher_free(struct publisher *base)
{
    struct kafka_publisher *self = of(base);
    end(base);
    arena_release(&self->names);
    free(self);
}

static struct str with_prefix(struct kafka_publisher *self, struct str name)
{
    return arena_format(&self->names, "%.*s%.*s", STR_ARGS(self->options.topic_prefix),
                        STR_ARGS(name));
}

static bool name_topics(struct kafka_publisher *self)
{
    bool done = true;
    for (int i = 0; i < EVENT_TYPE_COUNT; i++) {
        self->topics[i] = (struct kafka_topic){with_prefix(self, event_types[i].topic),
                                               event_types[i].partitions, .compacted = false};
        done = done && !str_is_none(self->topics[i].name);
    }
    self->topics[EVENT_TYPE_COUNT] =
        (struct kafka_topic){with_prefix(self, PROGRESS_TOPIC), 1, .compacted = true};
    self->transactional_id = with_prefix(self, TRANSACTIONAL);
    return done && !str_is_none(progress_topic(self)) && !str_is_none(self->transactional_id);
}

enum status kafka_publisher_new(const struct kafka_publisher_options *options,
                                struct publisher **publisher, struct error *error)
{
    struct kafka_publisher *self = calloc(1, sizeof(*self));
    if (!self) return error_plain(error, STATUS_OUT_OF_MEMORY);
    self->base = (struct publisher){
        .begin = begin, .publish = publish, .end = end, .give_up = give_up, .free = publisher_free};
    self->options = *options;
    arena_init(&self->names, NAMES_BYTES);
    const struct kafka_options client = client_options(self);
    enum status status = kafka_settings_check(&client, error);
    if (status == STATUS_OK &&
        (!event_codec_init(&self->codec, options->format) || !name_topics(self)))
        status = error_plain(error, STATUS_OUT_OF_MEMORY);
    if (status == STATUS_OK)
        *publisher = &self->base;
    else
        publisher_free(&self->base);
    return status;
}

struct str kafka_publisher_name(const struct publisher *publisher)
{
    return ((const struct kafka_publisher *)publisher)->transactional_id;
}

enum status kafka_publisher_check(const struct kafka_publisher_options *options,
                                  struct arena *arena, struct error *error)
{
    struct publisher *publisher = NULL;
    TRY(kafka_publisher_new(options, &publisher, error));
    enum status status = ensure_topics(of(publisher), false, error);
    if (status == STATUS_OK && options->format == EVENT_FORMAT_REGISTRY)
        status = schema_registry_check(&options->registry, arena, error);
    publisher->free(publisher);
    return status;
}
