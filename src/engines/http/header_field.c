/* Every byte of every request comes by here, tokens of several hundred bytes among them: names go
 * by a table, values eight bytes at a time. */
#include "engines/http/header_field.h"

#include <string.h>

static const bool token_characters[256] = {
    ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['!'] = true,  ['#'] = true,
    ['$'] = true,         ['%'] = true,         ['&'] = true,         ['\''] = true, ['*'] = true,
    ['+'] = true,         ['-'] = true,         ['.'] = true,         ['^'] = true,  ['_'] = true,
    ['`'] = true,         ['|'] = true,         ['~'] = true,
};

bool header_field_is_token(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!token_characters[(unsigned char)name.ptr[i]]) return false;
    return name.len > 0;
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7F;
}

/* Is one of the eight bytes less than `than`, which is at most 128? (S. E. Anderson, "Bit twiddling
 * hacks", "Determine if a word has a byte less than n".) */
static bool has_less(uint64_t word, uint64_t than)
{
    const uint64_t ones = UINT64_MAX / 255;
    return (word - ones * than) & ~word & ones * 128;
}

bool header_field_has_control(struct str text)
{
    const uint64_t deletes = UINT64_MAX / 255 * 0x7F;
    uint64_t word;
    for (; text.len >= sizeof(word);
         text = str_of(text.ptr + sizeof(word), text.len - sizeof(word))) {
        memcpy(&word, text.ptr, sizeof(word));
        if (has_less(word, 0x20) || has_less(word ^ deletes, 1)) return true;
    }
    for (size_t i = 0; i < text.len; i++)
        if (is_control(text.ptr[i])) return true;
    return false;
}

bool header_field_is_value(struct str value)
{
    if (!header_field_has_control(value)) return true;
    for (size_t i = 0; i < value.len; i++)
        if (is_control(value.ptr[i]) && value.ptr[i] != '\t') return false;
    return true;
}
