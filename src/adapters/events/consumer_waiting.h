/* Messages that wait to be tried again, and those behind them with the same key: so that what is
 * about one customer keeps its order. Internal to the consumer. */
#ifndef ADAPTERS_EVENTS_CONSUMER_WAITING_H
#define ADAPTERS_EVENTS_CONSUMER_WAITING_H

#include "domain/inbound.h"

enum { WAITING_MAX = 2000 };

/* A message at hand. A waiting one's texts are one piece of memory of its own. */
struct item {
    enum inbound_type type;
    int32_t partition;
    int64_t offset;
    struct str topic; /* lives as long as the consumer */
    struct str key;   /* absent: none */
    struct str value;
    struct str trace;
    int64_t timestamp_ms;
    instant first_at; /* when it was tried first */
    instant due;
    int attempts;
    void *memory; /* of a waiting one */
};

struct waiting {
    struct item *items; /* in the order in which they came */
    size_t count, room;
};

void waiting_release(struct waiting *self);
void waiting_clear(struct waiting *self);
/* Copies; false when there is no room, or no memory. */
bool waiting_add(struct waiting *self, const struct item *item);
/* One of that topic and key waits. */
bool waiting_has_key(const struct waiting *self, struct str topic, struct str key);
/* Indexes of those that are due, of each key the first only, at most `max`. */
size_t waiting_due(const struct waiting *self, instant now, size_t *indexes, size_t max);
/* Takes out those whose `gone` is set. */
void waiting_remove(struct waiting *self, const bool *gone);
/* When the next one is due, or `otherwise`. */
instant waiting_next(const struct waiting *self, instant otherwise);

#endif
