/* The engine with real sockets: a server on a loop in a thread of its own, and a client that says
 * exactly what it is told. */
#include "engines/http/http.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "raw_http.h"
#include "unit.h"

static struct {
    struct loop *loop;
    struct http_server *server;
    pthread_t thread;
    uint16_t port;
    struct arena arena;
    atomic_size_t gone; /* handlers that saw their peer go */
    atomic_bool slow;   /* a handler of /slow has begun */
    atomic_size_t bytes_read;
} fixture;

static void count_upload(struct http_request *request, struct http_response *response)
{
    struct str chunk;
    int64_t total = 0;
    enum status status;
    while ((status = http_request_read(request, &chunk)) == STATUS_OK && chunk.len) {
        total += (int64_t)chunk.len;
        atomic_fetch_add(&fixture.bytes_read, chunk.len);
        if (total % 3 == 0) coroutine_sleep(1); /* slower than the peer now and then */
    }
    if (status == STATUS_IO) atomic_fetch_add(&fixture.gone, 1);
    if (status == STATUS_REQUEST_TOO_LARGE) http_response_status(response, 413);
    http_response_body(response,
                       arena_format(http_request_arena(request), "%lld", (long long)total));
}

static void send_stream(struct http_request *request, struct http_response *response, bool cut)
{
    char *piece = arena_alloc(http_request_arena(request), 50000);
    memset(piece, 'x', 50000);
    for (int i = 0; i < 20; i++) {
        if (http_response_write(response, str_of(piece, 50000)) != STATUS_OK) {
            atomic_fetch_add(&fixture.gone, 1);
            return;
        }
        if (cut && i == 2) {
            http_response_abort(response);
            return;
        }
    }
}

/* As fast as the peer takes it. */
static void flood(struct http_request *request, struct http_response *response)
{
    char *piece = arena_calloc(http_request_arena(request), 1, 100000);
    while (http_response_write(response, str_of(piece, 100000)) == STATUS_OK) continue;
    atomic_fetch_add(&fixture.gone, 1);
}

static void send_forever(struct http_request *request, struct http_response *response)
{
    while (http_response_write(response, STR("tick\n")) == STATUS_OK &&
           !http_request_draining(request))
        coroutine_sleep(5);
    atomic_fetch_add(&fixture.gone, 1);
}

static void echo_query(struct http_request *request, struct http_response *response)
{
    struct buffer out = {.arena = http_request_arena(request)};
    struct str name, value;
    for (size_t i = 0; http_request_query(request, i, &name, &value); i++) {
        buffer_append(&out, name);
        buffer_append_char(&out, '=');
        buffer_append(&out, value);
        buffer_append_char(&out, ';');
    }
    http_response_body(response, buffer_str(&out));
}

static void handle(void *context, struct http_request *request, struct http_response *response)
{
    (void)context;
    struct str path = http_request_path(request);
    http_response_header(response, STR("Content-Type"), STR("text/plain"));
    if (str_equal(path, STR("/echo"))) {
        enum status status = http_request_receive(request);
        if (status == STATUS_REQUEST_TOO_LARGE) http_response_status(response, 413);
        if (status == STATUS_IO) atomic_fetch_add(&fixture.gone, 1);
        http_response_body(response, http_request_body(request));
    } else if (str_equal(path, STR("/late"))) {
        coroutine_sleep(20);
        if (http_request_receive(request) != STATUS_OK) http_response_status(response, 500);
        http_response_body(response, http_request_body(request));
    } else if (str_equal(path, STR("/slow"))) {
        atomic_store(&fixture.slow, true);
        coroutine_sleep(20);
        http_response_body(response, STR("slow"));
    } else if (str_equal(path, STR("/upload"))) {
        if (str_equal(http_request_header(request, STR("X-Refuse")), STR("yes")))
            http_response_status(response, 403);
        else
            count_upload(request, response);
    } else if (str_equal(path, STR("/stream"))) {
        send_stream(request, response, false);
    } else if (str_equal(path, STR("/cut"))) {
        send_stream(request, response, true);
    } else if (str_equal(path, STR("/forever"))) {
        send_forever(request, response);
    } else if (str_equal(path, STR("/flood"))) {
        flood(request, response);
    } else if (str_equal(path, STR("/query"))) {
        echo_query(request, response);
    } else if (str_equal(path, STR("/peer"))) {
        http_response_body(response, http_request_peer(request));
    } else {
        http_response_body(response, path);
    }
}

static void *run_loop(void *argument)
{
    loop_run(argument);
    return NULL;
}

static int set_up(void **state)
{
    (void)state;
    struct error error = {0};
    struct http_options options = {.host = STR("127.0.0.1"),
                                   .body_max_bytes = 100000,
                                   .connections_max = 100,
                                   .header_max_bytes = 8192,
                                   .stream_max_bytes = 4000000,
                                   .idle_timeout_ms = 1000,
                                   .request_arena_bytes = 4 << 20,
                                   .handle = handle};
    atomic_store(&fixture.gone, 0);
    atomic_store(&fixture.bytes_read, 0);
    arena_init(&fixture.arena, 64 << 20);
    fixture.loop = loop_new(0);
    assert_non_null(fixture.loop);
    assert_int_equal(http_server_new(fixture.loop, &options, &fixture.server, &error), STATUS_OK);
    fixture.port = http_server_port(fixture.server);
    assert_int_equal(pthread_create(&fixture.thread, NULL, run_loop, fixture.loop), 0);
    return 0;
}

static void stop_when_quiet(void *argument)
{
    if (http_server_active(fixture.server) == 0) {
        loop_stop(fixture.loop);
        return;
    }
    (void)loop_timer_start(fixture.loop, 5, stop_when_quiet, argument);
}

static void cut_and_stop(void *argument)
{
    http_server_cut(fixture.server);
    stop_when_quiet(argument);
}

static int tear_down(void **state)
{
    (void)state;
    (void)loop_post(fixture.loop, cut_and_stop, NULL);
    (void)pthread_join(fixture.thread, NULL);
    http_server_free(fixture.server);
    loop_free(fixture.loop);
    arena_release(&fixture.arena);
    return 0;
}

static struct raw_answer ask(struct str request)
{
    return raw_exchange(fixture.port, request, &fixture.arena);
}

static void assert_text(struct str actual, const char *expected)
{
    assert_string_equal(arena_cstr(&fixture.arena, actual), expected);
}

static void wait_until_gone(size_t count)
{
    for (int i = 0; i < 400 && atomic_load(&fixture.gone) < count; i++) (void)usleep(10000);
    assert_int_equal(atomic_load(&fixture.gone), count);
}

static void a_request_is_answered_and_the_connection_kept(void **state)
{
    (void)state;
    struct raw_reader reader = {.fd = raw_connect(fixture.port), .arena = &fixture.arena};
    for (int i = 0; i < 3; i++) {
        raw_send(reader.fd, STR("GET /a/b HTTP/1.1\r\nHost: x\r\n\r\n"));
        struct raw_answer answer = raw_read(&reader, false);
        assert_int_equal(answer.status, 200);
        assert_text(answer.body, "/a/b");
    }
    (void)close(reader.fd);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    struct raw_reader reader = {.fd = raw_connect(fixture.port), .arena = &fixture.arena};
    raw_send(reader.fd, STR("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
                            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                            "GET /two HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_text(raw_read(&reader, false).body, "slow");
    assert_text(raw_read(&reader, false).body, "abc");
    assert_text(raw_read(&reader, false).body, "/two");
    (void)close(reader.fd);
}

static void a_chunked_body_is_given_whole(void **state)
{
    (void)state;
    struct raw_answer answer = ask(STR("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                                       "chunked\r\n\r\n3\r\nabc\r\n4;e=1\r\ndefg\r\n0\r\n\r\n"));
    assert_int_equal(answer.status, 200);
    assert_text(answer.body, "abcdefg");
}

static void a_body_in_slow_pieces_is_given_whole(void **state)
{
    (void)state;
    struct raw_reader reader = {.fd = raw_connect(fixture.port), .arena = &fixture.arena};
    struct str bytes = STR("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde");
    for (size_t i = 0; i < bytes.len; i++) {
        raw_send(reader.fd, str_of(bytes.ptr + i, 1));
        (void)usleep(1000);
    }
    assert_text(raw_read(&reader, false).body, "abcde");
    (void)close(reader.fd);
}

static void head_has_the_length_and_no_body(void **state)
{
    (void)state;
    struct raw_answer answer = ask(STR("HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(answer.status, 200);
    assert_text(raw_header(&answer, STR("Content-Length")), "4");
    answer = ask(STR("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(answer.status, 200);
    wait_until_gone(1);
}

static void what_could_be_smuggled_is_refused_and_closed(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nBad Name: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : x\r\nHost: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nX-A: a\001b\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /%ff HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /query?a=%8 HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET relative HTTP/1.1\r\nHost: x\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        int fd = raw_connect(fixture.port);
        raw_send(fd, str_from_cstr(requests[i]));
        struct str all = raw_read_all(fd, &fixture.arena);
        if (!str_starts_with(all, STR("HTTP/1.1 400")))
            fail_msg("%s\n gave %.*s", requests[i], STR_ARGS(all));
        (void)close(fd);
    }
}

static void a_head_past_the_limit_is_431(void **state)
{
    (void)state;
    char *request = arena_calloc(&fixture.arena, 1, 40000);
    struct buffer out = {.arena = &fixture.arena};
    memset(request, 'a', 20000);
    buffer_append(&out, STR("GET / HTTP/1.1\r\nHost: x\r\nX-Long: "));
    buffer_append(&out, str_of(request, 20000));
    buffer_append(&out, STR("\r\n\r\n"));
    assert_int_equal(ask(buffer_str(&out)).status, 431);
    buffer_clear(&out);
    buffer_append(&out, STR("GET / HTTP/1.1\r\nHost: x\r\n"));
    for (int i = 0; i < 120; i++) buffer_append(&out, STR("X-A: b\r\n"));
    buffer_append(&out, STR("\r\n"));
    assert_int_equal(ask(buffer_str(&out)).status, 431);
}

/* A head of exactly so many bytes as its limit counts: some fields, parameters, and a long field.
 */
static struct str head_that_counts(size_t wanted, int fields, int parameters)
{
    struct buffer out = {.arena = &fixture.arena};
    buffer_append(&out, STR("GET /?a=b"));
    for (int i = 1; i < parameters; i++) buffer_append(&out, STR("&a=b"));
    buffer_append(&out, STR(" HTTP/1.1\r\nHost: x\r\n"));
    for (int i = 2; i < fields; i++) buffer_append(&out, STR("X-A: b\r\n"));
    buffer_append(&out, STR("X-Long: "));
    size_t rest = buffer_str(&out).len + 4;
    assert_true(rest < wanted);
    for (size_t i = rest; i < wanted; i++) buffer_append_char(&out, 'a');
    buffer_append(&out, STR("\r\n\r\n"));
    return buffer_str(&out);
}

static void a_head_up_to_the_limit_is_served_whatever_it_consists_of(void **state)
{
    (void)state;
    static const int shapes[][2] = {{2, 1}, {2, 32}, {60, 1}, {50, 30}, {90, 1}};
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        struct raw_answer fits = ask(head_that_counts(8192, shapes[i][0], shapes[i][1]));
        struct raw_answer exceeds = ask(head_that_counts(8193, shapes[i][0], shapes[i][1]));
        assert_int_equal(fits.status, 200);
        assert_int_equal(exceeds.status, 431);
        assert_text(exceeds.body, "the head of the request is larger than allowed");
    }
}

static void a_body_past_the_limit_is_413(void **state)
{
    (void)state;
    char *bytes = arena_calloc(&fixture.arena, 1, 150000);
    struct raw_reader reader = {.fd = raw_connect(fixture.port), .arena = &fixture.arena};
    raw_send(reader.fd, STR("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 150000\r\n\r\n"));
    raw_send(reader.fd, str_of(bytes, 150000));
    assert_int_equal(raw_read(&reader, false).status, 413);
    assert_true(raw_is_closed(reader.fd));
    (void)close(reader.fd);
    reader = (struct raw_reader){.fd = raw_connect(fixture.port), .arena = &fixture.arena};
    raw_send(reader.fd, STR("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "249f0\r\n"));
    raw_send(reader.fd, str_of(bytes, 150000));
    raw_send(reader.fd, STR("\r\n0\r\n\r\n"));
    assert_int_equal(raw_read(&reader, false).status, 413);
    (void)close(reader.fd);
    assert_int_equal(
        ask(STR("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")).status,
        413);
}

static void expect_100_continue_is_kept(void **state)
{
    (void)state;
    struct raw_reader reader = {.fd = raw_connect(fixture.port), .arena = &fixture.arena};
    raw_send(reader.fd, STR("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                            "Content-Length: 3\r\n\r\n"));
    assert_int_equal(raw_read(&reader, false).status, 100);
    raw_send(reader.fd, STR("abc"));
    assert_text(raw_read(&reader, false).body, "abc");
    (void)close(reader.fd);
    /* A body that will not be taken is refused before it is sent. */
    assert_int_equal(ask(STR("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                             "Content-Length: 150000\r\n\r\n"))
                         .status,
                     413);
    assert_int_equal(ask(STR("POST /upload HTTP/1.1\r\nHost: x\r\nX-Refuse: yes\r\nExpect: "
                             "100-continue\r\nContent-Length: 3\r\n\r\n"))
                         .status,
                     403);
    assert_int_equal(
        ask(STR("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nContent-Length: 3\r\n\r\nabc"))
            .status,
        417);
}

static void a_streamed_body_arrives_piece_by_piece(void **state)
{
    (void)state;
    char *bytes = arena_calloc(&fixture.arena, 1, 3000000);
    struct raw_reader reader = {.fd = raw_connect(fixture.port), .arena = &fixture.arena};
    for (int round = 0; round < 2; round++) {
        raw_send(reader.fd,
                 STR("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 3000000\r\n\r\n"));
        raw_send(reader.fd, str_of(bytes, 3000000));
        assert_text(raw_read(&reader, false).body, "3000000");
    }
    raw_send(reader.fd, STR("POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "1\r\na\r\n1\r\nb\r\n5\r\ncdefg\r\n0\r\n\r\n"));
    assert_text(raw_read(&reader, false).body, "7");
    raw_send(reader.fd, STR("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"));
    assert_text(raw_read(&reader, false).body, "0");
    (void)close(reader.fd);
}

static void a_handler_may_answer_without_reading_the_stream(void **state)
{
    (void)state;
    char *bytes = arena_calloc(&fixture.arena, 1, 300000);
    struct raw_reader reader = {.fd = raw_connect(fixture.port), .arena = &fixture.arena};
    raw_send(reader.fd, STR("POST /upload HTTP/1.1\r\nHost: x\r\nX-Refuse: yes\r\n"
                            "Content-Length: 300\r\n\r\n"));
    raw_send(reader.fd, str_of(bytes, 300));
    assert_int_equal(raw_read(&reader, false).status, 403);
    (void)close(reader.fd);
}

/* A small body that comes behind the answer, on a connection that ends with it: were it met by a
 * closed socket, the answer would be lost. */
static void an_answer_that_closes_is_not_taken_away_by_the_body(void **state)
{
    (void)state;
    char *bytes = arena_calloc(&fixture.arena, 1, 9000);
    struct raw_reader reader = {.fd = raw_connect(fixture.port), .arena = &fixture.arena};
    raw_send(reader.fd, STR("POST /upload HTTP/1.1\r\nHost: x\r\nX-Refuse: yes\r\n"
                            "Connection: close\r\nContent-Length: 9000\r\n\r\n"));
    for (int i = 0; i < 3; i++) {
        (void)usleep(20000);
        raw_send(reader.fd, str_of(bytes, 3000));
    }
    assert_int_equal(raw_read(&reader, false).status, 403);
    assert_true(raw_is_closed(reader.fd));
    (void)close(reader.fd);
}

/* The peer has sent nothing of a large body, and then sends all of it. */
static void an_answer_by_the_head_comes_before_the_body(void **state)
{
    (void)state;
    static const char *const framings[] = {"Content-Length: 20000000\r\n\r\n",
                                           "Transfer-Encoding: chunked\r\n\r\n1312d00\r\n"};
    char *bytes = arena_calloc(&fixture.arena, 1, 20000000);
    for (size_t i = 0; i < 2; i++) {
        struct raw_reader reader = {.fd = raw_connect(fixture.port), .arena = &fixture.arena};
        raw_send(reader.fd, STR("POST /upload HTTP/1.1\r\nHost: x\r\nX-Refuse: yes\r\n"));
        raw_send(reader.fd, str_from_cstr(framings[i]));
        if (i == 0) assert_int_equal(raw_read(&reader, false).status, 403);
        raw_send(reader.fd, str_of(bytes, 20000000));
        if (i == 1) assert_int_equal(raw_read(&reader, false).status, 403);
        assert_true(raw_is_closed(reader.fd));
        (void)close(reader.fd);
    }
}

static void a_handler_may_wait_before_it_asks_for_the_body(void **state)
{
    (void)state;
    char *bytes = arena_alloc(&fixture.arena, 90000);
    memset(bytes, 'y', 90000);
    struct raw_reader reader = {.fd = raw_connect(fixture.port), .arena = &fixture.arena};
    for (int round = 0; round < 2; round++) {
        raw_send(reader.fd, STR("POST /late HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n"));
        raw_send(reader.fd, str_of(bytes, 90000));
        assert_true(str_equal(raw_read(&reader, false).body, str_of(bytes, 90000)));
    }
    (void)close(reader.fd);
}

static void a_streamed_body_past_the_limit_ends_the_reading(void **state)
{
    (void)state;
    char *bytes = arena_calloc(&fixture.arena, 1, 4100000);
    struct raw_reader reader = {.fd = raw_connect(fixture.port), .arena = &fixture.arena};
    raw_send(reader.fd, STR("POST /upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "3e8fa0\r\n"));
    raw_send(reader.fd, str_of(bytes, 4100000));
    raw_send(reader.fd, STR("\r\n0\r\n\r\n"));
    assert_int_equal(raw_read(&reader, false).status, 413);
    (void)close(reader.fd);
}

static void a_peer_that_goes_while_uploading_is_noticed(void **state)
{
    (void)state;
    int fd = raw_connect(fixture.port);
    raw_send(fd, STR("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 3000\r\n\r\nabc"));
    while (atomic_load(&fixture.bytes_read) < 3) (void)usleep(1000);
    (void)close(fd);
    wait_until_gone(1);
    fd = raw_connect(fixture.port);
    raw_send(fd, STR("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3000\r\n\r\nabc"));
    (void)usleep(20000);
    (void)close(fd);
    wait_until_gone(2);
}

static void a_streamed_answer_arrives_whole(void **state)
{
    (void)state;
    struct raw_reader reader = {.fd = raw_connect(fixture.port), .arena = &fixture.arena};
    for (int round = 0; round < 2; round++) {
        raw_send(reader.fd, STR("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"));
        struct raw_answer answer = raw_read(&reader, false);
        assert_true(answer.complete);
        assert_int_equal(answer.body.len, 1000000);
    }
    (void)close(reader.fd);
}

static void an_aborted_answer_lacks_its_end(void **state)
{
    (void)state;
    struct raw_answer answer = ask(STR("GET /cut HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(answer.status, 200);
    assert_false(answer.complete);
}

static void a_peer_that_goes_while_it_is_answered_is_noticed(void **state)
{
    (void)state;
    int fd = raw_connect(fixture.port);
    raw_send(fd, STR("GET /forever HTTP/1.1\r\nHost: x\r\n\r\n"));
    char byte;
    assert_int_equal(read(fd, &byte, 1), 1);
    (void)close(fd);
    wait_until_gone(1);
    /* One that goes while its handler waits for something else. */
    fd = raw_connect(fixture.port);
    raw_send(fd, STR("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
    (void)close(fd);
    assert_int_equal(ask(STR("GET /a HTTP/1.1\r\nHost: x\r\n\r\n")).status, 200);
}

static void query_parameters_are_decoded_in_order(void **state)
{
    (void)state;
    struct raw_answer answer =
        ask(STR("GET /query?b=1&a=x%20y+z&e=%C3%A4&a=&flag HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_text(answer.body, "b=1;a=x y z;e=\303\244;a=;flag=;");
}

static void the_path_is_decoded_in_every_form_of_target(void **state)
{
    (void)state;
    assert_text(ask(STR("GET /a/%62%20c HTTP/1.1\r\nHost: x\r\n\r\n")).body, "/a/b c");
    assert_text(ask(STR("GET http://x/a/b?c=d HTTP/1.1\r\nHost: x\r\n\r\n")).body, "/a/b");
    assert_text(ask(STR("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")).body, "*");
}

/* Decoded it would be the end of a segment. */
static void a_slash_that_is_escaped_in_the_path_is_refused(void **state)
{
    (void)state;
    assert_int_equal(ask(STR("GET /a%2Fb HTTP/1.1\r\nHost: x\r\n\r\n")).status, 400);
    assert_int_equal(ask(STR("GET http://x/%2f HTTP/1.1\r\nHost: x\r\n\r\n")).status, 400);
    assert_int_equal(ask(STR("GET /a%252Fb HTTP/1.1\r\nHost: x\r\n\r\n")).status, 200);
    assert_text(ask(STR("GET /query?a=%2F HTTP/1.1\r\nHost: x\r\n\r\n")).body, "a=/;");
}

static void the_peer_is_known(void **state)
{
    (void)state;
    assert_text(ask(STR("GET /peer HTTP/1.1\r\nHost: x\r\n\r\n")).body, "127.0.0.1");
}

static void who_sends_a_byte_now_and_then_is_cut(void **state)
{
    (void)state;
    int fd = raw_connect(fixture.port);
    struct str bytes =
        STR("GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    size_t sent = 0;
    for (; sent < 50; sent++) {
        if (send(fd, bytes.ptr + sent, 1, MSG_NOSIGNAL) != 1) break;
        (void)usleep(100000);
    }
    assert_true(sent < 50);
    (void)close(fd);
}

static void who_sends_a_byte_of_a_stream_now_and_then_is_cut(void **state)
{
    (void)state;
    int fd = raw_connect(fixture.port);
    raw_send(fd, STR("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 3000\r\n\r\n"));
    for (size_t i = 0; i < 50 && atomic_load(&fixture.gone) == 0; i++) {
        (void)send(fd, "a", 1, MSG_NOSIGNAL);
        (void)usleep(100000);
    }
    wait_until_gone(1);
    (void)close(fd);
}

static void who_reads_nothing_of_a_stream_is_cut(void **state)
{
    (void)state;
    int fd = raw_connect(fixture.port);
    raw_send(fd, STR("GET /flood HTTP/1.1\r\nHost: x\r\n\r\n"));
    wait_until_gone(1);
    (void)close(fd);
}

static void who_has_ended_its_writing_is_answered(void **state)
{
    (void)state;
    struct raw_reader reader = {.fd = raw_connect(fixture.port), .arena = &fixture.arena};
    raw_send(reader.fd, STR("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(shutdown(reader.fd, SHUT_WR), 0);
    assert_text(raw_read(&reader, false).body, "slow");
    assert_true(raw_is_closed(reader.fd));
    (void)close(reader.fd);
}

/* Its connections end with the answer unless it asks for another; its streams have no chunks. */
static void an_older_client_is_served(void **state)
{
    (void)state;
    struct raw_reader reader = {.fd = raw_connect(fixture.port), .arena = &fixture.arena};
    raw_send(reader.fd, STR("GET /a HTTP/1.0\r\nConnection: x, Keep-Alive\r\n\r\n"));
    assert_text(raw_read(&reader, false).body, "/a");
    raw_send(reader.fd, STR("GET /stream HTTP/1.0\r\n\r\n"));
    struct str all = raw_read_all(reader.fd, &fixture.arena);
    assert_true(all.len > 1000000 && all.ptr[all.len - 1] == 'x');
    (void)close(reader.fd);
    int fd = raw_connect(fixture.port);
    raw_send(fd, STR("GET /a HTTP/1.0\r\n\r\n"));
    assert_true(str_ends_with(raw_read_all(fd, &fixture.arena), STR("\r\n\r\n/a")));
    (void)close(fd);
}

static void an_idle_connection_is_closed(void **state)
{
    (void)state;
    int fd = raw_connect(fixture.port);
    assert_true(raw_is_closed(fd));
    (void)close(fd);
}

static void drain(void *argument)
{
    http_server_drain(argument);
}

static void draining_lets_requests_end_and_takes_no_more(void **state)
{
    (void)state;
    atomic_store(&fixture.slow, false);
    struct raw_reader slow = {.fd = raw_connect(fixture.port), .arena = &fixture.arena};
    int idle = raw_connect(fixture.port);
    raw_send(slow.fd, STR("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"));
    while (!atomic_load(&fixture.slow)) (void)usleep(1000);
    assert_true(loop_post(fixture.loop, drain, fixture.server));
    struct raw_answer answer = raw_read(&slow, false);
    assert_text(answer.body, "slow");
    assert_text(raw_header(&answer, STR("Connection")), "close");
    assert_true(raw_is_closed(slow.fd));
    assert_true(raw_is_closed(idle));
    assert_int_equal(raw_connect(fixture.port), -1);
    (void)close(slow.fd);
    (void)close(idle);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(a_request_is_answered_and_the_connection_kept),
        SERVED(pipelined_requests_are_answered_in_order),
        SERVED(a_chunked_body_is_given_whole),
        SERVED(a_body_in_slow_pieces_is_given_whole),
        SERVED(head_has_the_length_and_no_body),
        SERVED(what_could_be_smuggled_is_refused_and_closed),
        SERVED(a_head_past_the_limit_is_431),
        SERVED(a_head_up_to_the_limit_is_served_whatever_it_consists_of),
        SERVED(a_body_past_the_limit_is_413),
        SERVED(expect_100_continue_is_kept),
        SERVED(a_streamed_body_arrives_piece_by_piece),
        SERVED(a_handler_may_answer_without_reading_the_stream),
        SERVED(an_answer_that_closes_is_not_taken_away_by_the_body),
        SERVED(an_answer_by_the_head_comes_before_the_body),
        SERVED(a_handler_may_wait_before_it_asks_for_the_body),
        SERVED(a_streamed_body_past_the_limit_ends_the_reading),
        SERVED(a_peer_that_goes_while_uploading_is_noticed),
        SERVED(a_streamed_answer_arrives_whole),
        SERVED(an_aborted_answer_lacks_its_end),
        SERVED(a_peer_that_goes_while_it_is_answered_is_noticed),
        SERVED(query_parameters_are_decoded_in_order),
        SERVED(the_path_is_decoded_in_every_form_of_target),
        SERVED(a_slash_that_is_escaped_in_the_path_is_refused),
        SERVED(the_peer_is_known),
        SERVED(who_sends_a_byte_now_and_then_is_cut),
        SERVED(who_sends_a_byte_of_a_stream_now_and_then_is_cut),
        SERVED(who_reads_nothing_of_a_stream_is_cut),
        SERVED(who_has_ended_its_writing_is_answered),
        SERVED(an_older_client_is_served),
        SERVED(an_idle_connection_is_closed),
        SERVED(draining_lets_requests_end_and_takes_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
