#include "domain/tree.h"

#include "tree_builder.h"
#include "unit.h"

static struct tree_builder builder;

static int set_up(void **state)
{
    (void)tree_builder_set_up(state);
    tree_builder_home(&builder, "A", NULL, 0);
    tree_builder_home(&builder, "B", "A", 50);
    tree_builder_home(&builder, "C", "B", 30);
    return 0;
}

static void facts_come_into_one_order_whatever_order_they_came_in(void **state)
{
    (void)state;
    tree_builder_assert(&builder, "B", "crm", 20, "{\"name\":\"3\"}");
    tree_builder_fact(&builder, FACT_CONTACT, "A", "crm", "X", 20, "{\"name\":\"2\"}");
    tree_builder_assert(&builder, "A", "crm", 20, "{\"name\":\"1\"}");
    tree_builder_assert(&builder, "C", "crm", 10, "{\"name\":\"0\"}");
    const struct tree *tree = tree_builder_tree(&builder);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(json_text(json_get(tree->facts[i].body, STR("name"))).ptr[0], '0' + i);
}

static void homes_are_found_by_their_id(void **state)
{
    (void)state;
    const struct tree *tree = tree_builder_tree(&builder);
    assert_int_equal(tree_find_home(tree, STR("A")), 0);
    assert_int_equal(tree_find_home(tree, STR("C")), 2);
    assert_int_equal(tree_find_home(tree, STR("D")), -1);
}

static void a_home_always_speaks_for_itself(void **state)
{
    (void)state;
    assert_true(tree_speaks_for(tree_builder_tree(&builder), 2, 2, 0));
}

static void an_ancestor_speaks_once_every_edge_is_there(void **state)
{
    (void)state;
    const struct tree *tree = tree_builder_tree(&builder);
    assert_false(tree_speaks_for(tree, 1, 2, 29));
    assert_true(tree_speaks_for(tree, 1, 2, 30));
    assert_false(tree_speaks_for(tree, 0, 2, 49));
    assert_true(tree_speaks_for(tree, 0, 2, 50));
}

static void a_descendant_does_not_speak_for_an_ancestor(void **state)
{
    (void)state;
    const struct tree *tree = tree_builder_tree(&builder);
    assert_false(tree_speaks_for(tree, 2, 0, 1000));
    assert_false(tree_speaks_for(tree, 1, 0, 1000));
}

static void kinds_of_facts_have_names(void **state)
{
    (void)state;
    enum fact_kind kind;
    for (int i = 0; i < FACT_KIND_COUNT; i++) {
        assert_true(fact_kind_parse(fact_kind_name((enum fact_kind)i), &kind));
        assert_int_equal(kind, i);
    }
    assert_false(fact_kind_parse(STR("RUMOUR"), &kind));
    assert_true(str_is_none(fact_kind_name(FACT_KIND_COUNT)));
}

int main(void)
{
#define TEST(name)                                                                                 \
    cmocka_unit_test_prestate_setup_teardown(name, set_up, tree_builder_tear_down, &builder)
    const struct CMUnitTest tests[] = {
        TEST(facts_come_into_one_order_whatever_order_they_came_in),
        TEST(homes_are_found_by_their_id),
        TEST(a_home_always_speaks_for_itself),
        TEST(an_ancestor_speaks_once_every_edge_is_there),
        TEST(a_descendant_does_not_speak_for_an_ancestor),
        TEST(kinds_of_facts_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
