#include "application/candidates.h"

#include "unit.h"

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static void a_decisive_or_a_rare_key_suffices_and_a_frequent_one_needs_another(void **state)
{
    (void)state;
    struct candidates candidates = {.arena = &arena};
    candidates_add(&candidates, STR("decisive"), NULL, CANDIDATE_KEY_DECIDES, 500);
    candidates_add(&candidates, STR("rare"), NULL, CANDIDATE_KEY_TELLS, CANDIDATES_HOMES_FEW);
    candidates_add(&candidates, STR("once"), NULL, CANDIDATE_KEY_TELLS, CANDIDATES_HOMES_FEW + 1);
    candidates_add(&candidates, STR("twice"), NULL, CANDIDATE_KEY_TELLS, CANDIDATES_HOMES_MAX);
    candidates_add(&candidates, STR("neighbour"), NULL, CANDIDATE_KEY_SUPPORTS, 1);
    candidates_add(&candidates, STR("twice"), NULL, CANDIDATE_KEY_SUPPORTS, 1);
    assert_int_equal(candidates_choose(&candidates), STATUS_OK);
    assert_int_equal(candidates.count, 3);
    assert_str(candidates.items[0].home, STR("decisive"));
    assert_str(candidates.items[1].home, STR("twice"));
    assert_str(candidates.items[2].home, STR("rare"));
}

static void a_key_is_cut_past_the_limit_unless_it_decides(void **state)
{
    (void)state;
    assert_false(candidates_cut(CANDIDATE_KEY_TELLS, CANDIDATES_HOMES_MAX));
    assert_true(candidates_cut(CANDIDATE_KEY_TELLS, CANDIDATES_HOMES_MAX + 1));
    assert_false(candidates_cut(CANDIDATE_KEY_DECIDES, CANDIDATES_HOMES_MAX + 1));
}

static void the_likeliest_are_kept_whatever_the_order_they_come_in(void **state)
{
    (void)state;
    for (int turn = 0; turn < 2; turn++) {
        struct candidates candidates = {.arena = &arena};
        for (int i = 0; i < 100; i++) {
            int at = turn ? 99 - i : i;
            struct str home = arena_format(&arena, "C-%02d", at);
            candidates_add(&candidates, home, NULL, CANDIDATE_KEY_TELLS, 2);
            if (at == 70) candidates_add(&candidates, home, NULL, CANDIDATE_KEY_TELLS, 2);
        }
        assert_int_equal(candidates_choose(&candidates), STATUS_OK);
        assert_int_equal(candidates.count, CANDIDATES_MAX);
        assert_str(candidates.items[0].home, STR("C-70"));
        assert_str(candidates.items[1].home, STR("C-00"));
        assert_str(candidates.items[CANDIDATES_MAX - 1].home, STR("C-30"));
    }
}

static void running_out_of_memory_is_said_once_at_the_end(void **state)
{
    (void)state;
    struct arena small;
    arena_init(&small, 4096);
    struct candidates candidates = {.arena = &small};
    for (int i = 0; i < 10000; i++)
        candidates_add(&candidates, STR("C"), NULL, CANDIDATE_KEY_DECIDES, 1);
    assert_int_equal(candidates_choose(&candidates), STATUS_OUT_OF_MEMORY);
    arena_release(&small);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        TEST(a_decisive_or_a_rare_key_suffices_and_a_frequent_one_needs_another),
        TEST(a_key_is_cut_past_the_limit_unless_it_decides),
        TEST(the_likeliest_are_kept_whatever_the_order_they_come_in),
        TEST(running_out_of_memory_is_said_once_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
