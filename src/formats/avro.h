/* Avro (1.11, binary encoding): writing flat records, and what goes before them on the wire.
 *
 * A record is described by a table of fields; its schema as registries want it, its Parsing
 * Canonical Form and its fingerprint come from the same table. Fields are written one after the
 * other in the order of the table: Avro has no names or tags on the wire.
 *
 *     static const struct avro_field fields[] = {{STR("eventId"), AVRO_FIELD_STRING}, ...};
 *     avro_write_string(&out, event_id);
 *
 * Failures are those of the buffer.
 */
#ifndef FORMATS_AVRO_H
#define FORMATS_AVRO_H

#include "base/buffer.h"

enum avro_field_type {
    AVRO_FIELD_STRING,
    AVRO_FIELD_OPTIONAL_STRING,  /* a union of null and string, null by default */
    AVRO_FIELD_STRINGS,          /* an array */
    AVRO_FIELD_TIMESTAMP_MILLIS, /* a long with that logical type */
};

struct avro_field {
    struct str name;
    enum avro_field_type type;
};

struct avro_record {
    struct str space; /* the namespace */
    struct str name;
    const struct avro_field *fields;
    size_t field_count;
};

void avro_write_long(struct buffer *out, int64_t value);
void avro_write_string(struct buffer *out, struct str value);
/* Absent is null. */
void avro_write_optional_string(struct buffer *out, struct str value);
void avro_write_strings(struct buffer *out, const struct str *values, size_t count);

/* The schema as JSON, with logical types and defaults. */
void avro_write_schema(struct buffer *out, const struct avro_record *record);
/* Its Parsing Canonical Form: what decides how bytes are read, and nothing else. */
void avro_write_canonical(struct buffer *out, const struct avro_record *record);
/* CRC-64-AVRO of a canonical form. */
uint64_t avro_fingerprint(struct str canonical);

/* What goes before a value: Confluent's wire format, which names the schema by its id at a
 * registry; Avro's single-object encoding, which names it by its fingerprint. */
void avro_write_registry_head(struct buffer *out, uint32_t schema_id);
void avro_write_single_object_head(struct buffer *out, uint64_t fingerprint);

#endif
