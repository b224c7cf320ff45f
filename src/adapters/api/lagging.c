#include "adapters/api/lagging.h"

#include "adapters/api/internal.h"
#include "adapters/api/negotiate.h"
#include "application/ports/store_replicas.h"

static struct store_party party_of(const struct call *call)
{
    return (struct store_party){.tenant = call->caller.tenant, .user = call->caller.user_id};
}

static bool wants_what_is_there(const struct call *call)
{
    struct str rest = http_request_header(call->request, STR("Cache-Control")), part;
    while (!str_is_none(rest) && str_split(&rest, ',', &part))
        if (str_equal_ignore_case(str_trim(part), STR("no-cache"))) return true;
    return false;
}

static enum status parse_header(const struct call *call, struct str text, int64_t *after,
                                struct error *error)
{
    *after = 0;
    if (str_is_none(text)) return STATUS_OK;
    if (!http_request_header_repeated(call->request, LAGGING_HEADER) && text.len <= 18 &&
        str_to_int64(text, after) && *after >= 0)
        return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, LAGGING_HEADER,
                     STR("what an answer had in Read-After, or 0"),
                     "the header Read-After is not one of ours");
}

enum status lagging_begin(struct call *call, struct error *error)
{
    struct str text = http_request_header(call->request, LAGGING_HEADER);
    int64_t after;
    if (!call->route->lags) return STATUS_OK;
    TRY(parse_header(call, text, &after, error));
    if (str_is_none(text) && !call_options(call)->lag_unasked) return STATUS_OK;
    if (wants_what_is_there(call)) return STATUS_OK;
    struct store_party party = party_of(call);
    struct store *store = store_lagging(call->application->store, &party, after, call->arena);
    if (store == call->application->store) return STATUS_OK;
    struct application *application = ARENA_NEW_ARRAY(call->arena, struct application, 1);
    if (!application) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *application = *call->application;
    application->store = store;
    call->application = application;
    return STATUS_OK;
}

/* Without the position the write is none the less; its writer then reads of the primary. */
void lagging_end(struct call *call, enum status status)
{
    struct error ignored;
    struct store_party party = party_of(call);
    int64_t position = 0;
    struct store *store = call->api->options.application->store;
    if (!call->route->writes) return;
    enum status known = store_wrote(store, &party, call->arena, &position, &ignored);
    if (known == STATUS_OK && position > 0 && !http_response_started(call->response))
        http_response_header(call->response, LAGGING_HEADER,
                             arena_format(call->arena, "%lld", (long long)position));
    /* Who was erased a moment ago is told so by the next request as well. */
    bool is_gone = status == STATUS_OK || status == STATUS_CUSTOMER_ERASED;
    if (call->route->settles && is_gone) store_settle(store);
}
