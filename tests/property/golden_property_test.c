/* The laws of the golden record over random trees, facts and policies, and of the patches that are
 * made against it. */
#include "domain/golden.h"

#include <stdlib.h>

#include "domain/profile.h"
#include "property.h"
#include "unit.h"

enum { HOMES_MAX = 5, FACTS_MAX = 24, TIME_MAX = 30 };

struct world {
    struct home homes[HOMES_MAX];
    size_t home_count;
    struct fact facts[FACTS_MAX];
    size_t fact_count;
};

static const struct str home_names[HOMES_MAX] = {STR("A"), STR("B"), STR("C"), STR("D"), STR("E")};
static const struct str sources[] = {STR("crm"), STR("erp"), STR("web")};

/* ---- generating ---- */

static struct json_value parsed(struct property *p, struct str text)
{
    struct json_value *value;
    if (json_parse(text, p->arena, &value, NULL) != STATUS_OK) abort();
    return *value;
}

static struct str written(struct property *p, const struct json_value *value)
{
    struct buffer out = {.arena = p->arena};
    struct json_writer writer = {.out = &out};
    json_write(&writer, value);
    if (buffer_failed(&out)) abort();
    return buffer_str(&out);
}

static void set(struct property *p, struct json_value *object, struct str name,
                struct json_value value)
{
    if (!json_object_set(object, name, value, p->arena)) abort();
}

/* Values by field, as JSON; few, so that they meet. All are in normal form. */
struct choice {
    struct str field;
    const char *const *values;
    size_t count;
};
#define CHOICE(name, ...)                                                                          \
    {                                                                                              \
        STR(name), (const char *const[]){__VA_ARGS__},                                             \
            sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)                            \
    }

static const struct choice scalars[] = {
    CHOICE("name", "\"Acme\"", "\"Acme Corp\"", "\"Zeta\""),
    CHOICE("kind", "\"ORGANIZATION\"", "\"PERSON\""),
    CHOICE("status", "\"ACTIVE\"", "\"INACTIVE\"", "\"ON_HOLD\""),
    CHOICE("segment", "\"GOLD\"", "\"SILVER\"", "null"),
    CHOICE("website", "\"acme.example\"", "\"https://www.acme.example\"", "null"),
    CHOICE("language", "\"de\"", "\"en-GB\"", "null"),
};
static const struct choice lists[] = {
    CHOICE("emails", "\"a@x.example\"", "\"A@x.example\"", "\"b@x.example\"", "\"c@x.example\""),
    CHOICE("phones", "\"+49301\"", "\"0049301\"", "\"+49302\""),
    CHOICE("identifiers", "{\"type\":\"VAT\",\"value\":\"DE 1\"}",
           "{\"type\":\"VAT\",\"value\":\"DE1\"}", "{\"type\":\"DUNS\",\"value\":\"1\"}"),
    CHOICE("addresses", "{\"line1\":\"Main St 1\",\"city\":\"Ulm\"}",
           "{\"line1\":\"main st. 1\",\"city\":\"Ulm\"}", "{\"line1\":\"Elm St 2\"}"),
};
static const struct choice preferences[] = {
    CHOICE("theme", "\"dark\"", "\"light\"", "null"),
    CHOICE("limit", "1", "2", "null"),
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct json_value draw_value(struct property *p, const struct choice *choice)
{
    return parsed(p, str_from_cstr(choice->values[property_choice(p, choice->count)]));
}

static struct json_value draw_list(struct property *p, const struct choice *choice)
{
    struct json_value list = json_make_array();
    for (size_t n = 0; property_more(p, n, 2, 4); n++)
        if (!json_array_add(&list, draw_value(p, choice), p->arena)) abort();
    return list;
}

/* Members that a client could send, or a source assert. */
static struct json_value draw_members(struct property *p)
{
    struct json_value body = json_make_object();
    for (size_t n = 0; property_more(p, n, 3, 8); n++) {
        size_t which = property_choice(p, COUNT(scalars) + COUNT(lists) + COUNT(preferences));
        if (which < COUNT(scalars)) {
            set(p, &body, scalars[which].field, draw_value(p, &scalars[which]));
        } else if (which < COUNT(scalars) + COUNT(lists)) {
            const struct choice *choice = &lists[which - COUNT(scalars)];
            set(p, &body, choice->field, draw_list(p, choice));
        } else {
            const struct choice *choice = &preferences[which - COUNT(scalars) - COUNT(lists)];
            struct json_value map = json_make_object();
            set(p, &map, choice->field, draw_value(p, choice));
            set(p, &body, STR("preferences"), map);
        }
    }
    return body;
}

static void draw_acts_on_lists(struct property *p, struct json_value *body)
{
    static const struct str acts[] = {STR("retract"), STR("order")};
    for (size_t i = 0; i < COUNT(acts); i++) {
        if (!property_chance(p, 30)) continue;
        const struct choice *choice = &lists[property_choice(p, COUNT(lists))];
        struct json_value named = json_make_object();
        set(p, &named, choice->field, draw_list(p, choice));
        set(p, body, acts[i], named);
    }
}

static struct json_value draw_contact(struct property *p)
{
    static const char *const bodies[] = {"{\"name\":\"Jane\"}", "{\"email\":\"j@x.example\"}",
                                         "{\"email\":null}", "{\"removed\":true}"};
    return parsed(p, str_from_cstr(PROPERTY_PICK(p, bodies)));
}

static void draw_fact(struct property *p, struct world *world, size_t homes)
{
    bool contact = property_chance(p, 20);
    int64_t recorded = property_between(p, 1, TIME_MAX);
    struct fact *fact = &world->facts[world->fact_count++];
    *fact = (struct fact){.home = home_names[property_choice(p, homes)],
                          .kind = contact ? FACT_CONTACT : FACT_ASSERTION,
                          .subject = contact ? STR("C1") : STR(""),
                          .source = PROPERTY_PICK(p, sources),
                          .observed_at = property_between(p, 1, recorded),
                          .recorded_at = recorded,
                          .body = ARENA_NEW(p->arena, struct json_value)};
    if (!fact->body) abort();
    *fact->body = contact ? draw_contact(p) : draw_members(p);
    if (!contact) draw_acts_on_lists(p, fact->body);
    if (property_narrating(p))
        property_note(p, "%.*s of %.*s observed %d recorded %d: %.*s", STR_ARGS(fact->source),
                      STR_ARGS(fact->home), (int)fact->observed_at, (int)recorded,
                      STR_ARGS(written(p, fact->body)));
}

static void draw_world(struct property *p, struct world *world)
{
    *world = (struct world){.home_count = (size_t)property_between(p, 1, HOMES_MAX)};
    for (size_t i = 0; i < world->home_count; i++) {
        int32_t parent = i == 0 ? -1 : (int32_t)property_choice(p, i);
        instant joined = i == 0 ? INSTANT_NONE : property_between(p, 1, TIME_MAX);
        world->homes[i] =
            (struct home){.customer_id = home_names[i], .parent = parent, .joined_at = joined};
        if (i > 0)
            property_note(p, "%.*s is in %.*s since %d", STR_ARGS(home_names[i]),
                          STR_ARGS(home_names[parent]), (int)joined);
    }
    for (size_t n = 0; property_more(p, n, 6, FACTS_MAX - 2); n++)
        draw_fact(p, world, world->home_count);
}

static const struct policy *draw_policy(struct property *p)
{
    static const char *const rules[] = {"mostRecent", "mostTrusted", "mostFrequent", "longest"};
    const struct policy *policy;
    struct str text = arena_format(
        p->arena, "{\"trust\":{\"erp\":%d,\"*\":1},\"fields\":{\"*\":\"%s\",\"emails\":\"%s\"}}",
        (int)property_between(p, 1, 2), PROPERTY_PICK(p, rules), PROPERTY_PICK(p, rules));
    struct json_value json = parsed(p, text);
    if (policy_parse(&json, p->arena, &policy, NULL) != STATUS_OK) abort();
    property_note(p, "policy %.*s", STR_ARGS(text));
    return policy;
}

static struct golden golden_of(struct property *p, struct world *world, const struct policy *policy)
{
    struct tree tree = {world->homes, world->home_count, world->facts, world->fact_count, 0};
    struct golden golden;
    tree_sort(&tree);
    /* Values point into the facts, which a later call may sort anew: the texts are what counts. */
    if (golden_record(&tree, policy, p->arena, &golden) != STATUS_OK) abort();
    return golden;
}

static struct str document_of(struct property *p, struct world *world, const struct policy *policy)
{
    struct golden golden = golden_of(p, world, policy);
    struct profile_stamp stamp = {STR("A"), 1, 0, 0};
    struct buffer out = {.arena = p->arena};
    golden_write(&golden, &stamp, &out);
    for (size_t i = 0; i < golden.provenance_count; i++) {
        const struct fact *fact = golden.provenance[i].fact;
        buffer_append_format(&out, "\n%.*s %.*s %d", STR_ARGS(golden.provenance[i].path),
                             fact ? (int)fact->home.len : 0, fact ? fact->home.ptr : "",
                             fact ? (int)fact->recorded_at : -1);
    }
    if (buffer_failed(&out)) abort();
    return buffer_str(&out);
}

static void shuffle(struct property *p, struct world *world)
{
    for (size_t i = world->fact_count; i > 1; i--) {
        size_t other = property_choice(p, i);
        struct fact fact = world->facts[i - 1];
        world->facts[i - 1] = world->facts[other];
        world->facts[other] = fact;
    }
}

/* ---- laws of the record ---- */

static bool the_order_of_facts_does_not_matter(struct property *p, void *context)
{
    (void)context;
    struct world world;
    draw_world(p, &world);
    const struct policy *policy = draw_policy(p);
    struct world shuffled = world;
    shuffle(p, &shuffled);
    struct str one = document_of(p, &world, policy), other = document_of(p, &shuffled, policy);
    PROPERTY_REQUIRE(p, str_equal(one, other), "%.*s\nis not\n%.*s", STR_ARGS(one),
                     STR_ARGS(other));
    return true;
}

static void the_record_does_not_depend_on_the_order_of_the_facts(void **state)
{
    (void)state;
    property_check("the order of the facts does not matter", the_order_of_facts_does_not_matter,
                   NULL, 10000);
}

/* What was observed at different times may be told in any order. */
static bool the_order_of_telling_does_not_matter(struct property *p, void *context)
{
    (void)context;
    struct world world = {.home_count = 1, .homes = {{.customer_id = STR("A"), .parent = -1}}};
    for (size_t n = 0; property_more(p, n, 6, FACTS_MAX - 2); n++) {
        draw_fact(p, &world, 1);
        world.facts[n].observed_at = (instant)n;
        if (world.facts[n].kind != FACT_CONTACT) continue;
        /* Contacts are told in order: drop it. */
        *world.facts[n].body = json_make_object();
        world.facts[n].kind = FACT_ASSERTION;
    }
    const struct policy *policy = draw_policy(p);
    struct golden golden = golden_of(p, &world, policy);
    struct str before = written(p, golden.attributes);
    shuffle(p, &world);
    for (size_t i = 0; i < world.fact_count; i++) world.facts[i].recorded_at = 100 + (instant)i;
    golden = golden_of(p, &world, policy);
    struct str after = written(p, golden.attributes);
    PROPERTY_REQUIRE(p, str_equal(before, after), "%.*s\nis not\n%.*s", STR_ARGS(before),
                     STR_ARGS(after));
    return true;
}

static void the_record_does_not_depend_on_the_order_of_arrival(void **state)
{
    (void)state;
    property_check("the order in which facts are told does not matter",
                   the_order_of_telling_does_not_matter, NULL, 10000);
}

static struct str status_of(struct property *p, struct world *world)
{
    struct golden golden = golden_of(p, world, policy_default());
    return golden_summarise(&golden).status;
}

/* Two trees, then one under the other, at a time after all that was recorded. */
static bool a_merge_lifts_no_hold(struct property *p, void *context)
{
    (void)context;
    struct world world, first, second;
    draw_world(p, &world);
    size_t split = 1 + property_choice(p, world.home_count);
    for (size_t i = split; i < world.home_count; i++)
        if (world.homes[i].parent < (int32_t)split && i != split)
            world.homes[i].parent = (int32_t)split;
    first = second = world;
    first.home_count = split;
    second.home_count = world.home_count - split;
    for (size_t i = 0; i < second.home_count; i++) {
        second.homes[i] = world.homes[split + i];
        second.homes[i].parent -= (int32_t)split;
    }
    if (second.home_count == 0) return true;
    second.homes[0].parent = -1;
    world.homes[split].parent = 0;
    world.homes[split].joined_at = TIME_MAX + 1;
    bool held = str_equal(status_of(p, &first), STR("ON_HOLD")) ||
                str_equal(status_of(p, &second), STR("ON_HOLD"));
    bool holds = str_equal(status_of(p, &world), STR("ON_HOLD"));
    PROPERTY_REQUIRE(p, held == holds, "%s before, %s after; split at %zu",
                     held ? "on hold" : "not on hold", holds ? "on hold" : "not on hold", split);
    return true;
}

static void a_merge_never_lifts_a_hold(void **state)
{
    (void)state;
    property_check("a merge lifts no hold and makes none", a_merge_lifts_no_hold, NULL, 10000);
}

/* ---- laws of patches ---- */

static struct json_value draw_patch(struct property *p)
{
    struct json_value patch = draw_members(p);
    for (size_t i = 0; i < COUNT(lists); i++)
        if (property_chance(p, 5)) set(p, &patch, lists[i].field, json_make_null());
    property_note(p, "patch %.*s", STR_ARGS(written(p, &patch)));
    return patch;
}

/* RFC 7396 on the attributes, lists in the form that the profile keeps. */
static struct json_value patched_by_hand(struct property *p, const struct json_value *current,
                                         const struct json_value *patch)
{
    struct json_value result = json_make_object();
    struct profile_input input;
    struct json_value whole = *json_copy(patch, p->arena);
    if (!json_get(&whole, STR("name"))) set(p, &whole, STR("name"), json_make_string(STR("x")));
    if (profile_parse_create(&whole, p->arena, &input, NULL) != STATUS_OK) abort();
    for (size_t i = 0; i < profile_field_count; i++) {
        const struct profile_field *field = &profile_fields[i];
        const struct json_value *before = json_get(current, field->name);
        const struct json_value *wanted = json_get(patch, field->name);
        bool is_list = field->shape == SHAPE_TEXT_LIST || field->shape == SHAPE_OBJECT_LIST;
        if (!wanted) {
            if (before) set(p, &result, field->name, *before);
        } else if (wanted->type == JSON_NULL) {
            if (is_list) set(p, &result, field->name, json_make_array());
        } else if (field->shape == SHAPE_MAP) {
            struct json_value map = json_make_object();
            for (size_t k = 0; k < COUNT(preferences); k++) {
                /* In the order of the keys, as the record shows them. */
                struct str key = preferences[COUNT(preferences) - 1 - k].field;
                const struct json_value *value = json_get(wanted, key);
                if (!value) value = json_get(before, key);
                if (value && value->type != JSON_NULL) set(p, &map, key, *value);
            }
            set(p, &result, field->name, map);
        } else {
            set(p, &result, field->name, *json_get(input.assertion, field->name));
        }
    }
    return result;
}

static void record_patch(struct world *world, struct json_value *assertion, instant when)
{
    world->facts[world->fact_count++] = (struct fact){.home = STR("A"),
                                                      .kind = FACT_ASSERTION,
                                                      .subject = STR(""),
                                                      .source = SOURCE_CRM,
                                                      .observed_at = when,
                                                      .recorded_at = when,
                                                      .body = assertion};
}

static bool a_patch_leads_to_the_patched_state(struct property *p, void *context)
{
    (void)context;
    struct world world;
    struct json_value *assertion, *again;
    draw_world(p, &world);
    struct golden before = golden_of(p, &world, policy_default());
    struct json_value current = *json_copy(before.attributes, p->arena);
    struct json_value patch = draw_patch(p);
    if (profile_parse_patch(&patch, &current, p->arena, &assertion, NULL) != STATUS_OK) abort();
    struct json_value expected = patched_by_hand(p, &current, &patch);
    if (!profile_assertion_is_empty(assertion)) record_patch(&world, assertion, 1000);
    struct golden golden = golden_of(p, &world, policy_default());
    struct str is = written(p, golden.attributes), should_be = written(p, &expected);
    PROPERTY_REQUIRE(p, str_equal(is, should_be), "%.*s\nshould be\n%.*s\nby %.*s", STR_ARGS(is),
                     STR_ARGS(should_be), STR_ARGS(written(p, assertion)));
    if (profile_parse_patch(&patch, golden.attributes, p->arena, &again, NULL) != STATUS_OK)
        abort();
    PROPERTY_REQUIRE(p, profile_assertion_is_empty(again), "the same patch again asserts %.*s",
                     STR_ARGS(written(p, again)));
    return true;
}

static void a_patch_leads_exactly_to_the_patched_state(void **state)
{
    (void)state;
    property_check("a patch's assertion leads to the patched state, and once is enough",
                   a_patch_leads_to_the_patched_state, NULL, 20000);
}

static int by_value(const void *a, const void *b)
{
    return json_compare(a, b);
}

/* As the home A shows itself, after its facts of `world` and one more; the order of a list aside,
 * in which what was said last stands first. */
static struct str alone_with(struct property *p, const struct world *world,
                             struct json_value *assertion, const struct policy *policy)
{
    struct world alone = *world;
    alone.home_count = 1;
    alone.fact_count = 0;
    for (size_t i = 0; i < world->fact_count; i++)
        if (str_equal(world->facts[i].home, STR("A")))
            alone.facts[alone.fact_count++] = world->facts[i];
    if (!profile_assertion_is_empty(assertion)) record_patch(&alone, assertion, 1000);
    struct json_value *shown = json_copy(golden_of(p, &alone, policy).attributes, p->arena);
    for (size_t i = 0; i < shown->count; i++) {
        struct json_value *list = &shown->members[i].value;
        if (list->type == JSON_ARRAY && list->count > 1)
            qsort(list->items, list->count, sizeof(*list->items), by_value);
    }
    return written(p, shown);
}

static bool a_patch_is_split(struct property *p, void *context)
{
    (void)context;
    struct world world;
    struct json_value *assertion, *news, *rest, *none, *again;
    draw_world(p, &world);
    struct golden shown = golden_of(p, &world, policy_default());
    struct json_value patch = draw_patch(p);
    if (profile_parse_patch(&patch, shown.attributes, p->arena, &assertion, NULL) != STATUS_OK)
        abort();
    struct json_value alone = parsed(p, alone_with(p, &world, NULL, policy_default()));
    if (profile_split_assertion(assertion, &alone, p->arena, &news, &rest) != STATUS_OK) abort();
    struct str whole = alone_with(p, &world, assertion, policy_default());
    struct str part = alone_with(p, &world, news, policy_default());
    PROPERTY_REQUIRE(p, str_equal(whole, part),
                     "the home alone would show\n%.*s\nand shows\n%.*s\nby %.*s", STR_ARGS(whole),
                     STR_ARGS(part), STR_ARGS(written(p, news)));
    if (profile_split_assertion(rest, &alone, p->arena, &none, &again) != STATUS_OK) abort();
    PROPERTY_REQUIRE(p, profile_assertion_is_empty(none) && json_equal(again, rest),
                     "there is news in %.*s", STR_ARGS(written(p, rest)));
    return true;
}

static void a_patch_of_a_merged_customer_is_split_by_its_home(void **state)
{
    (void)state;
    property_check("what a patch of a merged customer is to its home alone", a_patch_is_split, NULL,
                   20000);
}

static bool normal_form_is_normal(struct property *p, void *context)
{
    (void)context;
    struct json_value body = draw_members(p);
    struct profile_input once, twice;
    set(p, &body, STR("name"), json_make_string(STR("Acme")));
    if (profile_parse_create(&body, p->arena, &once, NULL) != STATUS_OK) abort();
    PROPERTY_REQUIRE(p, profile_parse_create(once.assertion, p->arena, &twice, NULL) == STATUS_OK,
                     "refused: %.*s", STR_ARGS(written(p, once.assertion)));
    PROPERTY_REQUIRE(p, json_equal(once.assertion, twice.assertion), "%.*s became %.*s",
                     STR_ARGS(written(p, once.assertion)), STR_ARGS(written(p, twice.assertion)));
    return true;
}

static void what_was_accepted_once_is_accepted_unchanged(void **state)
{
    (void)state;
    property_check("a normalised body is its own normal form", normal_form_is_normal, NULL, 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_record_does_not_depend_on_the_order_of_the_facts),
        cmocka_unit_test(the_record_does_not_depend_on_the_order_of_arrival),
        cmocka_unit_test(a_merge_never_lifts_a_hold),
        cmocka_unit_test(a_patch_leads_exactly_to_the_patched_state),
        cmocka_unit_test(a_patch_of_a_merged_customer_is_split_by_its_home),
        cmocka_unit_test(what_was_accepted_once_is_accepted_unchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
