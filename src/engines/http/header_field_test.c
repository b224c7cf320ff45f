#include "engines/http/header_field.h"

#include "unit.h"

#include <string.h>

/* Each byte at each place of a text longer than a word, so that the words and what is left of them
 * say the same. */
static void every_byte_is_judged_alike_at_every_place(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++)
        for (size_t at = 0; at < 21; at++) {
            char text[21];
            memset(text, 'x', sizeof(text));
            text[at] = (char)byte;
            bool is_control = byte < 0x20 || byte == 0x7F;
            assert_int_equal(header_field_has_control(str_of(text, sizeof(text))), is_control);
            assert_int_equal(header_field_is_value(str_of(text, sizeof(text))),
                             !is_control || byte == '\t');
        }
}

static void a_tab_excuses_no_other_control_character(void **state)
{
    (void)state;
    assert_true(header_field_is_value(STR("")));
    assert_true(header_field_is_value(STR("a\tb")));
    assert_false(header_field_is_value(STR("a\tb\n")));
    assert_false(header_field_is_value(STR("a\0b")));
}

static void a_token_is_of_rfc_9110(void **state)
{
    (void)state;
    struct str others = STR("\"(),/:;<=>?@[\\]{} \t\r\n\x7F\x80\xFF");
    assert_true(header_field_is_token(STR("X-User-Id")));
    assert_true(header_field_is_token(STR("!#$%&'*+-.^_`|~09azAZ")));
    assert_false(header_field_is_token(STR("")));
    assert_false(header_field_is_token(STR("a\0")));
    for (size_t i = 0; i < others.len; i++)
        assert_false(header_field_is_token(str_of(others.ptr + i, 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_is_judged_alike_at_every_place),
        cmocka_unit_test(a_tab_excuses_no_other_control_character),
        cmocka_unit_test(a_token_is_of_rfc_9110),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
