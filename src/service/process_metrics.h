/* What Prometheus expects of every process: memory, processor time, descriptors, start. */
#ifndef SERVICE_PROCESS_METRICS_H
#define SERVICE_PROCESS_METRICS_H

#include "base/buffer.h"

/* In Prometheus' text form. */
void process_metrics_write(struct buffer *out);

#endif
