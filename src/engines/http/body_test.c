#include "engines/http/body.h"

#include <string.h>

#include "unit.h"

/* The data of a body that comes in pieces of so many bytes, and what stands behind it. */
struct reading {
    char data[256];
    size_t length, behind;
    enum http_body_result end;
};

static struct reading read_in(struct http_body body, struct str bytes, size_t step)
{
    struct reading reading = {.end = HTTP_BODY_MORE};
    struct str input = str_of(bytes.ptr, 0), piece;
    size_t given = 0;
    for (;;) {
        reading.end = http_body_take(&body, &input, &piece);
        if (reading.end == HTTP_BODY_PIECE) {
            assert_true(reading.length + piece.len <= sizeof(reading.data));
            memcpy(reading.data + reading.length, piece.ptr, piece.len);
            reading.length += piece.len;
            continue;
        }
        if (reading.end != HTTP_BODY_MORE || given == bytes.len) break;
        assert_int_equal(input.len, 0);
        input = str_of(bytes.ptr + given, given + step > bytes.len ? bytes.len - given : step);
        given += input.len;
    }
    reading.behind = bytes.len - given + input.len;
    return reading;
}

static void assert_reads(struct http_body body, struct str bytes, struct str data, size_t behind)
{
    for (size_t step = 1; step <= bytes.len; step++) {
        struct reading reading = read_in(body, bytes, step);
        assert_int_equal(reading.end, HTTP_BODY_END);
        assert_true(str_equal(str_of(reading.data, reading.length), data));
        assert_int_equal(reading.behind, behind);
    }
}

static void a_length_is_kept_to(void **state)
{
    (void)state;
    assert_reads(http_body_of_length(5), STR("abcdeGET /"), STR("abcde"), 5);
    struct http_body none = http_body_of_length(0);
    assert_true(http_body_has_ended(&none));
    assert_int_equal(read_in(http_body_of_length(5), STR("abcd"), 2).end, HTTP_BODY_MORE);
}

static void chunks_are_put_together_in_whatever_pieces_they_come(void **state)
{
    (void)state;
    assert_reads(http_body_of_chunks(),
                 STR("3\r\nabc\r\nA;x=\"y z\"\r\n0123456789\r\n0\r\n\r\nGET"), STR("abc0123456789"),
                 3);
    assert_reads(http_body_of_chunks(),
                 STR("0003\r\n\r\n\r\r\n0;a\r\nX: y\r\nContent-Length: 9\r\n\r\n"), STR("\r\n\r"),
                 0);
    assert_reads(http_body_of_chunks(), STR("0\r\n\r\n"), STR(""), 0);
}

static void what_is_no_chunk_is_refused_in_whatever_pieces_it_comes(void **state)
{
    (void)state;
    static const struct str bodies[] = {
        STR("\r\n"),
        STR("g\r\n"),
        STR("-1\r\n"),
        STR("+1\r\n"),
        STR("0x1\r\n"),
        STR(" 1\r\n"),
        STR("1 \r\n"),
        STR("1\n"),
        STR("1\r\nab"),
        STR("1\r\na\n"),
        STR("1\r\na\rb"),
        STR("1;\n"),
        STR("1\rx"),
        STR("0\r\n\n"),
        STR("0\r\nA: b\n"),
        STR("0\r\n\rx"),
        STR(";a\r\n"),
        STR("1;a\0\r\n"),
        STR("fffffffffffffffff\r\n"),
        STR("4000000000000000\r\n"),
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        for (size_t step = 1; step <= bodies[i].len; step++)
            if (read_in(http_body_of_chunks(), bodies[i], step).end != HTTP_BODY_MALFORMED)
                fail_msg("%zu in steps of %zu", i, step);
}

static void what_stands_beside_the_data_is_bounded(void **state)
{
    (void)state;
    static char bytes[5000];
    memset(bytes, '0', sizeof(bytes));
    assert_int_equal(read_in(http_body_of_chunks(), str_of(bytes, sizeof(bytes)), 700).end,
                     HTTP_BODY_MALFORMED);
    memcpy(bytes, "0\r\nX: ", 6);
    assert_int_equal(read_in(http_body_of_chunks(), str_of(bytes, sizeof(bytes)), 700).end,
                     HTTP_BODY_MALFORMED);
    /* Each within its bound, all of them not. */
    struct http_body body = http_body_of_chunks();
    enum http_body_result result = HTTP_BODY_MORE;
    size_t chunks = 0;
    memset(bytes, 'x', sizeof(bytes));
    memcpy(bytes, "1;", 2);
    memcpy(bytes + 4000, "\r\na\r\n", 6);
    for (; result != HTTP_BODY_MALFORMED && chunks < 100; chunks++) {
        struct str input = str_of(bytes, 4005), piece;
        do {
            result = http_body_take(&body, &input, &piece);
        } while (result == HTTP_BODY_PIECE);
    }
    assert_true(chunks > 10 && chunks < 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_length_is_kept_to),
        cmocka_unit_test(chunks_are_put_together_in_whatever_pieces_they_come),
        cmocka_unit_test(what_is_no_chunk_is_refused_in_whatever_pieces_it_comes),
        cmocka_unit_test(what_stands_beside_the_data_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
