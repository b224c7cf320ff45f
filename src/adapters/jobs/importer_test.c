#include "adapters/jobs/importer.h"

#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/jobs/import_job.h"
#include "adapters/jobs/job_service.h"
#include "application/export_records.h"
#include "application/job_parts.h"
#include "application/job_report.h"
#include "application/jobs.h"
#include "application/list_customers.h"
#include "application/merge_customers.h"
#include "application_fixture.h"

static struct application application;
static struct arena arena;
static struct error error;
static char refusals[4096], last_lines[4096];

static int setup(void **state)
{
    (void)state;
    return application_fixture_open(&application, environment_system(), &arena);
}

static int teardown(void **state)
{
    (void)state;
    return application_fixture_close(&application, &arena);
}

static void note_lines(void *context, struct str lines)
{
    struct str line;
    (void)context;
    (void)snprintf(last_lines, sizeof(last_lines), "%.*s", STR_ARGS(lines));
    while (str_split(&lines, '\n', &line)) {
        struct json_value *object;
        int64_t row;
        size_t len = strlen(refusals);
        if (str_is_empty(line)) continue;
        assert_int_equal(json_parse(line, &arena, &object, &error), STATUS_OK);
        assert_true(json_to_int64(json_get(object, STR("row")), &row));
        assert_false(str_is_none(json_text(json_get(object, STR("original")))));
        (void)snprintf(refusals + len, sizeof(refusals) - len, "%lld %.*s %.*s\n", (long long)row,
                       STR_ARGS(json_text(json_get(object, STR("code")))),
                       STR_ARGS(json_text(json_get(object, STR("field")))));
    }
}

/* A descriptor that gives the text in pieces, as a pipe does. */
static int pipe_with(struct str text)
{
    char name[] = "/tmp/customer360-importer-test-XXXXXX";
    int file = mkstemp(name);
    assert_true(file >= 0);
    assert_int_equal(unlink(name), 0);
    assert_int_equal(write(file, text.ptr, text.len), text.len);
    assert_int_equal(lseek(file, 0, SEEK_SET), 0);
    return file;
}

static struct importer_options options_for(enum record_form form)
{
    return (struct importer_options){
        .application = &application,
        .caller = {.tenant = STR("t"), .user_id = STR("u")},
        .form = form,
        .settings = {.source = STR("erp")},
        .rules = {.key_column = STR("ID")},
        .batch = 3,
        .memory_bytes = 64 << 20,
        .told = note_lines,
    };
}

static struct import_counts import_text(struct importer_options options, struct str text)
{
    struct import_position at = {.step = 0};
    int file = pipe_with(text);
    refusals[0] = '\0';
    assert_int_equal(importer_run(&options, file, &at, &error), STATUS_OK);
    assert_int_equal(close(file), 0);
    return at.counts;
}

#define ROWS                                                                                       \
    "ID,name,emails\n1,A,a@x.example\n2,,b@x.example\n3,C,nonsense\n4,a,A@x.example\n5,E,\n6,F,"   \
    "f@x.example\n7,too,many,cells\n8,H,\n"

static void rows_go_in_and_bad_ones_are_told_in_the_order_of_the_file(void **state)
{
    (void)state;
    struct import_counts counts = import_text(options_for(RECORD_FORM_DETECT), STR(ROWS));
    assert_int_equal(counts.rows, 8);
    assert_int_equal(counts.outcomes[IMPORT_CREATED], 4);
    assert_int_equal(counts.outcomes[IMPORT_DUPLICATE], 1);
    assert_int_equal(counts.outcomes[IMPORT_INVALID], 3);
    assert_string_equal(refusals, "3 REQUIRED_FIELD name\n4 INVALID_VALUE emails[0]\n"
                                  "5 DUPLICATE_CUSTOMER \n8 MALFORMED_CSV \n");
    /* The same again changes nothing. */
    counts = import_text(options_for(RECORD_FORM_CSV), STR(ROWS));
    assert_int_equal(counts.outcomes[IMPORT_UNCHANGED], 4);
    assert_int_equal(counts.outcomes[IMPORT_CREATED], 0);
}

static enum status put_key(struct store_session *session, void *context, struct error *failure)
{
    const struct str key = STR("source|erp|79");
    (void)context;
    return store_keys_put(session, STR("CUST-71"), &key, 1, failure);
}

/* Stores find a source key by its hash: here it leads to a customer of another key. */
static void a_key_that_leads_to_another_customer_is_a_new_one(void **state)
{
    (void)state;
    struct store *store = application.store;
    import_text(options_for(RECORD_FORM_CSV), STR("ID,customerId,name\n71,CUST-71,Acme\n"));
    assert_int_equal(store_write(store, STR("t"), &arena, put_key, NULL, &error), STATUS_OK);
    struct import_counts counts =
        import_text(options_for(RECORD_FORM_CSV), STR("ID,name\n79,Zeta\n71,Acme Corp\n"));
    assert_int_equal(counts.outcomes[IMPORT_CREATED], 1);
    assert_int_equal(counts.outcomes[IMPORT_UPDATED], 1);
    counts = import_text(options_for(RECORD_FORM_CSV), STR("ID,name\n79,Zeta\n71,Acme Corp\n"));
    assert_int_equal(counts.outcomes[IMPORT_UNCHANGED], 2);
}

static void lines_of_json_go_in_whatever_their_ends(void **state)
{
    (void)state;
    struct import_counts counts = import_text(
        options_for(RECORD_FORM_DETECT),
        STR("\xef\xbb\xbf{\"ID\":\"k1\",\"name\":\"L1\"}\r\n\n{\"ID\":2,\"name\":\"L2\"}\n[]\n"
            "{\"name\":\n{\"ID\":3,\"name\":\"L3\"}"));
    assert_int_equal(counts.outcomes[IMPORT_CREATED], 3);
    assert_string_equal(refusals, "4 INVALID_VALUE \n5 MALFORMED_JSON name\n");
}

static void a_line_that_is_too_long_costs_itself_alone(void **state)
{
    (void)state;
    size_t big = 3 << 20;
    char *text = malloc(big + 200);
    assert_non_null(text);
    int head = snprintf(text, 100, "{\"ID\":\"l1\",\"name\":\"Long1\"}\n{\"name\":\"");
    memset(text + head, 'x', big);
    (void)snprintf(text + head + big, 100, "\"}\n{\"ID\":\"l2\",\"name\":\"Long2\"}\n");
    struct import_counts counts = import_text(options_for(RECORD_FORM_NDJSON), str_from_cstr(text));
    assert_int_equal(counts.outcomes[IMPORT_CREATED], 2);
    assert_string_equal(refusals, "2 LIMIT_EXCEEDED \n");
    free(text);
}

static void a_header_that_does_not_fit_ends_it_before_anything_is_written(void **state)
{
    (void)state;
    struct importer_options options = options_for(RECORD_FORM_CSV);
    struct import_position at = {.step = 0};
    int file = pipe_with(STR("ID,name,shoe\n1,A,42\n"));
    assert_int_equal(importer_run(&options, file, &at, &error), STATUS_UNKNOWN_FIELD);
    assert_string_equal(error.field, "shoe");
    assert_int_equal(at.counts.rows, 0);
    assert_int_equal(close(file), 0);
}

static enum status stop_at_once(void *context, const struct import_counts *counts)
{
    (void)context, (void)counts;
    return STATUS_JOB_ENDED;
}

static void it_stops_when_it_is_told_to_though_nobody_writes_into_the_pipe(void **state)
{
    (void)state;
    int ends[2];
    struct importer_options options = options_for(RECORD_FORM_NDJSON);
    struct import_position at = {.step = 0};
    options.batch = 1;
    options.progress = stop_at_once;
    assert_int_equal(pipe(ends), 0);
    assert_true(dprintf(ends[1], "{\"name\":\"P\"}\n{\"name\":\"Q\"}\n") > 0);
    assert_int_equal(importer_run(&options, ends[0], &at, &error), STATUS_JOB_ENDED);
    assert_int_equal(at.counts.rows, 1);
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(close(ends[1]), 0);
}

/* --- jobs --- */

static char directory[] = "/tmp/customer360-jobs-test-XXXXXX";
static const struct caller caller = {.tenant = {"t", 1}, .user_id = {"u", 1}};

static struct str read_job_file(struct job_runner *runner, struct str job_id)
{
    struct job_file_reader *reader;
    char *bytes = arena_alloc(&arena, 1 << 20);
    size_t len = 0, count;
    assert_int_equal(runner->file_open(runner, &caller, job_id, &arena, &reader, &error),
                     STATUS_OK);
    do {
        assert_int_equal(runner->file_read(reader, bytes + len, 100, &count, &error), STATUS_OK);
        len += count;
    } while (count > 0);
    runner->file_close(reader);
    return str_of(bytes, len);
}

static struct job_row start_import(struct job_runner *runner, struct str text)
{
    const struct import_parameters parameters = {
        .form = IMPORT_CSV, .source = STR("shop"), .key_column = STR("ID")};
    struct import_upload *upload;
    struct job_row job;
    assert_int_equal(runner->import_open(runner, &caller, &parameters, &arena, &upload, &error),
                     STATUS_OK);
    assert_int_equal(runner->import_write(upload, text, &error), STATUS_OK);
    assert_int_equal(runner->import_start(upload, application.store, &arena, &job, &error),
                     STATUS_OK);
    return job;
}

/* Whether the store has a file of the job. */
static bool has_file(struct str job_id)
{
    struct str bytes;
    return job_parts_get(&application, &caller, job_id, 1, &arena, &bytes, &error) == STATUS_OK;
}

static void an_import_job_reports_its_rows_and_leaves_the_refused_ones(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(directory));
    struct job_runner *runner = application_fixture_jobs(&application, directory);
    struct job_row job = start_import(runner, STR("ID,name\n1,JobA\n2,\n"));
    job = application_fixture_wait(&application, &caller, job.job_id, &arena);
    assert_int_equal(job.state, JOB_DONE);
    assert_non_null(memmem(job.document.ptr, job.document.len, "\"created\":1", 11));
    struct str lines = STR_NONE;
    int64_t after = 0;
    assert_int_equal(
        job_report_read(&application, &caller, job.job_id, &after, &arena, &lines, &error),
        STATUS_OK);
    assert_true(
        str_starts_with(lines, STR("{\"row\":3,\"column\":\"name\",\"code\":\"REQUIRED_FIELD\"")));
    struct buffer csv = {.arena = &arena};
    assert_int_equal(job_report_csv(job.kind, lines, true, &arena, &csv, &error), STATUS_OK);
    assert_true(str_starts_with(
        buffer_str(&csv),
        STR("row,column,code,field,message,allowed,customerId,original,reasons\r\n3,name,"
            "REQUIRED_FIELD,name,")));
    assert_true(str_ends_with(buffer_str(&csv), STR(",\"2,\",\r\n")));
    assert_false(has_file(job.job_id));
    job_service_free(runner);
}

static void a_duplicate_is_told_with_the_reasons(void **state)
{
    (void)state;
    struct import_counts counts = import_text(
        options_for(RECORD_FORM_DETECT),
        STR("ID,name,emails\n31,Told Twice,t@told.example\n32,told twice,t@told.example\n"));
    assert_int_equal(counts.outcomes[IMPORT_DUPLICATE], 1);
    assert_non_null(strstr(last_lines, "\"row\":3,\"code\":\"DUPLICATE_CUSTOMER\""));
    assert_non_null(strstr(last_lines, "\"reasons\":[\"SAME_EMAIL_AND_NAME\"]"));
}

static void a_separator_that_is_said_is_not_looked_for(void **state)
{
    (void)state;
    struct importer_options options = options_for(RECORD_FORM_CSV);
    options.rules.separator = '|';
    struct import_counts counts =
        import_text(options, STR("ID|name\n41|Comma, Inc, one\n42|Comma, Inc, two\n"));
    assert_int_equal(counts.outcomes[IMPORT_CREATED], 2);
}

#define HEADER_LINE "{\"record\":\"HEADER\",\"formatVersion\":1}\n"
#define PROFILE_LINE(id, more)                                                                     \
    "{\"record\":\"PROFILE\",\"customerId\":\"" id                                                 \
    "\",\"version\":1,\"createdAt\":\"2026-01-01T00:00:00Z\",\"updatedAt\":"                       \
    "\"2026-01-01T00:00:00Z\",\"versions\":[],\"facts\":[]," more "}\n"
#define END_LINE "{\"record\":\"END\"}\n"
#define DOCUMENT "\"profile\":{\"name\":\"A\"}"
#define MERGE_LINE(id, target, source)                                                             \
    "{\"record\":\"MERGE\",\"mergeId\":\"" id "\",\"targetCustomerId\":\"" target                  \
    "\",\"sourceCustomerId\":\"" source "\",\"mergedAt\":\"2026-01-01T00:00:00Z\"}\n"

static enum status restore_text(const char *tenant, const char *text, bool may_restore)
{
    struct importer_options options = options_for(RECORD_FORM_NDJSON);
    struct import_position at = {.step = 0};
    options.caller.tenant = str_from_cstr(tenant);
    options.may_restore = may_restore;
    int file = pipe_with(str_from_cstr(text));
    enum status status = importer_run(&options, file, &at, &error);
    assert_int_equal(close(file), 0);
    return status;
}

/* It names its actors and consent records itself. */
static void an_export_is_not_restored_by_a_job(void **state)
{
    (void)state;
    const char *text = HEADER_LINE PROFILE_LINE("R1", DOCUMENT) END_LINE;
    assert_int_equal(restore_text("forged", text, false), STATUS_FORBIDDEN);
    assert_int_equal(restore_text("forged", text, true), STATUS_OK);
}

static void a_damaged_export_is_refused(void **state)
{
    (void)state;
    static const char *texts[] = {
        HEADER_LINE PROFILE_LINE("A\\r\\nX: y", DOCUMENT),
        HEADER_LINE PROFILE_LINE("../A", DOCUMENT),
        HEADER_LINE PROFILE_LINE("A", "\"survivorId\":\"A\",\"mergeId\":\"M1\""),
        HEADER_LINE PROFILE_LINE("A", "\"survivorId\":\"B\",\"mergeId\":\"M1\"")
            PROFILE_LINE("B", "\"survivorId\":\"A\",\"mergeId\":\"M2\"") MERGE_LINE("M1", "B", "A")
                MERGE_LINE("M2", "A", "B"),
        HEADER_LINE PROFILE_LINE("A", DOCUMENT) MERGE_LINE("M1", "A", "A"),
    };
    assert_int_equal(restore_text("cut-off", HEADER_LINE PROFILE_LINE("A", DOCUMENT), true),
                     STATUS_INVALID_VALUE);
    assert_non_null(strstr(error.message, "cut off"));
    char tenant[] = "damaged-0";
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        tenant[sizeof(tenant) - 2] = (char)('0' + i);
        assert_int_equal(restore_text(tenant, texts[i], true), STATUS_INVALID_VALUE);
    }
}

static void merge(struct str target, struct str source)
{
    const struct merge_request request = {.source_id = source};
    struct merge_result merged;
    assert_int_equal(
        merge_customers(&application, &caller, target, &request, &arena, &merged, &error),
        STATUS_OK);
}

static bool finds(struct caller *who, struct str words, const char *what)
{
    const struct customer_query query = {.any = words};
    struct json_page page;
    assert_int_equal(list_customers(&application, who, &query, &arena, &page, &error), STATUS_OK);
    return strstr(page.body.ptr, what) != NULL;
}

static enum status start_export(struct job_runner *runner, enum export_form form,
                                struct job_row *job)
{
    return runner->export_start(runner, application.store, &caller, form, &arena, job, &error);
}

static void an_export_job_leaves_what_can_be_restored(void **state)
{
    (void)state;
    import_text(options_for(RECORD_FORM_CSV), STR("ID,customerId,name\n81,M-1,Quartz\n82,M-2,"
                                                  "Feldspar\n83,M-3,Hornblende\n"));
    merge(STR("M-2"), STR("M-3"));
    merge(STR("M-1"), STR("M-2"));
    struct job_runner *runner = application_fixture_jobs(&application, directory);
    struct job_row job;
    assert_int_equal(start_export(runner, EXPORT_NDJSON, &job), STATUS_OK);
    job = application_fixture_wait(&application, &caller, job.job_id, &arena);
    assert_int_equal(job.state, JOB_DONE);
    struct str result = read_job_file(runner, job.job_id);
    struct importer_options options = options_for(RECORD_FORM_DETECT);
    options.caller.tenant = STR("restored");
    options.may_restore = true;
    struct import_counts counts = import_text(options, result);
    assert_true(counts.restore);
    assert_true(finds(&options.caller, STR("quartz hornblende"), "\"M-1\""));

    struct export_cursor cursor = {.phase = EXPORT_START};
    struct buffer again = {.arena = &arena};
    struct arena page;
    arena_init(&page, 16 << 20);
    while (cursor.phase != EXPORT_DONE)
        assert_int_equal(
            export_records(&application, &options.caller, &cursor, 100, &page, &again, &error),
            STATUS_OK);
    struct str old = result, new = buffer_str(&again), line;
    (void)str_split(&old, '\n', &line); /* the header names the tenant */
    (void)str_split(&new, '\n', &line);
    assert_true(str_equal(old, new));
    arena_release(&page);
    job_service_free(runner);
}

/* As spreadsheets read it: quoted, nothing that begins as a formula, in order of their ids. */
static void an_export_as_csv_has_a_row_for_each_profile(void **state)
{
    (void)state;
    import_text(options_for(RECORD_FORM_CSV), STR("ID,customerId,name\n93,Y-3,Merged Away\n"
                                                  "91,Y-2,\"Gr\xC3\xBC\xC3\x9F \"\"Gott\"\", KG\"\n"
                                                  "92,Y-1,\"=HYPERLINK(\"\"x\"\")\"\n"));
    merge(STR("Y-2"), STR("Y-3"));
    struct job_runner *runner = application_fixture_jobs(&application, directory);
    struct job_row job;
    assert_int_equal(start_export(runner, EXPORT_CSV, &job), STATUS_OK);
    job = application_fixture_wait(&application, &caller, job.job_id, &arena);
    assert_int_equal(job.state, JOB_DONE);
    char *text = arena_cstr(&arena, read_job_file(runner, job.job_id));
    assert_true(strncmp(text, "customerId,kind,name,", 21) == 0);
    char *first = strstr(text, "\r\nY-1,ORGANIZATION,\"'=HYPERLINK(\"\"x\"\")\",");
    char *second = strstr(text, "\r\nY-2,ORGANIZATION,\"Gr\xC3\xBC\xC3\x9F \"\"Gott\"\", KG\",");
    assert_non_null(first);
    assert_non_null(second);
    assert_true(first < second);
    assert_null(strstr(text, "Y-3,"));
    job_service_free(runner);
}

/* Of the clock that the service asks. */
static _Atomic int64_t hours_ahead;
static instant later(struct environment *environment)
{
    (void)environment;
    return environment_system()->now(environment_system()) + hours_ahead * 3600 * INSTANT_SECOND;
}

/* Erased customers are in it: it goes in its time, not when the service is next started. */
static void a_result_is_given_for_as_long_as_it_is_kept(void **state)
{
    (void)state;
    struct environment environment = *environment_system(), *usual = application.environment;
    environment.now = later;
    application.environment = &environment;
    struct job_runner *runner = application_fixture_jobs(&application, directory);
    struct job_file_reader *reader;
    struct job_row job;
    assert_int_equal(start_export(runner, EXPORT_NDJSON, &job), STATUS_OK);
    job = application_fixture_wait(&application, &caller, job.job_id, &arena);
    (void)read_job_file(runner, job.job_id);
    hours_ahead = 1;
    assert_int_equal(runner->file_open(runner, &caller, job.job_id, &arena, &reader, &error),
                     STATUS_RESULT_NOT_FOUND);
    for (int tries = 0; has_file(job.job_id) && tries < 5000; tries++) (void)usleep(1000);
    assert_false(has_file(job.job_id)); /* a look is taken now and then */
    job_service_free(runner);
    hours_ahead = 0;
    application.environment = usual;
}

static void an_upload_that_is_dropped_leaves_nothing(void **state)
{
    (void)state;
    struct job_runner *runner = application_fixture_jobs(&application, directory);
    const struct import_parameters parameters = {.form = IMPORT_CSV, .source = STR("shop")};
    struct import_upload *upload;
    assert_int_equal(runner->import_open(runner, &caller, &parameters, &arena, &upload, &error),
                     STATUS_OK);
    assert_int_equal(runner->import_write(upload, STR("x"), &error), STATUS_OK);
    runner->import_drop(upload);
    const struct import_parameters bad = {.form = IMPORT_CSV, .source = STR("a b")};
    assert_int_equal(runner->import_open(runner, &caller, &bad, &arena, &upload, &error),
                     STATUS_INVALID_VALUE);
    assert_string_equal(error.field, "source");
    job_service_free(runner);
}

static void claim_import(const char *holder, struct job_claim *claim)
{
    const struct job_turn turn = {
        .lane = jobs_lane(STR("IMPORT")), .holder = str_from_cstr(holder), .lease_ms = 60000};
    assert_int_equal(store_job_claim(application.store, &turn, &arena, claim, &error), STATUS_OK);
}

/* A job that a process which was killed had under way, with its upload. */
static struct job_row leave_behind(struct str text)
{
    const struct import_parameters parameters = {
        .form = IMPORT_CSV, .source = STR("left"), .key_column = STR("ID")};
    const struct str parts[] = {text, STR("")};
    struct str id = jobs_new_id(&application, &arena);
    struct job_claim claim;
    struct job_row job;
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            job_parts_put(&application, &caller, id, JOB_NOT_MADE, i + 1, parts[i], &arena, &error),
            STATUS_OK);
    assert_int_equal(
        import_job_create(&application, &caller, id, &parameters, &arena, &job, &error), STATUS_OK);
    claim_import("gone", &claim);
    assert_true(str_equal(claim.job_id, id) && claim.epoch == 1);
    return job;
}

/* What the process that had it still writes is refused. */
static void expect_fenced_off(struct str job_id)
{
    const struct job_step step = {.job_id = job_id, .number = 9, .document = STR("{}")};
    assert_int_equal(
        jobs_update(&application, &caller, job_id, 1, JOB_DONE, STR_NONE, &arena, &error),
        STATUS_JOB_TAKEN);
    assert_int_equal(jobs_append_step(&application, &caller, &step, 1, &arena, &error),
                     STATUS_JOB_TAKEN);
    assert_int_equal(job_parts_put(&application, &caller, job_id, 1, 3, STR("x"), &arena, &error),
                     STATUS_JOB_TAKEN);
    assert_int_equal(jobs_keep(&application, &caller, job_id, 1, 60000, &arena, &error), STATUS_OK);
}

static void what_another_has_taken_is_not_written_to(void **state)
{
    (void)state;
    struct job_claim claim;
    struct job_row job = leave_behind(STR("ID,name\n"));
    claim_import("next", &claim);
    assert_int_equal(claim.epoch, 2);
    expect_fenced_off(job.job_id);
    assert_int_equal(
        jobs_update(&application, &caller, job.job_id, 2, JOB_FAILED, STR_NONE, &arena, &error),
        STATUS_OK);
    assert_false(has_file(job.job_id));
}

/* An upload whose end is missing is no upload. */
static void an_import_without_its_whole_file_fails(void **state)
{
    (void)state;
    struct job_row job = leave_behind(STR("ID,name\n1,Short\n"));
    const struct str half = STR("ID,name\n1,Sh");
    assert_int_equal(job_parts_put(&application, &caller, job.job_id, 1, 1, half, &arena, &error),
                     STATUS_OK);
    struct job_runner *runner = application_fixture_jobs(&application, directory);
    job = application_fixture_wait(&application, &caller, job.job_id, &arena);
    assert_int_equal(job.state, JOB_FAILED);
    assert_non_null(memmem(job.document.ptr, job.document.len, "not whole", 9));
    job_service_free(runner);
}

static void a_job_that_was_cut_off_goes_on_after_the_next_start(void **state)
{
    (void)state;
    struct job_row job = leave_behind(STR("ID,name\n1,Left1\n2,Left2\n"));
    struct job_runner *runner = application_fixture_jobs(&application, directory);
    job = application_fixture_wait(&application, &caller, job.job_id, &arena);
    assert_int_equal(job.state, JOB_DONE);
    assert_non_null(memmem(job.document.ptr, job.document.len, "\"created\":2", 11));
    assert_false(has_file(job.job_id));

    assert_int_equal(
        runner->undo_start(runner, application.store, &caller, job.job_id, &arena, &job, &error),
        STATUS_OK);
    job = application_fixture_wait(&application, &caller, job.job_id, &arena);
    assert_int_equal(job.state, JOB_DONE);
    assert_non_null(memmem(job.document.ptr, job.document.len, "\"removed\":2", 11));
    job_service_free(runner);
}

/* As if the process had too many files open. */
static void allow_files(bool allowed)
{
    static struct rlimit usual;
    struct rlimit limit;
    if (!allowed) assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    limit = (struct rlimit){allowed ? usual.rlim_cur : 0, usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void an_upload_that_finds_no_room_is_no_job_and_can_be_tried_again(void **state)
{
    (void)state;
    struct job_runner *runner = application_fixture_jobs(&application, directory);
    const struct import_parameters parameters = {.form = IMPORT_CSV, .source = STR("shop")};
    struct import_upload *upload;
    allow_files(false);
    enum status opened = runner->import_open(runner, &caller, &parameters, &arena, &upload, &error);
    allow_files(true);
    assert_int_equal(opened, STATUS_IO);
    struct job_row job = start_import(runner, STR("ID,name\n1,Short1\n2,Short2\n"));
    job = application_fixture_wait(&application, &caller, job.job_id, &arena);
    assert_int_equal(job.state, JOB_DONE);
    job_service_free(runner);
}

static void an_upload_that_cannot_be_kept_says_so(void **state)
{
    (void)state;
    char gone[] = "/tmp/customer360-importer-gone-XXXXXX";
    assert_non_null(mkdtemp(gone));
    struct job_runner *runner = application_fixture_jobs(&application, gone);
    const struct import_parameters parameters = {.form = IMPORT_CSV, .source = STR("shop")};
    struct import_upload *upload;
    assert_int_equal(rmdir(gone), 0);
    assert_int_equal(runner->import_open(runner, &caller, &parameters, &arena, &upload, &error),
                     STATUS_STORE_READ_ONLY);
    job_service_free(runner);
}

/* --- going on --- */

#define MANY_ROWS ROWS "9,I,\n10,J,nonsense\n11,K,\n12,L,\n"

struct stopping {
    int64_t after;
    char told[4096];
};

static enum status stop_after(void *context, const struct import_counts *counts)
{
    const struct stopping *stopping = context;
    return counts->rows >= stopping->after ? STATUS_UNAVAILABLE : STATUS_OK;
}

/* Each in a tenant of its own. */
static struct caller own;

static struct job_row begin_job(const char *tenant)
{
    const struct import_parameters parameters = {
        .form = IMPORT_CSV, .source = STR("erp"), .key_column = STR("ID")};
    struct job_row job;
    own = (struct caller){.tenant = str_from_cstr(tenant), .user_id = STR("u")};
    assert_int_equal(
        import_job_create(&application, &own, STR_NONE, &parameters, &arena, &job, &error),
        STATUS_OK);
    return job;
}

/* One run of the job from wherever it stands; stops after some rows. */
static enum status run_job(struct str job_id, struct str text, int64_t stop, int64_t errors_max)
{
    struct import_job job = {.at = {.step = 0}};
    struct stopping stopping = {.after = stop};
    assert_int_equal(import_job_open(&application, &own, job_id, &arena, &job, &error), STATUS_OK);
    job.options.batch = 3;
    job.options.memory_bytes = 64 << 20;
    job.options.errors_max = errors_max;
    job.options.progress = stop_after;
    job.options.context = &stopping;
    int file = pipe_with(text);
    enum status status = importer_run(&job.options, file, &job.at, &error);
    assert_int_equal(close(file), 0);
    return status;
}

static struct str report_of(struct str job_id)
{
    struct str lines = STR_NONE;
    int64_t after = 0;
    assert_int_equal(job_report_read(&application, &own, job_id, &after, &arena, &lines, &error),
                     STATUS_OK);
    return lines;
}

static struct job_step last_step(struct str job_id)
{
    struct job_row row;
    struct job_step last = {.number = 0};
    assert_int_equal(jobs_last_step(&application, &own, job_id, &arena, &row, &last, &error),
                     STATUS_OK);
    return last;
}

static void an_import_goes_on_behind_its_last_step(void **state)
{
    (void)state;
    struct job_row whole = begin_job("whole");
    assert_int_equal(run_job(whole.job_id, STR(MANY_ROWS), 1000, 0), STATUS_OK);
    struct str first = report_of(whole.job_id), first_end = last_step(whole.job_id).document;
    struct job_row parts = begin_job("parts");
    for (int64_t stop = 1; run_job(parts.job_id, STR(MANY_ROWS), stop, 0) != STATUS_OK; stop += 2)
        assert_int_equal(error.status, STATUS_UNAVAILABLE);
    struct str second = report_of(parts.job_id), second_end = last_step(parts.job_id).document;
    assert_true(str_starts_with(first, STR("{\"row\":3,")));
    assert_int_equal(first.len, second.len); /* they differ in the id that a duplicate is of */
    assert_true(str_equal(first_end, second_end));
    assert_non_null(memmem(first_end.ptr, first_end.len, "\"rows\":12,", 10));
}

static void an_import_does_not_go_on_with_another_file(void **state)
{
    (void)state;
    struct job_row job = begin_job("other");
    assert_int_equal(run_job(job.job_id, STR(MANY_ROWS), 4, 0), STATUS_UNAVAILABLE);
    assert_int_equal(run_job(job.job_id, STR("ID,name,emails\n1,A,a@x.example\n"), 1000, 0),
                     STATUS_INVALID_VALUE);
    assert_int_equal(run_job(job.job_id,
                             STR("ID,name,emails\n1,Z,\n2,,\n3,C,\n4,D,\n5,E,\n6,F,\n"
                                 "7,G,\n"),
                             1000, 0),
                     STATUS_INVALID_VALUE);
    assert_string_equal(error.field, "FILE");
    assert_int_equal(run_job(job.job_id, STR(MANY_ROWS), 1000, 0), STATUS_OK);
}

static void an_import_gives_up_past_its_bound_of_errors(void **state)
{
    (void)state;
    struct job_row job = begin_job("bound");
    assert_int_equal(run_job(job.job_id, STR(MANY_ROWS), 1000, 2), STATUS_LIMIT_EXCEEDED);
    assert_string_equal(error.field, "errorsMax");
}

static void a_dry_run_tells_the_same_and_writes_nothing(void **state)
{
    (void)state;
    struct importer_options options = options_for(RECORD_FORM_CSV);
    options.caller.tenant = STR("dry");
    options.dry_run = true;
    struct import_counts dry = import_text(options, STR(ROWS)), again, real;
    char told[sizeof(refusals)];
    memcpy(told, refusals, sizeof(told));
    again = import_text(options, STR(ROWS));
    options.dry_run = false;
    real = import_text(options, STR(ROWS));
    assert_memory_equal(&dry, &again, sizeof(dry));
    assert_memory_equal(&dry, &real, sizeof(dry));
    assert_string_equal(told, refusals);
}

/* Rows that belong together stand in batches of their own, or in one. */
static void a_dry_run_counts_rows_of_one_customer_wherever_they_stand(void **state)
{
    (void)state;
    static const struct {
        const char *rows;
        enum duplicate_choice on_duplicate;
        int64_t duplicates;
    } files[] = {
        {"ID,customerId,name,emails\n1,,Acme,a@x.example\n1,,Acme,a@x.example\n1,,Acme Corp,"
         "a@x.example\n1,,Acme Corp,\n2,,Acme "
         "Corp,A@x.example\n3,C-1,Beta,b@x.example\n4,C-1,Gamma,"
         "g@x.example\n5,,beta,B@x.example\n6,,Delta,\n6,C-2,Delta,\n7,C-2,Epsilon,\n",
         ON_DUPLICATE_REJECT, 2},
        {"ID,name,emails\n1,Acme,a@x.example\n2,Acme,a@x.example\n1,Acme,b@x.example\n",
         ON_DUPLICATE_REVIEW, 0},
        {"ID,name,emails\n1,Acme,a@x.example\n2,Acme,a@x.example\n2,Acme,b@x.example\n",
         ON_DUPLICATE_MERGE, 0},
        {"ID,name,emails\n1,Acme,a@x.example\n2,Acme,a@x.example\n2,Acme,a@x.example\n",
         ON_DUPLICATE_ALLOW, 0},
        {"ID,name,contacts[0].name,contacts[0].email\n1,Acme,Jane,jane@x.example\n1,Acme,Joe,"
         "joe@x.example\n1,Acme,Jane,jane@x.example\n",
         ON_DUPLICATE_REJECT, 0},
        {"ID,kind,name,dateOfBirth,emails,addresses.line1,addresses.postalCode,addresses.city\n"
         "1,PERSON,Zbigniew Kwiatkowski,1971-03-09,zbigniew@home.example,Lindenweg 17,70173,"
         "Stuttgart\n2,PERSON,Zbigniew Kwiatkowski,1971-03-09,zbigniew@work.example,Lindenweg 17,"
         "70173,Stuttgart\n", /* certain by weight alone */
         ON_DUPLICATE_REJECT, 1},
    };
    for (size_t i = 0; i < 2 * (sizeof(files) / sizeof(files[0])); i++) {
        struct importer_options options = options_for(RECORD_FORM_CSV);
        options.caller.tenant = arena_format(&arena, "tried-%zu", i);
        options.settings.on_duplicate = files[i / 2].on_duplicate;
        options.batch = i % 2 ? 500 : 1;
        options.dry_run = true;
        struct import_counts dry = import_text(options, str_from_cstr(files[i / 2].rows)), real;
        char told[sizeof(refusals)];
        memcpy(told, refusals, sizeof(told));
        options.dry_run = false;
        real = import_text(options, str_from_cstr(files[i / 2].rows));
        for (size_t o = 0; o < IMPORT_OUTCOME_COUNT; o++)
            if (dry.outcomes[o] != real.outcomes[o])
                fail_msg("file %zu by %zu: %lld of outcome %zu in the dry run, %lld in the import",
                         i / 2, options.batch, (long long)dry.outcomes[o], o,
                         (long long)real.outcomes[o]);
        assert_int_equal(real.outcomes[IMPORT_DUPLICATE], files[i / 2].duplicates);
        assert_string_equal(told, refusals);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_go_in_and_bad_ones_are_told_in_the_order_of_the_file),
        cmocka_unit_test(a_key_that_leads_to_another_customer_is_a_new_one),
        cmocka_unit_test(lines_of_json_go_in_whatever_their_ends),
        cmocka_unit_test(a_line_that_is_too_long_costs_itself_alone),
        cmocka_unit_test(a_header_that_does_not_fit_ends_it_before_anything_is_written),
        cmocka_unit_test(it_stops_when_it_is_told_to_though_nobody_writes_into_the_pipe),
        cmocka_unit_test(an_import_job_reports_its_rows_and_leaves_the_refused_ones),
        cmocka_unit_test(a_duplicate_is_told_with_the_reasons),
        cmocka_unit_test(a_separator_that_is_said_is_not_looked_for),
        cmocka_unit_test(an_export_is_not_restored_by_a_job),
        cmocka_unit_test(a_damaged_export_is_refused),
        cmocka_unit_test(an_export_job_leaves_what_can_be_restored),
        cmocka_unit_test(an_export_as_csv_has_a_row_for_each_profile),
        cmocka_unit_test(a_result_is_given_for_as_long_as_it_is_kept),
        cmocka_unit_test(an_upload_that_is_dropped_leaves_nothing),
        cmocka_unit_test(a_job_that_was_cut_off_goes_on_after_the_next_start),
        cmocka_unit_test(what_another_has_taken_is_not_written_to),
        cmocka_unit_test(an_import_without_its_whole_file_fails),
        cmocka_unit_test(an_upload_that_finds_no_room_is_no_job_and_can_be_tried_again),
        cmocka_unit_test(an_upload_that_cannot_be_kept_says_so),
        cmocka_unit_test(an_import_goes_on_behind_its_last_step),
        cmocka_unit_test(an_import_does_not_go_on_with_another_file),
        cmocka_unit_test(an_import_gives_up_past_its_bound_of_errors),
        cmocka_unit_test(a_dry_run_tells_the_same_and_writes_nothing),
        cmocka_unit_test(a_dry_run_counts_rows_of_one_customer_wherever_they_stand),
    };
    return cmocka_run_group_tests_name("importer", tests, setup, teardown);
}
