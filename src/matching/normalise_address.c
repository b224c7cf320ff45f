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

/* How many digits stand at `at`. */
static size_t digits_at(struct str text, size_t at)
{
    size_t end = at;
    while (end < text.len && is_digit(text.ptr[end])) end++;
    return end - at;
}

static size_t skip_spaces(struct str text, size_t at)
{
    while (at < text.len && text.ptr[at] == ' ') at++;
    return at;
}

/* A range or a staircase: "12-14", "12 - 14", "5/7", of house numbers and with nothing more behind.
 */
struct range {
    size_t second, end;
    char sign;
};

static bool read_range(struct str text, size_t at, size_t digits, struct range *range)
{
    size_t sign = skip_spaces(text, at + digits), second = skip_spaces(text, sign + 1);
    if (digits > 4 || sign >= text.len || (text.ptr[sign] != '-' && text.ptr[sign] != '/'))
        return false;
    size_t more = digits_at(text, second), end = second + more;
    if (more == 0 || more > 4) return false;
    if (end < text.len && (text.ptr[end] == '-' || text.ptr[end] == '/')) return false;
    *range = (struct range){second, end, text.ptr[sign]};
    return true;
}

static size_t copy_number(struct str text, size_t at, char *out, size_t room)
{
    size_t digits = digits_at(text, at);
    if (digits > room) digits = room;
    memcpy(out, text.ptr + at, digits);
    return digits;
}

/* Of a range the first number is the house. So is it of "Dluga 5/7", flat or staircase 7; where the
 * number stands first, as in "5/7 Smith St", it is the second, and 5 the unit. */
static struct str without_ranges(struct str part, char out[FOLD_INPUT_MAX])
{
    size_t len = 0, letters = 0, digits;
    for (size_t i = 0; i < part.len && len < FOLD_INPUT_MAX; i += digits ? digits : 1) {
        struct range range;
        digits = digits_at(part, i);
        letters += (part.ptr[i] | 32) >= 'a' && (part.ptr[i] | 32) <= 'z';
        bool starts = i == 0 || part.ptr[i - 1] == ' ';
        if (digits && starts && read_range(part, i, digits, &range)) {
            bool unit_first = range.sign == '/' && letters < 3;
            size_t from = unit_first ? range.second : i;
            len += copy_number(part, from, out + len, FOLD_INPUT_MAX - len);
            digits = range.end - i;
        } else if (digits) {
            len += copy_number(part, i, out + len, FOLD_INPUT_MAX - len);
        } else {
            out[len++] = part.ptr[i];
        }
    }
    return str_of(out, len);
}

static bool is_sign(struct str word)
{
    return str_equal(word, STR("no")) || str_equal(word, STR("nr"));
}

static bool is_repetition(struct str word)
{
    return str_equal(word, STR("bis")) || str_equal(word, STR("ter"));
}

/* "12", "12a", "12 bis", "No. 12": a house number and nothing else. */
static bool is_number_alone(const struct address_words *words, uint8_t part)
{
    size_t numbers = 0;
    for (size_t i = 0; i < words->count; i++) {
        if (words->part[i] != part) continue;
        struct str word = words->word[i];
        bool number = is_digit(word.ptr[0]) && word.len <= 4 && !is_ordinal(word);
        if (!number && word.len > 1 && !is_sign(word) && !is_repetition(word)) return false;
        numbers += number;
    }
    return numbers == 1;
}

static bool has_number(const struct address_words *words, uint8_t part)
{
    for (size_t i = 0; i < words->count; i++)
        if (words->part[i] == part && is_digit(words->word[i].ptr[0]) &&
            !is_ordinal(words->word[i]))
            return true;
    return false;
}

/* A number between commas belongs to the street beside it: "12, rue de la Paix", "Via Roma, 12". */
static void join_numbers(struct address_words *words)
{
    bool first = is_number_alone(words, 0);
    for (size_t i = 0; first && i < words->count && words->part[i] == 0; i++) words->part[i] = 1;
    uint8_t street = first ? 1 : 0;
    bool second = !has_number(words, street) && is_number_alone(words, (uint8_t)(street + 1));
    for (size_t i = 0; second && i < words->count; i++)
        if (words->part[i] == street + 1) words->part[i] = street;
}

/* "No. 12", "12 bis": the word beside the number says nothing. */
static void drop_number_signs(struct address_words *words)
{
    for (size_t i = 0; i + 1 < words->count; i++) {
        bool digit = is_digit(words->word[i].ptr[0]), next = is_digit(words->word[i + 1].ptr[0]);
        if (words->part[i] != words->part[i + 1]) continue;
        if (next && is_sign(words->word[i])) words->used[i] = true;
        if (digit && is_repetition(words->word[i + 1])) words->used[i + 1] = true;
    }
}

static void read_words(struct str text, struct address_words *words)
{
    struct str rest = text, part;
    words->count = 0;
    memset(words->used, 0, sizeof words->used);
    if (text.len > FOLD_INPUT_MAX) rest.len = FOLD_INPUT_MAX;
    for (uint8_t p = 0; p < PARTS_MAX && words->count < WORDS_MAX; p++) {
        char plain[FOLD_INPUT_MAX];
        if (!str_split(&rest, p + 1 < PARTS_MAX ? ',' : '\0', &part)) break;
        part = str_trim(part);
        if (part.len > 2 && (part.ptr[0] | 32) == 'c' && part.ptr[1] == '/')
            part = str_skip(part, 2); /* C/ Mayor: calle */
        part = without_ranges(part, plain);
        size_t found = fold_words(fold_text(part, words->text[p]), words->word + words->count,
                                  WORDS_MAX - words->count);
        memset(words->part + words->count, p, found);
        words->count += found;
    }
    join_numbers(words);
    drop_number_signs(words);
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

static bool is_street_type(struct str word)
{
    return lexicon_has(LEXICON_STREET_TYPE, word) || without_strasse(word).len < word.len;
}

static bool is_word(const struct address_words *words, size_t i, uint8_t part)
{
    return words->part[i] == part && !words->used[i] && words->word[i].len > 2 &&
           !is_digit(words->word[i].ptr[0]);
}

/* The first house number from `from` on in a part, or in any (PARTS_MAX); count when there is none.
 */
static size_t next_number(const struct address_words *words, size_t from, uint8_t part)
{
    size_t i = from;
    while (i < words->count && (words->used[i] || !starts_with_digit(words->word[i]) ||
                                (part != PARTS_MAX && words->part[i] != part)))
        i++;
    return i;
}

/* Where the street stands: behind the number (12 rue de la Paix), or before it (Calle Mayor 5,
 * Lange Gasse 5). Between words its type says which: Rose Cottage 12 High Street. */
static bool street_is_before(const struct address_words *words, size_t number)
{
    uint8_t part = words->part[number];
    bool word_before = false, type_before = false, word_behind = false;
    for (size_t i = 0; i < words->count; i++) {
        if (words->part[i] != part || words->used[i]) continue;
        word_before = word_before || i < number;
        type_before = type_before || (i < number && is_street_type(words->word[i]));
        word_behind = word_behind || (i > number && is_word(words, i, part));
    }
    return word_before && (type_before || !word_behind);
}

/* The word with the house number; a number within a street's name has a later one behind it
 * (Strasse des 17. Juni 135). */
static size_t find_number(const struct address_words *words, bool *before)
{
    size_t number = next_number(words, 0, PARTS_MAX);
    *before = true;
    if (number == words->count) return number;
    *before = street_is_before(words, number);
    size_t later = next_number(words, number + 1, words->part[number]);
    if (*before && later < words->count && later > number + 1 &&
        is_word(words, number + 1, words->part[number]))
        number = later;
    return number;
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

/* The types that only ever stand before the name: left out as those behind it are. */
static bool begins_street(const struct address_words *words, size_t i, size_t end)
{
    static const char *const types[] = {"rue", "calle", "via", "ulica", "ul"};
    bool more = i + 1 < end && words->part[i + 1] == words->part[i] && !words->used[i + 1];
    for (size_t t = 0; more && t < sizeof types / sizeof types[0]; t++)
        if (str_equal(words->word[i], str_from_cstr(types[t]))) return true;
    return false;
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

/* The number with its letter: "5a", "5 a", but not the direction of "5 N Main". */
static void take_number(struct address_words *words, size_t number, bool before,
                        struct street *street)
{
    size_t next = number + 1;
    street_add(street, words->word[number]);
    words->used[number] = true;
    if (!before || next >= words->count || words->part[next] != words->part[number]) return;
    struct str letter = words->word[next];
    if (letter.len != 1 || is_digit(letter.ptr[0]) || words->used[next]) return;
    if (street->len + 1 < sizeof street->text) /* the bar comes behind it */
        street->text[street->len++] = letter.ptr[0];
    words->used[next] = true;
}

/* What stands behind the number of a street that was before it: a door, a floor. */
static void drop_doors(struct address_words *words, size_t number)
{
    for (size_t i = number + 1; i < words->count && words->part[i] == words->part[number]; i++)
        if (words->word[i].len < 3) words->used[i] = true;
}

/* The street's words: behind the number, or before it; to the street type. */
static uint32_t take_street(struct values *values, struct address_words *words)
{
    struct street street = {.len = 0};
    bool before, numbered;
    size_t number = find_number(words, &before);
    numbered = number < words->count;
    if (numbered) take_number(words, number, before, &street);
    size_t start = before ? 0 : number + 1, end = before && numbered ? number : words->count;
    uint8_t part = numbered ? words->part[number] : words->count ? words->part[0] : 0;
    street.words = 0;
    street.text[street.len++] = '|';
    size_t before_words = street.len;
    for (size_t i = start; i < end; i++) {
        if (words->part[i] != part || words->used[i]) continue;
        words->used[i] = true;
        if (street.words == 0 && begins_street(words, i, end)) continue;
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
    if (before && numbered) drop_doors(words, number);
    if (street.len == before_words && !numbered) return 0;
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
    struct str folded = fold_text(normalise_whole_number(text), folded_text);
    if (folded.len > 16 || normalise_is_placeholder(folded)) return;
    out->reference[0] =
        intern_postcode(values, fold_compact(folded, compact, sizeof compact), STR_NONE);
}

/* Without the numbers that stand beside a city: "53111 Bonn", "Paris 2e", "Chennai - 20". */
void normalise_address_city(struct values *values, struct str text, struct normalised *out)
{
    char folded_text[FOLD_MAX];
    struct str folded = fold_text(text, folded_text), word[WORDS_MAX];
    struct street city = {.len = 0};
    size_t count = fold_words(folded, word, WORDS_MAX);
    for (size_t i = 0; i < count; i++)
        if (!is_digit(word[i].ptr[0])) street_add(&city, word[i]);
    struct str name = str_of(city.text, city.len);
    if (!normalise_is_placeholder(name))
        out->reference[0] =
            values_intern(values, DOMAIN_CITY, name, normalise_address_describe_city);
}

void normalise_address_region(struct values *values, struct str text, struct normalised *out)
{
    char folded_text[FOLD_MAX], compact[64];
    struct str folded = fold_text(text, folded_text);
    if (normalise_is_placeholder(folded)) return;
    out->reference[0] = intern_region(values, fold_compact(folded, compact, sizeof compact));
}
