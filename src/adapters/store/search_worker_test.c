/* The order in which a store that is closed lets go of the thread of its search index: the thread
 * ends before the engine does, and the engine's writer calls the worker until its own end. */
#include "adapters/store/search_worker.h"

#include <stdatomic.h>
#include <time.h>

#include "adapters/store/sql_store_internal.h"
#include "sql_statements.h"
#include "unit.h"

enum { ENTRIES = 1000, PATIENCE_MS = 60000 };

/* An engine that answers nothing. */
static struct engine {
    struct sql_driver base;
    struct sql_store *store;
    atomic_int under_way;
    atomic_bool was_asked;
    bool is_closed;
} engine;

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static enum status transact(struct sql_driver *driver, enum sql_mode mode, struct str tenant,
                            struct arena *arena, sql_body *body, void *context, struct error *error)
{
    (void)driver, (void)mode, (void)tenant, (void)arena, (void)body, (void)context;
    atomic_fetch_add(&engine.under_way, 1);
    atomic_store(&engine.was_asked, true);
    pause_ms(20); /* whoever closes meanwhile has to wait for it */
    atomic_fetch_sub(&engine.under_way, 1);
    return error_plain(error, STATUS_UNAVAILABLE);
}

/* What the writer thread of the embedded store does with the last that it commits. */
static void close_engine(struct sql_driver *driver)
{
    struct error error;
    (void)driver;
    assert_int_equal(atomic_load(&engine.under_way), 0);
    assert_int_equal(search_worker_apply(engine.store->worker, NULL, &error), STATUS_OK);
    search_worker_committed(engine.store->worker);
    engine.is_closed = true;
}

static void the_thread_ends_before_the_engine_and_the_worker_after_it(void **state)
{
    (void)state;
    engine.base = (struct sql_driver){.transact = transact, .free = close_engine};
    engine.store = sql_store_new(sql_migrations_sqlite, sql_migrations_sqlite_count, 0, 0);
    assert_non_null(engine.store);
    engine.store->driver = &engine.base;
    engine.store->worker = search_worker_new(engine.store->index, &engine.base, true);
    assert_non_null(engine.store->worker);
    search_index_note(engine.store->index, STR("t"), ENTRIES);
    search_worker_wake(engine.store->worker);
    for (int i = 0; i < PATIENCE_MS && !atomic_load(&engine.was_asked); i++) pause_ms(1);
    assert_true(atomic_load(&engine.was_asked));
    sql_store_free(&engine.store->base);
    assert_true(engine.is_closed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_thread_ends_before_the_engine_and_the_worker_after_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
