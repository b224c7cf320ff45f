#include "adapters/store/replica_watch.h"

#include <stdlib.h>

#include "adapters/store/sql_store_internal.h"

enum { ASKS_PER_LAG = 10, PAUSE_MIN_MS = 5 };

struct watcher {
    struct replica_watch *watch;
    size_t index; /* of the replica; their count: the primary */
};

struct replica_watch {
    struct sql_store *store;
    int64_t pause_ms;
    size_t running;
    loop_function *ended; /* not NULL: it is to stop */
    void *ended_argument;
    struct watcher watchers[];
};

static struct replica_answer ask(struct sql_driver *driver, const struct sql_statement *statement,
                                 struct arena *arena)
{
    struct error ignored;
    struct sql_rows rows;
    arena_reset(arena);
    enum status status =
        driver->query_one(driver, NO_TENANT, statement, NULL, 0, arena, &rows, &ignored);
    if (status != STATUS_OK || rows.row_count != 1) return (struct replica_answer){-1, 0};
    return (struct replica_answer){sql_cell_int64(&rows, 0, 0, -1), sql_cell_int64(&rows, 0, 1, 0)};
}

static void ask_once(const struct watcher *watcher, struct arena *arena)
{
    struct sql_store *store = watcher->watch->store;
    struct replicas *replicas = store->replicas;
    if (watcher->index == replicas_count(replicas)) {
        int64_t asked_ms = replicas_ask_primary(replicas);
        replicas_note_primary(replicas, asked_ms, ask(store->driver, SQL_PRIMARY_POSITION, arena));
    } else {
        replicas_ask(replicas, watcher->index);
        replicas_note(replicas, watcher->index,
                      ask(replicas_driver(replicas, watcher->index), SQL_REPLICA_POSITION, arena));
    }
}

static void run(void *argument)
{
    const struct watcher *watcher = argument;
    struct replica_watch *watch = watcher->watch;
    struct arena arena;
    arena_init(&arena, 64 * 1024);
    while (!watch->ended) {
        ask_once(watcher, &arena);
        if (!watch->ended) coroutine_sleep(watch->pause_ms);
    }
    arena_release(&arena);
    if (--watch->running > 0) return;
    loop_function *ended = watch->ended;
    void *ended_argument = watch->ended_argument;
    free(watch);
    ended(ended_argument);
}

enum status replica_watch_start(struct store *store, struct loop *loop, struct replica_watch **out,
                                struct error *error)
{
    struct sql_store *self = (struct sql_store *)store;
    *out = NULL;
    if (!self->replicas) return STATUS_OK;
    size_t count = replicas_count(self->replicas) + 1;
    struct replica_watch *watch = calloc(1, sizeof(*watch) + count * sizeof(*watch->watchers));
    if (!watch) return error_plain(error, STATUS_OUT_OF_MEMORY);
    watch->store = self;
    watch->pause_ms = replicas_lag_max_ms(self->replicas) / ASKS_PER_LAG;
    if (watch->pause_ms < PAUSE_MIN_MS) watch->pause_ms = PAUSE_MIN_MS;
    for (size_t i = 0; i < count; i++) {
        watch->watchers[i] = (struct watcher){.watch = watch, .index = i};
        /* Without one of them its replica, or without the primary's all, are not read of. */
        if (loop_spawn(loop, run, &watch->watchers[i])) watch->running++;
    }
    if (watch->running > 0) {
        *out = watch;
        return STATUS_OK;
    }
    free(watch);
    return error_plain(error, STATUS_OUT_OF_MEMORY);
}

void replica_watch_stop(struct replica_watch *watch, loop_function *ended, void *argument)
{
    watch->ended_argument = argument;
    watch->ended = ended;
}

void replica_watch_write_metrics(struct store *store, struct buffer *out)
{
    replicas_write_metrics(((struct sql_store *)store)->replicas, out);
}
