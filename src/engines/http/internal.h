/* What the files of the engine share. Nobody outside engines/http includes this, but for tests.
 *
 * A connection is in one of two hands. While no request is under way it is the loop's: what comes
 * is looked at until a head is whole. Then it is the coroutine's of that
 * request, until the answer has been sent: reading the body and writing the answer are
 * straight-line code there, which tries and, when the socket would block,
 * waits. So whoever closes a connection is always known: the loop an idle one, the
 * coroutine its own; everybody else only shuts it down (connection_hang_up()), which both notice.
 *
 * All of it happens on the loop's thread.
 */
#ifndef ENGINES_HTTP_INTERNAL_H
#define ENGINES_HTTP_INTERNAL_H

#include <openssl/ssl.h>
#include <stdatomic.h>
#include <sys/uio.h>

#include "engines/http/body.h"
#include "engines/http/head.h"
#include "engines/http/http.h"

enum {
    HTTP_QUERY_MAX = 32,
    HTTP_RESPONSE_HEADERS_MAX = 24,
    HTTP_PEER_MAX = 48,
    HTTP_RECORD_BYTES = 16 * 1024, /* of TLS, at most (RFC 8446, 5.1) */
    /* What is read at once of a body. */
    HTTP_INPUT_BYTES = 32 * 1024,
    HTTP_PARKED_REQUESTS_MAX = 256,
    /* What is left of a body and no more than that is thought to be on its way already: it is read,
     * so that the connection can be used again, also when the answer does not need it. */
    HTTP_SMALL_BYTES = 16 * 1024,
    /* A stream that makes its other side wait has to move so much within the idle timeout. */
    HTTP_LEAST_BYTES = 16 * 1024,
    /* What one connection moves in one turn of the loop. */
    HTTP_TURN_BYTES = 256 * 1024,
    HTTP_DATE_BYTES = 32
};

/* The bytes that were read and not used yet are those from `start` to `end`. */
struct http_input {
    char *bytes; /* NULL: none */
    size_t start, end, capacity;
    size_t seen; /* of a head, how far it was looked at */
};

enum http_state { HTTP_SHAKES_HANDS, HTTP_OPEN, HTTP_LINGERS };

struct http_connection {
    struct http_server *server;
    struct http_connection *next, *previous;
    struct http_request *request; /* under way, or NULL */
    struct coroutine *waiter;     /* of that request, for the socket */
    SSL *tls;                     /* NULL: plain */
    int64_t deadline_ms;          /* when it is shut down; INT64_MAX: never */
    int fd;
    uint32_t watched; /* the events asked for */
    enum http_state state;
    bool is_watched;
    bool resets; /* the end is to look like none: what was answered is not whole */
    size_t linger_bytes;
    struct http_input input;
    char peer[HTTP_PEER_MAX];
};

struct http_response {
    int status;
    struct str body;
    struct http_request *request;
    bool streamed; /* http_response_write() was called */
    bool aborted;
    size_t header_count;
    struct http_pair headers[HTTP_RESPONSE_HEADERS_MAX];
};

/* How long the other side may still be waited for; filled up with each HTTP_LEAST_BYTES it moves.
 */
struct http_patience {
    int64_t left_ms;
    int64_t filled_ms; /* 0: not filled up */
    size_t moved_bytes;
};

struct http_request {
    struct http_server *server;
    struct http_connection *connection;
    struct http_request *next_parked;
    struct arena arena; /* the head is copied into it, and all else points there */
    struct str method, path;
    struct http_refusal refusal; /* with a status: no handler, but options.refuse */

    struct http_body decoder;
    struct str body; /* received whole */
    size_t received_bytes;
    struct http_patience reading, writing;
    size_t turn_bytes; /* moved since the others had theirs */

    bool is_1_0;
    bool keeps;     /* the peer does not ask for the connection's end */
    bool has_body;  /* the head announces one */
    bool continues; /* the peer waits for "100 Continue" */
    bool gathers;   /* the handler took the whole body */
    bool gone;      /* nobody is there any more, or nobody who can be understood */
    bool answered;  /* nothing more is sent: it was a HEAD */
    bool drains;    /* all is sent, and the rest of the body is passed over */

    size_t header_count, query_count;
    struct http_response response;
    /* These, and the response's, are filled as far as the counts say, and not cleared with the
     * rest: see exchange_new(). */
    struct http_pair headers[HTTP_HEADERS_MAX];
    struct http_pair query[HTTP_QUERY_MAX];
};

struct http_server {
    struct http_options options;
    struct loop *loop;
    struct loop_timer *sweep;
    struct http_connection *connections;
    size_t lingering_count;
    struct http_request *parked;
    size_t parked_count;
    size_t active;
    /* Written by the loop's thread only; metrics read them from others. */
    _Atomic size_t connection_count;
    _Atomic uint64_t accepted;
    struct http_credentials *_Atomic credentials; /* NULL: plain HTTP */
    int listen_fd;
    uint16_t port;
    bool accepts; /* the listening socket is watched */
    bool draining;
    bool cut;
    int64_t date_s; /* of `date` */
    char date[HTTP_DATE_BYTES];
    /* What an idle connection reads into. */
    char *scratch;
    size_t scratch_bytes;
};

/* server.c */
int64_t http_clock_ms(void);
/* A connection has gone: there is room for another. */
void http_server_has_room(struct http_server *server);

/* credentials.c: NULL when out of memory */
SSL *credentials_begin(struct http_credentials *credentials, int fd);

/* transport.c: bytes, plain or not. What is less than 0 is one of these. */
enum { TRANSPORT_CLOSED = -1, TRANSPORT_WAITS_TO_READ = -2, TRANSPORT_WAITS_TO_WRITE = -3 };
/* 0 when hands are shaken. */
ssize_t transport_handshake(struct http_connection *connection);
/* There must be room for HTTP_RECORD_BYTES. */
ssize_t transport_read(struct http_connection *connection, char *bytes, size_t size);
ssize_t transport_write(struct http_connection *connection, const struct iovec *pieces, int count);
/* Says that nothing more is written. */
void transport_end_writing(struct http_connection *connection);
/* Of TRANSPORT_WAITS_...: what to watch for. */
uint32_t transport_events(ssize_t result);

/* connection.c */
/* Takes over the descriptor, also when it fails. */
void connection_begin(struct http_server *server, int fd, const char *peer);
/* Looks for a request in what has come. NULL when there is none yet; or any more: then the
 * connection is gone. */
struct http_request *connection_next(struct http_connection *connection);
/* Ends it; with bytes that the peer may still be sending, not at once. */
void connection_end(struct http_connection *connection, bool lingers);
void connection_close(struct http_connection *connection);
/* Whoever holds it will find its end. */
void connection_hang_up(struct http_connection *connection);
/* What was read and not used yet. */
struct str connection_input(const struct http_connection *connection);
void connection_take(struct http_connection *connection, size_t count);
/* In the request's coroutine, as the rest: reads more, when all of it was used. False when the peer
 * has gone. */
bool connection_fill(struct http_connection *connection, struct http_patience *patience);
/* All of the pieces, which are used up. False when the peer has gone. */
bool connection_send(struct http_connection *connection, struct iovec *pieces, int count,
                     struct http_patience *patience);

/* exchange.c */
/* NULL when out of memory. */
struct http_request *exchange_new(struct http_connection *connection);
/* Runs its handler and sends the answer, and goes on with the next that is there. */
void exchange_start(struct http_request *request);

/* request.c */
/* Takes the head apart and checks it; sets `refusal` when it is not in order. */
void request_read_head(struct http_request *request, struct str head);
void request_refuse(struct http_request *request, int status, struct str reason);
/* Can what is left of the body be read, so that the connection is used again? */
bool request_can_drain(const struct http_request *request);
/* False when the peer has gone. */
bool request_drain(struct http_request *request);

/* response.c */
/* Sends what has not been sent yet. False when the connection cannot be used any more. */
bool response_finish(struct http_response *response, bool closes);

#endif
