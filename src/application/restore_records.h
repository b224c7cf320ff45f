/* Reads an export (export_records.h) into an empty tenant. */
#ifndef APPLICATION_RESTORE_RECORDS_H
#define APPLICATION_RESTORE_RECORDS_H

#include "application/results.h"

/* Writes a batch of lines of an export (parsed) in one unit of work. Lines come in the order of the
 * export, in batches of any size. STATUS_STORE_NOT_EMPTY when the tenant has customers at the
 * HEADER, or a customer is there already. STATUS_INVALID_VALUE names the member that a line lacks.
 * No events are written: a restored customer did not change. */
MUST_CHECK enum status restore_records(struct application *application, const struct caller *caller,
                                       const struct json_value *const *lines, size_t count,
                                       struct arena *arena, struct error *error);

#endif
