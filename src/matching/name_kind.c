/* One word is seldom proof: West and Church are family names, Sa and Co end names of persons as
 * they end those of companies. So words are weighed, in bits, by how much more often they stand
 * there in names of organisations. */
#include "matching/name_kind.h"

#include "matching/lexicon.h"
#include "text/fold.h"

enum { WORDS_MAX = 24, PERSON_WORDS_MAX = 5 };

enum {
    BITS_LEGAL_FORM = 12,
    BITS_SHORT_FORM = 4, /* at the end, of a name without given name or particle */
    BITS_COMPANY_WORD = 5,
    BITS_FAMILY_NAME_TOO = 2,
    BITS_DIGITS = 3,
    BITS_MANY_WORDS = 2,
    BITS_GIVEN_NAME = -4,
    BITS_TITLE = -4,
    BITS_GENERATION = -3,
};

/* Words of companies' names that are frequent family names as well. */
static bool is_family_name_too(struct str word)
{
    static const struct str names[] = {STR("church"), STR("fort"),   STR("mount"),
                                       STR("saint"),  STR("street"), STR("world")};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (str_equal(names[i], word)) return true;
    return lexicon_has(LEXICON_DIRECTION, word);
}

static bool has_digit(struct str word)
{
    for (size_t i = 0; i < word.len; i++)
        if (word.ptr[i] >= '0' && word.ptr[i] <= '9') return true;
    return false;
}

static int company_word_bits(struct str word)
{
    struct str head = lexicon_head(LEXICON_COMPANY_WORD, word);
    if (head.len <= 3 || word.len < 3 || !lexicon_has(LEXICON_COMPANY_WORD, word)) return 0;
    return is_family_name_too(head) ? BITS_FAMILY_NAME_TOO : BITS_COMPANY_WORD;
}

/* "sa" and the like: forms that are words of persons' names elsewhere than at the end, and there
 * too behind a particle ("de Sá"). */
static int legal_form_bits(const struct str *word, size_t count, size_t at, bool personal)
{
    uint16_t groups[LEXICON_GROUPS_MAX];
    if (at == 0 || !lexicon_groups(LEXICON_LEGAL_FORM, word[at], groups)) return 0;
    if (word[at].len > 2) return BITS_LEGAL_FORM;
    return at + 1 == count && !personal ? BITS_SHORT_FORM : 0;
}

/* Whether a word is a known given name or a particle; of the first word, or a title. */
static bool is_personal(const struct str *word, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (lexicon_has(LEXICON_NICKNAME, word[i]) ||
            (i > 0 && lexicon_has(LEXICON_PARTICLE, word[i])))
            return true;
    return false;
}

/* Given names stand first, or behind the family name; further behind they are a founder's. */
static int person_bits(const struct str *word, size_t count)
{
    int bits = 0;
    for (size_t i = 0; i < 2 && i < count; i++)
        if (word[i].len > 2 && lexicon_has(LEXICON_NICKNAME, word[i])) bits = BITS_GIVEN_NAME;
    if (count > 1 && lexicon_has(LEXICON_TITLE, word[0])) bits += BITS_TITLE;
    if (count > 1 && lexicon_has(LEXICON_GENERATION, word[count - 1])) bits += BITS_GENERATION;
    return bits;
}

int name_kind_bits(struct str name)
{
    char room[FOLD_MAX];
    struct str word[WORDS_MAX];
    size_t count = fold_words(fold_text(name, room), word, WORDS_MAX);
    int bits = person_bits(word, count), company = 0;
    bool personal = is_personal(word, count);
    for (size_t i = 0; i < count; i++) {
        int form = legal_form_bits(word, count, i, personal),
            of_company = company_word_bits(word[i]);
        if (form > company) company = form;
        if (of_company > company) company = of_company;
        if (has_digit(word[i]) && BITS_DIGITS > company) company = BITS_DIGITS;
    }
    return bits + company + (count > PERSON_WORDS_MAX ? BITS_MANY_WORDS : 0);
}
