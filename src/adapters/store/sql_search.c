/* The search index in a session. What makes segments of it is search_index.c. */
#include <stdlib.h>

#include "adapters/store/sql_store_internal.h"

enum { ENTRIES_MAX = 20000 };

enum status sql_search_put(struct store_session *base, struct str home, struct str entry,
                           struct error *error)
{
    struct sql_store *store = (struct sql_store *)base->store;
    const struct sql_value params[] = {
        SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(home), SQL_PARAM_TEXT(entry),
        SQL_PARAM_INT64(store->keys ? search_index_number(store->index) : 0)};
    TRY(sql_execute(sql_session_of(base)->transaction, SQL_SEARCH_PUT, params, store->keys ? 4 : 3,
                    error));
    search_index_note(store->index, base->tenant, 1);
    search_worker_wake(store->worker);
    return STATUS_OK;
}

enum status sql_search_entries(struct store_session *base, struct arena *arena,
                               struct search_entry **out, size_t *count, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_INT64(ENTRIES_MAX)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_SEARCH_NEW_LIST, params, arena, &rows, error));
    struct sql_store *store = (struct sql_store *)base->store;
    search_index_note(store->index, base->tenant, 0);
    search_worker_wake(store->worker);
    return search_index_decode(&rows, arena, out, count, error);
}

static enum status take_block(struct search_block **blocks, size_t *count, size_t *room,
                              struct search_block block, struct arena *arena)
{
    if (*count == *room) {
        size_t larger_room = *room ? *room * 2 : 64;
        struct search_block *larger =
            arena_realloc(arena, *blocks, *room * sizeof(*larger), larger_room * sizeof(*larger));
        if (!larger) return STATUS_OUT_OF_MEMORY;
        *blocks = larger;
        *room = larger_room;
    }
    (*blocks)[(*count)++] = block;
    return STATUS_OK;
}

/* One range after the other, where a statement costs no way over a network. */
static enum status blocks_one_by_one(struct store_session *base, struct search_range *ranges,
                                     size_t count, struct arena *arena,
                                     struct search_block **blocks, size_t *block_count,
                                     struct error *error)
{
    size_t room = 0;
    for (size_t i = 0; i < count; i++) {
        const struct sql_value params[] = {
            SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(ranges[i].from),
            SQL_PARAM_TEXT(ranges[i].to), SQL_PARAM_INT64((int64_t)ranges[i].blocks_max)};
        struct sql_rows rows;
        TRY(SESSION_QUERY(sql_session_of(base), SQL_SEARCH_BLOCK_FIND, params, arena, &rows,
                          error));
        ranges[i].is_cut = rows.row_count >= ranges[i].blocks_max;
        for (size_t r = 0; r < rows.row_count; r++)
            if (take_block(blocks, block_count, &room,
                           (struct search_block){i, sql_cell(&rows, r, 0)}, arena) != STATUS_OK)
                return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    return STATUS_OK;
}

static enum status blocks_at_once(struct store_session *base, struct search_range *ranges,
                                  size_t count, struct arena *arena, struct search_block **blocks,
                                  size_t *block_count, struct error *error)
{
    struct str *texts = ARENA_NEW_ARRAY(arena, struct str, 3 * count);
    if (!texts) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) {
        texts[i] = ranges[i].from;
        texts[count + i] = ranges[i].to;
        texts[2 * count + i] = arena_format(arena, "%zu", ranges[i].blocks_max);
        if (str_is_none(texts[2 * count + i])) return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_ARRAY(texts, count),
                                       SQL_PARAM_ARRAY(texts + count, count),
                                       SQL_PARAM_ARRAY(texts + 2 * count, count)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_SEARCH_BLOCK_FIND, params, arena, &rows, error));
    *blocks = ARENA_NEW_ARRAY(arena, struct search_block, rows.row_count);
    size_t *of_range = ARENA_NEW_ARRAY(arena, size_t, count);
    if (!*blocks || !of_range) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t r = 0; r < rows.row_count; r++) {
        size_t range = (size_t)sql_cell_int64(&rows, r, 0, 1) - 1;
        (*blocks)[r] = (struct search_block){range, sql_cell(&rows, r, 1)};
        of_range[range]++;
    }
    for (size_t i = 0; i < count; i++) ranges[i].is_cut = of_range[i] >= ranges[i].blocks_max;
    *block_count = rows.row_count;
    return STATUS_OK;
}

enum status sql_search_blocks(struct store_session *base, struct search_range *ranges, size_t count,
                              struct arena *arena, struct search_block **blocks,
                              size_t *block_count, struct error *error)
{
    bool embedded = ((struct sql_store *)base->store)->keys != NULL;
    *blocks = NULL;
    *block_count = 0;
    if (count == 0) return STATUS_OK;
    return (embedded ? blocks_one_by_one : blocks_at_once)(base, ranges, count, arena, blocks,
                                                           block_count, error);
}

struct wanted {
    int64_t number;
    size_t index;
};

static int compare_wanted(const void *a, const void *b)
{
    int64_t x = ((const struct wanted *)a)->number, y = ((const struct wanted *)b)->number;
    return (x > y) - (x < y);
}

enum status sql_search_profiles(struct store_session *base, const int64_t *numbers, size_t count,
                                struct arena *arena, struct profile_row *rows, struct error *error)
{
    struct str *texts = ARENA_NEW_ARRAY(arena, struct str, count);
    struct wanted *wanted = ARENA_NEW_ARRAY(arena, struct wanted, count);
    if (!texts || !wanted) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) {
        wanted[i] = (struct wanted){numbers[i], i};
        rows[i] = (struct profile_row){.erased_at = INSTANT_NONE};
        texts[i] = arena_format(arena, "%lld", (long long)numbers[i]);
        if (str_is_none(texts[i])) return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    if (count == 0) return STATUS_OK;
    qsort(wanted, count, sizeof(*wanted), compare_wanted);
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_ARRAY(texts, count)};
    struct sql_rows found;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_SEARCH_PROFILES, params, arena, &found, error));
    for (size_t i = 0; i < found.row_count; i++) {
        struct wanted key = {.number = sql_cell_int64(&found, i, 0, 0)};
        const struct wanted *at = bsearch(&key, wanted, count, sizeof(*wanted), compare_wanted);
        if (at) sql_profiles_decode_from(&found, i, 1, &rows[at->index]);
    }
    return STATUS_OK;
}

/* --- the backlog --- */

enum status sql_search_backlog(struct store_session *base, size_t limit, struct arena *arena,
                               struct str **homes, size_t *count, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant),
                                       SQL_PARAM_INT64((int64_t)limit)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_SEARCH_BACKLOG_LIST, params, arena, &rows, error));
    *homes = rows.cells;
    *count = rows.row_count;
    return STATUS_OK;
}

enum status sql_search_backlog_done(struct store_session *base, const struct str *homes,
                                    size_t count, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_ARRAY(homes, count)};
    if (count == 0) return STATUS_OK;
    return SESSION_EXECUTE(sql_session_of(base), SQL_SEARCH_BACKLOG_DONE, params, error);
}

enum status sql_search_backlog_tenant(struct store *base, struct arena *arena, struct str *tenant,
                                      struct error *error)
{
    struct sql_driver *driver = ((struct sql_store *)base)->driver;
    struct sql_rows rows;
    TRY(driver->query_one(driver, STR("*"), SQL_SEARCH_BACKLOG_TENANT, NULL, 0, arena, &rows,
                          error));
    *tenant = rows.row_count > 0 ? sql_cell(&rows, 0, 0) : STR_NONE;
    return STATUS_OK;
}
