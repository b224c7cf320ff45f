/* A store that tells a tracer of each unit of work that one piece of work has done in it: how long
 * it took, waiting included, and nothing of what was read or written.
 *
 *     struct traced_store traced;
 *     traced_store_init(&traced, application->store, tracer, engine, &span.trace);
 *     application.store = &traced.store;
 */
#ifndef ADAPTERS_TRACING_TRACED_STORE_H
#define ADAPTERS_TRACING_TRACED_STORE_H

#include "adapters/tracing/tracer.h"
#include "application/ports/store.h"

struct traced_store {
    struct store store;
    struct store *inner;
    struct tracer *tracer;
    struct str engine;  /* db.system.name: sqlite, postgresql */
    struct trace trace; /* of the span that the units of work are children of */
};

/* Only what use cases call: units of work and look-ups. */
void traced_store_init(struct traced_store *traced, struct store *inner, struct tracer *tracer,
                       struct str engine, const struct trace *trace);

#endif
