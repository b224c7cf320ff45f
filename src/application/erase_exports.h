/* Exports have all customers in them: none that has one in it is left when he is erased, be it a
 * result or one that is still under way.
 *
 * An erasure takes results away, with what there is of them, and the exports under way from those
 * who run them, so that they begin anew. It does so behind a lock of the tenant's, until its unit
 * of work ends, and an export waits at that lock before it reads: so each erasure has either ended
 * before an export reads, or finds it under way. */
#ifndef APPLICATION_ERASE_EXPORTS_H
#define APPLICATION_ERASE_EXPORTS_H

#include "application/application.h"

/* The last thing that an erasure does, which holds the locks of its customers then: nobody who is
 * at the lock waits for another one. */
MUST_CHECK enum status erase_exports(struct store_session *session, struct error *error);
/* Until the erasures that are under way have ended. Whoever exports as a job has taken it before,
 * and reads after. */
MUST_CHECK enum status erase_exports_await(struct application *application,
                                           const struct caller *caller, struct arena *arena,
                                           struct error *error);

#endif
