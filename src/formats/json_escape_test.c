#include "formats/json_escape.h"

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

static void escapes_are_undone_wherever_they_stand(void **state)
{
    static const struct {
        struct str text, plain;
    } cases[] = {
        {STR(""), STR("")},
        {STR("no escape"), STR("no escape")},
        {STR("{\"name\":\"M\\u00fcl"), STR("{\"name\":\"Mül")},
        {STR("\\\"\\\\\\/\\b\\f\\n\\r\\t"), STR("\"\\/\b\f\n\r\t")},
        {STR("\\ud83d\\uDE00!"), STR("\xF0\x9F\x98\x80!")},
    };
    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(cases); i++)
        assert_str(json_escape_undone(cases[i].text, &arena), cases[i].plain);
}

static void what_is_no_escape_stays_as_it_is(void **state)
{
    static const struct str texts[] = {
        STR("\\"),       STR("C:\\x"),   STR("\\u00f"),        STR("\\u00fg"),
        STR("\\u0000"),  STR("\\ud83d"), STR("\\ud83d\\u00e"), STR("\\ud83d\\ud83d"),
        STR("\\ude00x"), STR("\\\0"),    STR("\\u"),
    };
    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(texts); i++)
        assert_str(json_escape_undone(texts[i], &arena), texts[i]);
}

static void a_text_without_escapes_is_not_copied(void **state)
{
    static const struct str text = STR("Müller");
    struct arena small;
    (void)state;
    arena_init(&small, 0);
    assert_ptr_equal(json_escape_undone(text, &small).ptr, text.ptr);
    assert_true(str_is_none(json_escape_undone(STR("\\n"), &small)));
    arena_release(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_are_undone_wherever_they_stand),
        cmocka_unit_test(what_is_no_escape_stays_as_it_is),
        cmocka_unit_test(a_text_without_escapes_is_not_copied),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
