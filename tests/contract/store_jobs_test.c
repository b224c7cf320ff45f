/* Jobs that instances take, and their files, on every store. */
#include "contract.h"

#include <stdio.h>
#include <time.h>

enum { LONG_MS = 60000, SHORT_MS = 30 };

struct work {
    struct contract *c;
    struct str tenant;
    struct job_row row;
    int64_t number;
    struct str bytes;
    int64_t epoch, lease_ms;
};

static enum status put_body(struct store_session *session, void *context, struct error *error)
{
    const struct work *work = context;
    return store_job_put(session, &work->row, error);
}

/* A lane of the case's own: the store is shared. */
static void put_job(struct contract *c, struct str tenant, const char *id, enum job_state state)
{
    struct work work = {.row = {.job_id = str_from_cstr(id),
                                .kind = STR("IMPORT"),
                                .state = state,
                                .actor = STR("u"),
                                .document = STR("{}"),
                                .created_at = 1,
                                .updated_at = 1}};
    work.row.lane = state == JOB_QUEUED || state == JOB_RUNNING ? c->tenant : STR_NONE;
    assert_int_equal(store_write(c->store, tenant, &c->arena, put_body, &work, &c->error),
                     STATUS_OK);
}

static struct job_claim claim_after(struct contract *c, struct str tenant, int64_t lease_ms)
{
    struct job_claim claim;
    const struct job_turn turn = {
        .lane = c->tenant, .holder = STR("instance"), .after = tenant, .lease_ms = lease_ms};
    assert_int_equal(store_job_claim(c->store, &turn, &c->arena, &claim, &c->error), STATUS_OK);
    return claim;
}

static struct job_claim claim(struct contract *c, int64_t lease_ms)
{
    return claim_after(c, STR_NONE, lease_ms);
}

static enum status keep_body(struct store_session *session, void *context, struct error *error)
{
    const struct work *work = context;
    return store_job_keep(session, work->row.job_id, work->epoch, work->lease_ms, error);
}

static void keep(struct contract *c, const struct job_claim *claim, int64_t lease_ms)
{
    struct work work = {
        .row = {.job_id = claim->job_id}, .epoch = claim->epoch, .lease_ms = lease_ms};
    assert_int_equal(store_write(c->store, claim->tenant, &c->arena, keep_body, &work, &c->error),
                     STATUS_OK);
}

static void of_each_tenant_the_first_is_taken(struct contract *c)
{
    put_job(c, c->tenant, "J2", JOB_QUEUED);
    put_job(c, c->tenant, "J1", JOB_QUEUED);
    put_job(c, c->tenant, "J0", JOB_DONE);
    struct job_claim first = claim(c, LONG_MS);
    assert_str(first.job_id, STR("J1"));
    assert_str(first.tenant, c->tenant);
    assert_int_equal(first.epoch, 1);
    put_job(c, c->tenant, "J1", JOB_DONE);
    struct job_claim second = claim(c, LONG_MS);
    assert_str(second.job_id, STR("J2"));
    put_job(c, c->tenant, "J2", JOB_DONE);
    assert_true(str_is_none(claim(c, LONG_MS).tenant));
    put_job(c, c->other_tenant, "J3", JOB_QUEUED);
    assert_str(claim(c, LONG_MS).tenant, c->other_tenant);
    put_job(c, c->other_tenant, "J3", JOB_DONE);
}

/* An upload that takes long has its job made behind others, with an id from before theirs. */
static void none_is_taken_beside_another_of_its_tenant(struct contract *c)
{
    put_job(c, c->tenant, "J2", JOB_QUEUED);
    assert_str(claim(c, LONG_MS).job_id, STR("J2"));
    put_job(c, c->tenant, "J2", JOB_RUNNING);
    put_job(c, c->tenant, "J1", JOB_QUEUED);
    struct job_claim beside = claim(c, LONG_MS);
    assert_true(str_is_none(beside.tenant) || str_equal(beside.job_id, STR("J2")));
    put_job(c, c->tenant, "J2", JOB_DONE);
    assert_str(claim(c, LONG_MS).job_id, STR("J1"));
    put_job(c, c->tenant, "J1", JOB_DONE);
}

static void what_was_begun_goes_on_before_what_was_not(struct contract *c)
{
    put_job(c, c->tenant, "J1", JOB_QUEUED);
    put_job(c, c->tenant, "J2", JOB_RUNNING);
    assert_str(claim(c, LONG_MS).job_id, STR("J2"));
    put_job(c, c->tenant, "J2", JOB_DONE);
    put_job(c, c->tenant, "J1", JOB_DONE);
}

static void tenants_take_turns_however_many_jobs_they_have(struct contract *c)
{
    static const char *const ids[] = {"J1", "J2", "J3"};
    for (size_t i = 0; i < UNIT_COUNT(ids); i++) put_job(c, c->tenant, ids[i], JOB_QUEUED);
    put_job(c, c->other_tenant, "K1", JOB_QUEUED);
    put_job(c, c->other_tenant, "K2", JOB_QUEUED);
    struct job_claim before = claim(c, LONG_MS);
    for (size_t turn = 0; turn < 3; turn++) {
        put_job(c, before.tenant, arena_cstr(&c->arena, before.job_id), JOB_DONE);
        struct job_claim next = claim_after(c, before.tenant, LONG_MS);
        assert_false(str_is_none(next.tenant));
        assert_false(str_equal(next.tenant, before.tenant));
        before = next;
    }
    put_job(c, before.tenant, arena_cstr(&c->arena, before.job_id), JOB_DONE);
    before = claim_after(c, before.tenant, LONG_MS); /* the last one's, of whoever has one */
    assert_str(before.tenant, c->tenant);
    put_job(c, c->tenant, "J3", JOB_DONE);
}

static enum status count_body(struct store_session *session, void *context, struct error *error)
{
    return store_job_count(session, context, error);
}

static int64_t count_jobs(struct contract *c, struct str tenant)
{
    int64_t count = -1;
    assert_int_equal(store_read(c->store, tenant, &c->arena, count_body, &count, &c->error),
                     STATUS_OK);
    return count;
}

static void those_that_have_not_ended_are_counted(struct contract *c)
{
    assert_int_equal(count_jobs(c, c->tenant), 0);
    put_job(c, c->tenant, "J1", JOB_QUEUED);
    put_job(c, c->tenant, "J2", JOB_RUNNING);
    put_job(c, c->tenant, "J3", JOB_DONE);
    assert_int_equal(count_jobs(c, c->tenant), 2);
    assert_int_equal(count_jobs(c, c->other_tenant), 0);
    put_job(c, c->tenant, "J1", JOB_DONE);
    put_job(c, c->tenant, "J2", JOB_DONE);
}

/* Where several processes have the store, after the lease; where one has it, at once. */
static void what_is_given_up_or_runs_out_is_taken_with_the_next_epoch(struct contract *c)
{
    const struct timespec pause = {.tv_nsec = 2 * SHORT_MS * 1000000L};
    put_job(c, c->tenant, "J1", JOB_QUEUED);
    struct job_claim first = claim(c, LONG_MS);
    keep(c, &first, 0);
    struct job_claim second = claim(c, SHORT_MS);
    assert_str(second.job_id, STR("J1"));
    assert_int_equal(second.epoch, 2);
    keep(c, &first, LONG_MS); /* it is the first one's no more */
    assert_int_equal(nanosleep(&pause, NULL), 0);
    struct job_claim third = claim(c, LONG_MS);
    assert_int_equal(third.epoch, 3);
    put_job(c, c->tenant, "J1", JOB_DONE);
}

/* --- files --- */

static enum status part_put_body(struct store_session *session, void *context, struct error *error)
{
    const struct work *work = context;
    return store_job_part_put(session, work->row.job_id, work->number, 1000, work->bytes, error);
}

static enum status put_part(struct contract *c, struct str tenant, int64_t number, struct str bytes)
{
    struct work work = {.row = {.job_id = STR("J1")}, .number = number, .bytes = bytes};
    return store_write(c->store, tenant, &c->arena, part_put_body, &work, &c->error);
}

static enum status part_get_body(struct store_session *session, void *context, struct error *error)
{
    struct work *work = context;
    return store_job_part_get(session, work->row.job_id, work->number, &work->c->arena,
                              &work->bytes, error);
}

static struct str get_part(struct contract *c, struct str tenant, int64_t number)
{
    struct work work = {.c = c, .row = {.job_id = STR("J1")}, .number = number};
    assert_int_equal(store_read(c->store, tenant, &c->arena, part_get_body, &work, &c->error),
                     STATUS_OK);
    return work.bytes;
}

static enum status remove_body(struct store_session *session, void *context, struct error *error)
{
    (void)context;
    return store_job_parts_remove(session, STR("J1"), error);
}

static void a_file_is_kept_byte_for_byte_and_is_its_tenants_alone(struct contract *c)
{
    char bytes[1000];
    for (size_t i = 0; i < sizeof(bytes); i++) bytes[i] = (char)(i * 7);
    struct str all = str_of(bytes, sizeof(bytes));
    assert_int_equal(put_part(c, c->tenant, 1, all), STATUS_OK);
    assert_int_equal(put_part(c, c->tenant, 2, STR("")), STATUS_OK);
    assert_str(get_part(c, c->tenant, 1), all);
    assert_int_equal(get_part(c, c->tenant, 2).len, 0);
    assert_false(str_is_none(get_part(c, c->tenant, 2)));
    assert_true(str_is_none(get_part(c, c->tenant, 3)));
    assert_true(str_is_none(get_part(c, c->other_tenant, 1)));
    assert_int_equal(put_part(c, c->tenant, 2, STR("x")), STATUS_WRITE_CONFLICT);
    assert_int_equal(
        store_write(c->store, c->other_tenant, &c->arena, remove_body, NULL, &c->error), STATUS_OK);
    assert_str(get_part(c, c->tenant, 1), all);
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, remove_body, NULL, &c->error),
                     STATUS_OK);
    assert_true(str_is_none(get_part(c, c->tenant, 1)));
    assert_int_equal(put_part(c, c->tenant, 1, STR("again")), STATUS_OK);
}

static void what_is_old_is_purged_unless_its_job_has_not_ended(struct contract *c)
{
    put_job(c, c->tenant, "J1", JOB_QUEUED);
    assert_int_equal(put_part(c, c->tenant, 1, STR("of a job that waits")), STATUS_OK);
    assert_int_equal(put_part(c, c->other_tenant, 1, STR("of none")), STATUS_OK);
    assert_int_equal(store_jobs_purge(c->store, 1000, &c->arena, &c->error), STATUS_OK);
    assert_false(str_is_none(get_part(c, c->other_tenant, 1)));
    assert_int_equal(store_jobs_purge(c->store, 1001, &c->arena, &c->error), STATUS_OK);
    assert_true(str_is_none(get_part(c, c->other_tenant, 1)));
    assert_false(str_is_none(get_part(c, c->tenant, 1)));
    put_job(c, c->tenant, "J1", JOB_DONE);
    assert_int_equal(store_jobs_purge(c->store, 1001, &c->arena, &c->error), STATUS_OK);
    assert_true(str_is_none(get_part(c, c->tenant, 1)));
}

/* --- reports --- */

static enum status step_body(struct store_session *session, void *context, struct error *error)
{
    const struct work *work = context;
    const struct job_step step = {.job_id = work->row.job_id,
                                  .number = work->number,
                                  .document = STR("{}"),
                                  .homes = STR("[\"A\"]"),
                                  .report = work->bytes};
    return store_job_step_append(session, &step, error);
}

static void add_step(struct contract *c, struct str tenant, const char *id, int64_t number,
                     struct str report)
{
    struct work work = {.row = {.job_id = str_from_cstr(id)}, .number = number, .bytes = report};
    assert_int_equal(store_write(c->store, tenant, &c->arena, step_body, &work, &c->error),
                     STATUS_OK);
}

struct listing {
    struct contract *c;
    size_t limit;
    char reports[64]; /* in the order they came, each behind a space */
};

static enum status list_body(struct store_session *session, void *context, struct error *error)
{
    struct listing *listing = context;
    struct arena *arena = &listing->c->arena;
    const struct job_step *after = NULL;
    struct job_step *steps;
    size_t count, len = 0;
    do {
        TRY(store_job_report_list(session, after, listing->limit, arena, &steps, &count, error));
        for (size_t i = 0; i < count; i++) {
            after = &steps[i];
            assert_true(str_is_none(after->homes));
            len += (size_t)snprintf(listing->reports + len, sizeof(listing->reports) - len, " %.*s",
                                    STR_ARGS(after->report));
        }
    } while (count == listing->limit);
    return STATUS_OK;
}

static void check_reports(struct contract *c, struct str tenant, const char *expected)
{
    for (size_t limit = 1; limit < 8; limit++) {
        struct listing listing = {.c = c, .limit = limit};
        assert_int_equal(store_read(c->store, tenant, &c->arena, list_body, &listing, &c->error),
                         STATUS_OK);
        assert_string_equal(listing.reports, expected);
    }
}

static void add_jobs_with_reports(struct contract *c)
{
    put_job(c, c->tenant, "R2", JOB_DONE);
    put_job(c, c->tenant, "R1", JOB_QUEUED);
    put_job(c, c->tenant, "R3", JOB_FAILED);
    put_job(c, c->other_tenant, "R1", JOB_CANCELLED);
    add_step(c, c->tenant, "R2", 1, STR("c"));
    add_step(c, c->tenant, "R2", 2, STR_NONE);
    add_step(c, c->tenant, "R2", 3, STR("d"));
    add_step(c, c->tenant, "R1", 1, STR("a"));
    add_step(c, c->tenant, "R1", 2, STR("b"));
    add_step(c, c->tenant, "R3", 1, STR("e"));
    add_step(c, c->other_tenant, "R1", 1, STR("x"));
}

static void reports_are_listed_over_all_jobs_of_the_tenant(struct contract *c)
{
    check_reports(c, c->tenant, "");
    add_jobs_with_reports(c);
    check_reports(c, c->tenant, " a b c d e");
    check_reports(c, c->other_tenant, " x");
    put_job(c, c->tenant, "R1", JOB_DONE);
}

static enum status homes_body(struct store_session *session, void *context, struct error *error)
{
    struct contract *c = context;
    struct job_step *steps;
    size_t count;
    TRY(store_job_step_list(session, STR("R2"), 0, 10, &c->arena, &steps, &count, error));
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        assert_str(steps[i].homes, STR("[\"A\"]"));
        assert_true(str_is_none(steps[i].report));
    }
    return STATUS_OK;
}

/* Jobs here were updated at 1. */
static void reports_of_jobs_that_ended_long_ago_are_purged_and_the_steps_stay(struct contract *c)
{
    add_jobs_with_reports(c);
    assert_int_equal(store_jobs_purge(c->store, 1, &c->arena, &c->error), STATUS_OK);
    check_reports(c, c->tenant, " a b c d e");
    assert_int_equal(store_jobs_purge(c->store, 2, &c->arena, &c->error), STATUS_OK);
    check_reports(c, c->tenant, " a b");
    check_reports(c, c->other_tenant, "");
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, homes_body, c, &c->error),
                     STATUS_OK);
    put_job(c, c->tenant, "R1", JOB_DONE);
    assert_int_equal(store_jobs_purge(c->store, 2, &c->arena, &c->error), STATUS_OK);
    check_reports(c, c->tenant, "");
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(of_each_tenant_the_first_is_taken),
        CONTRACT(none_is_taken_beside_another_of_its_tenant),
        CONTRACT(what_was_begun_goes_on_before_what_was_not),
        CONTRACT(tenants_take_turns_however_many_jobs_they_have),
        CONTRACT(those_that_have_not_ended_are_counted),
        CONTRACT(what_is_given_up_or_runs_out_is_taken_with_the_next_epoch),
        CONTRACT(a_file_is_kept_byte_for_byte_and_is_its_tenants_alone),
        CONTRACT(what_is_old_is_purged_unless_its_job_has_not_ended),
        CONTRACT(reports_are_listed_over_all_jobs_of_the_tenant),
        CONTRACT(reports_of_jobs_that_ended_long_ago_are_purged_and_the_steps_stay),
    };
    return contract_run(cases, UNIT_COUNT(cases));
}
