/* Reading what neighbouring systems tell, as it is configured (the keys kafka.*). */
#ifndef SERVICE_CONSUMING_H
#define SERVICE_CONSUMING_H

#include "adapters/events/consumer.h"
#include "service/config.h"

/* The topic of each type, as configured; an empty one is not read. */
void consuming_topics(const struct config_values *config, struct str topics[INBOUND_TYPE_COUNT]);
/* What a reader asks for schemas; NULL: none is configured. Reads the files with secrets. */
MUST_CHECK enum status consuming_registry(const struct config_values *config, struct arena *arena,
                                          const struct schema_registry **registry,
                                          struct error *error);
/* *consumer is NULL when consuming is off. The arena lives as long as the consumer.
 * STATUS_CONFIGURATION names the key. */
MUST_CHECK enum status consuming_open(const struct config_values *config,
                                      struct application *application, struct tracer *tracer,
                                      struct arena *arena, struct consumer **consumer,
                                      struct error *error);

#endif
