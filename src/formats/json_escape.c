#include "formats/json_escape.h"

#include <string.h>

static bool take_hex4(const char **at, const char *end, unsigned *unit)
{
    if (end - *at < 4) return false;
    *unit = 0;
    for (int i = 0; i < 4; i++, ++*at) {
        int digit = str_hexadecimal(**at);
        if (digit < 0) return false;
        *unit = *unit << 4 | (unsigned)digit;
    }
    return true;
}

/* A code point past U+FFFF takes two escapes, a high and a low surrogate; one alone is no
 * character. */
static const char *decode_unicode(const char **at, const char *end, char **to)
{
    static const char half[] = "half of a surrogate pair";
    const char *from = *at + 2; /* behind the u */
    unsigned code, low;
    if (!take_hex4(&from, end, &code)) return "\\u needs four hexadecimal digits";
    if (code == 0) return "\\u0000 is not allowed: no text can hold it";
    if (code >= 0xDC00 && code <= 0xDFFF) return half;
    if (code >= 0xD800 && code <= 0xDBFF) {
        if (end - from < 6 || from[0] != '\\' || from[1] != 'u') return half;
        from += 2;
        if (!take_hex4(&from, end, &low) || low < 0xDC00 || low > 0xDFFF) return half;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    *to = str_put_utf8(*to, code);
    *at = from;
    return NULL;
}

const char *json_escape_decode(const char **at, const char *end, char **to)
{
    static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    char name = end - *at < 2 ? '\0' : (*at)[1];
    if (name == 'u') return decode_unicode(at, end, to);
    const char *hit = name ? strchr(names, name) : NULL;
    if (!hit) return "an unknown escape";
    *(*to)++ = meanings[hit - names];
    *at += 2;
    return NULL;
}

struct str json_escape_undone(struct str text, struct arena *arena)
{
    if (str_find_char(text, '\\') < 0) return text;
    char *out = arena_alloc(arena, text.len), *to = out;
    const char *at = text.ptr, *end = text.ptr + text.len;
    if (!out) return STR_NONE;
    while (at < end)
        if (*at != '\\' || json_escape_decode(&at, end, &to)) *to++ = *at++;
    return str_of(out, (size_t)(to - out));
}
