#include "application/jobs.h"

#include "base/identifier.h"

static const struct str state_names[JOB_STATE_COUNT] = {
    [JOB_QUEUED] = STR("QUEUED"), [JOB_RUNNING] = STR("RUNNING"),     [JOB_DONE] = STR("DONE"),
    [JOB_FAILED] = STR("FAILED"), [JOB_CANCELLED] = STR("CANCELLED"), [JOB_UNDONE] = STR("UNDONE")};

static struct str state_name(enum job_state state)
{
    return state < JOB_STATE_COUNT ? state_names[state] : STR_NONE;
}

enum { ANY_EPOCH = -1 };

/* Imports and their undoing share one, and what goes through the whole base. */
static const struct {
    struct str kind, lane;
} lanes[] = {
    {STR("IMPORT"), STR("import")}, {STR("UNDO"), STR("import")},    {STR("EXPORT"), STR("export")},
    {STR("SCAN"), STR("scan")},     {STR("RECOMPUTE"), STR("scan")},
};

struct str jobs_lane(struct str kind)
{
    for (size_t i = 0; i < sizeof(lanes) / sizeof(lanes[0]); i++)
        if (str_equal(kind, lanes[i].kind)) return lanes[i].lane;
    return STR_NONE;
}

struct job_work {
    struct application *application;
    struct arena *arena;
    struct str job_id;
    int64_t epoch, lease_ms;
    struct job_row row;
    enum job_state state;
    struct str progress;
    struct str row_kind;
    struct job_row *rows;
    size_t count;
};

#define TRACE STR("traceparent")

static struct str document_of(struct str parameters, struct str progress, struct str trace,
                              struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    json_key(&writer, STR("parameters"));
    json_raw(&writer, str_is_none(parameters) ? STR("{}") : parameters);
    json_key(&writer, STR("progress"));
    json_raw(&writer, str_is_none(progress) ? STR("{}") : progress);
    if (!str_is_none(trace)) json_member_string(&writer, TRACE, trace);
    json_object_end(&writer);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

struct str jobs_document(struct str parameters, struct str trace, struct arena *arena)
{
    return document_of(parameters, STR_NONE, trace, arena);
}

enum status jobs_check_room_within(const struct application *application,
                                   struct store_session *session, struct error *error)
{
    int64_t count;
    TRY(store_job_count(session, &count, error));
    if (count < (int64_t)application->limits.jobs_max) return STATUS_OK;
    return error_set(error, STATUS_RATE_LIMITED, STR(""), STR_NONE,
                     "%lld jobs of the tenant have not ended, and limits.jobs_max is %zu: wait for "
                     "one to end, or cancel it",
                     (long long)count, application->limits.jobs_max);
}

static enum status room_body(struct store_session *session, void *context, struct error *error)
{
    return jobs_check_room_within(context, session, error);
}

enum status jobs_check_room(struct application *application, const struct caller *caller,
                            struct arena *arena, struct error *error)
{
    return store_read(application->store, caller->tenant, arena, room_body, application, error);
}

static enum status put_body(struct store_session *session, void *context, struct error *error)
{
    struct job_work *work = context;
    if (!str_is_none(work->row.lane))
        TRY(jobs_check_room_within(work->application, session, error));
    return store_job_put(session, &work->row, error);
}

struct str jobs_new_id(struct application *application, struct arena *arena)
{
    return identifier_new(application->environment, STR("JOB"), arena);
}

enum status jobs_create(struct application *application, const struct caller *caller,
                        struct str job_id, struct str kind, struct str parameters,
                        struct arena *arena, struct job_row *out, struct error *error)
{
    instant now = application->environment->now(application->environment);
    struct job_work work = {.application = application,
                            .row = {.kind = kind,
                                    .state = JOB_QUEUED,
                                    .actor = arena_str(arena, caller->user_id),
                                    .created_at = now,
                                    .updated_at = now}};
    work.row.job_id = str_is_none(job_id) ? jobs_new_id(application, arena) : job_id;
    work.row.lane = str_is_none(job_id) ? STR_NONE : jobs_lane(kind);
    work.row.document = jobs_document(parameters, caller->trace, arena);
    if (str_is_none(work.row.job_id) || str_is_none(work.row.document) ||
        str_is_none(work.row.actor) != str_is_none(caller->user_id))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    *out = work.row;
    return store_write(application->store, caller->tenant, arena, put_body, &work, error);
}

static enum status get_body(struct store_session *session, void *context, struct error *error)
{
    struct job_work *work = context;
    return store_job_get(session, work->job_id, STORE_NO_LOCK, work->arena, &work->row, error);
}

enum status jobs_get(struct application *application, const struct caller *caller,
                     struct str job_id, struct arena *arena, struct job_row *out,
                     struct error *error)
{
    struct job_work work = {.arena = arena, .job_id = job_id};
    TRY(store_read(application->store, caller->tenant, arena, get_body, &work, error));
    *out = work.row;
    return STATUS_OK;
}

enum status jobs_refuse_ended(const struct job_row *row, struct error *error)
{
    return error_set(error, STATUS_JOB_ENDED, STR(""), STR_NONE, "job %.*s has ended: %.*s",
                     STR_ARGS(row->job_id), STR_ARGS(state_name(row->state)));
}

struct step_reading {
    struct str job_id;
    struct arena *arena;
    struct job_row *job;
    struct job_step *last;
};

static enum status last_step_body(struct store_session *session, void *context, struct error *error)
{
    const struct step_reading *reading = context;
    TRY(store_job_get(session, reading->job_id, STORE_NO_LOCK, reading->arena, reading->job,
                      error));
    return store_job_step_last(session, reading->job_id, reading->arena, reading->last, error);
}

enum status jobs_last_step(struct application *application, const struct caller *caller,
                           struct str job_id, struct arena *arena, struct job_row *job,
                           struct job_step *last, struct error *error)
{
    struct step_reading reading = {job_id, arena, job, last};
    return store_read(application->store, caller->tenant, arena, last_step_body, &reading, error);
}

static enum status get_unended(struct store_session *session, struct str job_id, int64_t epoch,
                               struct arena *arena, struct job_row *row, struct error *error)
{
    TRY(store_job_get(session, job_id, STORE_LOCK, arena, row, error));
    if (row->state != JOB_QUEUED && row->state != JOB_RUNNING) return jobs_refuse_ended(row, error);
    if (epoch == ANY_EPOCH || epoch == row->epoch) return STATUS_OK;
    return error_plain(error, STATUS_JOB_TAKEN);
}

enum status jobs_hold(struct store_session *session, struct str job_id, int64_t epoch,
                      struct arena *arena, struct error *error)
{
    struct job_row row;
    return get_unended(session, job_id, epoch, arena, &row, error);
}

/* A job that has ended is in no lane, and of its file only what was made to be fetched stays. */
static enum status leave_lane(struct store_session *session, struct job_row *row,
                              struct error *error)
{
    bool is_result = row->state == JOB_DONE && str_equal(row->kind, STR("EXPORT"));
    if (row->state == JOB_QUEUED || row->state == JOB_RUNNING || str_is_none(row->lane))
        return STATUS_OK;
    row->lane = STR_NONE;
    return is_result ? STATUS_OK : store_job_parts_remove(session, row->job_id, error);
}

/* Moves a job that has not ended to another state. */
static enum status move_body(struct store_session *session, void *context, struct error *error)
{
    struct job_work *work = context;
    struct json_value *document;
    struct environment *environment = work->application->environment;
    TRY(get_unended(session, work->job_id, work->epoch, work->arena, &work->row, error));
    work->row.state = work->state;
    work->row.updated_at = environment->now(environment);
    if (!str_is_none(work->progress)) {
        struct buffer parameters = {.arena = work->arena};
        struct json_writer writer = {.out = &parameters};
        TRY(json_parse(work->row.document, work->arena, &document, error));
        json_write(&writer, json_get(document, STR("parameters")));
        work->row.document = document_of(buffer_str(&parameters), work->progress,
                                         json_text(json_get(document, TRACE)), work->arena);
        if (buffer_failed(&parameters) || str_is_none(work->row.document))
            return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    TRY(leave_lane(session, &work->row, error));
    return store_job_put(session, &work->row, error);
}

enum status jobs_cancel(struct application *application, const struct caller *caller,
                        struct str job_id, struct arena *arena, struct job_row *out,
                        struct error *error)
{
    struct job_work work = {.application = application,
                            .arena = arena,
                            .job_id = job_id,
                            .epoch = ANY_EPOCH,
                            .state = JOB_CANCELLED};
    TRY(store_write(application->store, caller->tenant, arena, move_body, &work, error));
    *out = work.row;
    return STATUS_OK;
}

enum status jobs_update(struct application *application, const struct caller *caller,
                        struct str job_id, int64_t epoch, enum job_state state, struct str progress,
                        struct arena *arena, struct error *error)
{
    struct job_work work = {.application = application,
                            .arena = arena,
                            .job_id = job_id,
                            .epoch = epoch,
                            .state = state,
                            .progress = progress};
    return store_write(application->store, caller->tenant, arena, move_body, &work, error);
}

static enum status keep_body(struct store_session *session, void *context, struct error *error)
{
    const struct job_work *work = context;
    return store_job_keep(session, work->job_id, work->epoch, work->lease_ms, error);
}

enum status jobs_keep(struct application *application, const struct caller *caller,
                      struct str job_id, int64_t epoch, int64_t lease_ms, struct arena *arena,
                      struct error *error)
{
    struct job_work work = {.job_id = job_id, .epoch = epoch, .lease_ms = lease_ms};
    return store_write(application->store, caller->tenant, arena, keep_body, &work, error);
}

struct step_work {
    int64_t epoch;
    const struct job_step *step;
    struct arena *arena;
};

static enum status step_body(struct store_session *session, void *context, struct error *error)
{
    const struct step_work *work = context;
    TRY(jobs_hold(session, work->step->job_id, work->epoch, work->arena, error));
    return store_job_step_append(session, work->step, error);
}

enum status jobs_append_step(struct application *application, const struct caller *caller,
                             const struct job_step *step, int64_t epoch, struct arena *arena,
                             struct error *error)
{
    struct step_work work = {epoch, step, arena};
    return store_write(application->store, caller->tenant, arena, step_body, &work, error);
}

static enum status find_body(struct store_session *session, void *context, struct error *error)
{
    enum { PAGE = 100 };
    struct job_work *work = context;
    struct str cursor = STR_NONE;
    do {
        TRY(store_job_list(session, cursor, PAGE, work->arena, &work->rows, &work->count, error));
        for (size_t i = 0; i < work->count; i++) {
            work->row = work->rows[i];
            if (str_equal(work->row.kind, work->row_kind)) return STATUS_OK;
        }
        cursor = work->row.job_id;
    } while (work->count == PAGE);
    return error_plain(error, STATUS_JOB_NOT_FOUND);
}

enum status jobs_find_last(struct application *application, const struct caller *caller,
                           struct str kind, struct arena *arena, struct job_row *job,
                           struct error *error)
{
    struct job_work work = {.arena = arena, .row_kind = kind};
    TRY(store_read(application->store, caller->tenant, arena, find_body, &work, error));
    *job = work.row;
    return STATUS_OK;
}

struct job_listing {
    const struct job_query *query;
    enum job_state state; /* JOB_STATE_COUNT: any */
    size_t limit;
    struct arena *arena;
    struct job_row *rows; /* that are shown */
    size_t count;
    struct str next;
};

static enum status check_query(struct job_listing *listing, struct error *error)
{
    const struct job_query *query = listing->query;
    if (!str_is_none(query->kind) && str_is_none(jobs_lane(query->kind)))
        return error_set(error, STATUS_INVALID_VALUE, STR("kind"),
                         STR("IMPORT | EXPORT | SCAN | UNDO | RECOMPUTE"), "is not a kind of job");
    listing->state = 0;
    while (listing->state < JOB_STATE_COUNT &&
           !str_equal(query->state, state_names[listing->state]))
        listing->state++;
    if (str_is_none(query->state) || listing->state < JOB_STATE_COUNT)
        return results_check_cursor(query->cursor, "JOB-", error);
    return error_set(error, STATUS_INVALID_VALUE, STR("state"),
                     STR("QUEUED | RUNNING | DONE | FAILED | CANCELLED | UNDONE"),
                     "is not a state of a job");
}

static bool passes(const struct job_listing *listing, const struct job_row *job)
{
    return (listing->state == JOB_STATE_COUNT || job->state == listing->state) &&
           (str_is_none(listing->query->kind) || str_equal(job->kind, listing->query->kind));
}

/* Takes what passes of some rows; `more` come behind them. */
static void take_rows(struct job_listing *listing, const struct job_row *rows, size_t count,
                      bool more)
{
    size_t at = 0;
    for (; at < count && listing->count < listing->limit; at++)
        if (passes(listing, &rows[at])) listing->rows[listing->count++] = rows[at];
    listing->next = at > 0 && (more || at < count) ? rows[at - 1].job_id : STR_NONE;
}

/* Without a filter one look suffices. */
static enum status list_body(struct store_session *session, void *context, struct error *error)
{
    enum { LOOKS_MAX = 20, FILTERED_PAGE = 100 };
    struct job_listing *listing = context;
    bool filtered = listing->state < JOB_STATE_COUNT || !str_is_none(listing->query->kind);
    size_t page = filtered && listing->limit < FILTERED_PAGE ? FILTERED_PAGE : listing->limit;
    listing->count = 0;
    listing->next = listing->query->cursor;
    listing->rows = ARENA_NEW_ARRAY(listing->arena, struct job_row, listing->limit);
    if (!listing->rows) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (int look = 0; look < LOOKS_MAX && listing->count < listing->limit; look++) {
        struct job_row *rows;
        size_t count;
        TRY(store_job_list(session, listing->next, page + 1, listing->arena, &rows, &count, error));
        take_rows(listing, rows, count < page ? count : page, count > page);
        if (str_is_none(listing->next)) break;
    }
    return STATUS_OK;
}

/* Members of the document stand beside the row's own. */
static void write_job(struct json_writer *writer, const struct job_row *job, struct arena *arena)
{
    struct json_value *document = NULL;
    json_object_begin(writer);
    json_member_string(writer, STR("jobId"), job->job_id);
    json_member_string(writer, STR("kind"), job->kind);
    json_member_string(writer, STR("state"), state_name(job->state));
    json_member_string(writer, STR("actor"), job->actor);
    results_instant(writer, STR("createdAt"), job->created_at);
    results_instant(writer, STR("updatedAt"), job->updated_at);
    if (json_parse(job->document, arena, &document, NULL) == STATUS_OK) {
        for (size_t i = 0; i < document->count; i++) {
            json_key(writer, document->members[i].name);
            json_write(writer, &document->members[i].value);
        }
    }
    json_object_end(writer);
}

struct str jobs_trace(const struct job_row *job, struct arena *arena)
{
    struct json_value *document;
    if (json_parse(job->document, arena, &document, NULL) != STATUS_OK) return STR_NONE;
    return json_text(json_get(document, TRACE));
}

struct str jobs_text_parameter(const struct job_row *job, struct str name, struct arena *arena)
{
    struct json_value *document;
    if (json_parse(job->document, arena, &document, NULL) != STATUS_OK) return STR_NONE;
    return json_text(json_get(json_get(document, STR("parameters")), name));
}

struct str jobs_json(const struct job_row *job, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    write_job(&writer, job, arena);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

enum status jobs_list(struct application *application, const struct caller *caller,
                      const struct job_query *query, struct arena *arena, struct json_page *out,
                      struct error *error)
{
    struct job_listing listing = {.query = query, .arena = arena};
    TRY(results_limit(application, query->limit, &listing.limit, error));
    TRY(check_query(&listing, error));
    TRY(store_read(application->store, caller->tenant, arena, list_body, &listing, error));
    struct buffer text = {.arena = arena};
    struct json_writer writer = {.out = &text};
    out->next = listing.next;
    results_page_begin(&writer);
    for (size_t i = 0; i < listing.count; i++) write_job(&writer, &listing.rows[i], arena);
    results_page_end(&writer, out->next);
    out->body = buffer_str(&text);
    return buffer_failed(&text) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}
