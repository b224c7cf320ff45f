/* How a failure looks over HTTP: the one place that knows.
 *
 * Body: {"error","message","details","timestamp","traceId"}, or the same with the members of RFC
 * 9457 when Accept prefers application/problem+json.
 */
#ifndef ADAPTERS_API_ERRORS_H
#define ADAPTERS_API_ERRORS_H

#include "adapters/api/call.h"

/* The HTTP status of a code in general: in a body it may be 422 instead of 400. */
int errors_http_status(enum status status);
/* The HTTP status of a code when something that the body says is to blame. */
int errors_body_status(enum status status);
/* Writes the whole answer: status, headers and body. */
void errors_answer(struct call *call, const struct error *error);
/* The same with another HTTP status than the code's. */
void errors_answer_as(struct call *call, const struct error *error, int http_status);

#endif
