/* /customers/{customerId}/relationships and /hierarchy */
#include "adapters/api/handlers.h"
#include "application/relationships.h"

enum status api_relationships_list(struct call *call, struct error *error)
{
    struct page_request request;
    struct json_page page;
    TRY(call_query_page(call, &request.cursor, &request.limit, error));
    TRY(relationships_list(call_application(call), &call->caller, call->places[0], &request,
                           call->arena, &page, error));
    return answer_page(call, &page, error);
}

enum status api_relationships_get(struct call *call, struct error *error)
{
    struct str json;
    TRY(relationships_get(call_application(call), &call->caller, call->places[0], call->places[1],
                          call->arena, &json, error));
    return answer_json(call, 200, json, error);
}

enum status api_relationships_add(struct call *call, struct error *error)
{
    struct customer_part part;
    TRY(relationships_add(call_application(call), &call->caller, call->places[0], call->body,
                          call->arena, &part, error));
    return answer_created(call, part.id, part.version, part.json, error);
}

enum status api_relationships_end(struct call *call, struct error *error)
{
    int64_t version;
    TRY(relationships_end(call_application(call), &call->caller, call->places[0], call->places[1],
                          call->arena, &version, error));
    return answer_nothing(call, version, error);
}

static enum status read_direction(const struct call *call, enum hierarchy_direction *direction,
                                  struct error *error)
{
    struct str text = call_query(call, STR("direction"));
    *direction = HIERARCHY_BOTH;
    if (str_is_none(text) || str_equal(text, STR("both"))) return STATUS_OK;
    *direction = str_equal(text, STR("up")) ? HIERARCHY_UP : HIERARCHY_DOWN;
    if (*direction == HIERARCHY_UP || str_equal(text, STR("down"))) return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, STR("direction"), STR("up | down | both"),
                     "the query parameter direction has no such value");
}

enum status api_relationships_hierarchy(struct call *call, struct error *error)
{
    struct str json;
    enum hierarchy_direction direction;
    int64_t depth;
    TRY(read_direction(call, &direction, error));
    TRY(call_query_int64(call, STR("depth"), HIERARCHY_DEPTH_MAX, 1, HIERARCHY_DEPTH_MAX, &depth,
                         error));
    TRY(relationships_hierarchy(call_application(call), &call->caller, call->places[0], direction,
                                (size_t)depth, call->arena, &json, error));
    return answer_json(call, 200, json, error);
}
