/* `patterns` is read from the top: the first row all of whose words are in the header, and none of
 * whose excluded words are, decides. Words are folded; "firstName" and "first_name" are the same
 * two words. */
#include "matching/column_header.h"

#include <stdio.h>

#include "text/fold.h"

enum { WORDS_MAX = 12 };

static const struct pattern {
    const char *words;    /* all of these; "=" in front: these and no others */
    const char *excluded; /* none of these */
    enum matching_field field;
    const char *type;
} patterns[] = {
#define F(x) MATCHING_FIELD_##x
    {"email", "status type opt verified date consent", F(EMAIL), ""},
    {"e mail", "status type opt", F(EMAIL), ""},
    {"=mail", "", F(EMAIL), ""},
    {"courriel", "", F(EMAIL), ""},
    {"correo", "", F(EMAIL), ""},
    {"=smtp addr", "", F(EMAIL), ""},
    {"website", "", F(WEBSITE), ""},
    {"=web", "", F(WEBSITE), ""},
    {"web site", "", F(WEBSITE), ""},
    {"homepage", "", F(WEBSITE), ""},
    {"url", "image photo picture logo avatar", F(WEBSITE), ""},
    {"=domain", "", F(WEBSITE), ""},
    {"phone", "type kind country status fax", F(PHONE), ""},
    {"telephone", "type kind", F(PHONE), ""},
    {"telefon", "", F(PHONE), ""},
    {"telefono", "", F(PHONE), ""},
    {"telefone", "", F(PHONE), ""},
    {"telefoon", "", F(PHONE), ""},
    {"handy", "", F(PHONE), ""},
    {"=tel", "", F(PHONE), ""},
    {"=telf1", "", F(PHONE), ""},
    {"mobile", "type os", F(PHONE), ""},
    {"=cell", "", F(PHONE), ""},
    {"=ph", "", F(PHONE), ""},
    {"=ph 1", "", F(PHONE), ""},
    {"telefonnr", "", F(PHONE), ""},
    {"telefonnummer", "", F(PHONE), ""},
    {"rufnummer", "", F(PHONE), ""},
    {"mobil", "", F(PHONE), ""},
    {"mobilnummer", "", F(PHONE), ""},
    {"puhelin", "", F(PHONE), ""},
    {"celular", "", F(PHONE), ""},
    {"movil", "", F(PHONE), ""},
    {"portable", "", F(PHONE), ""},
    {"birth year", "", F(BIRTH_YEAR), ""},
    {"year birth", "", F(BIRTH_YEAR), ""},
    {"birthyear", "", F(BIRTH_YEAR), ""},
    {"geburtsjahr", "", F(BIRTH_YEAR), ""},
    {"dob year", "", F(BIRTH_YEAR), ""},
    {"=yob", "", F(BIRTH_YEAR), ""},
    {"=by", "", F(BIRTH_YEAR), ""},
    {"birth month", "", F(BIRTH_MONTH), ""},
    {"month birth", "", F(BIRTH_MONTH), ""},
    {"birthmonth", "", F(BIRTH_MONTH), ""},
    {"dob month", "", F(BIRTH_MONTH), ""},
    {"=mob", "", F(BIRTH_MONTH), ""},
    {"=bm", "", F(BIRTH_MONTH), ""},
    {"birth day", "", F(BIRTH_DAY), ""},
    {"day birth", "", F(BIRTH_DAY), ""},
    {"dob day", "", F(BIRTH_DAY), ""},
    {"=bd", "", F(BIRTH_DAY), ""},
    {"dob", "", F(BIRTH_DATE), ""},
    {"birth date", "", F(BIRTH_DATE), ""},
    {"birthdate", "", F(BIRTH_DATE), ""},
    {"birthday", "", F(BIRTH_DATE), ""},
    {"dateofbirth", "", F(BIRTH_DATE), ""},
    {"geburtsdatum", "", F(BIRTH_DATE), ""},
    {"gebdatum", "", F(BIRTH_DATE), ""},
    {"geboortedatum", "", F(BIRTH_DATE), ""},
    {"date naissance", "", F(BIRTH_DATE), ""},
    {"fecha nacimiento", "", F(BIRTH_DATE), ""},
    {"data nascita", "", F(BIRTH_DATE), ""},
    {"data nascimento", "", F(BIRTH_DATE), ""},
    {"=born", "", F(BIRTH_DATE), ""},
    {"birth dt", "", F(BIRTH_DATE), ""},
    {"birthdt", "", F(BIRTH_DATE), ""},
    {"=bdate", "", F(BIRTH_DATE), ""},
    {"geb datum", "", F(BIRTH_DATE), ""},
    {"geburtstag", "", F(BIRTH_DATE), ""},
    {"date de naissance", "", F(BIRTH_DATE), ""},
    {"fodselsdato", "", F(BIRTH_DATE), ""},
    {"fodelsedatum", "", F(BIRTH_DATE), ""},
    {"data urodzenia", "", F(BIRTH_DATE), ""},
    {"datum narozeni", "", F(BIRTH_DATE), ""},
    {"foundation date", "", F(BIRTH_DATE), ""},
    {"founding date", "", F(BIRTH_DATE), ""},
    {"incorporation date", "", F(BIRTH_DATE), ""},
    {"foundation year", "", F(BIRTH_YEAR), ""},
    {"founding year", "", F(BIRTH_YEAR), ""},
    {"year founded", "", F(BIRTH_YEAR), ""},
    {"founded year", "", F(BIRTH_YEAR), ""},
    {"=founded", "", F(BIRTH_DATE), ""},
    {"birth place", "", F(PLACE), ""},
    {"birthplace", "", F(PLACE), ""},
    {"birth city", "", F(PLACE), ""},
    {"soc sec", "", F(IDENTIFIER), "ssn"},
    {"ssn", "type country", F(IDENTIFIER), "ssn"},
    {"social security", "type country", F(IDENTIFIER), "ssn"},
    {"social insurance", "type", F(IDENTIFIER), "ssn"},
    {"national insurance", "type", F(IDENTIFIER), "ssn"},
    {"nino", "", F(IDENTIFIER), "ssn"},
    {"national id", "type country", F(IDENTIFIER), "national"},
    {"passport", "type country date expiry", F(IDENTIFIER), "passport"},
    {"license", "type country state date status expiry", F(IDENTIFIER), "licence"},
    {"licence", "type country state date status expiry", F(IDENTIFIER), "licence"},
    {"vat", "type country rate", F(IDENTIFIER), "vat"},
    {"=stceg", "", F(IDENTIFIER), "vat"},
    {"ustid", "", F(IDENTIFIER), "vat"},
    {"ust id", "", F(IDENTIFIER), "vat"},
    {"=tva", "", F(IDENTIFIER), "vat"},
    {"partita iva", "", F(IDENTIFIER), "vat"},
    {"=piva", "", F(IDENTIFIER), "vat"},
    {"codice fiscale", "", F(IDENTIFIER), "tax"},
    {"steuernummer", "", F(IDENTIFIER), "tax"},
    {"=nif", "", F(IDENTIFIER), "tax"},
    {"=cif", "", F(IDENTIFIER), "tax"},
    {"=rfc", "", F(IDENTIFIER), "tax"},
    {"=cpf", "", F(IDENTIFIER), "tax"},
    {"=cnpj", "", F(IDENTIFIER), "tax"},
    {"tax id", "type country", F(IDENTIFIER), "tax"},
    {"tax number", "type country", F(IDENTIFIER), "tax"},
    {"taxid", "type country", F(IDENTIFIER), "tax"},
    {"=ein", "", F(IDENTIFIER), "tax"},
    {"=tin", "", F(IDENTIFIER), "tax"},
    {"duns", "", F(IDENTIFIER), "duns"},
    {"lei", "", F(IDENTIFIER), "lei"},
    {"=siren", "", F(IDENTIFIER), "siren"},
    {"=siret", "", F(IDENTIFIER), "siret"},
    {"=abn", "", F(IDENTIFIER), "abn"},
    {"=gstin", "", F(IDENTIFIER), "gstin"},
    {"=iban", "", F(IDENTIFIER), "iban"},
    {"nhs number", "", F(IDENTIFIER), "nhs"},
    {"medicare", "", F(IDENTIFIER), "medicare"},
    {"company number", "", F(IDENTIFIER), "registration"},
    {"registration number", "", F(IDENTIFIER), "registration"},
    {"=gender", "", F(GENDER), ""},
    {"gender code", "", F(GENDER), ""},
    {"gender cd", "", F(GENDER), ""},
    {"sex code", "", F(GENDER), ""},
    {"=sexe", "", F(GENDER), ""},
    {"=sexo", "", F(GENDER), ""},
    {"=sex", "", F(GENDER), ""},
    {"=geschlecht", "", F(GENDER), ""},
    {"record type", "", F(KIND), ""},
    {"entity type", "", F(KIND), ""},
    {"customer type", "", F(KIND), ""},
    {"party type", "", F(KIND), ""},
    {"=kind", "", F(KIND), ""},
    {"middle", "", F(MIDDLE_NAME), ""},
    {"=mname", "", F(MIDDLE_NAME), ""},
    {"first surname", "", F(FULL_NAME), ""},
    {"first last", "", F(FULL_NAME), ""},
    {"first name", "", F(GIVEN_NAME), ""},
    {"given", "", F(GIVEN_NAME), ""},
    {"firstname", "", F(GIVEN_NAME), ""},
    {"givenname", "", F(GIVEN_NAME), ""},
    {"name first", "", F(GIVEN_NAME), ""},
    {"forename", "", F(GIVEN_NAME), ""},
    {"fname", "", F(GIVEN_NAME), ""},
    {"=f name", "", F(GIVEN_NAME), ""},
    {"first nm", "", F(GIVEN_NAME), ""},
    {"voornaam", "", F(GIVEN_NAME), ""},
    {"nombre", "empresa usuario", F(GIVEN_NAME), ""},
    {"=nome", "", F(GIVEN_NAME), ""},
    {"=first", "", F(GIVEN_NAME), ""},
    {"vorname", "", F(GIVEN_NAME), ""},
    {"prenom", "", F(GIVEN_NAME), ""},
    {"christian name", "", F(GIVEN_NAME), ""},
    {"fornavn", "", F(GIVEN_NAME), ""},
    {"fornamn", "", F(GIVEN_NAME), ""},
    {"etunimi", "", F(GIVEN_NAME), ""},
    {"imie", "", F(GIVEN_NAME), ""},
    {"jmeno", "", F(GIVEN_NAME), ""},
    {"last name", "", F(FAMILY_NAME), ""},
    {"lastname", "", F(FAMILY_NAME), ""},
    {"surname", "", F(FAMILY_NAME), ""},
    {"family name", "", F(FAMILY_NAME), ""},
    {"familyname", "", F(FAMILY_NAME), ""},
    {"lname", "", F(FAMILY_NAME), ""},
    {"=l name", "", F(FAMILY_NAME), ""},
    {"last nm", "", F(FAMILY_NAME), ""},
    {"achternaam", "", F(FAMILY_NAME), ""},
    {"cognome", "", F(FAMILY_NAME), ""},
    {"sobrenome", "", F(FAMILY_NAME), ""},
    {"=nom", "", F(FAMILY_NAME), ""},
    {"apellido1", "", F(FAMILY_NAME), ""},
    {"=last", "", F(FAMILY_NAME), ""},
    {"nachname", "", F(FAMILY_NAME), ""},
    {"nom famille", "", F(FAMILY_NAME), ""},
    {"apellido", "", F(FAMILY_NAME), ""},
    {"apellidos", "", F(FAMILY_NAME), ""},
    {"efternavn", "", F(FAMILY_NAME), ""},
    {"etternavn", "", F(FAMILY_NAME), ""},
    {"efternamn", "", F(FAMILY_NAME), ""},
    {"sukunimi", "", F(FAMILY_NAME), ""},
    {"nazwisko", "", F(FAMILY_NAME), ""},
    {"prijmeni", "", F(FAMILY_NAME), ""},
    {"full name", "file user", F(FULL_NAME), ""},
    {"fullname", "", F(FULL_NAME), ""},
    {"person name", "", F(FULL_NAME), ""},
    {"patient name", "", F(FULL_NAME), ""},
    {"employer", "id", F(OCCUPATION), ""},
    {"occupation", "id code", F(OCCUPATION), ""},
    {"profession", "", F(OCCUPATION), ""},
    {"job title", "", F(OCCUPATION), ""},
    {"=job", "", F(OCCUPATION), ""},
    {"industry", "code", F(OCCUPATION), ""},
    {"company", "id type size code number", F(ORGANISATION), ""},
    {"organisation", "id type size code number", F(ORGANISATION), ""},
    {"organization", "id type size code number", F(ORGANISATION), ""},
    {"name org", "", F(ORGANISATION), ""},
    {"org name", "", F(ORGANISATION), ""},
    {"business name", "", F(ORGANISATION), ""},
    {"site name", "", F(ORGANISATION), ""},
    {"legal name", "", F(ORGANISATION), ""},
    {"trade name", "", F(ORGANISATION), ""},
    {"trading name", "", F(ORGANISATION), ""},
    {"firm name", "", F(ORGANISATION), ""},
    {"=dba", "", F(ORGANISATION), ""},
    {"supplier name", "", F(ORGANISATION), ""},
    {"vendor name", "", F(ORGANISATION), ""},
    {"school name", "", F(ORGANISATION), ""},
    {"facility name", "", F(ORGANISATION), ""},
    {"institution", "id type", F(ORGANISATION), ""},
    {"restaurant name", "", F(ORGANISATION), ""},
    {"=firma", "", F(ORGANISATION), ""},
    {"firmenname", "", F(ORGANISATION), ""},
    {"unternehmen", "", F(ORGANISATION), ""},
    {"societe", "", F(ORGANISATION), ""},
    {"entreprise", "", F(ORGANISATION), ""},
    {"raison sociale", "", F(ORGANISATION), ""},
    {"razon social", "", F(ORGANISATION), ""},
    {"ragione sociale", "", F(ORGANISATION), ""},
    {"empresa", "id", F(ORGANISATION), ""},
    {"azienda", "id", F(ORGANISATION), ""},
    {"bedrijf", "id", F(ORGANISATION), ""},
    {"bedrijfsnaam", "", F(ORGANISATION), ""},
    {"customer name", "", F(NAME), ""},
    {"client name", "", F(NAME), ""},
    {"account name", "", F(NAME), ""},
    {"party name", "", F(NAME), ""},
    {"contact name", "", F(FULL_NAME), ""},
    {"display name", "", F(NAME), ""},
    {"entity name", "", F(NAME), ""},
    {"=name", "", F(NAME), ""},
    {"=names", "", F(NAME), ""},
    {"=name1", "", F(NAME), ""},
    {"=naam", "", F(NAME), ""},
    {"postcode", "", F(POSTCODE), ""},
    {"post code", "", F(POSTCODE), ""},
    {"postal code", "", F(POSTCODE), ""},
    {"postalcode", "", F(POSTCODE), ""},
    {"zip", "", F(POSTCODE), ""},
    {"zipcode", "", F(POSTCODE), ""},
    {"=plz", "", F(POSTCODE), ""},
    {"postleitzahl", "", F(POSTCODE), ""},
    {"=pstlz", "", F(POSTCODE), ""},
    {"code postal", "", F(POSTCODE), ""},
    {"codigo postal", "", F(POSTCODE), ""},
    {"=cp", "", F(POSTCODE), ""},
    {"=cap", "", F(POSTCODE), ""},
    {"=cep", "", F(POSTCODE), ""},
    {"postnummer", "", F(POSTCODE), ""},
    {"postnr", "", F(POSTCODE), ""},
    {"kod pocztowy", "", F(POSTCODE), ""},
    {"=psc", "", F(POSTCODE), ""},
    {"strasse hausnummer", "", F(STREET), ""},
    {"strasse hausnr", "", F(STREET), ""},
    {"strasse nr", "", F(STREET), ""},
    {"address locality", "", F(CITY), ""},
    {"address city", "id", F(CITY), ""},
    {"address town", "", F(CITY), ""},
    {"address region", "", F(REGION), ""},
    {"address state", "", F(REGION), ""},
    {"street number", "", F(STREET_NUMBER), ""},
    {"streetnumber", "", F(STREET_NUMBER), ""},
    {"house number", "", F(STREET_NUMBER), ""},
    {"house no", "", F(STREET_NUMBER), ""},
    {"=houseno", "", F(STREET_NUMBER), ""},
    {"street no", "", F(STREET_NUMBER), ""},
    {"street nr", "", F(STREET_NUMBER), ""},
    {"street num", "", F(STREET_NUMBER), ""},
    {"street id", "", F(STREET_NUMBER), ""},
    {"streetno", "", F(STREET_NUMBER), ""},
    {"hausnummer", "", F(STREET_NUMBER), ""},
    {"hausnr", "", F(STREET_NUMBER), ""},
    {"huisnummer", "", F(STREET_NUMBER), ""},
    {"address 2", "", F(NONE), ""},
    {"address line2", "", F(NONE), ""},
    {"addr line2", "", F(NONE), ""},
    {"addr full", "", F(ADDRESS), ""},
    {"full address", "", F(ADDRESS), ""},
    {"address full", "", F(ADDRESS), ""},
    {"addr line1", "", F(STREET), ""},
    {"address", "id type ip mac country", F(STREET), ""},
    {"addr", "2 id type ip mac country", F(STREET), ""},
    {"address1", "", F(STREET), ""},
    {"street", "type", F(STREET), ""},
    {"strasse", "", F(STREET), ""},
    {"=stras", "", F(STREET), ""},
    {"=str", "", F(STREET), ""},
    {"straat", "", F(STREET), ""},
    {"adresse", "", F(STREET), ""},
    {"adres", "", F(STREET), ""},
    {"adress", "", F(STREET), ""},
    {"ulica", "", F(STREET), ""},
    {"logradouro", "", F(STREET), ""},
    {"=str 1", "", F(STREET), ""},
    {"direccion", "", F(STREET), ""},
    {"indirizzo", "", F(STREET), ""},
    {"endereco", "", F(STREET), ""},
    {"domicilio", "", F(STREET), ""},
    {"=rue", "", F(STREET), ""},
    {"=via", "", F(STREET), ""},
    {"=calle", "", F(STREET), ""},
    {"=addr", "", F(STREET), ""},
    {"=line1", "", F(STREET), ""},
    {"city", "birth id", F(CITY), ""},
    {"suburb", "", F(CITY), ""},
    {"town", "", F(CITY), ""},
    {"locality", "", F(CITY), ""},
    {"municipality", "", F(CITY), ""},
    {"=ort", "", F(CITY), ""},
    {"=ort01", "", F(CITY), ""},
    {"=stadt", "", F(CITY), ""},
    {"wohnort", "", F(CITY), ""},
    {"woonplaats", "", F(CITY), ""},
    {"=plaats", "", F(CITY), ""},
    {"ciudad", "", F(CITY), ""},
    {"cidade", "", F(CITY), ""},
    {"citta", "", F(CITY), ""},
    {"comune", "", F(CITY), ""},
    {"miasto", "", F(CITY), ""},
    {"mesto", "", F(CITY), ""},
    {"stad", "", F(CITY), ""},
    {"poststed", "", F(CITY), ""},
    {"kaupunki", "", F(CITY), ""},
    {"=ville", "", F(CITY), ""},
    {"addr state", "", F(REGION), ""},
    {"=state", "", F(REGION), ""},
    {"=region", "", F(REGION), ""},
    {"=province", "", F(REGION), ""},
    {"=county", "", F(REGION), ""},
    {"state code", "", F(REGION), ""},
#undef F
};

static const char *const id_headers[] = {
    "id",        "unique id",   "record id", "rec id",     "row id",   "rid",
    "uuid",      "customer id", "key",       "customerid", "recordid", "uniqueid",
    "person id", "entity key",  "source id", "pk",         "recid",    "rowid",
    "client id", "account id",  "ltable id", "id1",        "kunnr",    "kundennummer"};

/* ------------------------------------------------------------------ reading */

struct header {
    char split[FOLD_MAX], folded[FOLD_MAX];
    struct str word[WORDS_MAX];
    size_t count;
    struct str text;
};

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "firstName" to "first Name", and on request "addr1" to "addr 1"; then folded to words. */
static void read_header(struct str name, bool split_digits, struct header *header)
{
    size_t len = 0;
    for (size_t i = 0; i < name.len && len + 2 < FOLD_INPUT_MAX; i++) {
        char before = i > 0 ? name.ptr[i - 1] : ' ', c = name.ptr[i];
        bool lower_before = before >= 'a' && before <= 'z';
        bool letter_before = lower_before || is_upper(before);
        if ((lower_before && is_upper(c)) || (split_digits && letter_before && is_digit(c)))
            header->split[len++] = ' ';
        header->split[len++] = c;
    }
    header->text = fold_text(str_of(header->split, len), header->folded);
    header->count = fold_words(header->text, header->word, WORDS_MAX);
}

static bool has_word(const struct header *header, struct str word)
{
    for (size_t i = 0; i < header->count; i++)
        if (str_equal(header->word[i], word)) return true;
    return false;
}

static bool has_any(const struct header *header, const char *words)
{
    struct str rest = str_from_cstr(words), word;
    while (str_split(&rest, ' ', &word))
        if (word.len && has_word(header, word)) return true;
    return false;
}

static bool pattern_fits(const struct pattern *pattern, const struct header *header)
{
    bool alone = pattern->words[0] == '=';
    struct str rest = str_from_cstr(pattern->words + alone), word;
    if (alone) return str_equal(header->text, rest);
    while (str_split(&rest, ' ', &word))
        if (!has_word(header, word)) return false;
    return !has_any(header, pattern->excluded);
}

static const struct pattern *find_pattern(const struct header *header)
{
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
        if (pattern_fits(&patterns[i], header)) return &patterns[i];
    return NULL;
}

void column_header_recognise(struct str name, struct column *column)
{
    struct header header;
    read_header(name, false, &header);
    const struct pattern *pattern = find_pattern(&header);
    if (!pattern) {
        read_header(name, true, &header);
        pattern = find_pattern(&header);
    }
    if (!pattern) return;
    column->field = pattern->field;
    snprintf(column->type, sizeof column->type, "%s", pattern->type);
}

bool column_header_is_id(struct str name)
{
    struct header header;
    read_header(name, false, &header);
    for (size_t i = 0; i < sizeof id_headers / sizeof id_headers[0]; i++)
        if (str_equal(header.text, str_from_cstr(id_headers[i]))) return true;
    return false;
}

bool column_header_is_mute(struct str name)
{
    struct header header;
    static const char *const mute[] = {"col", "column", "field", "f",         "c",      "x",
                                       "var", "v",      "attr",  "attribute", "unnamed"};
    read_header(name, false, &header);
    struct str word = header.count ? header.word[0] : STR("");
    while (word.len > 0 && is_digit(word.ptr[word.len - 1])) word.len--;
    if (word.len == 0) return true;
    for (size_t i = 0; i < sizeof mute / sizeof mute[0]; i++)
        if (str_equal(word, str_from_cstr(mute[i]))) return true;
    return false;
}
