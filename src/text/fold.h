/* Folding: any text to lower-case a-z, 0-9 and single spaces.
 *
 * Accents go, other scripts are transliterated (Latin, Greek, Cyrillic, Hebrew, Arabic, Armenian,
 * Georgian, Indic, kana, hangul, and the Han characters common in names), apostrophes vanish,
 * everything else separates words. Bytes that are not UTF-8 are read as Latin-1, which is what
 * they nearly always are. Letters of scripts that the tables lack are kept as they are, so that
 * equal texts stay equal.
 *
 *     char out[FOLD_MAX];
 *     struct str folded = fold_text(STR("Müller-Łoś, O’Brien"), out);   "muller los obrien"
 */
#ifndef TEXT_FOLD_H
#define TEXT_FOLD_H

#include "base/str.h"

/* A byte folds to FOLD_GROWTH at most. Input past FOLD_INPUT_MAX bytes is not looked at: no name or
 * address is that long. */
enum { FOLD_INPUT_MAX = 256, FOLD_GROWTH = 8, FOLD_MAX = FOLD_GROWTH * FOLD_INPUT_MAX };

/* The result lies in `out`, without leading or trailing space. */
struct str fold_text(struct str text, char out[FOLD_MAX]);
/* For looking up one text in another, both folded so: of any length, and the same wherever in the
 * other it stands, for which the customary spelling of Korean family names is given up. `out` has
 * room for FOLD_GROWTH bytes for each of the text's. */
struct str fold_within(struct str text, char *out);
/* True when the text begins with a Han or hangul character: the family name stands first. */
bool fold_family_name_first(struct str text);

/* Splits folded text at spaces; returns how many words there are, at most `max`. */
size_t fold_words(struct str folded, struct str *words, size_t max);
/* Is it one of the words of a list with single spaces between? */
bool fold_is_one_of(struct str word, const char *words);
/* The folded text without its spaces, at most `max` bytes and no half character, in `out`. */
struct str fold_compact(struct str folded, char *out, size_t max);

#endif
