#include "adapters/store/sqlite_keys.h"

#include <endian.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/store/key_homes.h"
#include "adapters/store/key_index.h"
#include "adapters/store/sqlite_key_runs.h"
#include "base/hash.h"
#include "sql_statements.h"

enum {
    WRITE_AT = 430 * 1024,     /* keys in memory that are written out as a run */
    WRITE_IDLE_AT = 16 * 1024, /* when nobody waits */
    STEP_MIN = 1000,           /* entries worked on with one commit */
    STEP_IDLE = 8000,
    LOAD_STEP = 2000,
    BUCKET_BYTES_MAX = 1 << 30, /* a key that all have makes its bucket large */
    PREFETCH = 32,              /* keys whose places in the indexes are fetched together */
};

/* Part of the file's format. */
static const struct hash_key format_key = {0x637573746f6d6572ULL, 0x6d617463682d6b79ULL};

struct sqlite_keys {
    pthread_mutex_t mutex; /* over the two indexes: the writer changes them, readers look */
    struct key_index newest;
    struct key_index written; /* in a run, or on the way into one */
    struct sqlite_key_runs *runs;

    /* The writer's alone. */
    int64_t next_row;
    int64_t committed_row; /* rows up to it are committed, or were rolled back and never come */
    struct key_homes homes;
    size_t put_since_step;
};

struct sqlite_keys *sqlite_keys_new(void)
{
    struct sqlite_keys *keys = calloc(1, sizeof(*keys));
    if (!keys) return NULL;
    if (!(keys->runs = sqlite_key_runs_new())) {
        free(keys);
        return NULL;
    }
    pthread_mutex_init(&keys->mutex, NULL);
    keys->next_row = 1;
    return keys;
}

void sqlite_keys_free(struct sqlite_keys *keys)
{
    if (!keys) return;
    key_index_release(&keys->newest);
    key_index_release(&keys->written);
    key_homes_release(&keys->homes);
    sqlite_key_runs_free(keys->runs);
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

/* Where a key may be: a row of the log. */
struct place {
    size_t key;
    int64_t row;
};

/* A row of the log: whose keys they are. Customers who are alike meet in many keys. */
struct log_row {
    int64_t row; /* 0: the place is free */
    struct str home, hashes;
};

struct search {
    struct sqlite_keys *keys;
    struct sql_transaction *transaction;
    struct str tenant;
    uint64_t tenant_hash;
    bool is_writer;
    const uint64_t *hashes;
    size_t count;
    struct ordered_key *order;
    size_t homes_max; /* of a key, from each place where it may be */
    int64_t *rows;    /* room for so many */
    struct arena *arena;
    struct place *places;
    size_t place_count, place_room;
    struct log_row *log; /* rows that were read, by a hash of their number */
    size_t log_mask;
    struct key_hit *hits;
    size_t hit_count;
};

static bool add_places(struct search *search, size_t key, size_t count)
{
    const int64_t *rows = search->rows;
    if (search->place_count + count > search->place_room) {
        size_t room = 2 * search->place_room + count;
        struct place *grown =
            arena_realloc(search->arena, search->places, search->place_room * sizeof(*grown),
                          room * sizeof(*grown));
        if (!grown) return false;
        search->places = grown;
        search->place_room = room;
    }
    for (size_t i = 0; i < count; i++)
        search->places[search->place_count++] = (struct place){.key = key, .row = rows[i]};
    return true;
}

/* Cache misses of the next few come together, not one after the other. */
static void prefetch(const struct sqlite_keys *keys, const uint64_t *hashes, size_t count)
{
    for (size_t i = 0; i < count && i < PREFETCH; i++) {
        key_index_prefetch(&keys->newest, hashes[i]);
        key_index_prefetch(&keys->written, hashes[i]);
    }
}

static enum status find_in_memory(struct search *search, struct error *error)
{
    struct sqlite_keys *keys = search->keys;
    int64_t *rows = search->rows;
    size_t max = search->homes_max;
    bool complete = true;
    pthread_mutex_lock(&keys->mutex);
    for (size_t i = 0; i < search->count && complete; i++) {
        if (i % PREFETCH == 0) prefetch(keys, search->hashes + i, search->count - i);
        size_t found = key_index_find(&keys->newest, search->hashes[i], rows, max);
        found += key_index_find(&keys->written, search->hashes[i], rows + found, max - found);
        complete = found == 0 || add_places(search, i, found);
    }
    pthread_mutex_unlock(&keys->mutex);
    return complete ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}

/* A key by its hash. */
struct ordered_key {
    uint64_t hash;
    size_t key;
};

static int compare_ordered(const void *a, const void *b)
{
    const struct ordered_key *x = a, *y = b;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

/* In the order in which runs have them. */
static struct ordered_key *order_keys(const struct search *search)
{
    struct ordered_key *order = ARENA_NEW_ARRAY(search->arena, struct ordered_key, search->count);
    for (size_t i = 0; order && i < search->count; i++)
        order[i] = (struct ordered_key){search->hashes[i], i};
    if (order && search->count > 1) qsort(order, search->count, sizeof(*order), compare_ordered);
    return order;
}

static enum status find_in_run(struct search *search, struct key_run_reader *reader, bool *may,
                               struct error *error)
{
    sqlite_key_runs_filter(search->keys->runs, reader->view, search->hashes, search->count, may);
    for (size_t i = 0; i < search->count; i++) {
        const struct ordered_key *at = &search->order[i];
        size_t found;
        if (!may[at->key]) continue;
        TRY(sqlite_key_runs_find(reader, at->hash, search->homes_max, search->rows, &found, error));
        if (found > 0 && !add_places(search, at->key, found))
            return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    return STATUS_OK;
}

static enum status find_in_runs(struct search *search, const struct key_run_view *runs,
                                size_t count, bool *may, struct error *error)
{
    struct arena buckets;
    enum status status = STATUS_OK;
    if (count > 0 && !(search->order = order_keys(search)))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    arena_init(&buckets, BUCKET_BYTES_MAX);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        struct key_run_reader reader = {
            .transaction = search->transaction, .view = &runs[i], .arena = &buckets};
        status = find_in_run(search, &reader, may, error);
    }
    arena_release(&buckets);
    return status;
}

/* The runs first: with them the snapshot begins, and what is in none of them is in memory. */
static enum status find_places(struct search *search, struct error *error)
{
    struct key_run_view *runs;
    size_t run_count;
    bool *may = ARENA_NEW_ARRAY(search->arena, bool, search->count);
    search->rows = ARENA_NEW_ARRAY(search->arena, int64_t, search->homes_max);
    search->place_count = 0;
    if (!may || !search->rows) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(sqlite_key_runs_view(search->transaction, search->arena, &runs, &run_count, error));
    TRY(find_in_memory(search, error));
    return find_in_runs(search, runs, run_count, may, error);
}

static bool has_hash(struct str hashes, uint64_t wanted)
{
    for (size_t at = 0; at + sizeof(uint64_t) <= hashes.len; at += sizeof(uint64_t)) {
        uint64_t hash;
        memcpy(&hash, hashes.ptr + at, sizeof(hash));
        if (le64toh(hash) == wanted) return true;
    }
    return false;
}

static bool reserve_log(struct search *search)
{
    size_t room = 16;
    while (room < 2 * search->place_count) room *= 2;
    search->log = ARENA_NEW_ARRAY(search->arena, struct log_row, room);
    search->log_mask = room - 1;
    return search->log != NULL;
}

static struct log_row *place_in_log(const struct search *search, int64_t row)
{
    size_t at = (uint64_t)row * 0x9e3779b97f4a7c15ULL >> 32 & search->log_mask;
    while (search->log[at].row != 0 && search->log[at].row != row) at = (at + 1) & search->log_mask;
    return &search->log[at];
}

/* Each row is read once. One that is not there has no home. */
static enum status read_log(struct search *search, int64_t row, const struct log_row **found,
                            struct error *error)
{
    struct log_row *place = place_in_log(search, row);
    *found = place;
    if (place->row == row) return STATUS_OK;
    const struct sql_value params[] = {SQL_PARAM_INT64(row), SQL_PARAM_TEXT(search->tenant)};
    struct sql_rows rows = {0};
    TRY(sql_query(search->transaction, SQL_MATCH_KEY_LOG_GET, params, 2, search->arena, &rows,
                  error));
    *place = (struct log_row){.row = row};
    if (rows.row_count == 0) return STATUS_OK;
    place->home = sql_cell(&rows, 0, 0);
    place->hashes = sql_cell(&rows, 0, 1);
    return STATUS_OK;
}

static struct str kept_home(const struct search *search, int64_t row)
{
    if (!search->is_writer) return STR_NONE;
    return arena_str(search->arena, key_homes_get(&search->keys->homes, search->tenant_hash, row));
}

/* Only what the writer sees is kept: what is committed, and not in an older snapshot. */
static void keep_home(struct search *search, int64_t row, struct str home)
{
    if (search->is_writer && row <= search->keys->committed_row)
        key_homes_put(&search->keys->homes, search->tenant_hash, row, home);
}

/* The home in a row of the log if it has that key; absent otherwise. */
static enum status home_in_row(struct search *search, const struct place *place, struct str *home,
                               struct error *error)
{
    const struct log_row *row;
    *home = kept_home(search, place->row);
    if (!str_is_none(*home)) return STATUS_OK;
    TRY(read_log(search, place->row, &row, error));
    *home = has_hash(row->hashes, search->hashes[place->key]) ? row->home : STR_NONE;
    if (!str_is_none(*home)) keep_home(search, place->row, *home);
    return STATUS_OK;
}

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static int compare_hits(const void *a, const void *b)
{
    const struct key_hit *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return str_compare(x->home, y->home);
}

/* A home may have put a key twice. */
static void sort_hits(struct search *search)
{
    struct key_hit *hits = search->hits;
    size_t kept = 0;
    if (search->hit_count > 1) qsort(hits, search->hit_count, sizeof(*hits), compare_hits);
    for (size_t i = 0; i < search->hit_count; i++)
        if (kept == 0 || compare_hits(&hits[kept - 1], &hits[i]) != 0) hits[kept++] = hits[i];
    search->hit_count = kept;
}

/* Key by key; a place may have been found in memory and in a run. */
static enum status look_at_places(struct search *search, struct error *error)
{
    struct place *places = search->places;
    size_t count = search->place_count, of_key = 0;
    search->hits = ARENA_NEW_ARRAY(search->arena, struct key_hit, count);
    if (!search->hits || !reserve_log(search)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (count > 1) qsort(places, count, sizeof(*places), compare_places);
    for (size_t i = 0; i < count; i++) {
        struct str home;
        if (i == 0 || places[i].key != places[i - 1].key) of_key = 0;
        bool again = i > 0 && compare_places(&places[i - 1], &places[i]) == 0;
        if (again || of_key == search->homes_max) continue;
        TRY(home_in_row(search, &places[i], &home, error));
        if (str_is_none(home)) continue;
        of_key++;
        search->hits[search->hit_count++] = (struct key_hit){.key = places[i].key, .home = home};
    }
    sort_hits(search);
    return STATUS_OK;
}

enum status sqlite_keys_find(struct sqlite_keys *keys, struct sql_transaction *transaction,
                             bool is_writer, struct str tenant, const struct str *texts,
                             size_t count, size_t homes_max, struct arena *arena,
                             struct key_hit **hits, size_t *hit_count, struct error *error)
{
    struct search search = {.keys = keys,
                            .transaction = transaction,
                            .is_writer = is_writer,
                            .tenant = tenant,
                            .tenant_hash = key_of(tenant).k0,
                            .hashes = hash_all(tenant, texts, count, arena),
                            .count = count,
                            .homes_max = homes_max < STORE_HOMES_MAX ? homes_max : STORE_HOMES_MAX,
                            .arena = arena};
    if (!search.hashes) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(find_places(&search, error));
    TRY(look_at_places(&search, error));
    *hits = search.hits;
    *hit_count = search.hit_count;
    return STATUS_OK;
}

/* --- putting --- */

static bool add_to_index(struct sqlite_keys *keys, const uint64_t *hashes, size_t count,
                         int64_t row)
{
    bool added = true;
    pthread_mutex_lock(&keys->mutex);
    prefetch(keys, hashes, count);
    for (size_t i = 0; i < count && added; i++)
        added = key_index_add(&keys->newest, hashes[i], row);
    pthread_mutex_unlock(&keys->mutex);
    return added;
}

enum status sqlite_keys_put(struct sqlite_keys *keys, struct sql_transaction *transaction,
                            struct str tenant, struct str home, const struct str *texts,
                            size_t count, struct arena *arena, struct error *error)
{
    struct arena_mark mark = arena_mark(arena);
    uint64_t *hashes = hash_all(tenant, texts, count, arena);
    uint64_t *stored = ARENA_NEW_ARRAY(arena, uint64_t, count);
    if (!hashes || !stored) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) stored[i] = htole64(hashes[i]);
    int64_t row = keys->next_row++;
    const struct sql_value params[] = {
        SQL_PARAM_INT64(row), SQL_PARAM_TEXT(tenant), SQL_PARAM_TEXT(home),
        SQL_PARAM_BYTES(str_of((const char *)stored, count * sizeof(*stored)))};
    TRY(sql_execute(transaction, SQL_MATCH_KEY_LOG_APPEND, params, 4, error));
    /* Before the commit: a reader that is told of a row that is not there yet finds nothing. */
    if (!add_to_index(keys, hashes, count, row)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    keys->put_since_step += count;
    arena_rewind(arena, mark);
    return STATUS_OK;
}

/* --- erasing --- */

static enum status erase_row(struct sqlite_keys *keys, struct sql_transaction *transaction,
                             int64_t row, struct str hashes, struct error *error)
{
    key_homes_forget(&keys->homes, row);
    for (size_t at = 0; at + sizeof(uint64_t) <= hashes.len; at += sizeof(uint64_t)) {
        uint64_t hash;
        memcpy(&hash, hashes.ptr + at, sizeof(hash));
        TRY(sqlite_key_runs_erase(keys->runs, transaction, le64toh(hash), row, error));
    }
    return STATUS_OK;
}

enum status sqlite_keys_erase(struct sqlite_keys *keys, struct sql_transaction *transaction,
                              struct str tenant, const struct str *homes, size_t count,
                              struct arena *arena, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(tenant), SQL_PARAM_ARRAY(homes, count)};
    struct arena_mark mark = arena_mark(arena);
    struct sql_rows rows = {0};
    TRY(sql_query(transaction, SQL_MATCH_KEY_LOG_OF, params, 2, arena, &rows, error));
    for (size_t i = 0; i < rows.row_count; i++)
        TRY(erase_row(keys, transaction, sql_cell_int64(&rows, i, 0, 0), sql_cell(&rows, i, 1),
                      error));
    arena_rewind(arena, mark);
    return STATUS_OK;
}

/* --- runs --- */

/* The newest become those that are written out; those before are forgotten. */
static void begin_run(struct sqlite_keys *keys)
{
    pthread_mutex_lock(&keys->mutex);
    struct key_index old = keys->written;
    keys->written = keys->newest;
    keys->newest = (struct key_index){0};
    pthread_mutex_unlock(&keys->mutex);
    key_index_release(&old);
    sqlite_key_runs_begin(keys->runs, &keys->written, keys->next_row - 1);
}

enum status sqlite_keys_maintain(struct sqlite_keys *keys, struct sql_transaction *transaction,
                                 bool idle, bool *more)
{
    /* As many at each level as came: a merge ends before the next four runs are there. */
    size_t entries = idle ? STEP_IDLE : 4 * keys->put_since_step;
    if (keys->newest.count >= (idle ? WRITE_IDLE_AT : WRITE_AT) &&
        sqlite_key_runs_can_begin(keys->runs))
        begin_run(keys);
    keys->put_since_step = 0;
    return sqlite_key_runs_step(keys->runs, transaction, entries > STEP_MIN ? entries : STEP_MIN,
                                more);
}

void sqlite_keys_committed(struct sqlite_keys *keys)
{
    keys->committed_row = keys->next_row - 1;
    sqlite_key_runs_committed(keys->runs);
}

/* --- loading --- */

struct load {
    struct sqlite_keys *keys;
    struct arena *arena;
};

static bool load_row(struct sqlite_keys *keys, int64_t row, struct str hashes)
{
    for (size_t at = 0; at + sizeof(uint64_t) <= hashes.len; at += sizeof(uint64_t)) {
        uint64_t hash;
        memcpy(&hash, hashes.ptr + at, sizeof(hash));
        if (!key_index_add(&keys->newest, le64toh(hash), row)) return false;
    }
    keys->next_row = row + 1;
    return true;
}

static enum status load_body(struct sql_transaction *transaction, void *context,
                             struct error *error)
{
    struct load *load = context;
    struct sqlite_keys *keys = load->keys;
    struct sql_rows rows = {.row_count = LOAD_STEP};
    int64_t end_row;
    TRY(sqlite_key_runs_load(keys->runs, transaction, load->arena, &end_row, error));
    keys->next_row = end_row + 1;
    while (rows.row_count == LOAD_STEP) {
        const struct sql_value params[] = {SQL_PARAM_INT64(keys->next_row - 1),
                                           SQL_PARAM_INT64(LOAD_STEP)};
        arena_reset(load->arena);
        TRY(sql_query(transaction, SQL_MATCH_KEY_LOG_LIST, params, 2, load->arena, &rows, error));
        for (size_t i = 0; i < rows.row_count; i++)
            if (!load_row(keys, sql_cell_int64(&rows, i, 0, 1), sql_cell(&rows, i, 1)))
                return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    keys->committed_row = keys->next_row - 1;
    return STATUS_OK;
}

enum status sqlite_keys_load(struct sqlite_keys *keys, struct sql_driver *driver,
                             struct error *error)
{
    struct arena arena;
    arena_init(&arena, 64 * 1024 * 1024);
    struct load load = {keys, &arena};
    enum status status =
        driver->transact(driver, SQL_READ, STR("*"), &arena, load_body, &load, error);
    arena_release(&arena);
    return status;
}
