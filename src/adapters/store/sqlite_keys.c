#include "adapters/store/sqlite_keys.h"

#include <pthread.h>
#include <stdlib.h>

#include "adapters/store/key_index.h"
#include "base/hash.h"
#include "sql_statements.h"

enum {
    MERGE_AT = 512 * 1024,     /* keys in the newest generation */
    MERGE_IDLE_AT = 16 * 1024, /* when nobody waits */
    STEP_MIN = 1000,           /* keys merged with one commit */
    STEP_IDLE = 2000,
    DELETE_STEP = 20 * 1000, /* rows, which lie side by side */
    LOAD_STEP = 10 * 1000,
    PREFETCH = 16, /* keys whose places in the indexes are fetched together */
};

/* Part of the file's format. */
static const struct hash_key format_key = {0x637573746f6d6572ULL, 0x6d617463682d6b79ULL};

struct sqlite_keys {
    pthread_mutex_t mutex; /* over the three indexes: the writer changes them, readers look */
    struct key_index newest;
    struct key_index merging; /* merged, or being so */

    /* The writer's alone. */
    int64_t next_row;
    int64_t first_row; /* of match_key_new */
    int64_t end_row;   /* behind the generation that is merged */
    struct key_index_entry *sorted;
    size_t sorted_count;
    size_t merged, merged_if_committed; /* of `sorted` */
    int64_t first_row_if_committed;
    size_t put_since_step;
};

struct sqlite_keys *sqlite_keys_new(void)
{
    struct sqlite_keys *keys = calloc(1, sizeof(*keys));
    if (!keys) return NULL;
    pthread_mutex_init(&keys->mutex, NULL);
    keys->next_row = keys->first_row = keys->first_row_if_committed = 1;
    return keys;
}

void sqlite_keys_free(struct sqlite_keys *keys)
{
    if (!keys) return;
    key_index_release(&keys->newest);
    key_index_release(&keys->merging);
    free(keys->sorted);
    pthread_mutex_destroy(&keys->mutex);
    free(keys);
}

/* Under which a tenant's texts are hashed. */
static struct hash_key key_of(struct str tenant)
{
    struct hash_key key = format_key;
    key.k0 ^= hash_bytes(format_key, tenant);
    return key;
}

static uint64_t *hash_all(struct str tenant, const struct str *texts, size_t count,
                          struct arena *arena)
{
    const struct hash_key key = key_of(tenant);
    uint64_t *hashes = ARENA_NEW_ARRAY(arena, uint64_t, count);
    for (size_t i = 0; hashes && i < count; i++) hashes[i] = hash_bytes(key, texts[i]);
    return hashes;
}

/* --- finding --- */

/* For the next few: their cache misses come together, not one after the other. */
static void prefetch(struct sqlite_keys *keys, const uint64_t *hashes, size_t count)
{
    pthread_mutex_lock(&keys->mutex);
    for (size_t i = 0; i < count && i < PREFETCH; i++) {
        key_index_prefetch(&keys->newest, hashes[i]);
        key_index_prefetch(&keys->merging, hashes[i]);
    }
    pthread_mutex_unlock(&keys->mutex);
}

static size_t rows_of(struct sqlite_keys *keys, uint64_t hash, int64_t rows[STORE_HOMES_MAX])
{
    pthread_mutex_lock(&keys->mutex);
    size_t count = key_index_find(&keys->newest, hash, rows, STORE_HOMES_MAX);
    count += key_index_find(&keys->merging, hash, rows + count, STORE_HOMES_MAX - count);
    pthread_mutex_unlock(&keys->mutex);
    return count;
}

/* The home in a row of match_key_new if it is that key's; absent otherwise. */
static enum status home_in_row(struct sql_transaction *transaction, int64_t row, struct str tenant,
                               uint64_t hash, struct arena *arena, struct str *home,
                               struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_INT64(row), SQL_PARAM_TEXT(tenant),
                                       SQL_PARAM_INT64((int64_t)hash)};
    struct sql_rows rows = {0};
    TRY(sql_query(transaction, SQL_MATCH_KEY_NEW_FIND, params, 3, arena, &rows, error));
    *home = rows.row_count > 0 ? sql_cell(&rows, 0, 0) : STR_NONE;
    return STATUS_OK;
}

struct hits {
    struct key_hit *items;
    size_t count;
    size_t capacity;
    struct arena *arena;
};

static bool add_hit(struct hits *hits, size_t key, struct str home)
{
    if (hits->count == hits->capacity) {
        size_t capacity = hits->capacity ? hits->capacity * 2 : 8;
        struct key_hit *grown = arena_realloc(
            hits->arena, hits->items, hits->capacity * sizeof(*grown), capacity * sizeof(*grown));
        if (!grown) return false;
        hits->items = grown;
        hits->capacity = capacity;
    }
    hits->items[hits->count++] = (struct key_hit){.key = key, .home = home};
    return true;
}

static enum status find_merged(struct sql_transaction *transaction, struct str tenant, size_t key,
                               uint64_t hash, size_t homes_max, struct hits *hits,
                               struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(tenant), SQL_PARAM_INT64((int64_t)hash),
                                       SQL_PARAM_INT64((int64_t)homes_max)};
    struct sql_rows rows = {0};
    TRY(sql_query(transaction, SQL_MATCH_KEY_FIND, params, 3, hits->arena, &rows, error));
    for (size_t i = 0; i < rows.row_count; i++)
        if (!add_hit(hits, key, sql_cell(&rows, i, 0)))
            return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}

static enum status find_new(struct sqlite_keys *keys, struct sql_transaction *transaction,
                            struct str tenant, size_t key, uint64_t hash, size_t homes_max,
                            struct hits *hits, struct error *error)
{
    int64_t rows[STORE_HOMES_MAX];
    size_t count = rows_of(keys, hash, rows);
    for (size_t i = 0, first = hits->count; i < count && hits->count < first + homes_max; i++) {
        struct str home;
        TRY(home_in_row(transaction, rows[i], tenant, hash, hits->arena, &home, error));
        if (!str_is_none(home) && !add_hit(hits, key, home))
            return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    return STATUS_OK;
}

static int compare_hits(const void *a, const void *b)
{
    const struct key_hit *x = a, *y = b;
    return str_compare(x->home, y->home);
}

/* The hits of one key, which are those from `first` on: in order, each once, at most homes_max. */
static void settle_hits(struct hits *hits, size_t first, size_t homes_max)
{
    size_t kept = first, count = hits->count - first;
    if (count < 2) return;
    qsort(hits->items + first, count, sizeof(*hits->items), compare_hits);
    for (size_t i = first; i < hits->count && kept < first + homes_max; i++)
        if (kept == first || compare_hits(&hits->items[kept - 1], &hits->items[i]) != 0)
            hits->items[kept++] = hits->items[i];
    hits->count = kept;
}

enum status sqlite_keys_find(struct sqlite_keys *keys, struct sql_transaction *transaction,
                             struct str tenant, const struct str *texts, size_t count,
                             size_t homes_max, struct arena *arena, struct key_hit **out,
                             size_t *hit_count, struct error *error)
{
    struct hits hits = {.arena = arena};
    uint64_t *hashes = hash_all(tenant, texts, count, arena);
    if (!hashes) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) {
        if (i % PREFETCH == 0) prefetch(keys, hashes + i, count - i);
        /* In this order: a row that is merged in between is found twice rather than never. */
        size_t first = hits.count;
        TRY(find_new(keys, transaction, tenant, i, hashes[i], homes_max, &hits, error));
        TRY(find_merged(transaction, tenant, i, hashes[i], homes_max, &hits, error));
        settle_hits(&hits, first, homes_max);
    }
    *out = hits.items;
    *hit_count = hits.count;
    return STATUS_OK;
}

/* --- listing --- */

/* All rows of the hash, however many: as long as the array is filled there may be more. */
static bool all_rows_of(struct sqlite_keys *keys, uint64_t hash, struct arena *arena,
                        int64_t **rows, size_t *count)
{
    size_t room = 64;
    do {
        room *= 4;
        *rows = ARENA_NEW_ARRAY(arena, int64_t, room);
        if (!*rows) return false;
        pthread_mutex_lock(&keys->mutex);
        *count = key_index_find(&keys->newest, hash, *rows, room);
        *count += key_index_find(&keys->merging, hash, *rows + *count, room - *count);
        pthread_mutex_unlock(&keys->mutex);
    } while (*count == room);
    return true;
}

static enum status list_new(struct sqlite_keys *keys, struct sql_transaction *transaction,
                            struct str tenant, uint64_t hash, struct str after, struct hits *hits,
                            struct error *error)
{
    int64_t *rows;
    size_t count;
    if (!all_rows_of(keys, hash, hits->arena, &rows, &count))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) {
        struct str home;
        TRY(home_in_row(transaction, rows[i], tenant, hash, hits->arena, &home, error));
        if (str_is_none(home) || str_compare(home, after) <= 0) continue;
        if (!add_hit(hits, 0, home)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    return STATUS_OK;
}

enum status sqlite_keys_list(struct sqlite_keys *keys, struct sql_transaction *transaction,
                             struct str tenant, struct str text, struct str after, size_t limit,
                             struct arena *arena, struct str **homes, size_t *count,
                             struct error *error)
{
    struct hits hits = {.arena = arena};
    uint64_t hash = hash_bytes(key_of(tenant), text);
    const struct sql_value params[] = {SQL_PARAM_TEXT(tenant), SQL_PARAM_INT64((int64_t)hash),
                                       SQL_PARAM_TEXT(after), SQL_PARAM_INT64((int64_t)limit)};
    struct sql_rows rows = {0};
    TRY(list_new(keys, transaction, tenant, hash, after, &hits, error));
    TRY(sql_query(transaction, SQL_MATCH_KEY_LIST, params, 4, arena, &rows, error));
    for (size_t i = 0; i < rows.row_count; i++)
        if (!add_hit(&hits, 0, sql_cell(&rows, i, 0)))
            return error_plain(error, STATUS_OUT_OF_MEMORY);
    settle_hits(&hits, 0, limit);
    *count = hits.count < limit ? hits.count : limit;
    *homes = ARENA_NEW_ARRAY(arena, struct str, *count);
    if (!*homes) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < *count; i++) (*homes)[i] = hits.items[i].home;
    return STATUS_OK;
}

/* --- putting --- */

static bool add_to_index(struct sqlite_keys *keys, uint64_t hash, int64_t row)
{
    pthread_mutex_lock(&keys->mutex);
    bool added = key_index_add(&keys->newest, hash, row);
    pthread_mutex_unlock(&keys->mutex);
    return added;
}

/* Is it among the new ones already? Among the merged ones it is found out when it is merged again.
 */
static enum status is_new(struct sqlite_keys *keys, struct sql_transaction *transaction,
                          struct str tenant, struct str home, uint64_t hash, struct arena *arena,
                          bool *known, struct error *error)
{
    int64_t rows[STORE_HOMES_MAX];
    size_t count = rows_of(keys, hash, rows);
    *known = false;
    for (size_t i = 0; i < count && !*known; i++) {
        struct str other;
        TRY(home_in_row(transaction, rows[i], tenant, hash, arena, &other, error));
        *known = str_equal(other, home);
    }
    return STATUS_OK;
}

static enum status put_one(struct sqlite_keys *keys, struct sql_transaction *transaction,
                           struct str tenant, struct str home, uint64_t hash, struct arena *arena,
                           struct error *error)
{
    bool known;
    TRY(is_new(keys, transaction, tenant, home, hash, arena, &known, error));
    if (known) return STATUS_OK;
    int64_t row = keys->next_row++;
    const struct sql_value params[] = {SQL_PARAM_INT64(row), SQL_PARAM_TEXT(tenant),
                                       SQL_PARAM_INT64((int64_t)hash), SQL_PARAM_TEXT(home)};
    TRY(sql_execute(transaction, SQL_MATCH_KEY_NEW_APPEND, params, 4, error));
    /* Before the commit: a reader that is told of a row that is not there yet finds nothing. */
    if (!add_to_index(keys, hash, row)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    keys->put_since_step++;
    return STATUS_OK;
}

enum status sqlite_keys_put(struct sqlite_keys *keys, struct sql_transaction *transaction,
                            struct str tenant, struct str home, const struct str *texts,
                            size_t count, struct arena *arena, struct error *error)
{
    struct arena_mark mark = arena_mark(arena);
    uint64_t *hashes = hash_all(tenant, texts, count, arena);
    if (!hashes) return error_plain(error, STATUS_OUT_OF_MEMORY);
    prefetch(keys, hashes, count);
    for (size_t i = 0; i < count; i++)
        TRY(put_one(keys, transaction, tenant, home, hashes[i], arena, error));
    arena_rewind(arena, mark);
    return STATUS_OK;
}

/* --- merging --- */

static bool is_merging(const struct sqlite_keys *keys)
{
    return keys->sorted != NULL;
}

/* The newest generation becomes the one that is merged; the one before is forgotten. */
static bool begin_merge(struct sqlite_keys *keys)
{
    keys->sorted = key_index_sorted(&keys->newest);
    if (!keys->sorted) return false;
    keys->sorted_count = keys->newest.count;
    keys->merged = keys->merged_if_committed = 0;
    keys->end_row = keys->next_row;
    pthread_mutex_lock(&keys->mutex);
    struct key_index old = keys->merging;
    keys->merging = keys->newest;
    keys->newest = (struct key_index){0};
    pthread_mutex_unlock(&keys->mutex);
    key_index_release(&old);
    return true;
}

static enum status merge_some(struct sqlite_keys *keys, struct sql_transaction *transaction,
                              size_t step)
{
    struct error ignored;
    size_t left = keys->sorted_count - keys->merged;
    size_t end = keys->merged + (step < left ? step : left);
    for (size_t i = keys->merged; i < end; i++) {
        const struct sql_value row = SQL_PARAM_INT64(keys->sorted[i].row);
        TRY(sql_execute(transaction, SQL_MATCH_KEY_MERGE, &row, 1, &ignored));
    }
    keys->merged_if_committed = end;
    return STATUS_OK;
}

static enum status delete_some(struct sqlite_keys *keys, struct sql_transaction *transaction)
{
    struct error ignored;
    int64_t end = keys->first_row + DELETE_STEP;
    if (end > keys->end_row) end = keys->end_row;
    const struct sql_value params[] = {SQL_PARAM_INT64(keys->first_row), SQL_PARAM_INT64(end)};
    TRY(sql_execute(transaction, SQL_MATCH_KEY_NEW_DELETE, params, 2, &ignored));
    keys->first_row_if_committed = end;
    return STATUS_OK;
}

bool sqlite_keys_maintain(struct sqlite_keys *keys, struct sql_transaction *transaction, bool idle)
{
    if (!is_merging(keys)) {
        if (keys->newest.count < (idle ? MERGE_IDLE_AT : MERGE_AT)) return false;
        if (!begin_merge(keys)) return false;
    }
    /* Twice as fast as new ones come: it ends before the next generation is full. */
    size_t step = idle ? STEP_IDLE : 2 * keys->put_since_step;
    if (step < STEP_MIN) step = STEP_MIN;
    keys->put_since_step = 0;
    enum status status = keys->merged < keys->sorted_count ? merge_some(keys, transaction, step)
                                                           : delete_some(keys, transaction);
    return status == STATUS_OK;
}

void sqlite_keys_committed(struct sqlite_keys *keys)
{
    if (!is_merging(keys)) return;
    keys->merged = keys->merged_if_committed;
    keys->first_row = keys->first_row_if_committed;
    if (keys->first_row < keys->end_row) return;
    free(keys->sorted);
    keys->sorted = NULL;
}

/* --- loading --- */

struct load {
    struct sqlite_keys *keys;
    struct arena *arena;
};

static enum status load_body(struct sql_transaction *transaction, void *context,
                             struct error *error)
{
    struct load *load = context;
    struct sqlite_keys *keys = load->keys;
    struct sql_rows rows = {.row_count = LOAD_STEP};
    while (rows.row_count == LOAD_STEP) {
        const struct sql_value params[] = {SQL_PARAM_INT64(keys->next_row - 1),
                                           SQL_PARAM_INT64(LOAD_STEP)};
        arena_reset(load->arena);
        TRY(sql_query(transaction, SQL_MATCH_KEY_NEW_LIST, params, 2, load->arena, &rows, error));
        for (size_t i = 0; i < rows.row_count; i++) {
            int64_t row = sql_cell_int64(&rows, i, 0, 1);
            if (keys->next_row == 1) keys->first_row = keys->first_row_if_committed = row;
            if (!add_to_index(keys, (uint64_t)sql_cell_int64(&rows, i, 1, 0), row))
                return error_plain(error, STATUS_OUT_OF_MEMORY);
            keys->next_row = row + 1;
        }
    }
    return STATUS_OK;
}

enum status sqlite_keys_load(struct sqlite_keys *keys, struct sql_driver *driver,
                             struct error *error)
{
    struct arena arena;
    arena_init(&arena, 16 * 1024 * 1024);
    struct load load = {keys, &arena};
    enum status status =
        driver->transact(driver, SQL_READ, STR("*"), &arena, load_body, &load, error);
    arena_release(&arena);
    return status;
}
