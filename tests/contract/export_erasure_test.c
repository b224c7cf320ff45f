/* An export and an erasure at the same time, on every store: no export that can be fetched behind
 * the erasure's answer has the customer in it. */
#include "application_fixture.h"
#include "contract.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "application/create_customer.h"
#include "application/erase_customer.h"
#include "application/erase_exports.h"
#include "application/export_records.h"
#include "application/job_parts.h"

static struct application application;
static struct caller caller;

static void use(struct contract *c)
{
    application = application_fixture(environment_system());
    application.store = c->store;
    caller = (struct caller){.tenant = c->tenant, .user_id = STR("u")};
}

static struct str create(struct contract *c)
{
    static const struct str body =
        STR("{\"kind\":\"PERSON\",\"name\":\"Zyx Marked\",\"emails\":[\"zyx@example.org\"]}");
    struct customer_document customer;
    struct json_value *json;
    assert_int_equal(json_parse(body, &c->arena, &json, &c->error), STATUS_OK);
    assert_int_equal(create_customer(&application, &caller, json, ON_DUPLICATE_ALLOW, &c->arena,
                                     &customer, &c->error),
                     STATUS_OK);

    return customer.customer_id;
}

static enum status erase(struct contract *c, struct str id)
{
    const struct erase_request request = {.customer_id = id};
    struct str json;
    return erase_customer(&application, &caller, &request, &c->arena, &json, &c->error);
}

/* Of all tenants only ours has any here. */
static struct job_claim take(struct contract *c)
{
    struct job_claim claim;
    const struct job_turn turn = {
        .lane = STR("export"), .holder = STR("instance"), .lease_ms = 60000};
    assert_int_equal(store_job_claim(c->store, &turn, &c->arena, &claim, &c->error), STATUS_OK);
    assert_str(claim.tenant, c->tenant);
    return claim;
}

static struct job_claim start(struct contract *c)
{
    struct job_row job;
    assert_int_equal(jobs_create(&application, &caller, jobs_new_id(&application, &c->arena),
                                 STR("EXPORT"), STR("{}"), &c->arena, &job, &c->error),
                     STATUS_OK);
    return take(c);
}

static struct str export(struct contract *c)
{
    struct export_cursor cursor = {0};
    struct buffer out = {.arena = &c->arena};
    struct arena page;
    arena_init(&page, 1 << 20);
    assert_int_equal(erase_exports_await(&application, &caller, &page, &c->error), STATUS_OK);
    while (cursor.phase != EXPORT_DONE)
        assert_int_equal(export_records(&application, &caller, &cursor, 10, &page, &out, &c->error),
                         STATUS_OK);
    arena_release(&page);
    return buffer_str(&out);
}

static bool is_marked(struct str text)
{
    return memmem(text.ptr, text.len, "Zyx", 3) != NULL;
}

static enum status put(struct contract *c, const struct job_claim *job, int64_t number,
                       struct str bytes)
{
    return job_parts_put(&application, &caller, job->job_id, job->epoch, number, bytes, &c->arena,
                         &c->error);
}

static enum status end(struct contract *c, const struct job_claim *job)
{
    return jobs_update(&application, &caller, job->job_id, job->epoch, JOB_DONE, STR_NONE,
                       &c->arena, &c->error);
}

static bool has_part(struct contract *c, struct str job_id)
{
    struct str bytes;
    return job_parts_get(&application, &caller, job_id, 1, &c->arena, &bytes, &c->error) ==
           STATUS_OK;
}

static void an_export_that_has_read_the_customer_is_taken_away_and_begins_anew(struct contract *c)
{
    use(c);
    struct str id = create(c);
    struct job_claim job = start(c);
    struct str before = export(c);
    assert_true(is_marked(before));
    assert_int_equal(put(c, &job, 1, before), STATUS_OK);
    assert_int_equal(erase(c, id), STATUS_OK);
    assert_false(has_part(c, job.job_id));
    assert_int_equal(put(c, &job, 2, STR("")), STATUS_JOB_TAKEN);
    assert_int_equal(end(c, &job), STATUS_JOB_TAKEN);
    struct job_claim again = take(c);
    assert_str(again.job_id, job.job_id);
    struct str after = export(c);
    assert_false(is_marked(after));
    assert_int_equal(put(c, &again, 1, after), STATUS_OK);
    assert_int_equal(put(c, &again, 2, STR("")), STATUS_OK);
    assert_int_equal(end(c, &again), STATUS_OK);
    assert_true(has_part(c, job.job_id));
}

static void a_result_goes_with_the_customer(struct contract *c)
{
    use(c);
    struct str id = create(c);
    struct job_claim job = start(c);
    assert_int_equal(put(c, &job, 1, export(c)), STATUS_OK);
    assert_int_equal(end(c, &job), STATUS_OK);
    assert_true(has_part(c, job.job_id));
    assert_int_equal(erase(c, id), STATUS_OK);
    assert_false(has_part(c, job.job_id));
}

/* --- an export that begins while an erasure has done all but to end --- */

static atomic_bool is_at_it, has_read;

static void *read_meanwhile(void *argument)
{
    struct contract *c = argument;
    struct error error;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    atomic_store(&is_at_it, true);
    if (erase_exports_await(&application, &caller, &arena, &error) == STATUS_OK)
        atomic_store(&has_read, true);
    arena_release(&arena);
    (void)c;
    return NULL;
}

struct unended {
    struct contract *contract;
    pthread_t reader;
    bool read_too_soon;
};

static enum status erase_slowly(struct store_session *session, void *context, struct error *error)
{
    struct unended *unended = context;
    struct job_row *jobs;
    size_t count;
    TRY(erase_exports(session, error));
    /* Statements that have no answer are sent with the next one that has. */
    TRY(store_job_list(session, STR_NONE, 1, &unended->contract->arena, &jobs, &count, error));
    if (pthread_create(&unended->reader, NULL, read_meanwhile, unended->contract) != 0)
        return error_plain(error, STATUS_INTERNAL);
    contract_await(&is_at_it);
    contract_await_lock(unended->contract);
    unended->read_too_soon = atomic_load(&has_read);
    return STATUS_OK;
}

static void an_export_does_not_read_before_an_erasure_under_way_has_ended(struct contract *c)
{
    struct unended unended = {.contract = c};
    use(c);
    atomic_store(&has_read, false);
    atomic_store(&is_at_it, false);
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, erase_slowly, &unended, &c->error),
                     STATUS_OK);
    pthread_join(unended.reader, NULL);
    assert_false(unended.read_too_soon);
    assert_true(atomic_load(&has_read));
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(an_export_that_has_read_the_customer_is_taken_away_and_begins_anew),
        CONTRACT(a_result_goes_with_the_customer),
        CONTRACT(an_export_does_not_read_before_an_erasure_under_way_has_ended),
    };
    return contract_run(cases, UNIT_COUNT(cases));
}
