/* What goes on for longer: the event feed, uploads and downloads. */
#include <string.h>
#include <unistd.h>

#include "api_fixture.h"
#include "unit.h"

static void create(void **state, const char *id)
{
    struct arena *arena = api_fixture_arena(*state);
    struct str body = arena_format(arena, "{\"customerId\":\"%s\",\"name\":\"%s\"}", id, id);
    api_expect(*state, "POST", "customers", arena_cstr(arena, body), 201);
}

static size_t count_lines(struct str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) count += text.ptr[i] == '\n';
    return count;
}

/* The first line as JSON. */
static struct json_value *first_line(void **state, struct str text)
{
    struct str line;
    struct error error;
    struct json_value *json = NULL;
    if (!str_split(&text, '\n', &line) ||
        json_parse(line, api_fixture_arena(*state), &json, &error) != STATUS_OK)
        fail_msg("no JSON line: %.*s", STR_ARGS(text));
    return json;
}

static void lines_of_events_come_in_pages(void **state)
{
    create(state, "A");
    create(state, "B");
    struct raw_answer answer = api_ask(*state, "GET", "events?after=0", "", NULL);
    assert_int_equal(answer.status, 200);
    assert_str(raw_header(&answer, STR("Content-Type")), STR("application/x-ndjson"));
    assert_int_equal(count_lines(answer.body), 2);
    struct json_value *event = first_line(state, answer.body);
    assert_str(api_at(event, "eventType"), STR("CustomerProfileCreatedEvent"));
    assert_str(api_at(event, "payload.customerId"), STR("A"));
    struct str position = api_at(event, "position");
    char *next = arena_cstr(
        api_fixture_arena(*state),
        arena_format(api_fixture_arena(*state), "events?after=%.*s&limit=1", STR_ARGS(position)));
    answer = api_ask(*state, "GET", next, "", NULL);
    assert_str(api_at(first_line(state, answer.body), "payload.customerId"), STR("B"));
    answer = api_ask(*state, "GET", "events?after=1000", "", NULL);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body.len, 0);
    assert_int_equal(api_ask(*state, "GET", "events?after=-1", "", NULL).status, 400);
    answer = api_ask(*state, "GET", "events", "X-Tenant-ID: t2\r\n", NULL);
    assert_int_equal(answer.body.len, 0);
}

/* Reads until the text is there; fails after the socket's timeout. */
static void read_until(int fd, struct buffer *seen, const char *text)
{
    while (!memmem(buffer_str(seen).ptr, seen->len, text, strlen(text))) {
        char *room = buffer_reserve(seen, 4096);
        ssize_t count = read(fd, room, 4096);
        if (count <= 0) fail_msg("%s did not come: %.*s", text, STR_ARGS(buffer_str(seen)));
        seen->len += (size_t)count;
    }
}

static void server_sent_events_follow_and_resume(void **state)
{
    struct buffer seen = {.arena = api_fixture_arena(*state)};
    create(state, "A");
    int fd = raw_connect(api_fixture_port(*state));
    raw_send(
        fd, STR("GET /api/v1/crm/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n"));
    read_until(fd, &seen, "Content-Type: text/event-stream");
    read_until(fd, &seen, "event: CustomerProfileCreatedEvent\ndata: {");
    create(state, "B");
    read_until(fd, &seen, "\"customerId\":\"B\"");
    read_until(fd, &seen, ": alive\n\n");
    (void)close(fd);

    buffer_clear(&seen);
    fd = raw_connect(api_fixture_port(*state));
    raw_send(fd, STR("GET /api/v1/crm/events?after=0 HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 1\r\n"
                     "Accept: text/event-stream\r\n\r\n"));
    read_until(fd, &seen, "\"customerId\":\"B\"");
    assert_null(memmem(seen.bytes, seen.len, "\"customerId\":\"A\"", 16));
    (void)close(fd);
}

static void lines_are_followed_when_asked(void **state)
{
    struct buffer seen = {.arena = api_fixture_arena(*state)};
    int fd = raw_connect(api_fixture_port(*state));
    raw_send(fd, STR("GET /api/v1/crm/events?follow=true HTTP/1.1\r\nHost: x\r\n\r\n"));
    read_until(fd, &seen, "\r\n\r\n");
    create(state, "A");
    read_until(fd, &seen, "\"customerId\":\"A\"");
    (void)close(fd);
}

static void a_followed_answer_ends_after_its_limit(void **state)
{
    struct buffer seen = {.arena = api_fixture_arena(*state)};
    create(state, "A");
    create(state, "B");
    create(state, "C");
    int fd = raw_connect(api_fixture_port(*state));
    raw_send(fd, STR("GET /api/v1/crm/events?limit=2 HTTP/1.1\r\nHost: x\r\n"
                     "Accept: text/event-stream\r\n\r\n"));
    read_until(fd, &seen, "\r\n0\r\n\r\n");
    assert_non_null(memmem(seen.bytes, seen.len, "\"customerId\":\"B\"", 16));
    assert_null(memmem(seen.bytes, seen.len, "\"customerId\":\"C\"", 16));
    (void)close(fd);
}

static void who_follows_is_let_go_when_his_token_ends(void **state)
{
    struct buffer seen = {.arena = api_fixture_arena(*state)};
    int fd = raw_connect(api_fixture_port(*state));
    create(state, "A");
    raw_send(fd,
             STR("GET /api/v1/crm/events?follow=true HTTP/1.1\r\nHost: x\r\nX-Expired: 1\r\n\r\n"));
    read_until(fd, &seen, "\"customerId\":\"A\"");
    read_until(fd, &seen, "\r\n0\r\n\r\n");
    (void)close(fd);
}

static int set_up_with_few_streams(void **state)
{
    struct api_limits limits = API_LIMITS_DEFAULT;
    limits.streams_max = 1;
    limits.stream_poll_ms = 5;
    limits.stream_heartbeat_ms = 10;
    return api_fixture_set_up_with(state, &limits, false);
}

static void too_many_followers_are_refused_until_one_goes(void **state)
{
    struct buffer seen = {.arena = api_fixture_arena(*state)};
    int fd = raw_connect(api_fixture_port(*state));
    raw_send(fd, STR("GET /api/v1/crm/events?follow=true HTTP/1.1\r\nHost: x\r\n\r\n"));
    read_until(fd, &seen, "\r\n\r\n");
    assert_int_equal(api_ask(*state, "GET", "events?follow=true", "", NULL).status, 429);
    (void)close(fd);
    int again = -1;
    for (int i = 0; i < 100 && again != 200; i++) {
        (void)usleep(10000);
        fd = raw_connect(api_fixture_port(*state));
        raw_send(fd, STR("GET /api/v1/crm/events?follow=true HTTP/1.1\r\nHost: x\r\n\r\n"));
        buffer_clear(&seen);
        read_until(fd, &seen, "\r\n\r\n");
        again = str_starts_with(buffer_str(&seen), STR("HTTP/1.1 200")) ? 200 : 429;
        (void)close(fd);
    }
    assert_int_equal(again, 200);
}

static int set_up_with_four_streams(void **state)
{
    struct api_limits limits = API_LIMITS_DEFAULT;
    limits.streams_max = 4;
    return api_fixture_set_up_with(state, &limits, false);
}

/* Returns the descriptor of a feed that is followed, or -1 when it was refused. */
static int follow_as(void **state, const char *tenant)
{
    struct buffer seen = {.arena = api_fixture_arena(*state)};
    struct str request = arena_format(
        api_fixture_arena(*state),
        "GET /api/v1/crm/events?follow=true HTTP/1.1\r\nHost: x\r\nX-Tenant-ID: %s\r\n\r\n",
        tenant);
    int fd = raw_connect(api_fixture_port(*state));
    raw_send(fd, request);
    read_until(fd, &seen, "\r\n\r\n");
    if (str_starts_with(buffer_str(&seen), STR("HTTP/1.1 200"))) return fd;
    assert_true(str_starts_with(buffer_str(&seen), STR("HTTP/1.1 429")));
    (void)close(fd);
    return -1;
}

static void no_tenant_has_all_feeds(void **state)
{
    int feeds[3] = {follow_as(state, "t1"), follow_as(state, "t1"), -1};
    assert_true(feeds[0] >= 0 && feeds[1] >= 0);
    assert_int_equal(follow_as(state, "t1"), -1); /* two are left: others' */
    feeds[2] = follow_as(state, "t2");
    assert_true(feeds[2] >= 0);
    assert_int_equal(follow_as(state, "t2"), -1);
    int last = follow_as(state, "t3");
    assert_true(last >= 0);
    for (size_t i = 0; i < UNIT_COUNT(feeds); i++) (void)close(feeds[i]);
    (void)close(last);
}

static void an_upload_becomes_a_job(void **state)
{
    struct raw_answer answer = api_ask(*state, "POST", "imports?source=erp&keyColumn=ID",
                                       "Content-Type: text/csv\r\n", "ID,name\n1,Acme\n");
    struct json_value *json = api_json(*state, &answer);
    struct str id = api_at(json, "jobId");
    struct arena *arena = api_fixture_arena(*state);
    assert_int_equal(answer.status, 202);
    assert_true(str_ends_with(raw_header(&answer, STR("Location")), id));
    assert_str(api_fixture_upload(*state), STR("ID,name\n1,Acme\n"));
    char *job = arena_cstr(arena, arena_format(arena, "jobs/%.*s", STR_ARGS(id)));
    json = api_expect(*state, "GET", job, NULL, 200);
    assert_str(api_at(json, "kind"), STR("IMPORT"));
    json = api_expect(*state, "GET", "jobs", NULL, 200);
    assert_str(api_at(json, "items.0.jobId"), id);
    char *cancel = arena_cstr(arena, arena_format(arena, "%s/cancel", job));
    json = api_expect(*state, "POST", cancel, NULL, 200);
    assert_str(api_at(json, "state"), STR("CANCELLED"));
    api_expect(*state, "POST", cancel, NULL, 409);
    api_expect(*state, "GET", "jobs/NOBODY", NULL, 404);
    char *errors = arena_cstr(arena, arena_format(arena, "%s/errors", job));
    answer = api_ask(*state, "GET", errors, "Accept: text/csv\r\n", NULL);
    assert_int_equal(answer.status, 200);
    assert_true(str_starts_with(answer.body, STR("row,column,code,")));
    char *undo = arena_cstr(arena, arena_format(arena, "imports/%.*s/undo", STR_ARGS(id)));
    json = api_expect(*state, "POST", undo, NULL, 202);
    assert_str(api_at(json, "kind"), STR("UNDO"));
    char *again = arena_cstr(
        arena, arena_format(arena, "imports/%.*s/undo", STR_ARGS(api_at(json, "jobId"))));
    json = api_expect(*state, "POST", again, NULL, 409);
    assert_str(api_at(json, "error"), STR("NOT_AN_IMPORT"));
}

static void a_large_upload_arrives_whole(void **state)
{
    enum { SIZE = 3000000 };
    struct arena *arena = api_fixture_arena(*state);
    char *body = arena_alloc(arena, SIZE + 1);
    for (size_t i = 0; i < SIZE; i++) body[i] = (char)('a' + i % 26);
    body[SIZE] = '\0';
    struct raw_answer answer =
        api_ask(*state, "POST", "imports", "Content-Type: application/x-ndjson\r\n", body);
    assert_int_equal(answer.status, 202);
    assert_true(str_equal(api_fixture_upload(*state), str_of(body, SIZE)));
}

static void a_bad_upload_is_refused_before_it_is_read(void **state)
{
    /* Who starts jobs is not allowed by that to write customers. */
    static const char *const too_few[] = {"job:read", "job:write", "customer:write"};
    struct raw_answer answer;
    for (size_t i = 0; i < UNIT_COUNT(too_few); i++) {
        struct arena *arena = api_fixture_arena(*state);
        struct str headers = arena_format(
            arena, "Content-Type: text/csv\r\nX-User-Permissions: %s\r\nExpect: 100-continue\r\n",
            too_few[i]);
        answer = api_ask(*state, "POST", "imports", arena_cstr(arena, headers), "a,b\n");
        assert_int_equal(answer.status, 403);
    }
    answer =
        api_ask(*state, "POST", "imports/JOB-1/undo", "X-User-Permissions: job:write\r\n", NULL);
    assert_int_equal(answer.status, 403);
    static const char *const bad[] = {"imports?source=%20",     "imports?onDuplicate=x",
                                      "imports?mapping=%5B%5D", "imports?mapping=x",
                                      "imports?source=refused", "imports?colour=red"};
    for (size_t i = 0; i < UNIT_COUNT(bad); i++) {
        answer = api_ask(*state, "POST", bad[i], "Content-Type: text/csv\r\n", "a,b\n");
        if (answer.status != 400) fail_msg("%s: %d", bad[i], answer.status);
    }
    assert_int_equal(api_ask(*state, "POST", "imports", "", "a,b\n").status, 415);
    assert_int_equal(
        api_ask(*state, "POST", "imports", "Content-Type: application/json\r\n", "{}").status, 415);
}

static void an_upload_that_breaks_off_is_dropped(void **state)
{
    int fd = raw_connect(api_fixture_port(*state));
    raw_send(fd, STR("POST /api/v1/crm/imports HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\n"
                     "Content-Length: 1000\r\n\r\nID,na"));
    (void)usleep(20000);
    (void)close(fd);
    for (int i = 0; i < 200 && api_fixture_dropped(*state) == 0; i++) (void)usleep(10000);
    assert_int_equal(api_fixture_dropped(*state), 1);
}

static void an_export_is_fetched_as_a_stream(void **state)
{
    struct arena *arena = api_fixture_arena(*state);
    struct json_value *json = api_expect(*state, "POST", "exports", "{}", 202);
    struct str id = api_at(json, "jobId");
    char *path = arena_cstr(arena, arena_format(arena, "jobs/%.*s/result", STR_ARGS(id)));
    struct raw_answer answer = api_ask(*state, "GET", path, "", NULL);
    assert_int_equal(answer.status, 200);
    assert_true(answer.complete);
    assert_str(answer.body, STR("{\"record\":\"HEADER\"}\n{\"record\":\"END\"}\n"));
    answer = api_ask(*state, "GET", path, "X-Tenant-ID: t2\r\n", NULL);
    assert_int_equal(answer.status, 404);
}

static void an_export_says_in_which_form_it_is(void **state)
{
    static const struct {
        const char *path, *type;
    } forms[] = {{"exports", "Content-Type: application/x-ndjson\r\n"},
                 {"exports?format=ndjson", "Content-Type: application/x-ndjson\r\n"},
                 {"exports?format=csv", "Content-Type: text/csv; charset=utf-8\r\n"}};
    struct arena *arena = api_fixture_arena(*state);
    for (size_t i = 0; i < UNIT_COUNT(forms); i++) {
        struct json_value *json = api_expect(*state, "POST", forms[i].path, "{}", 202);
        char *path = arena_cstr(
            arena, arena_format(arena, "jobs/%.*s/result", STR_ARGS(api_at(json, "jobId"))));
        struct raw_answer answer = api_ask(*state, "GET", path, "", NULL);
        assert_non_null(strstr(arena_cstr(arena, answer.head), forms[i].type));
    }
    api_expect(*state, "POST", "exports?format=xlsx", "{}", 400);
}

static void without_a_runner_jobs_are_unavailable(void **state)
{
    struct raw_answer answer =
        api_ask(*state, "POST", "imports", "Content-Type: text/csv\r\n", "a,b\n");
    assert_int_equal(answer.status, 503);
    assert_str(raw_header(&answer, STR("Retry-After")), STR("1"));
    assert_int_equal(api_ask(*state, "POST", "exports", "", NULL).status, 503);
}

#define SERVED(test)                                                                               \
    cmocka_unit_test_setup_teardown(test, api_fixture_set_up, api_fixture_tear_down)
#define SHARED(test)                                                                               \
    cmocka_unit_test_setup_teardown(test, set_up_with_four_streams, api_fixture_tear_down)
#define ALONE(test)                                                                                \
    cmocka_unit_test_setup_teardown(test, set_up_with_few_streams, api_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(lines_of_events_come_in_pages),
        SERVED(server_sent_events_follow_and_resume),
        SERVED(lines_are_followed_when_asked),
        SERVED(a_followed_answer_ends_after_its_limit),
        SERVED(who_follows_is_let_go_when_his_token_ends),
        ALONE(too_many_followers_are_refused_until_one_goes),
        SHARED(no_tenant_has_all_feeds),
        SERVED(an_upload_becomes_a_job),
        SERVED(a_large_upload_arrives_whole),
        SERVED(a_bad_upload_is_refused_before_it_is_read),
        SERVED(an_upload_that_breaks_off_is_dropped),
        SERVED(an_export_is_fetched_as_a_stream),
        SERVED(an_export_says_in_which_form_it_is),
        ALONE(without_a_runner_jobs_are_unavailable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
