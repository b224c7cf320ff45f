/* Match keys and the suppression list. */
#include "adapters/store/sql_store_internal.h"

/* --- match keys --- */

static struct sqlite_keys *embedded_keys(struct store_session *base)
{
    return ((struct sql_store *)base->store)->keys;
}

enum status sql_lists_keys_lock(struct store_session *base, const struct str *keys, size_t count,
                                enum store_lock lock, struct error *error)
{
    struct sql_session *session = sql_session_of(base);
    if (count == 0) return STATUS_OK;
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_ARRAY(keys, count)};
    if (lock == STORE_LOCK) return SESSION_EXECUTE(session, SQL_KEYS_LOCK, params, error);
    struct sql_rows others;
    TRY(SESSION_QUERY(session, SQL_KEYS_TRY, params, session->arena, &others, error));
    return others.row_count == 0 ? STATUS_OK : error_plain(error, STATUS_WRITE_CONFLICT);
}

enum status sql_lists_keys_find(struct store_session *base, const struct str *keys, size_t count,
                                size_t homes_max, struct arena *arena, struct key_hit **out,
                                size_t *hit_count, struct error *error)
{
    struct sqlite_keys *embedded = embedded_keys(base);
    struct sql_session *session = sql_session_of(base);
    *out = NULL;
    *hit_count = 0;
    if (count == 0) return STATUS_OK;
    if (embedded)
        return sqlite_keys_find(embedded, session->transaction, session->is_write, base->tenant,
                                keys, count, homes_max, arena, out, hit_count, error);
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_ARRAY(keys, count),
                                       SQL_PARAM_INT64((int64_t)homes_max)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(session, SQL_KEYS_FIND, params, arena, &rows, error));
    struct key_hit *hits = ARENA_NEW_ARRAY(arena, struct key_hit, rows.row_count);
    if (!hits) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < rows.row_count; i++)
        hits[i] = (struct key_hit){.key = (size_t)sql_cell_int64(&rows, i, 0, 1) - 1,
                                   .home = sql_cell(&rows, i, 1)};
    *out = hits;
    *hit_count = rows.row_count;
    return STATUS_OK;
}

enum status sql_lists_keys_put(struct store_session *base, struct str home, const struct str *keys,
                               size_t count, struct error *error)
{
    struct sql_session *session = sql_session_of(base);
    struct sqlite_keys *embedded = embedded_keys(base);
    if (count == 0) return STATUS_OK;
    if (embedded)
        return sqlite_keys_put(embedded, session->transaction, base->tenant, home, keys, count,
                               session->arena, error);
    for (size_t i = 0; i < count; i++)
        TRY(sql_writes_add_key(&session->writes, home, keys[i], error));
    return STATUS_OK;
}

/* --- suppression --- */

enum status sql_lists_suppression_put(struct store_session *base, struct str hash,
                                      struct str reason, instant at, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(hash),
                                       SQL_PARAM_TEXT(reason), SQL_PARAM_INT64(at)};
    return SESSION_EXECUTE(sql_session_of(base), SQL_SUPPRESSION_PUT, params, error);
}

enum status sql_lists_suppression_find(struct store_session *base, const struct str *hashes,
                                       size_t count, bool *found, struct error *error)
{
    return sql_store_ask_each(sql_session_of(base), SQL_SUPPRESSION_FIND, hashes, count, found,
                              error);
}

enum status sql_lists_suppression_remove(struct store_session *base, struct str hash,
                                         struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(hash)};
    return SESSION_EXECUTE(sql_session_of(base), SQL_SUPPRESSION_REMOVE, params, error);
}
