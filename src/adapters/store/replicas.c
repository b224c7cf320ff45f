#include "adapters/store/replicas.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/environment.h"
#include "base/hash.h"
#include "formats/metric.h"

enum {
    SAMPLES = 32, /* more than are put within the bound of lag */
    PARTIES = 4096,
    CONNECT_TIMEOUT_MS = 1000,
    STATEMENT_TIMEOUT_MS = 2000
};

/* Of a party whose position is not known; the second, when the primary has been asked since. */
#define UNKNOWN       INT64_MAX
#define UNKNOWN_ASKED (INT64_MAX - 1)

struct replica {
    struct sql_driver *driver;
    _Atomic int64_t position;  /* negative: not known, or away */
    _Atomic int64_t asked_ms;  /* since when an answer is waited for; 0: none is */
    _Atomic int64_t caught_ms; /* the primary was last known to be no further then */
    _Atomic bool is_behind;
    _Atomic uint64_t reads;
};

struct sample {
    int64_t asked_ms, position;
};

/* Why the primary was asked. */
enum refusal { REFUSED_BEHIND, REFUSED_AWAY, REFUSED_FAILED, REFUSALS };

struct replicas {
    struct replica *list;
    size_t count;
    int64_t lag_max_ms;
    pthread_mutex_t mutex; /* over the samples */
    struct sample samples[SAMPLES];
    size_t sample_count; /* ever */
    int64_t timeline;    /* of the primary; under the mutex */
    struct hash_key key;
    _Atomic int64_t written[PARTIES]; /* since the start; what was before it every answer has */
    _Atomic uint64_t refused[REFUSALS];
    _Atomic size_t turn;
};

/* Of a clock that goes on while the machine sleeps. */
static int64_t now_ms(void)
{
    return clock_ms(CLOCK_BOOTTIME);
}

/* --- what the primary said --- */

static const struct sample *sample_of(const struct replicas *replicas, size_t number)
{
    return &replicas->samples[number % SAMPLES];
}

/* The oldest that was asked for within the bound. */
static bool find_floor(struct replicas *replicas, int64_t *position)
{
    int64_t since = now_ms() - replicas->lag_max_ms;
    bool found = false;
    pthread_mutex_lock(&replicas->mutex);
    size_t count = replicas->sample_count < SAMPLES ? replicas->sample_count : SAMPLES;
    for (size_t i = 0; i < count; i++) {
        const struct sample *sample = sample_of(replicas, replicas->sample_count - 1 - i);
        if (sample->asked_ms < since) break;
        *position = sample->position;
        found = true;
    }
    pthread_mutex_unlock(&replicas->mutex);
    return found;
}

/* False when the primary was further already at every time that is known. */
static bool find_caught(const struct replicas *replicas, int64_t position, int64_t *asked_ms,
                        bool *is_behind)
{
    bool found = false;
    size_t count = replicas->sample_count < SAMPLES ? replicas->sample_count : SAMPLES;
    for (size_t i = 0; i < count && !found; i++) {
        const struct sample *sample = sample_of(replicas, replicas->sample_count - 1 - i);
        found = sample->position <= position;
        *asked_ms = sample->asked_ms;
        *is_behind = i > 0 || !found;
    }
    return found;
}

/* --- who wrote --- */

static _Atomic int64_t *place_of(struct replicas *replicas, const struct store_party *party)
{
    uint64_t tenant = hash_bytes(replicas->key, party->tenant);
    struct hash_key key = {replicas->key.k0 ^ tenant, replicas->key.k1};
    return &replicas->written[hash_bytes(key, party->user) % PARTIES];
}

void replicas_note_write(struct replicas *replicas, const struct store_party *party,
                         int64_t position)
{
    _Atomic int64_t *at = place_of(replicas, party);
    int64_t before = atomic_load(at), after;
    do {
        /* The question that is under way may have been put before this write. */
        after = before >= UNKNOWN_ASKED ? UNKNOWN : before > position ? before : position;
    } while (!atomic_compare_exchange_weak(at, &before, after));
}

void replicas_note_unknown(struct replicas *replicas, const struct store_party *party)
{
    atomic_store(place_of(replicas, party), UNKNOWN);
}

static void replace(struct replicas *replicas, int64_t from, int64_t to)
{
    for (size_t i = 0; i < PARTIES; i++) {
        int64_t expected = from;
        (void)atomic_compare_exchange_strong(&replicas->written[i], &expected, to);
    }
}

int64_t replicas_ask_primary(struct replicas *replicas)
{
    replace(replicas, UNKNOWN, UNKNOWN_ASKED);
    return now_ms();
}

/* What was said on an older timeline is void, of replicas too, until each has said that it follows.
 */
static void begin_timeline(struct replicas *replicas, int64_t timeline)
{
    replicas->timeline = timeline;
    replicas->sample_count = 0;
    for (size_t i = 0; i < replicas->count; i++) atomic_store(&replicas->list[i].position, -1);
}

void replicas_note_primary(struct replicas *replicas, int64_t asked_ms,
                           struct replica_answer answer)
{
    if (answer.position < 0) return;
    pthread_mutex_lock(&replicas->mutex);
    if (answer.timeline != replicas->timeline) begin_timeline(replicas, answer.timeline);
    replicas->samples[replicas->sample_count++ % SAMPLES] =
        (struct sample){asked_ms, answer.position};
    pthread_mutex_unlock(&replicas->mutex);
    replace(replicas, UNKNOWN_ASKED, answer.position);
}

/* --- the replicas --- */

void replicas_ask(struct replicas *replicas, size_t index)
{
    atomic_store(&replicas->list[index].asked_ms, now_ms());
}

void replicas_note(struct replicas *replicas, size_t index, struct replica_answer answer)
{
    struct replica *replica = &replicas->list[index];
    int64_t caught_ms = 0;
    bool is_behind = true;
    pthread_mutex_lock(&replicas->mutex);
    if (answer.timeline != replicas->timeline) answer.position = -1;
    if (find_caught(replicas, answer.position, &caught_ms, &is_behind))
        atomic_store(&replica->caught_ms, caught_ms);
    atomic_store(&replica->is_behind, is_behind);
    atomic_store(&replica->position, answer.position);
    pthread_mutex_unlock(&replicas->mutex);
    atomic_store(&replica->asked_ms, 0);
}

/* It was asked, and has been silent for longer than an answer may be old. */
static bool is_silent(const struct replicas *replicas, const struct replica *replica)
{
    int64_t asked_ms = atomic_load(&replica->asked_ms);
    return asked_ms > 0 && now_ms() - asked_ms > replicas->lag_max_ms;
}

static bool is_away(const struct replicas *replicas, const struct replica *replica)
{
    return atomic_load(&replica->position) < 0 || is_silent(replicas, replica);
}

static void count_refusal(struct replicas *replicas, enum refusal why)
{
    atomic_fetch_add_explicit(&replicas->refused[why], 1, memory_order_relaxed);
}

struct sql_driver *replicas_choose(struct replicas *replicas, const struct store_party *party,
                                   int64_t *position)
{
    enum refusal why = REFUSED_AWAY;
    int64_t floor = 0, own = atomic_load(place_of(replicas, party));
    bool bounded = find_floor(replicas, &floor);
    if (own > *position) *position = own;
    if (floor > *position) *position = floor;
    size_t first = atomic_fetch_add_explicit(&replicas->turn, 1, memory_order_relaxed);
    for (size_t i = 0; bounded && i < replicas->count; i++) {
        struct replica *replica = &replicas->list[(first + i) % replicas->count];
        if (is_away(replicas, replica)) continue;
        if (atomic_load(&replica->position) >= *position) return replica->driver;
        why = REFUSED_BEHIND;
    }
    count_refusal(replicas, why);
    return NULL;
}

/* What says more of the server than of what was asked: it went, it is behind, it took back what was
 * being read (a conflict with what it replays), or it lacks a migration that the primary has. */
static bool is_the_replicas(enum status status)
{
    return status == STATUS_UNAVAILABLE || status == STATUS_WRITE_CONFLICT ||
           status == STATUS_SCHEMA_MISMATCH || status == STATUS_STORE_CORRUPT ||
           status == STATUS_INTERNAL;
}

bool replicas_answered(struct replicas *replicas, const struct sql_driver *driver,
                       enum status status)
{
    if (is_the_replicas(status)) {
        count_refusal(replicas, REFUSED_FAILED);
        return false;
    }
    for (size_t i = 0; i < replicas->count; i++)
        if (replicas->list[i].driver == driver)
            atomic_fetch_add_explicit(&replicas->list[i].reads, 1, memory_order_relaxed);
    return true;
}

size_t replicas_count(const struct replicas *replicas)
{
    return replicas->count;
}

struct sql_driver *replicas_driver(const struct replicas *replicas, size_t index)
{
    return replicas->list[index].driver;
}

int64_t replicas_lag_max_ms(const struct replicas *replicas)
{
    return replicas->lag_max_ms;
}

/* --- metrics --- */

static void write_reads(const struct replicas *replicas, size_t count, struct buffer *out)
{
    static const char *const reasons[REFUSALS] = {"behind", "away", "failed"};
    static const char *const name = "customer360_replica_reads_total";
    static const char *const refused = "customer360_replica_refused_total";
    metric_head(out, name, "counter",
                "Reads that a replica answered, by its place in store.replica.");
    for (size_t i = 0; i < count; i++)
        buffer_append_format(out, "%s{replica=\"%zu\"} %llu\n", name, i + 1,
                             (unsigned long long)atomic_load(&replicas->list[i].reads));
    metric_head(
        out, refused, "counter",
        "Reads that might lag and were the primary's, for no replica was far enough, none was "
        "there, or the one that was asked failed.");
    for (size_t i = 0; i < REFUSALS; i++)
        buffer_append_format(out, "%s{reason=\"%s\"} %llu\n", refused, reasons[i],
                             count ? (unsigned long long)atomic_load(&replicas->refused[i]) : 0);
}

static double lag_of(struct replica *replica)
{
    if (!atomic_load(&replica->is_behind)) return 0;
    return (double)(now_ms() - atomic_load(&replica->caught_ms)) / 1000;
}

void replicas_write_metrics(struct replicas *replicas, struct buffer *out)
{
    static const char *const lag = "customer360_replica_lag_seconds";
    static const char *const up = "customer360_replica_up";
    size_t count = replicas ? replicas->count : 0;
    write_reads(replicas, count, out);
    metric_head(out, lag, "gauge", "How far a replica is behind the primary.");
    for (size_t i = 0; i < count; i++)
        buffer_append_format(out, "%s{replica=\"%zu\"} %.3f\n", lag, i + 1,
                             lag_of(&replicas->list[i]));
    metric_head(out, up, "gauge", "1: the replica answers, and follows the primary.");
    for (size_t i = 0; i < count; i++)
        buffer_append_format(out, "%s{replica=\"%zu\"} %d\n", up, i + 1,
                             !is_away(replicas, &replicas->list[i]));
}

/* --- life --- */

static int64_t at_most(int64_t value, int64_t most)
{
    return value > 0 && value < most ? value : most;
}

static enum status open_replica(struct replica *replica, struct str url,
                                const struct postgres_options *engine, struct error *error)
{
    struct postgres_options options = *engine;
    options.url = url;
    options.is_replica = true;
    options.connect_timeout_ms = at_most(engine->connect_timeout_ms, CONNECT_TIMEOUT_MS);
    options.statement_timeout_ms = at_most(engine->statement_timeout_ms, STATEMENT_TIMEOUT_MS);
    options.committed = NULL;
    atomic_store(&replica->position, -1);
    atomic_store(&replica->caught_ms, now_ms());
    enum status status = postgres_open(&options, &replica->driver, error);
    if (status != STATUS_CONFIGURATION) return status;
    return error_set(error, status, STR("store.replica"),
                     STR("postgresql://USER@HOST:PORT/DATABASE?sslmode=verify-full"),
                     "store.replica has what is not a connection URL of PostgreSQL");
}

enum status replicas_new(const struct replica_options *options,
                         const struct postgres_options *engine, struct replicas **out,
                         struct error *error)
{
    struct replicas *self = calloc(1, sizeof(*self));
    if (self) self->list = calloc(options->count, sizeof(*self->list));
    if (!self || !self->list) {
        free(self);
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    struct environment *environment = environment_system();
    environment->random(environment, &self->key, sizeof(self->key));
    (void)pthread_mutex_init(&self->mutex, NULL);
    self->lag_max_ms = options->lag_max_ms;
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < options->count; i++) {
        status = open_replica(&self->list[i], options->urls[i], engine, error);
        if (status == STATUS_OK) self->count++;
    }
    if (status != STATUS_OK) {
        replicas_free(self);
        return status;
    }
    *out = self;
    return STATUS_OK;
}

void replicas_free(struct replicas *replicas)
{
    if (!replicas) return;
    for (size_t i = 0; i < replicas->count; i++)
        replicas->list[i].driver->free(replicas->list[i].driver);
    pthread_mutex_destroy(&replicas->mutex);
    free(replicas->list);
    free(replicas);
}
