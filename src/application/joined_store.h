/* A store whose units of work are steps of one that is open already: what use cases write through
 * it is committed, or rolled back, with that one.
 *
 *     struct joined_store joined;
 *     joined_store_init(&joined, session);
 *     application.store = &joined.store;      ... use cases ...
 *     TRY(joined_store_status(&joined));      before the unit of work ends
 */
#ifndef APPLICATION_JOINED_STORE_H
#define APPLICATION_JOINED_STORE_H

#include "application/ports/store.h"

struct joined_store {
    struct store store;
    struct store_session *session;
    enum status failed; /* of a write: what it did is still there */
};

void joined_store_init(struct joined_store *joined, struct store_session *session);
/* Not STATUS_OK when a write failed, even if its caller made do: the unit of work must not be
 * committed, for what a failed write did is undone with the whole only. */
MUST_CHECK enum status joined_store_status(const struct joined_store *joined);

#endif
