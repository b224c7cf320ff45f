/* The functions of the port only forward to the adapter, if it has this part. */
#include "application/ports/store_replicas.h"

struct store *store_lagging(struct store *store, const struct store_party *party, int64_t after,
                            struct arena *arena)
{
    const struct replica_operations *replicas = store->operations->replicas;
    return replicas ? replicas->lagging(store, party, after, arena) : store;
}

enum status store_wrote(struct store *store, const struct store_party *party, struct arena *arena,
                        int64_t *position, struct error *error)
{
    const struct replica_operations *replicas = store->operations->replicas;
    *position = 0;
    return replicas ? replicas->wrote(store, party, arena, position, error) : STATUS_OK;
}

void store_settle(struct store *store)
{
    const struct replica_operations *replicas = store->operations->replicas;
    if (replicas) replicas->settle(store);
}
