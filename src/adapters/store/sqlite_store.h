/* The embedded store, one file of one process: sql_store.h over engines/sql/sqlite. */
#ifndef ADAPTERS_STORE_SQLITE_STORE_H
#define ADAPTERS_STORE_SQLITE_STORE_H

#include "adapters/store/sql_store.h"

/* The embedded store, with a cache of documents of that many bytes (0: none) and one of the search
 * index. options->committed is ours and must be NULL. Migrate first: sqlite_migrate(path,
 * sql_migrations_sqlite, ...). Close with sql_store_free(). */
MUST_CHECK enum status sqlite_store_open(const struct sqlite_options *options, size_t cache_bytes,
                                         size_t search_cache_bytes, struct store **store,
                                         struct error *error);

#endif
