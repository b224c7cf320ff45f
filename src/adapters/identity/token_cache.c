#include "adapters/identity/token_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { WAYS = 4, TAIL_BYTES = 32 };

struct entry {
    uint64_t hash;
    char *token; /* its own copy; NULL: free */
    size_t token_len;
    instant expires_at;
    uint64_t permissions;
    uint8_t tenant_len, user_len;
    char tenant[JWT_TENANT_MAX];
    char user[JWT_USER_MAX];
};

struct token_cache {
    struct hash_key key;
    pthread_mutex_t lock;
    size_t set_count; /* a power of two, or 0 */
    struct entry *entries;
};

struct token_cache *token_cache_new(size_t capacity, struct hash_key key)
{
    struct token_cache *cache = calloc(1, sizeof(*cache));
    if (!cache) return NULL;
    size_t sets = capacity > 0 ? 1 : 0;
    while (sets > 0 && sets * WAYS < capacity) sets *= 2;
    cache->key = key;
    cache->set_count = sets;
    cache->entries = calloc(sets * WAYS + 1, sizeof(struct entry));
    if (!cache->entries || pthread_mutex_init(&cache->lock, NULL) != 0) {
        free(cache->entries);
        free(cache);
        return NULL;
    }
    return cache;
}

static void forget(struct entry *entry)
{
    if (entry->token) explicit_bzero(entry->token, entry->token_len);
    free(entry->token);
    *entry = (struct entry){.token = NULL};
}

void token_cache_free(struct token_cache *cache)
{
    if (!cache) return;
    token_cache_clear(cache);
    (void)pthread_mutex_destroy(&cache->lock);
    free(cache->entries);
    free(cache);
}

void token_cache_clear(struct token_cache *cache)
{
    (void)pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < cache->set_count * WAYS; i++) forget(&cache->entries[i]);
    (void)pthread_mutex_unlock(&cache->lock);
}

/* Of its end, which is its signature, and of valid tokens as good as random. One that is not valid
 * is found to be another than the one with its hash, and is not taken in. */
static uint64_t hash_of(const struct token_cache *cache, struct str token)
{
    return hash_bytes(cache->key,
                      token.len > TAIL_BYTES ? str_skip(token, token.len - TAIL_BYTES) : token);
}

static struct entry *set_of(struct token_cache *cache, uint64_t hash)
{
    return &cache->entries[(hash & (cache->set_count - 1)) * WAYS];
}

static bool holds(const struct entry *entry, uint64_t hash, struct str token)
{
    return entry->token && entry->hash == hash &&
           str_equal(str_of(entry->token, entry->token_len), token);
}

static bool copy_out(const struct entry *entry, struct arena *arena, struct jwt_claims *claims)
{
    *claims = (struct jwt_claims){
        .tenant = arena_str(arena, str_of(entry->tenant, entry->tenant_len)),
        .user_id = arena_str(arena, str_of(entry->user, entry->user_len)),
        .permissions = entry->permissions,
        .expires_at = entry->expires_at,
    };
    return !str_is_none(claims->tenant) && !str_is_none(claims->user_id);
}

bool token_cache_find(struct token_cache *cache, struct str token, instant now, struct arena *arena,
                      struct jwt_claims *claims)
{
    if (cache->set_count == 0) return false;
    bool found = false;
    uint64_t hash = hash_of(cache, token);
    (void)pthread_mutex_lock(&cache->lock);
    struct entry *set = set_of(cache, hash);
    for (int i = 0; i < WAYS && !found; i++)
        if (set[i].expires_at > now && holds(&set[i], hash, token))
            found = copy_out(&set[i], arena, claims);
    (void)pthread_mutex_unlock(&cache->lock);
    return found;
}

/* The one that holds it already, else the one that expires first; free ones have done so. */
static struct entry *choose(struct entry *set, uint64_t hash, struct str token)
{
    struct entry *victim = &set[0];
    for (int i = 0; i < WAYS; i++) {
        if (holds(&set[i], hash, token)) return &set[i];
        if (set[i].expires_at < victim->expires_at) victim = &set[i];
    }
    return victim;
}

void token_cache_put(struct token_cache *cache, struct str token, const struct jwt_claims *claims)
{
    if (cache->set_count == 0 || token.len == 0 || claims->tenant.len > JWT_TENANT_MAX ||
        claims->user_id.len > JWT_USER_MAX)
        return;
    char *copy = malloc(token.len);
    if (!copy) return;
    memcpy(copy, token.ptr, token.len);
    uint64_t hash = hash_of(cache, token);
    (void)pthread_mutex_lock(&cache->lock);
    struct entry *entry = choose(set_of(cache, hash), hash, token);
    forget(entry);
    entry->hash = hash;
    entry->token = copy;
    entry->token_len = token.len;
    entry->expires_at = claims->expires_at;
    entry->permissions = claims->permissions;
    entry->tenant_len = (uint8_t)claims->tenant.len;
    entry->user_len = (uint8_t)claims->user_id.len;
    memcpy(entry->tenant, claims->tenant.ptr, claims->tenant.len);
    memcpy(entry->user, claims->user_id.ptr, claims->user_id.len);
    (void)pthread_mutex_unlock(&cache->lock);
}
