/* A request that is repeated with its Idempotency-Key: the same answer, and nothing happens twice.
 */
#include <string.h>

#include "adapters/api/idempotency.h"
#include "api_fixture.h"
#include "unit.h"

#define KEY(key) "Content-Type: application/json\r\nIdempotency-Key: " key "\r\n"

static struct raw_answer ask_again(struct api_fixture *fixture, const char *method,
                                   const char *path, const char *headers, const char *body,
                                   int status)
{
    struct raw_answer first = api_ask(fixture, method, path, headers, body);
    struct raw_answer second = api_ask(fixture, method, path, headers, body);
    if (first.status != status || second.status != status)
        fail_msg("%s %s: %d and %d instead of %d: %.*s", method, path, first.status, second.status,
                 status, STR_ARGS(first.body));
    assert_true(str_is_none(raw_header(&first, STR("Idempotent-Replayed"))));
    assert_str(raw_header(&second, STR("Idempotent-Replayed")), STR("true"));
    assert_str(second.body, first.body);
    static const struct str same[] = {STR("ETag"), STR("Location"), STR("Content-Type"),
                                      STR("Cache-Control")};
    for (size_t i = 0; i < UNIT_COUNT(same); i++) {
        struct str was = raw_header(&first, same[i]), is = raw_header(&second, same[i]);
        assert_int_equal(str_is_none(was), str_is_none(is));
        if (!str_is_none(was)) assert_str(is, was);
    }
    return second;
}

static void expect_code(struct api_fixture *fixture, struct raw_answer answer, int status,
                        const char *code)
{
    if (answer.status != status)
        fail_msg("%d instead of %d: %.*s", answer.status, status, STR_ARGS(answer.body));
    assert_str(api_at(api_json(fixture, &answer), "error"), str_from_cstr(code));
}

static void every_kind_of_change_is_made_once(void **state)
{
    api_expect(*state, "POST", "customers", "{\"customerId\":\"B\",\"name\":\"Beta\"}", 201);
    ask_again(*state, "POST", "customers", KEY("1"), "{\"customerId\":\"A\",\"name\":\"Alpha\"}",
              201);
    ask_again(*state, "POST", "customers/A/contacts", KEY("2"), "{\"name\":\"Jane\"}", 201);
    ask_again(*state, "POST", "customers/A/consent", KEY("3"),
              "{\"type\":\"EMAIL\",\"status\":\"GRANTED\"}", 201);
    ask_again(*state, "PATCH", "customers/A", KEY("4") "If-Match: \"3\"\r\n",
              "{\"segment\":\"SMB\"}", 200);
    struct raw_answer merge = ask_again(*state, "POST", "customers/A/merge", KEY("5"),
                                        "{\"sourceCustomerId\":\"B\"}", 200);
    struct str id = api_at(api_json(*state, &merge), "mergeId");
    char path[200];
    (void)snprintf(path, sizeof(path), "customers/A/merges/%.*s/reverse", STR_ARGS(id));
    ask_again(*state, "POST", path, KEY("6"), "", 200);
    ask_again(*state, "POST", "suppressions", KEY("7"), "{\"contactPoint\":\"a@b.example\"}", 200);
    ask_again(*state, "DELETE", "suppressions?contactPoint=a@b.example", KEY("8"), NULL, 204);
    struct json_value *all = api_expect(*state, "GET", "customers", NULL, 200);
    assert_int_equal(api_value_at(all, "items")->count, 2);
    assert_str(api_at(api_expect(*state, "GET", "customers/A", NULL, 200), "version"), STR("6"));
}

static void a_job_is_started_once(void **state)
{
    ask_again(*state, "POST", "exports", KEY("1"), "", 202);
    ask_again(*state, "POST", "imports?source=erp",
              "Idempotency-Key: 2\r\nContent-Type: text/csv\r\n", "name\nAcme\n", 202);
    struct json_value *jobs = api_expect(*state, "GET", "jobs", NULL, 200);
    assert_int_equal(api_value_at(jobs, "items")->count, 2);
}

#define UPLOAD(path, key, rest)                                                                    \
    "POST /api/v1/crm/" path                                                                       \
    " HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Type: text/csv\r\n"                      \
    "Idempotency-Key: " key "\r\n" rest

/* Byte for byte, however the bytes come. */
static void a_key_of_an_upload_stands_for_its_bytes(void **state)
{
    static const char first[] = UPLOAD("imports", "k", "Content-Length: 10\r\n\r\nname\nAcme\n");
    static const struct {
        const char *request;
        int status;
    } again[] = {
        {first, 202},
        {UPLOAD("imports", "k", "Content-Length: 10\r\n\r\nname\nAcmy\n"), 422},
        {UPLOAD("imports", "k", "Content-Length: 9\r\n\r\nname\nAcme"), 422},
        {UPLOAD("imports", "k", "Content-Length: 0\r\n\r\n"), 422},
        {UPLOAD("imports?source=x", "k", "Content-Length: 10\r\n\r\nname\nAcme\n"), 422},
        {UPLOAD("imports", "k",
                "Transfer-Encoding: chunked\r\n\r\n4\r\nname\r\n6\r\n\nAcme\n\r\n0\r\n\r\n"),
         202},
        {UPLOAD("imports", "k",
                "Transfer-Encoding: chunked\r\n\r\n4\r\nname\r\n6\r\n\nAcmy\n\r\n0\r\n\r\n"),
         422},
    };
    struct arena *arena = api_fixture_arena(*state);
    uint16_t port = api_fixture_port(*state);
    struct raw_answer made = raw_exchange(port, str_from_cstr(first), arena);
    assert_int_equal(made.status, 202);
    for (size_t i = 0; i < UNIT_COUNT(again); i++) {
        struct raw_answer answer = raw_exchange(port, str_from_cstr(again[i].request), arena);
        if (answer.status != again[i].status)
            fail_msg("%zu: %d: %.*s", i, answer.status, STR_ARGS(answer.body));
        if (answer.status == 422) expect_code(*state, answer, 422, "IDEMPOTENCY_KEY_REUSED");
        if (answer.status == 202) assert_str(answer.body, made.body);
    }
    struct json_value *jobs = api_expect(*state, "GET", "jobs", NULL, 200);
    assert_int_equal(api_value_at(jobs, "items")->count, 1);
}

/* The same bytes in another form or encoding are other customers. */
static void a_key_of_an_upload_stands_for_how_it_is_read(void **state)
{
#define TYPE(key, type) "Idempotency-Key: " key "\r\nContent-Type: " type "\r\n"
    static const struct {
        const char *headers;
        int status;
    } asked[] = {
        {TYPE("a", "text/csv"), 202},
        {TYPE("a", "Text/CSV ; header=present"), 202},
        {TYPE("a", "text/csv; charset=utf-8"), 422},
        {TYPE("a", "text/csv; charset=iso-8859-1"), 422},
        {TYPE("a", "application/x-ndjson"), 422},
        {TYPE("b", "text/csv; charset=iso-8859-1"), 202},
        {TYPE("b", "text/csv; charset=\"Windows-1252\""), 202},
        {TYPE("b", "text/csv; charset=utf-8"), 422},
        {TYPE("b", "text/csv"), 422},
        {TYPE("c", "application/x-ndjson"), 202},
        {TYPE("c", "application/ndjson; charset=utf-8"), 202},
        {TYPE("c", "text/csv"), 422},
    };
#undef TYPE
    for (size_t i = 0; i < UNIT_COUNT(asked); i++) {
        struct raw_answer answer =
            api_ask(*state, "POST", "imports", asked[i].headers, "{\"name\":\"Acme\"}\n");
        if (answer.status != asked[i].status)
            fail_msg("%zu: %d: %.*s", i, answer.status, STR_ARGS(answer.body));
        if (answer.status == 422) expect_code(*state, answer, 422, "IDEMPOTENCY_KEY_REUSED");
    }
    struct json_value *jobs = api_expect(*state, "GET", "jobs", NULL, 200);
    assert_int_equal(api_value_at(jobs, "items")->count, 3);
}

static void a_key_stands_for_one_request(void **state)
{
    const char *body = "{\"name\":\"Acme\"}";
    (void)api_ask(*state, "POST", "customers", KEY("k"), body);
    api_expect(*state, "POST", "customers", "{\"customerId\":\"A\",\"name\":\"Alpha\"}", 201);
    (void)api_ask(*state, "PATCH", "customers/A", KEY("v") "If-Match: \"1\"\r\n",
                  "{\"segment\":\"SMB\"}");
    static const struct {
        const char *method, *path, *headers, *body;
    } others[] = {
        {"POST", "customers", KEY("k"), "{\"name\":\"Acme\" }"},
        {"POST", "customers?onDuplicate=allow", KEY("k"), "{\"name\":\"Acme\"}"},
        {"POST", "suppressions", KEY("k"), "{\"name\":\"Acme\"}"},
        {"PATCH", "customers/A", KEY("v") "If-Match: \"2\"\r\n", "{\"segment\":\"SMB\"}"},
        {"POST", "customers", KEY("\"k\""), "{\"name\":\"B\"}"},
    };
    for (size_t i = 0; i < UNIT_COUNT(others); i++)
        expect_code(
            *state,
            api_ask(*state, others[i].method, others[i].path, others[i].headers, others[i].body),
            422, "IDEMPOTENCY_KEY_REUSED");
    /* Somebody else's key is another key. */
    struct raw_answer theirs =
        api_ask(*state, "POST", "customers", KEY("k") "X-User-Id: other\r\n", body);
    assert_int_equal(theirs.status, 201);
    theirs = api_ask(*state, "POST", "customers", KEY("k") "X-Tenant-ID: t2\r\n", body);
    assert_int_equal(theirs.status, 201);
    assert_true(str_is_none(raw_header(&theirs, STR("Idempotent-Replayed"))));
}

/* Read again, it may be another; and the key is free for a change. */
static void what_only_reads_is_read_again(void **state)
{
    static const struct {
        const char *path, *headers, *body, *other;
    } reads[] = {
        {"customers/lookup", KEY("k"), "{\"ids\":[\"A\"]}", "{\"ids\":[\"B\"]}"},
        {"customers/match", KEY("k"), "{\"name\":\"Alpha\"}", "{\"name\":\"Beta\"}"},
        {"consent/check", KEY("k"), "{\"checks\":[{\"customerId\":\"A\",\"type\":\"EMAIL\"}]}",
         "{\"checks\":[{\"customerId\":\"B\",\"type\":\"EMAIL\"}]}"},
        {"customers/A/merge/preview", KEY("k"), "{\"sourceCustomerId\":\"B\"}",
         "{\"sourceCustomerId\":\"B\",\"mergeReason\":\"x\"}"},
        {"imports/proposal", "Idempotency-Key: k\r\nContent-Type: text/csv\r\n", "name\nAcme\n",
         "mail\na@b.example\n"},
    };
    api_expect(*state, "POST", "customers", "{\"customerId\":\"A\",\"name\":\"Alpha\"}", 201);
    api_expect(*state, "POST", "customers", "{\"customerId\":\"B\",\"name\":\"Beta\"}", 201);
    for (size_t i = 0; i < UNIT_COUNT(reads); i++) {
        const char *const bodies[] = {reads[i].body, reads[i].body, reads[i].other};
        for (size_t b = 0; b < UNIT_COUNT(bodies); b++) {
            struct raw_answer answer =
                api_ask(*state, "POST", reads[i].path, reads[i].headers, bodies[b]);
            if (answer.status != 200)
                fail_msg("%s: %d: %.*s", reads[i].path, answer.status, STR_ARGS(answer.body));
            assert_true(str_is_none(raw_header(&answer, STR("Idempotent-Replayed"))));
        }
    }
    ask_again(*state, "POST", "customers", KEY("k"), "{\"name\":\"Gamma\"}", 201);
}

/* Nothing happened, so there is nothing to repeat. */
static void what_was_refused_may_be_tried_again(void **state)
{
    expect_code(*state, api_ask(*state, "POST", "customers", KEY("k"), "{\"nam\":\"A\"}"), 422,
                "UNKNOWN_FIELD");
    expect_code(*state, api_ask(*state, "PATCH", "customers/A", KEY("k"), "{\"segment\":\"SMB\"}"),
                404, "CUSTOMER_NOT_FOUND");
    struct raw_answer answer =
        api_ask(*state, "POST", "customers", KEY("k"), "{\"customerId\":\"A\",\"name\":\"Acme\"}");
    assert_int_equal(answer.status, 201);
    answer =
        api_ask(*state, "POST", "customers", KEY("k2"), "{\"customerId\":\"A\",\"name\":\"Acme\"}");
    expect_code(*state, answer, 409, "CUSTOMER_EXISTS");
    /* Headers of an answer that came to nothing are not in the refusal. */
    assert_true(str_is_none(raw_header(&answer, STR("ETag"))));
    assert_true(str_is_none(raw_header(&answer, STR("Location"))));
}

static void a_key_that_is_none_is_refused(void **state)
{
    char longest[300] = "Idempotency-Key: ";
    size_t prefix = strlen(longest);
    memset(longest + prefix, 'k', 255);
    memcpy(longest + prefix + 255, "\r\n", 3);
    assert_int_equal(api_ask(*state, "POST", "customers", longest, "{\"name\":\"A\"}").status, 201);
    memset(longest + prefix, 'k', 256);
    memcpy(longest + prefix + 256, "\r\n", 3);
    const char *const wrong[] = {longest,
                                 "Idempotency-Key:\r\n",
                                 "Idempotency-Key: \"\"\r\n",
                                 "Idempotency-Key: two words\r\n",
                                 "Idempotency-Key: \"open\r\n",
                                 "Idempotency-Key: schl\303\274ssel\r\n",
                                 "Idempotency-Key: a\r\nIdempotency-Key: b\r\n"};
    for (size_t i = 0; i < UNIT_COUNT(wrong); i++) {
        struct raw_answer answer =
            api_ask(*state, "POST", "customers", wrong[i], "{\"name\":\"A\"}");
        expect_code(*state, answer, 400, "INVALID_VALUE");
        assert_str(api_at(api_json(*state, &answer), "details.field"), STR("Idempotency-Key"));
    }
}

/* Nor is it by an answer that does not name him, or by one of the merged profile that he was in. */
static void who_was_erased_is_told_of_no_more(void **state)
{
    static const struct {
        const char *method, *path, *key, *body;
    } told[] = {
        {"POST", "customers/A/contacts", KEY("1"), "{\"name\":\"J\",\"email\":\"j@a.example\"}"},
        {"PATCH", "customers/A/preferences", KEY("2"), "{\"theme\":\"dark\"}"},
        {"PATCH", "customers/B", KEY("3"), "{\"segment\":\"SMB\"}"},
    };
    const char *plain = "Content-Type: application/json\r\n";
    const char *body = "{\"customerId\":\"A\",\"name\":\"Jane\",\"emails\":[\"jane@a.example\"]}";
    assert_int_equal(api_ask(*state, "POST", "customers", plain, body).status, 201);
    body = "{\"customerId\":\"B\",\"name\":\"Acme\"}";
    assert_int_equal(api_ask(*state, "POST", "customers", plain, body).status, 201);
    for (size_t i = 0; i < UNIT_COUNT(told); i++) {
        struct raw_answer answer =
            api_ask(*state, told[i].method, told[i].path, told[i].key, told[i].body);
        assert_in_range(answer.status, 200, 201);
        if (i != 1) continue;
        body = "{\"sourceCustomerId\":\"A\",\"mergeReason\":\"test\"}";
        answer = api_ask(*state, "POST", "customers/B/merge", plain, body);
        assert_int_equal(answer.status, 200);
    }
    struct raw_answer merges = api_ask(*state, "GET", "customers/B/merges", "", NULL);
    char *path =
        arena_cstr(api_fixture_arena(*state),
                   arena_format(api_fixture_arena(*state), "customers/B/merges/%.*s/reverse",
                                STR_ARGS(api_at(api_json(*state, &merges), "items.0.mergeId"))));
    assert_int_equal(api_ask(*state, "POST", path, plain, "{}").status, 200);
    assert_int_equal(
        api_ask(*state, "POST", "privacy/erasures", plain, "{\"customerId\":\"A\"}").status, 200);
    for (size_t i = 0; i < UNIT_COUNT(told); i++)
        expect_code(*state,
                    api_ask(*state, told[i].method, told[i].path, told[i].key, told[i].body), 422,
                    "IDEMPOTENCY_KEY_REUSED");
}

/* Whatever a route does, it does it in the unit of work that it is given. */
static void every_route_takes_a_key(void **state)
{
    static const char *const methods[] = {"GET", "POST", "PATCH", "DELETE"};
    for (size_t i = 0; i < routes_count; i++) {
        const struct route *route = &routes[i];
        if (route->method == ROUTE_GET) continue;
        char *path = arena_cstr(api_fixture_arena(*state), route->path);
        for (char *at = path; *at; at++)
            if (*at == '{' || *at == '}') *at = '_';
        const char *headers = route->body == ROUTE_BODY_UPLOAD
                                  ? "Idempotency-Key: k\r\nContent-Type: text/csv\r\n"
                                  : KEY("k");
        struct raw_answer answer = api_ask(*state, methods[route->method], path, headers,
                                           route->body == ROUTE_BODY_NONE ? NULL : "{}");
        if (answer.status >= 500 || answer.status == 0) fail_msg("%s: %d", path, answer.status);
    }
}

#define SERVED(test)                                                                               \
    cmocka_unit_test_setup_teardown(test, api_fixture_set_up, api_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(every_kind_of_change_is_made_once),
        SERVED(a_job_is_started_once),
        SERVED(a_key_stands_for_one_request),
        SERVED(what_was_refused_may_be_tried_again),
        SERVED(a_key_that_is_none_is_refused),
        SERVED(every_route_takes_a_key),
        SERVED(who_was_erased_is_told_of_no_more),
        SERVED(a_key_of_an_upload_stands_for_its_bytes),
        SERVED(what_only_reads_is_read_again),
        SERVED(a_key_of_an_upload_stands_for_how_it_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
