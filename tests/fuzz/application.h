/* An application over a store in memory, which is empty for each input. */
#ifndef FUZZ_APPLICATION_H
#define FUZZ_APPLICATION_H

#include "adapters/matcher/matcher.h"
#include "adapters/memory/memory_store.h"
#include "application/application.h"
#include "base/environment.h"
#include "domain/policy.h"
#include "fuzz.h"

static const struct policy *fuzz_policy(struct application *application, struct str tenant)
{
    (void)application, (void)tenant;
    return policy_default();
}

static inline struct application *fuzz_application(void)
{
    static struct application application;
    struct error error;
    if (application.store) {
        memory_store_reset(application.store);
        return &application;
    }
    const struct matcher_options options = MATCHER_OPTIONS_DEFAULT;
    application = (struct application){.environment = environment_system(),
                                       .policy_for = fuzz_policy,
                                       .limits = APPLICATION_LIMITS_DEFAULT,
                                       .suppression_key = {1, 2}};
    FUZZ_REQUIRE(memory_store_new(64 << 20, &application.store) == STATUS_OK);
    FUZZ_REQUIRE(matcher_new(&options, &application.matcher, &error) == STATUS_OK);
    return &application;
}

#endif
