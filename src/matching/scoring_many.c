/* Many pairs. Most that share a block do not match, and the sooner that is sure, the better. Three
 * passes: what equality of numbers tells, of all slots at once, with the most that the rest could
 * add; what facts kept with the values tell; and texts, only of pairs that may still reach the
 * floor. Each pass asks for the memory that the next will read. */
#include <math.h>
#include <string.h>

#include "matching/agreement.h"

enum {
    TOGETHER = 64, /* pairs in a pass: their memory is on its way at the same time */
    SUBJECTS = 32, /* records that they are of */
    LANES = 4,
    GROUPS = SLOT_COUNT / LANES,
    PLACE_SLOTS = 1 << SLOT_CITY | 1 << SLOT_REGION,
    LOCALITY_SLOTS = 1 << SLOT_POSTCODE | PLACE_SLOTS,
    /* Told without texts, and for most pairs against them: looked at before the names. */
    SOON = 1 << SLOT_DATE | 1 << SLOT_IDENTIFIER | 1 << SLOT_POSTCODE | 1 << SLOT_PHONE,
};

/* Any member of a list may be equal, and any city of several be rare. */
#define LIST_BITS 24.0f
#define CITY_BITS 18.0f

/* Four slots side by side; the compiler knows instructions for it or does without. */
typedef uint32_t numbers __attribute__((vector_size(16), aligned(4), may_alias));
typedef float weights __attribute__((vector_size(16), aligned(4), may_alias));

static numbers numbers_at(const uint32_t *from)
{
    return *(const numbers *)from;
}

static weights weights_at(const float *from)
{
    return *(const weights *)from;
}

static weights masked(weights all, numbers mask)
{
    return (weights)((numbers)all & mask);
}

/* ------------------------------------------------------------------ the one */

/* A record, and slot by slot what its values can be worth. Masks are all ones or 0. */
struct subject {
    const struct record *record;
    enum model_kind kind;
    uint32_t plain[SLOT_COUNT];   /* equal numbers say all that there is to say */
    uint32_t present[SLOT_COUNT]; /* there is something to compare */
    float exact[SLOT_COUNT];      /* what equality adds */
    float most[SLOT_COUNT];       /* the most that anything else can add, */
    float swapped;                /* and more of it when the names may be swapped */
    float gender[TRAIT_GENDER + 1], generation[(TRAIT_GENERATION >> 2) + 1]; /* by the other's */
};

/* A pair while it is compared. Slots are bits. */
struct pair {
    const struct subject *subject;
    const struct record *other;
    float log_odds, hope; /* so far, and the most that the open comparisons can add */
    uint32_t equal, open;
    uint8_t level[COMPARISON_COUNT];
    uint32_t index;
};

static enum model_kind kind_of(const struct record *record)
{
    return record_is_organisation(record) ? MODEL_ORGANISATION : MODEL_PERSON;
}

static enum comparison comparison_of(unsigned slot)
{
    static const enum comparison comparisons[SLOT_COUNT] = {
        [SLOT_GIVEN] = COMPARISON_GIVEN_NAME,
        [SLOT_FAMILY] = COMPARISON_FAMILY_NAME,
        [SLOT_ORGANISATION] = COMPARISON_ORGANISATION,
        [SLOT_DATE] = COMPARISON_BIRTH_DATE,
        [SLOT_EMAIL] = COMPARISON_EMAIL,
        [SLOT_PHONE] = COMPARISON_PHONE,
        [SLOT_WEBSITE] = COMPARISON_WEBSITE,
        [SLOT_STREET] = COMPARISON_STREET,
        [SLOT_POSTCODE] = COMPARISON_LOCALITY,
        [SLOT_IDENTIFIER] = COMPARISON_IDENTIFIER,
        [SLOT_PLACE] = COMPARISON_PLACE,
        [SLOT_OCCUPATION] = COMPARISON_OCCUPATION,
    };
    return comparisons[slot];
}

static float most_of_locality(const struct scorer *scorer, const struct subject *subject)
{
    uint32_t city = subject->record->slot[SLOT_CITY];
    float most = scorer->most_fixed[subject->kind][COMPARISON_LOCALITY];
    float bits = city & VALUES_LIST ? CITY_BITS : agreement_bits(scorer, SLOT_CITY, city);
    float of_city = scorer->weight[subject->kind][COMPARISON_LOCALITY][LOCALITY_CITY] + bits -
                    SCORING_CITY_TYPICAL;
    return city && of_city > most ? of_city : most;
}

/* The most that the comparison can add once equal numbers are ruled out. Numbers of different types
 * say nothing; words in another order are the same name. */
static float most_of(const struct scorer *scorer, const struct subject *subject, enum slot slot,
                     uint32_t reference)
{
    enum comparison c = comparison_of(slot);
    if (slot == SLOT_POSTCODE)
        return most_of_locality(scorer, subject) + (reference & VALUES_LIST ? LIST_BITS : 0);
    if (reference & VALUES_LIST)
        return scoring_fuzzy_most(scorer, subject->kind, c, LIST_BITS) + LIST_BITS;
    float most =
        scoring_fuzzy_most(scorer, subject->kind, c, agreement_bits(scorer, slot, reference));
    if (slot == SLOT_ORGANISATION && subject->exact[slot] > most) return subject->exact[slot];
    return slot == SLOT_IDENTIFIER && most < 0 ? 0 : most;
}

static void subject_init_slot(const struct scorer *scorer, enum comparison c,
                              struct subject *subject)
{
    enum slot slot = comparison_slot(c);
    uint32_t reference = subject->record->slot[slot];
    subject->present[slot] = reference ? UINT32_MAX : 0;
    if (reference && !(reference & VALUES_LIST)) {
        struct agreement same = {LEVEL_EXACT, agreement_bits(scorer, slot, reference)};
        subject->plain[slot] = UINT32_MAX;
        subject->exact[slot] = scorer->weight[subject->kind][c][LEVEL_EXACT] +
                               scoring_frequency_bits(scorer, subject->kind, c, same);
    }
    if (reference || c == COMPARISON_LOCALITY)
        subject->most[slot] = most_of(scorer, subject, slot, reference);
    if (c != COMPARISON_LOCALITY) return;
    subject->present[SLOT_CITY] = subject->record->slot[SLOT_CITY] ? UINT32_MAX : 0;
    subject->present[SLOT_REGION] = subject->record->slot[SLOT_REGION] ? UINT32_MAX : 0;
}

/* What is added to the most that the names can add when they may be swapped. Of the two orders the
 * one counts in which they are less rare, so this one at the most; the family names say nothing
 * then. */
static float most_more_of_swapped(const struct scorer *scorer, const struct subject *subject)
{
    struct agreement found = {GIVEN_SWAPPED, agreement_bits_of_names(scorer, subject->record)};
    float swapped = scorer->weight[subject->kind][COMPARISON_GIVEN_NAME][GIVEN_SWAPPED] +
                    scoring_frequency_bits(scorer, subject->kind, COMPARISON_GIVEN_NAME, found);
    return fmaxf(swapped - subject->most[SLOT_GIVEN], 0) + fmaxf(-subject->most[SLOT_FAMILY], 0);
}

static void subject_init_traits(const struct scorer *scorer, enum comparison c, uint32_t mask,
                                unsigned shift, const struct record *record, float *weight)
{
    for (uint32_t other = 1; other <= mask >> shift; other++) {
        const struct record alone = {.slot = {[SLOT_TRAITS] = other << shift}};
        int level = agreement_of_traits(record, &alone, mask).level;
        if (level) weight[other] = scorer->weight[kind_of(record)][c][level];
    }
}

static void subject_init(const struct scorer *scorer, const struct record *record,
                         struct subject *subject)
{
    *subject = (struct subject){.record = record, .kind = kind_of(record)};
    for (int i = 0; i < scorer->order_count[subject->kind]; i++) {
        enum comparison c = (enum comparison)scorer->order[subject->kind][i];
        if (c == COMPARISON_GENDER)
            subject_init_traits(scorer, c, TRAIT_GENDER, 0, record, subject->gender);
        else if (c == COMPARISON_GENERATION)
            subject_init_traits(scorer, c, TRAIT_GENERATION, 2, record, subject->generation);
        else
            subject_init_slot(scorer, c, subject);
    }
    if (record->slot[SLOT_GIVEN] && record->slot[SLOT_FAMILY])
        subject->swapped = most_more_of_swapped(scorer, subject);
}

/* ------------------------------------------------------------------ a pair */

static float sum_of(weights w)
{
    return (w[0] + w[1]) + (w[2] + w[3]);
}

static uint32_t bits_of(numbers bits)
{
    return (bits[0] | bits[1]) | (bits[2] | bits[3]);
}

/* Whoever has any of postcode, city and region in common to compare, compares the locality, which
 * stands where the postcode is. */
static void settle_locality(const struct subject *subject, struct pair *pair)
{
    uint32_t postcode = UINT32_C(1) << SLOT_POSTCODE, open = pair->open;
    pair->open &= ~(uint32_t)LOCALITY_SLOTS;
    if (pair->equal & postcode || !(open & LOCALITY_SLOTS)) return;
    pair->open |= postcode;
    if (!(open & postcode)) pair->hope += subject->most[SLOT_POSTCODE];
}

static bool may_be_swapped(const struct record *a, const struct record *b)
{
    return a->slot[SLOT_GIVEN] == b->slot[SLOT_FAMILY] ||
           a->slot[SLOT_FAMILY] == b->slot[SLOT_GIVEN];
}

/* What equality of numbers tells. False when the pair cannot reach the floor any more. */
static bool compare_numbers(const struct scorer *scorer, const struct subject *subject, float floor,
                            struct pair *pair)
{
    static const uint32_t lane_bits[SLOT_COUNT] = {
        1 << 0, 1 << 1, 1 << 2,  1 << 3,  1 << 4,  1 << 5,  1 << 6,  1 << 7,
        1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15};
    const numbers none = {0}, list = none + VALUES_LIST;
    weights exact = {0}, most = {0};
    numbers equal_bits = {0}, open_bits = {0}, list_bits = {0};
    for (int g = 0; g < GROUPS; g++) {
        int at = g * LANES;
        numbers a = numbers_at(&subject->record->slot[at]), b = numbers_at(&pair->other->slot[at]);
        numbers equal = (numbers)(a == b) & numbers_at(&subject->plain[at]);
        numbers open = (numbers)(b != none) & numbers_at(&subject->present[at]) & ~equal;
        exact += masked(weights_at(&subject->exact[at]), equal);
        most += masked(weights_at(&subject->most[at]), open);
        equal_bits |= equal & numbers_at(&lane_bits[at]);
        open_bits |= open & numbers_at(&lane_bits[at]);
        list_bits |= open & (numbers)((b & list) != none) & numbers_at(&lane_bits[at]);
    }
    uint32_t traits = pair->other->slot[SLOT_TRAITS];
    pair->equal = bits_of(equal_bits);
    pair->open = bits_of(open_bits);
    pair->log_odds = scorer->prior[subject->kind] + sum_of(exact) +
                     subject->gender[traits & TRAIT_GENDER] +
                     subject->generation[(traits & TRAIT_GENERATION) >> 2];
    pair->hope = sum_of(most);
    for (uint32_t in = bits_of(list_bits) & ~(uint32_t)PLACE_SLOTS; in; in &= in - 1)
        pair->hope += LIST_BITS;
    settle_locality(subject, pair);
    if (may_be_swapped(subject->record, pair->other)) pair->hope += subject->swapped;
    return pair->log_odds + pair->hope >= floor;
}

static void add_level(const struct scorer *scorer, const struct subject *subject, unsigned slot,
                      struct agreement found, struct pair *pair)
{
    enum comparison c = comparison_of(slot);
    pair->hope -= subject->most[slot];
    if (pair->other->slot[slot] & VALUES_LIST) pair->hope -= LIST_BITS;
    if (!found.level) return;
    pair->level[c] = (uint8_t)found.level;
    pair->log_odds += scorer->weight[subject->kind][c][found.level] +
                      scoring_frequency_bits(scorer, subject->kind, c, found);
}

/* Goes through the comparisons, in quick mode leaving open what it cannot tell. */
static bool compare_slots(const struct comparing *comparing, const struct subject *subject,
                          uint32_t slots, float floor, struct pair *pair)
{
    for (; slots; slots &= slots - 1) {
        unsigned slot = (unsigned)__builtin_ctz(slots);
        struct agreement found =
            agreement_of(comparing, comparison_of(slot), subject->record, pair->other);
        if (found.level == LEVEL_OPEN) continue;
        pair->open &= ~(UINT32_C(1) << slot);
        add_level(comparing->scorer, subject, slot, found, pair);
        if (pair->log_odds + pair->hope < floor) return false;
    }
    return true;
}

static bool compare_open(const struct comparing *comparing, const struct subject *subject,
                         float floor, struct pair *pair)
{
    uint32_t open = pair->open;
    return compare_slots(comparing, subject, open & SOON, floor, pair) &&
           compare_slots(comparing, subject, open & ~(uint32_t)SOON, floor, pair);
}

static float log_odds_of(const struct scorer *scorer, const struct subject *subject,
                         struct pair *pair)
{
    for (uint32_t equal = pair->equal; equal; equal &= equal - 1)
        pair->level[comparison_of((unsigned)__builtin_ctz(equal))] = LEVEL_EXACT;
    if (scorer->uses[subject->kind] & 1U << COMPARISON_GENDER)
        pair->level[COMPARISON_GENDER] =
            (uint8_t)agreement_of_traits(subject->record, pair->other, TRAIT_GENDER).level;
    if (scorer->uses[subject->kind] & 1U << COMPARISON_GENERATION)
        pair->level[COMPARISON_GENERATION] =
            (uint8_t)agreement_of_traits(subject->record, pair->other, TRAIT_GENERATION).level;
    return scoring_with_related(scorer, subject->kind, pair->level, pair->log_odds);
}

/* ------------------------------------------------------------------ many */

static void prefetch_open(const struct scorer *scorer, const struct pair *pair, bool texts)
{
    for (uint32_t open = pair->open; open; open &= open - 1) {
        unsigned slot = (unsigned)__builtin_ctz(open);
        const struct value_domain *domain = &scorer->values->domain[record_slot_domain[slot]];
        uint32_t reference = pair->other->slot[slot];
        if (!reference || reference & VALUES_LIST) continue;
        if (texts)
            __builtin_prefetch(domain->text + domain->values[reference].offset);
        else
            __builtin_prefetch(&domain->values[reference]);
    }
}

static size_t keep_pairs(const struct comparing *comparing, float floor, struct pair *pairs,
                         size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (!compare_open(comparing, pairs[i].subject, floor, &pairs[i])) continue;
        if (comparing->quick) prefetch_open(comparing->scorer, &pairs[i], true);
        if (kept != i) pairs[kept] = pairs[i];
        kept++;
    }
    return kept;
}

/* The passes behind the first. */
static void score_open(const struct scorer *scorer, struct scoring_memo *memo, struct pair *pairs,
                       size_t count, float floor, float *log_odds)
{
    struct comparing comparing = {.scorer = scorer, .memo = memo, .quick = true};
    count = keep_pairs(&comparing, floor, pairs, count);
    comparing.quick = false;
    count = keep_pairs(&comparing, floor, pairs, count);
    for (size_t i = 0; i < count; i++)
        log_odds[pairs[i].index] = log_odds_of(scorer, pairs[i].subject, &pairs[i]);
}

/* As many of the pairs as go together: how many. */
static size_t score_together(const struct scorer *scorer, struct scoring_memo *memo,
                             const struct record *records, const struct scoring_pair *pairs,
                             size_t count, float floor, float *log_odds)
{
    struct subject subjects[SUBJECTS], *subject = NULL;
    struct pair open[TOGETHER];
    size_t kept = 0, i = 0;
    for (; i < count && i < TOGETHER; i++) {
        if (i == 0 || pairs[i].a != pairs[i - 1].a) {
            subject = subject ? subject + 1 : subjects;
            if (subject == subjects + SUBJECTS) break;
            subject_init(scorer, &records[pairs[i].a], subject);
        }
        log_odds[i] = SCORING_REJECTED;
        open[kept] =
            (struct pair){.subject = subject, .other = &records[pairs[i].b], .index = (uint32_t)i};
        if (kind_of(open[kept].other) != subject->kind) continue;
        if (!compare_numbers(scorer, subject, floor, &open[kept])) continue;
        prefetch_open(scorer, &open[kept++], false);
    }
    score_open(scorer, memo, open, kept, floor, log_odds);
    return i;
}

void scoring_score_many(const struct scorer *scorer, struct scoring_memo *memo,
                        const struct record *records, const struct scoring_pair *pairs,
                        size_t count, float floor, float *log_odds)
{
    size_t done = 0;
    while (done < count)
        done += score_together(scorer, memo, records, pairs + done, count - done, floor,
                               log_odds + done);
}

void scoring_prefetch(const struct scorer *scorer, const struct record *record)
{
    const struct rarities *rarities = scorer->rarities;
    for (int slot = 0; slot < SLOT_TRAITS && rarities; slot++) {
        uint32_t reference = record->slot[slot];
        if (reference && reference < rarities->count[slot])
            __builtin_prefetch(&rarities->slot[slot][reference]);
    }
}

float scoring_score(const struct scorer *scorer, struct scoring_memo *memo, const struct record *a,
                    const struct record *b, float floor)
{
    struct subject subject;
    struct pair pair = {.other = b};
    if (kind_of(a) != kind_of(b)) return SCORING_REJECTED;
    subject_init(scorer, a, &subject);
    const struct comparing comparing = {.scorer = scorer, .memo = memo};
    bool reached = compare_numbers(scorer, &subject, floor, &pair) &&
                   compare_open(&comparing, &subject, floor, &pair);
    return reached ? log_odds_of(scorer, &subject, &pair) : SCORING_REJECTED;
}
