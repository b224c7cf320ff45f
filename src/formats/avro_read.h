/* Avro (1.11, binary encoding): reading a value by the schema that it was written with, as JSON.
 *
 *     const struct avro_schema *schema;
 *     TRY(avro_read_schema(json, arena, &schema, error));
 *     TRY(avro_read_json(schema, bytes, arena, &value, error));
 *
 * What a reader expects is then checked as it is of JSON: by name, members that it does not know
 * passed over, those that are not there absent. For records that is Avro's schema resolution; its
 * promotions (int to long, string to bytes) are none in JSON. Aliases are not followed.
 *
 * A record and a map become an object, an enum its symbol, a union what is in it, timestamp-millis
 * and timestamp-micros RFC 3339, a date YYYY-MM-DD. Bytes that are no text, and numbers that are
 * none, are null.
 *
 * Bytes come from anybody: depth (JSON_DEPTH_MAX), number of values and memory are bounded, a
 * length is believed only as far as there are bytes. Strings may point into the bytes.
 */
#ifndef FORMATS_AVRO_READ_H
#define FORMATS_AVRO_READ_H

#include "formats/json.h"

enum { AVRO_VALUES_MAX = 100000 };

struct avro_schema;

/* Lives in the arena, as does what it was parsed from. STATUS_INVALID_VALUE, STATUS_LIMIT_EXCEEDED.
 */
MUST_CHECK enum status avro_read_schema(const struct json_value *json, struct arena *arena,
                                        const struct avro_schema **schema, struct error *error);
/* The same statuses; bytes that are left over are an error, too. */
MUST_CHECK enum status avro_read_json(const struct avro_schema *schema, struct str bytes,
                                      struct arena *arena, struct json_value *value,
                                      struct error *error);

/* Takes what stands before a value off its front: see avro.h. */
bool avro_take_registry_head(struct str *bytes, uint32_t *schema_id);
bool avro_take_single_object_head(struct str *bytes, uint64_t *fingerprint);

#endif
