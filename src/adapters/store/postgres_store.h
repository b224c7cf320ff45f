/* The store on PostgreSQL, for as many instances as share it: sql_store.h over
 * engines/sql/postgres. */
#ifndef ADAPTERS_STORE_POSTGRES_STORE_H
#define ADAPTERS_STORE_POSTGRES_STORE_H

#include "adapters/store/replicas.h"
#include "adapters/store/sql_store.h"

/* Only blocks of the search index are cached, in so many bytes, for other instances write too.
 * Close with sql_store_free(). `options->committed` is taken by the store itself. */
MUST_CHECK enum status postgres_store_open(const struct postgres_options *options,
                                           size_t search_cache_bytes, struct store **store,
                                           struct error *error);
/* Before anything is read: from now on there are reads that may lag (store_replicas.h), while
 * replica_watch.h runs. With a count of 0 other instances may have replicas, and store_settle()
 * waits for theirs. */
MUST_CHECK enum status postgres_store_add_replicas(struct store *store,
                                                   const struct replica_options *replicas,
                                                   const struct postgres_options *options,
                                                   struct error *error);

#endif
