#include "domain/golden.h"

#include <stdio.h>
#include <time.h>

#include "tree_builder.h"
#include "unit.h"

#define LISTS_NONE "\"identifiers\":[],\"emails\":[],\"phones\":[],\"addresses\":[]"
#define REST_NONE  LISTS_NONE ",\"preferences\":{},\"contacts\":[]}"

static struct tree_builder builder;

static const struct policy *policy_of(const char *text)
{
    const struct policy *policy = NULL;
    struct error error;
    assert_int_equal(
        policy_parse(tree_builder_json(&builder, text), &builder.arena, &policy, &error),
        STATUS_OK);
    return policy;
}

static struct golden golden_now(const struct policy *policy)
{
    struct golden golden;
    assert_int_equal(golden_record(tree_builder_tree(&builder), policy, &builder.arena, &golden),
                     STATUS_OK);
    return golden;
}

/* The text of one attribute, "null" when it is absent. */
static const char *attribute(const struct policy *policy, const char *name)
{
    struct golden golden = golden_now(policy ? policy : policy_default());
    const struct json_value *value = json_get(golden.attributes, str_from_cstr(name));
    return value ? tree_builder_text(&builder, value) : "null";
}

static void alone(void)
{
    tree_builder_home(&builder, "A", NULL, 0);
}

static void a_merged_with_b_at(instant when)
{
    tree_builder_home(&builder, "A", NULL, 0);
    tree_builder_home(&builder, "B", "A", when);
}

/* ---- scalars ---- */

static void nobody_says_anything_and_the_defaults_stand(void **state)
{
    (void)state;
    alone();
    assert_string_equal(tree_builder_golden(&builder, NULL),
                        "{\"kind\":\"ORGANIZATION\",\"status\":\"ACTIVE\"," REST_NONE);
}

static void the_most_recent_assertion_wins_whatever_the_order_of_arrival(void **state)
{
    (void)state;
    alone();
    tree_builder_assert(&builder, "A", "erp", 20, "{\"name\":\"New\"}");
    tree_builder_assert(&builder, "A", "crm", 10, "{\"name\":\"Old\"}");
    assert_string_equal(attribute(NULL, "name"), "\"New\"");
    tree_builder_last(&builder)->recorded_at = 99;
    assert_string_equal(attribute(NULL, "name"), "\"New\"");
}

static void the_most_trusted_source_wins_over_a_later_one(void **state)
{
    (void)state;
    alone();
    const struct policy *policy = policy_of("{\"trust\":{\"erp\":90,\"*\":10},"
                                            "\"fields\":{\"name\":\"mostTrusted\"}}");
    tree_builder_assert(&builder, "A", "erp", 10, "{\"name\":\"Trusted\",\"segment\":\"E\"}");
    tree_builder_assert(&builder, "A", "web", 20, "{\"name\":\"Later\",\"segment\":\"W\"}");
    assert_string_equal(attribute(policy, "name"), "\"Trusted\"");
    assert_string_equal(attribute(policy, "segment"), "\"W\"");
}

static void what_most_source_records_say_wins_and_each_counts_once(void **state)
{
    (void)state;
    alone();
    const struct policy *policy = policy_of("{\"fields\":{\"name\":\"mostFrequent\"}}");
    tree_builder_assert(&builder, "A", "one", 10, "{\"name\":\"Acme\"}");
    tree_builder_assert(&builder, "A", "two", 11, "{\"name\":\"Acme\"}");
    tree_builder_assert(&builder, "A", "three", 12, "{\"name\":\"Acne\"}");
    tree_builder_assert(&builder, "A", "three", 13, "{\"name\":\"Acne\"}");
    tree_builder_assert(&builder, "A", "three", 14, "{\"name\":\"Acne\"}");
    assert_string_equal(attribute(policy, "name"), "\"Acme\"");
}

static void the_longest_wins_but_a_source_may_shorten_its_own(void **state)
{
    (void)state;
    alone();
    const struct policy *policy = policy_of("{\"fields\":{\"name\":\"longest\"}}");
    tree_builder_assert(&builder, "A", "crm", 10, "{\"name\":\"Acme Corporation\"}");
    tree_builder_assert(&builder, "A", "erp", 20, "{\"name\":\"Acme\"}");
    assert_string_equal(attribute(policy, "name"), "\"Acme Corporation\"");
    tree_builder_assert(&builder, "A", "crm", 30, "{\"name\":\"AC\"}");
    assert_string_equal(attribute(policy, "name"), "\"Acme\"");
}

static void characters_are_counted_not_bytes(void **state)
{
    (void)state;
    alone();
    const struct policy *policy = policy_of("{\"fields\":{\"name\":\"longest\"}}");
    tree_builder_assert(&builder, "A", "crm", 10, "{\"name\":\"abcd\"}");
    tree_builder_assert(&builder, "A", "erp", 20, "{\"name\":\"äöü\"}");
    assert_string_equal(attribute(policy, "name"), "\"abcd\"");
}

static void an_assertion_of_null_makes_a_field_absent(void **state)
{
    (void)state;
    alone();
    tree_builder_assert(&builder, "A", "erp", 10, "{\"segment\":\"GOLD\"}");
    tree_builder_assert(&builder, "A", "crm", 20, "{\"segment\":null}");
    assert_string_equal(attribute(NULL, "segment"), "null");
}

static void at_the_same_time_the_more_trusted_source_wins(void **state)
{
    (void)state;
    alone();
    const struct policy *policy = policy_of("{\"trust\":{\"erp\":90,\"*\":10}}");
    tree_builder_assert(&builder, "A", "erp", 10, "{\"name\":\"Erp\"}");
    tree_builder_assert(&builder, "A", "web", 10, "{\"name\":\"Web\"}");
    assert_string_equal(attribute(policy, "name"), "\"Erp\"");
}

/* ---- lists and maps ---- */

static void lists_unite_the_elements_of_all_sources_best_first(void **state)
{
    (void)state;
    a_merged_with_b_at(50);
    tree_builder_assert(&builder, "A", "crm", 10,
                        "{\"emails\":[\"a1@x.example\",\"a2@x.example\"]}");
    tree_builder_assert(&builder, "B", "crm", 20,
                        "{\"emails\":[\"b@x.example\",\"A1@x.example\"]}");
    assert_string_equal(attribute(NULL, "emails"),
                        "[\"b@x.example\",\"A1@x.example\",\"a2@x.example\"]");
}

static void a_retraction_takes_an_element_back_until_it_is_asserted_again(void **state)
{
    (void)state;
    alone();
    tree_builder_assert(&builder, "A", "erp", 10, "{\"phones\":[\"+491\",\"+492\"]}");
    tree_builder_assert(&builder, "A", "crm", 20, "{\"retract\":{\"phones\":[\"+491\"]}}");
    assert_string_equal(attribute(NULL, "phones"), "[\"+492\"]");
    tree_builder_assert(&builder, "A", "erp", 30, "{\"phones\":[\"+491\"]}");
    assert_string_equal(attribute(NULL, "phones"), "[\"+491\",\"+492\"]");
}

static void at_the_same_time_a_retraction_wins(void **state)
{
    (void)state;
    alone();
    tree_builder_assert(&builder, "A", "crm", 20, "{\"retract\":{\"phones\":[\"+491\"]}}");
    tree_builder_assert(&builder, "A", "erp", 20, "{\"phones\":[\"+491\"]}");
    assert_string_equal(attribute(NULL, "phones"), "[]");
}

static void an_order_stands_before_the_rule_and_asserts_nothing(void **state)
{
    (void)state;
    alone();
    tree_builder_assert(&builder, "A", "crm", 10, "{\"phones\":[\"+491\",\"+492\",\"+493\"]}");
    tree_builder_assert(&builder, "A", "crm", 20,
                        "{\"order\":{\"phones\":[\"+493\",\"+499\",\"+492\"]}}");
    assert_string_equal(attribute(NULL, "phones"), "[\"+493\",\"+492\",\"+491\"]");
}

static void addresses_never_mix_sources(void **state)
{
    (void)state;
    a_merged_with_b_at(50);
    tree_builder_assert(&builder, "A", "crm", 10,
                        "{\"addresses\":[{\"line1\":\"Main St 1\",\"city\":\"Ulm\"}]}");
    tree_builder_assert(&builder, "B", "crm", 20, "{\"addresses\":[{\"line1\":\"Elm St 2\"}]}");
    assert_string_equal(attribute(NULL, "addresses"),
                        "[{\"line1\":\"Elm St 2\"},{\"line1\":\"Main St 1\",\"city\":\"Ulm\"}]");
}

static void two_spellings_of_an_element_are_one_spelt_by_the_best_word(void **state)
{
    (void)state;
    alone();
    tree_builder_assert(&builder, "A", "erp", 10,
                        "{\"identifiers\":[{\"type\":\"VAT\",\"value\":\"DE 123.456\"}]}");
    tree_builder_assert(&builder, "A", "crm", 20,
                        "{\"identifiers\":[{\"type\":\"VAT\",\"value\":\"de123456\"}]}");
    assert_string_equal(attribute(NULL, "identifiers"),
                        "[{\"type\":\"VAT\",\"value\":\"de123456\"}]");
}

static void each_preference_survives_on_its_own(void **state)
{
    (void)state;
    alone();
    const struct policy *policy =
        policy_of("{\"trust\":{\"erp\":9},\"fields\":{\"preferences.theme\":\"mostTrusted\"}}");
    tree_builder_assert(&builder, "A", "erp", 10,
                        "{\"preferences\":{\"theme\":\"dark\",\"a\":1,\"b\":true}}");
    tree_builder_assert(&builder, "A", "crm", 20,
                        "{\"preferences\":{\"theme\":\"light\",\"a\":2,\"b\":null}}");
    assert_string_equal(attribute(policy, "preferences"), "{\"a\":2,\"theme\":\"dark\"}");
    assert_string_equal(attribute(NULL, "preferences"), "{\"a\":2,\"theme\":\"light\"}");
}

/* ---- status ---- */

static void a_merge_never_lifts_a_hold(void **state)
{
    (void)state;
    a_merged_with_b_at(50);
    tree_builder_assert(&builder, "B", "crm", 10, "{\"status\":\"ON_HOLD\"}");
    tree_builder_assert(&builder, "A", "crm", 40, "{\"status\":\"ACTIVE\"}");
    assert_string_equal(attribute(NULL, "status"), "\"ON_HOLD\"");
}

static void a_later_act_on_the_merged_profile_lifts_the_hold(void **state)
{
    (void)state;
    a_merged_with_b_at(50);
    tree_builder_assert(&builder, "B", "crm", 10, "{\"status\":\"ON_HOLD\"}");
    tree_builder_assert(&builder, "A", "crm", 60, "{\"status\":\"INACTIVE\"}");
    assert_string_equal(attribute(NULL, "status"), "\"INACTIVE\"");
}

static void without_a_hold_the_status_is_the_roots_own(void **state)
{
    (void)state;
    a_merged_with_b_at(50);
    tree_builder_assert(&builder, "A", "crm", 10, "{\"status\":\"ACTIVE\"}");
    tree_builder_assert(&builder, "B", "crm", 40, "{\"status\":\"INACTIVE\"}");
    assert_string_equal(attribute(NULL, "status"), "\"ACTIVE\"");
}

static void an_act_speaks_through_nested_merges_only_from_the_last_edge_on(void **state)
{
    (void)state;
    tree_builder_home(&builder, "A", NULL, 0);
    tree_builder_home(&builder, "B", "A", 70);
    tree_builder_home(&builder, "C", "B", 30);
    tree_builder_assert(&builder, "C", "crm", 10, "{\"status\":\"ON_HOLD\"}");
    tree_builder_assert(&builder, "A", "crm", 60, "{\"status\":\"ACTIVE\"}");
    assert_string_equal(attribute(NULL, "status"), "\"ON_HOLD\"");
    tree_builder_assert(&builder, "A", "crm", 80, "{\"status\":\"ACTIVE\"}");
    assert_string_equal(attribute(NULL, "status"), "\"ACTIVE\"");
}

/* ---- contacts ---- */

static void contacts_are_folded_member_by_member(void **state)
{
    (void)state;
    alone();
    tree_builder_fact(&builder, FACT_CONTACT, "A", "crm", "C1", 10,
                      "{\"name\":\"Jane\",\"email\":\"j@x.example\",\"roles\":[\"BILLING\"]}");
    tree_builder_fact(&builder, FACT_CONTACT, "A", "crm", "C2", 11, "{\"name\":\"Joe\"}");
    tree_builder_fact(&builder, FACT_CONTACT, "A", "crm", "C1", 20,
                      "{\"email\":null,\"phone\":\"+491\"}");
    struct golden golden = golden_now(policy_default());
    assert_string_equal(
        tree_builder_text(&builder, golden.contacts),
        "[{\"contactId\":\"C1\",\"name\":\"Jane\",\"phone\":\"+491\",\"roles\":[\"BILLING\"]},"
        "{\"contactId\":\"C2\",\"name\":\"Joe\"}]");
    assert_string_equal(attribute(NULL, "primaryContactId"), "\"C1\"");
    tree_builder_fact(&builder, FACT_CONTACT, "A", "crm", "C1", 30, "{\"removed\":true}");
    assert_string_equal(attribute(NULL, "primaryContactId"), "\"C2\"");
}

static void the_primary_contact_is_as_asserted_while_it_is_there(void **state)
{
    (void)state;
    a_merged_with_b_at(50);
    tree_builder_fact(&builder, FACT_CONTACT, "B", "crm", "CB", 10, "{\"name\":\"Bea\"}");
    tree_builder_fact(&builder, FACT_CONTACT, "A", "crm", "CA", 20, "{\"name\":\"Ann\"}");
    assert_string_equal(attribute(NULL, "primaryContactId"), "\"CA\"");
    tree_builder_assert(&builder, "A", "crm", 60, "{\"primaryContactId\":\"CB\"}");
    assert_string_equal(attribute(NULL, "primaryContactId"), "\"CB\"");
    tree_builder_fact(&builder, FACT_CONTACT, "B", "crm", "CB", 70, "{\"removed\":true}");
    assert_string_equal(attribute(NULL, "primaryContactId"), "\"CA\"");
}

static void contacts_of_the_same_id_in_two_homes_stay_two(void **state)
{
    (void)state;
    a_merged_with_b_at(50);
    tree_builder_fact(&builder, FACT_CONTACT, "B", "crm", "1", 10, "{\"name\":\"Bea\"}");
    tree_builder_fact(&builder, FACT_CONTACT, "A", "crm", "1", 20, "{\"name\":\"Ann\"}");
    struct golden golden = golden_now(policy_default());
    assert_int_equal(golden.contacts->count, 2);
    assert_int_equal(golden.contact_homes[0], 1);
    assert_int_equal(golden.contact_homes[1], 0);
}

static void an_id_means_the_contact_of_the_home_nearest_to_the_root(void **state)
{
    (void)state;
    a_merged_with_b_at(50);
    tree_builder_fact(&builder, FACT_CONTACT, "B", "crm", "C", 10, "{\"name\":\"Jane\"}");
    struct golden golden = golden_now(policy_default());
    assert_int_equal(golden_find_contact(&golden, STR("C")), 0);
    assert_int_equal(golden_find_contact(&golden, STR("D")), -1);
    tree_builder_fact(&builder, FACT_CONTACT, "A", "crm", "C", 20, "{\"name\":\"Joe\"}");
    golden = golden_now(policy_default());
    assert_int_equal(golden_find_contact(&golden, STR("C")), 1);
    tree_builder_fact(&builder, FACT_CONTACT, "A", "crm", "C", 30, "{\"removed\":true}");
    golden = golden_now(policy_default());
    assert_int_equal(golden_find_contact(&golden, STR("C")), 0);
    tree_builder_fact(&builder, FACT_CONTACT, "B", "crm", "C", 40, "{\"removed\":true}");
    golden = golden_now(policy_default());
    assert_int_equal(golden_find_contact(&golden, STR("C")), -1);
}

/* ---- provenance, document, differences ---- */

static void every_value_says_where_it_comes_from(void **state)
{
    (void)state;
    a_merged_with_b_at(50);
    tree_builder_assert(&builder, "A", "crm", 10,
                        "{\"name\":\"Acme\",\"emails\":[\"a@x.example\"]}");
    tree_builder_assert(&builder, "B", "erp", 20,
                        "{\"emails\":[\"b@x.example\"],\"preferences\":{\"theme\":\"dark\"}}");
    static const char *const expected[][2] = {{"kind", ""},         {"name", "crm"},
                                              {"status", ""},       {"emails[0]", "erp"},
                                              {"emails[1]", "crm"}, {"preferences.theme", "erp"}};
    struct golden golden = golden_now(policy_default());
    assert_int_equal(golden.provenance_count, 6);
    for (size_t i = 0; i < 6; i++) {
        const struct provenance *row = &golden.provenance[i];
        assert_true(str_equal(row->path, str_from_cstr(expected[i][0])));
        assert_true(
            str_equal(row->fact ? row->fact->source : STR(""), str_from_cstr(expected[i][1])));
    }
}

static void the_document_has_the_members_in_their_order(void **state)
{
    (void)state;
    alone();
    tree_builder_assert(&builder, "A", "crm", 10,
                        "{\"name\":\"Acme Corp\",\"segment\":\"ENTERPRISE\"}");
    tree_builder_fact(&builder, FACT_CONTACT, "A", "crm", "C1", 10, "{\"name\":\"Jane\"}");
    struct golden golden = golden_now(policy_default());
    struct profile_stamp stamp = {STR("A"), 3, 1770021900 * INSTANT_SECOND,
                                  1770021900 * INSTANT_SECOND + 1};
    struct buffer out = {.arena = &builder.arena};
    golden_write(&golden, &stamp, &out);
    buffer_append_char(&out, '\0');
    assert_string_equal(
        out.bytes,
        "{\"customerId\":\"A\",\"kind\":\"ORGANIZATION\",\"name\":\"Acme Corp\",\"status\":"
        "\"ACTIVE\",\"segment\":\"ENTERPRISE\",\"primaryContactId\":\"C1\"," LISTS_NONE
        ",\"preferences\":{},\"contacts\":[{\"contactId\":\"C1\",\"name\":\"Jane\"}],"
        "\"version\":3,\"createdAt\":\"2026-02-02T08:45:00Z\","
        "\"updatedAt\":\"2026-02-02T08:45:00.000001Z\"}");
}

static void differences_name_the_fields_that_changed(void **state)
{
    (void)state;
    alone();
    tree_builder_assert(&builder, "A", "crm", 10, "{\"name\":\"Acme\",\"segment\":\"GOLD\"}");
    struct golden before = golden_now(policy_default());
    tree_builder_assert(&builder, "A", "crm", 20,
                        "{\"segment\":null,\"status\":\"INACTIVE\",\"emails\":[\"a@x.example\"]}");
    struct golden after = golden_now(policy_default());
    struct change *changes;
    size_t count;
    assert_int_equal(golden_difference(&before, &after, &builder.arena, &changes, &count),
                     STATUS_OK);
    assert_int_equal(count, 3);
    assert_true(str_equal(changes[0].field, STR("status")));
    assert_true(str_equal(changes[1].field, STR("segment")));
    assert_true(str_equal(changes[2].field, STR("emails")));
    assert_null(changes[1].after);
    assert_string_equal(tree_builder_text(&builder, changes[1].before), "\"GOLD\"");
    assert_int_equal(golden_difference(NULL, &after, &builder.arena, &changes, &count), STATUS_OK);
    assert_int_equal(count, 9);
}

static void the_summary_has_what_lists_filter_by(void **state)
{
    (void)state;
    alone();
    tree_builder_assert(&builder, "A", "crm", 10, "{\"name\":\"Acme\",\"kind\":\"PERSON\"}");
    struct golden golden = golden_now(policy_default());
    struct golden_summary summary = golden_summarise(&golden);
    assert_true(str_equal(summary.name, STR("Acme")));
    assert_true(str_equal(summary.kind, STR("PERSON")));
    assert_true(str_equal(summary.status, STR("ACTIVE")));
    assert_true(str_is_none(summary.segment));
}

static void running_out_of_memory_is_a_status(void **state)
{
    (void)state;
    alone();
    tree_builder_assert(&builder, "A", "crm", 10,
                        "{\"name\":\"Acme\",\"emails\":[\"a@x.example\"],"
                        "\"preferences\":{\"a\":1}}");
    tree_builder_fact(&builder, FACT_CONTACT, "A", "crm", "C1", 10, "{\"name\":\"Jane\"}");
    const struct tree *tree = tree_builder_tree(&builder);
    enum status status = STATUS_OUT_OF_MEMORY;
    size_t limit = 0;
    for (; limit < 100000 && status == STATUS_OUT_OF_MEMORY; limit += 16) {
        struct arena small;
        struct golden golden;
        arena_init(&small, limit);
        status = golden_record(tree, policy_default(), &small, &golden);
        arena_release(&small);
    }
    assert_int_equal(status, STATUS_OK);
    assert_true(limit > 1000);
}

int main(void)
{
#define TEST(name)                                                                                 \
    cmocka_unit_test_prestate_setup_teardown(name, tree_builder_set_up, tree_builder_tear_down,    \
                                             &builder)
    const struct CMUnitTest tests[] = {
        TEST(nobody_says_anything_and_the_defaults_stand),
        TEST(the_most_recent_assertion_wins_whatever_the_order_of_arrival),
        TEST(the_most_trusted_source_wins_over_a_later_one),
        TEST(what_most_source_records_say_wins_and_each_counts_once),
        TEST(the_longest_wins_but_a_source_may_shorten_its_own),
        TEST(characters_are_counted_not_bytes),
        TEST(an_assertion_of_null_makes_a_field_absent),
        TEST(at_the_same_time_the_more_trusted_source_wins),
        TEST(lists_unite_the_elements_of_all_sources_best_first),
        TEST(a_retraction_takes_an_element_back_until_it_is_asserted_again),
        TEST(at_the_same_time_a_retraction_wins),
        TEST(an_order_stands_before_the_rule_and_asserts_nothing),
        TEST(addresses_never_mix_sources),
        TEST(two_spellings_of_an_element_are_one_spelt_by_the_best_word),
        TEST(each_preference_survives_on_its_own),
        TEST(a_merge_never_lifts_a_hold),
        TEST(a_later_act_on_the_merged_profile_lifts_the_hold),
        TEST(without_a_hold_the_status_is_the_roots_own),
        TEST(an_act_speaks_through_nested_merges_only_from_the_last_edge_on),
        TEST(contacts_are_folded_member_by_member),
        TEST(the_primary_contact_is_as_asserted_while_it_is_there),
        TEST(contacts_of_the_same_id_in_two_homes_stay_two),
        TEST(an_id_means_the_contact_of_the_home_nearest_to_the_root),
        TEST(every_value_says_where_it_comes_from),
        TEST(the_document_has_the_members_in_their_order),
        TEST(differences_name_the_fields_that_changed),
        TEST(the_summary_has_what_lists_filter_by),
        TEST(running_out_of_memory_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
