#include "adapters/api/router.h"

#include "unit.h"

static const struct route table[] = {
    {.method = ROUTE_GET, .path = STR("/"), .name = STR("page")},
    {.method = ROUTE_GET, .path = STR("/a/{id}"), .name = STR("get")},
    {.method = ROUTE_PATCH, .path = STR("/a/{id}"), .name = STR("change")},
    {.method = ROUTE_POST, .path = STR("/a/lookup"), .name = STR("lookup")},
    {.method = ROUTE_GET, .path = STR("/a/{id}/b/{part}"), .name = STR("part")},
};

static struct {
    struct arena arena;
    struct router router;
} fixture;

static int set_up(void **state)
{
    (void)state;
    arena_init(&fixture.arena, 1 << 20);
    return router_init(&fixture.router, table, UNIT_COUNT(table), &fixture.arena) == STATUS_OK ? 0
                                                                                               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&fixture.arena);
    return 0;
}

static struct str found(struct str path, enum route_method method)
{
    struct router_match match;
    router_find(&fixture.router, path, &match);
    if (!match.entry) return STR("nothing");
    return match.entry->methods[method] ? match.entry->methods[method]->name : STR("no method");
}

static void a_path_finds_its_row(void **state)
{
    (void)state;
    assert_str(found(STR("/"), ROUTE_GET), STR("page"));
    assert_str(found(STR("/a/1"), ROUTE_GET), STR("get"));
    assert_str(found(STR("/a/1"), ROUTE_PATCH), STR("change"));
    assert_str(found(STR("/a/1"), ROUTE_DELETE), STR("no method"));
    assert_str(found(STR("/a/1/b/2"), ROUTE_GET), STR("part"));
}

static void what_stands_in_a_place_is_given(void **state)
{
    struct router_match match;
    (void)state;
    router_find(&fixture.router, STR("/a/x y/b/z"), &match);
    assert_str(match.places[0], STR("x y"));
    assert_str(match.places[1], STR("z"));
}

static void a_literal_goes_before_a_place(void **state)
{
    (void)state;
    assert_str(found(STR("/a/lookup"), ROUTE_POST), STR("lookup"));
    assert_str(found(STR("/a/lookup"), ROUTE_GET), STR("no method"));
}

static void other_paths_find_nothing(void **state)
{
    (void)state;
    assert_str(found(STR("/a"), ROUTE_GET), STR("nothing"));
    assert_str(found(STR("/a/"), ROUTE_GET), STR("nothing"));
    assert_str(found(STR("/a/1/"), ROUTE_GET), STR("nothing"));
    assert_str(found(STR("/a//b/2"), ROUTE_GET), STR("nothing"));
    assert_str(found(STR("*"), ROUTE_GET), STR("nothing"));
    assert_str(found(STR("/1/2/3/4/5/6/7/8/9/10/11"), ROUTE_GET), STR("nothing"));
}

static void allow_names_what_a_path_takes(void **state)
{
    struct router_match match;
    (void)state;
    router_find(&fixture.router, STR("/a/1"), &match);
    assert_str(router_allow(match.entry, &fixture.arena), STR("GET, HEAD, PATCH, OPTIONS"));
    router_find(&fixture.router, STR("/a/lookup"), &match);
    assert_str(router_allow(match.entry, &fixture.arena), STR("POST, OPTIONS"));
}

#define WITH_ROUTER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ROUTER(a_path_finds_its_row),          WITH_ROUTER(what_stands_in_a_place_is_given),
        WITH_ROUTER(a_literal_goes_before_a_place), WITH_ROUTER(other_paths_find_nothing),
        WITH_ROUTER(allow_names_what_a_path_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
