/* Interning: per domain an array of values, a text pool and an open-addressing table of numbers.
 * Arrays grow by half of what they are. */
#include "matching/values.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Large blocks are read at random, and finding a small page costs as much as what is on it. */
enum { LARGE_PAGE = 2 << 20 };

/* One record alone is interned for every comparison at write time: it is to find room and no more.
 * Few values need no table. */
enum { TABLE_MIN = 64, FEW = 24, VALUES_MIN = 8, TEXT_MIN = 128, LISTS_MIN = 16 };

static uint64_t read_eight(const char *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

/* The last bytes of the text, at most seven, the first of them the lowest. */
static uint64_t read_end(struct str text, size_t count)
{
    uint64_t x = 0;
    if (text.len >= 8) return read_eight(text.ptr + text.len - 8) >> (64 - 8 * count);
    for (size_t i = text.len; i-- > text.len - count;) x = x << 8 | (unsigned char)text.ptr[i];
    return x;
}

uint64_t values_hash(struct str text)
{
    uint64_t hash = 0x9E3779B97F4A7C15u ^ (text.len * 0xD6E8FEB86659FD93u);
    size_t i = 0;
    for (; i + 8 <= text.len; i += 8)
        hash = values_mix(hash ^ read_eight(text.ptr + i)) + 0x9E3779B97F4A7C15u;
    if (i < text.len) hash ^= read_end(text, text.len - i);
    return values_mix(hash);
}

/* On large pages but for the end, which would waste one. Copied: what is moved by remapping falls
 * back to small pages. */
static void *grow_large(void *old, uint64_t old_bytes, uint64_t new_bytes)
{
    void *grown = NULL;
    if (posix_memalign(&grown, LARGE_PAGE, new_bytes) != 0) return NULL;
#ifdef MADV_HUGEPAGE
    (void)madvise(grown, new_bytes / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE);
#endif
    if (old_bytes) memcpy(grown, old, old_bytes);
    free(old);
    return grown;
}

void *values_budget_realloc(struct values_budget *budget, void *old, uint64_t old_bytes,
                            uint64_t new_bytes)
{
    if (budget && new_bytes > old_bytes) {
        uint64_t used =
            __atomic_add_fetch(&budget->used_bytes, new_bytes - old_bytes, __ATOMIC_RELAXED);
        if (budget->limit_bytes && used > budget->limit_bytes) {
            __atomic_store_n(&budget->exceeded, true, __ATOMIC_RELAXED);
            __atomic_sub_fetch(&budget->used_bytes, new_bytes - old_bytes, __ATOMIC_RELAXED);
            return NULL;
        }
    }
    if (budget && new_bytes < old_bytes)
        __atomic_sub_fetch(&budget->used_bytes, old_bytes - new_bytes, __ATOMIC_RELAXED);
    if (new_bytes == 0) {
        free(old);
        return NULL;
    }
    bool large = new_bytes >= LARGE_PAGE && new_bytes > old_bytes;
    void *grown = large ? grow_large(old, old_bytes, new_bytes) : realloc(old, new_bytes);
    if (!grown && budget) __atomic_store_n(&budget->exceeded, true, __ATOMIC_RELAXED);
    return grown;
}

void values_init(struct values *values, struct values_budget *budget)
{
    memset(values, 0, sizeof *values);
    values->budget = budget;
}

static void release_domain(struct values_budget *budget, struct value_domain *d)
{
    values_budget_realloc(budget, d->values, (uint64_t)d->capacity * sizeof *d->values, 0);
    values_budget_realloc(budget, d->text, d->text_capacity, 0);
    values_budget_realloc(budget, d->table, d->table ? (d->table_mask + 1ULL) * 8 : 0, 0);
    values_budget_realloc(budget, d->lists, d->list_capacity * 4ULL, 0);
    values_budget_realloc(budget, d->list_table, d->list_table ? (d->list_mask + 1ULL) * 4 : 0, 0);
    free(d->queue);
}

void values_release(struct values *values)
{
    for (int d = 0; d < DOMAIN_COUNT; d++) release_domain(values->budget, &values->domain[d]);
    memset(values->domain, 0, sizeof values->domain);
}

/* ------------------------------------------------------------------ growth */

static void enter(struct value_domain *d, uint32_t id)
{
    uint32_t slot = d->values[id].hash & d->table_mask;
    while (d->table[slot]) slot = (slot + 1) & d->table_mask;
    d->table[slot] = (uint64_t)d->values[id].hash << 32 | id;
}

static bool grow_table(struct values_budget *budget, struct value_domain *d)
{
    if (!d->table && d->count < FEW) return true;
    if (d->table && (uint64_t)(d->count + 1) * 3 < (d->table_mask + 1ULL) * 2) return true;
    uint64_t old_size = d->table ? d->table_mask + 1ULL : 0,
             size = old_size ? old_size * 2 : TABLE_MIN;
    uint64_t *table = values_budget_realloc(budget, d->table, old_size * 8, size * 8);
    if (!table) return false;
    memset(table, 0, size * 8);
    d->table = table;
    d->table_mask = (uint32_t)(size - 1);
    for (uint32_t id = 1; id <= d->count; id++) enter(d, id);
    return true;
}

static bool grow_values(struct values_budget *budget, struct value_domain *d)
{
    if (d->count + 2 <= d->capacity) return true;
    uint64_t capacity = d->capacity ? d->capacity + d->capacity / 2ULL : VALUES_MIN;
    if (capacity >= VALUES_LIST) return false;
    struct value *grown = values_budget_realloc(budget, d->values, d->capacity * sizeof *grown,
                                                capacity * sizeof *grown);
    if (!grown) return false;
    if (!d->values) memset(grown, 0, sizeof *grown);
    d->values = grown;
    d->capacity = (uint32_t)capacity;
    return true;
}

static bool grow_text(struct values_budget *budget, struct value_domain *d, size_t len)
{
    if (d->text_bytes + len <= d->text_capacity) return true;
    uint64_t capacity = d->text_capacity ? d->text_capacity + d->text_capacity / 2 : TEXT_MIN;
    if (capacity < d->text_bytes + len) capacity = d->text_bytes + len;
    char *grown = values_budget_realloc(budget, d->text, d->text_capacity, capacity);
    if (!grown) return false;
    d->text = grown;
    d->text_capacity = capacity;
    return true;
}

/* ------------------------------------------------------------------ values */

static uint32_t add_value(struct values *values, enum domain domain, struct str text, uint32_t hash,
                          void (*describe)(struct values *, struct str, struct value *))
{
    struct value_domain *d = &values->domain[domain];
    if (!grow_table(values->budget, d) || !grow_values(values->budget, d) ||
        !grow_text(values->budget, d, text.len))
        return 0;
    struct value value = {.offset = d->text_bytes,
                          .hash = hash,
                          .letters = values_letters(text),
                          .len = (uint16_t)text.len,
                          .first = text.ptr[0]};
    memcpy(d->text + d->text_bytes, text.ptr, text.len);
    d->text_bytes += text.len;
    if (describe) describe(values, text, &value);
    uint32_t id = ++d->count;
    d->values[id] = value;
    if (d->table) enter(d, id);
    return id;
}

static bool is_text(const struct value_domain *d, uint32_t id, struct str text)
{
    const struct value *value = &d->values[id];
    return value->len == text.len && memcmp(d->text + value->offset, text.ptr, text.len) == 0;
}

static uint32_t find_value(const struct value_domain *d, struct str text, uint32_t hash)
{
    for (uint32_t id = 1; !d->table && id <= d->count; id++)
        if (d->values[id].hash == hash && is_text(d, id, text)) return id;
    if (!d->table) return 0;
    for (uint32_t slot = hash & d->table_mask; d->table[slot]; slot = (slot + 1) & d->table_mask)
        if (d->table[slot] >> 32 == hash && is_text(d, (uint32_t)d->table[slot], text))
            return (uint32_t)d->table[slot];
    return 0;
}

static uint32_t intern_hashed(struct values *values, enum domain domain, struct str text,
                              uint32_t hash,
                              void (*describe)(struct values *, struct str, struct value *))
{
    uint32_t known = find_value(&values->domain[domain], text, hash);
    return known ? known : add_value(values, domain, text, hash, describe);
}

/* ------------------------------------------------------------------ queue */

enum { QUEUE_TEXT = 1 << 15, QUEUED_LEN_MAX = 128 };

struct values_queue {
    uint32_t count, settled; /* tickets given; of them, those that have their reference */
    uint32_t text_bytes;
    struct {
        uint32_t hash, offset, len, reference; /* likely, then for sure */
        void (*describe)(struct values *, struct str, struct value *);
    } entry[VALUES_QUEUE_MAX];
    char text[QUEUE_TEXT];
};

void values_queue_begin(struct values *values, enum domain domain)
{
    struct values_queue *queue = malloc(sizeof *queue);
    if (queue) queue->count = queue->settled = queue->text_bytes = 0;
    values->domain[domain].queue = queue;
}

void values_queue_end(struct values *values, enum domain domain)
{
    free(values->domain[domain].queue);
    values->domain[domain].queue = NULL;
}

uint32_t values_queue_reference(const struct values *values, enum domain domain, uint32_t ticket)
{
    const struct values_queue *queue = values->domain[domain].queue;
    return queue && ticket ? queue->entry[ticket - 1].reference : ticket;
}

/* The value that is likely to be the text's, by the hash; 0 for none. */
static uint32_t find_likely(const struct value_domain *d, uint32_t hash)
{
    if (!d->table) return 0;
    for (uint32_t slot = hash & d->table_mask; d->table[slot]; slot = (slot + 1) & d->table_mask)
        if (d->table[slot] >> 32 == hash) return (uint32_t)d->table[slot];
    return 0;
}

/* Each step asks for the memory that the next reads. Before the first value there is none. */
static void ask_for_likely(const struct value_domain *d, struct values_queue *queue)
{
    if (!d->values) return;
    for (uint32_t i = queue->settled; i < queue->count; i++) {
        queue->entry[i].reference = find_likely(d, queue->entry[i].hash);
        __builtin_prefetch(&d->values[queue->entry[i].reference]);
    }
    for (uint32_t i = queue->settled; i < queue->count; i++)
        if (queue->entry[i].reference)
            __builtin_prefetch(d->text + d->values[queue->entry[i].reference].offset);
}

static void settle_waiting(struct values *values, enum domain domain)
{
    struct value_domain *d = &values->domain[domain];
    struct values_queue *queue = d->queue;
    ask_for_likely(d, queue);
    for (uint32_t i = queue->settled; i < queue->count; i++)
        queue->entry[i].reference = intern_hashed(
            values, domain, str_of(queue->text + queue->entry[i].offset, queue->entry[i].len),
            queue->entry[i].hash, queue->entry[i].describe);
    queue->settled = queue->count;
    queue->text_bytes = 0;
}

void values_queue_settle(struct values *values, enum domain domain)
{
    if (!values->domain[domain].queue) return;
    settle_waiting(values, domain);
    values->domain[domain].queue->count = values->domain[domain].queue->settled = 0;
}

/* A ticket. Settled tickets keep their references, so that a long text can go its own way. */
static uint32_t enqueue(struct values *values, enum domain domain, struct str text, uint32_t hash,
                        void (*describe)(struct values *, struct str, struct value *))
{
    struct value_domain *d = &values->domain[domain];
    struct values_queue *queue = d->queue;
    bool is_long = text.len > QUEUED_LEN_MAX;
    if (is_long || queue->text_bytes + text.len > QUEUE_TEXT) settle_waiting(values, domain);
    if (is_long) {
        queue->entry[queue->count++].reference =
            intern_hashed(values, domain, text, hash, describe);
        return queue->settled = queue->count;
    }
    if (d->table) __builtin_prefetch(&d->table[hash & d->table_mask]);
    memcpy(queue->text + queue->text_bytes, text.ptr, text.len);
    queue->entry[queue->count].hash = hash;
    queue->entry[queue->count].offset = queue->text_bytes;
    queue->entry[queue->count].len = (uint32_t)text.len;
    queue->entry[queue->count].describe = describe;
    queue->text_bytes += (uint32_t)text.len;
    return ++queue->count;
}

uint32_t values_intern(struct values *values, enum domain domain, struct str text,
                       void (*describe)(struct values *, struct str, struct value *))
{
    if (text.len == 0) return 0;
    if (text.len > UINT16_MAX) text.len = UINT16_MAX;
    uint32_t hash = (uint32_t)values_hash(text);
    if (values->domain[domain].queue) return enqueue(values, domain, text, hash, describe);
    return intern_hashed(values, domain, text, hash, describe);
}

/* ------------------------------------------------------------------ lists */

static uint32_t list_hash(const uint32_t *list, uint32_t count)
{
    return (uint32_t)values_hash(str_of((const char *)list, count * sizeof *list));
}

static bool grow_lists(struct values_budget *budget, struct value_domain *d, size_t count)
{
    if (d->list_words + count + 2 > d->list_capacity) {
        uint64_t capacity = (d->list_capacity ? d->list_capacity * 3ULL / 2 : LISTS_MIN) + count;
        if (capacity >= VALUES_LIST) return false;
        uint32_t *grown =
            values_budget_realloc(budget, d->lists, d->list_capacity * 4ULL, capacity * 4);
        if (!grown) return false;
        d->lists = grown;
        d->list_capacity = (uint32_t)capacity;
    }
    if (d->list_table && (d->list_count + 1ULL) * 3 < (d->list_mask + 1ULL) * 2) return true;
    uint64_t old_size = d->list_table ? d->list_mask + 1ULL : 0,
             size = old_size ? old_size * 2 : TABLE_MIN;
    uint32_t *table = values_budget_realloc(budget, d->list_table, old_size * 4, size * 4);
    if (!table) return false;
    memset(table, 0, size * 4);
    d->list_table = table;
    d->list_mask = (uint32_t)(size - 1);
    for (uint32_t at = 1; at < d->list_words; at += d->lists[at] + 1) {
        uint32_t slot = list_hash(d->lists + at + 1, d->lists[at]) & d->list_mask;
        while (table[slot]) slot = (slot + 1) & d->list_mask;
        table[slot] = at;
    }
    return true;
}

static size_t sort_unique(uint32_t *references, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        uint32_t x = references[i];
        size_t j = i;
        for (; j > 0 && references[j - 1] > x; j--) references[j] = references[j - 1];
        references[j] = x;
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (references[i] && (kept == 0 || references[kept - 1] != references[i]))
            references[kept++] = references[i];
    return kept;
}

uint32_t values_intern_list(struct values *values, enum domain domain, uint32_t *references,
                            size_t count)
{
    count = sort_unique(references, count);
    if (count == 0) return 0;
    if (count == 1) return references[0];
    struct value_domain *d = &values->domain[domain];
    if (!grow_lists(values->budget, d, count)) return references[0];
    if (d->list_words == 0) d->list_words = 1;
    uint32_t slot = list_hash(references, (uint32_t)count) & d->list_mask;
    for (; d->list_table[slot]; slot = (slot + 1) & d->list_mask) {
        const uint32_t *list = d->lists + d->list_table[slot];
        if (list[0] == count && memcmp(list + 1, references, count * sizeof *list) == 0)
            return d->list_table[slot] | VALUES_LIST;
    }
    uint32_t at = d->list_words;
    d->lists[at] = (uint32_t)count;
    memcpy(d->lists + at + 1, references, count * sizeof *references);
    d->list_words += (uint32_t)count + 1;
    d->list_table[slot] = at;
    d->list_count++;
    return at | VALUES_LIST;
}
