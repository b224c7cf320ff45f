/* Messages that wait to be tried again, and those behind them with the same key: so that what is
 * about one customer keeps its order. Keys are a tenant's own: those of two have nothing to do with
 * each other. Internal to the consumer. */
#ifndef ADAPTERS_EVENTS_CONSUMER_WAITING_H
#define ADAPTERS_EVENTS_CONSUMER_WAITING_H

#include "domain/inbound.h"

enum { WAITING_MAX = 2000, WAITING_BYTES_MAX = 64 << 20 };

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

/* One that waited when its partition was taken away. */
struct tried {
    struct str topic;
    int32_t partition;
    int64_t offset;
    instant first_at;
};

struct load {
    size_t count, bytes;
};

struct waiting {
    struct item *items; /* in the order in which they came */
    size_t count, room;
    size_t bytes;
    struct tried tried[WAITING_MAX]; /* the oldest make room for new ones */
    size_t tried_count;              /* of all times */
};

void waiting_release(struct waiting *self);
/* All are to be read again, by whoever has their partitions then; when they were tried first is
 * remembered. */
void waiting_forget(struct waiting *self);
/* When that was, of one that comes again; else `now`. */
instant waiting_first_at(const struct waiting *self, const struct item *item, instant now);
/* Is there room for it, when `more` are to come as well? A tenant has at most as much as is free:
 * so one who fills it leaves room for others. */
bool waiting_has_room(const struct waiting *self, const struct item *item, struct load more);
size_t waiting_bytes(const struct item *item);
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
