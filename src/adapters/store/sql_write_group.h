/* Units of work that wait at the same time, carried out in one transaction: what a transaction and
 * a statement cost is paid once for all of them (group commit; PostgreSQL's own shares the disk,
 * and nothing else).
 *
 * Each body runs in its own coroutine, as ever. What it asks is held until all of its group have
 * asked, and then asked at once; what it writes is gathered and written at the end. A body that
 * asks anything else than what can be asked at once, or that has to read what it wrote, leaves the
 * group and is carried out alone, and so does one whose keys another has locked: a group waits
 * for no lock but that of creations, whose holders wait for nothing. Of two in a group
 * that lock the same key the second leaves. So none can see what another of its group is about to
 * write, and each could as well have had a transaction to itself.
 *
 * A body that is refused refuses nobody else. When the group fails as a whole, each is carried out
 * alone, but for when nobody knows whether it was committed.
 *
 * Nobody waits for a group to fill: it takes who is there when it begins, and while few are under
 * way whoever comes is begun at once. Groups are of one tenant and one loop.
 */
#ifndef ADAPTERS_STORE_SQL_WRITE_GROUP_H
#define ADAPTERS_STORE_SQL_WRITE_GROUP_H

#include "application/ports/store.h"

struct sql_store;
struct sql_write_groups;

/* NULL when out of memory. */
struct sql_write_groups *sql_write_groups_new(struct sql_store *store);
/* When the loops have stopped. */
void sql_write_groups_free(struct sql_write_groups *groups);
/* False: nothing of it happened, and the body is to be carried out alone; so it is outside of a
 * coroutine. */
MUST_CHECK bool sql_write_groups_run(struct sql_write_groups *groups, struct str tenant,
                                     struct arena *arena, store_body *body, void *context,
                                     enum status *status, struct error *error);
/* What a body that came now would have before it, in the calling loop. */
struct queue_wait sql_write_groups_wait(struct sql_write_groups *groups);

#endif
