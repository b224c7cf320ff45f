/* What the files of the adapter share. */
#ifndef ADAPTERS_API_INTERNAL_H
#define ADAPTERS_API_INTERNAL_H

#include <stdatomic.h>

#include "adapters/api/admission.h"
#include "adapters/api/call.h"
#include "adapters/api/coding.h"
#include "adapters/api/metrics.h"
#include "adapters/api/rate.h"
#include "engines/loop/offload.h"

struct feed;

/* One per loop; only its thread writes to it. */
struct api_worker {
    struct api *api;
    struct loop *loop;
    struct http_server *server;
    struct metrics metrics;
    struct trace_ids ids;
    struct feed *feeds; /* event feeds that are followed: api_events.c */
    struct coding *gzip;
    struct admission_past refusals;
};

/* Whose requests are limited. */
enum api_rate { API_RATE_TENANT, API_RATE_CALLER, API_RATES };

struct api {
    struct api_options options;
    struct arena arena; /* of the process: filled by api_new(), then read only */
    struct router router;
    struct api_worker *workers[API_WORKERS_MAX];
    size_t worker_count;
    struct rate *rates[API_RATES];
    struct admission admission;
    struct offload *files; /* reads and writes the files of jobs */
    struct identity *_Atomic identity;
    struct str openapi;
    struct str asyncapi;
    instant started_at;
    atomic_bool draining;
};

/* dispatch.c: what the HTTP engine calls, with a worker as context. */
void dispatch_request(void *context, struct http_request *request, struct http_response *response);
void dispatch_refusal(void *context, struct http_request *request, struct http_response *response,
                      int status, struct str reason);

#endif
