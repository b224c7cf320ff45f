/* Trace context (W3C Recommendation "Trace Context", 2021): traceparent in, traceId out. */
#ifndef ADAPTERS_API_TRACE_H
#define ADAPTERS_API_TRACE_H

#include "base/str.h"

enum { TRACE_ID_CHARS = 32, TRACE_PARENT_CHARS = 55 };

struct trace {
    char
        parent[TRACE_PARENT_CHARS + 1]; /* 00-<trace id>-<span id>-<flags>; "" until there is one */
};

/* Takes an incoming header. False when it is not valid: then a new trace begins. */
bool trace_parse(struct str header, struct trace *trace);
/* A new trace from 24 random bytes. */
void trace_begin(const uint8_t random[24], struct trace *trace);
/* 32 hexadecimal digits. */
struct str trace_id(const struct trace *trace);
struct str trace_parent(const struct trace *trace);

#endif
