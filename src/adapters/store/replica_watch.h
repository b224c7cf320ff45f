/* Asks a store's primary and each of its replicas, ten times in the bound of lag, how far they are:
 * what replicas.h chooses by. Coroutines of one loop, one for each server, so that one that hangs
 * holds up no other. */
#ifndef ADAPTERS_STORE_REPLICA_WATCH_H
#define ADAPTERS_STORE_REPLICA_WATCH_H

#include "application/ports/store.h"
#include "base/buffer.h"
#include "engines/loop/loop.h"

struct replica_watch;

/* Of a store on PostgreSQL. *watch is NULL when it has no replicas. */
MUST_CHECK enum status replica_watch_start(struct store *store, struct loop *loop,
                                           struct replica_watch **watch, struct error *error);
/* In the loop's thread; calls `ended` there when all have stopped, and is free then. */
void replica_watch_stop(struct replica_watch *watch, loop_function *ended, void *argument);

/* Of a store on SQL. */
void replica_watch_write_metrics(struct store *store, struct buffer *out);

#endif
