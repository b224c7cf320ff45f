/* A blocking HTTP client for tests that says exactly the bytes it is told, well-formed or not. */
#ifndef TESTS_SUPPORT_RAW_HTTP_H
#define TESTS_SUPPORT_RAW_HTTP_H

#include "base/buffer.h"

/* A connection to 127.0.0.1, with a receive timeout of five seconds. */
int raw_connect(uint16_t port);
void raw_send(int fd, struct str bytes);
/* What comes until the peer closes (or the timeout). */
struct str raw_read_all(int fd, struct arena *arena);
/* The next answer: head and body, the latter by Content-Length or chunked, decoded. `rest` keeps
 * what was read past it, for pipelined answers; zeroed before the first. head_only for answers to
 * HEAD. */
struct raw_answer {
    int status;
    struct str head; /* status line and header lines */
    struct str body;
    bool complete; /* false: the connection was closed within */
};
struct raw_reader {
    int fd;
    struct arena *arena;
    struct buffer rest;
};
struct raw_answer raw_read(struct raw_reader *reader, bool head_only);
/* Value of a header of the answer; absent when it is not there. */
struct str raw_header(const struct raw_answer *answer, struct str name);
/* Connects, sends, reads one answer, closes. */
struct raw_answer raw_exchange(uint16_t port, struct str request, struct arena *arena);
/* True when the peer closes the connection within the timeout. */
bool raw_is_closed(int fd);

#endif
