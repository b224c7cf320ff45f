#include "unit.h"

#include "matching/name_kind.h"
#include "matching/record.h"

static bool is_organisation(const char *name, bool among_organisations)
{
    int prior = among_organisations ? NAME_KIND_PRIOR_BITS : -NAME_KIND_PRIOR_BITS;
    return prior + name_kind_bits(str_from_cstr(name)) > 0;
}

static void a_family_name_or_a_short_word_does_not_make_a_company(void **unused)
{
    (void)unused;
    static const char *const persons[] = {"Kanye West",     "Adam West",   "Maria de Sá",
                                          "Park Se-ri",     "Ann Church",  "Nguyen Van Ao",
                                          "Dr. Tove World", "O. Mount Jr", "Ngozi Okafor"};
    for (size_t i = 0; i < sizeof persons / sizeof persons[0]; i++)
        if (is_organisation(persons[i], false)) fail_msg("%s", persons[i]);
}

static void legal_forms_and_company_words_do(void **unused)
{
    (void)unused;
    static const char *const companies[] = {"Smith Plumbing Ltd", "John Smith GmbH", "Siemens AG",
                                            "Acme Services",      "Otto Group",      "Volvo AB"};
    for (size_t i = 0; i < sizeof companies / sizeof companies[0]; i++) {
        if (!is_organisation(companies[i], false)) fail_msg("%s", companies[i]);
        assert_true(is_organisation(companies[i], true));
    }
    assert_true(is_organisation("Philips", true));
    assert_false(is_organisation("Philips", false));
}

static bool is_organisation_beside(bool persons_are_contacts)
{
    const struct record_rules rules = {.persons_are_contacts = persons_are_contacts};
    const struct record_field fields[] = {{MATCHING_FIELD_GIVEN_NAME, STR(""), STR("Ann")},
                                          {MATCHING_FIELD_FAMILY_NAME, STR(""), STR("Lee")},
                                          {MATCHING_FIELD_ORGANISATION, STR(""), STR("Acme Inc")}};
    struct values values;
    struct record record = {{0}};
    values_init(&values, NULL);
    record_fill(&values, RECORD_GROUP_NAMES, &rules, fields, 3, NULL, NULL, &record);
    bool organisation = record_is_organisation(&record);
    assert_true(record.slot[SLOT_ORGANISATION] && record.slot[SLOT_GIVEN]);
    values_release(&values);
    return organisation;
}

static void a_person_beside_an_employer_is_a_person(void **unused)
{
    (void)unused;
    assert_false(is_organisation_beside(false));
    assert_true(is_organisation_beside(true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_family_name_or_a_short_word_does_not_make_a_company),
        cmocka_unit_test(legal_forms_and_company_words_do),
        cmocka_unit_test(a_person_beside_an_employer_is_a_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
