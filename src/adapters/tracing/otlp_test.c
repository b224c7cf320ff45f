#include "adapters/tracing/otlp.h"

#include <string.h>

#include "formats/json.h"
#include "unit.h"

#define PARENT "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static struct span span_of(struct str name)
{
    struct trace trace;
    struct span span;
    assert_true(trace_parse(STR(PARENT), &trace));
    span_init(&span, SPAN_SERVER, name, &trace, STR("b7ad6b7169203331"));
    span.started_ns = 1770026400000000001;
    span.ended_ns = 1770026400000000002;
    return span;
}

/* Ids in hexadecimal, 64-bit integers as texts, enumerations as numbers: as the protocol has it. */
static void a_request_is_as_the_protocol_has_it(void **state)
{
    struct buffer out = {.arena = &arena};
    const struct otlp_resource resource = {STR("crm"), STR("1.2"), STR("i-1")};
    struct span span = span_of(STR("GET /x"));
    (void)state;
    span_text(&span, STR("http.route"), STR("/x \"y\""));
    span_number(&span, STR("http.response.status_code"), 500);
    span_fail(&span, STR("500"));
    otlp_write(&out, &resource, &span, 1);
    assert_str(
        buffer_str(&out),
        STR("{\"resourceSpans\":[{\"resource\":{\"attributes\":["
            "{\"key\":\"service.name\",\"value\":{\"stringValue\":\"crm\"}},"
            "{\"key\":\"service.version\",\"value\":{\"stringValue\":\"1.2\"}},"
            "{\"key\":\"service.instance.id\",\"value\":{\"stringValue\":\"i-1\"}}]},"
            "\"scopeSpans\":[{\"scope\":{\"name\":\"customer360\",\"version\":\"1.2\"},\"spans\":[{"
            "\"traceId\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"spanId\":\"00f067aa0ba902b7\","
            "\"parentSpanId\":\"b7ad6b7169203331\",\"flags\":1,\"name\":\"GET /x\",\"kind\":2,"
            "\"startTimeUnixNano\":\"1770026400000000001\","
            "\"endTimeUnixNano\":\"1770026400000000002\",\"attributes\":["
            "{\"key\":\"http.route\",\"value\":{\"stringValue\":\"/x \\\"y\\\"\"}},"
            "{\"key\":\"http.response.status_code\",\"value\":{\"intValue\":\"500\"}},"
            "{\"key\":\"error.type\",\"value\":{\"stringValue\":\"500\"}}],"
            "\"status\":{\"code\":2}}]}]}]}"));
}

static void the_first_of_a_trace_has_no_parent(void **state)
{
    struct buffer out = {.arena = &arena};
    const struct otlp_resource resource = {STR("crm"), STR("1.2"), STR("i-1")};
    struct trace trace;
    struct span span;
    (void)state;
    assert_true(trace_parse(STR(PARENT), &trace));
    span_init(&span, SPAN_CONSUMER, STR("x"), &trace, STR_NONE);
    otlp_write(&out, &resource, &span, 1);
    buffer_append_char(&out, '\0');
    assert_null(strstr(out.bytes, "parentSpanId"));
}

/* Names are ours; a topic or a host may be long, and in any script. */
static void what_has_no_room_is_cut_and_stays_text(void **state)
{
    struct buffer out = {.arena = &arena};
    const struct otlp_resource resource = {STR("crm"), STR("1.2"), STR("i-1")};
    struct span span = span_of(STR("x"));
    struct json_value *value;
    char text[2 * SPAN_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof(text); i += 2) memcpy(text + i, "\xc3\xa9", 2);
    for (int i = 0; i < 2 * SPAN_ATTRIBUTES_MAX; i++)
        span_text(&span, STR("long"), str_of(text, sizeof(text)));
    otlp_write(&out, &resource, &span, 1);
    assert_int_equal(json_parse(buffer_str(&out), &arena, &value, NULL), STATUS_OK);
}

static void an_answer_tells_how_many_were_not_taken(void **state)
{
    static const struct {
        const char *answer;
        int64_t rejected;
    } cases[] = {{"", 0},
                 {"{}", 0},
                 {"nonsense", 0},
                 {"[]", 0},
                 {"{\"partialSuccess\":{}}", 0},
                 {"{\"partialSuccess\":{\"rejectedSpans\":\"3\",\"errorMessage\":\"no\"}}", 3},
                 {"{\"partialSuccess\":{\"rejectedSpans\":4}}", 4},
                 {"{\"partialSuccess\":{\"rejectedSpans\":-4}}", 0},
                 {"{\"partialSuccess\":{\"rejectedSpans\":{}}}", 0}};
    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(cases); i++)
        assert_int_equal(otlp_rejected(str_from_cstr(cases[i].answer), &arena), cases[i].rejected);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_request_is_as_the_protocol_has_it),
        TEST(the_first_of_a_trace_has_no_parent),
        TEST(what_has_no_room_is_cut_and_stays_text),
        TEST(an_answer_tells_how_many_were_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
