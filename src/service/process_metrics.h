/* What Prometheus expects of every process: memory, processor time, descriptors, start. */
#ifndef SERVICE_PROCESS_METRICS_H
#define SERVICE_PROCESS_METRICS_H

#include "base/buffer.h"

/* In Prometheus' text form; `context` is not used. */
void process_metrics_write(void *context, struct buffer *out);

#endif
