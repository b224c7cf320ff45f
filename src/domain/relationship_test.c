#include "domain/relationship.h"

#include <stdio.h>

#include "tree_builder.h"
#include "unit.h"

static struct tree_builder builder;
static struct error error;

/* ---- input ---- */

static struct str id, other;
static struct json_value *body;

static enum status parse(const char *text)
{
    return relationship_parse(tree_builder_json(&builder, text), &builder.arena, &id, &other, &body,
                              &error);
}

static void a_relationship_is_read_with_its_dates(void **state)
{
    (void)state;
    assert_int_equal(parse("{\"type\":\"PARENT_OF\",\"customerId\":\"B\",\"from\":\"2020-01-01\"}"),
                     STATUS_OK);
    assert_true(str_equal(other, STR("B")));
    assert_true(str_is_none(id));
    assert_string_equal(tree_builder_text(&builder, body),
                        "{\"type\":\"PARENT_OF\",\"from\":\"2020-01-01\",\"to\":null}");
    assert_false(relationship_is_current(body, STR("2019-12-31")));
    assert_true(relationship_is_current(body, STR("2020-01-01")));
    assert_true(relationship_is_current(body, STR("2999-01-01")));
}

static void mistakes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum status status;
        const char *field;
    } cases[] = {
        {"[]", STATUS_INVALID_VALUE, ""},
        {"{\"customerId\":\"B\"}", STATUS_REQUIRED_FIELD, "type"},
        {"{\"type\":\"PARENT_OF\"}", STATUS_REQUIRED_FIELD, "customerId"},
        {"{\"type\":\"FRIEND_OF\",\"customerId\":\"B\"}", STATUS_INVALID_VALUE, "type"},
        {"{\"type\":\"PARENT_OF\",\"customerId\":\"B\",\"from\":\"2020-13-01\"}",
         STATUS_INVALID_VALUE, "from"},
        {"{\"type\":\"PARENT_OF\",\"customerId\":\"B\",\"from\":\"2020-02-01\",\"to\":"
         "\"2020-01-01\"}",
         STATUS_INVALID_VALUE, "to"},
        {"{\"type\":\"PARENT_OF\",\"customerId\":\"B\",\"since\":\"x\"}", STATUS_UNKNOWN_FIELD,
         "since"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(parse(cases[i].text), cases[i].status);
        assert_string_equal(error.field, cases[i].field);
    }
}

static void every_type_reads_back_from_the_other_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < relationship_type_count; i++) {
        const struct relationship_type *type = &relationship_types[i];
        const struct relationship_type *inverse = relationship_type_find(type->inverse);
        assert_non_null(inverse);
        assert_true(str_equal(inverse->inverse, type->name));
        assert_int_equal(inverse->hierarchical, type->hierarchical);
    }
    assert_null(relationship_type_find(STR("FRIEND_OF")));
}

static void parent_and_subsidiary_are_two_readings_of_one_edge(void **state)
{
    (void)state;
    struct hierarchy_edge edge;
    assert_true(relationship_edge(STR("PARENT_OF"), STR("A"), STR("B"), &edge));
    assert_true(str_equal(edge.parent, STR("A")) && str_equal(edge.child, STR("B")));
    assert_true(relationship_edge(STR("SUBSIDIARY_OF"), STR("B"), STR("A"), &edge));
    assert_true(str_equal(edge.parent, STR("A")) && str_equal(edge.child, STR("B")));
    assert_false(relationship_edge(STR("PARTNER_OF"), STR("A"), STR("B"), &edge));
}

static void only_the_latest_word_about_a_relationship_counts(void **state)
{
    (void)state;
    tree_builder_home(&builder, "A", NULL, 0);
    tree_builder_home(&builder, "B", "A", 5);
    tree_builder_fact(&builder, FACT_RELATIONSHIP, "A", "crm", "R1", 10,
                      "{\"type\":\"PARENT_OF\"}");
    tree_builder_fact(&builder, FACT_RELATIONSHIP, "B", "crm", "R1", 11,
                      "{\"type\":\"PARTNER_OF\"}");
    tree_builder_fact(&builder, FACT_RELATIONSHIP, "A", "crm", "R2", 12,
                      "{\"type\":\"PARENT_OF\"}");
    tree_builder_fact(&builder, FACT_RELATIONSHIP, "A", "crm", "R1", 13, "{\"removed\":true}");
    tree_builder_fact(&builder, FACT_RELATIONSHIP, "A", "crm", "R2", 14, "{\"type\":\"EMPLOYS\"}");
    const struct tree *tree = tree_builder_tree(&builder);
    const struct fact **current;
    size_t count;
    assert_int_equal(
        relationship_current_facts(tree->facts, tree->fact_count, &builder.arena, &current, &count),
        STATUS_OK);
    assert_int_equal(count, 2);
    assert_true(str_equal(current[0]->home, STR("B")));
    assert_true(str_equal(json_text(json_get(current[1]->body, STR("type"))), STR("EMPLOYS")));
}

/* ---- hierarchies ---- */

static struct hierarchy_edge edge(const char *parent, const char *child, const char *name,
                                  instant when)
{
    return (struct hierarchy_edge){.parent = str_from_cstr(parent),
                                   .child = str_from_cstr(child),
                                   .relationship_id = str_from_cstr(name),
                                   .recorded_at = when};
}

static void the_latest_edge_of_a_cycle_gives_way(void **state)
{
    (void)state;
    struct hierarchy_edge edges[] = {edge("C", "A", "r3", 30), edge("A", "B", "r1", 10),
                                     edge("B", "C", "r2", 20), edge("A", "D", "r4", 40)};
    assert_int_equal(hierarchy_suspend_cycles(edges, 4, &builder.arena), STATUS_OK);
    assert_true(edges[0].suspended);
    assert_false(edges[1].suspended || edges[2].suspended || edges[3].suspended);
}

static void at_the_same_time_the_greater_id_gives_way(void **state)
{
    (void)state;
    struct hierarchy_edge edges[] = {edge("B", "A", "r2", 10), edge("A", "B", "r1", 10)};
    assert_int_equal(hierarchy_suspend_cycles(edges, 2, &builder.arena), STATUS_OK);
    assert_true(edges[0].suspended);
    assert_false(edges[1].suspended);
}

static void an_edge_from_a_customer_to_itself_is_suspended(void **state)
{
    (void)state;
    struct hierarchy_edge edges[] = {edge("A", "A", "r1", 10)};
    assert_int_equal(hierarchy_suspend_cycles(edges, 1, &builder.arena), STATUS_OK);
    assert_true(edges[0].suspended);
    assert_int_equal(hierarchy_suspend_cycles(edges, 0, &builder.arena), STATUS_OK);
}

static bool would_cycle(const struct hierarchy_edge *edges, size_t count, const char *parent,
                        const char *child)
{
    bool cycle = false;
    assert_int_equal(hierarchy_would_cycle(edges, count, str_from_cstr(parent),
                                           str_from_cstr(child), &builder.arena, &cycle),
                     STATUS_OK);
    return cycle;
}

static void a_new_edge_that_closes_a_cycle_is_seen(void **state)
{
    (void)state;
    struct hierarchy_edge edges[] = {edge("A", "B", "r1", 10), edge("B", "C", "r2", 20),
                                     edge("D", "A", "r3", 30)};
    assert_true(would_cycle(edges, 3, "C", "A"));
    assert_true(would_cycle(edges, 3, "C", "D"));
    assert_true(would_cycle(edges, 3, "A", "A"));
    assert_false(would_cycle(edges, 3, "A", "C"));
    assert_false(would_cycle(edges, 3, "C", "E"));
    edges[1].suspended = true;
    assert_false(would_cycle(edges, 3, "C", "A"));
    assert_false(would_cycle(edges, 0, "A", "B"));
}

/* Every customer of a layer is the parent of both of the next: 2^200 ways down. */
static void many_ways_down_cost_no_time(void **state)
{
    (void)state;
    enum { LAYERS = 200 };
    static struct hierarchy_edge edges[LAYERS * 4];
    static char names[LAYERS + 1][2][16];
    for (int i = 0; i <= LAYERS; i++)
        for (int k = 0; k < 2; k++)
            (void)snprintf(names[i][k], sizeof(names[i][k]), "%d%c", i, 'a' + k);
    for (int i = 0; i < LAYERS * 4; i++)
        edges[i] = edge(names[i / 4][i / 2 % 2], names[i / 4 + 1][i % 2], names[i / 4][0], i);
    assert_int_equal(hierarchy_suspend_cycles(edges, LAYERS * 4, &builder.arena), STATUS_OK);
    for (int i = 0; i < LAYERS * 4; i++) assert_false(edges[i].suspended);
    assert_true(would_cycle(edges, LAYERS * 4, "200a", "0b"));
    assert_false(would_cycle(edges, LAYERS * 4, "0a", "0b"));
}

int main(void)
{
#define TEST(name)                                                                                 \
    cmocka_unit_test_prestate_setup_teardown(name, tree_builder_set_up, tree_builder_tear_down,    \
                                             &builder)
    const struct CMUnitTest tests[] = {
        TEST(a_relationship_is_read_with_its_dates),
        TEST(mistakes_are_named),
        TEST(every_type_reads_back_from_the_other_end),
        TEST(parent_and_subsidiary_are_two_readings_of_one_edge),
        TEST(only_the_latest_word_about_a_relationship_counts),
        TEST(the_latest_edge_of_a_cycle_gives_way),
        TEST(at_the_same_time_the_greater_id_gives_way),
        TEST(an_edge_from_a_customer_to_itself_is_suspended),
        TEST(a_new_edge_that_closes_a_cycle_is_seen),
        TEST(many_ways_down_cost_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
