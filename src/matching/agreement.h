/* Agreement: in which level two records come out in a comparison, over all values that they have
 * for it, and how rare what they agree in is. Part of scoring.
 */
#ifndef MATCHING_AGREEMENT_H
#define MATCHING_AGREEMENT_H

#include "matching/scoring.h"

/* A level and the rarity of the value that agreed (of the more frequent one where they differ; 0
 * where the level says that the values are different; of both names where they are swapped). */
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
    bool levels_only;          /* how rare what agrees is, is not asked */
};

struct agreement agreement_of(const struct comparing *comparing, enum comparison c,
                              const struct record *a, const struct record *b);

/* What the agreement's frequency adds to the weight of its level. */
float scoring_frequency_bits(const struct scorer *scorer, enum model_kind kind, enum comparison c,
                             struct agreement found);
/* The most that a comparison can add to a record with a value so rare when the other record has
 * another value; what a city adds is not in it. */
float scoring_fuzzy_most(const struct scorer *scorer, enum model_kind kind, enum comparison c,
                         float bits);
/* Joins "random or related" into one alternative: see model.h. */
float scoring_with_related(const struct scorer *scorer, enum model_kind kind, const uint8_t *level,
                           float log_odds);
enum { SCORING_FUZZY_MAX = 3 };
#define SCORING_CITY_TYPICAL 6.6f

/* How rare the value is. */
static inline float agreement_bits(const struct scorer *scorer, enum slot slot, uint32_t reference)
{
    const struct rarities *rarities = scorer->rarities;
    if (rarities && reference < rarities->count[slot]) return rarities->slot[slot][reference];
    if (rarities && rarities->ask && !(reference & VALUES_LIST))
        return rarities->ask(rarities->ask_context, slot, reference);
    return scoring_default_bits(slot);
}
/* How rare both names of a person are. */
static inline float agreement_bits_of_names(const struct scorer *scorer,
                                            const struct record *record)
{
    return agreement_bits(scorer, SLOT_GIVEN, record->slot[SLOT_GIVEN]) +
           agreement_bits(scorer, SLOT_FAMILY, record->slot[SLOT_FAMILY]);
}
/* Both records have one of the traits of the mask: whether it is the same one. */
struct agreement agreement_of_traits(const struct record *a, const struct record *b, uint32_t mask);

#endif
