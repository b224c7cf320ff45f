/* A source record that is known already says something new. Internal to application/. */
#ifndef APPLICATION_IMPORT_UPDATE_H
#define APPLICATION_IMPORT_UPDATE_H

#include "application/customer_change.h"
#include "application/new_customer.h"

/* Locks the root of the home's tree and loads it; `change` has its first members set.
 * STATUS_CUSTOMER_ERASED. */
MUST_CHECK enum status import_update_open(struct customer_change *change, struct str home,
                                          struct error *error);
/* Whether the home of the opened tree has said something by this source record, undone or not. */
bool import_update_has(const struct customer_change *change, struct str home, struct str source,
                       struct str source_key);
/* `fact` is an assertion by a source record (home, source, subject, observed_at): its body becomes
 * what of `said` differs from what the record said up to that time, and was not said otherwise by
 * it since; for what comes late tells of a time that is over. Failures: those of
 * profile_parse_patch. */
MUST_CHECK enum status import_update_assert(const struct customer_change *change,
                                            const struct json_value *said, struct fact *fact,
                                            struct error *error);
/* What differs from what this very source record said before becomes an assertion in `home`:
 * changed values, new list elements, and retractions of elements that a given list no longer has. A
 * field that the record does not give is left as it is. Contacts: import_contacts.h. `change` is
 * open. A refusal that is about the row
 * (STATUS_CONSENT_VIOLATION, _LIMIT_EXCEEDED) comes before anything is written. */
MUST_CHECK enum status import_update(struct customer_change *change, struct str home,
                                     const struct new_customer *record, struct str source_key,
                                     struct str source, instant observed_at, bool *changed,
                                     struct error *error);

#endif
