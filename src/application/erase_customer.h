/* POST /privacy/erasures: what is kept of a customer is taken away for good.
 *
 * The whole tree is erased: a merged profile is one customer. What stays of each of its homes is
 * its id, so that it answers 410 and is never given again, a version row, and a
 * CustomerErasedEvent. Facts, contacts, consent, documents, versions, keys and events go, in one
 * unit of work. So do traces with others: the keys of homes that were in one tree with it are made
 * anew from what is theirs, and the reasons of its merges become ERASED. What others say of it
 * (that it was a partner) stays theirs and is shown no more.
 *
 * Withdrawn consent outlives it: contact points for which a revocation was in force go to the
 * suppression list, as hashes; all of them when `suppress` says so.
 */
#ifndef APPLICATION_ERASE_CUSTOMER_H
#define APPLICATION_ERASE_CUSTOMER_H

#include "application/results.h"

struct erase_request {
    struct str customer_id;
    bool suppress; /* every contact point, not only those with a revocation */
};

/* {"customerId":"CUST-1","suppress"?}. */
MUST_CHECK enum status erase_customer_parse(const struct json_value *body,
                                            struct erase_request *request, struct error *error);
/* {"customerId","erasedAt","actor","erasedCustomerIds":[..],"suppressedContactPoints":n}.
 * STATUS_CUSTOMER_NOT_FOUND, _MERGED, _ERASED, all with error->field "customerId". */
MUST_CHECK enum status erase_customer(struct application *application, const struct caller *caller,
                                      const struct erase_request *request, struct arena *arena,
                                      struct str *json, struct error *error);

#endif
