#include "adapters/api/negotiate.h"

/* "0.75" in thousandths; 1000 for what is none. */
static int parse_quality(struct str text)
{
    int value = 0, scale = 1000;
    for (size_t i = 0; i < text.len && scale > 0; i++) {
        char c = text.ptr[i];
        if (c == '.') continue;
        if (c < '0' || c > '9') return 1000;
        value += (c - '0') * scale;
        scale /= 10;
    }
    return value > 1000 ? 1000 : value;
}

/* 3: the type itself, 2: type/ *, 1: * / *, 0: another. */
static int specificity(struct str range, struct str media_type)
{
    if (str_equal_ignore_case(range, media_type)) return 3;
    if (str_equal(range, STR("*/*"))) return 1;
    ptrdiff_t slash = str_find_char(media_type, '/');
    if (slash < 0 || !str_ends_with(range, STR("/*"))) return 0;
    return str_equal_ignore_case(str_of(range.ptr, range.len - 2),
                                 str_of(media_type.ptr, (size_t)slash))
               ? 2
               : 0;
}

/* The quality that one element of a list states, without its name; 1000 when it states none. */
static int stated_quality(struct str parameters)
{
    struct str part;
    int q = 1000;
    while (str_split(&parameters, ';', &part)) {
        part = str_trim(part);
        if (str_starts_with(part, STR("q=")) || str_starts_with(part, STR("Q=")))
            q = parse_quality(str_skip(part, 2));
    }
    return q;
}

/* Quality of the most specific range that fits, and how specific that was. */
static int quality_of(struct str header, struct str media_type, int *best)
{
    int quality = 0;
    struct str range;
    *best = 0;
    while (str_split(&header, ',', &range)) {
        struct str rest = range, type;
        if (!str_split(&rest, ';', &type)) continue;
        int q = stated_quality(rest);
        int fit = specificity(str_trim(type), media_type);
        if (fit > *best || (fit == *best && fit > 0 && q > quality)) {
            *best = fit;
            quality = q;
        }
    }
    return quality;
}

int negotiate_accept(struct str header, struct str media_type)
{
    int best;
    if (str_is_none(header) || str_trim(header).len == 0) return 1000;
    return quality_of(header, media_type, &best);
}

bool negotiate_prefers(struct str header, struct str media_type, struct str other)
{
    int best, other_best;
    int quality = quality_of(header, media_type, &best);
    return best == 3 && quality > 0 && quality >= quality_of(header, other, &other_best);
}

bool negotiate_gzip(struct str header)
{
    int gzip = -1, identity = -1, others = -1;
    struct str element, name;
    while (str_split(&header, ',', &element)) {
        struct str rest = element;
        if (!str_split(&rest, ';', &name)) continue;
        int quality = stated_quality(rest);
        name = str_trim(name);
        if (str_equal_ignore_case(name, STR("gzip")) || str_equal_ignore_case(name, STR("x-gzip")))
            gzip = quality;
        else if (str_equal_ignore_case(name, STR("identity")))
            identity = quality;
        else if (str_equal(name, STR("*")))
            others = quality;
    }
    if (gzip < 0) gzip = others;
    return gzip > 0 && gzip >= identity;
}

bool negotiate_is_type_in_any_charset(struct str header, struct str media_type)
{
    struct str type;
    return str_split(&header, ';', &type) && str_equal_ignore_case(str_trim(type), media_type);
}

struct str negotiate_charset(struct str header)
{
    struct str part;
    (void)str_split(&header, ';', &part);
    while (str_split(&header, ';', &part)) {
        part = str_trim(part);
        if (part.len < 8 || !str_equal_ignore_case(str_of(part.ptr, 8), STR("charset="))) continue;
        struct str name = str_skip(part, 8);
        bool quoted = name.len >= 2 && name.ptr[0] == '"' && name.ptr[name.len - 1] == '"';
        return quoted ? str_of(name.ptr + 1, name.len - 2) : name;
    }
    return STR_NONE;
}

bool negotiate_is_type(struct str header, struct str media_type)
{
    struct str charset = negotiate_charset(header);
    return negotiate_is_type_in_any_charset(header, media_type) &&
           (str_is_none(charset) || str_equal_ignore_case(charset, STR("utf-8")));
}

enum if_match negotiate_if_match(struct str header, int64_t *version)
{
    *version = 0;
    if (str_is_none(header)) return IF_MATCH_NONE;
    struct str tag = str_trim(header);
    if (str_equal(tag, STR("*"))) return IF_MATCH_STAR;
    if (str_find_char(tag, ',') >= 0) return IF_MATCH_INVALID;
    bool weak = str_starts_with(tag, STR("W/"));
    if (weak) tag = str_skip(tag, 2);
    /* Who leaves the quotes out means the version. */
    if (!weak && str_to_int64(tag, version) && *version >= 0) return IF_MATCH_VERSION;
    *version = 0;
    if (tag.len < 2 || tag.ptr[0] != '"' || tag.ptr[tag.len - 1] != '"') return IF_MATCH_INVALID;
    struct str text = str_of(tag.ptr + 1, tag.len - 2), suffix = STR(NEGOTIATE_GZIP_SUFFIX);
    if (str_ends_with(text, suffix)) text.len -= suffix.len;
    if (!weak && !str_to_int64(text, version)) *version = 0;
    if (*version < 0) *version = 0;
    return IF_MATCH_VERSION;
}

bool negotiate_none_match(struct str header, struct str tag)
{
    struct str part;
    while (str_split(&header, ',', &part)) {
        part = str_trim(part);
        if (str_equal(part, STR("*"))) return true;
        if (str_starts_with(part, STR("W/"))) part = str_skip(part, 2);
        if (str_equal(part, tag)) return true;
    }
    return false;
}
