/* A growable byte buffer in an arena, with a sticky failure.
 *
 * Appending never returns an error; when memory runs out the buffer remembers it, ignores what
 * follows, and buffer_status() says so once at the end. So code that builds text reads straight.
 *
 *     struct buffer out = {.arena = arena};
 *     buffer_append(&out, STR("id="));
 *     buffer_append_int64(&out, id);
 *     if (buffer_failed(&out)) return STATUS_OUT_OF_MEMORY;
 *     return buffer_str(&out);
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include "base/arena.h"

struct buffer {
    struct arena *arena;
    char *bytes;
    size_t len;
    size_t capacity;
    bool failed;
};

void buffer_append(struct buffer *buffer, struct str text);
void buffer_append_char(struct buffer *buffer, char c);
void buffer_append_int64(struct buffer *buffer, int64_t value);
void buffer_append_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Room for that many bytes at the end, not yet counted in len; NULL on failure. */
char *buffer_reserve(struct buffer *buffer, size_t size_bytes);
/* Content is forgotten, memory kept. A failure is forgotten too. */
void buffer_clear(struct buffer *buffer);

static inline bool buffer_failed(const struct buffer *buffer)
{
    return buffer->failed;
}

/* Valid until the next append. */
static inline struct str buffer_str(const struct buffer *buffer)
{
    return str_of(buffer->bytes ? buffer->bytes : "", buffer->len);
}

#endif
