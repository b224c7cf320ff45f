#include "domain/tree.h"

#include "tree_builder.h"
#include "unit.h"

#include <time.h>

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

static void what_was_said_about_a_merge_counts_as_long_as_that(void **state)
{
    (void)state;
    struct tree remaining, restored;
    tree_builder_assert(&builder, "A", "crm", 60, "{\"name\":\"Acme\"}");
    tree_builder_assert(&builder, "A", "crm", 70, "{\"name\":\"Acme\",\"whileMerged\":true}");
    const struct tree *tree = tree_builder_tree(&builder);
    assert_true(tree_counts(tree, &tree->facts[0]));
    assert_true(tree_counts(tree, &tree->facts[1]));
    /* B goes with C: the act ends, and a new merge does not bring it back. */
    assert_int_equal(tree_split(tree, 1, &builder.arena, &remaining, &restored), STATUS_OK);
    assert_true(tree_counts(&remaining, &remaining.facts[0]));
    assert_false(tree_counts(&remaining, &remaining.facts[1]));
    struct tree again;
    assert_int_equal(tree_join(&remaining, &restored, 80, &builder.arena, &again), STATUS_OK);
    assert_false(tree_counts(&again, &again.facts[1]));
    /* C goes alone: B is still one of those that it was said for. */
    assert_int_equal(tree_split(tree, 2, &builder.arena, &remaining, &restored), STATUS_OK);
    assert_true(tree_counts(&remaining, &remaining.facts[1]));
}

static void a_home_alone_takes_room_for_its_own_facts(void **state)
{
    (void)state;
    enum { OTHERS = 900 };
    struct arena small;
    struct tree alone;
    for (int i = 0; i < OTHERS; i++) tree_builder_assert(&builder, "B", "crm", i, "{}");
    tree_builder_assert(&builder, "A", "crm", 20, "{\"name\":\"1\"}");
    tree_builder_fact(&builder, FACT_CONTACT, "A", "erp", "X", 30, "{\"name\":\"2\"}");
    tree_builder_last(&builder)->import_id = STR("I");
    tree_builder_fact(&builder, FACT_UNDO, "A", "crm", "I", 40, "{}");
    arena_init(&small, 3 * (sizeof(struct fact) + 16));
    assert_int_equal(tree_alone(tree_builder_tree(&builder), &small, &alone), STATUS_OK);
    assert_int_equal(alone.home_count, 1);
    assert_int_equal(alone.fact_count, 2);
    assert_int_equal(alone.undone_count, 1);
    assert_int_equal(alone.facts[0].recorded_at, 20);
    assert_int_equal(alone.facts[1].recorded_at, 40);
    assert_int_equal(alone.facts[2].recorded_at, 30);
    arena_release(&small);
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

/* ---- what an undo takes back ---- */

static void contact(const char *home, const char *id, const char *import_id, instant when)
{
    tree_builder_fact(&builder, FACT_CONTACT, home, "erp", id, when, "{\"name\":\"Jane\"}");
    if (import_id) tree_builder_last(&builder)->import_id = str_from_cstr(import_id);
}

static void undo(const char *home, const char *import_id, instant when)
{
    tree_builder_fact(&builder, FACT_UNDO, home, "crm", import_id, when, "{}");
}

static void an_undo_takes_back_what_the_import_said_in_its_home_alone(void **state)
{
    (void)state;
    contact("A", "X", "I", 10);
    contact("B", "Y", "I", 10);
    contact("A", "Z", "J", 11);
    undo("A", "I", 20);
    const struct tree *tree = tree_builder_tree(&builder);
    assert_int_equal(tree->fact_count, 3);
    assert_int_equal(tree->undone_count, 1);
    assert_true(str_equal(tree->facts[3].subject, STR("X")));
}

static void what_others_had_changed_before_the_undo_stays(void **state)
{
    (void)state;
    contact("A", "X", "I", 10);
    contact("A", "X", NULL, 15);
    contact("A", "Y", "I", 10);
    contact("A", "Y", "J", 15); /* is taken back itself */
    contact("A", "Z", "I", 10);
    contact("A", "Z", NULL, 50); /* only after the undo */
    contact("A", "W", NULL, 5);  /* the import did not bring it */
    contact("A", "W", "I", 10);
    undo("A", "I", 20);
    undo("A", "J", 30);
    const struct tree *tree = tree_builder_tree(&builder);
    assert_int_equal(tree->fact_count, 6);
    assert_int_equal(tree->undone_count, 4);
    assert_true(str_equal(tree->facts[1].subject, STR("X")) && tree->facts[1].recorded_at == 10);
    for (size_t i = 6; i < 10; i++) assert_false(str_equal(tree->facts[i].subject, STR("X")));
}

/* An import and its undo over and over leave a customer with tens of thousands of them. */
static void many_facts_that_were_taken_back_are_told_apart_at_once(void **state)
{
    (void)state;
    enum { ROUNDS = 300, CONTACTS = 200, EACH = CONTACTS + 1 };
    struct arena arena;
    arena_init(&arena, 256 << 20);
    struct home home = {.customer_id = STR("A"), .parent = -1, .joined_at = INSTANT_NONE};
    struct tree tree = {.homes = &home, .home_count = 1, .fact_count = ROUNDS * EACH};
    tree.facts = ARENA_NEW_ARRAY(&arena, struct fact, tree.fact_count);
    assert_non_null(tree.facts);
    for (size_t i = 0; i < tree.fact_count; i++) {
        bool is_undo = i % EACH == CONTACTS;
        struct str import_id = arena_format(&arena, "JOB-%zu", i / EACH);
        tree.facts[i] =
            (struct fact){.home = home.customer_id,
                          .kind = is_undo ? FACT_UNDO : FACT_CONTACT,
                          .subject = is_undo ? import_id : arena_format(&arena, "CON-%zu", i),
                          .import_id = is_undo ? STR_NONE : import_id,
                          .recorded_at = (instant)i};
    }
    clock_t begun = clock();
    tree_sort(&tree);
    assert_in_range(clock() - begun, 0, 5 * CLOCKS_PER_SEC);
    assert_int_equal(tree.fact_count, ROUNDS);
    assert_int_equal(tree.undone_count, ROUNDS * CONTACTS);
    arena_release(&arena);
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
        TEST(what_was_said_about_a_merge_counts_as_long_as_that),
        TEST(a_home_alone_takes_room_for_its_own_facts),
        TEST(a_descendant_does_not_speak_for_an_ancestor),
        TEST(kinds_of_facts_have_names),
        TEST(an_undo_takes_back_what_the_import_said_in_its_home_alone),
        TEST(what_others_had_changed_before_the_undo_stays),
        TEST(many_facts_that_were_taken_back_are_told_apart_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
