/* A collector on loopback that answers as a test wants it: whatever it does, each span that is told
 * is exported or counted as lost. */
#include "adapters/tracing/tracer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/http/http.h"
#include "formats/json.h"
#include "property.h"
#include "unit.h"

enum { ANSWERS_MAX = 16, PATIENCE_S = 60, NEVER = -1 };

struct answer {
    int status; /* NEVER: none */
    const char *retry_after;
    const char *body;
};

static struct {
    struct loop *loop;
    struct http_server *server;
    pthread_t thread;
    struct arena arena;
    struct tracer *tracer;
    struct answer answers[ANSWERS_MAX]; /* behind the last: 200 */
    size_t answer_count;
    atomic_size_t requests;
    atomic_size_t spans; /* in those that were answered with 200 */
    atomic_bool open;    /* who got no answer shall end */
} fixture;

/* --- the collector --- */

static size_t count_spans(struct str body, struct arena *arena)
{
    struct json_value *value;
    assert_int_equal(json_parse(body, arena, &value, NULL), STATUS_OK);
    const struct json_value *resources = json_get(value, STR("resourceSpans"));
    return json_get(&json_get(&resources->items[0], STR("scopeSpans"))->items[0], STR("spans"))
        ->count;
}

static void handle(void *context, struct http_request *request, struct http_response *response)
{
    (void)context;
    size_t number = atomic_fetch_add(&fixture.requests, 1);
    struct answer answer = {200, NULL, "{}"};
    if (number < fixture.answer_count) answer = fixture.answers[number];
    if (http_request_receive(request) != STATUS_OK) return;
    while (answer.status == NEVER && !atomic_load(&fixture.open)) coroutine_sleep(5);
    if (answer.status == NEVER) answer.status = 503;
    if (answer.status == 200)
        atomic_fetch_add(&fixture.spans,
                         count_spans(http_request_body(request), http_request_arena(request)));
    http_response_status(response, answer.status);
    if (answer.retry_after)
        http_response_header(response, STR("Retry-After"), str_from_cstr(answer.retry_after));
    if (answer.body) http_response_body(response, str_from_cstr(answer.body));
}

static void *run(void *argument)
{
    loop_run(argument);
    return NULL;
}

static void when_idle(void *argument)
{
    atomic_store(&fixture.open, true);
    if (http_server_active(fixture.server) > 0 &&
        loop_timer_start(fixture.loop, 5, when_idle, argument))
        return;
    loop_stop(fixture.loop);
}

static void begin_end(void *argument)
{
    http_server_drain(fixture.server);
    when_idle(argument);
}

static int set_up(void **state)
{
    struct error error;
    const struct http_options options = {.host = STR("127.0.0.1"),
                                         .body_max_bytes = 8 << 20,
                                         .connections_max = 16,
                                         .header_max_bytes = 16 << 10,
                                         .idle_timeout_ms = 60000,
                                         .request_arena_bytes = 64 << 20,
                                         .handle = handle};
    (void)state;
    memset(&fixture, 0, sizeof(fixture));
    arena_init(&fixture.arena, 16 << 20);
    fixture.loop = loop_new(0);
    assert_int_equal(http_server_new(fixture.loop, &options, &fixture.server, &error), STATUS_OK);
    assert_int_equal(pthread_create(&fixture.thread, NULL, run, fixture.loop), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tracer_free(fixture.tracer);
    assert_true(loop_post(fixture.loop, begin_end, NULL));
    assert_int_equal(pthread_join(fixture.thread, NULL), 0);
    http_server_free(fixture.server);
    loop_free(fixture.loop);
    arena_release(&fixture.arena);
    return 0;
}

static void answer_with(const struct answer *answers, size_t count)
{
    memcpy(fixture.answers, answers, count * sizeof(*answers));
    fixture.answer_count = count;
}

/* --- the tracer --- */

static struct tracer_options options_of(uint16_t port)
{
    return (struct tracer_options){
        .url = arena_format(&fixture.arena, "http://127.0.0.1:%u/v1/traces", port),
        .ca_file = STR(""),
        .user_agent = "test",
        .timeout_ms = 1000L * PATIENCE_S,
        .sample_ratio = TRACER_RATIO_ONE,
        .queue = 4096,
        .gather_ms = 10,
        .retry_first_ms = 10,
        .retry_for_ms = 1000L * PATIENCE_S,
        .resource = {STR("crm"), STR("1.2"), STR("i-1")},
        .environment = environment_system(),
    };
}

static void make(const struct tracer_options *options, bool start)
{
    struct error error;
    assert_int_equal(tracer_new(options, &fixture.tracer, &error), STATUS_OK);
    if (start) assert_int_equal(tracer_start(fixture.tracer, &error), STATUS_OK);
}

static void tell(size_t count)
{
    const struct trace none = {""};
    for (size_t i = 0; i < count; i++) {
        struct span span;
        tracer_begin(fixture.tracer, &none, SPAN_SERVER, STR("GET /x"), &span);
        span_number(&span, STR("http.response.status_code"), 200);
        tracer_end(fixture.tracer, &span);
    }
}

static int64_t metric(const char *name)
{
    struct arena_mark mark = arena_mark(&fixture.arena);
    struct buffer out = {.arena = &fixture.arena};
    tracer_write_metrics(fixture.tracer, &out);
    buffer_append_char(&out, '\0');
    const char *at = strstr(out.bytes, name);
    assert_non_null(at);
    int64_t value = strtoll(at + strlen(name), NULL, 10);
    arena_rewind(&fixture.arena, mark);
    return value;
}

#define FATE(name) metric("\ncustomer360_trace_spans_total{outcome=\"" name "\"} ")
#define FAILING()  metric("\ncustomer360_traces_failing ")

static bool waits_until(int64_t (*what)(void), int64_t wanted)
{
    for (int i = 0; i < PATIENCE_S * 500; i++) {
        if (what() >= wanted) return true;
        (void)usleep(2000);
    }
    return false;
}

static int64_t exported(void)
{
    return FATE("exported");
}

static int64_t given_up(void)
{
    return FATE("given_up");
}

static int64_t asked(void)
{
    return (int64_t)atomic_load(&fixture.requests);
}

static uint16_t port(void)
{
    return http_server_port(fixture.server);
}

/* --- the tests --- */

static void what_is_told_arrives_once(void **state)
{
    struct tracer_options options = options_of(port());
    (void)state;
    make(&options, true);
    tell(1300);
    assert_true(waits_until(exported, 1300));
    assert_int_equal(atomic_load(&fixture.spans), 1300);
    assert_true(asked() >= 3); /* at most 512 in one */
    tracer_stop(fixture.tracer, 0);
    assert_int_equal(FATE("exported") + FATE("no_room") + FATE("refused") + FATE("given_up"), 1300);
}

static void a_busy_collector_gets_the_same_again_when_it_says(void **state)
{
    static const struct answer answers[] = {{429, "1", NULL}, {503, NULL, NULL}, {502, NULL, NULL}};
    struct tracer_options options = options_of(port());
    (void)state;
    answer_with(answers, UNIT_COUNT(answers));
    make(&options, true);
    int64_t began_ns = tracer_now_ns();
    tell(7);
    assert_true(waits_until(exported, 7));
    assert_true(tracer_now_ns() - began_ns >= 900 * 1000000L); /* Retry-After */
    assert_int_equal(asked(), 4);
    assert_int_equal(atomic_load(&fixture.spans), 7);
    assert_int_equal(FAILING(), 0);
    tracer_stop(fixture.tracer, 0);
}

/* 500 is not among what the protocol has sent again. */
static void what_the_collector_refuses_is_counted_and_not_sent_again(void **state)
{
    static const struct answer answers[] = {{500, NULL, NULL}, {400, NULL, "{\"code\":3}"}};
    struct tracer_options options = options_of(port());
    (void)state;
    answer_with(answers, UNIT_COUNT(answers));
    make(&options, true);
    tell(1000); /* a batch and a half: refused, both */
    for (int64_t told = 1000; exported() == 0; told++) {
        assert_true(told < 1000000);
        tell(1);
        (void)usleep(1000);
    }
    tracer_stop(fixture.tracer, 1000L * PATIENCE_S);
    assert_true(FATE("refused") > 0);
    assert_int_equal(FATE("given_up") + FATE("no_room"), 0);
    assert_int_equal(FATE("exported"), atomic_load(&fixture.spans));
}

static void what_is_taken_in_part_is_counted_so(void **state)
{
    static const struct answer answers[] = {
        {200, NULL, "{\"partialSuccess\":{\"rejectedSpans\":\"2\",\"errorMessage\":\"too old\"}}"}};
    struct tracer_options options = options_of(port());
    (void)state;
    answer_with(answers, UNIT_COUNT(answers));
    make(&options, false);
    tell(5);
    assert_int_equal(tracer_start(fixture.tracer, NULL), STATUS_OK);
    assert_true(waits_until(exported, 3));
    tracer_stop(fixture.tracer, 0);
    assert_int_equal(FATE("exported"), 3);
    assert_int_equal(FATE("refused"), 2);
}

static void a_collector_that_is_away_costs_spans_only(void **state)
{
    struct tracer_options options = options_of(1);
    (void)state;
    options.queue = 600;
    options.retry_for_ms = 20;
    make(&options, true);
    tell(5000); /* returns, whatever becomes of them */
    assert_true(waits_until(given_up, 1));
    assert_int_equal(FAILING(), 1);
    tracer_stop(fixture.tracer, 1000L * PATIENCE_S); /* and so does this, at the first failure */
    assert_int_equal(FATE("exported") + FATE("refused"), 0);
    assert_true(FATE("no_room") > 0);
    assert_int_equal(FATE("no_room") + FATE("given_up"), 5000);
}

static void a_collector_that_never_answers_is_given_up(void **state)
{
    static const struct answer answers[] = {
        {NEVER, NULL, NULL}, {NEVER, NULL, NULL}, {NEVER, NULL, NULL}};
    struct tracer_options options = options_of(port());
    (void)state;
    answer_with(answers, UNIT_COUNT(answers));
    options.timeout_ms = 50;
    options.retry_for_ms = 60; /* so the second attempt is the last */
    make(&options, true);
    tell(10);
    assert_true(waits_until(given_up, 10));
    assert_true(asked() >= 2);
    tracer_stop(fixture.tracer, 0);
    assert_int_equal(FATE("exported") + FATE("given_up"), 10);
}

static void at_the_end_what_waits_is_sent(void **state)
{
    struct tracer_options options = options_of(port());
    (void)state;
    options.gather_ms = 1000L * PATIENCE_S; /* not before */
    make(&options, true);
    tell(100);
    tracer_stop(fixture.tracer, 1000L * PATIENCE_S);
    assert_int_equal(FATE("exported"), 100);
    assert_int_equal(atomic_load(&fixture.spans), 100);
}

static void the_end_does_not_wait_longer_than_it_may(void **state)
{
    static const struct answer answers[] = {{NEVER, NULL, NULL}};
    struct tracer_options options = options_of(port());
    (void)state;
    answer_with(answers, UNIT_COUNT(answers));
    make(&options, true);
    tell(100);
    assert_true(waits_until(asked, 1));
    tracer_stop(fixture.tracer, 50);
    assert_int_equal(FATE("given_up"), 100);
}

/* --- laws --- */

/* Whatever the collector answers, and however it ends. */
static bool each_is_accounted_for(struct property *p, void *context)
{
    static const int statuses[] = {200, 200, 202, 204, 301, 400, 404, 413, 429, 500, 502, 503, 504};
    void *state = NULL;
    (void)context;
    assert_int_equal(set_up(&state), 0);
    struct tracer_options options = options_of(port());
    options.queue = (size_t)property_between(p, 16, 2000);
    options.retry_first_ms = property_between(p, 1, 5);
    options.retry_for_ms = property_between(p, 0, 20);
    fixture.answer_count = (size_t)property_between(p, 0, ANSWERS_MAX);
    for (size_t i = 0; i < fixture.answer_count; i++)
        fixture.answers[i] =
            (struct answer){statuses[property_between(p, 0, UNIT_COUNT(statuses) - 1)], NULL, "{}"};
    make(&options, true);
    int64_t told = property_between(p, 0, 3000);
    tell((size_t)told);
    if (property_chance(p, 50)) (void)waits_until(asked, told > 0);
    tracer_stop(fixture.tracer, property_between(p, 0, 1) * 1000L * PATIENCE_S);
    int64_t sum = FATE("exported") + FATE("no_room") + FATE("refused") + FATE("given_up");
    int64_t waiting = metric("\ncustomer360_trace_queue_spans ");
    assert_int_equal(tear_down(&state), 0);
    PROPERTY_REQUIRE(p, sum == told && waiting == 0, "%lld of %lld are accounted for",
                     (long long)sum, (long long)told);
    return true;
}

static void each_span_is_exported_or_counted_as_lost(void **state)
{
    (void)state;
    property_check("each span is exported or counted as lost", each_is_accounted_for, NULL, 30);
}

static void a_trace_is_recorded_as_its_caller_says_or_by_chance(void **state)
{
    struct tracer_options options = options_of(1);
    const struct trace none = {""};
    struct trace recorded, silent;
    size_t count = 0;
    (void)state;
    options.sample_ratio = TRACER_RATIO_ONE / 4;
    make(&options, false);
    assert_true(
        trace_parse(STR("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), &recorded));
    assert_true(
        trace_parse(STR("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"), &silent));
    for (int i = 0; i < 100000; i++) {
        assert_true(tracer_samples(fixture.tracer, &recorded));
        assert_false(tracer_samples(fixture.tracer, &silent));
        count += tracer_samples(fixture.tracer, &none);
    }
    assert_in_range(count, 24000, 26000); /* 7 standard deviations */
    assert_false(tracer_samples(NULL, &recorded));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_told_arrives_once),
        TEST(a_busy_collector_gets_the_same_again_when_it_says),
        TEST(what_the_collector_refuses_is_counted_and_not_sent_again),
        TEST(what_is_taken_in_part_is_counted_so),
        TEST(a_collector_that_is_away_costs_spans_only),
        TEST(a_collector_that_never_answers_is_given_up),
        TEST(at_the_end_what_waits_is_sent),
        TEST(the_end_does_not_wait_longer_than_it_may),
        TEST(a_trace_is_recorded_as_its_caller_says_or_by_chance),
        cmocka_unit_test(each_span_is_exported_or_counted_as_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
