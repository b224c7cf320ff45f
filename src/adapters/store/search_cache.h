/* What this process has read of the search index: per segment the directory, and blocks; and what
 * was found in it, under a key of whoever found it.
 *
 * A segment never changes: an erasure gives it another `changed`, and ids are not used twice. So
 * nothing here is ever stale; whoever sees a segment in his snapshot may use it. Blocks that were
 * not used for a while make room (a clock over them, as in document_cache.h); so do segments that
 * nobody has pinned.
 *
 *     segment = search_cache_pin(cache, tenant, id, changed);
 *     if (!segment) segment = search_cache_add(cache, tenant, id, changed, directory);
 *     body = search_cache_get(cache, segment, block, arena);          absent: read it, and put it
 *     search_cache_unpin(cache, segment);
 *
 * Thread-safe.
 */
#ifndef ADAPTERS_STORE_SEARCH_CACHE_H
#define ADAPTERS_STORE_SEARCH_CACHE_H

#include "search/directory.h"

struct search_cache;
struct search_cached;  /* a segment */
struct search_finding; /* in one */

/* NULL when out of memory. 0 bytes: directories are kept while they are pinned, blocks are not. */
struct search_cache *search_cache_new(size_t capacity_bytes);
void search_cache_free(struct search_cache *cache);

/* NULL: it is not there. */
struct search_cached *search_cache_pin(struct search_cache *cache, struct str tenant, int64_t id,
                                       int64_t changed);
/* Pins it too. Takes the directory over. NULL when out of memory, and the directory is freed. */
struct search_cached *search_cache_add(struct search_cache *cache, struct str tenant, int64_t id,
                                       int64_t changed, struct search_directory *directory);
void search_cache_unpin(struct search_cache *cache, struct search_cached *segment);

const struct search_directory *search_cached_directory(const struct search_cached *segment);
bool search_cache_has(struct search_cache *cache, struct search_cached *segment, size_t block);
/* A copy in the arena; absent when it is not there, or out of memory. */
struct str search_cache_get(struct search_cache *cache, struct search_cached *segment, size_t block,
                            struct arena *arena);
/* Takes a copy in, if there is memory. */
void search_cache_put(struct search_cache *cache, struct search_cached *segment, size_t block,
                      struct str text);
/* What was found in a segment, under a key: held until it is let go, whatever becomes of the cache.
 * NULL: it is not there. */
struct search_finding *search_cache_recall(struct search_cache *cache,
                                           struct search_cached *segment, struct str key);
/* Aligned for any type. */
struct str search_cache_text(const struct search_finding *finding);
void search_cache_let_go(struct search_finding *finding);
/* Takes a copy in, if there is memory; it may take the place of another key. */
void search_cache_remember(struct search_cache *cache, struct search_cached *segment,
                           struct str key, struct str text);
size_t search_cache_capacity(const struct search_cache *cache);
/* For measurements: bytes in use. */
size_t search_cache_bytes(struct search_cache *cache);

#endif
