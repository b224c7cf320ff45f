/* POST /customers: a new profile, unless it is there already. */
#ifndef APPLICATION_CREATE_CUSTOMER_H
#define APPLICATION_CREATE_CUSTOMER_H

#include "application/results.h"

/* What happens with a record that certainly is a customer already. One that possibly is is created
 * and goes to the review queue, whatever the choice; only with ALLOW nothing does. */
enum duplicate_choice {
    ON_DUPLICATE_REJECT, /* STATUS_DUPLICATE_CUSTOMER */
    ON_DUPLICATE_REVIEW, /* it is created and goes to the review queue */
    ON_DUPLICATE_MERGE,  /* it is created and merged into the likeliest one */
    ON_DUPLICATE_ALLOW   /* it is created nevertheless */
};

/* "reject | review | merge | allow" */
extern const struct str create_customer_choices;
/* False for none of them. Absent text is reject. */
bool create_customer_choice(struct str text, enum duplicate_choice *choice);
struct str create_customer_choice_name(enum duplicate_choice choice);

/* `body` as profile_parse_create takes it. What comes out is the profile or, when it was merged,
 * that of the survivor. STATUS_DUPLICATE_CUSTOMER: details_json is
 * {"candidates":[{"customerId","matchProbability", "reasons":["SAME_TAX_ID"]}]}, survivors only,
 * best first. STATUS_CUSTOMER_EXISTS: the given customerId is taken. STATUS_CONSENT_VIOLATION:
 * preferences.preferredChannel is set, for which nobody can have consented yet. A contact point on
 * the suppression list does not stand in the way: the profile is created and carries a REVOKED
 * consent record, source "suppression", for each channel of that point. */
MUST_CHECK enum status create_customer(struct application *application, const struct caller *caller,
                                       const struct json_value *body,
                                       enum duplicate_choice on_duplicate, struct arena *arena,
                                       struct customer_document *out, struct error *error);

#endif
