/* Where a relay publishes to: a receiver that takes a batch wholly or not at all, keeps how far it
 * has come together with it, and shuts out whoever published before. kafka_publisher.h is one.
 */
#ifndef ADAPTERS_EVENTS_PUBLISHER_H
#define ADAPTERS_EVENTS_PUBLISHER_H

#include "application/ports/store.h"

struct publisher {
    /* From its return on nobody who began before can publish any more, and *position, the last one
     * of this outbox that is published, is final; negative: nothing is. */
    enum status (*begin)(struct publisher *, struct str outbox_id, struct arena *,
                         int64_t *position, struct error *);
    /* In their order. After a failure it is not known whether they are: end, and begin anew. */
    enum status (*publish)(struct publisher *, const struct outbox_event *events, size_t count,
                           struct arena *, struct error *);
    /* Also when it has not begun. */
    void (*end)(struct publisher *);
    /* True: whatever waits shall give up. */
    void (*give_up)(struct publisher *);
    void (*free)(struct publisher *);
};

#endif
