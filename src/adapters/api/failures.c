#include "adapters/api/failures.h"

#include "adapters/api/errors.h"

static bool any(const struct route *route)
{
    (void)route;
    return true;
}

static bool has_query(const struct route *route)
{
    return route->query[0].name.ptr != NULL;
}

static bool answers_json(const struct route *route)
{
    return route->response.ptr && str_find_char(route->response, '/') < 0;
}

static bool takes_body(const struct route *route)
{
    return route->body != ROUTE_BODY_NONE;
}

static bool takes_json(const struct route *route)
{
    return takes_body(route) && route->body != ROUTE_BODY_UPLOAD;
}

static bool takes_empty(const struct route *route)
{
    return route->body == ROUTE_BODY_OPTIONAL;
}

static bool is_somebodys(const struct route *route)
{
    return route->permission != ROUTE_PUBLIC;
}

static bool writes(const struct route *route)
{
    return route->writes;
}

bool failures_if_match(const struct route *route)
{
    return route->versioned && route->method != ROUTE_GET && !route->unconditional;
}

enum { OF_STATUS = 0 };

/* What dispatch and the store may say, whatever the resource. */
static const struct {
    bool (*applies)(const struct route *route);
    struct route_failure failure; /* http OF_STATUS: the one of the status */
} derived[] = {
    {any, {STATUS_UNKNOWN_FIELD, 400}}, /* a query parameter that is not known */
    {any, {STATUS_INVALID_VALUE, 400}}, /* a path or query that is not well-formed */
    {has_query, {STATUS_DUPLICATE_FIELD, 400}},
    {answers_json, {STATUS_NOT_ACCEPTABLE, OF_STATUS}},
    {failures_if_match, {STATUS_VERSION_MISMATCH, OF_STATUS}},
    {writes, {STATUS_KEY_REUSED, OF_STATUS}},
    {writes, {STATUS_REQUEST_IN_FLIGHT, OF_STATUS}},
    {takes_body, {STATUS_UNSUPPORTED_MEDIA_TYPE, OF_STATUS}},
    {takes_body, {STATUS_REQUEST_TOO_LARGE, OF_STATUS}},
    {takes_json, {STATUS_MALFORMED_JSON, OF_STATUS}},
    {takes_json, {STATUS_DUPLICATE_FIELD, 400}},
    {takes_json, {STATUS_LIMIT_EXCEEDED, 400}}, /* nested too deeply */
    {takes_json, {STATUS_INVALID_VALUE, 422}},  /* no object */
    {takes_empty, {STATUS_UNKNOWN_FIELD, 422}},
    {is_somebodys, {STATUS_UNAUTHENTICATED, OF_STATUS}},
    {is_somebodys, {STATUS_FORBIDDEN, OF_STATUS}},
    {is_somebodys, {STATUS_RATE_LIMITED, OF_STATUS}},
    {is_somebodys, {STATUS_OUT_OF_MEMORY, OF_STATUS}},
    {is_somebodys, {STATUS_INTERNAL, OF_STATUS}},
    {is_somebodys, {STATUS_UNAVAILABLE, OF_STATUS}},
    {is_somebodys, {STATUS_OVERLOADED, OF_STATUS}},
    {writes, {STATUS_OUTCOME_UNKNOWN, OF_STATUS}},
    {writes, {STATUS_WRITE_CONFLICT, OF_STATUS}},
    {writes, {STATUS_STORE_FULL, OF_STATUS}},
    {writes, {STATUS_STORE_READ_ONLY, OF_STATUS}},
};

/* Into its place, unless it is there. */
static size_t put(struct route_failure all[FAILURES_MAX], size_t count, enum status status,
                  int http)
{
    size_t at = count;
    if (http == OF_STATUS) http = errors_http_status(status);
    for (size_t i = 0; i < count; i++)
        if (all[i].status == status && all[i].http == http) return count;
    if (count == FAILURES_MAX) return count;
    for (; at > 0 && all[at - 1].http > http; at--) all[at] = all[at - 1];
    all[at] = (struct route_failure){status, http};
    return count + 1;
}

size_t failures_of(const struct route *route, struct route_failure all[FAILURES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < ROUTE_FAILURES_MAX && route->failures[i] != STATUS_OK; i++)
        count = put(all, count, route->failures[i], OF_STATUS);
    for (size_t i = 0; i < ROUTE_FAILURES_MAX && route->refusals[i] != STATUS_OK; i++)
        count = put(all, count, route->refusals[i], errors_body_status(route->refusals[i]));
    for (size_t i = 0; i < sizeof(derived) / sizeof(derived[0]); i++)
        if (derived[i].applies(route))
            count = put(all, count, derived[i].failure.status, derived[i].failure.http);
    return count;
}
