#include "engines/sql/sql_queue.h"

#include <unistd.h>

#include "unit.h"

enum { MS_NS = 1000 * 1000 };

static void fill(struct sql_queue *queue, int count, int64_t each_ns)
{
    for (int i = 0; i < count; i++) sql_queue_enter(queue);
    for (int i = 0; i < 1000; i++) sql_queue_took(queue, each_ns);
}

static void a_queue_that_stands_takes_what_waits_times_what_one_takes(void **state)
{
    (void)state;
    struct sql_queue queue = {0};
    fill(&queue, 20, 2 * MS_NS);
    for (int i = 0; i < 10; i++) sql_queue_leave(&queue);
    assert_int_equal(sql_queue_work_ns(&queue, false), 0); /* it may be a burst */
    assert_in_range(sql_queue_work_ns(&queue, true), 19 * MS_NS, 21 * MS_NS);
    (void)usleep(110 * 1000);
    assert_in_range(sql_queue_work_ns(&queue, false), 19 * MS_NS, 21 * MS_NS);
    sql_queue_leave(&queue);
    assert_in_range(sql_queue_work_ns(&queue, false), 17 * MS_NS, 19 * MS_NS);
}

static void a_queue_that_was_empty_a_moment_ago_does_not_stand(void **state)
{
    (void)state;
    struct sql_queue queue = {0};
    fill(&queue, 10, 2 * MS_NS);
    (void)usleep(110 * 1000);
    for (int i = 0; i < 10; i++) sql_queue_leave(&queue);
    assert_int_equal(sql_queue_work_ns(&queue, false), 0);
    fill(&queue, 10, 2 * MS_NS);
    for (int i = 0; i < 5; i++) sql_queue_leave(&queue);
    assert_int_equal(sql_queue_work_ns(&queue, false), 0);
}

static void a_queue_from_which_nobody_was_served_does_not_stand(void **state)
{
    (void)state;
    struct sql_queue queue = {0};
    fill(&queue, 10, 2 * MS_NS);
    (void)usleep(110 * 1000); /* the process may have been stopped */
    assert_int_equal(sql_queue_work_ns(&queue, false), 0);
}

static void what_is_usual_follows_slowly_and_one_that_stands_out_moves_it_little(void **state)
{
    (void)state;
    int64_t usual = 0;
    for (int i = 0; i < 1000; i++) usual = sql_queue_usual(usual, MS_NS);
    assert_in_range(usual, MS_NS - 1000, MS_NS);
    assert_in_range(sql_queue_usual(usual, 60000LL * MS_NS), usual, usual + usual / 4);
    for (int i = 0; i < 100; i++) usual = sql_queue_usual(usual, 3 * MS_NS);
    assert_in_range(usual, 2 * MS_NS, 3 * MS_NS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_queue_that_stands_takes_what_waits_times_what_one_takes),
        cmocka_unit_test(a_queue_that_was_empty_a_moment_ago_does_not_stand),
        cmocka_unit_test(a_queue_from_which_nobody_was_served_does_not_stand),
        cmocka_unit_test(what_is_usual_follows_slowly_and_one_that_stands_out_moves_it_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
