#include "adapters/api/rate.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { CELLS = 64 * 1024 };
#define SECOND_US INT64_C(1000000)

struct rate {
    _Atomic int64_t per_second, instances;
    struct hash_key key;
    /* Theoretical arrival time: when the cell is as good as new. */
    _Atomic int64_t cells[CELLS];
};

struct rate *rate_new(int64_t per_second, struct hash_key key)
{
    struct rate *rate = calloc(1, sizeof(*rate));
    if (!rate) return NULL;
    rate_set(rate, per_second);
    rate_share(rate, 1);
    rate->key = key;
    return rate;
}

void rate_set(struct rate *rate, int64_t per_second)
{
    atomic_store_explicit(&rate->per_second, per_second, memory_order_relaxed);
}

void rate_share(struct rate *rate, int64_t instances)
{
    atomic_store_explicit(&rate->instances, instances > 1 ? instances : 1, memory_order_relaxed);
}

bool rate_is_limited(const struct rate *rate)
{
    return atomic_load_explicit(&rate->per_second, memory_order_relaxed) > 0;
}

void rate_free(struct rate *rate)
{
    free(rate);
}

/* Between two requests, at the rate that is our part. */
static int64_t interval_of(const struct rate *rate, int64_t per_second)
{
    int64_t instances = atomic_load_explicit(&rate->instances, memory_order_relaxed);
    int64_t interval_us = SECOND_US * instances / per_second;
    return interval_us > 0 ? interval_us : 1;
}

struct rate_answer rate_take(struct rate *rate, struct str name, int64_t now_us)
{
    int64_t per_second = atomic_load_explicit(&rate->per_second, memory_order_relaxed);
    struct rate_answer answer = {.limit = per_second, .allowed = per_second == 0};
    if (answer.allowed) return answer;
    int64_t interval_us = interval_of(rate, per_second);
    int64_t at_once_us = interval_us > SECOND_US ? interval_us : SECOND_US;
    _Atomic int64_t *cell = &rate->cells[hash_bytes(rate->key, name) % CELLS];
    int64_t arrival = atomic_load_explicit(cell, memory_order_relaxed), next;
    do {
        next = (arrival > now_us ? arrival : now_us) + interval_us;
        if (next - now_us > at_once_us) {
            answer.wait_us = next - now_us - at_once_us;
            return answer;
        }
    } while (!atomic_compare_exchange_weak_explicit(cell, &arrival, next, memory_order_relaxed,
                                                    memory_order_relaxed));
    answer.allowed = true;
    answer.remaining = (at_once_us - (next - now_us)) / interval_us;
    return answer;
}
