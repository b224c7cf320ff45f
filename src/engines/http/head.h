/* The head of a request (RFC 9112, 2 to 5), found among what has come and taken apart where it
 * stands. Strict, for whoever reads more kindly than the proxy in front can be made to read another
 * request than it let pass: lines end with CR LF and with nothing else; there is one space between
 * the parts of the first, and none before a colon; no line is folded; a name is a token, a value
 * has no control characters but tabs.
 *
 *     switch (http_head_find(bytes, &seen, &length)) ...
 *     if (!http_head_parse(str_of(bytes.ptr, length), &head, &refusal)) answer(refusal.status);
 *
 * Pure: no memory is asked for, what comes out points into what went in.
 */
#ifndef ENGINES_HTTP_HEAD_H
#define ENGINES_HTTP_HEAD_H

#include "base/str.h"

enum { HTTP_HEADERS_MAX = 100 };

struct http_pair {
    struct str name;
    struct str value;
};

struct http_head {
    struct str method;
    struct str target;         /* as it came, of visible characters and bytes above ASCII */
    bool is_1_0;               /* the version; every other 1.x counts as 1.1 */
    struct http_pair *headers; /* room for HTTP_HEADERS_MAX; given by the caller */
    size_t header_count;
};

/* What a request is answered with that no handler sees. */
struct http_refusal {
    int status; /* 0: none */
    struct str reason;
};

enum http_found {
    HTTP_FOUND_NONE, /* more must come */
    HTTP_FOUND_WHOLE,
    HTTP_FOUND_MALFORMED
};

/* How many bytes of line ends stand before a request: they are passed over (RFC 9112, 2.2). */
size_t http_head_blank(struct str bytes);
/* Does a head end in these bytes, which begin with it? `*seen` is where the last look came to, 0 at
 * first. `*length` is that of the head, its empty line included. What can be no head is said before
 * its end has come. */
enum http_found http_head_find(struct str bytes, size_t *seen, size_t *length);
/* False with the refusal set: 400, also for another major version, which a peer can choose and no
 * operator is to be woken for; or 431 (too many fields). What was understood until then is in
 * `head`. */
bool http_head_parse(struct str bytes, struct http_head *head, struct http_refusal *refusal);

#endif
