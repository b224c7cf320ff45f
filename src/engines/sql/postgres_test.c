/* The PostgreSQL engine on a real server. */

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engines/loop/loop.h"
#include "engines/sql/sql.h"
#include "postgres_server.h"
#include "unit.h"

static struct postgres_server server;
static char database[32];

#define STATEMENT(variable, number, text_)                                                         \
    static const struct sql_statement variable = {.name = {#variable, sizeof(#variable) - 1},      \
                                                  .postgres = {text_, sizeof(text_) - 1},          \
                                                  .conflict = STATUS_CUSTOMER_EXISTS,              \
                                                  .index = (number)}
STATEMENT(echo, 200, "select $1::text, $2::bigint, $3::text");
STATEMENT(whose, 201, "select current_setting('app.tenant')");
STATEMENT(fails, 202, "select 1 / $1::int");
STATEMENT(nap, 203, "select pg_sleep($1::float8)");
STATEMENT(make, 204, "insert into note (tenant_id, id, body) values ($1, $2, $3)");
STATEMENT(find, 205, "select body from note where tenant_id = $1 and id = $2");
STATEMENT(lock, 206, "select body from note where tenant_id = $1 and id = $2 for update");
STATEMENT(count_any, 207, "select count(*) from note where id = any ($1::text[])");
STATEMENT(die, 208, "select pg_terminate_backend(pg_backend_pid())");
STATEMENT(mode, 209,
          "select current_setting('transaction_isolation'), "
          "current_setting('transaction_read_only')");
STATEMENT(missing, 211, "select * from no_such_table");
STATEMENT(list, 212, "select id, body from note order by id");
STATEMENT(of_keys, 213,
          "select k, 1 / length(k), current_setting('app.tenant'), cardinality($1::text[]) "
          "from (select distinct unnest($1::text[]) k) keys where k <> 'gone'");
static const struct sql_statement of_key = {
    .name = {"of_key", 6},
    .postgres = STR("select $1, 1 / length($1::text), current_setting('app.tenant'), 1 "
                    "where $1::text <> 'gone'"),
    .many = &of_keys,
    .index = 214};

struct fixture {
    struct sql_driver *driver;
    struct arena arena;
    struct error error;
};

static const struct sql_migration note_migration = {
    .number = 1,
    .name = {"note", 4},
    .text = STR("create table note (tenant_id text not null, id text not null, body text, "
                "primary key (tenant_id, id)); alter table note enable row level security, force "
                "row level security; create policy tenant on note using (tenant_id = "
                "current_setting('app.tenant', true));")};

static struct sql_driver *open_driver(struct str url, size_t connections)
{
    struct postgres_options options = {.url = url,
                                       .connections_per_loop = connections,
                                       .readers_per_loop = 2,
                                       .connect_timeout_ms = 20000,
                                       .statement_timeout_ms = 5000};
    struct sql_driver *driver;
    struct error error;
    assert_int_equal(postgres_open(&options, &driver, &error), STATUS_OK);
    return driver;
}

static int setup(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){
        .driver = open_driver(postgres_server_url(&server, POSTGRES_RUNTIME, database), 4)};
    arena_init(&fixture.arena, 1 << 24);
    *state = &fixture;
    return postgres_server_run(&server, database, "truncate note", NULL, 0) ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    if (fixture->driver) fixture->driver->free(fixture->driver);
    arena_release(&fixture->arena);
    return 0;
}

/* Runs as a coroutine of a loop; the driver is freed before the loop. */
static struct loop *test_loop;
static void (*test_body)(struct fixture *);
static void run_body(void *argument)
{
    test_body(argument);
    loop_stop(test_loop);
}
static void in_loop(struct fixture *fixture, void (*body)(struct fixture *))
{
    test_loop = loop_new(0);
    test_body = body;
    assert_true(loop_spawn(test_loop, run_body, fixture));
    loop_run(test_loop);
    fixture->driver->free(fixture->driver);
    fixture->driver = NULL;
    loop_free(test_loop);
}

/* --- single statements --- */

static void ask_everything(struct fixture *fixture)
{
    struct sql_rows rows;
    struct sql_value params[] = {SQL_PARAM_TEXT(STR("it's \xc3\xa4 \"quote\"\\")),
                                 SQL_PARAM_INT64(INT64_MIN), SQL_PARAM_NULL};
    assert_int_equal(fixture->driver->query_one(fixture->driver, STR("t1"), &echo, params, 3,
                                                &fixture->arena, &rows, &fixture->error),
                     STATUS_OK);
    assert_int_equal(rows.row_count, 1);
    assert_int_equal(rows.column_count, 3);
    assert_true(str_equal(sql_cell(&rows, 0, 0), params[0].text));
    assert_true(sql_cell_int64(&rows, 0, 1, 0) == INT64_MIN);
    assert_true(str_is_none(sql_cell(&rows, 0, 2)));
    struct str ids[] = {STR("a"), STR("b,{}\"\\"), STR("")};
    struct sql_value array = SQL_PARAM_ARRAY(ids, 3);
    assert_int_equal(fixture->driver->query_one(fixture->driver, STR("t1"), &count_any, &array, 1,
                                                &fixture->arena, &rows, &fixture->error),
                     STATUS_OK);
    assert_true(sql_cell_int64(&rows, 0, 0, -1) == 0);
    array = SQL_PARAM_ARRAY(ids, 0);
    assert_int_equal(fixture->driver->query_one(fixture->driver, STR("t1"), &count_any, &array, 1,
                                                &fixture->arena, &rows, &fixture->error),
                     STATUS_OK);
    assert_int_equal(fixture->driver->ready(fixture->driver, &fixture->error), STATUS_OK);
}

static void values_come_back_as_they_went_without_a_loop(void **state)
{
    ask_everything(*state);
}
static void values_come_back_as_they_went_in_a_coroutine(void **state)
{
    in_loop(*state, ask_everything);
}

struct many {
    struct fixture *fixture;
    int asked, right, failed, shared, running;
    struct coroutine *waiting;
};
struct one {
    struct many *many;
    int number;
};

/* Those that wait share a statement; an empty key fails, and alone. */
static bool asks_for_key(struct many *many, struct str tenant, int number, struct arena *arena)
{
    struct sql_driver *sql = many->fixture->driver;
    struct str key = number % 11 == 0 ? STR("") : number % 5 == 0 ? STR("gone") : STR("a");
    if (number % 3 == 1 && key.len == 1) key = arena_format(arena, "k%d", number);
    struct sql_value param = SQL_PARAM_TEXT(key);
    struct sql_rows rows;
    struct error error;
    enum status status = sql->query_one(sql, tenant, &of_key, &param, 1, arena, &rows, &error);
    if (key.len == 0) return status == STATUS_INTERNAL;
    if (status != STATUS_OK || rows.row_count != (key.ptr[0] != 'g')) return false;
    if (key.ptr[0] == 'g') return true;
    many->shared += sql_cell_int64(&rows, 0, 3, 0) > 1;
    return str_equal(sql_cell(&rows, 0, 0), key) && str_equal(sql_cell(&rows, 0, 2), tenant);
}

static void ask_as_tenant(void *argument)
{
    struct one *one = argument;
    struct many *many = one->many;
    struct sql_driver *driver = many->fixture->driver;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    for (int i = 0; i < 50; i++) {
        char text[16];
        struct str tenant =
            str_of(text, (size_t)snprintf(text, sizeof(text), "t%d", (one->number + i) % 7));
        struct sql_rows rows;
        struct error error;
        /* Every 11th statement fails and must harm nobody else. */
        bool fail = (one->number * 50 + i) % 11 == 0;
        struct sql_value zero = SQL_PARAM_INT64(0);
        enum status status = driver->query_one(driver, tenant, fail ? &fails : &whose, &zero,
                                               fail ? 1 : 0, &arena, &rows, &error);
        many->asked++;
        if (fail) {
            many->failed += status == STATUS_INTERNAL;
            many->right += status == STATUS_INTERNAL;
        } else {
            many->right += status == STATUS_OK && str_equal(sql_cell(&rows, 0, 0), tenant);
        }
        many->right += asks_for_key(many, tenant, one->number * 50 + i, &arena);
        arena_reset(&arena);
    }
    arena_release(&arena);
    if (--many->running == 0) coroutine_resume(many->waiting);
}

static void ask_in_many_coroutines(struct fixture *fixture)
{
    static struct one ones[100];
    struct many many = {.fixture = fixture, .running = 100, .waiting = coroutine_current()};
    for (int i = 0; i < 100; i++) {
        ones[i] = (struct one){&many, i};
        assert_true(loop_spawn(loop_current(), ask_as_tenant, &ones[i]));
    }
    coroutine_suspend();
    assert_int_equal(many.asked, 5000);
    assert_int_equal(many.right, 10000);
    assert_int_equal(many.failed, 455);
    assert_true(many.shared > 0);
}

static void batches_of_seven_tenants_with_failures_give_each_its_own_answer(void **state)
{
    in_loop(*state, ask_in_many_coroutines);
}

static void ask_and_be_cut(void *argument)
{
    struct one *one = argument;
    struct many *many = one->many;
    struct sql_driver *driver = many->fixture->driver;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    for (int i = 0; i < 100; i++) {
        struct sql_rows rows;
        struct error error;
        enum status status =
            driver->query_one(driver, STR("t1"), &whose, NULL, 0, &arena, &rows, &error);
        many->asked++;
        many->right += status == STATUS_OK && str_equal(sql_cell(&rows, 0, 0), STR("t1"));
        arena_reset(&arena);
        if (one->number == 0 && i % 30 == 10)
            (void)!postgres_server_run(&server, database,
                                       "select pg_terminate_backend(pid) from pg_stat_activity "
                                       "where usename = '" POSTGRES_RUNTIME "'",
                                       NULL, 0);
    }
    arena_release(&arena);
    if (--many->running == 0) coroutine_resume(many->waiting);
}

static void read_while_connections_are_cut(struct fixture *fixture)
{
    static struct one ones[20];
    struct many many = {.fixture = fixture, .running = 20, .waiting = coroutine_current()};
    for (int i = 0; i < 20; i++) {
        ones[i] = (struct one){&many, i};
        assert_true(loop_spawn(loop_current(), ask_and_be_cut, &ones[i]));
    }
    coroutine_suspend();
    assert_int_equal(many.right, 2000);
}

static void reads_survive_connections_that_are_cut(void **state)
{
    in_loop(*state, read_while_connections_are_cut);
}

static void a_server_that_is_not_there_is_unavailable_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct sql_driver *driver = open_driver(STR("postgresql://a@127.0.0.1:1/x"), 2);
    struct sql_rows rows;
    assert_int_equal(driver->query_one(driver, STR("t"), &whose, NULL, 0, &fixture->arena, &rows,
                                       &fixture->error),
                     STATUS_UNAVAILABLE);
    assert_int_equal(driver->ready(driver, &fixture->error), STATUS_UNAVAILABLE);
    driver->free(driver);
}

/* Reads "mode" of one that has to be at `position`; of a transaction, and of a shared connection.
 */
static enum status read_mode(struct sql_transaction *transaction, void *context,
                             struct error *error)
{
    struct fixture *fixture = context;
    struct sql_rows rows;
    return sql_query(transaction, &mode, NULL, 0, &fixture->arena, &rows, error);
}

static void assert_reads_at(struct fixture *fixture, struct sql_driver *driver, int64_t position,
                            enum status expected)
{
    struct sql_rows rows;
    assert_int_equal(driver->transact_at(driver, position, STR("t"), &fixture->arena, read_mode,
                                         fixture, &fixture->error),
                     expected);
    assert_int_equal(driver->query_one_at(driver, position, STR("t"), &mode, NULL, 0,
                                          &fixture->arena, &rows, &fixture->error),
                     expected);
}

static struct sql_driver *open_replica(const char *servers)
{
    char url[256];
    (void)snprintf(url, sizeof(url), "%.*s%s",
                   STR_ARGS(postgres_server_url(&server, POSTGRES_RUNTIME, database)), servers);
    const struct postgres_options options = {.url = str_from_cstr(url),
                                             .connections_per_loop = 1,
                                             .readers_per_loop = 1,
                                             .connect_timeout_ms = 20000,
                                             .statement_timeout_ms = 5000,
                                             .is_replica = true};
    struct sql_driver *driver;
    struct error error;
    assert_int_equal(postgres_open(&options, &driver, &error), STATUS_OK);
    return driver;
}

static void a_server_that_follows_nobody_is_not_connected_to_as_a_replica(void **state)
{
    struct sql_driver *driver = open_replica("");
    assert_reads_at(*state, driver, 0, STATUS_UNAVAILABLE);
    driver->free(driver);
}

/* As one that was a replica when the connection was made. */
static void what_a_server_cannot_show_it_does_not_answer(void **state)
{
    struct fixture *fixture = *state;
    struct sql_driver *driver = open_replica("?target_session_attrs=any");
    for (int i = 0; i < 3; i++) {
        assert_reads_at(fixture, driver, 0, STATUS_OK);
        assert_reads_at(fixture, driver, 1, STATUS_UNAVAILABLE);
        assert_non_null(strstr(fixture->error.message, "not as far"));
    }
    driver->free(driver);
}

static void a_superuser_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct sql_driver *driver =
        open_driver(postgres_server_url(&server, POSTGRES_ADMIN, database), 2);
    assert_int_equal(driver->ready(driver, &fixture->error), STATUS_UNAVAILABLE);
    assert_non_null(strstr(fixture->error.message, "row-level security"));
    driver->free(driver);
}

static void a_missing_table_is_a_schema_mismatch(void **state)
{
    struct fixture *fixture = *state;
    struct sql_rows rows;
    assert_int_equal(fixture->driver->query_one(fixture->driver, STR("t"), &missing, NULL, 0,
                                                &fixture->arena, &rows, &fixture->error),
                     STATUS_SCHEMA_MISMATCH);
}

static void an_arena_too_small_for_the_rows_is_out_of_memory(void **state)
{
    struct fixture *fixture = *state;
    static char big[100000];
    memset(big, 'x', sizeof(big));
    struct arena arena;
    arena_init(&arena, 50000);
    struct sql_rows rows;
    struct sql_value params[] = {SQL_PARAM_TEXT(str_of(big, sizeof(big))), SQL_PARAM_INT64(1),
                                 SQL_PARAM_NULL};
    assert_int_equal(fixture->driver->query_one(fixture->driver, STR("t"), &echo, params, 3, &arena,
                                                &rows, &fixture->error),
                     STATUS_OUT_OF_MEMORY);
    arena_release(&arena);
}

/* --- units of work --- */

struct unit {
    struct str tenant, id, body;
    struct arena *arena;
    int runs;
    enum status answer; /* what the body ends with */
    double nap_s;
    bool dies;
    struct sql_rows rows;
};

static enum status put_note(struct sql_transaction *transaction, void *context, struct error *error)
{
    struct unit *unit = context;
    unit->runs++;
    struct sql_value params[] = {SQL_PARAM_TEXT(unit->tenant), SQL_PARAM_TEXT(unit->id),
                                 SQL_PARAM_TEXT(unit->body)};
    TRY(sql_execute(transaction, &make, params, 3, error));
    if (unit->dies) {
        struct sql_rows rows;
        TRY(sql_query(transaction, &die, NULL, 0, unit->arena, &rows, error));
    }
    return unit->answer;
}

static enum status get_note(struct sql_transaction *transaction, void *context, struct error *error)
{
    struct unit *unit = context;
    struct sql_value params[] = {SQL_PARAM_TEXT(unit->tenant), SQL_PARAM_TEXT(unit->id)};
    unit->runs++;
    return sql_query(transaction, &find, params, 2, unit->arena, &unit->rows, error);
}

static enum status run_unit(struct fixture *fixture, enum sql_mode how, sql_body *body,
                            struct unit *unit)
{
    unit->arena = &fixture->arena;
    return fixture->driver->transact(fixture->driver, how, unit->tenant, &fixture->arena, body,
                                     unit, &fixture->error);
}

static void write_and_read(struct fixture *fixture)
{
    struct unit unit = {.tenant = STR("t1"), .id = STR("a"), .body = STR("first")};
    assert_int_equal(run_unit(fixture, SQL_WRITE, put_note, &unit), STATUS_OK);
    assert_int_equal(run_unit(fixture, SQL_READ, get_note, &unit), STATUS_OK);
    assert_int_equal(unit.rows.row_count, 1);
    assert_true(str_equal(sql_cell(&unit.rows, 0, 0), STR("first")));
    /* The same id again: found out at the commit. */
    assert_int_equal(run_unit(fixture, SQL_WRITE, put_note, &unit), STATUS_CUSTOMER_EXISTS);
    /* A body that fails leaves nothing behind. */
    unit = (struct unit){.tenant = STR("t1"), .id = STR("b"), .answer = STATUS_CONSENT_VIOLATION};
    assert_int_equal(run_unit(fixture, SQL_WRITE, put_note, &unit), STATUS_CONSENT_VIOLATION);
    assert_int_equal(run_unit(fixture, SQL_READ, get_note, &unit), STATUS_OK);
    assert_int_equal(unit.rows.row_count, 0);
    /* A row of another tenant is refused by the server itself. */
    unit = (struct unit){.tenant = STR("t1"), .id = STR("c")};
    struct unit other = unit;
    other.tenant = STR("t2");
    unit.arena = &fixture->arena;
    assert_int_equal(fixture->driver->transact(fixture->driver, SQL_WRITE, STR("t9"),
                                               &fixture->arena, put_note, &unit, &fixture->error),
                     STATUS_SCHEMA_MISMATCH);
    /* And so is a write in a read. */
    assert_int_equal(run_unit(fixture, SQL_READ, put_note, &other), STATUS_UNAVAILABLE);
}

static void units_of_work_commit_or_leave_nothing_without_a_loop(void **state)
{
    write_and_read(*state);
}
static void units_of_work_commit_or_leave_nothing_in_a_coroutine(void **state)
{
    in_loop(*state, write_and_read);
}

static void a_connection_lost_before_the_commit_is_unavailable(void **state)
{
    struct fixture *fixture = *state;
    struct unit unit = {.tenant = STR("t1"), .id = STR("d"), .dies = true};
    assert_int_equal(run_unit(fixture, SQL_WRITE, put_note, &unit), STATUS_UNAVAILABLE);
    unit.dies = false;
    assert_int_equal(run_unit(fixture, SQL_READ, get_note, &unit), STATUS_OK);
    assert_int_equal(unit.rows.row_count, 0);
}

static void a_connection_that_died_in_the_pool_is_nobodys_trouble(void **state)
{
    struct fixture *fixture = *state;
    struct unit unit = {.tenant = STR("t1"), .id = STR("e")};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(run_unit(fixture, SQL_READ, get_note, &unit), STATUS_OK);
        assert_true(postgres_server_run(&server, database,
                                        "select pg_terminate_backend(pid) from pg_stat_activity "
                                        "where usename = '" POSTGRES_RUNTIME "'",
                                        NULL, 0));
    }
}

/* A trigger ends the session while it commits: the answer never comes. */
static void a_connection_lost_in_the_commit_is_an_unknown_outcome(void **state)
{
    struct fixture *fixture = *state;
    assert_true(postgres_server_run(
        &server, database,
        "create or replace function die() returns trigger language plpgsql security definer as $$ "
        "begin if new.body = 'die' then perform pg_terminate_backend(pg_backend_pid()); end if; "
        "return new; end $$; create constraint trigger die after insert on note deferrable "
        "initially deferred for each row execute function die()",
        NULL, 0));
    struct unit unit = {.tenant = STR("t1"), .id = STR("f"), .body = STR("die")};
    assert_int_equal(run_unit(fixture, SQL_WRITE, put_note, &unit), STATUS_OUTCOME_UNKNOWN);
    assert_int_equal(unit.runs, 1);
    assert_true(postgres_server_run(&server, database, "drop trigger die on note", NULL, 0));
}

static enum status hold_for_ever(struct sql_transaction *transaction, void *context,
                                 struct error *error)
{
    struct unit *unit = context;
    struct sql_value nap_s = SQL_PARAM_INT64(30);
    return sql_query(transaction, &nap, &nap_s, 1, unit->arena, &unit->rows, error);
}

static void a_statement_that_takes_too_long_is_ended(void **state)
{
    struct unit unit = {.tenant = STR("t1")};
    assert_int_equal(run_unit(*state, SQL_READ, hold_for_ever, &unit), STATUS_UNAVAILABLE);
}

static enum status look_at_mode(struct sql_transaction *transaction, void *context,
                                struct error *error)
{
    struct unit *unit = context;
    return sql_query(transaction, &mode, NULL, 0, unit->arena, &unit->rows, error);
}

static void reads_have_one_snapshot_and_cannot_write(void **state)
{
    struct unit unit = {.tenant = STR("t1")};
    assert_int_equal(run_unit(*state, SQL_READ, look_at_mode, &unit), STATUS_OK);
    assert_true(str_equal(sql_cell(&unit.rows, 0, 0), STR("repeatable read")));
    assert_true(str_equal(sql_cell(&unit.rows, 0, 1), STR("on")));
}

/* Two units that lock two rows in opposite order: one is rolled back by the server, and tried
 * again. */
struct crossing {
    struct fixture *fixture;
    struct str first, second;
    struct arena arena;
    int runs, *running, *holding;
    enum status status;
    struct coroutine *waiting;
};
static enum status cross(struct sql_transaction *transaction, void *context, struct error *error)
{
    struct crossing *crossing = context;
    struct sql_rows rows;
    crossing->runs++;
    struct sql_value params[] = {SQL_PARAM_TEXT(STR("t1")), SQL_PARAM_TEXT(crossing->first)};
    TRY(sql_query(transaction, &lock, params, 2, &crossing->arena, &rows, error));
    /* Both have their first lock before either asks for its second, however slow the machine. */
    if (crossing->runs == 1) ++*crossing->holding;
    while (*crossing->holding < 2) coroutine_sleep(5);
    params[1] = SQL_PARAM_TEXT(crossing->second);
    return sql_query(transaction, &lock, params, 2, &crossing->arena, &rows, error);
}
static void run_crossing(void *argument)
{
    struct crossing *crossing = argument;
    struct error error;
    struct sql_driver *driver = crossing->fixture->driver;
    crossing->status =
        driver->transact(driver, SQL_WRITE, STR("t1"), &crossing->arena, cross, crossing, &error);
    if (--*crossing->running == 0) coroutine_resume(crossing->waiting);
}
static void cross_in_two_coroutines(struct fixture *fixture)
{
    struct unit unit = {.tenant = STR("t1"), .id = STR("x")};
    assert_int_equal(run_unit(fixture, SQL_WRITE, put_note, &unit), STATUS_OK);
    unit.id = STR("y");
    assert_int_equal(run_unit(fixture, SQL_WRITE, put_note, &unit), STATUS_OK);
    int running = 2, holding = 0;
    struct crossing crossings[2] = {{.first = STR("x"), .second = STR("y")},
                                    {.first = STR("y"), .second = STR("x")}};
    for (int i = 0; i < 2; i++) {
        crossings[i].fixture = fixture;
        crossings[i].running = &running;
        crossings[i].holding = &holding;
        crossings[i].waiting = coroutine_current();
        arena_init(&crossings[i].arena, 1 << 20);
        assert_true(loop_spawn(loop_current(), run_crossing, &crossings[i]));
    }
    coroutine_suspend();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(crossings[i].status, STATUS_OK);
        arena_release(&crossings[i].arena);
    }
    /* Both may have been rolled back before one was through. */
    assert_true(crossings[0].runs + crossings[1].runs >= 3);
}

static void a_deadlock_is_tried_again(void **state)
{
    in_loop(*state, cross_in_two_coroutines);
}

/* More callers than connections: all are served, in order of asking. */
struct queued {
    struct fixture *fixture;
    struct arena arena;
    int number;
    enum status status;
    int *running, *served;
    struct coroutine *waiting;
};
static void run_queued(void *argument)
{
    struct queued *queued = argument;
    struct error error;
    char id[16];
    struct unit unit = {.tenant = STR("t1"), .arena = &queued->arena};
    unit.id = str_of(id, (size_t)snprintf(id, sizeof(id), "q%03d", queued->number));
    struct sql_driver *driver = queued->fixture->driver;
    queued->status =
        driver->transact(driver, SQL_WRITE, STR("t1"), &queued->arena, put_note, &unit, &error);
    (*queued->served)++;
    if (--*queued->running == 0) coroutine_resume(queued->waiting);
}
static void queue_many(struct fixture *fixture)
{
    static struct queued queued[200];
    int running = 200, served = 0;
    for (int i = 0; i < 200; i++) {
        queued[i] = (struct queued){.fixture = fixture,
                                    .number = i,
                                    .running = &running,
                                    .served = &served,
                                    .waiting = coroutine_current()};
        arena_init(&queued[i].arena, 1 << 20);
        assert_true(loop_spawn(loop_current(), run_queued, &queued[i]));
    }
    coroutine_suspend();
    for (int i = 0; i < 200; i++) {
        assert_int_equal(queued[i].status, STATUS_OK);
        arena_release(&queued[i].arena);
    }
    struct sql_rows rows;
    assert_int_equal(fixture->driver->query_one(fixture->driver, STR("t1"), &list, NULL, 0,
                                                &fixture->arena, &rows, &fixture->error),
                     STATUS_OK);
    assert_int_equal(rows.row_count, 200);
}

static void two_hundred_callers_share_four_connections(void **state)
{
    in_loop(*state, queue_many);
}

static void *write_from_thread(void *argument)
{
    struct queued *queued = argument;
    struct error error;
    for (int i = 0; i < 20; i++) {
        char id[32];
        struct unit unit = {.tenant = STR("t1"), .arena = &queued->arena};
        unit.id = str_of(id, (size_t)snprintf(id, sizeof(id), "w%d-%d", queued->number, i));
        struct sql_driver *driver = queued->fixture->driver;
        queued->status =
            driver->transact(driver, SQL_WRITE, STR("t1"), &queued->arena, put_note, &unit, &error);
        if (queued->status != STATUS_OK) break;
    }
    return NULL;
}

static void threads_without_a_loop_have_connections_of_their_own(void **state)
{
    struct queued writers[4];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        writers[i] = (struct queued){.fixture = *state, .number = i};
        arena_init(&writers[i].arena, 1 << 20);
        assert_int_equal(pthread_create(&threads[i], NULL, write_from_thread, &writers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(writers[i].status, STATUS_OK);
        arena_release(&writers[i].arena);
    }
}

static enum status put_thousands(struct sql_transaction *transaction, void *context,
                                 struct error *error)
{
    struct unit *unit = context;
    for (int i = 0; i < 3000; i++) {
        char id[16];
        struct sql_value params[] = {
            SQL_PARAM_TEXT(unit->tenant),
            SQL_PARAM_TEXT(str_of(id, (size_t)snprintf(id, sizeof(id), "n%d", i))),
            SQL_PARAM_TEXT(STR("a body that is long enough to fill the buffers of the socket"))};
        TRY(sql_execute(transaction, &make, params, 3, error));
    }
    return STATUS_OK;
}

static void thousands_of_queued_statements_are_one_unit(void **state)
{
    struct fixture *fixture = *state;
    struct unit unit = {.tenant = STR("t1")};
    assert_int_equal(run_unit(fixture, SQL_WRITE, put_thousands, &unit), STATUS_OK);
    assert_int_equal(run_unit(fixture, SQL_WRITE, put_thousands, &unit), STATUS_CUSTOMER_EXISTS);
}

/* --- migrations --- */

static void a_migration_is_applied_once_and_a_changed_one_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct str url = postgres_server_url(&server, POSTGRES_MIGRATOR, database);
    int applied;
    assert_int_equal(postgres_migrate(url, STR(""), &note_migration, 1, &applied, &fixture->error),
                     STATUS_OK);
    assert_int_equal(applied, 0);
    struct sql_migration changed = note_migration;
    changed.text = STR("create table something_else ()");
    assert_int_equal(postgres_migrate(url, STR(""), &changed, 1, &applied, &fixture->error),
                     STATUS_SCHEMA_MISMATCH);
    assert_int_equal(postgres_migrate(url, STR(""), &changed, 0, &applied, &fixture->error),
                     STATUS_SCHEMA_MISMATCH);
}

static void a_migration_that_fails_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct str url = postgres_server_url(&server, POSTGRES_MIGRATOR, database);
    struct sql_migration two[2] = {note_migration,
                                   {.number = 2,
                                    .name = STR("broken"),
                                    .text = STR("create table half (id text); select 1/0")}};
    int applied;
    assert_int_not_equal(postgres_migrate(url, STR(""), two, 2, &applied, &fixture->error),
                         STATUS_OK);
    char count[16];
    assert_true(postgres_server_run(&server, database,
                                    "select count(*) from pg_class where relname = 'half'", count,
                                    sizeof(count)));
    assert_string_equal(count, "0");
    two[1].text = STR("create table loose (tenant_id text)");
    assert_int_equal(postgres_migrate(url, STR(""), two, 2, &applied, &fixture->error),
                     STATUS_SCHEMA_MISMATCH);
}

static void a_runtime_role_that_is_not_bound_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct str url = postgres_server_url(&server, POSTGRES_MIGRATOR, database);
    int applied;
    const struct str roles[] = {STR(POSTGRES_ADMIN), STR(POSTGRES_MIGRATOR), STR("nobody\"here")};
    for (int i = 0; i < 3; i++)
        assert_int_equal(
            postgres_migrate(url, roles[i], &note_migration, 1, &applied, &fixture->error),
            STATUS_CONFIGURATION);
}

static int start_all(void **state)
{
    (void)state;
    struct error error = {0};
    int applied;
    if (!postgres_server_start(&server)) return -1;
    snprintf(database, sizeof(database), "engine");
    if (!postgres_server_run(&server, "postgres", "create database engine owner " POSTGRES_MIGRATOR,
                             NULL, 0))
        return -1;
    if (postgres_migrate(postgres_server_url(&server, POSTGRES_MIGRATOR, database), STR(""),
                         &note_migration, 1, &applied, &error) == STATUS_OK &&
        applied == 1)
        return postgres_server_run(
                   &server, database,
                   "grant select, insert, update, delete on note to " POSTGRES_RUNTIME, NULL, 0)
                   ? 0
                   : -1;
    fprintf(stderr, "%s\n", error.message);
    return -1;
}

static int stop_all(void **state)
{
    (void)state;
    postgres_server_stop(&server);
    return 0;
}

#define POSTGRES_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        POSTGRES_TEST(values_come_back_as_they_went_without_a_loop),
        POSTGRES_TEST(values_come_back_as_they_went_in_a_coroutine),
        POSTGRES_TEST(batches_of_seven_tenants_with_failures_give_each_its_own_answer),
        POSTGRES_TEST(reads_survive_connections_that_are_cut),
        POSTGRES_TEST(a_server_that_is_not_there_is_unavailable_at_once),
        POSTGRES_TEST(a_server_that_follows_nobody_is_not_connected_to_as_a_replica),
        POSTGRES_TEST(what_a_server_cannot_show_it_does_not_answer),
        POSTGRES_TEST(a_superuser_is_refused),
        POSTGRES_TEST(a_missing_table_is_a_schema_mismatch),
        POSTGRES_TEST(an_arena_too_small_for_the_rows_is_out_of_memory),
        POSTGRES_TEST(units_of_work_commit_or_leave_nothing_without_a_loop),
        POSTGRES_TEST(units_of_work_commit_or_leave_nothing_in_a_coroutine),
        POSTGRES_TEST(a_connection_lost_before_the_commit_is_unavailable),
        POSTGRES_TEST(a_connection_that_died_in_the_pool_is_nobodys_trouble),
        POSTGRES_TEST(a_connection_lost_in_the_commit_is_an_unknown_outcome),
        POSTGRES_TEST(a_statement_that_takes_too_long_is_ended),
        POSTGRES_TEST(reads_have_one_snapshot_and_cannot_write),
        POSTGRES_TEST(a_deadlock_is_tried_again),
        POSTGRES_TEST(two_hundred_callers_share_four_connections),
        POSTGRES_TEST(threads_without_a_loop_have_connections_of_their_own),
        POSTGRES_TEST(thousands_of_queued_statements_are_one_unit),
        POSTGRES_TEST(a_migration_is_applied_once_and_a_changed_one_is_refused),
        POSTGRES_TEST(a_runtime_role_that_is_not_bound_is_refused),
        POSTGRES_TEST(a_migration_that_fails_leaves_nothing),
    };
    return cmocka_run_group_tests_name("postgres", tests, start_all, stop_all);
}
