#include "adapters/api/errors.h"

#include "adapters/api/internal.h"
#include "adapters/api/negotiate.h"
#include "base/buffer.h"
#include "base/log.h"
#include "formats/json.h"

enum { INPUT = 1, RETRY = 2, TOLD = 4 };

/* INPUT: 422 when it is about a body that is well-formed JSON. RETRY: nothing was changed and a
 * later try may succeed. TOLD: its cause is in the log, and the answers would fill it. What has no
 * row is nothing that a caller could act on: an INTERNAL_ERROR to him, and itself in the log. */
static const struct {
    int http;
    int flags;
} table[STATUS_COUNT] = {
    [STATUS_OK] = {200, 0},
    [STATUS_OUT_OF_MEMORY] = {413, 0},
    [STATUS_INTERNAL] = {500, 0},
    [STATUS_UNAVAILABLE] = {503, RETRY},
    [STATUS_OVERLOADED] = {503, RETRY | TOLD},
    [STATUS_OUTCOME_UNKNOWN] = {504, 0},
    [STATUS_WRITE_CONFLICT] = {503, RETRY},
    [STATUS_STORE_FULL] = {507, 0},
    [STATUS_STORE_READ_ONLY] = {507, 0},
    [STATUS_SCHEMA_MISMATCH] = {503, RETRY},
    [STATUS_ROUTE_NOT_FOUND] = {404, 0},
    [STATUS_METHOD_NOT_ALLOWED] = {405, 0},
    [STATUS_NOT_ACCEPTABLE] = {406, 0},
    [STATUS_UNSUPPORTED_MEDIA_TYPE] = {415, 0},
    [STATUS_REQUEST_TOO_LARGE] = {413, 0},
    [STATUS_REQUEST_IN_FLIGHT] = {409, RETRY},
    [STATUS_KEY_REUSED] = {422, 0},
    [STATUS_RATE_LIMITED] = {429, RETRY},
    [STATUS_UNAUTHENTICATED] = {401, 0},
    [STATUS_FORBIDDEN] = {403, 0},
    [STATUS_MALFORMED_JSON] = {400, 0},
    [STATUS_UNKNOWN_FIELD] = {400, INPUT},
    [STATUS_DUPLICATE_FIELD] = {400, INPUT},
    [STATUS_REQUIRED_FIELD] = {400, INPUT},
    [STATUS_INVALID_VALUE] = {400, INPUT},
    [STATUS_LIMIT_EXCEEDED] = {400, INPUT},
    [STATUS_VERSION_MISMATCH] = {412, 0},
    [STATUS_CUSTOMER_NOT_FOUND] = {404, 0},
    [STATUS_CUSTOMER_MERGED] = {307, 0},
    [STATUS_CUSTOMER_ERASED] = {410, 0},
    [STATUS_CUSTOMER_EXISTS] = {409, 0},
    [STATUS_DUPLICATE_CUSTOMER] = {409, 0},
    [STATUS_CONSENT_VIOLATION] = {422, 0},
    [STATUS_CONSENT_NOT_FOUND] = {404, 0},
    [STATUS_CONTACT_NOT_FOUND] = {404, 0},
    [STATUS_CONTACT_EXISTS] = {409, 0},
    [STATUS_RELATIONSHIP_EXISTS] = {409, 0},
    [STATUS_RELATIONSHIP_NOT_FOUND] = {404, 0},
    [STATUS_HIERARCHY_CYCLE] = {422, 0},
    [STATUS_MERGE_WITH_SELF] = {422, 0},
    [STATUS_MERGE_NOT_FOUND] = {404, 0},
    [STATUS_MERGE_REVERSED] = {409, 0},
    [STATUS_PLAN_CHANGED] = {409, 0},
    [STATUS_DUPLICATE_NOT_FOUND] = {404, 0},
    [STATUS_DUPLICATE_CLAIMED] = {409, 0},
    [STATUS_DUPLICATE_RESOLVED] = {409, 0},
    [STATUS_JOB_NOT_FOUND] = {404, 0},
    [STATUS_RESULT_NOT_FOUND] = {404, 0},
    [STATUS_JOB_ENDED] = {409, 0},
    [STATUS_JOB_RUNNING] = {409, 0},
    [STATUS_NOT_AN_IMPORT] = {409, 0},
    [STATUS_IMPORT_UNDONE] = {409, 0},
    [STATUS_WEBHOOK_NOT_FOUND] = {404, 0},
    [STATUS_WEBHOOK_DISABLED] = {409, 0},
    [STATUS_DELIVERY_NOT_FOUND] = {404, 0},
};

static enum status told(enum status status)
{
    return table[status].http ? status : STATUS_INTERNAL;
}

int errors_http_status(enum status status)
{
    return table[told(status)].http;
}

/* Is it 422 when the body, as JSON well-formed, is to blame? */
static bool is_about_input(enum status status)
{
    return table[status].flags & INPUT;
}

int errors_body_status(enum status status)
{
    if (is_about_input(status)) return 422;
    /* Another customer than the one that is addressed was merged: no redirection helps. */
    return status == STATUS_CUSTOMER_MERGED ? 409 : errors_http_status(status);
}

/* What is wrong with the query is not wrong with the body, whenever it is found. */
static bool is_of_query(const struct call *call, const struct error *error)
{
    return call->route && route_query(call->route, str_from_cstr(error->field));
}

static int http_status_of(const struct call *call, const struct error *error)
{
    bool about_body = call->body_checked && !is_of_query(call, error);
    /* A merged customer that a field names is another than the one that is addressed. */
    if (error->status == STATUS_CUSTOMER_MERGED) about_body = error->field[0] != '\0';
    return about_body ? errors_body_status(error->status) : errors_http_status(error->status);
}

/* {"field":..,"allowed":..} and whatever the use case had to say. */
static void write_details(struct json_writer *writer, const struct error *error)
{
    struct str more = error->details_json;
    bool inner = more.len > 2 && more.ptr[0] == '{';
    json_object_begin(writer);
    if (error->field[0]) json_member_string(writer, STR("field"), str_from_cstr(error->field));
    if (error->allowed[0])
        json_member_string(writer, STR("allowed"), str_from_cstr(error->allowed));
    if (inner) {
        if (writer->need_comma) buffer_append_char(writer->out, ',');
        buffer_append(writer->out, str_of(more.ptr + 1, more.len - 2));
    }
    json_object_end(writer);
}

static void write_body(struct json_writer *writer, struct call *call, const struct error *error,
                       int http_status, bool problem)
{
    char now[INSTANT_TEXT_MAX];
    enum status code = told(error->status);
    bool own_words = error->message[0] && code == error->status;
    struct str message = own_words ? str_from_cstr(error->message) : status_meaning(code);
    json_object_begin(writer);
    if (problem) {
        json_member_string(writer, STR("type"), STR("about:blank"));
        json_member_string(writer, STR("title"), http_phrase(http_status));
        json_key(writer, STR("status"));
        json_int64(writer, http_status);
        json_member_string(writer, STR("detail"), message);
    }
    json_member_string(writer, STR("error"), status_code(code));
    json_member_string(writer, STR("message"), message);
    json_key(writer, STR("details"));
    write_details(writer, error);
    json_member_string(writer, STR("timestamp"), instant_format(call_now(call), now));
    json_member_string(writer, STR("traceId"), call_trace_id(call));
    json_object_end(writer);
}

static void add_headers(struct call *call, const struct error *error, int http_status)
{
    struct http_response *response = call->response;
    if (http_status == 401)
        http_response_header(response, STR("WWW-Authenticate"),
                             call_options(call)->identity->challenge);
    if (table[error->status].flags & RETRY)
        http_response_header(response, STR("Retry-After"), STR("1"));
    http_response_header(response, STR("Cache-Control"), STR("no-store"));
}

/* 307: the same request at the survivor; the body says who that is and by which merge. */
static void redirect(struct call *call, const struct error *error)
{
    struct str survivor = results_survivor(error, call->arena);
    http_response_status(call->response, 307);
    http_response_header(call->response, STR("Location"), answer_path_for(call, survivor, true));
    http_response_header(call->response, STR("Cache-Control"), STR("no-store"));
    http_response_header(call->response, STR("Content-Type"), STR("application/json"));
    http_response_body(call->response, error->details_json);
}

static void log_failure(struct call *call, const struct error *error)
{
    struct str route = call->route ? call->route->name : STR("none");
    log_error("api.failed", LOG_CODE("error", status_code(error->status)), LOG_CODE("route", route),
              LOG_ID("trace", call_trace_id(call)),
              LOG_REASON("reason", str_from_cstr(error->message)));
}

void errors_answer(struct call *call, const struct error *error)
{
    errors_answer_as(call, error, http_status_of(call, error));
}

void errors_answer_as(struct call *call, const struct error *error, int http_status)
{
    bool problem = negotiate_prefers(http_request_header(call->request, STR("Accept")),
                                     STR("application/problem+json"), STR("application/json"));
    if (http_status >= 500 && !(table[error->status].flags & TOLD)) log_failure(call, error);
    if (http_status == 307) {
        redirect(call, error);
        return;
    }
    struct buffer out = {.arena = call->arena};
    struct json_writer writer = {.out = &out};
    write_body(&writer, call, error, http_status, problem);
    http_response_status(call->response, http_status);
    add_headers(call, error, http_status);
    http_response_header(call->response, STR("Content-Type"),
                         problem ? STR("application/problem+json") : STR("application/json"));
    /* With no memory left even for this, the status and the header must do. */
    if (!buffer_failed(&out)) http_response_body(call->response, buffer_str(&out));
}
