#include "adapters/api/rate.h"

#include "unit.h"

static void a_second_s_worth_passes_at_once_and_no_more(void **state)
{
    struct rate *rate = rate_new(10, (struct hash_key){1, 2});
    int64_t now_us = 1000000000;
    (void)state;
    for (int i = 0; i < 10; i++) {
        struct rate_answer answer = rate_take(rate, STR("a"), now_us);
        assert_true(answer.allowed);
        assert_int_equal(answer.remaining, 9 - i);
    }
    struct rate_answer refused = rate_take(rate, STR("a"), now_us);
    assert_false(refused.allowed);
    assert_int_equal(refused.wait_us, 100000);
    assert_true(rate_take(rate, STR("b"), now_us).allowed);
    rate_free(rate);
}

static void it_comes_back_with_time(void **state)
{
    struct rate *rate = rate_new(10, (struct hash_key){1, 2});
    int64_t now_us = 1000000000;
    (void)state;
    for (int i = 0; i < 20; i++) (void)rate_take(rate, STR("a"), now_us);
    assert_false(rate_take(rate, STR("a"), now_us + 99999).allowed);
    assert_true(rate_take(rate, STR("a"), now_us + 100000).allowed);
    assert_false(rate_take(rate, STR("a"), now_us + 100000).allowed);
    rate_free(rate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_s_worth_passes_at_once_and_no_more),
        cmocka_unit_test(it_comes_back_with_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
