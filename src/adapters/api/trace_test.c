#include "adapters/api/trace.h"

#include "unit.h"

#define PARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static void a_traceparent_gives_the_trace_id(void **state)
{
    struct trace trace;
    (void)state;
    assert_true(trace_parse(STR(PARENT), &trace));
    assert_str(trace_id(&trace), STR("4bf92f3577b34da6a3ce929d0e0e4736"));
    assert_str(trace_parent(&trace), STR(PARENT));
    /* A later version with more fields. */
    assert_true(trace_parse(
        STR("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-else"), &trace));
    assert_str(trace_parent(&trace), STR(PARENT));
}

static void what_is_no_traceparent_is_not_taken(void **state)
{
    static const char *const bad[] = {
        "",
        "00",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
    };
    struct trace trace;
    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(bad); i++) {
        assert_false(trace_parse(str_from_cstr(bad[i]), &trace));
        assert_true(str_is_none(trace_id(&trace)));
    }
}

static void a_new_trace_is_a_valid_one(void **state)
{
    uint8_t random[24];
    struct trace trace, again;
    (void)state;
    for (size_t i = 0; i < sizeof(random); i++) random[i] = (uint8_t)(i + 1);
    trace_begin(random, &trace);
    assert_str(trace_id(&trace), STR("0102030405060708090a0b0c0d0e0f10"));
    assert_true(trace_parse(trace_parent(&trace), &again));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_traceparent_gives_the_trace_id),
        cmocka_unit_test(what_is_no_traceparent_is_not_taken),
        cmocka_unit_test(a_new_trace_is_a_valid_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
