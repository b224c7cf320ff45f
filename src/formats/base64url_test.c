#include "formats/base64url.h"

#include "unit.h"

static void texts_of_rfc_4648_go_both_ways(void **state)
{
    (void)state;
    static const struct {
        struct str bytes, text;
    } cases[] = {
        {STR(""), STR("")},
        {STR("f"), STR("Zg")},
        {STR("fo"), STR("Zm8")},
        {STR("foo"), STR("Zm9v")},
        {STR("foob"), STR("Zm9vYg")},
        {STR("fooba"), STR("Zm9vYmE")},
        {STR("foobar"), STR("Zm9vYmFy")},
        {STR("\xff\xfb\xfe"), STR("__v-")},
    };
    struct arena arena;
    arena_init(&arena, 65536);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str bytes;
        assert_true(str_equal(base64url_encode(cases[i].bytes, &arena), cases[i].text));
        assert_true(base64url_decode(cases[i].text, &arena, &bytes));
        assert_true(str_equal(bytes, cases[i].bytes));
    }
    arena_release(&arena);
}

static void any_other_text_is_refused(void **state)
{
    (void)state;
    static const struct str texts[] = {
        STR("Z"),      STR("Zg=="),  STR("Zm9v Zg"), STR("Zm+/"),
        STR("Zm9v\n"), STR("Zm9v."), STR("Zh"), /* one byte, but bits past it */
        STR("Zm9"),                             /* two bytes, but bits past them */
    };
    struct arena arena;
    arena_init(&arena, 65536);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct str bytes;
        assert_false(base64url_decode(texts[i], &arena, &bytes));
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_rfc_4648_go_both_ways),
        cmocka_unit_test(any_other_text_is_refused),
    };
    return cmocka_run_group_tests_name("base64url", tests, NULL, NULL);
}
