#include "base/status.h"

#include "unit.h"

#include <string.h>

static void every_status_has_a_code_and_a_sentence_of_its_own(void **state)
{
    (void)state;
    for (enum status i = 0; i < STATUS_COUNT; i++) {
        assert_true(status_code(i).len > 0);
        assert_true(i == STATUS_OK || status_meaning(i).len > 0);
        for (enum status k = 0; k < i; k++) assert_false(str_equal(status_code(i), status_code(k)));
    }
    assert_str(status_code(STATUS_CUSTOMER_NOT_FOUND), STR("CUSTOMER_NOT_FOUND"));
}

static void an_error_is_filled_in_one_line(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(
        error_set(&error, STATUS_INVALID_VALUE, STR("status"), STR("A | B"), "is not %s", "known"),
        STATUS_INVALID_VALUE);
    assert_int_equal(error.status, STATUS_INVALID_VALUE);
    assert_string_equal(error.field, "status");
    assert_string_equal(error.allowed, "A | B");
    assert_string_equal(error.message, "is not known");
    assert_true(str_is_none(error.details_json));
    assert_int_equal(error_plain(&error, STATUS_FORBIDDEN), STATUS_FORBIDDEN);
    assert_string_equal(error.field, "");
    assert_string_equal(error.message, "the caller lacks the permission");
    assert_int_equal(error_plain(NULL, STATUS_FORBIDDEN), STATUS_FORBIDDEN);
    assert_int_equal(error_set(NULL, STATUS_IO, STR_NONE, STR_NONE, "x"), STATUS_IO);
}

/* An error is sent as JSON, which must be UTF-8. */
static void long_text_is_cut_between_characters(void **state)
{
    (void)state;
    char text[601];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'x', shift);
        for (size_t i = shift; i + 3 <= 600; i += 3) memcpy(text + i, "\xE2\x82\xAC", 4);
        struct error error;
        (void)error_set(&error, STATUS_INVALID_VALUE, str_of(text, 600), str_of(text, 600), "%s",
                        text);
        assert_true(str_is_utf8(str_from_cstr(error.field)));
        assert_true(str_is_utf8(str_from_cstr(error.message)));
        assert_true(str_is_utf8(str_from_cstr(error.allowed)));
        assert_true(strlen(error.field) >= sizeof(error.field) - 3);
        assert_true(strlen(error.message) >= sizeof(error.message) - 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_code_and_a_sentence_of_its_own),
        cmocka_unit_test(an_error_is_filled_in_one_line),
        cmocka_unit_test(long_text_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
