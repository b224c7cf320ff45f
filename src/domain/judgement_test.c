#include "domain/judgement.h"

#include <stdio.h>

#include "property.h"
#include "unit.h"

enum { HOMES = 7, PAIRS_MAX = 24 };

static const struct str names[HOMES] = {STR("A"), STR("B"), STR("C"), STR("D"),
                                        STR("E"), STR("F"), STR("G")};

struct case_drawn {
    size_t root[HOMES];
    struct judgement_pair pairs[PAIRS_MAX];
    size_t count;
};

/* A forest, and pairs of its homes, as an item or as a merge that was taken back. */
static void draw(struct property *property, struct case_drawn *drawn)
{
    *drawn = (struct case_drawn){.count = 0};
    for (size_t i = 0; i < HOMES; i++)
        drawn->root[i] =
            property_chance(property, 40) && i > 0 ? drawn->root[property_choice(property, i)] : i;
    while (property_more(property, drawn->count, 8, PAIRS_MAX)) {
        struct judgement_pair *pair = &drawn->pairs[drawn->count++];
        size_t a = property_choice(property, HOMES), b = property_choice(property, HOMES);
        bool asked = !property_chance(property, 25);
        *pair = (struct judgement_pair){.home_a = names[a],
                                        .home_b = names[b],
                                        .root_a = names[drawn->root[a]],
                                        .root_b = names[drawn->root[b]],
                                        .asked = asked,
                                        .apart = !asked || property_chance(property, 20),
                                        .taken = property_chance(property, 20),
                                        .probability = (double)property_choice(property, 3)};
        property_note(property, "%s %s-%s of %s and %s%s", asked ? "item" : "merge taken back",
                      names[a].ptr, names[b].ptr, pair->root_a.ptr, pair->root_b.ptr,
                      pair->apart ? ", told apart" : "");
    }
}

static bool same_customers(const struct judgement_pair *x, const struct judgement_pair *y)
{
    return (str_equal(x->root_a, y->root_a) && str_equal(x->root_b, y->root_b)) ||
           (str_equal(x->root_a, y->root_b) && str_equal(x->root_b, y->root_a));
}

/* Word by word what the header says. */
static bool what_is_said_of_pairs_is_what_follows_for_customers(struct property *property,
                                                                void *context)
{
    struct case_drawn drawn;
    (void)context;
    draw(property, &drawn);
    PROPERTY_REQUIRE(property,
                     judgement_settle(drawn.pairs, drawn.count, property->arena) == STATUS_OK,
                     "no memory");
    for (size_t i = 0; i < drawn.count; i++) {
        const struct judgement_pair *pair = &drawn.pairs[i];
        bool apart = false, taken = false;
        size_t open = 0;
        double best = 0;
        for (size_t j = 0; j < drawn.count; j++) {
            const struct judgement_pair *other = &drawn.pairs[j];
            if (!same_customers(pair, other)) continue;
            apart = apart || other->apart;
            if (!other->asked) continue;
            open += other->state == DUPLICATE_OPEN;
            taken = taken || other->taken;
            best = other->probability > best ? other->probability : best;
        }
        bool one = str_equal(pair->root_a, pair->root_b);
        PROPERTY_REQUIRE(property,
                         judgement_parts(drawn.pairs, drawn.count, pair->root_b, pair->root_a) ==
                             apart,
                         "pair %zu: whether its customers are judged", i);
        if (!pair->asked) continue;
        PROPERTY_REQUIRE(property, (pair->state == DUPLICATE_MERGED) == one, "pair %zu: merged", i);
        PROPERTY_REQUIRE(property, (pair->state == DUPLICATE_NOT_DUPLICATE) == (!one && apart),
                         "pair %zu: told apart", i);
        if (one || apart) continue;
        PROPERTY_REQUIRE(property, open == 1, "pair %zu: %zu items are open", i, open);
        if (pair->state != DUPLICATE_OPEN) continue;
        PROPERTY_REQUIRE(property, pair->taken == taken && (taken || pair->probability == best),
                         "pair %zu goes on asking, and should not", i);
    }
    return true;
}

static void judgements_of_homes_are_judgements_of_customers(void **state)
{
    (void)state;
    property_check("pairs and customers", what_is_said_of_pairs_is_what_follows_for_customers, NULL,
                   20000);
}

static void names_are_read_as_they_are_written(void **state)
{
    (void)state;
    for (int i = 0; i < DUPLICATE_STATE_COUNT; i++) {
        enum duplicate_state read;
        assert_true(duplicate_state_parse(duplicate_state_name((enum duplicate_state)i), &read));
        assert_int_equal(read, i);
    }
    for (int i = 0; i < DUPLICATE_RESOLUTION_COUNT; i++) {
        enum duplicate_resolution read;
        assert_true(duplicate_resolution_parse(
            duplicate_resolution_name((enum duplicate_resolution)i), &read));
        assert_int_equal(read, i);
    }
    enum duplicate_cause cause;
    enum duplicate_resolution resolution;
    assert_false(duplicate_cause_parse(STR_NONE, &cause));
    assert_false(duplicate_cause_parse(STR("scan"), &cause));
    assert_false(duplicate_resolution_parse(STR("NONE"), &resolution));
    assert_str(duplicate_causes_allowed, STR("CREATE | CHANGE | IMPORT | SCAN"));
    assert_int_equal(duplicate_rank(-1), 0);
    assert_int_equal(duplicate_rank(0.0 / 0.0), 0);
    assert_int_equal(duplicate_rank(2), 1000000000);
    assert_true(duplicate_probability(duplicate_rank(0.123456789)) == 0.123456789);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(judgements_of_homes_are_judgements_of_customers),
        cmocka_unit_test(names_are_read_as_they_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
