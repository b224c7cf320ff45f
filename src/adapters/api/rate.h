/* A limit on the requests of each tenant or caller, shared by all loops without locks: the generic
 * cell rate algorithm (ITU-T I.371, annex A) on one word for each. One second's worth may be used
 * at once, and always one request. Names are hashed onto the words; two that share one share its
 * limit, too, which with 64 Ki words hardly ever happens.
 *
 * Several instances share a limit in equal parts: each allows one part of so many as there are. */
#ifndef ADAPTERS_API_RATE_H
#define ADAPTERS_API_RATE_H

#include "base/hash.h"

struct rate;

/* 0 per second: no limit. NULL when out of memory. */
struct rate *rate_new(int64_t per_second, struct hash_key key);
bool rate_is_limited(const struct rate *rate);
/* Another limit from now on. Thread-safe. */
void rate_set(struct rate *rate, int64_t per_second);
/* How many instances share it; at first 1. Thread-safe. */
void rate_share(struct rate *rate, int64_t instances);
void rate_free(struct rate *rate);

struct rate_answer {
    bool allowed;
    int64_t limit;     /* of all instances; 0: none */
    int64_t remaining; /* requests that may follow at once, here */
    int64_t wait_us;   /* when not allowed: until one may */
};
struct rate_answer rate_take(struct rate *rate, struct str name, int64_t now_us);

#endif
