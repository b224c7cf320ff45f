/* What was asked: parameters of the query, preconditions, the trace. */
#include "adapters/api/call.h"

#include <string.h>

#include "adapters/api/idempotency.h"
#include "adapters/api/internal.h"

struct application *call_application(const struct call *call)
{
    return call->application;
}

const struct api_options *call_options(const struct call *call)
{
    return &call->api->options;
}

instant call_now(const struct call *call)
{
    struct environment *environment = call_application(call)->environment;
    return environment->now(environment);
}

struct str call_trace_id(struct call *call)
{
    if (!call->trace.parent[0]) trace_begin(&call->worker->ids, false, &call->trace);
    return trace_id(&call->trace);
}

struct str call_query(const struct call *call, struct str name)
{
    struct str given, value;
    for (size_t i = 0; http_request_query(call->request, i, &given, &value); i++)
        if (str_equal(given, name)) return value;
    return STR_NONE;
}

/* A query is a form's text (WHATWG URL, 5.1), in which a + that is not escaped is a blank. Where no
 * blank can be meant it is a + again. */
static enum status put_plus(const struct call *call, struct str given,
                            bool (*is_plus)(struct str text, size_t at), struct str *value,
                            struct error *error)
{
    *value = given;
    if (str_is_none(given) || str_find_char(given, ' ') < 0) return STATUS_OK;
    char *text = arena_alloc(call->arena, given.len);
    if (!text) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < given.len; i++) text[i] = is_plus(given, i) ? '+' : given.ptr[i];
    *value = str_of(text, given.len);
    return STATUS_OK;
}

/* In front of a number: " 49 30 123". */
static bool is_plus_of_phone(struct str text, size_t at)
{
    if (at > 0 || text.len < 2 || text.ptr[0] != ' ') return false;
    for (size_t i = 1; i < text.len; i++)
        if (!strchr(i == 1 ? "0123456789" : "0123456789 -./()", text.ptr[i])) return false;
    return true;
}

/* Within an address before its @: "jane shop@acme.example". With a name before it, it is none. */
static bool is_plus_of_point(struct str text, size_t at)
{
    ptrdiff_t end = str_find_char(text, '@');
    if (end < 0) return is_plus_of_phone(text, at);
    return at > 0 && at + 1 < (size_t)end && text.ptr[at] == ' ' && text.ptr[at - 1] != ' ' &&
           text.ptr[at + 1] != ' ' && str_find_char(text, '<') < 0;
}

enum status call_query_phone(const struct call *call, struct str name, struct str *value,
                             struct error *error)
{
    return put_plus(call, call_query(call, name), is_plus_of_phone, value, error);
}

enum status call_query_point(const struct call *call, struct str name, struct str *value,
                             struct error *error)
{
    return put_plus(call, call_query(call, name), is_plus_of_point, value, error);
}

enum status call_query_int64(const struct call *call, struct str name, int64_t absent, int64_t min,
                             int64_t max, int64_t *value, struct error *error)
{
    struct str text = call_query(call, name);
    *value = absent;
    if (str_is_none(text)) return STATUS_OK;
    if (str_to_int64(text, value) && *value >= min && *value <= max) return STATUS_OK;
    struct str allowed =
        max == INT64_MAX ? arena_format(call->arena, "a whole number from %lld on", (long long)min)
                         : arena_format(call->arena, "a whole number from %lld to %lld",
                                        (long long)min, (long long)max);
    return error_set(error, STATUS_INVALID_VALUE, name, allowed,
                     "the query parameter %.*s is not such a number", STR_ARGS(name));
}

enum status call_query_instant(const struct call *call, struct str name, instant absent,
                               instant *value, struct error *error)
{
    struct str text = call_query(call, name);
    *value = absent;
    if (str_is_none(text) || instant_parse(text, value)) return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, name,
                     STR("a time after RFC 3339, such as 2026-02-02T10:30:00Z (escape a + as %2B)"),
                     "the query parameter %.*s is not a time", STR_ARGS(name));
}

enum status call_query_boolean(const struct call *call, struct str name, bool *value,
                               struct error *error)
{
    struct str text = call_query(call, name);
    *value = str_equal(text, STR("true"));
    if (*value || str_is_none(text) || str_equal(text, STR("false"))) return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, name, STR("true | false"),
                     "the query parameter %.*s is neither true nor false", STR_ARGS(name));
}

enum status call_query_page(const struct call *call, struct str *cursor, size_t *limit,
                            struct error *error)
{
    int64_t number;
    int64_t max = (int64_t)call_application(call)->limits.page_max;
    TRY(call_query_int64(call, STR("limit"), 0, 1, max, &number, error));
    *limit = (size_t)number;
    *cursor = call_query(call, STR("cursor"));
    return STATUS_OK;
}

enum status call_require(const struct call *call, enum permission needed, struct error *error)
{
    if (call->permissions & PERMISSION_BIT(needed)) return STATUS_OK;
    return error_set(error, STATUS_FORBIDDEN, STR(""), permission_name(needed),
                     "the caller lacks the permission %.*s", STR_ARGS(permission_name(needed)));
}

enum status call_query_on_duplicate(struct call *call, enum duplicate_choice *choice,
                                    struct error *error)
{
    if (!create_customer_choice(call_query(call, STR("onDuplicate")), choice))
        return error_set(error, STATUS_INVALID_VALUE, STR("onDuplicate"), create_customer_choices,
                         "the query parameter onDuplicate has no such value");
    if (*choice != ON_DUPLICATE_MERGE) return STATUS_OK;
    return call_require(call, PERMISSION_CUSTOMER_MERGE, error);
}

enum status call_read_piece(struct call *call, struct str *piece, struct error *error)
{
    enum status status = http_request_read(call->request, piece);
    if (status == STATUS_REQUEST_TOO_LARGE)
        return error_set(error, status, STR(""),
                         arena_format(call->arena, "at most %zu bytes",
                                      call_options(call)->limits.upload_max_bytes),
                         "the upload is larger than allowed");
    if (status != STATUS_OK) return error_plain(error, status);
    return idempotency_take(call, *piece, error);
}
