#include "application/cut_keys.h"

#include "unit.h"

#include <stdio.h>

static void a_key_is_remembered_for_its_tenant(void **state)
{
    (void)state;
    struct cut_keys *keys = cut_keys_new();
    assert_non_null(keys);
    assert_false(cut_keys_has(keys, STR("a"), STR("~1")));
    cut_keys_add(keys, STR("a"), STR("~1"));
    assert_true(cut_keys_has(keys, STR("a"), STR("~1")));
    assert_false(cut_keys_has(keys, STR("b"), STR("~1")));
    assert_false(cut_keys_has(keys, STR("a"), STR("~2")));
    cut_keys_free(keys);
}

static void many_keys_are_never_taken_for_others(void **state)
{
    (void)state;
    struct cut_keys *keys = cut_keys_new();
    char text[16];
    assert_non_null(keys);
    for (int i = 0; i < 300000; i++) {
        int len = snprintf(text, sizeof(text), "~%d", i);
        struct str key = str_of(text, (size_t)len);
        assert_false(cut_keys_has(keys, STR("a"), key));
        cut_keys_add(keys, STR("a"), key);
        assert_true(cut_keys_has(keys, STR("a"), key));
    }
    cut_keys_free(keys);
}

static void nothing_remembers_nothing(void **state)
{
    (void)state;
    cut_keys_add(NULL, STR("a"), STR("~1"));
    assert_false(cut_keys_has(NULL, STR("a"), STR("~1")));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_remembered_for_its_tenant),
        cmocka_unit_test(many_keys_are_never_taken_for_others),
        cmocka_unit_test(nothing_remembers_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
