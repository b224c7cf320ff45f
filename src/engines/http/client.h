/* Requests to other servers, over libcurl: one after the other, blocking, so in a thread of their
 * own. Nothing is followed, stored or sent along that was not asked for.
 *
 *     struct http_client_request request = {.method = "POST", .url = url, .body = body, ...};
 *     TRY(http_client_ask(&request, arena, &answer, error));       answer.status is theirs
 *
 * Failures: STATUS_UNAVAILABLE (no answer in time, or none that is HTTP), STATUS_CONFIGURATION (the
 * URL, or a certificate that is not believed).
 */
#ifndef ENGINES_HTTP_CLIENT_H
#define ENGINES_HTTP_CLIENT_H

#include "base/status.h"

struct http_client_header {
    struct str name;
    struct str value;
};

struct http_client_request {
    const char *method;
    struct str url; /* http: or https: */
    const struct http_client_header *headers;
    size_t header_count;
    struct str body;
    struct str user; /* Basic authentication; absent: none */
    struct str password;
    struct str ca_file; /* whom to believe; absent: the system's */
    int64_t timeout_ms;
    size_t answer_max_bytes;
};

struct http_client_answer {
    int status;
    struct str body;
};

/* Before libcurl is used in any way; more than once does nothing. */
void http_client_initialise(void);
/* A URL that http_client_ask would try. */
bool http_client_takes(struct str url);
MUST_CHECK enum status http_client_ask(const struct http_client_request *request,
                                       struct arena *arena, struct http_client_answer *answer,
                                       struct error *error);

#endif
