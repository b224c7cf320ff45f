#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/loop/loop.h"
#include "engines/sql/sql.h"
#include "faulty_vfs.h"
#include "sql_statements.h"
#include "unit.h"

static char directory[64], path[96];
static struct sqlite_options options;

static int set_up(void **state)
{
    (void)state;
    faulty_vfs_install();
    snprintf(directory, sizeof(directory), "/tmp/sqlite-test-XXXXXX");
    if (!mkdtemp(directory)) return -1;
    snprintf(path, sizeof(path), "%s/store.db", directory);
    options = (struct sqlite_options){.path = str_from_cstr(path), .busy_timeout_ms = 100};
    return 0;
}

static int tear_down(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    (void)state;
    faulty_vfs_set(FAULT_WRITE, SQLITE_OK);
    faulty_vfs_set(FAULT_SYNC, SQLITE_OK);
    for (size_t i = 0; i < UNIT_COUNT(suffixes); i++) {
        char name[128];
        snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
        unlink(name);
    }
    return rmdir(directory);
}

static struct sql_driver *open_migrated(void)
{
    struct error error;
    struct sql_driver *driver;
    int applied;
    assert_int_equal(sqlite_migrate(options.path, sql_migrations_sqlite,
                                    sql_migrations_sqlite_count, &applied, &error),
                     STATUS_OK);
    assert_int_equal(sqlite_open(&options, &driver, &error), STATUS_OK);
    return driver;
}

/* --- a small unit of work: one suppression entry --- */

static enum status put_hash(struct sql_transaction *transaction, void *context, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(STR("t")),
                                       SQL_PARAM_TEXT(*(struct str *)context), SQL_PARAM_NULL,
                                       SQL_PARAM_INT64(1)};
    return sql_execute(transaction, SQL_SUPPRESSION_PUT, params, 4, error);
}

static enum status put(struct sql_driver *driver, struct str hash)
{
    struct arena arena;
    struct error error;
    arena_init(&arena, 1 << 20);
    enum status status =
        driver->transact(driver, SQL_WRITE, STR("t"), &arena, put_hash, &hash, &error);
    arena_release(&arena);
    return status;
}

static bool is_there(struct sql_driver *driver, struct str hash)
{
    struct arena arena;
    struct error error;
    struct sql_rows rows;
    const struct sql_value params[] = {SQL_PARAM_TEXT(STR("t")), SQL_PARAM_ARRAY(&hash, 1)};
    arena_init(&arena, 1 << 20);
    assert_int_equal(
        driver->query_one(driver, STR("t"), SQL_SUPPRESSION_FIND, params, 2, &arena, &rows, &error),
        STATUS_OK);
    bool found = rows.row_count > 0;
    arena_release(&arena);
    return found;
}

/* --- opening and migrating --- */

static void a_store_is_open_in_one_place_only(void **state)
{
    struct error error;
    struct sql_driver *second;
    int applied;
    (void)state;
    struct sql_driver *driver = open_migrated();
    assert_int_equal(sqlite_open(&options, &second, &error), STATUS_STORE_IN_USE);
    assert_int_equal(sqlite_migrate(options.path, sql_migrations_sqlite,
                                    sql_migrations_sqlite_count, &applied, &error),
                     STATUS_STORE_IN_USE);
    driver->free(driver);
    assert_int_equal(sqlite_open(&options, &driver, &error), STATUS_OK);
    driver->free(driver);
}

static void a_missing_file_is_only_made_when_asked(void **state)
{
    struct error error;
    struct sql_driver *driver;
    (void)state;
    assert_int_equal(sqlite_open(&options, &driver, &error), STATUS_IO);
    options.create = true;
    assert_int_equal(sqlite_open(&options, &driver, &error), STATUS_OK);
    driver->free(driver);
}

static void a_file_that_is_no_database_is_corrupt(void **state)
{
    struct error error;
    struct sql_driver *driver;
    (void)state;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++) fputs("this is not a database", file);
    fclose(file);
    assert_int_equal(sqlite_open(&options, &driver, &error), STATUS_STORE_CORRUPT);
}

static void a_store_without_its_schema_says_so(void **state)
{
    struct error error;
    struct sql_driver *driver;
    (void)state;
    options.create = true;
    assert_int_equal(sqlite_open(&options, &driver, &error), STATUS_OK);
    assert_int_equal(put(driver, STR("h")), STATUS_SCHEMA_MISMATCH);
    driver->free(driver);
}

static void migrations_are_applied_once(void **state)
{
    struct error error;
    int applied;
    (void)state;
    assert_int_equal(sqlite_migrate(options.path, sql_migrations_sqlite, 1, &applied, &error),
                     STATUS_OK);
    assert_int_equal(applied, 1);
    assert_int_equal(sqlite_migrate(options.path, sql_migrations_sqlite,
                                    sql_migrations_sqlite_count, &applied, &error),
                     STATUS_OK);
    assert_int_equal(applied, sql_migrations_sqlite_count - 1);
    assert_int_equal(sqlite_migrate(options.path, sql_migrations_sqlite,
                                    sql_migrations_sqlite_count, &applied, &error),
                     STATUS_OK);
    assert_int_equal(applied, 0);
}

static void a_changed_or_unknown_migration_is_a_mismatch(void **state)
{
    struct error error;
    int applied;
    (void)state;
    struct sql_migration mine[2] = {
        {.number = 1, .name = STR("one"), .text = STR("create table one (a);")},
        {.number = 2, .name = STR("two"), .text = STR("create table two (a);")}};
    assert_int_equal(sqlite_migrate(options.path, mine, 2, &applied, &error), STATUS_OK);
    assert_int_equal(sqlite_migrate(options.path, mine, 1, &applied, &error),
                     STATUS_SCHEMA_MISMATCH);
    mine[0].text = STR("create table one (b);");
    assert_int_equal(sqlite_migrate(options.path, mine, 2, &applied, &error),
                     STATUS_SCHEMA_MISMATCH);
}

static void a_migration_that_fails_leaves_nothing(void **state)
{
    struct error error;
    int applied;
    (void)state;
    const struct sql_migration bad = {
        .number = 1, .name = STR("bad"), .text = STR("create table one (a); create nonsense;")};
    const struct sql_migration good = {
        .number = 1, .name = STR("good"), .text = STR("create table one (a);")};
    assert_int_not_equal(sqlite_migrate(options.path, &bad, 1, &applied, &error), STATUS_OK);
    assert_int_equal(applied, 0);
    assert_int_equal(sqlite_migrate(options.path, &good, 1, &applied, &error), STATUS_OK);
}

/* --- failures of the disk --- */

static void a_fault_in_writing(int code, enum status expected)
{
    struct sql_driver *driver = open_migrated();
    assert_int_equal(put(driver, STR("before")), STATUS_OK);
    faulty_vfs_set(FAULT_WRITE, code);
    assert_int_equal(put(driver, STR("during")), expected);
    assert_int_equal(put(driver, STR("during too")), expected);
    faulty_vfs_set(FAULT_WRITE, SQLITE_OK);
    assert_false(is_there(driver, STR("during")));
    assert_int_equal(put(driver, STR("after")), STATUS_OK);
    assert_true(is_there(driver, STR("before")) && is_there(driver, STR("after")));
    driver->free(driver);
    struct error error; /* and on the disk it is the same */
    assert_int_equal(sqlite_open(&options, &driver, &error), STATUS_OK);
    assert_true(is_there(driver, STR("before")) && is_there(driver, STR("after")));
    assert_false(is_there(driver, STR("during")) || is_there(driver, STR("during too")));
    driver->free(driver);
}

static void a_full_disk_fails_the_write_and_nothing_else(void **state)
{
    (void)state;
    a_fault_in_writing(SQLITE_FULL, STATUS_STORE_FULL);
}

static void files_that_turn_read_only_fail_the_write_and_nothing_else(void **state)
{
    (void)state;
    a_fault_in_writing(SQLITE_READONLY, STATUS_STORE_READ_ONLY);
}

static void a_write_error_fails_the_write_and_nothing_else(void **state)
{
    (void)state;
    a_fault_in_writing(SQLITE_IOERR_WRITE, STATUS_IO);
}

static void a_failed_sync_leaves_the_outcome_unknown(void **state)
{
    (void)state;
    struct sql_driver *driver = open_migrated();
    assert_int_equal(put(driver, STR("before")), STATUS_OK);
    faulty_vfs_set(FAULT_SYNC, SQLITE_IOERR_FSYNC);
    assert_int_equal(put(driver, STR("during")), STATUS_OUTCOME_UNKNOWN);
    faulty_vfs_set(FAULT_SYNC, SQLITE_OK);
    assert_int_equal(put(driver, STR("after")), STATUS_OK);
    assert_true(is_there(driver, STR("before")) && is_there(driver, STR("after")));
    driver->free(driver);
}

/* --- group commit --- */

struct group {
    struct sql_driver *driver;
    atomic_int ok, failed;
    struct loop *loop;
    int left;
};

static enum status put_or_refuse(struct sql_transaction *transaction, void *context,
                                 struct error *error)
{
    struct str hash = *(struct str *)context;
    TRY(put_hash(transaction, context, error));
    return hash.ptr[0] == 'x' ? error_plain(error, STATUS_DUPLICATE_CUSTOMER) : STATUS_OK;
}

static void write_and_count(struct group *group, int number)
{
    struct arena arena;
    struct error error;
    arena_init(&arena, 1 << 20);
    struct str hash = arena_format(&arena, "%c-%d", number % 3 ? 'h' : 'x', number);
    enum status status = group->driver->transact(group->driver, SQL_WRITE, STR("t"), &arena,
                                                 put_or_refuse, &hash, &error);
    bool right = status == (number % 3 ? STATUS_OK : STATUS_DUPLICATE_CUSTOMER) &&
                 is_there(group->driver, hash) == (number % 3 != 0);
    atomic_fetch_add(right ? &group->ok : &group->failed, 1);
    arena_release(&arena);
}

static struct group group;

static void *thread_main(void *argument)
{
    for (int i = 0; i < 40; i++) write_and_count(&group, (int)(intptr_t)argument * 1000 + i);
    return NULL;
}

static void many_threads_commit_together_and_each_learns_its_own_outcome(void **state)
{
    pthread_t threads[16];
    (void)state;
    group = (struct group){.driver = open_migrated()};
    for (intptr_t i = 0; i < 16; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, thread_main, (void *)i), 0);
    for (int i = 0; i < 16; i++) pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&group.ok), 16 * 40);
    group.driver->free(group.driver);
}

static void coroutine_main(void *argument)
{
    write_and_count(&group, (int)(intptr_t)argument);
    if (--group.left == 0) loop_stop(group.loop);
}

static void coroutines_wait_without_blocking_their_loop(void **state)
{
    (void)state;
    group = (struct group){.driver = open_migrated(), .loop = loop_new(0), .left = 200};
    assert_non_null(group.loop);
    for (intptr_t i = 0; i < 200; i++)
        assert_true(loop_spawn(group.loop, coroutine_main, (void *)i));
    loop_run(group.loop);
    assert_int_equal(atomic_load(&group.ok), 200);
    loop_free(group.loop);
    group.driver->free(group.driver);
}

static enum status open_another(struct sql_transaction *transaction, void *context,
                                struct error *error)
{
    struct sql_driver *driver = transaction->driver;
    return driver->transact(driver, SQL_WRITE, STR("t"), context, open_another, context, error);
}

static void a_unit_of_work_inside_another_is_refused(void **state)
{
    struct arena arena;
    struct error error;
    (void)state;
    struct sql_driver *driver = open_migrated();
    arena_init(&arena, 1 << 20);
    assert_int_equal(
        driver->transact(driver, SQL_WRITE, STR("t"), &arena, open_another, &arena, &error),
        STATUS_INTERNAL);
    arena_release(&arena);
    driver->free(driver);
}

/* --- reading --- */

static enum status write_then_read_old(struct sql_transaction *transaction, void *context,
                                       struct error *error)
{
    struct sql_rows rows;
    struct str hash = STR("new");
    const struct sql_value params[] = {SQL_PARAM_TEXT(STR("t")), SQL_PARAM_ARRAY(&hash, 1)};
    TRY(sql_query(transaction, SQL_SUPPRESSION_FIND, params, 2, context, &rows, error));
    assert_int_equal(rows.row_count, 0);
    assert_int_equal(put(transaction->driver, hash), STATUS_OK);
    /* The snapshot stands still; a read outside of it, from within, does not. */
    TRY(sql_query(transaction, SQL_SUPPRESSION_FIND, params, 2, context, &rows, error));
    assert_int_equal(rows.row_count, 0);
    assert_true(is_there(transaction->driver, hash));
    return sql_execute(transaction, SQL_SUPPRESSION_REMOVE, params, 1, error);
}

static void a_read_is_one_snapshot_and_cannot_write(void **state)
{
    struct arena arena;
    struct error error;
    (void)state;
    struct sql_driver *driver = open_migrated();
    arena_init(&arena, 1 << 20);
    assert_int_equal(
        driver->transact(driver, SQL_READ, STR("t"), &arena, write_then_read_old, &arena, &error),
        STATUS_STORE_READ_ONLY);
    assert_true(is_there(driver, STR("new")));
    assert_int_equal(driver->ready(driver, &error), STATUS_OK);
    arena_release(&arena);
    driver->free(driver);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_store_is_open_in_one_place_only),
        TEST(a_missing_file_is_only_made_when_asked),
        TEST(a_file_that_is_no_database_is_corrupt),
        TEST(a_store_without_its_schema_says_so),
        TEST(migrations_are_applied_once),
        TEST(a_changed_or_unknown_migration_is_a_mismatch),
        TEST(a_migration_that_fails_leaves_nothing),
        TEST(a_full_disk_fails_the_write_and_nothing_else),
        TEST(files_that_turn_read_only_fail_the_write_and_nothing_else),
        TEST(a_write_error_fails_the_write_and_nothing_else),
        TEST(a_failed_sync_leaves_the_outcome_unknown),
        TEST(many_threads_commit_together_and_each_learns_its_own_outcome),
        TEST(coroutines_wait_without_blocking_their_loop),
        TEST(a_unit_of_work_inside_another_is_refused),
        TEST(a_read_is_one_snapshot_and_cannot_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
