#include "adapters/store/key_filter.h"

#include "base/hash.h"
#include "unit.h"

static uint64_t hash_of(int number)
{
    return hash_bytes((struct hash_key){1, 2}, str_of((const char *)&number, sizeof(number)));
}

static void what_was_added_may_be_there_and_most_others_not(void **state)
{
    enum { COUNT = 20000 };
    struct key_filter *filter = key_filter_new(COUNT);
    int taken_for = 0;
    (void)state;
    assert_non_null(filter);
    for (int i = 0; i < COUNT; i++) key_filter_add(filter, hash_of(i));
    for (int i = 0; i < COUNT; i++) assert_true(key_filter_may_have(filter, hash_of(i)));
    for (int i = COUNT; i < 2 * COUNT; i++) taken_for += key_filter_may_have(filter, hash_of(i));
    assert_in_range(taken_for, 1, COUNT / 20);
    assert_true(key_filter_bytes(COUNT) < 2 * COUNT);
    key_filter_free(filter);
}

static void one_of_nothing_has_nothing(void **state)
{
    struct key_filter *filter = key_filter_new(0);
    (void)state;
    assert_non_null(filter);
    assert_false(key_filter_may_have(filter, hash_of(1)));
    key_filter_free(filter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_may_be_there_and_most_others_not),
        cmocka_unit_test(one_of_nothing_has_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
