/* One place per hash; whoever comes later takes it over. */
#include "application/cut_keys.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/hash.h"

enum { PLACES = 1 << 16 };

struct cut_keys {
    _Atomic uint64_t places[PLACES];
};

struct cut_keys *cut_keys_new(void)
{
    return calloc(1, sizeof(struct cut_keys));
}

void cut_keys_free(struct cut_keys *keys)
{
    free(keys);
}

/* Never 0, which is a free place. Two keys of one hash among those of a process are not met. */
static uint64_t hash_of(struct str tenant, struct str key)
{
    struct hash_key by_tenant = {0x6b65797320746861ULL, 0x7420776572652063ULL};
    by_tenant.k0 ^= hash_bytes(by_tenant, tenant);
    return hash_bytes(by_tenant, key) | 1;
}

void cut_keys_add(struct cut_keys *keys, struct str tenant, struct str key)
{
    if (!keys) return;
    uint64_t hash = hash_of(tenant, key);
    atomic_store_explicit(&keys->places[hash >> 48], hash, memory_order_relaxed);
}

bool cut_keys_has(const struct cut_keys *keys, struct str tenant, struct str key)
{
    if (!keys) return false;
    uint64_t hash = hash_of(tenant, key);
    return atomic_load_explicit(&keys->places[hash >> 48], memory_order_relaxed) == hash;
}
