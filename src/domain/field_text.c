/* The shapes of single texts: see field.h and the normalisation rules in profile.h. */
#include "domain/field.h"

#include <string.h>

enum { EMAIL_MAX = 254, EMAIL_LOCAL_MAX = 64, URL_MAX = 2048, HOST_MAX = 253, LABEL_MAX = 63 };
enum { PHONE_DIGITS_MIN = 3, PHONE_DIGITS_MAX = 15, PHONE_RAW_MAX = 64, LANGUAGE_MAX = 35 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static char to_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static bool is_beyond_ascii(char c)
{
    return (unsigned char)c >= 0x80;
}

size_t field_text_length(struct str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) count += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    return count;
}

/* U+0080..9F, U+2028..2029 (line ends), U+202A..202E and U+2066..2069 (direction), U+FEFF. */
static bool is_hidden_sequence(const unsigned char *p, size_t left)
{
    if (left >= 2 && p[0] == 0xC2) return p[1] < 0xA0;
    if (left < 3) return false;
    if (p[0] == 0xE2 && p[1] == 0x80) return p[2] >= 0xA8 && p[2] <= 0xAE;
    if (p[0] == 0xE2 && p[1] == 0x81) return p[2] >= 0xA6 && p[2] <= 0xA9;
    return p[0] == 0xEF && p[1] == 0xBB && p[2] == 0xBF;
}

bool field_has_control(struct str text)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    for (size_t i = 0; i < text.len; i++) {
        if (p[i] < 0x20 || p[i] == 0x7F) return true;
        if (p[i] >= 0xC2 && is_hidden_sequence(p + i, text.len - i)) return true;
    }
    return false;
}

bool field_is_one_of(struct str allowed, struct str name)
{
    struct str part;
    while (str_split(&allowed, '|', &part))
        if (str_equal(str_trim(part), name)) return true;
    return false;
}

struct str field_text(struct str raw, size_t length_max)
{
    struct str text = str_trim(raw);
    if (text.len == 0 || field_has_control(text)) return STR_NONE;
    if (text.len > length_max && field_text_length(text) > length_max) return STR_NONE;
    return text;
}

/* Applies `change` to every byte; the text itself when nothing changes. */
static struct str mapped(struct str text, char (*change)(char), struct arena *arena)
{
    size_t same = 0;
    while (same < text.len && change(text.ptr[same]) == text.ptr[same]) same++;
    if (same == text.len) return text;
    char *copy = arena_cstr(arena, text);
    if (!copy) return STR_NONE;
    for (size_t i = same; i < text.len; i++) copy[i] = change(copy[i]);
    return str_of(copy, text.len);
}

struct str field_code(struct str raw, size_t length_max, struct arena *arena)
{
    struct str text = str_trim(raw);
    if (text.len == 0 || text.len > length_max) return STR_NONE;
    for (size_t i = 0; i < text.len; i++)
        if (!is_letter(text.ptr[i]) && !is_digit(text.ptr[i]) && text.ptr[i] != '_')
            return STR_NONE;
    return mapped(text, to_upper, arena);
}

/* ---- e-mail and hosts ---- */

static bool is_label(struct str label)
{
    if (label.len == 0 || label.len > LABEL_MAX) return false;
    if (label.ptr[0] == '-' || label.ptr[label.len - 1] == '-') return false;
    for (size_t i = 0; i < label.len; i++) {
        char c = label.ptr[i];
        if (!is_letter(c) && !is_digit(c) && c != '-' && !is_beyond_ascii(c)) return false;
    }
    return true;
}

/* A name with at least one dot. Labels beyond ASCII are internationalised names (RFC 5890). */
static bool is_host(struct str host)
{
    if (host.len > HOST_MAX || str_find_char(host, '.') < 0) return false;
    struct str label;
    while (str_split(&host, '.', &label))
        if (!is_label(label)) return false;
    return true;
}

/* The dot-atom of RFC 5322, with RFC 6531's letters; quoted local parts are refused, for nobody
 * means them. */
static bool is_local_part(struct str local)
{
    if (local.len == 0 || local.len > EMAIL_LOCAL_MAX) return false;
    if (local.ptr[0] == '.' || local.ptr[local.len - 1] == '.') return false;
    for (size_t i = 0; i < local.len; i++) {
        char c = local.ptr[i];
        if (c == '.' && local.ptr[i - 1] == '.') return false;
        if (is_letter(c) || is_digit(c) || c == '.' || is_beyond_ascii(c)) continue;
        if (!strchr("!#$%&'*+/=?^_`{|}~-", c)) return false;
    }
    return true;
}

/* U+00AD, U+200B..200F and U+2060..2064: an address with them looks like the one without, and would
 * pass the suppression of that one by. */
static bool has_invisible(struct str text)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    for (size_t i = 0; i + 1 < text.len; i++) {
        if (p[i] == 0xC2 && p[i + 1] == 0xAD) return true;
        if (p[i] != 0xE2 || i + 2 >= text.len) continue;
        if (p[i + 1] == 0x80 && p[i + 2] >= 0x8B && p[i + 2] <= 0x8F) return true;
        if (p[i + 1] == 0x81 && p[i + 2] >= 0xA0 && p[i + 2] <= 0xA4) return true;
    }
    return false;
}

struct str field_email(struct str raw, struct arena *arena)
{
    struct str text = str_trim(raw);
    ptrdiff_t at = str_find_char(text, '@');
    if (at < 0 || text.len > EMAIL_MAX || field_has_control(text) || has_invisible(text))
        return STR_NONE;
    struct str domain = str_skip(text, (size_t)at + 1);
    if (!is_local_part(str_of(text.ptr, (size_t)at)) || !is_host(domain)) return STR_NONE;
    struct str lower = mapped(domain, to_lower, arena);
    if (str_is_none(lower) || lower.ptr == domain.ptr) return str_is_none(lower) ? lower : text;
    return arena_format(arena, "%.*s@%.*s", (int)at, text.ptr, STR_ARGS(lower));
}

/* http or https, or no scheme at all ("www.acme.example"): what a browser opens without danger. */
struct str field_url(struct str raw)
{
    struct str text = str_trim(raw);
    if (text.len > URL_MAX || field_has_control(text) || str_find_char(text, ' ') >= 0)
        return STR_NONE;
    struct str rest = text;
    if (text.len > 8 && str_equal_ignore_case(str_of(text.ptr, 8), STR("https://")))
        rest = str_skip(text, 8);
    else if (text.len > 7 && str_equal_ignore_case(str_of(text.ptr, 7), STR("http://")))
        rest = str_skip(text, 7);
    size_t host = 0;
    while (host < rest.len && !strchr("/?#:", rest.ptr[host])) host++;
    if (!is_host(str_of(rest.ptr, host))) return STR_NONE;
    for (size_t i = 0; i < rest.len; i++)
        if (strchr("\"<>\\^`{|}", rest.ptr[i])) return STR_NONE;
    return text;
}

/* ---- phone ---- */

static bool is_trunk_zero(struct str text, size_t at)
{
    return text.len - at >= 3 && memcmp(text.ptr + at, "(0)", 3) == 0;
}

static bool phone_digits(struct str text, struct buffer *out)
{
    bool international = text.ptr[0] == '+' || str_starts_with(text, STR("00"));
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (international && is_trunk_zero(text, i)) {
            i += 2;
            continue;
        }
        if (is_digit(c) || (c == '+' && i == 0))
            buffer_append_char(out, c);
        else if (!strchr(" ()-./", c) && c != '\t')
            return false;
    }
    return true;
}

struct str field_phone(struct str raw, struct arena *arena)
{
    struct str text = str_trim(raw);
    char digits[PHONE_RAW_MAX];
    if (text.len == 0 || text.len > PHONE_RAW_MAX || memchr(text.ptr, '\0', text.len))
        return STR_NONE;
    struct buffer out = {.bytes = digits, .capacity = sizeof(digits)};
    if (!phone_digits(text, &out)) return STR_NONE;
    size_t count = out.len - (out.len && digits[0] == '+');
    if (count < PHONE_DIGITS_MIN || count > PHONE_DIGITS_MAX) return STR_NONE;
    return out.len == text.len ? text : arena_str(arena, buffer_str(&out));
}

/* ---- country and language ---- */

/* ISO 3166-1 alpha-2, and XK, which the European Union uses for Kosovo. */
static const char countries[] =
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCM"
    "CNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGY"
    "HKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMF"
    "MGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARE"
    "RORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZ"
    "VAVCVEVGVIVNVUWFWSXKYEYTZAZMZW";

struct str field_country(struct str raw, struct arena *arena)
{
    struct str code = str_trim(raw);
    if (code.len != 2) return STR_NONE;
    code = mapped(code, to_upper, arena);
    if (str_is_none(code)) return code;
    for (const char *at = countries; *at; at += 2)
        if (at[0] == code.ptr[0] && at[1] == code.ptr[1]) return code;
    return STR_NONE;
}

static bool is_alphanumeric(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_letter(text.ptr[i]) && !is_digit(text.ptr[i])) return false;
    return text.len > 0;
}

/* The customary case of RFC 5646, 2.1.1: zh-Hant-TW. */
static void put_subtag(struct buffer *out, struct str tag, bool first)
{
    bool region = !first && tag.len == 2, script = !first && tag.len == 4;
    for (size_t i = 0; i < tag.len; i++) {
        bool upper = region || (script && i == 0);
        buffer_append_char(out, upper ? to_upper(tag.ptr[i]) : to_lower(tag.ptr[i]));
    }
}

/* The form of RFC 5646 (a primary subtag of 2 or 3 letters, then subtags of 1 to 8), not the
 * registry. */
struct str field_language(struct str raw, struct arena *arena)
{
    struct str text = str_trim(raw), rest = text, tag;
    char tags[LANGUAGE_MAX];
    struct buffer out = {.bytes = tags, .capacity = sizeof(tags)};
    if (text.len == 0 || text.len > LANGUAGE_MAX) return STR_NONE;
    while (str_split(&rest, '-', &tag)) {
        bool first = out.len == 0;
        if (!is_alphanumeric(tag) || tag.len > 8) return STR_NONE;
        if (first && (tag.len < 2 || tag.len > 3 || is_digit(tag.ptr[0]))) return STR_NONE;
        if (!first) buffer_append_char(&out, '-');
        put_subtag(&out, tag, first);
    }
    return str_equal(buffer_str(&out), text) ? text : arena_str(arena, buffer_str(&out));
}
