/* The registry of schemas, by Confluent's API, which others speak too. Each subject is
 * `<topic>-value`; what is registered there already gives its id again. A subject that is new is
 * set to FULL_TRANSITIVE first: any reader shall read any version.
 */
#ifndef ADAPTERS_EVENTS_SCHEMA_REGISTRY_H
#define ADAPTERS_EVENTS_SCHEMA_REGISTRY_H

#include "base/status.h"

struct schema_registry {
    struct str url;
    struct str user; /* absent: none */
    struct str password;
    struct str ca_file; /* absent: the system's */
    int64_t timeout_ms;
};

/* STATUS_CONFIGURATION with the registry's own words when it refuses the schema or us. */
MUST_CHECK enum status schema_registry_register(const struct schema_registry *registry,
                                                struct str topic, struct str schema,
                                                struct arena *arena, uint32_t *id,
                                                struct error *error);
/* The text of the Avro schema with that id. STATUS_INVALID_VALUE when there is none. */
MUST_CHECK enum status schema_registry_fetch(const struct schema_registry *registry, uint32_t id,
                                             struct arena *arena, struct str *schema,
                                             struct error *error);
/* Only asks: STATUS_UNAVAILABLE when it does not answer as a registry. */
MUST_CHECK enum status schema_registry_check(const struct schema_registry *registry,
                                             struct arena *arena, struct error *error);

#endif
