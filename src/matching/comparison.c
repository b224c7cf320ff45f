/* Levels of agreement between two values: see the header's table. Thresholds are those of the
 * literature (Jaro-Winkler .92/.88, one edit), cheaper tests first. */
#include "matching/comparison.h"

#include <string.h>

#include "matching/lexicon.h"
#include "text/fold.h"
#include "text/similarity.h"

static const struct {
    const char *name, *levels;
} table[COMPARISON_COUNT] = {
#define X(symbol, name, levels) {name, levels},
    COMPARISON_TABLE(X)
#undef X
};

const char *comparison_name(enum comparison comparison)
{
    return table[comparison].name;
}

int comparison_level_count(enum comparison comparison)
{
    static const uint8_t counts[COMPARISON_COUNT] = {
        GIVEN_SWAPPED + 1,        FAMILY_DIFFERENT + 1, ORGANISATION_DIFFERENT + 1,
        DATE_GENERATION + 1,      EMAIL_DIFFERENT + 1,  PHONE_DIFFERENT + 1,
        WEBSITE_DIFFERENT + 1,    STREET_DIFFERENT + 1, LOCALITY_DIFFERENT + 1,
        IDENTIFIER_DIFFERENT + 1, PLAIN_DIFFERENT + 1,  PLAIN_DIFFERENT + 1,
        WORDS_DIFFERENT + 1,      WORDS_DIFFERENT + 1,
    };
    return counts[comparison];
}

struct str comparison_level_name(enum comparison comparison, int level)
{
    struct str rest = str_from_cstr(table[comparison].levels), name = STR("missing");
    for (int i = 0; i < level && str_split(&rest, ',', &name); i++)
        ;
    return level == LEVEL_MISSING ? STR("missing") : name;
}

enum slot comparison_slot(enum comparison comparison)
{
    static const enum slot slots[COMPARISON_COUNT] = {
        [COMPARISON_GIVEN_NAME] = SLOT_GIVEN,
        [COMPARISON_FAMILY_NAME] = SLOT_FAMILY,
        [COMPARISON_ORGANISATION] = SLOT_ORGANISATION,
        [COMPARISON_BIRTH_DATE] = SLOT_DATE,
        [COMPARISON_EMAIL] = SLOT_EMAIL,
        [COMPARISON_PHONE] = SLOT_PHONE,
        [COMPARISON_WEBSITE] = SLOT_WEBSITE,
        [COMPARISON_STREET] = SLOT_STREET,
        [COMPARISON_LOCALITY] = SLOT_POSTCODE,
        [COMPARISON_IDENTIFIER] = SLOT_IDENTIFIER,
        [COMPARISON_GENDER] = SLOT_TRAITS,
        [COMPARISON_GENERATION] = SLOT_TRAITS,
        [COMPARISON_PLACE] = SLOT_PLACE,
        [COMPARISON_OCCUPATION] = SLOT_OCCUPATION,
    };
    return slots[comparison];
}

static bool one_edit(struct str a, struct str b)
{
    return similarity_edits(a, b, 1) <= 1;
}

/* Written out: without an instruction of the machine the compiler's own would be a call. */
static inline int count_bits(uint32_t x)
{
    x -= x >> 1 & 0x55555555u;
    x = (x & 0x33333333u) + (x >> 2 & 0x33333333u);
    return (int)(((x + (x >> 4)) & 0x0F0F0F0Fu) * 0x01010101u >> 24);
}

/* One edit takes at most one letter away and adds one. */
static bool may_be_one_edit(const struct value *a, const struct value *b)
{
    return count_bits(a->letters ^ b->letters) <= 2;
}

/* A bound on the Jaro similarity from the letters that only one of the two has. */
static double jaro_bound(const struct value *a, const struct value *b)
{
    int only_a = count_bits(a->letters & ~b->letters);
    int only_b = count_bits(b->letters & ~a->letters);
    int common = a->len - only_a < b->len - only_b ? a->len - only_a : b->len - only_b;
    if (common <= 0 || a->len > SIMILARITY_LENGTH_MAX || b->len > SIMILARITY_LENGTH_MAX)
        return common <= 0 ? 0 : 1;
    return ((double)common / a->len + (double)common / b->len + 1) / 3;
}

/* Whether neither one edit nor a Jaro-Winkler similarity of `least` (.8 or more) is possible, nor
 * that one begins the other. Four common letters in front lift a Jaro of .66 to .8, and what begins
 * the other has a Jaro of two thirds at least. */
static bool is_far(const struct value *a, const struct value *b, double least)
{
    if (may_be_one_edit(a, b)) return false;
    if (a->first == b->first) least = 0.66;
    return jaro_bound(a, b) < least;
}

/* ------------------------------------------------------------------ names of persons */

static bool share_nickname(struct str a, struct str b)
{
    uint16_t in_a[LEXICON_GROUPS_MAX], in_b[LEXICON_GROUPS_MAX];
    unsigned count_a = lexicon_groups(LEXICON_NICKNAME, a, in_a);
    unsigned count_b = count_a ? lexicon_groups(LEXICON_NICKNAME, b, in_b) : 0;
    for (unsigned i = 0; i < count_a; i++)
        for (unsigned j = 0; j < count_b; j++)
            if (in_a[i] == in_b[j]) return true;
    return false;
}

/* Both are names that people have. */
static bool are_known(const struct values *values, uint32_t a, uint32_t b)
{
    return values_get(values, DOMAIN_NAME, a)->b && values_get(values, DOMAIN_NAME, b)->b;
}

int comparison_given_name_quick(const struct values *values, uint32_t a, uint32_t b)
{
    if (a == b) return LEVEL_EXACT;
    const struct value *x = values_get(values, DOMAIN_NAME, a);
    const struct value *y = values_get(values, DOMAIN_NAME, b);
    if (x->len == 1 || y->len == 1) return x->first == y->first ? GIVEN_INITIAL : GIVEN_DIFFERENT;
    if (x->b && y->b) return LEVEL_OPEN; /* nicknames */
    return is_far(x, y, 0.82) ? GIVEN_DIFFERENT : LEVEL_OPEN;
}

int comparison_given_name(const struct values *values, uint32_t a, uint32_t b)
{
    int quick = comparison_given_name_quick(values, a, b);
    if (quick != LEVEL_OPEN) return quick;
    struct str x = values_text(values, DOMAIN_NAME, a), y = values_text(values, DOMAIN_NAME, b);
    if (values_get(values, DOMAIN_NAME, a)->b && share_nickname(x, y)) return GIVEN_VARIANT;
    struct str shorter = x.len < y.len ? x : y;
    bool begins = shorter.len >= 3 && memcmp(x.ptr, y.ptr, shorter.len) == 0;
    /* Lena and Lea, Jonas and Jannis: sisters and brothers rather than one mistyped. */
    if (are_known(values, a, b)) return begins ? GIVEN_SIMILAR : GIVEN_DIFFERENT;
    if (shorter.len >= 4 && one_edit(x, y)) return GIVEN_NEAR;
    if (begins || (shorter.len == 3 && one_edit(x, y))) return GIVEN_SIMILAR;
    double jw = similarity_jaro_winkler(x, y);
    if (jw >= 0.92 && shorter.len > 3) return GIVEN_NEAR;
    return jw >= 0.82 ? GIVEN_SIMILAR : GIVEN_DIFFERENT;
}

static bool shares_word(struct str a, struct str b)
{
    struct str in_a[6], in_b[6];
    size_t count_a = fold_words(a, in_a, 6), count_b = fold_words(b, in_b, 6);
    if (count_a + count_b < 3) return false;
    for (size_t i = 0; i < count_a; i++)
        for (size_t j = 0; j < count_b; j++)
            if (in_a[i].len >= 3 && str_equal(in_a[i], in_b[j])) return true;
    return false;
}

static bool sound_the_same(const struct value *a, const struct value *b)
{
    return a->a > 1 << 10 && a->a == b->a;
}

int comparison_family_name_quick(const struct values *values, uint32_t a, uint32_t b)
{
    if (a == b) return LEVEL_EXACT;
    const struct value *x = values_get(values, DOMAIN_NAME, a);
    const struct value *y = values_get(values, DOMAIN_NAME, b);
    if ((x->letters | y->letters) & 1 || sound_the_same(x, y)) return LEVEL_OPEN;
    return is_far(x, y, 0.84) && x->len > 1 && y->len > 1 ? FAMILY_DIFFERENT : LEVEL_OPEN;
}

int comparison_family_name(const struct values *values, uint32_t a, uint32_t b)
{
    int quick = comparison_family_name_quick(values, a, b);
    if (quick != LEVEL_OPEN) return quick;
    struct str x = values_text(values, DOMAIN_NAME, a), y = values_text(values, DOMAIN_NAME, b);
    const struct value *va = values_get(values, DOMAIN_NAME, a);
    const struct value *vb = values_get(values, DOMAIN_NAME, b);
    bool parts = (va->letters | vb->letters) & 1; /* a space is bit 0 */
    if (parts && shares_word(x, y)) return FAMILY_PART;
    struct str shorter = x.len < y.len ? x : y;
    bool sound = sound_the_same(va, vb);
    if (shorter.len >= 3 && one_edit(x, y)) return FAMILY_NEAR;
    if (shorter.len == 1) return x.ptr[0] == y.ptr[0] ? FAMILY_PART : FAMILY_DIFFERENT;
    double jw = similarity_jaro_winkler(x, y);
    if (jw >= 0.92) return FAMILY_NEAR;
    if (jw >= 0.84) return FAMILY_SIMILAR;
    return sound ? FAMILY_SIMILAR : FAMILY_DIFFERENT;
}

/* ------------------------------------------------------------------ names of organisations */

enum { WORDS_MAX = 24 };

struct word_set {
    const uint32_t *id;
    uint32_t count;
    double bits;
    bool matched[WORDS_MAX];
};

static double word_bits(comparison_word_bits *bits, uint32_t word)
{
    return bits ? bits[word] : 8;
}

static void read_set(const struct values *values, comparison_word_bits *bits, uint32_t organisation,
                     struct word_set *set)
{
    const uint32_t *list = &values_get(values, DOMAIN_ORGANISATION, organisation)->a;
    *set = (struct word_set){.count = 0};
    set->count = values_members(values, DOMAIN_WORD, list, &set->id);
    if (set->count > WORDS_MAX) set->count = WORDS_MAX;
    for (uint32_t i = 0; i < set->count; i++) set->bits += word_bits(bits, set->id[i]);
}

/* How well one word stands for another: 1 the same, 0 not at all. An abbreviation begins like the
 * whole and has its letters in order (mfg, manufacturing). */
static double word_likeness(struct str a, struct str b)
{
    struct str shorter = a.len <= b.len ? a : b, longer = a.len <= b.len ? b : a;
    if (shorter.len < 2 || shorter.ptr[0] != longer.ptr[0]) {
        return shorter.len >= 5 && one_edit(a, b) ? 0.85 : 0;
    }
    if (shorter.len >= 4 && one_edit(a, b)) return 0.9;
    if (shorter.len >= 3 && memcmp(shorter.ptr, longer.ptr, shorter.len) == 0) return 0.85;
    double jw = shorter.len >= 4 ? similarity_jaro_winkler(a, b) : 0;
    if (jw >= 0.9) return 0.85;
    if (shorter.len > 4 || longer.len < shorter.len + 2) return 0;
    size_t at = 0;
    for (size_t i = 0; i < longer.len && at < shorter.len; i++)
        at += longer.ptr[i] == shorter.ptr[at];
    bool ends_alike = shorter.ptr[shorter.len - 1] == longer.ptr[longer.len - 1];
    return at == shorter.len && (ends_alike || shorter.len >= 3) ? 0.7 : 0;
}

/* The bits of the words that found a partner, each word once, best partners first. */
static double align_words(const struct values *values, comparison_word_bits *bits,
                          struct word_set *a, struct word_set *b)
{
    double common = 0;
    for (uint32_t i = 0; i < a->count; i++)
        for (uint32_t j = 0; j < b->count; j++)
            if (a->id[i] == b->id[j] && !b->matched[j]) {
                a->matched[i] = b->matched[j] = true;
                common += word_bits(bits, a->id[i]);
            }
    for (uint32_t i = 0; i < a->count; i++) {
        if (a->matched[i]) continue;
        double best = 0;
        uint32_t partner = 0;
        for (uint32_t j = 0; j < b->count; j++) {
            if (b->matched[j]) continue;
            double likeness = word_likeness(values_text(values, DOMAIN_WORD, a->id[i]),
                                            values_text(values, DOMAIN_WORD, b->id[j]));
            if (likeness > best) {
                best = likeness;
                partner = j;
            }
        }
        if (best < 0.5) continue;
        a->matched[i] = b->matched[partner] = true;
        /* A misspelling is rare, and says no more than the word that it stands for. */
        double in_a = word_bits(bits, a->id[i]), in_b = word_bits(bits, b->id[partner]);
        double lower = in_a < in_b ? in_a : in_b;
        a->bits -= in_a - lower;
        b->bits -= in_b - lower;
        common += best * lower;
    }
    return common;
}

/* "ibm" for "international business machines": all initials, or all but one. */
static bool is_acronym_of(struct str acronym, struct str name)
{
    struct str word[WORDS_MAX];
    size_t count = fold_words(name, word, WORDS_MAX);
    if (acronym.len < 2 || acronym.len > 6 || count < 2 || str_find_char(acronym, ' ') >= 0)
        return false;
    size_t at = 0;
    for (size_t i = 0; i < count && at < acronym.len; i++) at += word[i].ptr[0] == acronym.ptr[at];
    return at == acronym.len && count <= acronym.len + 1;
}

static bool same_letters(struct str a, struct str b)
{
    char x[128], y[128];
    return str_equal(fold_compact(a, x, sizeof x), fold_compact(b, y, sizeof y));
}

int comparison_organisation(const struct values *values, comparison_word_bits *bits, uint32_t a,
                            uint32_t b)
{
    if (a == b) return LEVEL_EXACT;
    const struct value *va = values_get(values, DOMAIN_ORGANISATION, a);
    const struct value *vb = values_get(values, DOMAIN_ORGANISATION, b);
    if (va->a == vb->a) return LEVEL_EXACT;
    struct str x = values_text(values, DOMAIN_ORGANISATION, a);
    struct str y = values_text(values, DOMAIN_ORGANISATION, b);
    if (is_acronym_of(x, y) || is_acronym_of(y, x)) return ORGANISATION_ACRONYM;
    if (same_letters(x, y)) return LEVEL_EXACT;
    struct word_set in_a, in_b;
    bool in_order = str_compare(x, y) <= 0; /* so that ties do not depend on who comes first */
    read_set(values, bits, in_order ? a : b, &in_a);
    read_set(values, bits, in_order ? b : a, &in_b);
    double common = align_words(values, bits, &in_a, &in_b);
    double smaller = in_a.bits < in_b.bits ? in_a.bits : in_b.bits;
    double jaccard = common / (in_a.bits + in_b.bits - common);
    double containment = common / smaller;
    if (jaccard >= 0.8) return ORGANISATION_NEAR;
    if (containment >= 0.95) return ORGANISATION_CONTAINED;
    if (similarity_jaro_winkler(x, y) >= 0.95) return ORGANISATION_NEAR;
    if (jaccard >= 0.45 || containment >= 0.75) return ORGANISATION_SIMILAR;
    return jaccard >= 0.15 || containment >= 0.35 ? ORGANISATION_WEAK : ORGANISATION_DIFFERENT;
}

/* ------------------------------------------------------------------ dates */

enum { GENERATION_YEARS = 15 };

/* Of two numbers as decimal digits of four bits: how many differ, neighbours that have changed
 * places being one. */
static int digit_edits(uint32_t a, uint32_t b)
{
    uint32_t differing = a ^ b;
    differing = (differing | differing >> 1 | differing >> 2 | differing >> 3) & 0x11111111u;
    uint32_t lowest = differing & -differing;
    int count = count_bits(differing);
    if (count != 2 || differing != (lowest | lowest << 4)) return count;
    int at = __builtin_ctz(lowest);
    uint32_t of_a = a >> at & 0xFF, of_b = b >> at & 0xFF;
    return of_a == (of_b >> 4 | (of_b & 15) << 4) ? 1 : 2;
}

/* Roughly: months of 31 days, years of 372. */
static uint32_t days_apart(uint32_t a, uint32_t b)
{
    uint32_t x = a / 10000 * 372 + a / 100 % 100 * 31 + a % 100;
    uint32_t y = b / 10000 * 372 + b / 100 % 100 * 31 + b % 100;
    return x > y ? x - y : y - x;
}

/* So far apart that it is neither a slip of one part nor one generation. */
static bool is_generation_apart(uint32_t a, uint32_t b)
{
    uint32_t years = a / 10000 > b / 10000 ? a / 10000 - b / 10000 : b / 10000 - a / 10000;
    uint32_t month_a = a / 100 % 100, month_b = b / 100 % 100;
    return years >= GENERATION_YEARS && (month_a != month_b || month_a == 0) &&
           (a % 100 != b % 100 || a % 100 == 0);
}

static int different_dates(uint32_t a, uint32_t b)
{
    return is_generation_apart(a, b) ? DATE_GENERATION : DATE_DIFFERENT;
}

/* The day that stands for "the year is all we know". */
static bool is_new_year(uint32_t date)
{
    return date % 10000 == 101;
}

int comparison_date(const struct values *values, uint32_t a, uint32_t b)
{
    if (a == b) return LEVEL_EXACT;
    const struct value *va = values_get(values, DOMAIN_DATE, a);
    const struct value *vb = values_get(values, DOMAIN_DATE, b);
    uint32_t x = va->a, y = vb->a;
    uint32_t year_x = x / 10000, month_x = x / 100 % 100, day_x = x % 100;
    uint32_t year_y = y / 10000, month_y = y / 100 % 100, day_y = y % 100;
    if (year_x == year_y && month_x == day_y && day_x == month_y) return DATE_SWAPPED;
    bool partial = month_x == 0 || month_y == 0 || day_x == 0 || day_y == 0;
    if (year_x != year_y && is_new_year(x) && is_new_year(y))
        return different_dates(year_x * 10000, year_y * 10000);
    if (!partial && digit_edits(va->b, vb->b) <= 1) return DATE_NEAR;
    if (partial) {
        bool month = month_x == month_y || month_x == 0 || month_y == 0;
        return year_x == year_y && month ? DATE_YEAR : different_dates(x, y);
    }
    int equal = (year_x == year_y) + (month_x == month_y) + (day_x == day_y);
    bool swapped_near =
        month_x == day_y && day_x == month_y && digit_edits(va->b >> 16, vb->b >> 16) <= 1;
    uint32_t apart = days_apart(x, y);
    if (equal == 2 || swapped_near || apart <= 31) return DATE_TWO_PARTS;
    return year_x == year_y || apart <= 400 ? DATE_YEAR : different_dates(x, y);
}

/* ------------------------------------------------------------------ contacts */

static bool is_letter_of(char c)
{
    return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

static bool are_letters(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_letter_of(text.ptr[i])) return false;
    return text.len > 0;
}

/* How long a beginning, or an end, they have in common. */
static size_t common_part(struct str a, struct str b, bool at_end)
{
    size_t len = 0, shorter = a.len < b.len ? a.len : b.len;
    while (len < shorter &&
           a.ptr[at_end ? a.len - 1 - len : len] == b.ptr[at_end ? b.len - 1 - len : len])
        len++;
    return len;
}

/* a.miller and b.miller, jp.dupont and mc.dupont, amiller and bmiller: one or two letters by
 * themselves, or one at either end. */
static bool differ_in_initials(struct str a, struct str b)
{
    size_t end = common_part(a, b, true);
    struct str in_a = str_of(a.ptr, a.len - end), in_b = str_of(b.ptr, b.len - end);
    size_t begin = common_part(in_a, in_b, false);
    in_a = str_skip(in_a, begin);
    in_b = str_skip(in_b, begin);
    if (!are_letters(in_a) || !are_letters(in_b) || in_a.len > 2 || in_b.len > 2) return false;
    bool begins = begin == 0 || !is_letter_of(a.ptr[begin - 1]);
    bool ends = end == 0 || !is_letter_of(a.ptr[a.len - end]);
    return (begins && ends) || (in_a.len == 1 && in_b.len == 1 && (begin == 0 || end == 0));
}

/* ann.lee, ann.lee1 and ann.lee82: who came first has the name without. */
static bool differ_in_digits(struct str a, struct str b)
{
    size_t i = 0, j = 0, letters = 0;
    for (;; i++, j++, letters++) {
        while (i < a.len && a.ptr[i] >= '0' && a.ptr[i] <= '9') i++;
        while (j < b.len && b.ptr[j] >= '0' && b.ptr[j] <= '9') j++;
        if (i == a.len || j == b.len) return i == a.len && j == b.len && letters > 0;
        if (a.ptr[i] != b.ptr[j]) return false;
    }
}

/* Of two who were told apart when they got their addresses. */
static bool are_others_mailboxes(struct str a, struct str b)
{
    return !str_equal(a, b) && (differ_in_initials(a, b) || differ_in_digits(a, b));
}

int comparison_email(const struct values *values, uint32_t a, uint32_t b)
{
    if (a == b) return LEVEL_EXACT;
    const struct value *va = values_get(values, DOMAIN_EMAIL, a);
    const struct value *vb = values_get(values, DOMAIN_EMAIL, b);
    struct str x = values_text(values, DOMAIN_EMAIL, a), y = values_text(values, DOMAIN_EMAIL, b);
    struct str mailbox_x = str_of(x.ptr, va->a), mailbox_y = str_of(y.ptr, vb->a);
    bool same_host = str_equal(str_skip(x, va->a), str_skip(y, vb->a));
    if (!(va->b & 2) && va->a >= 4 && str_equal(mailbox_x, mailbox_y)) return EMAIL_MAILBOX;
    if (va->a >= 4 && vb->a >= 4) {
        unsigned limit = same_host ? 2 : 3;
        if (x.len >= 12 && similarity_edits(x, y, limit) <= limit &&
            similarity_edits(mailbox_x, mailbox_y, 2) <= 2 &&
            !are_others_mailboxes(mailbox_x, mailbox_y))
            return EMAIL_NEAR;
    }
    return same_host && !(va->b & 1) ? EMAIL_HOST : EMAIL_DIFFERENT;
}

int comparison_phone(const struct values *values, uint32_t a, uint32_t b)
{
    if (a == b) return LEVEL_EXACT;
    const struct value *va = values_get(values, DOMAIN_PHONE, a);
    const struct value *vb = values_get(values, DOMAIN_PHONE, b);
    uint32_t missing = va->len < vb->len ? va->letters & ~vb->letters : vb->letters & ~va->letters;
    if (!may_be_one_edit(va, vb) && (va->len == vb->len || missing)) return PHONE_DIFFERENT;
    struct str x = values_text(values, DOMAIN_PHONE, a), y = values_text(values, DOMAIN_PHONE, b);
    struct str shorter = x.len < y.len ? x : y, longer = x.len < y.len ? y : x;
    if (shorter.len < longer.len && str_ends_with(longer, shorter)) return PHONE_TAIL;
    if (shorter.len >= 8 && one_edit(x, y)) return PHONE_NEAR;
    return PHONE_DIFFERENT;
}

int comparison_website(const struct values *values, uint32_t a, uint32_t b)
{
    if (a == b) return LEVEL_EXACT;
    struct str x = values_text(values, DOMAIN_WEBSITE, a);
    struct str y = values_text(values, DOMAIN_WEBSITE, b);
    struct str rest_x = x, rest_y = y, name_x, name_y;
    if (x.len >= 8 && one_edit(x, y)) return WEBSITE_NEAR;
    bool split = str_split(&rest_x, '.', &name_x) && str_split(&rest_y, '.', &name_y);
    return split && name_x.len >= 4 && str_equal(name_x, name_y) ? WEBSITE_NEAR : WEBSITE_DIFFERENT;
}

/* ------------------------------------------------------------------ addresses */

static struct str street_words(struct str street, struct str *number)
{
    ptrdiff_t bar = str_find_char(street, '|');
    *number = str_of(street.ptr, (size_t)(bar > 0 ? bar : 0));
    return str_skip(street, (size_t)(bar + 1));
}

/* How many of the words are among the others; single letters count only beside other words. */
static size_t words_found(const struct str *word, size_t count, const struct str *other,
                          size_t other_count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        size_t j = 0;
        while (j < other_count && !str_equal(word[i], other[j])) j++;
        found += j < other_count && (word[i].len > 1 || count > 1);
    }
    return found;
}

/* Same street: equal, one edit, or all words of one in the other. */
static bool same_street(struct str a, struct str b)
{
    if (str_equal(a, b)) return true;
    if (a.len == 0 || b.len == 0) return false;
    if (a.len >= 5 && b.len >= 5 && similarity_jaro_winkler(a, b) >= 0.9) return true;
    struct str in_a[12], in_b[12];
    size_t count_a = fold_words(a, in_a, 12), count_b = fold_words(b, in_b, 12);
    size_t common = words_found(in_a, count_a, in_b, count_b);
    size_t common_b = words_found(in_b, count_b, in_a, count_a);
    size_t fewer = count_a < count_b ? count_a : count_b;
    if ((common < common_b ? common : common_b) >= fewer && fewer > 0) return true;
    char x[64], y[64];
    struct str cx = fold_compact(a, x, sizeof x), cy = fold_compact(b, y, sizeof y);
    return cx.len >= 5 && cy.len >= 5 && similarity_jaro_winkler(cx, cy) >= 0.9;
}

int comparison_street_quick(const struct values *values, uint32_t a, uint32_t b)
{
    if (a == b) return LEVEL_EXACT;
    const struct value *x = values_get(values, DOMAIN_STREET, a);
    const struct value *y = values_get(values, DOMAIN_STREET, b);
    /* Neither the same number nor a street that sounds the same. */
    return x->a != y->a && x->a && y->a && x->b != y->b ? STREET_DIFFERENT : LEVEL_OPEN;
}

int comparison_street(const struct values *values, uint32_t a, uint32_t b)
{
    int quick = comparison_street_quick(values, a, b);
    if (quick != LEVEL_OPEN) return quick;
    const struct value *va = values_get(values, DOMAIN_STREET, a);
    const struct value *vb = values_get(values, DOMAIN_STREET, b);
    struct str number_a, number_b;
    struct str words_a = street_words(values_text(values, DOMAIN_STREET, a), &number_a);
    struct str words_b = street_words(values_text(values, DOMAIN_STREET, b), &number_b);
    bool alike = same_street(words_a, words_b);
    bool numbers = number_a.len > 0 && number_b.len > 0;
    if (!alike && (!numbers || va->a != vb->a)) return STREET_DIFFERENT;
    if (!alike) {
        bool close =
            words_a.len > 2 && words_b.len > 2 && similarity_jaro_winkler(words_a, words_b) >= 0.78;
        return close ? STREET_NEAR : STREET_DIFFERENT;
    }
    if (!numbers) return STREET_NUMBER_MISSING;
    if (va->a == vb->a) return str_equal(words_a, words_b) ? LEVEL_EXACT : STREET_NEAR;
    uint32_t apart = va->a > vb->a ? va->a - vb->a : vb->a - va->a;
    bool near =
        apart <= 4 || (number_a.len >= 2 && number_b.len >= 2 && one_edit(number_a, number_b));
    return near ? STREET_NUMBER_NEAR : STREET_NUMBER_DIFFERS;
}

/* The bytes in which two postcodes differ, as a mask of their first eight. */
static unsigned differing_bytes(const struct value *a, const struct value *b)
{
    uint64_t x = ((uint64_t)(a->a ^ b->a)) | (uint64_t)(a->b ^ b->b) << 32;
    unsigned mask = 0;
    for (unsigned i = 0; x; i++, x >>= 8) mask |= (unsigned)((x & 0xFF) != 0) << i;
    return mask;
}

int comparison_postcode(const struct values *values, uint32_t a, uint32_t b)
{
    if (a == b) return LEVEL_EXACT;
    const struct value *va = values_get(values, DOMAIN_POSTCODE, a);
    const struct value *vb = values_get(values, DOMAIN_POSTCODE, b);
    unsigned mask = differing_bytes(va, vb);
    if (va->len == vb->len && va->len <= 8) {
        unsigned count = (unsigned)count_bits(mask);
        bool neighbours = count == 2 && (mask >> __builtin_ctz(mask)) == 3;
        bool swapped = neighbours && va->letters == vb->letters;
        if (count == 1 || (swapped && one_edit(values_text(values, DOMAIN_POSTCODE, a),
                                               values_text(values, DOMAIN_POSTCODE, b))))
            return LOCALITY_POSTCODE_NEAR;
    } else if (may_be_one_edit(va, vb) && one_edit(values_text(values, DOMAIN_POSTCODE, a),
                                                   values_text(values, DOMAIN_POSTCODE, b))) {
        return LOCALITY_POSTCODE_NEAR;
    }
    return mask == 0 || __builtin_ctz(mask) >= 3 ? LOCALITY_AREA : LOCALITY_DIFFERENT;
}

/* Single words (a space is bit 0) of which neither one edit nor a Jaro-Winkler similarity of .9 is
 * possible. */
static bool are_far_words(const struct value *a, const struct value *b)
{
    return !((a->letters | b->letters) & 1) && !may_be_one_edit(a, b) && jaro_bound(a, b) < 0.8;
}

int comparison_city_quick(const struct values *values, uint32_t a, uint32_t b)
{
    if (a == b) return LEVEL_EXACT;
    bool far =
        are_far_words(values_get(values, DOMAIN_CITY, a), values_get(values, DOMAIN_CITY, b));
    return far ? LOCALITY_DIFFERENT : LEVEL_OPEN;
}

int comparison_city(const struct values *values, uint32_t a, uint32_t b)
{
    int quick = comparison_city_quick(values, a, b);
    if (quick != LEVEL_OPEN) return quick;
    struct str x = values_text(values, DOMAIN_CITY, a), y = values_text(values, DOMAIN_CITY, b);
    if (x.len >= 4 && y.len >= 4 && (one_edit(x, y) || similarity_jaro_winkler(x, y) >= 0.9))
        return LOCALITY_CITY;
    return shares_word(x, y) ? LOCALITY_AREA : LOCALITY_DIFFERENT;
}

/* ------------------------------------------------------------------ facts */

/* K-777 and K-778: given out one after the other, as to a family or to branches. */
static bool are_in_series(struct str a, struct str b)
{
    size_t last = a.len - 1;
    return a.len == b.len && memcmp(a.ptr, b.ptr, last) == 0 && a.ptr[last] >= '0' &&
           a.ptr[last] <= '9' && b.ptr[last] >= '0' && b.ptr[last] <= '9';
}

int comparison_identifier(const struct values *values, uint32_t a, uint32_t b)
{
    if (a == b) return LEVEL_EXACT;
    const struct value *va = values_get(values, DOMAIN_IDENTIFIER, a);
    const struct value *vb = values_get(values, DOMAIN_IDENTIFIER, b);
    if (va->a != vb->a) return LEVEL_MISSING;
    if (!may_be_one_edit(va, vb)) return IDENTIFIER_DIFFERENT;
    struct str x = str_skip(values_text(values, DOMAIN_IDENTIFIER, a), va->b);
    struct str y = str_skip(values_text(values, DOMAIN_IDENTIFIER, b), vb->b);
    if (x.len < 6 || y.len < 6 || !one_edit(x, y)) return IDENTIFIER_DIFFERENT;
    return are_in_series(x, y) ? IDENTIFIER_SERIES : IDENTIFIER_NEAR;
}

static int compare_words_quick(const struct values *values, enum domain domain, uint32_t a,
                               uint32_t b)
{
    if (a == b) return LEVEL_EXACT;
    bool far = are_far_words(values_get(values, domain, a), values_get(values, domain, b));
    return far ? WORDS_DIFFERENT : LEVEL_OPEN;
}

int comparison_place_quick(const struct values *values, uint32_t a, uint32_t b)
{
    return compare_words_quick(values, DOMAIN_PLACE, a, b);
}

int comparison_occupation_quick(const struct values *values, uint32_t a, uint32_t b)
{
    return compare_words_quick(values, DOMAIN_OCCUPATION, a, b);
}

static int compare_words(const struct values *values, enum domain domain, uint32_t a, uint32_t b)
{
    if (a == b) return LEVEL_EXACT;
    struct str x = values_text(values, domain, a), y = values_text(values, domain, b);
    if (x.len >= 4 && y.len >= 4 && (one_edit(x, y) || similarity_jaro_winkler(x, y) >= 0.9))
        return WORDS_SIMILAR;
    return shares_word(x, y) ? WORDS_SIMILAR : WORDS_DIFFERENT;
}

int comparison_place(const struct values *values, uint32_t a, uint32_t b)
{
    return compare_words(values, DOMAIN_PLACE, a, b);
}

int comparison_occupation(const struct values *values, uint32_t a, uint32_t b)
{
    return compare_words(values, DOMAIN_OCCUPATION, a, b);
}
