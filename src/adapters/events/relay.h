/* The relay: reads the outbox in the order of the feed and publishes it, in a thread of its own, so
 * that nothing that a broker does is felt by a request.
 *
 * Of several instances one publishes, who has the lease; the others wait for it. That is for peace
 * only: what keeps each event from being published twice is the publisher, who shuts out whoever
 * was there before and tells how far the outbox is published. The relay believes no memory of its
 * own after any failure (decision 0060).
 *
 *     relay_new(&options, &relay, error);        owns the publisher from then on
 *     relay_start(relay, error);
 *     relay_wake(relay);                         after a commit, from any thread
 *     relay_stop(relay, patience_ms);            publishes what is there, if that can be done
 *     relay_free(relay);
 */
#ifndef ADAPTERS_EVENTS_RELAY_H
#define ADAPTERS_EVENTS_RELAY_H

#include "adapters/events/publisher.h"
#include "base/buffer.h"
#include "base/environment.h"

struct relay_options {
    struct str name; /* of its lease and note in the store: one for each receiver */
    struct store *store;
    struct publisher *publisher;
    struct environment *environment;
    int64_t lease_ms; /* after so long without a sign another instance takes over */
    size_t batch;     /* most events of one transaction */
};

struct relay;

MUST_CHECK enum status relay_new(const struct relay_options *options, struct relay **relay,
                                 struct error *error);
MUST_CHECK enum status relay_start(struct relay *self, struct error *error);
void relay_wake(void *relay);
/* Without patience it gives up what it is waiting for. Nothing when it was not started. */
void relay_stop(struct relay *self, int64_t patience_ms);
/* NULL is nothing. Must be stopped, or never started. */
void relay_free(struct relay *self);

/* In Prometheus' text form. */
void relay_write_metrics(const struct relay *self, struct buffer *out);

#endif
