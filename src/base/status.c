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

static void copy_text(char *out, size_t size, struct str text)
{
    size_t length = text.len < size ? text.len : size - 1;
    if (length) memcpy(out, text.ptr, length);
    out[length] = '\0';
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
    (void)vsnprintf(error->message, sizeof(error->message), format, args);
    va_end(args);
    return status;
}

enum status error_plain(struct error *error, enum status status)
{
    if (!error) return status;
    *error = (struct error){.status = status};
    copy_text(error->message, sizeof(error->message), status_meaning(status));
    return status;
}
