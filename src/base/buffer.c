#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_BYTES = 256 };

/* Room for at least `need` bytes in all, and twice what there was while the arena has that. */
static bool grow(struct buffer *buffer, size_t need)
{
    size_t twice = buffer->capacity <= SIZE_MAX / 4 ? buffer->capacity * 2 : need;
    size_t capacity = twice > need ? twice : need;
    if (capacity < FIRST_BYTES) capacity = FIRST_BYTES;
    char *bytes = arena_realloc(buffer->arena, buffer->bytes, buffer->capacity, capacity);
    if (!bytes && capacity > need) {
        capacity = need;
        bytes = arena_realloc(buffer->arena, buffer->bytes, buffer->capacity, capacity);
    }
    if (!bytes) return false;
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return true;
}

char *buffer_reserve(struct buffer *buffer, size_t size_bytes)
{
    size_t need;
    if (buffer->failed) return NULL;
    if (__builtin_add_overflow(buffer->len, size_bytes, &need) ||
        ((need > buffer->capacity || !buffer->bytes) && !grow(buffer, need))) {
        buffer->failed = true;
        return NULL;
    }
    return buffer->bytes + buffer->len;
}

void buffer_append(struct buffer *buffer, struct str text)
{
    char *room = buffer_reserve(buffer, text.len);
    if (!room || text.len == 0) return;
    memcpy(room, text.ptr, text.len);
    buffer->len += text.len;
}

void buffer_append_char(struct buffer *buffer, char c)
{
    char *room = buffer_reserve(buffer, 1);
    if (!room) return;
    *room = c;
    buffer->len++;
}

void buffer_append_int64(struct buffer *buffer, int64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do digits[--at] = (char)('0' + rest % 10);
    while ((rest /= 10) != 0);
    if (value < 0) buffer_append_char(buffer, '-');
    buffer_append(buffer, str_of(digits + at, sizeof(digits) - at));
}

void buffer_append_format(struct buffer *buffer, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *room = length >= 0 ? buffer_reserve(buffer, (size_t)length + 1) : NULL;
    if (room) {
        (void)vsnprintf(room, (size_t)length + 1, format, again);
        buffer->len += (size_t)length;
    }
    va_end(again);
}

void buffer_clear(struct buffer *buffer)
{
    buffer->len = 0;
    buffer->failed = false;
}
