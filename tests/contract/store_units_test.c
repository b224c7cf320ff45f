/* Units of work, match keys, the feed, suppressions and jobs: what any store has to do. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "contract.h"

/* --- units of work --- */

static enum status write_all_kinds(struct store_session *session, void *context,
                                   struct error *error)
{
    struct contract *c = context;
    struct profile_row row = contract_profile(STR("C-1"), 1000);
    struct fact fact = contract_fact(STR("C-1"), STR("crm"), 1000, &c->arena);
    const struct merge merge = {.merge_id = STR("M-1"),
                                .source_id = STR("C-0"),
                                .target_id = STR("C-1"),
                                .reason = STR("DUPLICATE"),
                                .merged_at = 1000,
                                .reversed_at = INSTANT_NONE};
    const struct str key = STR("email|a@b.example");
    const struct event event = {.type = EVENT_PROFILE_CREATED,
                                .event_id = STR("evt-1"),
                                .aggregate_id = STR("C-1"),
                                .timestamp = 1000,
                                .payload = STR("{}")};
    const struct job_row job = {.job_id = STR("J-1"), .kind = STR("IMPORT"), .document = STR("{}")};
    struct profile_row source = contract_profile(STR("C-0"), 1000);
    TRY(store_profile_insert(session, &row, error));
    TRY(store_profile_insert(session, &source, error));
    TRY(store_fact_append(session, &fact, error));
    TRY(store_merge_insert(session, &merge, error));
    TRY(store_keys_put(session, STR("C-1"), &key, 1, error));
    TRY(store_event_append(session, &event, error));
    TRY(store_suppression_put(session, STR("hash-1"), STR("COMPLAINT"), 1000, error));
    TRY(store_job_put(session, &job, error));
    return error_set(error, STATUS_DUPLICATE_CUSTOMER, STR_NONE, STR_NONE, "on second thought");
}

static enum status nothing_is_there(struct store_session *session, void *context,
                                    struct error *error)
{
    struct contract *c = context;
    struct profile_row row;
    struct merge merge;
    struct job_row job;
    struct tree tree;
    struct key_hit *hits;
    struct event *events;
    size_t count;
    bool found = true;
    const struct str key = STR("email|a@b.example"), hash = STR("hash-1");
    assert_int_equal(store_profile_get(session, STR("C-1"), STORE_NO_LOCK, &c->arena, &row, error),
                     STATUS_CUSTOMER_NOT_FOUND);
    assert_int_equal(store_tree_load(session, STR("C-1"), INSTANT_FUTURE, &c->arena, &tree, error),
                     STATUS_CUSTOMER_NOT_FOUND);
    assert_int_equal(store_merge_get(session, STR("M-1"), &c->arena, &merge, error),
                     STATUS_MERGE_NOT_FOUND);
    assert_int_equal(store_job_get(session, STR("J-1"), STORE_NO_LOCK, &c->arena, &job, error),
                     STATUS_JOB_NOT_FOUND);
    TRY(store_keys_find(session, &key, 1, 10, &c->arena, &hits, &count, error));
    assert_int_equal(count, 0);
    TRY(store_suppression_find(session, &hash, 1, &found, error));
    assert_false(found);
    TRY(store_event_list(session, 0, 10, &c->arena, &events, &count, error));
    assert_int_equal(count, 0);
    return STATUS_OK;
}

static void a_rollback_leaves_nothing(struct contract *c)
{
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, write_all_kinds, c, &c->error),
                     STATUS_DUPLICATE_CUSTOMER);
    assert_string_equal(c->error.message, "on second thought");
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, nothing_is_there, c, &c->error),
                     STATUS_OK);
}

static enum status see_own_writes(struct store_session *session, void *context, struct error *error)
{
    struct contract *c = context;
    struct profile_row row = contract_profile(STR("C-1"), 1000), got;
    const struct str key = STR("k");
    struct key_hit *hits;
    size_t count;
    TRY(store_profile_insert(session, &row, error));
    TRY(store_keys_put(session, STR("C-1"), &key, 1, error));
    TRY(store_profile_get(session, STR("C-1"), STORE_LOCK, &c->arena, &got, error));
    assert_int_equal(got.created_at, 1000);
    TRY(store_keys_find(session, &key, 1, 10, &c->arena, &hits, &count, error));
    assert_int_equal(count, 1);
    return STATUS_OK;
}

static void a_unit_of_work_sees_its_own_writes(struct contract *c)
{
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, see_own_writes, c, &c->error),
                     STATUS_OK);
}

struct conflicts {
    struct contract *contract;
    int left;
    int runs;
    size_t used_bytes;
};

static enum status conflict_some_times(struct store_session *session, void *context,
                                       struct error *error)
{
    struct conflicts *conflicts = context;
    struct arena *arena = &conflicts->contract->arena;
    struct profile_row row = contract_profile(STR("C-1"), 1000);
    /* What an earlier run took from the arena was given back. */
    if (conflicts->runs++ == 0)
        conflicts->used_bytes = arena->used_bytes;
    else
        assert_int_equal(arena->used_bytes, conflicts->used_bytes);
    assert_non_null(arena_alloc(arena, 1000));
    TRY(store_profile_insert(session, &row, error)); /* fails if an earlier run left it */
    if (conflicts->left-- > 0) return error_plain(error, STATUS_WRITE_CONFLICT);
    return STATUS_OK;
}

static void a_unit_of_work_with_a_conflict_runs_again(struct contract *c)
{
    struct conflicts conflicts = {.contract = c, .left = 2};
    struct profile_row row;
    assert_int_equal(
        store_write(c->store, c->tenant, &c->arena, conflict_some_times, &conflicts, &c->error),
        STATUS_OK);
    assert_int_equal(conflicts.runs, 3);
    assert_int_equal(contract_get(c, c->tenant, STR("C-1"), &row), STATUS_OK);
}

static void a_conflict_that_stays_is_reported(struct contract *c)
{
    struct conflicts conflicts = {.contract = c, .left = 1000};
    struct profile_row row;
    assert_int_equal(
        store_write(c->store, c->tenant, &c->arena, conflict_some_times, &conflicts, &c->error),
        STATUS_WRITE_CONFLICT);
    assert_true(conflicts.runs > 1 && conflicts.runs < 100);
    assert_int_equal(contract_get(c, c->tenant, STR("C-1"), &row), STATUS_CUSTOMER_NOT_FOUND);
}

/* --- keys --- */

struct key_work {
    const struct str *keys;
    size_t count;
    size_t homes_max;
    struct arena *arena;
    struct key_hit *hits;
    size_t hit_count;
};

static enum status find_keys(struct store_session *session, void *context, struct error *error)
{
    struct key_work *work = context;
    return store_keys_find(session, work->keys, work->count, work->homes_max, work->arena,
                           &work->hits, &work->hit_count, error);
}

static void keys_are_found_in_order_with_their_homes(struct contract *c)
{
    const struct str first[] = {STR("k|b"), STR("k|a"), STR("k|\"odd\\one\"")};
    const struct str second[] = {STR("k|a"), STR("k|z")};
    const struct str asked[] = {STR("k|b"), STR("k|a"), STR("k|nobody"), STR("k|\"odd\\one\""),
                                STR("k|a")};
    contract_put_keys(c, STR("C-2"), first, 3);
    contract_put_keys(c, STR("C-1"), second, 2);
    contract_put_keys(c, STR("C-1"), second, 2); /* again: ignored */
    const struct key_hit expected[] = {{0, STR("C-2")}, {1, STR("C-1")}, {1, STR("C-2")},
                                       {3, STR("C-2")}, {4, STR("C-1")}, {4, STR("C-2")}};
    struct key_work work = {.keys = asked, .count = 5, .homes_max = 10, .arena = &c->arena};
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, find_keys, &work, &c->error),
                     STATUS_OK);
    assert_int_equal(work.hit_count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(work.hits[i].key, expected[i].key);
        assert_str(work.hits[i].home, expected[i].home);
    }
    assert_int_equal(store_read(c->store, c->other_tenant, &c->arena, find_keys, &work, &c->error),
                     STATUS_OK);
    assert_int_equal(work.hit_count, 0);
    work.count = 0;
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, find_keys, &work, &c->error),
                     STATUS_OK);
    assert_int_equal(work.hit_count, 0);
}

static void no_more_homes_of_a_key_are_found_than_asked_for(struct contract *c)
{
    const struct str keys[] = {STR("k|crowded"), STR("k|lonely")};
    for (int i = 0; i < 1010; i++)
        contract_put_keys(c, arena_format(&c->arena, "C-%d", i), keys, i == 7 ? 2 : 1);
    struct key_work work = {.keys = keys, .count = 2, .homes_max = 5, .arena = &c->arena};
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, find_keys, &work, &c->error),
                     STATUS_OK);
    assert_int_equal(work.hit_count, 6);
    assert_int_equal(work.hits[4].key, 0);
    assert_int_equal(work.hits[5].key, 1);
    assert_str(work.hits[5].home, STR("C-7"));
    work.homes_max = STORE_HOMES_MAX;
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, find_keys, &work, &c->error),
                     STATUS_OK);
    assert_int_equal(work.hit_count, STORE_HOMES_MAX + 1);
}

/* --- creating under locked keys --- */

enum { CREATORS = 8, ROUNDS = 25 };

struct creator {
    struct contract *contract;
    int number;
    int round;
    int succeeded;
    struct arena arena;
    pthread_t thread;
};

static atomic_int created[ROUNDS];

/* Both lock both keys, in their order. */
static enum status create_once(struct store_session *session, void *context, struct error *error)
{
    struct creator *creator = context;
    struct arena *arena = &creator->arena;
    struct str keys[2] = {arena_format(arena, "k|a-%d", creator->round),
                          arena_format(arena, "k|b-%d", creator->round)};
    struct key_hit *hits;
    size_t hit_count;
    TRY(store_keys_lock(session, keys, 2, error));
    TRY(store_keys_find(session, keys, 2, 10, arena, &hits, &hit_count, error));
    if (hit_count > 0) return error_plain(error, STATUS_DUPLICATE_CUSTOMER);
    struct str id = arena_format(arena, "C-%d-%d", creator->round, creator->number);
    struct profile_row row = contract_profile(id, 1000);
    TRY(store_profile_insert(session, &row, error));
    return store_keys_put(session, id, keys, 2, error);
}

static void *creator_main(void *argument)
{
    struct creator *creator = argument;
    struct error error;
    arena_init(&creator->arena, 1 << 20);
    for (creator->round = 0; creator->round < ROUNDS; creator->round++) {
        enum status status = store_write(creator->contract->store, creator->contract->tenant,
                                         &creator->arena, create_once, creator, &error);
        if (status == STATUS_OK)
            atomic_fetch_add(&created[creator->round], 1);
        else if (status != STATUS_DUPLICATE_CUSTOMER)
            atomic_fetch_add(&created[creator->round], 1000);
        arena_reset(&creator->arena);
    }
    arena_release(&creator->arena);
    return NULL;
}

static void two_concurrent_creates_of_one_customer_never_both_succeed(struct contract *c)
{
    struct creator creators[CREATORS];
    for (int i = 0; i < ROUNDS; i++) atomic_store(&created[i], 0);
    for (int i = 0; i < CREATORS; i++) {
        creators[i] = (struct creator){.contract = c, .number = i};
        assert_int_equal(pthread_create(&creators[i].thread, NULL, creator_main, &creators[i]), 0);
    }
    for (int i = 0; i < CREATORS; i++) pthread_join(creators[i].thread, NULL);
    for (int i = 0; i < ROUNDS; i++) assert_int_equal(atomic_load(&created[i]), 1);
}

/* --- the feed --- */

enum { WRITERS = 6, CUSTOMERS = 3, WRITES = 100 };

struct feed_writer {
    struct contract *contract;
    int number;
    int write;
    struct arena arena;
    pthread_t thread;
    bool failed;
};

/* All writers change the same few customers: the version says what order they were committed in. */
static enum status change_and_tell(struct store_session *session, void *context,
                                   struct error *error)
{
    struct feed_writer *writer = context;
    struct arena *arena = &writer->arena;
    struct profile_row row;
    struct str id = arena_format(arena, "C-%d", (writer->number + writer->write) % CUSTOMERS);
    TRY(store_profile_get(session, id, STORE_LOCK, arena, &row, error));
    row.version++;
    TRY(store_profile_update(session, &row, error));
    const struct event event = {
        .type = EVENT_PROFILE_UPDATED,
        .event_id = arena_format(arena, "evt-%d-%d", writer->number, writer->write),
        .aggregate_id = id,
        .timestamp = 1000 + row.version,
        .payload = arena_format(arena, "{\"version\":%lld}", (long long)row.version),
        .trace = STR("00-trace-01")};
    return store_event_append(session, &event, error);
}

static void *feed_writer_main(void *argument)
{
    struct feed_writer *writer = argument;
    struct error error;
    arena_init(&writer->arena, 1 << 20);
    for (writer->write = 0; writer->write < WRITES; writer->write++) {
        if (store_write(writer->contract->store, writer->contract->tenant, &writer->arena,
                        change_and_tell, writer, &error) != STATUS_OK)
            writer->failed = true;
        arena_reset(&writer->arena);
    }
    arena_release(&writer->arena);
    return NULL;
}

struct feed_reader {
    int64_t position;
    instant latest[CUSTOMERS]; /* timestamp of the latest event per customer */
    int seen;
};

static void read_feed(struct contract *c, struct feed_reader *reader, size_t limit)
{
    struct event *events;
    struct arena_mark mark = arena_mark(&c->arena);
    size_t count = contract_events(c, reader->position, limit, &c->arena, &events);
    for (size_t i = 0; i < count; i++) {
        assert_true(events[i].position > reader->position);
        reader->position = events[i].position;
        int customer = events[i].aggregate_id.ptr[2] - '0';
        /* One by one: no event of the customer was lost, none came early. */
        assert_int_equal(events[i].timestamp, reader->latest[customer] + 1);
        reader->latest[customer] = events[i].timestamp;
        reader->seen++;
    }
    arena_rewind(&c->arena, mark);
}

static void a_feed_read_under_concurrent_writers_loses_nothing_and_keeps_order(struct contract *c)
{
    struct feed_writer writers[WRITERS];
    struct feed_reader live = {0}, later = {0};
    for (int i = 0; i < CUSTOMERS; i++) {
        contract_insert(c, contract_profile(arena_format(&c->arena, "C-%d", i), 1000));
        live.latest[i] = later.latest[i] = 1001;
    }
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct feed_writer){.contract = c, .number = i};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, feed_writer_main, &writers[i]),
                         0);
    }
    for (int i = 0; i < 100 && live.seen < WRITERS * WRITES; i++) read_feed(c, &live, 7);
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(writers[i].thread, NULL);
        assert_false(writers[i].failed);
    }
    contract_await_events(c, WRITERS * WRITES);
    while (live.seen < WRITERS * WRITES) read_feed(c, &live, 50);
    assert_int_equal(live.seen, WRITERS * WRITES);
    /* Who reads it again later sees the same. */
    read_feed(c, &later, 2 * WRITERS * WRITES);
    assert_int_equal(later.seen, live.seen);
    assert_int_equal(later.position, live.position);
}

struct one_event {
    struct event event;
};

static enum status append_event(struct store_session *session, void *context, struct error *error)
{
    return store_event_append(session, &((struct one_event *)context)->event, error);
}

static void an_event_comes_back_as_it_was_appended(struct contract *c)
{
    struct event *events;
    struct one_event one = {.event = {.type = EVENT_CONSENT_UPDATED,
                                      .event_id = STR("evt-1"),
                                      .aggregate_id = STR("C-1"),
                                      .timestamp = 123456,
                                      .payload = STR("{\"a\":\"\\u00e9\"}"),
                                      .trace = STR("00-1-2-01")}};
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, append_event, &one, &c->error),
                     STATUS_OK);
    one.event.event_id = STR("evt-2");
    one.event.trace = STR_NONE;
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, append_event, &one, &c->error),
                     STATUS_OK);
    contract_await_events(c, 2);
    assert_int_equal(contract_events(c, 0, 10, &c->arena, &events), 2);
    assert_true(events[0].position > 0 && events[1].position > events[0].position);
    assert_int_equal(events[0].type, EVENT_CONSENT_UPDATED);
    assert_str(events[0].event_id, STR("evt-1"));
    assert_str(events[0].aggregate_id, STR("C-1"));
    assert_int_equal(events[0].timestamp, 123456);
    assert_str(events[0].payload, STR("{\"a\":\"\\u00e9\"}"));
    assert_str(events[0].trace, STR("00-1-2-01"));
    assert_true(str_is_none(events[1].trace));
    assert_int_equal(contract_events(c, events[0].position, 10, &c->arena, &events), 1);
    assert_str(events[0].event_id, STR("evt-2"));
    assert_int_equal(contract_events(c, events[0].position, 10, &c->arena, &events), 0);
    c->tenant = c->other_tenant;
    assert_int_equal(contract_events(c, 0, 10, &c->arena, &events), 0);
}

/* --- suppressions --- */

struct suppression_work {
    enum { PUT, FIND, REMOVE } what;
    bool found[3];
};

static enum status suppression_body(struct store_session *session, void *context,
                                    struct error *error)
{
    struct suppression_work *work = context;
    static const struct str hashes[] = {{"h-1", 3}, {"h-2", 3}, {"h-1", 3}};
    switch (work->what) {
    case PUT:
        TRY(store_suppression_put(session, hashes[0], STR("COMPLAINT"), 1000, error));
        return store_suppression_put(session, hashes[0], STR("ERASURE"), 2000, error);
    case FIND:
        return store_suppression_find(session, hashes, 3, work->found, error);
    case REMOVE:
        TRY(store_suppression_remove(session, hashes[1], error)); /* not there: fine */
        return store_suppression_remove(session, hashes[0], error);
    }
    return STATUS_INTERNAL;
}

static void suppress(struct contract *c, struct suppression_work *work)
{
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, suppression_body, work, &c->error),
                     STATUS_OK);
}

static void a_suppression_is_found_until_it_is_removed(struct contract *c)
{
    suppress(c, &(struct suppression_work){.what = PUT});
    struct suppression_work find = {.what = FIND};
    suppress(c, &find);
    assert_true(find.found[0] && !find.found[1] && find.found[2]);
    suppress(c, &(struct suppression_work){.what = REMOVE});
    suppress(c, &find);
    assert_true(!find.found[0] && !find.found[1] && !find.found[2]);
}

/* --- jobs --- */

struct job_work {
    enum { JOB_PUT, JOB_GET, JOB_LIST } what;
    struct job_row job;
    struct str after;
    size_t limit;
    struct arena *arena;
    struct job_row *jobs;
    size_t count;
};

static enum status job_body(struct store_session *session, void *context, struct error *error)
{
    struct job_work *work = context;
    switch (work->what) {
    case JOB_PUT:
        return store_job_put(session, &work->job, error);
    case JOB_GET:
        return store_job_get(session, work->job.job_id, STORE_LOCK, work->arena, &work->job, error);
    case JOB_LIST:
        return store_job_list(session, work->after, work->limit, work->arena, &work->jobs,
                              &work->count, error);
    }
    return STATUS_INTERNAL;
}

static enum status work_on_job(struct contract *c, struct job_work *work)
{
    work->arena = &c->arena;
    return store_write(c->store, c->tenant, &c->arena, job_body, work, &c->error);
}

static void a_job_is_put_replaced_and_got(struct contract *c)
{
    struct job_work work = {.what = JOB_PUT,
                            .job = {.job_id = STR("J-1"),
                                    .kind = STR("IMPORT"),
                                    .state = JOB_QUEUED,
                                    .actor = STR("user-1"),
                                    .document = STR("{\"rows\":0}"),
                                    .created_at = 1000,
                                    .updated_at = 1000}};
    assert_int_equal(work_on_job(c, &work), STATUS_OK);
    work.job.state = JOB_CANCELLED;
    work.job.document = STR("{\"rows\":7}");
    work.job.updated_at = 2000;
    assert_int_equal(work_on_job(c, &work), STATUS_OK);
    struct job_work get = {.what = JOB_GET, .job = {.job_id = STR("J-1")}};
    assert_int_equal(work_on_job(c, &get), STATUS_OK);
    assert_int_equal(get.job.state, JOB_CANCELLED);
    assert_str(get.job.kind, STR("IMPORT"));
    assert_str(get.job.actor, STR("user-1"));
    assert_str(get.job.document, STR("{\"rows\":7}"));
    assert_int_equal(get.job.created_at, 1000);
    assert_int_equal(get.job.updated_at, 2000);
    get.job.job_id = STR("J-2");
    assert_int_equal(work_on_job(c, &get), STATUS_JOB_NOT_FOUND);
}

static void jobs_are_listed_newest_first(struct contract *c)
{
    for (int i = 1; i <= 4; i++) {
        struct job_work work = {.what = JOB_PUT,
                                .job = {.job_id = arena_format(&c->arena, "JOB-0%d", i),
                                        .kind = STR("EXPORT"),
                                        .document = STR("{}")}};
        assert_int_equal(work_on_job(c, &work), STATUS_OK);
    }
    struct job_work list = {.what = JOB_LIST, .limit = 3};
    assert_int_equal(work_on_job(c, &list), STATUS_OK);
    assert_int_equal(list.count, 3);
    assert_str(list.jobs[0].job_id, STR("JOB-04"));
    assert_str(list.jobs[2].job_id, STR("JOB-02"));
    list.after = STR("JOB-02");
    assert_int_equal(work_on_job(c, &list), STATUS_OK);
    assert_int_equal(list.count, 1);
    assert_str(list.jobs[0].job_id, STR("JOB-01"));
}

struct step_work {
    struct contract *contract;
    struct job_step step;
    struct job_step *steps;
    size_t count;
};

static enum status append_step(struct store_session *session, void *context, struct error *error)
{
    const struct step_work *work = context;
    return store_job_step_append(session, &work->step, error);
}

static enum status read_steps(struct store_session *session, void *context, struct error *error)
{
    struct step_work *work = context;
    struct arena *arena = &work->contract->arena;
    TRY(store_job_step_last(session, STR("J-1"), arena, &work->step, error));
    return store_job_step_list(session, STR("J-1"), 1, 2, arena, &work->steps, &work->count, error);
}

static enum status write_step(struct contract *c, int64_t number)
{
    struct step_work work = {
        .contract = c,
        .step = {.job_id = STR("J-1"),
                 .number = number,
                 .document = arena_format(&c->arena, "{\"rows\":%lld}", (long long)number),
                 .homes = number == 2 ? STR("[\"C-1\"]") : STR_NONE,
                 .report = number == 3 ? STR("{}\n") : STR_NONE}};
    return store_write(c->store, c->tenant, &c->arena, append_step, &work, &c->error);
}

static void the_steps_of_a_job_stand_in_order_each_once(struct contract *c)
{
    struct step_work work = {.contract = c};
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, read_steps, &work, &c->error),
                     STATUS_OK);
    assert_int_equal(work.step.number, 0);
    assert_int_equal(work.count, 0);
    for (int64_t number = 1; number <= 4; number++)
        assert_int_equal(write_step(c, number), STATUS_OK);
    assert_int_equal(write_step(c, 4), STATUS_WRITE_CONFLICT);
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, read_steps, &work, &c->error),
                     STATUS_OK);
    assert_int_equal(work.step.number, 4);
    assert_str(work.step.document, STR("{\"rows\":4}"));
    assert_int_equal(work.count, 2);
    assert_int_equal(work.steps[0].number, 2);
    assert_str(work.steps[0].homes, STR("[\"C-1\"]"));
    assert_true(str_is_none(work.steps[0].report));
    assert_true(str_is_none(work.steps[1].homes));
    assert_str(work.steps[1].report, STR("{}\n"));
}

static enum status replace_report(struct store_session *session, void *context, struct error *error)
{
    const struct step_work *work = context;
    return store_job_step_report(session, STR("J-1"), work->step.number, STR("{\"row\":1}\n"),
                                 error);
}

static enum status replace_and_fail(struct store_session *session, void *context,
                                    struct error *error)
{
    TRY(replace_report(session, context, error));
    return error_plain(error, STATUS_ROLLED_BACK);
}

static void the_report_of_a_step_is_replaced_and_nothing_else(struct contract *c)
{
    struct step_work work = {.contract = c};
    for (int64_t number = 1; number <= 3; number++)
        assert_int_equal(write_step(c, number), STATUS_OK);
    work.step.number = 3;
    assert_int_equal(
        store_write(c->store, c->tenant, &c->arena, replace_and_fail, &work, &c->error),
        STATUS_ROLLED_BACK);
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, read_steps, &work, &c->error),
                     STATUS_OK);
    assert_str(work.steps[1].report, STR("{}\n"));
    work.step.number = 3;
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, replace_report, &work, &c->error),
                     STATUS_OK);
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, read_steps, &work, &c->error),
                     STATUS_OK);
    assert_true(str_is_none(work.steps[0].report));
    assert_str(work.steps[0].homes, STR("[\"C-1\"]"));
    assert_str(work.steps[1].report, STR("{\"row\":1}\n"));
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(a_rollback_leaves_nothing),
        CONTRACT(a_unit_of_work_sees_its_own_writes),
        CONTRACT(a_unit_of_work_with_a_conflict_runs_again),
        CONTRACT(a_conflict_that_stays_is_reported),
        CONTRACT(keys_are_found_in_order_with_their_homes),
        CONTRACT(no_more_homes_of_a_key_are_found_than_asked_for),
        CONTRACT(two_concurrent_creates_of_one_customer_never_both_succeed),
        CONTRACT(a_feed_read_under_concurrent_writers_loses_nothing_and_keeps_order),
        CONTRACT(an_event_comes_back_as_it_was_appended),
        CONTRACT(a_suppression_is_found_until_it_is_removed),
        CONTRACT(a_job_is_put_replaced_and_got),
        CONTRACT(jobs_are_listed_newest_first),
        CONTRACT(the_steps_of_a_job_stand_in_order_each_once),
        CONTRACT(the_report_of_a_step_is_replaced_and_nothing_else),
    };
    return contract_run(cases, UNIT_COUNT(cases));
}
