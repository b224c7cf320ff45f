/* GET /customers/{id}: the document as it is stored, unparsed; or as it was known at some time. */
#ifndef APPLICATION_GET_CUSTOMER_H
#define APPLICATION_GET_CUSTOMER_H

#include "application/results.h"

/* The hot path: one store_lookup. STATUS_CUSTOMER_NOT_FOUND, _MERGED, _ERASED as in results.h. */
MUST_CHECK enum status get_customer(struct application *application, const struct caller *caller,
                                    struct str customer_id, struct arena *arena,
                                    struct customer_document *out, struct error *error);

/* The same as it was known at `as_of`: same bytes as were acknowledged then (under today's policy).
 * A customer that did not exist yet is STATUS_CUSTOMER_NOT_FOUND; one that was merged at that time
 * is STATUS_CUSTOMER_MERGED with the survivor of that time; one that is erased today stays so. */
MUST_CHECK enum status get_customer_as_of(struct application *application,
                                          const struct caller *caller, struct str customer_id,
                                          instant as_of, struct arena *arena,
                                          struct customer_document *out, struct error *error);

/* Value by value, where it comes from:
 * {"customerId","fields":[{"path","value","source","sourceKey","home","observedAt","recordedAt",
 * "actor"}]}; derived values have "source":null. */
MUST_CHECK enum status get_customer_provenance(struct application *application,
                                               const struct caller *caller, struct str customer_id,
                                               struct arena *arena, struct str *json,
                                               struct error *error);

/* Versions, newest first: items {version, recordedAt, actor, cause, changedFields[]}. Cursor: the
 * version to go on below. Works for merged customers too. `limit` 0: 50. */
MUST_CHECK enum status get_customer_versions(struct application *application,
                                             const struct caller *caller, struct str customer_id,
                                             struct str cursor, size_t limit, struct arena *arena,
                                             struct json_page *out, struct error *error);

#endif
