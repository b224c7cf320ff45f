#include "adapters/identity/token_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { WAYS = 4 };

struct entry {
    uint8_t digest[TOKEN_DIGEST];
    instant expires_at; /* 0: free */
    uint64_t permissions;
    uint8_t tenant_len, user_len;
    char tenant[JWT_TENANT_MAX];
    char user[JWT_USER_MAX];
};

struct token_cache {
    pthread_mutex_t lock;
    size_t set_count; /* a power of two, or 0 */
    struct entry *entries;
};

struct token_cache *token_cache_new(size_t capacity)
{
    struct token_cache *cache = calloc(1, sizeof(*cache));
    if (!cache) return NULL;
    size_t sets = capacity > 0 ? 1 : 0;
    while (sets > 0 && sets * WAYS < capacity) sets *= 2;
    cache->set_count = sets;
    cache->entries = calloc(sets * WAYS + 1, sizeof(struct entry));
    if (!cache->entries || pthread_mutex_init(&cache->lock, NULL) != 0) {
        free(cache->entries);
        free(cache);
        return NULL;
    }
    return cache;
}

void token_cache_free(struct token_cache *cache)
{
    if (!cache) return;
    (void)pthread_mutex_destroy(&cache->lock);
    free(cache->entries);
    free(cache);
}

void token_cache_clear(struct token_cache *cache)
{
    (void)pthread_mutex_lock(&cache->lock);
    memset(cache->entries, 0, cache->set_count * WAYS * sizeof(struct entry));
    (void)pthread_mutex_unlock(&cache->lock);
}

static struct entry *set_of(struct token_cache *cache, const uint8_t digest[TOKEN_DIGEST])
{
    uint64_t word;
    memcpy(&word, digest, sizeof(word));
    return &cache->entries[(word & (cache->set_count - 1)) * WAYS];
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

bool token_cache_find(struct token_cache *cache, const uint8_t digest[TOKEN_DIGEST], instant now,
                      struct arena *arena, struct jwt_claims *claims)
{
    if (cache->set_count == 0) return false;
    bool found = false;
    (void)pthread_mutex_lock(&cache->lock);
    struct entry *set = set_of(cache, digest);
    for (int i = 0; i < WAYS && !found; i++)
        if (set[i].expires_at > now && memcmp(set[i].digest, digest, TOKEN_DIGEST) == 0)
            found = copy_out(&set[i], arena, claims);
    (void)pthread_mutex_unlock(&cache->lock);
    return found;
}

void token_cache_put(struct token_cache *cache, const uint8_t digest[TOKEN_DIGEST],
                     const struct jwt_claims *claims)
{
    if (cache->set_count == 0 || claims->tenant.len > JWT_TENANT_MAX ||
        claims->user_id.len > JWT_USER_MAX)
        return;
    (void)pthread_mutex_lock(&cache->lock);
    struct entry *set = set_of(cache, digest), *victim = &set[0];
    for (int i = 0; i < WAYS; i++)
        if (set[i].expires_at < victim->expires_at) victim = &set[i];
    memcpy(victim->digest, digest, TOKEN_DIGEST);
    victim->expires_at = claims->expires_at;
    victim->permissions = claims->permissions;
    victim->tenant_len = (uint8_t)claims->tenant.len;
    victim->user_len = (uint8_t)claims->user_id.len;
    memcpy(victim->tenant, claims->tenant.ptr, claims->tenant.len);
    memcpy(victim->user, claims->user_id.ptr, claims->user_id.len);
    (void)pthread_mutex_unlock(&cache->lock);
}
