/* The description is complete and means what it says: each route is in it, each reference leads
 * somewhere. */
#include "adapters/api/openapi.h"

#include "adapters/api/router.h"
#include "api_fixture.h"
#include "unit.h"

static struct {
    struct arena arena;
    struct json_value *json;
} fixture;

static int set_up(void **state)
{
    struct api_options options = {.version = STR("1.2.3"), .public_url = STR("https://x.example")};
    struct error error = {0};
    (void)state;
    arena_init(&fixture.arena, 16 << 20);
    struct str text = openapi_write(&options, &fixture.arena);
    if (json_parse(text, &fixture.arena, &fixture.json, &error) == STATUS_OK) return 0;
    print_error("%s: %s\n", error.field, error.message);
    return -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&fixture.arena);
    return 0;
}

static void each_route_is_described(void **state)
{
    static const struct str methods[] = {STR("get"), STR("post"), STR("patch"), STR("delete")};
    const struct json_value *paths = json_get(fixture.json, STR("paths"));
    (void)state;
    for (size_t i = 0; i < routes_count; i++) {
        const struct json_value *operation =
            json_get(json_get(paths, routes[i].path), methods[routes[i].method]);
        if (!operation) fail_msg("%.*s is missing", STR_ARGS(routes[i].path));
        assert_str(json_text(json_get(operation, STR("operationId"))), routes[i].name);
        assert_non_null(json_get(operation, STR("responses")));
    }
    assert_str(api_at(fixture.json, "openapi"), STR("3.1.0"));
    assert_str(api_at(fixture.json, "servers.0.url"), STR("https://x.example"));
}

static void operation_ids_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < routes_count; i++)
        for (size_t k = 0; k < i; k++)
            if (str_equal(routes[i].name, routes[k].name))
                fail_msg("%.*s is there twice", STR_ARGS(routes[i].name));
}

static void check_reference(struct str reference)
{
    const struct json_value *at = fixture.json;
    struct str rest = str_skip(reference, 2), part;
    assert_true(str_starts_with(reference, STR("#/")));
    while (str_split(&rest, '/', &part)) at = json_get(at, part);
    if (!at) fail_msg("%.*s leads nowhere", STR_ARGS(reference));
}

static size_t check_references(const struct json_value *value)
{
    size_t count = 0;
    for (size_t i = 0; value->type == JSON_ARRAY && i < value->count; i++)
        count += check_references(&value->items[i]);
    for (size_t i = 0; value->type == JSON_OBJECT && i < value->count; i++) {
        if (str_equal(value->members[i].name, STR("$ref"))) {
            check_reference(value->members[i].value.text);
            count++;
        }
        count += check_references(&value->members[i].value);
    }
    return count;
}

static void each_reference_leads_somewhere(void **state)
{
    (void)state;
    assert_true(check_references(fixture.json) > 50);
}

static void fields_come_from_their_table(void **state)
{
    const struct json_value *schemas =
        json_get(json_get(fixture.json, STR("components")), STR("schemas"));
    (void)state;
    assert_str(api_at(schemas, "NewProfile.required.0"), STR("name"));
    assert_str(api_at(schemas, "Profile.properties.status.enum.2"), STR("ON_HOLD"));
    assert_str(api_at(schemas, "Profile.properties.emails.items.format"), STR("email"));
    assert_non_null(api_value_at(schemas, "Profile.properties.version"));
    assert_non_null(api_value_at(schemas, "NewContact.properties.role"));
    assert_non_null(api_value_at(schemas, "NewConsent.properties.notice.properties.version"));
}

/* What many are asked for by is bounded by its body. */
static void each_list_comes_in_pages(void **state)
{
    const struct json_value *schemas =
        json_get(json_get(fixture.json, STR("components")), STR("schemas"));
    size_t pages = 0;
    (void)state;
    for (size_t i = 0; i < routes_count; i++) {
        const struct json_value *members =
            json_get(json_get(schemas, routes[i].response), STR("properties"));
        if (routes[i].method != ROUTE_GET || !json_get(members, STR("items"))) continue;
        pages++;
        if (!route_query(&routes[i], STR("limit")) || !route_query(&routes[i], STR("cursor")))
            fail_msg("%.*s has no bound", STR_ARGS(routes[i].path));
    }
    assert_true(pages >= 13);
}

#define WRITTEN(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WRITTEN(each_route_is_described),        WRITTEN(operation_ids_are_unique),
        WRITTEN(each_reference_leads_somewhere), WRITTEN(fields_come_from_their_table),
        WRITTEN(each_list_comes_in_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
