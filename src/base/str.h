/* A string is {ptr, len} by value: it never owns its bytes and is not NUL-terminated.
 *
 * Whoever made the bytes (an arena, a literal, a request) says how long they live. A str with
 * ptr == NULL is "absent", which is different from the empty string. NUL termination exists only
 * at foreign APIs: see arena_cstr().
 *
 *     struct str name = STR("Acme");
 *     if (str_equal(name, other)) ...
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
    const char *ptr;
    size_t len;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_NONE     ((struct str){NULL, 0})
/* For printf's "%.*s". */
#define STR_ARGS(s) (int)(s).len, (s).ptr

static inline struct str str_of(const char *ptr, size_t len)
{
    return (struct str){ptr, len};
}

/* NULL gives the absent string. */
struct str str_from_cstr(const char *text);

static inline bool str_is_none(struct str s)
{
    return s.ptr == NULL;
}

static inline bool str_is_empty(struct str s)
{
    return s.len == 0;
}

bool str_equal(struct str a, struct str b);
/* ASCII letters only. */
bool str_equal_ignore_case(struct str a, struct str b);
/* Byte order, shorter first; absent equals empty. <0, 0, >0. */
int str_compare(struct str a, struct str b);
/* Into the order of str_compare(); not stable. */
void str_sort(struct str *items, size_t count);
bool str_is_among(const struct str *items, size_t count, struct str wanted);
bool str_starts_with(struct str s, struct str prefix);
bool str_ends_with(struct str s, struct str suffix);
/* Without leading and trailing ASCII white space. */
struct str str_trim(struct str s);
/* From offset on; empty when the offset is past the end. */
struct str str_skip(struct str s, size_t count);
/* The beginning, of at most so many bytes: UTF-8 is cut where a character ends. */
struct str str_cut(struct str s, size_t max_bytes);
/* Index of the first such byte, or -1. */
ptrdiff_t str_find_char(struct str s, char c);
/* Takes what stands before `separator` off the front of *rest and returns it; the whole rest when
 * there is none, after which *rest is absent. Returns false when *rest was absent. */
bool str_split(struct str *rest, char separator, struct str *part);
/* Decimal, optional '-', nothing else. False on anything else or overflow. */
bool str_to_int64(struct str s, int64_t *value);
/* What the digit stands for, in either case; -1 when it is none. */
int str_hexadecimal(char c);
/* Well-formed UTF-8 (RFC 3629): no overlong forms, surrogates or code points past U+10FFFF. */
bool str_is_utf8(struct str s);
/* Writes a code point as UTF-8, 1 to 4 bytes; returns the end. */
char *str_put_utf8(char *to, uint32_t code_point);

#endif
