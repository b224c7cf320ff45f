/* /customers/{customerId}/consent, /consent/check and /suppressions */
#include "adapters/api/handlers.h"
#include "application/consents.h"
#include "application/suppressions.h"

/* A record has no address of its own but its receipt. */
enum status api_consents_record(struct call *call, struct error *error)
{
    struct customer_part part;
    TRY(consents_record(call_application(call), &call->caller, call->places[0], call->body,
                        call->arena, &part, error));
    struct buffer out = {.arena = call->arena};
    buffer_append(&out, answer_path_for(call, call->places[0], false));
    buffer_append_char(&out, '/');
    answer_append_escaped(&out, part.id);
    buffer_append(&out, STR("/receipt"));
    if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    http_response_header(call->response, STR("Location"), buffer_str(&out));
    return answer_versioned(call, 201, part.version, part.json, error);
}

enum status api_consents_matrix(struct call *call, struct error *error)
{
    struct page_request request;
    struct json_page page;
    instant as_of;
    TRY(call_query_page(call, &request.cursor, &request.limit, error));
    TRY(call_query_instant(call, STR("asOf"), INSTANT_NONE, &as_of, error));
    TRY(consents_matrix(call_application(call), &call->caller, call->places[0], as_of, &request,
                        call->arena, &page, error));
    return answer_page(call, &page, error);
}

enum status api_consents_history(struct call *call, struct error *error)
{
    struct page_request request;
    struct json_page page;
    TRY(call_query_page(call, &request.cursor, &request.limit, error));
    TRY(consents_history(call_application(call), &call->caller, call->places[0], &request,
                         call->arena, &page, error));
    return answer_page(call, &page, error);
}

enum status api_consents_receipt(struct call *call, struct error *error)
{
    struct str json;
    TRY(consents_receipt(call_application(call), &call->caller, call->places[0], call->places[1],
                         call->arena, &json, error));
    return answer_json(call, 200, json, error);
}

enum status api_consents_check(struct call *call, struct error *error)
{
    struct str json;
    TRY(consents_check(call_application(call), &call->caller, call->body, call->arena, &json,
                       error));
    return answer_json(call, 200, json, error);
}

enum status api_suppressions_add(struct call *call, struct error *error)
{
    struct str json;
    TRY(suppressions_add(call_application(call), &call->caller, call->body, call->arena, &json,
                         error));
    return answer_json(call, 200, json, error);
}

static enum status read_contact_point(const struct call *call, struct str *point,
                                      struct error *error)
{
    TRY(call_query_point(call, STR("contactPoint"), point, error));
    if (point->len) return STATUS_OK;
    return error_set(error, STATUS_REQUIRED_FIELD, STR("contactPoint"),
                     STR("an e-mail address or a phone number"),
                     "the query parameter contactPoint is required");
}

enum status api_suppressions_check(struct call *call, struct error *error)
{
    struct str point, json;
    TRY(read_contact_point(call, &point, error));
    TRY(suppressions_check(call_application(call), &call->caller, point, call->arena, &json,
                           error));
    return answer_json(call, 200, json, error);
}

enum status api_suppressions_remove(struct call *call, struct error *error)
{
    struct str point;
    TRY(read_contact_point(call, &point, error));
    TRY(suppressions_remove(call_application(call), &call->caller, point, call->arena, error));
    return answer_nothing(call, 0, error);
}
