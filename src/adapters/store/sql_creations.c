/* Creations beside a unit of work that stops them: docs/decisions/0116. The embedded store, whose
 * units of work follow each other, has no statements for it. */
#include "adapters/store/sql_store_internal.h"
#include "domain/event.h"

enum status sql_creations_begin(struct store_session *base, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant),
                                       SQL_PARAM_TEXT(STORE_CREATIONS)};
    return SESSION_EXECUTE(sql_session_of(base), SQL_CREATION_BEGIN, params, error);
}

enum status sql_creations_await(struct store_session *base, int64_t *mark, struct error *error)
{
    struct sql_session *session = sql_session_of(base);
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant),
                                       SQL_PARAM_TEXT(STORE_CREATIONS)};
    struct arena_mark before = arena_mark(session->arena);
    struct sql_rows rows;
    TRY(SESSION_QUERY(session, SQL_CREATIONS_AWAIT, params, session->arena, &rows, error));
    *mark = sql_cell_int64(&rows, 0, 0, 0);
    arena_rewind(session->arena, before);
    return STATUS_OK;
}

enum status sql_creations_met(struct store_session *base, int64_t mark, struct arena *arena,
                              struct store_meeting **out, size_t *count, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_INT64(mark),
                                       SQL_PARAM_TEXT(event_types[EVENT_PROFILE_CREATED].name)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_CREATIONS_MET, params, arena, &rows, error));
    struct store_meeting *meetings = ARENA_NEW_ARRAY(arena, struct store_meeting, rows.row_count);
    if (!meetings) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < rows.row_count; i++)
        meetings[i] = (struct store_meeting){sql_cell(&rows, i, 0), sql_cell(&rows, i, 1)};
    *out = meetings;
    *count = rows.row_count;
    return STATUS_OK;
}
