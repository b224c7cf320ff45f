#include "adapters/api/negotiate.h"

#include "unit.h"

#define JSON STR("application/json")

static void accept_takes_the_most_specific_range(void **state)
{
    (void)state;
    assert_int_equal(negotiate_accept(STR_NONE, JSON), 1000);
    assert_int_equal(negotiate_accept(STR(""), JSON), 1000);
    assert_int_equal(negotiate_accept(STR("*/*"), JSON), 1000);
    assert_int_equal(negotiate_accept(STR("application/*;q=0.5"), JSON), 500);
    assert_int_equal(negotiate_accept(STR("text/html, application/json;q=0.9, */*;q=0.1"), JSON),
                     900);
    assert_int_equal(negotiate_accept(STR("*/*, application/json;q=0"), JSON), 0);
    assert_int_equal(negotiate_accept(STR("text/html"), JSON), 0);
    assert_int_equal(negotiate_accept(STR("APPLICATION/JSON"), JSON), 1000);
}

static void a_type_is_preferred_only_when_it_is_named(void **state)
{
    struct str problem = STR("application/problem+json");
    (void)state;
    assert_true(negotiate_prefers(STR("application/problem+json"), problem, JSON));
    assert_true(
        negotiate_prefers(STR("application/json, application/problem+json"), problem, JSON));
    assert_false(negotiate_prefers(STR("*/*"), problem, JSON));
    assert_false(negotiate_prefers(STR_NONE, problem, JSON));
    assert_false(
        negotiate_prefers(STR("application/json, application/problem+json;q=0.1"), problem, JSON));
}

static void a_content_type_may_have_parameters(void **state)
{
    (void)state;
    assert_true(negotiate_is_type(STR("application/json"), JSON));
    assert_true(negotiate_is_type(STR("Application/JSON ; charset=UTF-8"), JSON));
    assert_true(negotiate_is_type(STR("application/json;charset=\"utf-8\""), JSON));
    assert_false(negotiate_is_type(STR("application/json; charset=latin1"), JSON));
    assert_false(negotiate_is_type(STR("application/jsonp"), JSON));
    assert_false(negotiate_is_type(STR_NONE, JSON));
    assert_true(negotiate_is_type_in_any_charset(STR("text/csv; charset=latin1"), STR("text/csv")));
    assert_true(str_equal(negotiate_charset(STR("text/csv; a=b; Charset=\"x\"")), STR("x")));
    assert_true(str_is_none(negotiate_charset(STR("text/csv"))));
}

static void if_match_is_one_strong_version(void **state)
{
    int64_t version;
    (void)state;
    assert_int_equal(negotiate_if_match(STR_NONE, &version), IF_MATCH_NONE);
    assert_int_equal(negotiate_if_match(STR("*"), &version), IF_MATCH_STAR);
    assert_int_equal(negotiate_if_match(STR("\"17\""), &version), IF_MATCH_VERSION);
    assert_int_equal(version, 17);
    assert_int_equal(negotiate_if_match(STR("\"abc\""), &version), IF_MATCH_VERSION);
    assert_int_equal(version, 0);
    assert_int_equal(negotiate_if_match(STR("W/\"17\""), &version), IF_MATCH_VERSION);
    assert_int_equal(version, 0);
    assert_int_equal(negotiate_if_match(STR("17"), &version), IF_MATCH_VERSION);
    assert_int_equal(version, 17);
    assert_int_equal(negotiate_if_match(STR("x17"), &version), IF_MATCH_INVALID);
    assert_int_equal(negotiate_if_match(STR("\"1\", \"2\""), &version), IF_MATCH_INVALID);
    assert_int_equal(negotiate_if_match(STR("\""), &version), IF_MATCH_INVALID);
}

static void if_none_match_is_a_list_compared_weakly(void **state)
{
    struct str tag = STR("\"3\"");
    (void)state;
    assert_true(negotiate_none_match(STR("\"3\""), tag));
    assert_true(negotiate_none_match(STR("\"1\", W/\"3\""), tag));
    assert_true(negotiate_none_match(STR("*"), tag));
    assert_false(negotiate_none_match(STR("\"33\""), tag));
    assert_false(negotiate_none_match(STR_NONE, tag));
}

static void gzip_is_given_to_who_takes_it(void **state)
{
    static const char *const takers[] = {"gzip",
                                         "x-gzip",
                                         "GZIP",
                                         "*",
                                         "br, gzip;q=0.5",
                                         "gzip;q=0.001",
                                         "deflate, gzip;q=1.0, *;q=0.5",
                                         "identity;q=0.5, gzip",
                                         "identity;q=0, *",
                                         " gzip ; q=1 ",
                                         "gzip,identity"};
    static const char *const others[] = {"",
                                         "identity",
                                         "br, deflate",
                                         "gzip;q=0",
                                         "*;q=0",
                                         "gzip;q=0, *",
                                         "identity, gzip;q=0.5",
                                         "gzipped",
                                         "gzip;q=0.000",
                                         ",",
                                         ";q=1"};
    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(takers); i++)
        if (!negotiate_gzip(str_from_cstr(takers[i]))) fail_msg("<%s> takes gzip", takers[i]);
    for (size_t i = 0; i < UNIT_COUNT(others); i++)
        if (negotiate_gzip(str_from_cstr(others[i]))) fail_msg("<%s> takes no gzip", others[i]);
    assert_false(negotiate_gzip(STR_NONE));
}

static void a_coded_answer_has_the_version_in_its_tag(void **state)
{
    int64_t version;
    (void)state;
    assert_int_equal(negotiate_if_match(STR("\"7-gzip\""), &version), IF_MATCH_VERSION);
    assert_int_equal(version, 7);
    assert_int_equal(negotiate_if_match(STR("\"-gzip\""), &version), IF_MATCH_VERSION);
    assert_int_equal(version, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accept_takes_the_most_specific_range),
        cmocka_unit_test(a_type_is_preferred_only_when_it_is_named),
        cmocka_unit_test(a_content_type_may_have_parameters),
        cmocka_unit_test(if_match_is_one_strong_version),
        cmocka_unit_test(if_none_match_is_a_list_compared_weakly),
        cmocka_unit_test(gzip_is_given_to_who_takes_it),
        cmocka_unit_test(a_coded_answer_has_the_version_in_its_tag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
