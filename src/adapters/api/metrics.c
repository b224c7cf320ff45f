#include "adapters/api/metrics.h"

#include "application/application.h"
#include "formats/metric.h"

/* Upper bounds in microseconds. */
static const int64_t bounds_us[METRICS_BUCKETS - 1] = {
    100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 2500000};

static void add(_Atomic uint64_t *counter, uint64_t count)
{
    /* One writer: no locked instruction is needed. */
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + count, memory_order_relaxed);
}

void metrics_count(struct metrics *metrics, size_t route, int http_status, int64_t took_us)
{
    struct metrics_route *row = &metrics->routes[route];
    size_t bucket = 0, class = (size_t)(http_status / 100 - 1);
    while (bucket < METRICS_BUCKETS - 1 && took_us > bounds_us[bucket]) bucket++;
    add(&row->by_class[class < METRICS_CLASSES ? class : METRICS_CLASSES - 1], 1);
    add(&row->buckets[bucket], 1);
    add(&row->sum_us, took_us > 0 ? (uint64_t)took_us : 0);
}

void metrics_overloaded(struct metrics *metrics, bool writes)
{
    add(&metrics->overloaded[writes], 1);
}

static uint64_t read_counter(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

struct route_sum {
    uint64_t by_class[METRICS_CLASSES];
    uint64_t buckets[METRICS_BUCKETS];
    uint64_t sum_us, count;
};

static struct route_sum sum_route(const struct metrics_source *sources, size_t count, size_t route)
{
    struct route_sum sum = {0};
    for (size_t s = 0; s < count; s++) {
        const struct metrics_route *row = &sources[s].metrics->routes[route];
        for (size_t i = 0; i < METRICS_CLASSES; i++)
            sum.by_class[i] += read_counter(&row->by_class[i]);
        for (size_t i = 0; i < METRICS_BUCKETS; i++)
            sum.buckets[i] += read_counter(&row->buckets[i]);
        sum.sum_us += read_counter(&row->sum_us);
    }
    for (size_t i = 0; i < METRICS_BUCKETS; i++) sum.count += sum.buckets[i];
    return sum;
}

static void write_requests(struct buffer *out, const struct metrics_source *sources, size_t count,
                           const struct str *names, size_t routes)
{
    metric_head(out, "customer360_http_requests_total", "counter",
                "Requests answered, by route and class of status.");
    for (size_t r = 0; r < routes; r++) {
        struct route_sum sum = sum_route(sources, count, r);
        for (size_t i = 1; sum.count && i < METRICS_CLASSES; i++)
            buffer_append_format(
                out, "customer360_http_requests_total{route=\"%.*s\",status=\"%zuxx\"} %llu\n",
                STR_ARGS(names[r]), i + 1, (unsigned long long)sum.by_class[i]);
    }
}

static void write_histogram(struct buffer *out, struct str name, const struct route_sum *sum)
{
    static const char *const metric = "customer360_http_request_duration_seconds";
    uint64_t below = 0;
    for (size_t i = 0; i < METRICS_BUCKETS - 1; i++) {
        below += sum->buckets[i];
        buffer_append_format(out, "%s_bucket{route=\"%.*s\",le=\"%g\"} %llu\n", metric,
                             STR_ARGS(name), (double)bounds_us[i] / 1e6, (unsigned long long)below);
    }
    buffer_append_format(out, "%s_bucket{route=\"%.*s\",le=\"+Inf\"} %llu\n", metric,
                         STR_ARGS(name), (unsigned long long)sum->count);
    buffer_append_format(out, "%s_sum{route=\"%.*s\"} %.6f\n", metric, STR_ARGS(name),
                         (double)sum->sum_us / 1e6);
    buffer_append_format(out, "%s_count{route=\"%.*s\"} %llu\n", metric, STR_ARGS(name),
                         (unsigned long long)sum->count);
}

static void write_durations(struct buffer *out, const struct metrics_source *sources, size_t count,
                            const struct str *names, size_t routes)
{
    metric_head(out, "customer360_http_request_duration_seconds", "histogram",
                "From the complete head to the answer, by route; streams until their end.");
    for (size_t r = 0; r < routes; r++) {
        struct route_sum sum = sum_route(sources, count, r);
        if (sum.count) write_histogram(out, names[r], &sum);
    }
}

static void write_overloaded(struct buffer *out, const struct metrics_source *sources, size_t count)
{
    static const char *const kinds[] = {"read", "write"};
    metric_head(out, "customer360_http_overloaded_total", "counter",
                "Requests refused, for they would have waited too long for their turn.");
    for (size_t k = 0; k < 2; k++) {
        uint64_t sum = 0;
        for (size_t s = 0; s < count; s++) sum += read_counter(&sources[s].metrics->overloaded[k]);
        buffer_append_format(out, "customer360_http_overloaded_total{kind=\"%s\"} %llu\n", kinds[k],
                             (unsigned long long)sum);
    }
}

void metrics_write(struct buffer *out, const struct metrics_source *sources, size_t source_count,
                   const struct str *names, size_t route_count)
{
    int64_t in_flight = 0, streams = 0;
    uint64_t accepted = 0;
    size_t connections = 0;
    for (size_t s = 0; s < source_count; s++) {
        in_flight += atomic_load_explicit(&sources[s].metrics->in_flight, memory_order_relaxed);
        streams += atomic_load_explicit(&sources[s].metrics->streams, memory_order_relaxed);
        connections += sources[s].connections;
        accepted += sources[s].accepted;
    }
    write_requests(out, sources, source_count, names, route_count);
    write_durations(out, sources, source_count, names, route_count);
    write_overloaded(out, sources, source_count);
    metric_count(out, "customer360_http_requests_in_flight", "gauge", "Requests under way.",
                 (long long)in_flight);
    metric_count(out, "customer360_http_event_streams", "gauge", "Event feeds that are followed.",
                 (long long)streams);
    metric_count(out, "customer360_http_connections", "gauge", "Open connections.",
                 (long long)connections);
    metric_count(out, "customer360_http_connections_accepted_total", "counter",
                 "Connections accepted.", (long long)accepted);
}

void metrics_write_matching(struct buffer *out, const _Atomic uint64_t *counters)
{
    static const struct {
        const char *name, *help;
    } rows[MATCHING_COUNTERS] = {
        [MATCHING_COMPARED] = {"customer360_matching_pairs_compared_total",
                               "Pairs of a record and a customer that were weighed."},
        [MATCHING_POSSIBLE] = {"customer360_matching_possible_total",
                               "Pairs that possibly are one customer."},
        [MATCHING_CERTAIN] = {"customer360_matching_certain_total",
                              "Pairs that certainly are one customer."},
        [MATCHING_KEYS_CUT] = {"customer360_matching_keys_cut_total",
                               "Blocking keys not followed, for too many customers have them."},
    };
    for (int i = 0; i < MATCHING_COUNTERS; i++)
        metric_count(out, rows[i].name, "counter", rows[i].help,
                     (long long)read_counter(&counters[i]));
}
