/* /customers/{customerId}/contacts */
#include "adapters/api/handlers.h"
#include "application/contacts.h"

enum status api_contacts_list(struct call *call, struct error *error)
{
    struct page_request request;
    struct json_page page;
    TRY(call_query_page(call, &request.cursor, &request.limit, error));
    TRY(contacts_list(call_application(call), &call->caller, call->places[0],
                      call_query(call, STR("role")), &request, call->arena, &page, error));
    return answer_page(call, &page, error);
}

enum status api_contacts_add(struct call *call, struct error *error)
{
    struct customer_part part;
    TRY(contacts_add(call_application(call), &call->caller, call->places[0], call->body,
                     call->if_match, call->arena, &part, error));
    return answer_created(call, part.id, part.version, part.json, error);
}

enum status api_contacts_get(struct call *call, struct error *error)
{
    struct customer_part part;
    TRY(contacts_get(call_application(call), &call->caller, call->places[0], call->places[1],
                     call->arena, &part, error));
    return answer_versioned(call, 200, part.version, part.json, error);
}

enum status api_contacts_change(struct call *call, struct error *error)
{
    struct customer_part part;
    TRY(contacts_change(call_application(call), &call->caller, call->places[0], call->places[1],
                        call->body, call->if_match, call->arena, &part, error));
    return answer_versioned(call, 200, part.version, part.json, error);
}

enum status api_contacts_remove(struct call *call, struct error *error)
{
    int64_t version;
    TRY(contacts_remove(call_application(call), &call->caller, call->places[0], call->places[1],
                        call->if_match, call->arena, &version, error));
    return answer_nothing(call, version, error);
}
