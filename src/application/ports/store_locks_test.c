#include "application/ports/store_locks.h"

#include "unit.h"

static struct store_locks locks;

static int set_up(void **state)
{
    (void)state;
    store_locks_init(&locks);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_locks_release(&locks);
    return 0;
}

static enum store_lock ask(enum store_place place, const char *name)
{
    struct str text = str_from_cstr(name);
    enum store_lock how;
    assert_int_equal(store_locks_ask(&locks, place, &text, 1, &how, NULL), STATUS_OK);
    return how;
}

static void what_lies_behind_everything_is_waited_for(void **state)
{
    (void)state;
    assert_int_equal(ask(STORE_PLACE_KEY, "b"), STORE_LOCK);
    assert_int_equal(ask(STORE_PLACE_KEY, "c"), STORE_LOCK);
    assert_int_equal(ask(STORE_PLACE_CUSTOMER, "a"), STORE_LOCK);
    assert_int_equal(ask(STORE_PLACE_DUPLICATE, "a"), STORE_LOCK);
    assert_int_equal(ask(STORE_PLACE_LAST, "a"), STORE_LOCK);
}

static void what_lies_before_something_that_is_held_is_tried(void **state)
{
    (void)state;
    assert_int_equal(ask(STORE_PLACE_CUSTOMER, "b"), STORE_LOCK);
    assert_int_equal(ask(STORE_PLACE_KEY, "z"), STORE_TRY_LOCK);
    assert_int_equal(ask(STORE_PLACE_CUSTOMER, "a"), STORE_TRY_LOCK);
    assert_int_equal(ask(STORE_PLACE_CUSTOMER, "c"), STORE_LOCK);
}

static void what_is_held_is_not_waited_for(void **state)
{
    (void)state;
    (void)ask(STORE_PLACE_CUSTOMER, "a");
    (void)ask(STORE_PLACE_DUPLICATE, "b");
    assert_int_equal(ask(STORE_PLACE_CUSTOMER, "a"), STORE_LOCK);
    assert_int_equal(ask(STORE_PLACE_DUPLICATE, "b"), STORE_LOCK);
}

static void of_several_one_before_others_makes_all_tried(void **state)
{
    static const struct str names[] = {STR("a"), STR("c")};
    enum store_lock how;
    (void)state;
    (void)ask(STORE_PLACE_CUSTOMER, "b");
    assert_int_equal(store_locks_ask(&locks, STORE_PLACE_CUSTOMER, names, 2, &how, NULL),
                     STATUS_OK);
    assert_int_equal(how, STORE_TRY_LOCK);
}

static void some_of_a_place_are_waited_for_until_one_of_it_is_held(void **state)
{
    (void)state;
    (void)ask(STORE_PLACE_CUSTOMER, "b");
    assert_int_equal(store_locks_ask_some(&locks, STORE_PLACE_DUPLICATE), STORE_LOCK);
    assert_int_equal(store_locks_note(&locks, STORE_PLACE_DUPLICATE, STR("x"), NULL), STATUS_OK);
    assert_int_equal(store_locks_ask_some(&locks, STORE_PLACE_DUPLICATE), STORE_TRY_LOCK);
}

static void what_is_made_is_passed_as_if_it_were_locked(void **state)
{
    (void)state;
    store_locks_raise(&locks, STORE_PLACE_DUPLICATE, STR("x"));
    assert_int_equal(ask(STORE_PLACE_CUSTOMER, "a"), STORE_TRY_LOCK);
    assert_int_equal(store_locks_ask_some(&locks, STORE_PLACE_DUPLICATE), STORE_TRY_LOCK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_made_is_passed_as_if_it_were_locked, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_lies_behind_everything_is_waited_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_lies_before_something_that_is_held_is_tried, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_held_is_not_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_several_one_before_others_makes_all_tried, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(some_of_a_place_are_waited_for_until_one_of_it_is_held,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
