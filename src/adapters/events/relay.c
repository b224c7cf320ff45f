#include "adapters/events/relay.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "adapters/events/lease.h"
#include "base/clock.h"
#include "base/log.h"
#include "formats/metric.h"

enum {
    ARENA_BYTES = 256 * 1024 * 1024,
    BUSY_PAUSE_MS = 25,  /* other instances' events wake nobody here: look often while some come */
    IDLE_PAUSE_MS = 250, /* and seldom while none do */
    BUSY_FOR_MS = 2000,
    FIRST_RETRY_MS = 200, /* doubled up to the last */
    LAST_RETRY_MS = 5000,
    PATIENCE_MAX_LEASES = 16,
    TIMELINE_BITS = 32 /* positions of a timeline, as the sequencer has it (decision 0124) */
};

struct relay {
    struct relay_options options;
    struct lease lease;
    struct arena arena; /* of one round */
    instant busy_until;
    bool begun;
    int64_t position; /* published up to here, while begun */
    int64_t retry_ms;
    enum status failing;   /* STATUS_OK: it is not */
    instant cut_off_since; /* the publisher does nothing from here; 0: it does, or is not asked */
    bool is_publishers_fault; /* the failure of this round */

    pthread_t thread;
    bool started;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool ended;
    atomic_bool woken;
    atomic_bool draining; /* publish what is there, then end */
    atomic_bool stop;     /* end */

    /* What the metrics tell; written by the thread alone. */
    _Atomic int64_t published;
    _Atomic int64_t transactions;
    _Atomic int64_t failures;
    _Atomic int64_t shown_position;
    _Atomic int64_t newest;
    _Atomic int64_t oldest_waiting; /* instant; 0: nothing waits */
    _Atomic bool is_ours;
    _Atomic bool is_failing;
};

static instant now(const struct relay *self)
{
    return self->options.environment->now(self->options.environment);
}

static instant in_ms(const struct relay *self, int64_t delay_ms)
{
    return now(self) + delay_ms * (INSTANT_SECOND / 1000);
}

/* --- sleeping --- */

/* `always`: for the whole time, unless it is to end. */
static void sleep_for(struct relay *self, int64_t delay_ms, bool always)
{
    struct timespec until = clock_in_ms(delay_ms);
    int waited = 0;
    (void)pthread_mutex_lock(&self->mutex);
    while (waited == 0 && !atomic_load(&self->stop) && !atomic_load(&self->draining) &&
           (always || !atomic_load(&self->woken)))
        waited = pthread_cond_timedwait(&self->changed, &self->mutex, &until);
    (void)pthread_mutex_unlock(&self->mutex);
}

void relay_wake(void *relay)
{
    struct relay *self = relay;
    if (atomic_exchange(&self->woken, true)) return;
    (void)pthread_mutex_lock(&self->mutex);
    (void)pthread_cond_broadcast(&self->changed);
    (void)pthread_mutex_unlock(&self->mutex);
}

/* --- failing --- */

static void note_failure(struct relay *self, enum status status, const struct error *error)
{
    if (atomic_load(&self->stop)) return; /* it was told to give up */
    atomic_fetch_add(&self->failures, 1);
    atomic_store(&self->is_failing, true);
    self->retry_ms = self->retry_ms ? self->retry_ms * 2 : FIRST_RETRY_MS;
    if (self->retry_ms > LAST_RETRY_MS) self->retry_ms = LAST_RETRY_MS;
    if (status == self->failing) return;
    self->failing = status;
    log_error("relay.fails", LOG_CODE("code", status_code(status)),
              LOG_REASON("reason", str_from_cstr(error->message)));
}

static void note_success(struct relay *self)
{
    if (self->failing != STATUS_OK) log_info("relay.publishes_again");
    self->failing = STATUS_OK;
    self->retry_ms = 0;
    self->cut_off_since = 0;
    lease_worked(&self->lease);
    atomic_store(&self->is_failing, false);
}

/* --- the lease --- */

static void forget(struct relay *self)
{
    self->options.publisher->end(self->options.publisher);
    self->begun = false;
}

static void note_lease(struct relay *self, const struct relay_state *before)
{
    const struct relay_state *state = &self->lease.state;
    if (self->begun && (!state->is_ours || state->epoch != before->epoch)) forget(self);
    if (state->is_ours && !before->is_ours)
        log_info("relay.leads", LOG_COUNT("epoch", state->epoch));
    if (!state->is_ours && before->is_ours) log_warn("relay.lost_its_lease");
    atomic_store(&self->is_ours, state->is_ours);
    atomic_store(&self->newest, state->newest);
    if (!self->begun) atomic_store(&self->shown_position, state->position);
}

/* Before anything is published in any case. */
static enum status keep_lease(struct relay *self, bool at_once, struct error *error)
{
    const struct relay_state before = self->lease.state;
    instant next_turn = self->lease.next_turn;
    int64_t position = self->begun ? self->position : -1;
    TRY(lease_keep(&self->lease, position, at_once, &self->arena, error));
    if (at_once || self->lease.next_turn != next_turn) note_lease(self, &before);
    return STATUS_OK;
}

/* What is wrong may be so here alone - a certificate, a firewall, a name - and then another can do
 * it; where nobody can, the lease goes round. */
static void let_another_try(struct relay *self, instant began)
{
    if (!self->is_publishers_fault || !self->lease.state.is_ours) {
        self->cut_off_since = 0;
        return;
    }
    if (self->cut_off_since == 0) self->cut_off_since = began;
    if (!lease_fails_for_long(&self->lease, self->cut_off_since)) return;
    if (!self->lease.stands_back) log_warn("relay.stands_back");
    lease_stand_back(&self->lease, -1, &self->arena);
    atomic_store(&self->is_ours, false);
    self->cut_off_since = 0;
}

/* --- publishing --- */

static enum status of_publisher(struct relay *self, enum status status)
{
    self->is_publishers_fault = status != STATUS_OK;
    return status;
}

static enum status list(struct relay *self, size_t limit, struct outbox_event **events,
                        size_t *count, struct error *error)
{
    int64_t after = self->begun ? self->position : atomic_load(&self->shown_position);
    TRY(store_outbox_list(self->options.store, after, limit, &self->arena, events, count, error));
    atomic_store(&self->oldest_waiting, *count > 0 ? (*events)[0].event.timestamp : 0);
    return STATUS_OK;
}

/* An outbox whose store was put back, a file over a newer one, has other events at positions that
 * are published, or none yet. (After a fail-over of PostgreSQL it has not: decision 0124.) */
static enum status is_another_history(struct relay *self, const struct published *published,
                                      bool *is_another, struct error *error)
{
    struct outbox_event *event;
    size_t count = 0;
    *is_another = published->position > self->lease.state.newest;
    if (*is_another || str_is_none(published->event_id)) return STATUS_OK;
    TRY(store_outbox_list(self->options.store, published->position - 1, 1, &self->arena, &event,
                          &count, error));
    *is_another = count > 0 && event->event.position == published->position &&
                  !str_equal(event->event.event_id, published->event_id);
    return STATUS_OK;
}

/* From where the store itself knows: it is of the same history, and what comes again since then
 * has the same ids. The end of the outbox is asked for after the fence: before it somebody else may
 * have published later ones. */
static enum status find_place(struct relay *self, const struct published *published,
                              struct error *error)
{
    bool is_another = false;
    if (published->position >= 0) TRY(is_another_history(self, published, &is_another, error));
    if (is_another)
        log_warn("relay.outbox_went_back", LOG_COUNT("published", published->position),
                 LOG_COUNT("newest", self->lease.state.newest),
                 LOG_COUNT("from", self->lease.state.position));
    self->position =
        is_another || published->position < 0 ? self->lease.state.position : published->position;
    return STATUS_OK;
}

static enum status begin(struct relay *self, struct error *error)
{
    struct published published;
    struct publisher *publisher = self->options.publisher;
    TRY(of_publisher(self, publisher->begin(publisher, self->lease.state.outbox_id, &self->arena,
                                            &published, error)));
    TRY(keep_lease(self, true, error));
    if (!self->lease.state.is_ours) return STATUS_OK;
    TRY(find_place(self, &published, error));
    self->begun = true;
    log_info("relay.begins", LOG_COUNT("position", self->position));
    return STATUS_OK;
}

/* What is published of the timeline before may be of commits that the new primary never had. */
static void advance(struct relay *self, int64_t position)
{
    if (position >> TIMELINE_BITS != self->position >> TIMELINE_BITS)
        log_warn("relay.has_a_new_timeline", LOG_COUNT("published", self->position),
                 LOG_COUNT("now", position));
    self->position = position;
    atomic_store(&self->shown_position, position);
}

static void note_published(struct relay *self, const struct outbox_event *last, size_t count)
{
    advance(self, last->event.position);
    self->busy_until = in_ms(self, BUSY_FOR_MS);
    if (self->position > atomic_load(&self->newest)) atomic_store(&self->newest, self->position);
    atomic_fetch_add(&self->published, (int64_t)count);
    atomic_fetch_add(&self->transactions, 1);
    note_success(self);
}

/* *count: how many were published. */
static enum status publish_some(struct relay *self, size_t *count, struct error *error)
{
    struct outbox_event *events;
    *count = 0;
    TRY(keep_lease(self, false, error));
    if (!self->lease.state.is_ours) return STATUS_OK;
    if (!self->begun) {
        size_t waiting; /* since when, for the metrics */
        TRY(list(self, 1, &events, &waiting, error));
        TRY(begin(self, error));
        if (!self->begun) return STATUS_OK;
    }
    int64_t newest = self->lease.state.newest;
    TRY(list(self, self->options.batch, &events, count, error));
    if (*count == 0) {
        /* What was the newest before it was looked has gone by an erasure, or begins a timeline. */
        if (newest > self->position) advance(self, newest);
        return STATUS_OK;
    }
    TRY(of_publisher(self, self->options.publisher->publish(self->options.publisher, events, *count,
                                                            &self->arena, error)));
    note_published(self, &events[*count - 1], *count);
    return STATUS_OK;
}

/* --- the thread --- */

/* One round: false when it is to end. */
static bool round_once(struct relay *self)
{
    struct error error = {.status = STATUS_OK};
    size_t count;
    instant began = now(self);
    arena_reset(&self->arena);
    self->is_publishers_fault = false;
    bool draining = atomic_load(&self->draining);
    atomic_store(&self->woken, false); /* what is committed from here on wakes again */
    enum status status = publish_some(self, &count, &error);
    if (status != STATUS_OK) {
        forget(self);
        self->lease.next_turn = 0;
        note_failure(self, status, &error);
        let_another_try(self, began);
        sleep_for(self, self->retry_ms, true);
        return !draining;
    }
    if (count > 0) return true;
    if (self->begun) note_success(self);
    if (draining) return false;
    sleep_for(self, self->busy_until > now(self) ? BUSY_PAUSE_MS : IDLE_PAUSE_MS, false);
    return true;
}

static void give_lease_up(struct relay *self)
{
    arena_reset(&self->arena);
    lease_give_up(&self->lease, self->begun ? self->position : -1, &self->arena);
    atomic_store(&self->is_ours, false);
}

static void *run(void *argument)
{
    struct relay *self = argument;
    while (!atomic_load(&self->stop) && round_once(self)) continue;
    give_lease_up(self);
    forget(self);
    (void)pthread_mutex_lock(&self->mutex);
    self->ended = true;
    (void)pthread_cond_broadcast(&self->changed);
    (void)pthread_mutex_unlock(&self->mutex);
    return NULL;
}

/* --- life --- */

enum status relay_new(const struct relay_options *options, struct relay **relay,
                      struct error *error)
{
    struct relay *self = calloc(1, sizeof(*self));
    pthread_condattr_t monotonic;
    if (!self) {
        options->publisher->free(options->publisher);
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    self->options = *options;
    arena_init(&self->arena, ARENA_BYTES);
    lease_init(&self->lease, options->store, options->environment, options->name, options->lease_ms,
               options->lease_ms * PATIENCE_MAX_LEASES);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&self->mutex, NULL);
    (void)pthread_cond_init(&self->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    *relay = self;
    return STATUS_OK;
}

enum status relay_start(struct relay *self, struct error *error)
{
    self->started = pthread_create(&self->thread, NULL, run, self) == 0;
    return self->started ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}

void relay_stop(struct relay *self, int64_t patience_ms)
{
    /* What it could not publish before it will hardly now. */
    struct timespec until = clock_in_ms(atomic_load(&self->is_failing) ? 0 : patience_ms);
    int waited = 0;
    if (!self->started) return;
    (void)pthread_mutex_lock(&self->mutex);
    atomic_store(&self->draining, true);
    (void)pthread_cond_broadcast(&self->changed);
    while (!self->ended && waited == 0)
        waited = pthread_cond_timedwait(&self->changed, &self->mutex, &until);
    atomic_store(&self->stop, true);
    (void)pthread_cond_broadcast(&self->changed);
    (void)pthread_mutex_unlock(&self->mutex);
    self->options.publisher->give_up(self->options.publisher);
    (void)pthread_join(self->thread, NULL);
    self->started = false;
}

void relay_free(struct relay *self)
{
    if (!self) return;
    self->options.publisher->free(self->options.publisher);
    arena_release(&self->arena);
    (void)pthread_cond_destroy(&self->changed);
    (void)pthread_mutex_destroy(&self->mutex);
    free(self);
}

/* --- metrics --- */

void relay_write_metrics(const struct relay *self, struct buffer *out)
{
    instant oldest = atomic_load(&self->oldest_waiting);
    int64_t position = atomic_load(&self->shown_position), newest = atomic_load(&self->newest);
    const struct {
        const char *name, *type, *help;
        double value;
    } rows[] = {
        {"customer360_relay_events_published_total", "counter",
         "Events published by this instance.", (double)atomic_load(&self->published)},
        {"customer360_relay_transactions_total", "counter", "Transactions they were published in.",
         (double)atomic_load(&self->transactions)},
        {"customer360_relay_failures_total", "counter", "Attempts to publish that failed.",
         (double)atomic_load(&self->failures)},
        {"customer360_relay_backlog_events", "gauge", "Events that wait to be published, about.",
         newest > position ? (double)(newest - position) : 0},
        {"customer360_relay_lag_seconds", "gauge",
         "How long the oldest of them has waited; of the instance that leads.",
         oldest > 0 ? (double)(now(self) - oldest) / (double)INSTANT_SECOND : 0},
        {"customer360_relay_leads", "gauge", "1: this instance publishes.",
         (double)atomic_load(&self->is_ours)},
        {"customer360_relay_failing", "gauge", "1: it cannot publish; the log says why.",
         (double)atomic_load(&self->is_failing)},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        metric_value(out, rows[i].name, rows[i].type, rows[i].help, rows[i].value);
}
