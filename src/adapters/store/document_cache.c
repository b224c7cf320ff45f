#include "adapters/store/document_cache.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/store/document_index.h"
#include "adapters/store/document_region.h"
#include "base/environment.h"
#include "base/hash.h"

enum {
    SHARD_BITS = 6,
    SHARD_COUNT = 1 << SHARD_BITS,
    LINE_BYTES = 64, /* of the processor's cache; entries begin with one */
    SEGMENT_MAX_BYTES = 128 * 1024,
    SEGMENTS_MIN = 4 /* of a shard, however small */
};

struct entry {
    uint64_t key;
    size_t size; /* with what is between it and the next */
    bool referenced;
    bool dead; /* invalidated; still in its segment */
    struct str tenant;
    struct profile_row row; /* its strings point into `bytes`, as the tenant does */
    size_t byte_count;
    char bytes[];
};

/* Entries, one behind the other. */
struct segment {
    _Alignas(LINE_BYTES) struct segment *next; /* the one that was begun after it */
    size_t used_bytes;
    _Alignas(LINE_BYTES) char entries[];
};

struct shard {
    _Alignas(LINE_BYTES) pthread_mutex_t mutex;
    struct document_index index;
    struct segment *oldest;
    struct segment *youngest; /* the one that is filled */
    size_t segment_count;
    size_t bytes;
    uint64_t generation; /* of its latest invalidation */
};

struct document_cache {
    _Atomic uint64_t generation; /* counts invalidations */
    struct shard shards[SHARD_COUNT];
    struct document_region region;
    size_t segment_bytes; /* for entries */
    size_t segments_max;  /* of a shard */
    struct hash_key hash_key;
};

/* The strings of an entry, for what treats them all alike. */
enum { ROW_STRINGS = 8 };
static void strings_of(struct profile_row *row, struct str *out[ROW_STRINGS])
{
    struct str *strings[ROW_STRINGS] = {&row->customer_id, &row->survivor_id, &row->merge_id,
                                        &row->kind,        &row->status,      &row->segment,
                                        &row->name,        &row->document};
    memcpy(out, strings, sizeof(strings));
}

static void rebase(struct profile_row *row, const char *from, const char *to)
{
    struct str *strings[ROW_STRINGS];
    strings_of(row, strings);
    for (size_t i = 0; i < ROW_STRINGS; i++)
        if (strings[i]->ptr) strings[i]->ptr = to + (strings[i]->ptr - from);
}

static struct shard *shard_of(struct document_cache *cache, uint64_t key)
{
    return &cache->shards[key >> (64 - SHARD_BITS)];
}

/* The index knows an entry by its line in the region, which a segment's own begins. */
static uint32_t place_of(const struct document_cache *cache, const struct entry *entry)
{
    return (uint32_t)((size_t)((const char *)entry - cache->region.base) / LINE_BYTES);
}

static struct entry *entry_at(const struct document_cache *cache, uint32_t place)
{
    return (struct entry *)(cache->region.base + (size_t)place * LINE_BYTES);
}

static size_t segment_bytes_of(size_t shard_bytes)
{
    size_t bytes = shard_bytes / SEGMENTS_MIN;
    if (bytes > SEGMENT_MAX_BYTES) bytes = SEGMENT_MAX_BYTES;
    return bytes / LINE_BYTES * LINE_BYTES;
}

static bool init_shards(struct document_cache *cache, size_t capacity_bytes)
{
    const size_t capacity_max = (size_t)UINT32_MAX * LINE_BYTES;
    size_t capacity = capacity_bytes < capacity_max ? capacity_bytes : capacity_max;
    size_t segment = segment_bytes_of(capacity / SHARD_COUNT);
    cache->segments_max = segment ? capacity / SHARD_COUNT / segment : 0;
    cache->segment_bytes = segment ? segment - sizeof(struct segment) : 0;
    for (size_t i = 0; i < SHARD_COUNT; i++) pthread_mutex_init(&cache->shards[i].mutex, NULL);
    return document_region_init(&cache->region, SHARD_COUNT * cache->segments_max * segment);
}

struct document_cache *document_cache_new(size_t capacity_bytes)
{
    struct document_cache *cache = aligned_alloc(LINE_BYTES, sizeof(*cache));
    if (!cache) return NULL;
    memset(cache, 0, sizeof(*cache));
    struct environment *environment = environment_system();
    environment->random(environment, &cache->hash_key, sizeof(cache->hash_key));
    if (init_shards(cache, capacity_bytes)) return cache;
    free(cache);
    return NULL;
}

void document_cache_free(struct document_cache *cache)
{
    if (!cache) return;
    for (size_t i = 0; i < SHARD_COUNT; i++) {
        document_index_release(&cache->shards[i].index);
        pthread_mutex_destroy(&cache->shards[i].mutex);
    }
    document_region_release(&cache->region);
    free(cache);
}

uint64_t document_cache_key(const struct document_cache *cache, struct str tenant, struct str id)
{
    uint64_t of_tenant = hash_bytes(cache->hash_key, tenant);
    return hash_bytes((struct hash_key){cache->hash_key.k0 ^ of_tenant, cache->hash_key.k1}, id);
}

/* --- within a locked shard --- */

static bool is_of(const struct entry *entry, uint64_t key, struct str tenant, struct str id)
{
    return entry->key == key && str_equal(entry->row.customer_id, id) &&
           str_equal(entry->tenant, tenant);
}

static struct entry *find(struct document_cache *cache, struct shard *shard, uint64_t key,
                          struct str tenant, struct str id)
{
    struct document_index_probe probe = document_index_probe(&shard->index, key);
    uint32_t place;
    while ((place = document_index_next(&shard->index, &probe))) {
        struct entry *entry = entry_at(cache, place);
        if (is_of(entry, key, tenant, id)) return entry;
    }
    return NULL;
}

static void kill_key(struct document_cache *cache, struct shard *shard, uint64_t key)
{
    struct document_index_probe probe = document_index_probe(&shard->index, key);
    uint32_t place;
    while ((place = document_index_next(&shard->index, &probe))) {
        struct entry *entry = entry_at(cache, place);
        if (entry->key != key) continue;
        entry->dead = true;
        document_index_remove(&shard->index, key, place);
        probe = document_index_probe(&shard->index, key);
    }
}

static void enqueue(struct shard *shard, struct segment *segment)
{
    segment->next = NULL;
    if (shard->youngest)
        shard->youngest->next = segment;
    else
        shard->oldest = segment;
    shard->youngest = segment;
}

static struct segment *dequeue(struct shard *shard)
{
    struct segment *segment = shard->oldest;
    shard->oldest = segment->next;
    if (!shard->oldest) shard->youngest = NULL;
    return segment;
}

static void move(struct document_cache *cache, struct shard *shard, struct entry *entry, char *to)
{
    struct entry *moved = (struct entry *)to;
    uint64_t key = entry->key;
    uint32_t from = place_of(cache, entry);
    const char *from_bytes = entry->bytes;
    memmove(to, entry, sizeof(*entry) + entry->byte_count);
    rebase(&moved->row, from_bytes, moved->bytes);
    moved->tenant.ptr = moved->bytes + (moved->tenant.ptr - from_bytes);
    document_index_move(&shard->index, key, from, place_of(cache, moved));
}

/* What was used since it was last looked at gets a second chance, up to so many bytes. */
static void winnow(struct document_cache *cache, struct shard *shard, struct segment *segment,
                   size_t most_bytes)
{
    size_t kept = 0, next;
    for (size_t at = 0; at < segment->used_bytes; at = next) {
        struct entry *entry = (struct entry *)(segment->entries + at);
        size_t size = entry->size;
        next = at + size;
        if (entry->dead) continue;
        if (!entry->referenced || kept + size > most_bytes) {
            document_index_remove(&shard->index, entry->key, place_of(cache, entry));
            continue;
        }
        entry->referenced = false;
        if (kept < at) move(cache, shard, entry, segment->entries + kept);
        kept += size;
    }
    shard->bytes -= segment->used_bytes - kept;
    segment->used_bytes = kept;
}

static struct segment *new_segment(struct document_cache *cache, struct shard *shard)
{
    if (shard->segment_count == cache->segments_max) return NULL;
    struct segment *segment =
        document_region_take(&cache->region, sizeof(*segment) + cache->segment_bytes);
    if (!segment) return NULL;
    segment->used_bytes = 0;
    shard->segment_count++;
    return segment;
}

static bool is_empty(const struct segment *segment)
{
    return segment && segment->used_bytes == 0;
}

/* Where so many bytes can be put; NULL: nowhere. */
static char *make_room(struct document_cache *cache, struct shard *shard, size_t need)
{
    if (need > cache->segment_bytes) return NULL;
    if (!shard->youngest || cache->segment_bytes - shard->youngest->used_bytes < need) {
        struct segment *segment = is_empty(shard->oldest) ? NULL : new_segment(cache, shard);
        if (!segment && !shard->oldest) return NULL;
        if (!segment) {
            size_t half = cache->segment_bytes / 2, rest = cache->segment_bytes - need;
            segment = dequeue(shard);
            winnow(cache, shard, segment, rest < half ? rest : half);
        }
        enqueue(shard, segment);
    }
    return shard->youngest->entries + shard->youngest->used_bytes;
}

static bool copy_out(const struct entry *entry, struct arena *arena, struct profile_row *row)
{
    char *bytes = arena_alloc(arena, entry->byte_count);
    if (!bytes) return false;
    memcpy(bytes, entry->bytes, entry->byte_count);
    *row = entry->row;
    rebase(row, entry->bytes, bytes);
    return true;
}

static size_t bytes_of(struct str tenant, const struct profile_row *row)
{
    struct profile_row copy = *row;
    struct str *strings[ROW_STRINGS];
    strings_of(&copy, strings);
    size_t count = tenant.len + 1;
    for (size_t i = 0; i < ROW_STRINGS; i++) count += strings[i]->len;
    return count;
}

static void copy_in(struct entry *entry, struct str tenant, const struct profile_row *row)
{
    struct str *strings[ROW_STRINGS];
    char *at = entry->bytes;
    entry->row = *row;
    strings_of(&entry->row, strings);
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
}

static void add(struct document_cache *cache, struct shard *shard, uint64_t key, struct str tenant,
                const struct profile_row *row)
{
    size_t byte_count = bytes_of(tenant, row);
    size_t size = (sizeof(struct entry) + byte_count + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
    struct entry *entry = (struct entry *)make_room(cache, shard, size);
    if (!entry || !document_index_add(&shard->index, key, place_of(cache, entry))) return;
    *entry = (struct entry){.key = key, .size = size, .byte_count = byte_count};
    copy_in(entry, tenant, row);
    shard->youngest->used_bytes += size;
    shard->bytes += size;
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
        if (!entry->referenced)
            entry->referenced = true; /* a line that is not written to stays shared */
        result = copy_out(entry, arena, row) ? DOCUMENT_CACHE_HIT : DOCUMENT_CACHE_NO_MEMORY;
    }
    *ticket = document_cache_ticket(cache);
    pthread_mutex_unlock(&shard->mutex);
    return result;
}

void document_cache_put(struct document_cache *cache, uint64_t key, uint64_t ticket,
                        struct str tenant, const struct profile_row *row)
{
    struct shard *shard = shard_of(cache, key);
    pthread_mutex_lock(&shard->mutex);
    if (shard->generation <= ticket && !find(cache, shard, key, tenant, row->customer_id))
        add(cache, shard, key, tenant, row);
    pthread_mutex_unlock(&shard->mutex);
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
        for (struct segment *segment = shard->oldest; segment; segment = segment->next)
            segment->used_bytes = 0;
        shard->bytes = 0;
        document_index_clear(&shard->index);
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
