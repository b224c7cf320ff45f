/* A code for how a folded name sounds in the European languages: consonant classes, at most six,
 * vowels only in front. An own simplification of the Metaphone family (L. Philips, 1990): meant to
 * bring misspellings into one block, not to decide anything.
 *
 *     phonetic_code(STR("schmidt")) == phonetic_code(STR("shmit"))
 */
#ifndef TEXT_PHONETIC_H
#define TEXT_PHONETIC_H

#include "base/str.h"

/* 0 for a string without letters. */
uint32_t phonetic_code(struct str folded);

#endif
