/* The consumer: reads what neighbouring systems tell (domain/inbound.h) and hands it to
 * consume_events(), in a thread of its own.
 *
 * A message is applied in a unit of work with the note that it was, and its offset is committed
 * after that: one that comes again does nothing. Messages of a tenant with one key of a topic keep
 * their order.
 * One that names a customer who is not there waits, and those behind it with the same key, and is
 * tried again for options.retry_ms; then it is put aside (parked), as is at once what can never be
 * read or is refused for good. Put aside means: a dead letter in the store, and a record in the
 * dead-letter topic that has the reason in its headers. While the store has one of a key, all that
 * comes with this key is put aside behind it.
 *
 * After any failure of the broker, the registry or the store the client is freed, a new one opened,
 * and what was not committed read again: the one way of recovery, which a crash takes too. Several
 * instances share the partitions as one group (decision 0072).
 *
 *     consumer_new(&options, &consumer, error);
 *     consumer_start(consumer, error);
 *     consumer_stop(consumer);
 *     consumer_free(consumer);
 */
#ifndef ADAPTERS_EVENTS_CONSUMER_H
#define ADAPTERS_EVENTS_CONSUMER_H

#include "adapters/events/inbound_reader.h"
#include "adapters/tracing/tracer.h"
#include "application/application.h"
#include "engines/kafka/kafka.h"

struct consumer_options {
    struct application *application;
    const struct kafka_setting *settings; /* of the client */
    size_t setting_count;
    int64_t timeout_ms;
    struct str group;
    struct str topics[INBOUND_TYPE_COUNT]; /* an empty one is not read */
    struct str dead_letters;               /* topic */
    bool create_topic;                     /* that one, when it is missing */
    int replication;
    const struct schema_registry *registry; /* NULL: none */
    int64_t retry_ms;
    struct tracer *tracer; /* NULL: nothing is traced */
};

struct consumer;

/* The texts of the options live as long as the consumer. */
MUST_CHECK enum status consumer_new(const struct consumer_options *options,
                                    struct consumer **consumer, struct error *error);
MUST_CHECK enum status consumer_start(struct consumer *self, struct error *error);
/* Ends what it is at, commits, and leaves the group. Nothing when it was not started. */
void consumer_stop(struct consumer *self);
/* NULL is nothing. Must be stopped, or never started. */
void consumer_free(struct consumer *self);

/* In Prometheus' text form. */
void consumer_write_metrics(const struct consumer *self, struct buffer *out);

#endif
