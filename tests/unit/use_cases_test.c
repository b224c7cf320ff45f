/* The use cases over the store in memory: what each answers, and what it refuses. */
#include "application_fixture.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "application/change_customer.h"
#include "application/consents.h"
#include "application/contacts.h"
#include "application/create_customer.h"
#include "application/get_customer.h"
#include "application/import_records.h"
#include "application/jobs.h"
#include "application/list_customers.h"
#include "application/merge_customers.h"
#include "application/read_events.h"
#include "application/relationships.h"
#include "application/review_list.h"
#include "application/suppressions.h"
#include "application/unmerge_customers.h"

static struct environment_fixed environment;
static struct application application;
static struct caller caller;
static struct arena arena;
static struct error error;

static int set_up(void **state)
{
    (void)state;
    return application_fixture_open_fixed(&application, &environment, &caller, &arena);
}

static int tear_down(void **state)
{
    (void)state;
    return application_fixture_close(&application, &arena);
}

static struct json_value *json(const char *text)
{
    return application_fixture_json(str_from_cstr(text), &arena);
}

static enum status create(const char *body, struct customer_document *out)
{
    return create_customer(&application, &caller, json(body), ON_DUPLICATE_REJECT, &arena, out,
                           &error);
}

static void must_create(const char *body)
{
    struct customer_document customer;
    assert_int_equal(create(body, &customer), STATUS_OK);
}

static enum status merge(const char *target, const char *source, struct merge_result *out)
{
    struct merge_request request = {.source_id = str_from_cstr(source)};
    return merge_customers(&application, &caller, str_from_cstr(target), &request, &arena, out,
                           &error);
}

static enum status get(const char *id, struct customer_document *out)
{
    return get_customer(&application, &caller, str_from_cstr(id), &arena, out, &error);
}

/* The value of a member of a JSON text. */
static struct str member(struct str text, const char *name)
{
    struct json_value *value;
    assert_int_equal(json_parse(text, &arena, &value, &error), STATUS_OK);
    return json_text(json_get(value, str_from_cstr(name)));
}

static bool contains(struct str text, const char *part)
{
    return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

static void a_certain_duplicate_is_refused_with_the_candidates_and_the_reasons(void **state)
{
    (void)state;
    struct customer_document customer;
    must_create(
        "{\"customerId\":\"A\",\"name\":\"Acme Corp.\",\"emails\":[\"Info@acme.example\"]}");
    assert_int_equal(
        create("{\"name\":\"ACME corp\",\"emails\":[\"info@ACME.example\"]}", &customer),
        STATUS_DUPLICATE_CUSTOMER);
    assert_true(contains(error.details_json,
                         "{\"candidates\":[{\"customerId\":\"A\",\"matchProbability\":1,"
                         "\"reasons\":[\"SAME_EMAIL_AND_NAME\"]}]}"));
    assert_int_equal(
        create_customer(&application, &caller,
                        json("{\"name\":\"Acme Corp\",\"emails\":[\"info@acme.example\"]}"),
                        ON_DUPLICATE_ALLOW, &arena, &customer, &error),
        STATUS_OK);
}

static void a_contacts_address_makes_a_duplicate_too(void **state)
{
    (void)state;
    struct customer_document customer;
    must_create("{\"name\":\"Acme\",\"contacts\":[{\"name\":\"J\",\"email\":\"j@acme.example\"}]}");
    assert_int_equal(create("{\"name\":\"ACME\",\"contacts\":[{\"name\":\"Jane\","
                            "\"email\":\"J@acme.example\"}]}",
                            &customer),
                     STATUS_DUPLICATE_CUSTOMER);
    assert_true(contains(error.details_json, "SAME_EMAIL_AND_NAME"));
    /* The customer's own address there is a contact's here. */
    assert_int_equal(create("{\"name\":\"Acme\",\"emails\":[\"j@acme.example\"]}", &customer),
                     STATUS_DUPLICATE_CUSTOMER);
    /* Who answers for two customers is no reason to take them for one. */
    must_create("{\"name\":\"Bolt\",\"contacts\":[{\"name\":\"J\",\"email\":\"j@acme.example\"}]}");
}

static void a_contact_that_is_added_may_show_a_duplicate(void **state)
{
    (void)state;
    static const struct review_query all = {.limit = 10};
    struct customer_part part;
    struct json_page page;
    must_create("{\"name\":\"Acme\",\"contacts\":[{\"name\":\"J\",\"email\":\"j@acme.example\"}]}");
    must_create("{\"customerId\":\"B\",\"name\":\"Acme\"}");
    assert_int_equal(review_list(&application, &caller, &all, &arena, &page, &error), STATUS_OK);
    assert_false(contains(page.body, "SAME_EMAIL_AND_NAME"));
    assert_int_equal(contacts_add(&application, &caller, STR("B"),
                                  json("{\"name\":\"J\",\"email\":\"j@acme.example\"}"),
                                  IF_MATCH_ANY, &arena, &part, &error),
                     STATUS_OK);
    assert_int_equal(review_list(&application, &caller, &all, &arena, &page, &error), STATUS_OK);
    assert_true(contains(page.body, "SAME_EMAIL_AND_NAME"));
}

static void a_duplicate_of_a_merged_customer_is_one_of_its_survivor(void **state)
{
    (void)state;
    struct customer_document customer;
    struct merge_result merged;
    must_create("{\"customerId\":\"A\",\"name\":\"Acme\"}");
    must_create("{\"customerId\":\"B\",\"name\":\"Bolt\",\"phones\":[\"+4930111\"]}");
    assert_int_equal(merge("A", "B", &merged), STATUS_OK);
    /* The golden name may be either's; the home that was hit is compared as well. */
    assert_int_equal(create("{\"name\":\"Bolt\",\"phones\":[\"+49 30 111\"]}", &customer),
                     STATUS_DUPLICATE_CUSTOMER);
    assert_true(contains(error.details_json, "\"customerId\":\"A\""));
}

static void a_taken_id_and_an_unconsented_channel_are_refused(void **state)
{
    (void)state;
    struct customer_document customer;
    must_create("{\"customerId\":\"A\",\"name\":\"Acme\"}");
    assert_int_equal(create("{\"customerId\":\"A\",\"name\":\"Other\"}", &customer),
                     STATUS_CUSTOMER_EXISTS);
    assert_int_equal(
        create("{\"name\":\"X\",\"preferences\":{\"preferredChannel\":\"EMAIL\"}}", &customer),
        STATUS_CONSENT_VIOLATION);
    assert_string_equal(error.field, "preferences.preferredChannel");
}

static void a_merged_customer_points_to_the_root_survivor(void **state)
{
    (void)state;
    struct customer_document customer;
    struct merge_result first, second;
    must_create("{\"customerId\":\"A\",\"name\":\"A\"}");
    must_create("{\"customerId\":\"B\",\"name\":\"B\"}");
    must_create("{\"customerId\":\"C\",\"name\":\"C\"}");
    assert_int_equal(merge("B", "C", &first), STATUS_OK);
    assert_int_equal(merge("A", "B", &second), STATUS_OK);
    assert_int_equal(get("C", &customer), STATUS_CUSTOMER_MERGED);
    assert_str(results_survivor(&error, &arena), STR("A"));
    assert_str(member(error.details_json, "mergeId"), first.merge_id);
    assert_int_equal(get("nobody", &customer), STATUS_CUSTOMER_NOT_FOUND);
}

static void a_merge_with_itself_or_of_a_merged_or_unknown_one_is_refused(void **state)
{
    (void)state;
    struct merge_result merged;
    must_create("{\"customerId\":\"A\",\"name\":\"A\"}");
    must_create("{\"customerId\":\"B\",\"name\":\"B\"}");
    assert_int_equal(merge("A", "A", &merged), STATUS_MERGE_WITH_SELF);
    assert_int_equal(merge("A", "X", &merged), STATUS_CUSTOMER_NOT_FOUND);
    assert_string_equal(error.field, "sourceCustomerId");
    assert_int_equal(merge("X", "A", &merged), STATUS_CUSTOMER_NOT_FOUND);
    assert_string_equal(error.field, "");
    assert_int_equal(merge("A", "B", &merged), STATUS_OK);
    assert_int_equal(merge("A", "B", &merged), STATUS_CUSTOMER_MERGED);
    assert_string_equal(error.field, "sourceCustomerId");
    assert_int_equal(merge("B", "A", &merged), STATUS_CUSTOMER_MERGED);
}

static void a_plan_is_the_result_and_goes_stale_with_any_change(void **state)
{
    (void)state;
    struct merge_result merged;
    struct customer_document customer;
    struct str preview, again;
    must_create("{\"customerId\":\"A\",\"name\":\"A\"}");
    must_create("{\"customerId\":\"B\",\"name\":\"B\",\"segment\":\"GOLD\"}");
    struct merge_request request = {.source_id = STR("B")};
    assert_int_equal(merge_customers_preview(&application, &caller, STR("A"), &request, &arena,
                                             &preview, &error),
                     STATUS_OK);
    assert_true(contains(preview, "{\"field\":\"segment\",\"before\":null,\"after\":\"GOLD\"}"));
    request.plan_token = member(preview, "planToken");
    assert_int_equal(change_customer(&application, &caller, STR("B"), json("{\"segment\":\"X\"}"),
                                     IF_MATCH_ANY, &arena, &customer, &error),
                     STATUS_OK);
    assert_int_equal(
        merge_customers(&application, &caller, STR("A"), &request, &arena, &merged, &error),
        STATUS_PLAN_CHANGED);
    assert_int_equal(
        merge_customers_preview(&application, &caller, STR("A"), &request, &arena, &again, &error),
        STATUS_OK);
    request.plan_token = member(again, "planToken");
    assert_int_equal(
        merge_customers(&application, &caller, STR("A"), &request, &arena, &merged, &error),
        STATUS_OK);
    assert_true(contains(merged.json, "\"mergeReason\":\"DUPLICATE\""));
}

static void an_unmerge_is_refused_twice_and_under_a_foreign_path(void **state)
{
    (void)state;
    struct merge_result merged;
    struct str out;
    must_create("{\"customerId\":\"A\",\"name\":\"A\"}");
    must_create("{\"customerId\":\"B\",\"name\":\"B\"}");
    must_create("{\"customerId\":\"C\",\"name\":\"C\"}");
    assert_int_equal(merge("A", "B", &merged), STATUS_OK);
    assert_int_equal(unmerge_customers(&application, &caller, STR("C"), merged.merge_id, STR_NONE,
                                       &arena, &out, &error),
                     STATUS_MERGE_NOT_FOUND);
    assert_int_equal(unmerge_customers_preview(&application, &caller, STR("A"), merged.merge_id,
                                               &arena, &out, &error),
                     STATUS_OK);
    assert_int_equal(unmerge_customers(&application, &caller, STR("A"), merged.merge_id, STR_NONE,
                                       &arena, &out, &error),
                     STATUS_OK);
    assert_int_equal(unmerge_customers(&application, &caller, STR("A"), merged.merge_id, STR_NONE,
                                       &arena, &out, &error),
                     STATUS_MERGE_REVERSED);
    assert_int_equal(unmerge_customers(&application, &caller, STR("A"), STR("MRG-X"), STR_NONE,
                                       &arena, &out, &error),
                     STATUS_MERGE_NOT_FOUND);
}

static void limits_on_homes_and_contacts_hold(void **state)
{
    (void)state;
    struct merge_result merged;
    struct customer_part part;
    application.limits.homes_max = 1;
    application.limits.contacts_max = 1;
    must_create("{\"customerId\":\"A\",\"name\":\"A\",\"contacts\":[{\"name\":\"J\"}]}");
    must_create("{\"customerId\":\"B\",\"name\":\"B\"}");
    assert_int_equal(merge("A", "B", &merged), STATUS_LIMIT_EXCEEDED);
    assert_int_equal(contacts_add(&application, &caller, STR("A"), json("{\"name\":\"K\"}"),
                                  IF_MATCH_ANY, &arena, &part, &error),
                     STATUS_LIMIT_EXCEEDED);
}

static void a_patch_that_changes_nothing_writes_nothing(void **state)
{
    (void)state;
    struct customer_document customer;
    struct event *events;
    size_t before, after;
    must_create("{\"customerId\":\"A\",\"name\":\"A\"}");
    assert_int_equal(read_events(&application, &caller, 0, 100, &arena, &events, &before, &error),
                     STATUS_OK);
    assert_int_equal(change_customer(&application, &caller, STR("A"), json("{\"name\":\"A\"}"), 1,
                                     &arena, &customer, &error),
                     STATUS_OK);
    assert_int_equal(customer.version, 1);
    assert_int_equal(read_events(&application, &caller, 0, 100, &arena, &events, &after, &error),
                     STATUS_OK);
    assert_int_equal(before, after);
    assert_int_equal(change_customer(&application, &caller, STR("A"), json("{\"name\":\"B\"}"), 7,
                                     &arena, &customer, &error),
                     STATUS_VERSION_MISMATCH);
}

static void contacts_are_found_by_role_changed_and_removed_once(void **state)
{
    (void)state;
    struct customer_part part;
    struct json_page page;
    int64_t version;
    must_create("{\"customerId\":\"A\",\"name\":\"A\",\"contacts\":[{\"contactId\":\"K1\",\"name\":"
                "\"Jane\",\"role\":\"BILLING\"},{\"contactId\":\"K2\",\"name\":\"Joe\"}]}");
    assert_int_equal(contacts_list(&application, &caller, STR("A"), STR("BILLING"),
                                   &(struct page_request){0}, &arena, &page, &error),
                     STATUS_OK);
    assert_true(contains(page.body, "Jane") && !contains(page.body, "Joe"));
    assert_int_equal(contacts_list(&application, &caller, STR("A"), STR("BOSS"),
                                   &(struct page_request){0}, &arena, &page, &error),
                     STATUS_INVALID_VALUE);
    assert_int_equal(contacts_add(&application, &caller, STR("A"),
                                  json("{\"contactId\":\"K1\",\"name\":\"X\"}"), IF_MATCH_ANY,
                                  &arena, &part, &error),
                     STATUS_CONTACT_EXISTS);
    assert_int_equal(contacts_remove(&application, &caller, STR("A"), STR("K1"), IF_MATCH_ANY,
                                     &arena, &version, &error),
                     STATUS_OK);
    assert_int_equal(contacts_remove(&application, &caller, STR("A"), STR("K1"), IF_MATCH_ANY,
                                     &arena, &version, &error),
                     STATUS_CONTACT_NOT_FOUND);
}

static enum status relate(const char *from, const char *body)
{
    struct customer_part part;
    return relationships_add(&application, &caller, str_from_cstr(from), json(body), &arena, &part,
                             &error);
}

static void a_hierarchy_takes_no_cycle_and_a_merge_suspends_one(void **state)
{
    (void)state;
    struct merge_result merged;
    struct str list;
    must_create("{\"customerId\":\"A\",\"name\":\"A\"}");
    must_create("{\"customerId\":\"B\",\"name\":\"B\"}");
    must_create("{\"customerId\":\"C\",\"name\":\"C\"}");
    must_create("{\"customerId\":\"D\",\"name\":\"D\"}");
    assert_int_equal(relate("A", "{\"type\":\"PARENT_OF\",\"customerId\":\"B\"}"), STATUS_OK);
    assert_int_equal(relate("C", "{\"type\":\"SUBSIDIARY_OF\",\"customerId\":\"B\"}"), STATUS_OK);
    assert_int_equal(relate("C", "{\"type\":\"PARENT_OF\",\"customerId\":\"A\"}"),
                     STATUS_HIERARCHY_CYCLE);
    assert_int_equal(relate("A", "{\"type\":\"PARENT_OF\",\"customerId\":\"A\"}"),
                     STATUS_INVALID_VALUE);
    assert_int_equal(relate("A", "{\"type\":\"PARENT_OF\",\"customerId\":\"X\"}"),
                     STATUS_CUSTOMER_NOT_FOUND);
    assert_int_equal(relate("D", "{\"type\":\"PARENT_OF\",\"customerId\":\"A\"}"), STATUS_OK);
    assert_int_equal(merge("C", "D", &merged), STATUS_OK); /* C > A > B > C */
    assert_int_equal(relationships_hierarchy(&application, &caller, STR("A"), HIERARCHY_BOTH, 5,
                                             &arena, &list, &error),
                     STATUS_OK);
    assert_true(contains(list, "\"suspended\":[{\"parent\":\"C\",\"child\":\"A\""));
    assert_true(contains(list, "\"descendants\":[{\"customerId\":\"B\""));
}

static void only_relationships_that_stand_count_against_the_limit(void **state)
{
    (void)state;
    int64_t version;
    application.limits.relationships_max = 1;
    must_create("{\"customerId\":\"A\",\"name\":\"A\"}");
    must_create("{\"customerId\":\"B\",\"name\":\"B\"}");
    for (int i = 0; i < 3; i++) {
        char body[96], id[8];
        (void)snprintf(id, sizeof(id), "R%d", i);
        (void)snprintf(body, sizeof(body),
                       "{\"relationshipId\":\"%s\",\"type\":\"PARENT_OF\",\"customerId\":\"B\"}",
                       id);
        assert_int_equal(relate("A", body), STATUS_OK);
        assert_int_equal(relate("A", "{\"type\":\"PARENT_OF\",\"customerId\":\"B\"}"),
                         STATUS_LIMIT_EXCEEDED);
        assert_int_equal(relationships_end(&application, &caller, STR("A"), str_from_cstr(id),
                                           &arena, &version, &error),
                         STATUS_OK);
    }
}

static enum status ask_for_export(const struct caller *by, struct job_row *job)
{
    return jobs_create(&application, by, jobs_new_id(&application, &arena), STR("EXPORT"),
                       STR("{}"), &arena, job, &error);
}

static void a_tenant_has_so_many_jobs_that_have_not_ended_and_no_more(void **state)
{
    (void)state;
    const struct caller other = {.tenant = STR("other"), .user_id = STR("u")};
    struct job_row first, job;
    application.limits.jobs_max = 2;
    assert_int_equal(ask_for_export(&caller, &first), STATUS_OK);
    assert_int_equal(jobs_check_room(&application, &caller, &arena, &error), STATUS_OK);
    assert_int_equal(ask_for_export(&caller, &job), STATUS_OK);
    assert_int_equal(ask_for_export(&caller, &job), STATUS_RATE_LIMITED);
    assert_non_null(strstr(error.message, "limits.jobs_max is 2"));
    assert_int_equal(jobs_check_room(&application, &caller, &arena, &error), STATUS_RATE_LIMITED);
    assert_int_equal(ask_for_export(&other, &job), STATUS_OK);
    assert_int_equal(jobs_cancel(&application, &caller, first.job_id, &arena, &job, &error),
                     STATUS_OK);
    assert_int_equal(ask_for_export(&caller, &job), STATUS_OK);
}

static void a_consent_is_checked_for_many_and_suppression_wins(void **state)
{
    (void)state;
    struct customer_part part;
    struct str out;
    must_create("{\"customerId\":\"A\",\"name\":\"A\",\"emails\":[\"a@x.example\"]}");
    assert_int_equal(consents_record(&application, &caller, STR("A"),
                                     json("{\"type\":\"EMAIL\",\"status\":\"GRANTED\"}"), &arena,
                                     &part, &error),
                     STATUS_OK);
    const char *checks =
        "{\"checks\":[{\"customerId\":\"A\",\"type\":\"EMAIL\"},{\"customerId\":"
        "\"A\",\"type\":\"SMS\"},{\"customerId\":\"X\",\"type\":\"EMAIL\"},"
        "{\"customerId\":\"A\",\"type\":\"EMAIL\",\"contactPoint\":\"A@x.example\"}]}";
    assert_int_equal(consents_check(&application, &caller, json(checks), &arena, &out, &error),
                     STATUS_OK);
    assert_true(contains(out, "\"allowed\":true,\"reason\":\"GRANTED\""));
    assert_true(contains(out, "\"reason\":\"NO_CONSENT\""));
    assert_true(contains(out, "\"reason\":\"CUSTOMER_NOT_FOUND\""));
    assert_false(contains(out, "SUPPRESSED"));
    assert_int_equal(suppressions_add(&application, &caller,
                                      json("{\"contactPoint\":\"a@X.example\"}"), &arena, &out,
                                      &error),
                     STATUS_OK);
    assert_int_equal(consents_check(&application, &caller, json(checks), &arena, &out, &error),
                     STATUS_OK);
    assert_true(contains(out, "\"allowed\":false,\"reason\":\"SUPPRESSED\""));
}

static void a_suppressed_contact_point_comes_with_a_revocation(void **state)
{
    (void)state;
    struct customer_document customer;
    struct customer_part part;
    struct json_page page;
    struct str out;
    assert_int_equal(suppressions_add(&application, &caller,
                                      json("{\"contactPoint\":\"+49 30 111\"}"), &arena, &out,
                                      &error),
                     STATUS_OK);
    must_create("{\"customerId\":\"A\",\"name\":\"A\",\"phones\":[\"+4930111\"]}");
    assert_int_equal(consents_history(&application, &caller, STR("A"), &(struct page_request){0},
                                      &arena, &page, &error),
                     STATUS_OK);
    assert_true(contains(page.body, "\"type\":\"SMS\"") &&
                contains(page.body, "\"type\":\"CALL\""));
    assert_true(contains(page.body, "\"source\":\"suppression\""));
    must_create("{\"customerId\":\"B\",\"name\":\"B\"}");
    assert_int_equal(contacts_add(&application, &caller, STR("B"),
                                  json("{\"name\":\"J\",\"phone\":\"+4930111\"}"), IF_MATCH_ANY,
                                  &arena, &part, &error),
                     STATUS_OK);
    assert_int_equal(consents_history(&application, &caller, STR("B"), &(struct page_request){0},
                                      &arena, &page, &error),
                     STATUS_OK);
    assert_true(contains(page.body, "REVOKED"));
    assert_int_equal(get("A", &customer), STATUS_OK);
}

static const struct import_settings from_erp = {.source = {"erp", 3}};

static void import_one(const char *key, const char *body, struct import_result *result)
{
    struct import_record record = {
        .source_key = str_from_cstr(key), .observed_at = INSTANT_NONE, .body = json(body)};
    assert_int_equal(
        import_records(&application, &caller, &from_erp, &record, 1, &arena, result, &error),
        STATUS_OK);
}

static void an_import_creates_updates_and_leaves_what_is_the_same(void **state)
{
    (void)state;
    struct import_result result;
    struct customer_document customer;
    import_one("1", "{\"customerId\":\"A\",\"name\":\"A\",\"emails\":[\"a@x.example\"]}", &result);
    assert_int_equal(result.outcome, IMPORT_CREATED);
    import_one("1", "{\"name\":\"A\",\"emails\":[\"a@x.example\"]}", &result);
    assert_int_equal(result.outcome, IMPORT_UNCHANGED);
    import_one("1", "{\"name\":\"A2\",\"emails\":[\"b@x.example\"]}", &result);
    assert_int_equal(result.outcome, IMPORT_UPDATED);
    assert_str(result.customer_id, STR("A"));
    assert_int_equal(get("A", &customer), STATUS_OK);
    assert_true(contains(customer.document, "\"name\":\"A2\""));
    assert_true(contains(customer.document, "\"emails\":[\"b@x.example\"]"));
}

static void a_batch_reports_row_by_row_and_sees_its_own_duplicates(void **state)
{
    (void)state;
    struct import_result results[5];
    struct import_record records[5] = {
        {.observed_at = INSTANT_NONE,
         .body = json("{\"customerId\":\"A\",\"name\":\"A\",\"emails\":[\"a@x.example\"]}")},
        {.observed_at = INSTANT_NONE,
         .body = json("{\"name\":\"a\",\"emails\":[\"A@x.example\"]}")},
        {.observed_at = INSTANT_NONE, .body = json("{\"name\":\"B\",\"colour\":1}")},
        {.observed_at = INSTANT_NONE, .body = json("{\"customerId\":\"A\",\"name\":\"C\"}")},
        {.source_key = STR("9"), .observed_at = INSTANT_NONE, .body = json("{\"name\":\"D\"}")}};
    assert_int_equal(
        import_records(&application, &caller, &from_erp, records, 5, &arena, results, &error),
        STATUS_OK);
    assert_int_equal(results[0].outcome, IMPORT_CREATED);
    assert_int_equal(results[1].outcome, IMPORT_DUPLICATE);
    assert_str(results[1].customer_id, STR("A"));
    assert_int_equal(results[2].outcome, IMPORT_INVALID);
    assert_int_equal(results[2].error.status, STATUS_UNKNOWN_FIELD);
    assert_int_equal(results[3].outcome, IMPORT_INVALID);
    assert_int_equal(results[3].error.status, STATUS_CUSTOMER_EXISTS);
    assert_int_equal(results[4].outcome, IMPORT_CREATED);
}

static struct json_page search(struct customer_query query)
{
    struct json_page page;
    assert_int_equal(list_customers(&application, &caller, &query, &arena, &page, &error),
                     STATUS_OK);
    return page;
}

static bool finds(struct customer_query query, const char *what)
{
    return contains(search(query).body, what);
}

static void a_search_pages_through_what_it_finds(void **state)
{
    (void)state;
    must_create("{\"customerId\":\"A\",\"name\":\"Same\",\"emails\":[\"a@x.example\"]}");
    must_create("{\"customerId\":\"B\",\"name\":\"Same\"}");
    must_create("{\"customerId\":\"C\",\"name\":\"same\",\"status\":\"INACTIVE\"}");
    struct customer_query query = {.name = STR("SAME"), .limit = 2};
    struct json_page page = search(query);
    assert_true(contains(page.body, "\"A\"") && contains(page.body, "\"B\""));
    query.cursor = page.next;
    page = search(query);
    assert_true(str_is_none(page.next) && contains(page.body, "\"C\""));
    assert_false(contains(page.body, "\"B\""));
    struct customer_query sleepy = {.name = STR("same"), .status = STR("INACTIVE")};
    assert_false(finds(sleepy, "\"A\""));
    assert_true(finds(sleepy, "\"C\""));
    struct customer_query by_name = {.any = STR("same"), .sort = STR("name"), .limit = 1};
    page = search(by_name);
    assert_str(page.next, STR("Same|A"));
    by_name.cursor = page.next;
    assert_true(finds(by_name, "\"B\""));
}

static void a_search_says_why_it_found(void **state)
{
    (void)state;
    must_create("{\"customerId\":\"A\",\"name\":\"M\u00fcller Maschinenbau\",\"phones\":"
                "[\"+49 (0)30 1234567\"],\"contacts\":[{\"name\":\"Jane Doe\"}]}");
    static const struct {
        struct customer_query query;
        const char *why;
    } cases[] = {
        {{.any = STR("muller")}, "\"kind\":\"transliterated\""},
        {{.any = STR("masch")}, "\"kind\":\"prefix\""},
        {{.any = STR("maschinenbua")}, "\"kind\":\"typo\""},
        {{.any = STR("mayler")}, "\"kind\":\"phonetic\""},
        {{.phone = STR("0049 30/1234567")}, "\"kind\":\"exact\""},
        {{.phone = STR("4567")}, "\"kind\":\"suffix\""},
        {{.name = STR("doe jane")}, "\"field\":\"contactName\",\"value\":\"Jane Doe\""},
        {{.any = STR("A")}, "\"field\":\"customerId\""},
        {{.any = STR("jane doe nobody")}, "\"query\":\"jane\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_true(finds(cases[i].query, cases[i].why));
}

static void what_was_once_said_is_found_until_it_is_another_customers(void **state)
{
    (void)state;
    struct customer_document customer;
    struct merge_result merged;
    struct str json_text;
    must_create("{\"customerId\":\"A\",\"name\":\"Acme\",\"emails\":[\"old@x.example\"]}");
    must_create("{\"customerId\":\"B\",\"name\":\"Bolt\",\"phones\":[\"+1 555 123 4567\"]}");
    assert_int_equal(change_customer(&application, &caller, STR("A"), json("{\"emails\":[]}"),
                                     IF_MATCH_ANY, &arena, &customer, &error),
                     STATUS_OK);
    struct customer_query by_mail = {.email = STR("old@x.example")};
    assert_true(finds(by_mail, "\"value\":\"old@x.example\""));
    struct merge_request request = {.source_id = STR("B")};
    assert_int_equal(
        merge_customers(&application, &caller, STR("A"), &request, &arena, &merged, &error),
        STATUS_OK);
    struct customer_query both = {.any = STR("acme bolt")};
    struct customer_query by_phone = {.phone = STR("5551234567")};
    assert_true(finds(both, "\"customerId\":\"A\""));
    assert_true(finds(by_phone, "\"customerId\":\"A\""));
    assert_int_equal(unmerge_customers(&application, &caller, STR("A"), merged.merge_id, STR_NONE,
                                       &arena, &json_text, &error),
                     STATUS_OK);
    assert_false(finds(both, "\"customerId\""));
    assert_true(finds(by_phone, "\"customerId\":\"B\""));
    assert_false(finds(by_phone, "\"customerId\":\"A\""));
}

static void a_search_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    static char words[] = "a b c d e f g h i j k l m", bytes[201];
    memset(bytes, 'x', sizeof(bytes));
    static const struct {
        struct customer_query query;
        const char *field;
    } cases[] = {
        {{.status = STR("ASLEEP")}, "status"},
        {{.any = STR("?!")}, "q"},
        {{.any = {words, sizeof(words) - 1}}, "q"},
        {{.name = {bytes, sizeof(bytes)}}, "name"},
        {{.name = STR("")}, "name"},
        {{.phone = STR("12")}, "phone"},
        {{.email = STR(" ")}, "email"},
        {{.any = STR("acme"), .cursor = STR("A")}, "cursor"},
        {{.any = STR("acme"), .sort = STR("name"), .cursor = STR("1.2")}, "cursor"},
        {{.any = STR("acme"), .sort = STR("colour")}, "sort"},
        {{.sort = STR("name")}, "sort"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json_page page;
        assert_int_equal(
            list_customers(&application, &caller, &cases[i].query, &arena, &page, &error),
            STATUS_INVALID_VALUE);
        assert_string_equal(error.field, cases[i].field);
    }
}

static void tenants_do_not_see_each_other(void **state)
{
    (void)state;
    struct customer_document customer;
    must_create("{\"customerId\":\"A\",\"name\":\"A\",\"emails\":[\"a@x.example\"]}");
    caller.tenant = STR("t2");
    assert_int_equal(get("A", &customer), STATUS_CUSTOMER_NOT_FOUND);
    must_create("{\"customerId\":\"A\",\"name\":\"A\",\"emails\":[\"a@x.example\"]}");
}

static void a_job_that_ended_is_not_cancelled(void **state)
{
    (void)state;
    struct job_row job;
    assert_int_equal(jobs_create(&application, &caller, STR_NONE, STR("IMPORT"),
                                 STR("{\"file\":\"a\"}"), &arena, &job, &error),
                     STATUS_OK);
    struct str id = job.job_id;
    assert_int_equal(
        jobs_update(&application, &caller, id, 0, JOB_RUNNING, STR("{\"rows\":7}"), &arena, &error),
        STATUS_OK);
    assert_int_equal(jobs_get(&application, &caller, id, &arena, &job, &error), STATUS_OK);
    assert_true(contains(jobs_json(&job, &arena),
                         "\"parameters\":{\"file\":\"a\"},\"progress\":{\"rows\":7}"));
    assert_int_equal(jobs_cancel(&application, &caller, id, &arena, &job, &error), STATUS_OK);
    assert_int_equal(jobs_cancel(&application, &caller, id, &arena, &job, &error),
                     STATUS_JOB_ENDED);
    assert_int_equal(jobs_update(&application, &caller, id, 0, JOB_DONE, STR_NONE, &arena, &error),
                     STATUS_JOB_ENDED);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(a_certain_duplicate_is_refused_with_the_candidates_and_the_reasons),
        CASE(a_contacts_address_makes_a_duplicate_too),
        CASE(a_contact_that_is_added_may_show_a_duplicate),
        CASE(a_duplicate_of_a_merged_customer_is_one_of_its_survivor),
        CASE(a_taken_id_and_an_unconsented_channel_are_refused),
        CASE(a_merged_customer_points_to_the_root_survivor),
        CASE(a_merge_with_itself_or_of_a_merged_or_unknown_one_is_refused),
        CASE(a_plan_is_the_result_and_goes_stale_with_any_change),
        CASE(an_unmerge_is_refused_twice_and_under_a_foreign_path),
        CASE(limits_on_homes_and_contacts_hold),
        CASE(a_patch_that_changes_nothing_writes_nothing),
        CASE(contacts_are_found_by_role_changed_and_removed_once),
        CASE(a_hierarchy_takes_no_cycle_and_a_merge_suspends_one),
        CASE(only_relationships_that_stand_count_against_the_limit),
        CASE(a_tenant_has_so_many_jobs_that_have_not_ended_and_no_more),
        CASE(a_consent_is_checked_for_many_and_suppression_wins),
        CASE(a_suppressed_contact_point_comes_with_a_revocation),
        CASE(an_import_creates_updates_and_leaves_what_is_the_same),
        CASE(a_batch_reports_row_by_row_and_sees_its_own_duplicates),
        CASE(a_search_pages_through_what_it_finds),
        CASE(a_search_says_why_it_found),
        CASE(what_was_once_said_is_found_until_it_is_another_customers),
        CASE(a_search_that_makes_no_sense_is_refused),
        CASE(tenants_do_not_see_each_other),
        CASE(a_job_that_ended_is_not_cancelled)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
