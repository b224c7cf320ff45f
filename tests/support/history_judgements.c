/* The law that judgements stand: see history_laws.h. */
#include "history_worlds.h"

#include <string.h>

#include "application/review_list.h"

/* Survivors as of now, and what is expected of pairs of them. */
struct expectation {
    size_t roots[HISTORY_CUSTOMERS_MAX];
    bool apart[HISTORY_CUSTOMERS_MAX][HISTORY_CUSTOMERS_MAX];
    size_t open[HISTORY_CUSTOMERS_MAX][HISTORY_CUSTOMERS_MAX]; /* items that are found */
    size_t items[HISTORY_CUSTOMERS_MAX][HISTORY_CUSTOMERS_MAX];
};

static bool expect(struct history_world *world, struct property *property, size_t customers,
                   struct expectation *expected)
{
    *expected = (struct expectation){0};
    for (size_t i = 0; i < customers; i++)
        PROPERTY_REQUIRE(property, history_root(world, i, &expected->roots[i]) == STATUS_OK,
                         "C%zu has no survivor", i);
    for (size_t i = 0; i < world->apart_count; i++) {
        size_t a = expected->roots[world->apart[i].a], b = expected->roots[world->apart[i].b];
        expected->apart[a][b] = expected->apart[b][a] = true;
    }
    return true;
}

static size_t home_of(const struct json_value *item, size_t side)
{
    const struct json_value *sides = json_get(item, STR("customers"));
    int64_t index = 0;
    struct str home = json_text(json_get(&sides->items[side], STR("homeId")));
    return str_to_int64(str_skip(home, 1), &index) ? (size_t)index : 0;
}

static bool item_is_right(struct property *property, const struct json_value *item,
                          struct expectation *expected)
{
    size_t a = expected->roots[home_of(item, 0)], b = expected->roots[home_of(item, 1)];
    struct str state = json_text(json_get(item, STR("state")));
    bool open = str_equal(state, STR("OPEN"));
    const struct json_value *sides = json_get(item, STR("customers"));
    struct history_id id = history_id(a);
    PROPERTY_REQUIRE(
        property,
        str_equal(json_text(json_get(&sides->items[0], STR("customerId"))), str_from_cstr(id.text)),
        "an item does not show the survivor C%zu", a);
    if (a == b || expected->apart[a][b]) {
        struct str wanted = a == b ? STR("MERGED") : STR("NOT_DUPLICATE");
        PROPERTY_REQUIRE(property, str_equal(state, wanted), "about C%zu and C%zu: %.*s, not %.*s",
                         a, b, STR_ARGS(state), STR_ARGS(wanted));
        return true;
    }
    PROPERTY_REQUIRE(property, open || str_equal(state, STR("REPEATED")),
                     "nobody told C%zu and C%zu apart, and the item is %.*s", a, b,
                     STR_ARGS(state));
    size_t low = a < b ? a : b, high = a < b ? b : a;
    expected->items[low][high]++;
    expected->open[low][high] += open;
    return true;
}

static bool queue_is_right(struct history_world *world, struct property *property, size_t customers,
                           const struct history_effect *effect)
{
    struct expectation expected;
    struct json_page page;
    struct json_value *body;
    struct error error;
    struct review_query query = {.limit = 500};
    if (!expect(world, property, customers, &expected)) return false;
    PROPERTY_REQUIRE(property,
                     review_list(&world->application, &world->caller, &query, &world->arena, &page,
                                 &error) == STATUS_OK &&
                         json_parse(page.body, &world->arena, &body, &error) == STATUS_OK,
                     "the queue cannot be listed");
    const struct json_value *items = json_get(body, STR("items"));
    for (size_t i = 0; i < items->count; i++)
        if (!item_is_right(property, &items->items[i], &expected)) return false;
    for (size_t a = 0; a < customers; a++)
        for (size_t b = a + 1; b < customers; b++)
            PROPERTY_REQUIRE(property, expected.open[a][b] == (expected.items[a][b] > 0),
                             "%zu open items ask about C%zu and C%zu", expected.open[a][b], a, b);
    if (effect->step.kind != HISTORY_SUSPECT || !effect->changed) return true;
    size_t a = expected.roots[effect->step.customer], b = expected.roots[effect->step.other];
    size_t low = a < b ? a : b, high = a < b ? b : a;
    PROPERTY_REQUIRE(property, a == b || expected.apart[a][b] || expected.open[low][high] == 1,
                     "a suspicion about C%zu and C%zu is lost", a, b);
    return true;
}

static bool judgement_case(struct history_world *world, struct property *property, size_t steps)
{
    struct history history;
    struct history_options options = {.steps = steps, .merges = true};
    history_draw(property, &history, &options);
    if (!history_worlds_create(world, property, history.customer_count)) return false;
    for (size_t i = 0; i < history.count; i++) {
        struct history_effect effect;
        static const enum history_kind kinds[] = {HISTORY_SUSPECT, HISTORY_TELL_APART,
                                                  HISTORY_MERGE, HISTORY_UNMERGE};
        struct history_step step = history.steps[i];
        if (step.kind < HISTORY_SUSPECT) step.kind = kinds[step.value % 4]; /* all are about it */
        if (!history_take(world, property, &step, &effect)) return false;
        if (!queue_is_right(world, property, history.customer_count, &effect)) return false;
    }
    return true;
}

bool history_laws_judgements_stand(struct property *property, void *context)
{
    struct history_laws *laws = context;
    struct history_worlds worlds;
    history_worlds_open(&worlds, laws);
    bool held = judgement_case(&worlds.first, property, laws->steps);
    history_worlds_close(&worlds);
    return held;
}
