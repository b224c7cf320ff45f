/* The scorer's tables, and all the evidence of a pair. See scoring_many.c for how most pairs, which
 * do not match, are scored. */
#include "matching/scoring.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "matching/agreement.h"

struct scoring_memo *scoring_memo_new(void)
{
    return calloc(1, sizeof(struct scoring_memo));
}

void scoring_memo_free(struct scoring_memo *memo)
{
    free(memo);
}

struct scoring_memo *scoring_memos_get(struct scoring_memos *memos, unsigned thread)
{
    if (!memos) return NULL;
    if (!memos->of[thread]) memos->of[thread] = scoring_memo_new();
    return memos->of[thread];
}

void scoring_memos_release(struct scoring_memos *memos)
{
    for (int i = 0; i < PARALLEL_THREADS_MAX; i++) scoring_memo_free(memos->of[i]);
    *memos = (struct scoring_memos){{NULL}};
}

double scoring_probability(double log_odds)
{
    return 1 / (1 + exp2(-log_odds));
}

float scoring_default_bits(enum slot slot)
{
    static const float bits[SLOT_COUNT] = {
        [SLOT_GIVEN] = 9,         [SLOT_FAMILY] = 12,  [SLOT_OTHER_NAMES] = 10,
        [SLOT_ORGANISATION] = 16, [SLOT_DATE] = 14.5f, [SLOT_EMAIL] = 22,
        [SLOT_PHONE] = 22,        [SLOT_WEBSITE] = 16, [SLOT_STREET] = 16,
        [SLOT_POSTCODE] = 12,     [SLOT_CITY] = 8,     [SLOT_REGION] = 4,
        [SLOT_IDENTIFIER] = 24,   [SLOT_PLACE] = 8,    [SLOT_OCCUPATION] = 6,
    };
    return bits[slot];
}

/* ------------------------------------------------------------------ tables */

static float safe_log2(double x)
{
    return (float)log2(x < 1e-12 ? 1e-12 : x);
}

static bool has_frequencies(enum comparison c)
{
    return c != COMPARISON_GENDER && c != COMPARISON_GENERATION;
}

/* Levels that still say the value is the same, so that its frequency matters. */
static bool is_disagreement(const struct scorer *scorer, enum comparison c, int level)
{
    return level == scorer->last_level[c] && c != COMPARISON_GIVEN_NAME;
}

/* Half of what an exact agreement would be adjusted by, within bounds. */
static float fuzzy_bits(float above)
{
    above *= 0.5f;
    return above > SCORING_FUZZY_MAX ? SCORING_FUZZY_MAX : above < -4 ? -4 : above;
}

/* The levels that are adjusted so. */
static bool is_fuzzy(const struct scorer *scorer, enum comparison c, int level)
{
    if (level <= LEVEL_EXACT || !has_frequencies(c) || is_disagreement(scorer, c, level))
        return false;
    if (c == COMPARISON_LOCALITY) return false;
    if (c == COMPARISON_GIVEN_NAME && level >= GIVEN_INITIAL) return false;
    if (c == COMPARISON_ORGANISATION && level == ORGANISATION_WEAK) return false;
    if (c == COMPARISON_IDENTIFIER && level == IDENTIFIER_SERIES) return false;
    return c != COMPARISON_STREET && c != COMPARISON_BIRTH_DATE && c != COMPARISON_EMAIL;
}

/* Swapped names are left out: they show in the numbers, and scoring_many.c adds what they say. A
 * part of a family name may be another name of the other record, and as rare as that is. A city
 * adds its own frequency: that is for who knows the city. */
static void note_most(struct scorer *scorer, enum model_kind kind, enum comparison c, int level)
{
    float weight = scorer->weight[kind][c][level];
    float *most =
        scorer->is_fuzzy[c][level] ? &scorer->most_scaled[kind][c] : &scorer->most_fixed[kind][c];
    if (c == COMPARISON_GIVEN_NAME && level == GIVEN_SWAPPED) return;
    if (level == LEVEL_EXACT || (c == COMPARISON_LOCALITY && level == LOCALITY_CITY)) return;
    if (c == COMPARISON_FAMILY_NAME && level == FAMILY_PART) {
        most = &scorer->most_fixed[kind][c];
        weight += SCORING_FUZZY_MAX;
    }
    if (weight > *most) *most = weight;
}

static void init_comparison(struct scorer *scorer, enum model_kind kind, enum comparison c)
{
    const struct model *model = scorer->model[kind];
    scorer->typical[kind][c] = -safe_log2(model->random.level[c][LEVEL_EXACT]);
    scorer->most_fixed[kind][c] = scorer->most_scaled[kind][c] = -1e3f;
    for (int level = 1; level < comparison_level_count(c); level++) {
        double m = model->match.level[c][level], u = model->random.level[c][level];
        scorer->match_bits[kind][c][level] = safe_log2(m);
        scorer->weight[kind][c][level] = safe_log2(m) - safe_log2(u);
        note_most(scorer, kind, c, level);
        for (int r = 0; r < model->related_count; r++)
            scorer->related[kind][r][c][level] =
                safe_log2(m) - safe_log2(model->related[r].level[c][level]);
    }
}

/* Names that are swapped say no more than the same names in their places. */
static void hold_swapped(struct scorer *scorer, enum model_kind kind)
{
    float *swapped = &scorer->weight[kind][COMPARISON_GIVEN_NAME][GIVEN_SWAPPED];
    float both = scorer->weight[kind][COMPARISON_GIVEN_NAME][LEVEL_EXACT] +
                 scorer->weight[kind][COMPARISON_FAMILY_NAME][LEVEL_EXACT];
    if (model_uses(kind, COMPARISON_FAMILY_NAME) && *swapped > both) *swapped = both;
}

static void init_levels(struct scorer *scorer)
{
    for (int c = 0; c < COMPARISON_COUNT; c++) {
        scorer->last_level[c] = comparison_level_count((enum comparison)c) - 1;
        for (int level = 0; level < LEVEL_MAX; level++)
            scorer->is_fuzzy[c][level] = is_fuzzy(scorer, (enum comparison)c, level);
    }
}

/* Whether any value of the comparison exists: what no record has need not be looked at. */
static bool is_present(const struct values *values, enum comparison c)
{
    enum slot slot = comparison_slot(c);
    if (slot == SLOT_TRAITS || !values) return true;
    if (c == COMPARISON_LOCALITY)
        return values->domain[DOMAIN_POSTCODE].count || values->domain[DOMAIN_CITY].count ||
               values->domain[DOMAIN_REGION].count;
    return values->domain[record_slot_domain[slot]].count > 0;
}

/* Cheap and decisive comparisons first. */
static void init_order(struct scorer *scorer, enum model_kind kind)
{
    static const enum comparison order[] = {
        COMPARISON_GENDER,     COMPARISON_GENERATION,   COMPARISON_BIRTH_DATE,
        COMPARISON_IDENTIFIER, COMPARISON_LOCALITY,     COMPARISON_PHONE,
        COMPARISON_STREET,     COMPARISON_FAMILY_NAME,  COMPARISON_GIVEN_NAME,
        COMPARISON_WEBSITE,    COMPARISON_OCCUPATION,   COMPARISON_PLACE,
        COMPARISON_EMAIL,      COMPARISON_ORGANISATION,
    };
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (model_uses(kind, order[i]) && is_present(scorer->values, order[i])) {
            scorer->order[kind][scorer->order_count[kind]++] = (uint8_t)order[i];
            scorer->uses[kind] |= UINT32_C(1) << order[i];
        }
}

void scoring_init(struct scorer *scorer, const struct values *values,
                  const struct rarities *rarities, const struct model_set *models,
                  const double match_rate[MODEL_KIND_COUNT])
{
    memset(scorer, 0, sizeof *scorer);
    scorer->values = values;
    scorer->rarities = rarities;
    init_levels(scorer);
    for (int kind = 0; kind < MODEL_KIND_COUNT; kind++) {
        scorer->model[kind] = &models->kind[kind];
        scorer->prior[kind] = safe_log2(match_rate[kind] / (1 - match_rate[kind]));
        for (int r = 0; r < models->kind[kind].related_count; r++)
            scorer->related_prior[kind][r] = safe_log2(models->kind[kind].related_ratio[r]);
        for (int c = 0; c < COMPARISON_COUNT; c++)
            if (model_uses((enum model_kind)kind, (enum comparison)c))
                init_comparison(scorer, (enum model_kind)kind, (enum comparison)c);
        hold_swapped(scorer, (enum model_kind)kind);
        init_order(scorer, (enum model_kind)kind);
    }
}

/* ------------------------------------------------------------------ weights */

/* What the value's frequency adds to the weight of the level. */
float scoring_frequency_bits(const struct scorer *scorer, enum model_kind kind, enum comparison c,
                             struct agreement found)
{
    if (!has_frequencies(c) || found.level == LEVEL_MISSING) return 0;
    float above = found.bits - scorer->typical[kind][c];
    if (found.level == LEVEL_EXACT) return above;
    if (c == COMPARISON_GIVEN_NAME && found.level == GIVEN_SWAPPED)
        return above - scorer->typical[kind][COMPARISON_FAMILY_NAME];
    if (c == COMPARISON_LOCALITY)
        return found.level == LOCALITY_CITY ? found.bits - SCORING_CITY_TYPICAL : 0;
    return scorer->is_fuzzy[c][found.level] ? fuzzy_bits(above) : 0;
}

/* The most that a comparison can add to a record with this value when the other has another. */
float scoring_fuzzy_most(const struct scorer *scorer, enum model_kind kind, enum comparison c,
                         float bits)
{
    float scaled = scorer->most_scaled[kind][c] + fuzzy_bits(bits - scorer->typical[kind][c]);
    return scaled > scorer->most_fixed[kind][c] ? scaled : scorer->most_fixed[kind][c];
}

/* log2(2^a + 2^b) */
static float log_sum(float a, float b)
{
    float high = a > b ? a : b, apart = fabsf(a - b);
    return apart > 24 ? high : high + log2f(1 + exp2f(-apart));
}

/* Who has the same given name has the same gender. */
static bool is_told_by_given_name(const uint8_t *level)
{
    return level[COMPARISON_GENDER] == LEVEL_EXACT &&
           level[COMPARISON_GIVEN_NAME] != LEVEL_MISSING &&
           level[COMPARISON_GIVEN_NAME] <= GIVEN_NEAR;
}

/* Joins "random or related" into one alternative: see model.h. */
float scoring_with_related(const struct scorer *scorer, enum model_kind kind, const uint8_t *level,
                           float log_odds)
{
    float against = -log_odds;
    uint32_t said = 0;
    if (!model_tells_related(kind, level)) return log_odds;
    for (int c = 0; c < COMPARISON_COUNT; c++) said |= (level[c] ? UINT32_C(1) : 0) << c;
    for (int r = 0; r < scorer->model[kind]->related_count; r++) {
        if (!model_has_related(kind, r, said)) continue;
        float sum = -scorer->related_prior[kind][r];
        for (int c = 0; c < COMPARISON_COUNT; c++) sum += scorer->related[kind][r][c][level[c]];
        if (is_told_by_given_name(level)) /* of a namesake in the family, no news */
            sum -= scorer->related[kind][r][COMPARISON_GENDER][LEVEL_EXACT];
        against = log_sum(against, -sum);
    }
    return -against;
}

static enum model_kind kind_of(const struct record *record)
{
    return record_is_organisation(record) ? MODEL_ORGANISATION : MODEL_PERSON;
}

bool scoring_evidence(const struct scorer *scorer, struct scoring_memo *memo,
                      const struct record *a, const struct record *b, struct evidence *evidence)
{
    memset(evidence, 0, sizeof *evidence);
    if (kind_of(a) != kind_of(b)) return false;
    enum model_kind kind = evidence->kind = kind_of(a);
    const struct comparing comparing = {.scorer = scorer, .memo = memo};
    float log_odds = evidence->prior = scorer->prior[kind];
    for (int i = 0; i < scorer->order_count[kind]; i++) {
        int c = scorer->order[kind][i];
        struct agreement found = agreement_of(&comparing, (enum comparison)c, a, b);
        evidence->level[c] = (uint8_t)found.level;
        evidence->frequency[c] = scoring_frequency_bits(scorer, kind, (enum comparison)c, found);
        evidence->weight[c] = scorer->weight[kind][c][found.level] + evidence->frequency[c];
        if (found.level == LEVEL_MISSING) evidence->weight[c] = 0;
        log_odds += evidence->weight[c];
    }
    evidence->log_odds = scoring_with_related(scorer, kind, evidence->level, log_odds);
    evidence->related = evidence->log_odds - log_odds;
    return true;
}

bool scoring_levels(const struct scorer *scorer, struct scoring_memo *memo, const struct record *a,
                    const struct record *b, uint8_t level[COMPARISON_COUNT])
{
    enum model_kind kind = kind_of(a);
    const struct comparing comparing = {.scorer = scorer, .memo = memo, .levels_only = true};
    if (kind != kind_of(b)) return false;
    memset(level, 0, COMPARISON_COUNT);
    for (int i = 0; i < scorer->order_count[kind]; i++) {
        enum comparison c = (enum comparison)scorer->order[kind][i];
        level[c] = (uint8_t)agreement_of(&comparing, c, a, b).level;
    }
    return true;
}

float scoring_against(const struct evidence *evidence)
{
    float against = evidence->related;
    for (int c = 0; c < COMPARISON_COUNT; c++)
        if (evidence->weight[c] < 0) against += evidence->weight[c];
    return against;
}
