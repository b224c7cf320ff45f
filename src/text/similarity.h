/* How alike two folded strings are. All symmetric; bytes, not code points: folded text is ASCII
 * but for scripts that the tables lack, where a letter counts as its bytes. */
#ifndef TEXT_SIMILARITY_H
#define TEXT_SIMILARITY_H

#include "base/str.h"

enum { SIMILARITY_LENGTH_MAX = 64 };

/* Jaro (1989), 0 to 1; two empty strings are 1. Strings past 64 bytes are cut there. */
double similarity_jaro(struct str a, struct str b);
/* Winkler (1990): Jaro plus 0.1 per shared leading byte, at most four, whatever the Jaro is. */
double similarity_jaro_winkler(struct str a, struct str b);
/* Optimal string alignment: insert, delete, replace, swap neighbours, each 1 (Damerau 1964);
 * answers `limit` + 1 as soon as the distance must be over `limit`. Cut at 64 bytes. */
unsigned similarity_edits(struct str a, struct str b, unsigned limit);
/* Share of common letter pairs, 0 to 1 (Dice over the sets of bigrams). */
double similarity_bigram(struct str a, struct str b);

#endif
