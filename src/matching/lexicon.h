/* Word lists that a matcher must know: nicknames, legal forms, titles, abbreviations, placeholders.
 *
 * Each list has rows of folded words that mean the same; the first word of a row is its head. A
 * word may stand in several rows of a list (Chris is Christopher or Christine). The tables are
 * built on first use and never change; all functions are thread-safe.
 */
#ifndef MATCHING_LEXICON_H
#define MATCHING_LEXICON_H

#include "base/str.h"

enum lexicon {
    LEXICON_NICKNAME,     /* given names: robert bob rob ... */
    LEXICON_TITLE,        /* mr dr sir baron phd: no part of the name */
    LEXICON_GENERATION,   /* jr sr ii iii: tells father from son */
    LEXICON_PARTICLE,     /* de van von bin: joins the family name */
    LEXICON_LEGAL_FORM,   /* ltd gmbh inc: head is the class */
    LEXICON_COMPANY_WORD, /* mfg = manufacturing, intl = international */
    LEXICON_FILLER,       /* the and of: carry nothing in an organisation's name */
    LEXICON_STREET_TYPE,  /* street st str, avenue ave */
    LEXICON_DIRECTION,    /* north n */
    LEXICON_UNIT,         /* apt suite floor: what follows is not the house */
    LEXICON_PLACEHOLDER,  /* n/a none unknown test */
    LEXICON_FREE_MAIL,    /* gmail.com: says nothing of who */
    LEXICON_ROLE_MAIL,    /* info sales: a mailbox, not a person */
    LEXICON_REGION,       /* california ca */
    LEXICON_COUNTRY,      /* germany de deutschland */
    LEXICON_MONTH,        /* january jan ... in order */
    LEXICON_FEMALE,       /* female f woman mrs */
    LEXICON_MALE,
    LEXICON_COUNT,
};

enum { LEXICON_GROUPS_MAX = 3 };

/* The rows that hold the word (numbers from 1); answers how many, 0 when it is not listed. */
unsigned lexicon_groups(enum lexicon list, struct str word, uint16_t groups[LEXICON_GROUPS_MAX]);
bool lexicon_has(enum lexicon list, struct str word);
/* The head of the first row that holds the word; the word itself when none does. */
struct str lexicon_head(enum lexicon list, struct str word);

#endif
