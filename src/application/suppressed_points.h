/* Contact points of a profile against the suppression list. Internal to application/. */
#ifndef APPLICATION_SUPPRESSED_POINTS_H
#define APPLICATION_SUPPRESSED_POINTS_H

#include "application/customer_change.h"
#include "domain/consent.h"

enum { SUPPRESSED_CHANNELS_MAX = 2 };

/* All e-mails and phones of the golden record, its contacts' included: hashes and texts. */
MUST_CHECK enum status suppressed_points_of(const struct application *application,
                                            const struct golden *golden, struct arena *arena,
                                            struct str **hashes, struct str **texts, size_t *count);
/* Is the contact point one of the channel's? */
bool suppressed_points_is_of(struct str point, struct str channel);

/* A question about consent, for which the suppression list is asked: the contact point that is
 * asked about; without one any of the channel may be meant, all that the customer and his contacts
 * have. */
struct suppressed_question {
    const struct consent_question *question;
    const struct golden *golden; /* NULL: nothing is known of the customer */
    bool suppressed;
};
MUST_CHECK enum status suppressed_points_ask(const struct application *application,
                                             struct store_session *session,
                                             struct suppressed_question *asked, size_t count,
                                             struct arena *arena, struct error *error);

/* The REVOKED consent facts of one suppressed contact point, one per channel; home, times and actor
 * are the caller's to set. */
MUST_CHECK enum status suppressed_points_revoke(struct application *application, struct str point,
                                                instant now, struct arena *arena,
                                                struct fact facts[SUPPRESSED_CHANNELS_MAX],
                                                size_t *count, struct error *error);
/* Within a change, after its facts were appended: appends revocations for the contact points that
 * these facts name and that are suppressed, as acts on the customer: for each of his homes. None
 * for a point of which one stands already (consent_stands_revoked). */
MUST_CHECK enum status suppressed_points_apply(struct customer_change *change, struct error *error);

#endif
