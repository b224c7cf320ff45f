#include "base/status.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    struct str code;
    struct str meaning;
} table[] = {
#define X(symbol, code, meaning) {STR(code), STR(meaning)},
    STATUS_TABLE(X)
#undef X
};

struct str status_code(enum status status)
{
    assert(status < STATUS_COUNT);
    return table[status].code;
}

struct str status_meaning(enum status status)
{
    assert(status < STATUS_COUNT);
    return table[status].meaning;
}

/* Takes an incomplete UTF-8 sequence off the end of what was cut to `length` bytes. */
static void end_whole(char *text, size_t length)
{
    size_t from = length;
    while (from > 0 && length - from < 4 && ((unsigned char)text[from - 1] & 0xC0) == 0x80) from--;
    if (from > 0 && (unsigned char)text[from - 1] >= 0xC0) from--;
    if (str_is_utf8(str_of(text + from, length - from))) from = length;
    text[from] = '\0';
}

static void copy_text(char *out, size_t size, struct str text)
{
    bool fits = text.len < size;
    size_t length = fits ? text.len : size - 1;
    if (length) memcpy(out, text.ptr, length);
    out[length] = '\0';
    if (!fits) end_whole(out, length);
}

enum status error_set(struct error *error, enum status status, struct str field, struct str allowed,
                      const char *format, ...)
{
    if (!error) return status;
    error->status = status;
    error->details_json = STR_NONE;
    copy_text(error->field, sizeof(error->field), field);
    copy_text(error->allowed, sizeof(error->allowed), allowed);
    if (format[0] == '\0') {
        copy_text(error->message, sizeof(error->message), status_meaning(status));
        return status;
    }
    va_list args;
    va_start(args, format);
    int length = vsnprintf(error->message, sizeof(error->message), format, args);
    va_end(args);
    if (length >= (int)sizeof(error->message))
        end_whole(error->message, sizeof(error->message) - 1);
    return status;
}

enum status error_plain(struct error *error, enum status status)
{
    if (!error) return status;
    *error = (struct error){.status = status};
    copy_text(error->message, sizeof(error->message), status_meaning(status));
    return status;
}
