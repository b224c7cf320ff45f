/* The header Idempotency-Key: a change that is asked for again is answered again, and not done
 * again (application/once.h). What is kept is the answer of a change that was made: status, body,
 * and the headers that belong to them. Of a route that writes nothing, whatever its method, nothing
 * is kept: it may be asked twice by nature, and is answered anew.
 *
 * The request that a key names is its method, path, query, If-Match and body, and of an upload the
 * form and encoding that its bytes are read in; SHA-256 over those is kept beside the answer. That
 * of an upload is known when it has been read, by its handler, or, when its key has an answer, only
 * to see whether it is the same.
 */
#ifndef ADAPTERS_API_IDEMPOTENCY_H
#define ADAPTERS_API_IDEMPOTENCY_H

#include "adapters/api/call.h"

/* The key, without the quotes it may have; absent when the header is. STATUS_INVALID_VALUE. */
MUST_CHECK enum status idempotency_key(const struct call *call, struct str *key,
                                       struct error *error);

/* Runs the route's handler; of a route that writes once per key, when the request has one. */
MUST_CHECK enum status idempotency_run(struct call *call, struct error *error);

/* A piece of an upload as it is read; the empty one ends it. STATUS_OUT_OF_MEMORY. */
MUST_CHECK enum status idempotency_take(struct call *call, struct str piece, struct error *error);

#endif
