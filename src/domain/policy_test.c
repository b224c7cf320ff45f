#include "domain/policy.h"

#include <string.h>

#include "domain/plan.h"
#include "tree_builder.h"
#include "unit.h"

static struct tree_builder builder;
static struct error error;

static const struct policy *parsed(const char *text)
{
    const struct policy *policy = NULL;
    assert_int_equal(
        policy_parse(tree_builder_json(&builder, text), &builder.arena, &policy, &error),
        STATUS_OK);
    return policy;
}

static void the_default_policy_is_most_recent_with_equal_trust(void **state)
{
    (void)state;
    assert_int_equal(policy_rule(policy_default(), STR("name")), RULE_MOST_RECENT);
    assert_int_equal(policy_trust(policy_default(), STR("a")),
                     policy_trust(policy_default(), STR("b")));
}

static void a_policy_is_read_from_its_json_form(void **state)
{
    (void)state;
    const struct policy *policy =
        parsed("{\"trust\":{\"crm\":100,\"*\":50},\"fields\":{\"name\":\"mostTrusted\","
               "\"website\":\"longest\",\"preferences\":\"mostFrequent\","
               "\"preferences.theme\":\"longest\",\"*\":\"mostRecent\"}}");
    assert_int_equal(policy_rule(policy, STR("name")), RULE_MOST_TRUSTED);
    assert_int_equal(policy_rule(policy, STR("website")), RULE_LONGEST);
    assert_int_equal(policy_rule(policy, STR("segment")), RULE_MOST_RECENT);
    assert_int_equal(policy_rule(policy, STR("preferences.theme")), RULE_LONGEST);
    assert_int_equal(policy_rule(policy, STR("preferences.other")), RULE_MOST_FREQUENT);
    assert_int_equal(policy_trust(policy, STR("crm")), 100);
    assert_int_equal(policy_trust(policy, STR("erp")), 50);
}

static void every_mistake_in_a_policy_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum status status;
        const char *field;
    } cases[] = {
        {"[]", STATUS_INVALID_VALUE, ""},
        {"{\"rules\":{}}", STATUS_UNKNOWN_FIELD, "rules"},
        {"{\"trust\":1}", STATUS_INVALID_VALUE, "trust"},
        {"{\"trust\":{\"erp\":-1}}", STATUS_INVALID_VALUE, "trust.erp"},
        {"{\"trust\":{\"erp\":1.5}}", STATUS_INVALID_VALUE, "trust.erp"},
        {"{\"fields\":{\"name\":\"newest\"}}", STATUS_INVALID_VALUE, "fields.name"},
        {"{\"fields\":{\"email\":\"longest\"}}", STATUS_UNKNOWN_FIELD, "fields.email"},
        {"{\"fields\":{\"name.first\":\"longest\"}}", STATUS_UNKNOWN_FIELD, "fields.name.first"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct policy *policy;
        assert_int_equal(policy_parse(tree_builder_json(&builder, cases[i].text), &builder.arena,
                                      &policy, &error),
                         cases[i].status);
        assert_string_equal(error.field, cases[i].field);
    }
}

static void the_digest_sees_every_difference_but_order(void **state)
{
    (void)state;
    const char *base = "{\"trust\":{\"a\":1,\"b\":2},\"fields\":{\"name\":\"longest\"}}";
    uint64_t digest = policy_digest(parsed(base));
    assert_true(digest == policy_digest(parsed(base)));
    assert_true(digest == policy_digest(parsed("{\"fields\":{\"name\":\"longest\"},"
                                               "\"trust\":{\"b\":2,\"a\":1}}")));
    static const char *const others[] = {
        "{}",
        "{\"trust\":{\"a\":2,\"b\":1},\"fields\":{\"name\":\"longest\"}}",
        "{\"trust\":{\"a\":1,\"b\":2},\"fields\":{\"name\":\"mostTrusted\"}}",
        "{\"trust\":{\"a\":1,\"b\":2},\"fields\":{\"segment\":\"longest\"}}",
        "{\"trust\":{\"a\":1,\"b\":2,\"*\":9},\"fields\":{\"name\":\"longest\"}}",
        "{\"trust\":{\"a\":1,\"b\":2},\"fields\":{\"name\":\"longest\",\"*\":\"longest\"}}",
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_true(digest != policy_digest(parsed(others[i])));
}

static void a_plan_token_changes_with_everything_it_stands_for(void **state)
{
    (void)state;
    struct arena *arena = &builder.arena;
    const struct policy *policy = policy_default(), *other = parsed("{\"trust\":{\"a\":1}}");
    struct str token = plan_token(STR("A"), 1, STR("B"), 2, policy, arena);
    assert_int_equal(token.len, 21);
    assert_true(str_starts_with(token, STR("plan-")));
    assert_true(str_equal(token, plan_token(STR("A"), 1, STR("B"), 2, policy, arena)));
    struct str tokens[] = {
        plan_token(STR("B"), 1, STR("A"), 2, policy, arena),
        plan_token(STR("A"), 2, STR("B"), 2, policy, arena),
        plan_token(STR("A"), 1, STR("B"), 3, policy, arena),
        plan_token(STR("A"), 1, STR("B"), 2, other, arena),
        plan_reversal_token(STR("A"), 1, STR("B"), 2, policy, arena),
    };
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
        assert_false(str_equal(token, tokens[i]));
}

int main(void)
{
#define TEST(name)                                                                                 \
    cmocka_unit_test_prestate_setup_teardown(name, tree_builder_set_up, tree_builder_tear_down,    \
                                             &builder)
    const struct CMUnitTest tests[] = {
        TEST(the_default_policy_is_most_recent_with_equal_trust),
        TEST(a_policy_is_read_from_its_json_form),
        TEST(every_mistake_in_a_policy_is_named),
        TEST(the_digest_sees_every_difference_but_order),
        TEST(a_plan_token_changes_with_everything_it_stands_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
