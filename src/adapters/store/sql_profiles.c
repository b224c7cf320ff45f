/* Rows of profiles and their versions: see application/ports/store.h. */
#include "adapters/store/sql_store_internal.h"

#include <string.h>

void sql_profiles_decode_from(const struct sql_rows *rows, size_t index, size_t column,
                              struct profile_row *row)
{
    *row = (struct profile_row){
        .customer_id = sql_cell(rows, index, column),
        .version = sql_cell_int64(rows, index, column + 1, 0),
        .survivor_id = sql_cell(rows, index, column + 2),
        .merge_id = sql_cell(rows, index, column + 3),
        .created_at = sql_cell_int64(rows, index, column + 4, INSTANT_NONE),
        .updated_at = sql_cell_int64(rows, index, column + 5, INSTANT_NONE),
        .erased_at = sql_cell_int64(rows, index, column + 6, INSTANT_NONE),
        .kind = sql_cell(rows, index, column + 7),
        .status = sql_cell(rows, index, column + 8),
        .segment = sql_cell(rows, index, column + 9),
        .name = sql_cell(rows, index, column + 10),
        .document = sql_cell(rows, index, column + 11),
    };
}

void sql_profiles_decode(const struct sql_rows *rows, size_t index, struct profile_row *row)
{
    sql_profiles_decode_from(rows, index, 0, row);
}

enum status sql_profiles_get(struct store_session *base, struct str id, enum store_lock lock,
                             struct arena *arena, struct profile_row *row, struct error *error)
{
    const struct sql_locking statements = {SQL_PROFILE_GET, SQL_PROFILE_LOCK, SQL_PROFILE_TRY};
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(id)};
    struct sql_rows rows;
    TRY(SESSION_QUERY_LOCKING(sql_session_of(base), &statements, lock, params, arena, &rows,
                              error));
    if (rows.row_count == 0) return error_plain(error, STATUS_CUSTOMER_NOT_FOUND);
    sql_profiles_decode(&rows, 0, row);
    return STATUS_OK;
}

enum status sql_profiles_get_many(struct store_session *base, const struct str *ids, size_t count,
                                  enum store_lock lock, struct arena *arena,
                                  struct profile_row *rows, struct error *error)
{
    const struct sql_locking statements = {SQL_PROFILE_GET_MANY, SQL_PROFILE_GET_MANY_LOCK,
                                           SQL_PROFILE_GET_MANY_TRY};
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_ARRAY(ids, count)};
    struct sql_rows found;
    TRY(SESSION_QUERY_LOCKING(sql_session_of(base), &statements, lock, params, arena, &found,
                              error));
    /* Mostly both are in order: the one that is looked for is the next. */
    for (size_t i = 0, at = 0; i < count; i++) {
        size_t seen = 0;
        rows[i] = (struct profile_row){.erased_at = INSTANT_NONE};
        while (seen < found.row_count && !str_equal(sql_cell(&found, at, 0), ids[i])) {
            at = (at + 1) % found.row_count;
            seen++;
        }
        if (seen < found.row_count) sql_profiles_decode(&found, at, &rows[i]);
    }
    return STATUS_OK;
}

enum status sql_profiles_exist(struct store_session *base, const struct str *ids, size_t count,
                               bool *exist, struct error *error)
{
    return sql_store_ask_each(sql_session_of(base), SQL_PROFILES_EXIST, ids, count, exist, error);
}

/* The tenant, then what both insert and update take, in the same order. */
enum { ROW_PARAMS = 13 };
static void encode_row(const struct store_session *base, const struct profile_row *row,
                       struct sql_value params[ROW_PARAMS])
{
    const struct sql_value encoded[ROW_PARAMS] = {
        SQL_PARAM_TEXT(base->tenant),     SQL_PARAM_TEXT(row->customer_id),
        SQL_PARAM_INT64(row->version),    SQL_PARAM_TEXT(row->survivor_id),
        SQL_PARAM_TEXT(row->merge_id),    SQL_PARAM_INT64(row->created_at),
        SQL_PARAM_INT64(row->updated_at), sql_instant(row->erased_at),
        SQL_PARAM_TEXT(row->kind),        SQL_PARAM_TEXT(row->status),
        SQL_PARAM_TEXT(row->segment),     SQL_PARAM_TEXT(row->name),
        SQL_PARAM_TEXT(row->document),
    };
    memcpy(params, encoded, sizeof(encoded));
}

enum status sql_profiles_insert(struct store_session *base, const struct profile_row *row,
                                struct error *error)
{
    struct sql_session *session = sql_session_of(base);
    struct sql_value params[ROW_PARAMS];
    encode_row(base, row, params);
    TRY(sql_writes_add(&session->writes, SQL_WRITES_PROFILE, params + 1, error));
    sql_store_note_change(session, row->customer_id);
    return sql_trees_begin_home(session, row->customer_id, error);
}

enum status sql_profiles_update(struct store_session *base, const struct profile_row *row,
                                struct error *error)
{
    struct sql_session *session = sql_session_of(base);
    struct sql_value params[ROW_PARAMS];
    encode_row(base, row, params);
    TRY(SESSION_EXECUTE(session, SQL_PROFILE_UPDATE, params, error));
    sql_store_note_change(session, row->customer_id);
    return STATUS_OK;
}

enum status sql_profiles_list(struct store_session *base, const struct profile_filter *filter,
                              struct str after_id, size_t limit, struct arena *arena,
                              struct profile_row **out, size_t *count, struct error *error)
{
    /* The same question three times, so that each engine reads the index that narrows most. */
    const struct sql_statement *statement = SQL_PROFILE_LIST;
    if (!str_is_none(filter->status)) statement = SQL_PROFILE_LIST_BY_STATUS;
    if (!str_is_none(filter->segment)) statement = SQL_PROFILE_LIST_BY_SEGMENT;
    const struct sql_value params[] = {
        SQL_PARAM_TEXT(base->tenant),    SQL_PARAM_TEXT(str_is_none(after_id) ? STR("") : after_id),
        SQL_PARAM_TEXT(filter->kind),    SQL_PARAM_TEXT(filter->status),
        SQL_PARAM_TEXT(filter->segment), SQL_PARAM_INT64(filter->include_merged ? 1 : 0),
        SQL_PARAM_INT64((int64_t)limit), SQL_PARAM_INT64(filter->include_erased ? 1 : 0),
    };
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), statement, params, arena, &rows, error));
    struct profile_row *list = ARENA_NEW_ARRAY(arena, struct profile_row, rows.row_count);
    if (!list) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < rows.row_count; i++) sql_profiles_decode(&rows, i, &list[i]);
    *out = list;
    *count = rows.row_count;
    return STATUS_OK;
}

enum status sql_profiles_count(struct store_session *base, int64_t limit, int64_t *count,
                               struct error *error)
{
    struct sql_session *session = sql_session_of(base);
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_INT64(limit)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(session, SQL_PROFILE_COUNT, params, session->arena, &rows, error));
    *count = sql_cell_int64(&rows, 0, 0, 0);
    return STATUS_OK;
}

enum status sql_profiles_version_append(struct store_session *base, const struct version_row *row,
                                        struct error *error)
{
    const struct sql_value values[] = {
        SQL_PARAM_TEXT(row->customer_id),  SQL_PARAM_INT64(row->version),
        SQL_PARAM_INT64(row->recorded_at), SQL_PARAM_TEXT(row->actor),
        SQL_PARAM_TEXT(row->cause),        SQL_PARAM_TEXT(row->changed_fields),
    };
    return sql_writes_add(&sql_session_of(base)->writes, SQL_WRITES_VERSION, values, error);
}

enum status sql_profiles_version_list(struct store_session *base, struct str customer_id,
                                      int64_t before_version, size_t limit, struct arena *arena,
                                      struct version_row **out, size_t *count, struct error *error)
{
    const struct sql_value params[] = {
        SQL_PARAM_TEXT(base->tenant),
        SQL_PARAM_TEXT(customer_id),
        SQL_PARAM_INT64(before_version > 0 ? before_version : INT64_MAX),
        SQL_PARAM_INT64((int64_t)limit),
    };
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_VERSION_LIST, params, arena, &rows, error));
    struct version_row *list = ARENA_NEW_ARRAY(arena, struct version_row, rows.row_count);
    if (!list) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < rows.row_count; i++)
        list[i] = (struct version_row){
            .customer_id = sql_cell(&rows, i, 0),
            .version = sql_cell_int64(&rows, i, 1, 0),
            .recorded_at = sql_cell_int64(&rows, i, 2, INSTANT_NONE),
            .actor = sql_cell(&rows, i, 3),
            .cause = sql_cell(&rows, i, 4),
            .changed_fields = sql_cell(&rows, i, 5),
        };
    *out = list;
    *count = rows.row_count;
    return STATUS_OK;
}
