/* Match keys of the embedded store: a log, and an index over it.
 *
 * A key's place in an index is random. With millions of keys each insertion dirties a page of its
 * own, and a profile with four keys costs 16 KiB of log; so many keys of a home are one row at the
 * end of the table match_key_log, and an index over them is kept in memory. When it has grown
 * large, or nobody waits, it is written out as a run (sqlite_key_runs.h), of which there are few.
 *
 * The index says where a key may be; the row of the log that is read, in the snapshot of whoever
 * asks, says whether it is. So entries of what was rolled back do no harm. What was written out is
 * still found in memory until the next is, for readers whose snapshot is from before: they have to
 * be shorter than the writing of some hundred thousand keys.
 *
 * Keys are kept as 64-bit hashes over tenant and key. Two keys that share a hash would be taken for
 * each other (with 20 million keys the odds that any two do are 1 to 100,000). A candidate for a
 * duplicate is compared before it counts; the home of a source's key is not.
 *
 * After a crash the index in memory is read back from the rows of the log that are in no run.
 */
#ifndef ADAPTERS_STORE_SQLITE_KEYS_H
#define ADAPTERS_STORE_SQLITE_KEYS_H

#include "application/ports/store.h"
#include "engines/sql/sql.h"

struct sqlite_keys;

/* NULL when out of memory. */
struct sqlite_keys *sqlite_keys_new(void);
void sqlite_keys_free(struct sqlite_keys *keys);

/* Reads back what is in no run yet. Before any other use. */
MUST_CHECK enum status sqlite_keys_load(struct sqlite_keys *keys, struct sql_driver *driver,
                                        struct error *error);

/* The port's operations; `put` in a write only. `is_writer`: the transaction is a write. */
MUST_CHECK enum status sqlite_keys_put(struct sqlite_keys *keys,
                                       struct sql_transaction *transaction, struct str tenant,
                                       struct str home, const struct str *texts, size_t count,
                                       struct arena *arena, struct error *error);
MUST_CHECK enum status sqlite_keys_find(struct sqlite_keys *keys,
                                        struct sql_transaction *transaction, bool is_writer,
                                        struct str tenant, const struct str *texts, size_t count,
                                        size_t homes_max, struct arena *arena,
                                        struct key_hit **hits, size_t *hit_count,
                                        struct error *error);

/* Takes the keys of the homes out of everything but the log, of which the caller deletes them. */
MUST_CHECK enum status sqlite_keys_erase(struct sqlite_keys *keys,
                                         struct sql_transaction *transaction, struct str tenant,
                                         const struct str *homes, size_t count, struct arena *arena,
                                         struct error *error);

/* A step of writing and merging runs, on the writer thread, within a transaction; counts once it
 * was committed. `more`: there is more to do. */
MUST_CHECK enum status sqlite_keys_maintain(struct sqlite_keys *keys,
                                            struct sql_transaction *transaction, bool idle,
                                            bool *more);
void sqlite_keys_committed(struct sqlite_keys *keys);

#endif
