#include "engines/http/head.h"

#include <string.h>

#include "base/buffer.h"
#include "unit.h"

static const struct str plain =
    STR("GET /a?b=c HTTP/1.1\r\nHost: x\r\nX-A:  b c\t \r\nX-Empty:\r\n\r\n");

static enum http_found find(struct str bytes, size_t *length)
{
    size_t seen = 0;
    return http_head_find(bytes, &seen, length);
}

static struct http_refusal parse(struct str bytes, struct http_head *head, struct http_pair *room)
{
    struct http_refusal refusal = {0};
    size_t length = 0;
    *head = (struct http_head){.headers = room};
    if (find(bytes, &length) != HTTP_FOUND_WHOLE)
        return (struct http_refusal){400, STR("not found")};
    assert_int_equal(length, bytes.len);
    (void)http_head_parse(bytes, head, &refusal);
    return refusal;
}

static void a_head_is_taken_apart(void **state)
{
    (void)state;
    struct http_pair room[HTTP_HEADERS_MAX];
    struct http_head head;
    assert_int_equal(parse(plain, &head, room).status, 0);
    assert_true(str_equal(head.method, STR("GET")));
    assert_true(str_equal(head.target, STR("/a?b=c")));
    assert_false(head.is_1_0);
    assert_int_equal(head.header_count, 3);
    assert_true(str_equal(head.headers[1].name, STR("X-A")));
    assert_true(str_equal(head.headers[1].value, STR("b c")));
    assert_true(str_equal(head.headers[2].value, STR("")));
}

/* However it is cut in two, and by whatever it is followed. */
static void its_end_is_found_in_whatever_pieces_it_comes(void **state)
{
    (void)state;
    char bytes[256];
    size_t length = 0;
    memcpy(bytes, plain.ptr, plain.len);
    memcpy(bytes + plain.len, "\r\n\r\nGET", 7);
    for (size_t cut = 0; cut < plain.len; cut++) {
        size_t seen = 0;
        assert_int_equal(http_head_find(str_of(bytes, cut), &seen, &length), HTTP_FOUND_NONE);
        assert_int_equal(http_head_find(str_of(bytes, plain.len + 7), &seen, &length),
                         HTTP_FOUND_WHOLE);
        assert_int_equal(length, plain.len);
    }
}

static void line_ends_in_front_are_passed_over(void **state)
{
    (void)state;
    size_t length = 0;
    assert_int_equal(http_head_blank(STR("\r\n\r\nGET")), 4);
    assert_int_equal(http_head_blank(STR("\r\n\r")), 2);
    assert_int_equal(http_head_blank(STR("\n")), 0);
    assert_int_equal(http_head_blank(STR("")), 0);
    assert_int_equal(find(STR("\r"), &length), HTTP_FOUND_NONE);
}

static void what_can_be_no_head_is_known_before_its_end(void **state)
{
    (void)state;
    static const struct str none[] = {STR("\n"),       STR("GET / HTTP/1.1\n"),
                                      STR("\x16\x03"), STR("GET / HTTP/1.1\r\nA: b\n"),
                                      STR(" "),        STR("\rGET / HTTP/1.1\r\n\n")};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        size_t length = 0;
        if (find(none[i], &length) != HTTP_FOUND_MALFORMED) fail_msg("%zu was taken", i);
    }
}

static void what_others_may_read_otherwise_is_refused(void **state)
{
    (void)state;
    static const struct {
        struct str bytes;
        int status;
    } cases[] = {
        {STR("GET /\r\n\r\n"), 400},
        {STR("GET  / HTTP/1.1\r\n\r\n"), 400},
        {STR("GET / HTTP/1.1 \r\n\r\n"), 400},
        {STR("GET / /b HTTP/1.1\r\n\r\n"), 400},
        {STR("GET\t/ HTTP/1.1\r\n\r\n"), 400},
        {STR("GET /#a HTTP/1.1\r\n\r\n"), 400},
        {STR("G(T / HTTP/1.1\r\n\r\n"), 400},
        {STR("GET / http/1.1\r\n\r\n"), 400},
        {STR("GET / HTTP/1.10\r\n\r\n"), 400},
        {STR("GET / HTTP/2.0\r\n\r\n"), 400},
        {STR("GET / HTTP/1.1\r\n A: b\r\n\r\n"), 400},
        {STR("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n"), 400},
        {STR("GET / HTTP/1.1\r\nA : b\r\n\r\n"), 400},
        {STR("GET / HTTP/1.1\r\n: b\r\n\r\n"), 400},
        {STR("GET / HTTP/1.1\r\nA\r\n\r\n"), 400},
        {STR("GET / HTTP/1.1\r\nA: b\rc\r\n\r\n"), 400},
        {STR("GET / HTTP/1.1\r\nA: b\0c\r\n\r\n"), 400},
        {STR("GET /\0 HTTP/1.1\r\n\r\n"), 400},
        {STR("GET / HTTP/1.2\r\n\r\n"), 0},
        {STR("GET / HTTP/1.0\r\n\r\n"), 0},
        {STR("GET /\303\244 HTTP/1.1\r\nA: \377\r\n\r\n"), 0},
    };
    struct http_pair room[HTTP_HEADERS_MAX];
    struct http_head head;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int status = parse(cases[i].bytes, &head, room).status;
        if (status != cases[i].status) fail_msg("%.*s gave %d", STR_ARGS(cases[i].bytes), status);
    }
}

static void no_more_fields_are_taken_than_there_is_room_for(void **state)
{
    (void)state;
    struct http_pair room[HTTP_HEADERS_MAX];
    struct http_head head;
    struct arena arena;
    arena_init(&arena, 10000);
    for (size_t more = 0; more < 2; more++) {
        struct buffer out = {.arena = &arena};
        buffer_append(&out, STR("GET / HTTP/1.1\r\n"));
        for (size_t i = 0; i < HTTP_HEADERS_MAX + more; i++) buffer_append(&out, STR("A:b\r\n"));
        buffer_append(&out, STR("\r\n"));
        assert_int_equal(parse(buffer_str(&out), &head, room).status, more ? 431 : 0);
        assert_int_equal(head.header_count, HTTP_HEADERS_MAX);
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_is_taken_apart),
        cmocka_unit_test(its_end_is_found_in_whatever_pieces_it_comes),
        cmocka_unit_test(line_ends_in_front_are_passed_over),
        cmocka_unit_test(what_can_be_no_head_is_known_before_its_end),
        cmocka_unit_test(what_others_may_read_otherwise_is_refused),
        cmocka_unit_test(no_more_fields_are_taken_than_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
