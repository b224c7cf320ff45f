/* Gives committed events their place in the feed, on PostgreSQL (decisions 0003 and 0005).
 *
 * A coroutine on one loop of each instance. It works right after this instance has committed, not
 * oftener than every few milliseconds, and looks now and then for what an instance that crashed has
 * left. Of several instances one numbers at a time; the others come back soon. A lost connection is
 * no loss: what was not numbered is found again. Now and then it ends sessions of instances that
 * have stopped in the middle of a unit of work and would hold their locks for as long.
 *
 *     postgres_sequencer_start(store, loop, NULL, NULL, &sequencer, error);
 *     ...
 *     postgres_sequencer_stop(sequencer, go_on, argument);      in the loop's thread
 */
#ifndef ADAPTERS_STORE_POSTGRES_SEQUENCER_H
#define ADAPTERS_STORE_POSTGRES_SEQUENCER_H

#include "adapters/store/postgres_store.h"
#include "engines/loop/loop.h"

struct postgres_sequencer;

/* In the loop's thread, or before the loop runs; one per store at most. `numbered` (may be NULL) is
 * called in that thread when new events can be read. */
MUST_CHECK enum status postgres_sequencer_start(struct store *store, struct loop *loop,
                                                void (*numbered)(void *argument), void *argument,
                                                struct postgres_sequencer **sequencer,
                                                struct error *error);
/* In the loop's thread. It ends after the batch that is under way, frees itself, and calls
 * ended(argument); the loop must run until then. */
void postgres_sequencer_stop(struct postgres_sequencer *self, loop_function *ended, void *argument);

#endif
