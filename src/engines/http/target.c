#include "engines/http/target.h"

#include "engines/http/header_field.h"

static bool is_clean(struct str text)
{
    return !header_field_has_control(text) && str_is_utf8(text);
}

bool target_decode(struct str raw, struct arena *arena, struct str *decoded)
{
    *decoded = raw;
    if (str_find_char(raw, '%') < 0) return is_clean(raw);
    char *out = arena_alloc(arena, raw.len + 1);
    if (!out) return false;
    size_t length = 0;
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.ptr[i];
        if (c == '%') {
            if (raw.len - i < 3) return false;
            int high = str_hexadecimal(raw.ptr[i + 1]), low = str_hexadecimal(raw.ptr[i + 2]);
            if (high < 0 || low < 0) return false;
            c = (char)(high << 4 | low);
            i += 2;
        }
        out[length++] = c;
    }
    out[length] = '\0';
    *decoded = str_of(out, length);
    return is_clean(*decoded);
}

bool target_escapes_slash(struct str raw)
{
    if (str_find_char(raw, '%') < 0) return false;
    for (size_t i = 0; i + 3 <= raw.len; i++)
        if (str_equal_ignore_case(str_of(raw.ptr + i, 3), STR("%2f"))) return true;
    return false;
}

static struct str strip_authority(struct str target, struct str scheme)
{
    struct str rest = str_skip(target, scheme.len);
    ptrdiff_t slash = str_find_char(rest, '/');
    return slash < 0 ? STR("/") : str_skip(rest, (size_t)slash);
}

struct str target_path(struct str target)
{
    if (str_starts_with(target, STR("/")) || str_equal(target, STR("*"))) return target;
    if (str_starts_with(target, STR("http://"))) return strip_authority(target, STR("http://"));
    if (str_starts_with(target, STR("https://"))) return strip_authority(target, STR("https://"));
    return STR_NONE;
}
