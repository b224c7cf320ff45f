/* /privacy: see application/erase_customer.h. */
#include "adapters/api/handlers.h"
#include "application/erase_customer.h"

enum status api_privacy_erase(struct call *call, struct error *error)
{
    struct erase_request request;
    struct str json;
    TRY(erase_customer_parse(call->body, &request, error));
    TRY(erase_customer(call_application(call), &call->caller, &request, call->arena, &json, error));
    return answer_json(call, 200, json, error);
}
