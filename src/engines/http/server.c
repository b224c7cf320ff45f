/* The server of one loop: its listening socket, and the clock of its connections. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "engines/http/internal.h"

enum { SWEEP_MS = 1000, LISTEN_BACKLOG = 1024, ACCEPTS_PER_TURN = 64 };

int64_t http_clock_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC_COARSE);
}

/* --- accepting --- */

static void write_peer(const struct sockaddr_storage *address, char peer[HTTP_PEER_MAX])
{
    const void *bytes = address->ss_family == AF_INET6
                            ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
                            : (const void *)&((const struct sockaddr_in *)address)->sin_addr;
    peer[0] = '\0';
    (void)inet_ntop(address->ss_family, bytes, peer, HTTP_PEER_MAX);
    /* An IPv4 peer on a socket for both. */
    if (strncmp(peer, "::ffff:", 7) == 0 && strchr(peer, '.'))
        memmove(peer, peer + 7, strlen(peer + 7) + 1);
}

static void on_sweep(void *argument);

/* Without memory for the timer the next connection tries again. */
static void want_sweep(struct http_server *server)
{
    if (!server->sweep) server->sweep = loop_timer_start(server->loop, SWEEP_MS, on_sweep, server);
}

static void stop_accepting(struct http_server *server)
{
    if (server->accepts) loop_unwatch(server->loop, server->listen_fd);
    server->accepts = false;
}

/* False when there is nobody, or no room. */
static bool accept_one(struct http_server *server)
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof(address);
    int on = 1;
    char peer[HTTP_PEER_MAX];
    want_sweep(server);
    if (server->connection_count >= server->options.connections_max) {
        stop_accepting(server);
        return false;
    }
    int fd = accept4(server->listen_fd, (struct sockaddr *)&address, &length,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        write_peer(&address, peer);
        connection_begin(server, fd, peer);
        return true;
    }
    /* Without descriptors or memory it would be told of the same peer for ever: the sweep, or the
     * end of a connection, begins again. */
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        stop_accepting(server);
    return errno == ECONNABORTED || errno == EINTR;
}

static void on_peers(void *argument, uint32_t events)
{
    (void)events;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++)
        if (!accept_one(argument)) return;
}

void http_server_has_room(struct http_server *server)
{
    if (server->accepts || server->listen_fd < 0 ||
        server->connection_count >= server->options.connections_max)
        return;
    server->accepts =
        loop_watch(server->loop, server->listen_fd, EPOLLIN, on_peers, server) == STATUS_OK;
}

/* Whose time is over. A request's own coroutine closes its connection. */
static void on_sweep(void *argument)
{
    struct http_server *server = argument;
    int64_t now = http_clock_ms();
    for (struct http_connection *at = server->connections, *next; at; at = next) {
        next = at->next;
        if (at->deadline_ms >= now) continue;
        if (at->request)
            connection_hang_up(at);
        else
            connection_close(at);
    }
    http_server_has_room(server);
    server->sweep = NULL;
    want_sweep(server);
}

/* --- the beginning --- */

static int open_socket(const struct addrinfo *address)
{
    int on = 1;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0 &&
        bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, LISTEN_BACKLOG) == 0)
        return fd;
    int why = errno;
    (void)close(fd);
    errno = why;
    return -1;
}

static enum status listen_on(struct http_server *server, struct error *error)
{
    const struct http_options *options = &server->options;
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_PASSIVE, .ai_socktype = SOCK_STREAM};
    struct addrinfo *address = NULL;
    char host[64] = "";
    struct str given =
        str_equal(options->host, STR("localhost")) ? STR("127.0.0.1") : options->host;
    if (given.len && given.len < sizeof(host)) memcpy(host, given.ptr, given.len);
    if (getaddrinfo(host, NULL, &hints, &address) != 0)
        return error_set(error, STATUS_CONFIGURATION, STR("listen"),
                         STR("an address such as 127.0.0.1, 0.0.0.0 or ::1"),
                         "is not an address to listen on");
    if (address->ai_family == AF_INET6)
        ((struct sockaddr_in6 *)address->ai_addr)->sin6_port = htons(options->port);
    else
        ((struct sockaddr_in *)address->ai_addr)->sin_port = htons(options->port);
    server->listen_fd = open_socket(address);
    int why = errno;
    freeaddrinfo(address);
    if (server->listen_fd < 0)
        return error_set(error, STATUS_IO, STR("listen"), STR(""),
                         "cannot listen on %s port %u: %s", host, options->port, strerror(why));
    return STATUS_OK;
}

static uint16_t bound_port(int fd)
{
    struct sockaddr_in6 address = {0};
    socklen_t length = sizeof(address);
    /* The port stands at the same place in both families. */
    return getsockname(fd, (struct sockaddr *)&address, &length) == 0 ? ntohs(address.sin6_port)
                                                                      : 0;
}

void http_server_set_credentials(struct http_server *server, struct http_credentials *credentials)
{
    atomic_store(&server->credentials, credentials);
}

static enum status attach(struct http_server *server, struct error *error)
{
    server->scratch_bytes = server->options.header_max_bytes + HTTP_RECORD_BYTES;
    server->scratch = malloc(server->scratch_bytes);
    if (!server->scratch) return error_plain(error, STATUS_OUT_OF_MEMORY);
    http_server_has_room(server);
    want_sweep(server);
    return server->sweep && server->accepts ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}

enum status http_server_new(struct loop *loop, const struct http_options *options,
                            struct http_server **out, struct error *error)
{
    struct http_server *server = calloc(1, sizeof(*server));
    *out = NULL;
    if (!server) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *server = (struct http_server){.options = *options, .loop = loop, .listen_fd = -1};
    atomic_store(&server->credentials, options->credentials);
    enum status status = listen_on(server, error);
    if (status == STATUS_OK) status = attach(server, error);
    if (status != STATUS_OK) {
        http_server_free(server);
        return status;
    }
    server->port = bound_port(server->listen_fd);
    *out = server;
    return STATUS_OK;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

size_t http_server_active(const struct http_server *server)
{
    return server->active;
}

size_t http_server_connections(const struct http_server *server)
{
    return atomic_load_explicit(&server->connection_count, memory_order_relaxed);
}

uint64_t http_server_accepted(const struct http_server *server)
{
    return atomic_load_explicit(&server->accepted, memory_order_relaxed);
}

/* --- the end --- */

static void stop_listening(struct http_server *server)
{
    stop_accepting(server);
    if (server->listen_fd >= 0) (void)close(server->listen_fd);
    server->listen_fd = -1;
}

void http_server_drain(struct http_server *server)
{
    if (server->draining) return;
    server->draining = true;
    stop_listening(server);
    for (struct http_connection *at = server->connections, *next; at; at = next) {
        next = at->next;
        if (at->request && at->request->drains)
            connection_hang_up(at);
        else if (!at->request && at->state != HTTP_LINGERS)
            connection_close(at);
    }
}

void http_server_cut(struct http_server *server)
{
    http_server_drain(server);
    server->cut = true;
    for (struct http_connection *at = server->connections; at; at = at->next)
        connection_hang_up(at);
}

void http_server_free(struct http_server *server)
{
    if (!server) return;
    if (server->sweep) loop_timer_cancel(server->loop, server->sweep);
    stop_listening(server);
    while (server->connections) connection_close(server->connections);
    while (server->parked) {
        struct http_request *next = server->parked->next_parked;
        arena_release(&server->parked->arena);
        free(server->parked);
        server->parked = next;
    }
    free(server->scratch);
    free(server);
}
