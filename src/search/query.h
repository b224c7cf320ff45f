/* A search, taken apart: tokens that all have to be met, in one of a few readings.
 *
 * "+49 30 1234 567" is a phone number or four words; "sap-4711" two words or a key at a source.
 * Each reading is a list of tokens; a customer is a hit when all tokens of a reading are met, or,
 * at the end of the ranking, all but one of three or more.
 *
 *     struct search_query query;
 *     TRY(search_query_parse(&input, arena, &query, error));
 *
 * A token is met by a term exactly, as its beginning, with one typo (an insertion, omission,
 * replacement or swap of neighbours; two in words of eight letters and more, as far as they are
 * found), or by its sound. What is close (the first two) is asked for first, the rest only when
 * that does not fill the page.
 */
#ifndef SEARCH_QUERY_H
#define SEARCH_QUERY_H

#include "base/status.h"
#include "search/terms.h"

enum {
    SEARCH_INPUT_MAX = 200, /* bytes of a parameter */
    SEARCH_TOKENS_MAX = 12, /* of a reading */
    SEARCH_READINGS_MAX = 6,
};

/* What was asked; absent members do not restrict. */
struct search_input {
    struct str name;  /* words of the customer's name or of a contact's */
    struct str email; /* whole, or how it begins */
    struct str phone; /* in any format; whole, how it begins or ends */
    struct str any;   /* all of it, in any field: the search box */
};

struct search_token {
    struct str raw;  /* as it was typed */
    struct str word; /* folded; empty like those below: not looked for */
    /* Whole values; phone_end has all digits of phone, and what stood before it. */
    struct str name, email, phone, phone_end, identifier;
    unsigned fields; /* bit 1 << field */
    uint32_t sound;  /* of the word; 0: none */
    bool is_last;    /* still being typed: any beginning will do */
};

struct search_reading {
    struct search_token tokens[SEARCH_TOKENS_MAX];
    size_t count;
    bool is_loose;      /* e-mail addresses word by word: for when they are not found as wholes */
    bool is_whole_name; /* the words of another reading as one name */
    bool failed;        /* out of memory */
};

enum { SEARCH_READING_WORDS = 0 /* the first reading: word by word */ };

struct search_query {
    struct search_reading readings[SEARCH_READINGS_MAX];
    size_t count;
};

/* STATUS_INVALID_VALUE names the parameter that is too long, has too many words or nothing to
 * search for. Text lies in the arena. */
MUST_CHECK enum status search_query_parse(const struct search_input *input, struct arena *arena,
                                          struct search_query *query, struct error *error);

enum search_kind {
    SEARCH_EXACT,
    SEARCH_PREFIX,
    SEARCH_SUFFIX, /* of a phone number */
    SEARCH_TYPO,
    SEARCH_SOUND
};
/* "exact", ... */
struct str search_kind_name(enum search_kind kind);

/* How well a term meets a token: weight 0, not at all, to 1000. `is_close`: it is found by the
 * close ranges. */
struct search_match {
    int weight;
    enum search_kind kind;
    bool is_close;
};
struct search_match search_match_word(const struct search_token *token, struct str word,
                                      bool close_only);
/* Is the word near the token, without being close? `by_sound`: it is known to sound like it. */
bool search_match_near(const struct search_token *token, struct str word, bool by_sound);
struct search_match search_match_term(const struct search_token *token,
                                      const struct search_term *term, bool close_only);
/* `key` is a P or V key. */
struct search_match search_match_key(const struct search_token *token, struct str key,
                                     bool close_only);

/* Keys to be read for a token: from `from` on, below `to`, as places (search_place). */
struct search_range {
    struct str from, to;
    uint64_t lacking; /* segments, by bit, that have none of them: those that are known to */
};
struct search_ranges {
    struct arena *arena;
    struct search_range *items;
    size_t count, room;
    bool failed;
};
void search_ranges_add(struct search_ranges *ranges, struct search_range range);
/* Where the terms are that are close to a token. */
void search_ranges_close(struct search_ranges *ranges, const struct search_token *token);
/* Where terms are that may be near it: dictionary keys, and phone numbers themselves. */
void search_ranges_near(struct search_ranges *ranges, const struct search_token *token);
/* Where the entries with a word are, which these segments lack. */
void search_ranges_word(struct search_ranges *ranges, struct str word, uint64_t lacking);

#endif
