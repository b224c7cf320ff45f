/* /webhooks: subscriptions to events, and what was delivered to them. */
#include "adapters/api/handlers.h"
#include "application/webhooks.h"

/* Who has a webhook reads the feed. */
static enum status require_feed(const struct call *call, struct error *error)
{
    return call_require(call, PERMISSION_EVENT_READ, error);
}

enum status api_webhooks_create(struct call *call, struct error *error)
{
    struct webhook_view view;
    TRY(require_feed(call, error));
    TRY(webhooks_create(call_application(call), &call->caller, call->body, call->arena, &view,
                        error));
    call->secret = view.secret;
    return answer_created(call, view.webhook_id, view.version, view.json, error);
}

enum status api_webhooks_list(struct call *call, struct error *error)
{
    struct json_page page;
    struct str cursor;
    size_t limit;
    TRY(call_query_page(call, &cursor, &limit, error));
    TRY(webhooks_list(call_application(call), &call->caller, cursor, limit, call->arena, &page,
                      error));
    return answer_page(call, &page, error);
}

enum status api_webhooks_get(struct call *call, struct error *error)
{
    struct webhook_view view;
    TRY(webhooks_get(call_application(call), &call->caller, call->places[0], call->arena, &view,
                     error));
    return answer_json(call, 200, view.json, error);
}

enum status api_webhooks_change(struct call *call, struct error *error)
{
    struct webhook_view view;
    TRY(require_feed(call, error));
    TRY(webhooks_change(call_application(call), &call->caller, call->places[0], call->body,
                        call->if_match, call->arena, &view, error));
    return answer_versioned(call, 200, view.version, view.json, error);
}

enum status api_webhooks_remove(struct call *call, struct error *error)
{
    TRY(webhooks_remove(call_application(call), &call->caller, call->places[0], call->arena,
                        error));
    return answer_nothing(call, 0, error);
}

enum status api_webhooks_rotate(struct call *call, struct error *error)
{
    struct webhook_view view;
    TRY(require_feed(call, error));
    TRY(webhooks_rotate(call_application(call), &call->caller, call->places[0], call->body,
                        call->arena, &view, error));
    call->secret = view.secret;
    return answer_json(call, 200, view.json, error);
}

enum status api_webhooks_test(struct call *call, struct error *error)
{
    struct str json;
    TRY(webhooks_test(call_application(call), &call->caller, call->places[0], call->arena, &json,
                      error));
    return answer_json(call, 200, json, error);
}

enum status api_webhooks_replay(struct call *call, struct error *error)
{
    struct webhook_view view;
    TRY(webhooks_replay(call_application(call), &call->caller, call->places[0], call->body,
                        call->arena, &view, error));
    return answer_json(call, 200, view.json, error);
}

enum status api_webhooks_deliveries(struct call *call, struct error *error)
{
    struct json_page page;
    struct str cursor;
    size_t limit;
    bool failed;
    TRY(call_query_boolean(call, STR("failed"), &failed, error));
    TRY(call_query_page(call, &cursor, &limit, error));
    TRY(webhooks_deliveries(call_application(call), &call->caller, call->places[0], failed, cursor,
                            limit, call->arena, &page, error));
    return answer_page(call, &page, error);
}

enum status api_webhooks_replay_delivery(struct call *call, struct error *error)
{
    struct webhook_view view;
    TRY(webhooks_replay_delivery(call_application(call), &call->caller, call->places[0],
                                 call->places[1], call->arena, &view, error));
    return answer_json(call, 200, view.json, error);
}
