#include "base/str.h"

#include "unit.h"

#include <string.h>

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static void absent_differs_from_empty(void **state)
{
    (void)state;
    assert_true(str_is_none(STR_NONE));
    assert_true(str_is_empty(STR_NONE));
    assert_false(str_is_none(STR("")));
    assert_true(str_is_none(str_from_cstr(NULL)));
    assert_int_equal(str_from_cstr("abc").len, 3);
}

static void equality_is_of_bytes(void **state)
{
    (void)state;
    assert_true(str_equal(STR("a\0b"), STR("a\0b")));
    assert_false(str_equal(STR("a\0b"), STR("a\0c")));
    assert_false(str_equal(STR("a"), STR("ab")));
    assert_true(str_equal(STR(""), STR_NONE));
    assert_true(str_equal_ignore_case(STR("aBz-1"), STR("AbZ-1")));
    assert_false(str_equal_ignore_case(STR("@"), STR("`")));
    assert_false(str_equal_ignore_case(STR("a"), STR("ab")));
}

static void order_is_by_bytes_then_length(void **state)
{
    (void)state;
    static const struct str ascending[] = {STR(""), STR("a"), STR("ab"), STR("b"), STR("\x80")};
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 5; k++)
            assert_int_equal(sign(str_compare(ascending[i], ascending[k])), sign(i - k));
    assert_int_equal(str_compare(STR(""), STR_NONE), 0);
}

static void prefixes_and_suffixes(void **state)
{
    (void)state;
    assert_true(str_starts_with(STR("abc"), STR("ab")));
    assert_true(str_starts_with(STR("abc"), STR("")));
    assert_false(str_starts_with(STR("ab"), STR("abc")));
    assert_true(str_ends_with(STR("abc"), STR("bc")));
    assert_true(str_ends_with(STR_NONE, STR("")));
    assert_false(str_ends_with(STR("bc"), STR("abc")));
}

static void trimming_takes_ascii_space_from_both_ends(void **state)
{
    (void)state;
    assert_str(str_trim(STR(" \t\r\n\v\fa b \n")), STR("a b"));
    assert_str(str_trim(STR("  ")), STR(""));
    assert_true(str_is_none(str_trim(STR_NONE)));
}

static void skipping_stops_at_the_end(void **state)
{
    (void)state;
    assert_str(str_skip(STR("abc"), 1), STR("bc"));
    assert_str(str_skip(STR("abc"), 4), STR(""));
    assert_true(str_is_none(str_skip(STR_NONE, 1)));
}

static void cutting_keeps_characters_whole(void **state)
{
    (void)state;
    assert_str(str_cut(STR("abc"), 3), STR("abc"));
    assert_str(str_cut(STR("abc"), 2), STR("ab"));
    assert_str(str_cut(STR("a\xC3\xBC"), 2), STR("a"));
    assert_str(str_cut(STR("\xE0\xBF\x9A"), 2), STR(""));
    assert_true(str_is_none(str_cut(STR_NONE, 0)));
}

static void splitting_gives_every_part(void **state)
{
    (void)state;
    static const struct str expected[] = {STR("a"), STR(""), STR("b"), STR("")};
    struct str rest = STR("a,,b,"), part;
    for (int i = 0; i < 4; i++) {
        assert_true(str_split(&rest, ',', &part));
        assert_str(part, expected[i]);
        assert_false(str_is_none(part));
    }
    assert_false(str_split(&rest, ',', &part));
    rest = STR("");
    assert_true(str_split(&rest, ',', &part));
    assert_false(str_split(&rest, ',', &part));
}

static void integers_are_plain_decimals_that_fit(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        bool valid;
        int64_t value;
    } rows[] = {
        {STR("0"), true, 0},
        {STR("-0"), true, 0},
        {STR("007"), true, 7},
        {STR("9223372036854775807"), true, INT64_MAX},
        {STR("9223372036854775808"), false, 0},
        {STR("-9223372036854775808"), true, INT64_MIN},
        {STR("-9223372036854775809"), false, 0},
        {STR("99999999999999999999"), false, 0},
        {STR(""), false, 0},
        {STR("-"), false, 0},
        {STR("+1"), false, 0},
        {STR(" 1"), false, 0},
        {STR("1 "), false, 0},
        {STR("1.0"), false, 0},
        {STR("--1"), false, 0},
    };
    for (size_t i = 0; i < UNIT_COUNT(rows); i++) {
        int64_t value = 0;
        assert_int_equal(str_to_int64(rows[i].text, &value), rows[i].valid);
        assert_true(value == rows[i].value);
    }
}

/* Unicode table 3-7, from both sides of each bound. */
static void utf8_is_judged_by_the_table(void **state)
{
    (void)state;
    static const struct str good[] = {
        STR(""),
        STR("\0"),
        STR("\x7F"),
        STR("\xC2\x80"),
        STR("\xDF\xBF"),
        STR("\xE0\xA0\x80"),
        STR("\xED\x9F\xBF"),
        STR("\xEE\x80\x80"),
        STR("\xEF\xBF\xBF"),
        STR("\xF0\x90\x80\x80"),
        STR("\xF4\x8F\xBF\xBF"),
        STR("12345678\xC3\xA9"
            "12345678"),
    };
    static const struct str bad[] = {
        STR("\x80"),
        STR("\xBF"),
        STR("\xC0\x80"),
        STR("\xC1\xBF"),
        STR("\xC2"),
        STR("\xC2\x7F"),
        STR("\xC2\xC0"),
        STR("\xE0\x9F\xBF"),
        STR("\xED\xA0\x80"),
        STR("\xE2\x82"),
        STR("\xF0\x8F\xBF\xBF"),
        STR("\xF4\x90\x80\x80"),
        STR("\xF5\x80\x80\x80"),
        STR("\xF0\x9F\x98"),
        STR("\xFF"),
        STR("12345678\xC3"),
    };
    for (size_t i = 0; i < UNIT_COUNT(good); i++)
        if (!str_is_utf8(good[i])) fail_msg("good row %zu", i);
    for (size_t i = 0; i < UNIT_COUNT(bad); i++)
        if (str_is_utf8(bad[i])) fail_msg("bad row %zu", i);
}

static void every_code_point_is_written_as_well_formed_utf8(void **state)
{
    (void)state;
    char last[4] = "";
    size_t last_length = 0;
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        if (code == 0xD800) code = 0xE000;
        char bytes[4];
        size_t length = (size_t)(str_put_utf8(bytes, code) - bytes);
        struct str text = str_of(bytes, length);
        /* UTF-8 sorts as the code points do. */
        if (!str_is_utf8(text) || (code && str_compare(str_of(last, last_length), text) >= 0))
            fail_msg("U+%04X", code);
        memcpy(last, bytes, length);
        last_length = length;
    }
}

static void sorting_is_by_bytes_and_takes_none(void **state)
{
    (void)state;
    struct str items[] = {STR("b"), STR("ab"), STR(""), STR("a")};
    str_sort(items, 4);
    assert_true(str_is_empty(items[0]) && str_equal(items[1], STR("a")));
    assert_true(str_equal(items[2], STR("ab")) && str_equal(items[3], STR("b")));
    str_sort(NULL, 0);
}

static void one_among_many_is_found_whole(void **state)
{
    (void)state;
    const struct str items[] = {STR("email"), STR("phone")};
    assert_true(str_is_among(items, 2, STR("phone")));
    assert_false(str_is_among(items, 2, STR("phones")));
    assert_false(str_is_among(NULL, 0, STR("phone")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_differs_from_empty),
        cmocka_unit_test(equality_is_of_bytes),
        cmocka_unit_test(order_is_by_bytes_then_length),
        cmocka_unit_test(sorting_is_by_bytes_and_takes_none),
        cmocka_unit_test(one_among_many_is_found_whole),
        cmocka_unit_test(prefixes_and_suffixes),
        cmocka_unit_test(trimming_takes_ascii_space_from_both_ends),
        cmocka_unit_test(skipping_stops_at_the_end),
        cmocka_unit_test(cutting_keeps_characters_whole),
        cmocka_unit_test(splitting_gives_every_part),
        cmocka_unit_test(integers_are_plain_decimals_that_fit),
        cmocka_unit_test(utf8_is_judged_by_the_table),
        cmocka_unit_test(every_code_point_is_written_as_well_formed_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
