/* An HTTP/1.1 server over libmicrohttpd: one listening socket per loop (SO_REUSEPORT), each request
 * handled by a function in a coroutine, which reads as straight-line code.
 *
 * The handler fills the response and returns; until then the connection is suspended. Bodies up to
 * body_max_bytes are given whole, unless the route asked for streaming (see stream_body).
 */
#ifndef ENGINES_HTTP_HTTP_H
#define ENGINES_HTTP_HTTP_H

#include "engines/loop/loop.h"

struct http_request;
struct http_response;

struct http_options {
    struct str host; /* address to bind; "127.0.0.1" */
    uint16_t port;   /* 0: any; see http_server_port() */
    size_t body_max_bytes;
    size_t connections_max;
    size_t header_max_bytes;
    int64_t idle_timeout_ms; /* no byte for so long: closed */
    size_t request_arena_bytes;
    struct str tls_certificate; /* PEM text; absent: plain HTTP. TLS 1.3 only */
    struct str tls_key;
    /* Decides, when the headers are there, whether the body is handed over in chunks
     * (http_request_read) instead of whole. May be NULL. */
    bool (*stream_body)(void *context, struct str method, struct str path);
    /* Runs in a coroutine. */
    void (*handle)(void *context, struct http_request *request, struct http_response *response);
    void *context;
};

struct http_server;

MUST_CHECK enum status http_server_new(struct loop *loop, const struct http_options *options,
                                       struct http_server **server, struct error *error);
uint16_t http_server_port(const struct http_server *server);
/* Stops accepting; requests under way go on. */
void http_server_drain(struct http_server *server);
/* Requests not answered yet, streams included. */
size_t http_server_active(const struct http_server *server);
size_t http_server_connections(const struct http_server *server);
void http_server_free(struct http_server *server);

/* --- request --- */
struct str http_request_method(const struct http_request *request);
/* Percent-decoded path without query; never empty. Invalid escapes were answered with 400. */
struct str http_request_path(const struct http_request *request);
/* First value of a header, name in any case; absent when it is not there. */
struct str http_request_header(const struct http_request *request, struct str name);
/* True when the header came more than once. */
bool http_request_header_repeated(const struct http_request *request, struct str name);
/* Query parameters in order, decoded. False past the last. */
bool http_request_query(const struct http_request *request, size_t index, struct str *name,
                        struct str *value);
struct str http_request_body(const struct http_request *request);
/* Next chunk of a streamed body, suspending until there is one; empty at the end. STATUS_IO when
 * the peer went away, STATUS_REQUEST_TOO_LARGE past the limit. Valid until the next call. */
MUST_CHECK enum status http_request_read(struct http_request *request, struct str *chunk);
/* Address of the peer as text: "127.0.0.1", "::1". */
struct str http_request_peer(const struct http_request *request);
struct arena *http_request_arena(struct http_request *request);

/* A request that came from no socket, for the tests of code that reads requests. `headers` is
 * name, value, name, value...; header_count counts pairs. In the arena; NULL when out of memory. */
struct http_request *http_request_made(struct arena *arena, struct str method, struct str path,
                                       const struct str *headers, size_t header_count,
                                       struct str peer);

/* --- response --- */
void http_response_status(struct http_response *response, int status);
/* Copied when needed; name and value must live as long as the request. */
void http_response_header(struct http_response *response, struct str name, struct str value);
/* The whole body; bytes live in the request's arena or longer. */
void http_response_body(struct http_response *response, struct str body);
/* For a streamed answer: sends what was written, suspending while the peer is slow. STATUS_IO when
 * the peer went away or the server drains. The first call sends the head. */
MUST_CHECK enum status http_response_write(struct http_response *response, struct str chunk);

#endif
