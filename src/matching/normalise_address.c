/* Addresses. An address line, or a whole address in one text, is read from both ends: the postcode
 * and region are looked for from the back, the house number and the street from the front; what is
 * left between them is the city. A street is kept as "number|words", the words without the type
 * (street, road) and with directions as one letter, so that "224 N. Central" and
 * "224 North Central Avenue" are one value. */
#include <string.h>

#include "matching/lexicon.h"
#include "matching/normalise.h"
#include "text/fold.h"
#include "text/phonetic.h"

enum { WORDS_MAX = 32, PARTS_MAX = 8 };

/* The words of an address with the comma-separated part that each stands in. */
struct address_words {
    char text[PARTS_MAX][FOLD_MAX];
    struct str word[WORDS_MAX];
    uint8_t part[WORDS_MAX];
    bool used[WORDS_MAX];
    size_t count;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool all_digits(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_digit(s.ptr[i])) return false;
    return s.len > 0;
}

/* 32nd, 134th: a street's name, not a house. */
static bool is_ordinal(struct str s)
{
    if (s.len < 3 || !is_digit(s.ptr[0])) return false;
    struct str tail = str_skip(s, s.len - 2);
    return str_equal(tail, STR("st")) || str_equal(tail, STR("nd")) || str_equal(tail, STR("rd")) ||
           str_equal(tail, STR("th"));
}

static void read_words(struct str text, struct address_words *words)
{
    struct str rest = text, part;
    words->count = 0;
    memset(words->used, 0, sizeof words->used);
    if (text.len > FOLD_INPUT_MAX) rest.len = FOLD_INPUT_MAX;
    for (uint8_t p = 0; p < PARTS_MAX && words->count < WORDS_MAX; p++) {
        if (!str_split(&rest, p + 1 < PARTS_MAX ? ',' : '\0', &part)) return;
        size_t found = fold_words(fold_text(part, words->text[p]), words->word + words->count,
                                  WORDS_MAX - words->count);
        memset(words->part + words->count, p, found);
        words->count += found;
    }
}

/* ------------------------------------------------------------------ from the back */

void normalise_address_describe_postcode(struct values *values, struct str text,
                                         struct value *value)
{
    (void)values;
    char bytes[8] = {0};
    memcpy(bytes, text.ptr, text.len < sizeof bytes ? text.len : sizeof bytes);
    memcpy(&value->a, bytes, 4);
    memcpy(&value->b, bytes + 4, 4);
}

static uint32_t intern_postcode(struct values *values, struct str first, struct str second)
{
    char code[16];
    if (first.len + second.len > sizeof code) return 0;
    memcpy(code, first.ptr, first.len);
    if (second.len) memcpy(code + first.len, second.ptr, second.len);
    struct str text = str_of(code, first.len + second.len);
    if (text.len == 9 && all_digits(text)) text.len = 5; /* ZIP+4 */
    if (text.len < 3 || normalise_is_filler(text)) return 0;
    return values_intern(values, DOMAIN_POSTCODE, text, normalise_address_describe_postcode);
}

/* A British outward and inward code: "le11 1uu". */
static bool is_inward(struct str s)
{
    return s.len == 3 && is_digit(s.ptr[0]) && !is_digit(s.ptr[1]) && !is_digit(s.ptr[2]);
}

static bool mixed(struct str s)
{
    return s.len >= 2 && s.len <= 4 && !is_digit(s.ptr[0]) && !all_digits(s) &&
           (is_digit(s.ptr[1]) || is_digit(s.ptr[s.len - 1]) || (s.len > 2 && is_digit(s.ptr[2])));
}

/* The last number of four to six digits that is not the first word, or an alphanumeric pair. */
static uint32_t take_postcode(struct values *values, struct address_words *words)
{
    for (size_t i = words->count; i-- > 1;) {
        struct str word = words->word[i];
        if (is_inward(word) && mixed(words->word[i - 1])) {
            words->used[i] = words->used[i - 1] = true;
            return intern_postcode(values, words->word[i - 1], word);
        }
        if (!all_digits(word) || word.len < 4 || word.len > 6) continue;
        words->used[i] = true;
        return intern_postcode(values, word, STR_NONE);
    }
    return 0;
}

static uint32_t intern_region(struct values *values, struct str word)
{
    return values_intern(values, DOMAIN_REGION, lexicon_head(LEXICON_REGION, word), NULL);
}

static uint32_t take_region(struct values *values, struct address_words *words)
{
    for (size_t i = words->count; i-- > 2;) {
        if (words->used[i]) continue;
        if (lexicon_has(LEXICON_COUNTRY, words->word[i]) && words->word[i].len > 2) {
            words->used[i] = true;
            continue;
        }
        if (!lexicon_has(LEXICON_REGION, words->word[i])) return 0;
        if (lexicon_has(LEXICON_STREET_TYPE, words->word[i])) return 0;
        words->used[i] = true;
        return intern_region(values, words->word[i]);
    }
    return 0;
}

/* ------------------------------------------------------------------ from the front */

static bool starts_with_digit(struct str s)
{
    return s.len > 0 && is_digit(s.ptr[0]) && !is_ordinal(s);
}

/* "suite 900", "apt 4": the word and what follows it. */
static void drop_units(struct address_words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        if (words->used[i] || !lexicon_has(LEXICON_UNIT, words->word[i])) continue;
        if (i > 0 && str_equal(words->word[i], STR("box"))) continue;
        bool number_follows =
            i + 1 < words->count && words->part[i + 1] == words->part[i] &&
            (words->word[i + 1].len <= 4 || starts_with_digit(words->word[i + 1]));
        bool named = i > 0 && words->part[i - 1] == words->part[i] && !number_follows;
        if (named && words->part[i] == 0 && words->count < 4) continue;
        words->used[i] = true;
        if (number_follows) words->used[i + 1] = true;
    }
}

/* The word with the house number: the first number that has a word behind it in its part, else the
 * last (Hardenbergstrasse 87). */
static size_t find_number(const struct address_words *words)
{
    size_t last = words->count;
    for (size_t i = 0; i < words->count; i++) {
        if (words->used[i] || !starts_with_digit(words->word[i])) continue;
        bool word_follows =
            i + 1 < words->count && words->part[i + 1] == words->part[i] && !words->used[i + 1];
        if (word_follows) return i;
        if (last == words->count) last = i;
    }
    return last;
}

static struct str without_strasse(struct str word)
{
    static const char *const tails[] = {"strasse", "straat", "str"};
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        struct str tail = str_from_cstr(tails[i]);
        if (word.len > tail.len + 2 && str_ends_with(word, tail))
            return str_of(word.ptr, word.len - tail.len);
    }
    return word;
}

struct street {
    char text[FOLD_INPUT_MAX];
    size_t len;
    size_t words;
};

static void street_add(struct street *street, struct str word)
{
    if (street->len + word.len + 1 > sizeof street->text) return;
    if (street->words > 0) street->text[street->len++] = ' ';
    memcpy(street->text + street->len, word.ptr, word.len);
    street->len += word.len;
    street->words++;
}

/* A type ends a street unless nothing stands before it ("Avenue Road", "St Kilda"). */
static bool ends_street(const struct address_words *words, size_t i, const struct street *street)
{
    return street->words > 0 && lexicon_has(LEXICON_STREET_TYPE, words->word[i]);
}

void normalise_address_describe_street(struct values *values, struct str text, struct value *value)
{
    (void)values;
    ptrdiff_t bar = str_find_char(text, '|');
    for (ptrdiff_t i = 0; i < bar && is_digit(text.ptr[i]) && i < 8; i++)
        value->a = value->a * 10 + (uint32_t)(text.ptr[i] - '0');
    struct str word[WORDS_MAX], longest = STR("");
    size_t count = fold_words(str_skip(text, (size_t)bar + 1), word, WORDS_MAX);
    for (size_t i = 0; i < count; i++)
        if (word[i].len > longest.len) longest = word[i];
    value->b = is_digit(longest.len ? longest.ptr[0] : 'a') ? (uint32_t)values_hash(longest)
                                                            : phonetic_code(longest);
}

/* The street's words: behind the number, or before it where nothing follows; to the street type. */
static uint32_t take_street(struct values *values, struct address_words *words)
{
    struct street street = {.len = 0};
    size_t number = find_number(words), start = number + 1;
    if (number < words->count) {
        street_add(&street, words->word[number]);
        words->used[number] = true;
    }
    bool before = number == words->count || start == words->count ||
                  words->part[start] != words->part[number] || words->used[start];
    if (before) start = 0;
    uint8_t part = before && number < words->count ? words->part[number]
                   : start < words->count          ? words->part[start]
                                                   : 0;
    street.words = 0;
    street.text[street.len++] = '|';
    size_t before_words = street.len;
    for (size_t i = start; i < words->count; i++) {
        if (words->part[i] != part || words->used[i]) continue;
        words->used[i] = true;
        if (ends_street(words, i, &street)) {
            /* A direction behind the type still belongs to the street. */
            if (i + 1 < words->count && lexicon_has(LEXICON_DIRECTION, words->word[i + 1]) &&
                words->part[i + 1] == part) {
                street_add(&street, str_of(words->word[i + 1].ptr, 1));
                words->used[i + 1] = true;
            }
            break;
        }
        bool direction = lexicon_has(LEXICON_DIRECTION, words->word[i]);
        struct str word = direction ? str_of(words->word[i].ptr, 1) : words->word[i];
        street_add(&street, without_strasse(word));
    }
    if (street.len == before_words && number >= words->count) return 0;
    return values_intern(values, DOMAIN_STREET, str_of(street.text, street.len),
                         normalise_address_describe_street);
}

void normalise_address_describe_city(struct values *values, struct str text, struct value *value)
{
    (void)values;
    char compact[64];
    value->a = phonetic_code(fold_compact(text, compact, sizeof compact));
}

/* What no other part has taken, from the street on, is the city. */
static uint32_t take_city(struct values *values, const struct address_words *words)
{
    struct street city = {.len = 0};
    bool street_seen = false;
    for (size_t i = 0; i < words->count; i++) {
        street_seen = street_seen || words->used[i];
        if (street_seen && !words->used[i] && !starts_with_digit(words->word[i]) &&
            city.words < 4 && !lexicon_has(LEXICON_COUNTRY, words->word[i]))
            street_add(&city, words->word[i]);
    }
    return values_intern(values, DOMAIN_CITY, str_of(city.text, city.len),
                         normalise_address_describe_city);
}

void normalise_address_full(struct values *values, struct str text, struct normalised *out)
{
    struct address_words words;
    read_words(text, &words);
    if (words.count == 0) return;
    if (words.count == 1 && normalise_is_placeholder(words.word[0])) return;
    out->reference[1] = words.count > 2 ? take_postcode(values, &words) : 0;
    out->reference[3] = take_region(values, &words);
    drop_units(&words);
    out->reference[0] = take_street(values, &words);
    out->reference[2] = take_city(values, &words);
}

/* ------------------------------------------------------------------ single fields */

void normalise_address_postcode(struct values *values, struct str text, struct normalised *out)
{
    char folded_text[FOLD_MAX], compact[16];
    struct str folded = fold_text(text, folded_text);
    if (folded.len > 16 || normalise_is_placeholder(folded)) return;
    out->reference[0] =
        intern_postcode(values, fold_compact(folded, compact, sizeof compact), STR_NONE);
}

void normalise_address_city(struct values *values, struct str text, struct normalised *out)
{
    char folded_text[FOLD_MAX];
    struct str folded = fold_text(text, folded_text);
    if (!normalise_is_placeholder(folded))
        out->reference[0] =
            values_intern(values, DOMAIN_CITY, folded, normalise_address_describe_city);
}

void normalise_address_region(struct values *values, struct str text, struct normalised *out)
{
    char folded_text[FOLD_MAX], compact[64];
    struct str folded = fold_text(text, folded_text);
    if (normalise_is_placeholder(folded)) return;
    out->reference[0] = intern_region(values, fold_compact(folded, compact, sizeof compact));
}
