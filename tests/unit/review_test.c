/* The review queue over the store in memory: claims that run out, decisions, and what follows. */
#include "application_fixture.h"
#include "unit.h"

#include <string.h>

#include "application/create_customer.h"
#include "application/get_customer.h"
#include "application/merge_customers.h"
#include "application/review.h"
#include "application/review_list.h"
#include "application/review_resolve.h"
#include "application/review_scan.h"
#include "application/unmerge_customers.h"

static struct environment_fixed environment;
static struct application application;
static struct caller ann, bob;
static struct arena arena;
static struct error error;

static int set_up(void **state)
{
    (void)state;
    environment_fixed_init(&environment, 1700000000 * INSTANT_SECOND, 1, 1);
    ann = (struct caller){.tenant = STR("t1"), .user_id = STR("ann")};
    bob = (struct caller){.tenant = STR("t1"), .user_id = STR("bob")};
    return application_fixture_open(&application, &environment.base, &arena);
}

static int tear_down(void **state)
{
    (void)state;
    return application_fixture_close(&application, &arena);
}

static struct json_value *json(struct str text)
{
    return application_fixture_json(text, &arena);
}

static void create(const char *id)
{
    struct customer_document customer;
    struct str body = arena_format(&arena, "{\"customerId\":\"%s\",\"name\":\"Name %s\"}", id, id);
    assert_int_equal(create_customer(&application, &ann, json(body), ON_DUPLICATE_ALLOW, &arena,
                                     &customer, &error),
                     STATUS_OK);
}

struct suspicion {
    struct str customer;
    struct duplicate found;
};

static enum status suspect_body(struct store_session *session, void *context, struct error *out)
{
    const struct suspicion *suspicion = context;
    struct review review = {session, STR("matcher"), environment.base.now(&environment.base),
                            &arena};
    struct tree tree;
    TRY(store_tree_load(session, suspicion->customer, INSTANT_FUTURE, &arena, &tree, out));
    return review_queue(&application, &review, &tree, false, &suspicion->found, 1,
                        DUPLICATE_BY_CREATE, out);
}

static void suspect(const char *customer, const char *other, double probability)
{
    struct match_reason reason = {STR("name"), STR("SIMILAR_NAME")};
    struct suspicion suspicion = {.customer = str_from_cstr(customer),
                                  .found = {.customer_id = str_from_cstr(other),
                                            .match = {.decision = MATCH_POSSIBLE,
                                                      .probability = probability,
                                                      .reasons = &reason,
                                                      .reason_count = 1,
                                                      .waterfall = STR("{\"logOdds\":3}"),
                                                      .model_version = STR("m7")}}};
    assert_int_equal(
        store_write(application.store, ann.tenant, &arena, suspect_body, &suspicion, &error),
        STATUS_OK);
}

static const struct json_value *items(struct review_query query)
{
    struct json_page page;
    assert_int_equal(review_list(&application, &ann, &query, &arena, &page, &error), STATUS_OK);
    return json_get(json(page.body), STR("items"));
}

static struct str text_at(const struct json_value *value, const char *name)
{
    return json_text(json_get(value, str_from_cstr(name)));
}

/* The id of the one item about the customer. */
static struct str item_of(const char *customer)
{
    const struct json_value *found =
        items((struct review_query){.state = STR("ALL"), .customer_id = str_from_cstr(customer)});
    assert_int_equal(found->count, 1);
    return text_at(&found->items[0], "duplicateId");
}

static const struct json_value *get(struct str id)
{
    struct str out;
    assert_int_equal(review_get(&application, &ann, id, &arena, &out, &error), STATUS_OK);
    return json(out);
}

static enum status claim(const struct caller *caller, struct str id, int64_t minutes)
{
    struct str out;
    return minutes == 0 ? review_release(&application, caller, id, &arena, &out, &error)
                        : review_claim(&application, caller, id, minutes, &arena, &out, &error);
}

static enum status resolve(const struct caller *caller, struct str id, const char *body)
{
    struct review_request request;
    struct str out;
    TRY(review_resolve_parse(json(str_from_cstr(body)), &request, &error));
    return review_resolve(&application, caller, id, &request, &arena, &out, &error);
}

static struct str merge(const char *target, const char *source)
{
    struct merge_request request = {.source_id = str_from_cstr(source)};
    struct merge_result result;
    assert_int_equal(merge_customers(&application, &ann, str_from_cstr(target), &request, &arena,
                                     &result, &error),
                     STATUS_OK);
    return result.merge_id;
}

static void wait_minutes(int64_t minutes)
{
    environment.time += minutes * 60 * INSTANT_SECOND;
}

static void an_item_shows_both_sides_and_the_evidence(void **state)
{
    (void)state;
    create("A");
    create("B");
    suspect("B", "A", 0.75);
    const struct json_value *item = get(item_of("A"));
    const struct json_value *sides = json_get(item, STR("customers"));
    assert_str(text_at(item, "state"), STR("OPEN"));
    assert_str(text_at(item, "cause"), STR("CREATE"));
    assert_str(text_at(item, "modelVersion"), STR("m7"));
    assert_str(json_get(item, STR("probability"))->text, STR("0.75"));
    assert_str(text_at(&json_get(item, STR("reasons"))->items[0], "reason"), STR("SIMILAR_NAME"));
    assert_str(json_get(json_get(item, STR("waterfall")), STR("logOdds"))->text, STR("3"));
    assert_str(text_at(&sides->items[0], "customerId"), STR("A"));
    assert_str(text_at(json_get(&sides->items[1], STR("profile")), "name"), STR("Name B"));
    const struct json_value *differences = json_get(item, STR("differences"));
    assert_int_equal(differences->count, 1);
    assert_str(text_at(&differences->items[0], "field"), STR("name"));
}

static void a_suspicion_again_refreshes_the_evidence(void **state)
{
    (void)state;
    create("A");
    create("B");
    suspect("B", "A", 0.75);
    struct str id = item_of("A");
    suspect("A", "B", 0.9);
    assert_str(item_of("B"), id);
    assert_str(json_get(get(id), STR("probability"))->text, STR("0.9"));
}

static void a_claim_keeps_others_off_until_it_is_over(void **state)
{
    (void)state;
    create("A");
    create("B");
    suspect("B", "A", 0.75);
    struct str id = item_of("A");
    assert_int_equal(claim(&ann, id, 15), STATUS_OK);
    assert_int_equal(claim(&bob, id, 15), STATUS_DUPLICATE_CLAIMED);
    assert_str(text_at(json(error.details_json), "claimedBy"), STR("ann"));
    assert_int_equal(claim(&bob, id, 0), STATUS_DUPLICATE_CLAIMED);
    assert_int_equal(resolve(&bob, id, "{\"decision\":\"NOT_A_DUPLICATE\"}"),
                     STATUS_DUPLICATE_CLAIMED);
    wait_minutes(10);
    assert_int_equal(claim(&ann, id, 15), STATUS_OK); /* prolonged */
    wait_minutes(10);
    assert_int_equal(claim(&bob, id, 15), STATUS_DUPLICATE_CLAIMED);
    assert_int_equal(items((struct review_query){.claimed_by = STR("ann")})->count, 1);
    assert_int_equal(items((struct review_query){.state = STR("OPEN")})->count, 0);
    assert_int_equal(items((struct review_query){.cause = STR_NONE})->count, 0);
    assert_int_equal(items((struct review_query){.state = STR("ALL")})->count, 1);
    wait_minutes(6);
    assert_str(text_at(get(id), "state"), STR("OPEN"));
    assert_int_equal(claim(&bob, id, 15), STATUS_OK);
    assert_int_equal(claim(&bob, id, 0), STATUS_OK);
    assert_int_equal(claim(&ann, id, 15), STATUS_OK);
    assert_int_equal(resolve(&ann, id, "{\"decision\":\"NOT_A_DUPLICATE\"}"), STATUS_OK);
    assert_int_equal(claim(&ann, id, 15), STATUS_DUPLICATE_RESOLVED);
}

static void an_item_that_is_put_off_comes_back(void **state)
{
    (void)state;
    create("A");
    create("B");
    suspect("B", "A", 0.75);
    struct str id = item_of("A");
    char text[INSTANT_TEXT_MAX];
    struct str until = instant_format(environment.time + 3600 * INSTANT_SECOND, text);
    struct str body =
        arena_format(&arena, "{\"decision\":\"LATER\",\"until\":\"%.*s\"}", STR_ARGS(until));
    assert_int_equal(resolve(&ann, id, arena_cstr(&arena, body)), STATUS_OK);
    assert_int_equal(items((struct review_query){.state = STR("OPEN")})->count, 0);
    assert_str(text_at(get(id), "state"), STR("LATER"));
    suspect("B", "A", 0.8); /* stays put off */
    assert_str(text_at(get(id), "state"), STR("LATER"));
    wait_minutes(61);
    assert_str(text_at(get(id), "state"), STR("OPEN"));
    assert_int_equal(resolve(&ann, id, arena_cstr(&arena, body)), STATUS_INVALID_VALUE);
}

static void a_merge_here_is_one_unit_of_work_with_the_decision(void **state)
{
    (void)state;
    struct customer_document customer;
    create("A");
    create("B");
    suspect("B", "A", 0.75);
    struct str id = item_of("A");
    assert_int_equal(resolve(&ann, id, "{\"decision\":\"MERGE\"}"), STATUS_REQUIRED_FIELD);
    assert_int_equal(resolve(&ann, id, "{\"decision\":\"MERGE\",\"survivorId\":\"X\"}"),
                     STATUS_INVALID_VALUE);
    assert_int_equal(
        resolve(&ann, id, "{\"decision\":\"MERGE\",\"survivorId\":\"B\",\"planToken\":\"old\"}"),
        STATUS_PLAN_CHANGED);
    assert_str(text_at(get(id), "state"), STR("OPEN"));
    assert_int_equal(resolve(&ann, id, "{\"decision\":\"MERGE\",\"survivorId\":\"B\"}"), STATUS_OK);
    assert_str(text_at(get(id), "state"), STR("MERGED"));
    assert_str(text_at(get(id), "resolution"), STR("STEWARD"));
    assert_int_equal(get_customer(&application, &ann, STR("A"), &arena, &customer, &error),
                     STATUS_CUSTOMER_MERGED);
}

static void a_judgement_holds_for_what_is_merged_into_either_side(void **state)
{
    (void)state;
    create("A");
    create("B");
    create("C");
    suspect("A", "C", 0.75);
    assert_int_equal(resolve(&ann, item_of("C"), "{\"decision\":\"NOT_A_DUPLICATE\"}"), STATUS_OK);
    struct str merged = merge("A", "B");
    suspect("C", "A", 0.99); /* of A and B now: judged */
    assert_int_equal(items((struct review_query){.state = STR("OPEN")})->count, 0);
    struct str out;
    assert_int_equal(
        unmerge_customers(&application, &ann, STR("A"), merged, STR_NONE, &arena, &out, &error),
        STATUS_OK);
    suspect("A", "B", 0.99); /* taking it back was a judgement */
    suspect("C", "A", 0.99);
    assert_int_equal(items((struct review_query){.state = STR("OPEN")})->count, 0);
    suspect("C", "B", 0.99); /* nobody said anything about these two */
    assert_int_equal(items((struct review_query){.state = STR("OPEN")})->count, 1);
}

static void of_items_about_the_same_two_the_likeliest_stays(void **state)
{
    (void)state;
    create("A");
    create("B");
    create("C");
    suspect("A", "C", 0.6);
    suspect("B", "C", 0.8);
    (void)merge("A", "B");
    const struct json_value *open = items((struct review_query){.state = STR("OPEN")});
    assert_int_equal(open->count, 1);
    assert_str(json_get(&open->items[0], STR("probability"))->text, STR("0.8"));
    const struct json_value *repeated = items((struct review_query){.state = STR("REPEATED")});
    assert_int_equal(repeated->count, 1);
    assert_int_equal(claim(&ann, text_at(&repeated->items[0], "duplicateId"), 1),
                     STATUS_DUPLICATE_RESOLVED);
}

/* A store keeps nine digits of a probability: with more, the one of two equals that is open would
 * be another one when it is looked at again. */
static void of_items_that_are_as_likely_the_one_that_is_open_is_decided(void **state)
{
    (void)state;
    const double probability = 0.81998978698326364;
    for (const char *id = "ABC"; *id; id++) create((const char[]){*id, '\0'});
    suspect("A", "B", probability);
    suspect("B", "C", probability);
    (void)merge("C", "A");
    suspect("B", "C", probability);
    const struct json_value *open =
        items((struct review_query){.customer_id = STR("C"), .state = STR("OPEN")});
    assert_int_equal(open->count, 1);
    struct str id = text_at(&open->items[0], "duplicateId");
    assert_int_equal(resolve(&ann, id, "{\"decision\":\"NOT_A_DUPLICATE\"}"), STATUS_OK);
}

static void a_list_pages_through_what_a_filter_leaves(void **state)
{
    (void)state;
    struct json_page page;
    struct customer_document customer;
    size_t seen = 0, pages = 0;
    create("HUB");
    for (int i = 0; i < 12; i++) {
        struct str id = arena_format(&arena, "N%02d", i);
        struct str body =
            arena_format(&arena, "{\"customerId\":\"%.*s\",\"name\":\"N\",\"segment\":\"%s\"}",
                         STR_ARGS(id), i % 3 ? "SMB" : "ENTERPRISE");
        assert_int_equal(create_customer(&application, &ann, json(body), ON_DUPLICATE_ALLOW, &arena,
                                         &customer, &error),
                         STATUS_OK);
        suspect(arena_cstr(&arena, id), "HUB", 0.5 + i / 100.0);
    }
    struct review_query query = {.segment = STR("ENTERPRISE"), .limit = 3, .cursor = STR_NONE};
    do {
        assert_int_equal(review_list(&application, &ann, &query, &arena, &page, &error), STATUS_OK);
        seen += json_get(json(page.body), STR("items"))->count;
        query.cursor = page.next;
        pages++;
    } while (!str_is_none(page.next) && pages < 10);
    assert_int_equal(seen, 4);
    query = (struct review_query){.customer_id = STR("HUB"), .limit = 5};
    for (pages = seen = 0; pages == 0 || (!str_is_none(page.next) && pages < 10); pages++) {
        assert_int_equal(review_list(&application, &ann, &query, &arena, &page, &error), STATUS_OK);
        seen += json_get(json(page.body), STR("items"))->count;
        query.cursor = page.next;
    }
    assert_int_equal(seen, 12);
    assert_int_equal(pages, 3);
    query = (struct review_query){.probability_min = STR("1.5")};
    assert_int_equal(review_list(&application, &ann, &query, &arena, &page, &error),
                     STATUS_INVALID_VALUE);
    query = (struct review_query){.customer_id = STR("NOBODY")};
    assert_int_equal(review_list(&application, &ann, &query, &arena, &page, &error),
                     STATUS_CUSTOMER_NOT_FOUND);
}

static void the_figures_tell_what_waits_and_what_was_decided(void **state)
{
    (void)state;
    struct str out;
    create("A");
    create("B");
    create("C");
    create("D");
    suspect("A", "B", 0.6);
    suspect("C", "D", 0.7);
    wait_minutes(60);
    assert_int_equal(resolve(&ann, item_of("A"), "{\"decision\":\"NOT_A_DUPLICATE\"}"), STATUS_OK);
    assert_int_equal(review_stats(&application, &ann, &arena, &out, &error), STATUS_OK);
    const struct json_value *stats = json(out);
    assert_str(json_get(stats, STR("open"))->text, STR("1"));
    assert_str(json_get(stats, STR("oldestOpenSeconds"))->text, STR("3600"));
    assert_str(json_get(json_get(stats, STR("byCause")), STR("CREATE"))->text, STR("1"));
    assert_str(json_get(stats, STR("notDuplicate"))->text, STR("1"));
    assert_str(json_get(stats, STR("automaticRate"))->text, STR("0"));
    const struct json_value *days = json_get(stats, STR("perDay"));
    assert_int_equal(days->count, 1);
    assert_str(text_at(&days->items[0], "date"), STR("2023-11-14"));
    assert_str(json_get(&days->items[0], STR("notDuplicate"))->text, STR("1"));
}

static void a_body_says_exactly_what_its_decision_needs(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum status status;
        const char *field;
    } wrong[] = {
        {"{}", STATUS_REQUIRED_FIELD, "decision"},
        {"{\"decision\":1}", STATUS_INVALID_VALUE, "decision"},
        {"{\"decision\":\"MAYBE\"}", STATUS_INVALID_VALUE, "decision"},
        {"{\"decision\":\"LATER\"}", STATUS_REQUIRED_FIELD, "until"},
        {"{\"decision\":\"LATER\",\"until\":\"soon\"}", STATUS_INVALID_VALUE, "until"},
        {"{\"decision\":\"LATER\",\"survivorId\":\"A\"}", STATUS_UNKNOWN_FIELD, "survivorId"},
        {"{\"decision\":\"NOT_A_DUPLICATE\",\"until\":\"2030-01-01\"}", STATUS_UNKNOWN_FIELD,
         "until"},
        {"{\"decision\":\"MERGE\",\"colour\":\"red\"}", STATUS_UNKNOWN_FIELD, "colour"},
        {"{\"decision\":\"MERGE\",\"survivorId\":\"A\",\"mergeReason\":\"a\\nb\"}",
         STATUS_INVALID_VALUE, "mergeReason"},
    };
    for (size_t i = 0; i < UNIT_COUNT(wrong); i++) {
        struct review_request request;
        assert_int_equal(review_resolve_parse(json(str_from_cstr(wrong[i].body)), &request, &error),
                         wrong[i].status);
        assert_string_equal(error.field, wrong[i].field);
    }
}

static void a_scan_decides_as_a_write_does_and_twice_is_once(void **state)
{
    (void)state;
    struct customer_document customer;
    static const struct review_scan_pair pairs[] = {
        {STR("A"), STR("B")}, {STR("B"), STR("C")}, {STR("A"), STR("D")}};
    static const char *const bodies[] = {
        "{\"customerId\":\"A\",\"name\":\"Acme\",\"emails\":[\"a@x.example\"]}",
        "{\"customerId\":\"B\",\"name\":\"Acme\",\"emails\":[\"a@x.example\"]}",
        "{\"customerId\":\"C\",\"name\":\"ACME\",\"emails\":[\"a@x.example\"]}",
        "{\"customerId\":\"D\",\"name\":\"Dune\",\"emails\":[\"a@x.example\"]}"};
    for (size_t i = 0; i < UNIT_COUNT(bodies); i++)
        assert_int_equal(create_customer(&application, &ann, json(str_from_cstr(bodies[i])),
                                         ON_DUPLICATE_ALLOW, &arena, &customer, &error),
                         STATUS_OK);
    struct review_scan_counts counts = {0};
    struct review_scan_settings settings = {.merge_from = 2};
    for (int again = 0; again < 2; again++)
        assert_int_equal(
            review_scan_decide(&application, &ann, &settings, pairs, 3, &arena, &counts, &error),
            STATUS_OK);
    assert_int_equal(counts.pairs, 6);
    assert_int_equal(counts.alike, 4);
    assert_int_equal(items((struct review_query){.cause = STR("SCAN")})->count, 2);
    assert_int_equal(claim(&bob, item_of("A"), 15), STATUS_OK);
    /* Merging at once leaves alone what somebody is at. */
    settings.merge_from = 0.9;
    assert_int_equal(
        review_scan_decide(&application, &ann, &settings, pairs, 3, &arena, &counts, &error),
        STATUS_OK);
    assert_int_equal(counts.merged, 1);
    const struct json_value *merged = items((struct review_query){.state = STR("MERGED")});
    assert_int_equal(merged->count, 1);
    assert_str(text_at(&merged->items[0], "resolution"), STR("AUTOMATIC"));
    assert_str(text_at(get(item_of("A")), "state"), STR("CLAIMED"));
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(an_item_shows_both_sides_and_the_evidence),
        CASE(a_suspicion_again_refreshes_the_evidence),
        CASE(a_claim_keeps_others_off_until_it_is_over),
        CASE(an_item_that_is_put_off_comes_back),
        CASE(a_merge_here_is_one_unit_of_work_with_the_decision),
        CASE(a_judgement_holds_for_what_is_merged_into_either_side),
        CASE(of_items_about_the_same_two_the_likeliest_stays),
        CASE(of_items_that_are_as_likely_the_one_that_is_open_is_decided),
        CASE(a_list_pages_through_what_a_filter_leaves),
        CASE(the_figures_tell_what_waits_and_what_was_decided),
        CASE(a_body_says_exactly_what_its_decision_needs),
        CASE(a_scan_decides_as_a_write_does_and_twice_is_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
