/* Metrics as Prometheus reads them (text format 0.0.4): a head, then a line for each value.
 *
 *     metric_count(out, "customer360_dead_letters", "gauge", "Messages that are put aside.", 3);
 *
 *     metric_head(out, name, "counter", "Attempts to deliver.");
 *     buffer_append_format(out, "%s{outcome=\"%s\"} %lld\n", name, ...);
 */
#ifndef FORMATS_METRIC_H
#define FORMATS_METRIC_H

#include "base/buffer.h"

/* `help` is one line without backslashes. */
void metric_head(struct buffer *out, const char *name, const char *type, const char *help);
/* One that has no labels. */
void metric_count(struct buffer *out, const char *name, const char *type, const char *help,
                  int64_t value);
void metric_value(struct buffer *out, const char *name, const char *type, const char *help,
                  double value);

#endif
