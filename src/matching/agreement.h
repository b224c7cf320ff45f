/* Agreement: in which level two records come out in a comparison, over all values that they have
 * for it, and how rare what they agree in is. Part of scoring.
 */
#ifndef MATCHING_AGREEMENT_H
#define MATCHING_AGREEMENT_H

#include "matching/scoring.h"

/* A level and the rarity of the value that agreed (of the more frequent one where they differ; 0
 * where the level says that the values are different). */
struct agreement {
    int level; /* LEVEL_OPEN: only in quick mode */
    float bits;
};

enum { AGREEMENT_MEMO_SIZE = 1 << 16 };

struct scoring_memo {
    uint64_t entry[AGREEMENT_MEMO_SIZE]; /* key << 4 | level */
};

struct comparing {
    const struct scorer *scorer;
    struct scoring_memo *memo; /* may be NULL */
    bool quick;                /* only what can be told without reading texts */
};

struct agreement agreement_of(const struct comparing *comparing, enum comparison c,
                              const struct record *a, const struct record *b);

/* How rare the value is. */
float agreement_bits(const struct scorer *scorer, enum slot slot, uint32_t reference);
/* Both records have one of the traits of the mask: whether it is the same one. */
struct agreement agreement_of_traits(const struct record *a, const struct record *b, uint32_t mask);

#endif
