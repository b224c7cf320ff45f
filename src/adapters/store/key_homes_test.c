#include "adapters/store/key_homes.h"

#include "unit.h"

enum { TENANT = 7, PLACES = 1 << 18 };

static void a_home_is_kept_for_its_row_and_tenant_alone(void **state)
{
    struct key_homes homes = {0};
    (void)state;
    assert_true(str_is_none(key_homes_get(&homes, TENANT, 1)));
    key_homes_put(&homes, TENANT, 1, STR("CUST-1"));
    assert_str(key_homes_get(&homes, TENANT, 1), STR("CUST-1"));
    assert_true(str_is_none(key_homes_get(&homes, TENANT + 1, 1)));
    assert_true(str_is_none(key_homes_get(&homes, TENANT, 2)));
    key_homes_release(&homes);
}

static void a_row_that_is_forgotten_or_displaced_has_no_home(void **state)
{
    struct key_homes homes = {0};
    (void)state;
    key_homes_forget(&homes, 1);
    key_homes_put(&homes, TENANT, 1, STR("CUST-1"));
    key_homes_put(&homes, TENANT, 2, STR("CUST-2"));
    key_homes_forget(&homes, 1);
    key_homes_put(&homes, TENANT, PLACES + 2, STR("CUST-3"));
    key_homes_forget(&homes, 2);
    assert_true(str_is_none(key_homes_get(&homes, TENANT, 1)));
    assert_true(str_is_none(key_homes_get(&homes, TENANT, 2)));
    assert_str(key_homes_get(&homes, TENANT, PLACES + 2), STR("CUST-3"));
    key_homes_release(&homes);
}

static void an_id_that_does_not_fit_is_not_kept(void **state)
{
    static const char digits[] = "0123456789012345678901234567890123456789";
    struct key_homes homes = {0};
    (void)state;
    key_homes_put(&homes, TENANT, 1, str_of(digits, 39));
    key_homes_put(&homes, TENANT, 2, str_of(digits, 40));
    assert_str(key_homes_get(&homes, TENANT, 1), str_of(digits, 39));
    assert_true(str_is_none(key_homes_get(&homes, TENANT, 2)));
    key_homes_release(&homes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_home_is_kept_for_its_row_and_tenant_alone),
        cmocka_unit_test(a_row_that_is_forgotten_or_displaced_has_no_home),
        cmocka_unit_test(an_id_that_does_not_fit_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
