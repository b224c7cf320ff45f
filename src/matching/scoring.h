/* Scoring: two records to the log-odds (base 2) that they are the same customer, and the evidence
 * comparison by comparison.
 *
 * The weight of a level is log2(m / u). For an exact agreement u is how frequent the very value is
 * (term-frequency adjustment: two Smiths say less than two Featherstonehaughs); fuzzy levels are
 * adjusted by half of that. The related classes of the model bound what agreement in address,
 * phone and name can prove together.
 */
#ifndef MATCHING_SCORING_H
#define MATCHING_SCORING_H

#include "matching/model.h"
#include "matching/parallel.h"

/* How rare a value is: -log2 of its frequency, by slot and number. */
struct rarities {
    float *slot[SLOT_COUNT];
    uint32_t count[SLOT_COUNT]; /* numbers known; others are asked for, */
    float (*ask)(const void *context, enum slot slot, uint32_t number);
    const void *ask_context; /* or, where nobody is to be asked, as rare as their slot's default */
    float *word;             /* of organisations' names */
    uint32_t word_count;
    bool learned; /* false: only the defaults */
};

/* Bits of a value nobody has counted. */
float scoring_default_bits(enum slot slot);

struct scorer {
    const struct values *values;
    const struct rarities *rarities;
    const struct model *model[MODEL_KIND_COUNT];
    float prior[MODEL_KIND_COUNT]; /* log2 of the odds that two random records match */
    float match_bits[MODEL_KIND_COUNT][COMPARISON_COUNT][LEVEL_MAX]; /* log2 m */
    float weight[MODEL_KIND_COUNT][COMPARISON_COUNT][LEVEL_MAX];     /* log2 m/u */
    /* Most that a level but the exact one gives: as it stands, or with the value's frequency. */
    float most_fixed[MODEL_KIND_COUNT][COMPARISON_COUNT];
    float most_scaled[MODEL_KIND_COUNT][COMPARISON_COUNT];
    bool is_fuzzy[COMPARISON_COUNT][LEVEL_MAX];        /* adjusted by half of the frequency */
    float typical[MODEL_KIND_COUNT][COMPARISON_COUNT]; /* -log2 u(exact) */
    float related[MODEL_KIND_COUNT][MODEL_RELATED_MAX][COMPARISON_COUNT][LEVEL_MAX];
    uint8_t order[MODEL_KIND_COUNT][COMPARISON_COUNT]; /* comparisons made, in this order */
    int order_count[MODEL_KIND_COUNT];
    uint32_t uses[MODEL_KIND_COUNT]; /* the same as bits */
    int last_level[COMPARISON_COUNT];
    float related_prior[MODEL_KIND_COUNT][MODEL_RELATED_MAX]; /* log2 of the ratio */
};

/* What a pair came to, for explanations and training. */
struct evidence {
    enum model_kind kind;
    uint8_t level[COMPARISON_COUNT];
    float weight[COMPARISON_COUNT];    /* of the level, frequency included */
    float frequency[COMPARISON_COUNT]; /* the part of it that is the value's frequency */
    float prior, related, log_odds;    /* related: what relatedness takes away, <= 0 */
};

/* Remembers levels of pairs of values; one per thread. A cache only: results do not depend on it.
 */
struct scoring_memo;
struct scoring_memo *scoring_memo_new(void);
void scoring_memo_free(struct scoring_memo *memo);

/* One per thread, for one step after the other: what training has compared, the sweep knows. */
struct scoring_memos {
    struct scoring_memo *of[PARALLEL_THREADS_MAX];
};
/* Made at the thread's first call; NULL when there is no memory or nothing is to be remembered
 * (memos is NULL), which only costs time. */
struct scoring_memo *scoring_memos_get(struct scoring_memos *memos, unsigned thread);
void scoring_memos_release(struct scoring_memos *memos);

/* `values` may be NULL in a scorer that others are copied from: it expects any comparison. */
void scoring_init(struct scorer *scorer, const struct values *values,
                  const struct rarities *rarities, const struct model_set *models,
                  const double match_rate[MODEL_KIND_COUNT]);

#define SCORING_REJECTED (-1e30f)

/* The log-odds, or SCORING_REJECTED as soon as they are sure to be below `floor`. Records of
 * different kinds are always rejected. */
float scoring_score(const struct scorer *scorer, struct scoring_memo *memo, const struct record *a,
                    const struct record *b, float floor);
/* The same of each pair, into log_odds. Faster where pairs with the same `a` stand together. */
struct scoring_pair {
    uint32_t a, b;
};
void scoring_score_many(const struct scorer *scorer, struct scoring_memo *memo,
                        const struct record *records, const struct scoring_pair *pairs,
                        size_t count, float floor, float *log_odds);
/* To be called some time before the record is the `a` of pairs. */
void scoring_prefetch(const struct scorer *scorer, const struct record *record);
/* Everything about the pair, nothing cut short. False when the records are of different kinds. */
bool scoring_evidence(const struct scorer *scorer, struct scoring_memo *memo,
                      const struct record *a, const struct record *b, struct evidence *evidence);

/* The levels alone: of the evidence, what it costs least to know. */
bool scoring_levels(const struct scorer *scorer, struct scoring_memo *memo, const struct record *a,
                    const struct record *b, uint8_t level[COMPARISON_COUNT]);

/* What disagrees, <= 0: weights below 0, and what relatedness takes away; the prior is not in it.
 */
float scoring_against(const struct evidence *evidence);

/* 1 / (1 + 2^-log_odds) */
double scoring_probability(double log_odds);

#endif
