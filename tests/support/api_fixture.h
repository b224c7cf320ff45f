/* A whole API for tests: memory store, the shipped matcher, an identity that believes headers, a
 * job runner that remembers what it was given; served on a free loopback port by a loop in a thread
 * of its own.
 *
 * Who asks is said by X-Tenant-ID (default "t1") and X-User-Permissions (default all); "X-User-Id:
 * nobody" is not known.
 */
#ifndef TESTS_SUPPORT_API_FIXTURE_H
#define TESTS_SUPPORT_API_FIXTURE_H

#include "adapters/api/api.h"
#include "formats/json.h"
#include "raw_http.h"

struct api_fixture;

/* cmocka's setup and teardown: *state becomes a struct api_fixture. */
int api_fixture_set_up(void **state);
int api_fixture_tear_down(void **state);
/* Like set_up, with other limits. */
int api_fixture_set_up_with(void **state, const struct api_limits *limits, bool jobs);

uint16_t api_fixture_port(const struct api_fixture *fixture);
struct arena *api_fixture_arena(struct api_fixture *fixture);
/* From now on reads and writes of the store answer these; STATUS_OK: they do what they should. */
void api_fixture_fail(struct api_fixture *fixture, enum status reads, enum status writes);
/* How long the store says that one waits for it. */
void api_fixture_wait(struct api_fixture *fixture, int64_t wait_us);
/* What the job runner was given by the last upload; how many uploads were dropped. */
struct str api_fixture_upload(const struct api_fixture *fixture);
int api_fixture_dropped(const struct api_fixture *fixture);
/* Takes the server out of service, as on SIGTERM. */
void api_fixture_drain(struct api_fixture *fixture);

/* One request on a connection of its own. `headers` are lines with \r\n, or "". A body gets its
 * Content-Length; none for NULL. Paths without leading '/' get /api/v1/crm/ in front. */
struct raw_answer api_ask(struct api_fixture *fixture, const char *method, const char *path,
                          const char *headers, const char *body);
/* The same, without headers; fails the test when the status is another. */
struct json_value *api_expect(struct api_fixture *fixture, const char *method, const char *path,
                              const char *body, int status);
/* The body as JSON; fails the test when it is none. */
struct json_value *api_json(struct api_fixture *fixture, const struct raw_answer *answer);
/* A text in a body by path: "details.field", "items.0.customerId". Absent when it is not there. */
struct str api_at(const struct json_value *json, const char *path);
const struct json_value *api_value_at(const struct json_value *json, const char *path);

#endif
