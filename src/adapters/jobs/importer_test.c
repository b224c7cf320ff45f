#include "adapters/jobs/importer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants the three above. */
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "adapters/jobs/job_service.h"
#include "adapters/memory/memory_store.h"
#include "application/export_records.h"
#include "matching.h"

static struct application application;
static struct arena arena;
static struct error error;
static char refusals[4096];

static const struct policy *default_policy(struct application *self, struct str tenant)
{
    (void)self, (void)tenant;
    return policy_default();
}

static int setup(void **state)
{
    (void)state;
    application = (struct application){.matcher = matching_default(),
                                       .environment = environment_system(),
                                       .policy_for = default_policy,
                                       .limits = APPLICATION_LIMITS_DEFAULT};
    arena_init(&arena, 64 << 20);
    return memory_store_new(256 << 20, &application.store) == STATUS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    memory_store_free(application.store);
    arena_release(&arena);
    return 0;
}

static void note_refused(void *context, int64_t row, enum import_outcome outcome,
                         struct str customer_id, const struct error *why)
{
    (void)context, (void)outcome, (void)customer_id;
    size_t len = strlen(refusals);
    (void)snprintf(refusals + len, sizeof(refusals) - len, "%lld %.*s %s\n", (long long)row,
                   STR_ARGS(status_code(why->status)), why->field);
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
        .source = STR("erp"),
        .rules = {.key_column = STR("ID")},
        .batch = 3,
        .refused = note_refused,
    };
}

static struct import_counts import_text(struct importer_options options, struct str text)
{
    struct import_counts counts;
    int file = pipe_with(text);
    refusals[0] = '\0';
    assert_int_equal(importer_run(&options, file, &counts, &error), STATUS_OK);
    assert_int_equal(close(file), 0);
    return counts;
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
    struct import_counts counts;
    int file = pipe_with(STR("ID,name,shoe\n1,A,42\n"));
    assert_int_equal(importer_run(&options, file, &counts, &error), STATUS_UNKNOWN_FIELD);
    assert_string_equal(error.field, "shoe");
    assert_int_equal(counts.rows, 0);
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
    struct import_counts counts;
    options.batch = 1;
    options.progress = stop_at_once;
    assert_int_equal(pipe(ends), 0);
    assert_true(dprintf(ends[1], "{\"name\":\"P\"}\n{\"name\":\"Q\"}\n") > 0);
    assert_int_equal(importer_run(&options, ends[0], &counts, &error), STATUS_JOB_ENDED);
    assert_int_equal(counts.rows, 1);
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(close(ends[1]), 0);
}

/* --- jobs --- */

static char directory[] = "/tmp/customer360-jobs-test-XXXXXX";
static const struct caller caller = {.tenant = {"t", 1}, .user_id = {"u", 1}};

static struct job_runner *runner_new(void)
{
    const struct job_service_options options = {.application = &application,
                                                .directory = str_from_cstr(directory),
                                                .batch = 10,
                                                .keep_ms = 60000};
    struct job_runner *runner;
    assert_int_equal(job_service_new(&options, &runner, &error), STATUS_OK);
    return runner;
}

static struct job_row wait_for(struct str job_id)
{
    struct job_row job;
    do {
        const struct timespec pause = {.tv_nsec = 2000000};
        assert_int_equal(nanosleep(&pause, NULL), 0);
        assert_int_equal(jobs_get(&application, &caller, job_id, &arena, &job, &error), STATUS_OK);
    } while (job.state == JOB_QUEUED || job.state == JOB_RUNNING);
    return job;
}

static struct str read_job_file(struct job_runner *runner, struct str job_id, enum job_file which)
{
    struct job_file_reader *reader;
    char *bytes = arena_alloc(&arena, 1 << 20);
    size_t len = 0, count;
    assert_int_equal(runner->file_open(runner, &caller, job_id, which, &arena, &reader, &error),
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
    assert_int_equal(runner->import_start(upload, &arena, &job, &error), STATUS_OK);
    return job;
}

static size_t files_left(void)
{
    size_t count = 0;
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/t", directory);
    DIR *listing = opendir(path);
    for (struct dirent *entry; listing && (entry = readdir(listing));)
        count += entry->d_name[0] != '.';
    if (listing) (void)closedir(listing);
    return count;
}

static void an_import_job_reports_its_rows_and_leaves_the_refused_ones(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(directory));
    struct job_runner *runner = runner_new();
    struct job_row job = start_import(runner, STR("ID,name\n1,JobA\n2,\n"));
    job = wait_for(job.job_id);
    assert_int_equal(job.state, JOB_DONE);
    assert_non_null(memmem(job.document.ptr, job.document.len, "\"created\":1", 11));
    struct str errors = read_job_file(runner, job.job_id, JOB_FILE_ERRORS);
    assert_true(str_starts_with(errors, STR("{\"row\":3,\"code\":\"REQUIRED_FIELD\"")));
    assert_int_equal(files_left(), 1);
    job_service_free(runner);
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
    struct import_counts counts;
    options.caller.tenant = str_from_cstr(tenant);
    options.may_restore = may_restore;
    int file = pipe_with(str_from_cstr(text));
    enum status status = importer_run(&options, file, &counts, &error);
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

static void an_export_job_leaves_what_can_be_restored(void **state)
{
    (void)state;
    struct job_runner *runner = runner_new();
    struct job_row job;
    assert_int_equal(runner->export_start(runner, &caller, &arena, &job, &error), STATUS_OK);
    job = wait_for(job.job_id);
    assert_int_equal(job.state, JOB_DONE);
    struct str result = read_job_file(runner, job.job_id, JOB_FILE_RESULT);
    struct importer_options options = options_for(RECORD_FORM_DETECT);
    options.caller.tenant = STR("restored");
    options.may_restore = true;
    struct import_counts counts = import_text(options, result);
    assert_true(counts.restore);

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

static void an_upload_that_is_dropped_leaves_nothing(void **state)
{
    (void)state;
    struct job_runner *runner = runner_new();
    const struct import_parameters parameters = {.form = IMPORT_CSV, .source = STR("shop")};
    struct import_upload *upload;
    size_t before = files_left();
    assert_int_equal(runner->import_open(runner, &caller, &parameters, &arena, &upload, &error),
                     STATUS_OK);
    assert_int_equal(runner->import_write(upload, STR("x"), &error), STATUS_OK);
    runner->import_drop(upload);
    assert_int_equal(files_left(), before);
    const struct import_parameters bad = {.form = IMPORT_CSV, .source = STR("a b")};
    assert_int_equal(runner->import_open(runner, &caller, &bad, &arena, &upload, &error),
                     STATUS_INVALID_VALUE);
    assert_string_equal(error.field, "source");
    job_service_free(runner);
}

static void a_job_that_was_cut_off_has_failed_after_the_next_start(void **state)
{
    (void)state;
    struct job_row job;
    char path[256];
    assert_int_equal(
        jobs_create(&application, &caller, STR("IMPORT"), STR("{}"), &arena, &job, &error),
        STATUS_OK);
    (void)snprintf(path, sizeof(path), "%s/t/%.*s.upload", directory, STR_ARGS(job.job_id));
    int file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(close(file), 0);
    struct job_runner *runner = runner_new();
    assert_int_equal(jobs_get(&application, &caller, job.job_id, &arena, &job, &error), STATUS_OK);
    assert_int_equal(job.state, JOB_FAILED);
    assert_int_equal(access(path, F_OK), -1);

    /* And nobody else may have the directory meanwhile. */
    const struct job_service_options options = {
        .application = &application, .directory = str_from_cstr(directory), .batch = 1};
    struct job_runner *second;
    assert_int_equal(job_service_new(&options, &second, &error), STATUS_CONFIGURATION);
    assert_null(second);
    job_service_free(runner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_go_in_and_bad_ones_are_told_in_the_order_of_the_file),
        cmocka_unit_test(lines_of_json_go_in_whatever_their_ends),
        cmocka_unit_test(a_line_that_is_too_long_costs_itself_alone),
        cmocka_unit_test(a_header_that_does_not_fit_ends_it_before_anything_is_written),
        cmocka_unit_test(it_stops_when_it_is_told_to_though_nobody_writes_into_the_pipe),
        cmocka_unit_test(an_import_job_reports_its_rows_and_leaves_the_refused_ones),
        cmocka_unit_test(an_export_is_not_restored_by_a_job),
        cmocka_unit_test(a_damaged_export_is_refused),
        cmocka_unit_test(an_export_job_leaves_what_can_be_restored),
        cmocka_unit_test(an_upload_that_is_dropped_leaves_nothing),
        cmocka_unit_test(a_job_that_was_cut_off_has_failed_after_the_next_start),
    };
    return cmocka_run_group_tests_name("importer", tests, setup, teardown);
}
