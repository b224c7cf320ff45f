/* Three passes over the comparisons: what equality of numbers tells, with the most that the rest
 * could add; what facts kept with the values tell; and texts, only of pairs that may still reach
 * the floor. Of the many that one record is compared with, each pass asks for the memory that the
 * next will read. */
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

static void init_comparison(struct scorer *scorer, enum model_kind kind, enum comparison c)
{
    const struct model *model = scorer->model[kind];
    scorer->typical[kind][c] = -safe_log2(model->random.level[c][LEVEL_EXACT]);
    scorer->best_fuzzy[kind][c] = -1e3f;
    for (int level = 1; level < comparison_level_count(c); level++) {
        double m = model->match.level[c][level], u = model->random.level[c][level];
        scorer->match_bits[kind][c][level] = safe_log2(m);
        scorer->weight[kind][c][level] = safe_log2(m) - safe_log2(u);
        if (level > LEVEL_EXACT && scorer->weight[kind][c][level] > scorer->best_fuzzy[kind][c])
            scorer->best_fuzzy[kind][c] = scorer->weight[kind][c][level];
        for (int r = 0; r < model->related_count; r++)
            scorer->related[kind][r][c][level] =
                safe_log2(m) - safe_log2(model->related[r].level[c][level]);
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
        if (model_uses(kind, order[i]) && is_present(scorer->values, order[i]))
            scorer->order[kind][scorer->order_count[kind]++] = (uint8_t)order[i];
}

void scoring_init(struct scorer *scorer, const struct values *values,
                  const struct rarities *rarities, const struct model_set *models,
                  const double match_rate[MODEL_KIND_COUNT])
{
    memset(scorer, 0, sizeof *scorer);
    scorer->values = values;
    scorer->rarities = rarities;
    for (int kind = 0; kind < MODEL_KIND_COUNT; kind++) {
        scorer->model[kind] = &models->kind[kind];
        scorer->prior[kind] = safe_log2(match_rate[kind] / (1 - match_rate[kind]));
        for (int r = 0; r < models->kind[kind].related_count; r++)
            scorer->related_prior[kind][r] = safe_log2(models->kind[kind].related_ratio[r]);
        for (int c = 0; c < COMPARISON_COUNT; c++)
            if (model_uses((enum model_kind)kind, (enum comparison)c))
                init_comparison(scorer, (enum model_kind)kind, (enum comparison)c);
        init_order(scorer, (enum model_kind)kind);
    }
    for (int c = 0; c < COMPARISON_COUNT; c++)
        scorer->last_level[c] = comparison_level_count((enum comparison)c) - 1;
}

/* comparison_slot() as a table of this file, for the inner loop. */
static const enum slot comparison_slots[COMPARISON_COUNT] = {
    SLOT_GIVEN,  SLOT_FAMILY,  SLOT_ORGANISATION, SLOT_DATE,       SLOT_EMAIL,
    SLOT_PHONE,  SLOT_WEBSITE, SLOT_STREET,       SLOT_POSTCODE,   SLOT_IDENTIFIER,
    SLOT_TRAITS, SLOT_TRAITS,  SLOT_PLACE,        SLOT_OCCUPATION,
};

/* ------------------------------------------------------------------ weights */

static bool has_frequencies(enum comparison c)
{
    return c != COMPARISON_GENDER && c != COMPARISON_GENERATION;
}

/* Levels that still say the value is the same, so that its frequency matters. */
static bool is_disagreement(const struct scorer *scorer, enum comparison c, int level)
{
    return level == scorer->last_level[c] && c != COMPARISON_GIVEN_NAME;
}

/* What the value's frequency adds to the weight of the level. */
static float frequency_bits(const struct scorer *scorer, enum model_kind kind, enum comparison c,
                            struct agreement found)
{
    if (!has_frequencies(c) || found.level == LEVEL_MISSING) return 0;
    float above = found.bits - scorer->typical[kind][c];
    if (found.level == LEVEL_EXACT) return above;
    if (is_disagreement(scorer, c, found.level)) return 0;
    if (c == COMPARISON_LOCALITY) return found.level == LOCALITY_CITY ? found.bits - 6.6f : 0;
    if (c == COMPARISON_GIVEN_NAME && found.level >= GIVEN_INITIAL) return 0;
    if (c == COMPARISON_ORGANISATION && found.level == ORGANISATION_WEAK) return 0;
    if (c == COMPARISON_STREET || c == COMPARISON_BIRTH_DATE || c == COMPARISON_EMAIL) return 0;
    above *= 0.5f;
    return above > 3 ? 3 : above < -4 ? -4 : above;
}

/* log2(2^a + 2^b) */
static float log_sum(float a, float b)
{
    float high = a > b ? a : b, apart = fabsf(a - b);
    return apart > 24 ? high : high + log2f(1 + exp2f(-apart));
}

/* Joins "random or related" into one alternative: see model.h. */
static float with_related(const struct scorer *scorer, enum model_kind kind, const uint8_t *level,
                          float log_odds)
{
    float against = -log_odds;
    if (!model_tells_related(level)) return log_odds;
    for (int r = 0; r < scorer->model[kind]->related_count; r++) {
        float sum = -scorer->related_prior[kind][r];
        for (int c = 0; c < COMPARISON_COUNT; c++) sum += scorer->related[kind][r][c][level[c]];
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
    const struct comparing comparing = {scorer, memo, false};
    float log_odds = evidence->prior = scorer->prior[kind];
    for (int i = 0; i < scorer->order_count[kind]; i++) {
        int c = scorer->order[kind][i];
        struct agreement found = agreement_of(&comparing, (enum comparison)c, a, b);
        evidence->level[c] = (uint8_t)found.level;
        evidence->frequency[c] = frequency_bits(scorer, kind, (enum comparison)c, found);
        evidence->weight[c] = scorer->weight[kind][c][found.level] + evidence->frequency[c];
        if (found.level == LEVEL_MISSING) evidence->weight[c] = 0;
        log_odds += evidence->weight[c];
    }
    evidence->log_odds = with_related(scorer, kind, evidence->level, log_odds);
    evidence->related = evidence->log_odds - log_odds;
    return true;
}

float scoring_against(const struct evidence *evidence)
{
    float against = evidence->related;
    for (int c = 0; c < COMPARISON_COUNT; c++)
        if (evidence->weight[c] < 0) against += evidence->weight[c];
    return against;
}

/* ------------------------------------------------------------------ one against many */

/* A record, and what its values are worth where the other has the very same. */
struct subject {
    const struct record *record;
    enum model_kind kind;
    float exact[COMPARISON_COUNT];
};

/* A pair while it is compared. */
struct pair {
    const struct record *other;
    float log_odds, hope; /* so far, and the most that the open comparisons can add */
    float most[COMPARISON_COUNT];
    uint8_t level[COMPARISON_COUNT], open[COMPARISON_COUNT];
    int open_count;
    uint32_t index;
};

static void subject_init(const struct scorer *scorer, const struct record *record,
                         struct subject *subject)
{
    enum model_kind kind = kind_of(record);
    *subject = (struct subject){.record = record, .kind = kind};
    for (int i = 0; i < scorer->order_count[kind]; i++) {
        enum comparison c = (enum comparison)scorer->order[kind][i];
        enum slot slot = comparison_slots[c];
        uint32_t reference = record->slot[slot];
        if (slot == SLOT_TRAITS || !reference || reference & VALUES_LIST) continue;
        struct agreement same = {LEVEL_EXACT, agreement_bits(scorer, slot, reference)};
        subject->exact[c] =
            scorer->weight[kind][c][LEVEL_EXACT] + frequency_bits(scorer, kind, c, same);
    }
}

/* The most that a comparison can add once equality is ruled out (a list may still have an equal
 * member, a city its own frequency). */
static float most_of(const struct scorer *scorer, enum model_kind kind, enum comparison c,
                     uint32_t references)
{
    float most = scorer->best_fuzzy[kind][c] + (c == COMPARISON_LOCALITY ? 8 : 3);
    if (references & VALUES_LIST) most += 24;
    return most > 0 ? most : 0;
}

static void add_level(const struct scorer *scorer, enum model_kind kind, enum comparison c,
                      struct agreement found, struct pair *pair)
{
    if (!found.level) return;
    pair->level[c] = (uint8_t)found.level;
    pair->log_odds += scorer->weight[kind][c][found.level] + frequency_bits(scorer, kind, c, found);
}

static void leave_open(const struct scorer *scorer, enum model_kind kind, enum comparison c,
                       uint32_t references, struct pair *pair)
{
    float most = most_of(scorer, kind, c, references);
    pair->open[pair->open_count] = (uint8_t)c;
    pair->most[pair->open_count++] = most;
    pair->hope += most;
}

/* What equality of numbers tells. False when the pair cannot reach the floor any more. */
static bool compare_numbers(const struct scorer *scorer, const struct subject *subject, float floor,
                            struct pair *pair)
{
    enum model_kind kind = subject->kind;
    const struct record *a = subject->record, *b = pair->other;
    pair->log_odds = scorer->prior[kind];
    pair->hope = 0;
    pair->open_count = 0;
    memset(pair->level, 0, sizeof pair->level);
    for (int i = 0; i < scorer->order_count[kind]; i++) {
        enum comparison c = (enum comparison)scorer->order[kind][i];
        enum slot slot = comparison_slots[c];
        uint32_t in_a = a->slot[slot], in_b = b->slot[slot];
        if (slot == SLOT_TRAITS) {
            uint32_t mask = c == COMPARISON_GENDER ? TRAIT_GENDER : TRAIT_GENERATION;
            add_level(scorer, kind, c, agreement_of_traits(a, b, mask), pair);
        } else if (in_a == in_b && in_a && !(in_a & VALUES_LIST)) {
            pair->level[c] = LEVEL_EXACT;
            pair->log_odds += subject->exact[c];
        } else if ((in_a && in_b) || c == COMPARISON_LOCALITY) {
            leave_open(scorer, kind, c, in_a | in_b, pair);
        }
    }
    return pair->log_odds + pair->hope >= floor;
}

/* Goes through the open comparisons, in quick mode leaving open what it cannot tell. */
static bool compare_open(const struct comparing *comparing, const struct subject *subject,
                         float floor, struct pair *pair)
{
    int open_count = pair->open_count;
    pair->open_count = 0;
    for (int i = 0; i < open_count; i++) {
        enum comparison c = (enum comparison)pair->open[i];
        if (pair->log_odds + pair->hope < floor) return false;
        struct agreement found = agreement_of(comparing, c, subject->record, pair->other);
        if (found.level == LEVEL_OPEN) {
            pair->open[pair->open_count] = (uint8_t)c;
            pair->most[pair->open_count++] = pair->most[i];
            continue;
        }
        pair->hope -= pair->most[i];
        add_level(comparing->scorer, subject->kind, c, found, pair);
    }
    return pair->log_odds + pair->hope >= floor;
}

static void prefetch_open(const struct scorer *scorer, const struct pair *pair, bool texts)
{
    for (int i = 0; i < pair->open_count; i++) {
        enum slot slot = comparison_slots[pair->open[i]];
        const struct value_domain *domain = &scorer->values->domain[record_slot_domain[slot]];
        uint32_t reference = pair->other->slot[slot];
        if (!reference || reference & VALUES_LIST) continue;
        if (texts)
            __builtin_prefetch(domain->text + domain->values[reference].offset);
        else
            __builtin_prefetch(&domain->values[reference]);
    }
}

enum { TOGETHER = 16 };

static size_t keep_pairs(const struct comparing *comparing, const struct subject *subject,
                         float floor, struct pair *pairs, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (!compare_open(comparing, subject, floor, &pairs[i])) continue;
        if (comparing->quick) prefetch_open(comparing->scorer, &pairs[i], true);
        if (kept != i) pairs[kept] = pairs[i];
        kept++;
    }
    return kept;
}

static void score_together(const struct scorer *scorer, struct scoring_memo *memo,
                           const struct record *records, const struct subject *subject,
                           const uint32_t *others, size_t count, float floor, float *log_odds)
{
    struct pair pairs[TOGETHER];
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        log_odds[i] = SCORING_REJECTED;
        pairs[kept].other = &records[others[i]];
        pairs[kept].index = (uint32_t)i;
        if (kind_of(pairs[kept].other) != subject->kind) continue;
        if (!compare_numbers(scorer, subject, floor, &pairs[kept])) continue;
        prefetch_open(scorer, &pairs[kept++], false);
    }
    struct comparing comparing = {scorer, memo, true};
    kept = keep_pairs(&comparing, subject, floor, pairs, kept);
    comparing.quick = false;
    kept = keep_pairs(&comparing, subject, floor, pairs, kept);
    for (size_t i = 0; i < kept; i++)
        log_odds[pairs[i].index] =
            with_related(scorer, subject->kind, pairs[i].level, pairs[i].log_odds);
}

void scoring_score_many(const struct scorer *scorer, struct scoring_memo *memo,
                        const struct record *records, uint32_t record, const uint32_t *others,
                        size_t count, float floor, float *log_odds)
{
    struct subject subject;
    subject_init(scorer, &records[record], &subject);
    for (size_t i = 0; i < count; i += TOGETHER)
        score_together(scorer, memo, records, &subject, others + i,
                       count - i < TOGETHER ? count - i : TOGETHER, floor, log_odds + i);
}

float scoring_score(const struct scorer *scorer, struct scoring_memo *memo, const struct record *a,
                    const struct record *b, float floor)
{
    struct subject subject;
    struct pair pair = {.other = b};
    if (kind_of(a) != kind_of(b)) return SCORING_REJECTED;
    subject_init(scorer, a, &subject);
    const struct comparing comparing = {scorer, memo, false};
    bool reached = compare_numbers(scorer, &subject, floor, &pair) &&
                   compare_open(&comparing, &subject, floor, &pair);
    return reached ? with_related(scorer, subject.kind, pair.level, pair.log_odds)
                   : SCORING_REJECTED;
}
