/* Events as messages, read by libavro with the schemas that are registered, and with those that
 * were agreed with their readers. */
#include "adapters/events/event_message.h"

#include <avro/generic.h>
#include <avro/io.h>
#include <avro/schema.h>
#include <avro/value.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/events/event_schemas.h"
#include "property.h"
#include "unit.h"

static struct arena arena;
static struct event_codec codec;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 64 << 20);
    return event_codec_init(&codec, EVENT_FORMAT_REGISTRY) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static struct outbox_event merged_event(void)
{
    return (struct outbox_event){
        .tenant = STR("tenant-001"),
        .event = {.position = 42,
                  .type = EVENT_PROFILE_MERGED,
                  .event_id = STR("evt-4103"),
                  .aggregate_id = STR("CUST-100"),
                  .timestamp = INT64_C(1770026700123456),
                  .payload = STR("{\"targetCustomerId\":\"CUST-100\",\"sourceCustomerId\":"
                                 "\"CUST-OLD\",\"mergeReason\":\"DUPLICATE\"}"),
                  .trace = STR_NONE}};
}

static struct str value_of(const struct outbox_event *event)
{
    struct buffer out = {.arena = &arena};
    struct error error;
    assert_int_equal(event_message_write_value(&codec, event, &out, &error), STATUS_OK);
    return buffer_str(&out);
}

/* --- the schemas that were agreed --- */

/* The white space and the place of the logical type are theirs. */
static const char agreed_merged[] =
    "{\"type\": \"record\", \"name\": \"CustomerMergedEvent\","
    " \"namespace\": \"com.erp.crm.customer360.events\", \"fields\": ["
    "{ \"name\": \"eventId\", \"type\": \"string\" },"
    "{ \"name\": \"timestamp\", \"type\": \"long\", \"logicalType\": \"timestamp-millis\" },"
    "{ \"name\": \"tenantId\", \"type\": \"string\" },"
    "{ \"name\": \"targetCustomerId\", \"type\": \"string\" },"
    "{ \"name\": \"sourceCustomerId\", \"type\": \"string\" },"
    "{ \"name\": \"mergeReason\", \"type\": \"string\" }]}";
static const char agreed_created[] =
    "{\"type\": \"record\", \"name\": \"CustomerProfileCreatedEvent\","
    " \"namespace\": \"com.erp.crm.customer360.events\", \"fields\": ["
    "{ \"name\": \"eventId\", \"type\": \"string\" },"
    "{ \"name\": \"timestamp\", \"type\": \"long\", \"logicalType\": \"timestamp-millis\" },"
    "{ \"name\": \"tenantId\", \"type\": \"string\" },"
    "{ \"name\": \"customerId\", \"type\": \"string\" },"
    "{ \"name\": \"name\", \"type\": \"string\" },"
    "{ \"name\": \"status\", \"type\": \"string\" },"
    "{ \"name\": \"segment\", \"type\": \"string\" }]}";

static avro_value_iface_t *class_of(struct str text)
{
    avro_schema_t schema;
    assert_int_equal(avro_schema_from_json_length(text.ptr, text.len, &schema), 0);
    avro_value_iface_t *class = avro_generic_class_from_schema(schema);
    avro_schema_decref(schema);
    return class;
}

/* All bytes behind the head are read, none is left. */
static avro_value_t decode(avro_value_iface_t *class, struct str message, size_t head)
{
    avro_value_t value;
    struct str body = str_skip(message, head);
    avro_reader_t reader = avro_reader_memory(body.ptr, (int64_t)body.len);
    assert_int_equal(avro_generic_value_new(class, &value), 0);
    assert_int_equal(avro_value_read(reader, &value), 0);
    char more;
    assert_int_not_equal(avro_read(reader, &more, 1), 0);
    avro_reader_free(reader);
    return value;
}

static struct str text_at(const avro_value_t *value, struct str name)
{
    avro_value_t found;
    const char *text = NULL;
    size_t size = 0;
    assert_int_equal(avro_value_get_by_name(value, arena_cstr(&arena, name), &found, NULL), 0);
    assert_int_equal(avro_value_get_string(&found, &text, &size), 0);
    return arena_str(&arena, str_of(text, size - 1));
}

static int64_t long_at(const avro_value_t *value, const char *name)
{
    avro_value_t found;
    int64_t number = 0;
    assert_int_equal(avro_value_get_by_name(value, name, &found, NULL), 0);
    assert_int_equal(avro_value_get_long(&found, &number), 0);
    return number;
}

static void a_merge_is_read_with_the_schema_that_was_agreed(void **state)
{
    (void)state;
    struct outbox_event event = merged_event();
    avro_value_iface_t *class = class_of(str_from_cstr(agreed_merged));
    codec.schema_ids[EVENT_PROFILE_MERGED] = 7;
    struct str message = value_of(&event);
    assert_true(str_starts_with(message, STR("\x00\x00\x00\x00\x07")));
    avro_value_t value = decode(class, message, 5);
    assert_str(text_at(&value, STR("eventId")), STR("evt-4103"));
    assert_int_equal(long_at(&value, "timestamp"), INT64_C(1770026700123));
    assert_str(text_at(&value, STR("tenantId")), STR("tenant-001"));
    assert_str(text_at(&value, STR("targetCustomerId")), STR("CUST-100"));
    assert_str(text_at(&value, STR("sourceCustomerId")), STR("CUST-OLD"));
    assert_str(text_at(&value, STR("mergeReason")), STR("DUPLICATE"));
    avro_value_decref(&value);
    avro_value_iface_decref(class);
}

static void a_text_that_is_absent_is_empty_where_the_schema_wants_one(void **state)
{
    (void)state;
    struct outbox_event event = merged_event();
    avro_value_iface_t *class = class_of(str_from_cstr(agreed_created));
    event.event.type = EVENT_PROFILE_CREATED;
    event.event.payload =
        STR("{\"customerId\":\"CUST-100\",\"name\":\"Acme\",\"status\":\"ACTIVE\","
            "\"primaryContactId\":null,\"segment\":null}");
    avro_value_t value = decode(class, value_of(&event), 5);
    assert_str(text_at(&value, STR("name")), STR("Acme"));
    assert_str(text_at(&value, STR("segment")), STR(""));
    avro_value_decref(&value);
    avro_value_iface_decref(class);
}

/* --- every event that can be --- */

static struct str draw_text(struct property *p)
{
    static const char *const pieces[] = {"a", "Z",  "0", "-", "\"", "\\",
                                         "/", "\n", "é", "ß", "中", "😀"};
    struct buffer out = {.arena = &arena};
    for (size_t n = 0; property_more(p, n, 4, 40); n++)
        buffer_append(&out, str_from_cstr(PROPERTY_PICK(p, pieces)));
    return buffer_str(&out);
}

static struct outbox_event draw_event(struct property *p)
{
    struct str a = draw_text(p), b = draw_text(p), c = draw_text(p);
    struct str list[3] = {a, b, c};
    struct json_value attributes = json_make_object();
    struct outbox_event event = {
        .tenant = draw_text(p),
        .event = {.position = property_between(p, 1, INT64_MAX - 1),
                  .type = (enum event_type)property_choice(p, EVENT_TYPE_COUNT),
                  .event_id = draw_text(p),
                  .aggregate_id = a,
                  .timestamp = property_between(p, 0, INT64_C(4102444800000000)),
                  .trace = STR_NONE}};
    (void)json_object_set(&attributes, STR("name"), json_make_string(b), &arena);
    (void)json_object_set(&attributes, STR("status"), json_make_string(c), &arena);
    switch (event.event.type) {
    case EVENT_PROFILE_CREATED:
        event.event.payload = event_payload_created(a, &attributes, &arena);
        break;
    case EVENT_PROFILE_UPDATED:
        event.event.payload =
            event_payload_updated(a, list, property_choice(p, 4), draw_text(p), &arena);
        break;
    case EVENT_PROFILE_MERGED:
        event.event.payload = event_payload_merged(a, b, c, &arena);
        break;
    case EVENT_PROFILE_UNMERGED:
        event.event.payload = event_payload_unmerged(a, b, c, &arena);
        break;
    case EVENT_PROFILE_REMOVED:
        event.event.payload = event_payload_removed(a, b, c, &arena);
        break;
    case EVENT_PROFILE_ERASED:
        event.event.payload = event_payload_erased(a, &arena);
        break;
    default:
        event.event.payload = event_payload_consent(a, b, c, &arena);
    }
    return event;
}

static bool same_strings(const avro_value_t *value, struct str name, const struct json_value *list)
{
    avro_value_t found, item;
    size_t count = 0, size = 0;
    const char *text = NULL;
    bool same = avro_value_get_by_name(value, arena_cstr(&arena, name), &found, NULL) == 0 &&
                avro_value_get_size(&found, &count) == 0 && count == list->count;
    for (size_t i = 0; same && i < count; i++)
        same = avro_value_get_by_index(&found, i, &item, NULL) == 0 &&
               avro_value_get_string(&item, &text, &size) == 0 &&
               str_equal(str_of(text, size - 1), list->items[i].text);
    return same;
}

static bool same_as_told(const avro_value_t *value, const struct outbox_event *event)
{
    const struct avro_record *schema = &event_schemas[event->event.type];
    struct json_value *payload;
    bool same = str_equal(text_at(value, STR("eventId")), event->event.event_id) &&
                str_equal(text_at(value, STR("tenantId")), event->tenant) &&
                long_at(value, "timestamp") == event->event.timestamp / 1000;
    assert_int_equal(json_parse(event->event.payload, &arena, &payload, NULL), STATUS_OK);
    for (size_t i = 3; same && i < schema->field_count; i++) {
        const struct avro_field *field = &schema->fields[i];
        const struct json_value *told = json_get(payload, field->name);
        same = field->type == AVRO_FIELD_STRINGS
                   ? same_strings(value, field->name, told)
                   : str_equal(text_at(value, field->name), json_text(told));
    }
    return same;
}

static bool reads_the_same(struct property *p, void *context)
{
    (void)context;
    arena_reset(&arena);
    struct outbox_event event = draw_event(p);
    struct buffer schema = {.arena = &arena};
    avro_write_schema(&schema, &event_schemas[event.event.type]);
    avro_value_iface_t *class = class_of(buffer_str(&schema));
    avro_value_t value = decode(class, value_of(&event), 5);
    bool same = same_as_told(&value, &event);
    avro_value_decref(&value);
    avro_value_iface_decref(class);
    PROPERTY_REQUIRE(p, same, "a %.*s is read as something else: %.*s",
                     STR_ARGS(event_types[event.event.type].name), STR_ARGS(event.event.payload));
    return true;
}

static void every_event_is_read_as_it_was_told(void **state)
{
    (void)state;
    property_check("every event is read as it was told", reads_the_same, NULL, 2000);
}

/* --- the other forms --- */

static void without_a_registry_a_value_names_its_schema_by_fingerprint(void **state)
{
    (void)state;
    struct outbox_event event = merged_event();
    assert_true(event_codec_init(&codec, EVENT_FORMAT_SINGLE_OBJECT));
    struct str value = value_of(&event);
    assert_true(str_starts_with(value, STR("\xc3\x01")));
    uint64_t fingerprint;
    memcpy(&fingerprint, value.ptr + 2, 8); /* little endian, as this machine is */
    assert_true(fingerprint == codec.fingerprints[EVENT_PROFILE_MERGED]);
}

static void as_json_a_value_is_the_envelope_without_a_position(void **state)
{
    (void)state;
    struct outbox_event event = merged_event();
    assert_true(event_codec_init(&codec, EVENT_FORMAT_JSON));
    assert_str(value_of(&event),
               STR("{\"eventType\":\"CustomerMergedEvent\",\"eventId\":\"evt-4103\","
                   "\"timestamp\":\"2026-02-02T10:05:00.123456Z\",\"aggregateId\":\"CUST-100\","
                   "\"tenantId\":\"tenant-001\",\"payload\":{\"targetCustomerId\":\"CUST-100\","
                   "\"sourceCustomerId\":\"CUST-OLD\",\"mergeReason\":\"DUPLICATE\"}}"));
}

static void headers_tell_of_the_event(void **state)
{
    (void)state;
    struct kafka_header headers[EVENT_HEADER_COUNT];
    struct outbox_event event = merged_event();
    static const struct kafka_header expected[] = {
        {STR("content-type"), STR("application/avro")},
        {STR("ce_specversion"), STR("1.0")},
        {STR("ce_id"), STR("evt-4103")},
        {STR("ce_source"), STR("/crm-customer360")},
        {STR("ce_type"), STR("com.erp.crm.customer360.events.CustomerMergedEvent")},
        {STR("ce_subject"), STR("CUST-100")},
        {STR("ce_time"), STR("2026-02-02T10:05:00.123456Z")},
        {STR("ce_tenantid"), STR("tenant-001")},
        {STR("ce_sequence"), STR("0000000000000000042")},
    };
    assert_int_equal(event_message_headers(&codec, &event, headers, &arena), UNIT_COUNT(expected));
    for (size_t i = 0; i < UNIT_COUNT(expected); i++) {
        assert_str(headers[i].name, expected[i].name);
        assert_str(headers[i].value, expected[i].value);
    }
    event.event.trace = STR("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    assert_int_equal(event_message_headers(&codec, &event, headers, &arena), 10);
    assert_str(headers[9].name, STR("traceparent"));
}

static void what_is_not_as_its_schema_has_it_is_refused_by_name(void **state)
{
    (void)state;
    struct outbox_event event = merged_event();
    struct buffer out = {.arena = &arena};
    struct error error;
    event.event.payload = STR("{\"targetCustomerId\":7}");
    assert_int_equal(event_message_write_value(&codec, &event, &out, &error), STATUS_STORE_CORRUPT);
    assert_string_equal(error.field, "targetCustomerId");
    event.event.payload = STR("{");
    assert_int_equal(event_message_write_value(&codec, &event, &out, &error), STATUS_STORE_CORRUPT);
    assert_string_equal(error.field, "payload");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_merge_is_read_with_the_schema_that_was_agreed),
        TEST(a_text_that_is_absent_is_empty_where_the_schema_wants_one),
        TEST(every_event_is_read_as_it_was_told),
        TEST(without_a_registry_a_value_names_its_schema_by_fingerprint),
        TEST(as_json_a_value_is_the_envelope_without_a_position),
        TEST(headers_tell_of_the_event),
        TEST(what_is_not_as_its_schema_has_it_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
