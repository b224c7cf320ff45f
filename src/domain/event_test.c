/* The payloads are compared with the events as other services know them, member by member. */
#include "domain/event.h"

#include <string.h>

#include "tree_builder.h"
#include "unit.h"

static struct tree_builder builder;

/* The text without the white space between its values. */
static const char *compact(const char *text)
{
    return tree_builder_text(&builder, tree_builder_json(&builder, text));
}

static void assert_event(enum event_type type, const char *id, const char *time, struct str payload,
                         const char *expected)
{
    struct event event = {.type = type,
                          .event_id = str_from_cstr(id),
                          .aggregate_id = STR("CUST-100"),
                          .payload = payload};
    assert_true(instant_parse(str_from_cstr(time), &event.timestamp));
    struct buffer out = {.arena = &builder.arena};
    struct json_writer writer = {.out = &out};
    event_write(&writer, &event, STR("tenant-001"));
    buffer_append_char(&out, '\0');
    assert_string_equal(out.bytes, compact(expected));
}

static void a_created_event_looks_as_it_is_known(void **state)
{
    (void)state;
    struct json_value *attributes = tree_builder_json(
        &builder, "{\"kind\":\"ORGANIZATION\",\"name\":\"Acme Corp\",\"status\":\"ACTIVE\","
                  "\"segment\":\"ENTERPRISE\",\"primaryContactId\":\"CONT-10\",\"emails\":[]}");
    assert_event(EVENT_PROFILE_CREATED, "evt-4101", "2026-02-02T09:15:00Z",
                 event_payload_created(STR("CUST-100"), attributes, &builder.arena),
                 "{\n"
                 "  \"eventType\": \"CustomerProfileCreatedEvent\",\n"
                 "  \"eventId\": \"evt-4101\",\n"
                 "  \"timestamp\": \"2026-02-02T09:15:00Z\",\n"
                 "  \"aggregateId\": \"CUST-100\",\n"
                 "  \"tenantId\": \"tenant-001\",\n"
                 "  \"payload\": {\n"
                 "    \"customerId\": \"CUST-100\",\n"
                 "    \"name\": \"Acme Corp\",\n"
                 "    \"status\": \"ACTIVE\",\n"
                 "    \"primaryContactId\": \"CONT-10\",\n"
                 "    \"segment\": \"ENTERPRISE\"\n"
                 "  }\n"
                 "}");
}

static void a_merged_event_looks_as_it_is_known(void **state)
{
    (void)state;
    assert_event(
        EVENT_PROFILE_MERGED, "evt-4103", "2026-02-02T10:05:00Z",
        event_payload_merged(STR("CUST-100"), STR("CUST-OLD"), STR("DUPLICATE"), &builder.arena),
        "{\n"
        "  \"eventType\": \"CustomerMergedEvent\",\n"
        "  \"eventId\": \"evt-4103\",\n"
        "  \"timestamp\": \"2026-02-02T10:05:00Z\",\n"
        "  \"aggregateId\": \"CUST-100\",\n"
        "  \"tenantId\": \"tenant-001\",\n"
        "  \"payload\": {\n"
        "    \"targetCustomerId\": \"CUST-100\",\n"
        "    \"sourceCustomerId\": \"CUST-OLD\",\n"
        "    \"mergeReason\": \"DUPLICATE\"\n"
        "  }\n"
        "}");
}

static void assert_payload(struct str payload, const char *expected)
{
    assert_string_equal(arena_cstr(&builder.arena, payload), compact(expected));
}

static void the_other_payloads_have_exactly_their_members(void **state)
{
    (void)state;
    static const struct str changed[] = {STR("segment"), STR("status")};
    assert_payload(
        event_payload_updated(STR("CUST-100"), changed, 2, STR("user-200"), &builder.arena),
        "{\"customerId\": \"CUST-100\", \"changedFields\": [\"segment\", \"status\"],"
        " \"updatedBy\": \"user-200\"}");
    assert_payload(
        event_payload_consent(STR("CUST-100"), STR("EMAIL"), STR("GRANTED"), &builder.arena),
        "{\"customerId\": \"CUST-100\", \"consentType\": \"EMAIL\","
        " \"status\": \"GRANTED\"}");
    assert_payload(
        event_payload_unmerged(STR("CUST-100"), STR("CUST-OLD"), STR("MRG-1"), &builder.arena),
        "{\"targetCustomerId\": \"CUST-100\", \"sourceCustomerId\": \"CUST-OLD\","
        " \"mergeId\": \"MRG-1\"}");
}

static void what_is_absent_is_null(void **state)
{
    (void)state;
    struct json_value attributes = json_make_object();
    assert_payload(event_payload_created(STR("C"), &attributes, &builder.arena),
                   "{\"customerId\":\"C\",\"name\":null,\"status\":null,\"primaryContactId\":null,"
                   "\"segment\":null}");
}

static void a_position_stands_first_when_there_is_one(void **state)
{
    (void)state;
    struct event event = {.position = 42,
                          .type = EVENT_CONSENT_UPDATED,
                          .event_id = STR("e"),
                          .aggregate_id = STR("C"),
                          .payload = STR("{}")};
    struct buffer out = {.arena = &builder.arena};
    struct json_writer writer = {.out = &out};
    event_write(&writer, &event, STR("t"));
    assert_true(str_starts_with(buffer_str(&out),
                                STR("{\"position\":42,\"eventType\":\"ConsentUpdatedEvent\"")));
}

static void topics_and_partitions_are_as_agreed(void **state)
{
    (void)state;
    assert_true(str_equal(event_types[EVENT_CONSENT_UPDATED].topic,
                          STR("crm.customer360.consent.updated")));
    assert_int_equal(event_types[EVENT_CONSENT_UPDATED].partitions, 3);
    assert_true(str_equal(event_types[EVENT_PROFILE_UNMERGED].topic,
                          STR("crm.customer360.profile.unmerged")));
    for (int i = 0; i < EVENT_TYPE_COUNT; i++) {
        assert_true(event_types[i].partitions > 0);
        assert_false(str_is_empty(event_types[i].name));
    }
}

int main(void)
{
#define TEST(name)                                                                                 \
    cmocka_unit_test_prestate_setup_teardown(name, tree_builder_set_up, tree_builder_tear_down,    \
                                             &builder)
    const struct CMUnitTest tests[] = {
        TEST(a_created_event_looks_as_it_is_known),
        TEST(a_merged_event_looks_as_it_is_known),
        TEST(the_other_payloads_have_exactly_their_members),
        TEST(what_is_absent_is_null),
        TEST(a_position_stands_first_when_there_is_one),
        TEST(topics_and_partitions_are_as_agreed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
