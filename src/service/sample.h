/* The sample base: about a thousand customers with duplicates, consents, relationships and some
 * merges, put in through the use cases, as a client would. Always the same, whatever the machine.
 */
#ifndef SERVICE_SAMPLE_H
#define SERVICE_SAMPLE_H

#include <stdatomic.h>

#include "application/application.h"

/* For tenant `default`. Does nothing when the tenant has a customer already: *loaded is 0 then.
 * Stops early when *stop becomes true. Blocking; outside of any loop. */
MUST_CHECK enum status sample_load(struct application *application, const _Atomic bool *stop,
                                   int64_t *loaded, struct error *error);

#endif
