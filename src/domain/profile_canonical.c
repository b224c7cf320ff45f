/* Canonical forms of values: see profile.h. They are compared, never shown. */
#include "domain/profile.h"

#include <idn2.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>

/* ---- e-mail, phone, identifier ---- */

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static char to_upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static struct str lower_ascii(struct str text, struct arena *arena)
{
    char *copy = arena_cstr(arena, text);
    if (!copy) return STR_NONE;
    for (size_t i = 0; i < text.len; i++) copy[i] = to_lower(copy[i]);
    return str_of(copy, text.len);
}

static bool is_ascii(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] >= 0x80) return false;
    return true;
}

/* A label of a name in letters beyond ASCII, in its code (RFC 5890, 2.3.2.1). */
static bool has_code(struct str domain)
{
    struct str label;
    while (str_split(&domain, '.', &label))
        if (label.len > 4 && str_equal_ignore_case(str_of(label.ptr, 4), STR("xn--"))) return true;
    return false;
}

/* A domain in letters; one that is no such name stays as it is. */
static struct str decode_domain(struct str domain, struct arena *arena)
{
    char *letters = NULL, *code = arena_cstr(arena, domain);
    if (!code) return STR_NONE;
    if (idn2_to_unicode_8z8z(code, &letters, 0) != IDN2_OK) return domain;
    struct str decoded = arena_str(arena, str_from_cstr(letters));
    idn2_free(letters);
    return decoded;
}

/* What a library gave in memory of its own, or in `room`, or not at all, which is `without`. */
static struct str take_over(uint8_t *text, size_t length, const uint8_t *room, struct str without,
                            struct arena *arena)
{
    if (!text) return without;
    struct str taken = arena_str(arena, str_of((const char *)text, length));
    if (text != room) free(text);
    return taken;
}

/* NFKC (Unicode Standard Annex 15) in small letters. Twice: what a compatible form stands for may
 * be a capital. */
static struct str unify(struct str text, struct arena *arena)
{
    uint8_t room[512];
    for (int i = 0; i < 2 && !str_is_none(text); i++) {
        size_t length = sizeof(room);
        uint8_t *lower =
            u8_tolower((const uint8_t *)text.ptr, text.len, NULL, UNINORM_NFKC, room, &length);
        text = take_over(lower, length, room, text, arena);
    }
    return text;
}

struct str profile_canonical_email(struct str email, struct arena *arena)
{
    struct str text = lower_ascii(str_trim(email), arena);
    if (str_is_none(text)) return text;
    ptrdiff_t at = str_find_char(text, '@');
    struct str domain = at < 0 ? STR("") : str_skip(text, (size_t)at + 1);
    if (is_ascii(text) && !has_code(domain)) return text;
    if (at >= 0) {
        struct str decoded = decode_domain(domain, arena);
        if (str_is_none(decoded)) return decoded;
        text = arena_format(arena, "%.*s@%.*s", (int)at, text.ptr, STR_ARGS(decoded));
    }
    return unify(text, arena);
}

struct str profile_canonical_phone(struct str phone, struct arena *arena)
{
    struct str text = str_trim(phone);
    char *copy = arena_alloc(arena, text.len + 1);
    if (!copy) return STR_NONE;
    size_t length = 0;
    if (str_starts_with(text, STR("+")) || str_starts_with(text, STR("00"))) {
        copy[length++] = '+';
        text = str_skip(text, text.ptr[0] == '+' ? 1 : 2);
    }
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] >= '0' && text.ptr[i] <= '9') copy[length++] = text.ptr[i];
    return str_of(copy, length);
}

struct str profile_canonical_identifier(struct str value, struct arena *arena)
{
    char *copy = arena_alloc(arena, value.len + 1);
    if (!copy) return STR_NONE;
    size_t length = 0;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c != ' ' && c != '\t' && c != '.' && c != '-') copy[length++] = to_upper(c);
    }
    return str_of(copy, length);
}

/* ---- names ---- */

/* Base letters of a run of code points; '.' drops one, ' ' is a space, a capital letter stands for
 * the pair in `pairs`. */
struct fold_range {
    uint32_t first;
    const char *letters;
};

static const struct fold_range fold_ranges[] = {
    {0xC0, "aaaaaaAceeeeiiiidnooooo ouuuuyTSaaaaaaAceeeeiiiidnooooo ouuuuyTy"},
    {0x100,
     "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiIIjjkkkllllllllllnnnnnnnnnooooooOOrrrr"
     "rrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"},
    {0x1A0, "oo"},
    {0x1AF, "uu"},
    {0x1CD, "aaiioouu"},
    {0x218, "sstt"},
    {0x1E9E, "S"},
    {0x1EA0,
     "aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeeeeeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyy"
     "yy"},
};

static struct str pair_of(char capital)
{
    switch (capital) {
    case 'A':
        return STR("ae");
    case 'O':
        return STR("oe");
    case 'I':
        return STR("ij");
    case 'T':
        return STR("th");
    default:
        return STR("ss");
    }
}

/* Combining marks and the apostrophes of all sorts. */
static bool is_dropped(uint32_t c)
{
    return (c >= 0x300 && c <= 0x36F) || c == 0xAD || c == 0xB4 || c == 0x2BC || c == 0x2018 ||
           c == 0x2019 || (c >= 0x200B && c <= 0x200D);
}

/* NBSP and the punctuation of Latin-1, dashes, quotes, ideographic space. */
static bool is_separator(uint32_t c)
{
    return (c >= 0xA0 && c <= 0xBF && c != 0xAA && c != 0xB2 && c != 0xB3 && c != 0xB5 &&
            c != 0xB9 && c != 0xBA) ||
           (c >= 0x2000 && c <= 0x206F) || c == 0x3000;
}

/* At most two bytes for what took at least two: names never grow. */
struct name_folder {
    char *out;
    size_t length;
    bool space_due; /* put before the next letter, so none stands at the ends */
};

static void put_bytes(struct name_folder *folder, struct str bytes)
{
    if (folder->space_due && folder->length > 0) folder->out[folder->length++] = ' ';
    folder->space_due = false;
    memcpy(folder->out + folder->length, bytes.ptr, bytes.len);
    folder->length += bytes.len;
}

static void put_folded(struct name_folder *folder, char letter)
{
    if (letter == ' ')
        folder->space_due = true;
    else if (letter >= 'A' && letter <= 'Z')
        put_bytes(folder, pair_of(letter));
    else
        put_bytes(folder, str_of(&letter, 1));
}

static void fold_ascii(struct name_folder *folder, char c)
{
    char lower = to_lower(c);
    bool word = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
    if (word)
        put_bytes(folder, str_of(&lower, 1));
    else if (c != '.' && c != '\'' && c != '`')
        folder->space_due = true;
}

static char folded_letter(uint32_t c)
{
    for (size_t i = 0; i < sizeof(fold_ranges) / sizeof(fold_ranges[0]); i++) {
        const struct fold_range *range = &fold_ranges[i];
        if (c >= range->first && c - range->first < strlen(range->letters))
            return range->letters[c - range->first];
    }
    return '\0';
}

static void fold_beyond_ascii(struct name_folder *folder, uint32_t c, struct str bytes)
{
    char letter = folded_letter(c);
    if (letter)
        put_folded(folder, letter);
    else if (is_separator(c) && !is_dropped(c))
        folder->space_due = true;
    else if (!is_dropped(c))
        put_bytes(folder, bytes);
}

/* Decodes the well-formed sequence at the front; a stray byte counts as itself. */
static size_t decode(struct str s, uint32_t *c)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t length = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : p[0] >= 0xC0 ? 2 : 1;
    if (length > s.len) length = 1;
    *c = length == 1 ? p[0] : p[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) *c = *c << 6 | (p[i] & 0x3F);
    return length;
}

struct str profile_canonical_name(struct str name, struct arena *arena)
{
    struct name_folder folder = {.out = arena_alloc(arena, name.len + 1)};
    if (!folder.out) return STR_NONE;
    while (name.len > 0) {
        uint32_t c;
        size_t length = decode(name, &c);
        if (c < 0x80)
            fold_ascii(&folder, (char)c);
        else
            fold_beyond_ascii(&folder, c, str_of(name.ptr, length));
        name = str_skip(name, length);
    }
    return str_of(folder.out, folder.length);
}

/* ---- list elements ---- */

static struct str object_key(const struct profile_field *field, const struct json_value *element,
                             struct arena *arena)
{
    struct buffer key = {.arena = arena};
    for (size_t i = 0; i < field->member_count; i++) {
        struct str text = json_text(json_get(element, field->members[i].name));
        bool is_value = str_equal(field->members[i].name, STR("value"));
        struct str canonical = is_value ? profile_canonical_identifier(text, arena)
                                        : profile_canonical_name(text, arena);
        if (str_is_none(canonical)) return STR_NONE;
        if (i > 0) buffer_append_char(&key, '|');
        buffer_append(&key, canonical);
    }
    return buffer_failed(&key) ? STR_NONE : buffer_str(&key);
}

struct str profile_element_key(const struct profile_field *field, const struct json_value *element,
                               struct arena *arena)
{
    if (field->shape == SHAPE_OBJECT_LIST) return object_key(field, element, arena);
    if (field->element == SHAPE_EMAIL) return profile_canonical_email(element->text, arena);
    if (field->element == SHAPE_PHONE) return profile_canonical_phone(element->text, arena);
    return element->text;
}
