#include "adapters/api/rate.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { CELLS = 64 * 1024 };
#define SECOND_US INT64_C(1000000)

struct rate {
    int64_t per_second;
    int64_t interval_us;
    struct hash_key key;
    /* Theoretical arrival time: when the cell is as good as new. */
    _Atomic int64_t cells[CELLS];
};

struct rate *rate_new(int64_t per_second, struct hash_key key)
{
    struct rate *rate = calloc(1, sizeof(*rate));
    if (!rate) return NULL;
    rate->per_second = per_second;
    rate->interval_us = SECOND_US / per_second;
    if (rate->interval_us == 0) rate->interval_us = 1;
    rate->key = key;
    return rate;
}

void rate_free(struct rate *rate)
{
    free(rate);
}

struct rate_answer rate_take(struct rate *rate, struct str name, int64_t now_us)
{
    struct rate_answer answer = {.limit = rate->per_second};
    _Atomic int64_t *cell = &rate->cells[hash_bytes(rate->key, name) % CELLS];
    int64_t arrival = atomic_load_explicit(cell, memory_order_relaxed), next;
    do {
        next = (arrival > now_us ? arrival : now_us) + rate->interval_us;
        if (next - now_us > SECOND_US) {
            answer.wait_us = next - now_us - SECOND_US;
            return answer;
        }
    } while (!atomic_compare_exchange_weak_explicit(cell, &arrival, next, memory_order_relaxed,
                                                    memory_order_relaxed));
    answer.allowed = true;
    answer.remaining = (SECOND_US - (next - now_us)) / rate->interval_us;
    return answer;
}
