/* Runs of the embedded store's match keys: sorted, immutable indexes of (hash, row of the log),
 * written once from what was gathered in memory, and merged four to one, so that there are few
 * (P. O'Neil et al., "The log-structured merge-tree", 1996; four runs to a level). A run is cut
 * into buckets by the upper bits of the hash, each a row of a page's size: what a look-up reads is
 * one row per run, or nothing where the run's filter in memory says that the hash is not in it.
 *
 * Runs are hints: an entry of a log row that is not there is not believed. Those of an erased
 * customer are taken out all the same. A hash that very many
 * rows have makes its bucket large, and all of it is read to find any of them.
 *
 * Writing, merging and deleting go on by small steps, each in the transaction of a commit that
 * happens anyway. A run counts once the last of it is committed; which ones count is read in the
 * snapshot of whoever asks. A run that a crash left half-written is deleted.
 *
 * Filters are made as runs are written, and again, step by step, after a restart; without them a
 * look-up is slower and the same.
 */
#ifndef ADAPTERS_STORE_SQLITE_KEY_RUNS_H
#define ADAPTERS_STORE_SQLITE_KEY_RUNS_H

#include "adapters/store/key_index.h"
#include "engines/sql/sql.h"

struct sqlite_key_runs;

/* NULL when out of memory. */
struct sqlite_key_runs *sqlite_key_runs_new(void);
void sqlite_key_runs_free(struct sqlite_key_runs *runs);

/* What there is; rows of the log after *end_row are in no run. */
MUST_CHECK enum status sqlite_key_runs_load(struct sqlite_key_runs *runs,
                                            struct sql_transaction *transaction,
                                            struct arena *arena, int64_t *end_row,
                                            struct error *error);

/* The runs that a transaction sees. */
struct key_run_view {
    int64_t number;
    unsigned bits;
};
MUST_CHECK enum status sqlite_key_runs_view(struct sql_transaction *transaction,
                                            struct arena *arena, struct key_run_view **views,
                                            size_t *count, struct error *error);
/* may[i]: hashes[i] can be in the run. */
void sqlite_key_runs_filter(struct sqlite_key_runs *runs, const struct key_run_view *view,
                            const uint64_t *hashes, size_t count, bool *may);
/* Looks up hashes of a run, in their order: a bucket that has several of them is read once. */
struct key_run_reader {
    struct sql_transaction *transaction;
    const struct key_run_view *view;
    struct arena *arena; /* for the bucket alone */
    struct str bytes;    /* of the bucket read last; absent: none was */
    uint64_t bucket;
};
/* Rows of the hash in the run, at most `max`. */
MUST_CHECK enum status sqlite_key_runs_find(struct key_run_reader *reader, uint64_t hash,
                                            size_t max, int64_t *rows, size_t *count,
                                            struct error *error);

/* The rest on the writer thread. */
bool sqlite_key_runs_can_begin(struct sqlite_key_runs *runs);
/* Begins a run of all of `index`, which stays as it is until the next can begin. */
void sqlite_key_runs_begin(struct sqlite_key_runs *runs, const struct key_index *index,
                           int64_t end_row);
/* Takes an entry out of all runs, and of those to come: once its row of the log is gone, no run
 * gets it from memory. */
MUST_CHECK enum status sqlite_key_runs_erase(struct sqlite_key_runs *runs,
                                             struct sql_transaction *transaction, uint64_t hash,
                                             int64_t row, struct error *error);
/* Works on some `entries` at each of what is to be done. *more: it is not all done. */
MUST_CHECK enum status sqlite_key_runs_step(struct sqlite_key_runs *runs,
                                            struct sql_transaction *transaction, size_t entries,
                                            bool *more);
/* The step's transaction was committed. A step that was not is done again. */
void sqlite_key_runs_committed(struct sqlite_key_runs *runs);

#endif
