#include "adapters/store/document_cache.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/environment.h"
#include "base/hash.h"

enum { SHARD_BITS = 6, SHARD_COUNT = 1 << SHARD_BITS, BYTES_PER_BUCKET = 1024, BUCKETS_MIN = 16 };

struct entry {
    struct entry *next_in_bucket;
    struct entry *next_in_queue; /* towards younger ones */
    uint64_t key;
    size_t size; /* of the whole allocation */
    bool referenced;
    bool dead; /* invalidated; still in the queue */
    struct str tenant;
    struct profile_row row; /* its strings point into `bytes` */
    size_t byte_count;
    char bytes[];
};

struct shard {
    _Alignas(64) pthread_mutex_t mutex;
    struct entry **buckets;
    struct entry *oldest;
    struct entry *youngest;
    size_t bytes;
    uint64_t generation; /* of its latest invalidation */
};

struct document_cache {
    _Atomic uint64_t generation; /* counts invalidations */
    struct shard shards[SHARD_COUNT];
    size_t bucket_count; /* per shard, a power of two */
    size_t shard_capacity_bytes;
    struct hash_key hash_key;
};

/* The strings of a row, for what treats them all alike. */
enum { ROW_STRINGS = 8 };
static void strings_of(struct profile_row *row, struct str *out[ROW_STRINGS])
{
    struct str *strings[ROW_STRINGS] = {&row->customer_id, &row->survivor_id, &row->merge_id,
                                        &row->kind,        &row->status,      &row->segment,
                                        &row->name,        &row->document};
    memcpy(out, strings, sizeof(strings));
}

static struct shard *shard_of(struct document_cache *cache, uint64_t key)
{
    return &cache->shards[key >> (64 - SHARD_BITS)];
}

static struct entry **bucket_of(struct document_cache *cache, struct shard *shard, uint64_t key)
{
    return &shard->buckets[key & (cache->bucket_count - 1)];
}

struct document_cache *document_cache_new(size_t capacity_bytes)
{
    struct document_cache *cache = aligned_alloc(64, sizeof(*cache));
    if (!cache) return NULL;
    memset(cache, 0, sizeof(*cache));
    cache->shard_capacity_bytes = capacity_bytes / SHARD_COUNT;
    cache->bucket_count = BUCKETS_MIN;
    while (cache->bucket_count * BYTES_PER_BUCKET < cache->shard_capacity_bytes)
        cache->bucket_count *= 2;
    struct environment *environment = environment_system();
    environment->random(environment, &cache->hash_key, sizeof(cache->hash_key));
    bool complete = true;
    for (size_t i = 0; i < SHARD_COUNT; i++) {
        pthread_mutex_init(&cache->shards[i].mutex, NULL);
        cache->shards[i].buckets = calloc(cache->bucket_count, sizeof(struct entry *));
        complete = complete && cache->shards[i].buckets;
    }
    if (complete) return cache;
    document_cache_free(cache);
    return NULL;
}

void document_cache_free(struct document_cache *cache)
{
    if (!cache) return;
    for (size_t i = 0; i < SHARD_COUNT; i++) {
        struct shard *shard = &cache->shards[i];
        while (shard->oldest) {
            struct entry *entry = shard->oldest;
            shard->oldest = entry->next_in_queue;
            free(entry);
        }
        free(shard->buckets);
        pthread_mutex_destroy(&shard->mutex);
    }
    free(cache);
}

uint64_t document_cache_key(const struct document_cache *cache, struct str tenant, struct str id)
{
    uint64_t of_tenant = hash_bytes(cache->hash_key, tenant);
    return hash_bytes((struct hash_key){cache->hash_key.k0 ^ of_tenant, cache->hash_key.k1}, id);
}

/* --- within a locked shard --- */

static void unlink_from_bucket(struct document_cache *cache, struct shard *shard,
                               struct entry *entry)
{
    struct entry **link = bucket_of(cache, shard, entry->key);
    while (*link != entry) link = &(*link)->next_in_bucket;
    *link = entry->next_in_bucket;
}

static void kill_key(struct document_cache *cache, struct shard *shard, uint64_t key)
{
    struct entry **link = bucket_of(cache, shard, key);
    while (*link) {
        struct entry *entry = *link;
        if (entry->key == key) {
            entry->dead = true;
            *link = entry->next_in_bucket;
        } else {
            link = &entry->next_in_bucket;
        }
    }
}

static void enqueue(struct shard *shard, struct entry *entry)
{
    entry->next_in_queue = NULL;
    if (shard->youngest)
        shard->youngest->next_in_queue = entry;
    else
        shard->oldest = entry;
    shard->youngest = entry;
}

static struct entry *dequeue(struct shard *shard)
{
    struct entry *entry = shard->oldest;
    shard->oldest = entry->next_in_queue;
    if (!shard->oldest) shard->youngest = NULL;
    return entry;
}

/* What was used since it was last looked at gets a second chance. */
static void make_room(struct document_cache *cache, struct shard *shard, size_t need)
{
    while (shard->oldest && shard->bytes + need > cache->shard_capacity_bytes) {
        struct entry *entry = dequeue(shard);
        if (entry->referenced && !entry->dead) {
            entry->referenced = false;
            enqueue(shard, entry);
            continue;
        }
        if (!entry->dead) unlink_from_bucket(cache, shard, entry);
        shard->bytes -= entry->size;
        free(entry);
    }
}

static struct entry *find(struct document_cache *cache, struct shard *shard, uint64_t key,
                          struct str tenant, struct str id)
{
    struct entry *entry = *bucket_of(cache, shard, key);
    while (entry && !(entry->key == key && str_equal(entry->row.customer_id, id) &&
                      str_equal(entry->tenant, tenant)))
        entry = entry->next_in_bucket;
    return entry;
}

static bool copy_out(const struct entry *entry, struct arena *arena, struct profile_row *row)
{
    char *bytes = arena_alloc(arena, entry->byte_count);
    if (!bytes) return false;
    memcpy(bytes, entry->bytes, entry->byte_count);
    *row = entry->row;
    struct str *strings[ROW_STRINGS];
    strings_of(row, strings);
    for (size_t i = 0; i < ROW_STRINGS; i++)
        if (strings[i]->ptr) strings[i]->ptr = bytes + (strings[i]->ptr - entry->bytes);
    return true;
}

static struct entry *entry_new(uint64_t key, struct str tenant, const struct profile_row *row)
{
    struct profile_row copy = *row;
    struct str *strings[ROW_STRINGS];
    strings_of(&copy, strings);
    size_t byte_count = tenant.len + 1;
    for (size_t i = 0; i < ROW_STRINGS; i++) byte_count += strings[i]->len;
    struct entry *entry = malloc(sizeof(*entry) + byte_count);
    if (!entry) return NULL;
    *entry =
        (struct entry){.key = key, .size = sizeof(*entry) + byte_count, .byte_count = byte_count};
    char *at = entry->bytes;
    memcpy(at, tenant.ptr, tenant.len);
    entry->tenant = str_of(at, tenant.len);
    at += tenant.len;
    for (size_t i = 0; i < ROW_STRINGS; i++) {
        if (!strings[i]->ptr) continue;
        memcpy(at, strings[i]->ptr, strings[i]->len);
        strings[i]->ptr = at;
        at += strings[i]->len;
    }
    *at = '\0';
    entry->row = copy;
    return entry;
}

/* --- what callers see --- */

uint64_t document_cache_ticket(const struct document_cache *cache)
{
    return atomic_load(&cache->generation);
}

enum document_cache_result document_cache_get(struct document_cache *cache, uint64_t key,
                                              struct str tenant, struct str id, struct arena *arena,
                                              struct profile_row *row, uint64_t *ticket)
{
    struct shard *shard = shard_of(cache, key);
    enum document_cache_result result = DOCUMENT_CACHE_MISS;
    pthread_mutex_lock(&shard->mutex);
    struct entry *entry = find(cache, shard, key, tenant, id);
    if (entry) {
        entry->referenced = true;
        result = copy_out(entry, arena, row) ? DOCUMENT_CACHE_HIT : DOCUMENT_CACHE_NO_MEMORY;
    }
    *ticket = document_cache_ticket(cache);
    pthread_mutex_unlock(&shard->mutex);
    return result;
}

void document_cache_put(struct document_cache *cache, uint64_t key, uint64_t ticket,
                        struct str tenant, const struct profile_row *row)
{
    struct entry *entry = entry_new(key, tenant, row);
    if (!entry) return;
    struct shard *shard = shard_of(cache, key);
    pthread_mutex_lock(&shard->mutex);
    bool wanted = shard->generation <= ticket && entry->size <= cache->shard_capacity_bytes &&
                  !find(cache, shard, key, tenant, row->customer_id);
    if (wanted) {
        make_room(cache, shard, entry->size);
        struct entry **bucket = bucket_of(cache, shard, key);
        entry->next_in_bucket = *bucket;
        *bucket = entry;
        enqueue(shard, entry);
        shard->bytes += entry->size;
    }
    pthread_mutex_unlock(&shard->mutex);
    if (!wanted) free(entry);
}

void document_cache_invalidate(struct document_cache *cache, uint64_t key)
{
    struct shard *shard = shard_of(cache, key);
    pthread_mutex_lock(&shard->mutex);
    shard->generation = atomic_fetch_add(&cache->generation, 1) + 1;
    kill_key(cache, shard, key);
    pthread_mutex_unlock(&shard->mutex);
}

void document_cache_invalidate_all(struct document_cache *cache)
{
    for (size_t i = 0; i < SHARD_COUNT; i++) {
        struct shard *shard = &cache->shards[i];
        pthread_mutex_lock(&shard->mutex);
        shard->generation = atomic_fetch_add(&cache->generation, 1) + 1;
        for (struct entry *entry = shard->oldest; entry; entry = entry->next_in_queue)
            entry->dead = true;
        memset(shard->buckets, 0, cache->bucket_count * sizeof(*shard->buckets));
        pthread_mutex_unlock(&shard->mutex);
    }
}

size_t document_cache_bytes(struct document_cache *cache)
{
    size_t bytes = 0;
    for (size_t i = 0; i < SHARD_COUNT; i++) {
        pthread_mutex_lock(&cache->shards[i].mutex);
        bytes += cache->shards[i].bytes;
        pthread_mutex_unlock(&cache->shards[i].mutex);
    }
    return bytes;
}
