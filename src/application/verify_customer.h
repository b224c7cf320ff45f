/* Is what the store shows of a customer what its facts give? The document is a cache of the golden
 * record: computed anew it has the same bytes, unless the policy was changed since it was written.
 */
#ifndef APPLICATION_VERIFY_CUSTOMER_H
#define APPLICATION_VERIFY_CUSTOMER_H

#include "application/application.h"

enum customer_state {
    CUSTOMER_SOUND,
    CUSTOMER_DIFFERS, /* another policy gave the document, or it is damaged */
    CUSTOMER_BROKEN   /* its facts cannot be read, or its survivor is not there */
};

/* Of the customer, or of the one that it was merged into. A status is a failure to look. */
MUST_CHECK enum status verify_customer(struct application *application,
                                       struct store_session *session, struct str customer_id,
                                       struct arena *arena, enum customer_state *state,
                                       struct error *error);

#endif
