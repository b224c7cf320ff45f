#include "service/server.h"

#include "service/progress.h"
#include "unit.h"

static void an_address_and_port_are_read_and_nothing_else(void **state)
{
    (void)state;
    struct str host;
    uint16_t port;
    assert_true(server_parse_listen(STR("127.0.0.1:9401"), &host, &port));
    assert_true(str_equal(host, STR("127.0.0.1")) && port == 9401);
    assert_true(server_parse_listen(STR("[::1]:0"), &host, &port));
    assert_true(str_equal(host, STR("::1")) && port == 0);
    assert_true(server_parse_listen(STR("localhost:1"), &host, &port));
    assert_true(str_equal(host, STR("127.0.0.1")));
    static const struct str bad[] = {STR(""),          STR("9401"),          STR(":9401"),
                                     STR("127.0.0.1"), STR("127.0.0.1:"),    STR("127.0.0.1:65536"),
                                     STR("::1:9401"),  STR("[::1]"),         STR("[::1]9401"),
                                     STR("name:9401"), STR("127.0.0.1:-1"),  STR("10.0.0.0/8:1"),
                                     STR("[]:1"),      STR("127.0.0.1:1:2"), STR("[::1]:x")};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(server_parse_listen(bad[i], &host, &port));
}

static void loopback_is_what_only_this_machine_reaches(void **state)
{
    (void)state;
    assert_true(server_is_loopback(STR("127.0.0.1")));
    assert_true(server_is_loopback(STR("127.3.2.1")));
    assert_true(server_is_loopback(STR("::1")));
    assert_false(server_is_loopback(STR("0.0.0.0")));
    assert_false(server_is_loopback(STR("::")));
    assert_false(server_is_loopback(STR("128.0.0.1")));
}

static void numbers_are_grouped_for_people(void **state)
{
    (void)state;
    char out[PROGRESS_NUMBER_MAX];
    assert_string_equal(progress_number(0, out), "0");
    assert_string_equal(progress_number(999, out), "999");
    assert_string_equal(progress_number(1234567, out), "1,234,567");
    assert_string_equal(progress_number(-100, out), "-100");
    assert_string_equal(progress_number(INT64_MIN, out), "-9,223,372,036,854,775,808");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_and_port_are_read_and_nothing_else),
        cmocka_unit_test(loopback_is_what_only_this_machine_reaches),
        cmocka_unit_test(numbers_are_grouped_for_people),
    };
    return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
