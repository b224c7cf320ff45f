/* Makes the steps at the search index: a thread of each process that writes or searches, with a
 * connection of its own, which begins with the first work there may be. A lost connection or a
 * crash is no loss: the steps are transactions.
 *
 * On PostgreSQL each is one of its own. The embedded store has one writer, whose time is dear:
 * there the thread reads, sorts and merges in a read, and the writer writes what came of it with
 * its next commit; when there is none, an empty one is made. */
#ifndef ADAPTERS_STORE_SEARCH_WORKER_H
#define ADAPTERS_STORE_SEARCH_WORKER_H

#include "adapters/store/search_index.h"

struct search_worker;

/* NULL when out of memory. The index outlives it, and the driver its thread. */
struct search_worker *search_worker_new(struct search_index *index, struct sql_driver *driver,
                                        bool plans);
/* Where steps are planned, on the writer thread: in each transaction before its commit, and behind
 * the commit. NULL is nothing. */
MUST_CHECK enum status search_worker_apply(struct search_worker *worker,
                                           struct sql_transaction *transaction,
                                           struct error *error);
void search_worker_committed(struct search_worker *worker);
/* The index is used: whatever was left to do, by others too, is done when no entries come. From any
 * thread, cheap; NULL is nothing. */
void search_worker_start(struct search_worker *worker);
/* An entry was put. The same. */
void search_worker_wake(struct search_worker *worker);
/* Behind the commit of whoever writes much, on a thread of his own: while more entries of the
 * tenant wait than searches should have to read, makes steps himself, or waits for who does. Not
 * for ever: when the index cannot be brought forward, writing goes on. NULL is nothing. */
void search_worker_keep_up(struct search_worker *worker, struct str tenant);
/* Ends the thread after the step under way; what the writer calls may still be called. NULL is
 * nothing. */
void search_worker_stop(struct search_worker *worker);
/* When nobody calls any more. NULL is nothing. */
void search_worker_free(struct search_worker *worker);

#endif
