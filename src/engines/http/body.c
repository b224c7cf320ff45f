#include "engines/http/body.h"

/* Bytes of one size with its extensions, or of all trailers; and of all of them together, by the
 * data: what is not data has no other limit. */
enum { BESIDE_MAX = 4096, BESIDE_ALL_MAX = 64 * 1024, BESIDE_PER_BYTE_MAX = 16 };

struct http_body http_body_of_length(uint64_t bytes)
{
    return (struct http_body){.part = bytes ? HTTP_PART_DATA : HTTP_PART_END, .left = bytes};
}

struct http_body http_body_of_chunks(void)
{
    return (struct http_body){.part = HTTP_PART_SIZE, .is_chunked = true};
}

bool http_body_has_ended(const struct http_body *body)
{
    return body->part == HTTP_PART_END;
}

static bool take_size(struct http_body *body, char c)
{
    int digit = str_hexadecimal(c);
    if (digit >= 0) {
        if (body->left >> 58) return false; /* no overflow, and no such body */
        body->left = body->left << 4 | (unsigned)digit;
        body->has_digit = true;
        return true;
    }
    if (!body->has_digit || (c != ';' && c != '\r')) return false;
    body->part = c == ';' ? HTTP_PART_EXTENSION : HTTP_PART_SIZE_END;
    return true;
}

static void end_size(struct http_body *body)
{
    body->part = body->left ? HTTP_PART_DATA : HTTP_PART_TRAILER;
    body->has_digit = false;
    body->beside = 0;
}

/* Moves to `next` when the byte is the one that must stand here. */
static bool expect(struct http_body *body, char c, char wanted, enum http_body_part next)
{
    body->part = next;
    return c == wanted;
}

/* One byte of what is not data. */
static bool take_byte(struct http_body *body, char c)
{
    switch (body->part) {
    case HTTP_PART_SIZE:
        return take_size(body, c);
    case HTTP_PART_EXTENSION:
        if (c == '\r') body->part = HTTP_PART_SIZE_END;
        return c != '\n' && c != '\0';
    case HTTP_PART_SIZE_END:
        end_size(body);
        return c == '\n';
    case HTTP_PART_DATA_CR:
        return expect(body, c, '\r', HTTP_PART_DATA_LF);
    case HTTP_PART_DATA_LF:
        return expect(body, c, '\n', HTTP_PART_SIZE);
    case HTTP_PART_TRAILER:
        body->part = c == '\r' ? HTTP_PART_LAST_LF : HTTP_PART_TRAILER_LINE;
        return c != '\n' && c != '\0';
    case HTTP_PART_TRAILER_LINE:
        if (c == '\r') body->part = HTTP_PART_TRAILER_LF;
        return c != '\n' && c != '\0';
    case HTTP_PART_TRAILER_LF:
        return expect(body, c, '\n', HTTP_PART_TRAILER);
    case HTTP_PART_LAST_LF:
        return expect(body, c, '\n', HTTP_PART_END);
    case HTTP_PART_DATA:
    case HTTP_PART_END:
        break;
    }
    return false;
}

static struct str take_data(struct http_body *body, struct str *input)
{
    size_t count = body->left < input->len ? (size_t)body->left : input->len;
    struct str piece = str_of(input->ptr, count);
    *input = str_skip(*input, count);
    body->left -= count;
    body->data_bytes += count;
    if (!body->left) body->part = body->is_chunked ? HTTP_PART_DATA_CR : HTTP_PART_END;
    return piece;
}

static bool is_too_much(const struct http_body *body)
{
    return body->beside > BESIDE_MAX ||
           body->beside_bytes > BESIDE_ALL_MAX + BESIDE_PER_BYTE_MAX * body->data_bytes;
}

enum http_body_result http_body_take(struct http_body *body, struct str *input, struct str *piece)
{
    *piece = STR("");
    while (body->part != HTTP_PART_END) {
        if (!input->len) return HTTP_BODY_MORE;
        if (body->part == HTTP_PART_DATA) {
            *piece = take_data(body, input);
            return HTTP_BODY_PIECE;
        }
        body->beside++;
        body->beside_bytes++;
        if (is_too_much(body) || !take_byte(body, input->ptr[0])) return HTTP_BODY_MALFORMED;
        *input = str_skip(*input, 1);
    }
    return HTTP_BODY_END;
}
