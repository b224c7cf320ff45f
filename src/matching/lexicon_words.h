/* The rows of the word lists; used by lexicon.c only. */
#ifndef MATCHING_LEXICON_WORDS_H
#define MATCHING_LEXICON_WORDS_H

/* Each list ends with NULL; words are folded and separated by single spaces. */
extern const char *const *const lexicon_rows[];

#endif
