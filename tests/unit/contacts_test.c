/* Contacts that a source brings again, and contacts of one id in homes that were merged. */
#include "application_fixture.h"
#include "unit.h"

#include <string.h>

#include "application/consents.h"
#include "application/contacts.h"
#include "application/create_customer.h"
#include "application/get_customer.h"
#include "application/import_records.h"
#include "application/merge_customers.h"
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

static enum import_outcome import_at(const char *key, const char *contacts, instant observed_at)
{
    static const struct import_settings from_erp = {.source = {"erp", 3},
                                                    .on_duplicate = ON_DUPLICATE_ALLOW};
    struct str body = arena_format(
        &arena, "{\"customerId\":\"%s\",\"name\":\"%s\",\"contacts\":[%s]}", key, key, contacts);
    struct import_record record = {
        .source_key = str_from_cstr(key), .observed_at = observed_at, .body = json(body.ptr)};
    struct import_result result;
    assert_int_equal(
        import_records(&application, &caller, &from_erp, &record, 1, &arena, &result, &error),
        STATUS_OK);
    return result.outcome;
}

static enum import_outcome import(const char *key, const char *contacts)
{
    return import_at(key, contacts, INSTANT_NONE);
}

/* "name email phone" of each contact, in order, "; " between; '-' for what it does not have. */
static const char *contacts_of(const char *id)
{
    static const struct str members[] = {STR("name"), STR("email"), STR("phone")};
    struct buffer out = {.arena = &arena};
    struct json_value *document;
    struct customer_document customer;
    assert_int_equal(
        get_customer(&application, &caller, str_from_cstr(id), &arena, &customer, &error),
        STATUS_OK);
    assert_int_equal(json_parse(customer.document, &arena, &document, &error), STATUS_OK);
    const struct json_value *contacts = json_get(document, STR("contacts"));
    for (size_t i = 0; i < contacts->count; i++)
        for (size_t m = 0; m < 3; m++) {
            struct str text = json_text(json_get(&contacts->items[i], members[m]));
            buffer_append(&out, m ? STR(" ") : i ? STR("; ") : STR(""));
            buffer_append(&out, str_is_none(text) ? STR("-") : text);
        }
    buffer_append_char(&out, '\0');
    assert_false(buffer_failed(&out));
    return buffer_str(&out).ptr;
}

static struct str contact_id(const char *id, size_t index)
{
    struct json_value *document;
    struct customer_document customer;
    assert_int_equal(
        get_customer(&application, &caller, str_from_cstr(id), &arena, &customer, &error),
        STATUS_OK);
    assert_int_equal(json_parse(customer.document, &arena, &document, &error), STATUS_OK);
    return json_text(
        json_get(&json_get(document, STR("contacts"))->items[index], STR("contactId")));
}

static enum status change(const char *id, struct str contact, const char *patch)
{
    struct customer_part part;
    return contacts_change(&application, &caller, str_from_cstr(id), contact, json(patch),
                           IF_MATCH_ANY, &arena, &part, &error);
}

static enum status remove_contact(const char *id, struct str contact)
{
    int64_t version;
    return contacts_remove(&application, &caller, str_from_cstr(id), contact, IF_MATCH_ANY, &arena,
                           &version, &error);
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

/* ---- brought again ---- */

static const char *const ann_and_bob = "{\"name\":\"Ann\",\"email\":\"billing@x.example\"},"
                                       "{\"name\":\"Bob\",\"email\":\"billing@x.example\"}";

static void contacts_of_one_address_or_one_name_are_not_confused(void **state)
{
    (void)state;
    const char *janes = "{\"name\":\"Jane\",\"phone\":\"+491\"},"
                        "{\"name\":\"Jane\",\"phone\":\"+492\"}";
    assert_int_equal(import("A", ann_and_bob), IMPORT_CREATED);
    assert_int_equal(import("A", ann_and_bob), IMPORT_UNCHANGED);
    assert_string_equal(contacts_of("A"), "Ann billing@x.example -; Bob billing@x.example -");
    assert_int_equal(import("B", janes), IMPORT_CREATED);
    assert_int_equal(import("B", janes), IMPORT_UNCHANGED);
    assert_string_equal(contacts_of("B"), "Jane - +491; Jane - +492");
}

static void a_contact_is_known_again_by_what_is_left_of_it(void **state)
{
    (void)state;
    assert_int_equal(import("A", ann_and_bob), IMPORT_CREATED);
    /* Bob first, whose address it also is; then Ann, who has married; then another address. */
    assert_int_equal(import("A", "{\"name\":\"Anna\",\"email\":\"billing@x.example\"},"
                                 "{\"name\":\"Bob\",\"email\":\"billing@x.example\"}"),
                     IMPORT_UPDATED);
    assert_string_equal(contacts_of("A"), "Anna billing@x.example -; Bob billing@x.example -");
    assert_int_equal(import("A", "{\"name\":\"Anna\",\"email\":\"billing@x.example\"},"
                                 "{\"name\":\"Bob\",\"email\":\"bob@x.example\"}"),
                     IMPORT_UPDATED);
    assert_string_equal(contacts_of("A"), "Anna billing@x.example -; Bob bob@x.example -");
}

static void what_others_changed_or_removed_stays_until_the_source_says_something_else(void **state)
{
    (void)state;
    assert_int_equal(import("A", ann_and_bob), IMPORT_CREATED);
    struct str ann = contact_id("A", 0), bob = contact_id("A", 1);
    assert_int_equal(change("A", ann, "{\"name\":\"Anna\",\"phone\":\"+491\"}"), STATUS_OK);
    assert_int_equal(remove_contact("A", bob), STATUS_OK);
    assert_int_equal(import("A", ann_and_bob), IMPORT_UNCHANGED);
    assert_string_equal(contacts_of("A"), "Anna billing@x.example +491");
    assert_int_equal(import("A", "{\"name\":\"Ann\",\"email\":\"ann@x.example\"},"
                                 "{\"name\":\"Bob\",\"email\":\"bob@x.example\"}"),
                     IMPORT_UPDATED);
    assert_string_equal(contacts_of("A"), "Anna ann@x.example +491; Bob bob@x.example -");
}

static void what_comes_late_changes_no_contact(void **state)
{
    (void)state;
    const instant then = 1600000000 * INSTANT_SECOND;
    assert_int_equal(import_at("A", "{\"name\":\"Ann\",\"phone\":\"+491\"}", then), IMPORT_CREATED);
    assert_int_equal(import_at("A", "{\"name\":\"Ann\",\"phone\":\"+493\"}", then + 2),
                     IMPORT_UPDATED);
    assert_int_equal(import_at("A", "{\"name\":\"Ann\",\"phone\":\"+492\"}", then + 1),
                     IMPORT_UNCHANGED);
    assert_string_equal(contacts_of("A"), "Ann - +493");
}

static void a_contact_of_another_customer_is_not_touched_after_a_merge(void **state)
{
    (void)state;
    const char *of_a = "{\"name\":\"Jane\",\"phone\":\"+491\"}";
    const char *of_b = "{\"name\":\"Jane\",\"phone\":\"+492\"}";
    assert_int_equal(import("A", of_a), IMPORT_CREATED);
    assert_int_equal(import("B", of_b), IMPORT_CREATED);
    struct str merge_id = merge("A", "B");
    assert_int_equal(import("B", of_b), IMPORT_UNCHANGED);
    assert_int_equal(import("A", of_a), IMPORT_UNCHANGED);
    assert_int_equal(import("B", "{\"name\":\"Jane\",\"phone\":\"+493\"}"), IMPORT_UPDATED);
    assert_string_equal(contacts_of("A"), "Jane - +491; Jane - +493");
    unmerge(merge_id);
    assert_string_equal(contacts_of("A"), "Jane - +491");
    assert_string_equal(contacts_of("B"), "Jane - +493");
}

static void a_given_id_is_one_of_the_records_own_customer(void **state)
{
    (void)state;
    assert_int_equal(import("A", "{\"contactId\":\"1\",\"name\":\"Ann\"}"), IMPORT_CREATED);
    assert_int_equal(import("B", "{\"contactId\":\"1\",\"name\":\"Bea\"}"), IMPORT_CREATED);
    struct str merge_id = merge("A", "B");
    assert_int_equal(import("B", "{\"contactId\":\"1\",\"name\":\"Bea\"}"), IMPORT_UNCHANGED);
    assert_int_equal(import("B", "{\"contactId\":\"1\",\"name\":\"Beate\"}"), IMPORT_UPDATED);
    unmerge(merge_id);
    assert_string_equal(contacts_of("A"), "Ann - -");
    assert_string_equal(contacts_of("B"), "Beate - -");
}

static void a_record_that_brings_its_contacts_again_has_room(void **state)
{
    (void)state;
    application.limits.contacts_max = 2;
    assert_int_equal(import("A", ann_and_bob), IMPORT_CREATED);
    assert_int_equal(import("A", ann_and_bob), IMPORT_UNCHANGED);
    assert_int_equal(import("A", "{\"name\":\"Ann\",\"phone\":\"+491\"}"), IMPORT_UPDATED);
    assert_int_equal(import("A", "{\"name\":\"Third\",\"phone\":\"+491\"}"), IMPORT_INVALID);
}

/* ---- of one id ---- */

/* A's is the younger one. */
static struct str two_of_one_id(void)
{
    assert_int_equal(import("B", "{\"contactId\":\"1\",\"name\":\"Bea\"}"), IMPORT_CREATED);
    assert_int_equal(import("A", "{\"contactId\":\"1\",\"name\":\"Ann\"}"), IMPORT_CREATED);
    struct str merge_id = merge("A", "B");
    assert_string_equal(contacts_of("A"), "Bea - -; Ann - -");
    return merge_id;
}

static void reading_changing_and_removing_mean_one_contact(void **state)
{
    (void)state;
    struct customer_part part;
    struct str merge_id = two_of_one_id();
    assert_int_equal(contacts_get(&application, &caller, STR("A"), STR("1"), &arena, &part, &error),
                     STATUS_OK);
    assert_non_null(memmem(part.json.ptr, part.json.len, "Ann", 3));
    assert_int_equal(change("A", STR("1"), "{\"phone\":\"+491\"}"), STATUS_OK);
    assert_string_equal(contacts_of("A"), "Bea - -; Ann - +491");
    assert_int_equal(remove_contact("A", STR("1")), STATUS_OK);
    assert_string_equal(contacts_of("A"), "Bea - -");
    assert_int_equal(contacts_get(&application, &caller, STR("A"), STR("1"), &arena, &part, &error),
                     STATUS_OK);
    assert_non_null(memmem(part.json.ptr, part.json.len, "Bea", 3));
    unmerge(merge_id);
    assert_string_equal(contacts_of("B"), "Bea - -");
}

static void provenance_is_of_the_contact_that_is_shown(void **state)
{
    (void)state;
    struct str out;
    struct json_value *provenance;
    (void)two_of_one_id();
    assert_int_equal(get_customer_provenance(&application, &caller, STR("A"), &arena, &out, &error),
                     STATUS_OK);
    assert_int_equal(json_parse(out, &arena, &provenance, &error), STATUS_OK);
    const struct json_value *fields = json_get(provenance, STR("fields"));
    size_t found = 0;
    for (size_t i = 0; i < fields->count; i++) {
        const struct json_value *field = &fields->items[i];
        struct str path = json_text(json_get(field, STR("path")));
        struct str home = json_text(json_get(field, STR("home")));
        if (str_equal(path, STR("contacts[0].name"))) found += str_equal(home, STR("B"));
        if (str_equal(path, STR("contacts[1].name"))) found += str_equal(home, STR("A"));
    }
    assert_int_equal(found, 2);
}

/* ---- a preferred channel ---- */

static void record(const char *id, const char *consent)
{
    struct customer_part part;
    assert_int_equal(consents_record(&application, &caller, str_from_cstr(id), json(consent),
                                     &arena, &part, &error),
                     STATUS_OK);
}

/* A's Ann, who prefers EMAIL at a@x.example, as she has consented to. */
static struct str ann_who_prefers_email(void)
{
    assert_int_equal(import("A", "{\"name\":\"Ann\",\"email\":\"a@x.example\"}"), IMPORT_CREATED);
    record("A", "{\"type\":\"EMAIL\",\"status\":\"GRANTED\",\"contactPoint\":\"a@x.example\"}");
    struct str ann = contact_id("A", 0);
    assert_int_equal(change("A", ann, "{\"communicationPreference\":\"EMAIL\"}"), STATUS_OK);
    return ann;
}

static void a_preference_goes_to_another_address_only_with_consent(void **state)
{
    (void)state;
    struct str ann = ann_who_prefers_email();
    assert_int_equal(change("A", ann, "{\"email\":\"b@x.example\"}"), STATUS_CONSENT_VIOLATION);
    assert_string_equal(error.field, "email");
    /* What is taken away is written to by nobody; what comes in its place may be. */
    assert_int_equal(change("A", ann, "{\"email\":null}"), STATUS_OK);
    assert_int_equal(change("A", ann, "{\"email\":\"b@x.example\"}"), STATUS_CONSENT_VIOLATION);
    record("A", "{\"type\":\"EMAIL\",\"status\":\"GRANTED\",\"contactPoint\":\"b@x.example\"}");
    assert_int_equal(change("A", ann, "{\"email\":\"b@x.example\"}"), STATUS_OK);
    assert_int_equal(
        change("A", ann, "{\"email\":\"c@x.example\",\"communicationPreference\":null}"),
        STATUS_OK);
    assert_int_equal(change("A", ann, "{\"email\":\"d@x.example\"}"), STATUS_OK);
    assert_int_equal(change("A", ann, "{\"communicationPreference\":\"EMAIL\"}"),
                     STATUS_CONSENT_VIOLATION);
    assert_string_equal(error.field, "communicationPreference");
}

static void consent_for_the_whole_profile_goes_with_an_address(void **state)
{
    (void)state;
    struct str ann = ann_who_prefers_email();
    record("A", "{\"type\":\"EMAIL\",\"status\":\"GRANTED\"}");
    assert_int_equal(change("A", ann, "{\"email\":\"b@x.example\"}"), STATUS_OK);
}

/* The preference is as old as its consent; what has nothing to do with it is not held to it. */
static void a_preference_whose_consent_is_gone_hinders_no_other_change(void **state)
{
    (void)state;
    struct str ann = ann_who_prefers_email();
    record("A", "{\"type\":\"EMAIL\",\"status\":\"REVOKED\",\"contactPoint\":\"a@x.example\"}");
    assert_int_equal(change("A", ann, "{\"name\":\"Anna\",\"phone\":\"+491\"}"), STATUS_OK);
    assert_int_equal(change("A", ann, "{\"email\":\"a@x.example\"}"), STATUS_OK);
    assert_int_equal(import("A", "{\"name\":\"Ann\",\"email\":\"a@x.example\"}"), IMPORT_UNCHANGED);
}

static void a_source_brings_a_preference_no_address_without_consent(void **state)
{
    (void)state;
    (void)ann_who_prefers_email();
    const char *moved = "{\"name\":\"Ann\",\"email\":\"b@x.example\"}";
    assert_int_equal(import("A", moved), IMPORT_INVALID);
    assert_string_equal(contacts_of("A"), "Ann a@x.example -");
    record("A", "{\"type\":\"EMAIL\",\"status\":\"GRANTED\",\"contactPoint\":\"b@x.example\"}");
    assert_int_equal(import("A", moved), IMPORT_UPDATED);
    assert_string_equal(contacts_of("A"), "Ann b@x.example -");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(contacts_of_one_address_or_one_name_are_not_confused),
        CASE(a_contact_is_known_again_by_what_is_left_of_it),
        CASE(what_others_changed_or_removed_stays_until_the_source_says_something_else),
        CASE(what_comes_late_changes_no_contact),
        CASE(a_contact_of_another_customer_is_not_touched_after_a_merge),
        CASE(a_given_id_is_one_of_the_records_own_customer),
        CASE(a_record_that_brings_its_contacts_again_has_room),
        CASE(reading_changing_and_removing_mean_one_contact),
        CASE(provenance_is_of_the_contact_that_is_shown),
        CASE(a_preference_goes_to_another_address_only_with_consent),
        CASE(consent_for_the_whole_profile_goes_with_an_address),
        CASE(a_preference_whose_consent_is_gone_hinders_no_other_change),
        CASE(a_source_brings_a_preference_no_address_without_consent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
