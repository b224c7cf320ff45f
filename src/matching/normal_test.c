#include "matching/normal.h"

#include "unit.h"

#include <string.h>

#include "matching/matching.h"

static const struct matching_value person[] = {
    {MATCHING_FIELD_FULL_NAME, STR(""), STR("Ann Lee")},
    {MATCHING_FIELD_BIRTH_DATE, STR(""), STR("1970-05-17")},
    {MATCHING_FIELD_PHONE, STR(""), STR("7946 0991 5")},
    {MATCHING_FIELD_ORGANISATION, STR(""), STR("")},
};

static struct str normal_of(struct arena *arena, const struct matching_value *values, size_t count)
{
    struct str normal = STR_NONE;
    assert_int_equal(matching_normalise(values, count, arena, &normal, NULL), STATUS_OK);
    return normal;
}

static enum status read(struct str normal)
{
    struct values values;
    struct record record;
    values_init(&values, NULL);
    enum status status = normal_read(&values, normal, &record, NULL);
    values_release(&values);
    return status;
}

static void a_normal_form_is_what_its_header_says(void **state)
{
    (void)state;
    static const char expected[] = "\x03\x00"
                                   "\x03"
                                   "ann"
                                   "\x13"
                                   "lee"
                                   "\x48\x19\x70\x05\x17"
                                   "\x69\x79\x46\x09\x91\x50";
    struct arena arena;
    arena_init(&arena, 1 << 20);
    struct str normal = normal_of(&arena, person, 4);
    assert_int_equal(normal.len, sizeof expected - 1);
    assert_memory_equal(normal.ptr, expected, normal.len);
    assert_true(matching_normal_is_current(normal));
    arena_release(&arena);
}

static void long_values_and_several_of_a_kind_are_read_back(void **state)
{
    (void)state;
    static char street[201];
    memset(street, 'x', sizeof street - 1);
    memcpy(street, "7 ", 2);
    const struct matching_value values[] = {
        {MATCHING_FIELD_STREET, STR(""), str_of(street, sizeof street - 1)},
        {MATCHING_FIELD_EMAIL, STR(""), STR("first.mailbox@example.org")},
        {MATCHING_FIELD_EMAIL, STR(""), STR("b@example.org")},
    };
    struct arena arena;
    struct normal_reader reader;
    enum slot slot;
    struct str text;
    arena_init(&arena, 1 << 20);
    normal_reader_init(&reader, normal_of(&arena, values, 3));
    assert_true(normal_reader_next(&reader, &slot, &text));
    assert_int_equal(slot, SLOT_EMAIL);
    assert_true(str_equal(text, STR("first.mailbox@example.org")));
    assert_true(normal_reader_next(&reader, &slot, &text));
    assert_true(str_equal(text, STR("b@example.org")));
    assert_true(normal_reader_next(&reader, &slot, &text));
    assert_int_equal(slot, SLOT_STREET);
    assert_int_equal(text.len, 200);
    assert_false(normal_reader_next(&reader, &slot, &text));
    assert_false(reader.failed);
    arena_release(&arena);
}

static void bytes_that_are_no_normal_form_are_refused(void **state)
{
    (void)state;
    static const struct str bad[] = {
        STR(""),                              /* nothing */
        STR("\x03"),                          /* no traits */
        STR("\x01\x00"),                      /* another version */
        STR("\x03\x00\x03"                    /* shorter than it says */
            "an"),                            /**/
        STR("\x03\x00\x13lee\x03"             /* out of order */
            "ann"),                           /**/
        STR("\x03\x00\x00"),                  /* an empty value */
        STR("\x03\x00\xF1x"),                 /* no such slot */
        STR("\x03\x00\x42\x1A"),              /* no digit */
        STR("\x03\x00\x41\x11"),              /* more digits than it says */
        STR("\x03\x00\x4F\x20\x11"),          /* more digits than any has */
        STR("\x03\x00\x0F\xFF\xFF\xFF\x01x"), /* a length without end */
        STR("\x03\x00\x81x"),                 /* a street without a bar */
        STR("\x03\x00\xC1x"),                 /* an identifier without a type */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(read(bad[i]), STATUS_INVALID_VALUE);
    assert_false(matching_normal_is_current(bad[0]));
    assert_false(matching_normal_is_current(bad[2]));
    assert_int_equal(read(STR("\x03\x00")), STATUS_OK);
}

/* Stored normal forms are compared with those made today. When this fails what is normal has
 * changed: raise MATCHING_NORMAL_VERSION, so that they are made anew, and set the new sum. */
static void what_is_normal_changes_only_with_its_version(void **state)
{
    (void)state;
    static const struct matching_value values[] = {
        {MATCHING_FIELD_FULL_NAME, STR(""), STR("Dr. José-María O'Neill de la Cruz Jr.")},
        {MATCHING_FIELD_FULL_NAME, STR(""), STR("Müller, Łukasz")},
        {MATCHING_FIELD_FULL_NAME, STR(""), STR("Thomas Clifford, 1st Baron Clifford")},
        {MATCHING_FIELD_FULL_NAME, STR(""), STR("王杰")},
        {MATCHING_FIELD_FULL_NAME, STR(""), STR("Васильев Александр")},
        {MATCHING_FIELD_GIVEN_NAME, STR(""), STR("Bob J.")},
        {MATCHING_FIELD_FAMILY_NAME, STR(""), STR("van der Berg-Smith")},
        {MATCHING_FIELD_NAME, STR(""), STR("The Acme Mfg. Co., Inc.")},
        {MATCHING_FIELD_ORGANISATION, STR(""), STR("Müller & Söhne GmbH & Co. KG")},
        {MATCHING_FIELD_ORGANISATION, STR(""), STR("U. S. A. Foods Intl.")},
        {MATCHING_FIELD_BIRTH_DATE, STR(""), STR("3/1/1970")},
        {MATCHING_FIELD_BIRTH_DATE, STR(""), STR("01-Mar-70")},
        {MATCHING_FIELD_EMAIL, STR(""), STR("J.Doe+news@GoogleMail.com")},
        {MATCHING_FIELD_PHONE, STR(""), STR("+44 (0)20 7946 0991 ext. 5")},
        {MATCHING_FIELD_WEBSITE, STR(""), STR("https://www.Example.com/about")},
        {MATCHING_FIELD_STREET, STR(""), STR("224 North Central Ave, Apt 4")},
        {MATCHING_FIELD_STREET, STR(""), STR("Hardenbergstraße 87")},
        {MATCHING_FIELD_STREET, STR(""), STR("12-14, rue de la Paix")},
        {MATCHING_FIELD_STREET, STR(""), STR("C/ Mayor 5 a, 1º")},
        {MATCHING_FIELD_ADDRESS, STR(""), STR("3212 W. 32nd St Palm Harbor, FL 60527")},
        {MATCHING_FIELD_POSTCODE, STR(""), STR("LE11 1UU")},
        {MATCHING_FIELD_CITY, STR(""), STR("St. Gallen")},
        {MATCHING_FIELD_REGION, STR(""), STR("California")},
        {MATCHING_FIELD_IDENTIFIER, STR("vat"), STR("DE 0123-456.789")},
        {MATCHING_FIELD_GENDER, STR(""), STR("female")},
        {MATCHING_FIELD_PLACE, STR(""), STR("Nürnberg")},
        {MATCHING_FIELD_OCCUPATION, STR(""), STR("Head Gardener")},
        {MATCHING_FIELD_KIND, STR(""), STR("organisation")},
    };
    struct arena arena;
    uint64_t sum = 0;
    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        sum = values_mix(sum + values_hash(normal_of(&arena, &values[i], 1)));
    assert_int_equal(MATCHING_NORMAL_VERSION, 3);
    assert_true(sum == UINT64_C(0x451a49c5dc7fbf8f));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_normal_form_is_what_its_header_says),
        cmocka_unit_test(long_values_and_several_of_a_kind_are_read_back),
        cmocka_unit_test(bytes_that_are_no_normal_form_are_refused),
        cmocka_unit_test(what_is_normal_changes_only_with_its_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
