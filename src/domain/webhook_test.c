#include "domain/webhook.h"

#include "unit.h"

static void the_schedule_is_the_standards(void **state)
{
    static const int64_t seconds[] = {0,     5,     300,   1800,  7200, 18000,
                                      36000, 50400, 72000, 86400, 86400};
    (void)state;
    for (int64_t attempts = 0; attempts < (int64_t)UNIT_COUNT(seconds); attempts++) {
        int64_t whole = seconds[attempts] * 1000;
        assert_int_equal(webhook_delay_ms(attempts, 1000), whole);
        for (uint64_t random = 0; random < 5000; random += 7) {
            int64_t delay = webhook_delay_ms(attempts, random);
            assert_true(delay >= whole * 9 / 10 && delay <= whole * 11 / 10);
        }
    }
    assert_int_equal(webhook_delay_ms(INT64_MAX, 0), 86400 * 900);
    assert_int_equal(webhook_delay_ms(-1, 0), 0);
}

static void types_are_written_as_they_are_read(void **state)
{
    struct arena arena;
    (void)state;
    arena_init(&arena, 1 << 20);
    for (uint32_t types = 1; types <= WEBHOOK_TYPES_ALL; types++) {
        uint32_t back = 0;
        assert_true(webhook_types_parse(webhook_types_format(types, &arena), &back));
        assert_int_equal(back, types);
        arena_reset(&arena);
    }
    assert_str(webhook_types_format(WEBHOOK_TYPES_ALL, &arena), STR(""));
    uint32_t types;
    assert_false(webhook_types_parse(STR("CustomerMergedEvent,Other"), &types));
    assert_int_equal(webhook_type_bit(STR("Other")), 0);
    assert_int_equal(webhook_type_bit(STR_NONE), 0);
    arena_release(&arena);
}

static void retry_after_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(webhook_retry_after_ms(120), 120000);
    assert_int_equal(webhook_retry_after_ms(INT64_MAX), 86400000);
    assert_int_equal(webhook_retry_after_ms(0), 0);
    assert_int_equal(webhook_retry_after_ms(-5), 0);
}

static void only_2xx_is_a_success(void **state)
{
    (void)state;
    for (int status = 0; status < 600; status++)
        assert_int_equal(webhook_is_success(status), status / 100 == 2);
    assert_true(webhook_is_throttle(429) && webhook_is_throttle(502) && webhook_is_throttle(504));
    assert_false(webhook_is_throttle(500) || webhook_is_throttle(410));
}

static void names_are_read_as_they_are_written(void **state)
{
    enum webhook_state a;
    enum webhook_cause b;
    enum webhook_outcome c;
    enum webhook_reason d;
    (void)state;
    for (int i = 0; i < WEBHOOK_STATE_COUNT; i++)
        assert_true(webhook_state_parse(webhook_state_name((enum webhook_state)i), &a) &&
                    (int)a == i);
    for (int i = 0; i < WEBHOOK_CAUSE_COUNT; i++)
        assert_true(webhook_cause_parse(webhook_cause_name((enum webhook_cause)i), &b) &&
                    (int)b == i);
    for (int i = 0; i < WEBHOOK_OUTCOME_COUNT; i++)
        assert_true(webhook_outcome_parse(webhook_outcome_name((enum webhook_outcome)i), &c) &&
                    (int)c == i);
    for (int i = 0; i < WEBHOOK_REASON_COUNT; i++)
        assert_true(webhook_reason_parse(webhook_reason_name((enum webhook_reason)i), &d) &&
                    (int)d == i);
    assert_false(webhook_state_parse(STR_NONE, &a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_schedule_is_the_standards),
        cmocka_unit_test(types_are_written_as_they_are_read),
        cmocka_unit_test(retry_after_is_bounded),
        cmocka_unit_test(only_2xx_is_a_success),
        cmocka_unit_test(names_are_read_as_they_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
