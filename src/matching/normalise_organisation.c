/* Names of organisations: words in their usual long form, without legal form and fillers. Single
 * letters that follow one another are one word (U. S. A.). The value's a is the list of its words,
 * its b the legal form's row. */
#include <string.h>

#include "matching/lexicon.h"
#include "matching/normalise.h"
#include "text/fold.h"
#include "text/phonetic.h"

enum { WORDS_MAX = 24 };

struct organisation_words {
    struct str word[WORDS_MAX];
    size_t count;
    uint16_t legal_form;
    bool company_word;
};

static void describe_word(struct values *values, struct str text, struct value *value)
{
    (void)values;
    value->a = phonetic_code(text);
}

void normalise_organisation_describe(struct values *values, struct str text, struct value *value)
{
    struct str word[WORDS_MAX];
    uint32_t references[WORDS_MAX];
    size_t count = fold_words(text, word, WORDS_MAX);
    for (size_t i = 0; i < count; i++)
        references[i] = values_intern(values, DOMAIN_WORD, word[i], describe_word);
    value->a = values_intern_list(values, DOMAIN_WORD, references, count);
}

/* "u s a" to "usa": runs of letters become one word, written to `room`. */
static size_t join_letters(struct str *word, size_t count, char *room)
{
    size_t kept = 0;
    for (size_t i = 0; i < count;) {
        char *joined = room;
        size_t run = i;
        while (run < count && word[run].len == 1 && word[run].ptr[0] > '9')
            *room++ = word[run++].ptr[0];
        if (run > i + 1) {
            word[kept++] = str_of(joined, run - i);
            i = run;
        } else {
            word[kept++] = word[i++];
        }
    }
    return kept;
}

/* A legal form counts behind the first word, and drops; "pt" and the like may also lead. */
static void read_word(struct organisation_words *words, struct str word, bool first)
{
    uint16_t groups[LEXICON_GROUPS_MAX];
    if (!first && lexicon_groups(LEXICON_LEGAL_FORM, word, groups)) {
        words->legal_form = groups[0];
        return;
    }
    if (lexicon_has(LEXICON_FILLER, word)) return;
    struct str head = lexicon_head(LEXICON_COMPANY_WORD, word);
    if (head.len > 3 && lexicon_has(LEXICON_COMPANY_WORD, word)) words->company_word = true;
    words->word[words->count++] = head;
}

static void read_words(struct str folded, char *room, struct organisation_words *words)
{
    struct str word[WORDS_MAX];
    size_t count = join_letters(word, fold_words(folded, word, WORDS_MAX), room);
    *words = (struct organisation_words){0};
    for (size_t i = 0; i < count; i++) read_word(words, word[i], i == 0);
    if (words->count == 0 && count > 0) words->word[words->count++] = word[0];
}

/* The letters of a word that dots or an ampersand part; 0 when it is not of that kind. */
static size_t parted_letters(struct str word)
{
    size_t letters = 0, signs = 0;
    for (size_t i = 0; i < word.len; i++) {
        bool letter = (word.ptr[i] | 32) >= 'a' && (word.ptr[i] | 32) <= 'z';
        bool sign = word.ptr[i] == '.' || word.ptr[i] == '&';
        if (!letter && !sign) return 0;
        letters += letter;
        signs += sign && i > 0 && i + 1 < word.len;
    }
    return signs > 0 ? letters : 0;
}

/* "AT&T", "E.ON", "S.p.A.", "G.m.b.H.": one word, as long as it is short enough to be letters. */
static struct str join_parted(struct str text, char *out, size_t max)
{
    size_t len = 0;
    struct str rest = text, word;
    while (str_split(&rest, ' ', &word)) {
        size_t letters = parted_letters(word);
        bool joined = letters > 0 && letters <= 5;
        if (len + 1 >= max) break;
        if (len > 0) out[len++] = ' ';
        if (word.len > max - len) word.len = max - len;
        for (size_t i = 0; i < word.len; i++)
            if (!joined || (word.ptr[i] != '.' && word.ptr[i] != '&')) out[len++] = word.ptr[i];
    }
    return str_of(out, len);
}

void normalise_organisation_name(struct values *values, struct str text, struct normalised *out)
{
    char folded_text[FOLD_MAX], joined[FOLD_MAX], room[WORDS_MAX + 1], plain[FOLD_INPUT_MAX];
    struct organisation_words words;
    struct str folded = fold_text(join_parted(text, plain, sizeof plain), folded_text);
    if (normalise_is_placeholder(folded)) return;
    read_words(folded, room, &words);
    size_t len = 0;
    for (size_t i = 0; i < words.count && len + words.word[i].len + 1 < sizeof joined; i++) {
        if (len > 0) joined[len++] = ' ';
        memcpy(joined + len, words.word[i].ptr, words.word[i].len);
        len += words.word[i].len;
    }
    out->reference[0] = values_intern(values, DOMAIN_ORGANISATION, str_of(joined, len),
                                      normalise_organisation_describe);
    if (words.legal_form || words.company_word) out->traits = TRAIT_ORGANISATION;
}
