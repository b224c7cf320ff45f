/* /openapi.json: the OpenAPI 3.1 description, written from the tables that the code runs on:
 * routes, profile and contact fields, statuses. */
#ifndef ADAPTERS_API_OPENAPI_H
#define ADAPTERS_API_OPENAPI_H

#include "adapters/api/api.h"
#include "base/buffer.h"
#include "formats/json.h"

/* Absent when out of memory. */
struct str openapi_write(const struct api_options *options, struct arena *arena);

/* openapi_schemas.c: the members of components.schemas. */
void openapi_schemas_write(struct json_writer *writer);

#endif
