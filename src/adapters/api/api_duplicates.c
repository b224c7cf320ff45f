/* /duplicates: the review queue. */
#include "adapters/api/handlers.h"
#include "application/review_list.h"
#include "application/review_resolve.h"

enum { CLAIM_MINUTES = 15, CLAIM_MINUTES_MAX = 480 };

enum status api_duplicates_list(struct call *call, struct error *error)
{
    struct json_page page;
    struct review_query query = {.state = call_query(call, STR("state")),
                                 .cause = call_query(call, STR("cause")),
                                 .probability_min = call_query(call, STR("minProbability")),
                                 .claimed_by = call_query(call, STR("claimedBy")),
                                 .customer_id = call_query(call, STR("customerId")),
                                 .segment = call_query(call, STR("segment"))};
    TRY(call_query_page(call, &query.cursor, &query.limit, error));
    TRY(review_list(call_application(call), &call->caller, &query, call->arena, &page, error));
    return answer_page(call, &page, error);
}

enum status api_duplicates_get(struct call *call, struct error *error)
{
    struct str json;
    TRY(review_get(call_application(call), &call->caller, call->places[0], call->arena, &json,
                   error));
    return answer_json(call, 200, json, error);
}

enum status api_duplicates_stats(struct call *call, struct error *error)
{
    struct str json;
    TRY(review_stats(call_application(call), &call->caller, call->arena, &json, error));
    return answer_json(call, 200, json, error);
}

enum status api_duplicates_claim(struct call *call, struct error *error)
{
    struct str json;
    int64_t minutes;
    TRY(call_query_int64(call, STR("minutes"), CLAIM_MINUTES, 1, CLAIM_MINUTES_MAX, &minutes,
                         error));
    TRY(review_claim(call_application(call), &call->caller, call->places[0], minutes, call->arena,
                     &json, error));
    return answer_json(call, 200, json, error);
}

enum status api_duplicates_release(struct call *call, struct error *error)
{
    struct str json;
    TRY(review_release(call_application(call), &call->caller, call->places[0], call->arena, &json,
                       error));
    return answer_json(call, 200, json, error);
}

enum status api_duplicates_resolve(struct call *call, struct error *error)
{
    struct review_request request;
    struct str json;
    TRY(review_resolve_parse(call->body, &request, error));
    if (request.decision == REVIEW_MERGE) TRY(call_require(call, PERMISSION_CUSTOMER_MERGE, error));
    TRY(review_resolve(call_application(call), &call->caller, call->places[0], &request,
                       call->arena, &json, error));
    return answer_json(call, 200, json, error);
}
