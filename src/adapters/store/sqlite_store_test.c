/* What the embedded store does beyond the contract: its keys survive being written out, merging and
 * restarts. */
#include "adapters/store/sqlite_store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/environment.h"
#include "base/hash.h"
#include "search/terms.h"
#include "sql_statements.h"
#include "unit.h"

/* More than are written out when nobody waits. */
enum { HOMES = 6000, KEYS = 4 };

static char directory[64], path[96];
static struct sqlite_options options;

static int set_up(void **state)
{
    struct error error;
    int applied;
    (void)state;
    snprintf(directory, sizeof(directory), "/tmp/sqlite-store-XXXXXX");
    if (!mkdtemp(directory)) return -1;
    snprintf(path, sizeof(path), "%s/store.db", directory);
    options = (struct sqlite_options){.path = str_from_cstr(path), .busy_timeout_ms = 100};
    return sqlite_migrate(options.path, sql_migrations_sqlite, sql_migrations_sqlite_count,
                          &applied, &error) == STATUS_OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(suffixes); i++) {
        char name[128];
        snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
        unlink(name);
    }
    return rmdir(directory);
}

static struct store *open_store(void)
{
    struct error error;
    struct store *store;
    assert_int_equal(sqlite_store_open(&options, 1 << 20, 0, &store, &error), STATUS_OK);
    return store;
}

struct work {
    struct arena arena;
    int first;
    int count;
    int wrong;
};

static void keys_of(int home, struct str keys[KEYS], struct arena *arena)
{
    for (int i = 0; i < KEYS; i++) keys[i] = arena_format(arena, "k%d|%d", i, home);
    keys[KEYS - 1] = arena_format(arena, "shared|%d", home / 3);
}

static enum status put_body(struct store_session *session, void *context, struct error *error)
{
    struct work *work = context;
    for (int home = work->first; home < work->first + work->count; home++) {
        struct arena_mark mark = arena_mark(&work->arena);
        struct str keys[KEYS];
        keys_of(home, keys, &work->arena);
        TRY(store_keys_put(session, arena_format(&work->arena, "C-%05d", home), keys, KEYS, error));
        arena_rewind(&work->arena, mark);
    }
    return STATUS_OK;
}

static enum status find_body(struct store_session *session, void *context, struct error *error)
{
    struct work *work = context;
    for (int home = 0; home < HOMES; home += 7) {
        struct arena_mark mark = arena_mark(&work->arena);
        struct str keys[KEYS];
        struct key_hit *hits;
        size_t count;
        keys_of(home, keys, &work->arena);
        TRY(store_keys_find(session, keys, KEYS, 10, &work->arena, &hits, &count, error));
        if (count != KEYS - 1 + 3) work->wrong++;
        arena_rewind(&work->arena, mark);
    }
    return STATUS_OK;
}

static void put(struct store *store, int first, int count)
{
    struct error error;
    struct work work = {.first = first, .count = count};
    arena_init(&work.arena, 1 << 24);
    assert_int_equal(store_write(store, STR("t"), &work.arena, put_body, &work, &error), STATUS_OK);
    arena_release(&work.arena);
}

static void assert_all_found(struct store *store)
{
    struct error error;
    struct work work = {.wrong = 0};
    arena_init(&work.arena, 1 << 24);
    assert_int_equal(store_read(store, STR("t"), &work.arena, find_body, &work, &error), STATUS_OK);
    assert_int_equal(work.wrong, 0);
    arena_release(&work.arena);
}

/* A number, asked behind the store's back. */
static int ask(const char *text)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int count = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return count;
}

/* While the store is closed. */
static void tell(const char *text)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* What is found is looked at again and again until the answer is 0. */
static void find_until_none(struct store *store, const char *question)
{
    for (int i = 0; i < 1000 && ask(question) > 0; i++) {
        assert_all_found(store);
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
    }
    assert_int_equal(ask(question), 0);
}

#define LIVE_RUNS "from match_key_run where state = 'LIVE'"
#define UNDONE                                                                                     \
    "select (select count(*) = 0 from match_key_run) or exists (select * from match_key_run "      \
    "where state <> 'LIVE') or (select count(*) > 3 from match_key_run where level = 0)"

static void keys_are_found_while_and_after_they_are_written_out(void **state)
{
    (void)state;
    struct store *store = open_store();
    for (int first = 0; first < HOMES; first += 500) put(store, first, 500);
    find_until_none(store, UNDONE);
    assert_int_equal(ask("select sum(length(entries)) / 16 from match_key_bucket"), HOMES * KEYS);
    assert_all_found(store);
    put(store, 0, 100); /* again: found once */
    put(store, 0, 100);
    assert_all_found(store);
    sql_store_free(store);
    store = open_store();
    assert_all_found(store);
    sql_store_free(store);
}

static void four_runs_are_merged_into_one(void **state)
{
    (void)state;
    struct store *store = open_store();
    for (int i = 0; i < 3; i++) {
        put(store, 0, HOMES);
        char fewer[200];
        snprintf(fewer, sizeof(fewer), "select count(*) < %d " LIVE_RUNS, i + 1);
        find_until_none(store, fewer);
        find_until_none(store, UNDONE);
    }
    put(store, 0, HOMES);
    find_until_none(store, UNDONE " or not exists (select * from match_key_run where level = 1)");
    assert_int_equal(ask("select count(*) " LIVE_RUNS), 1);
    assert_int_equal(ask("select sum(length(entries)) / 16 from match_key_bucket"),
                     4 * HOMES * KEYS);
    assert_int_equal(ask("select sum(1 << bits) " LIVE_RUNS),
                     ask("select count(*) from match_key_bucket"));
    sql_store_free(store);
}

static void keys_that_are_in_no_run_are_found_after_a_restart(void **state)
{
    (void)state;
    struct store *store = open_store();
    put(store, 0, HOMES);
    sql_store_free(store);
    assert_int_equal(ask("select count(*) from match_key_run"), 0);
    store = open_store();
    assert_all_found(store);
    sql_store_free(store);
}

static void a_run_that_a_crash_left_half_written_is_deleted(void **state)
{
    (void)state;
    tell("insert into match_key_run values (1, 'WRITING', 0, 3, 100, 1000000);"
         "insert into match_key_bucket values (1 << 32, x''), ((1 << 32) + 5, x'');");
    struct store *store = open_store();
    put(store, 0, HOMES);
    find_until_none(store, UNDONE);
    assert_int_equal(ask("select count(*) " LIVE_RUNS), 1);
    assert_int_equal(ask("select sum(1 << bits) " LIVE_RUNS),
                     ask("select count(*) from match_key_bucket"));
    sql_store_free(store);
}

enum { SHARING = 6000 };

static enum status share_body(struct store_session *session, void *context, struct error *error)
{
    struct work *work = context;
    struct str key = STR("name|acme");
    for (int home = work->first; home < work->first + SHARING; home++)
        TRY(store_keys_put(session, arena_format(&work->arena, "C-%05d", home), &key, 1, error));
    return STATUS_OK;
}

static enum status find_shared_body(struct store_session *session, void *context,
                                    struct error *error)
{
    struct work *work = context;
    struct str key = STR("name|acme");
    struct key_hit *hits;
    size_t count;
    TRY(store_keys_find(session, &key, 1, STORE_HOMES_MAX, &work->arena, &hits, &count, error));
    work->count = (int)count;
    return STATUS_OK;
}

static void a_key_that_all_share_is_found_as_often_as_asked_for(void **state)
{
    (void)state;
    struct error error;
    struct work work = {0};
    struct store *store = open_store();
    arena_init(&work.arena, 1 << 24);
    for (; work.first < 3 * SHARING; work.first += SHARING)
        assert_int_equal(store_write(store, STR("t"), &work.arena, share_body, &work, &error),
                         STATUS_OK);
    for (int i = 0; i < 1000 && ask(UNDONE) > 0; i++)
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
    assert_int_equal(ask("select sum(length(entries)) / 16 from match_key_bucket"), 3 * SHARING);
    assert_int_equal(store_read(store, STR("t"), &work.arena, find_shared_body, &work, &error),
                     STATUS_OK);
    assert_int_equal(work.count, 1000);
    arena_release(&work.arena);
    sql_store_free(store);
}

static enum status erase_body(struct store_session *session, void *context, struct error *error)
{
    struct work *work = context;
    const struct str homes[] = {arena_format(&work->arena, "C-%05d", work->first)};
    TRY(store_keys_erase(session, homes, 1, error));
    return work->wrong ? error_plain(error, STATUS_FORBIDDEN) : STATUS_OK;
}

static void erase(struct store *store, int home, bool and_roll_back)
{
    struct error error;
    struct work work = {.first = home, .wrong = and_roll_back};
    arena_init(&work.arena, 1 << 20);
    assert_int_equal(store_write(store, STR("t"), &work.arena, erase_body, &work, &error),
                     and_roll_back ? STATUS_FORBIDDEN : STATUS_OK);
    arena_release(&work.arena);
}

static void what_is_erased_is_in_no_run(void **state)
{
    (void)state;
    struct store *store = open_store();
    put(store, 0, HOMES);
    erase(store, 10, false); /* in memory only */
    erase(store, 2, true);
    find_until_none(store, UNDONE);
    assert_int_equal(ask("select sum(length(entries)) / 16 from match_key_bucket"),
                     (HOMES - 1) * KEYS);
    erase(store, 4, false);
    erase(store, 5, true);
    assert_int_equal(ask("select sum(length(entries)) / 16 from match_key_bucket"),
                     (HOMES - 2) * KEYS);
    assert_int_equal(ask("select count(*) from match_key_log"), HOMES - 2);
    sql_store_free(store);
}

/* What the first home's keys are found to have; `wrong`: puts them before, and rolls it back. */
static enum status find_again_body(struct store_session *session, void *context,
                                   struct error *error)
{
    struct work *work = context;
    struct str keys[KEYS];
    struct key_hit *hits;
    size_t count;
    if (work->wrong) TRY(put_body(session, context, error));
    keys_of(0, keys, &work->arena);
    TRY(store_keys_find(session, keys, KEYS, 10, &work->arena, &hits, &count, error));
    work->count = (int)count;
    return work->wrong ? error_plain(error, STATUS_FORBIDDEN) : STATUS_OK;
}

/* The writer keeps whose rows it has read. */
static size_t found_by_a_write(struct store *store, bool putting)
{
    struct error error;
    struct work work = {.first = 0, .count = 1, .wrong = putting};
    arena_init(&work.arena, 1 << 20);
    assert_int_equal(store_write(store, STR("t"), &work.arena, find_again_body, &work, &error),
                     putting ? STATUS_FORBIDDEN : STATUS_OK);
    arena_release(&work.arena);
    return (size_t)work.count;
}

static void a_write_finds_what_is_there_and_not_what_was_there(void **state)
{
    (void)state;
    struct store *store = open_store();
    assert_int_equal(found_by_a_write(store, true), KEYS); /* what it puts itself, and rolls back */
    assert_int_equal(found_by_a_write(store, false), 0);
    put(store, 0, 1);
    assert_int_equal(found_by_a_write(store, false), KEYS);
    assert_int_equal(found_by_a_write(store, false), KEYS);
    erase(store, 0, true);
    assert_int_equal(found_by_a_write(store, false), KEYS);
    erase(store, 0, false);
    assert_int_equal(found_by_a_write(store, false), 0);
    sql_store_free(store);
}

/* A store of the time of migration 3, with what put() leaves there. */
static void make_old_store(void)
{
    static const struct hash_key format_key = {0x637573746f6d6572ULL, 0x6d617463682d6b79ULL};
    struct hash_key key = format_key;
    struct arena arena;
    struct error error;
    size_t old = 0;
    int applied;
    while (sql_migrations_sqlite[old].number < 8) old++;
    assert_int_equal(unlink(path), 0);
    assert_int_equal(sqlite_migrate(options.path, sql_migrations_sqlite, old, &applied, &error),
                     STATUS_OK);
    key.k0 ^= hash_bytes(format_key, STR("t"));
    arena_init(&arena, 1 << 24);
    for (int home = 0; home < 30; home++) {
        struct str keys[KEYS];
        keys_of(home, keys, &arena);
        for (int i = 0; i < KEYS; i++) {
            char text[200];
            const char *row = home % 2 ? "insert into match_key values ('t', %lld, 'C-%05d')"
                                       : "insert into match_key_new values (null, 't', %lld, "
                                         "'C-%05d')";
            snprintf(text, sizeof(text), row, (long long)hash_bytes(key, keys[i]), home);
            tell(text);
        }
    }
    arena_release(&arena);
    assert_int_equal(sqlite_migrate(options.path, sql_migrations_sqlite,
                                    sql_migrations_sqlite_count, &applied, &error),
                     STATUS_OK);
    assert_int_equal(applied, sql_migrations_sqlite_count - old);
}

static void keys_of_before_there_was_a_log_are_found(void **state)
{
    (void)state;
    make_old_store();
    struct store *store = open_store();
    put(store, 30, HOMES - 30);
    assert_all_found(store);
    sql_store_free(store);
}

/* As an import leaves them that was faster than what merges: as many as it may be, some in the
 * making. */
static void any_number_of_search_segments_comes_to_rest(void **state)
{
    (void)state;
    sql_store_free(open_store());
    tell("with recursive n (i) as (select 1 union all select i + 1 from n where i < 600) "
         "insert into search_segment (tenant_id, segment, entries, state, into_segment) "
         "select 't', i, 1000, 0, case when i <= 80 then 601 + i / 9 end from n; "
         "insert into search_segment (tenant_id, segment, entries, state) "
         "select 't', into_segment, 1000 * count(*), 1 from search_segment "
         "where into_segment is not null group by into_segment");
    struct store *store = open_store();
    int most = 6000; /* of 10 ms */
    static const char *const restless =
        "select count(*) > 4 or count(nullif(state, 0)) > 0 from search_segment";
    while (ask(restless) && most-- > 0)
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
    assert_int_equal(ask(restless), 0);
    sql_store_free(store);
}

/* --- what the steps at the search index and erasures leave, beside each other --- */

enum { SEARCHED = 1500, TURNS = 120, PUT_AT_ONCE = 40, ERASED_AT_ONCE = 12 };

/* Who was put how often; those below `erased` are gone and do not come again. */
struct indexed {
    struct arena arena;
    struct environment_fixed environment;
    int versions[SEARCHED];
    int erased, until;
};

/* Words of many and of a few, one of the version alone, and a value of the home's own. */
static void add_terms(struct search_keys *keys, int home, int version)
{
    search_keys_add(keys, SEARCH_NAME,
                    arena_format(keys->arena, "all few%d v%dx%d", home % 40, version, home));
    search_keys_add(keys, SEARCH_EMAIL, arena_format(keys->arena, "own%d@x.example", home));
}

static struct str searched_home(int home, struct arena *to)
{
    return arena_format(to, "S-%05d", home);
}

static enum status index_body(struct store_session *session, void *context, struct error *error)
{
    struct indexed *indexed = context;
    struct environment *environment = &indexed->environment.base;
    for (int i = 0; i < PUT_AT_ONCE; i++) {
        uint32_t chance;
        environment->random(environment, &chance, sizeof(chance));
        int home = indexed->erased + (int)(chance % (uint32_t)(SEARCHED - indexed->erased));
        struct search_keys keys = {.arena = &indexed->arena};
        add_terms(&keys, home, indexed->versions[home]++);
        search_keys_settle(&keys);
        TRY(store_search_put(session, searched_home(home, &indexed->arena),
                             search_keys_entry(&keys), error));
    }
    return STATUS_OK;
}

static enum status unindex_body(struct store_session *session, void *context, struct error *error)
{
    struct indexed *indexed = context;
    struct search_keys keys = {.arena = &indexed->arena};
    struct str *homes = ARENA_NEW_ARRAY(&indexed->arena, struct str, SEARCHED);
    size_t count = 0;
    for (int home = indexed->erased; home < indexed->until; home++) {
        homes[count++] = searched_home(home, &indexed->arena);
        for (int version = 0; version < indexed->versions[home]; version++)
            add_terms(&keys, home, version);
    }
    search_keys_settle(&keys);
    return store_search_erase(session, homes, count, keys.items, keys.count, error);
}

static void do_index(struct store *store, store_body *body, struct indexed *indexed)
{
    struct error error;
    arena_reset(&indexed->arena);
    assert_int_equal(store_write(store, STR("t"), &indexed->arena, body, indexed, &error),
                     STATUS_OK);
}

static void unindex_until(struct store *store, struct indexed *indexed, int home)
{
    indexed->until = home;
    do_index(store, unindex_body, indexed);
    indexed->erased = home;
}

/* Lists of entries without an entry, in one snapshot of all blocks. */
static int empty_lists(void)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    int empty = 0;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "select body from search_block", -1, &statement, NULL),
                     SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        struct search_reader reader =
            search_reader_of(str_from_cstr((const char *)sqlite3_column_text(statement, 0)));
        int64_t number;
        while (search_reader_list(&reader)) {
            char first = search_reader_key(&reader).ptr[0];
            empty += (first == 'P' || first == 'V') && !search_reader_number(&reader, &number);
        }
    }
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return empty;
}

static void no_list_of_the_search_index_is_ever_empty(void **state)
{
    static struct indexed indexed;
    (void)state;
    struct store *store = open_store();
    arena_init(&indexed.arena, 1 << 26);
    environment_fixed_init(&indexed.environment, 0, 1, 7);
    for (int turn = 0; turn < TURNS; turn++) {
        do_index(store, index_body, &indexed);
        if (turn % 3 == 2) unindex_until(store, &indexed, indexed.erased + ERASED_AT_ONCE);
        if (turn % 10 == 9) assert_int_equal(empty_lists(), 0);
    }
    for (int i = 0; i < 6000 && ask("select count(*) = 0 from search_block"); i++)
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
    assert_int_not_equal(ask("select count(*) from search_block"), 0);
    assert_int_equal(empty_lists(), 0);
    while (indexed.erased < SEARCHED)
        unindex_until(store, &indexed,
                      indexed.erased + 400 < SEARCHED ? indexed.erased + 400 : SEARCHED);
    assert_int_equal(ask("select count(*) from search_block"), 0);
    assert_int_equal(ask("select count(*) from search_new"), 0);
    arena_release(&indexed.arena);
    sql_store_free(store);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keys_are_found_while_and_after_they_are_written_out),
        TEST(four_runs_are_merged_into_one),
        TEST(keys_that_are_in_no_run_are_found_after_a_restart),
        TEST(a_run_that_a_crash_left_half_written_is_deleted),
        TEST(a_key_that_all_share_is_found_as_often_as_asked_for),
        TEST(what_is_erased_is_in_no_run),
        TEST(a_write_finds_what_is_there_and_not_what_was_there),
        TEST(keys_of_before_there_was_a_log_are_found),
        TEST(any_number_of_search_segments_comes_to_rest),
        TEST(no_list_of_the_search_index_is_ever_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
