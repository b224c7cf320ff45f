#include "matching/agreement.h"

#include <math.h>

/* ------------------------------------------------------------------ levels of values */

typedef int level_function(const struct values *values, uint32_t a, uint32_t b);

/* How the values of a slot are compared. `quick` answers LEVEL_OPEN when texts must be read; where
 * it is the comparison itself, nothing is worth remembering. */
static const struct slot_comparison {
    level_function *quick, *level;
    int different; /* the level that says nothing is common */
} slot_comparisons[SLOT_COUNT] = {
    [SLOT_GIVEN] = {comparison_given_name_quick, comparison_given_name, GIVEN_DIFFERENT},
    [SLOT_FAMILY] = {comparison_family_name_quick, comparison_family_name, FAMILY_DIFFERENT},
    [SLOT_ORGANISATION] = {NULL, NULL, ORGANISATION_DIFFERENT},
    [SLOT_DATE] = {comparison_date, comparison_date, DATE_DIFFERENT},
    [SLOT_EMAIL] = {NULL, comparison_email, EMAIL_DIFFERENT},
    [SLOT_PHONE] = {comparison_phone, comparison_phone, PHONE_DIFFERENT},
    [SLOT_WEBSITE] = {NULL, comparison_website, WEBSITE_DIFFERENT},
    [SLOT_STREET] = {comparison_street_quick, comparison_street, STREET_DIFFERENT},
    [SLOT_POSTCODE] = {comparison_postcode, comparison_postcode, LOCALITY_DIFFERENT},
    [SLOT_CITY] = {comparison_city_quick, comparison_city, LOCALITY_DIFFERENT},
    [SLOT_IDENTIFIER] = {comparison_identifier, comparison_identifier, IDENTIFIER_DIFFERENT},
    [SLOT_PLACE] = {comparison_place_quick, comparison_place, WORDS_DIFFERENT},
    [SLOT_OCCUPATION] = {comparison_occupation_quick, comparison_occupation, WORDS_DIFFERENT},
};

/* Slots are constants where these are called: each comparison becomes code of its own. */
#define INLINE static inline __attribute__((always_inline))

static int whole_level(const struct scorer *scorer, enum slot slot, uint32_t a, uint32_t b)
{
    const struct rarities *rarities = scorer->rarities;
    if (slot == SLOT_ORGANISATION)
        return comparison_organisation(scorer->values, rarities ? rarities->word : NULL, a, b);
    return slot_comparisons[slot].level(scorer->values, a, b);
}

static int remembered_level(const struct comparing *comparing, enum slot slot, uint32_t a,
                            uint32_t b)
{
    struct scoring_memo *memo = comparing->memo;
    if (!memo || (a | b) >> 28) return whole_level(comparing->scorer, slot, a, b);
    uint32_t low = a < b ? a : b, high = a < b ? b : a;
    uint64_t key = ((uint64_t)low << 28 ^ high) << 4 ^ (uint64_t)slot;
    key &= (UINT64_C(1) << 60) - 1;
    uint64_t *entry = &memo->entry[values_mix(key) & (AGREEMENT_MEMO_SIZE - 1)];
    if (*entry >> 4 != key || (*entry & 15) == 0)
        *entry = key << 4 | (uint64_t)(whole_level(comparing->scorer, slot, a, b) & 15);
    return (int)(*entry & 15);
}

INLINE int value_level(const struct comparing *comparing, enum slot slot, uint32_t a, uint32_t b)
{
    const struct slot_comparison *how = &slot_comparisons[slot];
    if (a == b) return LEVEL_EXACT;
    int level = how->quick ? how->quick(comparing->scorer->values, a, b) : LEVEL_OPEN;
    if (level != LEVEL_OPEN || comparing->quick) return level;
    return remembered_level(comparing, slot, a, b);
}

INLINE float common_bits(const struct comparing *comparing, enum slot slot, uint32_t a, uint32_t b,
                         int level)
{
    const struct scorer *scorer = comparing->scorer;
    if (comparing->levels_only || level == slot_comparisons[slot].different) return 0;
    float bits_a = agreement_bits(scorer, slot, a);
    if (a == b) return bits_a;
    float bits_b = agreement_bits(scorer, slot, b);
    return bits_a < bits_b ? bits_a : bits_b;
}

/* The best agreement between any value of the one and any of the other. */
static struct agreement best_agreement(const struct comparing *comparing, enum slot slot,
                                       uint32_t a, uint32_t b)
{
    struct agreement best = {LEVEL_MISSING, 0};
    const uint32_t *in_a, *in_b;
    enum domain domain = record_slot_domain[slot];
    uint32_t count_a = values_members(comparing->scorer->values, domain, &a, &in_a);
    uint32_t count_b = values_members(comparing->scorer->values, domain, &b, &in_b);
    for (uint32_t i = 0; i < count_a; i++) {
        for (uint32_t j = 0; j < count_b; j++) {
            int level = value_level(comparing, slot, in_a[i], in_b[j]);
            if (level == LEVEL_MISSING) continue;
            float bits = common_bits(comparing, slot, in_a[i], in_b[j], level);
            bool better = best.level == LEVEL_MISSING || level < best.level ||
                          (level == best.level && bits > best.bits);
            if (better) best = (struct agreement){level, bits};
        }
    }
    return best;
}

INLINE struct agreement slot_agreement(const struct comparing *comparing, enum slot slot,
                                       const struct record *in_a, const struct record *in_b)
{
    uint32_t a = in_a->slot[slot], b = in_b->slot[slot];
    if (!a || !b) return (struct agreement){LEVEL_MISSING, 0};
    if ((a | b) & VALUES_LIST) {
        if (comparing->quick) return (struct agreement){LEVEL_OPEN, 0};
        return best_agreement(comparing, slot, a, b);
    }
    int level = value_level(comparing, slot, a, b);
    if (level == LEVEL_OPEN) return (struct agreement){LEVEL_OPEN, 0};
    return (struct agreement){level, common_bits(comparing, slot, a, b, level)};
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

static bool is_letter(const struct values *values, uint32_t name)
{
    return !(name & VALUES_LIST) && values_get(values, DOMAIN_NAME, name)->len == 1;
}

/* The family name of one is the given name of the other, and the other way about nearly so, or but
 * for a part of a double name. */
static bool is_swapped(const struct comparing *comparing, const struct record *a,
                       const struct record *b)
{
    uint32_t family = a->slot[SLOT_FAMILY], given = b->slot[SLOT_GIVEN];
    if (!family || !given || a->slot[SLOT_GIVEN] != b->slot[SLOT_FAMILY]) return false;
    struct comparing whole = *comparing;
    whole.quick = false;
    struct record of_a = {.slot = {[SLOT_FAMILY] = family}};
    struct record of_b = {.slot = {[SLOT_FAMILY] = given}};
    int level = slot_agreement(&whole, SLOT_FAMILY, &of_a, &of_b).level;
    if (level == FAMILY_PART)
        return !is_letter(whole.scorer->values, family) && !is_letter(whole.scorer->values, given);
    return level != LEVEL_MISSING && level <= FAMILY_NEAR;
}

/* Then the given names say so, of both names; the family names say nothing more. */
static bool are_swapped(const struct comparing *comparing, const struct record *a,
                        const struct record *b)
{
    struct comparing whole = *comparing;
    whole.quick = false;
    return (is_swapped(&whole, a, b) || is_swapped(&whole, b, a)) &&
           slot_agreement(&whole, SLOT_GIVEN, a, b).level == GIVEN_DIFFERENT;
}

static struct agreement given_agreement(const struct comparing *comparing, const struct record *a,
                                        const struct record *b)
{
    const struct scorer *scorer = comparing->scorer;
    struct agreement found = slot_agreement(comparing, SLOT_GIVEN, a, b);
    if (found.level != GIVEN_DIFFERENT) return found;
    if (is_swapped(comparing, a, b) || is_swapped(comparing, b, a))
        return (struct agreement){GIVEN_SWAPPED, fminf(agreement_bits_of_names(scorer, a),
                                                       agreement_bits_of_names(scorer, b))};
    if (list_has(scorer->values, b->slot[SLOT_OTHER_NAMES], a->slot[SLOT_GIVEN]) ||
        list_has(scorer->values, a->slot[SLOT_OTHER_NAMES], b->slot[SLOT_GIVEN]))
        found.level = GIVEN_SIMILAR;
    return found;
}

static struct agreement family_agreement(const struct comparing *comparing, const struct record *a,
                                         const struct record *b)
{
    const struct scorer *scorer = comparing->scorer;
    uint32_t family_a = a->slot[SLOT_FAMILY], family_b = b->slot[SLOT_FAMILY];
    struct agreement found = slot_agreement(comparing, SLOT_FAMILY, a, b);
    if (found.level != FAMILY_DIFFERENT) return found;
    if (are_swapped(comparing, a, b)) return (struct agreement){LEVEL_MISSING, 0};
    if (list_has(scorer->values, b->slot[SLOT_OTHER_NAMES], family_a))
        return (struct agreement){FAMILY_PART, agreement_bits(scorer, SLOT_FAMILY, family_a)};
    if (list_has(scorer->values, a->slot[SLOT_OTHER_NAMES], family_b))
        return (struct agreement){FAMILY_PART, agreement_bits(scorer, SLOT_FAMILY, family_b)};
    return found;
}

static struct agreement locality_agreement(const struct comparing *comparing,
                                           const struct record *a, const struct record *b)
{
    struct agreement postcode = slot_agreement(comparing, SLOT_POSTCODE, a, b);
    if (postcode.level == LEVEL_OPEN || postcode.level == LEVEL_EXACT ||
        postcode.level == LOCALITY_POSTCODE_NEAR)
        return postcode;
    struct agreement city = slot_agreement(comparing, SLOT_CITY, a, b);
    if (city.level == LEVEL_OPEN) return city;
    if (city.level == LEVEL_EXACT || city.level == LOCALITY_CITY)
        return (struct agreement){LOCALITY_CITY, city.bits};
    if (postcode.level == LOCALITY_AREA || city.level == LOCALITY_AREA)
        return (struct agreement){LOCALITY_AREA, 8};
    uint32_t region_a = a->slot[SLOT_REGION], region_b = b->slot[SLOT_REGION];
    if (region_a && region_a == region_b)
        return (struct agreement){LOCALITY_REGION,
                                  agreement_bits(comparing->scorer, SLOT_REGION, region_a)};
    bool known = postcode.level || city.level || (region_a && region_b);
    return (struct agreement){known ? LOCALITY_DIFFERENT : LEVEL_MISSING, 0};
}

struct agreement agreement_of_traits(const struct record *a, const struct record *b, uint32_t mask)
{
    uint32_t in_a = a->slot[SLOT_TRAITS] & mask, in_b = b->slot[SLOT_TRAITS] & mask;
    if (!in_a || !in_b) return (struct agreement){LEVEL_MISSING, 0};
    return (struct agreement){in_a & in_b ? LEVEL_EXACT : PLAIN_DIFFERENT, 1};
}

struct agreement agreement_of(const struct comparing *comparing, enum comparison c,
                              const struct record *a, const struct record *b)
{
    switch (c) {
    case COMPARISON_GIVEN_NAME:
        return given_agreement(comparing, a, b);
    case COMPARISON_FAMILY_NAME:
        return family_agreement(comparing, a, b);
    case COMPARISON_LOCALITY:
        return locality_agreement(comparing, a, b);
    case COMPARISON_GENDER:
        return agreement_of_traits(a, b, TRAIT_GENDER);
    case COMPARISON_GENERATION:
        return agreement_of_traits(a, b, TRAIT_GENERATION);
    case COMPARISON_ORGANISATION:
        return slot_agreement(comparing, SLOT_ORGANISATION, a, b);
    case COMPARISON_BIRTH_DATE:
        return slot_agreement(comparing, SLOT_DATE, a, b);
    case COMPARISON_EMAIL:
        return slot_agreement(comparing, SLOT_EMAIL, a, b);
    case COMPARISON_PHONE:
        return slot_agreement(comparing, SLOT_PHONE, a, b);
    case COMPARISON_WEBSITE:
        return slot_agreement(comparing, SLOT_WEBSITE, a, b);
    case COMPARISON_STREET:
        return slot_agreement(comparing, SLOT_STREET, a, b);
    case COMPARISON_IDENTIFIER:
        return slot_agreement(comparing, SLOT_IDENTIFIER, a, b);
    case COMPARISON_PLACE:
        return slot_agreement(comparing, SLOT_PLACE, a, b);
    case COMPARISON_OCCUPATION:
        return slot_agreement(comparing, SLOT_OCCUPATION, a, b);
    case COMPARISON_COUNT:
        break;
    }
    return (struct agreement){LEVEL_MISSING, 0};
}
