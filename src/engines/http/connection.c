/* A connection's own part: what it has read, what it waits for, and its end. Who holds it is told
 * in internal.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engines/http/internal.h"

/* The end of a connection whose peer may still be writing. Were the socket closed, those bytes
 * would be answered by a reset, and a reset takes the answer away from a peer that has not read it
 * yet (RFC 9112, 9.6). So what comes is thrown away for a while: until the peer ends too, or sends
 * less than a step in the time, or has sent enough. Many clients and proxies read the answer only
 * when they have sent all. */
enum {
    LINGER_MS = 5000,
    LINGER_STEP_BYTES = 1024 * 1024,
    LINGER_BYTES = 256 * 1024 * 1024,
    LINGERING_MAX = 256
};

static void on_event(void *argument, uint32_t events);

struct str connection_input(const struct http_connection *connection)
{
    const struct http_input *input = &connection->input;
    return input->bytes ? str_of(input->bytes + input->start, input->end - input->start) : STR("");
}

void connection_take(struct http_connection *connection, size_t count)
{
    connection->input.start += count;
}

static void input_free(struct http_input *input)
{
    free(input->bytes);
    *input = (struct http_input){0};
}

/* Keeps `bytes`, which are its own or somebody else's, and nothing but them. */
static bool input_keep(struct http_input *input, struct str bytes)
{
    if (!bytes.len) {
        input_free(input);
        return true;
    }
    if (input->capacity < bytes.len) {
        char *room = malloc(bytes.len);
        if (!room) return false;
        memcpy(room, bytes.ptr, bytes.len);
        free(input->bytes);
        input->bytes = room;
        input->capacity = bytes.len;
    } else {
        memmove(input->bytes, bytes.ptr, bytes.len);
    }
    input->start = 0;
    input->end = bytes.len;
    return true;
}

/* --- what is watched --- */

static bool watch(struct http_connection *connection, uint32_t events)
{
    if (connection->is_watched && connection->watched == events) return true;
    if (loop_watch(connection->server->loop, connection->fd, events, on_event, connection) !=
        STATUS_OK)
        return false;
    connection->is_watched = true;
    connection->watched = events;
    return true;
}

static void unwatch(struct http_connection *connection)
{
    loop_unwatch(connection->server->loop, connection->fd);
    connection->is_watched = false;
}

static int64_t idle_deadline(const struct http_connection *connection)
{
    return http_clock_ms() + connection->server->options.idle_timeout_ms;
}

/* --- the beginning and the end --- */

void connection_begin(struct http_server *server, int fd, const char *peer)
{
    struct http_connection *connection = calloc(1, sizeof(*connection));
    struct http_credentials *credentials = atomic_load(&server->credentials);
    SSL *tls = connection && credentials ? credentials_begin(credentials, fd) : NULL;
    if (!connection || (credentials && !tls)) {
        free(connection);
        (void)close(fd);
        return;
    }
    *connection = (struct http_connection){.server = server,
                                           .next = server->connections,
                                           .tls = tls,
                                           .fd = fd,
                                           .state = tls ? HTTP_SHAKES_HANDS : HTTP_OPEN};
    connection->deadline_ms = idle_deadline(connection);
    memcpy(connection->peer, peer, strlen(peer) + 1);
    if (connection->next) connection->next->previous = connection;
    server->connections = connection;
    server->connection_count++;
    server->accepted++;
    if (!watch(connection, EPOLLIN)) connection_close(connection);
}

void connection_close(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    unwatch(connection);
    if (connection->resets) {
        struct linger none = {.l_onoff = 1};
        (void)setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
    } else if (connection->tls) {
        transport_end_writing(connection);
    }
    SSL_free(connection->tls);
    (void)close(connection->fd);
    input_free(&connection->input);
    if (connection->next) connection->next->previous = connection->previous;
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        server->connections = connection->next;
    server->connection_count--;
    if (connection->state == HTTP_LINGERS) server->lingering_count--;
    free(connection);
    http_server_has_room(server);
}

void connection_end(struct http_connection *connection, bool lingers)
{
    struct http_server *server = connection->server;
    if (!lingers || connection->resets || server->cut || server->lingering_count >= LINGERING_MAX ||
        !watch(connection, EPOLLIN)) {
        connection_close(connection);
        return;
    }
    transport_end_writing(connection);
    input_free(&connection->input);
    connection->state = HTTP_LINGERS;
    connection->linger_bytes = LINGER_BYTES;
    connection->deadline_ms = http_clock_ms() + LINGER_MS;
    server->lingering_count++;
}

void connection_hang_up(struct http_connection *connection)
{
    (void)shutdown(connection->fd, SHUT_RDWR);
}

static void linger(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    ssize_t got = recv(connection->fd, server->scratch, server->scratch_bytes, 0);
    if (got <= 0 || (size_t)got >= connection->linger_bytes) {
        connection_close(connection);
        return;
    }
    size_t steps = connection->linger_bytes / LINGER_STEP_BYTES;
    connection->linger_bytes -= (size_t)got;
    if (connection->linger_bytes / LINGER_STEP_BYTES < steps)
        connection->deadline_ms = http_clock_ms() + LINGER_MS;
}

/* --- a head --- */

/* What is no head, or has no end within the limit. */
static struct http_request *refused(struct http_connection *connection, int status,
                                    struct str reason)
{
    struct http_request *request = exchange_new(connection);
    if (!request) {
        connection_close(connection);
        return NULL;
    }
    request_refuse(request, status, reason);
    return request;
}

static struct http_request *whole(struct http_connection *connection, struct str bytes,
                                  size_t length)
{
    struct http_request *request = exchange_new(connection);
    connection->input.seen = 0;
    /* The head first: it may stand in the input. */
    if (request) request_read_head(request, str_of(bytes.ptr, length));
    if (request && input_keep(&connection->input, str_skip(bytes, length))) return request;
    if (request) {
        request_refuse(request, 503, STR("there is no memory for the request"));
        return request;
    }
    connection_close(connection);
    return NULL;
}

/* A request begins with these bytes, or may. */
static struct http_request *look(struct http_connection *connection, struct str bytes)
{
    struct http_input *input = &connection->input;
    size_t most = connection->server->options.header_max_bytes, length = 0;
    if (!input->seen) bytes = str_skip(bytes, http_head_blank(bytes));
    bool has_begun = input->seen > 0;
    enum http_found found = http_head_find(bytes, &input->seen, &length);
    if (found == HTTP_FOUND_MALFORMED)
        return refused(connection, 400, STR("the head of the request is not well-formed"));
    if ((found == HTTP_FOUND_WHOLE ? length : bytes.len) > most)
        return refused(connection, 431, STR("the head of the request is larger than allowed"));
    if (found == HTTP_FOUND_WHOLE) return whole(connection, bytes, length);
    /* It must be complete in time, however its bytes are spread. */
    if (input->seen && !has_begun) connection->deadline_ms = idle_deadline(connection);
    if (!input_keep(input, bytes) || !watch(connection, EPOLLIN)) connection_close(connection);
    return NULL;
}

/* Reads once. */
static struct http_request *read_more(struct http_connection *connection)
{
    struct http_server *server = connection->server;
    struct str kept = connection_input(connection);
    if (kept.len) memcpy(server->scratch, kept.ptr, kept.len);
    ssize_t got =
        transport_read(connection, server->scratch + kept.len, server->scratch_bytes - kept.len);
    if (got == TRANSPORT_CLOSED || (got < 0 && !watch(connection, transport_events(got)))) {
        connection_close(connection);
        return NULL;
    }
    if (got < 0) return NULL;
    return look(connection, str_of(server->scratch, kept.len + (size_t)got));
}

struct http_request *connection_next(struct http_connection *connection)
{
    struct str kept = connection_input(connection);
    connection->deadline_ms = idle_deadline(connection);
    if (!watch(connection, EPOLLIN)) {
        connection_close(connection);
        return NULL;
    }
    if (kept.len) return look(connection, kept);
    input_free(&connection->input);
    return NULL;
}

static void shake_hands(struct http_connection *connection)
{
    ssize_t result = transport_handshake(connection);
    if (result == TRANSPORT_CLOSED ||
        (result < 0 && !watch(connection, transport_events(result)))) {
        connection_close(connection);
        return;
    }
    if (result < 0) return;
    connection->state = HTTP_OPEN;
    struct http_request *request = connection_next(connection);
    if (request) exchange_start(request);
}

/* The coroutine of the request waits for this, or for something else. In that case the socket is
 * not watched until it is wanted; an end of both directions shows all the same, again and again. */
static void on_event_of_request(struct http_connection *connection, uint32_t events)
{
    bool is_gone = events & (EPOLLHUP | EPOLLERR);
    if (connection->waiter) {
        coroutine_resume(connection->waiter);
        connection->waiter = NULL;
    } else if (is_gone) {
        connection->request->gone = true;
        unwatch(connection);
    } else if (!watch(connection, 0)) {
        unwatch(connection);
    }
}

static void on_event(void *argument, uint32_t events)
{
    struct http_connection *connection = argument;
    if (connection->request) {
        on_event_of_request(connection, events);
    } else if (connection->state == HTTP_LINGERS) {
        linger(connection);
    } else if (connection->state == HTTP_SHAKES_HANDS) {
        shake_hands(connection);
    } else {
        struct http_request *request = read_more(connection);
        if (request) exchange_start(request);
    }
}

/* --- in the coroutine of a request --- */

/* Until the socket is ready for this, or the deadline has come, or the peer has gone; then false.
 */
static bool wait_for(struct http_connection *connection, uint32_t events, int64_t deadline_ms)
{
    struct http_request *request = connection->request;
    if (!coroutine_current() || http_request_gone(request) || !watch(connection, events))
        return false;
    connection->deadline_ms = deadline_ms;
    connection->waiter = coroutine_current();
    coroutine_suspend();
    connection->waiter = NULL;
    connection->deadline_ms = INT64_MAX;
    return !http_request_gone(request);
}

/* Waits as long as the other side may still take for what it has to move. */
static bool wait_patiently(struct http_connection *connection, ssize_t result,
                           struct http_patience *patience)
{
    int64_t begin_ms = http_clock_ms();
    bool is_there = wait_for(connection, transport_events(result), begin_ms + patience->left_ms);
    int64_t took_ms = http_clock_ms() - begin_ms;
    patience->left_ms = took_ms < patience->left_ms ? patience->left_ms - took_ms : 0;
    return is_there;
}

static void moved(struct http_patience *patience, size_t bytes)
{
    patience->moved_bytes += bytes;
    if (patience->moved_bytes < HTTP_LEAST_BYTES || !patience->filled_ms) return;
    patience->moved_bytes = 0;
    patience->left_ms = patience->filled_ms;
}

/* Whoever sends or takes faster than we do lets the others have their turns. */
static void share_the_loop(struct http_request *request, size_t bytes)
{
    request->turn_bytes += bytes;
    if (request->turn_bytes < HTTP_TURN_BYTES || !coroutine_current()) return;
    request->turn_bytes = 0;
    coroutine_resume(coroutine_current());
    coroutine_suspend();
}

static bool has_room(struct http_input *input)
{
    if (input->capacity < HTTP_INPUT_BYTES) {
        input_free(input);
        input->bytes = malloc(HTTP_INPUT_BYTES);
        if (!input->bytes) return false;
        input->capacity = HTTP_INPUT_BYTES;
    }
    input->start = input->end = 0;
    return true;
}

bool connection_fill(struct http_connection *connection, struct http_patience *patience)
{
    struct http_input *input = &connection->input;
    ssize_t got = TRANSPORT_CLOSED;
    while (has_room(input)) {
        got = transport_read(connection, input->bytes, input->capacity);
        if (got >= 0 || got == TRANSPORT_CLOSED) break;
        if (!wait_patiently(connection, got, patience)) got = TRANSPORT_CLOSED;
        if (got == TRANSPORT_CLOSED) break;
    }
    if (got < 0) {
        connection->request->gone = true;
        return false;
    }
    input->end = (size_t)got;
    moved(patience, (size_t)got);
    share_the_loop(connection->request, (size_t)got);
    return true;
}

/* Takes what was sent off the front; false when nothing is left. */
static bool skip_sent(struct iovec **pieces, int *count, size_t sent)
{
    while (*count > 0 && sent >= (*pieces)->iov_len) {
        sent -= (*pieces)->iov_len;
        (*pieces)++;
        (*count)--;
    }
    if (*count == 0) return false;
    (*pieces)->iov_base = (char *)(*pieces)->iov_base + sent;
    (*pieces)->iov_len -= sent;
    return true;
}

bool connection_send(struct http_connection *connection, struct iovec *pieces, int count,
                     struct http_patience *patience)
{
    struct http_request *request = connection->request;
    if (http_request_gone(request)) return false;
    while (skip_sent(&pieces, &count, 0)) {
        ssize_t sent = transport_write(connection, pieces, count);
        if (sent == TRANSPORT_CLOSED || (sent < 0 && !wait_patiently(connection, sent, patience))) {
            request->gone = true;
            return false;
        }
        if (sent < 0) continue;
        moved(patience, (size_t)sent);
        (void)skip_sent(&pieces, &count, (size_t)sent);
        share_the_loop(request, (size_t)sent);
    }
    return true;
}
