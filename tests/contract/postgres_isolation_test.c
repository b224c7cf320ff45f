/* Around the application: what somebody can do who has the runtime role's connection and writes his
 * own SQL. Row-level security has to hold without any help of the program. */
#include <postgresql/libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postgres_server.h"
#include "unit.h"

static struct postgres_server server;
static char database[32];
static PGconn *app;

static const char *const tenant_tables[] = {"profile",         "fact",        "merge",
                                            "match_key",       "outbox",      "job",
                                            "profile_version", "suppression", "match_key_home"};

/* What was asked for must be refused; returns the SQLSTATE. */
static const char *refused(PGconn *connection, const char *text)
{
    static char code[8];
    PGresult *result = PQexec(connection, text);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    snprintf(code, sizeof(code), "%s", state ? state : "");
    if (!state) fail_msg("not refused: %s", text);
    PQclear(result);
    return code;
}

/* First cell; "" when there is no row. Must succeed. For a change: the number of rows. */
static const char *cell(PGconn *connection, const char *text)
{
    static char value[64];
    PGresult *result = PQexec(connection, text);
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK)
        snprintf(value, sizeof(value), "%s", PQntuples(result) ? PQgetvalue(result, 0, 0) : "");
    else if (status == PGRES_COMMAND_OK)
        snprintf(value, sizeof(value), "%s", PQcmdTuples(result));
    else
        fail_msg("%s: %s", text, PQresultErrorMessage(result));
    PQclear(result);
    return value;
}

static void as_tenant(PGconn *connection, const char *tenant)
{
    char text[128];
    snprintf(text, sizeof(text), "select set_config('app.tenant', '%s', false)", tenant);
    (void)cell(connection, text);
}

static const char *count_of(PGconn *connection, const char *table)
{
    char text[128];
    snprintf(text, sizeof(text), "select count(*) from %s", table);
    return cell(connection, text);
}

static PGconn *connect_as(const char *role)
{
    PGconn *connection = PQconnectdb(postgres_server_url(&server, role, database).ptr);
    assert_int_equal(PQstatus(connection), CONNECTION_OK);
    return connection;
}

/* --- reading --- */

static void without_a_tenant_there_is_not_a_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(tenant_tables); i++)
        assert_string_equal(count_of(app, tenant_tables[i]), "0");
    as_tenant(app, "");
    for (size_t i = 0; i < UNIT_COUNT(tenant_tables); i++)
        assert_string_equal(count_of(app, tenant_tables[i]), "0");
}

static void a_tenant_sees_its_rows_and_no_others(void **state)
{
    (void)state;
    as_tenant(app, "a");
    for (size_t i = 0; i < UNIT_COUNT(tenant_tables); i++) {
        char text[160];
        assert_string_equal(count_of(app, tenant_tables[i]), "1");
        snprintf(text, sizeof(text),
                 "select count(*) from %s where tenant_id = 'b' or true and "
                 "tenant_id <> 'a'",
                 tenant_tables[i]);
        assert_string_equal(cell(app, text), "0");
    }
}

/* Of the catalogue: a table that is new is among them without being named here. */
static void every_table_with_a_tenant_is_guarded_by_the_same_policy(void **state)
{
    (void)state;
    static const char guarded[] =
        "select coalesce(string_agg(t.relname, ' '), '') from pg_class t "
        "join pg_attribute a on a.attrelid = t.oid and a.attname = 'tenant_id' "
        "where t.relkind = 'r' and t.relnamespace = 'public'::regnamespace "
        "and not (t.relrowsecurity and t.relforcerowsecurity)";
    static const char loosened[] =
        "select coalesce(string_agg(tablename || '.' || policyname, ' '), '') from pg_policies "
        "where schemaname = 'public' and roles && array['public', '" POSTGRES_RUNTIME "']::name[] "
        "and replace(qual, '::text', '') not in ("
        "'((tenant_id) = current_setting(''app.tenant'', true))', "
        "'(tenant_id = current_setting(''app.tenant'', true))')";
    assert_string_equal(cell(app, guarded), "");
    assert_string_equal(cell(app, loosened), "");
}

static void no_tenant_called_star_sees_everything(void **state)
{
    (void)state;
    static const char *const names[] = {"*", "%", "a'' or true --", "A", " a"};
    for (size_t n = 0; n < UNIT_COUNT(names); n++) {
        as_tenant(app, names[n]);
        for (size_t i = 0; i < UNIT_COUNT(tenant_tables); i++)
            assert_string_equal(count_of(app, tenant_tables[i]), "0");
    }
}

static void turning_row_security_off_for_the_session_only_makes_queries_fail(void **state)
{
    (void)state;
    as_tenant(app, "a");
    (void)cell(app, "set row_security = off");
    for (size_t i = 0; i < UNIT_COUNT(tenant_tables); i++) {
        char text[128];
        snprintf(text, sizeof(text), "select * from %s", tenant_tables[i]);
        assert_string_equal(refused(app, text), "42501");
    }
}

static void statistics_show_no_values(void **state)
{
    (void)state;
    (void)postgres_server_run(&server, database, "analyze", NULL, 0);
    as_tenant(app, "a");
    assert_string_equal(cell(app, "select count(*) from pg_stats where schemaname = 'public' and "
                                  "tablename in ('profile', 'fact', 'match_key', 'outbox')"),
                        "0");
}

/* --- writing --- */

static void a_row_of_another_tenant_cannot_be_put_changed_or_taken(void **state)
{
    (void)state;
    as_tenant(app, "a");
    assert_string_equal(
        refused(app, "insert into suppression (tenant_id, hash, created_at) values ('b', 'h', 1)"),
        "42501");
    assert_string_equal(refused(app, "update job set tenant_id = 'b'"), "42501");
    assert_string_equal(cell(app, "update profile set name = 'mine' where tenant_id = 'b'"), "0");
    assert_string_equal(cell(app, "delete from suppression where tenant_id = 'b'"), "0");
    assert_string_equal(cell(app, "update merge set reason = 'x' where tenant_id <> 'a'"), "0");
}

static void history_can_be_added_to_but_not_rewritten(void **state)
{
    (void)state;
    static const char *const attempts[] = {"update outbox set payload = '{}'",
                                           "delete from outbox",
                                           "update fact set body = '{}'",
                                           "delete from fact",
                                           "update profile_version set actor = 'x'",
                                           "delete from profile_version",
                                           "delete from merge",
                                           "delete from profile",
                                           "update feed_head set position = 0",
                                           "delete from feed_head",
                                           "update schema_migration set digest = 'x'",
                                           "truncate fact",
                                           "select setval('outbox_seq', 1)"};
    as_tenant(app, "a");
    for (size_t i = 0; i < UNIT_COUNT(attempts); i++)
        assert_string_equal(refused(app, attempts[i]), "42501");
}

static void row_security_can_be_neither_disabled_nor_loosened(void **state)
{
    (void)state;
    static const char *const attempts[] = {
        "alter table profile disable row level security",
        "alter table profile no force row level security",
        "drop policy tenant on profile",
        "create policy all_of_it on profile using (true)",
        "alter table profile owner to " POSTGRES_RUNTIME,
        "drop table profile",
        "set role " POSTGRES_MIGRATOR,
        "set session authorization " POSTGRES_MIGRATOR,
        "alter role " POSTGRES_RUNTIME " bypassrls",
        "create role helper superuser",
        "create table public.trap (id int)",
        "create function public.current_setting(text, boolean) returns text language sql as "
        "'select ''a'''",
        "alter function sequencer_number(bigint) security invoker",
        "create or replace function sequencer_number(batch bigint) returns bigint language sql as "
        "'select 1'",
        "copy profile to program 'cat'"};
    for (size_t i = 0; i < UNIT_COUNT(attempts); i++)
        assert_string_equal(refused(app, attempts[i]), "42501");
}

static void the_owner_sees_nothing_without_a_tenant_either(void **state)
{
    (void)state;
    PGconn *owner = connect_as(POSTGRES_MIGRATOR);
    for (size_t i = 0; i < UNIT_COUNT(tenant_tables); i++)
        assert_string_equal(count_of(owner, tenant_tables[i]), "0");
    PQfinish(owner);
}

/* --- the sequencer --- */

static void the_sequencer_tells_a_count_and_leaves_the_tenant_as_it_was(void **state)
{
    (void)state;
    as_tenant(app, "a");
    /* One of "a" and one of "b" wait for their numbers. */
    assert_string_equal(cell(app, "select sequencer_number(100)"), "2");
    assert_string_equal(cell(app, "select current_setting('app.tenant')"), "a");
    assert_string_equal(count_of(app, "outbox"), "1");
    (void)cell(app, "begin");
    assert_string_equal(cell(app, "select sequencer_number(100)"), "0");
    assert_string_equal(count_of(app, "outbox"), "1");
    (void)cell(app, "rollback");
}

static void objects_of_the_sessions_own_do_not_get_into_the_sequencer(void **state)
{
    (void)state;
    as_tenant(app, "a");
    (void)cell(app, "create temp table outbox (tenant_id text, seq bigint, position bigint)");
    (void)cell(app, "insert into outbox values ('a', 1, null)");
    (void)cell(app, "set search_path = pg_temp, public");
    assert_string_equal(cell(app, "select public.sequencer_number(100)"), "2");
    assert_string_equal(cell(app, "select count(*) from pg_temp.outbox where position is null"),
                        "1");
}

static void two_sessions_do_not_number_at_once(void **state)
{
    (void)state;
    PGconn *other = connect_as(POSTGRES_RUNTIME);
    (void)cell(app, "begin");
    assert_string_equal(cell(app, "select sequencer_number(1)"), "1");
    assert_string_equal(cell(other, "select sequencer_number(100)"), "-1");
    (void)cell(app, "commit");
    assert_string_equal(cell(other, "select sequencer_number(100)"), "1");
    PQfinish(other);
}

/* As of a server that was promoted: what it numbers is where the one before it cannot have been. */
static void another_timeline_has_positions_of_its_own(void **state)
{
    (void)state;
    PGconn *owner = connect_as(POSTGRES_MIGRATOR);
    (void)cell(owner, "update feed_head set position = 7, timeline = timeline + 1");
    as_tenant(app, "a");
    assert_string_equal(cell(app, "select sequencer_number(1)"), "1");
    assert_string_equal(cell(app, "select position from feed_head"), "4294967304");
    assert_string_equal(cell(app, "select sequencer_number(1)"), "1");
    assert_string_equal(cell(app, "select position from feed_head"), "4294967305");
    (void)cell(owner, "update feed_head set position = 7");
    PQfinish(owner);
}

/* --- around them --- */

static const char *const rows_of_two_tenants =
    "truncate profile, fact, merge, match_key, match_key_home, outbox, job, profile_version, "
    "suppression;"
    "insert into profile (tenant_id, customer_id, version, created_at, updated_at, kind, status, "
    "name) select t, 'C', 1, 1, 1, 'PERSON', 'ACTIVE', 'x' from unnest(array['a', 'b']) t;"
    "insert into fact (tenant_id, home_id, fact_no, kind, subject, source, observed_at, "
    "recorded_at, body) select t, 'C', 1, 'ASSERTION', 's', 'crm', 1, 1, '{}' from "
    "unnest(array['a', 'b']) t;"
    "insert into merge (tenant_id, merge_id, source_id, target_id, reason, merged_at) select t, "
    "'M', 'C', 'D', 'DUPLICATE', 1 from unnest(array['a', 'b']) t;"
    "insert into match_key (tenant_id, hash, home_id) select t, 1, 'C' from unnest(array['a', "
    "'b']) t;"
    "insert into match_key_home (tenant_id, home_id, hashes) select t, 'C', array[1] from "
    "unnest(array['a', 'b']) t;"
    "insert into outbox (tenant_id, type, event_id, aggregate_id, recorded_at, payload) select t, "
    "'e', 'e', 'C', 1, '{}' from unnest(array['a', 'b']) t;"
    "insert into job (tenant_id, job_id, kind, state, created_at, updated_at) select t, 'J', "
    "'IMPORT', 'DONE', 1, 1 from unnest(array['a', 'b']) t;"
    "insert into profile_version (tenant_id, customer_id, version, recorded_at, cause) select t, "
    "'C', 1, 1, 'CREATED' from unnest(array['a', 'b']) t;"
    "insert into suppression (tenant_id, hash, created_at) select t, 'h', 1 from "
    "unnest(array['a', 'b']) t";

static int fill(void **state)
{
    (void)state;
    if (!postgres_server_run(&server, database, rows_of_two_tenants, NULL, 0)) return -1;
    app = PQconnectdb(postgres_server_url(&server, POSTGRES_RUNTIME, database).ptr);
    return PQstatus(app) == CONNECTION_OK ? 0 : -1;
}

static int close_app(void **state)
{
    (void)state;
    PQfinish(app);
    return 0;
}

static int start(void **state)
{
    (void)state;
    if (!postgres_server_start(&server)) return -1;
    const char *name = postgres_server_database(&server);
    if (!name) return -1;
    snprintf(database, sizeof(database), "%s", name);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    postgres_server_stop(&server);
    return 0;
}

#define ISOLATION_TEST(name) cmocka_unit_test_setup_teardown(name, fill, close_app)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ISOLATION_TEST(without_a_tenant_there_is_not_a_row),
        ISOLATION_TEST(a_tenant_sees_its_rows_and_no_others),
        ISOLATION_TEST(every_table_with_a_tenant_is_guarded_by_the_same_policy),
        ISOLATION_TEST(no_tenant_called_star_sees_everything),
        ISOLATION_TEST(turning_row_security_off_for_the_session_only_makes_queries_fail),
        ISOLATION_TEST(statistics_show_no_values),
        ISOLATION_TEST(a_row_of_another_tenant_cannot_be_put_changed_or_taken),
        ISOLATION_TEST(history_can_be_added_to_but_not_rewritten),
        ISOLATION_TEST(row_security_can_be_neither_disabled_nor_loosened),
        ISOLATION_TEST(the_owner_sees_nothing_without_a_tenant_either),
        ISOLATION_TEST(the_sequencer_tells_a_count_and_leaves_the_tenant_as_it_was),
        ISOLATION_TEST(objects_of_the_sessions_own_do_not_get_into_the_sequencer),
        ISOLATION_TEST(two_sessions_do_not_number_at_once),
        ISOLATION_TEST(another_timeline_has_positions_of_its_own),
    };
    return cmocka_run_group_tests_name("isolation on PostgreSQL", tests, start, stop);
}
