#include "adapters/api/admission.h"

#include <time.h>

#include "adapters/api/internal.h"
#include "base/clock.h"
#include "base/log.h"

enum {
    TELL_EVERY_US = 1000 * 1000,
    BURST_TIMES = 2, /* the wait that is allowed */
    BURST_COUNT = 64,
    OVERLOAD_PART = 4
};

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

static int64_t came_at_once(struct call *call)
{
    struct admission_past *past = &call->worker->refusals;
    uint64_t rests = loop_rests(call->worker->loop);
    if (past->rests != rests) past->at_once = 0;
    past->rests = rests;
    return past->at_once++;
}

static struct queue_wait wait_of(struct call *call)
{
    const struct route *route = call->route;
    enum store_use use = route->writes ? STORE_WRITE : route->looks_up ? STORE_LOOKUP : STORE_READ;
    struct queue_wait wait = store_wait(call_application(call)->store, use);
    int64_t before = came_at_once(call);
    bool is_saturated = loop_is_saturated(call->worker->loop);
    /* A loop with time to spare is late by chance. */
    if (is_saturated || !wait.stands) wait.us += loop_lag_us(call->worker->loop);
    wait.stands = wait.stands || is_saturated;
    if (wait.ahead < before) wait.ahead = before;
    return wait;
}

static bool is_too_long(const struct queue_wait *wait, int64_t most, bool is_overload)
{
    if (!wait->stands) return wait->us > BURST_TIMES * most && wait->ahead >= BURST_COUNT;
    return wait->us > (is_overload ? most / OVERLOAD_PART : most);
}

enum status admission_check(struct call *call, struct error *error)
{
    enum admission_kind kind = call->route->writes ? ADMISSION_WRITE : ADMISSION_READ;
    struct admission_past *past = &call->worker->refusals;
    int64_t most =
        atomic_load_explicit(&call->api->admission.wait_max_us[kind], memory_order_relaxed);
    if (call->route->permission == ROUTE_PUBLIC || most == 0) return STATUS_OK;
    struct queue_wait wait = wait_of(call);
    bool is_refused = is_too_long(&wait, most, past->is_overload[kind]);
    past->is_overload[kind] = wait.stands && (past->is_overload[kind] || is_refused);
    if (!is_refused) return STATUS_OK;
    metrics_overloaded(&call->worker->metrics, kind == ADMISSION_WRITE);
    tell(past, clock_us(CLOCK_MONOTONIC_COARSE), wait.us);
    return error_plain(error, STATUS_OVERLOADED);
}
