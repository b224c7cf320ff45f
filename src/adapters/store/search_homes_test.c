#include "adapters/store/search_homes.h"

#include <stdio.h>

#include "unit.h"

static void a_number_is_of_the_home_that_was_put_or_of_none(void **state)
{
    struct arena arena;
    struct search_homes *homes = search_homes_new();
    char text[16];
    size_t known = 0;
    (void)state;
    arena_init(&arena, 64 << 20);
    assert_non_null(homes);
    assert_true(str_is_none(search_homes_find(homes, 0, &arena)));
    for (int number = 1; number <= 200000; number++) {
        int len = snprintf(text, sizeof(text), "C-%d", number);
        search_homes_put(homes, number, str_of(text, (size_t)len));
    }
    for (int number = 1; number <= 200000; number++) {
        int len = snprintf(text, sizeof(text), "C-%d", number);
        struct str home = search_homes_find(homes, number, &arena);
        known += !str_is_none(home);
        assert_true(str_is_none(home) || str_equal(home, str_of(text, (size_t)len)));
    }
    assert_in_range(known, 10000, 100000);
    search_homes_free(homes);
    arena_release(&arena);
}

static void a_long_id_is_not_kept(void **state)
{
    struct arena arena;
    struct search_homes *homes = search_homes_new();
    static const char id[] = "an-id-that-is-longer-than-those-which-people-and-their-systems-give";
    (void)state;
    arena_init(&arena, 1 << 20);
    assert_non_null(homes);
    search_homes_put(homes, 7, str_from_cstr(id));
    assert_true(str_is_none(search_homes_find(homes, 7, &arena)));
    search_homes_free(homes);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_of_the_home_that_was_put_or_of_none),
        cmocka_unit_test(a_long_id_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
