#include "adapters/api/coding.h"

#include <stdlib.h>
#include <zlib.h>

/* Windows of 32 KiB; 16 more means the frame of gzip. The lowest level: most of the gain for a
 * third of the time. */
enum { GZIP_WINDOW = 15 + 16, LEVEL = 1, MEMORY_LEVEL = 8, GUNZIP_FIRST_BYTES = 16 * 1024 };

struct coding {
    z_stream stream;
};

struct coding *coding_new(void)
{
    struct coding *coding = calloc(1, sizeof(*coding));
    if (coding && deflateInit2(&coding->stream, LEVEL, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
                               Z_DEFAULT_STRATEGY) == Z_OK)
        return coding;
    free(coding);
    return NULL;
}

void coding_free(struct coding *coding)
{
    if (!coding) return;
    (void)deflateEnd(&coding->stream);
    free(coding);
}

static void give(z_stream *stream, struct str bytes)
{
    stream->next_in = (Bytef *)(uintptr_t)bytes.ptr;
    stream->avail_in = (uInt)bytes.len;
}

bool coding_gzip(struct coding *coding, struct str text, struct arena *arena, struct str *coded)
{
    z_stream *stream = &coding->stream;
    struct arena_mark mark = arena_mark(arena);
    char *out = text.len <= UINT32_MAX ? arena_alloc(arena, text.len) : NULL;
    if (!out || deflateReset(stream) != Z_OK) return false;
    give(stream, text);
    stream->next_out = (Bytef *)out;
    stream->avail_out = (uInt)text.len;
    if (deflate(stream, Z_FINISH) == Z_STREAM_END) {
        *coded = str_of(out, text.len - stream->avail_out);
        return true;
    }
    arena_rewind(arena, mark);
    return false;
}

/* --- bodies --- */

static void *take(void *arena, unsigned count, unsigned size)
{
    return arena_alloc(arena, (size_t)count * size);
}

static void leave(void *arena, void *memory)
{
    (void)arena, (void)memory;
}

/* Z_STREAM_END when all of it is in *text; Z_BUF_ERROR when there is more than fits. */
static int inflate_all(z_stream *stream, size_t max_bytes, struct arena *arena, struct str *text)
{
    size_t room = GUNZIP_FIRST_BYTES < max_bytes ? GUNZIP_FIRST_BYTES : max_bytes, have = 0;
    char *out = arena_alloc(arena, room);
    for (;;) {
        if (!out) return Z_MEM_ERROR;
        stream->next_out = (Bytef *)out + have;
        stream->avail_out = (uInt)(room - have);
        int result = inflate(stream, Z_NO_FLUSH);
        have = room - stream->avail_out;
        *text = str_of(out, have);
        if (result != Z_OK || stream->avail_out > 0) return result == Z_OK ? Z_DATA_ERROR : result;
        if (room == max_bytes) return Z_BUF_ERROR;
        size_t larger = room < max_bytes / 2 ? room * 2 : max_bytes;
        out = arena_realloc(arena, out, room, larger);
        room = larger;
    }
}

enum status coding_gunzip(struct str coded, size_t max_bytes, struct arena *arena, struct str *text,
                          struct error *error)
{
    z_stream stream = {.zalloc = take, .zfree = leave, .opaque = arena};
    if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK) return error_plain(error, STATUS_OUT_OF_MEMORY);
    give(&stream, coded);
    int result = inflate_all(&stream, max_bytes, arena, text);
    bool whole = result == Z_STREAM_END && stream.avail_in == 0;
    (void)inflateEnd(&stream);
    if (whole) return STATUS_OK;
    if (result == Z_MEM_ERROR) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (result == Z_BUF_ERROR && text->len == max_bytes)
        return error_set(error, STATUS_REQUEST_TOO_LARGE, STR(""),
                         arena_format(arena, "at most %zu bytes", max_bytes),
                         "the body becomes larger than allowed");
    return error_set(error, STATUS_INVALID_VALUE, STR("Content-Encoding"),
                     STR("one gzip member after RFC 1952"), "the body is not gzip");
}

/* --- texts in pieces --- */

struct coding_stream {
    z_stream stream;
};

struct coding_stream *coding_stream_new(struct arena *arena)
{
    struct coding_stream *stream = ARENA_NEW(arena, struct coding_stream);
    if (!stream) return NULL;
    stream->stream = (z_stream){.zalloc = take, .zfree = leave, .opaque = arena};
    int result = deflateInit2(&stream->stream, LEVEL, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
                              Z_DEFAULT_STRATEGY);
    return result == Z_OK ? stream : NULL;
}

bool coding_stream_put(struct coding_stream *stream, struct str piece, bool last, char *out,
                       size_t out_bytes, size_t *count, bool *more)
{
    z_stream *z = &stream->stream;
    if (!str_is_none(piece)) give(z, piece);
    z->next_out = (Bytef *)out;
    z->avail_out = (uInt)out_bytes;
    int result = deflate(z, last ? Z_FINISH : Z_NO_FLUSH);
    *count = out_bytes - z->avail_out;
    *more = last ? result == Z_OK : z->avail_out == 0;
    return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR;
}
