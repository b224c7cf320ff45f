/* The feed on PostgreSQL with two instances that number and sixteen writers. */
#include <postgresql/libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/store/postgres_sequencer.h"
#include "postgres_server.h"
#include "unit.h"

enum { WRITERS = 16, WRITES = 60, AGGREGATES = 5, INSTANCES = 2, EVENTS = WRITERS * WRITES };

static struct postgres_server server;
static char database[32];

struct instance {
    struct store *store;
    struct loop *loop;
    struct postgres_sequencer *sequencer;
    pthread_t thread;
    atomic_int numbered;
};

static void count_numbered(void *argument)
{
    atomic_fetch_add(&((struct instance *)argument)->numbered, 1);
}

static void *run_loop(void *argument)
{
    loop_run(argument);
    return NULL;
}

static void start_instance_with(struct instance *instance, int64_t statement_timeout_ms)
{
    struct error error;
    const struct postgres_options options = {
        .url = postgres_server_url(&server, POSTGRES_RUNTIME, database),
        .connections_per_loop = 2,
        .readers_per_loop = 1,
        .connect_timeout_ms = 10000,
        .statement_timeout_ms = statement_timeout_ms};
    *instance = (struct instance){.loop = loop_new(0)};
    assert_int_equal(postgres_store_open(&options, 0, &instance->store, &error), STATUS_OK);
    assert_int_equal(postgres_sequencer_start(instance->store, instance->loop, count_numbered,
                                              instance, &instance->sequencer, &error),
                     STATUS_OK);
    assert_int_equal(pthread_create(&instance->thread, NULL, run_loop, instance->loop), 0);
}

static void start_instance(struct instance *instance)
{
    start_instance_with(instance, 30000);
}

static void stop_loop(void *argument)
{
    loop_stop(argument);
}

static void stop_sequencer(void *argument)
{
    struct instance *instance = argument;
    postgres_sequencer_stop(instance->sequencer, stop_loop, instance->loop);
}

static void stop_instance(struct instance *instance)
{
    assert_true(loop_post(instance->loop, stop_sequencer, instance));
    pthread_join(instance->thread, NULL);
    sql_store_free(instance->store);
    loop_free(instance->loop);
}

/* --- writing --- */

struct change {
    struct str id;
    struct arena *arena;
};

static struct profile_row new_profile(struct str id)
{
    return (struct profile_row){.customer_id = id,
                                .version = 0,
                                .erased_at = INSTANT_NONE,
                                .kind = STR("PERSON"),
                                .status = STR("ACTIVE"),
                                .name = STR("x")};
}

static enum status insert(struct store_session *session, void *context, struct error *error)
{
    struct profile_row row = new_profile(*(struct str *)context);
    return store_profile_insert(session, &row, error);
}

/* The version counts the changes of a customer under its lock, and goes into the event. */
static enum status change(struct store_session *session, void *context, struct error *error)
{
    struct change *change = context;
    struct profile_row row;
    TRY(store_profile_get(session, change->id, STORE_LOCK, change->arena, &row, error));
    row.version++;
    TRY(store_profile_update(session, &row, error));
    struct event event = {
        .type = EVENT_PROFILE_UPDATED,
        .event_id =
            arena_format(change->arena, "%.*s-%lld", STR_ARGS(change->id), (long long)row.version),
        .aggregate_id = change->id,
        .timestamp = row.version,
        .payload = arena_format(change->arena, "{\"n\":%lld}", (long long)row.version)};
    return store_event_append(session, &event, error);
}

static struct str aggregate(int number)
{
    static const char *const names[AGGREGATES] = {"C-0", "C-1", "C-2", "C-3", "C-4"};
    return str_from_cstr(names[number % AGGREGATES]);
}

struct writer {
    struct store *store;
    int number;
    bool tolerates; /* that connections are cut: then tries again what certainly did not happen */
    int written;
    int unknown;
};

static void *write_many(void *argument)
{
    struct writer *writer = argument;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    for (int i = 0; i < WRITES;) {
        struct error error = {0};
        struct change one = {aggregate(writer->number + i), &arena};
        enum status status = store_write(writer->store, STR("t1"), &arena, change, &one, &error);
        arena_reset(&arena);
        if (status == STATUS_OK) writer->written++;
        if (status == STATUS_OUTCOME_UNKNOWN) writer->unknown++;
        bool again = writer->tolerates && status == STATUS_UNAVAILABLE;
        if (again) nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        if (!again) i++;
        if (status != STATUS_OK && !writer->tolerates) print_message("# %s\n", error.message);
    }
    arena_release(&arena);
    return NULL;
}

/* --- reading --- */

struct reading {
    struct store *store;
    struct arena *arena;
    int64_t after;
    struct event *events;
    size_t count;
    /* What was seen so far. */
    int64_t last_of[AGGREGATES];
    size_t seen;
    size_t out_of_order;
};

static enum status list(struct store_session *session, void *context, struct error *error)
{
    struct reading *reading = context;
    return store_event_list(session, reading->after, 37, reading->arena, &reading->events,
                            &reading->count, error);
}

static void take_events(struct reading *reading)
{
    for (size_t i = 0; i < reading->count; i++) {
        const struct event *event = &reading->events[i];
        int64_t *last = &reading->last_of[event->aggregate_id.ptr[2] - '0'];
        if (event->position <= reading->after || event->timestamp != *last + 1)
            reading->out_of_order++;
        *last = event->timestamp;
        reading->after = event->position;
        reading->seen++;
    }
}

static void read_to_end(struct reading *reading, size_t expected)
{
    struct arena arena;
    arena_init(&arena, 1 << 22);
    reading->arena = &arena;
    for (int rounds = 0; reading->seen < expected && rounds < 3000; rounds++) {
        struct error error;
        enum status status = store_read(reading->store, STR("t1"), &arena, list, reading, &error);
        if (status == STATUS_OK) take_events(reading);
        arena_reset(&arena);
        if (status != STATUS_OK || reading->count == 0)
            nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    arena_release(&arena);
}

/* --- the tests --- */

static int fresh_database(void **state)
{
    (void)state;
    const char *name = postgres_server_database(&server);
    if (!name) return -1;
    snprintf(database, sizeof(database), "%s", name);
    return 0;
}

static void insert_aggregates(struct store *store)
{
    struct arena arena;
    arena_init(&arena, 1 << 20);
    for (int i = 0; i < AGGREGATES; i++) {
        struct str id = aggregate(i);
        struct error error;
        assert_int_equal(store_write(store, STR("t1"), &arena, insert, &id, &error), STATUS_OK);
    }
    arena_release(&arena);
}

static void start_writers(struct writer *writers, pthread_t *threads, struct instance *instances,
                          bool tolerate)
{
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){
            .store = instances[i % INSTANCES].store, .number = i, .tolerates = tolerate};
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, &writers[i]), 0);
    }
}

static size_t join_writers(struct writer *writers, pthread_t *threads, size_t *unknown)
{
    size_t written = 0;
    *unknown = 0;
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        written += (size_t)writers[i].written;
        *unknown += (size_t)writers[i].unknown;
    }
    return written;
}

static void sixteen_writers_and_two_instances_lose_and_reorder_nothing(void **state)
{
    (void)state;
    struct instance instances[INSTANCES];
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS];
    size_t unknown;
    for (int i = 0; i < INSTANCES; i++) start_instance(&instances[i]);
    insert_aggregates(instances[0].store);
    start_writers(writers, threads, instances, false);
    struct reading live = {.store = instances[1].store};
    read_to_end(&live, EVENTS);
    assert_int_equal(join_writers(writers, threads, &unknown), EVENTS);
    assert_int_equal(live.seen, EVENTS);
    assert_int_equal(live.out_of_order, 0);
    /* What is read later is what was read then. */
    struct reading again = {.store = instances[0].store};
    read_to_end(&again, EVENTS);
    assert_int_equal(again.out_of_order, 0);
    assert_int_equal(again.after, live.after);
    assert_int_equal(live.after, EVENTS); /* no position is skipped */
    assert_true(instances[0].numbered + instances[1].numbered > 0);
    for (int i = 0; i < INSTANCES; i++) stop_instance(&instances[i]);
}

static void the_feed_survives_that_all_connections_are_cut_again_and_again(void **state)
{
    (void)state;
    struct instance instances[INSTANCES];
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS];
    size_t unknown;
    char count[32];
    for (int i = 0; i < INSTANCES; i++) start_instance(&instances[i]);
    insert_aggregates(instances[0].store);
    start_writers(writers, threads, instances, true);
    for (int i = 0; i < 10; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 60000000}, NULL);
        assert_true(postgres_server_run(&server, database,
                                        "select pg_terminate_backend(pid) from pg_stat_activity "
                                        "where usename = '" POSTGRES_RUNTIME "'",
                                        NULL, 0));
    }
    size_t written = join_writers(writers, threads, &unknown);
    /* The store itself says how many happened: all that were acknowledged, and of the unknown ones
     * some. */
    assert_true(postgres_server_run(&server, database, "select sum(version) from profile", count,
                                    sizeof(count)));
    size_t happened = (size_t)strtol(count, NULL, 10);
    assert_true(happened >= written && happened <= written + unknown);
    struct reading reading = {.store = instances[0].store};
    read_to_end(&reading, happened);
    assert_int_equal(reading.seen, happened);
    assert_int_equal(reading.out_of_order, 0);
    for (int i = 0; i < INSTANCES; i++) stop_instance(&instances[i]);
}

static void what_a_crashed_instance_left_is_numbered(void **state)
{
    (void)state;
    struct instance instance;
    start_instance(&instance);
    assert_true(postgres_server_run(
        &server, database,
        "insert into outbox (tenant_id, type, event_id, aggregate_id, recorded_at, payload) values "
        "('t1', 'CustomerProfileUpdatedEvent', 'e1', 'C-0', 1, '{}')",
        NULL, 0));
    struct reading reading = {.store = instance.store};
    read_to_end(&reading, 1);
    assert_int_equal(reading.seen, 1);
    stop_instance(&instance);
}

/* Has a customer's row, has said so, and says nothing any more: neither idle nor running. */
static PGconn *fall_silent(const char *application, const char *customer)
{
    char name[64];
    PGconn *silent = PQconnectdb(postgres_server_url(&server, POSTGRES_RUNTIME, database).ptr);
    assert_int_equal(PQstatus(silent), CONNECTION_OK);
    snprintf(name, sizeof(name), "set application_name = '%s'", application);
    PQclear(PQexec(silent, name));
    PQclear(PQexec(silent, "set app.tenant = 't1'"));
    assert_true(PQenterPipelineMode(silent));
    assert_true(PQsendQueryParams(silent, "begin", 0, NULL, NULL, NULL, NULL, 0));
    assert_true(PQsendQueryParams(silent,
                                  "select version from profile where tenant_id = 't1' and "
                                  "customer_id = $1 for update",
                                  1, NULL, &customer, NULL, NULL, 0));
    assert_true(PQsendFlushRequest(silent));
    assert_int_equal(PQflush(silent), 0);
    PQclear(PQgetResult(silent));
    PQclear(PQgetResult(silent)); /* NULL: the end of the first */
    PGresult *locked = PQgetResult(silent);
    assert_int_equal(PQntuples(locked), 1);
    PQclear(locked);
    return silent;
}

static bool is_there(PGconn *session)
{
    char statement[96], count[8] = "";
    snprintf(statement, sizeof(statement), "select count(*) from pg_stat_activity where pid = %d",
             PQbackendPID(session));
    assert_true(postgres_server_run(&server, database, statement, count, sizeof(count)));
    return strtol(count, NULL, 10) == 1;
}

static void what_a_session_locked_that_fell_silent_is_free_again(void **state)
{
    (void)state;
    struct instance instance;
    struct error error;
    struct arena arena;
    enum status status = STATUS_UNAVAILABLE;
    arena_init(&arena, 1 << 20);
    struct change one = {aggregate(0), &arena};
    start_instance_with(&instance, 1000);
    insert_aggregates(instance.store);
    PGconn *other = fall_silent("psql", "C-1");
    PGconn *silent = fall_silent("customer360", "C-0");
    for (int tries = 0; tries < 60 && status != STATUS_OK; tries++)
        status = store_write(instance.store, STR("t1"), &arena, change, &one, &error);
    assert_int_equal(status, STATUS_OK);
    assert_false(is_there(silent));
    assert_true(is_there(other)); /* of another program: not ours to end */
    PQfinish(silent);
    PQfinish(other);
    stop_instance(&instance);
    arena_release(&arena);
}

static int start(void **state)
{
    (void)state;
    return postgres_server_start(&server) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    postgres_server_stop(&server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(sixteen_writers_and_two_instances_lose_and_reorder_nothing,
                               fresh_database),
        cmocka_unit_test_setup(the_feed_survives_that_all_connections_are_cut_again_and_again,
                               fresh_database),
        cmocka_unit_test_setup(what_a_crashed_instance_left_is_numbered, fresh_database),
        cmocka_unit_test_setup(what_a_session_locked_that_fell_silent_is_free_again,
                               fresh_database),
    };
    return cmocka_run_group_tests_name("feed on PostgreSQL", tests, start, stop);
}
