#include "base/log.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

static int pipe_read;

static int redirect(void **state)
{
    (void)state;
    int ends[2];
    if (pipe(ends) != 0) return -1;
    pipe_read = ends[0];
    log_configure(LOG_LEVEL_INFO, LOG_FORM_JSON, ends[1]);
    return 0;
}

static int restore(void **state)
{
    (void)state;
    log_configure(LOG_LEVEL_INFO, LOG_FORM_AUTO, STDERR_FILENO);
    return close(pipe_read);
}

static struct str logged(char *out, size_t size)
{
    ssize_t got = read(pipe_read, out, size);
    assert_true(got > 0);
    return str_of(out, (size_t)got);
}

static bool contains(struct str text, const char *part)
{
    return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

static void a_line_is_one_json_object(void **state)
{
    (void)state;
    char out[4096];
    log_info("store.opened", LOG_CODE("engine", STR("sqlite")), LOG_COUNT("pages", 12),
             LOG_PLACE("path", STR("/tmp/ü \"x\"\n")));
    struct str line = logged(out, sizeof(out));
    assert_true(str_starts_with(line, STR("{\"time\":\"")));
    assert_true(str_ends_with(line, STR("}\n")));
    assert_true(contains(line,
                         "\"level\":\"info\",\"event\":\"store.opened\",\"engine\":\"sqlite\","
                         "\"pages\":12,\"path\":\"/tmp/ü 'x' \"}"));
}

static void an_event_needs_no_fields(void **state)
{
    (void)state;
    char out[4096];
    log_warn("service.stopping");
    assert_true(contains(logged(out, sizeof(out)), "\"event\":\"service.stopping\"}\n"));
}

static void a_name_or_address_cannot_slip_in_as_an_id(void **state)
{
    (void)state;
    char out[4096];
    log_info("x", LOG_ID("customer", STR("CUST-1 jane@acme.example")), LOG_ID("none", STR_NONE));
    struct str line = logged(out, sizeof(out));
    assert_true(contains(line, "\"customer\":\"CUST-1?jane?acme.example\""));
    assert_true(contains(line, "\"none\":null"));
}

static void what_is_below_the_level_is_dropped(void **state)
{
    (void)state;
    char out[4096];
    log_debug("dropped");
    log_error("kept");
    struct str line = logged(out, sizeof(out));
    assert_false(contains(line, "dropped"));
    assert_true(contains(line, "kept"));
    enum log_level level;
    assert_true(log_level_parse(STR("warn"), &level));
    assert_int_equal(level, LOG_LEVEL_WARN);
    assert_false(log_level_parse(STR("loud"), &level));
}

static void a_field_that_does_not_fit_is_left_out_and_the_line_says_so(void **state)
{
    (void)state;
    char out[8192], big[4000];
    memset(big, 'a', sizeof(big));
    log_info("x", LOG_COUNT("first", 1), LOG_REASON("big", str_of(big, sizeof(big))),
             LOG_COUNT("last", 1));
    struct str line = logged(out, sizeof(out));
    assert_true(contains(line, "\"first\":1,\"cut\":true}\n"));
}

static void bytes_that_are_not_utf_8_are_replaced(void **state)
{
    (void)state;
    char out[4096];
    log_info("x", LOG_REASON("why", STR("a\xff z")));
    assert_true(contains(logged(out, sizeof(out)), "\"why\":\"a??z\""));
}

static void *log_much(void *argument)
{
    for (int i = 0; i < 200; i++) log_info("turn", LOG_ID("thread", str_from_cstr(argument)));
    return NULL;
}

static void lines_of_two_threads_never_mix(void **state)
{
    (void)state;
    pthread_t threads[2];
    assert_int_equal(pthread_create(&threads[0], NULL, log_much, "aaaaaaaa"), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, log_much, "bbbbbbbb"), 0);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    static char out[65536];
    size_t got = 0, lines = 0;
    while (lines < 400) {
        ssize_t part = read(pipe_read, out + got, sizeof(out) - got);
        assert_true(part > 0);
        for (ssize_t i = 0; i < part; i++) lines += out[got + (size_t)i] == '\n';
        got += (size_t)part;
    }
    struct str rest = str_of(out, got - 1), line;
    while (str_split(&rest, '\n', &line)) {
        assert_true(str_ends_with(line, STR("aaaaaaaa\"}")) ||
                    str_ends_with(line, STR("bbbbbbbb\"}")));
        assert_true(str_starts_with(line, STR("{\"time\"")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_is_one_json_object, redirect, restore),
        cmocka_unit_test_setup_teardown(an_event_needs_no_fields, redirect, restore),
        cmocka_unit_test_setup_teardown(a_name_or_address_cannot_slip_in_as_an_id, redirect,
                                        restore),
        cmocka_unit_test_setup_teardown(what_is_below_the_level_is_dropped, redirect, restore),
        cmocka_unit_test_setup_teardown(a_field_that_does_not_fit_is_left_out_and_the_line_says_so,
                                        redirect, restore),
        cmocka_unit_test_setup_teardown(bytes_that_are_not_utf_8_are_replaced, redirect, restore),
        cmocka_unit_test_setup_teardown(lines_of_two_threads_never_mix, redirect, restore),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
