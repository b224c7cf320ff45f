/* Recognition of columns: by the header, else by what the values can be nothing else than. */
#include "matching/columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matching/column_header.h"
#include "matching/lexicon.h"
#include "text/fold.h"

enum { WORDS_MAX = 12, SAMPLE_ROWS = 1000 };

const char *columns_field_name(enum matching_field field)
{
    static const char *const names[] = {
#define X(symbol, name, meaning) name,
        MATCHING_FIELD_TABLE(X)
#undef X
    };
    return names[field];
}

/* ------------------------------------------------------------------ content */

struct profile {
    size_t filled, emails, dates, phones, dialled, websites, given_names, codes;
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
    profile->dialled += digits >= 9 && (text.ptr[0] == '+' || text.ptr[0] == '(');
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

/* What the values can be nothing else than; a date may be any date, so that its header must not
 * say of what. */
static enum matching_field field_of_profile(const struct profile *profile, bool mute)
{
    size_t most = profile->filled * 7 / 10;
    if (profile->filled < 3) return MATCHING_FIELD_NONE;
    if (profile->emails > most) return MATCHING_FIELD_EMAIL;
    if (profile->websites > most) return MATCHING_FIELD_WEBSITE;
    if (mute && profile->dates > most) return MATCHING_FIELD_BIRTH_DATE;
    bool phones = profile->phones > most;
    if (phones && (mute || profile->dialled * 5 > profile->filled)) return MATCHING_FIELD_PHONE;
    if (mute && profile->given_names * 2 > profile->filled) return MATCHING_FIELD_GIVEN_NAME;
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

/* "identifier:VAT": a field and, behind a colon, what it is of. */
static bool find_field(struct str text, enum matching_field *field, struct str *type)
{
    struct str name;
    if (!str_split(&text, ':', &name)) return false;
    *type = str_is_none(text) ? STR("") : text;
    for (int f = 0; f < MATCHING_FIELD_COUNT; f++) {
        *field = (enum matching_field)f;
        if (str_equal_ignore_case(name, str_from_cstr(columns_field_name(*field)))) return true;
    }
    return false;
}

/* At the last sign, for a column may have one in its name, and no field has. */
static bool split_map(const char *map, struct str *column, struct str *field)
{
    const char *sign = strrchr(map, '=');
    if (!sign) return false;
    *column = str_of(map, (size_t)(sign - map));
    *field = str_from_cstr(sign + 1);
    return column->len > 0 && field->len > 0;
}

static enum status no_field(struct str column, struct str field, struct error *error)
{
    enum matching_field turned;
    struct str type;
    if (find_field(column, &turned, &type))
        return error_set(error, STATUS_USAGE, STR("map"), STR("COLUMN=FIELD"),
                         "the column comes first: --map '%.*s=%.*s'", STR_ARGS(field),
                         STR_ARGS(column));
    return error_set(error, STATUS_USAGE, STR("map"), STR("the fields that --help lists"),
                     "\"%.*s\" is no field", STR_ARGS(field));
}

static bool is_mapped_before(const struct table_reader *reader,
                             const struct columns_request *request, size_t before, ptrdiff_t at)
{
    struct str column, field;
    for (size_t i = 0; i < before; i++)
        if (split_map(request->maps[i], &column, &field) && find_column(reader, column) == at)
            return true;
    return false;
}

static enum status apply_map(const struct table_reader *reader,
                             const struct columns_request *request, size_t map,
                             struct columns *columns, struct error *error)
{
    struct str column, text, type;
    enum matching_field field;
    if (!split_map(request->maps[map], &column, &text))
        return error_set(error, STATUS_USAGE, STR("map"), STR("COLUMN=FIELD"),
                         "\"%s\" is no mapping", request->maps[map]);
    if (!find_field(text, &field, &type)) return no_field(column, text, error);
    ptrdiff_t at = find_column(reader, column);
    if (at < 0) return no_column(column, error);
    if (is_mapped_before(reader, request, map, at))
        return error_set(error, STATUS_USAGE, STR("map"), STR("one field for a column"),
                         "column \"%.*s\" is mapped twice", STR_ARGS(column));
    columns->column[at].field = field;
    snprintf(columns->column[at].type, COLUMNS_TYPE_MAX, "%.*s", STR_ARGS(type));
    return STATUS_OK;
}

static enum status apply_request(const struct table_reader *reader,
                                 const struct columns_request *request, struct columns *columns,
                                 struct error *error)
{
    for (size_t i = 0; i < request->map_count; i++)
        TRY(apply_map(reader, request, i, columns, error));
    for (size_t i = 0; i < request->ignored_count; i++) {
        ptrdiff_t at = find_column(reader, str_from_cstr(request->ignored[i]));
        if (at < 0) return no_column(str_from_cstr(request->ignored[i]), error);
        columns->column[at].field = MATCHING_FIELD_NONE;
    }
    if (!request->id) return STATUS_OK;
    columns->id = find_column(reader, str_from_cstr(request->id));
    return columns->id < 0 ? no_column(str_from_cstr(request->id), error) : STATUS_OK;
}

/* ------------------------------------------------------------------ names */

/* What the values of a column are as names. */
struct name_profile {
    size_t filled, several_words, persons, organisations;
    size_t plain;          /* one or two words of letters alone */
    size_t lettered;       /* letters, no digit */
    uint64_t distinct[64]; /* which of 4096 hashes occur */
};

static bool is_letters(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] >= '0' && text.ptr[i] <= '9') return false;
    return true;
}

/* Persons' names begin with a given name; organisations' have a word that only those have. */
static void profile_name(struct str text, struct name_profile *profile)
{
    char folded[FOLD_MAX];
    struct str word[WORDS_MAX], name = fold_text(text, folded);
    size_t count = fold_words(name, word, WORDS_MAX);
    bool organisation = false;
    for (size_t i = 1; i < count; i++)
        organisation = organisation || lexicon_has(LEXICON_LEGAL_FORM, word[i]) ||
                       (word[i].len > 3 && lexicon_has(LEXICON_COMPANY_WORD, word[i]));
    bool person =
        count > 1 && count < 5 &&
        (lexicon_has(LEXICON_NICKNAME, word[0]) || lexicon_has(LEXICON_NICKNAME, word[1]));
    uint64_t hash = values_hash(name);
    profile->filled += count > 0;
    profile->several_words += count > 1;
    profile->organisations += organisation;
    profile->persons += person && !organisation;
    profile->lettered += count > 0 && is_letters(name);
    profile->plain += count > 0 && count < 3 && is_letters(name) && name.len > 1 && name.len < 24;
    profile->distinct[hash & 63] |= UINT64_C(1) << (hash >> 6 & 63);
}

static struct name_profile profile_names(const struct table_reader *reader,
                                         const struct table_chunk *sample, size_t column)
{
    struct name_profile profile = {0};
    size_t columns = table_reader_column_count(reader);
    for (size_t row = 0; row < sample->row_count && row < SAMPLE_ROWS; row++)
        profile_name(str_trim(sample->fields[row * columns + column]), &profile);
    return profile;
}

static size_t count_distinct(const struct name_profile *profile)
{
    size_t count = 0;
    for (size_t i = 0; i < 64; i++) count += (size_t)__builtin_popcountll(profile->distinct[i]);
    return count;
}

static ptrdiff_t column_of(const struct columns *columns, enum matching_field field)
{
    for (size_t i = 0; i < columns->count; i++)
        if (columns->column[i].field == field) return (ptrdiff_t)i;
    return -1;
}

/* The column beside `at` that can hold family names: words of letters, many different ones. */
static ptrdiff_t find_family_name(const struct table_reader *reader,
                                  const struct table_chunk *sample, const struct columns *columns,
                                  ptrdiff_t at)
{
    static const int beside[] = {1, -1, 2};
    for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
        ptrdiff_t column = at + beside[i];
        if (column < 0 || column >= (ptrdiff_t)columns->count || column == columns->id) continue;
        if (columns->column[column].field != MATCHING_FIELD_NONE) continue;
        struct name_profile profile = profile_names(reader, sample, (size_t)column);
        bool varied = count_distinct(&profile) * 5 >= profile.filled;
        if (profile.filled > 2 && profile.plain * 10 > profile.filled * 8 && varied) return column;
    }
    return -1;
}

/* Where no header says so: the column whose values are most like whole names. */
static ptrdiff_t find_names(const struct table_reader *reader, const struct table_chunk *sample,
                            const struct columns *columns)
{
    ptrdiff_t best = -1;
    double most = 0.4;
    for (size_t i = 0; i < columns->count; i++) {
        if (columns->column[i].field != MATCHING_FIELD_NONE || (ptrdiff_t)i == columns->id)
            continue;
        struct name_profile profile = profile_names(reader, sample, i);
        if (profile.filled < 3) continue;
        double share = (double)(profile.persons + profile.organisations) / (double)profile.filled;
        if (share <= most) continue;
        best = (ptrdiff_t)i;
        most = share;
    }
    return best;
}

static ptrdiff_t find_given_name(const struct table_reader *reader,
                                 const struct table_chunk *sample, const struct columns *columns)
{
    for (size_t i = 0; i < columns->count; i++) {
        if (columns->column[i].field != MATCHING_FIELD_NONE || (ptrdiff_t)i == columns->id)
            continue;
        struct profile profile = profile_column(reader, sample, i);
        if (profile.filled > 2 && profile.given_names * 2 > profile.filled) return (ptrdiff_t)i;
    }
    return -1;
}

/* The first column whose header says who ("Patient", "Owner"), when names stand in it. */
static bool find_role(const struct table_reader *reader, const struct table_chunk *sample,
                      struct columns *columns)
{
    for (size_t i = 0; i < columns->count; i++) {
        enum matching_field field = column_header_role(table_reader_column(reader, i));
        if (!field || columns->column[i].field || (ptrdiff_t)i == columns->id) continue;
        struct name_profile profile = profile_names(reader, sample, i);
        bool names = profile.lettered * 10 > profile.filled * 7 &&
                     count_distinct(&profile) * 5 >= profile.filled;
        if (names) columns->column[i].field = field;
        if (names) return true;
    }
    return false;
}

/* No header speaks of a name: the content may. */
static void find_hidden_names(const struct table_reader *reader, const struct table_chunk *sample,
                              struct columns *columns)
{
    ptrdiff_t name = find_names(reader, sample, columns);
    ptrdiff_t given = name < 0 ? find_given_name(reader, sample, columns) : -1;
    ptrdiff_t family = given < 0 ? -1 : find_family_name(reader, sample, columns, given);
    if (name >= 0) columns->column[name].field = MATCHING_FIELD_NAME;
    if (given >= 0) columns->column[given].field = MATCHING_FIELD_GIVEN_NAME;
    if (family >= 0) columns->column[family].field = MATCHING_FIELD_FAMILY_NAME;
}

/* A lone part of a name whose values are whole names is one; a given name has its family name
 * beside it; "person name" over a list of companies is a name. */
static void settle_names(const struct table_reader *reader, const struct table_chunk *sample,
                         struct columns *columns)
{
    ptrdiff_t given = column_of(columns, MATCHING_FIELD_GIVEN_NAME);
    ptrdiff_t family = column_of(columns, MATCHING_FIELD_FAMILY_NAME);
    ptrdiff_t full = column_of(columns, MATCHING_FIELD_FULL_NAME);
    bool whole = full >= 0 || column_of(columns, MATCHING_FIELD_NAME) >= 0;
    bool named = whole || column_of(columns, MATCHING_FIELD_ORGANISATION) >= 0;
    if (!named && (given >= 0) != (family >= 0)) {
        ptrdiff_t part = given >= 0 ? given : family;
        struct name_profile profile = profile_names(reader, sample, (size_t)part);
        if (profile.several_words * 10 > profile.filled * 6)
            columns->column[part].field = MATCHING_FIELD_NAME;
        else if (given >= 0)
            family = find_family_name(reader, sample, columns, given);
        if (given >= 0 && family >= 0) columns->column[family].field = MATCHING_FIELD_FAMILY_NAME;
    } else if (!named && given < 0) {
        if (!find_role(reader, sample, columns)) find_hidden_names(reader, sample, columns);
    } else if (full >= 0 && given < 0 && family < 0) {
        struct name_profile profile = profile_names(reader, sample, (size_t)full);
        if (profile.organisations > 2 * profile.persons &&
            profile.organisations * 10 > profile.filled)
            columns->column[full].field = MATCHING_FIELD_NAME;
    }
}

/* Where a street is all that is said of a place, it is a whole address. */
static void settle_address(const struct columns *columns)
{
    for (size_t i = 0; i < columns->count; i++) {
        enum matching_field field = columns->column[i].field;
        if (field == MATCHING_FIELD_CITY || field == MATCHING_FIELD_POSTCODE ||
            field == MATCHING_FIELD_STREET_NUMBER || field == MATCHING_FIELD_REGION)
            return;
    }
    for (size_t i = 0; i < columns->count; i++)
        if (columns->column[i].field == MATCHING_FIELD_STREET)
            columns->column[i].field = MATCHING_FIELD_ADDRESS;
}

/* ------------------------------------------------------------------ whole */

/* Whether names of which nothing else is known are organisations', by what most of them are. */
static bool mostly_organisations(const struct table_reader *reader,
                                 const struct table_chunk *sample, const struct columns *columns)
{
    size_t persons = 0, organisations = 0;
    for (size_t c = 0; c < columns->count; c++) {
        if (columns->column[c].field != MATCHING_FIELD_NAME) continue;
        struct name_profile profile = profile_names(reader, sample, c);
        persons += profile.persons;
        organisations += profile.organisations;
    }
    return organisations > 0 && persons <= 2 * organisations;
}

static bool is_of_organisations(const struct column *column)
{
    static const char *const types[] = {"vat",   "duns", "lei",   "siren",
                                        "siret", "abn",  "gstin", "registration"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (column->field == MATCHING_FIELD_IDENTIFIER && strcmp(column->type, types[i]) == 0)
            return true;
    return false;
}

/* A file with numbers that only organisations have, and nothing that only persons have, is of
 * organisations: the persons in it are whom to ask for. */
static bool are_contacts(const struct columns *columns)
{
    bool numbered = false;
    for (size_t i = 0; i < columns->count; i++) {
        enum matching_field field = columns->column[i].field;
        numbered = numbered || is_of_organisations(&columns->column[i]);
        if (field == MATCHING_FIELD_GENDER || field == MATCHING_FIELD_BIRTH_DATE ||
            field == MATCHING_FIELD_BIRTH_YEAR || field == MATCHING_FIELD_OCCUPATION)
            return false;
    }
    return numbered;
}

static void settle_rules(const struct table_reader *reader, const struct table_chunk *sample,
                         struct columns *columns)
{
    bool persons = false;
    size_t day_first = 0, month_first = 0;
    for (size_t i = 0; i < columns->count; i++) {
        enum matching_field field = columns->column[i].field;
        persons = persons || field == MATCHING_FIELD_GIVEN_NAME || field == MATCHING_FIELD_GENDER ||
                  field == MATCHING_FIELD_FAMILY_NAME || field == MATCHING_FIELD_BIRTH_DATE ||
                  field == MATCHING_FIELD_BIRTH_YEAR;
        if (field != MATCHING_FIELD_BIRTH_DATE) continue;
        struct profile profile = profile_column(reader, sample, i);
        day_first += profile.day_first;
        month_first += profile.month_first;
    }
    columns->rules.dates_day_first = day_first > month_first;
    columns->rules.persons_are_contacts = are_contacts(columns);
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
        bool known = column_header_recognise(name, &columns->column[i]);
        if (columns->id < 0 && column_header_is_id(name)) columns->id = (ptrdiff_t)i;
        if (known) continue;
        struct profile profile = profile_column(reader, sample, i);
        columns->column[i].field = field_of_profile(&profile, column_header_is_mute(name));
    }
    settle_names(reader, sample, columns);
    settle_address(columns);
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
