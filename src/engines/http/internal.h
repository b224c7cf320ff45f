/* What the files of the engine share. Nobody outside engines/http includes this.
 *
 * Life of a request. libmicrohttpd calls exchange_access() when the head is there, for every piece
 * of the body, and again when the request is complete or was resumed; the handler runs in a
 * coroutine that begins in the first of those calls when a body is to come, else in the last. Three
 * parties hold on to a request: libmicrohttpd (until exchange_completed()), the coroutine (until
 * the handler returns) and the connection; it goes back to the pool when the first two are done.
 *
 * While the coroutine waits for something else than the peer, the connection is suspended, for an
 * idle one would time out and a polled one would spin. A suspended connection is never closed by
 * libmicrohttpd, so a request whose handler waits cannot lose its connection; but one that streams
 * can, between two chunks: then `gone` is set.
 *
 * All of it happens on the loop's thread.
 */
#ifndef ENGINES_HTTP_INTERNAL_H
#define ENGINES_HTTP_INTERNAL_H

#include <gnutls/abstract.h>
#include <microhttpd.h>
#include <stdatomic.h>

#include "engines/http/http.h"

enum {
    HTTP_HEADERS_MAX = 100,
    HTTP_QUERY_MAX = 32,
    HTTP_RESPONSE_HEADERS_MAX = 24,
    HTTP_PEER_MAX = 48,
    /* What a field or a parameter of the query counts besides its bytes: libmicrohttpd's note of
     * where it is, in the same memory. (RFC 9113, 6.5.2, counts 32 for that.) */
    HTTP_FIELD_BYTES = 64,
    /* Memory of a connection besides that of its heads: for the head of an answer. */
    HTTP_ANSWER_HEAD_BYTES = 2048,
    HTTP_CHUNK_BYTES = 16 * 1024,
    HTTP_PARKED_REQUESTS_MAX = 256,
    /* A body of that size is thought to be on its way already: the connection is kept, also when
     * the answer does not need it. */
    HTTP_SMALL_BYTES = 16 * 1024,
    /* How much of a body is still read when the answer is known already, so that a peer which only
     * reads after having written sees it. */
    HTTP_LINGER_BYTES = 4 * 1024 * 1024
};

struct http_pair {
    struct str name;
    struct str value;
};

struct http_connection {
    struct http_server *server;
    struct MHD_Connection *mhd;
    struct http_connection *next, *previous;
    struct http_request *request; /* under way, or NULL */
    int64_t deadline_ms;          /* when the head or body must be complete; INT64_MAX: no limit */
    int fd;
    bool unread;     /* answered before the body was read */
    bool was_served; /* a request, since the last look at whether the peer has closed */
    char peer[HTTP_PEER_MAX];
};

struct http_response {
    int status;
    struct str body;
    struct http_request *request;
    bool streamed;   /* http_response_write() was called */
    bool given_away; /* the head is with libmicrohttpd */
    bool aborted;
    struct str pending; /* what the peer has not taken yet */
    size_t header_count;
    struct http_pair headers[HTTP_RESPONSE_HEADERS_MAX];
};

/* What the handler's coroutine waits for from the peer. */
enum http_wait { WAIT_NOTHING, WAIT_CHUNK, WAIT_BODY, WAIT_WRITTEN };

struct http_request {
    struct http_server *server;
    struct http_connection *connection;
    struct http_request *next_parked;
    struct arena arena;
    /* All strings are copies in the arena: a connection that closes takes its own along. */
    struct str method, path, peer;
    const char *head_read; /* how far libmicrohttpd's buffer is accounted for */
    int refusal;           /* a status: no handler, but options.refuse */
    struct str refusal_reason;

    struct str body;
    size_t body_capacity;
    size_t received_bytes;
    size_t wasted_bytes; /* of them, those that nobody wanted */
    int64_t patience_ms; /* how long the peer may still be waited for: request.c */
    char *chunk;         /* of a streamed body; `body` is what it holds */

    bool head_done; /* the first call is over: libmicrohttpd reads the body */
    bool streams;   /* the body is read by the handler, piece by piece */
    bool gathers;   /* the handler wants the whole body */
    bool body_ended;
    bool too_large;
    bool started;   /* the coroutine was */
    bool ended;     /* the handler returned, or there is none */
    bool suspended; /* the connection is */
    bool gone;      /* libmicrohttpd is done with it */
    enum http_wait waits;
    struct coroutine *coroutine;

    size_t header_count, query_count;
    struct http_response response;
    /* These, and the response's, are filled as far as the counts say, and not cleared with the
     * rest: see acquire(). */
    struct http_pair headers[HTTP_HEADERS_MAX];
    struct http_pair query[HTTP_QUERY_MAX];
};

struct http_server {
    struct http_options options;
    struct loop *loop;
    struct MHD_Daemon *daemon;
    struct loop_timer *sweep;
    struct http_connection *connections;
    struct http_linger *lingering;
    size_t lingering_count;
    struct http_request *parked;
    size_t parked_count;
    size_t active;
    /* Written by the loop's thread only; metrics read them from others. */
    _Atomic size_t connection_count;
    _Atomic uint64_t accepted;
    struct http_credentials *_Atomic credentials; /* NULL: plain HTTP */
    int listen_fd;
    int epoll_fd;
    uint16_t port;
    bool run_wanted; /* something was resumed */
    bool running;    /* inside MHD_run() */
    bool draining;
    bool cut;
};

/* server.c */
int64_t http_clock_ms(void);
/* Makes the loop call libmicrohttpd before it sleeps. */
void http_server_want_run(struct http_server *server);

/* credentials.c: what GnuTLS asks for at a handshake */
int credentials_retrieve(gnutls_session_t session, const gnutls_datum_t *authorities,
                         int authority_count, const gnutls_pk_algorithm_t *algorithms,
                         int algorithm_count, gnutls_pcert_st **chain, unsigned *length,
                         gnutls_privkey_t *key);

/* exchange.c: the callbacks of libmicrohttpd */
enum MHD_Result exchange_access(void *argument, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *data,
                                size_t *data_bytes, void **context);
void exchange_completed(void *argument, struct MHD_Connection *connection, void **context,
                        enum MHD_RequestTerminationCode why);
void exchange_suspend(struct http_request *request);
void exchange_resume(struct http_request *request);
/* Lets the handler go on, if it waits for this. */
void exchange_wake(struct http_request *request, enum http_wait what);
/* When a body that begins now must be complete. */
int64_t exchange_body_deadline(const struct http_request *request);
/* When the peer must have taken so much of the answer. */
int64_t exchange_answer_deadline(const struct http_request *request, size_t bytes);
/* What so many bytes may take at the least rate. */
int64_t exchange_least_ms(const struct http_request *request, size_t bytes);
/* Suspends the handler; false when the peer is gone. */
bool exchange_wait(struct http_request *request, enum http_wait what);

/* request.c */
/* Takes headers and query from libmicrohttpd and checks them; sets `refusal` when they are not in
 * order. */
void request_read_head(struct http_request *request, struct MHD_Connection *connection,
                       const char *url, const char *method, const char *version);
/* Before libmicrohttpd takes the target apart: no more parameters than make it refused, for where
 * its memory does not suffice for them, 0.9.75 neither answers nor closes. */
void *request_cut_query(void *argument, const char *target, struct MHD_Connection *connection);
void request_refuse(struct http_request *request, int status, struct str reason);

/* Does the head announce a body, and of what size? 0: it does not say. */
bool request_has_body(const struct http_request *request);
uint64_t request_declared_bytes(const struct http_request *request);

/* linger.c */
/* Keeps the socket, which is about to be closed, and throws away what comes. */
void linger_begin(struct http_server *server, int fd);
void linger_end_all(struct http_server *server);

/* response.c */
/* Gives the answer to libmicrohttpd. False when it does not take it. */
bool response_queue(struct http_response *response, struct MHD_Connection *connection);

#endif
