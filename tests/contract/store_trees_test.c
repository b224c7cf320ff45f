/* Facts, merges and trees: what any store has to do. */
#include "contract.h"

#include <stdio.h>

static struct merge merge_of(struct str id, struct str source, struct str target, instant at)
{
    return (struct merge){.merge_id = id,
                          .source_id = source,
                          .target_id = target,
                          .reason = STR("DUPLICATE"),
                          .actor = STR("user-1"),
                          .merged_at = at,
                          .reversed_at = INSTANT_NONE};
}

/* Three customers A, B, C made at 1000; one fact each at 1100; C into B at 2000, B into A at 3000;
 * a fact of A at 3500. */
static void put_a_family(struct contract *c)
{
    const struct str ids[] = {STR("A"), STR("B"), STR("C")};
    for (size_t i = 0; i < 3; i++) {
        contract_insert(c, contract_profile(ids[i], 1000 + (instant)i));
        contract_append_fact(c, contract_fact(ids[i], STR("crm"), 1100, &c->arena));
    }
    contract_merge(c, merge_of(STR("M-1"), STR("C"), STR("B"), 2000));
    contract_merge(c, merge_of(STR("M-2"), STR("B"), STR("A"), 3000));
    contract_append_fact(c, contract_fact(STR("A"), STR("crm"), 3500, &c->arena));
}

static void a_fact_comes_back_as_it_was_appended(struct contract *c)
{
    struct tree tree;
    struct fact fact = {.home = STR("A"),
                        .kind = FACT_RELATIONSHIP,
                        .subject = STR("R-1"),
                        .object = STR("B"),
                        .source = STR("erp"),
                        .observed_at = -5,
                        .recorded_at = 2000,
                        .actor = STR("user-2")};
    struct str text =
        STR("{\"type\":\"PARENT_OF\",\"from\":null,\"n\":1.50,\"list\":[\"\\u00e9\"]}");
    assert_int_equal(json_parse(text, &c->arena, &fact.body, &c->error), STATUS_OK);
    contract_insert(c, contract_profile(STR("A"), 1000));
    contract_append_fact(c, fact);
    assert_int_equal(contract_tree(c, STR("A"), INSTANT_FUTURE, &tree), STATUS_OK);
    assert_int_equal(tree.fact_count, 1);
    assert_str(tree.facts[0].home, STR("A"));
    assert_int_equal(tree.facts[0].kind, FACT_RELATIONSHIP);
    assert_str(tree.facts[0].subject, STR("R-1"));
    assert_str(tree.facts[0].object, STR("B"));
    assert_str(tree.facts[0].source, STR("erp"));
    assert_int_equal(tree.facts[0].observed_at, -5);
    assert_int_equal(tree.facts[0].recorded_at, 2000);
    assert_str(tree.facts[0].actor, STR("user-2"));
    assert_true(json_equal(tree.facts[0].body, fact.body));
}

static void a_tree_of_one_has_no_parent(struct contract *c)
{
    struct tree tree;
    contract_insert(c, contract_profile(STR("A"), 1000));
    assert_int_equal(contract_tree(c, STR("A"), INSTANT_FUTURE, &tree), STATUS_OK);
    assert_int_equal(tree.home_count, 1);
    assert_int_equal(tree.fact_count, 0);
    assert_str(tree.homes[0].customer_id, STR("A"));
    assert_int_equal(tree.homes[0].parent, -1);
    assert_int_equal(tree.homes[0].joined_at, INSTANT_NONE);
    assert_int_equal(tree.homes[0].created_at, 1000);
}

static void assert_home(const struct tree *tree, struct str id, struct str parent, instant joined)
{
    int32_t at = tree_find_home(tree, id);
    assert_true(at >= 0);
    assert_int_equal(tree->homes[at].parent, tree_find_home(tree, parent));
    assert_int_equal(tree->homes[at].joined_at, joined);
}

static void a_tree_holds_all_homes_and_their_facts(struct contract *c)
{
    struct tree tree;
    put_a_family(c);
    assert_int_equal(contract_tree(c, STR("A"), INSTANT_FUTURE, &tree), STATUS_OK);
    assert_int_equal(tree.home_count, 3);
    assert_str(tree.homes[0].customer_id, STR("A"));
    assert_home(&tree, STR("B"), STR("A"), 3000);
    assert_home(&tree, STR("C"), STR("B"), 2000);
    assert_int_equal(tree.homes[tree_find_home(&tree, STR("C"))].created_at, 1002);
    assert_int_equal(tree.fact_count, 4);
    for (size_t i = 1; i < tree.fact_count; i++)
        assert_true(tree.facts[i - 1].recorded_at <= tree.facts[i].recorded_at);
    assert_str(tree.facts[0].home, STR("A")); /* same time: in the order of the homes */
    assert_str(tree.facts[2].home, STR("C"));
    assert_int_equal(tree.facts[3].recorded_at, 3500);
}

static void a_tree_is_as_it_was_known_at_a_time(struct contract *c)
{
    static const struct {
        instant as_of;
        size_t homes, facts;
    } expected[] = {{1000, 1, 0}, {1099, 1, 0}, {1100, 1, 1}, {2999, 1, 1},
                    {3000, 3, 3}, {3499, 3, 3}, {3500, 3, 4}};
    struct tree tree;
    put_a_family(c);
    for (size_t i = 0; i < UNIT_COUNT(expected); i++) {
        assert_int_equal(contract_tree(c, STR("A"), expected[i].as_of, &tree), STATUS_OK);
        assert_int_equal(tree.home_count, expected[i].homes);
        assert_int_equal(tree.fact_count, expected[i].facts);
    }
    assert_int_equal(contract_tree(c, STR("A"), 999, &tree), STATUS_CUSTOMER_NOT_FOUND);
}

static void a_tree_may_start_below_the_root_of_today(struct contract *c)
{
    struct tree tree;
    put_a_family(c);
    assert_int_equal(contract_tree(c, STR("B"), INSTANT_FUTURE, &tree), STATUS_OK);
    assert_int_equal(tree.home_count, 2);
    assert_str(tree.homes[0].customer_id, STR("B"));
    assert_int_equal(tree.homes[0].parent, -1);
    assert_int_equal(tree.homes[0].joined_at, INSTANT_NONE);
    assert_home(&tree, STR("C"), STR("B"), 2000);
}

static void an_unknown_tree_is_not_found(struct contract *c)
{
    struct tree tree;
    assert_int_equal(contract_tree(c, STR("nobody"), INSTANT_FUTURE, &tree),
                     STATUS_CUSTOMER_NOT_FOUND);
}

/* --- history --- */

struct history_work {
    const struct history_query *query;
    const struct fact *after;
    struct arena *arena;
    struct fact *facts;
    size_t count;
};

static enum status list_history_body(struct store_session *session, void *context,
                                     struct error *error)
{
    struct history_work *work = context;
    if (work->query)
        return store_history_list(session, work->query, work->arena, &work->facts, &work->count,
                                  error);
    return store_history_of(session, STR("A"), FACT_SERVICE_ORDER, work->after, 2, work->arena,
                            &work->facts, &work->count, error);
}

static struct history_work read_history(struct contract *c, const struct history_query *query,
                                        const struct fact *after)
{
    struct history_work work = {.query = query, .after = after, .arena = &c->arena};
    assert_int_equal(
        store_read(c->store, c->tenant, &c->arena, list_history_body, &work, &c->error), STATUS_OK);
    return work;
}

static void tell(struct contract *c, const char *home, enum fact_kind kind, const char *subject,
                 instant at)
{
    struct fact fact = contract_fact(str_from_cstr(home), str_from_cstr(subject), 5000, &c->arena);
    fact.kind = kind;
    fact.observed_at = at;
    contract_append_fact(c, fact);
}

/* Of A: S1 at 100, 300 and 300 again, S2 at 200; a contract at 300. Of B: S1 at 300. */
static void put_history(struct contract *c)
{
    put_a_family(c);
    tell(c, "A", FACT_SERVICE_ORDER, "S1", 300);
    tell(c, "A", FACT_SERVICE_ORDER, "S1", 100);
    tell(c, "A", FACT_CONTRACT, "C1", 300);
    tell(c, "B", FACT_SERVICE_ORDER, "S1", 300);
    tell(c, "A", FACT_SERVICE_ORDER, "S2", 200);
    tell(c, "A", FACT_SERVICE_ORDER, "S1", 300);
}

static void assert_listed(struct contract *c, bool first_only, const char *const *expected,
                          size_t count)
{
    static const struct str homes[] = {STR("A"), STR("B"), STR("C"), STR("nobody")};
    static const enum fact_kind kinds[] = {FACT_SERVICE_ORDER};
    struct fact behind;
    struct history_query query = {.homes = homes,
                                  .home_count = UNIT_COUNT(homes),
                                  .kinds = kinds,
                                  .kind_count = 1,
                                  .first_only = first_only,
                                  .limit = 2};
    for (size_t at = 0; at <= count; at += 2) {
        struct history_work page = read_history(c, &query, NULL);
        assert_int_equal(page.count, count - at < 2 ? count - at : 2);
        for (size_t i = 0; i < page.count; i++) {
            char shown[40];
            (void)snprintf(shown, sizeof(shown), "%.*s %.*s %d", STR_ARGS(page.facts[i].home),
                           STR_ARGS(page.facts[i].subject), (int)page.facts[i].observed_at);
            assert_string_equal(shown, expected[at + i]);
        }
        if (page.count > 0) behind = page.facts[page.count - 1];
        query.behind = &behind;
    }
}

static void history_is_listed_newest_first_page_by_page(struct contract *c)
{
    static const char *const all[] = {"A S1 300", "A S1 300", "B S1 300", "A S2 200", "A S1 100"};
    static const char *const firsts[] = {"B S1 300", "A S2 200", "A S1 100"};
    put_history(c);
    assert_listed(c, false, all, UNIT_COUNT(all));
    assert_listed(c, true, firsts, UNIT_COUNT(firsts));
}

static void history_is_read_subject_by_subject(struct contract *c)
{
    static const instant expected[] = {100, 300, 300, 200};
    struct fact last;
    put_history(c);
    struct history_work page = read_history(c, NULL, NULL);
    assert_int_equal(page.count, 2);
    assert_int_equal(page.facts[0].observed_at, expected[0]);
    assert_int_equal(page.facts[1].observed_at, expected[1]);
    last = page.facts[1];
    page = read_history(c, NULL, &last);
    assert_int_equal(page.count, 2);
    assert_true(page.facts[0].number > last.number);
    assert_int_equal(page.facts[0].observed_at, expected[2]);
    assert_int_equal(page.facts[1].observed_at, expected[3]);
    last = page.facts[1];
    assert_int_equal(read_history(c, NULL, &last).count, 0);
}

static void history_is_no_part_of_a_tree(struct contract *c)
{
    struct tree tree;
    put_history(c);
    contract_append_fact(c, contract_fact(STR("A"), STR("crm"), 6000, &c->arena));
    assert_int_equal(contract_tree(c, STR("A"), INSTANT_FUTURE, &tree), STATUS_OK);
    assert_int_equal(tree.fact_count, 5);
    assert_true(tree.facts[0].number > 0);
    assert_true(tree.facts[4].number > tree.facts[3].number);
}

/* --- merges --- */

struct merge_work {
    struct merge merge;
    struct str id;
    const struct str *customers;
    size_t customer_count;
    struct arena *arena;
    struct merge *merges;
    size_t count;
};

static enum status reverse_body(struct store_session *session, void *context, struct error *error)
{
    return store_merge_reverse(session, &((struct merge_work *)context)->merge, error);
}

static enum status get_merge_body(struct store_session *session, void *context, struct error *error)
{
    struct merge_work *work = context;
    return store_merge_get(session, work->id, work->arena, &work->merge, error);
}

static enum status list_merges_body(struct store_session *session, void *context,
                                    struct error *error)
{
    struct merge_work *work = context;
    return store_merge_list(session, work->customers, work->customer_count, work->arena,
                            &work->merges, &work->count, error);
}

static void reverse(struct contract *c, struct str id, instant at)
{
    struct merge_work work = {
        .merge = {.merge_id = id, .reversed_at = at, .reverse_actor = STR("user-9")}};
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, reverse_body, &work, &c->error),
                     STATUS_OK);
}

static void a_reversed_merge_is_out_of_the_tree_from_then_on(struct contract *c)
{
    struct tree tree;
    put_a_family(c);
    reverse(c, STR("M-2"), 4000);
    assert_int_equal(contract_tree(c, STR("A"), INSTANT_FUTURE, &tree), STATUS_OK);
    assert_int_equal(tree.home_count, 1);
    assert_int_equal(tree.fact_count, 2);
    assert_int_equal(contract_tree(c, STR("B"), INSTANT_FUTURE, &tree), STATUS_OK);
    assert_int_equal(tree.home_count, 2);
    assert_int_equal(contract_tree(c, STR("A"), 3999, &tree), STATUS_OK);
    assert_int_equal(tree.home_count, 3);
    assert_int_equal(contract_tree(c, STR("A"), 4000, &tree), STATUS_OK);
    assert_int_equal(tree.home_count, 1);
}

static void a_merge_comes_back_and_keeps_its_reversal(struct contract *c)
{
    put_a_family(c);
    struct merge_work work = {.id = STR("M-2"), .arena = &c->arena};
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, get_merge_body, &work, &c->error),
                     STATUS_OK);
    assert_str(work.merge.source_id, STR("B"));
    assert_str(work.merge.target_id, STR("A"));
    assert_str(work.merge.reason, STR("DUPLICATE"));
    assert_str(work.merge.actor, STR("user-1"));
    assert_int_equal(work.merge.merged_at, 3000);
    assert_int_equal(work.merge.reversed_at, INSTANT_NONE);
    reverse(c, STR("M-2"), 4000);
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, get_merge_body, &work, &c->error),
                     STATUS_OK);
    assert_int_equal(work.merge.reversed_at, 4000);
    assert_str(work.merge.reverse_actor, STR("user-9"));
    assert_int_equal(work.merge.merged_at, 3000);
}

static void an_unknown_merge_is_not_found(struct contract *c)
{
    struct merge_work work = {.id = STR("M-0"), .arena = &c->arena};
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, get_merge_body, &work, &c->error),
                     STATUS_MERGE_NOT_FOUND);
}

static void merges_are_listed_by_time_for_either_side(struct contract *c)
{
    const struct str b = STR("B"), both[] = {STR("A"), STR("C")}, nobody = STR("nobody");
    put_a_family(c);
    reverse(c, STR("M-2"), 4000);
    contract_merge(c, merge_of(STR("M-0"), STR("A"), STR("B"), 5000));
    struct merge_work work = {.customers = &b, .customer_count = 1, .arena = &c->arena};
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, list_merges_body, &work, &c->error),
                     STATUS_OK);
    assert_int_equal(work.count, 3);
    assert_str(work.merges[0].merge_id, STR("M-1"));
    assert_str(work.merges[1].merge_id, STR("M-2"));
    assert_str(work.merges[2].merge_id, STR("M-0"));
    work.customers = both;
    work.customer_count = 2;
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, list_merges_body, &work, &c->error),
                     STATUS_OK);
    assert_int_equal(work.count, 3); /* one in which both are: once */
    work.customers = &nobody;
    work.customer_count = 1;
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, list_merges_body, &work, &c->error),
                     STATUS_OK);
    assert_int_equal(work.count, 0);
    work.customer_count = 0;
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, list_merges_body, &work, &c->error),
                     STATUS_OK);
    assert_int_equal(work.count, 3);
    assert_int_equal(
        store_read(c->store, c->other_tenant, &c->arena, list_merges_body, &work, &c->error),
        STATUS_OK);
    assert_int_equal(work.count, 0);
}

/* --- facts about --- */

struct about {
    const struct str *objects;
    size_t object_count;
    struct arena *arena;
    struct fact *facts;
    size_t count;
};

static enum status about_body(struct store_session *session, void *context, struct error *error)
{
    struct about *about = context;
    return store_facts_about(session, about->objects, about->object_count, about->arena,
                             &about->facts, &about->count, error);
}

static void relationships_are_found_from_their_other_end(struct contract *c)
{
    const struct str objects[] = {STR("B"), STR("X")};
    contract_insert(c, contract_profile(STR("A"), 1000));
    contract_insert(c, contract_profile(STR("B"), 1000));
    for (int i = 0; i < 3; i++) {
        struct fact fact = contract_fact(STR("A"), STR("R-1"), 2000 + i, &c->arena);
        fact.kind = i == 2 ? FACT_ASSERTION : FACT_RELATIONSHIP;
        fact.object = i == 1 ? STR("C") : STR("B");
        contract_append_fact(c, fact);
    }
    struct about about = {.objects = objects, .object_count = 2, .arena = &c->arena};
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, about_body, &about, &c->error),
                     STATUS_OK);
    assert_int_equal(about.count, 1);
    assert_str(about.facts[0].home, STR("A"));
    assert_str(about.facts[0].object, STR("B"));
    assert_int_equal(about.facts[0].recorded_at, 2000);
    about.object_count = 0;
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, about_body, &about, &c->error),
                     STATUS_OK);
    assert_int_equal(about.count, 0);
}

static void trees_of_tenants_are_apart(struct contract *c)
{
    struct tree tree;
    put_a_family(c);
    contract_insert_for(c, c->other_tenant, contract_profile(STR("A"), 1000));
    struct str mine = c->tenant;
    c->tenant = c->other_tenant;
    assert_int_equal(contract_tree(c, STR("A"), INSTANT_FUTURE, &tree), STATUS_OK);
    c->tenant = mine;
    assert_int_equal(tree.home_count, 1);
    assert_int_equal(tree.fact_count, 0);
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(history_is_listed_newest_first_page_by_page),
        CONTRACT(history_is_read_subject_by_subject),
        CONTRACT(history_is_no_part_of_a_tree),
        CONTRACT(a_fact_comes_back_as_it_was_appended),
        CONTRACT(a_tree_of_one_has_no_parent),
        CONTRACT(a_tree_holds_all_homes_and_their_facts),
        CONTRACT(a_tree_is_as_it_was_known_at_a_time),
        CONTRACT(a_tree_may_start_below_the_root_of_today),
        CONTRACT(an_unknown_tree_is_not_found),
        CONTRACT(a_reversed_merge_is_out_of_the_tree_from_then_on),
        CONTRACT(a_merge_comes_back_and_keeps_its_reversal),
        CONTRACT(an_unknown_merge_is_not_found),
        CONTRACT(merges_are_listed_by_time_for_either_side),
        CONTRACT(relationships_are_found_from_their_other_end),
        CONTRACT(trees_of_tenants_are_apart),
    };
    return contract_run(cases, UNIT_COUNT(cases));
}
