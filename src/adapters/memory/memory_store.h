/* The store in memory: for tests, and for a service that may forget.
 *
 * A faithful adapter of application/ports/store.h: units of work with rollback, tenants apart, feed
 * positions, states as of a time. A mutex makes every unit of work alone, so that locks are free
 * and nothing is ever retried. Nothing is given back before the store itself is: an update leaves
 * the old row behind.
 */
#ifndef ADAPTERS_MEMORY_MEMORY_STORE_H
#define ADAPTERS_MEMORY_MEMORY_STORE_H

#include "application/ports/store.h"

/* Past `limit_bytes` a write is refused with STATUS_STORE_FULL. */
MUST_CHECK enum status memory_store_new(size_t limit_bytes, struct store **out);
void memory_store_free(struct store *store);
/* Empties it and keeps some memory for the next use. Nobody may hold anything that was read. */
void memory_store_reset(struct store *store);

#endif
