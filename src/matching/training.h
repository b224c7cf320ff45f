/* Estimating the model from records without labels, and from labels when there are some.
 *
 * u is counted over random pairs. m comes from expectation-maximisation (Dempster, Laird, Rubin
 * 1977; for linkage: Winkler 1988) over the counts of agreement patterns among pairs that share a
 * key. What a key makes alike is left out of the likelihood for the pairs of that key, so that
 * blocking does not bias the estimate; all keys' pairs share one m. The shipped m stands behind it
 * as a Dirichlet prior, which is what keeps tiny and odd files sane. Only counts of patterns are
 * kept, so the cost does not grow with the number of pairs after they have been counted.
 */
#ifndef MATCHING_TRAINING_H
#define MATCHING_TRAINING_H

#include "matching/blocking.h"

/* A pair of which somebody knows whether it is one customer, by how its values agree. */
struct training_label {
    enum model_kind kind;
    bool match;
    uint8_t level[COMPARISON_COUNT]; /* LEVEL_MISSING: not compared */
};
/* Sets a level by the names that explanations use; false when there is no such one. An
 * organisation's comparison makes the label one of organisations. */
bool training_label_set(struct training_label *label, struct str comparison, struct str level);

struct training_options {
    unsigned threads;
    struct scoring_memos *memos;
    uint32_t random_pairs;       /* per kind */
    uint32_t pairs_per_key_type; /* per kind and key type, about */
    /* They count like pairs that were looked at, but for sure, and for more: a match for m, any
     * other for how frequent pairs are that are related only. */
    const struct training_label *labels;
    size_t label_count;
};

struct training_result {
    double match_rate[MODEL_KIND_COUNT]; /* of all pairs of the kind */
    uint64_t pairs[MODEL_KIND_COUNT];    /* that were looked at */
};

/* Improves the models in place; scorer must have been set up with them. */
enum status training_run(const struct blocking *blocking, const struct scorer *scorer,
                         const struct training_options *options, struct model_set *models,
                         struct training_result *result, struct error *error);

/* Pairs of records of that kind. */
double training_pair_count(const struct blocking *blocking, enum model_kind kind);

#endif
