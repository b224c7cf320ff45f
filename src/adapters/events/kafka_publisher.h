/* Publishes to Kafka: a batch and the record of how far the outbox is published are one
 * transaction, written under one transactional id (decision 0060).
 *
 * The events go to the topics of domain/event.h, the key is the customer that an event is ordered
 * by. The record goes to the topic crm.customer360.relay.progress (one partition, compacted): key
 * the outbox's id, value {"position":N}.
 */
#ifndef ADAPTERS_EVENTS_KAFKA_PUBLISHER_H
#define ADAPTERS_EVENTS_KAFKA_PUBLISHER_H

#include "adapters/events/event_message.h"
#include "adapters/events/publisher.h"
#include "adapters/events/schema_registry.h"
#include "adapters/tracing/tracer.h"

struct kafka_publisher_options {
    const struct kafka_setting *settings; /* of the client: brokers, security... */
    size_t setting_count;
    struct str topic_prefix;
    bool create_topics;
    bool any_partitions;
    int replication; /* of topics that are made; -1: as the broker has it */
    enum event_format format;
    struct schema_registry registry; /* an absent url: there is none */
    int64_t timeout_ms;              /* of each call to a broker */
    struct tracer *tracer;           /* NULL: nothing is traced */
};

/* The texts of the options live as long as the publisher. */
MUST_CHECK enum status kafka_publisher_new(const struct kafka_publisher_options *options,
                                           struct publisher **publisher, struct error *error);

/* What tells its relay from others over the same outbox: its transactional id, which begins with
 * the prefix. Lives as long as the publisher. */
struct str kafka_publisher_name(const struct publisher *publisher);

/* What begin() needs, tried without publishing anything or making a topic: for an operator. */
MUST_CHECK enum status kafka_publisher_check(const struct kafka_publisher_options *options,
                                             struct arena *arena, struct error *error);

#endif
