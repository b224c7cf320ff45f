/* Answers kept for retries. */
#include "adapters/store/sql_store_internal.h"

/* Each answer that is put takes away more than one, so that they do not pile up. */
enum { PURGED_AT_ONCE = 4 };

enum status sql_answers_claim(struct store_session *base, struct str caller, struct str key,
                              instant now, struct arena *arena, struct answer_row *row,
                              struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(caller),
                                       SQL_PARAM_TEXT(key)};
    struct sql_rows rows;
    *row = (struct answer_row){0};
    TRY(SESSION_QUERY(sql_session_of(base), SQL_ANSWER_FIND, params, arena, &rows, error));
    if (sql_cell_int64(&rows, 0, 0, 0) == 0) return error_plain(error, STATUS_REQUEST_IN_FLIGHT);
    if (str_is_none(sql_cell(&rows, 0, 1))) return STATUS_OK;
    instant expires_at = sql_cell_int64(&rows, 0, 5, INSTANT_NONE);
    if (expires_at <= now)
        return SESSION_EXECUTE(sql_session_of(base), SQL_ANSWER_REMOVE, params, error);
    *row = (struct answer_row){.caller = caller,
                               .key = key,
                               .fingerprint = sql_cell(&rows, 0, 1),
                               .status = sql_cell_int64(&rows, 0, 2, 0),
                               .headers = sql_cell(&rows, 0, 3),
                               .body = sql_cell(&rows, 0, 4),
                               .expires_at = expires_at};
    return STATUS_OK;
}

enum status sql_answers_put(struct store_session *base, const struct answer_row *row, instant now,
                            struct error *error)
{
    struct sql_session *session = sql_session_of(base);
    const struct sql_value params[] = {
        SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(row->caller),
        SQL_PARAM_TEXT(row->key),     SQL_PARAM_TEXT(row->fingerprint),
        SQL_PARAM_INT64(row->status), SQL_PARAM_TEXT(row->headers),
        SQL_PARAM_TEXT(row->body),    SQL_PARAM_INT64(row->expires_at),
    };
    const struct sql_value old[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_INT64(now),
                                    SQL_PARAM_INT64(PURGED_AT_ONCE)};
    TRY(SESSION_EXECUTE(session, SQL_ANSWER_PUT, params, error));
    return SESSION_EXECUTE(session, SQL_ANSWER_PURGE, old, error);
}

enum status sql_answers_purge(struct store *base, instant now, size_t most, struct arena *arena,
                              size_t *purged, struct error *error)
{
    return sql_store_purge(base, SQL_ANSWER_PURGE_ALL, now, most, arena, purged, error);
}
