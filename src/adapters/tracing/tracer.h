/* Traces: decides what is recorded, takes spans from any thread, and sends them to a collector in a
 * thread of its own, so that nothing that a collector does is felt by a request (decision 0081).
 *
 *     tracer_new(&options, &tracer, error);
 *     tracer_start(tracer, error);
 *     ...
 *     struct span span;
 *     if (tracer_samples(tracer, &came)) {              from any thread; NULL is: nothing ever
 *         tracer_begin(tracer, &came, SPAN_SERVER, name, &span);
 *         ... span.trace is what is handed on ...
 *         tracer_end(tracer, &span);
 *     }
 *     tracer_stop(tracer, patience_ms);      sends what is there, if that can be done
 *     tracer_free(tracer);
 *
 * Spans get lost when the collector is away for long or too slow; how many, and why, is counted.
 */
#ifndef ADAPTERS_TRACING_TRACER_H
#define ADAPTERS_TRACING_TRACER_H

#include "adapters/tracing/otlp.h"
#include "adapters/tracing/span.h"
#include "base/environment.h"
#include "base/status.h"
#include "engines/http/client.h"

enum { TRACER_RATIO_ONE = 1000000 };

struct tracer_options {
    struct str url;
    const struct http_client_header *headers; /* what the collector wants besides */
    size_t header_count;
    struct str ca_file; /* whom to believe; empty: the system's */
    const char *user_agent;
    int64_t timeout_ms;   /* of a request */
    int64_t sample_ratio; /* of traces that begin here, of TRACER_RATIO_ONE */
    size_t queue;         /* most spans that wait */
    int64_t gather_ms;    /* fewer spans than make a request wait so long for more */
    int64_t retry_first_ms;
    int64_t retry_for_ms; /* then a batch is given up */
    struct otlp_resource resource;
    struct environment *environment;
};

struct tracer;

/* The texts of the options live as long as the tracer. */
MUST_CHECK enum status tracer_new(const struct tracer_options *options, struct tracer **tracer,
                                  struct error *error);
MUST_CHECK enum status tracer_start(struct tracer *self, struct error *error);
/* Without patience what is not sent is lost. Nothing when it was not started. */
void tracer_stop(struct tracer *self, int64_t patience_ms);
/* NULL is nothing. Must be stopped, or never started. */
void tracer_free(struct tracer *self);

/* Whether to record what is done for it: as whoever sent the trace says; one that begins here
 * (parent.parent is ""), by chance. */
bool tracer_samples(struct tracer *self, const struct trace *parent);
/* A span under `parent`, or of a new trace; it begins now. */
void tracer_begin(struct tracer *self, const struct trace *parent, enum span_kind kind,
                  struct str name, struct span *span);
/* A span of which only its place is known yet, for what takes long; told by tracer_adopt(). */
void tracer_place(struct tracer *self, const struct trace *parent, struct trace *place);
void tracer_adopt(struct tracer *self, const struct trace *parent, const struct trace *place,
                  enum span_kind kind, struct str name, struct span *span);
/* It ends now, unless span->ended_ns is set. Copies it. */
void tracer_end(struct tracer *self, struct span *span);
int64_t tracer_now_ns(void);

/* In Prometheus' text form. */
void tracer_write_metrics(struct tracer *self, struct buffer *out);

#endif
