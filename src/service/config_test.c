#include "service/config.h"

#include <stdio.h>
#include <string.h>

#include "base/machine.h"
#include "service/command.h"
#include "unit.h"

static struct arena arena;
static struct config config;
static struct error error;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 8 << 20);
    error = (struct error){.status = STATUS_OK};
    return config_init(&config, &arena, &error) == STATUS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static enum status parse(const char *text)
{
    return config_parse(&config, str_from_cstr(text), STR("test.conf"), &error);
}

static void every_default_is_a_value_of_its_key(void **state)
{
    (void)state;
    assert_int_equal(config_check(&config, &error), STATUS_OK);
    assert_int_equal(config.values.http_body_max, 1 << 20);
    assert_int_equal(config.values.http_idle_timeout, 60000);
    assert_false(config.values.dev);
    assert_int_equal(config.values.identity_gateway_peers.count, 0);
}

static void the_three_names_of_a_key_are_nobody_elses(void **state)
{
    (void)state;
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        assert_ptr_equal(config_key_by_name(key->name), key);
        assert_ptr_equal(config_key_by_flag(config_flag_name(key, &arena)), key);
        if (!str_is_none(key->flag)) assert_ptr_equal(config_key_by_flag(key->flag), key);
        for (size_t k = 0; k < i; k++)
            assert_false(str_equal(config_environment_name(key, &arena),
                                   config_environment_name(&config_keys[k], &arena)));
    }
}

static void a_file_has_sections_dotted_keys_comments_and_quotes(void **state)
{
    (void)state;
    assert_int_equal(parse("# comment\r\n; another\n\nstore.url = sqlite:/x.db\r\n[http]\n"
                           "listen=0.0.0.0:1\n body_max = 2 M \n[ identity ]\n"
                           "gateway_peers = 10.0.0.0/8, ::1\njwt_issuer = \" spaced \"\n"),
                     STATUS_OK);
    assert_true(str_equal(config.values.store_url, STR("sqlite:/x.db")));
    assert_true(str_equal(config.values.http_listen, STR("0.0.0.0:1")));
    assert_int_equal(config.values.http_body_max, 2 << 20);
    assert_int_equal(config.values.identity_gateway_peers.count, 2);
    assert_true(str_equal(config.values.identity_gateway_peers.items[1], STR("::1")));
    assert_true(str_equal(config.values.identity_jwt_issuer, STR(" spaced ")));
    assert_true(str_equal(config.sources[config_key_index(config_key_by_name(STR("http.listen")))],
                          STR("test.conf:6")));
}

static void a_bad_line_is_named_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"[http]\nlisten_to = x\n", "test.conf:2: \"http.listen_to\" is not a known key"},
        {"\n\nnonsense\n", "test.conf:3: \"nonsense\" has no = sign"},
        {"[http\n", "test.conf:1: \"[http\" begins a section"},
        {"log.level=info\n[log]\nlevel=warn\n", "test.conf:3: \"log.level\" is set twice"},
        {"http.body_max = 1T\n", "http.body_max (test.conf:1): \"1T\" is not allowed"},
        {"log.level = loud\n", "log.level (test.conf:1): \"loud\" is not allowed"},
        {"dev = maybe\n", "dev (test.conf:1): \"maybe\" is not allowed"},
        {"http.loops = 257\n", "http.loops (test.conf:1): \"257\" is not allowed"},
        {"http.idle_timeout = 30\n", "http.idle_timeout (test.conf:1): \"30\" is not allowed"},
        {"\xff\xfe = 1\n", "test.conf:1: \"(not UTF-8)\" is not a known key"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(config_init(&config, &arena, &error), STATUS_OK);
        assert_int_equal(parse(cases[i].text), STATUS_CONFIGURATION);
        if (!strstr(error.message, cases[i].says)) fail_msg("%s", error.message);
        assert_true(error.allowed[0] != '\0');
    }
}

static void a_secret_is_not_shown_when_it_is_refused(void **state)
{
    (void)state;
    assert_int_equal(parse("store.url = \xff\xff:hunter2\n"), STATUS_CONFIGURATION);
    assert_null(strstr(error.message, "hunter2"));
}

static void the_environment_wins_over_the_file_and_flags_over_both(void **state)
{
    (void)state;
    char one[] = "CUSTOMER360_HTTP_BODY_MAX=3M", two[] = "PATH=/bin",
         three[] = "CUSTOMER360_CONFIG=/etc/x", four[] = "CUSTOMER360_LOG_LEVEL=warn";
    char *environment[] = {one, two, three, four, NULL};
    assert_int_equal(parse("http.body_max = 2M\nlog.level = debug\n"), STATUS_OK);
    assert_int_equal(config_read_environment(&config, environment, &error), STATUS_OK);
    assert_int_equal(config.values.http_body_max, 3 << 20);
    assert_true(str_equal(config.values.log_level, STR("warn")));
    assert_true(str_equal(config_environment_file(environment), STR("/etc/x")));
    assert_int_equal(config_set_flag(&config, STR("http-body-max"), STR("4M"), &error), STATUS_OK);
    assert_int_equal(config.values.http_body_max, 4 << 20);
}

static void an_unknown_variable_or_flag_is_named(void **state)
{
    (void)state;
    char one[] = "CUSTOMER360_HTTP_LISTN=x";
    char *environment[] = {one, NULL};
    assert_int_equal(config_read_environment(&config, environment, &error), STATUS_CONFIGURATION);
    assert_non_null(strstr(error.message, "CUSTOMER360_HTTP_LISTN"));
    assert_int_equal(config_set_flag(&config, STR("http-listn"), STR("x"), &error), STATUS_USAGE);
    assert_non_null(strstr(error.message, "--http-listn"));
}

static void values_that_contradict_are_refused(void **state)
{
    (void)state;
    assert_int_equal(parse("tls.certificate = x.pem\n"), STATUS_OK);
    assert_int_equal(config_check(&config, &error), STATUS_CONFIGURATION);
    assert_string_equal(error.field, "tls.key");
    assert_int_equal(config_init(&config, &arena, &error), STATUS_OK);
    assert_int_equal(parse("store.url = mysql://x\n"), STATUS_OK);
    assert_int_equal(config_check(&config, &error), STATUS_CONFIGURATION);
    assert_string_equal(error.field, "store.url");
    assert_int_equal(config_init(&config, &arena, &error), STATUS_OK);
    assert_int_equal(parse("store.replica_lag_max = 49ms\n"), STATUS_OK);
    assert_int_equal(config_check(&config, &error), STATUS_CONFIGURATION);
    assert_string_equal(error.field, "store.replica_lag_max");
}

static void quantities_have_units_and_do_not_overflow(void **state)
{
    (void)state;
    int64_t value;
    assert_true(config_parse_size(STR("64K"), &value) && value == 65536);
    assert_true(config_parse_size(STR("1 MiB"), &value) && value == 1 << 20);
    assert_true(config_parse_size(STR("0"), &value) && value == 0);
    assert_true(config_parse_size(STR("50%"), &value) &&
                value == machine_memory_bytes() / 100 * 50);
    assert_true(config_parse_size(STR("0%"), &value) && value == 0);
    assert_false(config_parse_size(STR("101%"), &value));
    assert_false(config_parse_size(STR("-1%"), &value));
    assert_false(config_parse_size(STR("%"), &value));
    assert_true(config_parse_duration(STR("2h"), &value) && value == 7200000);
    assert_false(config_parse_duration(STR("2"), &value));
    assert_false(config_parse_duration(STR("-2s"), &value));
    assert_false(config_parse_size(STR("9223372036854775807G"), &value));
    assert_false(config_parse_size(STR(""), &value));
    assert_false(config_parse_size(STR("K"), &value));
    assert_true(config_parse_ratio(STR("0.25"), &value) && value == 250000);
    assert_true(config_parse_ratio(STR("1"), &value) && value == CONFIG_RATIO_ONE);
    assert_true(config_parse_ratio(STR("0.000001"), &value) && value == 1);
    static const char *const none[] = {"",   "2",         "1.1",  "-0.1", ".5",
                                       "1.", "0.0000001", "1e-3", "0,5"};
    for (size_t i = 0; i < UNIT_COUNT(none); i++)
        assert_false(config_parse_ratio(str_from_cstr(none[i]), &value));
}

static enum status nothing(struct invocation *invocation, struct error *why)
{
    (void)invocation, (void)why;
    return STATUS_OK;
}

static const struct command_option options[] = {
    {STR("map"), STR("A=B"), STR("map")},
    {STR("json"), STR_NONE, STR("json")},
};
static const struct command eat = {.name = STR("eat"),
                                   .operands = STR("FILE"),
                                   .operands_max = 1,
                                   .options = options,
                                   .option_count = 2,
                                   .run = nothing};
static const struct command *const commands[] = {&eat};

static enum status line(struct invocation *invocation, char **words)
{
    int count = 0;
    while (words[count]) count++;
    char *environment[] = {NULL};
    *invocation = (struct invocation){.commands = commands, .command_count = 1, .arena = &arena};
    return command_line_parse(invocation, count, words, environment, &error);
}

static void a_command_line_has_options_flags_and_operands(void **state)
{
    (void)state;
    struct invocation seen;
    char *words[] = {"customer360",          "eat",    "--map", "a=b", "--dev", "--map=c=d", "file",
                     "--listen=127.0.0.1:0", "--json", NULL};
    assert_int_equal(line(&seen, words), STATUS_OK);
    assert_true(str_equal(seen.operands[0], STR("file")));
    assert_true(seen.config.values.dev);
    assert_true(str_equal(seen.config.values.http_listen, STR("127.0.0.1:0")));
    assert_true(invocation_switch(&seen, STR("json")));
    size_t index = 0;
    struct str value;
    assert_true(invocation_each(&seen, STR("map"), &index, &value));
    assert_true(str_equal(value, STR("a=b")));
    assert_true(invocation_each(&seen, STR("map"), &index, &value));
    assert_true(str_equal(value, STR("c=d")));
    assert_false(invocation_each(&seen, STR("map"), &index, &value));
}

static void a_command_line_that_is_wrong_says_where(void **state)
{
    (void)state;
    struct invocation seen;
    char *unknown[] = {"customer360", "eat", "--mop", "x", NULL};
    assert_int_equal(line(&seen, unknown), STATUS_USAGE);
    assert_string_equal(error.field, "--mop");
    char *missing[] = {"customer360", "eat", "--map", NULL};
    assert_int_equal(line(&seen, missing), STATUS_USAGE);
    char *surplus[] = {"customer360", "eat", "a", "b", NULL};
    assert_int_equal(line(&seen, surplus), STATUS_USAGE);
    assert_string_equal(error.field, "b");
    char *no_command[] = {"customer360", "drink", NULL};
    assert_int_equal(line(&seen, no_command), STATUS_USAGE);
    assert_string_equal(error.field, "drink");
}

static void the_document_is_the_table(void **state)
{
    (void)state;
    struct buffer out = {.arena = &arena};
    config_write_markdown(&out);
    assert_false(buffer_failed(&out));
    FILE *file = fopen("docs/configuration.md", "rb");
    if (!file) fail_msg("run from the root of the tree");
    char *written = arena_alloc(&arena, 1 << 20);
    size_t len = fread(written, 1, 1 << 20, file);
    assert_int_equal(fclose(file), 0);
    if (!str_equal(buffer_str(&out), str_of(written, len)))
        fail_msg("run: build/customer360 help --markdown > docs/configuration.md");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(every_default_is_a_value_of_its_key),
        TEST(the_three_names_of_a_key_are_nobody_elses),
        TEST(a_file_has_sections_dotted_keys_comments_and_quotes),
        TEST(a_bad_line_is_named_with_its_place),
        TEST(a_secret_is_not_shown_when_it_is_refused),
        TEST(the_environment_wins_over_the_file_and_flags_over_both),
        TEST(an_unknown_variable_or_flag_is_named),
        TEST(values_that_contradict_are_refused),
        TEST(quantities_have_units_and_do_not_overflow),
        TEST(a_command_line_has_options_flags_and_operands),
        TEST(a_command_line_that_is_wrong_says_where),
        TEST(the_document_is_the_table),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
