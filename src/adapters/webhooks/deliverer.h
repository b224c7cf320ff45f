/* Delivers events to webhooks, in a thread of its own: of several instances one does, who has the
 * lease (decision 0080).
 *
 * Each event that a webhook wants is sent at least once, those of one customer in the order of the
 * feed, each with its eventId as webhook-id. What was sent and not yet written down when the
 * process ends is sent again by whoever comes next.
 *
 *     deliverer_new(&options, &deliverer, error);
 *     deliverer_start(deliverer, error);
 *     deliverer_wake(deliverer);            after a commit; deliverer_refresh(): webhooks changed
 *     deliverer_stop(deliverer, patience_ms);
 *     deliverer_free(deliverer);
 */
#ifndef ADAPTERS_WEBHOOKS_DELIVERER_H
#define ADAPTERS_WEBHOOKS_DELIVERER_H

#include "adapters/tracing/tracer.h"
#include "adapters/webhooks/lane.h"
#include "adapters/webhooks/signer.h"
#include "base/environment.h"

struct deliverer_options {
    struct store *store;
    struct environment *environment;
    const struct signer *signer;
    struct lane_rules rules;
    int64_t lease_ms;
    int64_t timeout_ms; /* of a request; shorter when the lease ends before */
    size_t connections; /* most requests under way, to all webhooks together */
    size_t answer_max_bytes;
    int64_t log_max; /* rows per webhook */
    int64_t log_keep_ms;
    struct str ca_file; /* empty: the system's */
    const char *user_agent;
    struct tracer *tracer; /* NULL: nothing is traced */
};

struct deliverer;

MUST_CHECK enum status deliverer_new(const struct deliverer_options *options,
                                     struct deliverer **deliverer, struct error *error);
MUST_CHECK enum status deliverer_start(struct deliverer *self, struct error *error);
/* There may be events. From any thread, as the next one. */
void deliverer_wake(void *deliverer);
/* Webhooks have changed. */
void deliverer_refresh(void *deliverer);
/* What is under way is waited for so long; what it has done is written down. */
void deliverer_stop(struct deliverer *self, int64_t patience_ms);
/* NULL is nothing. Must be stopped, or never started. */
void deliverer_free(struct deliverer *self);

/* In Prometheus' text form. */
void deliverer_write_metrics(const struct deliverer *self, struct buffer *out);

#endif
