/* Answers and bodies in gzip. */
#include <string.h>

#include "adapters/api/coding.h"
#include "api_fixture.h"
#include "unit.h"

#define GZIP "Accept-Encoding: gzip\r\n"

/* A profile that is worth it. */
static void create_large(struct api_fixture *fixture)
{
    struct buffer body = {.arena = api_fixture_arena(fixture)};
    buffer_append(&body, STR("{\"customerId\":\"A\",\"name\":\"Acme\",\"addresses\":["));
    for (int i = 0; i < 50; i++)
        buffer_append_format(&body, "%s{\"line1\":\"%d Long Street Name\",\"city\":\"Berlin\"}",
                             i ? "," : "", i);
    buffer_append(&body, STR("]}"));
    api_expect(fixture, "POST", "customers",
               arena_cstr(api_fixture_arena(fixture), buffer_str(&body)), 201);
}

static struct str plain(struct api_fixture *fixture, const struct raw_answer *answer)
{
    struct str text;
    struct error error;
    assert_str(raw_header(answer, STR("Content-Encoding")), STR("gzip"));
    assert_int_equal(
        coding_gunzip(answer->body, 10 << 20, api_fixture_arena(fixture), &text, &error),
        STATUS_OK);
    return text;
}

static void a_long_answer_is_coded_for_who_takes_it(void **state)
{
    create_large(*state);
    struct raw_answer as_is = api_ask(*state, "GET", "customers/A", "", NULL);
    struct raw_answer coded = api_ask(*state, "GET", "customers/A", GZIP, NULL);
    assert_true(coded.body.len < as_is.body.len / 2);
    assert_str(plain(*state, &coded), as_is.body);
    assert_str(raw_header(&as_is, STR("Vary")), STR("Accept-Encoding"));
    assert_str(raw_header(&coded, STR("Vary")), STR("Accept-Encoding"));
    assert_true(str_is_none(raw_header(&as_is, STR("Content-Encoding"))));
    struct raw_answer head = api_ask(*state, "HEAD", "customers/A", GZIP, NULL);
    assert_str(raw_header(&head, STR("Content-Length")), raw_header(&coded, STR("Content-Length")));
    coded = api_ask(*state, "GET", "/openapi.json", GZIP, NULL);
    assert_str(plain(*state, &coded), api_ask(*state, "GET", "/openapi.json", "", NULL).body);
}

static void a_short_answer_is_not(void **state)
{
    api_expect(*state, "POST", "customers", "{\"customerId\":\"A\",\"name\":\"Acme\"}", 201);
    struct raw_answer answer = api_ask(*state, "GET", "customers/A", GZIP, NULL);
    assert_true(str_is_none(raw_header(&answer, STR("Content-Encoding"))));
    assert_str(raw_header(&answer, STR("ETag")), STR("\"1\""));
}

/* Two codings are two representations; both tags stand for the version. */
static void each_coding_has_a_tag_that_preconditions_know(void **state)
{
    create_large(*state);
    struct raw_answer answer = api_ask(*state, "GET", "customers/A", GZIP, NULL);
    assert_str(raw_header(&answer, STR("ETag")), STR("\"1-gzip\""));
    static const char *const tags[] = {"\"1\"", "\"1-gzip\""};
    for (size_t i = 0; i < UNIT_COUNT(tags); i++) {
        char headers[100];
        (void)snprintf(headers, sizeof(headers), GZIP "If-None-Match: %s\r\n", tags[i]);
        answer = api_ask(*state, "GET", "customers/A", headers, NULL);
        assert_int_equal(answer.status, 304);
        assert_str(raw_header(&answer, STR("ETag")), str_from_cstr(tags[i]));
    }
    answer = api_ask(*state, "PATCH", "customers/A", "If-Match: \"1-gzip\"\r\n",
                     "{\"segment\":\"SMB\"}");
    assert_int_equal(answer.status, 200);
    answer = api_ask(*state, "PATCH", "customers/A", "If-Match: \"1-gzip\"\r\n",
                     "{\"segment\":\"SMB\"}");
    assert_int_equal(answer.status, 412);
}

static void a_file_is_coded_as_it_is_sent(void **state)
{
    struct json_value *job = api_expect(*state, "POST", "exports", "", 202);
    char path[120];
    (void)snprintf(path, sizeof(path), "jobs/%.*s/result", STR_ARGS(api_at(job, "jobId")));
    struct raw_answer as_is = api_ask(*state, "GET", path, "", NULL);
    struct raw_answer coded = api_ask(*state, "GET", path, GZIP, NULL);
    assert_str(plain(*state, &coded), as_is.body);
    assert_true(as_is.body.len > 30);
}

static void events_are_never_coded(void **state)
{
    for (int i = 0; i < 10; i++)
        api_expect(*state, "POST", "customers", "{\"name\":\"Acme\"}", 201);
    struct raw_answer answer = api_ask(*state, "GET", "events", GZIP, NULL);
    assert_true(answer.body.len > 1400);
    assert_true(str_is_none(raw_header(&answer, STR("Content-Encoding"))));
}

static struct raw_answer post_coded(struct api_fixture *fixture, const char *headers,
                                    struct str body)
{
    struct buffer out = {.arena = api_fixture_arena(fixture)};
    buffer_append_format(&out,
                         "POST /api/v1/crm/customers HTTP/1.1\r\nHost: x\r\n%s"
                         "Content-Length: %zu\r\n\r\n",
                         headers, body.len);
    buffer_append(&out, body);
    return raw_exchange(api_fixture_port(fixture), buffer_str(&out), api_fixture_arena(fixture));
}

static struct str padded_body(struct api_fixture *fixture, struct coding *coding, size_t length)
{
    char *text = arena_alloc(api_fixture_arena(fixture), length);
    struct str start = STR("{\"name\":\"Acme\"}"), coded;
    memset(text, ' ', length);
    memcpy(text, start.ptr, start.len);
    assert_true(coding_gzip(coding, str_of(text, length), api_fixture_arena(fixture), &coded));
    return coded;
}

static void a_body_may_come_coded_and_stays_within_its_limit(void **state)
{
    struct coding *coding = coding_new();
    struct str small = padded_body(*state, coding, 1000);
    struct str largest = padded_body(*state, coding, 200000);
    struct str bomb = padded_body(*state, coding, 200001);
    coding_free(coding);
    const char *gzip = "Content-Encoding: gzip\r\nIdempotency-Key: k\r\n";
    struct raw_answer answer = post_coded(*state, gzip, small);
    assert_int_equal(answer.status, 201);
    /* The request is what it says, however it is coded. */
    answer = post_coded(*state, gzip, small);
    assert_str(raw_header(&answer, STR("Idempotent-Replayed")), STR("true"));
    assert_int_equal(post_coded(*state, "Content-Encoding: x-gzip\r\n", largest).status, 201);
    answer = post_coded(*state, "Content-Encoding: gzip\r\n", bomb);
    assert_int_equal(answer.status, 413);
    answer = post_coded(*state, "Content-Encoding: gzip\r\n", STR("{\"name\":\"Acme\"}"));
    assert_int_equal(answer.status, 400);
    assert_str(api_at(api_json(*state, &answer), "details.field"), STR("Content-Encoding"));
    answer = post_coded(*state, "Content-Encoding: br\r\n", STR("{}"));
    assert_int_equal(answer.status, 415);
    assert_str(raw_header(&answer, STR("Accept-Encoding")), STR("gzip"));
    answer = post_coded(*state, "Content-Encoding: identity\r\n", STR("{\"name\":\"Acme\"}"));
    assert_int_equal(answer.status, 201);
}

#define SERVED(test)                                                                               \
    cmocka_unit_test_setup_teardown(test, api_fixture_set_up, api_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(a_long_answer_is_coded_for_who_takes_it),
        SERVED(a_short_answer_is_not),
        SERVED(each_coding_has_a_tag_that_preconditions_know),
        SERVED(a_file_is_coded_as_it_is_sent),
        SERVED(events_are_never_coded),
        SERVED(a_body_may_come_coded_and_stays_within_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
