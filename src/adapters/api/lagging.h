/* Reads that may lag, and writes that must be read: the header Read-After, over the store's
 * replicas (application/ports/store_replicas.h).
 *
 * The answer to a write has `Read-After: POSITION`. A read that brings it shows that write,
 * wherever it is asked, and may lag behind others'. A read that says `Cache-Control: no-cache`
 * shows what is there now (RFC 9111, 5.2.1.4).
 */
#ifndef ADAPTERS_API_LAGGING_H
#define ADAPTERS_API_LAGGING_H

#include "adapters/api/call.h"

#define LAGGING_HEADER  STR("Read-After")
#define LAGGING_PATTERN "^[0-9]{1,18}$"

/* Before the handler: from now on the call's application reads of replicas, if it may. */
MUST_CHECK enum status lagging_begin(struct call *call, struct error *error);
/* Behind the handler, whatever came of it. */
void lagging_end(struct call *call, enum status status);

#endif
