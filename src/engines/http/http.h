/* An HTTP/1.1 server: one listening socket per loop (SO_REUSEPORT), each request handled by a
 * function in a coroutine, which reads as straight-line code.
 *
 * The handler begins when the head is there, fills the response and returns. It asks for the body,
 * whole (http_request_receive) or in pieces (http_request_read); or it answers without, at once,
 * and what still comes of the body is not kept.
 *
 * What a peer may send is checked before a handler sees it: RFC 9110 names and values, one Host,
 * one framing of the body (never both Content-Length and Transfer-Encoding), escapes and UTF-8 of
 * the target. What is not in order is answered by `refuse` and the connection is closed.
 *
 * When the peer goes away while a handler runs, the handler is not disturbed: reads and writes of
 * its request fail with STATUS_IO, and its answer is dropped.
 */
#ifndef ENGINES_HTTP_HTTP_H
#define ENGINES_HTTP_HTTP_H

#include "engines/http/credentials.h"
#include "engines/loop/loop.h"

struct http_request;
struct http_response;

struct http_options {
    struct str host; /* address to bind; "127.0.0.1" */
    uint16_t port;   /* 0: any; see http_server_port() */
    size_t body_max_bytes;
    size_t connections_max;
    size_t header_max_bytes; /* of a head, its empty line included */
    size_t stream_max_bytes; /* of a body that is read in pieces; 0: no limit */
    int64_t idle_timeout_ms; /* nothing under way for so long: closed. A head, and a body that is
                                received whole, must be complete within that time, of a stream in
                                either direction 16 KiB moved, not counting the handler's own */
    size_t request_arena_bytes;
    struct http_credentials *credentials; /* NULL: plain HTTP. TLS 1.3 only, in a process that
                                             ignores SIGPIPE; not ours to free */
    /* Runs in a coroutine. */
    void (*handle)(void *context, struct http_request *request, struct http_response *response);
    /* Writes the answer to a request that is not handed to a handler, or whose body was none, with
     * the status given; it must not wait. What could not be read has no method and the path "/".
     * NULL: the reason as plain text. */
    void (*refuse)(void *context, struct http_request *request, struct http_response *response,
                   int status, struct str reason);
    void *context;
};

struct http_server;

MUST_CHECK enum status http_server_new(struct loop *loop, const struct http_options *options,
                                       struct http_server **server, struct error *error);
uint16_t http_server_port(const struct http_server *server);
/* For handshakes from now on; the server must have begun with some. Thread-safe. */
void http_server_set_credentials(struct http_server *server, struct http_credentials *credentials);
/* Stops accepting and closes idle connections; requests under way go on, and their answers close
 * the connection. */
void http_server_drain(struct http_server *server);
/* For the end of a drain that took too long: cuts every connection; reads and writes fail. */
void http_server_cut(struct http_server *server);
/* Requests not answered yet, streams included. */
size_t http_server_active(const struct http_server *server);
/* Open connections, and those accepted since the start. Thread-safe. */
size_t http_server_connections(const struct http_server *server);
uint64_t http_server_accepted(const struct http_server *server);
/* No request may be active: drain, cut, and run the loop until none is. */
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
/* Does the head announce one? */
bool http_request_has_body(const struct http_request *request);
/* Receives the whole body, suspending until it is there. STATUS_IO when the peer went away,
 * STATUS_REQUEST_TOO_LARGE past body_max_bytes or the memory of the request: at once when the
 * head says so. */
MUST_CHECK enum status http_request_receive(struct http_request *request);
/* What was received; empty before. */
struct str http_request_body(const struct http_request *request);
/* Next chunk of the body, instead of receiving it whole, suspending until there is one; empty at
 * the end. STATUS_IO when the peer went away, STATUS_REQUEST_TOO_LARGE past the limit. Valid until
 * the next call. */
MUST_CHECK enum status http_request_read(struct http_request *request, struct str *chunk);
/* Address of the peer as text: "127.0.0.1", "::1". */
struct str http_request_peer(const struct http_request *request);
struct arena *http_request_arena(struct http_request *request);
/* True when the server drains: a long stream should come to its end. */
bool http_request_draining(const struct http_request *request);
/* True when the peer went away, or asked for the head alone: nobody will see more of the answer. */
bool http_request_gone(const struct http_request *request);

/* True when the body was found to be none: what the handler answers is dropped, and `refuse` does.
 */
bool http_request_refused(const struct http_request *request);

/* --- response --- */
/* "Not Found"; empty for a status that has none here. */
struct str http_phrase(int status);
void http_response_status(struct http_response *response, int status);
/* Name and value must live as long as the request. Replaces one of the same name; at most 24; a
 * value with control characters is a bug of the caller and is left out. */
void http_response_header(struct http_response *response, struct str name, struct str value);
void http_response_remove_header(struct http_response *response, struct str name);
/* The whole body; bytes live in the request's arena or longer. */
void http_response_body(struct http_response *response, struct str body);
/* For a streamed answer: sends the chunk, suspending until it is with the kernel, so that its bytes
 * may be used again. STATUS_IO when the peer went away. The first call sends the head; an empty
 * chunk sends the head alone. */
MUST_CHECK enum status http_response_write(struct http_response *response, struct str chunk);
/* A streamed answer that cannot be completed: the connection is closed without the end mark, so
 * that the peer knows that something is missing. */
void http_response_abort(struct http_response *response);
/* What was set, for counters, logs and tests; 200 until a status is set. */
int http_response_get_status(const struct http_response *response);
struct str http_response_get_header(const struct http_response *response, struct str name);
struct str http_response_get_body(const struct http_response *response);
/* Has the head of a streamed answer been given away? Then only the stream's end can be changed. */
bool http_response_started(const struct http_response *response);

#endif
