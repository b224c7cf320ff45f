#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "engines/http/internal.h"

uint32_t transport_events(ssize_t result)
{
    return result == TRANSPORT_WAITS_TO_WRITE ? EPOLLOUT : EPOLLIN;
}

static ssize_t tls_result(struct http_connection *connection, int result)
{
    switch (SSL_get_error(connection->tls, result)) {
    case SSL_ERROR_WANT_READ:
        return TRANSPORT_WAITS_TO_READ;
    case SSL_ERROR_WANT_WRITE:
        return TRANSPORT_WAITS_TO_WRITE;
    default:
        return TRANSPORT_CLOSED;
    }
}

ssize_t transport_handshake(struct http_connection *connection)
{
    ERR_clear_error();
    int result = SSL_accept(connection->tls);
    return result == 1 ? 0 : tls_result(connection, result);
}

/* There is room for a whole record, and OpenSSL reads no further: nothing is left with it that the
 * socket would not tell of. */
static ssize_t tls_read(struct http_connection *connection, char *bytes, size_t size)
{
    size_t got = 0;
    assert(size >= HTTP_RECORD_BYTES);
    ERR_clear_error();
    int result = SSL_read_ex(connection->tls, bytes, size, &got);
    return result == 1 ? (ssize_t)got : tls_result(connection, result);
}

ssize_t transport_read(struct http_connection *connection, char *bytes, size_t size)
{
    if (connection->tls) return tls_read(connection, bytes, size);
    ssize_t got;
    do {
        got = recv(connection->fd, bytes, size, 0);
    } while (got < 0 && errno == EINTR);
    if (got > 0) return got;
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? TRANSPORT_WAITS_TO_READ
                                                                : TRANSPORT_CLOSED;
}

/* One record of as much as fits into one: a head and its body go together. What could not be
 * written is tried again with the same bytes, which OpenSSL asks for, since nothing else is sent in
 * between. */
static ssize_t tls_write(struct http_connection *connection, const struct iovec *pieces, int count)
{
    char record[HTTP_RECORD_BYTES];
    size_t size = 0, written = 0;
    for (int i = 0; i < count && size < sizeof(record); i++) {
        size_t room = sizeof(record) - size;
        size_t taken = pieces[i].iov_len < room ? pieces[i].iov_len : room;
        if (taken) memcpy(record + size, pieces[i].iov_base, taken);
        size += taken;
    }
    ERR_clear_error();
    int result = SSL_write_ex(connection->tls, record, size, &written);
    return result == 1 ? (ssize_t)written : tls_result(connection, result);
}

ssize_t transport_write(struct http_connection *connection, const struct iovec *pieces, int count)
{
    if (connection->tls) return tls_write(connection, pieces, count);
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)pieces,
                             .msg_iovlen = (size_t)count};
    ssize_t sent;
    do {
        sent = sendmsg(connection->fd, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0) return sent;
    return errno == EAGAIN || errno == EWOULDBLOCK ? TRANSPORT_WAITS_TO_WRITE : TRANSPORT_CLOSED;
}

void transport_end_writing(struct http_connection *connection)
{
    ERR_clear_error();
    if (connection->tls && connection->state != HTTP_SHAKES_HANDS)
        (void)SSL_shutdown(connection->tls);
    (void)shutdown(connection->fd, SHUT_WR);
}
