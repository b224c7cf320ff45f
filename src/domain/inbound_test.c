#include "domain/inbound.h"

#include "tree_builder.h"
#include "unit.h"

static struct tree_builder builder;
static struct inbound_event event;
static struct error error;

static enum status parse(enum inbound_type type, const char *text)
{
    return inbound_parse(type, tree_builder_json(&builder, text), &builder.arena, &event, &error);
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
        TEST(a_contract_covers_days_in_utc),
        TEST(master_data_brings_members_of_a_profile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
