/* A scan for duplicates over the sample base: it finds what a write would have found, goes on after
 * an interruption, and can be cancelled. */
#include "application_fixture.h"
#include "unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "adapters/jobs/job_service.h"
#include "application/create_customer.h"
#include "application/job_parts.h"
#include "application/match_customers.h"
#include "application/review_list.h"
#include "application/review_resolve.h"
#include "application/review_scan.h"
#include "service/sample_records.h"

enum { FAMILIES = 140 }; /* a duplicate and its original each */

static struct application application;
static struct arena arena;
static struct error error;
static char directory[64];
static const struct caller caller = {.tenant = STR("t"), .user_id = STR("u")};

static void create(const char *body)
{
    struct customer_document customer;
    struct json_value *json;
    struct arena_mark mark = arena_mark(&arena);
    assert_int_equal(json_parse(str_from_cstr(body), &arena, &json, &error), STATUS_OK);
    assert_int_equal(
        create_customer(&application, &caller, json, ON_DUPLICATE_ALLOW, &arena, &customer, &error),
        STATUS_OK);
    arena_rewind(&arena, mark);
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(directory, sizeof(directory), "/tmp/customer360-scan-test-XXXXXX");
    if (!mkdtemp(directory)) return -1;
    return application_fixture_open(&application, environment_system(), &arena);
}

/* How many files there are; their names are gone as soon as they are made. */
static size_t files_left(void)
{
    size_t count = 0;
    DIR *listing = opendir(directory);
    for (struct dirent *entry; listing && (entry = readdir(listing));)
        count += !str_equal(str_from_cstr(entry->d_name), STR(".")) &&
                 !str_equal(str_from_cstr(entry->d_name), STR(".."));
    if (listing) (void)closedir(listing);
    return count;
}

/* Whether the store has a file of the job. */
static bool has_file(struct str job_id)
{
    struct str bytes;
    return job_parts_get(&application, &caller, job_id, 1, &arena, &bytes, &error) == STATUS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    (void)rmdir(directory);
    return application_fixture_close(&application, &arena);
}

static int64_t progress_of(const struct job_row *job, const char *name)
{
    struct json_value *document;
    int64_t number = -1;
    assert_int_equal(json_parse(job->document, &arena, &document, &error), STATUS_OK);
    const struct json_value *progress = json_get(document, STR("progress"));
    assert_true(json_to_int64(json_get(progress, str_from_cstr(name)), &number));
    return number;
}

/* The customers of the items in the queue, as "a|b", sorted. */
static struct str *queue(size_t *count)
{
    struct json_page page = {.next = STR_NONE};
    struct str *found = ARENA_NEW_ARRAY(&arena, struct str, 4096);
    *count = 0;
    do {
        struct review_query query = {.state = STR("ALL"), .limit = 500, .cursor = page.next};
        struct json_value *body;
        assert_int_equal(review_list(&application, &caller, &query, &arena, &page, &error),
                         STATUS_OK);
        assert_int_equal(json_parse(page.body, &arena, &body, &error), STATUS_OK);
        const struct json_value *items = json_get(body, STR("items"));
        for (size_t i = 0; i < items->count; i++) {
            const struct json_value *sides = json_get(&items->items[i], STR("customers"));
            struct str a = json_text(json_get(&sides->items[0], STR("homeId")));
            struct str b = json_text(json_get(&sides->items[1], STR("homeId")));
            found[(*count)++] = arena_format(&arena, "%.*s|%.*s", STR_ARGS(a), STR_ARGS(b));
        }
    } while (!str_is_none(page.next));
    str_sort(found, *count);
    return found;
}

static struct job_row scan(struct job_runner *runner)
{
    struct job_row job;
    assert_int_equal(runner->scan_start(runner, application.store, &caller, SCAN_NEVER_MERGES,
                                        &arena, &job, &error),
                     STATUS_OK);
    return application_fixture_wait(&application, &caller, job.job_id, &arena);
}

/* Duplicates of the sample base, each with what it is a duplicate of. */
static void load_families(void)
{
    bool made[SAMPLE_RECORDS] = {false};
    for (int i = 0; i < FAMILIES; i++) {
        int numbers[2] = {SAMPLE_ORIGINALS + i, 0};
        for (int side = 0; side < 2; side++) {
            struct sample_record record;
            assert_true(sample_record_make(numbers[side], &arena, &record));
            numbers[1] = record.original < 0 ? numbers[1] : record.original;
            if (made[numbers[side]]) continue;
            made[numbers[side]] = true;
            create(arena_cstr(&arena, record.body));
        }
    }
}

/* What the matcher says of every pair there is. */
static struct str *all_pairs(size_t *count)
{
    struct review_scan_record *rows;
    size_t row_count;
    struct review_scan_counts counts = {0};
    const struct review_scan_settings settings = {.merge_from = SCAN_NEVER_MERGES};
    assert_int_equal(
        review_scan_read(&application, &caller, STR_NONE, 1000, &arena, &rows, &row_count, &error),
        STATUS_OK);
    for (size_t i = 0; i < row_count; i++)
        for (size_t j = i + 1; j < row_count; j += REVIEW_SCAN_PAIRS_MAX) {
            struct review_scan_pair pairs[REVIEW_SCAN_PAIRS_MAX];
            size_t n = 0;
            struct arena_mark mark = arena_mark(&arena);
            for (; n < REVIEW_SCAN_PAIRS_MAX && j + n < row_count; n++)
                pairs[n] = (struct review_scan_pair){rows[i].customer_id, rows[j + n].customer_id};
            assert_int_equal(review_scan_decide(&application, &caller, &settings, pairs, n, &arena,
                                                &counts, &error),
                             STATUS_OK);
            arena_rewind(&arena, mark);
        }
    return queue(count);
}

/* Whether the second of "a|b" would be a candidate of the first, were that written now. */
static bool is_found_at_write_time(struct str pair)
{
    struct arena_mark mark = arena_mark(&arena);
    struct str rest = pair, id, answer;
    struct sample_record record = {.customer_id = STR("")};
    struct json_value *json;
    assert_true(str_split(&rest, '|', &id));
    for (int i = 0; i < SAMPLE_RECORDS && !str_equal(record.customer_id, id); i++) {
        arena_rewind(&arena, mark);
        assert_true(sample_record_make(i, &arena, &record));
    }
    assert_int_equal(json_parse(record.body, &arena, &json, &error), STATUS_OK);
    assert_int_equal(
        match_customers(&application, &caller, json, MATCH_CUSTOMERS_MAX, &arena, &answer, &error),
        STATUS_OK);
    assert_int_equal(json_parse(answer, &arena, &json, &error), STATUS_OK);
    const struct json_value *candidates = json_get(json, STR("candidates"));
    bool found = false;
    for (size_t i = 0; i < candidates->count; i++)
        found =
            found || str_equal(json_text(json_get(&candidates->items[i], STR("customerId"))), rest);
    arena_rewind(&arena, mark);
    return found;
}

static void a_scan_finds_what_is_found_at_write_time(void **state)
{
    (void)state;
    size_t scanned_count, all_count;
    load_families();
    struct job_runner *runner = application_fixture_jobs(&application, directory);
    struct job_row job = scan(runner);
    assert_int_equal(job.state, JOB_DONE);
    struct str *scanned = queue(&scanned_count);
    assert_true(scanned_count > 0);
    assert_true(progress_of(&job, "alike") >= (int64_t)scanned_count); /* one may come twice */
    job_service_free(runner);
    assert_int_equal(files_left(), 0); /* nothing is left behind */
    assert_false(has_file(job.job_id));
    struct str *all = all_pairs(&all_count);
    assert_true(100 * scanned_count >= 95 * all_count);
    /* Two that are a little alike in everything share no key: neither compares them. */
    for (size_t i = 0; i < all_count; i++)
        if (!str_is_among(scanned, scanned_count, all[i]))
            assert_false(is_found_at_write_time(all[i]));
    for (size_t i = 0; i < scanned_count; i++)
        assert_true(str_is_among(all, all_count, scanned[i]));
}

static void a_scan_again_changes_nothing(void **state)
{
    (void)state;
    size_t first_count, second_count;
    load_families();
    struct job_runner *runner = application_fixture_jobs(&application, directory);
    (void)scan(runner);
    struct str *first = queue(&first_count);
    struct job_row job = scan(runner);
    assert_int_equal(job.state, JOB_DONE);
    struct str *second = queue(&second_count);
    assert_int_equal(first_count, second_count);
    for (size_t i = 0; i < first_count; i++) assert_str(first[i], second[i]);
    job_service_free(runner);
}

/* A job as a process that was killed leaves it: running, with its file. */
static struct str leave_interrupted(const char *progress, const char *pairs)
{
    struct job_row job;
    struct str parts[] = {pairs ? str_from_cstr(pairs) : STR_NONE, STR("")};
    struct str id = jobs_new_id(&application, &arena);
    assert_int_equal(
        jobs_create(&application, &caller, id, STR("SCAN"), STR("{}"), &arena, &job, &error),
        STATUS_OK);
    assert_int_equal(jobs_update(&application, &caller, id, job.epoch, JOB_RUNNING,
                                 str_from_cstr(progress), &arena, &error),
                     STATUS_OK);
    for (int i = 0; i < 2 && pairs; i++)
        assert_int_equal(
            job_parts_put(&application, &caller, id, job.epoch, i + 1, parts[i], &arena, &error),
            STATUS_OK);
    return id;
}

static void a_scan_that_was_interrupted_while_it_read_begins_again(void **state)
{
    (void)state;
    struct str id = leave_interrupted("{}", NULL);
    create("{\"customerId\":\"A\",\"name\":\"Acme\",\"emails\":[\"a@x.example\"]}");
    create("{\"customerId\":\"B\",\"name\":\"Acme\",\"emails\":[\"a@x.example\"]}");
    struct job_runner *runner = application_fixture_jobs(&application, directory);
    struct job_row job = application_fixture_wait(&application, &caller, id, &arena);
    assert_int_equal(job.state, JOB_DONE);
    assert_int_equal(progress_of(&job, "alike"), 1);
    job_service_free(runner);
    assert_false(has_file(id));
}

static void a_scan_that_was_interrupted_while_it_decided_goes_on(void **state)
{
    (void)state;
    size_t count;
    struct buffer pairs = {.arena = &arena};
    for (int i = 0; i < 50; i++) buffer_append(&pairs, STR("A\tB\n")); /* decided already */
    buffer_append(&pairs, STR("B\tC\n"));
    buffer_append_char(&pairs, '\0');
    struct str id = leave_interrupted(
        "{\"customers\":3,\"pairs\":51,\"decided\":50,\"alike\":7,\"merged\":0}", pairs.bytes);
    create("{\"customerId\":\"A\",\"name\":\"Acme\",\"emails\":[\"a@x.example\"]}");
    create("{\"customerId\":\"B\",\"name\":\"Acme\",\"emails\":[\"a@x.example\"]}");
    create("{\"customerId\":\"C\",\"name\":\"Acme\",\"emails\":[\"a@x.example\"]}");
    struct job_runner *runner = application_fixture_jobs(&application, directory);
    struct job_row job = application_fixture_wait(&application, &caller, id, &arena);
    assert_int_equal(job.state, JOB_DONE);
    assert_int_equal(progress_of(&job, "alike"), 8);
    assert_int_equal(progress_of(&job, "decided"), 51);
    const struct str *found = queue(&count);
    assert_int_equal(count, 1);
    assert_str(found[0], STR("B|C"));
    job_service_free(runner);
    assert_false(has_file(id));
}

static void a_scan_that_was_cancelled_meanwhile_is_not_taken_up(void **state)
{
    (void)state;
    struct job_row job;
    struct str id = leave_interrupted("{}", NULL);
    assert_int_equal(jobs_cancel(&application, &caller, id, &arena, &job, &error), STATUS_OK);
    create("{\"customerId\":\"A\",\"name\":\"Acme\",\"emails\":[\"a@x.example\"]}");
    create("{\"customerId\":\"B\",\"name\":\"Acme\",\"emails\":[\"a@x.example\"]}");
    struct job_runner *runner = application_fixture_jobs(&application, directory);
    (void)scan(runner); /* one after the other: the first one is over */
    job_service_free(runner);
    assert_int_equal(jobs_get(&application, &caller, id, &arena, &job, &error), STATUS_OK);
    assert_int_equal(job.state, JOB_CANCELLED);
    assert_false(has_file(id));
}

static void files_that_are_not_a_scans_do_no_harm(void **state)
{
    (void)state;
    struct str id = leave_interrupted("{\"pairs\":1}", "no pair\n");
    struct job_runner *runner = application_fixture_jobs(&application, directory);
    struct job_row job = application_fixture_wait(&application, &caller, id, &arena);
    assert_int_equal(job.state, JOB_FAILED);
    job_service_free(runner);
    assert_false(has_file(id));
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(a_scan_finds_what_is_found_at_write_time),
        CASE(a_scan_again_changes_nothing),
        CASE(a_scan_that_was_interrupted_while_it_read_begins_again),
        CASE(a_scan_that_was_interrupted_while_it_decided_goes_on),
        CASE(a_scan_that_was_cancelled_meanwhile_is_not_taken_up),
        CASE(files_that_are_not_a_scans_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
