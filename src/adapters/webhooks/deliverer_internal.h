/* What the files of the deliverer share. All but what is atomic belongs to its thread. */
#ifndef ADAPTERS_WEBHOOKS_DELIVERER_INTERNAL_H
#define ADAPTERS_WEBHOOKS_DELIVERER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "adapters/events/lease.h"
#include "adapters/webhooks/deliverer.h"
#include "engines/http/sender.h"

/* What the metrics tell. */
struct deliverer_counts {
    _Atomic int64_t attempts[WEBHOOK_OUTCOME_COUNT];
    _Atomic int64_t active, failing, disabled, foreign;
    _Atomic int64_t held, backlog, under_way;
    _Atomic int64_t store_failures;
    _Atomic bool is_ours;
};

struct deliverer {
    struct deliverer_options options;
    struct lease lease;
    struct http_sender *sender;
    struct arena arena; /* of one round */
    struct lane **lanes;
    size_t lane_count, lane_room;
    size_t turn_of;           /* where the next round begins to send, so that each gets its turn */
    int64_t epoch;            /* under which the lanes were taken up; 0: there are none */
    int64_t head;             /* the feed was looked at up to here */
    int64_t unanswered;       /* requests since somebody answered */
    instant unanswered_since; /* the first of them */
    instant refresh_at;
    instant look_at;
    instant busy_until;
    instant store_retry_at;
    enum status failing; /* of the store; STATUS_OK: it is not */

    pthread_t thread;
    bool started;
    atomic_bool woken;
    atomic_bool changed;
    atomic_bool stop;
    _Atomic instant stop_at; /* what is under way may take so long */
    struct deliverer_counts counts;
};

/* --- deliverer_store.c: what is read and written --- */

/* Takes the webhook up: marks it as ours, and gives what is held of it. *lane is NULL when it is
 * not to be delivered to (any more). */
MUST_CHECK enum status deliverer_load(struct deliverer *self, struct str tenant,
                                      struct str webhook_id, struct lane **lane,
                                      struct error *error);
/* More of the feed into the lane. */
MUST_CHECK enum status deliverer_read(struct deliverer *self, struct lane *lane, instant now,
                                      struct error *error);
/* Body of an item that was held; *is_there is false when the event was erased. */
MUST_CHECK enum status deliverer_fill(struct deliverer *self, struct lane *lane,
                                      struct lane_item *item, instant now, bool *is_there,
                                      struct error *error);
/* Writes down what came of it. *is_void: another has taken the webhook up, or its owner changed
 * what is to be sent; what is known of it must be forgotten. */
MUST_CHECK enum status deliverer_write(struct deliverer *self, struct lane *lane, instant now,
                                       bool *is_void, struct error *error);

#endif
