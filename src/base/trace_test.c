#include "base/trace.h"

#include <string.h>

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
    struct trace_ids ids = {0};
    struct trace first, second, again;
    (void)state;
    trace_begin(&ids, false, &first);
    trace_begin(&ids, true, &second);
    assert_true(trace_parse(trace_parent(&first), &again));
    assert_true(trace_parse(trace_parent(&second), &again));
    assert_false(trace_is_sampled(&first));
    assert_true(trace_is_sampled(&second));
    assert_false(str_equal(trace_id(&first), trace_id(&second)));
}

static void a_child_is_in_the_trace_and_another_span(void **state)
{
    struct trace_ids ids = {0};
    struct trace parent, child;
    (void)state;
    assert_true(trace_parse(STR(PARENT), &parent));
    trace_child(&parent, &ids, &child);
    assert_str(trace_id(&child), trace_id(&parent));
    assert_str(trace_span_id(&parent), STR("00f067aa0ba902b7"));
    assert_false(str_equal(trace_span_id(&child), trace_span_id(&parent)));
    assert_true(trace_is_sampled(&child));
}

/* The last bit of the flags, whatever else they say. */
static void whether_the_parent_is_recorded_is_in_the_flags(void **state)
{
    static const struct {
        const char *flags;
        bool sampled;
    } cases[] = {{"00", false}, {"01", true},  {"02", false},
                 {"03", true},  {"fe", false}, {"ff", true}};
    struct trace trace = {.parent = ""};
    (void)state;
    assert_false(trace_is_sampled(&trace));
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        char text[] = PARENT;
        memcpy(text + 53, cases[i].flags, 2);
        assert_true(trace_parse(str_from_cstr(text), &trace));
        assert_int_equal(trace_is_sampled(&trace), cases[i].sampled);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_traceparent_gives_the_trace_id),
        cmocka_unit_test(what_is_no_traceparent_is_not_taken),
        cmocka_unit_test(a_new_trace_is_a_valid_one),
        cmocka_unit_test(a_child_is_in_the_trace_and_another_span),
        cmocka_unit_test(whether_the_parent_is_recorded_is_in_the_flags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
