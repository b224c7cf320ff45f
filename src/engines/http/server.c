/* The server of one loop: its socket, libmicrohttpd under our own epoll, its connections.
 *
 * libmicrohttpd keeps its descriptors in an epoll set of its own; that set's descriptor is watched
 * by the loop, and MHD_run() serves what is ready. It is also run when something was resumed and
 * when its earliest timeout comes, both from the hook at the end of a turn. */
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

enum { SWEEP_MS = 1000, LISTEN_BACKLOG = 1024 };

int64_t http_clock_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC_COARSE);
}

void http_server_want_run(struct http_server *server)
{
    server->run_wanted = true;
}

static void run(struct http_server *server)
{
    if (server->running) return;
    server->running = true;
    server->run_wanted = false;
    (void)MHD_run(server->daemon);
    server->running = false;
}

static void on_ready(void *argument, uint32_t events)
{
    (void)events;
    run(argument);
}

static void before_sleep(void *argument, int *timeout_ms)
{
    struct http_server *server = argument;
    MHD_UNSIGNED_LONG_LONG wait = 0;
    if (server->run_wanted) run(server);
    bool limited = MHD_get_timeout(server->daemon, &wait) == MHD_YES;
    if (limited && wait == 0) {
        run(server);
        limited = MHD_get_timeout(server->daemon, &wait) == MHD_YES;
    }
    if (server->run_wanted) {
        limited = true;
        wait = 0;
    }
    if (limited && (*timeout_ms < 0 || wait < (unsigned)*timeout_ms))
        *timeout_ms = wait > 60000 ? 60000 : (int)wait;
}

static void set_peer(struct http_connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    if (!address) return;
    const void *bytes = address->sa_family == AF_INET6
                            ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
                            : (const void *)&((const struct sockaddr_in *)address)->sin_addr;
    (void)inet_ntop(address->sa_family, bytes, connection->peer, sizeof(connection->peer));
    /* An IPv4 peer on a socket for both. */
    if (strncmp(connection->peer, "::ffff:", 7) == 0 && strchr(connection->peer, '.'))
        memmove(connection->peer, connection->peer + 7, strlen(connection->peer + 7) + 1);
}

static void connection_started(struct http_server *server, struct MHD_Connection *mhd,
                               void **context)
{
    struct http_connection *connection = calloc(1, sizeof(*connection));
    *context = connection;
    if (!connection) return; /* its requests are refused: see begin() */
    connection->server = server;
    connection->mhd = mhd;
    connection->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    connection->deadline_ms = http_clock_ms() + server->options.idle_timeout_ms;
    set_peer(connection);
    connection->next = server->connections;
    if (connection->next) connection->next->previous = connection;
    server->connections = connection;
    server->connection_count++;
    server->accepted++;
}

static void connection_ended(struct http_server *server, struct http_connection *connection)
{
    if (!connection) return;
    if (connection->unread) linger_begin(server, connection->fd);
    if (connection->next) connection->next->previous = connection->previous;
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        server->connections = connection->next;
    server->connection_count--;
    free(connection);
    /* At its limit libmicrohttpd stops listening, and begins again in a run after this one. */
    http_server_want_run(server);
}

static void on_connection(void *argument, struct MHD_Connection *mhd, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        connection_started(argument, mhd, context);
    else
        connection_ended(argument, *context);
}

/* libmicrohttpd sees the end of the stream and closes it; it has no call for that. */
static void hang_up(struct http_connection *connection)
{
    (void)shutdown(connection->fd, SHUT_RDWR);
}

/* What arrives with a request is not told again: libmicrohttpd, whose epoll is edge-triggered,
 * would keep a connection that was closed behind its request until it has been idle for too long.
 */
static bool peer_has_closed(struct http_connection *connection)
{
    char byte;
    connection->was_served = false;
    return recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* A peer that sends a byte now and then never times out by libmicrohttpd's clock. */
static void on_sweep(void *argument)
{
    struct http_server *server = argument;
    int64_t now = http_clock_ms();
    for (struct http_connection *at = server->connections; at; at = at->next)
        if (at->deadline_ms < now || (at->was_served && !at->request && peer_has_closed(at)))
            hang_up(at);
    server->sweep = loop_timer_start(server->loop, SWEEP_MS, on_sweep, server);
}

/* Escapes are decoded in target.c, strictly. */
static size_t leave_escapes(void *argument, struct MHD_Connection *connection, char *text)
{
    (void)argument;
    (void)connection;
    return strlen(text);
}

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

static struct MHD_Daemon *start_daemon(struct http_server *server)
{
    const struct http_options *options = &server->options;
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_PEDANTIC_CHECKS;
    /* Holds the head as it came, its fields taken apart, and the head of the answer. All of it is
     * cleared between two requests, half of it twice, which was a tenth of a look-up's time: it is
     * no larger than needed. */
    size_t memory = options->header_max_bytes + HTTP_ANSWER_HEAD_BYTES;
    struct MHD_OptionItem items[] = {
        {MHD_OPTION_LISTEN_SOCKET, server->listen_fd, NULL},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)exchange_completed, server},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, server},
        {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)leave_escapes, NULL},
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)request_cut_query, server},
        {MHD_OPTION_CONNECTION_LIMIT, (intptr_t)options->connections_max, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)memory, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)((options->idle_timeout_ms + 999) / 1000), NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    if (!options->credentials)
        return MHD_start_daemon(flags, 0, NULL, NULL, exchange_access, server, MHD_OPTION_ARRAY,
                                items, MHD_OPTION_END);
    return MHD_start_daemon(flags | MHD_USE_TLS, 0, NULL, NULL, exchange_access, server,
                            MHD_OPTION_ARRAY, items, MHD_OPTION_HTTPS_CERT_CALLBACK,
                            credentials_retrieve, MHD_OPTION_HTTPS_PRIORITIES,
                            "NORMAL:-VERS-ALL:+VERS-TLS1.3", MHD_OPTION_END);
}

static enum status open_daemon(struct http_server *server, struct error *error)
{
    atomic_store(&server->credentials, server->options.credentials);
    server->daemon = start_daemon(server);
    if (server->daemon) return STATUS_OK;
    return error_set(error, STATUS_IO, STR(""), STR(""), "the HTTP server does not start");
}

void http_server_set_credentials(struct http_server *server, struct http_credentials *credentials)
{
    atomic_store(&server->credentials, credentials);
}

static enum status attach(struct http_server *server, struct error *error)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!info) return error_plain(error, STATUS_INTERNAL);
    server->epoll_fd = info->listen_fd;
    enum status status = loop_watch(server->loop, server->epoll_fd, EPOLLIN, on_ready, server);
    if (status == STATUS_OK) status = loop_add_hook(server->loop, before_sleep, server);
    if (status != STATUS_OK) return error_plain(error, status);
    server->sweep = loop_timer_start(server->loop, SWEEP_MS, on_sweep, server);
    return server->sweep ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}

enum status http_server_new(struct loop *loop, const struct http_options *options,
                            struct http_server **out, struct error *error)
{
    struct http_server *server = calloc(1, sizeof(*server));
    *out = NULL;
    if (!server) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *server =
        (struct http_server){.options = *options, .loop = loop, .listen_fd = -1, .epoll_fd = -1};
    enum status status = listen_on(server, error);
    if (status == STATUS_OK) status = open_daemon(server, error);
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

void http_server_drain(struct http_server *server)
{
    if (server->draining) return;
    server->draining = true;
    (void)MHD_quiesce_daemon(server->daemon);
    (void)close(server->listen_fd);
    server->listen_fd = -1;
    for (struct http_connection *at = server->connections; at; at = at->next)
        if (!at->request) hang_up(at);
    http_server_want_run(server);
}

void http_server_cut(struct http_server *server)
{
    http_server_drain(server);
    server->cut = true;
    for (struct http_connection *at = server->connections; at; at = at->next) {
        hang_up(at);
        if (at->request) exchange_wake(at->request, at->request->waits);
    }
}

void http_server_free(struct http_server *server)
{
    if (!server) return;
    if (server->sweep) loop_timer_cancel(server->loop, server->sweep);
    if (server->epoll_fd >= 0) loop_unwatch(server->loop, server->epoll_fd);
    loop_remove_hook(server->loop, before_sleep, server);
    if (server->daemon) {
        if (!server->draining) (void)MHD_quiesce_daemon(server->daemon);
        MHD_stop_daemon(server->daemon);
    }
    linger_end_all(server);
    if (server->listen_fd >= 0) (void)close(server->listen_fd);
    while (server->parked) {
        struct http_request *next = server->parked->next_parked;
        arena_release(&server->parked->arena);
        free(server->parked);
        server->parked = next;
    }
    free(server);
}
