/* PATCH /customers/{id}: an RFC 7396 merge-patch of the golden attributes, and of preferences. */
#ifndef APPLICATION_CHANGE_CUSTOMER_H
#define APPLICATION_CHANGE_CUSTOMER_H

#include "application/results.h"

/* An assertion by source "crm" in the home that is addressed. Nothing is written when the patch
 * changes nothing, or only says again what other sources outvote: out->outvoted. `if_match`: a
 * version, else IF_MATCH_ANY; STATUS_VERSION_MISMATCH. Setting preferences.preferredChannel to a
 * channel without consent is STATUS_CONSENT_VIOLATION. */
MUST_CHECK enum status change_customer(struct application *application, const struct caller *caller,
                                       struct str customer_id, const struct json_value *patch,
                                       int64_t if_match, struct arena *arena,
                                       struct customer_document *out, struct error *error);

/* GET and PATCH .../preferences: the map alone. `json` is an object. */
MUST_CHECK enum status change_customer_get_preferences(struct application *application,
                                                       const struct caller *caller,
                                                       struct str customer_id, struct arena *arena,
                                                       int64_t *version, struct str *json,
                                                       struct error *error);
MUST_CHECK enum status
change_customer_preferences(struct application *application, const struct caller *caller,
                            struct str customer_id, const struct json_value *patch,
                            int64_t if_match, struct arena *arena, struct customer_document *out,
                            struct str *json, struct error *error);

#endif
