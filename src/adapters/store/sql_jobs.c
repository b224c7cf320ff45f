/* Jobs, their steps, who runs them, and their files: in parts, as base64url, for a text is what
 * every table of a backup and both engines know. What is about the jobs of all tenants asks a
 * function of the owner on PostgreSQL (migrations/postgres/0091 and 0101). */
#include "adapters/store/sql_store_internal.h"
#include "formats/base64url.h"

static const struct str job_states[JOB_STATE_COUNT] = {
    [JOB_QUEUED] = {"QUEUED", 6}, [JOB_RUNNING] = {"RUNNING", 7},     [JOB_DONE] = {"DONE", 4},
    [JOB_FAILED] = {"FAILED", 6}, [JOB_CANCELLED] = {"CANCELLED", 9}, [JOB_UNDONE] = {"UNDONE", 6},
};

enum status sql_jobs_put(struct store_session *base, const struct job_row *job, struct error *error)
{
    const struct sql_value params[] = {
        SQL_PARAM_TEXT(base->tenant),     SQL_PARAM_TEXT(job->job_id),
        SQL_PARAM_TEXT(job->kind),        SQL_PARAM_TEXT(job_states[job->state]),
        SQL_PARAM_TEXT(job->actor),       SQL_PARAM_TEXT(job->document),
        SQL_PARAM_INT64(job->created_at), SQL_PARAM_INT64(job->updated_at),
        SQL_PARAM_TEXT(job->lane),
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
        .lane = sql_cell(rows, row, 7),
        .epoch = sql_cell_int64(rows, row, 8, 0),
    };
    for (int i = 0; i < JOB_STATE_COUNT; i++) {
        if (!str_equal(sql_cell(rows, row, 2), job_states[i])) continue;
        job->state = (enum job_state)i;
        return STATUS_OK;
    }
    return error_set(error, STATUS_STORE_CORRUPT, STR_NONE, STR_NONE,
                     "a job in an unknown state is stored");
}

enum status sql_jobs_get(struct store_session *base, struct str job_id, enum store_lock lock,
                         struct arena *arena, struct job_row *job, struct error *error)
{
    const struct sql_statement *statement = lock == STORE_LOCK ? SQL_JOB_LOCK : SQL_JOB_GET;
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(job_id)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), statement, params, arena, &rows, error));
    if (rows.row_count == 0) return error_plain(error, STATUS_JOB_NOT_FOUND);
    return decode_job(&rows, 0, job, error);
}

enum status sql_jobs_list(struct store_session *base, struct str after_id, size_t limit,
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

enum status sql_jobs_count(struct store_session *base, int64_t *count, struct error *error)
{
    struct sql_session *session = sql_session_of(base);
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant)};
    struct arena_mark mark = arena_mark(session->arena);
    struct sql_rows rows;
    TRY(SESSION_QUERY(session, SQL_JOB_COUNT, params, session->arena, &rows, error));
    *count = sql_cell_int64(&rows, 0, 0, 0);
    arena_rewind(session->arena, mark);
    return STATUS_OK;
}

enum status sql_jobs_step_append(struct store_session *base, const struct job_step *step,
                                 struct error *error)
{
    const struct sql_value params[] = {
        SQL_PARAM_TEXT(base->tenant),   SQL_PARAM_TEXT(step->job_id), SQL_PARAM_INT64(step->number),
        SQL_PARAM_TEXT(step->document), SQL_PARAM_TEXT(step->homes),  SQL_PARAM_TEXT(step->report),
    };
    return SESSION_EXECUTE(sql_session_of(base), SQL_JOB_STEP_APPEND, params, error);
}

enum status sql_jobs_step_list(struct store_session *base, struct str job_id, int64_t after,
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

enum status sql_jobs_step_last(struct store_session *base, struct str job_id, struct arena *arena,
                               struct job_step *step, struct error *error)
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

enum status sql_jobs_step_report(struct store_session *base, struct str job_id, int64_t number,
                                 struct str report, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(job_id),
                                       SQL_PARAM_INT64(number), SQL_PARAM_TEXT(report)};
    return SESSION_EXECUTE(sql_session_of(base), SQL_JOB_STEP_REPORT, params, error);
}

enum status sql_jobs_report_list(struct store_session *base, const struct job_step *after,
                                 size_t limit, struct arena *arena, struct job_step **out,
                                 size_t *count, struct error *error)
{
    const struct sql_value params[] = {
        SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(after ? after->job_id : STR("")),
        SQL_PARAM_INT64(after ? after->number : 0), SQL_PARAM_INT64((int64_t)limit)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_JOB_REPORT_LIST, params, arena, &rows, error));
    struct job_step *steps = ARENA_NEW_ARRAY(arena, struct job_step, rows.row_count);
    if (!steps) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < rows.row_count; i++)
        steps[i] = (struct job_step){.job_id = sql_cell(&rows, i, 0),
                                     .number = sql_cell_int64(&rows, i, 1, 0),
                                     .report = sql_cell(&rows, i, 2)};
    *out = steps;
    *count = rows.row_count;
    return STATUS_OK;
}

/* --- who runs a job --- */

struct claiming {
    const struct job_turn *turn;
    struct arena *arena;
    struct job_claim *claim;
};

static enum status claim_body(struct sql_transaction *transaction, void *context,
                              struct error *error)
{
    const struct claiming *claiming = context;
    const struct job_turn *turn = claiming->turn;
    const struct sql_value params[] = {
        SQL_PARAM_TEXT(turn->lane), SQL_PARAM_TEXT(turn->holder),
        SQL_PARAM_INT64(turn->lease_ms * (INSTANT_SECOND / 1000)),
        SQL_PARAM_TEXT(str_is_none(turn->after) ? STR("") : turn->after)};
    struct sql_rows rows;
    TRY(sql_query(transaction, SQL_JOB_CLAIM, params, SQL_COUNT(params), claiming->arena, &rows,
                  error));
    *claiming->claim = (struct job_claim){.tenant = STR_NONE};
    if (rows.row_count == 0) return STATUS_OK;
    *claiming->claim = (struct job_claim){.tenant = sql_cell(&rows, 0, 0),
                                          .job_id = sql_cell(&rows, 0, 1),
                                          .epoch = sql_cell_int64(&rows, 0, 2, 0)};
    return STATUS_OK;
}

enum status sql_jobs_claim(struct store *base, const struct job_turn *turn, struct arena *arena,
                           struct job_claim *claim, struct error *error)
{
    struct sql_driver *driver = ((struct sql_store *)base)->driver;
    struct claiming claiming = {turn, arena, claim};
    return driver->transact(driver, SQL_WRITE, NO_TENANT, arena, claim_body, &claiming, error);
}

enum status sql_jobs_keep(struct store_session *base, struct str job_id, int64_t epoch,
                          int64_t lease_ms, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(job_id),
                                       SQL_PARAM_INT64(epoch),
                                       SQL_PARAM_INT64(lease_ms * (INSTANT_SECOND / 1000))};
    return SESSION_EXECUTE(sql_session_of(base), SQL_JOB_KEEP, params, error);
}

/* --- files --- */

enum status sql_jobs_part_put(struct store_session *base, struct str job_id, int64_t number,
                              instant at, struct str bytes, struct error *error)
{
    struct sql_session *session = sql_session_of(base);
    struct arena_mark mark = arena_mark(session->arena);
    struct str body = base64url_encode(bytes, session->arena);
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(job_id),
                                       SQL_PARAM_INT64(number), SQL_PARAM_INT64(at),
                                       SQL_PARAM_TEXT(body)};
    if (str_is_none(body)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    enum status status = SESSION_EXECUTE(session, SQL_JOB_PART_PUT, params, error);
    arena_rewind(session->arena, mark);
    return status;
}

enum status sql_jobs_part_get(struct store_session *base, struct str job_id, int64_t number,
                              struct arena *arena, struct str *bytes, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(job_id),
                                       SQL_PARAM_INT64(number)};
    struct sql_rows rows;
    *bytes = STR_NONE;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_JOB_PART_GET, params, arena, &rows, error));
    if (rows.row_count == 0 || base64url_decode(sql_cell(&rows, 0, 0), arena, bytes))
        return STATUS_OK;
    return error_set(error, STATUS_STORE_CORRUPT, STR_NONE, STR_NONE,
                     "a part of a job's file is not what was put");
}

enum status sql_jobs_parts_remove(struct store_session *base, struct str job_id,
                                  struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(job_id)};
    return SESSION_EXECUTE(sql_session_of(base), SQL_JOB_PARTS_REMOVE, params, error);
}

/* First who runs them, which waits for a part that is being put: it is there to be taken then. */
enum status sql_jobs_exports_erase(struct store_session *base, struct error *error)
{
    const struct sql_value tenant[] = {SQL_PARAM_TEXT(base->tenant)};
    TRY(SESSION_EXECUTE(sql_session_of(base), SQL_JOB_EXPORTS_TAKE, tenant, error));
    return SESSION_EXECUTE(sql_session_of(base), SQL_JOB_EXPORTS_ERASE, tenant, error);
}

static enum status purge_body(struct sql_transaction *transaction, void *context,
                              struct error *error)
{
    const struct sql_value before = SQL_PARAM_INT64(*(const instant *)context);
    TRY(sql_execute(transaction, SQL_JOB_PART_PURGE, &before, 1, error));
    return sql_execute(transaction, SQL_JOB_REPORT_PURGE, &before, 1, error);
}

enum status sql_jobs_purge(struct store *base, instant before, struct arena *arena,
                           struct error *error)
{
    struct sql_driver *driver = ((struct sql_store *)base)->driver;
    return driver->transact(driver, SQL_WRITE, NO_TENANT, arena, purge_body, &before, error);
}
