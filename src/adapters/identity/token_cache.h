/* Verified tokens, remembered until they expire, so that a caller's next request costs a hash
 * instead of a signature check.
 *
 * A hit means that these very bytes were verified: the whole token is compared. It is found by a
 * hash under a secret key, and compared only where the hash is the same, so that neither places nor
 * the time of a comparison tell anything about a token that is remembered.
 * Bounded: a set-associative table of fixed size; the entry that expires first gives way. Tokens
 * are wiped when they are forgotten. Thread-safe.
 */
#ifndef ADAPTERS_IDENTITY_TOKEN_CACHE_H
#define ADAPTERS_IDENTITY_TOKEN_CACHE_H

#include "adapters/identity/jwt.h"
#include "base/hash.h"

struct token_cache;

/* `key` is a secret, random one. NULL when out of memory. With capacity 0 nothing is ever found. */
struct token_cache *token_cache_new(size_t capacity, struct hash_key key);
void token_cache_free(struct token_cache *cache);
/* Forgets all: the keys changed. */
void token_cache_clear(struct token_cache *cache);

/* False when it is not there, or has expired at `now`. Strings are copied into the arena. */
bool token_cache_find(struct token_cache *cache, struct str token, instant now, struct arena *arena,
                      struct jwt_claims *claims);
/* Keeps a copy; out of memory, the token is not remembered. */
void token_cache_put(struct token_cache *cache, struct str token, const struct jwt_claims *claims);

#endif
