/* /openapi.json: the OpenAPI 3.1 description, written from the tables that the code runs on:
 * routes, profile and contact fields, statuses. */
#ifndef ADAPTERS_API_OPENAPI_H
#define ADAPTERS_API_OPENAPI_H

#include "adapters/api/api.h"
#include "base/buffer.h"
#include "formats/json.h"

/* What any identifier of ours looks like, and a text: no control characters, not only blanks. */
#define OPENAPI_IDENTIFIER_PATTERN "^[A-Za-z0-9][A-Za-z0-9._:-]*$"
#define OPENAPI_TEXT_PATTERN                                                                       \
    "^[^\\u0000-\\u001f\\u007f-\\u009f]*[^\\u0000-\\u0020\\u007f-\\u009f]"                         \
    "[^\\u0000-\\u001f\\u007f-\\u009f]*$"
#define OPENAPI_POINT_PATTERN                                                                      \
    "^([A-Za-z0-9._+-]+@[A-Za-z0-9-]+([.][A-Za-z0-9-]+)+|[+]?[0-9][0-9 ()./-]{1,20}[0-9])$"
/* The same within a JSON text. */
#define OPENAPI_TEXT_PATTERN_ESCAPED                                                               \
    "^[^\\\\u0000-\\\\u001f\\\\u007f-\\\\u009f]*[^\\\\u0000-\\\\u0020\\\\u007f-\\\\u009f]"         \
    "[^\\\\u0000-\\\\u001f\\\\u007f-\\\\u009f]*$"

/* Absent when out of memory. */
struct str openapi_write(const struct api_options *options, struct arena *arena);

/* openapi_schemas.c: the members of components.schemas. */
void openapi_schemas_write(struct json_writer *writer);

#endif
