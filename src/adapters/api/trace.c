#include "adapters/api/trace.h"

#include <string.h>

static bool is_lower_hexadecimal(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
    }
    return true;
}

static bool is_all_zero(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '0') return false;
    return true;
}

bool trace_parse(struct str header, struct trace *trace)
{
    trace->parent[0] = '\0';
    if (header.len < TRACE_PARENT_CHARS) return false;
    struct str version = str_of(header.ptr, 2), id = str_of(header.ptr + 3, 32);
    struct str span = str_of(header.ptr + 36, 16), flags = str_of(header.ptr + 53, 2);
    bool dashes = header.ptr[2] == '-' && header.ptr[35] == '-' && header.ptr[52] == '-';
    if (!dashes || !is_lower_hexadecimal(version) || !is_lower_hexadecimal(id) ||
        !is_lower_hexadecimal(span) || !is_lower_hexadecimal(flags))
        return false;
    if (str_equal(version, STR("ff")) || is_all_zero(id) || is_all_zero(span)) return false;
    /* A later version may append fields; version 00 has none. */
    bool longer = header.len > TRACE_PARENT_CHARS;
    if (longer && (str_equal(version, STR("00")) || header.ptr[TRACE_PARENT_CHARS] != '-'))
        return false;
    memcpy(trace->parent, header.ptr, TRACE_PARENT_CHARS);
    memcpy(trace->parent, "00", 2);
    trace->parent[TRACE_PARENT_CHARS] = '\0';
    return true;
}

static char *put_hexadecimal(char *at, const uint8_t *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 15];
    }
    *at++ = '-';
    return at;
}

void trace_begin(const uint8_t random[24], struct trace *trace)
{
    char *at = trace->parent;
    memcpy(at, "00-", 3);
    at = put_hexadecimal(at + 3, random, 16);
    at = put_hexadecimal(at, random + 16, 8);
    memcpy(at, "00", 3);
}

struct str trace_id(const struct trace *trace)
{
    return trace->parent[0] ? str_of(trace->parent + 3, TRACE_ID_CHARS) : STR_NONE;
}

struct str trace_parent(const struct trace *trace)
{
    return trace->parent[0] ? str_of(trace->parent, TRACE_PARENT_CHARS) : STR_NONE;
}
