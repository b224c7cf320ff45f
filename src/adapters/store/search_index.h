/* Keeps the search index in few segments: entries become a segment, segments of like size one.
 *
 * Everything it knows is in the store: a step is a transaction, or part of one, and what a crash
 * leaves half done is gone on with. A merge of large segments is made in many steps, into a segment
 * that no search looks at until it is whole; then it takes their place, and they are deleted, in
 * steps as well. A thread of each process that writes makes them (search_worker.h), one at a time
 * per tenant; that of the embedded store plans a step, which the one writer then writes.
 */
#ifndef ADAPTERS_STORE_SEARCH_INDEX_H
#define ADAPTERS_STORE_SEARCH_INDEX_H

#include "adapters/store/search_plan.h"
#include "application/ports/store.h"
#include "engines/sql/sql.h"

struct search_index;

/* NULL when out of memory. */
struct search_index *search_index_new(void);
void search_index_free(struct search_index *index);

/* Of the embedded store, on opening: the last number given, and the tenants that have an index. */
MUST_CHECK enum status search_index_load(struct search_index *index, struct sql_driver *driver,
                                         struct error *error);
/* The next number, on the writer thread; PostgreSQL gives its own. */
int64_t search_index_number(struct search_index *index);

/* The tenant's index was used, or so many entries were put. From any thread. */
void search_index_note(struct search_index *index, struct str tenant, size_t put);
/* So many entries of the tenant are in no segment. */
void search_index_seen(struct search_index *index, struct str tenant, size_t tail);
/* Of the tenant that has most, as last seen. */
size_t search_index_longest_tail(struct search_index *index);
/* Whether `put` were put since this was last true: then the number is worth asking for. */
bool search_index_is_to_be_looked_at(struct search_index *index, struct str tenant, size_t put);
/* A tenant with work to do, copied into the arena; absent when there is none. `idle`: little is
 * enough to begin. */
struct str search_index_next(struct search_index *index, bool idle, struct arena *arena);
/* One step for the tenant, in a transaction of his. *more: call again. STATUS_WRITE_CONFLICT is
 * never given: who finds another at work has nothing to do. */
MUST_CHECK enum status search_index_step(struct search_index *index, struct str tenant,
                                         struct sql_transaction *transaction, bool idle,
                                         struct arena *arena, bool *more, struct error *error);

/* The same in two, where there is one writer. The plan's tenant, arena, idle and erasures are
 * given, the last from before the read. It is made from what is committed, plans before it
 * included; `apply`, on the writer thread, leaves it when something was erased meanwhile. */
uint64_t search_index_erasures(struct search_index *index);
MUST_CHECK enum status search_index_plan(struct search_index *index,
                                         struct sql_transaction *transaction,
                                         struct search_plan *plan, struct error *error);
MUST_CHECK enum status search_index_apply(struct search_index *index,
                                          const struct search_plan *plan,
                                          struct sql_transaction *transaction, struct error *error);
/* On the writer thread: the transaction erases something of the index; it was committed. */
void search_index_erasing(struct search_index *index);
void search_index_committed(struct search_index *index);

/* What a segment is told apart by from all that were before it under its tenant: microseconds. */
int64_t search_index_moment(void);

#endif
