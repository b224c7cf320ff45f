/* What tests of use cases run on: the shipped policy, matcher and limits.
 *
 *     static int set_up(void **state)
 *     {
 *         (void)state;
 *         return application_fixture_open(&application, environment_system(), &arena);
 *     }
 */
#ifndef SUPPORT_APPLICATION_FIXTURE_H
#define SUPPORT_APPLICATION_FIXTURE_H

#include "adapters/jobs/job_service.h"
#include "application/jobs.h"

/* Without a store. */
struct application application_fixture(struct environment *environment);

/* Over a store in memory, with an arena of the test's; 0 as cmocka wants it. */
int application_fixture_open(struct application *application, struct environment *environment,
                             struct arena *arena);
int application_fixture_close(struct application *application, struct arena *arena);

/* The same, with a clock that goes on by a second whenever it is asked, and a caller: user-1 of t1.
 */
int application_fixture_open_fixed(struct application *application,
                                   struct environment_fixed *environment, struct caller *caller,
                                   struct arena *arena);

/* The value of a text that is JSON; a test fails where it is not. */
struct json_value *application_fixture_json(struct str text, struct arena *arena);

/* Jobs, with their files in a directory that is there. */
struct job_runner *application_fixture_jobs(struct application *application, const char *directory);
/* The job once it has ended. */
struct job_row application_fixture_wait(struct application *application,
                                        const struct caller *caller, struct str job_id,
                                        struct arena *arena);

#endif
