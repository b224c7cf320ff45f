#include "application_fixture.h"

#include <time.h>

#include "adapters/memory/memory_store.h"
#include "faulty_store.h"
#include "matching.h"
#include "unit.h"

enum { ARENA_MAX_BYTES = 256 << 20, STORE_MAX_BYTES = 256 << 20 };

static struct faulty_store twice;

static const struct policy *default_policy(struct application *application, struct str tenant)
{
    (void)application, (void)tenant;
    return policy_default();
}

struct application application_fixture(struct environment *environment)
{
    return (struct application){.matcher = matching_default(),
                                .environment = environment,
                                .policy_for = default_policy,
                                .limits = APPLICATION_LIMITS_DEFAULT,
                                .suppression_key = {1, 2}};
}

int application_fixture_open(struct application *application, struct environment *environment,
                             struct arena *arena)
{
    *application = application_fixture(environment);
    arena_init(arena, ARENA_MAX_BYTES);
    struct store *store;
    if (memory_store_new(STORE_MAX_BYTES, &store) != STATUS_OK) return -1;
    faulty_store_init(&twice, store);
    application->store = &twice.base;
    return 0;
}

int application_fixture_close(struct application *application, struct arena *arena)
{
    (void)application;
    memory_store_free(twice.inner);
    arena_release(arena);
    return 0;
}

int application_fixture_open_fixed(struct application *application,
                                   struct environment_fixed *environment, struct caller *caller,
                                   struct arena *arena)
{
    environment_fixed_init(environment, 1700000000 * INSTANT_SECOND, INSTANT_SECOND, 1);
    *caller = (struct caller){.tenant = STR("t1"), .user_id = STR("user-1")};
    return application_fixture_open(application, &environment->base, arena);
}

struct json_value *application_fixture_json(struct str text, struct arena *arena)
{
    struct error error;
    struct json_value *value;
    assert_int_equal(json_parse(text, arena, &value, &error), STATUS_OK);
    return value;
}

struct job_runner *application_fixture_jobs(struct application *application, const char *directory)
{
    const struct job_service_options options = {.application = application,
                                                .directory = str_from_cstr(directory),
                                                .batch = 10,
                                                .keep_ms = 60000,
                                                .letters_keep_ms = 60000,
                                                .lease_ms = 1000};
    struct job_runner *runner;
    assert_int_equal(job_service_new(&options, &runner, NULL), STATUS_OK);
    return runner;
}

struct job_row application_fixture_wait(struct application *application,
                                        const struct caller *caller, struct str job_id,
                                        struct arena *arena)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    struct arena_mark mark = arena_mark(arena);
    struct job_row job;
    do {
        assert_int_equal(nanosleep(&pause, NULL), 0);
        arena_rewind(arena, mark);
        assert_int_equal(jobs_get(application, caller, job_id, arena, &job, NULL), STATUS_OK);
    } while (job.state == JOB_QUEUED || job.state == JOB_RUNNING);
    return job;
}
