/* /asyncapi.json: the AsyncAPI 3.0 description of what is published to Kafka and read from it,
 * written from the tables that the code runs on: topics and events (domain/event.h,
 * domain/inbound.h), Avro schemas (event_schemas.h, inbound_schemas.h), headers
 * (message_headers.h).
 */
#ifndef ADAPTERS_EVENTS_ASYNCAPI_H
#define ADAPTERS_EVENTS_ASYNCAPI_H

#include "base/arena.h"

/* Absent when out of memory. */
struct str asyncapi_write(struct str version, struct arena *arena);

#endif
