#include "adapters/events/asyncapi.h"

#include "adapters/events/dead_letters.h"
#include "adapters/events/event_schemas.h"
#include "adapters/events/inbound_schemas.h"
#include "adapters/events/message_headers.h"
#include "formats/json.h"

#define BINDING_VERSION STR("0.5.0")

#define DEAD_LETTER STR("DeadLetter")

static void put_reference(struct json_writer *writer, struct arena *arena, const char *where,
                          struct str name)
{
    json_object_begin(writer);
    json_member_string(writer, STR("$ref"),
                       arena_format(arena, "#/%s/%.*s", where, STR_ARGS(name)));
    json_object_end(writer);
}

static void put_info(struct json_writer *writer, struct str version)
{
    json_key(writer, STR("info"));
    json_object_begin(writer);
    json_member_string(writer, STR("title"), STR("Customer 360 events"));
    json_member_string(writer, STR("version"), version);
    json_member_string(
        writer, STR("description"),
        STR("Each committed change once, for readers of committed records, in order per customer. "
            "Values are Avro in Confluent's wire format with a schema registry (subject "
            "<topic>-value), in Avro's single-object encoding without one, or, with "
            "kafka.format = json, the envelope of GET /api/v1/crm/events without its position. "
            "kafka.topic_prefix, when it is set, stands before each address of what is published. "
            "Received are, with kafka.consume = on, messages of neighbouring systems, in Avro by "
            "the sender's own schema at the registry, in Avro's single-object encoding by the "
            "schema here, or as JSON, with the payload's members side by side or in payload; each "
            "eventId of a type takes effect once."));
    json_object_end(writer);
}

/* crm.customer360.profile.created; partitions 0: they are others' to say. */
static void put_channel(struct json_writer *writer, struct arena *arena, struct str topic,
                        struct str message, int partitions)
{
    json_key(writer, topic);
    json_object_begin(writer);
    json_member_string(writer, STR("address"), topic);
    json_key(writer, STR("messages"));
    json_object_begin(writer);
    json_key(writer, message);
    put_reference(writer, arena, "components/messages", message);
    json_object_end(writer);
    json_key(writer, STR("bindings"));
    json_object_begin(writer);
    json_key(writer, STR("kafka"));
    json_object_begin(writer);
    json_member_string(writer, STR("topic"), topic);
    if (partitions > 0) {
        json_key(writer, STR("partitions"));
        json_int64(writer, partitions);
    }
    json_member_string(writer, STR("bindingVersion"), BINDING_VERSION);
    json_object_end(writer);
    json_object_end(writer);
    json_object_end(writer);
}

static void put_operation(struct json_writer *writer, struct arena *arena, struct str topic,
                          struct str message, struct str summary)
{
    bool receives = !str_is_none(summary);
    json_key(writer,
             arena_format(arena, "%s%.*s", receives ? "receive" : "publish", STR_ARGS(message)));
    json_object_begin(writer);
    json_member_string(writer, STR("action"), receives ? STR("receive") : STR("send"));
    json_member_string(writer, STR("summary"), summary);
    json_key(writer, STR("channel"));
    put_reference(writer, arena, "channels", topic);
    json_object_end(writer);
}

static void put_headers(struct json_writer *writer, const struct message_header *headers,
                        size_t count)
{
    json_key(writer, STR("headers"));
    json_object_begin(writer);
    json_member_string(writer, STR("type"), STR("object"));
    json_key(writer, STR("properties"));
    json_object_begin(writer);
    for (size_t i = 0; i < count; i++) {
        json_key(writer, headers[i].name);
        json_object_begin(writer);
        json_member_string(writer, STR("type"), STR("string"));
        json_member_string(writer, STR("description"), headers[i].meaning);
        json_object_end(writer);
    }
    json_object_end(writer);
    json_key(writer, STR("required"));
    json_array_begin(writer);
    for (size_t i = 0; i < count; i++)
        if (!headers[i].optional) json_string(writer, headers[i].name);
    json_array_end(writer);
    json_object_end(writer);
}

static void put_key_binding(struct json_writer *writer)
{
    json_key(writer, STR("bindings"));
    json_object_begin(writer);
    json_key(writer, STR("kafka"));
    json_object_begin(writer);
    json_key(writer, STR("key"));
    json_object_begin(writer);
    json_member_string(writer, STR("type"), STR("string"));
    json_object_end(writer);
    json_member_string(writer, STR("bindingVersion"), BINDING_VERSION);
    json_object_end(writer);
    json_object_end(writer);
}

static void put_message(struct json_writer *writer, struct arena *arena,
                        const struct avro_record *schema, const struct message_header *headers,
                        size_t header_count)
{
    struct buffer avro = {.arena = arena};
    avro_write_schema(&avro, schema);
    json_key(writer, schema->name);
    json_object_begin(writer);
    json_member_string(writer, STR("name"), schema->name);
    json_member_string(writer, STR("contentType"), STR("application/avro"));
    put_headers(writer, headers, header_count);
    json_key(writer, STR("payload"));
    json_object_begin(writer);
    json_member_string(writer, STR("schemaFormat"),
                       STR("application/vnd.apache.avro+json;version=1.9.0"));
    json_key(writer, STR("schema"));
    json_raw(writer, buffer_str(&avro));
    json_object_end(writer);
    put_key_binding(writer);
    json_object_end(writer);
}

/* A value as another system wrote it, so no schema of ours says what it is. */
static void put_dead_letter(struct json_writer *writer)
{
    json_key(writer, DEAD_LETTER);
    json_object_begin(writer);
    json_member_string(writer, STR("name"), DEAD_LETTER);
    json_member_string(writer, STR("summary"),
                       STR("A message that was put aside, with key and value as they were"));
    put_headers(writer, message_headers_letter, LETTER_HEADER_COUNT);
    put_key_binding(writer);
    json_object_end(writer);
}

static void put_channels(struct json_writer *writer, struct arena *arena)
{
    json_key(writer, STR("channels"));
    json_object_begin(writer);
    for (int i = 0; i < EVENT_TYPE_COUNT; i++)
        put_channel(writer, arena, event_types[i].topic, event_types[i].name,
                    event_types[i].partitions);
    for (int i = 0; i < INBOUND_TYPE_COUNT; i++)
        put_channel(writer, arena, inbound_types[i].topic, inbound_types[i].name, 0);
    put_channel(writer, arena, STR(DEAD_LETTERS_TOPIC), DEAD_LETTER, 1);
    json_object_end(writer);
}

static void put_operations(struct json_writer *writer, struct arena *arena)
{
    json_key(writer, STR("operations"));
    json_object_begin(writer);
    for (int i = 0; i < EVENT_TYPE_COUNT; i++)
        put_operation(writer, arena, event_types[i].topic, event_types[i].name, STR_NONE);
    for (int i = 0; i < INBOUND_TYPE_COUNT; i++)
        put_operation(writer, arena, inbound_types[i].topic, inbound_types[i].name,
                      inbound_types[i].effect);
    put_operation(writer, arena, STR(DEAD_LETTERS_TOPIC), DEAD_LETTER, STR_NONE);
    json_object_end(writer);
}

static void put_messages(struct json_writer *writer, struct arena *arena)
{
    json_key(writer, STR("messages"));
    json_object_begin(writer);
    for (int i = 0; i < EVENT_TYPE_COUNT; i++)
        put_message(writer, arena, &event_schemas[i], message_headers_event, EVENT_HEADER_COUNT);
    for (int i = 0; i < INBOUND_TYPE_COUNT; i++) {
        struct inbound_schema schema;
        inbound_schema_init((enum inbound_type)i, &schema);
        put_message(writer, arena, &schema.record, message_headers_inbound, INBOUND_HEADER_COUNT);
    }
    put_dead_letter(writer);
    json_object_end(writer);
}

struct str asyncapi_write(struct str version, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    json_member_string(&writer, STR("asyncapi"), STR("3.0.0"));
    put_info(&writer, version);
    put_channels(&writer, arena);
    put_operations(&writer, arena);
    json_key(&writer, STR("components"));
    json_object_begin(&writer);
    put_messages(&writer, arena);
    json_object_end(&writer);
    json_object_end(&writer);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}
