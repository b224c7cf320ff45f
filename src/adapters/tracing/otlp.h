/* OTLP (OpenTelemetry protocol 1.x) over HTTP, in its JSON form: Protobuf's JSON mapping, but that
 * ids are hexadecimal and enumerations are numbers; 64-bit integers are texts.
 */
#ifndef ADAPTERS_TRACING_OTLP_H
#define ADAPTERS_TRACING_OTLP_H

#include "adapters/tracing/span.h"
#include "base/buffer.h"

/* Who tells. */
struct otlp_resource {
    struct str service_name;
    struct str service_version;
    struct str instance_id;
};

/* An ExportTraceServiceRequest. */
void otlp_write(struct buffer *out, const struct otlp_resource *resource, const struct span *spans,
                size_t count);
/* How many of them a collector that answered with success has not taken; 0 when the answer is not
 * one that tells. */
int64_t otlp_rejected(struct str answer, struct arena *arena);

#endif
