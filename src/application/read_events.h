/* GET /events: the change feed. */
#ifndef APPLICATION_READ_EVENTS_H
#define APPLICATION_READ_EVENTS_H

#include "application/results.h"

/* Events after the position in feed order, at most `limit`; event_write() makes them text.
 * An empty answer means: nothing yet, ask again. */
MUST_CHECK enum status read_events(struct application *application, const struct caller *caller,
                                   int64_t after, size_t limit, struct arena *arena,
                                   struct event **events, size_t *count, struct error *error);

#endif
