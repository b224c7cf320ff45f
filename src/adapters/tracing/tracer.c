#include "adapters/tracing/tracer.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "adapters/tracing/span_queue.h"
#include "base/clock.h"
#include "base/log.h"
#include "engines/http/sender.h"
#include "formats/metric.h"

enum {
    BATCH = 512,
    ARENA_BYTES = 16 * 1024 * 1024,
    LAST_RETRY_MS = 30000,
    ANSWER_MAX_BYTES = 64 * 1024,
    HEADERS_MAX = 32
};

/* What became of spans. */
enum fate {
    FATE_EXPORTED,
    FATE_NO_ROOM,  /* in the queue */
    FATE_REFUSED,  /* by the collector */
    FATE_GIVEN_UP, /* it could not be reached, or had no time, for too long */
    FATES
};

struct tracer {
    struct tracer_options options;
    struct trace_ids ids;
    struct span_queue queue;
    struct http_sender *sender;
    struct arena arena; /* of the batch */
    struct span *batch;
    size_t batch_count; /* 0: there is none */
    struct str body;
    int64_t tried_at_ms; /* first; 0: not yet */
    int64_t next_at_ms;  /* when to take or send again */
    int64_t retry_ms;    /* 0: the last one went well */
    bool under_way;

    pthread_t thread;
    bool started;
    atomic_bool stop;
    _Atomic int64_t stop_at_ms;
    _Atomic uint64_t fates[FATES];
    _Atomic bool is_failing;
};

int64_t tracer_now_ns(void)
{
    return clock_ns(CLOCK_REALTIME);
}

static void count(struct tracer *self, enum fate fate, size_t by)
{
    atomic_fetch_add_explicit(&self->fates[fate], by, memory_order_relaxed);
}

/* --- spans --- */

bool tracer_samples(struct tracer *self, const struct trace *parent)
{
    if (!self) return false;
    if (parent->parent[0]) return trace_is_sampled(parent);
    return (int64_t)(trace_ids_next(&self->ids) % TRACER_RATIO_ONE) < self->options.sample_ratio;
}

void tracer_place(struct tracer *self, const struct trace *parent, struct trace *place)
{
    if (parent->parent[0])
        trace_child(parent, &self->ids, place);
    else
        trace_begin(&self->ids, true, place);
}

void tracer_adopt(struct tracer *self, const struct trace *parent, const struct trace *place,
                  enum span_kind kind, struct str name, struct span *span)
{
    (void)self;
    span_init(span, kind, name, place, trace_span_id(parent));
}

void tracer_begin(struct tracer *self, const struct trace *parent, enum span_kind kind,
                  struct str name, struct span *span)
{
    struct trace place;
    tracer_place(self, parent, &place);
    tracer_adopt(self, parent, &place, kind, name, span);
    span->started_ns = tracer_now_ns();
}

void tracer_end(struct tracer *self, struct span *span)
{
    if (span->ended_ns == 0) span->ended_ns = tracer_now_ns();
    /* The clock may have been set back. */
    if (span->ended_ns < span->started_ns) span->ended_ns = span->started_ns;
    size_t waiting = span_queue_put(&self->queue, span);
    if (waiting == 0) count(self, FATE_NO_ROOM, 1);
    if (waiting == BATCH) http_sender_wake(self->sender);
}

/* --- sending --- */

static void forget_batch(struct tracer *self, enum fate fate)
{
    count(self, fate, self->batch_count);
    self->batch_count = 0;
    self->tried_at_ms = 0;
    arena_reset(&self->arena);
}

static bool is_draining(struct tracer *self)
{
    return atomic_load(&self->stop);
}

static void take_batch(struct tracer *self)
{
    struct buffer out = {.arena = &self->arena};
    self->batch_count = span_queue_take(&self->queue, self->batch, BATCH);
    if (self->batch_count == 0) return;
    otlp_write(&out, &self->options.resource, self->batch, self->batch_count);
    self->body = buffer_str(&out);
    if (buffer_failed(&out)) forget_batch(self, FATE_GIVEN_UP);
}

static int64_t patience_ms(struct tracer *self, int64_t now)
{
    int64_t left = atomic_load(&self->stop_at_ms) - now;
    return is_draining(self) && left < self->options.timeout_ms ? left : self->options.timeout_ms;
}

static void note_failure(struct tracer *self, const struct http_sender_result *result)
{
    int64_t now = clock_ms(CLOCK_MONOTONIC), pause = result->retry_after_s * 1000;
    self->retry_ms = self->retry_ms ? self->retry_ms * 2 : self->options.retry_first_ms;
    if (self->retry_ms > LAST_RETRY_MS) self->retry_ms = LAST_RETRY_MS;
    /* Half of it by chance, so that instances do not come back all at once. */
    int64_t own = self->retry_ms / 2 +
                  (int64_t)(trace_ids_next(&self->ids) % (uint64_t)(self->retry_ms / 2 + 1));
    self->next_at_ms = now + (pause > own ? pause : own);
    if (atomic_exchange(&self->is_failing, true)) return;
    log_warn("traces.not_taken", LOG_CODE("reason", http_sent_name(result->sent)),
             LOG_COUNT("http_status", result->status));
}

static void note_success(struct tracer *self)
{
    if (atomic_exchange(&self->is_failing, false)) log_info("traces.taken_again");
    self->retry_ms = 0;
    self->next_at_ms = clock_ms(CLOCK_MONOTONIC) + self->options.gather_ms;
}

/* The statuses after which the protocol has the same sent again. */
static bool may_mend(const struct http_sender_result *result)
{
    static const int statuses[] = {429, 502, 503, 504};
    if (result->sent != HTTP_SENT_ANSWERED) return true;
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        if (result->status == statuses[i]) return true;
    return false;
}

static void settle(struct tracer *self, const struct http_sender_result *result)
{
    self->under_way = false;
    if (result->status >= 200 && result->status < 300) {
        size_t rejected = (size_t)otlp_rejected(result->body, &self->arena);
        if (rejected > self->batch_count) rejected = self->batch_count;
        count(self, FATE_REFUSED, rejected);
        self->batch_count -= rejected;
        forget_batch(self, FATE_EXPORTED);
        note_success(self);
        return;
    }
    note_failure(self, result);
    if (!may_mend(result))
        forget_batch(self, FATE_REFUSED);
    else if (clock_ms(CLOCK_MONOTONIC) - self->tried_at_ms >= self->options.retry_for_ms ||
             is_draining(self))
        forget_batch(self, FATE_GIVEN_UP);
}

static void send_batch(struct tracer *self, int64_t now)
{
    struct http_client_header headers[HEADERS_MAX] = {
        {STR("Content-Type"), STR("application/json")},
        {STR("Expect"), STR("")}, /* no round trip before the body */
    };
    struct http_sender_request request = {.url = self->options.url,
                                          .body = self->body,
                                          .headers = headers,
                                          .header_count = 2,
                                          .timeout_ms = patience_ms(self, now)};
    for (size_t i = 0; i < self->options.header_count && request.header_count < HEADERS_MAX; i++)
        headers[request.header_count++] = self->options.headers[i];
    if (self->tried_at_ms == 0) self->tried_at_ms = now;
    self->under_way = http_sender_send(self->sender, &request, &self->arena, NULL);
    if (!self->under_way) forget_batch(self, FATE_GIVEN_UP);
}

/* One batch at a time. */
static void do_round(struct tracer *self)
{
    struct http_sender_result result;
    int64_t now = clock_ms(CLOCK_MONOTONIC);
    while (http_sender_next(self->sender, &result)) settle(self, &result);
    if (self->under_way) return;
    bool due = is_draining(self) ? now < atomic_load(&self->stop_at_ms) : now >= self->next_at_ms;
    bool is_full = self->retry_ms == 0 && span_queue_count(&self->queue) >= BATCH;
    if (!due && !is_full) return;
    if (self->batch_count == 0) {
        self->next_at_ms = now + self->options.gather_ms;
        take_batch(self);
    }
    if (self->batch_count > 0) send_batch(self, now);
}

/* --- the thread --- */

/* What could not be sent before will hardly be now: one failure ends it. */
static bool is_done(struct tracer *self)
{
    if (!is_draining(self)) return false;
    bool empty = self->batch_count == 0 && span_queue_count(&self->queue) == 0;
    return empty || clock_ms(CLOCK_MONOTONIC) >= atomic_load(&self->stop_at_ms) ||
           (self->retry_ms > 0 && !self->under_way && self->batch_count == 0);
}

static int64_t pause_ms(struct tracer *self)
{
    int64_t now = clock_ms(CLOCK_MONOTONIC), at = now + self->options.gather_ms;
    if (is_draining(self)) at = atomic_load(&self->stop_at_ms);
    if (!self->under_way && self->next_at_ms < at) at = self->next_at_ms;
    return at > now ? at - now : 0;
}

static void *run(void *argument)
{
    struct tracer *self = argument;
    for (do_round(self); !is_done(self); do_round(self))
        http_sender_wait(self->sender, pause_ms(self));
    size_t lost = self->batch_count;
    while (span_queue_take(&self->queue, self->batch, 1) > 0) lost++;
    self->batch_count = lost;
    forget_batch(self, FATE_GIVEN_UP);
    if (lost > 0) log_warn("traces.lost_at_the_end", LOG_COUNT("spans", (int64_t)lost));
    return NULL;
}

/* --- life --- */

static bool make_parts(struct tracer *self)
{
    const struct http_sender_options sender = {.ca_file = self->options.ca_file,
                                               .answer_max_bytes = ANSWER_MAX_BYTES,
                                               .keeps_answers = true,
                                               .user_agent = self->options.user_agent};
    uint64_t seed;
    self->options.environment->random(self->options.environment, &seed, sizeof(seed));
    atomic_init(&self->ids.state, seed);
    self->sender = http_sender_new(&sender);
    self->batch = calloc(BATCH, sizeof(*self->batch));
    return span_queue_init(&self->queue, self->options.queue) && self->sender && self->batch;
}

enum status tracer_new(const struct tracer_options *options, struct tracer **tracer,
                       struct error *error)
{
    struct tracer *self = calloc(1, sizeof(*self));
    if (!self) return error_plain(error, STATUS_OUT_OF_MEMORY);
    self->options = *options;
    arena_init(&self->arena, ARENA_BYTES);
    if (!make_parts(self)) {
        tracer_free(self);
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    *tracer = self;
    return STATUS_OK;
}

enum status tracer_start(struct tracer *self, struct error *error)
{
    self->started = pthread_create(&self->thread, NULL, run, self) == 0;
    return self->started ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}

void tracer_stop(struct tracer *self, int64_t patience_ms)
{
    if (!self->started) return;
    atomic_store(&self->stop_at_ms, clock_ms(CLOCK_MONOTONIC) + patience_ms);
    atomic_store(&self->stop, true);
    http_sender_wake(self->sender);
    (void)pthread_join(self->thread, NULL);
    self->started = false;
}

void tracer_free(struct tracer *self)
{
    if (!self) return;
    http_sender_free(self->sender);
    span_queue_release(&self->queue);
    arena_release(&self->arena);
    free(self->batch);
    free(self);
}

/* --- metrics --- */

void tracer_write_metrics(struct tracer *self, struct buffer *out)
{
    static const char *const fates[FATES] = {
        [FATE_EXPORTED] = "exported",
        [FATE_NO_ROOM] = "no_room",
        [FATE_REFUSED] = "refused",
        [FATE_GIVEN_UP] = "given_up",
    };
    metric_head(out, "customer360_trace_spans_total", "counter",
                "Spans, by what became of them: all but exported ones are lost.");
    for (int i = 0; i < FATES; i++)
        buffer_append_format(out, "customer360_trace_spans_total{outcome=\"%s\"} %llu\n", fates[i],
                             (unsigned long long)atomic_load(&self->fates[i]));
    metric_count(out, "customer360_trace_queue_spans", "gauge", "Spans that wait to be exported.",
                 (int64_t)span_queue_count(&self->queue));
    metric_count(out, "customer360_traces_failing", "gauge",
                 "1: the collector does not take them; the log says why.",
                 atomic_load(&self->is_failing));
}
