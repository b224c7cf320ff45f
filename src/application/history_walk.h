/* Walks through history subject by subject: through as much as there is, in memory of its own that
 * does not grow with it. Internal to application/. */
#ifndef APPLICATION_HISTORY_WALK_H
#define APPLICATION_HISTORY_WALK_H

#include "application/ports/store.h"

/* A fold over the facts of one subject after the other. Facts live until keep(), which is called
 * when more are fetched: what the fold points to then has to be its own. */
struct history_fold {
    void (*begin)(void *context, const struct fact *first);
    void (*add)(void *context, const struct fact *fact); /* the first, too */
    enum status (*end)(void *context);                   /* no more of this subject */
    enum status (*keep)(void *context);
    void *context;
};

/* Of one home and kind; `subject` absent: all of them. Failures: those of the fold, which are out
 * of memory, and of the store. */
MUST_CHECK enum status history_walk(struct store_session *session, struct str home,
                                    enum fact_kind kind, struct str subject,
                                    const struct history_fold *fold, struct error *error);

#endif
