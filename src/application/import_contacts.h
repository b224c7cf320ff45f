/* The contacts of a source record that is known already, against those that its home has. Internal
 * to application/.
 */
#ifndef APPLICATION_IMPORT_CONTACTS_H
#define APPLICATION_IMPORT_CONTACTS_H

#include "application/customer_change.h"
#include "application/new_customer.h"

struct import_contacts {
    struct fact *facts; /* to be appended */
    size_t count;
    size_t added; /* of them, contacts that are not there now */
};

/* What of the record's contacts differs from what the source said of them in `home` before; `said`
 * is the golden record of that. So what others changed or removed since stays as it is until the
 * source says something else; then a contact that was removed is there again.
 *
 * Only contacts of the home are looked at, and each stands for one of the record's: the one of the
 * contactId when the record gives it, else of the same e-mail address and name, else of the same
 * address, else of the same name. What the source said of a contact comes before what is shown of
 * it. `observed_at`: a contact of which the source said something later stays as it is.
 * STATUS_CONSENT_VIOLATION. */
MUST_CHECK enum status import_contacts(const struct customer_change *change, struct str home,
                                       struct str source, instant observed_at,
                                       const struct golden *said, const struct new_customer *record,
                                       struct import_contacts *out, struct error *error);

#endif
