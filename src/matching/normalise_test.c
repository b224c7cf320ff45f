#include "unit.h"

#include <string.h>

#include "matching/normalise.h"
#include "text/fold.h"
#include "text/phonetic.h"

/* The text that a normaliser's first reference (or the one asked for) stands for. */
static const char *text_of(normalise_function *read, enum domain domain, const char *text,
                           int which)
{
    static char out[512];
    struct values values;
    struct normalised result = {0};
    values_init(&values, NULL);
    read(&values, str_from_cstr(text), &result);
    uint32_t reference = result.reference[which];
    struct str found =
        reference && !(reference & VALUES_LIST) ? values_text(&values, domain, reference) : STR("");
    memcpy(out, found.ptr, found.len);
    out[found.len] = '\0';
    values_release(&values);
    return out;
}

static const char *folded(const char *text)
{
    static char out[FOLD_MAX + 1];
    struct str found = fold_text(str_from_cstr(text), out);
    out[found.len] = '\0';
    return out;
}

static void letters_of_other_scripts_become_latin(void **state)
{
    (void)state;
    assert_string_equal(folded("Müller-Łoś, O’Brien"), "muller los obrien");
    assert_string_equal(folded("Straße ÅÆØ"), "strasse aaeo");
    assert_string_equal(folded("Васильев Александр"), "vasilev aleksandr");
    assert_string_equal(folded("Παπαδόπουλος"), "papadopoylos");
    assert_string_equal(folded("王杰"), "wang jie");
    assert_string_equal(folded("김민수"), "kim min su");
    assert_string_equal(folded("サトウ"), "satou");
    assert_string_equal(folded("فيصل"), "fisl");
}

static void bytes_that_are_not_utf8_are_read_as_latin1(void **state)
{
    (void)state;
    assert_string_equal(folded("M\xFCller"), "muller");
    assert_string_equal(folded("\xFF\xFE\x80"), "yth");
    assert_string_equal(folded("\xE4\xB8"), "a");
}

static void full_names_are_understood_in_either_order(void **state)
{
    (void)state;
    assert_string_equal(text_of(normalise_name_full, DOMAIN_NAME, "Dr. John Q. Smith Jr.", 1),
                        "smith");
    assert_string_equal(text_of(normalise_name_full, DOMAIN_NAME, "Smith, John", 0), "john");
    assert_string_equal(text_of(normalise_name_full, DOMAIN_NAME, "Smith, John", 1), "smith");
    assert_string_equal(
        text_of(normalise_name_full, DOMAIN_NAME, "Thomas Clifford, 1st Baron Clifford", 1),
        "clifford");
    assert_string_equal(text_of(normalise_name_full, DOMAIN_NAME, "王杰", 1), "wang");
}

static void particles_leave_family_names_or_stick(void **state)
{
    (void)state;
    assert_string_equal(text_of(normalise_name_family, DOMAIN_NAME, "van der Berg", 0), "berg");
    assert_string_equal(text_of(normalise_name_family, DOMAIN_NAME, "O Brien", 0), "obrien");
    assert_string_equal(text_of(normalise_name_family, DOMAIN_NAME, "Mc Donald", 0), "mcdonald");
}

static void legal_forms_and_fillers_leave_organisations(void **state)
{
    (void)state;
    normalise_function *read = normalise_organisation_name;
    assert_string_equal(text_of(read, DOMAIN_ORGANISATION, "Penhale Logistics Ltd.", 0),
                        "penhale logistics");
    assert_string_equal(text_of(read, DOMAIN_ORGANISATION, "The Acme Mfg. Co., Inc.", 0),
                        "acme manufacturing");
    assert_string_equal(text_of(read, DOMAIN_ORGANISATION, "U. S. A. Foods", 0), "usa foods");
    assert_string_equal(text_of(read, DOMAIN_ORGANISATION, "Müller GmbH & Co. KG", 0), "muller");
}

static void phones_are_the_same_in_national_and_international_form(void **state)
{
    (void)state;
    normalise_function *read = normalise_contact_phone;
    assert_string_equal(text_of(read, DOMAIN_PHONE, "+44 (0)20 7946 0991", 0), "2079460991");
    assert_string_equal(text_of(read, DOMAIN_PHONE, "020 7946 0991", 0), "2079460991");
    assert_string_equal(text_of(read, DOMAIN_PHONE, "1-818-892-2818 ext. 12", 0), "8188922818");
    assert_string_equal(text_of(read, DOMAIN_PHONE, "(818) 892-2818", 0), "8188922818");
    assert_string_equal(text_of(read, DOMAIN_PHONE, "0039 0352 6553537", 0), "3526553537");
}

static void placeholders_are_nothing(void **state)
{
    (void)state;
    assert_string_equal(text_of(normalise_contact_phone, DOMAIN_PHONE, "999-999-9999", 0), "");
    assert_string_equal(text_of(normalise_contact_phone, DOMAIN_PHONE, "1234567890", 0), "");
    assert_string_equal(text_of(normalise_contact_email, DOMAIN_EMAIL, "none@none.com", 0), "");
    assert_string_equal(text_of(normalise_name_given, DOMAIN_NAME, "N/A", 0), "");
    assert_string_equal(text_of(normalise_name_family, DOMAIN_NAME, "-", 0), "");
    assert_string_equal(text_of(normalise_address_postcode, DOMAIN_POSTCODE, "99999", 0), "");
    assert_string_equal(text_of(normalise_fact_identifier, DOMAIN_IDENTIFIER, "ssn:000-00-0000", 0),
                        "");
    assert_string_equal(text_of(normalise_fact_date, DOMAIN_DATE, "1900-01-01", 0), "");
}

static void emails_have_one_form(void **state)
{
    (void)state;
    normalise_function *read = normalise_contact_email;
    assert_string_equal(text_of(read, DOMAIN_EMAIL, "J.Doe+news@GoogleMail.com", 0),
                        "jdoe@gmail.com");
    assert_string_equal(text_of(read, DOMAIN_EMAIL, "\"Jay\" <jay@x.org>", 0), "jay@x.org");
    assert_string_equal(text_of(read, DOMAIN_EMAIL, "a@x.org; b@y.org", 0), "a@x.org");
    assert_string_equal(text_of(read, DOMAIN_EMAIL, "no address", 0), "");
}

static void phones_have_one_form(void **state)
{
    (void)state;
    static const char *const forms[][2] = {
        {"+33 6 12 34 56 78", "612345678"},
        {"06 12 34 56 78", "612345678"},
        {"0033 612345678", "612345678"},
        {"+49 (0)228 654321", "228654321"},
        {"0228/654321", "228654321"},
        {"033701/12345", "3370112345"},
        {"+1 512-555-0100", "5125550100"},
        {"(512) 555-0100 ext. 12", "5125550100"},
        {"212 555 0100 / 212 555 0200", "2125550100"},
        {"+971 50 123 4567", "501234567"},
        {"050 123 4567", "501234567"},
        {"2125550147.0", "2125550147"},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        assert_string_equal(text_of(normalise_contact_phone, DOMAIN_PHONE, forms[i][0], 0),
                            forms[i][1]);
}

/* given, family, others */
static void names_are_understood_as_they_are_written(void **state)
{
    (void)state;
    static const char *const forms[][4] = {
        {"DUPONT Jean-Pierre", "jean", "dupont"},
        {"Jean-Pierre DUPONT", "jean", "dupont"},
        {"LE GOFF Yann", "yann", "goff"},
        {"JT Smith", "jt", "smith"},
        {"JOHN SMITH", "john", "smith"},
        {"John Smith, M.D.", "john", "smith"},
        {"John Smith, Ph.D.", "john", "smith"},
        {"Smith, J. A.", "j", "smith"},
        {"Dr. med. Hans Müller", "hans", "muller"},
        {"Unknown Unknown", "", ""},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        assert_string_equal(text_of(normalise_name_full, DOMAIN_NAME, forms[i][0], 0), forms[i][1]);
        assert_string_equal(text_of(normalise_name_full, DOMAIN_NAME, forms[i][0], 1), forms[i][2]);
    }
}

static void organisations_keep_their_letters(void **state)
{
    (void)state;
    normalise_function *read = normalise_organisation_name;
    assert_string_equal(text_of(read, DOMAIN_ORGANISATION, "AT&T Inc.", 0), "att");
    assert_string_equal(text_of(read, DOMAIN_ORGANISATION, "E.ON SE", 0), "eon");
    assert_string_equal(text_of(read, DOMAIN_ORGANISATION, "Fiat S.p.A.", 0), "fiat");
    assert_string_equal(text_of(read, DOMAIN_ORGANISATION, "Marks&Spencer", 0), "marks spencer");
    read = normalise_contact_website;
    assert_string_equal(text_of(read, DOMAIN_WEBSITE, "https://www.facebook.com/joe/", 0),
                        "facebook.com/joe");
    assert_string_equal(text_of(read, DOMAIN_WEBSITE, "http://example.com/a", 0), "example.com");
}

static void dates_are_read_in_the_usual_forms(void **state)
{
    (void)state;
    assert_int_equal(normalise_date(STR("1970-03-01"), false), 19700301);
    assert_int_equal(normalise_date(STR("3/1/1970"), false), 19700301);
    assert_int_equal(normalise_date(STR("1.3.1970"), true), 19700301);
    assert_int_equal(normalise_date(STR("1.3.1970"), false), 19700301);
    assert_int_equal(normalise_date(STR("Mar 1 1970"), false), 19700301);
    assert_int_equal(normalise_date(STR("01-Mar-70"), false), 19700301);
    assert_int_equal(normalise_date(STR("19700301"), false), 19700301);
    assert_int_equal(normalise_date(STR("1970-03-01T00:00:00Z"), false), 19700301);
    assert_int_equal(normalise_date(STR("31/12/70"), false), 19701231);
    assert_int_equal(normalise_date(STR("1970"), false), 19700000);
    assert_int_equal(normalise_date(STR("soon"), false), 0);
}

static void addresses_are_taken_apart(void **state)
{
    (void)state;
    normalise_function *read = normalise_address_full;
    const char *line = "3212 W. 32nd St Palm Harbor, FL 60527";
    assert_string_equal(text_of(read, DOMAIN_STREET, line, 0), "3212|w 32nd");
    assert_string_equal(text_of(read, DOMAIN_POSTCODE, line, 1), "60527");
    assert_string_equal(text_of(read, DOMAIN_CITY, line, 2), "palm harbor");
    assert_string_equal(text_of(read, DOMAIN_REGION, line, 3), "fl");
    assert_string_equal(text_of(read, DOMAIN_STREET, "224 N. Central", 0), "224|n central");
    assert_string_equal(text_of(read, DOMAIN_STREET, "224 North Central Ave, Apt 4", 0),
                        "224|n central");
    assert_string_equal(text_of(read, DOMAIN_STREET, "Hardenbergstraße 87", 0), "87|hardenberg");
}

/* A number that folds to all the room there is, and a name without blanks that is longer. */
static void what_is_too_long_is_cut(void **state)
{
    (void)state;
    char address[200], name[400];
    size_t len = 5;
    memcpy(address, "Weg 1", len);
    for (size_t i = 0; i < 63; i++, len += 2) memcpy(address + len, "\xD1\x89", 2); /* shch */
    memcpy(address + len, "aa b", sizeof "aa b");
    assert_true(strchr(text_of(normalise_address_full, DOMAIN_STREET, address, 0), '|') != NULL);
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    const char *kept = text_of(normalise_organisation_name, DOMAIN_ORGANISATION, name, 0);
    assert_true(strlen(kept) > 200 && strlen(kept) <= 256);
}

/* As they are written in the world; those of one street in one form. */
static void streets_have_one_form(void **state)
{
    (void)state;
    static const char *const forms[][2] = {
        {"12 rue de la Paix", "12|de la paix"},
        {"12, rue de la Paix", "12|de la paix"},
        {"12 bis, rue de la Paix", "12|de la paix"},
        {"Via Roma, 12", "12|roma"},
        {"Via Roma 12", "12|roma"},
        {"Calle Mayor, 5", "5|mayor"},
        {"C/ Mayor 5, 1º", "5|mayor"},
        {"Calle Mayor 5 3º B", "5|mayor"},
        {"Hauptstr. 12-14", "12|haupt"},
        {"Hauptstraße 12 - 14", "12|haupt"},
        {"Hauptstraße 5 a", "5a|haupt"},
        {"Hauptstr. 5a", "5a|haupt"},
        {"Gartenweg 12-14", "12|gartenweg"},
        {"ul. Długa 5/7", "5|dluga"},
        {"5/7 Smith Street", "7|smith"},
        {"Straße des 17. Juni 135", "135|strasse des 17 juni"},
        {"Rose Cottage 12 High Street", "12|high"},
        {"No. 12, High Street", "12|high"},
        {"12224 Ventura Blvd.", "12224|ventura"},
        {"45 N Main St", "45|n main"},
        {"Lange Gasse 5", "5|lange"},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        assert_string_equal(text_of(normalise_address_full, DOMAIN_STREET, forms[i][0], 0),
                            forms[i][1]);
    assert_string_equal(text_of(normalise_address_full, DOMAIN_CITY, "12, rue de la Paix", 2), "");
    assert_string_equal(
        text_of(normalise_address_full, DOMAIN_CITY, "Hauptstraße 12, 53111 Bonn", 2), "bonn");
    assert_string_equal(
        text_of(normalise_address_full, DOMAIN_CITY, "Hauptstraße 12 53111 Bonn", 2), "bonn");
    assert_string_equal(text_of(normalise_address_city, DOMAIN_CITY, "53111 Bonn", 0), "bonn");
    assert_string_equal(text_of(normalise_address_city, DOMAIN_CITY, "PARIS 2E", 0), "paris");
}

static void names_that_sound_alike_have_one_code(void **state)
{
    (void)state;
    assert_int_equal(phonetic_code(STR("schmidt")), phonetic_code(STR("shmit")));
    assert_int_equal(phonetic_code(STR("philips")), phonetic_code(STR("filips")));
    assert_int_not_equal(phonetic_code(STR("smith")), phonetic_code(STR("jones")));
    assert_int_equal(phonetic_code(STR("")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters_of_other_scripts_become_latin),
        cmocka_unit_test(bytes_that_are_not_utf8_are_read_as_latin1),
        cmocka_unit_test(full_names_are_understood_in_either_order),
        cmocka_unit_test(particles_leave_family_names_or_stick),
        cmocka_unit_test(legal_forms_and_fillers_leave_organisations),
        cmocka_unit_test(phones_are_the_same_in_national_and_international_form),
        cmocka_unit_test(placeholders_are_nothing),
        cmocka_unit_test(emails_have_one_form),
        cmocka_unit_test(dates_are_read_in_the_usual_forms),
        cmocka_unit_test(addresses_are_taken_apart),
        cmocka_unit_test(streets_have_one_form),
        cmocka_unit_test(what_is_too_long_is_cut),
        cmocka_unit_test(phones_have_one_form),
        cmocka_unit_test(names_are_understood_as_they_are_written),
        cmocka_unit_test(organisations_keep_their_letters),
        cmocka_unit_test(names_that_sound_alike_have_one_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
