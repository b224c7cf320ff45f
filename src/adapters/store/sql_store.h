/* The store port over an SQL engine: one text for SQLite and PostgreSQL. What differs between them
 * is in sql/sqlite and sql/postgres, and in the engines.
 *
 * Open one with sqlite_store_open() or postgres_store_open().
 */
#ifndef ADAPTERS_STORE_SQL_STORE_H
#define ADAPTERS_STORE_SQL_STORE_H

#include "application/ports/store.h"
#include "engines/sql/sql.h"

/* What stands for the tenant where a store is asked as a whole. No tenant can be called so. */
#define SQL_STORE_WHOLE STR("*")

/* Calls `committed` after each commit in this process, in the thread that committed; NULL: nobody.
 * One listener: on PostgreSQL the sequencer is it. After it returns, the function that was set
 * before is not called any more. */
void sql_store_set_committed(struct store *store, void (*committed)(void *argument),
                             void *argument);
/* How far the search index is behind, for /metrics. */
void sql_search_write_metrics(struct store *store, struct buffer *out);
/* How many writes had a transaction together, for /metrics. */
void sql_write_groups_write_metrics(struct store *store, struct buffer *out);
/* Whether the schema is this program's and no later one's: for whoever copies all of it. */
MUST_CHECK enum status sql_store_check_exact(struct store *store, struct error *error);
/* Closes the engine too. NULL is fine. */
void sql_store_free(struct store *store);

#endif
