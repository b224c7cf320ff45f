/* The span of a request (OpenTelemetry's HTTP server span), and those of its units of work in the
 * store, which are its children. What is handed on, as events have it, is the request's own span.
 */
#ifndef ADAPTERS_API_REQUEST_SPAN_H
#define ADAPTERS_API_REQUEST_SPAN_H

#include "adapters/api/internal.h"

/* Once it is known who asks. Nothing happens when the request's trace is not recorded. */
void request_span_begin(struct call *call);
/* Before the handler: what it does in the store is told. Nothing, as below, when no span was begun.
 */
void request_span_trace_store(struct call *call);
void request_span_end(struct call *call, int http_status);

#endif
