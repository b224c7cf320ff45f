/* Terms: what of a record can be searched, and in which form.
 *
 * A value (a name, a phone number) gives terms, and a term in a field is a key of the index. What
 * is typed into a search box gives terms by the same functions, so that both meet whatever the
 * case, accents, script or format. Keys by their first letter:
 *
 *     P<word> <field>       a word of a value: folded, see text/fold.h
 *     V<field><value>       a whole value: name (its words in order of the alphabet), e-mail
 * address, phone number (national part, and all digits backwards), identifier, key at a source
 *     D<length><word>       that there is such a word, and the same backwards: typos are found by
 * the R<length><drow>       half of a word that is right, among words of about its length, S<sound>
 * <word>       and by its sound, see text/phonetic.h
 *
 * A record gives the first two; the others follow from P keys when blocks are built.
 */
#ifndef SEARCH_TERMS_H
#define SEARCH_TERMS_H

#include "formats/json.h"
#include "search/block.h"

enum search_field {
    SEARCH_NAME,
    SEARCH_CONTACT,
    SEARCH_EMAIL,
    SEARCH_PHONE,
    SEARCH_PHONE_END, /* the same, backwards */
    SEARCH_ADDRESS,
    SEARCH_POSTCODE,
    SEARCH_IDENTIFIER,
    SEARCH_WEBSITE,
    SEARCH_SOURCE_KEY,
    SEARCH_FIELD_COUNT
};

struct search_field_row {
    char letter;     /* in keys */
    int weight;      /* of a hit there, of 100 */
    struct str name; /* as people read it */
};
extern const struct search_field_row search_fields[SEARCH_FIELD_COUNT];
/* The field of a letter; SEARCH_FIELD_COUNT when there is none. */
enum search_field search_field_of(char letter);

/* Calls `visit` for each value of a profile (as the API shows it, or as an assertion says it), with
 * its contacts; of a contact alone. */
typedef void search_visit(void *context, enum search_field field, struct str value);
void search_values_of_profile(const struct json_value *profile, search_visit *visit, void *context);
void search_values_of_contact(const struct json_value *contact, search_visit *visit, void *context);

enum { SEARCH_WORD_MAX = 40, SEARCH_VALUE_MAX = 64, SEARCH_WORDS_MAX = 48, SEARCH_TEXT_MAX = 2304 };

/* The folded words of a value. Single letters that follow one another are one word (A.C.M.E.). */
struct search_words {
    struct str word[SEARCH_WORDS_MAX];
    size_t count;
    char text[SEARCH_TEXT_MAX], joined[SEARCH_WORDS_MAX + 1];
};
void search_words_of(struct str value, struct search_words *words);
/* Of an e-mail address: without the top-level domain. Of a website the same. */
void search_words_of_address(struct str value, struct search_words *words);

/* The forms of whole values, in `out` (SEARCH_VALUE_MAX bytes); empty when there is none. */
struct str search_email(struct str value, char *out);
/* The digits of the national part: without + or 00 and the country's code, or without the trunk's
 * 0; fewer than 3 digits are none. */
struct str search_phone(struct str value, char *out);
/* All digits backwards, without leading zeros: of two forms of one number, one begins with the
 * other. */
struct str search_phone_end(struct str value, char *out);
struct str search_identifier(struct str value, char *out);
/* Of the words of a name, whatever their order. */
struct str search_whole_name(const struct search_words *words, char *out);
/* A word backwards, character by character. */
struct str search_reversed(struct str word, char *out);

/* What can be looked for in a field: a word of a value, or a value as a whole. */
struct search_term {
    enum search_field field;
    bool is_word;
    struct str text;
};
typedef void search_term_visit(void *context, const struct search_term *term);
/* Calls `visit` for each term of a value; its text lives as long as the call. */
void search_terms_of(enum search_field field, struct str value, search_term_visit *visit,
                     void *context);

/* A growing set of keys. */
struct search_keys {
    struct arena *arena;
    struct str *items;
    size_t count, room;
    bool failed; /* out of memory */
};
/* The keys of one value; fits search_visit with the set as context. */
void search_keys_add(void *context, enum search_field field, struct str value);
/* Sorts and drops what is there twice. */
void search_keys_settle(struct search_keys *keys);
/* Are all keys of `some` in `all`? Both settled. */
bool search_keys_within(const struct search_keys *some, const struct search_keys *all);
/* The keys as a block without numbers, an entry of the index. Settled. Absent when out of memory.
 */
struct str search_keys_entry(const struct search_keys *keys);

/* The length of a word as a D or R key has it. */
static inline char search_length(size_t len)
{
    return (char)('0' + len);
}
/* "S" and the sound of a word, which an S key begins with; empty when it has none. */
struct str search_sound_key(struct str word, char *out);

/* The word of a P key; absent for others. */
struct str search_key_word(struct str key);

#endif
