/* A bounded cache of profile rows for the embedded store, where one process makes all changes.
 *
 * It never serves what an acknowledged write has replaced. A reader that misses takes a ticket,
 * reads the database, and its row is taken in only if no invalidation hit the shard since the
 * ticket. The writer invalidates after its commit and before anybody is told. So a row that was
 * read before the commit is either invalidated (it was in) or refused (its ticket is old), and one
 * that is taken in later was read after the commit.
 *
 * Rows are spread over shards, each with its lock, its index and its segments of memory, which are
 * filled one after the other; when there are no more, the oldest is winnowed: what was used since
 * gets a second chance (F. J. Corbato, "A paging experiment with the Multics system", 1968), the
 * rest goes, and the room is filled again. A hit moves nothing. A row that is larger than a
 * segment, of 128 KB or a quarter of a shard, is not taken in: it costs more to send than to read.
 * Thread-safe.
 */
#ifndef ADAPTERS_STORE_DOCUMENT_CACHE_H
#define ADAPTERS_STORE_DOCUMENT_CACHE_H

#include "application/ports/store.h"

struct document_cache;

enum document_cache_result { DOCUMENT_CACHE_HIT, DOCUMENT_CACHE_MISS, DOCUMENT_CACHE_NO_MEMORY };

/* NULL when out of memory. */
struct document_cache *document_cache_new(size_t capacity_bytes);
void document_cache_free(struct document_cache *cache);

/* What a row goes by. */
uint64_t document_cache_key(const struct document_cache *cache, struct str tenant, struct str id);

/* For a row that will be read in a snapshot which is not taken yet. */
uint64_t document_cache_ticket(const struct document_cache *cache);
/* On a hit *row is a copy in the arena; on a miss *ticket is what document_cache_put() wants. */
enum document_cache_result document_cache_get(struct document_cache *cache, uint64_t key,
                                              struct str tenant, struct str id, struct arena *arena,
                                              struct profile_row *row, uint64_t *ticket);
/* Takes a copy in, unless it may be stale or there is no room. */
void document_cache_put(struct document_cache *cache, uint64_t key, uint64_t ticket,
                        struct str tenant, const struct profile_row *row);
void document_cache_invalidate(struct document_cache *cache, uint64_t key);
void document_cache_invalidate_all(struct document_cache *cache);
/* For measurements: bytes in use. */
size_t document_cache_bytes(struct document_cache *cache);

#endif
