#include "adapters/api/admission.h"

#include <time.h>

#include "adapters/api/internal.h"
#include "base/clock.h"
#include "base/log.h"

enum { TELL_EVERY_US = 1000 * 1000, OVER_AFTER_US = 200 * 1000 };

void admission_set(struct admission *admission, int64_t read_max_us, int64_t write_max_us)
{
    atomic_store_explicit(&admission->wait_max_us[ADMISSION_READ], read_max_us,
                          memory_order_relaxed);
    atomic_store_explicit(&admission->wait_max_us[ADMISSION_WRITE], write_max_us,
                          memory_order_relaxed);
}

/* Now and then, however many there are. */
static void tell(struct admission_past *past, int64_t now, int64_t wait_us)
{
    past->untold++;
    if (now - past->told_us < TELL_EVERY_US) return;
    log_warn("api.overloaded", LOG_COUNT("refused", (int64_t)past->untold),
             LOG_DURATION("wait_us", wait_us));
    past->told_us = now;
    past->untold = 0;
}

static int64_t wait_us(const struct call *call, bool bursts_count)
{
    const struct route *route = call->route;
    enum store_use use = route->writes ? STORE_WRITE : route->looks_up ? STORE_LOOKUP : STORE_READ;
    return loop_lag_us(call->worker->loop, bursts_count) +
           store_wait_us(call_application(call)->store, use, bursts_count);
}

enum status admission_check(struct call *call, struct error *error)
{
    enum admission_kind kind = call->route->writes ? ADMISSION_WRITE : ADMISSION_READ;
    struct admission_past *past = &call->worker->refusals;
    int64_t most =
        atomic_load_explicit(&call->api->admission.wait_max_us[kind], memory_order_relaxed);
    if (call->route->permission == ROUTE_PUBLIC || most == 0) return STATUS_OK;
    int64_t now = clock_us(CLOCK_MONOTONIC_COARSE);
    int64_t wait = wait_us(call, now - past->refused_us[kind] < OVER_AFTER_US);
    if (wait <= most) return STATUS_OK;
    past->refused_us[kind] = now;
    metrics_overloaded(&call->worker->metrics, kind == ADMISSION_WRITE);
    tell(past, now, wait);
    return error_plain(error, STATUS_OVERLOADED);
}
