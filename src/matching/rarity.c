#include "matching/rarity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "matching/lexicon.h"
#include "matching/parallel.h"

/* What is usual in the world: the frequency of a value of which nothing is known, and how many
 * records' worth of weight that has against the file's own count. `people`: count customers. Of the
 * records that have a value `own` are taken to be one customer's: an organisation's name is made to
 * be its own, so a second one is rather the same again. */
static const struct usual {
    double frequency, weight;
    bool people;
    double own; /* 0: 1 */
} usual[SLOT_COUNT] = {
    [SLOT_GIVEN] = {1.0 / 2000, 200, false},
    [SLOT_FAMILY] = {1.0 / 8000, 200, false},
    [SLOT_OTHER_NAMES] = {1.0 / 2000, 200, false},
    [SLOT_ORGANISATION] = {1.0 / 100000, 50, false, 1.8},
    [SLOT_DATE] = {1.0 / 25000, 200, false},
    [SLOT_EMAIL] = {1e-7, 200, true},
    [SLOT_PHONE] = {1e-7, 200, true},
    [SLOT_WEBSITE] = {1e-5, 100, true},
    [SLOT_STREET] = {1.0 / 200000, 200, true},
    [SLOT_POSTCODE] = {1.0 / 8000, 200, false},
    [SLOT_CITY] = {1.0 / 500, 200, false},
    [SLOT_REGION] = {1.0 / 20, 100, false},
    [SLOT_IDENTIFIER] = {1e-8, 200, true},
    [SLOT_PLACE] = {1.0 / 500, 200, false},
    [SLOT_OCCUPATION] = {1.0 / 100, 200, false},
};

enum { WORD_WEIGHT = 100 };

struct learning {
    const struct values *values;
    const struct record *records;
    uint32_t count;
    struct values_budget *budget;
    struct rarities *rarities;
    uint32_t *names; /* of records, roughly */
    bool failed;     /* atomic */
};

enum { RECORDS_PER_TASK = 1 << 14, FEW = 16 };

/* ------------------------------------------------------------------ counting */

static uint32_t count_slot(const struct learning *learning, enum slot slot, uint32_t *counts)
{
    uint32_t filled = 0;
    enum domain domain = record_slot_domain[slot];
    for (uint32_t i = 0; i < learning->count; i++) {
        const uint32_t *members;
        uint32_t found =
            values_members(learning->values, domain, &learning->records[i].slot[slot], &members);
        filled += found > 0;
        for (uint32_t m = 0; m < found; m++) counts[members[m]]++;
    }
    return filled;
}

/* Of several values the one of the lowest hash: their numbers are those of their first appearance.
 * NULL for none. */
static const struct value *one_value(const struct values *values, const struct record *record,
                                     enum slot slot)
{
    enum domain domain = record_slot_domain[slot];
    const uint32_t *members;
    uint32_t count = values_members(values, domain, &record->slot[slot], &members);
    const struct value *one = NULL;
    for (uint32_t i = 0; i < count; i++) {
        const struct value *value = values_get(values, domain, members[i]);
        if (!one || value->hash < one->hash) one = value;
    }
    return one;
}

static uint32_t rough_organisation(const struct values *values, const struct record *record)
{
    const struct value *name = one_value(values, record, SLOT_ORGANISATION);
    const uint32_t *words;
    if (!name || values_members(values, DOMAIN_WORD, &name->a, &words) == 0) return 1;
    return 2 + (uint32_t)(unsigned char)name->first;
}

/* A customer's name, roughly: alike for spellings of one, different for the members of a family and
 * for the people of a company. */
static uint32_t rough_name(const struct values *values, const struct record *record)
{
    if (record_is_organisation(record)) return rough_organisation(values, record);
    const struct value *given = one_value(values, record, SLOT_GIVEN);
    const struct value *family = one_value(values, record, SLOT_FAMILY);
    uint32_t initial = 0; /* of the given name; Bob and Robert are one */
    if (given) initial = given->b ? given->b % 256 : (unsigned char)given->first;
    return 1 + initial + 256 * ((family ? family->a : 0) & 0xFFFFFF);
}

static void name_records(void *context, size_t task, unsigned thread)
{
    (void)thread;
    enum { AHEAD = 8 };
    struct learning *learning = context;
    uint32_t first = (uint32_t)(task * RECORDS_PER_TASK), last = first + RECORDS_PER_TASK;
    if (last > learning->count) last = learning->count;
    for (uint32_t i = first; i < last; i++) {
        if (i + AHEAD < last) record_prefetch(learning->values, &learning->records[i + AHEAD]);
        learning->names[i] = rough_name(learning->values, &learning->records[i]);
    }
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static uint32_t count_different(uint32_t *names, uint32_t count)
{
    uint32_t different = 0;
    if (count > FEW) qsort(names, count, sizeof *names, by_number);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t first = count > FEW && i > 0 ? i - 1 : 0;
        while (first < i && names[first] != names[i]) first++;
        different += first == i;
    }
    return different;
}

/* Who has the values that several records have, value after value; `end` learns where each ends. */
static void list_holders(const struct learning *learning, enum slot slot, const uint32_t *counts,
                         uint64_t *end, uint32_t *holders)
{
    enum domain domain = record_slot_domain[slot];
    for (uint32_t i = 0; i < learning->count; i++) {
        const uint32_t *members;
        uint32_t found =
            values_members(learning->values, domain, &learning->records[i].slot[slot], &members);
        for (uint32_t m = 0; m < found; m++)
            if (counts[members[m]] > 1) holders[end[members[m]]++] = learning->names[i];
    }
}

/* Replaces the counts of values that several records have by how many customers have them. */
static bool count_people(const struct learning *learning, enum slot slot, uint32_t values,
                         uint32_t *counts)
{
    uint64_t held = 0, end_bytes = values * sizeof held;
    uint64_t *end = values_budget_realloc(learning->budget, NULL, 0, end_bytes);
    for (uint32_t v = 0; end && v < values; v++) {
        end[v] = held;
        held += counts[v] > 1 ? counts[v] : 0;
    }
    uint64_t holder_bytes = (held + 1) * sizeof(uint32_t);
    uint32_t *holders = values_budget_realloc(learning->budget, NULL, 0, holder_bytes);
    bool enough = end && holders;
    if (enough) list_holders(learning, slot, counts, end, holders);
    for (uint32_t v = 0; enough && v < values; v++)
        if (counts[v] > 1) counts[v] = count_different(holders + end[v] - counts[v], counts[v]);
    values_budget_realloc(learning->budget, end, end ? end_bytes : 0, 0);
    values_budget_realloc(learning->budget, holders, holders ? holder_bytes : 0, 0);
    return enough;
}

static double frequency(double others, double filled, double usual_frequency, double weight)
{
    return (others + weight * usual_frequency) / (filled + weight);
}

float rarity_bits(enum slot slot, double having, double filled)
{
    double own = usual[slot].own > 0 ? usual[slot].own : 1;
    double others = having > 1 ? having - own : 0;
    return (float)-log2(frequency(others, filled, usual[slot].frequency, usual[slot].weight));
}

/* Most values are few records', and a logarithm is worth remembering. */
static void tell_rarity(enum slot slot, const uint32_t *counts, uint32_t count, uint32_t filled,
                        float *bits)
{
    float of_few[FEW];
    for (uint32_t i = 0; i < FEW; i++) of_few[i] = rarity_bits(slot, i, filled);
    for (uint32_t i = 0; i < count; i++)
        bits[i] = counts[i] < FEW ? of_few[counts[i]] : rarity_bits(slot, counts[i], filled);
}

static void learn_slot(void *context, size_t task, unsigned thread)
{
    (void)thread;
    struct learning *learning = context;
    enum slot slot = (enum slot)task;
    uint32_t count = learning->values->domain[record_slot_domain[slot]].count + 1;
    uint64_t count_bytes = count * sizeof(uint32_t);
    uint32_t *counts = values_budget_realloc(learning->budget, NULL, 0, count_bytes);
    float *bits = values_budget_realloc(learning->budget, NULL, 0, count * sizeof *bits);
    bool enough = counts && bits;
    if (enough) {
        memset(counts, 0, count_bytes);
        uint32_t filled = count_slot(learning, slot, counts);
        if (usual[slot].people) enough = count_people(learning, slot, count, counts);
        tell_rarity(slot, counts, count, filled, bits);
    }
    values_budget_realloc(learning->budget, counts, counts ? count_bytes : 0, 0);
    learning->rarities->slot[slot] = bits;
    learning->rarities->count[slot] = bits ? count : 0;
    if (!enough) __atomic_store_n(&learning->failed, true, __ATOMIC_RELAXED);
}

/* Words of organisations' names: a word of the trade is common whatever the file says. */
static bool learn_words(struct learning *learning)
{
    const struct values *values = learning->values;
    uint32_t count = values->domain[DOMAIN_WORD].count + 1;
    uint32_t *counts = calloc(count, sizeof *counts);
    float *bits = values_budget_realloc(learning->budget, NULL, 0, count * sizeof *bits);
    uint32_t names = 0;
    for (uint32_t i = 0; counts && i < learning->count; i++) {
        const uint32_t *organisations, *words;
        uint32_t found =
            values_members(values, DOMAIN_ORGANISATION,
                           &learning->records[i].slot[SLOT_ORGANISATION], &organisations);
        for (uint32_t o = 0; o < found; o++, names++) {
            const uint32_t *list = &values_get(values, DOMAIN_ORGANISATION, organisations[o])->a;
            uint32_t word_count = values_members(values, DOMAIN_WORD, list, &words);
            for (uint32_t w = 0; w < word_count; w++) counts[words[w]]++;
        }
    }
    for (uint32_t i = 1; counts && bits && i < count; i++) {
        struct str text = values_text(values, DOMAIN_WORD, i);
        double common = lexicon_has(LEXICON_COMPANY_WORD, text) ? 0.02
                        : text.len <= 1                         ? 0.25
                        : text.len == 2                         ? 0.01
                                                                : 0.0005;
        double others = counts[i] > 1 ? counts[i] - 1 : 0;
        bits[i] = (float)-log2(frequency(others, names, common, WORD_WEIGHT));
    }
    free(counts);
    learning->rarities->word = bits;
    learning->rarities->word_count = bits ? count : 0;
    return bits != NULL;
}

enum status rarity_learn(const struct values *values, const struct record *records, uint32_t count,
                         unsigned threads, struct values_budget *budget, struct rarities *rarities)
{
    *rarities = (struct rarities){.learned = true};
    struct learning learning = {values, records, count, budget, rarities, NULL, false};
    learning.names = values_budget_realloc(budget, NULL, 0, (count + 1ULL) * 4);
    if (!learning.names) return STATUS_OUT_OF_MEMORY;
    parallel_run(threads, (count + RECORDS_PER_TASK - 1ULL) / RECORDS_PER_TASK, name_records,
                 &learning);
    parallel_run(threads, SLOT_TRAITS, learn_slot, &learning);
    values_budget_realloc(budget, learning.names, (count + 1ULL) * 4, 0);
    return learn_words(&learning) && !learning.failed ? STATUS_OK : STATUS_OUT_OF_MEMORY;
}

void rarity_release(struct rarities *rarities, struct values_budget *budget)
{
    for (int slot = 0; slot < SLOT_COUNT; slot++)
        values_budget_realloc(budget, rarities->slot[slot], rarities->count[slot] * sizeof(float),
                              0);
    values_budget_realloc(budget, rarities->word, rarities->word_count * sizeof(float), 0);
    *rarities = (struct rarities){0};
}
