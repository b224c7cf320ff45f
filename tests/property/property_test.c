/* The harness itself: that it finds, shrinks, repeats. */
#include "property.h"

#include <string.h>

#include "unit.h"

static bool small_numbers_stay_below_a_thousand(struct property *p, void *context)
{
    int64_t *seen = context;
    *seen = property_between(p, 0, 100000);
    PROPERTY_REQUIRE(p, *seen < 1000, "%d is too large", (int)*seen);
    return true;
}

static void a_failing_number_is_shrunk_to_the_boundary(void **state)
{
    (void)state;
    int64_t seen = 0;
    struct property_report report;
    assert_false(property_run(small_numbers_stay_below_a_thousand, &seen, 100, 1, &report));
    assert_int_equal(seen, 1000);
    assert_string_equal(report.message, "1000 is too large");
}

struct steps_seen {
    size_t count;
    int64_t values[64];
};

/* Breaks when a 7 stands anywhere before a 9. */
static bool no_seven_before_a_nine(struct property *p, void *context)
{
    struct steps_seen *seen = context;
    seen->count = 0;
    bool seven = false;
    while (property_more(p, seen->count, 20, 64)) {
        int64_t value = property_between(p, 0, 10);
        seen->values[seen->count++] = value;
        PROPERTY_REQUIRE(p, !(seven && value == 9), "7 before 9");
        seven |= value == 7;
    }
    return true;
}

static void a_failing_history_is_shrunk_to_the_steps_that_matter(void **state)
{
    (void)state;
    struct steps_seen seen;
    struct property_report report;
    assert_false(property_run(no_seven_before_a_nine, &seen, 200, 1, &report));
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.values[0], 7);
    assert_int_equal(seen.values[1], 9);
}

/* Nested steps: breaks when one list sums to over 20. */
static bool no_list_is_heavy(struct property *p, void *context)
{
    struct steps_seen *seen = context;
    seen->count = 0;
    while (property_more(p, seen->count, 5, 20)) {
        int64_t sum = 0;
        for (size_t n = 0; property_more(p, n, 5, 20); n++) sum += property_between(p, 0, 9);
        seen->values[seen->count++] = sum;
        PROPERTY_REQUIRE(p, sum <= 20, "heavy");
    }
    return true;
}

static void nested_steps_are_shrunk_too(void **state)
{
    (void)state;
    struct steps_seen seen;
    struct property_report report;
    assert_false(property_run(no_list_is_heavy, &seen, 200, 1, &report));
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.values[0], 21);
}

static bool record_draws(struct property *p, void *context)
{
    struct steps_seen *seen = context;
    for (seen->count = 0; seen->count < 64; seen->count++)
        seen->values[seen->count] = property_between(p, -1000, 1000);
    return true;
}

static void the_same_seed_gives_the_same_case_and_another_seed_another(void **state)
{
    (void)state;
    struct steps_seen first, again, other;
    struct property_report report;
    assert_true(property_run(record_draws, &first, 1, 5, &report));
    assert_true(property_run(record_draws, &again, 1, 5, &report));
    assert_true(property_run(record_draws, &other, 1, 6, &report));
    assert_memory_equal(first.values, again.values, sizeof(first.values));
    assert_memory_not_equal(first.values, other.values, sizeof(first.values));
}

static bool chance_is_about_right(struct property *p, void *context)
{
    (void)context;
    int hits = 0;
    for (int i = 0; i < 1000; i++) hits += property_chance(p, 30);
    PROPERTY_REQUIRE(p, hits > 200 && hits < 400, "%d of 1000", hits);
    PROPERTY_REQUIRE(p, !property_chance(p, 0) && property_chance(p, 100), "certain chances");
    return true;
}

static void chances_come_about_as_often_as_said(void **state)
{
    (void)state;
    property_check("30 percent is about 300 of 1000", chance_is_about_right, NULL, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failing_number_is_shrunk_to_the_boundary),
        cmocka_unit_test(a_failing_history_is_shrunk_to_the_steps_that_matter),
        cmocka_unit_test(nested_steps_are_shrunk_too),
        cmocka_unit_test(the_same_seed_gives_the_same_case_and_another_seed_another),
        cmocka_unit_test(chances_come_about_as_often_as_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
