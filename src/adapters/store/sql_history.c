/* History in pages. The statements take from an index what they give, page by page, however much
 * of it there is. */
#include "adapters/store/sql_store_internal.h"

enum status sql_history_list(struct store_session *base, const struct history_query *query,
                             struct arena *arena, struct fact **out, size_t *count,
                             struct error *error)
{
    const struct fact *behind = query->behind;
    struct str kinds[FACT_KIND_COUNT];
    for (size_t i = 0; i < query->kind_count; i++) kinds[i] = fact_kind_name(query->kinds[i]);
    const struct sql_value params[] = {
        SQL_PARAM_TEXT(base->tenant),
        SQL_PARAM_ARRAY(query->homes, query->home_count),
        SQL_PARAM_ARRAY(kinds, query->kind_count),
        SQL_PARAM_INT64(behind ? behind->observed_at : INSTANT_FUTURE),
        SQL_PARAM_TEXT(behind ? behind->home : STR("")),
        SQL_PARAM_INT64(behind ? behind->number : 0),
        SQL_PARAM_INT64((int64_t)query->limit),
    };
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base),
                      query->first_only ? SQL_HISTORY_FIRST_LIST : SQL_HISTORY_LIST, params, arena,
                      &rows, error));
    return sql_trees_decode(&rows, arena, out, count, error);
}

enum status sql_history_of(struct store_session *base, struct str home, enum fact_kind kind,
                           const struct fact *after, size_t limit, struct arena *arena,
                           struct fact **out, size_t *count, struct error *error)
{
    const struct sql_value params[] = {
        SQL_PARAM_TEXT(base->tenant),
        SQL_PARAM_TEXT(home),
        SQL_PARAM_TEXT(fact_kind_name(kind)),
        SQL_PARAM_TEXT(after ? after->subject : STR("")),
        SQL_PARAM_INT64(after ? after->observed_at : INT64_MIN),
        SQL_PARAM_INT64(after ? after->number : INT64_MIN),
        SQL_PARAM_INT64((int64_t)limit),
    };
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_HISTORY_OF, params, arena, &rows, error));
    return sql_trees_decode(&rows, arena, out, count, error);
}
