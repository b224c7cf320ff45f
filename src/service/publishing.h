/* Publishing to Kafka as it is configured (the keys kafka.*). */
#ifndef SERVICE_PUBLISHING_H
#define SERVICE_PUBLISHING_H

#include "adapters/events/kafka_publisher.h"
#include "adapters/events/relay.h"
#include "service/config.h"

/* No brokers are configured. */
bool publishing_is_off(const struct config_values *config);
/* Letters, digits, dot, dash, underscore; at most 128 of them. */
bool publishing_is_topic_name(struct str text);
/* Reads the files with secrets. STATUS_CONFIGURATION names the key. */
MUST_CHECK enum status publishing_options(const struct config_values *config, struct arena *arena,
                                          struct kafka_publisher_options *options,
                                          struct error *error);
/* *relay is NULL when publishing is off. The arena lives as long as the relay. */
MUST_CHECK enum status publishing_open(const struct config_values *config, struct store *store,
                                       struct tracer *tracer, struct arena *arena,
                                       struct relay **relay, struct error *error);

#endif
