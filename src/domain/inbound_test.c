#include "domain/inbound.h"

#include <stdio.h>
#include <string.h>

#include "tree_builder.h"
#include "unit.h"

static struct tree_builder builder;
static struct inbound_event event;
static struct error error;

static enum status parse(enum inbound_type type, const char *text)
{
    instant now;
    assert_true(instant_parse(STR("2026-02-02T10:00:00Z"), &now));
    return inbound_parse(type, tree_builder_json(&builder, text), now, &builder.arena, &event,
                         &error);
}

#define ENVELOPE "\"eventId\":\"e1\",\"tenantId\":\"t1\",\"timestamp\":\"2026-02-02T10:00:00Z\""

static void both_forms_say_the_same(void **state)
{
    (void)state;
    assert_int_equal(parse(INBOUND_SERVICE_ORDER_CREATED,
                           "{\"eventType\":\"ServiceOrderCreatedEvent\"," ENVELOPE
                           ",\"payload\":{\"serviceOrderId\":\"SO-1\",\"customerId\":\"C1\"}}"),
                     STATUS_OK);
    assert_str(event.customer_id, STR("C1"));
    instant when = event.timestamp;
    assert_int_equal(parse(INBOUND_SERVICE_ORDER_CREATED,
                           "{\"eventId\":\"e1\",\"timestamp\":1770026400000,\"tenantId\":\"t1\","
                           "\"serviceOrderId\":\"SO-1\",\"customerId\":\"C1\",\"priority\":\"\","
                           "\"status\":null,\"later\":[1]}"),
                     STATUS_OK);
    assert_int_equal(event.timestamp, when);
    assert_string_equal(tree_builder_text(&builder, event.body),
                        "{\"serviceOrderId\":\"SO-1\",\"customerId\":\"C1\"}");
}

static void what_is_wrong_is_named(void **state)
{
    static const struct {
        enum inbound_type type;
        const char *text, *field;
        enum status status;
    } cases[] = {
        {INBOUND_LEAD_CREATED, "[]", "", STATUS_INVALID_VALUE},
        {INBOUND_LEAD_CREATED, "{" ENVELOPE ",\"payload\":3}", "payload", STATUS_INVALID_VALUE},
        {INBOUND_LEAD_CREATED, "{\"eventType\":\"CustomerBlockedEvent\"," ENVELOPE "}", "eventType",
         STATUS_INVALID_VALUE},
        {INBOUND_LEAD_CREATED, "{\"tenantId\":\"t1\",\"timestamp\":1}", "eventId",
         STATUS_REQUIRED_FIELD},
        {INBOUND_LEAD_CREATED, "{\"eventId\":\"e\",\"tenantId\":\"a b\",\"timestamp\":1}",
         "tenantId", STATUS_INVALID_VALUE},
        {INBOUND_LEAD_CREATED, "{\"eventId\":\"e\",\"tenantId\":\"t\"}", "timestamp",
         STATUS_REQUIRED_FIELD},
        {INBOUND_LEAD_CREATED, "{\"eventId\":\"e\",\"tenantId\":\"t\",\"timestamp\":-1}",
         "timestamp", STATUS_INVALID_VALUE},
        {INBOUND_LEAD_CREATED, "{" ENVELOPE ",\"leadId\":\"L1\"}", "name", STATUS_REQUIRED_FIELD},
        {INBOUND_LEAD_CREATED, "{" ENVELOPE ",\"leadId\":\"L1\",\"name\":\"A\",\"email\":\"x\"}",
         "email", STATUS_INVALID_VALUE},
        {INBOUND_CUSTOMER_BLOCKED, "{" ENVELOPE ",\"customerId\":\"C1\",\"status\":\"PERHAPS\"}",
         "status", STATUS_INVALID_VALUE},
        {INBOUND_CONTRACT_ACTIVATED,
         "{" ENVELOPE ",\"contractId\":\"K\",\"customerId\":\"C1\",\"startDate\":\"soon\"}",
         "startDate", STATUS_INVALID_VALUE},
        {INBOUND_CONTRACT_ACTIVATED,
         "{" ENVELOPE ",\"contractId\":\"K\",\"customerId\":\"C1\",\"startDate\":\"2026-02-02\","
         "\"endDate\":\"2026-02-01\"}",
         "endDate", STATUS_INVALID_VALUE},
    };
    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        assert_int_equal(parse(cases[i].type, cases[i].text), cases[i].status);
        assert_string_equal(error.field, cases[i].field);
    }
}

static void nobody_speaks_from_the_future_or_without_a_time(void **state)
{
    static const struct {
        const char *timestamp;
        enum status status;
    } cases[] = {
        {"\"2026-02-02T11:00:00Z\"", STATUS_OK},
        {"1770030000000", STATUS_OK},
        {"1", STATUS_OK},
        {"\"2026-02-02T11:00:00.001Z\"", STATUS_INVALID_VALUE},
        {"1770030000001", STATUS_INVALID_VALUE},
        {"9223372036854775", STATUS_INVALID_VALUE},
        {"9223372036854775807", STATUS_INVALID_VALUE},
        {"\"9999-12-31T23:59:59Z\"", STATUS_INVALID_VALUE},
        {"0", STATUS_INVALID_VALUE},
        {"\"1970-01-01T00:00:00Z\"", STATUS_INVALID_VALUE},
        {"-1", STATUS_INVALID_VALUE},
    };
    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        char text[200];
        (void)snprintf(
            text, sizeof(text),
            "{\"eventId\":\"e\",\"tenantId\":\"t\",\"timestamp\":%s,\"customerId\":\"C\"}",
            cases[i].timestamp);
        if (parse(INBOUND_CUSTOMER_BLOCKED, text) != cases[i].status)
            fail_msg("%s: %s", cases[i].timestamp, error.message);
        if (cases[i].status == STATUS_OK) continue;
        assert_string_equal(error.field, "timestamp");
        assert_non_null(strstr(error.allowed, "at most an hour ahead"));
    }
}

static void whom_a_value_is_about_is_known_whatever_is_wrong(void **state)
{
    (void)state;
    inbound_names(tree_builder_json(&builder, "{\"tenantId\":\"t1\",\"payload\":{\"customerId\":"
                                              "\"C1\",\"website\":3}}"),
                  &event);
    assert_str(event.tenant, STR("t1"));
    assert_str(event.customer_id, STR("C1"));
    inbound_names(tree_builder_json(&builder, "{\"tenantId\":7,\"customerId\":\"a b\"}"), &event);
    assert_true(str_is_none(event.tenant));
    assert_true(str_is_none(event.customer_id));
    inbound_names(tree_builder_json(&builder, "[]"), &event);
    assert_true(str_is_none(event.tenant));
}

static void a_contract_covers_days_in_utc(void **state)
{
    (void)state;
    assert_int_equal(parse(INBOUND_CONTRACT_ACTIVATED,
                           "{" ENVELOPE ",\"contractId\":\"K\",\"customerId\":\"C1\","
                           "\"startDate\":\"2026-02-02T23:30:00-02:00\"}"),
                     STATUS_OK);
    assert_str(json_text(json_get(event.body, STR("startDate"))), STR("2026-02-03"));
}

static void master_data_brings_members_of_a_profile(void **state)
{
    (void)state;
    assert_int_equal(parse(INBOUND_MASTER_UPDATED,
                           "{" ENVELOPE ",\"customerId\":\"C1\",\"name\":\"Acme\",\"contacts\":[],"
                           "\"version\":3,\"segment\":\"\"}"),
                     STATUS_OK);
    assert_string_equal(tree_builder_text(&builder, event.attributes), "{\"name\":\"Acme\"}");
}

#define TEST(test)                                                                                 \
    cmocka_unit_test_prestate_setup_teardown(test, tree_builder_set_up, tree_builder_tear_down,    \
                                             &builder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_forms_say_the_same),
        TEST(what_is_wrong_is_named),
        TEST(nobody_speaks_from_the_future_or_without_a_time),
        TEST(whom_a_value_is_about_is_known_whatever_is_wrong),
        TEST(a_contract_covers_days_in_utc),
        TEST(master_data_brings_members_of_a_profile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
