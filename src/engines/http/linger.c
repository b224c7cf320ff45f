/* The end of a connection whose request was answered before its body was read. libmicrohttpd sends
 * the answer and closes; were the socket closed with it while the peer still writes, its bytes
 * would be answered by a reset, and a reset takes the answer away from a peer that has not read it
 * yet (RFC 9112, 9.6). So a copy of the descriptor keeps the socket for a while, in which what
 * comes is thrown away: until the peer ends too, or has had enough time or sent enough. */
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "engines/http/internal.h"

enum { LINGER_MS = 5000, LINGERING_MAX = 256, SCRAP_BYTES = 16 * 1024 };

struct http_linger {
    struct http_server *server;
    struct http_linger *next, *previous;
    struct loop_timer *timer;
    size_t left_bytes;
    int fd;
};

static void end(struct http_linger *linger)
{
    struct http_server *server = linger->server;
    if (linger->timer) loop_timer_cancel(server->loop, linger->timer);
    loop_unwatch(server->loop, linger->fd);
    (void)close(linger->fd);
    if (linger->next) linger->next->previous = linger->previous;
    if (linger->previous)
        linger->previous->next = linger->next;
    else
        server->lingering = linger->next;
    server->lingering_count--;
    free(linger);
}

static void on_time(void *argument)
{
    struct http_linger *linger = argument;
    linger->timer = NULL;
    end(linger);
}

static void on_bytes(void *argument, uint32_t events)
{
    struct http_linger *linger = argument;
    char scrap[SCRAP_BYTES];
    (void)events;
    ssize_t got = read(linger->fd, scrap, sizeof(scrap));
    if (got < 0) return end(linger);
    if (got == 0 || (size_t)got >= linger->left_bytes) return end(linger);
    linger->left_bytes -= (size_t)got;
}

void linger_begin(struct http_server *server, int fd)
{
    if (server->lingering_count >= LINGERING_MAX || server->cut) return;
    struct http_linger *linger = calloc(1, sizeof(*linger));
    if (!linger) return;
    *linger = (struct http_linger){.server = server,
                                   .next = server->lingering,
                                   .left_bytes = HTTP_LINGER_BYTES,
                                   .fd = dup(fd)};
    if (linger->fd < 0) {
        free(linger);
        return;
    }
    if (linger->next) linger->next->previous = linger;
    server->lingering = linger;
    server->lingering_count++;
    linger->timer = loop_timer_start(server->loop, LINGER_MS, on_time, linger);
    if (!linger->timer ||
        loop_watch(server->loop, linger->fd, EPOLLIN, on_bytes, linger) != STATUS_OK)
        end(linger);
}

void linger_end_all(struct http_server *server)
{
    while (server->lingering) end(server->lingering);
}
