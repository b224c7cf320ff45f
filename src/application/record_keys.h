/* The keys by which a home is found again, from all that is known of it. A store keeps them in a
 * form of its own and a backup does not have them: they are made anew from the facts.
 */
#ifndef APPLICATION_RECORD_KEYS_H
#define APPLICATION_RECORD_KEYS_H

#include "application/application.h"

/* Keys of the home alone (`tree` has that home and no other), of the profile as it stands
 * (`document`, NULL when it is not shown) and of everything that was ever said of it, and those of
 * its source records. */
MUST_CHECK enum status record_keys_put(struct application *application,
                                       struct store_session *session, const struct tree *tree,
                                       const struct json_value *document, struct arena *arena,
                                       struct error *error);
/* Those of one customer, from what the store has of him. */
MUST_CHECK enum status record_keys_renew(struct application *application,
                                         struct store_session *session,
                                         const struct profile_row *row, struct arena *arena,
                                         struct error *error);
/* Those of every customer of the session's tenant. Takes from the arena for one page at a time. */
MUST_CHECK enum status record_keys_rebuild(struct application *application,
                                           struct store_session *session, struct arena *arena,
                                           struct error *error);

#endif
