#include "adapters/events/asyncapi.h"

#include "adapters/events/event_schemas.h"
#include "formats/json.h"

#define BINDING_VERSION STR("0.5.0")

static const struct {
    const char *name, *what;
} headers[] = {
    {"content-type", "application/avro, or application/json"},
    {"ce_specversion", "1.0"},
    {"ce_id", "eventId; a resend has the same one"},
    {"ce_source", "/crm-customer360"},
    {"ce_type", "the full name of the event"},
    {"ce_subject", "the customer that it is ordered by, which is the key"},
    {"ce_time", "when the change was recorded (RFC 3339)"},
    {"ce_tenantid", "tenantId"},
    {"ce_sequence",
     "position in the feed, 19 digits: orders a customer's events of several topics"},
    {"traceparent", "of the request that made the change; may be left out"},
};

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
            "kafka.topic_prefix, when it is set, stands before each address."));
    json_object_end(writer);
}

/* crm.customer360.profile.created */
static void put_channel(struct json_writer *writer, struct arena *arena,
                        const struct event_type_row *row)
{
    json_key(writer, row->topic);
    json_object_begin(writer);
    json_member_string(writer, STR("address"), row->topic);
    json_key(writer, STR("messages"));
    json_object_begin(writer);
    json_key(writer, row->name);
    put_reference(writer, arena, "components/messages", row->name);
    json_object_end(writer);
    json_key(writer, STR("bindings"));
    json_object_begin(writer);
    json_key(writer, STR("kafka"));
    json_object_begin(writer);
    json_member_string(writer, STR("topic"), row->topic);
    json_key(writer, STR("partitions"));
    json_int64(writer, row->partitions);
    json_member_string(writer, STR("bindingVersion"), BINDING_VERSION);
    json_object_end(writer);
    json_object_end(writer);
    json_object_end(writer);
}

static void put_operation(struct json_writer *writer, struct arena *arena,
                          const struct event_type_row *row)
{
    json_key(writer, arena_format(arena, "publish%.*s", STR_ARGS(row->name)));
    json_object_begin(writer);
    json_member_string(writer, STR("action"), STR("send"));
    json_key(writer, STR("channel"));
    put_reference(writer, arena, "channels", row->topic);
    json_object_end(writer);
}

static void put_headers(struct json_writer *writer)
{
    json_key(writer, STR("headers"));
    json_object_begin(writer);
    json_member_string(writer, STR("type"), STR("object"));
    json_key(writer, STR("properties"));
    json_object_begin(writer);
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        json_key(writer, str_from_cstr(headers[i].name));
        json_object_begin(writer);
        json_member_string(writer, STR("type"), STR("string"));
        json_member_string(writer, STR("description"), str_from_cstr(headers[i].what));
        json_object_end(writer);
    }
    json_object_end(writer);
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
                        const struct event_type_row *row, const struct avro_record *schema)
{
    struct buffer avro = {.arena = arena};
    avro_write_schema(&avro, schema);
    json_key(writer, row->name);
    json_object_begin(writer);
    json_member_string(writer, STR("name"), row->name);
    json_member_string(writer, STR("contentType"), STR("application/avro"));
    put_headers(writer);
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

struct str asyncapi_write(struct str version, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    json_member_string(&writer, STR("asyncapi"), STR("3.0.0"));
    put_info(&writer, version);
    json_key(&writer, STR("channels"));
    json_object_begin(&writer);
    for (int i = 0; i < EVENT_TYPE_COUNT; i++) put_channel(&writer, arena, &event_types[i]);
    json_object_end(&writer);
    json_key(&writer, STR("operations"));
    json_object_begin(&writer);
    for (int i = 0; i < EVENT_TYPE_COUNT; i++) put_operation(&writer, arena, &event_types[i]);
    json_object_end(&writer);
    json_key(&writer, STR("components"));
    json_object_begin(&writer);
    json_key(&writer, STR("messages"));
    json_object_begin(&writer);
    for (int i = 0; i < EVENT_TYPE_COUNT; i++)
        put_message(&writer, arena, &event_types[i], &event_schemas[i]);
    json_object_end(&writer);
    json_object_end(&writer);
    json_object_end(&writer);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}
