#include "base/identifier.h"

#include "unit.h"

#include <string.h>

static void an_identifier_is_a_prefix_and_26_characters(void **state)
{
    (void)state;
    struct arena arena;
    struct environment_fixed fixed;
    arena_init(&arena, 1 << 16);
    environment_fixed_init(&fixed, 0, 1000, 1);
    struct str id = identifier_new(&fixed.base, STR("CUST"), &arena);
    assert_int_equal(id.len, 4 + 1 + 26);
    assert_true(str_starts_with(id, STR("CUST-0000000001")));
    assert_true(identifier_is_valid(id));
    assert_int_equal(strspn(id.ptr + 5, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), 26);
    arena_release(&arena);
}

static void later_identifiers_sort_behind_earlier_ones(void **state)
{
    (void)state;
    struct arena arena;
    struct environment_fixed fixed;
    arena_init(&arena, 1 << 20);
    instant start;
    assert_true(instant_parse(STR("2026-02-02T10:30:00Z"), &start));
    environment_fixed_init(&fixed, start, 1000, 99);
    struct str last = identifier_new(&fixed.base, STR("CUST"), &arena);
    for (int i = 0; i < 5000; i++) {
        struct str id = identifier_new(&fixed.base, STR("CUST"), &arena);
        assert_true(str_compare(last, id) < 0);
        last = id;
    }
    /* As far as 48 bits of milliseconds reach. */
    environment_fixed_init(&fixed, ((instant)1 << 48) * 1000 - 1000, 0, 1);
    struct str latest = identifier_new(&fixed.base, STR("CUST"), &arena);
    assert_true(str_starts_with(latest, STR("CUST-7ZZZZZZZZZ")));
    arena_release(&arena);
}

static void identifiers_of_one_millisecond_differ(void **state)
{
    (void)state;
    struct arena arena;
    struct environment_fixed fixed;
    arena_init(&arena, 1 << 20);
    environment_fixed_init(&fixed, 0, 0, 3);
    struct str ids[500];
    for (size_t i = 0; i < 500; i++) {
        ids[i] = identifier_new(&fixed.base, STR("X"), &arena);
        for (size_t k = 0; k < i; k++) assert_false(str_equal(ids[i], ids[k]));
    }
    arena_release(&arena);
}

static void without_memory_there_is_no_identifier(void **state)
{
    (void)state;
    struct arena none;
    arena_init(&none, 0);
    assert_true(str_is_none(identifier_new(environment_system(), STR("CUST"), &none)));
}

static void what_a_caller_may_choose(void **state)
{
    (void)state;
    static const char *const valid[] = {
        "a",
        "Z",
        "0",
        "CUST-OLD",
        "a.b_c:d-e",
        "9-",
        "0123456789012345678901234567890123456789012345678901234567890123"};
    static const char *const invalid[] = {
        "",          "-a",    ".a",
        "_a",        ":a",    "a b",
        "a/b",       "a\n",   "\xC3\xA9",
        "a\xC3\xA9", "a%",    "a\"",
        "a\\",       "a\x7F", "01234567890123456789012345678901234567890123456789012345678901234"};
    for (size_t i = 0; i < UNIT_COUNT(valid); i++)
        if (!identifier_is_valid(str_from_cstr(valid[i]))) fail_msg("%s", valid[i]);
    for (size_t i = 0; i < UNIT_COUNT(invalid); i++)
        if (identifier_is_valid(str_from_cstr(invalid[i]))) fail_msg("%s", invalid[i]);
    assert_false(identifier_is_valid(STR("a\0b")));
    assert_false(identifier_is_valid(STR_NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_identifier_is_a_prefix_and_26_characters),
        cmocka_unit_test(later_identifiers_sort_behind_earlier_ones),
        cmocka_unit_test(identifiers_of_one_millisecond_differ),
        cmocka_unit_test(without_memory_there_is_no_identifier),
        cmocka_unit_test(what_a_caller_may_choose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
