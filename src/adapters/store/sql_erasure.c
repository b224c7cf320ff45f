/* Erasing. Each engine has the statements that it needs, and does nothing for the others:
 * PostgreSQL a function of the schema's owner, the embedded store a deletion per table. There it
 * reads the tables of keys and events from end to end, for no index is kept for what is rare: a
 * second or so for each ten million rows, in which no other write is done. What free pages, dead
 * rows, logs and backups still hold is no table's any more; decision 0033 says when it goes.
 *
 * The index in memory over new keys may still name rows that are gone; see sqlite_keys.h. */
#include "adapters/store/sql_store_internal.h"

static enum status execute_all(struct store_session *base, const struct sql_statement *const *all,
                               size_t statement_count, const struct str *homes, size_t count,
                               struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_ARRAY(homes, count)};
    for (size_t i = 0; i < statement_count; i++)
        TRY(SESSION_EXECUTE(sql_session_of(base), all[i], params, error));
    return STATUS_OK;
}

enum status sql_erasure_keys(struct store_session *base, const struct str *homes, size_t count,
                             struct error *error)
{
    const struct sql_statement *const all[] = {SQL_KEYS_ERASE};
    struct sqlite_keys *embedded = ((struct sql_store *)base->store)->keys;
    struct sql_session *session = sql_session_of(base);
    if (embedded)
        TRY(sqlite_keys_erase(embedded, session->transaction, base->tenant, homes, count,
                              session->arena, error));
    return execute_all(base, all, SQL_COUNT(all), homes, count, error);
}

static enum status erase_merge(struct store_session *base, const struct merge *merge,
                               struct str reason, struct error *error)
{
    const struct sql_value of_row[] = {SQL_PARAM_TEXT(base->tenant),
                                       SQL_PARAM_TEXT(merge->merge_id), SQL_PARAM_TEXT(reason)};
    const struct sql_value of_event[] = {SQL_PARAM_TEXT(base->tenant),
                                         SQL_PARAM_TEXT(merge->target_id),
                                         SQL_PARAM_INT64(merge->merged_at)};
    TRY(SESSION_EXECUTE(sql_session_of(base), SQL_MERGE_REASON, of_row, error));
    return SESSION_EXECUTE(sql_session_of(base), SQL_EVENT_ERASE, of_event, error);
}

enum status sql_erasure_homes(struct store_session *base, const struct erasure *erasure,
                              struct error *error)
{
    const struct sql_statement *const all[] = {
        SQL_HOMES_ERASE,       SQL_HOMES_ERASE_EVENTS,     SQL_HOMES_ERASE_VERSIONS,
        SQL_HOMES_ERASE_FACTS, SQL_HOMES_ERASE_DUPLICATES, SQL_HOMES_ERASE_LETTERS};
    /* What was answered of a merged profile told of all its homes. */
    const struct sql_statement *const of_kin[] = {SQL_HOMES_ERASE_ANSWERS};
    for (size_t i = 0; i < erasure->merge_count; i++)
        TRY(erase_merge(base, &erasure->merges[i], erasure->reason, error));
    TRY(execute_all(base, all, SQL_COUNT(all), erasure->homes, erasure->home_count, error));
    return execute_all(base, of_kin, SQL_COUNT(of_kin), erasure->homes,
                       erasure->home_count + erasure->kin_count, error);
}
