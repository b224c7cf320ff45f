/* A change that happens once, however often it is asked for: the caller names the request by a key,
 * and its answer is kept in the transaction of the change. Asked again, it is answered again and
 * changes nothing: after a lost connection, after a crash at any moment, on any instance.
 *
 *     once_perform(application, caller, &key, perform, context, arena, &answer, error)
 *
 * `perform` gets an application whose store is the open unit of work, so that any use case may be
 * called in it, and fills in the answer. Like every body of a unit of work it may run again, and on
 * another thread. What it refuses is rolled back and not kept: nothing happened, so the same key
 * may be used for a better request.
 */
#ifndef APPLICATION_ONCE_H
#define APPLICATION_ONCE_H

#include <stdatomic.h>

#include "application/application.h"

enum { ONCE_KEY_MAX = 255, ONCE_FLIGHTS = 1024 };

struct once_key {
    struct str key;         /* visible ASCII characters, at most ONCE_KEY_MAX */
    struct str fingerprint; /* what was asked: the key with another is refused */
    /* For once_start, when the fingerprint is absent as long as not all of the request was read:
     * reads it, outside of a unit of work, and sets the fingerprint. `perform` does so before it
     * opens its unit of work. */
    enum status (*read_all)(void *context, struct error *error);
};

struct once_answer {
    int64_t status;
    struct str headers;
    struct str body; /* absent: none */
    bool replayed;   /* it was kept; nothing was done */
};

/* Keys under way in this process, to refuse a second request for one at once. What it misses (it is
 * small, and knows of no other process) the store decides. */
struct once_flights {
    struct hash_key key;
    _Atomic uint64_t slots[ONCE_FLIGHTS];
};
void once_flights_init(struct once_flights *flights, struct environment *environment);

typedef enum status once_body(struct application *application, void *context,
                              struct once_answer *answer, struct error *error);

/* STATUS_REQUEST_IN_FLIGHT, STATUS_KEY_REUSED, and whatever `perform` and the store say. */
MUST_CHECK enum status once_perform(struct application *application, const struct caller *caller,
                                    const struct once_key *key, once_body *perform, void *context,
                                    struct arena *arena, struct once_answer *answer,
                                    struct error *error);

/* The same for what is more than a unit of work, such as a job that has files: what `perform` does
 * outside of one is prepared, and the first unit of work that it opens on the store of the
 * application it gets begins it. The key is of that unit of work: claimed before its body, and
 * behind it `tell` fills in the answer that is kept. When the key turns out to be another's, its
 * body is not run and it fails with STATUS_REQUEST_IN_FLIGHT; `perform` takes back what it
 * prepared, and what was answered to the other is given. When `perform` opens none, its own answer
 * is kept. */
MUST_CHECK enum status once_start(struct application *application, const struct caller *caller,
                                  const struct once_key *key, once_body *perform, once_body *tell,
                                  void *context, struct arena *arena, struct once_answer *answer,
                                  struct error *error);

#endif
