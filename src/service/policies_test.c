#include "service/policies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

static char path[] = "/tmp/customer360-policies-test-XXXXXX";
static struct error error;

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
    (void)state;
    int file = mkstemp(path);
    return file < 0 ? -1 : close(file);
}

static int teardown(void **state)
{
    (void)state;
    return unlink(path);
}

static void a_tenant_has_its_own_policy_and_others_the_common_one(void **state)
{
    (void)state;
    struct policies *policies;
    write_file("{\"zoo\":{\"fields\":{\"name\":\"longest\"}},\"acme\":{\"trust\":{\"erp\":90}},"
               "\"*\":{\"fields\":{\"*\":\"mostTrusted\"}}}");
    assert_int_equal(policies_new(str_from_cstr(path), &policies, &error), STATUS_OK);
    assert_int_equal(policy_rule(policies_for(policies, STR("zoo")), STR("name")), RULE_LONGEST);
    assert_int_equal(policy_trust(policies_for(policies, STR("acme")), STR("erp")), 90);
    assert_int_equal(policy_rule(policies_for(policies, STR("other")), STR("name")),
                     RULE_MOST_TRUSTED);
    policies_free(policies);
}

static void without_a_file_all_have_the_built_in_policy(void **state)
{
    (void)state;
    struct policies *policies;
    assert_int_equal(policies_new(STR(""), &policies, &error), STATUS_OK);
    assert_ptr_equal(policies_for(policies, STR("x")), policy_default());
    policies_free(policies);
}

static void a_reload_replaces_and_a_broken_file_does_not(void **state)
{
    (void)state;
    struct policies *policies;
    write_file("{}");
    assert_int_equal(policies_new(str_from_cstr(path), &policies, &error), STATUS_OK);
    const struct policy *before = policies_for(policies, STR("a"));
    write_file("{\"a\":{\"fields\":{\"name\":\"loudest\"}}}");
    assert_int_equal(policies_reload(policies, str_from_cstr(path), &error), STATUS_CONFIGURATION);
    assert_non_null(strstr(error.message, path));
    assert_ptr_equal(policies_for(policies, STR("a")), before);
    write_file("{\"a\":{\"fields\":{\"name\":\"longest\"}}}");
    assert_int_equal(policies_reload(policies, str_from_cstr(path), &error), STATUS_OK);
    assert_int_equal(policy_rule(policies_for(policies, STR("a")), STR("name")), RULE_LONGEST);
    /* Who still computes with the old one may. */
    assert_int_equal(policy_rule(before, STR("name")), RULE_MOST_RECENT);
    policies_free(policies);
}

static void a_file_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct policies *policies;
    assert_int_equal(policies_new(STR("/nonexistent/p.json"), &policies, &error),
                     STATUS_CONFIGURATION);
    assert_non_null(strstr(error.message, "/nonexistent/p.json"));
    assert_null(policies);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tenant_has_its_own_policy_and_others_the_common_one),
        cmocka_unit_test(without_a_file_all_have_the_built_in_policy),
        cmocka_unit_test(a_reload_replaces_and_a_broken_file_does_not),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests_name("policies", tests, setup, teardown);
}
