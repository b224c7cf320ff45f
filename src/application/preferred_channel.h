/* A preferred channel is held to consent and to the suppression list. Internal to application/. */
#ifndef APPLICATION_PREFERRED_CHANNEL_H
#define APPLICATION_PREFERRED_CHANNEL_H

#include "application/customer_change.h"

/* STATUS_CONSENT_VIOLATION when the assertion sets preferences.preferredChannel to a channel that
 * the customer has not consented to, or only for contact points that are suppressed. `change` is
 * open; that of a customer who is about to be has a tree without acts, and needs no session. */
MUST_CHECK enum status preferred_channel_check(const struct customer_change *change,
                                               const struct json_value *assertion,
                                               struct error *error);
/* The same for a contact's communicationPreference, when its fact sets it, or sets another point of
 * its channel: held to the consent for the contact's own point of that channel, or for the profile
 * when it has none. What the fact leaves out is that of `current`, which may be NULL. `field` is
 * the path of the contact, ending in '.', or "". */
MUST_CHECK enum status preferred_channel_check_contact(const struct customer_change *change,
                                                       const struct json_value *contact,
                                                       const struct json_value *current,
                                                       struct str field, struct error *error);

#endif
