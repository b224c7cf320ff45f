/* See blocking.h. The entry that is sorted is (key's 32 bits, record's number): chance collisions
 * of 32 bits add a few pairs that are then scored like any other. */
#include "matching/blocking.h"

#include <stdlib.h>
#include <string.h>

#include "matching/parallel.h"

enum { RECORDS_PER_TASK = 1 << 14, SIZE_MIN = 4, SIZE_HISTOGRAM = 4096, PARTS_MAX = 8 };
/* Of blocks over the budget: so many that one or two records that are spelled in another way, or
 * that belong to somebody else, do not end a chain. */
enum { NEIGHBOURS = 4 };
enum { PARTNERS_MIN = 32, PREFETCH_STARTS = 8, PREFETCH_MEMBERS = 4 };

/* ------------------------------------------------------------------ keys */

struct extra_keys {
    uint64_t *entries; /* key << 32 | record, ascending by record */
    size_t count, capacity;
};

struct building {
    struct blocking *blocking;
    const struct values *values;
    const struct rarities *rarities;
    const struct blocking_options *options;
    uint32_t *first_keys[KEYS_TYPE_MAX]; /* per record; 0: none */
    struct extra_keys *extra;            /* per task: MODEL_KIND_COUNT * KEYS_TYPE_MAX */
    size_t tasks;
    uint32_t kind_count[MODEL_KIND_COUNT];
    unsigned parts;
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

static struct extra_keys *extra_of(const struct building *building, size_t task,
                                   enum model_kind kind, int type)
{
    return &building->extra[(task * MODEL_KIND_COUNT + kind) * KEYS_TYPE_MAX + (size_t)type];
}

static bool has_before(const uint64_t *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (keys[i] >> 33 == keys[count] >> 33) return true;
    return false;
}

static void make_record_keys(struct building *building, size_t task, uint32_t number)
{
    const struct record *record = &building->blocking->records[number];
    enum model_kind kind = kind_of(record);
    const struct key_type *types = keys_types(kind);
    uint64_t keys[KEYS_PER_TYPE_MAX];
    for (int type = 0; type < KEYS_TYPE_MAX && types[type].name; type++) {
        size_t count = keys_make(kind, type, building->values, building->rarities, record, keys);
        building->first_keys[type][number] = count ? (uint32_t)(keys[0] >> 32) | 1 : 0;
        for (size_t i = 1; i < count; i++) {
            uint32_t key = (uint32_t)(keys[i] >> 32) | 1;
            if (!has_before(keys, i) &&
                !extra_add(extra_of(building, task, kind, type), key, number))
                __atomic_store_n(&building->failed, true, __ATOMIC_RELAXED);
        }
    }
}

static void make_keys(void *context, size_t task, unsigned thread)
{
    (void)thread;
    enum { AHEAD = 6 };
    struct building *building = context;
    const struct record *records = building->blocking->records;
    uint32_t first = (uint32_t)(task * RECORDS_PER_TASK), last = first + RECORDS_PER_TASK;
    if (last > building->blocking->record_count) last = building->blocking->record_count;
    for (uint32_t i = first; i < last; i++) {
        if (i + AHEAD < last) record_prefetch(building->values, &records[i + AHEAD]);
        make_record_keys(building, task, i);
    }
}

/* ------------------------------------------------------------------ sorting */

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, SORTED_SHIFT = 64 - 2 * DIGIT_BITS };

static void sort_by_digit(const uint64_t *from, uint64_t *to, size_t count, unsigned shift)
{
    size_t starts[DIGITS] = {0}, sum = 0;
    for (size_t i = 0; i < count; i++) starts[from[i] >> shift & (DIGITS - 1)]++;
    for (size_t i = 0; i < DIGITS; i++) {
        size_t here = starts[i];
        starts[i] = sum;
        sum += here;
    }
    for (size_t i = 0; i < count; i++) to[starts[from[i] >> shift & (DIGITS - 1)]++] = from[i];
}

/* What is left in disorder are different keys that begin alike: few, for keys are hashes. */
static void sort_ends(uint64_t *entries, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        uint64_t entry = entries[i];
        size_t at = i;
        for (; at > 0 && entries[at - 1] >> 32 > entry >> 32; at--) entries[at] = entries[at - 1];
        entries[at] = entry;
    }
}

/* Least significant digit first over the key's leading bits, and the rest by insertion; stable, so
 * records stay in ascending order within a key. The result is in `a`. */
static void sort_by_key(uint64_t *a, uint64_t *b, size_t count)
{
    sort_by_digit(a, b, count, SORTED_SHIFT);
    sort_by_digit(b, a, count, SORTED_SHIFT + DIGIT_BITS);
    sort_ends(a, count);
}

/* ------------------------------------------------------------------ single keys */

/* Which keys were seen, and which again: a bit each for the key's leading bits, side by side. */
struct seen_keys {
    struct {
        uint64_t once, again;
    } * words;
    unsigned shift;
    size_t bytes;
};

/* Eight bits to a key: about one single key in eight looks like two. */
static bool seen_init(struct seen_keys *seen, size_t count, struct values_budget *budget)
{
    unsigned bits = 10;
    while (bits < 31 && UINT64_C(1) << bits < 8 * (uint64_t)count) bits++;
    seen->shift = 64 - bits;
    seen->bytes = (sizeof *seen->words << bits) / 64;
    seen->words = values_budget_realloc(budget, NULL, 0, seen->bytes);
    if (seen->words) memset(seen->words, 0, seen->bytes);
    return seen->words != NULL;
}

/* Keys that nobody shares make no block, and most of some types are such: they need not be sorted.
 * Answers how many entries are left, in their order. */
static size_t drop_single_keys(uint64_t *entries, size_t count, struct values_budget *budget)
{
    struct seen_keys seen;
    size_t kept = 0;
    if (!seen_init(&seen, count, budget)) return count;
    for (size_t i = 0; i < count; i++) {
        uint64_t at = entries[i] >> seen.shift, bit = UINT64_C(1) << (at % 64);
        seen.words[at / 64].again |= seen.words[at / 64].once & bit;
        seen.words[at / 64].once |= bit;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t at = entries[i] >> seen.shift;
        entries[kept] = entries[i];
        kept += seen.words[at / 64].again >> (at % 64) & 1;
    }
    values_budget_realloc(budget, seen.words, seen.bytes, 0);
    return kept;
}

/* ------------------------------------------------------------------ blocks */

/* Ascending by record, so that a stable sort by key leaves every block ascending. */
static size_t collect_entries(const struct building *building, enum model_kind kind, int type,
                              uint64_t *out)
{
    const struct blocking *blocking = building->blocking;
    bool mixed = building->kind_count[kind] < blocking->record_count;
    size_t count = 0;
    for (size_t task = 0; task < building->tasks; task++) {
        const struct extra_keys *extra = extra_of(building, task, kind, type);
        uint32_t first = (uint32_t)(task * RECORDS_PER_TASK), last = first + RECORDS_PER_TASK;
        size_t next = 0;
        if (last > blocking->record_count) last = blocking->record_count;
        for (uint32_t i = first; i < last; i++) {
            uint32_t key = building->first_keys[type][i];
            if (!key || (mixed && kind_of(&blocking->records[i]) != kind)) continue;
            out[count++] = (uint64_t)key << 32 | i;
            while (next < extra->count && (uint32_t)extra->entries[next] == i)
                out[count++] = extra->entries[next++];
        }
    }
    return count;
}

static size_t count_entries(const struct building *building, enum model_kind kind, int type)
{
    size_t count = building->kind_count[kind];
    for (size_t task = 0; task < building->tasks; task++)
        count += extra_of(building, task, kind, type)->count;
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

uint32_t blocking_reach(const struct block_list *list, uint32_t size, uint32_t place)
{
    uint32_t next = size - place - 1;
    return size > list->size_max && next > NEIGHBOURS ? NEIGHBOURS : next;
}

static bool is_kept(const struct block_list *list, size_t size)
{
    return size > 1 && (size <= list->size_max || !list->cut);
}

static void keep_block(struct block_list *list, const uint64_t *entries, size_t size)
{
    uint32_t at = list->starts[list->block_count];
    for (size_t i = 0; i < size; i++) list->members[at + i] = (uint32_t)entries[i];
    list->starts[++list->block_count] = at + (uint32_t)size;
    for (size_t i = 0; i + 1 < size; i++)
        list->pairs += blocking_reach(list, (uint32_t)size, (uint32_t)i);
}

static size_t run_length(const uint64_t *entries, size_t count)
{
    size_t length = 1;
    while (length < count && entries[length] >> 32 == entries[0] >> 32) length++;
    return length;
}

static bool keep_blocks(struct blocking *blocking, struct block_list *list, const uint64_t *entries,
                        size_t count)
{
    size_t members = 0, blocks = 0, size;
    for (size_t i = 0; i < count; i += size) {
        size = run_length(entries + i, count - i);
        bool kept = is_kept(list, size);
        members += kept ? size : 0;
        blocks += kept;
    }
    list->members = values_budget_realloc(blocking->budget, NULL, 0, (members + 1) * 4);
    list->starts = values_budget_realloc(blocking->budget, NULL, 0, (blocks + 1) * 4);
    if (!list->members || !list->starts) return false;
    list->starts[0] = 0;
    for (size_t i = 0; i < count; i += size) {
        size = run_length(entries + i, count - i);
        list->blocks_over += size > list->size_max;
        if (is_kept(list, size)) keep_block(list, entries + i, size);
    }
    return true;
}

static bool build_list(struct building *building, enum model_kind kind, int type)
{
    struct blocking *blocking = building->blocking;
    struct block_list *list = &blocking->list[kind][type];
    size_t room = count_entries(building, kind, type);
    uint64_t *a = values_budget_realloc(blocking->budget, NULL, 0, (room + 1) * 8);
    uint64_t *b = values_budget_realloc(blocking->budget, NULL, 0, (room + 1) * 8);
    bool enough = a && b;
    if (enough) {
        size_t count = collect_entries(building, kind, type, a);
        count = drop_single_keys(a, count, blocking->budget);
        sort_by_key(a, b, count);
        double budget = building->options->pairs_per_record * building->kind_count[kind];
        list->size_max = choose_size_max(a, count, budget);
        list->cut = keys_types(kind)[type].is_one_part;
        enough = keep_blocks(blocking, list, a, count);
    }
    values_budget_realloc(blocking->budget, a, a ? (room + 1) * 8 : 0, 0);
    values_budget_realloc(blocking->budget, b, b ? (room + 1) * 8 : 0, 0);
    return enough;
}

static uint64_t first_key_bytes(const struct building *building)
{
    return (building->blocking->record_count + 1ULL) * sizeof(uint32_t);
}

static void release_first_keys(struct building *building, size_t type)
{
    uint32_t *keys = building->first_keys[type];
    values_budget_realloc(building->blocking->budget, keys, keys ? first_key_bytes(building) : 0,
                          0);
    building->first_keys[type] = NULL;
}

static int count_types(enum model_kind kind)
{
    int count = 0;
    while (count < KEYS_TYPE_MAX && keys_types(kind)[count].name) count++;
    return count;
}

static void build_lists(void *context, size_t task, unsigned thread)
{
    (void)thread;
    struct building *building = context;
    for (int kind = 0; kind < MODEL_KIND_COUNT; kind++) {
        if (!building->kind_count[kind] || (int)task >= count_types((enum model_kind)kind))
            continue;
        if (!build_list(building, (enum model_kind)kind, (int)task))
            __atomic_store_n(&building->failed, true, __ATOMIC_RELAXED);
    }
    release_first_keys(building, task);
}

/* ------------------------------------------------------------------ blocks of a record */

/* Each part of the records by itself, so that threads do not write to the same. Counting, starts
 * are off by two; filling, by one, and each ends where the next record begins. */
static void walk_part(struct building *building, size_t part, bool fill)
{
    struct blocking *blocking = building->blocking;
    uint64_t records = blocking->record_count;
    uint32_t first = (uint32_t)(records * part / building->parts);
    uint32_t last = (uint32_t)(records * (part + 1) / building->parts);
    uint32_t *at = blocking->record_starts + (fill ? 1 : 2);
    uint32_t number = 0;
    for (int l = 0; l < MODEL_KIND_COUNT * KEYS_TYPE_MAX; l++) {
        const struct block_list *list = &blocking->list[l / KEYS_TYPE_MAX][l % KEYS_TYPE_MAX];
        for (uint32_t b = 0; b < list->block_count; b++, number++) {
            for (uint32_t m = list->starts[b]; m < list->starts[b + 1]; m++) {
                uint32_t record = list->members[m];
                if (record < first || record >= last) continue;
                if (fill) blocking->record_blocks[at[record]] = number;
                at[record]++;
            }
        }
    }
}

static void count_part(void *context, size_t part, unsigned thread)
{
    (void)thread;
    walk_part(context, part, false);
}

static void fill_part(void *context, size_t part, unsigned thread)
{
    (void)thread;
    walk_part(context, part, true);
}

static bool list_blocks(struct building *building)
{
    struct blocking *blocking = building->blocking;
    uint64_t records = blocking->record_count, memberships = 0;
    uint32_t blocks = 0;
    for (int kind = 0; kind < MODEL_KIND_COUNT; kind++) {
        for (int type = 0; type < KEYS_TYPE_MAX; type++) {
            struct block_list *list = &blocking->list[kind][type];
            list->first_block = blocks;
            blocks += list->block_count;
            if (list->block_count) memberships += list->starts[list->block_count];
        }
    }
    blocking->memberships = memberships;
    blocking->record_starts = values_budget_realloc(blocking->budget, NULL, 0, (records + 2) * 4);
    blocking->record_blocks =
        values_budget_realloc(blocking->budget, NULL, 0, (memberships + 1) * 4);
    if (!blocking->record_starts || !blocking->record_blocks) return false;
    memset(blocking->record_starts, 0, (records + 2) * 4);
    building->parts =
        building->options->threads < PARTS_MAX ? building->options->threads : PARTS_MAX;
    if (building->parts == 0) building->parts = 1;
    parallel_run(building->options->threads, building->parts, count_part, building);
    for (uint64_t i = 0; i < records; i++)
        blocking->record_starts[i + 2] += blocking->record_starts[i + 1];
    parallel_run(building->options->threads, building->parts, fill_part, building);
    return true;
}

/* ------------------------------------------------------------------ whole */

static void release_building(struct building *building)
{
    for (size_t i = 0; i < building->tasks * MODEL_KIND_COUNT * KEYS_TYPE_MAX; i++)
        free(building->extra[i].entries);
    free(building->extra);
    for (size_t type = 0; type < KEYS_TYPE_MAX; type++) release_first_keys(building, type);
}

static bool take_room(struct building *building)
{
    building->extra =
        calloc(building->tasks * MODEL_KIND_COUNT * KEYS_TYPE_MAX + 1, sizeof *building->extra);
    bool enough = building->extra != NULL;
    for (int type = 0; type < KEYS_TYPE_MAX && enough; type++) {
        bool used = false;
        for (int kind = 0; kind < MODEL_KIND_COUNT; kind++)
            used =
                used || (building->kind_count[kind] && type < count_types((enum model_kind)kind));
        if (!used) continue;
        building->first_keys[type] =
            values_budget_realloc(building->blocking->budget, NULL, 0, first_key_bytes(building));
        enough = building->first_keys[type] != NULL;
        if (enough) memset(building->first_keys[type], 0, first_key_bytes(building));
    }
    return enough;
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
    bool enough = take_room(&building);
    if (enough) {
        parallel_run(options->threads, building.tasks, make_keys, &building);
        parallel_run(options->threads, KEYS_TYPE_MAX, build_lists, &building);
        enough = !building.failed && list_blocks(&building);
    }
    if (building.extra) release_building(&building);
    return enough ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
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
    if (blocking->record_starts)
        values_budget_realloc(blocking->budget, blocking->record_starts,
                              (blocking->record_count + 2ULL) * 4, 0);
    if (blocking->record_blocks)
        values_budget_realloc(blocking->budget, blocking->record_blocks,
                              (blocking->memberships + 1) * 4, 0);
    *blocking = (struct blocking){0};
}

/* ------------------------------------------------------------------ walking */

static const struct block_list *lists_of(const struct blocking *blocking, uint32_t record)
{
    return blocking->list[kind_of(&blocking->records[record])];
}

/* The list that the block is of; `list` is it, or one before it. */
static const struct block_list *list_of(const struct block_list *list, uint32_t block)
{
    while (block - list->first_block >= list->block_count) list++;
    return list;
}

static bool partners_reserve(struct blocking_partners *partners, size_t more)
{
    size_t wanted = partners->count + more;
    if (wanted <= partners->capacity) return true;
    size_t capacity = partners->capacity ? partners->capacity : PARTNERS_MIN;
    while (capacity < wanted) capacity *= 2;
    uint32_t *grown = realloc(partners->record, capacity * sizeof *grown);
    if (grown) partners->record = grown;
    uint32_t *table = grown ? malloc(capacity * 2 * sizeof *table) : NULL;
    if (!table) return false;
    free(partners->table);
    partners->table = table;
    partners->capacity = capacity;
    return true;
}

/* Each once, in the order of their first appearance. */
static void remove_doubles(struct blocking_partners *partners)
{
    size_t size = 2 * PARTNERS_MIN, kept = 0;
    while (size < 2 * partners->count) size *= 2;
    uint32_t *table = partners->table;
    memset(table, 0, size * sizeof *table);
    for (size_t i = 0; i < partners->count; i++) {
        uint32_t record = partners->record[i];
        size_t at = record * 0x9E3779B1u >> 7 & (size - 1);
        while (table[at] && table[at] != record) at = (at + 1) & (size - 1);
        if (table[at]) continue;
        table[at] = record; /* never 0: partners are above another */
        partners->record[kept++] = record;
    }
    partners->count = kept;
}

void blocking_partners_release(struct blocking_partners *partners)
{
    free(partners->record);
    free(partners->table);
    *partners = (struct blocking_partners){0};
}

/* The member's place in its block. */
static uint32_t place_of(const uint32_t *members, uint32_t size, uint32_t record)
{
    uint32_t low = 0, high = size;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (members[middle] < record)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint32_t size_of(const struct block_list *list, uint32_t block)
{
    return list->starts[block + 1] - list->starts[block];
}

/* Whether the block of the type with this number is one of those that are walked. */
static bool is_asked(blocking_types types, long type, bool over)
{
    return types >> (type + (over ? BLOCKING_OVER : 0)) & 1;
}

/* Where the partners of the record end in the block, when the block is walked from its end. */
static uint32_t last_partner(const struct block_list *list, uint32_t block, uint32_t record)
{
    uint32_t first = list->starts[block], size = size_of(list, block);
    if (size <= list->size_max) return list->starts[block + 1];
    uint32_t place = place_of(list->members + first, size, record);
    return first + place + 1 + blocking_reach(list, size, place);
}

bool blocking_find_partners(const struct blocking *blocking, uint32_t record, blocking_types types,
                            struct blocking_partners *partners)
{
    const struct block_list *list = lists_of(blocking, record), *lists = list;
    partners->count = 0;
    for (uint32_t i = blocking->record_starts[record]; i < blocking->record_starts[record + 1];
         i++) {
        list = list_of(list, blocking->record_blocks[i]);
        if (!(blocking_either(types) >> (list - lists) & 1)) continue;
        uint32_t block = blocking->record_blocks[i] - list->first_block;
        if (!is_asked(types, list - lists, size_of(list, block) > list->size_max)) continue;
        uint32_t first = list->starts[block], m = last_partner(list, block, record);
        if (!partners_reserve(partners, m - first)) return false;
        while (m > first && list->members[m - 1] > record)
            partners->record[partners->count++] = list->members[--m];
    }
    if (partners->count > 1) remove_doubles(partners);
    return true;
}

void blocking_prefetch(const struct blocking *blocking, uint32_t record, blocking_types types)
{
    uint32_t ahead = record + PREFETCH_STARTS, near = record + PREFETCH_MEMBERS;
    if (ahead >= blocking->record_count) return;
    const struct block_list *list = lists_of(blocking, ahead), *lists = list;
    for (uint32_t i = blocking->record_starts[ahead]; i < blocking->record_starts[ahead + 1]; i++) {
        list = list_of(list, blocking->record_blocks[i]);
        if (blocking_either(types) >> (list - lists) & 1)
            __builtin_prefetch(&list->starts[blocking->record_blocks[i] - list->first_block]);
    }
    list = lists = lists_of(blocking, near);
    for (uint32_t i = blocking->record_starts[near]; i < blocking->record_starts[near + 1]; i++) {
        list = list_of(list, blocking->record_blocks[i]);
        if (!(blocking_either(types) >> (list - lists) & 1)) continue;
        uint32_t end = list->starts[blocking->record_blocks[i] - list->first_block + 1];
        __builtin_prefetch(&list->members[end - 1]);
    }
}

static bool is_walked(const struct block_list *list, uint32_t block, uint32_t a, uint32_t b)
{
    const uint32_t *members = list->members + list->starts[block];
    uint32_t size = size_of(list, block);
    if (size <= list->size_max) return true;
    uint32_t low = place_of(members, size, a < b ? a : b);
    return place_of(members, size, a < b ? b : a) - low <= NEIGHBOURS;
}

blocking_types blocking_shared_types(const struct blocking *blocking, uint32_t a, uint32_t b)
{
    const uint32_t *starts = blocking->record_starts, *blocks = blocking->record_blocks;
    const struct block_list *list = lists_of(blocking, a), *lists = list;
    blocking_types shared = 0;
    for (uint32_t i = starts[a], j = starts[b]; i < starts[a + 1] && j < starts[b + 1];) {
        if (blocks[i] == blocks[j]) {
            list = list_of(list, blocks[i]);
            uint32_t block = blocks[i] - list->first_block;
            unsigned over = size_of(list, block) > list->size_max ? BLOCKING_OVER : 0;
            if (is_walked(list, block, a, b)) shared |= UINT64_C(1) << (list - lists + over);
        }
        uint32_t in_a = blocks[i], in_b = blocks[j];
        i += in_a <= in_b;
        j += in_b <= in_a;
    }
    return shared;
}
