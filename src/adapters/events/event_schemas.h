/* The Avro schemas of the events: which members of the envelope and of the payload are published,
 * under which names, in which order. The first and third are agreed with their readers, byte for
 * byte; the others follow their pattern. A field is never taken out, renamed or given another type,
 * and a new one comes last with a default: any reader reads any version (FULL_TRANSITIVE).
 */
#ifndef ADAPTERS_EVENTS_EVENT_SCHEMAS_H
#define ADAPTERS_EVENTS_EVENT_SCHEMAS_H

#include "domain/event.h"
#include "formats/avro.h"

extern const struct avro_record event_schemas[EVENT_TYPE_COUNT];

#endif
