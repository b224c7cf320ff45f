/* /customers/{customerId}/timeline, /service-orders, /entitlements and /credit */
#include "adapters/api/handlers.h"
#include "application/timeline.h"

enum status api_history_timeline(struct call *call, struct error *error)
{
    struct timeline_view view = {
        .type = call_query(call, STR("type")),
        .consent = call_require(call, PERMISSION_CONSENT_READ, NULL) == STATUS_OK,
        .credit = call_require(call, PERMISSION_CREDIT_READ, NULL) == STATUS_OK};
    struct json_page page;
    struct str cursor;
    size_t limit;
    TRY(call_query_page(call, &cursor, &limit, error));
    TRY(timeline_read(call_application(call), &call->caller, call->places[0], &view, cursor, limit,
                      call->arena, &page, error));
    return answer_page(call, &page, error);
}

enum status api_history_service_orders(struct call *call, struct error *error)
{
    struct json_page page;
    struct str cursor;
    size_t limit;
    TRY(call_query_page(call, &cursor, &limit, error));
    TRY(customer_service_orders(call_application(call), &call->caller, call->places[0], cursor,
                                limit, call->arena, &page, error));
    return answer_page(call, &page, error);
}

enum status api_history_entitlements(struct call *call, struct error *error)
{
    char today[INSTANT_TEXT_MAX];
    struct str json, day = call_query(call, STR("on"));
    if (str_is_none(day)) day = str_cut(instant_format(call_now(call), today), 10);
    TRY(customer_entitlements(call_application(call), &call->caller, call->places[0], day,
                              call->arena, &json, error));
    return answer_json(call, 200, json, error);
}

enum status api_history_credit(struct call *call, struct error *error)
{
    struct str json;
    TRY(customer_credit(call_application(call), &call->caller, call->places[0], call->arena, &json,
                        error));
    return answer_json(call, 200, json, error);
}
