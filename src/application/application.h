/* What every use case gets: the ports, the policy and the caller. One file per use case; each is a
 * function `enum status <use_case>(application, caller, input..., arena, output *, error *)` whose
 * body reads as straight-line code: check input, open a unit of work, load, decide (domain), write,
 * record the event. Nothing here knows HTTP, SQL or files.
 */
#ifndef APPLICATION_APPLICATION_H
#define APPLICATION_APPLICATION_H

#include <stdatomic.h>

#include "application/ports/matcher.h"
#include "application/ports/store.h"
#include "base/environment.h"
#include "base/hash.h"
#include "domain/policy.h"

/* Limits on counts; sizes are limited where bytes come in. */
struct application_limits {
    size_t contacts_max;      /* per tree */
    size_t facts_max;         /* per tree */
    size_t homes_max;         /* per tree */
    size_t relationships_max; /* per customer */
    size_t lookup_max;        /* ids in one call: 500 */
    size_t page_max;          /* items of a list */
    size_t checks_max;        /* consent checks in one call */
    size_t webhooks_max;      /* per tenant */
    size_t jobs_max;          /* per tenant, that have not ended */
    int64_t answers_keep_ms;  /* how long a request is known again by its key */
    int64_t inbox_keep_ms;    /* how long a consumed message is known again by its id */
};

/* What matching at write time has done since the start, for metrics. */
enum matching_counter {
    MATCHING_COMPARED, /* pairs */
    MATCHING_POSSIBLE,
    MATCHING_CERTAIN,
    MATCHING_KEYS_CUT, /* keys that were not followed, for too many have them */
    MATCHING_COUNTERS
};

struct cut_keys;
struct once_flights;
struct webhook_signer;

struct application {
    struct store *store;
    struct matcher *matcher;
    struct environment *environment;
    /* The tenant's survivorship policy; never NULL. */
    const struct policy *(*policy_for)(struct application *, struct str tenant);
    void *policies;
    struct application_limits limits;
    struct hash_key suppression_key;
    struct cut_keys *cut_keys;       /* may be NULL */
    _Atomic uint64_t *matching;      /* MATCHING_COUNTERS of them; NULL: nobody counts */
    struct webhook_signer *webhooks; /* NULL: there is no key for their secrets */
    struct once_flights *flights;    /* NULL: the store alone knows which requests are under way */
};

static inline void application_count_matching(struct application *application,
                                              enum matching_counter counter, size_t count)
{
    if (application->matching)
        atomic_fetch_add_explicit(&application->matching[counter], count, memory_order_relaxed);
}

#define APPLICATION_LIMITS_DEFAULT                                                                 \
    ((struct application_limits){.contacts_max = 1000,                                             \
                                 .facts_max = 10000,                                               \
                                 .homes_max = 1000,                                                \
                                 .relationships_max = 1000,                                        \
                                 .lookup_max = 500,                                                \
                                 .page_max = 500,                                                  \
                                 .checks_max = 500,                                                \
                                 .webhooks_max = 50,                                               \
                                 .jobs_max = 100,                                                  \
                                 .answers_keep_ms = INT64_C(24) * 3600 * 1000,                     \
                                 .inbox_keep_ms = INT64_C(30) * 24 * 3600 * 1000})

/* Who asks, established before any use case runs. */
struct caller {
    struct str tenant;
    struct str user_id;
    struct str trace; /* traceparent of the request; may be absent */
};

#endif
