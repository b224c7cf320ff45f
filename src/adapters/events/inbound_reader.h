/* Bytes of a message to an event: JSON, Avro in Confluent's wire format (the schema comes from the
 * registry, once per id), Avro in the single-object encoding (the schema is ours).
 *
 * Values come from anybody. What they take is bounded: VALUE_MAX, and memory for reading one.
 */
#ifndef ADAPTERS_EVENTS_INBOUND_READER_H
#define ADAPTERS_EVENTS_INBOUND_READER_H

#include "adapters/events/schema_registry.h"
#include "domain/inbound.h"
#include "formats/avro_read.h"

enum { INBOUND_VALUE_MAX = 256 * 1024, INBOUND_SCHEMAS_MAX = 1024, INBOUND_BAD_SCHEMAS_MAX = 64 };

struct inbound_reader {
    const struct schema_registry *registry; /* NULL: none */
    struct arena own_arena;                 /* of our own schemas */
    struct arena arena;                     /* of the registry's, begun anew when it is full */
    struct arena scratch;                   /* of one value */
    struct {
        uint32_t id;
        const struct avro_schema *schema;
    } known[INBOUND_SCHEMAS_MAX]; /* by the registry's id */
    size_t known_count;
    struct {
        uint32_t id;
        instant until;
        struct error why;
    } bad[INBOUND_BAD_SCHEMAS_MAX]; /* that cannot be used: not asked for again for a while */
    size_t bad_count;               /* of all times */
    uint64_t fingerprints[INBOUND_TYPE_COUNT];
    const struct avro_schema *own[INBOUND_TYPE_COUNT];
};

MUST_CHECK enum status inbound_reader_init(struct inbound_reader *reader,
                                           const struct schema_registry *registry,
                                           struct error *error);
void inbound_reader_release(struct inbound_reader *reader);
/* `*refused`: the status is about the message, which will never be read; any other is about the
 * registry or memory. An absent value is a tombstone, which is refused. `event` lives in `arena`;
 * its trace is the caller's to set. Of what is refused it has tenant and customer_id, as far as
 * they are known. */
MUST_CHECK enum status inbound_reader_read(struct inbound_reader *reader, enum inbound_type type,
                                           struct str value, instant now, struct arena *arena,
                                           struct inbound_event *event, bool *refused,
                                           struct error *error);

#endif
