#include "base/saturation.h"

enum {
    MS_NS = 1000 * 1000,
    REACHED_NS = 100 * MS_NS,
    OVER_NS = 50 * MS_NS,
    STEP_MAX_NS = 25 * MS_NS,
    REST_FACTOR = 9
};

static int64_t load(const _Atomic int64_t *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

static void store(_Atomic int64_t *value, int64_t to)
{
    atomic_store_explicit(value, to, memory_order_relaxed);
}

/* The time since the step before, of which the first is none. */
static int64_t step(struct saturation *saturation, int64_t now_ns)
{
    int64_t since = load(&saturation->since_ns);
    store(&saturation->since_ns, now_ns);
    return since > 0 && now_ns > since ? now_ns - since : 0;
}

void saturation_worked(struct saturation *saturation, int64_t now_ns)
{
    int64_t took = step(saturation, now_ns);
    int64_t level = load(&saturation->level_ns) + (took < STEP_MAX_NS ? took : STEP_MAX_NS);
    if (level < REACHED_NS) {
        store(&saturation->level_ns, level);
        return;
    }
    store(&saturation->level_ns, REACHED_NS);
    atomic_store_explicit(&saturation->is_reached, true, memory_order_relaxed);
}

void saturation_rested(struct saturation *saturation, int64_t now_ns)
{
    int64_t took = step(saturation, now_ns), level = load(&saturation->level_ns);
    level = took < REACHED_NS ? level - REST_FACTOR * took : 0;
    store(&saturation->level_ns, level > 0 ? level : 0);
    if (level < OVER_NS)
        atomic_store_explicit(&saturation->is_reached, false, memory_order_relaxed);
}

bool saturation_is_reached(const struct saturation *saturation)
{
    return atomic_load_explicit(&saturation->is_reached, memory_order_relaxed);
}
