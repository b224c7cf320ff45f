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

static int taken(struct rate *rate, int64_t now_us)
{
    int count = 0;
    while (rate_take(rate, STR("a"), now_us).allowed) count++;
    return count;
}

static void instances_share_it_in_equal_parts(void **state)
{
    struct rate *rate = rate_new(10, (struct hash_key){1, 2});
    int64_t now_us = 1000000000;
    (void)state;
    rate_share(rate, 4);
    struct rate_answer answer = rate_take(rate, STR("a"), now_us);
    assert_true(answer.allowed);
    assert_int_equal(answer.limit, 10);
    assert_int_equal(answer.remaining, 1);
    assert_int_equal(taken(rate, now_us), 1);
    assert_int_equal(rate_take(rate, STR("a"), now_us).wait_us, 200000);
    int count = 0;
    for (int64_t at = now_us + 1000000; at <= now_us + 100000000; at += 50000)
        count += rate_take(rate, STR("a"), at).allowed;
    assert_in_range(count, 247, 250);
    rate_share(rate, 1);
    assert_in_range(taken(rate, now_us + 110000000), 10, 10);
    rate_free(rate);
}

static void a_part_of_less_than_one_each_second_comes_all_the_same(void **state)
{
    struct rate *rate = rate_new(1, (struct hash_key){1, 2});
    int64_t now_us = 1000000000;
    (void)state;
    rate_share(rate, 3);
    assert_int_equal(taken(rate, now_us), 1);
    assert_int_equal(rate_take(rate, STR("a"), now_us).wait_us, 3000000);
    assert_int_equal(taken(rate, now_us + 2999999), 0);
    assert_int_equal(taken(rate, now_us + 3000000), 1);
    rate_free(rate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_s_worth_passes_at_once_and_no_more),
        cmocka_unit_test(it_comes_back_with_time),
        cmocka_unit_test(instances_share_it_in_equal_parts),
        cmocka_unit_test(a_part_of_less_than_one_each_second_comes_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
