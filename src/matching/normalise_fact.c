/* Dates, identifiers, places, occupations, gender and kind. */
#include <string.h>

#include "matching/lexicon.h"
#include "matching/normalise.h"
#include "text/fold.h"
#include "text/phonetic.h"

/* ------------------------------------------------------------------ dates */

struct date_part {
    uint32_t number;
    size_t digits;
    bool month; /* written as a word */
};

/* The numbers and month names of a text; a time of day behind the date is left out. */
static size_t date_parts(struct str text, struct date_part part[4])
{
    char folded_text[FOLD_MAX];
    struct str word[8];
    if (text.len > 40) return 0;
    struct str folded = fold_text(text, folded_text);
    size_t words = fold_words(folded, word, 8), count = 0;
    for (size_t i = 0; i < words && count < 3; i++) {
        uint16_t groups[LEXICON_GROUPS_MAX];
        struct str digits = word[i];
        size_t leading = 0; /* 1st, 2nd; 04t00 */
        while (leading < digits.len && digits.ptr[leading] >= '0' && digits.ptr[leading] <= '9')
            leading++;
        if (leading > 0) digits.len = leading;
        int64_t number = 0;
        if (str_to_int64(digits, &number) && number >= 0 && digits.len <= 8)
            part[count++] = (struct date_part){(uint32_t)number, digits.len, false};
        else if (lexicon_groups(LEXICON_MONTH, word[i], groups))
            part[count++] = (struct date_part){groups[0], 2, true};
    }
    return count;
}

/* Births lie in the past: two digits above 30 are the last century's. */
static uint32_t full_year(struct date_part year)
{
    if (year.digits > 2) return year.number;
    return year.number > 30 ? 1900 + year.number : 2000 + year.number;
}

static uint32_t pack(uint32_t year, uint32_t month, uint32_t day)
{
    if (month > 12 && day <= 12) {
        uint32_t swap = month;
        month = day;
        day = swap;
    }
    if (year > 9999 || month > 99 || day > 99) return 0;
    return year * 10000 + month * 100 + day;
}

/* Eight digits: yyyymmdd where the first four can be a year of ours, else the year stands last. */
static uint32_t packed_digits(uint32_t number, bool day_first)
{
    uint32_t year = number / 10000, last = number % 10000;
    if (year > 1300 && year <= 2100) return number;
    uint32_t first = number / 1000000, second = number / 10000 % 100;
    return day_first ? pack(last, second, first) : pack(last, first, second);
}

uint32_t normalise_date(struct str text, bool day_first)
{
    struct date_part part[4];
    size_t count = date_parts(text, part);
    if (count == 1) {
        if (part[0].digits == 8) return packed_digits(part[0].number, day_first);
        return part[0].digits == 4 && part[0].number >= 1000 ? part[0].number * 10000 : 0;
    }
    if (count == 2 && part[0].digits == 4) return pack(part[0].number, part[1].number, 0);
    if (count == 2 && part[1].digits == 4) return pack(part[1].number, part[0].number, 0);
    if (count != 3) return 0;
    bool dotted = part[0].digits <= 2 && str_find_char(text, '.') >= 0 &&
                  str_find_char(text, '/') < 0 && str_find_char(text, '-') < 0;
    if (dotted && !part[0].month && !part[1].month) day_first = true; /* wherever dots are used */
    if (part[0].digits >= 3) return pack(part[0].number, part[1].number, part[2].number);
    uint32_t year = full_year(part[2]);
    if (part[0].month) return pack(year, part[0].number, part[1].number);
    if (part[1].month || day_first) return pack(year, part[1].number, part[0].number);
    return pack(year, part[0].number, part[1].number);
}

void normalise_fact_describe_date(struct values *values, struct str text, struct value *value)
{
    (void)values;
    for (size_t i = 0; i < text.len; i++) {
        uint32_t digit = (uint32_t)(text.ptr[i] - '0');
        value->a = value->a * 10 + digit;
        value->b = value->b << 4 | digit;
    }
}

static void intern_date(struct values *values, struct str text, bool day_first,
                        struct normalised *out)
{
    uint32_t date = normalise_date(text, day_first);
    char digits[8];
    if (date == 0 || date == 19000101 || date == 19000000) return; /* what forms put for none */
    for (int i = 7; i >= 0; i--, date /= 10) digits[i] = (char)('0' + date % 10);
    out->reference[0] =
        values_intern(values, DOMAIN_DATE, str_of(digits, 8), normalise_fact_describe_date);
}

void normalise_fact_date(struct values *values, struct str text, struct normalised *out)
{
    intern_date(values, text, false, out);
}

void normalise_fact_date_day_first(struct values *values, struct str text, struct normalised *out)
{
    intern_date(values, text, true, out);
}

/* ------------------------------------------------------------------ identifiers */

void normalise_fact_describe_identifier(struct values *values, struct str text, struct value *value)
{
    (void)values;
    ptrdiff_t colon = str_find_char(text, ':');
    value->a = (uint32_t)values_hash(str_of(text.ptr, (size_t)(colon > 0 ? colon : 0)));
    value->b = (uint32_t)colon + 1;
    value->letters = values_letters(str_skip(text, value->b));
}

/* "type:value" to "type:" and the letters and digits of the value, without leading zeros. */
void normalise_fact_identifier(struct values *values, struct str text, struct normalised *out)
{
    char kept[96];
    struct str rest = text, type;
    char folded_text[FOLD_MAX];
    if (!str_split(&rest, ':', &type) || str_is_none(rest)) return;
    rest = normalise_whole_number(rest);
    size_t len = type.len < 31 ? type.len : 31;
    memcpy(kept, type.ptr, len);
    kept[len++] = ':';
    struct str folded = fold_text(rest, folded_text);
    if (normalise_is_placeholder(folded)) return;
    size_t start = len;
    for (size_t i = 0; i < folded.len && len < sizeof kept; i++)
        if (folded.ptr[i] != ' ' && (len > start || folded.ptr[i] != '0'))
            kept[len++] = folded.ptr[i];
    struct str value = str_of(kept + start, len - start);
    if (value.len < 3 || normalise_is_filler(value)) return;
    out->reference[0] = values_intern(values, DOMAIN_IDENTIFIER, str_of(kept, len),
                                      normalise_fact_describe_identifier);
}

/* ------------------------------------------------------------------ words */

void normalise_fact_describe_words(struct values *values, struct str text, struct value *value)
{
    (void)values;
    value->a = phonetic_code(text);
}

static void intern_folded(struct values *values, enum domain domain, struct str text,
                          struct normalised *out)
{
    char folded_text[FOLD_MAX];
    struct str folded = fold_text(text, folded_text);
    if (!normalise_is_placeholder(folded))
        out->reference[0] = values_intern(values, domain, folded, normalise_fact_describe_words);
}

void normalise_fact_place(struct values *values, struct str text, struct normalised *out)
{
    intern_folded(values, DOMAIN_PLACE, text, out);
}

void normalise_fact_occupation(struct values *values, struct str text, struct normalised *out)
{
    intern_folded(values, DOMAIN_OCCUPATION, text, out);
}

void normalise_fact_gender(struct values *values, struct str text, struct normalised *out)
{
    (void)values;
    char folded_text[FOLD_MAX];
    struct str folded = fold_text(text, folded_text);
    if (lexicon_has(LEXICON_FEMALE, folded)) out->traits = TRAIT_FEMALE;
    if (lexicon_has(LEXICON_MALE, folded)) out->traits = TRAIT_MALE;
}

void normalise_fact_kind(struct values *values, struct str text, struct normalised *out)
{
    (void)values;
    char folded_text[FOLD_MAX];
    struct str folded = fold_text(text, folded_text);
    static const char *const organisation[] = {"org", "company", "business", "corp", "firm", "b2b"};
    static const char *const person[] = {"person", "indiv", "consumer", "human",
                                         "people", "b2c",   "private"};
    for (size_t i = 0; i < sizeof organisation / sizeof organisation[0]; i++)
        if (str_starts_with(folded, str_from_cstr(organisation[i])))
            out->traits = TRAIT_ORGANISATION;
    for (size_t i = 0; i < sizeof person / sizeof person[0]; i++)
        if (str_starts_with(folded, str_from_cstr(person[i]))) out->traits = TRAIT_PERSON;
}
