/* See blocking.h. The entry that is sorted is (key's 32 bits, record's number): chance collisions
 * of 32 bits add a few pairs that are then scored like any other. */
#include "matching/blocking.h"

#include <stdlib.h>
#include <string.h>

#include "matching/parallel.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { RECORDS_PER_TASK = 1 << 14, SIZE_MIN = 4, SIZE_HISTOGRAM = 4096 };

/* ------------------------------------------------------------------ keys */

struct extra_keys {
    uint64_t *entries; /* key << 32 | record */
    size_t count, capacity;
};

struct building {
    struct blocking *blocking;
    const struct values *values;
    const struct rarities *rarities;
    const struct blocking_options *options;
    struct extra_keys *extra; /* per task: MODEL_KIND_COUNT * KEYS_TYPE_MAX */
    size_t tasks;
    uint32_t kind_count[MODEL_KIND_COUNT];
    bool failed; /* atomic */
};

static enum model_kind kind_of(const struct record *record)
{
    return record_is_organisation(record) ? MODEL_ORGANISATION : MODEL_PERSON;
}

static bool extra_add(struct extra_keys *extra, uint32_t key, uint32_t record)
{
    if (extra->count == extra->capacity) {
        size_t capacity = extra->capacity ? extra->capacity * 2 : 256;
        uint64_t *grown = realloc(extra->entries, capacity * sizeof *grown);
        if (!grown) return false;
        extra->entries = grown;
        extra->capacity = capacity;
    }
    extra->entries[extra->count++] = (uint64_t)key << 32 | record;
    return true;
}

static void make_record_keys(struct building *building, size_t task, uint32_t number)
{
    struct blocking *blocking = building->blocking;
    const struct record *record = &blocking->records[number];
    enum model_kind kind = kind_of(record);
    const struct key_type *types = keys_types(kind);
    uint64_t keys[KEYS_PER_TYPE_MAX];
    for (int type = 0; type < KEYS_TYPE_MAX && types[type].name; type++) {
        size_t count = keys_make(kind, type, building->values, building->rarities, record, keys);
        for (size_t i = 0; i < count; i++) {
            uint32_t key = (uint32_t)(keys[i] >> 32) | 1;
            struct extra_keys *extra =
                &building->extra[(task * MODEL_KIND_COUNT + kind) * KEYS_TYPE_MAX + (size_t)type];
            if (i == 0)
                blocking->first_keys[number][type] = key;
            else if (!extra_add(extra, key, number))
                __atomic_store_n(&building->failed, true, __ATOMIC_RELAXED);
        }
    }
}

static void make_keys(void *context, size_t task, unsigned thread)
{
    (void)thread;
    struct building *building = context;
    uint32_t first = (uint32_t)(task * RECORDS_PER_TASK), last = first + RECORDS_PER_TASK;
    if (last > building->blocking->record_count) last = building->blocking->record_count;
    for (uint32_t i = first; i < last; i++) make_record_keys(building, task, i);
}

/* ------------------------------------------------------------------ sorting */

/* Least significant digit first, 11 bits each over the key's 32; stable, so records stay in
 * ascending order within a key. The result is in `a` or `b`: returned. */
static uint64_t *radix_sort(uint64_t *a, uint64_t *b, size_t count)
{
    enum { BITS = 11, BUCKETS = 1 << BITS };
    for (unsigned shift = 32; shift < 64; shift += BITS) {
        size_t starts[BUCKETS] = {0}, sum = 0;
        for (size_t i = 0; i < count; i++) starts[a[i] >> shift & (BUCKETS - 1)]++;
        for (size_t i = 0; i < BUCKETS; i++) {
            size_t here = starts[i];
            starts[i] = sum;
            sum += here;
        }
        for (size_t i = 0; i < count; i++) b[starts[a[i] >> shift & (BUCKETS - 1)]++] = a[i];
        uint64_t *swap = a;
        a = b;
        b = swap;
    }
    return a;
}

/* ------------------------------------------------------------------ blocks */

static size_t collect_entries(const struct building *building, enum model_kind kind, int type,
                              uint64_t *out)
{
    const struct blocking *blocking = building->blocking;
    size_t count = 0;
    for (uint32_t i = 0; i < blocking->record_count; i++) {
        uint32_t key = blocking->first_keys[i][type];
        if (key && kind_of(&blocking->records[i]) == kind) out[count++] = (uint64_t)key << 32 | i;
    }
    for (size_t task = 0; task < building->tasks; task++) {
        const struct extra_keys *extra =
            &building->extra[(task * MODEL_KIND_COUNT + kind) * KEYS_TYPE_MAX + (size_t)type];
        if (extra->count) memcpy(out + count, extra->entries, extra->count * sizeof *out);
        count += extra->count;
    }
    return count;
}

static size_t count_entries(const struct building *building, enum model_kind kind, int type)
{
    size_t count = building->blocking->record_count;
    for (size_t task = 0; task < building->tasks; task++)
        count +=
            building->extra[(task * MODEL_KIND_COUNT + kind) * KEYS_TYPE_MAX + (size_t)type].count;
    return count;
}

/* The largest block size that keeps the pairs within the budget. */
static uint32_t choose_size_max(const uint64_t *entries, size_t count, double budget)
{
    uint32_t histogram[SIZE_HISTOGRAM + 1] = {0};
    for (size_t i = 0; i < count;) {
        size_t end = i + 1;
        while (end < count && entries[end] >> 32 == entries[i] >> 32) end++;
        histogram[end - i < SIZE_HISTOGRAM ? end - i : SIZE_HISTOGRAM]++;
        i = end;
    }
    double pairs = 0;
    uint32_t size = 2;
    for (; size < SIZE_HISTOGRAM; size++) {
        pairs += (double)histogram[size] * size * (size - 1) / 2;
        if (pairs > budget && size > SIZE_MIN) break;
    }
    return size - 1;
}

static void cut_block(struct blocking *blocking, struct block_list *list, int type,
                      const uint64_t *entries, size_t count)
{
    list->blocks_cut++;
    list->records_cut += count;
    list->pairs_cut += (uint64_t)count * (count - 1) / 2;
    for (size_t i = 0; i < count; i++) {
        uint32_t *first = &blocking->first_keys[(uint32_t)entries[i]][type];
        if (*first == entries[i] >> 32) *first = 0;
    }
}

static bool keep_blocks(struct blocking *blocking, struct block_list *list, int type,
                        const uint64_t *entries, size_t count)
{
    size_t members = 0, blocks = 0;
    for (size_t pass = 0; pass < 2; pass++) {
        members = blocks = 0;
        for (size_t i = 0; i < count;) {
            size_t end = i + 1;
            while (end < count && entries[end] >> 32 == entries[i] >> 32) end++;
            size_t size = end - i;
            if (size > list->size_max) {
                if (pass == 1) cut_block(blocking, list, type, entries + i, size);
            } else if (size > 1) {
                if (pass == 1) {
                    list->starts[blocks] = (uint32_t)members;
                    for (size_t k = i; k < end; k++)
                        list->members[members + k - i] = (uint32_t)entries[k];
                    list->pairs += (uint64_t)size * (size - 1) / 2;
                }
                members += size;
                blocks++;
            }
            i = end;
        }
        if (pass == 1) break;
        list->members = values_budget_realloc(blocking->budget, NULL, 0, (members + 1) * 4);
        list->starts = values_budget_realloc(blocking->budget, NULL, 0, (blocks + 1) * 4);
        if (!list->members || !list->starts) return false;
    }
    list->starts[blocks] = (uint32_t)members;
    list->block_count = (uint32_t)blocks;
    return true;
}

static void build_list(void *context, size_t task, unsigned thread)
{
    struct building *building = context;
    struct blocking *blocking = building->blocking;
    enum model_kind kind = (enum model_kind)(task / KEYS_TYPE_MAX);
    int type = (int)(task % KEYS_TYPE_MAX);
    const struct key_type *types = keys_types(kind);
    for (int i = 0; i <= type; i++)
        if (!types[i].name) return;
    if (building->kind_count[kind] == 0) return;
    size_t room = count_entries(building, kind, type);
    uint64_t *a = values_budget_realloc(blocking->budget, NULL, 0, (room + 1) * 8);
    uint64_t *b = values_budget_realloc(blocking->budget, NULL, 0, (room + 1) * 8);
    if (a && b) {
        struct block_list *list = &blocking->list[kind][type];
        size_t count = collect_entries(building, kind, type, a);
        uint64_t *sorted = radix_sort(a, b, count);
        double budget = building->options->pairs_per_record * building->kind_count[kind];
        list->size_max = choose_size_max(sorted, count, budget);
        if (!keep_blocks(blocking, list, type, sorted, count))
            __atomic_store_n(&building->failed, true, __ATOMIC_RELAXED);
    } else {
        __atomic_store_n(&building->failed, true, __ATOMIC_RELAXED);
    }
    (void)thread;
    values_budget_realloc(blocking->budget, a, a ? (room + 1) * 8 : 0, 0);
    values_budget_realloc(blocking->budget, b, b ? (room + 1) * 8 : 0, 0);
}

static void release_extra(struct building *building)
{
    for (size_t i = 0; i < building->tasks * MODEL_KIND_COUNT * KEYS_TYPE_MAX; i++)
        free(building->extra[i].entries);
    free(building->extra);
}

enum status blocking_build(struct blocking *blocking, const struct values *values,
                           const struct rarities *rarities, const struct record *records,
                           uint32_t record_count, const struct blocking_options *options,
                           struct values_budget *budget, struct error *error)
{
    *blocking =
        (struct blocking){.records = records, .record_count = record_count, .budget = budget};
    struct building building = {.blocking = blocking,
                                .values = values,
                                .rarities = rarities,
                                .options = options,
                                .tasks = (record_count + RECORDS_PER_TASK - 1) / RECORDS_PER_TASK};
    for (uint32_t i = 0; i < record_count; i++) building.kind_count[kind_of(&records[i])]++;
    size_t key_bytes = sizeof *blocking->first_keys * ((size_t)record_count + 1);
    blocking->first_keys = values_budget_realloc(budget, NULL, 0, key_bytes);
    building.extra =
        calloc(building.tasks * MODEL_KIND_COUNT * KEYS_TYPE_MAX + 1, sizeof *building.extra);
    if (!blocking->first_keys || !building.extra) {
        free(building.extra);
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    memset(blocking->first_keys, 0, key_bytes);
    parallel_run(options->threads, building.tasks, make_keys, &building);
    parallel_run(options->threads, MODEL_KIND_COUNT * KEYS_TYPE_MAX, build_list, &building);
    release_extra(&building);
    return building.failed ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

void blocking_release(struct blocking *blocking)
{
    for (int kind = 0; kind < MODEL_KIND_COUNT; kind++) {
        for (int type = 0; type < KEYS_TYPE_MAX; type++) {
            struct block_list *list = &blocking->list[kind][type];
            if (!list->starts) continue;
            uint64_t members = list->starts[list->block_count];
            values_budget_realloc(blocking->budget, list->members, (members + 1) * 4, 0);
            values_budget_realloc(blocking->budget, list->starts, (list->block_count + 1ULL) * 4,
                                  0);
        }
    }
    if (blocking->first_keys)
        values_budget_realloc(blocking->budget, blocking->first_keys,
                              sizeof *blocking->first_keys * (blocking->record_count + 1ULL), 0);
    *blocking = (struct blocking){0};
}

/* ------------------------------------------------------------------ walking */

static enum status add_range(struct block_range **ranges, size_t *count, struct block_range range)
{
    if ((*count & (*count - 1)) == 0) {
        size_t capacity = *count ? *count * 2 : 1;
        struct block_range *grown = realloc(*ranges, capacity * sizeof *grown);
        if (!grown) return STATUS_OUT_OF_MEMORY;
        *ranges = grown;
    }
    (*ranges)[(*count)++] = range;
    return STATUS_OK;
}

enum status blocking_ranges(const struct blocking *blocking, uint64_t pairs,
                            struct block_range **ranges, size_t *count)
{
    *ranges = NULL;
    *count = 0;
    for (int kind = 0; kind < MODEL_KIND_COUNT; kind++) {
        for (int type = 0; type < KEYS_TYPE_MAX; type++) {
            const struct block_list *list = &blocking->list[kind][type];
            uint64_t here = 0;
            uint32_t first = 0;
            for (uint32_t b = 0; b < list->block_count; b++) {
                uint64_t size = list->starts[b + 1] - list->starts[b];
                here += size * (size - 1) / 2;
                if (here < pairs && b + 1 < list->block_count) continue;
                struct block_range range = {(enum model_kind)kind, (uint8_t)type, first, b + 1};
                TRY(add_range(ranges, count, range));
                first = b + 1;
                here = 0;
            }
        }
    }
    return STATUS_OK;
}

unsigned blocking_first_shared_scalar(const uint32_t *keys_a, const uint32_t *keys_b)
{
    for (unsigned i = 0; i < KEYS_TYPE_MAX; i++)
        if (keys_a[i] && keys_a[i] == keys_b[i]) return i;
    return KEYS_TYPE_MAX;
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static unsigned first_shared_avx2(const uint32_t *keys_a,
                                                                  const uint32_t *keys_b)
{
    unsigned mask = 0;
    for (int part = 0; part < KEYS_TYPE_MAX / 8; part++) {
        __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)(keys_a + 8 * part));
        __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(keys_b + 8 * part));
        __m256i equal = _mm256_cmpeq_epi32(a, b);
        __m256i none = _mm256_cmpeq_epi32(a, _mm256_setzero_si256());
        equal = _mm256_andnot_si256(none, equal);
        mask |= (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(equal)) << (8 * part);
    }
    return mask ? (unsigned)__builtin_ctz(mask) : KEYS_TYPE_MAX;
}
#endif

unsigned blocking_first_shared(const uint32_t *keys_a, const uint32_t *keys_b)
{
#ifdef __x86_64__
    static int supported = -1; /* every thread writes the same */
    int have = __atomic_load_n(&supported, __ATOMIC_RELAXED);
    if (have < 0) {
        have = __builtin_cpu_supports("avx2") != 0;
        __atomic_store_n(&supported, have, __ATOMIC_RELAXED);
    }
    if (have) return first_shared_avx2(keys_a, keys_b);
#endif
    return blocking_first_shared_scalar(keys_a, keys_b);
}
