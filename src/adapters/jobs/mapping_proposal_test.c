#include "adapters/jobs/mapping_proposal.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 64 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static struct mapping_proposal propose(struct str text)
{
    struct record_sample *sample = ARENA_NEW(&arena, struct record_sample);
    struct mapping_proposal proposal = {.count = 0};
    int file = memfd_create("proposal", MFD_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(write(file, text.ptr, text.len), text.len);
    assert_int_equal(record_sample_read(file, RECORD_FORM_DETECT, '\0', &arena, sample, NULL),
                     STATUS_OK);
    assert_int_equal(mapping_propose(sample, &arena, &proposal, NULL), STATUS_OK);
    assert_int_equal(close(file), 0);
    return proposal;
}

struct example {
    struct str header;
    struct str first, second; /* cells */
    struct str field;         /* "" for the key, absent for none that is sure */
};

static const struct example examples[] = {
    {STR("Company"), STR("Acme"), STR("Globex"), STR("name")},
    {STR("Firmenname"), STR("Acme"), STR("Globex"), STR("name")},
    {STR("Raison sociale"), STR("Acme"), STR("Globex"), STR("name")},
    {STR("Raz\xc3\xb3n social"), STR("Acme"), STR("Globex"), STR("name")},
    {STR("Ragione Sociale"), STR("Acme"), STR("Globex"), STR("name")},
    {STR("Bedrijfsnaam"), STR("Acme"), STR("Globex"), STR("name")},
    {STR("E-Mail-Adresse"), STR("a@x.example"), STR("b@x.example"), STR("emails")},
    {STR("Courriel"), STR("a@x.example"), STR(""), STR("emails")},
    {STR("Correo electr\xc3\xb3nico"), STR("a@x.example"), STR(""), STR("emails")},
    {STR("x17"), STR("a@x.example"), STR("b@x.example"), STR("emails")},
    {STR("Mail"), STR("yes"), STR("no"), STR_NONE},
    {STR("Telefonnummer"), STR("+49 30 123456"), STR("030/98765"), STR("phones")},
    {STR("T\xc3\xa9l\xc3\xa9phone"), STR("+33 1 23 45 67 89"), STR(""), STR("phones")},
    {STR("x17"), STR("+49 30 123456"), STR("+49 30 98765"), STR_NONE},
    {STR("USt-IdNr."), STR("DE123456789"), STR("ATU12345678"), STR("identifiers.VAT")},
    {STR("TVA"), STR("FR12345678901"), STR(""), STR("identifiers.VAT")},
    {STR("TVA"), STR("19 %"), STR("7 %"), STR_NONE},
    {STR("Stra\xc3\x9f"
         "e"),
     STR("Hauptstr. 1"), STR("Nebenstr. 2"), STR("addresses.line1")},
    {STR("PLZ"), STR("10115"), STR("80331"), STR("addresses.postalCode")},
    {STR("Postcode"), STR("SW1A 1AA"), STR("EC1A 1BB"), STR("addresses.postalCode")},
    {STR("Ort"), STR("Berlin"), STR("Bonn"), STR("addresses.city")},
    {STR("Ville"), STR("Paris"), STR("Lyon"), STR("addresses.city")},
    {STR("Land"), STR("DE"), STR("AT"), STR("addresses.country")},
    {STR("Pays"), STR("FR"), STR(""), STR("addresses.country")},
    {STR("Country"), STR("Germany"), STR("Austria"), STR_NONE},
    {STR("Webseite"), STR("https://a.example"), STR(""), STR("website")},
    {STR("x17"), STR("https://a.example"), STR("www.b.example"), STR("website")},
    {STR("Geburtsdatum"), STR("1980-12-31"), STR(""), STR("dateOfBirth")},
    {STR("Geburtsdatum"), STR("31.12.1980"), STR(""), STR_NONE},
    {STR("Kundennummer"), STR("1"), STR("2"), STR("")},
    {STR("Customer No."), STR("K-1"), STR("K-2"), STR("")},
    {STR("ID"), STR("1"), STR("1"), STR_NONE},
    {STR("Remarks"), STR("x"), STR("y"), STR_NONE},
};

static void columns_are_known_by_their_names_and_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        const struct example *example = &examples[i];
        struct mapping_proposal proposal =
            propose(arena_format(&arena, "%.*s;zzz\n%.*s;1\n%.*s;2\n", STR_ARGS(example->header),
                                 STR_ARGS(example->first), STR_ARGS(example->second)));
        const struct column_proposal *column = &proposal.columns[0];
        bool sure = column->percent >= PROPOSAL_SURE_PERCENT;
        struct str field = !sure ? STR_NONE : column->is_key ? STR("") : column->field;
        if (str_is_none(field) != str_is_none(example->field) || !str_equal(field, example->field))
            fail_msg("%.*s is %.*s with %d %%, not %.*s", STR_ARGS(example->header),
                     STR_ARGS(field), column->percent, STR_ARGS(example->field));
        arena_reset(&arena);
    }
}

static void a_field_for_one_column_goes_to_the_surest(void **state)
{
    (void)state;
    struct mapping_proposal proposal =
        propose(STR("Mail 2,Mail,Name,Company\na@x.example,b@x.example,A,\nc@x.example,,B,\n"));
    assert_true(str_equal(proposal.columns[0].field, STR("emails")));
    assert_true(str_equal(proposal.columns[1].field, STR("emails")));
    assert_true(str_equal(proposal.columns[2].field, STR("name")));
    assert_true(str_is_none(proposal.columns[3].field) ||
                !str_equal(proposal.columns[3].field, STR("name")));
}

static void a_name_is_proposed_from_its_parts(void **state)
{
    (void)state;
    static const struct {
        struct str header, fields; /* of the columns: name, or - */
    } files[] = {
        {STR("First Name,Last Name,City"), STR("name name -")},
        {STR("Nachname,Vorname,Ort"), STR("name name -")},
        {STR("Name,Vorname,Ort"), STR("name name -")},
        {STR("Nombre,Apellidos,Ciudad"), STR("name name -")},
        {STR("First Name,Last Name,Company"), STR("- - name")},
        {STR("First Name,Last Name,Full Name"), STR("- - name")},
        {STR("Company,Name,City"), STR("name - -")},
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct mapping_proposal proposal =
            propose(arena_format(&arena, "%.*s\nx,y,z\nu,v,w\n", STR_ARGS(files[i].header)));
        struct buffer seen = {.arena = &arena};
        for (size_t c = 0; c < proposal.count; c++) {
            const struct column_proposal *column = &proposal.columns[c];
            bool named =
                column->percent >= PROPOSAL_SURE_PERCENT && str_equal(column->field, STR("name"));
            buffer_append_format(&seen, "%s%s", c > 0 ? " " : "", named ? "name" : "-");
        }
        if (!str_equal(buffer_str(&seen), files[i].fields))
            fail_msg("%.*s: %.*s", STR_ARGS(files[i].header), STR_ARGS(buffer_str(&seen)));
    }
}

static void the_proposal_can_be_given_to_an_import(void **state)
{
    (void)state;
    struct mapping_proposal proposal =
        propose(STR("{\"kdnr\":7,\"firma\":\"Acme\",\"mails\":[\"a@x.example\"]}\n"));
    struct str mapping =
        mapping_proposal_mapping(&proposal, STR("{\"firma\":\"segment\",\"*\":null}"), &arena);
    assert_true(str_equal(mapping, STR("{\"firma\":\"segment\",\"*\":null,\"mails\":\"emails\"}")));
    struct str json = mapping_proposal_json(&proposal, &arena);
    assert_true(str_starts_with(
        json, STR("{\"form\":\"NDJSON\",\"rows\":1,\"keyColumn\":\"kdnr\",\"mapping\":{")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_known_by_their_names_and_values),
        cmocka_unit_test(a_field_for_one_column_goes_to_the_surest),
        cmocka_unit_test(a_name_is_proposed_from_its_parts),
        cmocka_unit_test(the_proposal_can_be_given_to_an_import),
    };
    return cmocka_run_group_tests_name("mapping proposal", tests, setup, teardown);
}
