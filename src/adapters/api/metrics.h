/* Counters of one loop, in Prometheus' text form. Only the loop's thread adds; any thread reads. No
 * locks: a reader may see a request's count before its duration, which does not matter. */
#ifndef ADAPTERS_API_METRICS_H
#define ADAPTERS_API_METRICS_H

#include <stdatomic.h>

#include "base/buffer.h"

/* Routes and, as the last row, what found none. */
enum { METRICS_ROUTES_MAX = 96, METRICS_CLASSES = 5, METRICS_BUCKETS = 14 };

struct metrics_route {
    _Atomic uint64_t by_class[METRICS_CLASSES]; /* 1xx (unused) to 5xx */
    _Atomic uint64_t buckets[METRICS_BUCKETS];  /* the last one has no bound */
    _Atomic uint64_t sum_us;
};
struct metrics {
    struct metrics_route routes[METRICS_ROUTES_MAX];
    _Atomic int64_t in_flight;
    _Atomic int64_t streams;
    _Atomic uint64_t overloaded[2]; /* refused reads, writes */
};

void metrics_count(struct metrics *metrics, size_t route, int http_status, int64_t took_us);
void metrics_overloaded(struct metrics *metrics, bool writes);
static inline void metrics_add(_Atomic int64_t *gauge, int64_t change)
{
    int64_t value = atomic_load_explicit(gauge, memory_order_relaxed);
    atomic_store_explicit(gauge, value + change, memory_order_relaxed);
}

struct metrics_source {
    const struct metrics *metrics;
    size_t connections;
    uint64_t accepted;
};
/* What matching at write time has done (application_count_matching). */
void metrics_write_matching(struct buffer *out, const _Atomic uint64_t *counters);
/* All of them summed up; `names` has route_count rows. */
void metrics_write(struct buffer *out, const struct metrics_source *sources, size_t source_count,
                   const struct str *names, size_t route_count);

#endif
