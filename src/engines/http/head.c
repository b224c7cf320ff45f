#include "engines/http/head.h"

#include <string.h>

#include "engines/http/header_field.h"

enum { LINE_END_BYTES = 2 };

size_t http_head_blank(struct str bytes)
{
    size_t at = 0;
    while (bytes.len - at >= LINE_END_BYTES && bytes.ptr[at] == '\r' && bytes.ptr[at + 1] == '\n')
        at += LINE_END_BYTES;
    return at;
}

enum http_found http_head_find(struct str bytes, size_t *seen, size_t *length)
{
    if (*seen == 0) {
        /* Perhaps half of a line end that is passed over. */
        if (str_equal(bytes, STR("\r"))) return HTTP_FOUND_NONE;
        if (bytes.len && !header_field_is_token(str_of(bytes.ptr, 1))) return HTTP_FOUND_MALFORMED;
    }
    while (*seen < bytes.len) {
        const char *end = memchr(bytes.ptr + *seen, '\n', bytes.len - *seen);
        if (!end) {
            *seen = bytes.len;
            return HTTP_FOUND_NONE;
        }
        size_t at = (size_t)(end - bytes.ptr);
        if (at == 0 || bytes.ptr[at - 1] != '\r') return HTTP_FOUND_MALFORMED;
        *seen = at + 1;
        if (at >= LINE_END_BYTES && bytes.ptr[at - LINE_END_BYTES] == '\n') {
            *length = at + 1;
            return HTTP_FOUND_WHOLE;
        }
    }
    return HTTP_FOUND_NONE;
}

static bool refuse(struct http_refusal *refusal, int status, struct str reason)
{
    *refusal = (struct http_refusal){status, reason};
    return false;
}

/* Takes a line off the front, without its end. The bytes are those of a head that was found. */
static struct str take_line(struct str *rest)
{
    const char *end = memchr(rest->ptr, '\n', rest->len);
    size_t length = (size_t)(end - rest->ptr) + 1;
    struct str line = str_of(rest->ptr, length - LINE_END_BYTES);
    *rest = str_skip(*rest, length);
    return line;
}

static bool is_target(struct str target)
{
    return target.len > 0 && !header_field_has_control(target) && str_find_char(target, ' ') < 0 &&
           str_find_char(target, '#') < 0;
}

static bool take_version(struct str version, struct http_head *head, struct http_refusal *refusal)
{
    bool has_form = version.len == 8 && str_starts_with(version, STR("HTTP/")) &&
                    version.ptr[5] >= '0' && version.ptr[5] <= '9' && version.ptr[6] == '.' &&
                    version.ptr[7] >= '0' && version.ptr[7] <= '9';
    if (!has_form)
        return refuse(refusal, 400, STR("the first line is no method, target and HTTP version"));
    if (version.ptr[5] != '1') return refuse(refusal, 400, STR("the HTTP version taken is 1.1"));
    head->is_1_0 = version.ptr[7] == '0';
    return true;
}

static bool take_first_line(struct str line, struct http_head *head, struct http_refusal *refusal)
{
    struct str rest = line, method, target;
    if (!str_split(&rest, ' ', &method) || !str_split(&rest, ' ', &target) || str_is_none(rest) ||
        !is_target(target))
        return refuse(refusal, 400, STR("the first line is no method, target and HTTP version"));
    if (!header_field_is_token(method)) return refuse(refusal, 400, STR("the method is no token"));
    head->method = method;
    head->target = target;
    return take_version(rest, head, refusal);
}

/* The blanks of HTTP and no others. */
static struct str trim_blanks(struct str value)
{
    while (value.len > 0 && (value.ptr[0] == ' ' || value.ptr[0] == '\t'))
        value = str_skip(value, 1);
    while (value.len > 0 && (value.ptr[value.len - 1] == ' ' || value.ptr[value.len - 1] == '\t'))
        value.len--;
    return value;
}

/* A folded line begins with a blank, so its name is no token. */
static bool take_field(struct str line, struct http_head *head, struct http_refusal *refusal)
{
    ptrdiff_t colon = str_find_char(line, ':');
    if (colon < 0) return refuse(refusal, 400, STR("a header field is not well-formed"));
    struct http_pair field = {str_of(line.ptr, (size_t)colon),
                              trim_blanks(str_skip(line, (size_t)colon + 1))};
    if (!header_field_is_token(field.name) || !header_field_is_value(field.value))
        return refuse(refusal, 400, STR("a header field is not well-formed"));
    if (head->header_count == HTTP_HEADERS_MAX)
        return refuse(refusal, 431, STR("there are more than 100 header fields"));
    head->headers[head->header_count++] = field;
    return true;
}

bool http_head_parse(struct str bytes, struct http_head *head, struct http_refusal *refusal)
{
    struct str rest = bytes;
    if (!take_first_line(take_line(&rest), head, refusal)) return false;
    while (rest.len > LINE_END_BYTES)
        if (!take_field(take_line(&rest), head, refusal)) return false;
    return true;
}
