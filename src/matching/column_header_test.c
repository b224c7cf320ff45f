#include "matching/column_header.h"

#include "unit.h"

/* One header that systems really write, and what it must be taken for. */
struct example {
    const char *header;
    enum matching_field field;
};

#define F(x) MATCHING_FIELD_##x
/* clang-format off */
static const struct example examples[] = {
    {"First Name", F(GIVEN_NAME)}, {"FIRST_NAME", F(GIVEN_NAME)}, {"firstName", F(GIVEN_NAME)}, {"Vorname", F(GIVEN_NAME)}, {"Prénom", F(GIVEN_NAME)},
    {"Nombre", F(GIVEN_NAME)}, {"Имя", F(GIVEN_NAME)},
    {"LAST_NAME", F(FAMILY_NAME)}, {"Nachname", F(FAMILY_NAME)}, {"Nom de famille", F(FAMILY_NAME)}, {"Apellidos", F(FAMILY_NAME)}, {"Фамилия", F(FAMILY_NAME)},
    {"Name, Vorname", F(FULL_NAME)}, {"Nom et prénom", F(FULL_NAME)}, {"Nom complet", F(FULL_NAME)}, {"Apellidos y nombre", F(FULL_NAME)},
    {"Name", F(NAME)}, {"Name 1", F(NAME)}, {"Name (Pinyin)", F(NAME)}, {"Name 2", F(NONE)}, {"Geburtsname", F(NONE)}, {"NAME_SUFFIX", F(MIDDLE_NAME)}, {"street suffix", F(STREET)},
    {"Company", F(ORGANISATION)}, {"Nombre Comercial", F(ORGANISATION)}, {"Razón Social", F(ORGANISATION)}, {"Firma", F(ORGANISATION)},
    {"Denominazione", F(ORGANISATION)}, {"Establishment", F(ORGANISATION)}, {"Company Size", F(NONE)},
    {"Company Address", F(STREET)}, {"Company City", F(CITY)}, {"Company Phone", F(PHONE)}, {"Company Country", F(NONE)},
    {"Company Registration No", F(IDENTIFIER)},
    {"D.O.B.", F(BIRTH_DATE)}, {"geb. am", F(BIRTH_DATE)}, {"Geburtsdat.", F(BIRTH_DATE)}, {"Né(e) le", F(BIRTH_DATE)}, {"Fecha de nacimiento", F(BIRTH_DATE)},
    {"yr_birth", F(BIRTH_YEAR)}, {"YEAR_OF_BIRTH", F(BIRTH_YEAR)}, {"m_birth", F(BIRTH_MONTH)}, {"Place of birth", F(PLACE)}, {"Geburtsort", F(PLACE)},
    {"E-Mail-Adresse", F(EMAIL)}, {"Courriel", F(EMAIL)}, {"Email opt-in", F(NONE)},
    {"Tel. privat", F(PHONE)}, {"Tel.-Nr.", F(PHONE)}, {"Tél. portable", F(PHONE)}, {"Tfno.", F(PHONE)}, {"Contact No", F(PHONE)}, {"Телефон", F(PHONE)},
    {"Straße/Hausnr.", F(STREET)}, {"Street name and number", F(STREET)}, {"House no & street", F(STREET)}, {"Hausnr.", F(STREET_NUMBER)},
    {"Adresse postale", F(STREET)}, {"Domicilio social", F(STREET)}, {"Anschrift", F(ADDRESS)},
    {"PLZ", F(POSTCODE)}, {"C.P.", F(POSTCODE)}, {"Cód. Postal", F(POSTCODE)}, {"Pin Code", F(POSTCODE)}, {"Postal area", F(POSTCODE)},
    {"Ort", F(CITY)}, {"PLZ/Ort", F(CITY)}, {"Commune", F(CITY)}, {"Población", F(CITY)}, {"RESIDENTIAL_CITY", F(CITY)},
    {"Provincia", F(REGION)}, {"State/Province", F(REGION)}, {"Bundesland", F(REGION)},
    {"N.I.F.", F(IDENTIFIER)}, {"USt-IdNr.", F(IDENTIFIER)}, {"ID Card No.", F(IDENTIFIER)}, {"Vers.-Nr.", F(IDENTIFIER)}, {"DNI", F(IDENTIFIER)},
    {"Person Linkedin Url", F(IDENTIFIER)}, {"Company Linkedin Url", F(NONE)}, {"Website", F(WEBSITE)},
    {"Anrede", F(GENDER)}, {"Civilité", F(GENDER)}, {"sex", F(GENDER)},
    {"Affiliation", F(OCCUPATION)}, {"Country", F(NONE)}, {"truth", F(NONE)}, {"amount", F(NONE)}, {"last_login", F(NONE)},
};

static const struct example roles[] = {
    {"Patient", F(FULL_NAME)}, {"Guest", F(FULL_NAME)}, {"Member name", F(FULL_NAME)}, {"author", F(FULL_NAME)}, {"Voter's name", F(FULL_NAME)},
    {"Owner Name", F(NAME)}, {"Kreditor", F(NAME)}, {"Nom du client", F(NAME)}, {"Name of the owner", F(NAME)},
    {"Customer no", F(NONE)}, {"Supplier group", F(NONE)}, {"Contact person", F(NONE)}, {"amount", F(NONE)}, {"", F(NONE)},
};
/* clang-format on */
#undef F

static void headers_are_taken_for_what_they_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        struct column column = {0};
        column_header_recognise(str_from_cstr(examples[i].header), &column);
        if (column.field != examples[i].field)
            fail_msg("%s is taken for %s", examples[i].header, columns_field_name(column.field));
    }
}

static void a_role_promises_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        enum matching_field field = column_header_role(str_from_cstr(roles[i].header));
        if (field != roles[i].field)
            fail_msg("%s promises %s", roles[i].header, columns_field_name(field));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_taken_for_what_they_are),
        cmocka_unit_test(a_role_promises_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
