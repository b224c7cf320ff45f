/* Content codings (RFC 9110, 8.4): gzip (RFC 1952) of answers for who takes it, and of bodies that
 * come so. zlib does the work; see decision 0036.
 *
 *     if (coding_gzip(worker->gzip, text, arena, &coded)) ... Content-Encoding: gzip
 *     TRY(coding_gunzip(body, limit, arena, &text, error));
 */
#ifndef ADAPTERS_API_CODING_H
#define ADAPTERS_API_CODING_H

#include "base/status.h"

/* An answer that fits into one packet as it is gets no faster. */
enum { CODING_WORTH_BYTES = 1400 };

/* What coding a whole text needs, to be used again and again by one thread. NULL when out of
 * memory. */
struct coding;
struct coding *coding_new(void);
void coding_free(struct coding *coding);

/* False when it does not become shorter, or memory ran out: it goes as it is. */
bool coding_gzip(struct coding *coding, struct str text, struct arena *arena, struct str *coded);
/* STATUS_INVALID_VALUE when it is not one gzip member and nothing else, STATUS_REQUEST_TOO_LARGE
 * when it becomes larger than `max_bytes`: however small it came. */
MUST_CHECK enum status coding_gunzip(struct str coded, size_t max_bytes, struct arena *arena,
                                     struct str *text, struct error *error);

/* For a text that comes in pieces; its memory is in the arena. NULL when out of memory. */
struct coding_stream;
struct coding_stream *coding_stream_new(struct arena *arena);
/* Codes a piece, the last one with `last`. Gives what there is to send, into `out`; called again
 * with an absent piece while `*more`. False when it fails. */
bool coding_stream_put(struct coding_stream *stream, struct str piece, bool last, char *out,
                       size_t out_bytes, size_t *count, bool *more);

#endif
