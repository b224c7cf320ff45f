/* Trace context (W3C Recommendation "Trace Context", 2021): which trace a piece of work is a part
 * of, and which span of it is its parent.
 *
 *     struct trace trace;
 *     if (!trace_parse(header, &trace)) trace_begin(&ids, sampled, &trace);
 *     trace_child(&trace, &ids, &own);               the same trace, a span of our own
 */
#ifndef BASE_TRACE_H
#define BASE_TRACE_H

#include <stdatomic.h>

#include "base/str.h"

enum { TRACE_ID_CHARS = 32, TRACE_SPAN_CHARS = 16, TRACE_PARENT_CHARS = 55 };

struct trace {
    char
        parent[TRACE_PARENT_CHARS + 1]; /* 00-<trace id>-<span id>-<flags>; "" until there is one */
};

/* Where ids come from, which are unique but no secrets: SplitMix64, to be seeded by the kernel. Any
 * thread. */
struct trace_ids {
    _Atomic uint64_t state;
};
uint64_t trace_ids_next(struct trace_ids *ids);

/* Takes an incoming header. False when it is not valid: then there is none. */
bool trace_parse(struct str header, struct trace *trace);
void trace_begin(struct trace_ids *ids, bool sampled, struct trace *trace);
void trace_child(const struct trace *of, struct trace_ids *ids, struct trace *child);
/* Is the parent recorded, as far as it says? */
bool trace_is_sampled(const struct trace *trace);
/* 32 and 16 hexadecimal digits, and the header; absent when there is none. */
struct str trace_id(const struct trace *trace);
struct str trace_span_id(const struct trace *trace);
struct str trace_parent(const struct trace *trace);

#endif
