/* A backup of one engine is restored into the other: their tables, but for those that are made
 * anew, have the same columns of the types that a backup knows. A table that a migration adds is in
 * the backup by itself; when it cannot be, this says so.
 */
#include <fcntl.h>
#include <unistd.h>

#include "adapters/store/backup.h"
#include "adapters/store/postgres_store.h"
#include "adapters/store/sqlite_store.h"
#include "postgres_server.h"
#include "sql_statements.h"
#include "unit.h"

static struct postgres_server server;
static struct arena arena;

static const struct backup_header header = {.schema = 1,
                                            .program = STR("test"),
                                            .taken_at = STR("2026-02-02T10:30:00Z"),
                                            .suppression_key =
                                                STR("00000000000000000000000000000000")};

/* The lines of an empty store's backup: header, tables, end. */
static struct str backup_text(struct store *store)
{
    struct error error = {.message = ""};
    struct backup_totals totals;
    char *bytes = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bytes, &size);
    enum status status = backup_write(store, &header, out, NULL, NULL, &totals, &error);
    if (status != STATUS_OK) fail_msg("%s", error.message);
    assert_int_equal(totals.rows, 0);
    assert_int_equal(fclose(out), 0);
    struct str text = arena_str(&arena, str_of(bytes, size));
    free(bytes);
    sql_store_free(store);
    return text;
}

static struct str backup_of_sqlite(void)
{
    char directory[] = "/tmp/customer360-backup-XXXXXX";
    struct error error;
    struct store *store;
    int applied;
    assert_non_null(mkdtemp(directory));
    struct str path = arena_format(&arena, "%s/a.db", directory);
    const struct sqlite_options options = {.path = path, .create = true};
    assert_int_equal(
        sqlite_migrate(path, sql_migrations_sqlite, sql_migrations_sqlite_count, &applied, &error),
        STATUS_OK);
    assert_int_equal(sqlite_store_open(&options, 0, 0, &store, &error), STATUS_OK);
    struct str text = backup_text(store);
    (void)unlink(path.ptr);
    (void)unlink(arena_format(&arena, "%s.lock", path.ptr).ptr);
    (void)unlink(arena_format(&arena, "%s-wal", path.ptr).ptr);
    (void)unlink(arena_format(&arena, "%s-shm", path.ptr).ptr);
    (void)rmdir(directory);
    return text;
}

static struct str backup_of_postgres(void)
{
    struct error error;
    struct store *store;
    const struct postgres_options options = {
        .url = postgres_server_url(&server, POSTGRES_MIGRATOR, postgres_server_database(&server)),
        .connections_per_loop = 1,
        .readers_per_loop = 1};
    assert_int_equal(postgres_store_open(&options, 0, &store, &error), STATUS_OK);
    return backup_text(store);
}

static void both_engines_have_the_same_tables_in_a_backup(void **state)
{
    (void)state;
    struct str sqlite = backup_of_sqlite(), postgres = backup_of_postgres(), line, other;
    while (str_split(&sqlite, '\n', &line)) {
        if (!str_split(&postgres, '\n', &other)) other = STR("");
        if (!str_equal(line, other))
            fail_msg("a table differs between the engines. SQLite:\n%.*s\nPostgreSQL:\n%.*s\n"
                     "What is made anew belongs into sql/*/backup_tables.sql",
                     STR_ARGS(line), STR_ARGS(other));
    }
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 16 << 20);
    return postgres_server_start(&server) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    postgres_server_stop(&server);
    arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_engines_have_the_same_tables_in_a_backup),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
