#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

char *buffer_reserve(struct buffer *buffer, size_t size_bytes)
{
    if (buffer->failed) return NULL;
    if (buffer->capacity - buffer->len < size_bytes) {
        size_t capacity = buffer->capacity ? buffer->capacity * 2 : 256;
        while (capacity - buffer->len < size_bytes) capacity *= 2;
        char *bytes = arena_realloc(buffer->arena, buffer->bytes, buffer->capacity, capacity);
        if (!bytes) {
            buffer->failed = true;
            return NULL;
        }
        buffer->bytes = bytes;
        buffer->capacity = capacity;
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
