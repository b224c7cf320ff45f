/* What no request from outside can bring about, on every route: the failures of the store. The
 * others are reached in tests/scenario/codes.py. */
#include "adapters/api/failures.h"

#include "api_fixture.h"
#include "unit.h"

/* A request that gets as far as the store. */
static const struct {
    const char *route;
    const char *query;
    const char *body;
} requests[] = {
    {"changeCustomer", "", "{\"name\":\"Acme\"}"},
    {"createCustomer", "", "{\"name\":\"Acme\"}"},
    {"matchCustomers", "", "{\"name\":\"Acme\"}"},
    {"lookupCustomers", "", "{\"ids\":[\"CUST-1\"]}"},
    {"changePreferences", "", "{\"theme\":\"dark\"}"},
    {"addContact", "", "{\"name\":\"Jane Doe\"}"},
    {"changeContact", "", "{\"name\":\"Jane Doe\"}"},
    {"addRelationship", "", "{\"type\":\"PARTNER_OF\",\"customerId\":\"CUST-2\"}"},
    {"recordConsent", "", "{\"type\":\"EMAIL\",\"status\":\"GRANTED\"}"},
    {"checkConsent", "", "{\"checks\":[{\"customerId\":\"CUST-1\",\"type\":\"EMAIL\"}]}"},
    {"checkSuppression", "?contactPoint=a@x.example", NULL},
    {"addSuppression", "", "{\"contactPoint\":\"a@x.example\"}"},
    {"removeSuppression", "?contactPoint=a@x.example", NULL},
    {"mergeCustomers", "", "{\"sourceCustomerId\":\"CUST-2\"}"},
    {"previewMerge", "", "{\"sourceCustomerId\":\"CUST-2\"}"},
    {"resolveDuplicate", "", "{\"decision\":\"NOT_A_DUPLICATE\"}"},
    {"scanDuplicates", "", "{}"},
    {"eraseCustomer", "", "{\"customerId\":\"CUST-1\"}"},
    {"createWebhook", "", "{\"url\":\"https://hooks.example.com\"}"},
    {"changeWebhook", "", "{}"},
    {"renewWebhookSecret", "", "{}"},
    {"replayWebhook", "", "{\"after\":0}"},
    {"startImport", "", "name\nAcme\n"},
    {"proposeMapping", "", "name\nAcme\n"},
};

static struct raw_answer ask(struct api_fixture *fixture, const struct route *route,
                             const char *headers)
{
    const char *query = "", *body = NULL, *type = "";
    struct buffer head = {.arena = api_fixture_arena(fixture)};
    struct buffer path = {.arena = api_fixture_arena(fixture)};
    struct str rest = route->path, segment;
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        if (!str_equal(str_from_cstr(requests[i].route), route->name)) continue;
        query = requests[i].query;
        body = requests[i].body;
    }
    if (body)
        type = route->body == ROUTE_BODY_UPLOAD ? "Content-Type: text/csv\r\n"
                                                : "Content-Type: application/json\r\n";
    for (bool first = true; str_split(&rest, '/', &segment); first = false) {
        if (!first) buffer_append_char(&path, '/');
        buffer_append(&path, str_starts_with(segment, STR("{")) ? STR("X-1") : segment);
    }
    buffer_append(&path, str_from_cstr(query));
    const char *target = arena_cstr(api_fixture_arena(fixture), buffer_str(&path));
    const char *method = arena_cstr(api_fixture_arena(fixture), route_method_name(route->method));
    buffer_append_format(&head, "%s%s", type, headers);
    return api_ask(fixture, method, target,
                   arena_cstr(api_fixture_arena(fixture), buffer_str(&head)), body);
}

static bool declares(const struct route *route, enum status status)
{
    struct route_failure all[FAILURES_MAX];
    size_t count = failures_of(route, all);
    for (size_t i = 0; i < count; i++)
        if (all[i].status == status) return true;
    return false;
}

/* The answer is that failure exactly when the route declares it. */
static void check_with(struct api_fixture *fixture, const struct route *route, const char *headers,
                       enum status reads, enum status writes)
{
    enum status status = reads != STATUS_OK ? reads : writes;
    api_fixture_fail(fixture, reads, writes);
    struct raw_answer answer = ask(fixture, route, headers);
    api_fixture_fail(fixture, STATUS_OK, STATUS_OK);
    bool is_json =
        str_starts_with(raw_header(&answer, STR("Content-Type")), STR("application/json"));
    struct str code =
        answer.body.len && is_json ? api_at(api_json(fixture, &answer), "error") : STR_NONE;
    if (str_equal(code, status_code(status)) != declares(route, status))
        fail_msg("%.*s: %d %.*s, with %.*s as the store's answer; is a request missing here?",
                 STR_ARGS(route->name), answer.status, STR_ARGS(code),
                 STR_ARGS(status_code(status)));
}

static void check(struct api_fixture *fixture, const struct route *route, enum status reads,
                  enum status writes)
{
    check_with(fixture, route, "", reads, writes);
}

static void each_route_answers_for_a_store_that_fails(void **state)
{
    static const enum status failures[] = {STATUS_OUT_OF_MEMORY, STATUS_INTERNAL,
                                           STATUS_UNAVAILABLE};
    for (size_t r = 0; r < routes_count; r++)
        for (size_t i = 0; routes[r].permission != ROUTE_PUBLIC && i < 3; i++)
            check(*state, &routes[r], failures[i], failures[i]);
}

static void each_route_that_writes_and_no_other_answers_for_a_write_that_fails(void **state)
{
    static const enum status failures[] = {STATUS_OUTCOME_UNKNOWN, STATUS_WRITE_CONFLICT,
                                           STATUS_STORE_FULL, STATUS_STORE_READ_ONLY};
    for (size_t r = 0; r < routes_count; r++)
        for (size_t i = 0; routes[r].permission != ROUTE_PUBLIC && i < 4; i++)
            check(*state, &routes[r], STATUS_OK, failures[i]);
}

/* A key makes no write of what only reads. */
static void each_route_with_a_key_writes_when_it_writes_without(void **state)
{
    for (size_t r = 0; r < routes_count; r++)
        if (routes[r].permission != ROUTE_PUBLIC)
            check_with(*state, &routes[r], "Idempotency-Key: k\r\n", STATUS_OK, STATUS_STORE_FULL);
}

static void each_change_and_nothing_else_tells_that_its_key_is_under_way(void **state)
{
    for (size_t r = 0; r < routes_count; r++) {
        if (!routes[r].writes) {
            assert_false(declares(&routes[r], STATUS_REQUEST_IN_FLIGHT));
            assert_false(declares(&routes[r], STATUS_KEY_REUSED));
            continue;
        }
        api_fixture_fail(*state, STATUS_OK, STATUS_REQUEST_IN_FLIGHT);
        struct raw_answer answer = ask(*state, &routes[r], "Idempotency-Key: k\r\n");
        api_fixture_fail(*state, STATUS_OK, STATUS_OK);
        assert_int_equal(answer.status, 409);
        assert_str(api_at(api_json(*state, &answer), "error"), STR("REQUEST_IN_FLIGHT"));
        assert_str(raw_header(&answer, STR("Retry-After")), STR("1"));
        assert_true(declares(&routes[r], STATUS_REQUEST_IN_FLIGHT));
    }
}

static void each_route_but_the_public_ones_is_refused_when_it_would_wait_too_long(void **state)
{
    for (size_t r = 0; r < routes_count; r++) {
        bool is_public = routes[r].permission == ROUTE_PUBLIC;
        api_fixture_wait(*state, 3600 * INT64_C(1000000));
        struct raw_answer answer = ask(*state, &routes[r], "");
        api_fixture_wait(*state, 0);
        assert_true(is_public != declares(&routes[r], STATUS_OVERLOADED));
        if (is_public) {
            assert_int_not_equal(answer.status, 503);
            continue;
        }
        assert_int_equal(answer.status, 503);
        assert_str(api_at(api_json(*state, &answer), "error"), STR("SERVICE_OVERLOADED"));
        assert_str(raw_header(&answer, STR("Retry-After")), STR("1"));
    }
}

static void a_wait_within_the_limit_is_none(void **state)
{
    api_fixture_wait(*state, API_LIMITS_DEFAULT.write_wait_max_ms * 1000);
    (void)api_expect(*state, "POST", "customers", "{\"name\":\"Acme\"}", 201);
    (void)api_expect(*state, "GET", "customers", NULL, 503); /* reads are let wait for less */
    api_fixture_wait(*state, 0);
    (void)api_expect(*state, "GET", "customers", NULL, 200);
}

static void readiness_tells_of_the_store(void **state)
{
    static const enum status failures[] = {STATUS_UNAVAILABLE, STATUS_SCHEMA_MISMATCH};
    for (size_t r = 0; r < routes_count; r++)
        for (size_t i = 0; str_equal(routes[r].name, STR("ready")) && i < 2; i++)
            check(*state, &routes[r], failures[i], STATUS_OK);
}

static void what_a_caller_cannot_act_on_is_an_internal_error(void **state)
{
    static const enum status failures[] = {STATUS_STORE_CORRUPT, STATUS_IO, STATUS_STORE_IN_USE};
    for (size_t i = 0; i < 3; i++) {
        api_fixture_fail(*state, failures[i], STATUS_OK);
        const struct json_value *answer = api_expect(*state, "GET", "customers/C1", NULL, 500);
        api_fixture_fail(*state, STATUS_OK, STATUS_OK);
        assert_str(api_at(answer, "error"), STR("INTERNAL_ERROR"));
        assert_str(api_at(answer, "message"), status_meaning(STATUS_INTERNAL));
    }
}

#define SERVED(test)                                                                               \
    cmocka_unit_test_setup_teardown(test, api_fixture_set_up, api_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(each_route_answers_for_a_store_that_fails),
        SERVED(each_route_that_writes_and_no_other_answers_for_a_write_that_fails),
        SERVED(each_route_with_a_key_writes_when_it_writes_without),
        SERVED(each_change_and_nothing_else_tells_that_its_key_is_under_way),
        SERVED(each_route_but_the_public_ones_is_refused_when_it_would_wait_too_long),
        SERVED(a_wait_within_the_limit_is_none),
        SERVED(readiness_tells_of_the_store),
        SERVED(what_a_caller_cannot_act_on_is_an_internal_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
