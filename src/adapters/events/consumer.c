#include "adapters/events/consumer.h"

#include <stdlib.h>
#include <time.h>

#include "adapters/events/consumer_internal.h"
#include "application/consume_events.h"
#include "base/log.h"
#include "formats/metric.h"

enum {
    BATCH = CONSUME_BATCH_MAX,
    ARENA_BYTES = 512 << 20,
    FIRST_PAUSE_MS = 200,  /* after a failure; doubled up to the last */
    LAST_PAUSE_MS = 30000, /* each attempt makes the whole group share out its partitions anew */
    GROW_AFTER = 100,      /* good rounds, until a batch is doubled that was halved */
    LOOK_EVERY_MS = 1000,  /* at the lag, and at what is put aside */
    LOOK_SHARE = 20,       /* at most one part of so many of the time */
};

instant consumer_now(const struct consumer *self)
{
    struct environment *environment = self->options.application->environment;
    return environment->now(environment);
}

instant consumer_after_ms(const struct consumer *self, int64_t delay_ms)
{
    return consumer_now(self) + delay_ms * (INSTANT_SECOND / 1000);
}

void consumer_count(struct consumer *self, enum counter counter, int64_t by)
{
    atomic_fetch_add_explicit(&self->counters[counter], by, memory_order_relaxed);
}

/* --- opening --- */

/* The partitions go to others, or come back to be read from what is committed. */
static void on_revoked(void *argument)
{
    struct consumer *self = argument;
    if (self->kafka) consumer_offsets_commit(self, true);
    waiting_forget(&self->waiting);
    self->place_count = 0;
}

struct kafka_options consumer_client_options(const struct consumer *self)
{
    return (struct kafka_options){.settings = self->options.settings,
                                  .setting_count = self->options.setting_count,
                                  .timeout_ms = self->options.timeout_ms,
                                  .stop = &self->stop};
}

static enum status ensure_topic(struct consumer *self, struct error *error)
{
    const struct kafka_options client = consumer_client_options(self);
    const struct kafka_topic topic = {self->options.dead_letters, 1, false};
    const struct kafka_topics topics = {.items = &topic,
                                        .count = 1,
                                        .replication = self->options.replication,
                                        .create = self->options.create_topic,
                                        .exact = false};
    if (self->topic_is_there) return STATUS_OK;
    TRY(kafka_topics_ensure(&client, &topics, error));
    self->topic_is_there = true;
    return STATUS_OK;
}

static enum status open_client(struct consumer *self, struct error *error)
{
    const struct kafka_options client = consumer_client_options(self);
    struct str topics[INBOUND_TYPE_COUNT];
    struct kafka_group group = {
        .name = self->options.group, .topics = topics, .revoked = on_revoked, .argument = self};
    for (int i = 0; i < INBOUND_TYPE_COUNT; i++)
        if (!str_is_empty(self->options.topics[i]))
            topics[group.topic_count++] = self->options.topics[i];
    TRY(store_ready(self->options.application->store, error)); /* else it would leave at once */
    TRY(ensure_topic(self, error));
    return kafka_consumer_open(&client, &group, &self->kafka, error);
}

static void close_client(struct consumer *self)
{
    struct kafka_consumer *kafka = self->kafka;
    kafka_consumer_free(kafka); /* commits what is done, by on_revoked */
    self->kafka = NULL;
    kafka_producer_free(self->letters);
    self->letters = NULL;
    waiting_forget(&self->waiting);
    self->place_count = 0;
}

/* --- the thread --- */

static void look_around(struct consumer *self)
{
    struct dead_letter_count letters;
    if (consumer_now(self) < self->look_at) return;
    instant began = consumer_now(self);
    atomic_store(&self->lag, kafka_consumer_lag(self->kafka));
    atomic_store(&self->assigned, kafka_consumer_assigned(self->kafka));
    enum status status =
        store_dead_letter_count(self->options.application->store, &self->arena, &letters, NULL);
    instant pause = LOOK_SHARE * (consumer_now(self) - began),
            least = LOOK_EVERY_MS * (INSTANT_SECOND / 1000);
    self->look_at = began + (pause > least ? pause : least);
    if (status != STATUS_OK) return;
    atomic_store(&self->parked_letters, letters.letters);
    atomic_store(&self->parked_keys, letters.keys);
}

static enum status take_round(struct consumer *self, struct error *error)
{
    if (!self->kafka) TRY(open_client(self, error));
    TRY(consumer_round_take(self, error));
    look_around(self);
    return STATUS_OK;
}

static void pause_for(struct consumer *self, int64_t delay_ms)
{
    const struct timespec slice = {.tv_nsec = 20 * 1000 * 1000};
    for (instant until = consumer_after_ms(self, delay_ms);
         consumer_now(self) < until && !atomic_load(&self->stop);)
        (void)nanosleep(&slice, NULL);
}

static void note_failure(struct consumer *self, enum status status, const struct error *error)
{
    consumer_count(self, COUNT_FAILURES, 1);
    atomic_store(&self->is_failing, true);
    self->pause_ms = self->pause_ms ? self->pause_ms * 2 : FIRST_PAUSE_MS;
    if (self->pause_ms > LAST_PAUSE_MS) self->pause_ms = LAST_PAUSE_MS;
    if (status == STATUS_OUT_OF_MEMORY && self->batch > 1) self->batch /= 2;
    self->good_rounds = 0;
    if (status == self->failing) return;
    self->failing = status;
    log_error("consumer.fails", LOG_CODE("code", status_code(status)),
              LOG_REASON("reason", str_from_cstr(error->message)));
}

static void note_success(struct consumer *self)
{
    if (self->failing != STATUS_OK) log_info("consumer.reads_again");
    self->failing = STATUS_OK;
    self->pause_ms = 0;
    if (++self->good_rounds == GROW_AFTER) {
        self->batch = self->batch < BATCH / 2 ? self->batch * 2 : BATCH;
        self->good_rounds = 0;
    }
    atomic_store(&self->is_failing, false);
}

int64_t consumer_step(struct consumer *self)
{
    struct error error = {.status = STATUS_OK};
    arena_reset(&self->arena);
    enum status status = take_round(self, &error);
    if (status == STATUS_OK) {
        note_success(self);
        return 0;
    }
    if (!atomic_load(&self->stop)) note_failure(self, status, &error);
    close_client(self);
    return self->pause_ms;
}

static void *run(void *argument)
{
    struct consumer *self = argument;
    while (!atomic_load(&self->stop)) pause_for(self, consumer_step(self));
    close_client(self);
    return NULL;
}

/* --- life --- */

enum status consumer_new(const struct consumer_options *options, struct consumer **consumer,
                         struct error *error)
{
    struct consumer *self = calloc(1, sizeof(*self));
    if (!self) return error_plain(error, STATUS_OUT_OF_MEMORY);
    self->options = *options;
    self->batch = BATCH;
    arena_init(&self->arena, ARENA_BYTES);
    const struct kafka_options client = consumer_client_options(self);
    enum status status = inbound_reader_init(&self->reader, options->registry, error);
    if (status == STATUS_OK) status = kafka_settings_check(&client, error);
    if (status == STATUS_OK)
        *consumer = self;
    else
        consumer_free(self);
    return status;
}

enum status consumer_start(struct consumer *self, struct error *error)
{
    self->started = pthread_create(&self->thread, NULL, run, self) == 0;
    return self->started ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}

void consumer_stop(struct consumer *self)
{
    if (!self->started) return;
    atomic_store(&self->stop, true);
    (void)pthread_join(self->thread, NULL);
    self->started = false;
}

void consumer_free(struct consumer *self)
{
    if (!self) return;
    inbound_reader_release(&self->reader);
    arena_release(&self->arena);
    waiting_release(&self->waiting);
    free(self->places);
    free(self);
}

/* --- metrics --- */

void consumer_write_metrics(const struct consumer *self, struct buffer *out)
{
    const struct {
        const char *name, *type, *help;
        int64_t value;
    } rows[] = {
        {"customer360_consumer_applied_total", "counter",
         "Messages of neighbouring systems that "
         "took effect.",
         atomic_load(&self->counters[COUNT_APPLIED])},
        {"customer360_consumer_repeated_total", "counter", "Messages that had taken effect before.",
         atomic_load(&self->counters[COUNT_REPEATED])},
        {"customer360_consumer_dropped_total", "counter", "Messages about erased customers.",
         atomic_load(&self->counters[COUNT_DROPPED])},
        {"customer360_consumer_parked_total", "counter",
         "Messages that this instance has put aside.", atomic_load(&self->counters[COUNT_PARKED])},
        {"customer360_consumer_retries_total", "counter", "Times that a message was tried again.",
         atomic_load(&self->counters[COUNT_RETRIED])},
        {"customer360_consumer_failures_total", "counter", "Failures of broker, registry or store.",
         atomic_load(&self->counters[COUNT_FAILURES])},
        {"customer360_consumer_lag_messages", "gauge",
         "Messages not read yet, of the partitions of "
         "this instance.",
         atomic_load(&self->lag)},
        {"customer360_consumer_partitions", "gauge", "Partitions that this instance reads.",
         atomic_load(&self->assigned)},
        {"customer360_consumer_waiting_messages", "gauge", "Messages that wait to be tried again.",
         atomic_load(&self->waits)},
        {"customer360_dead_letters", "gauge", "Messages that are put aside, of all instances.",
         atomic_load(&self->parked_letters)},
        {"customer360_parked_keys", "gauge",
         "Keys that they have: what comes with one is put aside, "
         "too.",
         atomic_load(&self->parked_keys)},
        {"customer360_consumer_failing", "gauge", "1: it cannot read; the log says why.",
         atomic_load(&self->is_failing)},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        metric_count(out, rows[i].name, rows[i].type, rows[i].help, rows[i].value);
}
