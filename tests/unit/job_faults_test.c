/* Jobs on a store that is away for a time: whatever their kind, they go on. */
#include "application_fixture.h"
#include "faulty_store.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "application/create_customer.h"
#include "application/job_parts.h"
#include "application/review_scan.h"

/* Few, for what records a state tries again for itself, and pauses. */
enum { AWAY = 3, FINE_MAX = 8 };

static struct application application; /* the test's own: its store is never away */
static struct application served;
static struct faulty_store store;
static struct arena arena;
static struct error error;
static char directory[64];
static const struct caller caller = {.tenant = STR("t"), .user_id = STR("u")};

static void create(const char *body)
{
    struct customer_document customer;
    struct json_value *json;
    assert_int_equal(json_parse(str_from_cstr(body), &arena, &json, &error), STATUS_OK);
    assert_int_equal(
        create_customer(&application, &caller, json, ON_DUPLICATE_ALLOW, &arena, &customer, &error),
        STATUS_OK);
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(directory, sizeof(directory), "/tmp/customer360-faults-test-XXXXXX");
    if (!mkdtemp(directory)) return -1;
    if (application_fixture_open(&application, environment_system(), &arena) != 0) return -1;
    faulty_store_init(&store, application.store);
    served = application;
    served.store = &store.base;
    create("{\"customerId\":\"A\",\"name\":\"Acme\",\"emails\":[\"a@x.example\"]}");
    create("{\"customerId\":\"B\",\"name\":\"Acme\",\"emails\":[\"a@x.example\"]}");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)rmdir(directory);
    return application_fixture_close(&application, &arena);
}

/* Away behind so many units of work of the job: in the end wherever one of its is. */
static struct job_row run_with_faults(struct str kind, int fine)
{
    struct job_row job;
    struct str id = jobs_new_id(&application, &arena);
    assert_int_equal(jobs_create(&application, &caller, id, kind, STR("{}"), &arena, &job, &error),
                     STATUS_OK);
    faulty_store_go_away(&store, fine, AWAY);
    struct job_runner *runner = application_fixture_jobs(&served, directory);
    job = application_fixture_wait(&application, &caller, id, &arena);
    job_service_free(runner);
    faulty_store_go_away(&store, 0, 0);
    return job;
}

static void an_export_goes_on_when_the_store_is_back(void **state)
{
    (void)state;
    for (int fine = 1; fine < FINE_MAX; fine++) {
        struct str bytes;
        struct job_row job = run_with_faults(STR("EXPORT"), fine);
        assert_int_equal(job.state, JOB_DONE);
        assert_int_equal(
            job_parts_get(&application, &caller, job.job_id, 2, &arena, &bytes, &error), STATUS_OK);
        assert_int_equal(bytes.len, 0);
    }
}

static void a_scan_goes_on_when_the_store_is_back(void **state)
{
    (void)state;
    for (int fine = 1; fine < FINE_MAX; fine++)
        assert_int_equal(run_with_faults(STR("SCAN"), fine).state, JOB_DONE);
}

/* An instance that was stopped past its lease and goes on: what it decided is not written. */
static void a_scan_that_another_has_taken_decides_nothing(void **state)
{
    (void)state;
    const struct review_scan_pair pair = {STR("A"), STR("B")};
    const struct job_turn turn = {
        .lane = jobs_lane(STR("SCAN")), .holder = STR("one"), .lease_ms = 60000};
    struct review_scan_counts counts = {0};
    struct job_claim first, second;
    struct job_row job;
    struct review_scan_record *records;
    size_t count;
    assert_int_equal(jobs_create(&application, &caller, jobs_new_id(&application, &arena),
                                 STR("SCAN"), STR("{}"), &arena, &job, &error),
                     STATUS_OK);
    assert_int_equal(store_job_claim(application.store, &turn, &arena, &first, &error), STATUS_OK);
    assert_int_equal(store_job_claim(application.store, &turn, &arena, &second, &error), STATUS_OK);
    struct review_scan_settings settings = {
        .merge_from = 0.5, .job_id = first.job_id, .epoch = first.epoch};
    assert_int_equal(
        review_scan_decide(&application, &caller, &settings, &pair, 1, &arena, &counts, &error),
        STATUS_JOB_TAKEN);
    assert_int_equal(
        review_scan_read(&application, &caller, STR_NONE, 9, &arena, &records, &count, &error),
        STATUS_OK);
    assert_int_equal(count, 2);
    settings.epoch = second.epoch;
    assert_int_equal(
        review_scan_decide(&application, &caller, &settings, &pair, 1, &arena, &counts, &error),
        STATUS_OK);
    assert_int_equal(counts.merged, 1);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(an_export_goes_on_when_the_store_is_back),
        CASE(a_scan_goes_on_when_the_store_is_back),
        CASE(a_scan_that_another_has_taken_decides_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
