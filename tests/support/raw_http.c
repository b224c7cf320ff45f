#include "raw_http.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int raw_connect(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {.tv_sec = 5};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(fd >= 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) return fd;
    (void)close(fd);
    return -1;
}

void raw_send(int fd, struct str bytes)
{
    while (bytes.len) {
        ssize_t count = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (count <= 0) return;
        bytes = str_skip(bytes, (size_t)count);
    }
}

static bool read_more(int fd, struct buffer *buffer)
{
    char *room = buffer_reserve(buffer, 64 * 1024);
    ssize_t count = room ? recv(fd, room, 64 * 1024, 0) : -1;
    if (count <= 0) return false;
    buffer->len += (size_t)count;
    return true;
}

struct str raw_read_all(int fd, struct arena *arena)
{
    struct buffer buffer = {.arena = arena};
    while (read_more(fd, &buffer)) {
    }
    return buffer_str(&buffer);
}

bool raw_is_closed(int fd)
{
    char byte;
    return recv(fd, &byte, 1, 0) == 0;
}

/* Offset past `mark`, or -1; reads until it is there. */
static ptrdiff_t find_mark(struct raw_reader *reader, size_t from, struct str mark)
{
    for (;;) {
        struct str have = str_skip(buffer_str(&reader->rest), from);
        const char *hit = memmem(have.ptr, have.len, mark.ptr, mark.len);
        if (hit) return hit - buffer_str(&reader->rest).ptr + (ptrdiff_t)mark.len;
        if (!read_more(reader->fd, &reader->rest)) return -1;
    }
}

static bool have_bytes(struct raw_reader *reader, size_t count)
{
    while (reader->rest.len < count)
        if (!read_more(reader->fd, &reader->rest)) return false;
    return true;
}

static void drop_front(struct raw_reader *reader, size_t count)
{
    reader->rest.len -= count;
    if (reader->rest.bytes)
        memmove(reader->rest.bytes, reader->rest.bytes + count, reader->rest.len);
}

static int64_t from_hexadecimal(struct str text)
{
    int64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *digits = "0123456789abcdef", *at = memchr(digits, text.ptr[i] | 0x20, 16);
        if (!at) return -1;
        value = value * 16 + (at - digits);
    }
    return value;
}

static bool read_chunked(struct raw_reader *reader, struct buffer *body)
{
    for (;;) {
        ptrdiff_t end = find_mark(reader, 0, STR("\r\n"));
        if (end < 0) return false;
        int64_t size = from_hexadecimal(str_of(reader->rest.bytes, (size_t)end - 2));
        if (size < 0 || !have_bytes(reader, (size_t)end + (size_t)size + 2)) return false;
        buffer_append(body, str_of(reader->rest.bytes + end, (size_t)size));
        drop_front(reader, (size_t)end + (size_t)size + 2);
        if (size == 0) return true;
    }
}

struct str raw_header(const struct raw_answer *answer, struct str name)
{
    struct str rest = answer->head, line;
    while (str_split(&rest, '\n', &line)) {
        ptrdiff_t colon = str_find_char(line, ':');
        if (colon > 0 && str_equal_ignore_case(str_of(line.ptr, (size_t)colon), name))
            return str_trim(str_skip(line, (size_t)colon + 1));
    }
    return STR_NONE;
}

struct raw_answer raw_read(struct raw_reader *reader, bool head_only)
{
    struct raw_answer answer = {0};
    int64_t number;
    if (!reader->rest.arena) reader->rest.arena = reader->arena;
    ptrdiff_t end = find_mark(reader, 0, STR("\r\n\r\n"));
    if (end < 0) return answer;
    answer.head = arena_str(reader->arena, str_of(reader->rest.bytes, (size_t)end));
    if (answer.head.len > 12 && str_to_int64(str_of(answer.head.ptr + 9, 3), &number))
        answer.status = (int)number;
    drop_front(reader, (size_t)end);
    struct buffer body = {.arena = reader->arena};
    bool empty = head_only || answer.status == 204 || answer.status == 304 || answer.status < 200;
    struct str length = raw_header(&answer, STR("Content-Length"));
    if (empty) {
        answer.complete = true;
    } else if (str_equal_ignore_case(raw_header(&answer, STR("Transfer-Encoding")),
                                     STR("chunked"))) {
        answer.complete = read_chunked(reader, &body);
    } else if (str_to_int64(length, &number) && have_bytes(reader, (size_t)number)) {
        buffer_append(&body, str_of(reader->rest.bytes, (size_t)number));
        drop_front(reader, (size_t)number);
        answer.complete = true;
    }
    answer.body = buffer_str(&body);
    return answer;
}

struct raw_answer raw_exchange(uint16_t port, struct str request, struct arena *arena)
{
    struct raw_reader reader = {.fd = raw_connect(port), .arena = arena};
    raw_send(reader.fd, request);
    struct raw_answer answer = raw_read(&reader, str_starts_with(request, STR("HEAD ")));
    (void)close(reader.fd);
    return answer;
}
