/* /customers: profiles, their preferences, versions and provenance. */
#include "adapters/api/handlers.h"
#include "application/change_customer.h"
#include "application/create_customer.h"
#include "application/get_customer.h"
#include "application/list_customers.h"
#include "application/match_customers.h"

enum status api_customers_create(struct call *call, struct error *error)
{
    enum duplicate_choice choice;
    struct customer_document document;
    TRY(call_query_on_duplicate(call, &choice, error));
    TRY(create_customer(call_application(call), &call->caller, call->body, choice, call->arena,
                        &document, error));
    return answer_created(call, document.customer_id, document.version, document.document, error);
}

/* The hot path: the stored bytes, neither parsed nor copied. */
enum status api_customers_get(struct call *call, struct error *error)
{
    struct application *application = call_application(call);
    struct customer_document document;
    instant as_of;
    TRY(call_query_instant(call, STR("asOf"), INSTANT_NONE, &as_of, error));
    if (as_of == INSTANT_NONE)
        TRY(get_customer(application, &call->caller, call->places[0], call->arena, &document,
                         error));
    else
        TRY(get_customer_as_of(application, &call->caller, call->places[0], as_of, call->arena,
                               &document, error));
    return answer_document(call, 200, &document, error);
}

enum status api_customers_change(struct call *call, struct error *error)
{
    struct customer_document document;
    TRY(change_customer(call_application(call), &call->caller, call->places[0], call->body,
                        call->if_match, call->arena, &document, error));
    answer_outvoted(call, &document);
    return answer_document(call, 200, &document, error);
}

enum status api_customers_list(struct call *call, struct error *error)
{
    struct json_page page;
    struct customer_query query = {.status = call_query(call, STR("status")),
                                   .segment = call_query(call, STR("segment")),
                                   .kind = call_query(call, STR("kind")),
                                   .name = call_query(call, STR("name")),
                                   .sort = call_query(call, STR("sort"))};
    TRY(call_query_point(call, STR("email"), &query.email, error));
    TRY(call_query_phone(call, STR("phone"), &query.phone, error));
    TRY(call_query_phone(call, STR("q"), &query.any, error));
    TRY(call_query_page(call, &query.cursor, &query.limit, error));
    TRY(list_customers(call_application(call), &call->caller, &query, call->arena, &page, error));
    return answer_page(call, &page, error);
}

enum status api_customers_lookup(struct call *call, struct error *error)
{
    struct str json;
    TRY(list_customers_lookup(call_application(call), &call->caller, call->body, call->arena, &json,
                              error));
    return answer_json(call, 200, json, error);
}

enum status api_customers_match(struct call *call, struct error *error)
{
    int64_t limit;
    struct str json;
    TRY(call_query_int64(call, STR("limit"), MATCH_CUSTOMERS_USUAL, 1, MATCH_CUSTOMERS_MAX, &limit,
                         error));
    TRY(match_customers(call_application(call), &call->caller, call->body, (size_t)limit,
                        call->arena, &json, error));
    return answer_json(call, 200, json, error);
}

enum status api_customers_provenance(struct call *call, struct error *error)
{
    struct str json;
    TRY(get_customer_provenance(call_application(call), &call->caller, call->places[0], call->arena,
                                &json, error));
    return answer_json(call, 200, json, error);
}

enum status api_customers_versions(struct call *call, struct error *error)
{
    struct json_page page;
    struct str cursor;
    size_t limit;
    TRY(call_query_page(call, &cursor, &limit, error));
    TRY(get_customer_versions(call_application(call), &call->caller, call->places[0], cursor, limit,
                              call->arena, &page, error));
    return answer_page(call, &page, error);
}

enum status api_customers_preferences(struct call *call, struct error *error)
{
    int64_t version;
    struct str json;
    TRY(change_customer_get_preferences(call_application(call), &call->caller, call->places[0],
                                        call->arena, &version, &json, error));
    return answer_versioned(call, 200, version, json, error);
}

enum status api_customers_change_preferences(struct call *call, struct error *error)
{
    struct customer_document document;
    struct str json;
    TRY(change_customer_preferences(call_application(call), &call->caller, call->places[0],
                                    call->body, call->if_match, call->arena, &document, &json,
                                    error));
    answer_outvoted(call, &document);
    return answer_versioned(call, 200, document.version, json, error);
}
