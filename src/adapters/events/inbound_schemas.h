/* The Avro schemas of the messages that are read, made of their table (domain/inbound.h): what a
 * sender that has no schema of its own may use, and what single-object values are read by. Members
 * that are not required may be null; of master data, those of a profile that are texts or lists of
 * texts.
 */
#ifndef ADAPTERS_EVENTS_INBOUND_SCHEMAS_H
#define ADAPTERS_EVENTS_INBOUND_SCHEMAS_H

#include "domain/inbound.h"
#include "formats/avro.h"

enum { INBOUND_FIELDS_MAX = 24 };

struct inbound_schema {
    struct avro_field fields[INBOUND_FIELDS_MAX];
    struct avro_record record; /* of these fields */
};

void inbound_schema_init(enum inbound_type type, struct inbound_schema *schema);

#endif
