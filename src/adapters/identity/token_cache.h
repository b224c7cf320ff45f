/* Verified tokens, remembered until they expire, so that a caller's next request costs a hash
 * instead of a signature check.
 *
 * Keyed by the SHA-256 of the whole token: a hit means that these very bytes were verified.
 * Bounded: a set-associative table of fixed size; the entry that expires first gives way.
 * Thread-safe.
 */
#ifndef ADAPTERS_IDENTITY_TOKEN_CACHE_H
#define ADAPTERS_IDENTITY_TOKEN_CACHE_H

#include "adapters/identity/jwt.h"

struct token_cache;

enum { TOKEN_DIGEST = 32 };

/* NULL when out of memory. With capacity 0 nothing is ever found. */
struct token_cache *token_cache_new(size_t capacity);
void token_cache_free(struct token_cache *cache);
/* Forgets all: the keys changed. */
void token_cache_clear(struct token_cache *cache);

/* False when it is not there, or has expired at `now`. Strings are copied into the arena. */
bool token_cache_find(struct token_cache *cache, const uint8_t digest[TOKEN_DIGEST], instant now,
                      struct arena *arena, struct jwt_claims *claims);
void token_cache_put(struct token_cache *cache, const uint8_t digest[TOKEN_DIGEST],
                     const struct jwt_claims *claims);

#endif
