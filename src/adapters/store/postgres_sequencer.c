#include "adapters/store/postgres_sequencer.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "adapters/store/sql_store_internal.h"
#include "base/clock.h"
#include "base/log.h"

enum {
    BATCH = 2000,
    BUSY_PAUSE_MS = 4,      /* between two batches: many events share one statement */
    BUSY_PAUSE_MAX_MS = 20, /* as long as what the batch took, times */
    BUSY_SHARE = 4,
    OTHERS_PAUSE_MS = 5,    /* another instance numbers; it may have begun before our commit */
    IDLE_PAUSE_MS = 250,    /* to find what a crashed instance left */
    FAILURE_PAUSE_MS = 200, /* the database does not answer */
    LOOK_EVERY_MS = 5000    /* for sessions that have fallen silent */
};

/* Whether somebody has to wake it, or it goes on by itself. */
enum { AWAKE, ASLEEP, WOKEN };

struct postgres_sequencer {
    struct sql_store *store;
    struct loop *loop;
    struct coroutine *coroutine;
    struct loop_timer *timer;
    atomic_int state;
    void (*numbered)(void *argument);
    void *numbered_argument;
    loop_function *ended; /* not NULL: it is to stop */
    void *ended_argument;
    bool is_failing;
    int64_t look_at_ms; /* for silent sessions; of the monotonic clock */
};

/* --- sleeping --- */

static void resume(void *argument)
{
    struct postgres_sequencer *self = argument;
    coroutine_resume(self->coroutine);
}

static void on_timer(void *argument)
{
    struct postgres_sequencer *self = argument;
    self->timer = NULL;
    if (atomic_exchange(&self->state, WOKEN) == ASLEEP) coroutine_resume(self->coroutine);
}

/* Until the time is over or something was committed, be it before the call. */
static void sleep_until_woken(struct postgres_sequencer *self, int64_t delay_ms)
{
    int awake = AWAKE;
    self->timer = loop_timer_start(self->loop, delay_ms, on_timer, self);
    if (self->timer && atomic_compare_exchange_strong(&self->state, &awake, ASLEEP))
        coroutine_suspend();
    if (self->timer) loop_timer_cancel(self->loop, self->timer);
    self->timer = NULL;
    atomic_store(&self->state, AWAKE);
}

/* Of the store, after each of this instance's commits, in the thread that committed. */
static void wake(void *argument)
{
    struct postgres_sequencer *self = argument;
    if (coroutine_current() == self->coroutine) return; /* its own */
    if (atomic_load(&self->state) == WOKEN) return;
    if (atomic_exchange(&self->state, WOKEN) != ASLEEP) return;
    if (loop_current() == self->loop)
        resume(self);
    else
        coroutine_resume_from_thread(self->coroutine);
}

/* --- numbering --- */

struct batch {
    struct arena *arena;
    int64_t count;
};

static enum status number_batch(struct sql_transaction *transaction, void *context,
                                struct error *error)
{
    struct batch *batch = context;
    struct sql_rows rows;
    struct sql_value limit = SQL_PARAM_INT64(BATCH);
    TRY(sql_query(transaction, SQL_SEQUENCER_NUMBER, &limit, 1, batch->arena, &rows, error));
    batch->count = rows.row_count ? sql_cell_int64(&rows, 0, 0, 0) : 0;
    return STATUS_OK;
}

static void note_outcome(struct postgres_sequencer *self, enum status status,
                         const struct error *error)
{
    bool is_failing = status != STATUS_OK;
    if (is_failing && !self->is_failing)
        log_warn("feed.numbering_fails", LOG_CODE("code", status_code(status)),
                 LOG_REASON("reason", str_from_cstr(error->message)));
    if (!is_failing && self->is_failing) log_info("feed.numbering_again");
    self->is_failing = is_failing;
}

/* A statement costs the server as much as some twenty of its events; so it is to have no more than
 * its share of the time. */
static int64_t busy_pause_ms(int64_t began_ms)
{
    int64_t pause_ms = (clock_ms(CLOCK_MONOTONIC) - began_ms) * BUSY_SHARE;
    if (pause_ms < BUSY_PAUSE_MS) return BUSY_PAUSE_MS;
    return pause_ms < BUSY_PAUSE_MAX_MS ? pause_ms : BUSY_PAUSE_MAX_MS;
}

/* How long to wait before the next. */
static int64_t number_once(struct postgres_sequencer *self, struct arena *arena)
{
    struct error error = {0};
    struct batch batch = {.arena = arena};
    struct sql_driver *driver = self->store->driver;
    int64_t began_ms = clock_ms(CLOCK_MONOTONIC);
    arena_reset(arena);
    enum status status =
        driver->transact(driver, SQL_WRITE, STR(""), arena, number_batch, &batch, &error);
    note_outcome(self, status, &error);
    if (status != STATUS_OK) return FAILURE_PAUSE_MS;
    if (batch.count < 0) return OTHERS_PAUSE_MS;
    if (batch.count > 0 && self->numbered) self->numbered(self->numbered_argument);
    if (batch.count == 0) return IDLE_PAUSE_MS;
    return batch.count < BATCH ? busy_pause_ms(began_ms) : 0;
}

/* --- silent sessions --- */

static enum status end_silent(struct sql_transaction *transaction, void *context,
                              struct error *error)
{
    struct batch *batch = context;
    struct sql_rows rows;
    TRY(sql_query(transaction, SQL_SESSIONS_END_SILENT, NULL, 0, batch->arena, &rows, error));
    batch->count = rows.row_count ? sql_cell_int64(&rows, 0, 0, 0) : 0;
    return STATUS_OK;
}

/* An instance that is stopped between two statements, as a machine that is moved is, holds what it
 * has locked against all others: the server ends a session that is idle in a unit of work, but not
 * one that has sent a part of what it was to send. */
static void look_for_silent(struct postgres_sequencer *self, struct arena *arena)
{
    struct error error = {0};
    struct batch batch = {.arena = arena};
    struct sql_driver *driver = self->store->driver;
    int64_t now_ms = clock_ms(CLOCK_MONOTONIC);
    if (now_ms < self->look_at_ms) return;
    self->look_at_ms = now_ms + LOOK_EVERY_MS;
    arena_reset(arena);
    enum status status =
        driver->transact(driver, SQL_WRITE, STR(""), arena, end_silent, &batch, &error);
    if (status != STATUS_OK)
        log_debug("store.sessions_not_seen", LOG_CODE("code", status_code(status)));
    else if (batch.count > 0)
        log_warn("store.silent_sessions_ended", LOG_COUNT("sessions", batch.count));
}

static void run(void *argument)
{
    struct postgres_sequencer *self = argument;
    struct arena arena;
    self->coroutine = coroutine_current();
    sql_store_set_committed(&self->store->base, wake, self);
    arena_init(&arena, 1024 * 1024);
    while (!self->ended) {
        look_for_silent(self, &arena);
        int64_t pause_ms = number_once(self, &arena);
        if (self->ended) break;
        if (pause_ms == IDLE_PAUSE_MS)
            sleep_until_woken(self, pause_ms);
        else if (pause_ms > 0)
            coroutine_sleep(pause_ms);
    }
    arena_release(&arena);
    sql_store_set_committed(&self->store->base, NULL, NULL);
    loop_function *ended = self->ended;
    void *ended_argument = self->ended_argument;
    free(self);
    ended(ended_argument);
}

enum status postgres_sequencer_start(struct store *store, struct loop *loop,
                                     void (*numbered)(void *argument), void *argument,
                                     struct postgres_sequencer **sequencer, struct error *error)
{
    struct postgres_sequencer *self = calloc(1, sizeof(*self));
    if (!self) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *self = (struct postgres_sequencer){.store = (struct sql_store *)store,
                                        .loop = loop,
                                        .numbered = numbered,
                                        .numbered_argument = argument};
    *sequencer = self;
    if (loop_spawn(loop, run, self)) return STATUS_OK;
    free(self);
    return error_plain(error, STATUS_OUT_OF_MEMORY);
}

void postgres_sequencer_stop(struct postgres_sequencer *self, loop_function *ended, void *argument)
{
    self->ended = ended;
    self->ended_argument = argument;
    if (self->coroutine) wake(self);
}
