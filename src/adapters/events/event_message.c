#include "adapters/events/event_message.h"

#include <inttypes.h>

#include "adapters/events/event_schemas.h"

enum { CANONICAL_BYTES = 64 * 1024, CHANGED_FIELDS_MAX = 256 };

bool event_codec_init(struct event_codec *codec, enum event_format format)
{
    struct arena arena;
    bool done = true;
    *codec = (struct event_codec){.format = format};
    arena_init(&arena, CANONICAL_BYTES);
    for (int i = 0; i < EVENT_TYPE_COUNT; i++) {
        struct buffer canonical = {.arena = &arena};
        avro_write_canonical(&canonical, &event_schemas[i]);
        done = done && !buffer_failed(&canonical);
        codec->fingerprints[i] = avro_fingerprint(buffer_str(&canonical));
    }
    arena_release(&arena);
    return done;
}

/* --- values --- */

static enum status refuse(const struct outbox_event *event, struct str field, struct error *error)
{
    return error_set(error, STATUS_STORE_CORRUPT, field, STR_NONE,
                     "event %.*s at position %" PRId64 " cannot be published: its %.*s is not as "
                     "its schema has it",
                     STR_ARGS(event->event.event_id), event->event.position, STR_ARGS(field));
}

/* Whether it is, or is left out. */
static bool is_text(const struct json_value *value)
{
    return !value || value->type == JSON_NULL || value->type == JSON_STRING;
}

static bool write_strings(const struct json_value *value, struct buffer *out)
{
    struct str texts[CHANGED_FIELDS_MAX];
    size_t count = value ? value->count : 0;
    if (!value || value->type != JSON_ARRAY || count > CHANGED_FIELDS_MAX) return false;
    for (size_t i = 0; i < count; i++) {
        if (value->items[i].type != JSON_STRING) return false;
        texts[i] = value->items[i].text;
    }
    avro_write_strings(out, texts, count);
    return true;
}

/* A text that the schema wants and the event has not is empty. */
static bool write_member(const struct avro_field *field, const struct json_value *value,
                         struct buffer *out)
{
    switch (field->type) {
    case AVRO_FIELD_STRING:
        avro_write_string(out, json_text(value));
        return is_text(value);
    case AVRO_FIELD_STRINGS:
        return write_strings(value, out);
    default:
        return false;
    }
}

static int64_t milliseconds(instant when)
{
    const int64_t unit = INSTANT_SECOND / 1000;
    return when / unit - (when % unit < 0);
}

static bool write_field(const struct outbox_event *event, const struct json_value *payload,
                        const struct avro_field *field, struct buffer *out)
{
    if (field->type == AVRO_FIELD_TIMESTAMP_MILLIS)
        avro_write_long(out, milliseconds(event->event.timestamp));
    else if (str_equal(field->name, STR("eventId")))
        avro_write_string(out, event->event.event_id);
    else if (str_equal(field->name, STR("tenantId")))
        avro_write_string(out, event->tenant);
    else
        return write_member(field, json_get(payload, field->name), out);
    return true;
}

static enum status write_avro(const struct event_codec *codec, const struct outbox_event *event,
                              struct buffer *out, struct error *error)
{
    enum event_type type = event->event.type;
    const struct avro_record *schema = &event_schemas[type];
    struct json_value *payload;
    if (json_parse(event->event.payload, out->arena, &payload, NULL) != STATUS_OK)
        return refuse(event, STR("payload"), error);
    if (codec->format == EVENT_FORMAT_REGISTRY)
        avro_write_registry_head(out, codec->schema_ids[type]);
    else
        avro_write_single_object_head(out, codec->fingerprints[type]);
    for (size_t i = 0; i < schema->field_count; i++)
        if (!write_field(event, payload, &schema->fields[i], out))
            return refuse(event, schema->fields[i].name, error);
    return STATUS_OK;
}

enum status event_message_write_value(const struct event_codec *codec,
                                      const struct outbox_event *event, struct buffer *out,
                                      struct error *error)
{
    struct json_writer writer = {.out = out};
    if (codec->format == EVENT_FORMAT_JSON) {
        struct event plain = event->event;
        plain.position = 0;
        event_write(&writer, &plain, event->tenant);
    } else {
        TRY(write_avro(codec, event, out, error));
    }
    return buffer_failed(out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

/* --- headers --- */

size_t event_message_headers(const struct event_codec *codec, const struct outbox_event *event,
                             struct kafka_header *headers, struct arena *arena)
{
    const struct avro_record *schema = &event_schemas[event->event.type];
    char time[INSTANT_TEXT_MAX];
    bool json = codec->format == EVENT_FORMAT_JSON;
    const struct str values[EVENT_HEADER_COUNT] = {
        [EVENT_HEADER_CONTENT_TYPE] = json ? STR("application/json") : STR("application/avro"),
        [EVENT_HEADER_SPECVERSION] = STR("1.0"),
        [EVENT_HEADER_ID] = event->event.event_id,
        [EVENT_HEADER_SOURCE] = STR("/crm-customer360"),
        [EVENT_HEADER_TYPE] =
            arena_format(arena, "%.*s.%.*s", STR_ARGS(schema->space), STR_ARGS(schema->name)),
        [EVENT_HEADER_SUBJECT] = event->event.aggregate_id,
        [EVENT_HEADER_TIME] = arena_str(arena, instant_format(event->event.timestamp, time)),
        [EVENT_HEADER_TENANT] = event->tenant,
        [EVENT_HEADER_SEQUENCE] = arena_format(arena, "%019" PRId64, event->event.position),
        [EVENT_HEADER_TRACE] = event->event.trace,
    };
    size_t count = 0;
    for (size_t i = 0; i < EVENT_HEADER_COUNT; i++) {
        if (str_is_none(values[i]) && !message_headers_event[i].optional) return 0;
        if (!str_is_none(values[i]))
            headers[count++] = (struct kafka_header){message_headers_event[i].name, values[i]};
    }
    return count;
}
