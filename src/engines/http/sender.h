/* Many requests to other servers at once, from one thread, over libcurl's multi interface. For
 * servers that somebody else named: each address is shown to the caller when it is connected to,
 * which is after the name was resolved, so that nothing can change in between; nothing is followed;
 * of an answer no more is read than is allowed, and
 * but its status none of it kept unless that is asked for.
 *
 *     http_sender_new(&options, &sender);
 *     http_sender_send(sender, &request, context);          copies nothing: see the fields
 *     http_sender_wait(sender, 100);                         until something happened, or woken
 *     while (http_sender_next(sender, &result)) ...          result.context is yours
 *
 * Only http_sender_wake() may be called from another thread.
 */
#ifndef ENGINES_HTTP_SENDER_H
#define ENGINES_HTTP_SENDER_H

#include "engines/http/client.h"

struct http_sender;

struct http_sender_options {
    /* May this address be connected to? IPv4 as ::ffff:a.b.c.d. NULL: any may. */
    bool (*may_connect)(const void *context, const uint8_t address[16]);
    const void *context;
    struct str ca_file; /* whom to believe; empty: the system's */
    size_t answer_max_bytes;
    bool keeps_answers;
    const char *user_agent;
};

enum http_sent {
    HTTP_SENT_ANSWERED,
    HTTP_SENT_TIMED_OUT,
    HTTP_SENT_NOT_RESOLVED,
    HTTP_SENT_NOT_CONNECTED,
    HTTP_SENT_NOT_ALLOWED, /* the address */
    HTTP_SENT_NOT_TRUSTED, /* the certificate */
    HTTP_SENT_BROKEN       /* what came back is no HTTP, or nothing did */
};

struct http_sender_request {
    struct str url;  /* http: or https: */
    struct str body; /* must live until the result; it is sent by POST */
    const struct http_client_header *headers;
    size_t header_count;
    int64_t timeout_ms;
};

struct http_sender_result {
    void *context;
    enum http_sent sent;
    int status;            /* of the answer; 0: there was none */
    int64_t retry_after_s; /* what the answer asks for; 0: nothing */
    int64_t took_ms;
    struct str body; /* of the answer, if it is kept; until the next request is sent */
};

/* not_resolved, ... */
struct str http_sent_name(enum http_sent sent);
/* NULL when out of memory. The options' texts must live as long. */
struct http_sender *http_sender_new(const struct http_sender_options *options);
void http_sender_free(struct http_sender *sender);
/* False when out of memory: nothing was begun. */
bool http_sender_send(struct http_sender *sender, const struct http_sender_request *request,
                      struct arena *arena, void *context);
/* Ends the requests of which it is said, without a result. */
void http_sender_cancel(struct http_sender *sender,
                        bool (*is_cancelled)(const void *context, const void *argument),
                        const void *argument);
void http_sender_wait(struct http_sender *sender, int64_t timeout_ms);
bool http_sender_next(struct http_sender *sender, struct http_sender_result *result);
size_t http_sender_under_way(const struct http_sender *sender);
void http_sender_wake(struct http_sender *sender);

#endif
