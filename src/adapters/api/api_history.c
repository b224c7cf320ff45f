/* /customers/{customerId}/timeline, /service-orders, /entitlements and /credit */
#include "adapters/api/handlers.h"
#include "application/entitlements.h"
#include "application/timeline.h"

/* What an entry shows needs the permission with which it is read at its own resource. */
static const enum permission timeline_permissions[TIMELINE_PART_COUNT] = {
    [TIMELINE_SERVICE] = PERMISSION_HISTORY_READ,
    [TIMELINE_PROFILE] = PERMISSION_CUSTOMER_READ,
    [TIMELINE_CONSENT] = PERMISSION_CONSENT_READ,
    [TIMELINE_CREDIT] = PERMISSION_CREDIT_READ,
};

enum status api_history_timeline(struct call *call, struct error *error)
{
    struct timeline_view view = {.type = call_query(call, STR("type"))};
    enum timeline_part asked;
    struct json_page page;
    struct str cursor;
    size_t limit;
    if (timeline_part_of(view.type, &asked))
        TRY(call_require(call, timeline_permissions[asked], error));
    for (int part = 0; part < TIMELINE_PART_COUNT; part++)
        view.shows[part] = call_require(call, timeline_permissions[part], NULL) == STATUS_OK;
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
    struct entitlements_request request = {.customer_id = call->places[0],
                                           .day = call_query(call, STR("on"))};
    struct str json;
    TRY(call_query_instant(call, STR("asOf"), INSTANT_FUTURE, &request.as_of, error));
    TRY(entitlements_read(call_application(call), &call->caller, &request, call->arena, &json,
                          error));
    return answer_json(call, 200, json, error);
}

enum status api_history_credit(struct call *call, struct error *error)
{
    struct str json;
    TRY(customer_credit(call_application(call), &call->caller, call->places[0], call->arena, &json,
                        error));
    return answer_json(call, 200, json, error);
}
