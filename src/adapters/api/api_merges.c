/* /customers/{customerId}/merge and /merges: see application/merge_customers.h. */
#include "adapters/api/handlers.h"
#include "application/merge_customers.h"
#include "application/unmerge_customers.h"

enum status api_merges_merge(struct call *call, struct error *error)
{
    struct merge_request request;
    struct merge_result result;
    TRY(merge_customers_parse(call->body, &request, error));
    request.versioned = call->if_match != IF_MATCH_ANY;
    request.version = call->if_match;
    TRY(merge_customers(call_application(call), &call->caller, call->places[0], &request,
                        call->arena, &result, error));
    return answer_versioned(call, 200, result.version, result.json, error);
}

enum status api_merges_preview(struct call *call, struct error *error)
{
    struct merge_request request;
    struct str json;
    TRY(merge_customers_parse(call->body, &request, error));
    TRY(merge_customers_preview(call_application(call), &call->caller, call->places[0], &request,
                                call->arena, &json, error));
    return answer_json(call, 200, json, error);
}

enum status api_merges_list(struct call *call, struct error *error)
{
    struct page_request request;
    struct json_page page;
    TRY(call_query_page(call, &request.cursor, &request.limit, error));
    TRY(merge_customers_list(call_application(call), &call->caller, call->places[0], &request,
                             call->arena, &page, error));
    return answer_page(call, &page, error);
}

enum status api_merges_reverse(struct call *call, struct error *error)
{
    struct str plan_token, json;
    TRY(unmerge_customers_parse(call->body, &plan_token, error));
    TRY(unmerge_customers(call_application(call), &call->caller, call->places[0], call->places[1],
                          plan_token, call->arena, &json, error));
    return answer_json(call, 200, json, error);
}

enum status api_merges_preview_reverse(struct call *call, struct error *error)
{
    struct str json;
    TRY(unmerge_customers_preview(call_application(call), &call->caller, call->places[0],
                                  call->places[1], call->arena, &json, error));
    return answer_json(call, 200, json, error);
}
