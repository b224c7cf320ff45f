/* The order of locks of a unit of work, so that no two ever wait for each other.
 *
 * Locks have places: keys by their text, then customers by their ids, then items of the review
 * queue by theirs, then what is locked last. What lies behind everything that a unit of work holds
 * it waits for. Anything else it tries to get: when another has it, the unit of work ends as
 * STATUS_WRITE_CONFLICT and is run again by the store, which first takes, in order, whatever it
 * held and what it did not get. So each wait is for a place behind all that the waiting one holds,
 * and no circle of waits can come about.
 *
 * Callers need not know: the functions of the port ask here. A store whose writes follow each
 * other has no store_locks.
 *
 *     struct store_locks locks;
 *     store_locks_init(&locks);
 *     for each run: session.locks = &locks; TRY(store_locks_take(&session, ...)); run the body
 *     store_locks_release(&locks);
 */
#ifndef APPLICATION_PORTS_STORE_LOCKS_H
#define APPLICATION_PORTS_STORE_LOCKS_H

#include "application/ports/store.h"

enum store_place { STORE_PLACE_KEY, STORE_PLACE_CUSTOMER, STORE_PLACE_DUPLICATE, STORE_PLACE_LAST };

/* The key that creations share: locked by who stops them. */
#define STORE_CREATIONS STR("creations")

struct store_locked {
    enum store_place place;
    struct str name;
};

struct store_locks {
    struct arena arena;
    struct store_locked *names; /* that are held, or were not to be had in the run before */
    size_t count;
    size_t room;
    struct store_locked highest; /* of what is held in this run */
};

void store_locks_init(struct store_locks *locks);
void store_locks_release(struct store_locks *locks);
/* At the beginning of a run: takes what the one before held and did not get. */
MUST_CHECK enum status store_locks_take(struct store_session *session, struct arena *arena,
                                        struct error *error);
/* Something that the unit of work makes, and that others may wait for. */
void store_locks_raise(struct store_locks *locks, enum store_place place, struct str name);
/* How to lock these, which are in order: STORE_LOCK waits, STORE_TRY_LOCK does not. They count as
 * held from now on. */
MUST_CHECK enum status store_locks_ask(struct store_locks *locks, enum store_place place,
                                       const struct str *names, size_t count, enum store_lock *how,
                                       struct error *error);
/* The same where which ones is not known before; each is noted when it is. */
enum store_lock store_locks_ask_some(const struct store_locks *locks, enum store_place place);
MUST_CHECK enum status store_locks_note(struct store_locks *locks, enum store_place place,
                                        struct str name, struct error *error);

#endif
