/* Says again and again that this instance is live, in a thread of its own, and learns how many are:
 * so many share the limits that hold for all of them together (decision 0120).
 *
 * A third of a lease after another has come, or has stopped in order, it is known here; of one that
 * died, a lease and a third. While the store does not answer, the last number stands.
 */
#ifndef SERVICE_PRESENCE_H
#define SERVICE_PRESENCE_H

#include "application/application.h"

struct presence;

struct presence_options {
    struct application *application;
    int64_t lease_ms;
    void (*told)(void *argument,
                 int64_t instances); /* in that thread, when the number is another */
    void *argument;
};

MUST_CHECK enum status presence_start(const struct presence_options *options, struct presence **out,
                                      struct error *error);
/* As far as is known; 1 at first. NULL is fine. */
int64_t presence_instances(const struct presence *self);
/* Says that this instance is not live any more: soon, in that thread. NULL is fine. */
void presence_leave(struct presence *self);
/* The same, and waits until it is said. NULL is fine. */
void presence_stop(struct presence *self);

#endif
