#include "contract.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "adapters/memory/memory_store.h"
#include "adapters/store/postgres_sequencer.h"
#include "adapters/store/sqlite_store.h"
#include "postgres_server.h"
#include "sql_statements.h"

enum { ARENA_BYTES = 256 * 1024 * 1024, MEMORY_STORE_BYTES = 512 * 1024 * 1024 };

/* --- the adapters --- */

struct adapter {
    const char *name;
    struct store *(*open)(void);
    void (*close)(struct store *store);
    struct store *store;
    bool many_write;
};

static struct store *open_memory(void)
{
    struct store *store;
    assert_int_equal(memory_store_new(MEMORY_STORE_BYTES, &store), STATUS_OK);
    return store;
}

static char directory[64];

static struct store *open_sqlite(void)
{
    struct error error;
    struct store *store;
    int applied;
    static char path[96];
    snprintf(directory, sizeof(directory), "/tmp/contract-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/store.db", directory);
    const struct sqlite_options options = {
        .path = str_from_cstr(path), .busy_timeout_ms = 1000, .mmap_bytes = 1 << 28};
    assert_int_equal(sqlite_migrate(options.path, sql_migrations_sqlite,
                                    sql_migrations_sqlite_count, &applied, &error),
                     STATUS_OK);
    assert_int_equal(sqlite_store_open(&options, 1 << 20, 1 << 20, &store, &error), STATUS_OK);
    return store;
}

static void close_sqlite(struct store *store)
{
    static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm",
                                        "store.db.lock"};
    sql_store_free(store);
    for (size_t i = 0; i < UNIT_COUNT(names); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
        unlink(path);
    }
    rmdir(directory);
}

/* A server of its own, and a thread that numbers the events, as an instance of the service has. */
static struct postgres_server server;
static const char *database;
static struct loop *feed_loop;
static pthread_t feed_thread;
static struct postgres_sequencer *feed_sequencer;

static void *run_feed(void *argument)
{
    loop_run(argument);
    return NULL;
}

static struct store *open_postgres(void)
{
    struct error error;
    struct store *store;
    assert_true(postgres_server_start(&server));
    database = postgres_server_database(&server);
    assert_non_null(database);
    const struct postgres_options options = {
        .url = postgres_server_url(&server, POSTGRES_RUNTIME, database),
        .connections_per_loop = 4,
        .readers_per_loop = 1,
        .connect_timeout_ms = 5000,
        .statement_timeout_ms = 30000};
    if (postgres_store_open(&options, 1 << 20, &store, &error) != STATUS_OK)
        fail_msg("PostgreSQL: %s", error.message);
    feed_loop = loop_new(0);
    assert_int_equal(
        postgres_sequencer_start(store, feed_loop, NULL, NULL, &feed_sequencer, &error), STATUS_OK);
    assert_int_equal(pthread_create(&feed_thread, NULL, run_feed, feed_loop), 0);
    return store;
}

static void stop_feed_loop(void *argument)
{
    loop_stop(argument);
}

static void stop_feed(void *argument)
{
    postgres_sequencer_stop(feed_sequencer, stop_feed_loop, argument);
}

static void close_postgres(struct store *store)
{
    if (loop_post(feed_loop, stop_feed, feed_loop)) pthread_join(feed_thread, NULL);
    sql_store_free(store);
    loop_free(feed_loop);
    postgres_server_stop(&server);
}

enum { PATIENCE_MS = 60000 };

void contract_await(const atomic_bool *flag)
{
    for (int i = 0; i < PATIENCE_MS && !atomic_load(flag); i++) (void)usleep(1000);
    assert_true(atomic_load(flag));
}

void contract_await_lock(const struct contract *contract)
{
    static const char *const ask =
        "select count(*) from pg_stat_activity where datname = current_database() and "
        "wait_event_type = 'Lock' and usename = '" POSTGRES_RUNTIME "'";
    char cell[32] = "0";
    for (int i = 0; contract->many_write && i < PATIENCE_MS / 10; i++) {
        assert_true(postgres_server_run(&server, database, ask, cell, sizeof(cell)));
        if (strtol(cell, NULL, 10) > 0) return;
        (void)usleep(10 * 1000);
    }
    assert_false(contract->many_write);
}

/* A session adds what it counted to the database's counts when it ends, if not before. */
int contract_deadlocks(const struct contract *contract)
{
    static const char *const end =
        "select pg_terminate_backend(pid, 60000) from pg_stat_activity "
        "where datname = current_database() and usename = '" POSTGRES_RUNTIME "'";
    static const char *const ask =
        "select deadlocks from pg_stat_database where datname = current_database()";
    char cell[32] = "";
    if (!contract->many_write) return 0;
    assert_true(postgres_server_run(&server, database, end, NULL, 0));
    assert_true(postgres_server_run(&server, database, ask, cell, sizeof(cell)));
    return (int)strtol(cell, NULL, 10);
}

void contract_set_reachable(const struct contract *contract, bool reachable)
{
    char text[400];
    assert_true(contract->many_write);
    snprintf(text, sizeof(text),
             "alter database \"%s\" allow_connections %s; "
             "select pg_terminate_backend(pid, 60000) from pg_stat_activity where datname = '%s'",
             database, reachable ? "true" : "false", database);
    assert_true(postgres_server_run(&server, "postgres", text, NULL, 0));
}

static struct adapter adapters[] = {
    {.name = "memory", .open = open_memory, .close = memory_store_free},
    {.name = "SQLite", .open = open_sqlite, .close = close_sqlite},
    {.name = "PostgreSQL", .open = open_postgres, .close = close_postgres, .many_write = true},
};

/* --- running --- */

struct run {
    struct adapter *adapter;
    const struct contract_case *one;
    char name[256];
    char tenant[64];
    char other_tenant[64];
};

static void run_one(void **state)
{
    static int number;
    struct run *run = *state;
    struct contract contract = {.store = run->adapter->store,
                                .many_write = run->adapter->many_write};
    /* The process id keeps runs against one server apart. */
    snprintf(run->tenant, sizeof(run->tenant), "tenant-%d-%d", (int)getpid(), number);
    snprintf(run->other_tenant, sizeof(run->other_tenant), "tenant-%d-%d-other", (int)getpid(),
             number++);
    contract.tenant = str_from_cstr(run->tenant);
    contract.other_tenant = str_from_cstr(run->other_tenant);
    arena_init(&contract.arena, ARENA_BYTES);
    run->one->test(&contract);
    arena_release(&contract.arena);
}

int contract_run(const struct contract_case *cases, size_t count)
{
    size_t total = count * UNIT_COUNT(adapters), at = 0;
    struct run *runs = calloc(total, sizeof(*runs));
    struct CMUnitTest *tests = calloc(total, sizeof(*tests));
    if (!runs || !tests) return 1;
    for (size_t a = 0; a < UNIT_COUNT(adapters); a++) {
        adapters[a].store = adapters[a].open();
        for (size_t i = 0; i < count; i++, at++) {
            runs[at] = (struct run){.adapter = &adapters[a], .one = &cases[i]};
            snprintf(runs[at].name, sizeof(runs[at].name), "%s: %s", adapters[a].name,
                     cases[i].name);
            tests[at] = (struct CMUnitTest){
                .name = runs[at].name, .test_func = run_one, .initial_state = &runs[at]};
        }
    }
    int failed = _cmocka_run_group_tests("store contract", tests, at, NULL, NULL);
    for (size_t a = 0; a < UNIT_COUNT(adapters); a++)
        if (adapters[a].store) adapters[a].close(adapters[a].store);
    free(tests);
    free(runs);
    return failed;
}

/* --- one operation in a unit of work --- */

struct operation {
    enum { INSERT, UPDATE, APPEND_FACT, MERGE, PUT_KEYS, TREE, GET, EVENTS } kind;
    struct arena *arena;
    struct profile_row row;
    struct fact fact;
    struct merge merge;
    struct str id;
    instant as_of;
    struct tree tree;
    const struct str *keys;
    size_t count;
    int64_t after;
    struct event *events;
};

static enum status operate(struct store_session *session, void *context, struct error *error)
{
    struct operation *o = context;
    switch (o->kind) {
    case INSERT:
        return store_profile_insert(session, &o->row, error);
    case UPDATE:
        TRY(store_profile_get(session, o->row.customer_id, STORE_LOCK, o->arena,
                              &(struct profile_row){0}, error));
        return store_profile_update(session, &o->row, error);
    case APPEND_FACT:
        return store_fact_append(session, &o->fact, error);
    case MERGE:
        return store_merge_insert(session, &o->merge, error);
    case PUT_KEYS:
        return store_keys_put(session, o->id, o->keys, o->count, error);
    case TREE:
        return store_tree_load(session, o->id, o->as_of, o->arena, &o->tree, error);
    case GET:
        return store_profile_get(session, o->id, STORE_NO_LOCK, o->arena, &o->row, error);
    case EVENTS:
        return store_event_list(session, o->after, o->count, o->arena, &o->events, &o->count,
                                error);
    }
    return STATUS_INTERNAL;
}

static void must(struct contract *contract, struct str tenant, struct operation *operation)
{
    operation->arena = &contract->arena;
    enum status status = store_write(contract->store, tenant, &contract->arena, operate, operation,
                                     &contract->error);
    if (status != STATUS_OK)
        fail_msg("%.*s: %s", STR_ARGS(status_code(status)), contract->error.message);
}

static enum status read_it(struct contract *contract, struct str tenant, struct arena *arena,
                           struct operation *operation)
{
    operation->arena = arena;
    return store_read(contract->store, tenant, arena, operate, operation, &contract->error);
}

struct profile_row contract_profile(struct str id, instant at)
{
    return (struct profile_row){
        .customer_id = id,
        .version = 1,
        .created_at = at,
        .updated_at = at,
        .erased_at = INSTANT_NONE,
        .kind = STR("ORGANIZATION"),
        .status = STR("ACTIVE"),
        .name = STR("Acme"),
        .document = STR("{\"name\":\"Acme\"}"),
    };
}

struct fact contract_fact(struct str home, struct str subject, instant at, struct arena *arena)
{
    struct fact fact = {.home = home,
                        .kind = FACT_ASSERTION,
                        .subject = subject,
                        .source = SOURCE_CRM,
                        .observed_at = at,
                        .recorded_at = at,
                        .actor = STR("user-1")};
    assert_int_equal(json_parse(STR("{\"name\":\"Acme\"}"), arena, &fact.body, NULL), STATUS_OK);
    return fact;
}

void contract_insert(struct contract *contract, struct profile_row row)
{
    contract_insert_for(contract, contract->tenant, row);
}

void contract_insert_for(struct contract *contract, struct str tenant, struct profile_row row)
{
    must(contract, tenant, &(struct operation){.kind = INSERT, .row = row});
}

void contract_update(struct contract *contract, struct profile_row row)
{
    must(contract, contract->tenant, &(struct operation){.kind = UPDATE, .row = row});
}

void contract_append_fact(struct contract *contract, struct fact fact)
{
    must(contract, contract->tenant, &(struct operation){.kind = APPEND_FACT, .fact = fact});
}

void contract_merge(struct contract *contract, struct merge merge)
{
    must(contract, contract->tenant, &(struct operation){.kind = MERGE, .merge = merge});
}

void contract_put_keys(struct contract *contract, struct str home, const struct str *keys,
                       size_t count)
{
    must(contract, contract->tenant,
         &(struct operation){.kind = PUT_KEYS, .id = home, .keys = keys, .count = count});
}

enum status contract_tree(struct contract *contract, struct str root, instant as_of,
                          struct tree *tree)
{
    struct operation operation = {.kind = TREE, .id = root, .as_of = as_of};
    enum status status = read_it(contract, contract->tenant, &contract->arena, &operation);
    *tree = operation.tree;
    return status;
}

enum status contract_get(struct contract *contract, struct str tenant, struct str id,
                         struct profile_row *row)
{
    struct operation operation = {.kind = GET, .id = id};
    enum status status = read_it(contract, tenant, &contract->arena, &operation);
    *row = operation.row;
    return status;
}

size_t contract_events(struct contract *contract, int64_t after, size_t limit, struct arena *arena,
                       struct event **events)
{
    struct operation operation = {.kind = EVENTS, .after = after, .count = limit};
    assert_int_equal(read_it(contract, contract->tenant, arena, &operation), STATUS_OK);
    *events = operation.events;
    return operation.count;
}

void contract_await_events(struct contract *contract, size_t count)
{
    struct event *events;
    for (int i = 0; i < 1000; i++) {
        struct arena_mark mark = arena_mark(&contract->arena);
        size_t seen = contract_events(contract, 0, count, &contract->arena, &events);
        arena_rewind(&contract->arena, mark);
        if (seen == count) return;
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
    }
    fail_msg("%zu events did not appear in the feed", count);
}
