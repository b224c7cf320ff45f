/* Recognition of columns. `patterns` is read from the top: the first row all of whose words are in
 * the header, and none of whose excluded words are, decides. Words are folded; "firstName" and
 * "first_name" are the same two words. */
#include "matching/columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matching/lexicon.h"
#include "text/fold.h"

enum { WORDS_MAX = 12, SAMPLE_ROWS = 1000 };

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
    {"website", "", F(WEBSITE), ""},
    {"=web", "", F(WEBSITE), ""},
    {"web site", "", F(WEBSITE), ""},
    {"homepage", "", F(WEBSITE), ""},
    {"url", "image photo picture logo avatar", F(WEBSITE), ""},
    {"=domain", "", F(WEBSITE), ""},
    {"phone", "type kind country status fax", F(PHONE), ""},
    {"telephone", "type kind", F(PHONE), ""},
    {"telefon", "", F(PHONE), ""},
    {"=tel", "", F(PHONE), ""},
    {"mobile", "type os", F(PHONE), ""},
    {"=cell", "", F(PHONE), ""},
    {"dob", "", F(BIRTH_DATE), ""},
    {"birth date", "", F(BIRTH_DATE), ""},
    {"birthdate", "", F(BIRTH_DATE), ""},
    {"birthday", "", F(BIRTH_DATE), ""},
    {"dateofbirth", "", F(BIRTH_DATE), ""},
    {"geburtsdatum", "", F(BIRTH_DATE), ""},
    {"=born", "", F(BIRTH_DATE), ""},
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
    {"=fname", "", F(GIVEN_NAME), ""},
    {"=first", "", F(GIVEN_NAME), ""},
    {"vorname", "", F(GIVEN_NAME), ""},
    {"prenom", "", F(GIVEN_NAME), ""},
    {"christian name", "", F(GIVEN_NAME), ""},
    {"last name", "", F(FAMILY_NAME), ""},
    {"lastname", "", F(FAMILY_NAME), ""},
    {"surname", "", F(FAMILY_NAME), ""},
    {"family name", "", F(FAMILY_NAME), ""},
    {"familyname", "", F(FAMILY_NAME), ""},
    {"=lname", "", F(FAMILY_NAME), ""},
    {"=last", "", F(FAMILY_NAME), ""},
    {"nachname", "", F(FAMILY_NAME), ""},
    {"nom famille", "", F(FAMILY_NAME), ""},
    {"apellido", "", F(FAMILY_NAME), ""},
    {"apellidos", "", F(FAMILY_NAME), ""},
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
    {"customer name", "", F(NAME), ""},
    {"client name", "", F(NAME), ""},
    {"account name", "", F(NAME), ""},
    {"party name", "", F(NAME), ""},
    {"contact name", "", F(FULL_NAME), ""},
    {"display name", "", F(NAME), ""},
    {"entity name", "", F(NAME), ""},
    {"=name", "", F(NAME), ""},
    {"=names", "", F(NAME), ""},
    {"postcode", "", F(POSTCODE), ""},
    {"post code", "", F(POSTCODE), ""},
    {"postal code", "", F(POSTCODE), ""},
    {"postalcode", "", F(POSTCODE), ""},
    {"zip", "", F(POSTCODE), ""},
    {"zipcode", "", F(POSTCODE), ""},
    {"=plz", "", F(POSTCODE), ""},
    {"street number", "", F(STREET_NUMBER), ""},
    {"streetnumber", "", F(STREET_NUMBER), ""},
    {"house number", "", F(STREET_NUMBER), ""},
    {"house no", "", F(STREET_NUMBER), ""},
    {"=houseno", "", F(STREET_NUMBER), ""},
    {"address 2", "", F(NONE), ""},
    {"address line2", "", F(NONE), ""},
    {"addr line2", "", F(NONE), ""},
    {"addr full", "", F(ADDRESS), ""},
    {"full address", "", F(ADDRESS), ""},
    {"address full", "", F(ADDRESS), ""},
    {"addr line1", "", F(STREET), ""},
    {"address", "id type ip mac", F(STREET), ""},
    {"address1", "", F(STREET), ""},
    {"street", "type", F(STREET), ""},
    {"strasse", "", F(STREET), ""},
    {"=addr", "", F(STREET), ""},
    {"=line1", "", F(STREET), ""},
    {"city", "birth id", F(CITY), ""},
    {"suburb", "", F(CITY), ""},
    {"town", "", F(CITY), ""},
    {"locality", "", F(CITY), ""},
    {"municipality", "", F(CITY), ""},
    {"=ort", "", F(CITY), ""},
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
    "client id", "account id",  "ltable id", "id1"};

const char *columns_field_name(enum matching_field field)
{
    static const char *const names[] = {
#define X(symbol, name, meaning) name,
        MATCHING_FIELD_TABLE(X)
#undef X
    };
    return names[field];
}

/* ------------------------------------------------------------------ headers */

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

/* "firstName", "addr1" to "first Name", "addr1"; then folded to words. */
static void read_header(struct str name, struct header *header)
{
    size_t len = 0;
    for (size_t i = 0; i < name.len && len + 2 < FOLD_INPUT_MAX; i++) {
        bool lower_before = i > 0 && name.ptr[i - 1] >= 'a' && name.ptr[i - 1] <= 'z';
        if (lower_before && is_upper(name.ptr[i])) header->split[len++] = ' ';
        header->split[len++] = name.ptr[i];
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

static void recognise_by_header(struct str name, struct column *column)
{
    struct header header;
    read_header(name, &header);
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        if (!pattern_fits(&patterns[i], &header)) continue;
        column->field = patterns[i].field;
        snprintf(column->type, sizeof column->type, "%s", patterns[i].type);
        return;
    }
}

static bool is_id_header(struct str name)
{
    struct header header;
    read_header(name, &header);
    for (size_t i = 0; i < sizeof id_headers / sizeof id_headers[0]; i++)
        if (str_equal(header.text, str_from_cstr(id_headers[i]))) return true;
    return false;
}

/* A header that says nothing: "", "3", "col3", "field_3", "f3", "x". */
static bool is_mute(struct str name)
{
    struct header header;
    static const char *const mute[] = {"col", "column", "field", "f",         "c",      "x",
                                       "var", "v",      "attr",  "attribute", "unnamed"};
    read_header(name, &header);
    struct str word = header.count ? header.word[0] : STR("");
    while (word.len > 0 && word.ptr[word.len - 1] >= '0' && word.ptr[word.len - 1] <= '9')
        word.len--;
    if (word.len == 0) return true;
    for (size_t i = 0; i < sizeof mute / sizeof mute[0]; i++)
        if (str_equal(word, str_from_cstr(mute[i]))) return true;
    return false;
}

/* ------------------------------------------------------------------ content */

struct profile {
    size_t filled, emails, dates, phones, websites, given_names, codes;
    size_t day_first, month_first; /* dates of which only one order is possible */
};

static void profile_date(struct str text, struct profile *profile)
{
    uint32_t date = normalise_date(text, false), day = date % 100, month = date / 100 % 100;
    uint32_t year = date / 10000;
    if (date && month >= 1 && month <= 12 && day >= 1 && day <= 31 && year > 1850 && year < 2030)
        profile->dates++;
    int64_t first = 0, second = 0;
    struct str rest = text, part;
    const char *separators = "/.-";
    for (int i = 0; separators[i]; i++) {
        rest = text;
        if (!str_split(&rest, separators[i], &part) || str_is_none(rest)) continue;
        struct str next;
        if (part.len > 2 || !str_to_int64(part, &first)) return;
        if (str_split(&rest, separators[i], &next) && next.len <= 2 &&
            str_to_int64(next, &second)) {
            profile->day_first += first > 12 && second <= 12;
            profile->month_first += second > 12 && first <= 12;
        }
        return;
    }
}

static void profile_value(struct str text, struct profile *profile)
{
    size_t digits = 0, letters = 0;
    for (size_t i = 0; i < text.len; i++) {
        digits += text.ptr[i] >= '0' && text.ptr[i] <= '9';
        letters += (text.ptr[i] | 32) >= 'a' && (text.ptr[i] | 32) <= 'z';
    }
    profile->filled++;
    ptrdiff_t at = str_find_char(text, '@');
    profile->emails += at > 0 && str_find_char(str_skip(text, (size_t)at), '.') > 0;
    profile->websites += str_starts_with(text, STR("http")) || str_starts_with(text, STR("www."));
    bool punctuated = str_find_char(text, '-') > 0 || str_find_char(text, ' ') > 0 ||
                      str_find_char(text, '(') >= 0 || str_starts_with(text, STR("+"));
    profile->phones += digits >= 9 && digits <= 15 && letters == 0 && punctuated;
    profile_date(text, profile);
    char folded[FOLD_MAX];
    if (text.len < 20 && digits == 0)
        profile->given_names += lexicon_has(LEXICON_NICKNAME, fold_text(text, folded));
}

static struct profile profile_column(const struct table_reader *reader,
                                     const struct table_chunk *sample, size_t column)
{
    struct profile profile = {0};
    size_t columns = table_reader_column_count(reader);
    for (size_t row = 0; row < sample->row_count && row < SAMPLE_ROWS; row++) {
        struct str text = str_trim(sample->fields[row * columns + column]);
        if (text.len > 0 && text.len < 200) profile_value(text, &profile);
    }
    return profile;
}

static enum matching_field field_of_profile(const struct profile *profile)
{
    size_t most = profile->filled * 7 / 10;
    if (profile->filled < 3) return MATCHING_FIELD_NONE;
    if (profile->emails > most) return MATCHING_FIELD_EMAIL;
    if (profile->websites > most) return MATCHING_FIELD_WEBSITE;
    if (profile->dates > most) return MATCHING_FIELD_BIRTH_DATE;
    if (profile->phones > most) return MATCHING_FIELD_PHONE;
    if (profile->given_names * 2 > profile->filled) return MATCHING_FIELD_GIVEN_NAME;
    return MATCHING_FIELD_NONE;
}

/* ------------------------------------------------------------------ request */

static ptrdiff_t find_column(const struct table_reader *reader, struct str name)
{
    for (size_t i = 0; i < table_reader_column_count(reader); i++)
        if (str_equal_ignore_case(str_trim(table_reader_column(reader, i)), str_trim(name)))
            return (ptrdiff_t)i;
    return -1;
}

static enum status no_column(struct str name, struct error *error)
{
    return error_set(error, STATUS_USAGE, STR_NONE, STR_NONE, "the file has no column \"%.*s\"",
                     STR_ARGS(name));
}

static enum status apply_map(const struct table_reader *reader, const char *map,
                             struct columns *columns, struct error *error)
{
    struct str rest = str_from_cstr(map), name, field, type = STR("");
    if (!str_split(&rest, '=', &name) || str_is_none(rest))
        return error_set(error, STATUS_USAGE, STR_NONE, STR("COLUMN=FIELD"), "\"%s\" is no mapping",
                         map);
    ptrdiff_t at = find_column(reader, name);
    if (at < 0) return no_column(name, error);
    if (!str_split(&rest, ':', &field)) return no_column(name, error);
    if (!str_is_none(rest)) type = rest;
    for (int f = 0; f < MATCHING_FIELD_COUNT; f++) {
        if (!str_equal_ignore_case(field,
                                   str_from_cstr(columns_field_name((enum matching_field)f))))
            continue;
        columns->column[at].field = (enum matching_field)f;
        snprintf(columns->column[at].type, COLUMNS_TYPE_MAX, "%.*s", STR_ARGS(type));
        return STATUS_OK;
    }
    return error_set(error, STATUS_USAGE, STR_NONE, STR_NONE, "\"%.*s\" is no field",
                     STR_ARGS(field));
}

static enum status apply_request(const struct table_reader *reader,
                                 const struct columns_request *request, struct columns *columns,
                                 struct error *error)
{
    for (size_t i = 0; i < request->map_count; i++)
        TRY(apply_map(reader, request->maps[i], columns, error));
    for (size_t i = 0; i < request->ignored_count; i++) {
        ptrdiff_t at = find_column(reader, str_from_cstr(request->ignored[i]));
        if (at < 0) return no_column(str_from_cstr(request->ignored[i]), error);
        columns->column[at].field = MATCHING_FIELD_NONE;
    }
    if (!request->id) return STATUS_OK;
    columns->id = find_column(reader, str_from_cstr(request->id));
    return columns->id < 0 ? no_column(str_from_cstr(request->id), error) : STATUS_OK;
}

/* ------------------------------------------------------------------ whole */

/* Names that begin with a given name, and names with a word that only organisations have. */
struct name_profile {
    size_t persons, organisations;
};

static void profile_name(struct str text, struct name_profile *profile)
{
    char folded[FOLD_MAX];
    struct str word[WORDS_MAX];
    size_t count = fold_words(fold_text(text, folded), word, WORDS_MAX);
    bool organisation = false;
    for (size_t i = 1; i < count; i++)
        organisation = organisation || lexicon_has(LEXICON_LEGAL_FORM, word[i]) ||
                       (word[i].len > 3 && lexicon_has(LEXICON_COMPANY_WORD, word[i]));
    bool person =
        count > 1 && count < 5 &&
        (lexicon_has(LEXICON_NICKNAME, word[0]) || lexicon_has(LEXICON_NICKNAME, word[1]));
    profile->organisations += organisation;
    profile->persons += person && !organisation;
}

/* Whether names of which nothing else is known are organisations', by what most of them are. */
static bool mostly_organisations(const struct table_reader *reader,
                                 const struct table_chunk *sample, const struct columns *columns)
{
    struct name_profile profile = {0, 0};
    for (size_t row = 0; row < sample->row_count && row < SAMPLE_ROWS; row++)
        for (size_t c = 0; c < columns->count; c++)
            if (columns->column[c].field == MATCHING_FIELD_NAME)
                profile_name(sample->fields[row * table_reader_column_count(reader) + c], &profile);
    return profile.persons <= 2 * profile.organisations;
}

static void settle_rules(const struct table_reader *reader, const struct table_chunk *sample,
                         struct columns *columns)
{
    bool persons = false;
    size_t day_first = 0, month_first = 0;
    for (size_t i = 0; i < columns->count; i++) {
        enum matching_field field = columns->column[i].field;
        persons = persons || field == MATCHING_FIELD_GIVEN_NAME || field == MATCHING_FIELD_GENDER ||
                  field == MATCHING_FIELD_FAMILY_NAME || field == MATCHING_FIELD_BIRTH_DATE;
        if (field != MATCHING_FIELD_BIRTH_DATE) continue;
        struct profile profile = profile_column(reader, sample, i);
        day_first += profile.day_first;
        month_first += profile.month_first;
    }
    columns->rules.dates_day_first = day_first > month_first;
    columns->rules.names_are_organisations =
        !persons && mostly_organisations(reader, sample, columns);
}

void columns_release(struct columns *columns)
{
    free(columns->column);
    columns->column = NULL;
}

enum status columns_recognise(const struct table_reader *reader, const struct table_chunk *sample,
                              const struct columns_request *request, struct columns *columns,
                              struct error *error)
{
    *columns = (struct columns){.count = table_reader_column_count(reader), .id = -1};
    columns->column = calloc(columns->count, sizeof *columns->column);
    if (!columns->column) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < columns->count; i++) {
        struct str name = table_reader_column(reader, i);
        recognise_by_header(name, &columns->column[i]);
        if (columns->id < 0 && is_id_header(name)) columns->id = (ptrdiff_t)i;
        if (columns->column[i].field == MATCHING_FIELD_NONE && is_mute(name)) {
            struct profile profile = profile_column(reader, sample, i);
            columns->column[i].field = field_of_profile(&profile);
        }
    }
    TRY(apply_request(reader, request, columns, error));
    settle_rules(reader, sample, columns);
    for (size_t i = 0; i < columns->count; i++)
        if (columns->column[i].field > MATCHING_FIELD_NONE &&
            columns->column[i].field != MATCHING_FIELD_KIND &&
            columns->column[i].field != MATCHING_FIELD_GENDER)
            return STATUS_OK;
    return error_set(error, STATUS_USAGE, STR_NONE, STR("--map COLUMN=FIELD"),
                     "no column of the file was recognised as a name, address, date, contact or "
                     "identifier");
}
