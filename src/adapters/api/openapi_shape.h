/* The short form in which schemas are written down here: JSON Schema in which each property is
 * required unless its name ends in a question mark.
 *
 *     {"type":"object","properties":{"name":{"type":"string"},"email?":{"type":"string"}}}
 *
 * A closed shape is of a request: members that it does not name are refused. One of an answer stays
 * open, so that clients live with what is added.
 */
#ifndef ADAPTERS_API_OPENAPI_SHAPE_H
#define ADAPTERS_API_OPENAPI_SHAPE_H

#include "formats/json.h"

/* Writes "name":schema; makes the buffer fail when `text` is no JSON. */
void openapi_shape_write(struct json_writer *writer, struct str name, struct str text, bool closed);

#endif
