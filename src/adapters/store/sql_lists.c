/* Match keys, the event feed, the suppression list and jobs. */
#include "adapters/store/sql_store_internal.h"

/* --- match keys --- */

static struct sqlite_keys *embedded_keys(struct store_session *base)
{
    return ((struct sql_store *)base->store)->keys;
}

enum status sql_lists_keys_lock(struct store_session *base, const struct str *keys, size_t count,
                                struct error *error)
{
    if (count == 0) return STATUS_OK;
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_ARRAY(keys, count)};
    return SESSION_EXECUTE(sql_session_of(base), SQL_KEYS_LOCK, params, error);
}

enum status sql_lists_keys_find(struct store_session *base, const struct str *keys, size_t count,
                                size_t homes_max, struct arena *arena, struct key_hit **out,
                                size_t *hit_count, struct error *error)
{
    struct sqlite_keys *embedded = embedded_keys(base);
    *out = NULL;
    *hit_count = 0;
    if (count == 0) return STATUS_OK;
    if (embedded)
        return sqlite_keys_find(embedded, sql_session_of(base)->transaction, base->tenant, keys,
                                count, homes_max, arena, out, hit_count, error);
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_ARRAY(keys, count),
                                       SQL_PARAM_INT64((int64_t)homes_max)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_KEYS_FIND, params, arena, &rows, error));
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
    for (size_t i = 0; i < count; i++) {
        const struct sql_value values[] = {SQL_PARAM_TEXT(home), SQL_PARAM_TEXT(keys[i])};
        TRY(sql_writes_add(&session->writes, SQL_WRITES_KEY, values, error));
    }
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

/* --- jobs --- */

static const struct str job_states[JOB_STATE_COUNT] = {
    [JOB_QUEUED] = {"QUEUED", 6}, [JOB_RUNNING] = {"RUNNING", 7},     [JOB_DONE] = {"DONE", 4},
    [JOB_FAILED] = {"FAILED", 6}, [JOB_CANCELLED] = {"CANCELLED", 9}, [JOB_UNDONE] = {"UNDONE", 6},
};

enum status sql_lists_job_put(struct store_session *base, const struct job_row *job,
                              struct error *error)
{
    const struct sql_value params[] = {
        SQL_PARAM_TEXT(base->tenant),     SQL_PARAM_TEXT(job->job_id),
        SQL_PARAM_TEXT(job->kind),        SQL_PARAM_TEXT(job_states[job->state]),
        SQL_PARAM_TEXT(job->actor),       SQL_PARAM_TEXT(job->document),
        SQL_PARAM_INT64(job->created_at), SQL_PARAM_INT64(job->updated_at),
    };
    return SESSION_EXECUTE(sql_session_of(base), SQL_JOB_PUT, params, error);
}

static enum status decode_job(const struct sql_rows *rows, size_t row, struct job_row *job,
                              struct error *error)
{
    *job = (struct job_row){
        .job_id = sql_cell(rows, row, 0),
        .kind = sql_cell(rows, row, 1),
        .actor = sql_cell(rows, row, 3),
        .document = sql_cell(rows, row, 4),
        .created_at = sql_cell_int64(rows, row, 5, INSTANT_NONE),
        .updated_at = sql_cell_int64(rows, row, 6, INSTANT_NONE),
    };
    for (int i = 0; i < JOB_STATE_COUNT; i++) {
        if (!str_equal(sql_cell(rows, row, 2), job_states[i])) continue;
        job->state = (enum job_state)i;
        return STATUS_OK;
    }
    return error_set(error, STATUS_STORE_CORRUPT, STR_NONE, STR_NONE,
                     "a job in an unknown state is stored");
}

enum status sql_lists_job_get(struct store_session *base, struct str job_id, enum store_lock lock,
                              struct arena *arena, struct job_row *job, struct error *error)
{
    const struct sql_statement *statement = lock == STORE_LOCK ? SQL_JOB_LOCK : SQL_JOB_GET;
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(job_id)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), statement, params, arena, &rows, error));
    if (rows.row_count == 0) return error_plain(error, STATUS_JOB_NOT_FOUND);
    return decode_job(&rows, 0, job, error);
}

enum status sql_lists_job_list(struct store_session *base, struct str after_id, size_t limit,
                               struct arena *arena, struct job_row **out, size_t *count,
                               struct error *error)
{
    /* '~' sorts after every character of an identifier. */
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant),
                                       SQL_PARAM_TEXT(str_is_none(after_id) ? STR("~") : after_id),
                                       SQL_PARAM_INT64((int64_t)limit)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_JOB_LIST, params, arena, &rows, error));
    struct job_row *jobs = ARENA_NEW_ARRAY(arena, struct job_row, rows.row_count);
    if (!jobs) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < rows.row_count; i++) TRY(decode_job(&rows, i, &jobs[i], error));
    *out = jobs;
    *count = rows.row_count;
    return STATUS_OK;
}

enum status sql_lists_job_step_append(struct store_session *base, const struct job_step *step,
                                      struct error *error)
{
    const struct sql_value params[] = {
        SQL_PARAM_TEXT(base->tenant),   SQL_PARAM_TEXT(step->job_id), SQL_PARAM_INT64(step->number),
        SQL_PARAM_TEXT(step->document), SQL_PARAM_TEXT(step->homes),  SQL_PARAM_TEXT(step->report),
    };
    return SESSION_EXECUTE(sql_session_of(base), SQL_JOB_STEP_APPEND, params, error);
}

enum status sql_lists_job_step_list(struct store_session *base, struct str job_id, int64_t after,
                                    size_t limit, struct arena *arena, struct job_step **out,
                                    size_t *count, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(job_id),
                                       SQL_PARAM_INT64(after), SQL_PARAM_INT64((int64_t)limit)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_JOB_STEP_LIST, params, arena, &rows, error));
    struct job_step *steps = ARENA_NEW_ARRAY(arena, struct job_step, rows.row_count);
    if (!steps) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < rows.row_count; i++)
        steps[i] = (struct job_step){.job_id = job_id,
                                     .number = sql_cell_int64(&rows, i, 0, 0),
                                     .document = sql_cell(&rows, i, 1),
                                     .homes = sql_cell(&rows, i, 2),
                                     .report = sql_cell(&rows, i, 3)};
    *out = steps;
    *count = rows.row_count;
    return STATUS_OK;
}

enum status sql_lists_job_step_last(struct store_session *base, struct str job_id,
                                    struct arena *arena, struct job_step *step, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(job_id)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_JOB_STEP_LAST, params, arena, &rows, error));
    *step = (struct job_step){.job_id = job_id};
    if (rows.row_count == 0) return STATUS_OK;
    step->number = sql_cell_int64(&rows, 0, 0, 0);
    step->document = sql_cell(&rows, 0, 1);
    return STATUS_OK;
}

enum status sql_lists_job_step_report(struct store_session *base, struct str job_id, int64_t number,
                                      struct str report, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(job_id),
                                       SQL_PARAM_INT64(number), SQL_PARAM_TEXT(report)};
    return SESSION_EXECUTE(sql_session_of(base), SQL_JOB_STEP_REPORT, params, error);
}
