/* The laws of consent over random trees and acts: what a merge may and may not do to a permission,
 * and that nothing depends on the order of the facts. */
#include "domain/consent.h"

#include <stdio.h>
#include <stdlib.h>

#include "consent_oracle.h"
#include "property.h"
#include "unit.h"

/* Times and values are few, so that acts meet and tie often: what goes wrong goes wrong there. */
enum { HOMES_MAX = 6, FACTS_MAX = 40, MERGE_TIME = 9, LATE = 20 };

/* Two trees side by side; homes[0 .. split) is the first, the rest the second. */
struct world {
    struct home homes[HOMES_MAX];
    size_t home_count;
    size_t split;
    struct fact facts[FACTS_MAX];
    size_t fact_count;
};

static const struct str home_names[HOMES_MAX] = {STR("A"), STR("B"), STR("C"),
                                                 STR("D"), STR("E"), STR("F")};
static const struct str purposes[] = {STR("GENERAL"), STR("GENERAL"), STR("GENERAL"), STR("NEWS")};
static const struct str points[] = {STR_NONE, STR("jane@x.example"), STR("jane@x.example"),
                                    STR_NONE, STR("joe@x.example")};

/* ---- generating ---- */

static void put(struct property *p, struct json_value *object, struct str name, struct str text)
{
    if (!str_is_none(text) && !json_object_set(object, name, json_make_string(text), p->arena))
        abort();
}

static void set_null(struct property *p, struct json_value *object, struct str name)
{
    if (!json_object_set(object, name, json_make_null(), p->arena)) abort();
}

static struct str time_text(struct property *p, int64_t seconds)
{
    char text[INSTANT_TEXT_MAX];
    return arena_str(p->arena, instant_format(seconds * INSTANT_SECOND, text));
}

static struct fact *new_fact(struct property *p, struct world *world, enum fact_kind kind,
                             struct str home, instant recorded_at)
{
    struct fact *fact = &world->facts[world->fact_count];
    *fact = (struct fact){.home = home,
                          .kind = kind,
                          .subject = arena_format(p->arena, "F%zu", world->fact_count),
                          .source = SOURCE_CRM,
                          .observed_at = recorded_at,
                          .recorded_at = recorded_at,
                          .body = ARENA_NEW(p->arena, struct json_value)};
    if (!fact->body) abort();
    *fact->body = json_make_object();
    world->fact_count++;
    return fact;
}

static void draw_act(struct property *p, struct world *world, struct str home, int64_t recorded)
{
    struct fact *fact = new_fact(p, world, FACT_CONSENT, home, recorded * INSTANT_SECOND);
    bool grants = property_chance(p, 55), expires = property_chance(p, 25);
    bool imported = property_chance(p, 20);
    int64_t captured = property_between(p, 1, recorded), until = property_between(p, 1, LATE);
    struct str purpose = PROPERTY_PICK(p, purposes), point = PROPERTY_PICK(p, points);
    put(p, fact->body, STR("type"), STR("EMAIL"));
    put(p, fact->body, STR("status"), grants ? STR("GRANTED") : STR("REVOKED"));
    put(p, fact->body, STR("purpose"), purpose);
    put(p, fact->body, STR("contactPoint"), point);
    put(p, fact->body, STR("capturedAt"), time_text(p, captured));
    if (grants && expires) put(p, fact->body, STR("validUntil"), time_text(p, captured + until));
    if (imported) fact->source = STR("import");
    property_note(p, "at %d on %.*s: %s%s, %.*s, for %.*s, captured at %d, until %d", (int)recorded,
                  STR_ARGS(home), imported ? "import " : "", grants ? "grant" : "revoke",
                  STR_ARGS(purpose), (int)(str_is_none(point) ? 9 : point.len),
                  str_is_none(point) ? "the whole" : point.ptr, (int)captured,
                  (int)(grants && expires ? captured + until : -1));
}

static void draw_listing(struct property *p, struct world *world, struct str home, int64_t recorded)
{
    struct fact *fact = new_fact(p, world, FACT_ASSERTION, home, recorded * INSTANT_SECOND);
    struct str point = property_chance(p, 20) ? STR("joe@x.example") : STR("jane@x.example");
    struct json_value list = json_make_array();
    if (!json_array_add(&list, json_make_string(point), p->arena) ||
        !json_object_set(fact->body, STR("emails"), list, p->arena))
        abort();
    property_note(p, "at %d %.*s lists %.*s", (int)recorded, STR_ARGS(home), STR_ARGS(point));
}

/* A root and up to two homes under it. */
static void draw_tree(struct property *p, struct world *world)
{
    size_t root = world->home_count;
    world->homes[world->home_count++] =
        (struct home){.customer_id = home_names[root], .parent = -1, .joined_at = INSTANT_NONE};
    for (size_t n = 0; property_more(p, n, 1, 2); n++) {
        size_t at = world->home_count++;
        int32_t parent = (int32_t)property_between(p, (int64_t)root, (int64_t)at - 1);
        instant joined = property_between(p, 1, MERGE_TIME - 1) * INSTANT_SECOND;
        world->homes[at] =
            (struct home){.customer_id = home_names[at], .parent = parent, .joined_at = joined};
        property_note(p, "%.*s is in %.*s since %d", STR_ARGS(home_names[at]),
                      STR_ARGS(home_names[parent]), (int)(joined / INSTANT_SECOND));
    }
}

static void draw_world(struct property *p, struct world *world)
{
    *world = (struct world){0};
    draw_tree(p, world);
    world->split = world->home_count;
    draw_tree(p, world);
    property_note(p, "%.*s is the root of the other tree", STR_ARGS(home_names[world->split]));
    for (size_t n = 0; property_more(p, n, 8, FACTS_MAX - HOMES_MAX); n++) {
        struct str home = home_names[property_choice(p, world->home_count)];
        int64_t recorded = property_between(p, 1, MERGE_TIME - 1);
        if (property_chance(p, 20))
            draw_listing(p, world, home, recorded);
        else
            draw_act(p, world, home, recorded);
    }
}

/* ---- trees of a world ---- */

static struct tree tree_of(struct property *p, const struct world *world, size_t from, size_t to)
{
    struct tree tree = {.homes = ARENA_NEW_ARRAY(p->arena, struct home, HOMES_MAX),
                        .facts = ARENA_NEW_ARRAY(p->arena, struct fact, FACTS_MAX)};
    if (!tree.homes || !tree.facts) abort();
    for (size_t i = from; i < to; i++) {
        tree.homes[tree.home_count] = world->homes[i];
        if (world->homes[i].parent >= 0)
            tree.homes[tree.home_count].parent = world->homes[i].parent - (int32_t)from;
        tree.home_count++;
    }
    for (size_t i = 0; i < world->fact_count; i++)
        if (tree_find_home(&tree, world->facts[i].home) >= 0)
            tree.facts[tree.fact_count++] = world->facts[i];
    tree_sort(&tree);
    return tree;
}

static struct tree first_of(struct property *p, const struct world *world)
{
    return tree_of(p, world, 0, world->split);
}

static struct tree second_of(struct property *p, const struct world *world)
{
    return tree_of(p, world, world->split, world->home_count);
}

static struct tree merged(struct property *p, const struct world *world)
{
    struct tree tree = tree_of(p, world, 0, world->home_count);
    tree.homes[world->split].parent = 0;
    tree.homes[world->split].joined_at = MERGE_TIME * INSTANT_SECOND;
    return tree;
}

static struct consent_question draw_question(struct property *p)
{
    struct consent_question question = {
        .channel = STR("EMAIL"),
        .purpose = PROPERTY_PICK(p, purposes),
        .contact_point = PROPERTY_PICK(p, points),
        .as_of = property_between(p, LATE, 2 * LATE) * INSTANT_SECOND,
    };
    property_note(p, "ask at %d for %.*s to %.*s", (int)(question.as_of / INSTANT_SECOND),
                  STR_ARGS(question.purpose),
                  (int)(str_is_none(question.contact_point) ? 9 : question.contact_point.len),
                  str_is_none(question.contact_point) ? "the whole" : question.contact_point.ptr);
    return question;
}

static bool allowed(struct property *p, const struct tree *tree,
                    const struct consent_question *question)
{
    struct consent_answer answer;
    if (consent_decide(tree, question, p->arena, &answer) != STATUS_OK) abort();
    return answer.allowed;
}

/* ---- the laws ---- */

static bool a_merge_never_widens(struct property *p, void *context)
{
    (void)context;
    struct world world;
    draw_world(p, &world);
    struct consent_question question = draw_question(p);
    struct tree first = first_of(p, &world), second = second_of(p, &world);
    struct tree both = merged(p, &world);
    if (!allowed(p, &both, &question)) return true;
    bool one = allowed(p, &first, &question), other = allowed(p, &second, &question);
    if (str_is_none(question.contact_point))
        PROPERTY_REQUIRE(p, one && other, "the merged profile allows what %s does not",
                         one ? "the second" : "the first");
    else
        PROPERTY_REQUIRE(p, one || other, "the merged profile allows what neither does");
    return true;
}

static void permissions_are_never_widened_by_a_merge(void **state)
{
    (void)state;
    property_check("a merge never widens a permission", a_merge_never_widens, NULL, 100000);
}

static bool a_revocation_holds_after_an_unmerge(struct property *p, void *context)
{
    (void)context;
    struct world world;
    draw_world(p, &world);
    struct consent_question question = draw_question(p);
    struct tree both = merged(p, &world);
    struct fact *act = new_fact(p, &world, FACT_CONSENT, home_names[0], LATE * INSTANT_SECOND);
    put(p, act->body, STR("type"), STR("EMAIL"));
    put(p, act->body, STR("status"), STR("REVOKED"));
    put(p, act->body, STR("purpose"), STR("GENERAL"));
    put(p, act->body, STR("contactPoint"), question.contact_point);
    put(p, act->body, STR("capturedAt"), time_text(p, LATE));
    struct fact *copies;
    size_t count;
    if (consent_propagate(&both, act, p->arena, &copies, &count) != STATUS_OK) abort();
    PROPERTY_REQUIRE(p, count == world.home_count - 1, "%zu copies", count);
    for (size_t i = 0; i < count; i++) world.facts[world.fact_count++] = copies[i];
    struct tree first = first_of(p, &world), second = second_of(p, &world);
    both = merged(p, &world);
    PROPERTY_REQUIRE(p, !allowed(p, &both, &question), "allowed while merged");
    PROPERTY_REQUIRE(p, !allowed(p, &first, &question), "allowed in the first after the unmerge");
    PROPERTY_REQUIRE(p, !allowed(p, &second, &question), "allowed in the second");
    return true;
}

static void revocations_stay_with_every_home_after_an_unmerge(void **state)
{
    (void)state;
    property_check("a revocation recorded while merged holds for each home after an unmerge",
                   a_revocation_holds_after_an_unmerge, NULL, 5000);
}

static bool a_further_revocation_only_narrows(struct property *p, void *context)
{
    (void)context;
    struct world world;
    draw_world(p, &world);
    struct consent_question question = draw_question(p);
    struct tree before = merged(p, &world);
    draw_act(p, &world, home_names[property_choice(p, world.home_count)],
             property_between(p, 1, MERGE_TIME - 1));
    put(p, world.facts[world.fact_count - 1].body, STR("status"), STR("REVOKED"));
    struct tree after = merged(p, &world);
    PROPERTY_REQUIRE(p, allowed(p, &before, &question) || !allowed(p, &after, &question),
                     "the last act, made a revocation, opened the channel");
    return true;
}

static void a_revocation_never_opens_a_channel(void **state)
{
    (void)state;
    property_check("one revocation more never allows more", a_further_revocation_only_narrows, NULL,
                   20000);
}

static bool time_alone_only_narrows(struct property *p, void *context)
{
    (void)context;
    struct world world;
    draw_world(p, &world);
    struct consent_question question = draw_question(p), later = question;
    later.as_of += property_between(p, 0, LATE) * INSTANT_SECOND;
    struct tree tree = merged(p, &world);
    PROPERTY_REQUIRE(p, allowed(p, &tree, &question) || !allowed(p, &tree, &later), "allowed at %d",
                     (int)(later.as_of / INSTANT_SECOND));
    return true;
}

static void the_passing_of_time_never_opens_a_channel(void **state)
{
    (void)state;
    property_check("what is not allowed now is not allowed later without an act",
                   time_alone_only_narrows, NULL, 20000);
}

/* With a revocation that covers the question, what is allowed is allowed without the imports. */
static bool imports_give_nothing_against_a_revocation(struct property *p, void *context)
{
    (void)context;
    struct world world, without = {0};
    draw_world(p, &world);
    struct consent_question question = draw_question(p);
    struct fact *act = new_fact(p, &world, FACT_CONSENT, home_names[0],
                                property_between(p, 1, MERGE_TIME - 1) * INSTANT_SECOND);
    put(p, act->body, STR("type"), STR("EMAIL"));
    put(p, act->body, STR("status"), STR("REVOKED"));
    put(p, act->body, STR("capturedAt"), time_text(p, property_between(p, 1, MERGE_TIME - 1)));
    world.home_count = world.split = 1;
    without = world;
    without.fact_count = 0;
    for (size_t i = 0; i < world.fact_count; i++) {
        const struct fact *fact = &world.facts[i];
        bool grants = str_equal(json_text(json_get(fact->body, STR("status"))), STR("GRANTED"));
        if (!grants || !consent_is_import(fact)) without.facts[without.fact_count++] = *fact;
    }
    struct tree tree = first_of(p, &world), bare = first_of(p, &without);
    PROPERTY_REQUIRE(p, allowed(p, &bare, &question) || !allowed(p, &tree, &question),
                     "an import opened the channel");
    return true;
}

static void an_import_never_beats_a_revocation(void **state)
{
    (void)state;
    property_check("an import never beats a revocation", imports_give_nothing_against_a_revocation,
                   NULL, 50000);
}

/* One stream of acts. */
struct stream {
    instant latest;
    bool grants;
};

static void flow(struct stream *stream, instant captured_at, bool grants)
{
    if (captured_at < stream->latest) return;
    stream->grants = grants && (stream->grants || captured_at > stream->latest);
    stream->latest = captured_at;
}

static bool lists(const struct fact *fact, struct str point)
{
    const struct json_value *emails = json_get(fact->body, STR("emails"));
    for (size_t i = 0; emails && i < emails->count; i++)
        if (str_equal(json_text(&emails->items[i]), point)) return true;
    return false;
}

/* A contact point that the home has and whose latest act, of those that cover the question, is a
 * revocation. */
static bool any_revoked(const struct tree *tree, const struct consent_question *question)
{
    static const struct str held[] = {STR("jane@x.example"), STR("joe@x.example")};
    bool any = false;
    for (size_t h = 0; h < UNIT_COUNT(held); h++) {
        struct stream own = {.latest = INSTANT_NONE, .grants = true};
        bool is_listed = false;
        for (size_t i = 0; i < tree->fact_count; i++) {
            const struct fact *fact = &tree->facts[i];
            is_listed |= fact->kind == FACT_ASSERTION && lists(fact, held[h]);
            if (fact->kind != FACT_CONSENT || !str_equal(consent_point_of(fact), held[h])) continue;
            struct str purpose = json_text(json_get(fact->body, STR("purpose")));
            bool grants = str_equal(json_text(json_get(fact->body, STR("status"))), STR("GRANTED"));
            instant captured_at;
            if (!str_equal(purpose, question->purpose) &&
                (grants || !str_equal(purpose, STR("GENERAL"))))
                continue;
            if (!instant_parse(json_text(json_get(fact->body, STR("capturedAt"))), &captured_at))
                abort();
            flow(&own, captured_at, grants);
        }
        any |= is_listed && !own.grants;
    }
    return any;
}

/* One home, no imports, nothing expires: then it is the latest of all that covers the question, and
 * the latest for the contact point itself; without one, for each that the home has. */
static bool the_latest_decides(struct property *p, void *context)
{
    (void)context;
    struct world world;
    draw_world(p, &world);
    struct consent_question question = draw_question(p);
    world.home_count = world.split = 1;
    struct tree tree = first_of(p, &world);
    struct stream all = {.latest = INSTANT_NONE}, own = {.latest = INSTANT_NONE};
    for (size_t i = 0; i < tree.fact_count; i++) {
        struct fact *fact = &tree.facts[i];
        struct str point = json_text(json_get(fact->body, STR("contactPoint")));
        struct str purpose = json_text(json_get(fact->body, STR("purpose")));
        bool grants = str_equal(json_text(json_get(fact->body, STR("status"))), STR("GRANTED"));
        instant captured_at;
        if (fact->kind != FACT_CONSENT) continue;
        fact->source = SOURCE_CRM;
        set_null(p, fact->body, STR("validUntil"));
        bool same_purpose =
            str_equal(purpose, question.purpose) || (!grants && str_equal(purpose, STR("GENERAL")));
        bool same_point = str_is_none(point) || str_equal(point, question.contact_point);
        if (!same_purpose || !same_point) continue;
        if (!instant_parse(json_text(json_get(fact->body, STR("capturedAt"))), &captured_at))
            abort();
        flow(&all, captured_at, grants);
        if (!str_is_none(point)) flow(&own, captured_at, grants);
    }
    bool expected = all.grants && (own.latest == INSTANT_NONE || own.grants);
    if (str_is_none(question.contact_point)) expected &= !any_revoked(&tree, &question);
    PROPERTY_REQUIRE(p, allowed(p, &tree, &question) == expected, "%s expected",
                     expected ? "allowed" : "not allowed");
    return true;
}

static void in_one_home_the_latest_act_decides_and_ties_revoke(void **state)
{
    (void)state;
    property_check("the latest act that covers the question decides, a revocation in a tie",
                   the_latest_decides, NULL, 10000);
}

static bool same_answer(const struct consent_answer *a, const struct consent_answer *b)
{
    bool same_decider = !a->decider || !b->decider ? a->decider == b->decider
                                                   : fact_compare(a->decider, b->decider) == 0;
    return a->allowed == b->allowed && a->state == b->state && same_decider &&
           str_equal(a->reason, b->reason);
}

static bool the_order_of_facts_does_not_matter(struct property *p, void *context)
{
    (void)context;
    struct world world;
    draw_world(p, &world);
    struct consent_question question = draw_question(p);
    struct tree tree = merged(p, &world);
    for (size_t i = world.fact_count; i > 1; i--) {
        size_t other = property_choice(p, i);
        struct fact fact = world.facts[i - 1];
        world.facts[i - 1] = world.facts[other];
        world.facts[other] = fact;
    }
    struct tree shuffled = merged(p, &world);
    struct consent_answer answer, again;
    if (consent_decide(&tree, &question, p->arena, &answer) != STATUS_OK ||
        consent_decide(&shuffled, &question, p->arena, &again) != STATUS_OK)
        abort();
    PROPERTY_REQUIRE(p, same_answer(&answer, &again), "the answers differ");
    return true;
}

static void answers_do_not_depend_on_the_order_of_arrival(void **state)
{
    (void)state;
    property_check("an answer does not depend on the order of the facts",
                   the_order_of_facts_does_not_matter, NULL, 5000);
}

/* What the laws above have no need of: lists that take back, contacts and other channels. */
static void draw_point_fact(struct property *p, struct world *world)
{
    static const struct str contacts[] = {STR("C1"), STR("C1"), STR("C2")};
    static const struct str spellings[] = {STR("Jane@X.example"), STR("joe@x.example"),
                                           STR("eve@x.example")};
    struct str home = home_names[property_choice(p, world->home_count)];
    int64_t recorded = property_between(p, 1, MERGE_TIME - 1);
    if (property_chance(p, 40)) {
        draw_listing(p, world, home, recorded);
        struct json_value *body = world->facts[world->fact_count - 1].body,
                          list = json_make_object();
        bool both = property_chance(p, 30);
        if (!json_object_set(&list, STR("emails"), *json_get(body, STR("emails")), p->arena) ||
            !json_object_set(body, STR("retract"), list, p->arena))
            abort();
        if (!both) set_null(p, body, STR("emails"));
        property_note(p, "and takes it back");
        return;
    }
    struct fact *fact = new_fact(p, world, FACT_CONTACT, home, recorded * INSTANT_SECOND);
    struct str spelling = PROPERTY_PICK(p, spellings);
    fact->subject = PROPERTY_PICK(p, contacts);
    bool has = property_chance(p, 70), named = property_chance(p, 50);
    if (has)
        put(p, fact->body, STR("email"), spelling);
    else if (named)
        put(p, fact->body, STR("name"), STR("Jane"));
    else if (!json_object_set(fact->body, STR("removed"), json_make_boolean(true), p->arena))
        abort();
    property_note(p, "at %d %.*s of %.*s has %.*s", (int)recorded, STR_ARGS(fact->subject),
                  STR_ARGS(home),
                  STR_ARGS(has     ? spelling
                           : named ? STR("a name")
                                   : STR("ended")));
}

static struct tree draw_tree_of_all(struct property *p)
{
    struct world world;
    draw_world(p, &world);
    for (size_t n = 0; property_more(p, n, 3, HOMES_MAX - 1); n++) draw_point_fact(p, &world);
    for (size_t i = 0; i < world.fact_count; i++)
        if (world.facts[i].kind == FACT_CONSENT && property_chance(p, 15))
            put(p, world.facts[i].body, STR("type"), STR("SMS"));
    return merged(p, &world);
}

static bool as_the_rules_say(struct property *p, const struct tree *tree,
                             const struct consent_row *row)
{
    struct consent_answer expected;
    if (consent_oracle_decide(tree, &row->question, p->arena, &expected) != STATUS_OK) abort();
    return same_answer(&row->answer, &expected);
}

enum { QUESTIONS = 8 };

static bool many_answers_are_as_the_rules_say(struct property *p, void *context)
{
    (void)context;
    struct tree tree = draw_tree_of_all(p);
    struct consent_row asked[QUESTIONS], *rows[QUESTIONS], *matrix;
    size_t count;
    for (size_t i = 0; i < QUESTIONS; i++) {
        asked[i].question = draw_question(p);
        if (property_chance(p, 20)) asked[i].question.channel = STR("SMS");
        rows[i] = &asked[i];
    }
    size_t used = p->arena->used_bytes;
    if (consent_decide_all(&tree, rows, QUESTIONS, p->arena) != STATUS_OK) abort();
    PROPERTY_REQUIRE(p, p->arena->used_bytes == used, "memory is kept");
    for (size_t i = 0; i < QUESTIONS; i++)
        PROPERTY_REQUIRE(p, as_the_rules_say(p, &tree, &asked[i]), "question %zu", i);
    if (consent_matrix(&tree, LATE * INSTANT_SECOND, p->arena, &matrix, &count) != STATUS_OK)
        abort();
    for (size_t i = 0; i < count; i++)
        PROPERTY_REQUIRE(p, as_the_rules_say(p, &tree, &matrix[i]), "row %zu", i);
    return true;
}

static void many_questions_are_answered_like_each_alone(void **state)
{
    (void)state;
    property_check("many questions are answered as the rules say of each alone",
                   many_answers_are_as_the_rules_say, NULL, 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(permissions_are_never_widened_by_a_merge),
        cmocka_unit_test(revocations_stay_with_every_home_after_an_unmerge),
        cmocka_unit_test(a_revocation_never_opens_a_channel),
        cmocka_unit_test(the_passing_of_time_never_opens_a_channel),
        cmocka_unit_test(an_import_never_beats_a_revocation),
        cmocka_unit_test(in_one_home_the_latest_act_decides_and_ties_revoke),
        cmocka_unit_test(answers_do_not_depend_on_the_order_of_arrival),
        cmocka_unit_test(many_questions_are_answered_like_each_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
