/* Two passes over the comparisons: first what integer equality tells, with the most that the rest
 * could add; only where that may still reach the floor are strings looked at. */
#include "matching/scoring.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MEMO_SIZE = 1 << 16 };

struct scoring_memo {
    uint64_t entry[MEMO_SIZE]; /* key << 4 | level */
};

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
    if (slot == SLOT_TRAITS) return true;
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

static float bits_of(const struct scorer *scorer, enum slot slot, uint32_t reference)
{
    const struct rarities *rarities = scorer->rarities;
    if (rarities && reference < rarities->count[slot]) return rarities->slot[slot][reference];
    return scoring_default_bits(slot);
}

/* comparison_slot() as a table of this file, for the inner loop. */
static const enum slot comparison_slots[COMPARISON_COUNT] = {
    SLOT_GIVEN,  SLOT_FAMILY,  SLOT_ORGANISATION, SLOT_DATE,       SLOT_EMAIL,
    SLOT_PHONE,  SLOT_WEBSITE, SLOT_STREET,       SLOT_POSTCODE,   SLOT_IDENTIFIER,
    SLOT_TRAITS, SLOT_TRAITS,  SLOT_PLACE,        SLOT_OCCUPATION,
};

/* ------------------------------------------------------------------ levels of values */

/* A level and the rarity of the value that agreed (of the more frequent one where they differ). */
struct agreement {
    int level;
    float bits;
};

typedef int level_function(const struct scorer *scorer, uint32_t a, uint32_t b);

static int given_level(const struct scorer *s, uint32_t a, uint32_t b)
{
    return comparison_given_name(s->values, a, b);
}
static int family_level(const struct scorer *s, uint32_t a, uint32_t b)
{
    return comparison_family_name(s->values, a, b);
}
static int organisation_level(const struct scorer *s, uint32_t a, uint32_t b)
{
    return comparison_organisation(s->values, s->rarities ? s->rarities->word : NULL, a, b);
}
static int date_level(const struct scorer *s, uint32_t a, uint32_t b)
{
    return comparison_date(s->values, a, b);
}
static int email_level(const struct scorer *s, uint32_t a, uint32_t b)
{
    return comparison_email(s->values, a, b);
}
static int phone_level(const struct scorer *s, uint32_t a, uint32_t b)
{
    return comparison_phone(s->values, a, b);
}
static int website_level(const struct scorer *s, uint32_t a, uint32_t b)
{
    return comparison_website(s->values, a, b);
}
static int street_level(const struct scorer *s, uint32_t a, uint32_t b)
{
    return comparison_street(s->values, a, b);
}
static int postcode_level(const struct scorer *s, uint32_t a, uint32_t b)
{
    return comparison_postcode(s->values, a, b);
}
static int city_level(const struct scorer *s, uint32_t a, uint32_t b)
{
    return comparison_city(s->values, a, b);
}
static int identifier_level(const struct scorer *s, uint32_t a, uint32_t b)
{
    return comparison_identifier(s->values, a, b);
}
static int place_level(const struct scorer *s, uint32_t a, uint32_t b)
{
    return comparison_words(s->values, DOMAIN_PLACE, a, b);
}
static int occupation_level(const struct scorer *s, uint32_t a, uint32_t b)
{
    return comparison_words(s->values, DOMAIN_OCCUPATION, a, b);
}

/* How the values of a slot are compared; memo says whether it is worth remembering. */
static const struct slot_comparison {
    level_function *level;
    bool memo;
} slot_comparisons[SLOT_COUNT] = {
    [SLOT_GIVEN] = {given_level, true},
    [SLOT_FAMILY] = {family_level, true},
    [SLOT_ORGANISATION] = {organisation_level, true},
    [SLOT_DATE] = {date_level, false},
    [SLOT_EMAIL] = {email_level, true},
    [SLOT_PHONE] = {phone_level, false},
    [SLOT_WEBSITE] = {website_level, true},
    [SLOT_STREET] = {street_level, true},
    [SLOT_POSTCODE] = {postcode_level, false},
    [SLOT_CITY] = {city_level, true},
    [SLOT_IDENTIFIER] = {identifier_level, false},
    [SLOT_PLACE] = {place_level, true},
    [SLOT_OCCUPATION] = {occupation_level, true},
};

static int value_level(const struct scorer *scorer, struct scoring_memo *memo, enum slot slot,
                       uint32_t a, uint32_t b)
{
    const struct slot_comparison *how = &slot_comparisons[slot];
    if (a == b) return LEVEL_EXACT;
    if (!how->memo || !memo) return how->level(scorer, a, b);
    if (a > b) {
        uint32_t swap = a;
        a = b;
        b = swap;
    }
    uint64_t key = ((uint64_t)a << 28 ^ b) << 4 ^ (uint64_t)slot;
    key &= (UINT64_C(1) << 60) - 1;
    if (a >> 28 || b >> 28) return how->level(scorer, a, b);
    uint64_t *entry = &memo->entry[values_mix(key) & (MEMO_SIZE - 1)];
    if (*entry >> 4 != key || (*entry & 15) == 0)
        *entry = key << 4 | (uint64_t)(how->level(scorer, a, b) & 15);
    return (int)(*entry & 15);
}

static float fewer_bits(const struct scorer *scorer, enum slot slot, uint32_t a, uint32_t b)
{
    float bits_a = bits_of(scorer, slot, a), bits_b = bits_of(scorer, slot, b);
    return bits_a < bits_b ? bits_a : bits_b;
}

/* The best agreement between any value of the one and any of the other. */
static struct agreement slot_agreement(const struct scorer *scorer, struct scoring_memo *memo,
                                       enum slot slot, uint32_t a, uint32_t b)
{
    struct agreement best = {LEVEL_MISSING, 0};
    if (!a || !b) return best;
    if (!((a | b) & VALUES_LIST)) {
        best.level = value_level(scorer, memo, slot, a, b);
        best.bits = a == b ? bits_of(scorer, slot, a) : fewer_bits(scorer, slot, a, b);
        return best;
    }
    const uint32_t *in_a, *in_b;
    enum domain domain = record_slot_domain[slot];
    uint32_t count_a = values_members(scorer->values, domain, &a, &in_a);
    uint32_t count_b = values_members(scorer->values, domain, &b, &in_b);
    for (uint32_t i = 0; i < count_a; i++) {
        for (uint32_t j = 0; j < count_b; j++) {
            int level = value_level(scorer, memo, slot, in_a[i], in_b[j]);
            float bits = fewer_bits(scorer, slot, in_a[i], in_b[j]);
            if (level == LEVEL_MISSING) continue;
            bool better = best.level == LEVEL_MISSING || level < best.level ||
                          (level == best.level && bits > best.bits);
            if (better) best = (struct agreement){level, bits};
        }
    }
    return best;
}

static bool list_has(const struct values *values, uint32_t list, uint32_t name)
{
    const uint32_t *members;
    uint32_t count = values_members(values, DOMAIN_NAME, &list, &members);
    for (uint32_t i = 0; i < count; i++)
        if (members[i] == name) return true;
    return false;
}

/* ------------------------------------------------------------------ levels of records */

static bool is_near_family(const struct scorer *scorer, struct scoring_memo *memo, uint32_t a,
                           uint32_t b)
{
    int level = slot_agreement(scorer, memo, SLOT_FAMILY, a, b).level;
    return level != LEVEL_MISSING && level <= FAMILY_NEAR;
}

static struct agreement given_agreement(const struct scorer *scorer, struct scoring_memo *memo,
                                        const struct record *a, const struct record *b)
{
    uint32_t given_a = a->slot[SLOT_GIVEN], given_b = b->slot[SLOT_GIVEN];
    struct agreement found = slot_agreement(scorer, memo, SLOT_GIVEN, given_a, given_b);
    if (found.level != GIVEN_DIFFERENT) return found;
    uint32_t family_a = a->slot[SLOT_FAMILY], family_b = b->slot[SLOT_FAMILY];
    if (given_a == family_b && is_near_family(scorer, memo, family_a, given_b))
        return (struct agreement){GIVEN_SWAPPED, bits_of(scorer, SLOT_FAMILY, family_b)};
    if (given_b == family_a && is_near_family(scorer, memo, family_b, given_a))
        return (struct agreement){GIVEN_SWAPPED, bits_of(scorer, SLOT_FAMILY, family_a)};
    if (list_has(scorer->values, b->slot[SLOT_OTHER_NAMES], given_a) ||
        list_has(scorer->values, a->slot[SLOT_OTHER_NAMES], given_b))
        found.level = GIVEN_SIMILAR;
    return found;
}

static struct agreement family_agreement(const struct scorer *scorer, struct scoring_memo *memo,
                                         const struct record *a, const struct record *b)
{
    uint32_t family_a = a->slot[SLOT_FAMILY], family_b = b->slot[SLOT_FAMILY];
    struct agreement found = slot_agreement(scorer, memo, SLOT_FAMILY, family_a, family_b);
    if (found.level != FAMILY_DIFFERENT) return found;
    if (list_has(scorer->values, b->slot[SLOT_OTHER_NAMES], family_a))
        return (struct agreement){FAMILY_PART, bits_of(scorer, SLOT_FAMILY, family_a)};
    if (list_has(scorer->values, a->slot[SLOT_OTHER_NAMES], family_b))
        return (struct agreement){FAMILY_PART, bits_of(scorer, SLOT_FAMILY, family_b)};
    return found;
}

static struct agreement locality_agreement(const struct scorer *scorer, struct scoring_memo *memo,
                                           const struct record *a, const struct record *b)
{
    struct agreement postcode =
        slot_agreement(scorer, memo, SLOT_POSTCODE, a->slot[SLOT_POSTCODE], b->slot[SLOT_POSTCODE]);
    if (postcode.level == LEVEL_EXACT || postcode.level == LOCALITY_POSTCODE_NEAR) return postcode;
    struct agreement city =
        slot_agreement(scorer, memo, SLOT_CITY, a->slot[SLOT_CITY], b->slot[SLOT_CITY]);
    if (city.level == LEVEL_EXACT || city.level == LOCALITY_CITY)
        return (struct agreement){LOCALITY_CITY, city.bits};
    if (postcode.level == LOCALITY_AREA || city.level == LOCALITY_AREA)
        return (struct agreement){LOCALITY_AREA, 8};
    uint32_t region_a = a->slot[SLOT_REGION], region_b = b->slot[SLOT_REGION];
    if (region_a && region_a == region_b)
        return (struct agreement){LOCALITY_REGION, bits_of(scorer, SLOT_REGION, region_a)};
    bool known = postcode.level || city.level || (region_a && region_b);
    return (struct agreement){known ? LOCALITY_DIFFERENT : LEVEL_MISSING, 0};
}

static struct agreement trait_agreement(const struct record *a, const struct record *b,
                                        uint32_t mask)
{
    uint32_t in_a = a->slot[SLOT_TRAITS] & mask, in_b = b->slot[SLOT_TRAITS] & mask;
    if (!in_a || !in_b) return (struct agreement){LEVEL_MISSING, 0};
    return (struct agreement){in_a & in_b ? LEVEL_EXACT : PLAIN_DIFFERENT, 1};
}

static struct agreement agreement_of(const struct scorer *scorer, struct scoring_memo *memo,
                                     enum comparison c, const struct record *a,
                                     const struct record *b)
{
    switch (c) {
    case COMPARISON_GIVEN_NAME:
        return given_agreement(scorer, memo, a, b);
    case COMPARISON_FAMILY_NAME:
        return family_agreement(scorer, memo, a, b);
    case COMPARISON_LOCALITY:
        return locality_agreement(scorer, memo, a, b);
    case COMPARISON_GENDER:
        return trait_agreement(a, b, TRAIT_GENDER);
    case COMPARISON_GENERATION:
        return trait_agreement(a, b, TRAIT_GENERATION);
    default: {
        enum slot slot = comparison_slot(c);
        return slot_agreement(scorer, memo, slot, a->slot[slot], b->slot[slot]);
    }
    }
}

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
    float log_odds = evidence->prior = scorer->prior[kind];
    for (int i = 0; i < scorer->order_count[kind]; i++) {
        int c = scorer->order[kind][i];
        struct agreement found = agreement_of(scorer, memo, (enum comparison)c, a, b);
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

/* Decides the comparison where equality of numbers does; false when strings must be looked at. */
static bool quick_agreement(const struct scorer *scorer, enum comparison c, const struct record *a,
                            const struct record *b, struct agreement *found)
{
    enum slot slot = comparison_slots[c];
    uint32_t in_a = a->slot[slot], in_b = b->slot[slot];
    *found = (struct agreement){LEVEL_MISSING, 0};
    if (slot == SLOT_TRAITS) {
        *found = trait_agreement(a, b, c == COMPARISON_GENDER ? TRAIT_GENDER : TRAIT_GENERATION);
        return true;
    }
    if (in_a != in_b) return (!in_a || !in_b) && c != COMPARISON_LOCALITY;
    if (!in_a) return c != COMPARISON_LOCALITY;
    if (in_a & VALUES_LIST) return false;
    *found = (struct agreement){LEVEL_EXACT, bits_of(scorer, slot, in_a)};
    return true;
}

/* The most that a comparison can add once equality is ruled out (a list may still have an equal
 * member, a city its own frequency). */
static float most_of(const struct scorer *scorer, enum model_kind kind, enum comparison c,
                     const struct record *a, const struct record *b)
{
    enum slot slot = comparison_slots[c];
    float most = scorer->best_fuzzy[kind][c] + (c == COMPARISON_LOCALITY ? 8 : 3);
    if ((a->slot[slot] | b->slot[slot]) & VALUES_LIST) most += 24;
    return most > 0 ? most : 0;
}

float scoring_score(const struct scorer *scorer, struct scoring_memo *memo, const struct record *a,
                    const struct record *b, float floor)
{
    enum model_kind kind = kind_of(a);
    if (kind != kind_of(b)) return SCORING_REJECTED;
    uint8_t level[COMPARISON_COUNT] = {0}, open[COMPARISON_COUNT];
    float most[COMPARISON_COUNT];
    int open_count = 0;
    float log_odds = scorer->prior[kind], hope = 0;
    for (int i = 0; i < scorer->order_count[kind]; i++) {
        enum comparison c = (enum comparison)scorer->order[kind][i];
        struct agreement found;
        if (!quick_agreement(scorer, c, a, b, &found)) {
            open[open_count] = (uint8_t)c;
            most[open_count] = most_of(scorer, kind, c, a, b);
            hope += most[open_count++];
        } else if (found.level) {
            level[c] = (uint8_t)found.level;
            log_odds +=
                scorer->weight[kind][c][found.level] + frequency_bits(scorer, kind, c, found);
        }
    }
    for (int i = 0; i < open_count; i++) {
        if (log_odds + hope < floor) return SCORING_REJECTED;
        enum comparison c = (enum comparison)open[i];
        struct agreement found = agreement_of(scorer, memo, c, a, b);
        hope -= most[i];
        if (!found.level) continue;
        level[c] = (uint8_t)found.level;
        log_odds += scorer->weight[kind][c][found.level] + frequency_bits(scorer, kind, c, found);
    }
    if (log_odds < floor) return SCORING_REJECTED;
    return with_related(scorer, kind, level, log_odds);
}
