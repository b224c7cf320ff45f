/* Traces as they are configured (the keys traces.*). */
#ifndef SERVICE_TRACING_H
#define SERVICE_TRACING_H

#include "adapters/tracing/tracer.h"
#include "service/config.h"

/* *tracer is NULL when none is configured. STATUS_CONFIGURATION. The arena lives as long. */
MUST_CHECK enum status tracing_open(const struct config_values *config, struct arena *arena,
                                    struct tracer **tracer, struct error *error);

#endif
