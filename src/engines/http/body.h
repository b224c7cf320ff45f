/* The body of a request, taken out of what comes behind its head: so many bytes as Content-Length
 * says, or chunks (RFC 9112, 6 and 7.1). As strict as the head is read: a size is hexadecimal
 * digits and nothing else, extensions and trailers are passed over but bounded, lines end with CR
 * LF.
 *
 *     struct http_body body = http_body_of_chunks();
 *     while (http_body_take(&body, &input, &piece) == HTTP_BODY_PIECE) use(piece);
 *
 * Pure: a piece points into what went in.
 */
#ifndef ENGINES_HTTP_BODY_H
#define ENGINES_HTTP_BODY_H

#include "base/str.h"

enum http_body_part {
    HTTP_PART_DATA, /* `left` bytes of it */
    HTTP_PART_SIZE,
    HTTP_PART_EXTENSION,
    HTTP_PART_SIZE_END, /* the LF behind a size */
    HTTP_PART_DATA_CR,
    HTTP_PART_DATA_LF,
    HTTP_PART_TRAILER, /* the beginning of a line */
    HTTP_PART_TRAILER_LINE,
    HTTP_PART_TRAILER_LF,
    HTTP_PART_LAST_LF,
    HTTP_PART_END
};

struct http_body {
    enum http_body_part part;
    bool is_chunked;
    bool has_digit; /* of a size */
    uint64_t left;  /* of the data, or the size as far as it was read */
    size_t beside;  /* bytes of a size, its extensions, or the trailers */
    uint64_t data_bytes, beside_bytes;
};

enum http_body_result {
    HTTP_BODY_PIECE,
    HTTP_BODY_MORE, /* all of the input was taken, and more must come */
    HTTP_BODY_END,
    HTTP_BODY_MALFORMED
};

struct http_body http_body_of_length(uint64_t bytes);
struct http_body http_body_of_chunks(void);
bool http_body_has_ended(const struct http_body *body);
/* Takes bytes off the front of `*input`, none that stand behind the body. */
enum http_body_result http_body_take(struct http_body *body, struct str *input, struct str *piece);

#endif
