#include "adapters/webhooks/endpoint.h"

#include "unit.h"

static struct arena arena;

static bool accepts(const struct endpoint_rules *rules, struct str url)
{
    struct error error = {0};
    arena_init(&arena, 1 << 20);
    enum status status = endpoint_check_url(rules, url, &arena, &error);
    if (status != STATUS_OK) {
        assert_int_equal(status, STATUS_INVALID_VALUE);
        assert_str(str_from_cstr(error.field), STR("url"));
    }
    arena_release(&arena);
    return status == STATUS_OK;
}

static void public_https_urls_are_taken(void **state)
{
    static const struct str taken[] = {
        STR("https://hooks.example.com/in?a=1"), STR("https://hooks.example.com:8443"),
        STR("https://8.8.8.8/x"), STR("https://[2606:4700::1111]/x")};
    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(taken); i++)
        assert_true(accepts(&(struct endpoint_rules){0}, taken[i]));
}

static void others_are_refused(void **state)
{
    static const struct str refused[] = {STR(""),
                                         STR("https://"),
                                         STR("http://hooks.example.com"),
                                         STR("ftp://hooks.example.com"),
                                         STR("https://user:secret@hooks.example.com"),
                                         STR("https://user@hooks.example.com"),
                                         STR("https://hooks.example.com/#part"),
                                         STR("https://hooks.example.com:99999/"),
                                         STR("file:///etc/passwd"),
                                         STR("https://a b/"),
                                         STR("https://localhost/")};
    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(refused); i++)
        if (accepts(&(struct endpoint_rules){0}, refused[i]))
            fail_msg("%.*s is taken", STR_ARGS(refused[i]));
}

/* An address has many spellings. */
static void internal_addresses_are_refused_in_any_spelling(void **state)
{
    static const struct str refused[] = {STR("https://127.0.0.1/"),
                                         STR("https://127.1/"),
                                         STR("https://2130706433/"),
                                         STR("https://0x7f000001/"),
                                         STR("https://0177.0.0.1/"),
                                         STR("https://0.0.0.0/"),
                                         STR("https://10.1.2.3/"),
                                         STR("https://100.64.0.1/"),
                                         STR("https://169.254.169.254/"),
                                         STR("https://172.31.0.1/"),
                                         STR("https://192.168.1.1/"),
                                         STR("https://224.0.0.1/"),
                                         STR("https://255.255.255.255/"),
                                         STR("https://[::1]/"),
                                         STR("https://[::]/"),
                                         STR("https://[::ffff:127.0.0.1]/"),
                                         STR("https://[::ffff:10.0.0.1]/"),
                                         STR("https://[::ffff:a9fe:a9fe]/"),
                                         STR("https://[64:ff9b::a00:1]/"),
                                         STR("https://[2002:a00:1::1]/"),
                                         STR("https://[fd00::1]/"),
                                         STR("https://[fe80::1]/")};
    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(refused); i++)
        if (accepts(&(struct endpoint_rules){0}, refused[i]))
            fail_msg("%.*s is taken", STR_ARGS(refused[i]));
}

static void configured_networks_and_plain_http_are_taken(void **state)
{
    struct network network;
    (void)state;
    assert_true(network_parse(STR("10.1.0.0/16"), &network));
    const struct endpoint_rules rules = {
        .internal = &network, .internal_count = 1, .plain_http = true};
    assert_true(accepts(&rules, STR("http://10.1.2.3:8080/x")));
    assert_true(accepts(&rules, STR("https://[::ffff:10.1.2.3]/x")));
    assert_false(accepts(&rules, STR("http://10.2.2.3:8080/x")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_https_urls_are_taken),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(internal_addresses_are_refused_in_any_spelling),
        cmocka_unit_test(configured_networks_and_plain_http_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
