/* Which failures a route may answer: those that its row names, and those that follow from what the
 * row takes and does. /openapi.json lists exactly these, and tests/scenario/codes.py reaches each
 * of them and no other.
 *
 *     struct route_failure all[FAILURES_MAX];
 *     size_t count = failures_of(route, all);
 */
#ifndef ADAPTERS_API_FAILURES_H
#define ADAPTERS_API_FAILURES_H

#include "adapters/api/router.h"

struct route_failure {
    enum status status;
    int http;
};

enum { FAILURES_MAX = 64 };

/* Each pair once, in the order of the HTTP status. */
size_t failures_of(const struct route *route, struct route_failure all[FAILURES_MAX]);
/* Does the route take If-Match? */
bool failures_if_match(const struct route *route);

#endif
