/* .../customers/{id}/consent and POST /consent/check. See domain/consent.h for what decides. */
#ifndef APPLICATION_CONSENTS_H
#define APPLICATION_CONSENTS_H

#include "application/results.h"

/* {"type":"EMAIL","status":"GRANTED"} is enough. A revocation is copied to every home of the tree.
 */
MUST_CHECK enum status consents_record(struct application *application, const struct caller *caller,
                                       struct str customer_id, const struct json_value *body,
                                       struct arena *arena, struct customer_part *out,
                                       struct error *error);
/* The current matrix, or that of `as_of` (INSTANT_NONE: now): {"customerId","asOf","items":[{type,
 * purpose,contactPoint,status,allowed,reason,recordId}],"next":null}. */
MUST_CHECK enum status consents_matrix(struct application *application, const struct caller *caller,
                                       struct str customer_id, instant as_of,
                                       const struct page_request *request, struct arena *arena,
                                       struct json_page *page, struct error *error);
/* All records of the tree, oldest first: {"items":[record...],"next":null}. */
MUST_CHECK enum status consents_history(struct application *application,
                                        const struct caller *caller, struct str customer_id,
                                        const struct page_request *request, struct arena *arena,
                                        struct json_page *page, struct error *error);
/* The receipt of one record (ISO/IEC TS 27560). STATUS_CONSENT_NOT_FOUND. */
MUST_CHECK enum status consents_receipt(struct application *application,
                                        const struct caller *caller, struct str customer_id,
                                        struct str record_id, struct arena *arena, struct str *json,
                                        struct error *error);
/* {"checks":[{"customerId","type","purpose"?,"contactPoint"?}]}, at most limits.checks_max →
 * {"results":[{"customerId","type","purpose","contactPoint","allowed","reason","recordId","asOf"}]},
 * in order. A merged customer is answered for its survivor; an unknown or erased one is not
 * allowed, with reason CUSTOMER_NOT_FOUND or CUSTOMER_ERASED; a contact point on the suppression
 * list is not allowed, with reason SUPPRESSED. Without a contact point, one of the customer's or
 * his contacts' for that channel on the list is enough: whom the asker will write to is not known.
 */
MUST_CHECK enum status consents_check(struct application *application, const struct caller *caller,
                                      const struct json_value *body, struct arena *arena,
                                      struct str *json, struct error *error);

#endif
