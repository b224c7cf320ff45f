#include "service/tracing.h"

#include <string.h>
#include <unistd.h>

#include "service/files.h"
#include "unit.h"

static struct arena arena;
static struct config_values values;
static struct error error;

static int set_up(void **state)
{
    struct config config;
    (void)state;
    arena_init(&arena, 1 << 20);
    assert_int_equal(config_init(&config, &arena, &error), STATUS_OK);
    values = config.values;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static enum status open_and_close(void)
{
    struct tracer *tracer = NULL;
    enum status status = tracing_open(&values, &arena, &tracer, &error);
    tracer_free(tracer);
    return status;
}

static void without_an_endpoint_nothing_is_traced(void **state)
{
    struct tracer *tracer = NULL;
    (void)state;
    assert_int_equal(tracing_open(&values, &arena, &tracer, &error), STATUS_OK);
    assert_null(tracer);
}

static void an_endpoint_is_a_whole_url(void **state)
{
    static const char *const good[] = {"http://127.0.0.1:4318/v1/traces",
                                       "https://collector.example/v1/traces?tenant=7"};
    static const char *const bad[] = {"127.0.0.1:4318",
                                      "http://127.0.0.1:4318",
                                      "http://127.0.0.1:4318/",
                                      "grpc://127.0.0.1:4317/v1/traces",
                                      "http://user:secret@127.0.0.1/v1/traces",
                                      "http://127.0.0.1/v1/traces#x"};
    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(good); i++) {
        values.traces_endpoint = str_from_cstr(good[i]);
        assert_int_equal(open_and_close(), STATUS_OK);
    }
    for (size_t i = 0; i < UNIT_COUNT(bad); i++) {
        values.traces_endpoint = str_from_cstr(bad[i]);
        assert_int_equal(open_and_close(), STATUS_CONFIGURATION);
        assert_string_equal(error.field, "traces.endpoint");
    }
}

static void headers_are_lines_of_a_file(void **state)
{
    static const struct {
        const char *text;
        enum status status;
    } cases[] = {{"", STATUS_OK},
                 {"X-Api-Key: secret\n\nAuthorization:Bearer a:b\r\n", STATUS_OK},
                 {"no colon\n", STATUS_CONFIGURATION},
                 {"name with spaces: x\n", STATUS_CONFIGURATION},
                 {": x\n", STATUS_CONFIGURATION},
                 {"X:\n", STATUS_CONFIGURATION},
                 {"X: a\x01"
                  "b\n",
                  STATUS_CONFIGURATION}};
    struct str path = arena_format(&arena, "/tmp/customer360-headers-%d", (int)getpid());
    (void)state;
    values.traces_endpoint = STR("http://127.0.0.1:4318/v1/traces");
    values.traces_headers_file = path;
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        assert_int_equal(files_replace(path, 0600, str_from_cstr(cases[i].text), &arena, &error),
                         STATUS_OK);
        assert_int_equal(open_and_close(), cases[i].status);
        if (cases[i].status != STATUS_OK) {
            assert_string_equal(error.field, "traces.headers_file");
            assert_null(strstr(error.message, "secret"));
        }
    }
    (void)unlink(path.ptr);
    assert_int_equal(open_and_close(), STATUS_IO);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(without_an_endpoint_nothing_is_traced),
        TEST(an_endpoint_is_a_whole_url),
        TEST(headers_are_lines_of_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
