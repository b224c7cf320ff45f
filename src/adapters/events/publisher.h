/* Where a relay publishes to: a receiver that takes a batch wholly or not at all, keeps how far it
 * has come together with it, and shuts out whoever published before. kafka_publisher.h is one.
 */
#ifndef ADAPTERS_EVENTS_PUBLISHER_H
#define ADAPTERS_EVENTS_PUBLISHER_H

#include "application/ports/store.h"

/* How far an outbox is published. */
struct published {
    int64_t position;    /* of the last event; negative: nothing is */
    struct str event_id; /* of the same; absent: an older program did not note it */
};

struct publisher {
    /* From its return on nobody who began before can publish any more, and what is published of
     * this outbox is final. */
    enum status (*begin)(struct publisher *, struct str outbox_id, struct arena *,
                         struct published *, struct error *);
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
