/* The part of the store's port for reads that may lag. A store may have replicas, which follow it
 * and are always a little behind. Reads of theirs are bounded in three ways:
 *
 *   - nothing is older than the store's bound of lag, on any instance;
 *   - a reader sees what he wrote himself, as far as this instance or he knows of it: he may bring
 *     the position that came with the answer to his write;
 *   - store_settle() returns when no read that is begun afterwards, on any instance, shows what was
 *     before.
 *
 * What no replica can answer so, or at all, the store itself answers: a caller never sees that
 * there are replicas but for the lag.
 */
#ifndef APPLICATION_PORTS_STORE_REPLICAS_H
#define APPLICATION_PORTS_STORE_REPLICAS_H

#include "application/ports/store.h"

/* Who reads or wrote. */
struct store_party {
    struct str tenant;
    struct str user; /* absent: all of the tenant that have no name */
};

struct replica_operations {
    struct store *(*lagging)(struct store *, const struct store_party *, int64_t after,
                             struct arena *);
    enum status (*wrote)(struct store *, const struct store_party *, struct arena *,
                         int64_t *position, struct error *);
    void (*settle)(struct store *);
};

/* A store for the reads of one request, which may lag, and show at least what was written before
 * `after`, 0 for nothing in particular. All are of one server, and none of a state before that of
 * the first. Writes go to the store itself, which this is when it has no replicas. Lives as long
 * as the arena. */
struct store *store_lagging(struct store *store, const struct store_party *party, int64_t after,
                            struct arena *arena);
/* To be called behind a write, whatever came of it: *position is behind all that was written, for
 * store_lagging(); 0 when there are no replicas. When it fails, the party reads of none for a
 * while. */
MUST_CHECK enum status store_wrote(struct store *store, const struct store_party *party,
                                   struct arena *arena, int64_t *position, struct error *error);
/* In a coroutine. At once when no instance has replicas. */
void store_settle(struct store *store);

#endif
