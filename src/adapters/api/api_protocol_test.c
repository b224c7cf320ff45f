/* What holds for every resource: identity, errors, methods, media types, query, limits, traces. */
#include <string.h>
#include <unistd.h>

#include "adapters/api/errors.h"
#include "adapters/api/router.h"
#include "api_fixture.h"
#include "unit.h"

static void assert_error(struct api_fixture *fixture, const struct raw_answer *answer, int status,
                         const char *code)
{
    struct json_value *json = api_json(fixture, answer);
    if (answer->status != status)
        fail_msg("%d instead of %d: %.*s", answer->status, status, STR_ARGS(answer->body));
    assert_str(api_at(json, "error"), str_from_cstr(code));
    assert_true(api_at(json, "message").len > 0);
    assert_int_equal(api_value_at(json, "details")->type, JSON_OBJECT);
    assert_int_equal(api_at(json, "traceId").len, 32);
    assert_true(str_ends_with(api_at(json, "timestamp"), STR("Z")));
    assert_int_equal(json->count, 5);
}

static void errors_have_one_form(void **state)
{
    struct raw_answer answer = api_ask(*state, "GET", "customers/CUST-NOBODY", "", NULL);
    assert_error(*state, &answer, 404, "CUSTOMER_NOT_FOUND");
    assert_str(raw_header(&answer, STR("Content-Type")), STR("application/json"));
    assert_str(raw_header(&answer, STR("Cache-Control")), STR("no-store"));
}

static void a_problem_is_given_to_who_asks_for_one(void **state)
{
    struct raw_answer answer = api_ask(*state, "GET", "customers/CUST-NOBODY",
                                       "Accept: application/problem+json\r\n", NULL);
    struct json_value *json = api_json(*state, &answer);
    assert_int_equal(answer.status, 404);
    assert_str(raw_header(&answer, STR("Content-Type")), STR("application/problem+json"));
    assert_str(api_at(json, "type"), STR("about:blank"));
    assert_str(api_at(json, "title"), STR("Not Found"));
    assert_str(api_at(json, "status"), STR("404"));
    assert_str(api_at(json, "error"), STR("CUSTOMER_NOT_FOUND"));
    assert_true(api_at(json, "detail").len > 0);
}

static void a_trace_is_taken_up_or_begun(void **state)
{
    struct raw_answer answer =
        api_ask(*state, "GET", "customers/X",
                "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n", NULL);
    assert_str(api_at(api_json(*state, &answer), "traceId"),
               STR("4bf92f3577b34da6a3ce929d0e0e4736"));
    struct raw_answer one = api_ask(*state, "GET", "customers/X", "", NULL);
    struct raw_answer two = api_ask(*state, "GET", "customers/X", "", NULL);
    assert_false(str_equal(api_at(api_json(*state, &one), "traceId"),
                           api_at(api_json(*state, &two), "traceId")));
}

static void who_is_not_known_gets_401_with_a_challenge(void **state)
{
    struct raw_answer answer = api_ask(*state, "GET", "customers", "X-User-Id: nobody\r\n", NULL);
    assert_error(*state, &answer, 401, "UNAUTHENTICATED");
    assert_str(raw_header(&answer, STR("WWW-Authenticate")), STR("Bearer realm=\"customer360\""));
    assert_int_equal(api_ask(*state, "GET", "/livez", "X-User-Id: nobody\r\n", NULL).status, 200);
}

/* Nothing of the body was sent, and nothing has to be. */
static void who_may_not_is_told_before_the_body(void **state)
{
    static const struct {
        const char *header;
        int status;
    } cases[] = {{"X-User-Id: nobody", 401},
                 {"X-User-Permissions: customer:read", 403},
                 {"Content-Type: text/plain", 415},
                 {"Accept: text/plain", 406},
                 {"If-Match: version 1", 400}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = api_fixture_arena(*state);
        int fd = raw_connect(api_fixture_port(*state));
        struct raw_reader reader = {.fd = fd, .arena = arena};
        raw_send(fd, arena_format(arena,
                                  "PATCH /api/v1/crm/customers/A HTTP/1.1\r\nHost: x\r\n%s\r\n"
                                  "Content-Length: 190000\r\n\r\n",
                                  cases[i].header));
        assert_int_equal(raw_read(&reader, false).status, cases[i].status);
        (void)close(fd);
    }
}

/* Each route asks for its permission before anything of its own happens. */
static void every_route_wants_its_permission(void **state)
{
    static const char *const methods[] = {"GET", "POST", "PATCH", "DELETE"};
    for (size_t i = 0; i < routes_count; i++) {
        const struct route *route = &routes[i];
        if (route->permission == ROUTE_PUBLIC) continue;
        struct buffer headers = {.arena = api_fixture_arena(*state)};
        buffer_append(&headers, STR("X-User-Permissions: "));
        for (unsigned p = 0; p < PERMISSION_COUNT; p++)
            if ((int)p != route->permission)
                buffer_append_format(&headers, "%.*s,", STR_ARGS(permission_name(p)));
        buffer_append(&headers, STR("x:y\r\n"));
        buffer_append_char(&headers, '\0');
        char *path = arena_cstr(api_fixture_arena(*state), route->path);
        for (char *at = path; *at; at++)
            if (*at == '{' || *at == '}') *at = '_';
        struct raw_answer answer =
            api_ask(*state, methods[route->method], path, buffer_str(&headers).ptr,
                    route->body == ROUTE_BODY_NONE ? NULL : "{}");
        if (answer.status != 403) fail_msg("%s: %d", path, answer.status);
        assert_str(api_at(api_json(*state, &answer), "details.allowed"),
                   permission_name((enum permission)route->permission));
    }
}

static void an_unknown_path_is_404_and_a_wrong_method_405(void **state)
{
    struct raw_answer answer = api_ask(*state, "GET", "/nowhere", "", NULL);
    assert_error(*state, &answer, 404, "ROUTE_NOT_FOUND");
    answer = api_ask(*state, "DELETE", "customers", "", NULL);
    assert_error(*state, &answer, 405, "METHOD_NOT_ALLOWED");
    assert_str(raw_header(&answer, STR("Allow")), STR("GET, HEAD, POST, OPTIONS"));
    answer = api_ask(*state, "BREW", "customers", "", NULL);
    assert_error(*state, &answer, 405, "METHOD_NOT_ALLOWED");
}

static void options_tells_what_a_path_takes(void **state)
{
    struct raw_answer answer = api_ask(*state, "OPTIONS", "customers/X", "", NULL);
    assert_int_equal(answer.status, 204);
    assert_str(raw_header(&answer, STR("Allow")), STR("GET, HEAD, PATCH, OPTIONS"));
    assert_int_equal(api_ask(*state, "OPTIONS", "*", "", NULL).status, 204);
    assert_int_equal(api_ask(*state, "OPTIONS", "/nowhere", "", NULL).status, 404);
}

static void head_is_get_without_the_body(void **state)
{
    api_expect(*state, "POST", "customers", "{\"customerId\":\"A\",\"name\":\"Acme\"}", 201);
    struct raw_answer get = api_ask(*state, "GET", "customers/A", "", NULL);
    struct raw_answer head = api_ask(*state, "HEAD", "customers/A", "", NULL);
    assert_int_equal(head.status, 200);
    assert_str(raw_header(&head, STR("ETag")), STR("\"1\""));
    assert_str(raw_header(&head, STR("Content-Length")), raw_header(&get, STR("Content-Length")));
    assert_int_equal(api_ask(*state, "HEAD", "customers/B", "", NULL).status, 404);
    assert_int_equal(api_ask(*state, "HEAD", "events", "", NULL).status, 200);
}

static void query_parameters_are_known_once_and_well_formed(void **state)
{
    struct raw_answer answer = api_ask(*state, "GET", "customers?colour=red", "", NULL);
    assert_error(*state, &answer, 400, "UNKNOWN_FIELD");
    assert_str(api_at(api_json(*state, &answer), "details.field"), STR("colour"));
    assert_true(api_at(api_json(*state, &answer), "details.allowed").len > 10);
    answer = api_ask(*state, "GET", "customers?limit=1&limit=2", "", NULL);
    assert_error(*state, &answer, 400, "DUPLICATE_FIELD");
    answer = api_ask(*state, "GET", "customers?limit=0", "", NULL);
    assert_error(*state, &answer, 400, "INVALID_VALUE");
    assert_str(api_at(api_json(*state, &answer), "details.field"), STR("limit"));
    answer = api_ask(*state, "GET", "customers/A?asOf=yesterday", "", NULL);
    assert_error(*state, &answer, 400, "INVALID_VALUE");
    answer = api_ask(*state, "POST", "customers?onDuplicate=perhaps", "", "{\"name\":\"A\"}");
    assert_error(*state, &answer, 400, "INVALID_VALUE");
    answer = api_ask(*state, "GET", "customers?name=%zz", "", NULL);
    assert_error(*state, &answer, 400, "INVALID_VALUE");
}

static void bodies_are_json_and_say_so(void **state)
{
    struct raw_answer answer =
        api_ask(*state, "POST", "customers", "Content-Type: application/xml\r\n", "<a/>");
    assert_error(*state, &answer, 415, "UNSUPPORTED_MEDIA_TYPE");
    answer = api_ask(*state, "POST", "customers", "Content-Encoding: br\r\n", "{}");
    assert_error(*state, &answer, 415, "UNSUPPORTED_MEDIA_TYPE");
    answer = api_ask(*state, "POST", "customers", "", "{\"name\":");
    assert_error(*state, &answer, 400, "MALFORMED_JSON");
    answer = api_ask(*state, "POST", "customers", "", "");
    assert_error(*state, &answer, 400, "MALFORMED_JSON");
    assert_str(api_at(api_json(*state, &answer), "message"), STR("the body is empty"));
    answer = api_ask(*state, "POST", "customers", "", "[1]");
    assert_error(*state, &answer, 422, "INVALID_VALUE");
    answer = api_ask(*state, "POST", "customers", "", "{\"name\":\"A\",\"name\":\"B\"}");
    assert_error(*state, &answer, 400, "DUPLICATE_FIELD");
    answer = api_ask(*state, "POST", "customers", "", "{\"nam\":\"A\"}");
    assert_error(*state, &answer, 422, "UNKNOWN_FIELD");
    assert_str(api_at(api_json(*state, &answer), "details.field"), STR("nam"));
    answer = api_ask(*state, "POST", "customers", "", "{\"name\":\"\377\"}");
    assert_error(*state, &answer, 400, "MALFORMED_JSON");
    answer = api_ask(*state, "DELETE", "customers/A/contacts/B", "", "{}");
    assert_error(*state, &answer, 400, "INVALID_VALUE");
    answer = api_ask(*state, "PATCH", "customers/A",
                     "Content-Type: application/merge-patch+json\r\n", "{}");
    assert_error(*state, &answer, 404, "CUSTOMER_NOT_FOUND");
}

static void what_is_too_large_or_too_deep_is_refused(void **state)
{
    struct arena *arena = api_fixture_arena(*state);
    char *body = arena_alloc(arena, 300001);
    memset(body, 'x', 300000);
    body[300000] = '\0';
    struct raw_answer answer = api_ask(*state, "POST", "customers", "", body);
    assert_error(*state, &answer, 413, "REQUEST_TOO_LARGE");
    memset(body, '[', 1000);
    body[1000] = '\0';
    answer = api_ask(*state, "POST", "customers", "", body);
    assert_error(*state, &answer, 400, "LIMIT_EXCEEDED");
}

static void accept_is_negotiated(void **state)
{
    struct raw_answer answer = api_ask(*state, "GET", "customers", "Accept: text/html\r\n", NULL);
    assert_error(*state, &answer, 406, "NOT_ACCEPTABLE");
    answer = api_ask(*state, "GET", "events", "Accept: text/html\r\n", NULL);
    assert_error(*state, &answer, 406, "NOT_ACCEPTABLE");
    assert_int_equal(api_ask(*state, "GET", "customers", "Accept: */*\r\n", NULL).status, 200);
}

/* An id that holds a slash leads to no other resource. */
static void an_escaped_slash_is_no_slash(void **state)
{
    static const char *const paths[] = {"customers/X%2Fmerge", "customers/X/merge%2fpreview",
                                        "customers%2FX"};
    for (size_t i = 0; i < UNIT_COUNT(paths); i++) {
        struct raw_answer answer = api_ask(*state, "POST", paths[i], "", "{}");
        assert_error(*state, &answer, 400, "INVALID_VALUE");
    }
}

static void what_the_engine_refuses_has_the_same_form(void **state)
{
    struct raw_answer answer =
        raw_exchange(api_fixture_port(*state),
                     STR("POST /api/v1/crm/customers HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
                         "Transfer-Encoding: chunked\r\n\r\n"),
                     api_fixture_arena(*state));
    assert_error(*state, &answer, 400, "INVALID_VALUE");
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct raw_reader reader = {.fd = raw_connect(api_fixture_port(*state)),
                                .arena = api_fixture_arena(*state)};
    raw_send(reader.fd,
             STR("POST /api/v1/crm/customers HTTP/1.1\r\nHost: x\r\nContent-Length: 32\r\n\r\n"
                 "{\"customerId\":\"P\",\"name\":\"Pipe\"}"
                 "GET /api/v1/crm/customers/P HTTP/1.1\r\nHost: x\r\n\r\n"
                 "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(raw_read(&reader, false).status, 201);
    struct raw_answer answer = raw_read(&reader, false);
    assert_str(api_at(api_json(*state, &answer), "name"), STR("Pipe"));
    assert_int_equal(raw_read(&reader, false).status, 200);
    (void)close(reader.fd);
}

static int set_up_with_rate(void **state)
{
    struct api_limits limits = API_LIMITS_DEFAULT;
    limits.rate_per_second = 2;
    return api_fixture_set_up_with(state, &limits, false);
}

static void a_tenant_that_asks_too_often_waits(void **state)
{
    struct raw_answer answer = api_ask(*state, "GET", "customers", "", NULL);
    assert_str(raw_header(&answer, STR("RateLimit-Limit")), STR("2"));
    assert_str(raw_header(&answer, STR("RateLimit-Remaining")), STR("1"));
    (void)api_ask(*state, "GET", "customers", "", NULL);
    answer = api_ask(*state, "GET", "customers", "", NULL);
    assert_error(*state, &answer, 429, "RATE_LIMITED");
    assert_str(raw_header(&answer, STR("Retry-After")), STR("1"));
    assert_int_equal(api_ask(*state, "GET", "customers", "X-Tenant-ID: t2\r\n", NULL).status, 200);
    assert_int_equal(api_ask(*state, "GET", "/livez", "", NULL).status, 200);
}

static int set_up_with_caller_rate(void **state)
{
    struct api_limits limits = API_LIMITS_DEFAULT;
    limits.rate_per_second = 4;
    limits.caller_per_second = 2;
    return api_fixture_set_up_with(state, &limits, false);
}

static void a_caller_that_asks_too_often_leaves_something_to_others(void **state)
{
    struct raw_answer answer = api_ask(*state, "GET", "customers", "X-User-Id: a\r\n", NULL);
    assert_str(raw_header(&answer, STR("RateLimit-Policy")),
               STR("\"tenant\";q=4;w=1, \"caller\";q=2;w=1"));
    assert_str(raw_header(&answer, STR("RateLimit")),
               STR("\"tenant\";r=3;t=1, \"caller\";r=1;t=1"));
    for (int i = 0; i < 5; i++)
        answer = api_ask(*state, "GET", "customers", "X-User-Id: a\r\n", NULL);
    assert_error(*state, &answer, 429, "RATE_LIMITED");
    assert_int_equal(api_ask(*state, "GET", "customers", "X-User-Id: b\r\n", NULL).status, 200);
}

#define SERVED(test)                                                                               \
    cmocka_unit_test_setup_teardown(test, api_fixture_set_up, api_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(errors_have_one_form),
        SERVED(a_problem_is_given_to_who_asks_for_one),
        SERVED(a_trace_is_taken_up_or_begun),
        SERVED(who_is_not_known_gets_401_with_a_challenge),
        SERVED(who_may_not_is_told_before_the_body),
        SERVED(every_route_wants_its_permission),
        SERVED(an_unknown_path_is_404_and_a_wrong_method_405),
        SERVED(options_tells_what_a_path_takes),
        SERVED(head_is_get_without_the_body),
        SERVED(query_parameters_are_known_once_and_well_formed),
        SERVED(bodies_are_json_and_say_so),
        SERVED(what_is_too_large_or_too_deep_is_refused),
        SERVED(accept_is_negotiated),
        SERVED(what_the_engine_refuses_has_the_same_form),
        SERVED(an_escaped_slash_is_no_slash),
        SERVED(pipelined_requests_are_answered_in_order),
        cmocka_unit_test_setup_teardown(a_caller_that_asks_too_often_leaves_something_to_others,
                                        set_up_with_caller_rate, api_fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_tenant_that_asks_too_often_waits, set_up_with_rate,
                                        api_fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
