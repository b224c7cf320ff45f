/* What a connection brings: a head that is taken is found and read the same in two pieces as in
 * one, holds no byte that is not accounted for, and stands when it is written and read again; a
 * body has the same data in whatever pieces it comes. The first byte says where to cut. */
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "engines/http/body.h"
#include "engines/http/head.h"
#include "engines/http/header_field.h"
#include "fuzz.h"

static bool read_head(struct str bytes, struct http_head *head, struct http_pair *room)
{
    struct http_refusal refusal = {0};
    *head = (struct http_head){.headers = room};
    bool fine = http_head_parse(bytes, head, &refusal);
    FUZZ_REQUIRE(fine == (refusal.status == 0));
    FUZZ_REQUIRE(head->header_count <= HTTP_HEADERS_MAX);
    return fine;
}

static void check_again(const struct http_head *head, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct http_pair room[HTTP_HEADERS_MAX];
    struct http_head again;
    size_t seen = 0, length = 0;
    buffer_append_format(&out, "%.*s %.*s HTTP/1.%d\r\n", STR_ARGS(head->method),
                         STR_ARGS(head->target), head->is_1_0 ? 0 : 1);
    for (size_t i = 0; i < head->header_count; i++) {
        FUZZ_REQUIRE(header_field_is_token(head->headers[i].name));
        FUZZ_REQUIRE(header_field_is_value(head->headers[i].value));
        buffer_append(&out, head->headers[i].name);
        buffer_append(&out, STR(": "));
        buffer_append(&out, head->headers[i].value);
        buffer_append(&out, STR("\r\n"));
    }
    buffer_append(&out, STR("\r\n"));
    struct str text = buffer_str(&out);
    FUZZ_REQUIRE(http_head_find(text, &seen, &length) == HTTP_FOUND_WHOLE && length == text.len);
    FUZZ_REQUIRE(read_head(text, &again, room) && again.header_count == head->header_count);
    for (size_t i = 0; i < head->header_count; i++)
        FUZZ_REQUIRE(str_equal(again.headers[i].value, head->headers[i].value));
}

static void check_head(struct str bytes, size_t cut, struct arena *arena)
{
    struct http_pair room[HTTP_HEADERS_MAX];
    struct http_head head;
    size_t seen = 0, length = 0, seen_in_two = 0, length_in_two = 0;
    enum http_found found = http_head_find(bytes, &seen, &length);
    enum http_found in_two = http_head_find(str_of(bytes.ptr, cut), &seen_in_two, &length_in_two);
    if (in_two == HTTP_FOUND_NONE) in_two = http_head_find(bytes, &seen_in_two, &length_in_two);
    FUZZ_REQUIRE(in_two == found && (found != HTTP_FOUND_WHOLE || length == length_in_two));
    if (found != HTTP_FOUND_WHOLE) return;
    FUZZ_REQUIRE(length <= bytes.len);
    if (read_head(str_of(bytes.ptr, length), &head, room)) check_again(&head, arena);
}

static enum http_body_result read_body(struct str bytes, size_t cut, struct arena *arena,
                                       struct str *data, size_t *behind)
{
    struct http_body body = http_body_of_chunks();
    struct buffer out = {.arena = arena};
    struct str pieces[2] = {str_of(bytes.ptr, cut), str_of(bytes.ptr + cut, bytes.len - cut)};
    struct str piece;
    enum http_body_result result = HTTP_BODY_MORE;
    *behind = bytes.len;
    for (size_t i = 0; i < 2 && result == HTTP_BODY_MORE; i++) {
        size_t had = pieces[i].len;
        while ((result = http_body_take(&body, &pieces[i], &piece)) == HTTP_BODY_PIECE) {
            FUZZ_REQUIRE(piece.len > 0);
            buffer_append(&out, piece);
        }
        *behind -= had - pieces[i].len;
    }
    *data = buffer_str(&out);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct arena arena;
    if (count == 0 || count > 16384) return 0;
    struct str bytes = str_of((const char *)data + 1, count - 1), whole, in_two;
    size_t cut = bytes.len * data[0] / 255, behind, behind_two;
    arena_init(&arena, 1 << 20);
    check_head(bytes, cut, &arena);
    enum http_body_result result = read_body(bytes, bytes.len, &arena, &whole, &behind);
    FUZZ_REQUIRE(read_body(bytes, cut, &arena, &in_two, &behind_two) == result);
    FUZZ_REQUIRE(str_equal(whole, in_two));
    if (result == HTTP_BODY_END) FUZZ_REQUIRE(behind == behind_two);
    arena_release(&arena);
    return 0;
}
