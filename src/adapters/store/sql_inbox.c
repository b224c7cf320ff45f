/* What was consumed: see store_inbox_put. */
#include "adapters/store/sql_store_internal.h"

#include <stdlib.h>

/* Each put takes away more than it puts, so that they do not pile up. */
enum { PURGED_PER_ROW = 2 };

static int compare(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static enum status purge(struct store_session *base, size_t count, instant forget,
                         struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_INT64(forget),
                                       SQL_PARAM_INT64((int64_t)(count * PURGED_PER_ROW))};
    return SESSION_EXECUTE(sql_session_of(base), SQL_INBOX_PURGE, params, error);
}

enum status sql_inbox_put(struct store_session *base, const struct str *ids, size_t count,
                          instant now, instant forget, bool *fresh, struct error *error)
{
    struct sql_session *session = sql_session_of(base);
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_ARRAY(ids, count),
                                       SQL_PARAM_INT64(now)};
    struct sql_rows rows;
    for (size_t i = 0; i < count; i++) fresh[i] = false;
    if (count == 0) return STATUS_OK;
    TRY(SESSION_QUERY(session, SQL_INBOX_PUT, params, session->arena, &rows, error));
    for (size_t i = 0; i < rows.row_count; i++) {
        struct str id = sql_cell(&rows, i, 0);
        const struct str *found = bsearch(&id, ids, count, sizeof(*ids), compare);
        if (found) fresh[found - ids] = true;
    }
    return purge(base, count, forget, error);
}
