#include "adapters/api/identity.h"
#include "unit.h"

static void a_permission_is_known_by_its_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PERMISSION_COUNT; i++)
        assert_int_equal(permission_parse(permission_name(i)), PERMISSION_BIT(i));
}

static void a_star_opens_a_resource_or_everything(void **state)
{
    (void)state;
    assert_int_equal(permission_parse(STR("consent:*")),
                     PERMISSION_BIT(PERMISSION_CONSENT_READ) |
                         PERMISSION_BIT(PERMISSION_CONSENT_WRITE));
    assert_int_equal(permission_parse(STR("*")), PERMISSIONS_ALL);
    assert_int_equal(permission_parse(STR("*:*")), PERMISSIONS_ALL);
}

static void a_permission_of_somebody_else_opens_nothing(void **state)
{
    (void)state;
    assert_int_equal(permission_parse(STR("ledger:read")), 0);
    assert_int_equal(permission_parse(STR("customer")), 0);
    assert_int_equal(permission_parse(STR("Customer:read")), 0);
    assert_int_equal(permission_parse(STR(":*")), 0);
    assert_int_equal(permission_parse(STR("")), 0);
}

static void a_list_is_separated_by_commas_or_spaces(void **state)
{
    (void)state;
    uint64_t expected =
        PERMISSION_BIT(PERMISSION_CUSTOMER_READ) | PERMISSION_BIT(PERMISSION_EVENT_READ);
    assert_int_equal(permissions_parse_list(STR("customer:read,event:read")), expected);
    assert_int_equal(permissions_parse_list(STR(" customer:read , event:read, ")), expected);
    assert_int_equal(permissions_parse_list(STR("customer:read  event:read x:y")), expected);
    assert_int_equal(permissions_parse_list(STR_NONE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_permission_is_known_by_its_name),
        cmocka_unit_test(a_star_opens_a_resource_or_everything),
        cmocka_unit_test(a_permission_of_somebody_else_opens_nothing),
        cmocka_unit_test(a_list_is_separated_by_commas_or_spaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
