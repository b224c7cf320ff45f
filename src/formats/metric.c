#include "formats/metric.h"

void metric_head(struct buffer *out, const char *name, const char *type, const char *help)
{
    buffer_append_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metric_count(struct buffer *out, const char *name, const char *type, const char *help,
                  int64_t value)
{
    metric_head(out, name, type, help);
    buffer_append_format(out, "%s %lld\n", name, (long long)value);
}

void metric_value(struct buffer *out, const char *name, const char *type, const char *help,
                  double value)
{
    metric_head(out, name, type, help);
    buffer_append_format(out, "%s %.15g\n", name, value);
}
