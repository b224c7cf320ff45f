/* What is said and not shown, for another source is trusted more; and what is said of a merged
 * customer and not of its home. */
#include "application_fixture.h"
#include "unit.h"

#include <string.h>

#include "application/change_customer.h"
#include "application/get_customer.h"
#include "application/import_records.h"
#include "application/merge_customers.h"
#include "application/read_events.h"
#include "application/unmerge_customers.h"

static struct environment_fixed environment;
static struct application application;
static struct caller caller;
static struct arena arena;
static struct error error;
static const struct policy *trusting;

static const struct policy *policy_of_test(struct application *asked, struct str tenant)
{
    (void)asked;
    (void)tenant;
    return trusting;
}

static struct json_value *json(const char *text)
{
    return application_fixture_json(str_from_cstr(text), &arena);
}

static void import_from(const char *source, const char *key, const char *body)
{
    const struct import_settings settings = {.source = str_from_cstr(source),
                                             .on_duplicate = ON_DUPLICATE_ALLOW};
    struct import_record record = {
        .source_key = str_from_cstr(key), .observed_at = INSTANT_NONE, .body = json(body)};
    struct import_result result;
    assert_int_equal(
        import_records(&application, &caller, &settings, &record, 1, &arena, &result, &error),
        STATUS_OK);
}

static void import(const char *key, const char *body)
{
    import_from("erp", key, body);
}

static int set_up(void **state)
{
    (void)state;
    environment_fixed_init(&environment, 1700000000 * INSTANT_SECOND, INSTANT_SECOND, 1);
    caller = (struct caller){.tenant = STR("t1"), .user_id = STR("user-1")};
    if (application_fixture_open(&application, &environment.base, &arena) != 0) return -1;
    assert_int_equal(policy_parse(json("{\"trust\":{\"erp\":100,\"crm\":50,\"*\":10},\"fields\":{"
                                       "\"name\":\"mostTrusted\",\"preferences\":"
                                       "\"mostTrusted\",\"language\":\"mostTrusted\"}}"),
                                  &arena, &trusting, &error),
                     STATUS_OK);
    application.policy_for = policy_of_test;
    import("A", "{\"customerId\":\"A\",\"name\":\"Acme\",\"preferences\":{\"theme\":\"dark\"}}");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return application_fixture_close(&application, &arena);
}

static struct customer_document patch(const char *body)
{
    struct customer_document customer;
    assert_int_equal(change_customer(&application, &caller, STR("A"), json(body), IF_MATCH_ANY,
                                     &arena, &customer, &error),
                     STATUS_OK);
    return customer;
}

static size_t event_count(void)
{
    struct event *events;
    size_t count;
    assert_int_equal(read_events(&application, &caller, 0, 500, &arena, &events, &count, &error),
                     STATUS_OK);
    return count;
}

static void the_caller_is_told_what_is_outvoted(void **state)
{
    (void)state;
    struct customer_document customer = patch(
        "{\"name\":\"Acme Corp\",\"segment\":\"GOLD\",\"preferences\":{\"theme\":\"light\"}}");
    assert_true(str_equal(customer.outvoted, STR("name, preferences")));
    assert_true(str_is_none(patch("{\"website\":\"https://a.example\"}").outvoted));
    assert_true(str_is_none(patch("{\"name\":\"Acme\"}").outvoted));
}

static void what_is_outvoted_is_written_once(void **state)
{
    (void)state;
    int64_t version = patch("{\"name\":\"Acme Corp\"}").version;
    size_t events = event_count();
    for (int i = 0; i < 3; i++) {
        struct customer_document again = patch("{\"name\":\"Acme Corp\"}");
        assert_int_equal(again.version, version);
        assert_true(str_equal(again.outvoted, STR("name")));
    }
    assert_int_equal(event_count(), events);
    /* Others said something since, or there are others: then it is said anew, once. */
    import("A", "{\"customerId\":\"A\",\"name\":\"Acme SE\"}");
    version = patch("{\"name\":\"Acme Corp\"}").version;
    assert_int_equal(patch("{\"name\":\"Acme Corp\"}").version, version);
    assert_int_equal(patch("{\"name\":\"Another\"}").version, version + 1);
}

static void what_wins_again_is_written_again(void **state)
{
    (void)state;
    (void)patch("{\"segment\":\"GOLD\"}");
    import("A", "{\"customerId\":\"A\",\"name\":\"Acme\",\"segment\":\"SILVER\"}");
    struct customer_document customer = patch("{\"segment\":\"GOLD\"}");
    assert_true(str_is_none(customer.outvoted));
    assert_non_null(memmem(customer.document.ptr, customer.document.len, "GOLD", 4));
}

static struct str language_of(const char *id)
{
    struct customer_document customer;
    assert_int_equal(
        get_customer(&application, &caller, str_from_cstr(id), &arena, &customer, &error),
        STATUS_OK);
    return json_text(
        json_get(application_fixture_json(customer.document, &arena), STR("language")));
}

static struct str merge(const char *target, const char *source)
{
    struct merge_result result;
    struct merge_request request = {.source_id = str_from_cstr(source)};
    assert_int_equal(merge_customers(&application, &caller, str_from_cstr(target), &request, &arena,
                                     &result, &error),
                     STATUS_OK);
    return result.merge_id;
}

/* crm is trusted more than the shop: what it had said of the home would stand. */
static void a_choice_between_those_merged_is_none_of_the_home(void **state)
{
    struct customer_document customer;
    struct str answer;
    (void)state;
    import_from("shop", "1", "{\"customerId\":\"B\",\"name\":\"B\",\"language\":\"de\"}");
    import_from("shop", "2", "{\"customerId\":\"C\",\"name\":\"C\",\"language\":\"fr\"}");
    struct str merge_id = merge("B", "C");
    assert_str(language_of("B"), STR("fr"));
    assert_int_equal(change_customer(&application, &caller, STR("B"), json("{\"language\":\"de\"}"),
                                     IF_MATCH_ANY, &arena, &customer, &error),
                     STATUS_OK);
    import_from("shop", "1", "{\"customerId\":\"B\",\"name\":\"B\",\"language\":\"it\"}");
    assert_str(language_of("B"), STR("de"));
    assert_int_equal(unmerge_customers(&application, &caller, STR_NONE, merge_id, STR_NONE, &arena,
                                       &answer, &error),
                     STATUS_OK);
    assert_str(language_of("B"), STR("it"));
    assert_str(language_of("C"), STR("fr"));
    (void)merge("B", "C");
    assert_str(language_of("B"), STR("it")); /* until somebody chooses again */
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(the_caller_is_told_what_is_outvoted),
        CASE(what_is_outvoted_is_written_once),
        CASE(what_wins_again_is_written_again),
        CASE(a_choice_between_those_merged_is_none_of_the_home),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
