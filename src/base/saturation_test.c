#include "base/saturation.h"

#include "unit.h"

enum { MS_NS = 1000 * 1000 };

/* At work for `work` of each `round` milliseconds, for so many rounds. */
static void run(struct saturation *saturation, int64_t *now, int rounds, int work, int round)
{
    for (int i = 0; i < rounds; i++) {
        for (int ms = 0; ms < round; ms++) {
            *now += MS_NS;
            (ms < work ? saturation_worked : saturation_rested)(saturation, *now);
        }
    }
}

static void it_is_reached_by_a_tenth_of_a_second_of_work(void **state)
{
    (void)state;
    struct saturation saturation = {0};
    int64_t now = MS_NS;
    saturation_rested(&saturation, now);
    run(&saturation, &now, 99, 1, 1);
    assert_false(saturation_is_reached(&saturation));
    run(&saturation, &now, 1, 1, 1);
    assert_true(saturation_is_reached(&saturation));
}

static void little_rest_does_not_end_it_and_a_few_milliseconds_do(void **state)
{
    (void)state;
    struct saturation saturation = {0};
    int64_t now = MS_NS;
    saturation_rested(&saturation, now);
    run(&saturation, &now, 20, 19, 20);
    assert_true(saturation_is_reached(&saturation));
    run(&saturation, &now, 100, 19, 20);
    assert_true(saturation_is_reached(&saturation));
    run(&saturation, &now, 8, 1, 2);
    assert_false(saturation_is_reached(&saturation));
}

static void half_of_the_time_at_work_never_reaches_it(void **state)
{
    (void)state;
    struct saturation saturation = {0};
    int64_t now = MS_NS;
    saturation_rested(&saturation, now);
    run(&saturation, &now, 50, 20, 40);
    assert_false(saturation_is_reached(&saturation));
}

static void a_process_that_was_stopped_was_not_at_work(void **state)
{
    (void)state;
    struct saturation saturation = {0};
    int64_t now = MS_NS;
    saturation_rested(&saturation, now);
    saturation_worked(&saturation, now + 3600LL * 1000 * MS_NS);
    assert_false(saturation_is_reached(&saturation));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_reached_by_a_tenth_of_a_second_of_work),
        cmocka_unit_test(little_rest_does_not_end_it_and_a_few_milliseconds_do),
        cmocka_unit_test(half_of_the_time_at_work_never_reaches_it),
        cmocka_unit_test(a_process_that_was_stopped_was_not_at_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
