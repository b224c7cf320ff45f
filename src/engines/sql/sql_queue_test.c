#include "engines/sql/sql_queue.h"

#include <unistd.h>

#include "unit.h"

enum { MS_NS = 1000 * 1000 };

static void fill(struct sql_queue *queue, int count, int64_t each_ns)
{
    for (int i = 0; i < count; i++) sql_queue_enter(queue);
    for (int i = 0; i < 1000; i++) sql_queue_took(queue, each_ns);
}

static void what_waits_takes_as_long_as_all_before_it(void **state)
{
    (void)state;
    struct sql_queue queue = {0};
    assert_int_equal(sql_queue_wait(&queue).us, 0);
    fill(&queue, 20, 2 * MS_NS);
    for (int i = 0; i < 10; i++) sql_queue_leave(&queue);
    assert_in_range(sql_queue_wait(&queue).us, 19 * 1000, 21 * 1000);
    assert_int_equal(sql_queue_wait(&queue).ahead, 10);
    sql_queue_leave(&queue);
    assert_in_range(sql_queue_wait(&queue).us, 17 * 1000, 19 * 1000);
}

/* Each in so many milliseconds; the first ones' wait is that of a burst. */
static void serve(struct sql_queue *queue, int count, int each_ms)
{
    for (int i = 0; i < count; i++) {
        (void)usleep((useconds_t)each_ms * 1000);
        sql_queue_leave(queue);
    }
}

static void a_queue_stands_when_it_did_not_empty_for_a_while(void **state)
{
    (void)state;
    struct sql_queue queue = {0};
    fill(&queue, 20, 2 * MS_NS);
    assert_false(sql_queue_wait(&queue).stands);
    serve(&queue, 12, 10);
    assert_true(sql_queue_wait(&queue).stands);
    serve(&queue, 8, 1);
    (void)usleep(15 * 1000);
    fill(&queue, 10, 2 * MS_NS);
    assert_false(sql_queue_wait(&queue).stands);
}

static void a_queue_from_which_nobody_was_served_does_not_stand(void **state)
{
    (void)state;
    struct sql_queue queue = {0};
    fill(&queue, 10, 2 * MS_NS);
    (void)usleep(110 * 1000); /* the process may have been stopped */
    sql_queue_leave(&queue);
    assert_false(sql_queue_wait(&queue).stands);
}

static void what_is_usual_follows_slowly_and_one_that_stands_out_moves_it_little(void **state)
{
    (void)state;
    int64_t usual = 0;
    assert_int_equal(sql_queue_usual(0, 30 * MS_NS), 30 * MS_NS);
    for (int i = 0; i < 1000; i++) usual = sql_queue_usual(usual, MS_NS);
    assert_in_range(usual, MS_NS - 1000, MS_NS);
    assert_in_range(sql_queue_usual(usual, 60000LL * MS_NS), usual, usual + usual / 4);
    for (int i = 0; i < 100; i++) usual = sql_queue_usual(usual, 3 * MS_NS);
    assert_in_range(usual, 2 * MS_NS, 3 * MS_NS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_takes_as_long_as_all_before_it),
        cmocka_unit_test(a_queue_stands_when_it_did_not_empty_for_a_while),
        cmocka_unit_test(a_queue_from_which_nobody_was_served_does_not_stand),
        cmocka_unit_test(what_is_usual_follows_slowly_and_one_that_stands_out_moves_it_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
