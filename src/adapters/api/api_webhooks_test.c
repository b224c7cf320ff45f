/* /webhooks as a client sees it; delivering is tested in adapters/webhooks. */
#include "api_fixture.h"
#include "unit.h"

#define URL "https://hooks.example.com/in"

static struct json_value *create(void **state, const char *body)
{
    return api_expect(*state, "POST", "webhooks", body, 201);
}

static char *path_of(void **state, const struct json_value *webhook, const char *rest)
{
    struct arena *arena = api_fixture_arena(*state);
    struct str id = api_at(webhook, "webhookId");
    return arena_cstr(arena, arena_format(arena, "webhooks/%.*s%s", STR_ARGS(id), rest));
}

static void its_secret_is_shown_once(void **state)
{
    struct raw_answer answer = api_ask(
        *state, "POST", "webhooks", "Content-Type: application/json\r\nIdempotency-Key: k1\r\n",
        "{\"url\":\"" URL "\",\"eventTypes\":[\"CustomerMergedEvent\"],\"description\":\"Sales\"}");
    struct json_value *made = api_json(*state, &answer);
    assert_int_equal(answer.status, 201);
    assert_true(str_starts_with(api_at(made, "secret"), STR("whsec_")));
    assert_str(raw_header(&answer, STR("Cache-Control")), STR("no-store"));
    assert_str(api_at(made, "status"), STR("ACTIVE"));
    assert_str(api_at(made, "eventTypes.0"), STR("CustomerMergedEvent"));

    answer = api_ask(*state, "POST", "webhooks",
                     "Content-Type: application/json\r\nIdempotency-Key: k1\r\n",
                     "{\"url\":\"" URL "\",\"eventTypes\":[\"CustomerMergedEvent\"],"
                     "\"description\":\"Sales\"}");
    struct json_value *again = api_json(*state, &answer);
    assert_int_equal(answer.status, 201);
    assert_str(api_at(again, "webhookId"), api_at(made, "webhookId"));
    assert_null(api_value_at(again, "secret"));

    struct json_value *got = api_expect(*state, "GET", path_of(state, made, ""), NULL, 200);
    assert_null(api_value_at(got, "secret"));
    assert_str(api_at(got, "description"), STR("Sales"));
    struct json_value *page = api_expect(*state, "GET", "webhooks", NULL, 200);
    assert_str(api_at(page, "items.0.webhookId"), api_at(made, "webhookId"));
    assert_null(api_value_at(page, "items.0.secret"));
}

static void a_new_secret_is_another_and_overlaps(void **state)
{
    struct json_value *made = create(state, "{\"url\":\"" URL "\"}");
    struct json_value *renewed =
        api_expect(*state, "POST", path_of(state, made, "/secret"), "{\"overlapSeconds\":60}", 200);
    assert_true(str_starts_with(api_at(renewed, "secret"), STR("whsec_")));
    assert_false(str_equal(api_at(renewed, "secret"), api_at(made, "secret")));
    assert_false(str_is_none(api_at(renewed, "previousSecretUntil")));
    renewed =
        api_expect(*state, "POST", path_of(state, made, "/secret"), "{\"overlapSeconds\":0}", 200);
    assert_true(str_is_none(api_at(renewed, "previousSecretUntil")));
}

static void it_is_changed_and_removed(void **state)
{
    struct json_value *made = create(state, "{\"url\":\"" URL "\"}");
    char *path = path_of(state, made, "");
    struct json_value *changed =
        api_expect(*state, "PATCH", path,
                   "{\"url\":\"https://other.example.com/\",\"eventTypes\":["
                   "\"ConsentUpdatedEvent\",\"CustomerErasedEvent\"],\"status\":\"DISABLED\"}",
                   200);
    assert_str(api_at(changed, "url"), STR("https://other.example.com/"));
    assert_str(api_at(changed, "eventTypes.0"), STR("CustomerErasedEvent"));
    assert_str(api_at(changed, "status"), STR("DISABLED"));
    assert_str(api_at(changed, "disabledBecause"), STR("OWNER"));
    struct raw_answer stale =
        api_ask(*state, "PATCH", path, "If-Match: \"1\"\r\n", "{\"status\":\"ACTIVE\"}");
    assert_int_equal(stale.status, 412);
    struct json_value *refused = api_expect(*state, "POST", path_of(state, made, "/test"), "", 409);
    assert_str(api_at(refused, "error"), STR("WEBHOOK_DISABLED"));
    changed = api_expect(*state, "PATCH", path, "{\"status\":\"ACTIVE\",\"eventTypes\":null}", 200);
    assert_str(api_at(changed, "status"), STR("ACTIVE"));
    assert_true(str_is_none(api_at(changed, "disabledAt")));
    assert_int_equal(api_ask(*state, "DELETE", path, "", NULL).status, 204);
    api_expect(*state, "GET", path, NULL, 404);
    assert_int_equal(api_ask(*state, "DELETE", path, "", NULL).status, 404);
}

static void bad_input_names_the_field(void **state)
{
    static const char *const bad[][2] = {
        {"{}", "url"},
        {"{\"url\":7}", "url"},
        {"{\"url\":\"http://hooks.example.com\"}", "url"},
        {"{\"url\":\"https://169.254.169.254/latest\"}", "url"},
        {"{\"url\":\"https://[::ffff:127.0.0.1]/\"}", "url"},
        {"{\"url\":\"" URL "\",\"eventTypes\":[]}", "eventTypes"},
        {"{\"url\":\"" URL "\",\"eventTypes\":[\"Other\"]}", "eventTypes"},
        {"{\"url\":\"" URL "\",\"eventTypes\":\"CustomerMergedEvent\"}", "eventTypes"},
        {"{\"url\":\"" URL "\",\"description\":\"\"}", "description"},
        {"{\"url\":\"" URL "\",\"after\":-1}", "after"},
        {"{\"url\":\"" URL "\",\"after\":1000000}", "after"},
        {"{\"url\":\"" URL "\",\"secret\":\"mine\"}", "secret"},
    };
    for (size_t i = 0; i < UNIT_COUNT(bad); i++) {
        struct json_value *json = api_expect(*state, "POST", "webhooks", bad[i][0], 422);
        assert_str(api_at(json, "details.field"), str_from_cstr(bad[i][1]));
    }
}

static void who_may_not_read_events_gets_none(void **state)
{
    struct raw_answer answer =
        api_ask(*state, "POST", "webhooks",
                "Content-Type: application/json\r\nX-User-Permissions: webhook:write\r\n",
                "{\"url\":\"" URL "\"}");
    assert_int_equal(answer.status, 403);
    assert_str(api_at(api_json(*state, &answer), "details.allowed"), STR("event:read"));
}

static void it_is_told_from_a_position_on(void **state)
{
    api_expect(*state, "POST", "customers", "{\"name\":\"Acme\"}", 201);
    struct json_value *made = create(state, "{\"url\":\"" URL "\"}");
    int64_t position;
    assert_true(json_to_int64(api_value_at(made, "delivery.position"), &position));
    assert_int_equal(position, 1);
    made = create(state, "{\"url\":\"" URL "\",\"after\":0}");
    assert_true(json_to_int64(api_value_at(made, "delivery.position"), &position));
    assert_int_equal(position, 0);
    made = create(state, "{\"url\":\"" URL "\"}");
    made = api_expect(*state, "POST", path_of(state, made, "/replay"), "{\"after\":0}", 200);
    assert_true(json_to_int64(api_value_at(made, "delivery.position"), &position));
    assert_int_equal(position, 0);
    api_expect(*state, "POST", path_of(state, made, "/replay"), "{\"after\":9}", 422);
    api_expect(*state, "POST", path_of(state, made, "/replay"), "{}", 422);
}

static void a_test_is_held_for_who_delivers(void **state)
{
    int64_t held;
    struct json_value *made = create(state, "{\"url\":\"" URL "\"}");
    struct json_value *test = api_expect(*state, "POST", path_of(state, made, "/test"), "", 200);
    assert_true(str_starts_with(api_at(test, "eventId"), STR("evt-")));
    made = api_expect(*state, "GET", path_of(state, made, ""), NULL, 200);
    assert_true(json_to_int64(api_value_at(made, "delivery.held"), &held));
    assert_int_equal(held, 1);
    struct json_value *log =
        api_expect(*state, "GET", path_of(state, made, "/deliveries?failed=true"), NULL, 200);
    assert_null(api_value_at(log, "items.0"));
    api_expect(*state, "POST", path_of(state, made, "/deliveries/1/replay"), "", 404);
    api_expect(*state, "POST", path_of(state, made, "/deliveries/x/replay"), "", 404);
}

#define SERVED(test)                                                                               \
    cmocka_unit_test_setup_teardown(test, api_fixture_set_up, api_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(its_secret_is_shown_once),          SERVED(a_new_secret_is_another_and_overlaps),
        SERVED(it_is_changed_and_removed),         SERVED(bad_input_names_the_field),
        SERVED(who_may_not_read_events_gets_none), SERVED(it_is_told_from_a_position_on),
        SERVED(a_test_is_held_for_who_delivers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
