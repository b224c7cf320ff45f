/* Through every resource with real sockets, as a client would go. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api_fixture.h"
#include "unit.h"

#define CUSTOMER(id, rest) "{\"customerId\":\"" id "\",\"name\":\"Name " id "\"" rest "}"

static void a_profile_is_created_read_and_changed(void **state)
{
    struct raw_answer answer = api_ask(
        *state, "POST", "customers", "Content-Type: application/json\r\n",
        "{\"name\":\"Acme Corp\",\"status\":\"ACTIVE\",\"contacts\":[{\"name\":\"Jane Doe\","
        "\"email\":\"jane@acme.com\",\"role\":\"BILLING\"}]}");
    struct json_value *json = api_json(*state, &answer);
    struct str id = api_at(json, "customerId");
    char *path =
        arena_cstr(api_fixture_arena(*state),
                   arena_format(api_fixture_arena(*state), "customers/%.*s", STR_ARGS(id)));
    assert_int_equal(answer.status, 201);
    assert_true(str_ends_with(raw_header(&answer, STR("Location")), id));
    assert_true(
        str_starts_with(raw_header(&answer, STR("Location")), STR("/api/v1/crm/customers/CUST-")));
    assert_str(raw_header(&answer, STR("ETag")), STR("\"1\""));
    assert_str(api_at(json, "contacts.0.roles.0"), STR("BILLING"));

    struct raw_answer got = api_ask(*state, "GET", path, "", NULL);
    assert_int_equal(got.status, 200);
    assert_str(got.body, answer.body);
    assert_str(raw_header(&got, STR("Cache-Control")), STR("private, no-cache"));
    got = api_ask(*state, "GET", path, "If-None-Match: \"1\"\r\n", NULL);
    assert_int_equal(got.status, 304);
    assert_str(raw_header(&got, STR("ETag")), STR("\"1\""));

    got = api_ask(*state, "PATCH", path, "If-Match: \"7\"\r\n", "{\"segment\":\"SMB\"}");
    assert_int_equal(got.status, 412);
    got = api_ask(*state, "PATCH", path, "If-Match: \"1\"\r\n", "{\"segment\":\"SMB\"}");
    assert_int_equal(got.status, 200);
    assert_str(raw_header(&got, STR("ETag")), STR("\"2\""));
    assert_str(api_at(api_json(*state, &got), "segment"), STR("SMB"));
    got = api_ask(*state, "PATCH", path, "If-Match: \"1\", \"2\"\r\n", "{}");
    assert_int_equal(got.status, 400);

    char *then = arena_cstr(api_fixture_arena(*state),
                            arena_format(api_fixture_arena(*state), "%s?asOf=%.*s", path,
                                         STR_ARGS(api_at(json, "createdAt"))));
    got = api_ask(*state, "GET", then, "", NULL);
    assert_int_equal(got.status, 200);
    assert_true(str_is_none(api_at(api_json(*state, &got), "segment")));
}

static void a_list_goes_on_by_its_link(void **state)
{
    api_expect(*state, "POST", "customers", CUSTOMER("A", ",\"segment\":\"S M\""), 201);
    api_expect(*state, "POST", "customers", CUSTOMER("B", ",\"segment\":\"S M\""), 201);
    api_expect(*state, "POST", "customers", CUSTOMER("C", ""), 201);
    struct raw_answer answer = api_ask(*state, "GET", "customers?segment=S%20M&limit=1", "", NULL);
    struct str link = raw_header(&answer, STR("Link"));
    assert_str(api_at(api_json(*state, &answer), "items.0.customerId"), STR("A"));
    assert_true(str_starts_with(link, STR("</api/v1/crm/customers?segment=S%20M&limit=1&cursor=")));
    assert_true(str_ends_with(link, STR(">; rel=\"next\"")));
    ptrdiff_t end = str_find_char(link, '>');
    char *next = arena_cstr(api_fixture_arena(*state), str_of(link.ptr + 1, (size_t)end - 1));
    answer = api_ask(*state, "GET", next, "", NULL);
    assert_str(api_at(api_json(*state, &answer), "items.0.customerId"), STR("B"));
    assert_true(str_is_none(raw_header(&answer, STR("Link"))));
    struct json_value *json =
        api_expect(*state, "POST", "customers/lookup", "{\"ids\":[\"C\",\"NOBODY\"]}", 200);
    assert_str(api_at(json, "items.0.profile.name"), STR("Name C"));
    assert_str(api_at(json, "items.1.result"), STR("NOT_FOUND"));
}

static void preferences_versions_and_provenance_are_there(void **state)
{
    api_expect(*state, "POST", "customers", CUSTOMER("A", ""), 201);
    struct json_value *json =
        api_expect(*state, "PATCH", "customers/A/preferences", "{\"theme\":\"dark\"}", 200);
    assert_str(api_at(json, "theme"), STR("dark"));
    json = api_expect(*state, "GET", "customers/A/preferences", NULL, 200);
    assert_str(api_at(json, "theme"), STR("dark"));
    json = api_expect(*state, "GET", "customers/A/versions?limit=1", NULL, 200);
    assert_str(api_at(json, "items.0.version"), STR("2"));
    assert_str(api_at(json, "items.0.actor"), STR("tester"));
    json = api_expect(*state, "GET", "customers/A/provenance", NULL, 200);
    assert_str(api_at(json, "customerId"), STR("A"));
    assert_true(api_value_at(json, "fields")->count > 1);
}

static void who_resolves_duplicates_may_not_merge_by_that(void **state)
{
    static const char steward[] = "X-User-Permissions: duplicates:resolve\r\n";
    static const struct {
        const char *path, *body;
        int status;
    } cases[] = {{"duplicates/DUP-1/resolve", "{\"decision\":\"MERGE\",\"survivorId\":\"A\"}", 403},
                 {"duplicates/DUP-1/resolve", "{\"decision\":\"NOT_A_DUPLICATE\"}", 404},
                 {"duplicates/scan", "{\"autoMergeAbove\":0.99}", 403}};
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        struct raw_answer answer = api_ask(*state, "POST", cases[i].path, steward, cases[i].body);
        if (answer.status != cases[i].status) fail_msg("%s: %d", cases[i].body, answer.status);
    }
}

static void what_a_customer_is_served_and_owes_is_there(void **state)
{
    static const char read_only[] = "X-User-Permissions: history:read\r\n";
    api_expect(*state, "POST", "customers", CUSTOMER("A", ""), 201);
    api_expect(*state, "POST", "customers/A/consent", "{\"type\":\"EMAIL\",\"status\":\"GRANTED\"}",
               201);
    struct json_value *json = api_expect(*state, "GET", "customers/A/timeline?limit=1", NULL, 200);
    assert_str(api_at(json, "items.0.type"), STR("CONSENT"));
    struct str next = api_at(json, "next");
    char *path = arena_cstr(api_fixture_arena(*state),
                            arena_format(api_fixture_arena(*state),
                                         "customers/A/timeline?cursor=%.*s", STR_ARGS(next)));
    json = api_expect(*state, "GET", path, NULL, 200);
    assert_str(api_at(json, "items.0.type"), STR("PROFILE"));
    api_expect(*state, "GET", "customers/A/timeline?cursor=x", NULL, 400);
    api_expect(*state, "GET", "customers/A/timeline?cursor=1.0.1.%FF", NULL, 400);
    api_expect(*state, "GET", "customers/A/service-orders?cursor=1.0.1.a%20b", NULL, 400);
    api_expect(*state, "GET", "customers/A/service-orders?cursor=1.0.1.A", NULL, 200);
    api_expect(*state, "GET", "customers/A/timeline?type=LUNCH", NULL, 400);
    assert_int_equal(api_ask(*state, "GET", "customers/A/credit", read_only, NULL).status, 403);
    json = api_expect(*state, "GET", "customers/A/service-orders", NULL, 200);
    assert_int_equal(api_value_at(json, "items")->count, 0);
    json = api_expect(*state, "GET", "customers/A/entitlements?on=2026-02-02", NULL, 200);
    assert_str(api_at(json, "sla.status"), STR("NOT_COVERED"));
    api_expect(*state, "GET", "customers/A/entitlements?on=2026-02-30", NULL, 400);
    api_expect(*state, "GET", "customers/A/entitlements", NULL, 200);
    json =
        api_expect(*state, "GET", "customers/A/entitlements?asOf=2126-02-02T10:00:00Z", NULL, 200);
    assert_str(api_at(json, "on"), STR("2126-02-02"));
    api_expect(*state, "GET", "customers/A/entitlements?asOf=2000-01-01", NULL, 404);
    api_expect(*state, "GET", "customers/A/entitlements?asOf=soon", NULL, 400);
    api_expect(*state, "GET", "customers/A/entitlements?asOf=9999-12-31T23:59:59-01:00", NULL, 400);
    json = api_expect(*state, "GET", "customers/A/credit", NULL, 200);
    assert_false(api_value_at(json, "blocked")->boolean);
    api_expect(*state, "GET", "customers/NOBODY/credit", NULL, 404);
}

/* Each part of the 360 view needs what its own resource needs. */
static void the_timeline_shows_to_whom_what_he_may_read_elsewhere(void **state)
{
    static const struct {
        const char *permissions, *type; /* that is shown */
    } shown[] = {{"history:read", NULL},
                 {"history:read,customer:read", "CONTACT"},
                 {"history:read,customer:read", "PROFILE"},
                 {"history:read,consent:read", "CONSENT"}};
    static const char *const types[] = {"PROFILE", "CONTACT", "CONSENT", "MERGE", "CREDIT"};
    char header[80], path[80];
    api_expect(*state, "POST", "customers", CUSTOMER("A", ""), 201);
    api_expect(*state, "POST", "customers/A/contacts",
               "{\"name\":\"Bea\",\"email\":\"bea@a.example\",\"phone\":\"+49 30 1234567\"}", 201);
    api_expect(*state, "POST", "customers/A/consent", "{\"type\":\"EMAIL\",\"status\":\"GRANTED\"}",
               201);
    for (size_t i = 0; i < UNIT_COUNT(shown); i++) {
        (void)snprintf(header, sizeof(header), "X-User-Permissions: %s\r\n", shown[i].permissions);
        struct raw_answer answer = api_ask(*state, "GET", "customers/A/timeline", header, NULL);
        const struct json_value *items = api_value_at(api_json(*state, &answer), "items");
        assert_int_equal(answer.status, 200);
        if (!shown[i].type) assert_int_equal(items->count, 0);
        for (size_t j = 0; j < items->count && i > 2; j++)
            assert_str(json_text(json_get(&items->items[j], STR("type"))), STR("CONSENT"));
        if (!shown[i].type) continue;
        (void)snprintf(path, sizeof(path), "customers/A/timeline?type=%s", shown[i].type);
        answer = api_ask(*state, "GET", path, header, NULL);
        assert_int_equal(api_value_at(api_json(*state, &answer), "items")->count, 1);
    }
    for (size_t i = 0; i < UNIT_COUNT(types); i++) {
        (void)snprintf(path, sizeof(path), "customers/A/timeline?type=%s", types[i]);
        struct raw_answer answer =
            api_ask(*state, "GET", path, "X-User-Permissions: history:read\r\n", NULL);
        if (answer.status != 403) fail_msg("%s: %d", types[i], answer.status);
    }
}

static void contacts_are_added_changed_and_removed(void **state)
{
    api_expect(*state, "POST", "customers", CUSTOMER("A", ""), 201);
    struct raw_answer answer =
        api_ask(*state, "POST", "customers/A/contacts", "",
                "{\"contactId\":\"K1\",\"name\":\"Bea\",\"roles\":[\"BILLING\"]}");
    assert_int_equal(answer.status, 201);
    assert_str(raw_header(&answer, STR("Location")), STR("/api/v1/crm/customers/A/contacts/K1"));
    api_expect(*state, "POST", "customers/A/contacts", "{\"contactId\":\"K1\",\"name\":\"B\"}",
               409);
    struct json_value *json =
        api_expect(*state, "GET", "customers/A/contacts?role=BILLING", NULL, 200);
    assert_str(api_at(json, "items.0.contactId"), STR("K1"));
    json = api_expect(*state, "GET", "customers/A/contacts?role=SALES", NULL, 200);
    assert_int_equal(api_value_at(json, "items")->count, 0);
    api_expect(*state, "GET", "customers/A/contacts?role=KING", NULL, 400);
    json = api_expect(*state, "PATCH", "customers/A/contacts/K1", "{\"name\":\"Bea B\"}", 200);
    assert_str(api_at(json, "name"), STR("Bea B"));
    api_expect(*state, "GET", "customers/A/contacts/K1", NULL, 200);
    answer = api_ask(*state, "DELETE", "customers/A/contacts/K1", "", NULL);
    assert_int_equal(answer.status, 204);
    assert_true(raw_header(&answer, STR("ETag")).len > 0);
    api_expect(*state, "GET", "customers/A/contacts/K1", NULL, 404);
}

static void relationships_make_a_hierarchy(void **state)
{
    api_expect(*state, "POST", "customers", CUSTOMER("A", ""), 201);
    api_expect(*state, "POST", "customers", CUSTOMER("B", ""), 201);
    struct json_value *json =
        api_expect(*state, "POST", "customers/A/relationships",
                   "{\"relationshipId\":\"R1\",\"type\":\"PARENT_OF\",\"customerId\":\"B\"}", 201);
    assert_str(api_at(json, "relationshipId"), STR("R1"));
    api_expect(*state, "POST", "customers/B/relationships",
               "{\"type\":\"PARENT_OF\",\"customerId\":\"A\"}", 422);
    api_expect(*state, "POST", "customers/A/relationships",
               "{\"type\":\"PARENT_OF\",\"customerId\":\"NOBODY\"}", 404);
    json = api_expect(*state, "GET", "customers/B/relationships", NULL, 200);
    assert_str(api_at(json, "items.0.customerId"), STR("A"));
    json = api_expect(*state, "GET", "customers/A/hierarchy?direction=down&depth=1", NULL, 200);
    assert_str(api_at(json, "descendants.0.customerId"), STR("B"));
    api_expect(*state, "GET", "customers/A/hierarchy?direction=left", NULL, 400);
    api_expect(*state, "DELETE", "customers/B/relationships/R1", NULL, 204);
    api_expect(*state, "DELETE", "customers/A/relationships/R1", NULL, 404);
}

static void consent_is_recorded_shown_and_checked(void **state)
{
    api_expect(*state, "POST", "customers", CUSTOMER("A", ""), 201);
    struct raw_answer answer = api_ask(*state, "POST", "customers/A/consent", "",
                                       "{\"type\":\"EMAIL\",\"status\":\"GRANTED\"}");
    struct str location = raw_header(&answer, STR("Location"));
    assert_int_equal(answer.status, 201);
    api_expect(*state, "GET", arena_cstr(api_fixture_arena(*state), location), NULL, 200);
    struct json_value *json =
        api_expect(*state, "POST", "consent/check",
                   "{\"checks\":[{\"customerId\":\"A\",\"type\":\"EMAIL\"}]}", 200);
    assert_str(api_at(json, "results.0.allowed"), STR("true"));
    json = api_expect(*state, "GET", "customers/A/consent", NULL, 200);
    assert_str(api_at(json, "items.0.status"), STR("GRANTED"));
    json = api_expect(*state, "GET", "customers/A/consent/history", NULL, 200);
    assert_int_equal(api_value_at(json, "items")->count, 1);
    api_expect(*state, "PATCH", "customers/A", "{\"preferences\":{\"preferredChannel\":\"SMS\"}}",
               422);
    api_expect(*state, "POST", "customers/A/consent", "{\"type\":\"EMAIL\"}", 422);
}

static void the_suppression_list_is_kept(void **state)
{
    struct json_value *json =
        api_expect(*state, "POST", "suppressions", "{\"contactPoint\":\"a@x.example\"}", 200);
    assert_str(api_at(json, "suppressed"), STR("true"));
    json = api_expect(*state, "GET", "suppressions?contactPoint=A@X.example", NULL, 200);
    assert_str(api_at(json, "suppressed"), STR("true"));
    api_expect(*state, "DELETE", "suppressions?contactPoint=a@x.example", NULL, 204);
    json = api_expect(*state, "GET", "suppressions?contactPoint=a@x.example", NULL, 200);
    assert_str(api_at(json, "suppressed"), STR("false"));
    api_expect(*state, "GET", "suppressions", NULL, 400);
}

/* As people write it; forms make a blank of it. */
static void a_plus_of_a_number_or_an_address_need_not_be_escaped(void **state)
{
    static const char *const suppressed[] = {"suppressions?contactPoint=+49301234567",
                                             "suppressions?contactPoint=+49%2030%20123%2045-67",
                                             "suppressions?contactPoint=%2B49301234567",
                                             "suppressions?contactPoint=jane+shop@x.example",
                                             "suppressions?contactPoint=jane%2Bshop@x.example"};
    static const char *const found[] = {
        "customers?phone=+49301234567", "customers?phone=%2B49301234567",
        "customers?q=+49-30-1234567", "customers?email=jane+shop@x.example",
        "customers?email=jane%2Bshop@x.example"};
    api_expect(*state, "POST", "suppressions", "{\"contactPoint\":\"+49301234567\"}", 200);
    api_expect(*state, "POST", "suppressions", "{\"contactPoint\":\"jane+shop@x.example\"}", 200);
    for (size_t i = 0; i < UNIT_COUNT(suppressed); i++)
        assert_str(api_at(api_expect(*state, "GET", suppressed[i], NULL, 200), "suppressed"),
                   STR("true"));
    api_expect(*state, "DELETE", suppressed[0], NULL, 204);
    api_expect(*state, "DELETE", suppressed[3], NULL, 204);
    for (size_t i = 0; i < UNIT_COUNT(suppressed); i++)
        assert_str(api_at(api_expect(*state, "GET", suppressed[i], NULL, 200), "suppressed"),
                   STR("false"));
    api_expect(
        *state, "POST", "customers",
        "{\"name\":\"Plus\",\"phones\":[\"+49301234567\"],\"emails\":[\"jane+shop@x.example\"]}",
        201);
    for (size_t i = 0; i < UNIT_COUNT(found); i++)
        assert_str(api_at(api_expect(*state, "GET", found[i], NULL, 200), "items.0.matches.0.kind"),
                   STR("exact"));
    assert_str(
        api_at(api_expect(*state, "GET", "customers?q=plus+jane", NULL, 200), "items.0.name"),
        STR("Plus"));
}

static void a_merge_redirects_and_is_taken_apart_again(void **state)
{
    struct arena *arena = api_fixture_arena(*state);
    api_expect(*state, "POST", "customers", CUSTOMER("A", ""), 201);
    api_expect(*state, "POST", "customers", CUSTOMER("B", ""), 201);
    struct json_value *json = api_expect(*state, "POST", "customers/A/merge/preview",
                                         "{\"sourceCustomerId\":\"B\"}", 200);
    struct str token = api_at(json, "planToken");
    json = api_expect(
        *state, "POST", "customers/A/merge",
        arena_cstr(arena, arena_format(arena, "{\"sourceCustomerId\":\"B\",\"planToken\":\"%.*s\"}",
                                       STR_ARGS(token))),
        200);
    struct str merge = api_at(json, "mergeId");
    assert_str(api_at(json, "mergeReason"), STR("DUPLICATE"));

    struct raw_answer answer = api_ask(*state, "GET", "customers/B", "", NULL);
    assert_int_equal(answer.status, 307);
    assert_str(raw_header(&answer, STR("Location")), STR("/api/v1/crm/customers/A"));
    assert_str(raw_header(&answer, STR("Cache-Control")), STR("no-store"));
    assert_str(api_at(api_json(*state, &answer), "survivorId"), STR("A"));
    assert_str(api_at(api_json(*state, &answer), "mergeId"), merge);
    answer = api_ask(*state, "GET", "customers/B/contacts?role=BILLING", "", NULL);
    assert_str(raw_header(&answer, STR("Location")),
               STR("/api/v1/crm/customers/A/contacts?role=BILLING"));
    api_expect(*state, "POST", "customers/A/merge", "{\"sourceCustomerId\":\"B\"}", 409);
    api_expect(*state, "POST", "customers/A/merge", "{\"sourceCustomerId\":\"A\"}", 422);

    json = api_expect(*state, "GET", "customers/A/merges", NULL, 200);
    assert_str(api_at(json, "items.0.mergeId"), merge);
    char *reverse =
        arena_cstr(arena, arena_format(arena, "customers/A/merges/%.*s/reverse", STR_ARGS(merge)));
    char *preview = arena_cstr(arena, arena_format(arena, "%s/preview", reverse));
    json = api_expect(*state, "POST", preview, NULL, 200);
    assert_str(api_at(json, "restored.customerId"), STR("B"));
    api_expect(*state, "POST", reverse, "{\"what\":1}", 422);
    api_expect(*state, "POST", reverse, "{}", 200);
    api_expect(*state, "POST", reverse, NULL, 409);
    api_expect(*state, "GET", "customers/B", NULL, 200);
}

static void a_certain_duplicate_is_refused_with_its_candidates(void **state)
{
    static const char body[] = "{\"name\":\"Kim\",\"emails\":[\"kim@x.example\"]}";
    struct json_value *first = api_expect(*state, "POST", "customers", body, 201);
    struct json_value *json = api_expect(*state, "POST", "customers", body, 409);
    assert_str(api_at(json, "error"), STR("DUPLICATE_CUSTOMER"));
    assert_str(api_at(json, "details.candidates.0.customerId"), api_at(first, "customerId"));
    assert_true(api_at(json, "details.candidates.0.reasons.0").len > 0);
    api_expect(*state, "POST", "customers?onDuplicate=allow", body, 201);
}

static void tenants_do_not_see_each_other(void **state)
{
    api_expect(*state, "POST", "customers", CUSTOMER("A", ""), 201);
    struct raw_answer answer = api_ask(*state, "GET", "customers/A", "X-Tenant-ID: t2\r\n", NULL);
    assert_int_equal(answer.status, 404);
}

static void the_service_tells_about_itself(void **state)
{
    struct json_value *json = api_expect(*state, "GET", "/livez", NULL, 200);
    assert_str(api_at(json, "status"), STR("UP"));
    json = api_expect(*state, "GET", "/readyz", NULL, 200);
    assert_str(api_at(json, "version"), STR("1.2.3"));
    json = api_expect(*state, "GET", "/openapi.json", NULL, 200);
    assert_str(api_at(json, "openapi"), STR("3.1.0"));
    json = api_expect(*state, "GET", "/asyncapi.json", NULL, 200);
    assert_str(api_at(json, "asyncapi"), STR("3.0.0"));
    struct raw_answer answer = api_ask(*state, "GET", "/metrics", "", NULL);
    assert_true(str_starts_with(raw_header(&answer, STR("Content-Type")), STR("text/plain")));
    char *text = arena_cstr(api_fixture_arena(*state), answer.body);
    assert_non_null(strstr(text, "customer360_build_info{version=\"1.2.3\"} 1"));
    assert_non_null(strstr(text, "requests_total{route=\"live\",status=\"2xx\"} 1"));
    assert_non_null(strstr(text, "customer360_duplicates_waiting 0\n"));
    assert_non_null(strstr(text, "customer360_duplicates_oldest_seconds 0\n"));
    static const char *const pages[] = {"/", "/docs", "/console/style.css",
                                        "/console/reference.js"};
    for (size_t i = 0; i < UNIT_COUNT(pages); i++) {
        answer = api_ask(*state, "GET", pages[i], "", NULL);
        assert_int_equal(answer.status, 200);
        assert_true(raw_header(&answer, STR("Content-Security-Policy")).len > 0);
    }
    api_expect(*state, "GET", "/console/secrets", NULL, 404);
}

static void a_draining_instance_is_not_ready(void **state)
{
    struct raw_reader reader = {.fd = raw_connect(api_fixture_port(*state)),
                                .arena = api_fixture_arena(*state)};
    raw_send(reader.fd, STR("GET /api/v1/crm/events?follow=true HTTP/1.1\r\nHost: x\r\n\r\n"));
    char byte;
    assert_int_equal(read(reader.fd, &byte, 1), 1);
    api_fixture_drain(*state);
    struct str rest = raw_read_all(reader.fd, api_fixture_arena(*state));
    assert_true(str_ends_with(rest, STR("0\r\n\r\n")));
    (void)close(reader.fd);
}

#define SERVED(test)                                                                               \
    cmocka_unit_test_setup_teardown(test, api_fixture_set_up, api_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(a_profile_is_created_read_and_changed),
        SERVED(a_list_goes_on_by_its_link),
        SERVED(preferences_versions_and_provenance_are_there),
        SERVED(who_resolves_duplicates_may_not_merge_by_that),
        SERVED(what_a_customer_is_served_and_owes_is_there),
        SERVED(the_timeline_shows_to_whom_what_he_may_read_elsewhere),
        SERVED(contacts_are_added_changed_and_removed),
        SERVED(relationships_make_a_hierarchy),
        SERVED(consent_is_recorded_shown_and_checked),
        SERVED(the_suppression_list_is_kept),
        SERVED(a_plus_of_a_number_or_an_address_need_not_be_escaped),
        SERVED(a_merge_redirects_and_is_taken_apart_again),
        SERVED(a_certain_duplicate_is_refused_with_its_candidates),
        SERVED(tenants_do_not_see_each_other),
        SERVED(the_service_tells_about_itself),
        SERVED(a_draining_instance_is_not_ready),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
