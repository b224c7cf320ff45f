/* The replicas of a store on PostgreSQL: which one may be read of, and for whom.
 *
 * A position is one in the primary's log, in bytes. This instance asks the primary for its position
 * every tenth of the bound of lag, and each replica as often for its own (replica_watch.h). What a
 * read must show is then a position, too: the largest of
 *
 *   - the oldest answer of the primary to a question that was put within the bound: so what is read
 *     is never older than the bound, however far behind a replica is, and whatever it thinks of
 *     itself. Without such an answer no replica is read of;
 *   - what the reader wrote, as far as this instance saw it (a table of fixed size: those who share
 *     a place in it see no less, only less of replicas);
 *   - what the reader asks for.
 *
 * A replica that is known to be there is asked, and its server checks again, before the statement's
 * snapshot is taken (sql_driver.query_one_at): what is known here chooses, it proves nothing.
 *
 * Thread-safe.
 */
#ifndef ADAPTERS_STORE_REPLICAS_H
#define ADAPTERS_STORE_REPLICAS_H

#include "application/ports/store_replicas.h"
#include "base/buffer.h"
#include "engines/sql/sql.h"

struct replicas;

struct replica_options {
    const struct str *urls; /* each of one server */
    size_t count;
    int64_t lag_max_ms;
};

/* `engine` is how the primary is connected to. */
MUST_CHECK enum status replicas_new(const struct replica_options *options,
                                    const struct postgres_options *engine,
                                    struct replicas **replicas, struct error *error);
void replicas_free(struct replicas *replicas);

int64_t replicas_lag_max_ms(const struct replicas *replicas);

/* --- reading --- */

/* The driver of one that should be there, and *position is raised to what must be asked of it;
 * NULL: the primary is to be asked. */
struct sql_driver *replicas_choose(struct replicas *replicas, const struct store_party *party,
                                   int64_t *position);
/* What came of it: false when the primary has to be asked after all. */
bool replicas_answered(struct replicas *replicas, const struct sql_driver *driver,
                       enum status status);

/* --- writing --- */

void replicas_note_write(struct replicas *replicas, const struct store_party *party,
                         int64_t position);
/* The position is not known: the party reads of the primary until the next question to it is
 * answered. */
void replicas_note_unknown(struct replicas *replicas, const struct store_party *party);

/* --- watching --- */

/* What a server says of itself. A server that has taken the primary's place begins a timeline; one
 * that has not gone over to it may have what the new primary never had, at positions that mean
 * something else there. */
struct replica_answer {
    int64_t position; /* negative: there was none */
    int64_t timeline;
};

size_t replicas_count(const struct replicas *replicas);
struct sql_driver *replicas_driver(const struct replicas *replicas, size_t index);
/* Before and after a question to the primary. */
int64_t replicas_ask_primary(struct replicas *replicas);
void replicas_note_primary(struct replicas *replicas, int64_t asked_ms,
                           struct replica_answer answer);
/* The same of a replica. */
void replicas_ask(struct replicas *replicas, size_t index);
void replicas_note(struct replicas *replicas, size_t index, struct replica_answer answer);

/* NULL is fine: then the counters are 0, and nothing is said of any replica. */
void replicas_write_metrics(struct replicas *replicas, struct buffer *out);

#endif
