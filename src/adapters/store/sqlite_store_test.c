/* What the embedded store does beyond the contract: its keys survive merging and restarts. */
#include "adapters/store/sqlite_store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "sql_statements.h"
#include "unit.h"

/* More than are merged when idle, of which some are put twice. */
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
    assert_int_equal(sqlite_store_open(&options, 1 << 20, &store, &error), STATUS_OK);
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

/* Rows of a table, asked behind the store's back. */
static int count_rows(const char *table)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    char text[64];
    snprintf(text, sizeof(text), "select count(*) from %s", table);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int count = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return count;
}

static void keys_are_found_while_and_after_they_are_merged(void **state)
{
    (void)state;
    struct store *store = open_store();
    for (int first = 0; first < HOMES; first += 500) put(store, first, 500);
    for (int i = 0; i < 500 && count_rows("match_key_new") > 0; i++) {
        assert_all_found(store);
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
    }
    assert_int_equal(count_rows("match_key_new"), 0);
    assert_int_equal(count_rows("match_key"), HOMES * KEYS);
    assert_all_found(store);
    put(store, 0, 100); /* again: they are there, and merged without effect */
    put(store, 0, 100);
    assert_int_equal(count_rows("match_key_new"), 100 * KEYS);
    assert_all_found(store);
    sql_store_free(store);
    assert_int_equal(count_rows("match_key"), HOMES * KEYS);
}

static void keys_that_were_not_merged_are_found_after_a_restart(void **state)
{
    (void)state;
    struct store *store = open_store();
    put(store, 0, HOMES);
    sql_store_free(store);
    assert_int_equal(count_rows("match_key_new"), HOMES * KEYS);
    store = open_store();
    assert_all_found(store);
    put(store, 0, HOMES); /* known: not appended again */
    sql_store_free(store);
    assert_int_equal(count_rows("match_key_new"), HOMES * KEYS);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keys_are_found_while_and_after_they_are_merged),
        TEST(keys_that_were_not_merged_are_found_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
