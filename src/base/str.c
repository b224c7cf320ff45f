#include "base/str.h"

#include <stdlib.h>
#include <string.h>

struct str str_from_cstr(const char *text)
{
    return text ? str_of(text, strlen(text)) : STR_NONE;
}

bool str_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool str_equal_ignore_case(struct str a, struct str b)
{
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++)
        if (a.ptr[i] != b.ptr[i] && lower(a.ptr[i]) != lower(b.ptr[i])) return false;
    return true;
}

int str_compare(struct str a, struct str b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter ? memcmp(a.ptr, b.ptr, shorter) : 0;
    if (order != 0) return order;
    return (a.len > b.len) - (a.len < b.len);
}

static int compare_items(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

void str_sort(struct str *items, size_t count)
{
    if (count > 1) qsort(items, count, sizeof(*items), compare_items);
}

bool str_is_among(const struct str *items, size_t count, struct str wanted)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(items[i], wanted)) return true;
    return false;
}

bool str_starts_with(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_equal(str_of(s.ptr, prefix.len), prefix);
}

bool str_ends_with(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_equal(str_skip(s, s.len - suffix.len), suffix);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s)
{
    while (s.len && is_space(s.ptr[0])) s = str_skip(s, 1);
    while (s.len && is_space(s.ptr[s.len - 1])) s.len--;
    return s;
}

struct str str_skip(struct str s, size_t count)
{
    if (count > s.len) count = s.len;
    return s.ptr ? str_of(s.ptr + count, s.len - count) : s;
}

struct str str_cut(struct str s, size_t max_bytes)
{
    if (s.len <= max_bytes) return s;
    while (max_bytes > 0 && ((unsigned char)s.ptr[max_bytes] & 0xC0) == 0x80) max_bytes--;
    return str_of(s.ptr, max_bytes);
}

ptrdiff_t str_find_char(struct str s, char c)
{
    const char *hit = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return hit ? hit - s.ptr : -1;
}

bool str_split(struct str *rest, char separator, struct str *part)
{
    if (str_is_none(*rest)) return false;
    ptrdiff_t at = str_find_char(*rest, separator);
    if (at < 0) {
        *part = *rest;
        *rest = STR_NONE;
    } else {
        *part = str_of(rest->ptr, (size_t)at);
        *rest = str_skip(*rest, (size_t)at + 1);
    }
    return true;
}

int str_hexadecimal(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool str_to_int64(struct str s, int64_t *value)
{
    bool negative = s.len && s.ptr[0] == '-';
    if (negative) s = str_skip(s, 1);
    if (s.len == 0) return false;
    int64_t sum = 0;
    for (size_t i = 0; i < s.len; i++) {
        int digit = s.ptr[i] - '0';
        if (digit < 0 || digit > 9) return false;
        /* Summed below zero, so that INT64_MIN fits. */
        if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_sub_overflow(sum, digit, &sum))
            return false;
    }
    if (!negative && sum == INT64_MIN) return false;
    *value = negative ? sum : -sum;
    return true;
}

/* Length of the well-formed sequence at the front, 0 if there is none. Table 3-7 of Unicode. */
static size_t utf8_sequence(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    if (p[0] < 0x80) return 1;
    size_t length = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || s.len < length) return 0;
    for (size_t i = 1; i < length; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F)) return 0;
    if ((p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F)) return 0;
    return length;
}

bool str_is_utf8(struct str s)
{
    while (s.len) {
        /* Eight ASCII bytes at a time: nearly all input is ASCII. */
        uint64_t chunk;
        if (s.len >= sizeof(chunk)) {
            memcpy(&chunk, s.ptr, sizeof(chunk));
            if ((chunk & 0x8080808080808080u) == 0) {
                s = str_skip(s, sizeof(chunk));
                continue;
            }
        }
        size_t length = utf8_sequence(s);
        if (length == 0) return false;
        s = str_skip(s, length);
    }
    return true;
}

char *str_put_utf8(char *to, uint32_t code_point)
{
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    if (code_point < 0x80) {
        *to++ = (char)code_point;
        return to;
    }
    int length = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    for (int i = length - 1; i > 0; i--, code_point >>= 6)
        to[i] = (char)(0x80 | (code_point & 0x3F));
    to[0] = (char)(lead[length] | code_point);
    return to + length;
}
