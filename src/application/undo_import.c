#include "application/undo_import.h"

#include "application/customer_change.h"
#include "application/jobs.h"
#include "base/identifier.h"

static const struct str outcome_names[UNDO_OUTCOME_COUNT] = {
    [UNDO_REMOVED] = STR("REMOVED"),
    [UNDO_RESTORED] = STR("RESTORED"),
    [UNDO_KEPT] = STR("KEPT"),
    [UNDO_SKIPPED] = STR("SKIPPED"),
};
static const struct str count_names[UNDO_OUTCOME_COUNT] = {
    [UNDO_REMOVED] = STR("removed"),
    [UNDO_RESTORED] = STR("restored"),
    [UNDO_KEPT] = STR("kept"),
    [UNDO_SKIPPED] = STR("skipped"),
};

/* --- counts --- */

void undo_counts_write(struct json_writer *writer, const struct undo_counts *counts)
{
    json_key(writer, STR("homes"));
    json_int64(writer, counts->homes);
    for (int i = 0; i < UNDO_OUTCOME_COUNT; i++) {
        json_key(writer, count_names[i]);
        json_int64(writer, counts->outcomes[i]);
    }
    json_key(writer, STR("steps"));
    json_int64(writer, counts->steps);
}

static bool read_counts(const struct json_value *object, struct undo_counts *counts)
{
    *counts = (struct undo_counts){.homes = 0};
    for (int i = 0; i < UNDO_OUTCOME_COUNT; i++)
        if (!json_to_int64(json_get(object, count_names[i]), &counts->outcomes[i])) return false;
    return json_to_int64(json_get(object, STR("homes")), &counts->homes) &&
           json_to_int64(json_get(object, STR("steps")), &counts->steps);
}

/* --- beginning --- */

struct starting {
    struct application *application;
    const struct caller *caller;
    struct str import_id;
    struct str undo_id; /* of a new one */
    bool serve;         /* an instance of the service shall run it */
    struct arena *arena;
    struct job_row *undo;
};

static bool has_ended(enum job_state state)
{
    return state == JOB_DONE || state == JOB_FAILED || state == JOB_CANCELLED;
}

/* The undo under way or interrupted goes on. */
static enum status resume_undo(struct starting *starting, struct store_session *session,
                               struct str undo_id, struct error *error)
{
    TRY(store_job_get(session, undo_id, STORE_LOCK, starting->arena, starting->undo, error));
    if (starting->undo->state == JOB_DONE)
        return error_set(error, STATUS_IMPORT_UNDONE, STR(""), STR_NONE,
                         "the import is undone already, by job %.*s", STR_ARGS(undo_id));
    bool is_served = !str_is_none(starting->undo->lane);
    if (!has_ended(starting->undo->state) && (is_served || !starting->serve)) return STATUS_OK;
    starting->undo->state = JOB_QUEUED;
    starting->undo->lane = starting->serve ? jobs_lane(starting->undo->kind) : STR_NONE;
    return store_job_put(session, starting->undo, error);
}

static enum status put_undo(struct starting *starting, struct store_session *session,
                            struct error *error)
{
    struct environment *environment = starting->application->environment;
    instant now = environment->now(environment);
    *starting->undo = (struct job_row){
        .job_id = starting->undo_id,
        .kind = STR("UNDO"),
        .state = JOB_QUEUED,
        .actor = starting->caller->user_id,
        .document = jobs_document(
            arena_format(starting->arena, "{\"importId\":\"%.*s\"}", STR_ARGS(starting->import_id)),
            starting->caller->trace, starting->arena),
        .created_at = now,
        .updated_at = now,
        .lane = starting->serve ? jobs_lane(STR("UNDO")) : STR_NONE};
    if (str_is_none(starting->undo->document)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return store_job_put(session, starting->undo, error);
}

/* Reads the import and says why it is none that can be taken back. */
static enum status read_import(struct store_session *session, struct str import_id,
                               enum store_lock lock, struct arena *arena, struct job_row *import,
                               struct json_value **document, struct error *error)
{
    TRY(store_job_get(session, import_id, lock, arena, import, error));
    TRY(json_parse(import->document, arena, document, error));
    if (!str_equal(import->kind, STR("IMPORT")))
        return error_set(error, STATUS_NOT_AN_IMPORT, STR(""), STR("the jobId of an import"),
                         "the job is no import, and only an import can be undone");
    if (json_get(json_get(*document, STR("progress")), STR("lines")))
        return error_set(error, STATUS_NOT_AN_IMPORT, STR(""), STR("the jobId of an import"),
                         "the job restored an export, which cannot be undone");
    const struct json_value *dry_run =
        json_get(json_get(*document, STR("parameters")), STR("dryRun"));
    if (dry_run && dry_run->boolean)
        return error_set(error, STATUS_NOT_AN_IMPORT, STR(""), STR("the jobId of an import"),
                         "the job was a dry run: it wrote nothing");
    return STATUS_OK;
}

static enum status start_body(struct store_session *session, void *context, struct error *error)
{
    struct starting *starting = context;
    struct arena *arena = starting->arena;
    struct job_row import;
    struct json_value *document;
    struct buffer text = {.arena = arena};
    struct json_writer writer = {.out = &text};
    TRY(read_import(session, starting->import_id, STORE_LOCK, arena, &import, &document, error));
    if (import.state == JOB_UNDONE)
        return resume_undo(starting, session, json_text(json_get(document, STR("undoneBy"))),
                           error);
    if (!has_ended(import.state)) return error_plain(error, STATUS_JOB_RUNNING);
    if (starting->serve) TRY(jobs_check_room_within(starting->application, session, error));
    TRY(put_undo(starting, session, error));
    if (!json_object_set(document, STR("undoneBy"), json_make_string(starting->undo->job_id),
                         arena))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    json_write(&writer, document);
    if (buffer_failed(&text)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    import.document = buffer_str(&text);
    import.state = JOB_UNDONE;
    import.updated_at = starting->undo->updated_at;
    return store_job_put(session, &import, error);
}

enum status undo_import_start(struct application *application, const struct caller *caller,
                              struct str import_id, struct str undo_id, struct arena *arena,
                              struct job_row *undo, struct error *error)
{
    struct starting starting = {.application = application,
                                .caller = caller,
                                .import_id = import_id,
                                .undo_id = undo_id,
                                .serve = !str_is_none(undo_id),
                                .undo = undo,
                                .arena = arena};
    if (str_is_none(undo_id)) starting.undo_id = jobs_new_id(application, arena);
    if (str_is_none(starting.undo_id)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return store_write(application->store, caller->tenant, arena, start_body, &starting, error);
}

static enum status check_body(struct store_session *session, void *context, struct error *error)
{
    const struct starting *starting = context;
    struct job_row import;
    struct json_value *document;
    TRY(read_import(session, starting->import_id, STORE_NO_LOCK, starting->arena, &import,
                    &document, error));
    if (import.state == JOB_UNDONE) return error_plain(error, STATUS_IMPORT_UNDONE);
    return has_ended(import.state) ? STATUS_OK : error_plain(error, STATUS_JOB_RUNNING);
}

enum status undo_import_check(struct application *application, const struct caller *caller,
                              struct str import_id, struct arena *arena, struct error *error)
{
    struct starting starting = {.import_id = import_id, .arena = arena};
    return store_read(application->store, caller->tenant, arena, check_body, &starting, error);
}

/* --- one home --- */

struct undoing {
    struct application *application;
    const struct caller *caller;
    const struct policy *policy;
    struct str undo_id;
    int64_t epoch;
    struct str import_id;
    const struct later_imports *later;
    struct arena *arena;
    const struct undo_counts *before;
    struct undo_counts counts; /* as they will be, if all goes well */
    struct store_session *session;
    struct buffer report;
    struct job_step step;               /* of the import */
    const struct undo_preview *preview; /* NULL: it is done */
};

/* What is known of a home before the import is taken out of it. */
struct findings {
    int32_t home;        /* its index in the tree */
    instant begun_at;    /* when the import first spoke of it */
    struct str name;     /* the last that it gave; absent: none */
    bool existed;        /* somebody had spoken of it before */
    bool edited;         /* since */
    bool later_import;   /* since */
    bool confirmed;      /* by an import since, which wrote nothing therefore */
    bool merged;         /* since, into another or another into it */
    bool begun;          /* the import speaks there */
    bool undone_already; /* and was taken back */
};

static void look_at_fact(struct findings *found, const struct fact *fact, struct str import_id)
{
    if (str_equal(fact->import_id, import_id)) {
        if (fact->kind != FACT_ASSERTION && fact->kind != FACT_CONTACT) return;
        if (!found->begun) found->begun_at = fact->recorded_at;
        found->begun = true;
        struct str name = json_text(json_get(fact->body, STR("name")));
        if (fact->kind == FACT_ASSERTION && !str_is_none(name)) found->name = name;
        return;
    }
    if (fact->kind == FACT_UNDO) {
        found->undone_already = found->undone_already || str_equal(fact->subject, import_id);
        return;
    }
    if (!found->begun)
        found->existed = true;
    else if (str_is_none(fact->import_id))
        found->edited = true;
    else if (fact->kind != FACT_CONSENT)
        found->later_import = true;
}

/* Facts stand in the order in which they were recorded. */
static struct findings look_at_home(const struct tree *tree, struct str home, struct str import_id)
{
    struct findings found = {.home = tree_find_home(tree, home)};
    for (size_t i = 0; i < tree->fact_count; i++)
        if (str_equal(tree->facts[i].home, home)) look_at_fact(&found, &tree->facts[i], import_id);
    for (size_t i = 1; i < tree->home_count; i++) {
        bool concerns = (int32_t)i == found.home || tree->homes[i].parent == found.home;
        if (concerns && tree->homes[i].joined_at > found.begun_at) found.merged = true;
    }
    return found;
}

static void report_home(struct undoing *undoing, struct str home, enum undo_outcome outcome,
                        const struct findings *found, bool erased, struct str root)
{
    bool imported_later = found->later_import || found->confirmed;
    const struct {
        bool applies;
        struct str name;
    } reasons[] = {{found->edited, STR("EDITED")},
                   {imported_later, STR("LATER_IMPORT")},
                   {found->merged, STR("MERGED")},
                   {erased, STR("ERASED")}};
    undoing->counts.homes++;
    undoing->counts.outcomes[outcome]++;
    if (undoing->preview)
        undoing->preview->told(undoing->preview->context, home, outcome, found->name);
    if (!erased && !found->edited && !imported_later && !found->merged) return;
    struct json_writer writer = {.out = &undoing->report};
    json_object_begin(&writer);
    json_member_string(&writer, STR("customerId"), home);
    json_member_string(&writer, STR("result"), outcome_names[outcome]);
    json_key(&writer, STR("reasons"));
    json_array_begin(&writer);
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].applies) json_string(&writer, reasons[i].name);
    json_array_end(&writer);
    if (!str_equal(home, root)) json_member_string(&writer, STR("survivorId"), root);
    json_object_end(&writer);
    buffer_append_char(&undoing->report, '\n');
}

static enum status append_undo(struct undoing *undoing, struct customer_change *change,
                               struct str home, struct str name, struct error *error)
{
    struct json_value *body = ARENA_NEW(undoing->arena, struct json_value);
    if (!body) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *body = json_make_object();
    if (!str_is_none(name) &&
        !json_object_set(body, STR("name"), json_make_string(name), undoing->arena))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    const struct fact fact = {
        .home = home, .kind = FACT_UNDO, .subject = undoing->import_id, .body = body};
    return customer_change_append(change, &fact, error);
}

/* Of the customer as it is shown. */
static struct str name_in(struct str document, const struct undoing *undoing)
{
    struct json_value *profile;
    if (str_is_none(document) || json_parse(document, undoing->arena, &profile, NULL) != STATUS_OK)
        return STR_NONE;
    return json_text(json_get(profile, STR("name")));
}

static enum status undo_home(struct undoing *undoing, struct str home, struct error *error)
{
    struct customer_change change = {.application = undoing->application,
                                     .caller = undoing->caller,
                                     .policy = undoing->policy,
                                     .session = undoing->session,
                                     .arena = undoing->arena,
                                     .undone_import = undoing->import_id};
    struct profile_row root;
    TRY(customer_lock_root(undoing->session, home, undoing->arena, &root, error));
    if (root.erased_at != INSTANT_NONE) {
        report_home(undoing, home, UNDO_SKIPPED, &(struct findings){0}, true, root.customer_id);
        return STATUS_OK;
    }
    TRY(customer_change_load(&change, &root, error));
    struct findings found = look_at_home(&change.tree, home, undoing->import_id);
    if (!found.begun || found.undone_already) return STATUS_OK; /* it is in an earlier step, too */
    found.confirmed = later_imports_have(undoing->later, home);
    TRY(append_undo(undoing, &change, home, found.name, error));
    TRY(customer_change_close(&change, STR("UNDONE"), STR_NONE, error));
    enum undo_outcome outcome = found.existed                        ? UNDO_RESTORED
                                : found.edited || found.later_import ? UNDO_KEPT
                                                                     : UNDO_REMOVED;
    if (undoing->preview && str_is_none(found.name)) found.name = name_in(root.document, undoing);
    report_home(undoing, home, outcome, &found, false, root.customer_id);
    return STATUS_OK;
}

/* --- one step --- */

static enum status lock_homes(const struct undoing *undoing, const struct json_value *homes,
                              struct error *error)
{
    struct str *ids = ARENA_NEW_ARRAY(undoing->arena, struct str, homes->count);
    if (!ids) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < homes->count; i++) ids[i] = json_text(&homes->items[i]);
    return customer_lock_ahead(undoing->session, ids, homes->count, undoing->arena, error);
}

static enum status append_step(struct undoing *undoing, struct error *error)
{
    struct buffer document = {.arena = undoing->arena};
    struct json_writer writer = {.out = &document};
    undoing->counts.steps++;
    json_object_begin(&writer);
    undo_counts_write(&writer, &undoing->counts);
    json_object_end(&writer);
    if (buffer_failed(&document) || buffer_failed(&undoing->report))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    const struct job_step step = {.job_id = undoing->undo_id,
                                  .number = undoing->counts.steps,
                                  .document = buffer_str(&document),
                                  .report = undoing->report.len ? buffer_str(&undoing->report)
                                                                : STR_NONE};
    return store_job_step_append(undoing->session, &step, error);
}

/* A home of an earlier step, which a preview has left as it was. */
static bool was_previewed(const struct undoing *undoing, struct str home)
{
    return undoing->preview && import_trial_has(undoing->preview->seen, home);
}

static enum status undo_homes(struct undoing *undoing, struct error *error)
{
    struct json_value *homes;
    undoing->counts = *undoing->before;
    undoing->report = (struct buffer){.arena = undoing->arena};
    TRY(json_parse(undoing->step.homes, undoing->arena, &homes, error));
    TRY(lock_homes(undoing, homes, error));
    for (size_t i = 0; i < homes->count; i++) {
        struct arena_mark mark = arena_mark(undoing->arena);
        size_t reported = undoing->report.len;
        struct str home = json_text(&homes->items[i]);
        if (home.len > 0 && home.ptr[0] == LATER_IMPORTS_UNCHANGED) continue;
        if (was_previewed(undoing, home)) continue;
        TRY(undo_home(undoing, home, error));
        if (undoing->report.len == reported) arena_rewind(undoing->arena, mark);
    }
    return STATUS_OK;
}

static enum status step_body(struct store_session *session, void *context, struct error *error)
{
    struct undoing *undoing = context;
    undoing->session = session;
    TRY(jobs_hold(session, undoing->undo_id, undoing->epoch, undoing->arena, error));
    TRY(undo_homes(undoing, error));
    return append_step(undoing, error);
}

static enum status preview_body(struct store_session *session, void *context, struct error *error)
{
    struct undoing *undoing = context;
    undoing->session = session;
    TRY(undo_homes(undoing, error));
    undoing->counts.steps++;
    return buffer_failed(&undoing->report) ? error_plain(error, STATUS_OUT_OF_MEMORY)
                                           : STATUS_ROLLED_BACK;
}

/* --- the job --- */

struct reading {
    struct str job_id;
    struct str import_id;
    int64_t after;
    struct arena *arena;
    struct job_row row;
    struct job_step last;
    struct job_step import_last;
    struct job_step *steps;
    size_t count;
};

static enum status open_body(struct store_session *session, void *context, struct error *error)
{
    struct reading *reading = context;
    struct json_value *document;
    TRY(store_job_get(session, reading->job_id, STORE_NO_LOCK, reading->arena, &reading->row,
                      error));
    TRY(json_parse(reading->row.document, reading->arena, &document, error));
    reading->import_id =
        json_text(json_get(json_get(document, STR("parameters")), STR("importId")));
    if (str_is_none(reading->import_id)) return error_plain(error, STATUS_STORE_CORRUPT);
    TRY(store_job_step_last(session, reading->import_id, reading->arena, &reading->import_last,
                            error));
    return store_job_step_last(session, reading->job_id, reading->arena, &reading->last, error);
}

enum status undo_import_open(struct application *application, const struct caller *caller,
                             struct str undo_id, struct arena *arena, struct str *import_id,
                             int64_t *total, struct undo_counts *counts, struct error *error)
{
    struct reading reading = {.job_id = undo_id, .arena = arena};
    struct json_value *document;
    TRY(store_read(application->store, caller->tenant, arena, open_body, &reading, error));
    *import_id = reading.import_id;
    *total = reading.import_last.number;
    *counts = (struct undo_counts){.homes = 0};
    if (reading.last.number == 0) return STATUS_OK;
    TRY(json_parse(reading.last.document, arena, &document, error));
    return read_counts(document, counts) ? STATUS_OK : error_plain(error, STATUS_STORE_CORRUPT);
}

static enum status next_body(struct store_session *session, void *context, struct error *error)
{
    struct reading *reading = context;
    return store_job_step_list(session, reading->import_id, reading->after, 1, reading->arena,
                               &reading->steps, &reading->count, error);
}

/* The step behind those that are counted. */
static enum status take_step(struct undoing *undoing, bool *done, struct error *error)
{
    struct reading reading = {
        .import_id = undoing->import_id, .after = undoing->before->steps, .arena = undoing->arena};
    TRY(store_read(undoing->application->store, undoing->caller->tenant, undoing->arena, next_body,
                   &reading, error));
    *done = reading.count == 0;
    if (!*done) undoing->step = reading.steps[0];
    return STATUS_OK;
}

enum status undo_import_step(struct application *application, const struct caller *caller,
                             struct str undo_id, int64_t epoch, struct str import_id,
                             const struct later_imports *later, struct arena *arena,
                             struct undo_counts *counts, bool *done, struct error *error)
{
    struct undoing undoing = {.application = application,
                              .caller = caller,
                              .policy = application->policy_for(application, caller->tenant),
                              .undo_id = undo_id,
                              .epoch = epoch,
                              .import_id = import_id,
                              .later = later,
                              .arena = arena,
                              .before = counts};
    TRY(take_step(&undoing, done, error));
    if (*done) return STATUS_OK;
    TRY(store_write(application->store, caller->tenant, arena, step_body, &undoing, error));
    *counts = undoing.counts;
    return STATUS_OK;
}

/* The step's own rolled back, its homes are the next steps' to leave out. */
static enum status remember_homes(const struct undoing *undoing, struct error *error)
{
    struct json_value *homes;
    TRY(json_parse(undoing->step.homes, undoing->arena, &homes, error));
    for (size_t i = 0; i < homes->count; i++)
        import_trial_put(undoing->preview->seen, json_text(&homes->items[i]));
    return STATUS_OK;
}

enum status undo_import_preview_step(struct application *application, const struct caller *caller,
                                     struct str import_id, const struct later_imports *later,
                                     const struct undo_preview *preview, struct arena *arena,
                                     struct undo_counts *counts, struct str *report, bool *done,
                                     struct error *error)
{
    struct undoing undoing = {.application = application,
                              .caller = caller,
                              .policy = application->policy_for(application, caller->tenant),
                              .import_id = import_id,
                              .later = later,
                              .arena = arena,
                              .before = counts,
                              .preview = preview};
    TRY(take_step(&undoing, done, error));
    if (*done) return STATUS_OK;
    enum status status =
        store_write(application->store, caller->tenant, arena, preview_body, &undoing, error);
    if (status != STATUS_ROLLED_BACK) return status;
    *counts = undoing.counts;
    *report = undoing.report.len ? buffer_str(&undoing.report) : STR_NONE;
    return remember_homes(&undoing, error);
}
