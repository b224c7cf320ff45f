/* Messages that wait to be tried again, and those behind them with the same key: so that what is
 * about one customer keeps its order. Keys are a tenant's own: those of two have nothing to do with
 * each other. Internal to the consumer. */
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
    struct str tenant; /* absent: it cannot be read */
    int64_t timestamp_ms;
    instant first_at; /* when it was tried first */
    instant due;
    int attempts;
    bool is_behind; /* of those that wait, one before it has its key */
    void *memory;   /* of a waiting one */
};

/* Have both a key, and the same of one topic and tenant? A message whose tenant cannot be read may
 * be of any: what comes behind it with its key is. */
bool waiting_is_before(const struct item *before, const struct item *behind);

struct waiting {
    struct item *items; /* in the order in which they came */
    size_t count, room;
};

void waiting_release(struct waiting *self);
void waiting_clear(struct waiting *self);
/* Is there room for one more of the tenant, when `more` of his are to come as well? He has at most
 * as many as there are places left: so one who fills it leaves room for others. */
bool waiting_has_room(const struct waiting *self, struct str tenant, size_t more);
/* Copies; false when out of memory. */
bool waiting_add(struct waiting *self, const struct item *item);
/* One waits that it comes behind. */
bool waiting_holds(const struct waiting *self, const struct item *item);
/* Indexes of those that are due, of each key the first only, at most `max`. */
size_t waiting_due(const struct waiting *self, instant now, size_t *indexes, size_t max);
/* Takes out those whose `gone` is set, all of them the first of their key. */
void waiting_remove(struct waiting *self, const bool *gone);
/* When the next one is due, or `otherwise`. */
instant waiting_next(const struct waiting *self, instant otherwise);

#endif
