#include "search/list.h"

#include "unit.h"

enum { NUMBERS = 200000, CALLS = 400, MATCHES = 7 };

static struct arena arena;
static uint16_t expected[NUMBERS];

static struct search_match match_of(uint32_t chance)
{
    return (struct search_match){.weight = 100 + (int)(chance % MATCHES), .is_close = chance % 2};
}

static uint32_t next_of(uint32_t *chance)
{
    *chance = *chance * 1664525 + 1013904223;
    return *chance >> 8;
}

/* Runs of numbers `apart`, in no order, as the keys of a token have them. */
static struct search_list_builder *some_list(uint32_t seed, uint32_t apart)
{
    struct search_list_builder *builder = ARENA_NEW(&arena, struct search_list_builder);
    assert_non_null(builder);
    builder->arena = &arena;
    memset(expected, 0, sizeof(expected));
    for (int call = 0; call < CALLS; call++) {
        int64_t numbers[100], number = next_of(&seed) % NUMBERS;
        struct search_match match = match_of(next_of(&seed));
        uint16_t bits = (uint16_t)((match.is_close ? SEARCH_POSTING_CLOSE : 0) | match.weight);
        size_t count = 0;
        for (; count < 100 && number < NUMBERS; number += 1 + next_of(&seed) % apart) {
            if (expected[number] < bits) expected[number] = bits;
            numbers[count++] = number;
        }
        search_list_add(builder, numbers, count, match);
    }
    return builder;
}

static void check_list(struct str bytes)
{
    struct search_postings postings = {.arena = &arena};
    assert_false(str_is_none(bytes));
    struct search_list list = search_list_of(bytes);
    for (int64_t i = 0, stride = 1; stride < 40; stride += 7) {
        size_t at = 0;
        for (i = 0; i < NUMBERS; i += stride)
            assert_int_equal(search_list_find(&list, i, &at), expected[i]);
        assert_int_equal(search_list_find(&list, NUMBERS + 5, &at), 0);
    }
    search_list_unpack(&list, &postings);
    assert_false(postings.failed);
    size_t p = 0;
    for (int64_t i = 0; i < NUMBERS; i++)
        if (expected[i] != 0)
            assert_true(postings.items[p++] == ((uint64_t)i << SEARCH_POSTING_BITS | expected[i]));
    assert_int_equal(p, postings.count);
    /* The same of postings. */
    struct search_list packed = search_list_of(search_list_pack(&postings, false, &arena));
    for (size_t i = 0, at = 0; i < NUMBERS; i += 3)
        assert_int_equal(search_list_find(&packed, (int64_t)i, &at), expected[i]);
}

static void a_list_finds_what_was_put_in_and_nothing_else(void **state)
{
    (void)state;
    static const uint32_t apart[] = {1, 3, 40, 900};
    for (uint32_t seed = 0; seed < 8; seed++) {
        struct arena_mark mark = arena_mark(&arena);
        check_list(search_list_finish(some_list(seed, apart[seed % 4]), false));
        arena_rewind(&arena, mark);
    }
}

static void a_list_takes_the_memory_of_the_numbers_that_there_are(void **state)
{
    (void)state;
    struct arena_mark mark = arena_mark(&arena);
    struct str dense = search_list_finish(some_list(1, 1), false);
    struct str sparse = search_list_finish(some_list(1, 900), false);
    assert_in_range(dense.len, 1000, NUMBERS + 1000);
    assert_in_range(sparse.len, 1000, CALLS * 100 * 5 + 1000);
    arena_rewind(&arena, mark);
}

static void what_is_too_far_apart_is_no_list(void **state)
{
    (void)state;
    struct search_list_builder *builder = ARENA_NEW(&arena, struct search_list_builder);
    assert_non_null(builder);
    builder->arena = &arena;
    const int64_t numbers[] = {1, INT64_C(1) << 40};
    search_list_add(builder, numbers, 2, match_of(1));
    assert_true(str_is_none(search_list_finish(builder, false)));
}

static void an_empty_list_has_nothing(void **state)
{
    (void)state;
    struct search_list_builder builder = {.arena = &arena};
    struct search_list list = search_list_of(search_list_finish(&builder, true));
    size_t at = 0;
    assert_int_equal(search_list_find(&list, 0, &at), 0);
    assert_int_equal(search_list_find(&list, 17, &at), 0);
    assert_true(list.is_cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_finds_what_was_put_in_and_nothing_else),
        cmocka_unit_test(a_list_takes_the_memory_of_the_numbers_that_there_are),
        cmocka_unit_test(what_is_too_far_apart_is_no_list),
        cmocka_unit_test(an_empty_list_has_nothing),
    };
    arena_init(&arena, 256 << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return failed;
}
