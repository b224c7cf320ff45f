/* One request on its way through the API: what handlers get, and the helpers they are written with.
 *
 * A handler checks its parameters, calls one use case and answers:
 *
 *     enum status api_customers_get(struct call *call, struct error *error)
 *     {
 *         struct customer_document document;
 *         TRY(get_customer(call_application(call), &call->caller, call->places[0], call->arena,
 *                          &document, error));
 *         return answer_document(call, 200, &document, error);
 *     }
 *
 * What it returns besides STATUS_OK becomes the error answer (errors.h), unless it had begun to
 * stream: then the stream is cut.
 */
#ifndef ADAPTERS_API_CALL_H
#define ADAPTERS_API_CALL_H

#include "adapters/api/api.h"
#include "adapters/api/router.h"
#include "application/create_customer.h"
#include "base/buffer.h"
#include "base/trace.h"

struct api_worker;
struct request_span;
struct upload_digest;

struct call {
    struct api *api;
    struct api_worker *worker;
    const struct route *route; /* NULL while none was found */
    struct http_request *request;
    struct http_response *response;
    struct arena *arena;
    struct str places[ROUTE_PLACES_MAX]; /* of the path, in order */
    struct caller caller;
    const struct json_value *body; /* NULL when the route takes none */
    struct str body_text;          /* what came, without its coding */
    bool body_checked;             /* what is wrong from now on is wrong with the body */
    uint64_t permissions;          /* the caller's */
    instant expires_at;            /* of his token; INSTANT_NONE: it has no end */
    int64_t if_match;              /* version that a change is for, or IF_MATCH_ANY */
    struct trace trace;
    struct request_span *span;           /* NULL: it is not recorded */
    struct upload_digest *upload_digest; /* of what its handler reads; NULL: nobody wants it */
    const struct job_row *started;       /* the job that the handler starts */
    struct str secret;               /* shown with this answer and not kept with it; absent: none */
    struct application *application; /* over the store, or over the unit of work that is open */
};

struct application *call_application(const struct call *call);
const struct api_options *call_options(const struct call *call);
instant call_now(const struct call *call);
/* The trace of the request; begins one if there is none. */
struct str call_trace_id(struct call *call);

/* STATUS_FORBIDDEN names the permission that the caller lacks. */
MUST_CHECK enum status call_require(const struct call *call, enum permission needed,
                                    struct error *error);

/* --- what was asked --- */
/* A query parameter's value; absent when it was not given. Only such as the route's row names. */
struct str call_query(const struct call *call, struct str name);
/* The same of what may be a phone number, with the + in front of it that forms take for a blank. */
MUST_CHECK enum status call_query_phone(const struct call *call, struct str name, struct str *value,
                                        struct error *error);
/* Of a contact point: an e-mail address, with its + as well, or a phone number. */
MUST_CHECK enum status call_query_point(const struct call *call, struct str name, struct str *value,
                                        struct error *error);
/* STATUS_INVALID_VALUE names the parameter and what is allowed. */
MUST_CHECK enum status call_query_int64(const struct call *call, struct str name, int64_t absent,
                                        int64_t min, int64_t max, int64_t *value,
                                        struct error *error);
MUST_CHECK enum status call_query_instant(const struct call *call, struct str name, instant absent,
                                          instant *value, struct error *error);
MUST_CHECK enum status call_query_boolean(const struct call *call, struct str name, bool *value,
                                          struct error *error);
/* onDuplicate; who lets merge must be allowed to: STATUS_FORBIDDEN. */
MUST_CHECK enum status call_query_on_duplicate(struct call *call, enum duplicate_choice *choice,
                                               struct error *error);
/* The next piece of an upload; empty at its end. STATUS_REQUEST_TOO_LARGE says what is allowed. */
MUST_CHECK enum status call_read_piece(struct call *call, struct str *piece, struct error *error);
/* limit and cursor of a list; limit 0 when it was not given. */
MUST_CHECK enum status call_query_page(const struct call *call, struct str *cursor, size_t *limit,
                                       struct error *error);
/* --- answers --- */
/* The path of the request with another customer in its first place, escaped, with the query kept or
 * without: for Location. */
struct str answer_path_for(const struct call *call, struct str customer_id, bool with_query);
/* One segment of a path, escaped where needed. */
void answer_append_escaped(struct buffer *out, struct str segment);

/* 202 with the job that was started (call->started) as it is now, and where to ask for it again. */
enum status api_jobs_answer_started(struct call *call, struct error *error);
enum status answer_json(struct call *call, int status, struct str json, struct error *error);
/* The same with an ETag; 304 when If-None-Match of a GET names it. */
enum status answer_versioned(struct call *call, int status, int64_t version, struct str json,
                             struct error *error);
#define ANSWER_OUTVOTED STR("Outvoted")
/* Tells in a header which fields of the change other sources outvote, if any. */
void answer_outvoted(struct call *call, const struct customer_document *document);
enum status answer_document(struct call *call, int status, const struct customer_document *document,
                            struct error *error);
/* 201 with Location: the path of the request and the id. */
enum status answer_created(struct call *call, struct str id, int64_t version, struct str json,
                           struct error *error);
/* The last but one step: puts call->secret into the answer, which is a JSON object. */
enum status answer_secret(struct call *call, struct error *error);
/* A page with its Link to the next (RFC 8288). */
enum status answer_page(struct call *call, const struct json_page *page, struct error *error);
/* 204; version 0: without ETag. */
enum status answer_nothing(struct call *call, int64_t version, struct error *error);
/* For an answer with content that a coding shortens: says so (Vary), and tells whether gzip is
 * wanted. */
bool answer_may_be_coded(struct call *call);
/* The last step: codes an answer that is whole, if it is wanted and worth it. */
void answer_code(struct call *call);
/* Other content than JSON. */
enum status answer_text(struct call *call, struct str media_type, struct str text,
                        struct error *error);

#endif
