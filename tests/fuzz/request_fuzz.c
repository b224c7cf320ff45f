/* What a request says beside its body, any text: in Accept, Accept-Encoding, Content-Type,
 * If-Match, If-None-Match, traceparent, Idempotency-Key, Read-After, and in cursors. It is taken,
 * or passed over, or refused by the name of the header or parameter. */
#include <string.h>

#include "adapters/api/idempotency.h"
#include "adapters/api/internal.h"
#include "adapters/api/lagging.h"
#include "adapters/api/negotiate.h"
#include "application.h"
#include "application/customer_history.h"
#include "application/list_customers.h"
#include "application/once.h"
#include "application/review_list.h"
#include "engines/http/internal.h"

static void check_negotiation(struct str text)
{
    int64_t version = -1;
    int quality = negotiate_accept(text, STR("application/json"));
    FUZZ_REQUIRE(quality >= 0 && quality <= 1000);
    if (negotiate_prefers(text, STR("text/csv"), STR("application/x-ndjson")))
        FUZZ_REQUIRE(negotiate_accept(text, STR("text/csv")) > 0);
    (void)negotiate_gzip(text);
    (void)negotiate_is_type(text, STR("application/json"));
    if (negotiate_if_match(text, &version) == IF_MATCH_VERSION) FUZZ_REQUIRE(version >= 0);
    if (negotiate_none_match(text, STR("\"3\"")))
        FUZZ_REQUIRE(str_find_char(text, '3') >= 0 || str_find_char(text, '*') >= 0);
}

static void check_trace(struct str text)
{
    struct trace trace, again;
    if (!trace_parse(text, &trace)) return;
    FUZZ_REQUIRE(trace_id(&trace).len == TRACE_ID_CHARS);
    FUZZ_REQUIRE(trace_span_id(&trace).len == TRACE_SPAN_CHARS);
    FUZZ_REQUIRE(trace_parse(trace_parent(&trace), &again));
    FUZZ_REQUIRE(strcmp(trace.parent, again.parent) == 0);
}

static const struct route *lagging_route(void)
{
    for (size_t i = 0; i < routes_count; i++)
        if (routes[i].lags) return &routes[i];
    return NULL;
}

static void check_headers(struct str text, struct arena *arena)
{
    static struct http_request request;
    static struct api api;
    struct application *application = fuzz_application();
    struct call call = {.api = &api,
                        .request = &request,
                        .arena = arena,
                        .application = application,
                        .route = lagging_route(),
                        .caller = {.tenant = STR("t"), .user_id = STR("u")}};
    struct error error = {0};
    struct str key;
    request.header_count = 1;
    request.headers[0] = (struct http_pair){STR("Idempotency-Key"), text};
    if (idempotency_key(&call, &key, &error) == STATUS_OK)
        FUZZ_REQUIRE(key.len >= 1 && key.len <= ONCE_KEY_MAX && str_is_utf8(key));
    else
        FUZZ_REQUIRE(strcmp(error.field, "Idempotency-Key") == 0);
    request.headers[0].name = LAGGING_HEADER;
    FUZZ_REQUIRE(call.route);
    if (lagging_begin(&call, &error) != STATUS_OK)
        FUZZ_REQUIRE(strcmp(error.field, "Read-After") == 0);
    request.headers[0].name = STR("Cache-Control");
    FUZZ_REQUIRE(lagging_begin(&call, &error) == STATUS_OK);
}

static void check_refusal(enum status status, const struct error *error)
{
    if (status != STATUS_OK)
        FUZZ_REQUIRE(status == STATUS_INVALID_VALUE && strcmp(error->field, "cursor") == 0);
}

static void check_cursors(struct str text, struct arena *arena)
{
    const struct caller caller = {.tenant = STR("t"), .user_id = STR("u")};
    const struct customer_query list = {.cursor = text};
    const struct customer_query search = {.any = STR("acme"), .cursor = text};
    const struct review_query review = {.cursor = text};
    struct application *application = fuzz_application();
    struct history_place place, again;
    struct json_page page;
    struct error error = {0};
    enum status status = history_place_parse(text, &place, &error);
    check_refusal(status, &error);
    if (status == STATUS_OK && text.len > 0) {
        struct str shown = history_place_text(&place, arena);
        FUZZ_REQUIRE(history_place_parse(shown, &again, &error) == STATUS_OK);
        FUZZ_REQUIRE(history_place_compare(&place, &again) == 0);
    }
    check_refusal(list_customers(application, &caller, &list, arena, &page, &error), &error);
    check_refusal(list_customers(application, &caller, &search, arena, &page, &error), &error);
    check_refusal(review_list(application, &caller, &review, arena, &page, &error), &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    struct arena arena;
    struct str text = str_of((const char *)bytes, count);
    if (count > 2000) return 0;
    check_negotiation(text);
    check_trace(text);
    arena_init(&arena, 16 << 20);
    check_headers(text, &arena);
    if (str_is_utf8(text) && !memchr(text.ptr, 0, count)) check_cursors(text, &arena);
    arena_release(&arena);
    return 0;
}
