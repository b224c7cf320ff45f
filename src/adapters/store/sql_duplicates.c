/* The review queue. */
#include "adapters/store/sql_store_internal.h"

/* Insert and update take the same values in the same order. */
static enum status write_row(struct store_session *base, const struct sql_statement *statement,
                             const struct duplicate_row *row, struct error *error)
{
    const struct sql_value params[] = {
        SQL_PARAM_TEXT(base->tenant),
        SQL_PARAM_TEXT(row->duplicate_id),
        SQL_PARAM_TEXT(row->home_a),
        SQL_PARAM_TEXT(row->home_b),
        SQL_PARAM_TEXT(duplicate_state_name(row->state)),
        SQL_PARAM_INT64(row->apart ? 1 : 0),
        SQL_PARAM_INT64(duplicate_rank(row->probability)),
        SQL_PARAM_TEXT(row->evidence),
        SQL_PARAM_TEXT(row->model_version),
        SQL_PARAM_TEXT(duplicate_cause_name(row->cause)),
        SQL_PARAM_INT64(row->created_at),
        SQL_PARAM_INT64(row->refreshed_at),
        SQL_PARAM_TEXT(row->claimed_by),
        sql_instant(row->claimed_until),
        sql_instant(row->later_until),
        SQL_PARAM_TEXT(duplicate_resolution_name(row->resolution)),
        SQL_PARAM_TEXT(row->resolved_by),
        sql_instant(row->resolved_at),
        SQL_PARAM_TEXT(row->note),
    };
    return SESSION_EXECUTE(sql_session_of(base), statement, params, error);
}

enum status sql_duplicates_insert(struct store_session *base, const struct duplicate_row *row,
                                  struct error *error)
{
    return write_row(base, SQL_DUPLICATE_INSERT, row, error);
}

enum status sql_duplicates_update(struct store_session *base, const struct duplicate_row *row,
                                  struct error *error)
{
    return write_row(base, SQL_DUPLICATE_UPDATE, row, error);
}

static enum status unknown_word(struct error *error)
{
    return error_set(error, STATUS_STORE_CORRUPT, STR_NONE, STR_NONE,
                     "an item of the review queue with an unknown state, cause or resolution is "
                     "stored");
}

static enum status decode(const struct sql_rows *rows, size_t at, struct duplicate_row *row,
                          struct error *error)
{
    *row = (struct duplicate_row){
        .duplicate_id = sql_cell(rows, at, 0),
        .home_a = sql_cell(rows, at, 1),
        .home_b = sql_cell(rows, at, 2),
        .apart = sql_cell_int64(rows, at, 4, 0) != 0,
        .probability = duplicate_probability(sql_cell_int64(rows, at, 5, 0)),
        .evidence = sql_cell(rows, at, 6),
        .model_version = sql_cell(rows, at, 7),
        .created_at = sql_cell_int64(rows, at, 9, INSTANT_NONE),
        .refreshed_at = sql_cell_int64(rows, at, 10, INSTANT_NONE),
        .claimed_by = sql_cell(rows, at, 11),
        .claimed_until = sql_cell_int64(rows, at, 12, INSTANT_NONE),
        .later_until = sql_cell_int64(rows, at, 13, INSTANT_NONE),
        .resolved_by = sql_cell(rows, at, 15),
        .resolved_at = sql_cell_int64(rows, at, 16, INSTANT_NONE),
        .note = sql_cell(rows, at, 17),
    };
    bool known = duplicate_state_parse(sql_cell(rows, at, 3), &row->state) &&
                 duplicate_cause_parse(sql_cell(rows, at, 8), &row->cause) &&
                 duplicate_resolution_parse(sql_cell(rows, at, 14), &row->resolution);
    return known ? STATUS_OK : unknown_word(error);
}

static enum status decode_all(const struct sql_rows *rows, struct arena *arena,
                              struct duplicate_row **out, size_t *count, struct error *error)
{
    struct duplicate_row *list = ARENA_NEW_ARRAY(arena, struct duplicate_row, rows->row_count);
    if (!list) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < rows->row_count; i++) TRY(decode(rows, i, &list[i], error));
    *out = list;
    *count = rows->row_count;
    return STATUS_OK;
}

enum status sql_duplicates_get(struct store_session *base, struct str id, enum store_lock lock,
                               struct arena *arena, struct duplicate_row *row, struct error *error)
{
    const struct sql_locking statements = {SQL_DUPLICATE_GET, SQL_DUPLICATE_LOCK,
                                           SQL_DUPLICATE_TRY};
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(id)};
    struct sql_rows rows;
    TRY(SESSION_QUERY_LOCKING(sql_session_of(base), &statements, lock, params, arena, &rows,
                              error));
    if (rows.row_count == 0) return error_plain(error, STATUS_DUPLICATE_NOT_FOUND);
    return decode(&rows, 0, row, error);
}

enum status sql_duplicates_list_of(struct store_session *base, const struct str *homes,
                                   size_t count, enum store_lock lock, struct arena *arena,
                                   struct duplicate_row **out, size_t *row_count,
                                   struct error *error)
{
    const struct sql_locking statements = {SQL_DUPLICATE_LIST_OF, SQL_DUPLICATE_LOCK_OF,
                                           SQL_DUPLICATE_TRY_OF};
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_ARRAY(homes, count)};
    struct sql_rows rows;
    TRY(SESSION_QUERY_LOCKING(sql_session_of(base), &statements, lock, params, arena, &rows,
                              error));
    return decode_all(&rows, arena, out, row_count, error);
}

/* The state that is stored of what shows. */
static struct str stored_name(enum duplicate_state shows)
{
    bool open = shows == DUPLICATE_CLAIMED || shows == DUPLICATE_LATER;
    return duplicate_state_name(open ? DUPLICATE_OPEN : shows);
}

enum status sql_duplicates_list(struct store_session *base, const struct duplicate_filter *filter,
                                const struct duplicate_row *after, size_t limit,
                                struct arena *arena, struct duplicate_row **out, size_t *count,
                                struct error *error)
{
    struct str stored = stored_name(filter->shows);
    const struct sql_value params[] = {
        SQL_PARAM_TEXT(base->tenant),
        SQL_PARAM_TEXT(stored),
        SQL_PARAM_TEXT(duplicate_state_name(filter->shows)),
        SQL_PARAM_INT64(filter->now),
        SQL_PARAM_INT64(duplicate_rank(filter->probability_min)),
        SQL_PARAM_TEXT(duplicate_cause_name(filter->cause)),
        SQL_PARAM_TEXT(filter->claimed_by),
        SQL_PARAM_INT64(after ? duplicate_rank(after->probability) : INT64_MAX),
        SQL_PARAM_TEXT(after ? after->duplicate_id : STR("")),
        SQL_PARAM_INT64((int64_t)limit),
    };
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base),
                      str_is_none(stored) ? SQL_DUPLICATE_LIST : SQL_DUPLICATE_LIST_BY_STATE,
                      params, arena, &rows, error));
    return decode_all(&rows, arena, out, count, error);
}

enum status sql_duplicates_count(struct store_session *base, instant now, instant since,
                                 struct arena *arena, struct duplicate_count **out, size_t *count,
                                 struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_INT64(now),
                                       SQL_PARAM_INT64(since)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_DUPLICATE_COUNT, params, arena, &rows, error));
    struct duplicate_count *counts = ARENA_NEW_ARRAY(arena, struct duplicate_count, rows.row_count);
    if (!counts) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < rows.row_count; i++) {
        counts[i] = (struct duplicate_count){.day = sql_cell_int64(&rows, i, 3, -1),
                                             .count = sql_cell_int64(&rows, i, 4, 0),
                                             .oldest = sql_cell_int64(&rows, i, 5, INSTANT_NONE)};
        if (!duplicate_state_parse(sql_cell(&rows, i, 0), &counts[i].shows) ||
            !duplicate_cause_parse(sql_cell(&rows, i, 1), &counts[i].cause) ||
            !duplicate_resolution_parse(sql_cell(&rows, i, 2), &counts[i].resolution))
            return unknown_word(error);
    }
    *out = counts;
    *count = rows.row_count;
    return STATUS_OK;
}

enum status sql_duplicates_backlog(struct store *base, struct arena *arena, int64_t *waiting,
                                   instant *oldest, struct error *error)
{
    struct sql_driver *driver = ((struct sql_store *)base)->driver;
    struct sql_rows rows;
    TRY(driver->query_one(driver, NO_TENANT, SQL_DUPLICATE_BACKLOG, NULL, 0, arena, &rows, error));
    *waiting = sql_cell_int64(&rows, 0, 0, 0);
    *oldest = sql_cell_int64(&rows, 0, 1, INSTANT_NONE);
    return STATUS_OK;
}
