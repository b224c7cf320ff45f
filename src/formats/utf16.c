#include "formats/utf16.h"

#include <string.h>

enum {
    REPLACEMENT = 0xFFFD,
    HIGH_SURROGATE = 0xD800,
    LOW_SURROGATE = 0xDC00,
    SURROGATES_END = 0xE000,
};

size_t utf16_room(size_t len)
{
    return len + len / 2 + 16;
}

static uint32_t unit_at(const struct utf16_reader *reader, size_t at)
{
    uint32_t first = reader->kept[at], second = reader->kept[at + 1];
    return reader->form == UTF16_LITTLE ? second << 8 | first : first << 8 | second;
}

static bool is_between(uint32_t unit, uint32_t low, uint32_t high)
{
    return unit >= low && unit < high;
}

static void forget(struct utf16_reader *reader, size_t count)
{
    reader->kept_len -= count;
    memmove(reader->kept, reader->kept + count, reader->kept_len);
}

/* Writes the character that the kept bytes are, once they are one. */
static char *put_character(struct utf16_reader *reader, char *to)
{
    if (reader->kept_len < 2) return to;
    uint32_t unit = unit_at(reader, 0);
    if (!is_between(unit, HIGH_SURROGATE, SURROGATES_END)) {
        forget(reader, 2);
        return str_put_utf8(to, unit ? unit : REPLACEMENT);
    }
    if (is_between(unit, HIGH_SURROGATE, LOW_SURROGATE)) {
        if (reader->kept_len < 4) return to;
        uint32_t low = unit_at(reader, 2);
        if (is_between(low, LOW_SURROGATE, SURROGATES_END)) {
            forget(reader, 4);
            return str_put_utf8(to,
                                0x10000 + ((unit - HIGH_SURROGATE) << 10) + (low - LOW_SURROGATE));
        }
    }
    forget(reader, 2);
    return put_character(reader, str_put_utf8(to, REPLACEMENT));
}

/* The byte order mark, which is taken, or none. */
static void find_form(struct utf16_reader *reader)
{
    bool little = reader->kept[0] == 0xFF && reader->kept[1] == 0xFE;
    bool big = reader->kept[0] == 0xFE && reader->kept[1] == 0xFF;
    reader->form = little ? UTF16_LITTLE : big ? UTF16_BIG : UTF16_NONE;
    if (little || big) reader->kept_len = 0;
}

static char *give_kept(struct utf16_reader *reader, char *to)
{
    if (reader->kept_len) memcpy(to, reader->kept, reader->kept_len);
    to += reader->kept_len;
    reader->kept_len = 0;
    return to;
}

size_t utf16_read(struct utf16_reader *reader, struct str bytes, char *out)
{
    char *to = out;
    while (reader->form == UTF16_UNKNOWN && bytes.len > 0) {
        reader->kept[reader->kept_len++] = (unsigned char)bytes.ptr[0];
        bytes = str_skip(bytes, 1);
        if (reader->kept_len == 2) find_form(reader);
    }
    if (reader->form == UTF16_NONE) {
        to = give_kept(reader, to);
        if (bytes.len) memcpy(to, bytes.ptr, bytes.len);
        return (size_t)(to - out) + bytes.len;
    }
    for (size_t i = 0; i < bytes.len; i++) {
        reader->kept[reader->kept_len++] = (unsigned char)bytes.ptr[i];
        if (reader->kept_len % 2 == 0) to = put_character(reader, to);
    }
    return (size_t)(to - out);
}

size_t utf16_finish(struct utf16_reader *reader, char *out)
{
    bool cut = reader->kept_len > 0 && reader->form != UTF16_UNKNOWN;
    if (!cut) return (size_t)(give_kept(reader, out) - out);
    reader->kept_len = 0;
    return (size_t)(str_put_utf8(out, REPLACEMENT) - out);
}
