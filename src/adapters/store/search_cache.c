/* Segments are in a hash table under one lock, which is held for a look-up; bodies under one of
 * some locks, chosen by the block, which is held for a copy. The lock of the table is taken first.
 */
#include "adapters/store/search_cache.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum {
    BUCKETS = 4096,
    STRIPES = 64,
    PARTS_FREED = 64, /* of the capacity: so much more is freed than is needed */
    STEPS_MAX = 1 << 16,
    FINDINGS = 4096,           /* places for what was found in a segment, at least, */
    FINDINGS_FROM_BLOCKS = 32, /* where finding it again is no trifle, */
    BLOCKS_OF_FINDING = 4,     /* and one for so many blocks */
    PART_OF_ONE = 8            /* of the capacity: nothing may have more */
};

/* A block, or what was found, behind which its key stands. */
struct search_finding {
    _Atomic uint32_t holders; /* the cache is one */
    uint32_t len, key_len;
    bool used; /* since the hand passed */
    alignas(max_align_t) char bytes[];
};

struct search_cached {
    struct search_cached *next_in_bucket;
    struct search_cached *next, *previous; /* a ring, that the hand goes around */
    int64_t id, changed;
    size_t pins;
    bool used;
    struct search_directory *directory;
    struct search_finding **bodies; /* by block, and behind them what was found */
    size_t body_count;
    size_t tenant_len;
    char tenant[];
};

struct search_cache {
    size_t capacity;
    atomic_size_t bytes;
    pthread_mutex_t mutex;
    struct search_cached *buckets[BUCKETS];
    struct search_cached *hand;
    size_t hand_block;
    pthread_mutex_t stripes[STRIPES];
};

struct search_cache *search_cache_new(size_t capacity_bytes)
{
    struct search_cache *cache = calloc(1, sizeof(*cache));
    if (!cache) return NULL;
    cache->capacity = capacity_bytes;
    (void)pthread_mutex_init(&cache->mutex, NULL);
    for (size_t i = 0; i < STRIPES; i++) (void)pthread_mutex_init(&cache->stripes[i], NULL);
    return cache;
}

/* --- segments --- */

static struct search_cached **bucket_of(struct search_cache *cache, int64_t id)
{
    return &cache->buckets[(uint64_t)id * 0x9E3779B97F4A7C15ULL >> 52];
}

static struct search_cached *find(struct search_cache *cache, struct str tenant, int64_t id,
                                  int64_t changed)
{
    struct search_cached *at = *bucket_of(cache, id);
    while (at && !(at->id == id && at->changed == changed &&
                   str_equal(str_of(at->tenant, at->tenant_len), tenant)))
        at = at->next_in_bucket;
    return at;
}

static void enter_ring(struct search_cache *cache, struct search_cached *segment)
{
    segment->next = segment->previous = segment;
    if (cache->hand) {
        segment->next = cache->hand;
        segment->previous = cache->hand->previous;
        segment->previous->next = segment->next->previous = segment;
    } else {
        cache->hand = segment;
        cache->hand_block = 0;
    }
}

static void leave_ring(struct search_cache *cache, struct search_cached *segment)
{
    if (cache->hand == segment) {
        cache->hand = segment->next == segment ? NULL : segment->next;
        cache->hand_block = 0;
    }
    segment->previous->next = segment->next;
    segment->next->previous = segment->previous;
}

static size_t size_of(const struct search_cached *segment)
{
    return segment->directory->bytes + segment->body_count * sizeof(struct search_finding *);
}

static size_t size_of_body(const struct search_finding *body)
{
    return sizeof(*body) + body->len + body->key_len;
}

void search_cache_let_go(struct search_finding *finding)
{
    if (atomic_fetch_sub(&finding->holders, 1) == 1) free(finding);
}

static void free_body(struct search_cache *cache, struct search_cached *segment, size_t block)
{
    struct search_finding *body = segment->bodies[block];
    if (!body) return;
    atomic_fetch_sub(&cache->bytes, size_of_body(body));
    segment->bodies[block] = NULL;
    search_cache_let_go(body);
}

/* Nobody has it pinned. */
static void remove_segment(struct search_cache *cache, struct search_cached *segment)
{
    struct search_cached **link = bucket_of(cache, segment->id);
    while (*link != segment) link = &(*link)->next_in_bucket;
    *link = segment->next_in_bucket;
    leave_ring(cache, segment);
    for (size_t i = 0; i < segment->body_count; i++) free_body(cache, segment, i);
    atomic_fetch_sub(&cache->bytes, size_of(segment));
    search_directory_free(segment->directory);
    free(segment->bodies);
    free(segment);
}

void search_cache_free(struct search_cache *cache)
{
    if (!cache) return;
    while (cache->hand) remove_segment(cache, cache->hand);
    for (size_t i = 0; i < STRIPES; i++) pthread_mutex_destroy(&cache->stripes[i]);
    pthread_mutex_destroy(&cache->mutex);
    free(cache);
}

static struct search_cached *pin(struct search_cached *segment)
{
    if (!segment) return NULL;
    segment->pins++;
    segment->used = true;
    return segment;
}

struct search_cached *search_cache_pin(struct search_cache *cache, struct str tenant, int64_t id,
                                       int64_t changed)
{
    pthread_mutex_lock(&cache->mutex);
    struct search_cached *found = pin(find(cache, tenant, id, changed));
    pthread_mutex_unlock(&cache->mutex);
    return found;
}

/* The segment as it was before an erasure is of no use to anybody who comes now. */
static void remove_earlier(struct search_cache *cache, struct str tenant, int64_t id)
{
    struct search_cached *at = *bucket_of(cache, id);
    while (at) {
        struct search_cached *next = at->next_in_bucket;
        if (at->id == id && at->pins == 0 && str_equal(str_of(at->tenant, at->tenant_len), tenant))
            remove_segment(cache, at);
        at = next;
    }
}

static size_t findings_of(const struct search_directory *directory)
{
    size_t of_blocks = directory->count / BLOCKS_OF_FINDING & ~(size_t)1;
    if (directory->count < FINDINGS_FROM_BLOCKS) return 0;
    return of_blocks > FINDINGS ? of_blocks : FINDINGS;
}

static struct search_cached *new_segment(struct str tenant, int64_t id, int64_t changed,
                                         struct search_directory *directory)
{
    struct search_cached *segment = calloc(1, sizeof(*segment) + tenant.len);
    size_t count = directory->count + findings_of(directory);
    struct search_finding **bodies = calloc(count + 1, sizeof(*bodies));
    if (!segment || !bodies) {
        free(segment);
        free(bodies);
        search_directory_free(directory);
        return NULL;
    }
    segment->id = id;
    segment->changed = changed;
    segment->directory = directory;
    segment->bodies = bodies;
    segment->body_count = count;
    segment->tenant_len = tenant.len;
    memcpy(segment->tenant, tenant.ptr, tenant.len);
    return segment;
}

struct search_cached *search_cache_add(struct search_cache *cache, struct str tenant, int64_t id,
                                       int64_t changed, struct search_directory *directory)
{
    pthread_mutex_lock(&cache->mutex);
    struct search_cached *segment = find(cache, tenant, id, changed);
    if (segment) {
        search_directory_free(directory); /* somebody was faster */
    } else if ((segment = new_segment(tenant, id, changed, directory))) {
        remove_earlier(cache, tenant, id);
        segment->next_in_bucket = *bucket_of(cache, id);
        *bucket_of(cache, id) = segment;
        enter_ring(cache, segment);
        atomic_fetch_add(&cache->bytes, size_of(segment));
    }
    pin(segment);
    pthread_mutex_unlock(&cache->mutex);
    return segment;
}

void search_cache_unpin(struct search_cache *cache, struct search_cached *segment)
{
    pthread_mutex_lock(&cache->mutex);
    segment->pins--;
    if (segment->pins == 0 && cache->capacity == 0) remove_segment(cache, segment);
    pthread_mutex_unlock(&cache->mutex);
}

const struct search_directory *search_cached_directory(const struct search_cached *segment)
{
    return segment->directory;
}

size_t search_cache_bytes(struct search_cache *cache)
{
    return atomic_load(&cache->bytes);
}

/* --- bodies --- */

static pthread_mutex_t *stripe_of(struct search_cache *cache, size_t block)
{
    return &cache->stripes[block % STRIPES];
}

bool search_cache_has(struct search_cache *cache, struct search_cached *segment, size_t block)
{
    pthread_mutex_lock(stripe_of(cache, block));
    bool has = segment->bodies[block] != NULL;
    pthread_mutex_unlock(stripe_of(cache, block));
    return has;
}

struct str search_cache_get(struct search_cache *cache, struct search_cached *segment, size_t block,
                            struct arena *arena)
{
    struct str copy = STR_NONE;
    pthread_mutex_lock(stripe_of(cache, block));
    struct search_finding *body = segment->bodies[block];
    if (body) {
        body->used = true;
        copy = arena_str(arena, str_of(body->bytes, body->len));
    }
    pthread_mutex_unlock(stripe_of(cache, block));
    return copy;
}

/* The hand goes on by one block, or past a segment. */
static void step(struct search_cache *cache)
{
    struct search_cached *segment = cache->hand;
    if (cache->hand_block == 0 && segment->pins == 0 && !segment->used) {
        remove_segment(cache, segment);
        return;
    }
    size_t block = cache->hand_block++;
    if (block == segment->body_count) {
        segment->used = segment->pins > 0;
        cache->hand = segment->next;
        cache->hand_block = 0;
        return;
    }
    pthread_mutex_lock(stripe_of(cache, block));
    struct search_finding *body = segment->bodies[block];
    if (body && body->used)
        body->used = false;
    else
        free_body(cache, segment, block);
    pthread_mutex_unlock(stripe_of(cache, block));
}

static void make_room(struct search_cache *cache)
{
    size_t enough = cache->capacity - cache->capacity / PARTS_FREED;
    pthread_mutex_lock(&cache->mutex);
    for (size_t i = 0; i < STEPS_MAX && cache->hand && atomic_load(&cache->bytes) > enough; i++)
        step(cache);
    pthread_mutex_unlock(&cache->mutex);
}

static struct search_finding *new_body(const struct search_cache *cache, struct str text,
                                       struct str key)
{
    size_t size = sizeof(struct search_finding) + text.len + key.len;
    if (size >= cache->capacity / PART_OF_ONE) return NULL;
    struct search_finding *body = malloc(size);
    if (!body) return NULL;
    atomic_init(&body->holders, 1);
    body->len = (uint32_t)text.len;
    body->key_len = (uint32_t)key.len;
    body->used = false;
    memcpy(body->bytes, text.ptr, text.len);
    if (key.len > 0) memcpy(body->bytes + text.len, key.ptr, key.len);
    return body;
}

static void put(struct search_cache *cache, struct search_cached *segment, size_t block,
                struct search_finding *body)
{
    if (!body) return;
    pthread_mutex_lock(stripe_of(cache, block));
    free_body(cache, segment, block);
    segment->bodies[block] = body;
    atomic_fetch_add(&cache->bytes, size_of_body(body));
    pthread_mutex_unlock(stripe_of(cache, block));
    if (atomic_load(&cache->bytes) > cache->capacity) make_room(cache);
}

void search_cache_put(struct search_cache *cache, struct search_cached *segment, size_t block,
                      struct str text)
{
    put(cache, segment, block, new_body(cache, text, STR("")));
}

/* --- what was found --- */

/* It may have one of two places. */
static bool places_of(const struct search_cached *segment, struct str key, size_t places[2])
{
    size_t first = segment->directory->count;
    if (segment->body_count == first) return false;
    size_t at = hash_bytes((struct hash_key){0, 0}, key) % (segment->body_count - first);
    places[0] = first + at;
    places[1] = first + (at ^ 1);
    return true;
}

static bool is_of(const struct search_finding *body, struct str key)
{
    return body && str_equal(str_of(body->bytes + body->len, body->key_len), key);
}

struct search_finding *search_cache_recall(struct search_cache *cache,
                                           struct search_cached *segment, struct str key)
{
    size_t places[2];
    struct search_finding *found = NULL;
    if (!places_of(segment, key, places)) return NULL;
    for (size_t i = 0; i < 2 && !found; i++) {
        pthread_mutex_lock(stripe_of(cache, places[i]));
        struct search_finding *body = segment->bodies[places[i]];
        if (is_of(body, key)) {
            body->used = true;
            atomic_fetch_add(&body->holders, 1);
            found = body;
        }
        pthread_mutex_unlock(stripe_of(cache, places[i]));
    }
    return found;
}

struct str search_cache_text(const struct search_finding *finding)
{
    return str_of(finding->bytes, finding->len);
}

/* How little would be lost there: nothing, what was not used of late, the smaller one. */
static size_t cost_of_place(struct search_cache *cache, const struct search_cached *segment,
                            size_t place, struct str key)
{
    pthread_mutex_lock(stripe_of(cache, place));
    const struct search_finding *body = segment->bodies[place];
    size_t cost = !body || is_of(body, key) ? 0 : body->len + (body->used ? SIZE_MAX / 2 : 0);
    pthread_mutex_unlock(stripe_of(cache, place));
    return cost;
}

void search_cache_remember(struct search_cache *cache, struct search_cached *segment,
                           struct str key, struct str text)
{
    size_t places[2];
    if (!places_of(segment, key, places)) return;
    bool second = cost_of_place(cache, segment, places[0], key) >
                  cost_of_place(cache, segment, places[1], key);
    put(cache, segment, places[second], new_body(cache, text, key));
}

size_t search_cache_capacity(const struct search_cache *cache)
{
    return cache->capacity;
}
