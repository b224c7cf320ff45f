/* What the suppression list says holds wherever consent is asked for. */
#include "application_fixture.h"
#include "unit.h"

#include <string.h>

#include "application/change_customer.h"
#include "application/consents.h"
#include "application/contacts.h"
#include "application/create_customer.h"
#include "application/import_records.h"
#include "application/merge_customers.h"
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

static void create(const char *body)
{
    struct customer_document customer;
    assert_int_equal(create_customer(&application, &caller, json(body), ON_DUPLICATE_ALLOW, &arena,
                                     &customer, &error),
                     STATUS_OK);
}

static void grant(const char *id, const char *body)
{
    struct customer_part part;
    assert_int_equal(consents_record(&application, &caller, str_from_cstr(id), json(body), &arena,
                                     &part, &error),
                     STATUS_OK);
}

static void suppress(const char *point)
{
    struct str out;
    struct str body = arena_format(&arena, "{\"contactPoint\":\"%s\"}", point);
    assert_int_equal(suppressions_add(&application, &caller, json(body.ptr), &arena, &out, &error),
                     STATUS_OK);
}

static enum status patch(const char *id, const char *body)
{
    struct customer_document customer;
    return change_customer(&application, &caller, str_from_cstr(id), json(body), IF_MATCH_ANY,
                           &arena, &customer, &error);
}

static enum status add_contact(const char *id, const char *body)
{
    struct customer_part part;
    return contacts_add(&application, &caller, str_from_cstr(id), json(body), IF_MATCH_ANY, &arena,
                        &part, &error);
}

static struct str merge(const char *target, const char *source)
{
    struct merge_request request = {.source_id = str_from_cstr(source)};
    struct merge_result merged;
    assert_int_equal(merge_customers(&application, &caller, str_from_cstr(target), &request, &arena,
                                     &merged, &error),
                     STATUS_OK);
    return merged.merge_id;
}

static void unmerge(struct str merge_id)
{
    struct str out;
    assert_int_equal(unmerge_customers(&application, &caller, STR_NONE, merge_id, STR_NONE, &arena,
                                       &out, &error),
                     STATUS_OK);
}

static size_t times(struct str text, const char *part)
{
    size_t count = 0, length = strlen(part);
    for (const char *at = text.ptr;
         (at = memmem(at, text.len - (size_t)(at - text.ptr), part, length)); at += length)
        count++;
    return count;
}

static size_t revocations(const char *id)
{
    struct json_page page;
    assert_int_equal(consents_history(&application, &caller, str_from_cstr(id),
                                      &(struct page_request){0}, &arena, &page, &error),
                     STATUS_OK);
    return times(page.body, "\"status\":\"REVOKED\"");
}

static void the_matrix_says_what_the_check_says(void **state)
{
    (void)state;
    struct json_page page;
    create("{\"customerId\":\"A\",\"name\":\"A\",\"emails\":[\"a@x.example\",\"b@x.example\"]}");
    grant("A", "{\"type\":\"EMAIL\",\"status\":\"GRANTED\"}");
    grant("A", "{\"type\":\"EMAIL\",\"status\":\"GRANTED\",\"contactPoint\":\"a@x.example\"}");
    grant("A", "{\"type\":\"EMAIL\",\"status\":\"GRANTED\",\"contactPoint\":\"b@x.example\"}");
    instant before = environment.time;
    assert_int_equal(consents_matrix(&application, &caller, STR("A"), INSTANT_NONE,
                                     &(struct page_request){0}, &arena, &page, &error),
                     STATUS_OK);
    assert_int_equal(times(page.body, "\"allowed\":true"), 3);
    suppress("A@x.example");
    assert_int_equal(consents_matrix(&application, &caller, STR("A"), INSTANT_NONE,
                                     &(struct page_request){0}, &arena, &page, &error),
                     STATUS_OK);
    /* The whole profile, for which any of its addresses may be used, and that one. */
    assert_int_equal(
        times(page.body, "\"allowed\":false,\"reason\":\"SUPPRESSED\",\"recordId\":null"), 2);
    assert_int_equal(times(page.body, "\"allowed\":true"), 1);
    assert_int_equal(consents_matrix(&application, &caller, STR("A"), before,
                                     &(struct page_request){0}, &arena, &page, &error),
                     STATUS_OK);
    assert_int_equal(times(page.body, "\"allowed\":true"), 3);
}

static void a_suppressed_contact_point_makes_no_preferred_channel(void **state)
{
    (void)state;
    const char *prefers = "{\"preferences\":{\"preferredChannel\":\"EMAIL\"}}";
    const char *jane = "{\"name\":\"J\",\"email\":\"a@x.example\",\"communicationPreference\":"
                       "\"EMAIL\"}";
    create("{\"customerId\":\"A\",\"name\":\"A\",\"emails\":[\"a@x.example\"]}");
    grant("A", "{\"type\":\"EMAIL\",\"status\":\"GRANTED\",\"contactPoint\":\"a@x.example\"}");
    suppress("a@x.example");
    assert_int_equal(patch("A", prefers), STATUS_CONSENT_VIOLATION);
    assert_string_equal(error.field, "preferences.preferredChannel");
    assert_int_equal(add_contact("A", jane), STATUS_CONSENT_VIOLATION);
    assert_string_equal(error.field, "communicationPreference");
    grant("A", "{\"type\":\"EMAIL\",\"status\":\"GRANTED\",\"contactPoint\":\"b@x.example\"}");
    assert_int_equal(patch("A", prefers), STATUS_OK);
}

static void a_revocation_of_a_suppressed_point_stays_with_every_home(void **state)
{
    (void)state;
    suppress("a@x.example");
    create("{\"customerId\":\"A\",\"name\":\"A\"}");
    create("{\"customerId\":\"B\",\"name\":\"B\",\"contacts\":[{\"contactId\":\"K\",\"name\":\"J\"}"
           "]}");
    create("{\"customerId\":\"C\",\"name\":\"C\"}");
    struct str first = merge("A", "B"), second = merge("A", "C");
    struct customer_part part;
    /* The contact is B's. */
    assert_int_equal(contacts_change(&application, &caller, STR("A"), STR("K"),
                                     json("{\"email\":\"a@x.example\"}"), IF_MATCH_ANY, &arena,
                                     &part, &error),
                     STATUS_OK);
    assert_int_equal(revocations("A"), 3);
    unmerge(first);
    unmerge(second);
    assert_int_equal(revocations("A"), 1);
    assert_int_equal(revocations("B"), 1);
    assert_int_equal(revocations("C"), 1);
}

static void a_home_that_gets_a_point_that_another_has_gets_the_revocation(void **state)
{
    (void)state;
    suppress("a@x.example");
    create("{\"customerId\":\"A\",\"name\":\"A\"}");
    create("{\"customerId\":\"B\",\"name\":\"B\",\"emails\":[\"a@x.example\"]}");
    struct str merge_id = merge("A", "B");
    assert_int_equal(add_contact("A", "{\"name\":\"J\",\"email\":\"a@x.example\"}"), STATUS_OK);
    unmerge(merge_id);
    assert_int_equal(revocations("A"), 1);
}

static void a_suppressed_point_that_is_named_again_is_revoked_once(void **state)
{
    (void)state;
    suppress("a@x.example");
    create(
        "{\"customerId\":\"A\",\"name\":\"A\",\"emails\":[\"a@x.example\"],\"contacts\":[{"
        "\"name\":\"J\",\"email\":\"a@x.example\"},{\"name\":\"K\",\"email\":\"A@x.example\"}]}");
    create("{\"customerId\":\"B\",\"name\":\"B\"}");
    assert_int_equal(revocations("A"), 1);
    assert_int_equal(patch("A", "{\"emails\":[\"a@x.example\",\"b@x.example\"]}"), STATUS_OK);
    assert_int_equal(add_contact("A", "{\"name\":\"L\",\"email\":\"a@x.example\"}"), STATUS_OK);
    assert_int_equal(revocations("A"), 1);
    /* What was granted since is revoked once more, and so is what a home has no revocation of. */
    grant("A", "{\"type\":\"EMAIL\",\"status\":\"GRANTED\"}");
    assert_int_equal(add_contact("A", "{\"name\":\"M\",\"email\":\"a@x.example\"}"), STATUS_OK);
    assert_int_equal(revocations("A"), 2);
    struct str merge_id = merge("A", "B");
    assert_int_equal(add_contact("A", "{\"name\":\"N\",\"email\":\"a@x.example\"}"), STATUS_OK);
    assert_int_equal(add_contact("A", "{\"name\":\"O\",\"email\":\"a@x.example\"}"), STATUS_OK);
    unmerge(merge_id);
    assert_int_equal(revocations("A"), 3);
    assert_int_equal(revocations("B"), 1);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(the_matrix_says_what_the_check_says),
        CASE(a_suppressed_contact_point_makes_no_preferred_channel),
        CASE(a_revocation_of_a_suppressed_point_stays_with_every_home),
        CASE(a_home_that_gets_a_point_that_another_has_gets_the_revocation),
        CASE(a_suppressed_point_that_is_named_again_is_revoked_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
