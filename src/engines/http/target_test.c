#include "engines/http/target.h"

#include "unit.h"

static bool decodes_to(struct str raw, struct str expected)
{
    struct arena arena;
    struct str decoded;
    arena_init(&arena, 10000);
    bool fine = target_decode(raw, &arena, &decoded) && str_equal(decoded, expected);
    arena_release(&arena);
    return fine;
}

static bool is_refused(struct str raw)
{
    struct arena arena;
    struct str decoded;
    arena_init(&arena, 10000);
    bool refused = !target_decode(raw, &arena, &decoded);
    arena_release(&arena);
    return refused;
}

static void escapes_become_bytes_once(void **state)
{
    (void)state;
    assert_true(decodes_to(STR(""), STR("")));
    assert_true(decodes_to(STR("abc"), STR("abc")));
    assert_true(decodes_to(STR("%41%62c"), STR("Abc")));
    assert_true(decodes_to(STR("%C3%a4"), STR("\303\244")));
    assert_true(decodes_to(STR("%2541"), STR("%41")));
}

static void what_is_no_text_is_refused(void **state)
{
    (void)state;
    assert_true(is_refused(STR("%")));
    assert_true(is_refused(STR("%4")));
    assert_true(is_refused(STR("%4g")));
    assert_true(is_refused(STR("%%41")));
    assert_true(is_refused(STR("%00")));
    assert_true(is_refused(STR("a%0Ab")));
    assert_true(is_refused(STR("%7f")));
    assert_true(is_refused(STR("%C3")));
    assert_true(is_refused(STR("%ED%A0%80")));
    assert_true(is_refused(str_of("a\0b", 3)));
}

static void a_slash_that_is_escaped_stands_for_none(void **state)
{
    (void)state;
    assert_true(target_escapes_slash(STR("/a%2Fb")));
    assert_true(target_escapes_slash(STR("%2f")));
    assert_false(target_escapes_slash(STR("/a/b%2")));
    assert_false(target_escapes_slash(STR("/a%252Fb")));
    assert_false(target_escapes_slash(STR("")));
}

static void the_path_is_found_in_every_form(void **state)
{
    (void)state;
    assert_str(target_path(STR("/a")), STR("/a"));
    assert_str(target_path(STR("*")), STR("*"));
    assert_str(target_path(STR("http://host:1/a/b")), STR("/a/b"));
    assert_str(target_path(STR("https://host")), STR("/"));
    assert_true(str_is_none(target_path(STR("a/b"))));
    assert_true(str_is_none(target_path(STR("ftp://a/b"))));
    assert_true(str_is_none(target_path(STR(""))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_become_bytes_once),
        cmocka_unit_test(what_is_no_text_is_refused),
        cmocka_unit_test(a_slash_that_is_escaped_stands_for_none),
        cmocka_unit_test(the_path_is_found_in_every_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
