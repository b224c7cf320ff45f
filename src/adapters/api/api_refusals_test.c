/* Whatever is refused for a value says which one, and what is allowed: of every query parameter of
 * every route, of every cursor, and of bodies. */
#include "adapters/api/router.h"
#include "api_fixture.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

enum { PATH_MAX_BYTES = 256 };

static int set_up(void **state)
{
    int failed = api_fixture_set_up(state);
    if (failed == 0) {
        api_expect(*state, "POST", "customers", "{\"customerId\":\"A\",\"name\":\"Acme\"}", 201);
        api_expect(*state, "POST", "customers", "{\"customerId\":\"B\",\"name\":\"Beta\"}", 201);
    }
    return failed;
}

/* "/api/v1/crm/customers/A/contacts/A" */
static void path_of(const struct route *route, char path[PATH_MAX_BYTES])
{
    size_t n = 0;
    bool is_place = false;
    for (size_t i = 0; i < route->path.len && n < PATH_MAX_BYTES - 1; i++) {
        char c = route->path.ptr[i];
        if (c == '{') path[n++] = 'A';
        is_place = c == '{' || (is_place && c != '}');
        if (!is_place && c != '}') path[n++] = c;
    }
    path[n] = '\0';
}

/* 4xx with a field and what is allowed; the field. */
static struct str expect_refusal(struct api_fixture *api, const char *method, const char *path,
                                 const char *body)
{
    struct raw_answer answer = api_ask(api, method, path, "", body);
    struct json_value *json = api_json(api, &answer);
    struct str field = api_at(json, "details.field");
    if (answer.status != 400 && answer.status != 422)
        fail_msg("%s %s: %d", method, path, answer.status);
    if (str_is_none(field) || str_is_empty(api_at(json, "details.allowed")))
        fail_msg("%s %s %s: what is allowed is not said: %.*s", method, path, body ? body : "",
                 STR_ARGS(api_at(json, "message")));
    return field;
}

static const struct route_parameter *cursor_of(const struct route *route)
{
    for (size_t i = 0; i < ROUTE_QUERY_MAX && !str_is_none(route->query[i].name); i++)
        if (str_equal(route->query[i].name, STR("cursor"))) return &route->query[i];
    return NULL;
}

static void a_cursor_that_no_page_gave_is_refused_by_every_list(void **state)
{
    static const char *const cursors[] = {"no%20cursor", "%C3%A9", "-1", "nonsense", "after."};
    int lists = 0;
    for (size_t i = 0; i < routes_count; i++) {
        char path[PATH_MAX_BYTES], url[PATH_MAX_BYTES + 64];
        if (!cursor_of(&routes[i])) continue;
        path_of(&routes[i], path);
        lists++;
        for (size_t c = 0; c < UNIT_COUNT(cursors); c++) {
            (void)snprintf(url, sizeof(url), "%s?cursor=%s", path, cursors[c]);
            assert_str(expect_refusal(*state, "GET", url, NULL), STR("cursor"));
        }
    }
    assert_true(lists >= 8);
    expect_refusal(*state, "GET", "customers?q=acme&cursor=A", NULL);
    expect_refusal(*state, "GET", "customers?q=acme&sort=name&cursor=1.2", NULL);
    expect_refusal(*state, "GET", "jobs?cursor=A", NULL);
    expect_refusal(*state, "GET", "webhooks?cursor=A", NULL);
}

static bool takes_anything(const struct route_parameter *parameter)
{
    static const char *const forms[] = {"\"enum\"", "\"integer\"", "\"number\"", "\"boolean\"",
                                        "\"date-time\""};
    for (size_t i = 0; i < UNIT_COUNT(forms); i++)
        if (memmem(parameter->schema.ptr, parameter->schema.len, forms[i], strlen(forms[i])))
            return false;
    return true;
}

static void a_query_value_of_another_form_is_refused_with_what_is_allowed(void **state)
{
    static const char *const methods[] = {"GET", "POST", "PATCH", "DELETE"};
    int asked = 0;
    for (size_t i = 0; i < routes_count; i++) {
        const struct route *route = &routes[i];
        for (size_t p = 0; p < ROUTE_QUERY_MAX && !str_is_none(route->query[p].name); p++) {
            char path[PATH_MAX_BYTES], url[PATH_MAX_BYTES + 64];
            if (takes_anything(&route->query[p]) || route->body == ROUTE_BODY_UPLOAD) continue;
            path_of(route, path);
            (void)snprintf(url, sizeof(url), "%s?%.*s=nonsense", path,
                           STR_ARGS(route->query[p].name));
            const char *body = route->body == ROUTE_BODY_NONE ? NULL : "{}";
            (void)expect_refusal(*state, methods[route->method], url, body);
            asked++;
        }
    }
    assert_true(asked > 20);
}

static void a_body_is_refused_with_what_is_allowed(void **state)
{
    static const struct {
        const char *method, *path, *body;
    } cases[] = {
        {"POST", "customers", "{}"},
        {"POST", "customers", "{\"name\":1}"},
        {"POST", "customers", "{\"name\":\"\"}"},
        {"POST", "customers", "{\"name\":\"X\",\"name\":\"Y\"}"},
        {"POST", "customers", "{\"name\":\"X\",\"nmae\":\"Y\"}"},
        {"POST", "customers", "{\"name\":\"X\",\"customerId\":\"a b\"}"},
        {"POST", "customers", "{\"name\":\"X\",\"status\":\"GONE\"}"},
        {"POST", "customers", "{\"name\":\"X\",\"kind\":\"DOG\"}"},
        {"POST", "customers", "{\"name\":\"X\",\"emails\":[\"x\"]}"},
        {"POST", "customers", "{\"name\":\"X\",\"emails\":\"x@y.example\"}"},
        {"POST", "customers", "{\"name\":\"X\",\"phones\":[\"none\"]}"},
        {"POST", "customers", "{\"name\":\"X\",\"website\":\"no\"}"},
        {"POST", "customers", "{\"name\":\"X\",\"dateOfBirth\":\"yesterday\"}"},
        {"POST", "customers", "{\"name\":\"X\",\"language\":\"klingon!\"}"},
        {"POST", "customers", "{\"name\":\"X\",\"identifiers\":[{\"type\":\"VAT\"}]}"},
        {"POST", "customers", "{\"name\":\"X\",\"addresses\":[{\"country\":\"Nowhere\"}]}"},
        {"POST", "customers", "{\"name\":\"X\",\"contacts\":[{\"name\":\"Y\",\"role\":\"BOSS\"}]}"},
        {"POST", "customers",
         "{\"name\":\"X\",\"contacts\":[{\"contactId\":\"k\",\"name\":\"Y\"},"
         "{\"contactId\":\"k\",\"name\":\"Z\"}]}"},
        {"PATCH", "customers/A", "{\"name\":null}"},
        {"PATCH", "customers/A", "{\"version\":3}"},
        {"PATCH", "customers/A", "{\"preferences\":1}"},
        {"POST", "customers/A/contacts", "{}"},
        {"POST", "customers/A/contacts", "{\"name\":\"Y\",\"roles\":\"BOSS\"}"},
        {"POST", "customers/A/relationships", "{}"},
        {"POST", "customers/A/relationships", "{\"type\":\"LIKES\",\"customerId\":\"B\"}"},
        {"POST", "customers/A/relationships", "{\"type\":\"PARENT_OF\",\"customerId\":\"A\"}"},
        {"POST", "customers/A/relationships",
         "{\"type\":\"PARENT_OF\",\"customerId\":\"B\",\"from\":\"soon\"}"},
        {"POST", "customers/A/consent", "{}"},
        {"POST", "customers/A/consent", "{\"type\":\"FAX\",\"status\":\"GRANTED\"}"},
        {"POST", "customers/A/consent", "{\"type\":\"EMAIL\",\"status\":\"MAYBE\"}"},
        {"POST", "customers/A/consent",
         "{\"type\":\"EMAIL\",\"status\":\"GRANTED\",\"capturedAt\":\"now\"}"},
        {"POST", "customers/A/consent",
         "{\"type\":\"EMAIL\",\"status\":\"GRANTED\",\"contactPoint\":\"x\"}"},
        {"POST", "consent/check", "{\"checks\":1}"},
        {"POST", "consent/check", "{\"checks\":[{\"type\":\"EMAIL\"}]}"},
        {"POST", "customers/lookup", "{\"ids\":[1]}"},
        {"POST", "customers/lookup", "{\"id\":\"A\"}"},
        {"POST", "customers/A/merge", "{}"},
        {"POST", "customers/A/merge", "{\"sourceCustomerId\":1}"},
        {"POST", "customers/A/merges/M/reverse", "{\"token\":\"x\"}"},
        {"POST", "customers/A/merges/M/reverse/preview", "{\"token\":\"x\"}"},
        {"POST", "duplicates/D/resolve", "{}"},
        {"POST", "duplicates/D/resolve", "{\"decision\":\"PERHAPS\"}"},
        {"POST", "duplicates/D/resolve", "{\"decision\":\"LATER\",\"until\":\"later\"}"},
        {"POST", "duplicates/D/resolve", "{\"decision\":\"NOT_A_DUPLICATE\",\"until\":\"x\"}"},
        {"POST", "duplicates/scan", "{\"autoMergeAbove\":0.1}"},
        {"POST", "privacy/erasures", "{\"suppress\":true}"},
        {"POST", "privacy/erasures", "{\"customerId\":\"A\",\"suppress\":1}"},
        {"POST", "suppressions", "{\"contactPoint\":\"x\"}"},
        {"POST", "webhooks", "{\"url\":\"ftp://x\"}"},
    };
    for (size_t i = 0; i < UNIT_COUNT(cases); i++)
        (void)expect_refusal(*state, cases[i].method, cases[i].path, cases[i].body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_cursor_that_no_page_gave_is_refused_by_every_list, set_up,
                                        api_fixture_tear_down),
        cmocka_unit_test_setup_teardown(
            a_query_value_of_another_form_is_refused_with_what_is_allowed, set_up,
            api_fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_body_is_refused_with_what_is_allowed, set_up,
                                        api_fixture_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
