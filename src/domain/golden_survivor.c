/* Which of the claims that compete survives: the rules of policy.h. See golden_internal.h. */
#include "domain/field.h"
#include "domain/golden_internal.h"

#include <stdlib.h>

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

int golden_compare_contenders(const struct contender *a, const struct contender *b)
{
    const struct fact *left = a->claim->fact, *right = b->claim->fact;
    int order = compare_numbers(b->weight, a->weight);
    if (order == 0) order = compare_numbers(right->observed_at, left->observed_at);
    if (order == 0) order = compare_numbers(b->trust, a->trust);
    if (order == 0) order = compare_numbers(right->recorded_at, left->recorded_at);
    return order;
}

static int compare_scalars(const struct contender *a, const struct contender *b)
{
    int order = golden_compare_contenders(a, b);
    if (order == 0) order = json_compare(b->claim->value, a->claim->value);
    return order ? order : fact_compare(b->claim->fact, a->claim->fact);
}

/* Elements of one list keep its order. */
static int compare_elements(const struct contender *a, const struct contender *b)
{
    int order = golden_compare_contenders(a, b);
    if (order == 0) order = fact_compare(b->claim->fact, a->claim->fact);
    if (order == 0) order = compare_numbers(a->claim->position, b->claim->position);
    return order ? order : str_compare(a->claim->key, b->claim->key);
}

/* ---- weights ---- */

static int64_t length_of(const struct json_value *value)
{
    if (value->type == JSON_STRING || value->type == JSON_NUMBER)
        return (int64_t)field_text_length(value->text);
    int64_t sum = value->type == JSON_BOOLEAN;
    for (size_t i = 0; value->type == JSON_OBJECT && i < value->count; i++)
        sum += length_of(&value->members[i].value);
    return sum;
}

static int by_value(const void *a, const void *b)
{
    const struct contender *left = a, *right = b;
    return json_compare(left->claim->value, right->claim->value);
}

/* Equal values become neighbours and are counted; the order of the contenders does not matter
 * after. */
static void weigh_frequency(struct contender *contenders, size_t count)
{
    qsort(contenders, count, sizeof(contenders[0]), by_value);
    for (size_t from = 0, to = 0; from < count; from = to) {
        while (to < count && by_value(&contenders[from], &contenders[to]) == 0) to++;
        for (size_t i = from; i < to; i++) contenders[i].weight = (int64_t)(to - from);
    }
}

static void weigh(struct contender *contenders, size_t count, enum survivorship_rule rule)
{
    for (size_t i = 0; i < count; i++) {
        if (rule == RULE_MOST_TRUSTED) contenders[i].weight = contenders[i].trust;
        if (rule == RULE_LONGEST) contenders[i].weight = length_of(contenders[i].claim->value);
    }
    if (rule == RULE_MOST_FREQUENT) weigh_frequency(contenders, count);
}

static struct contender contender_of(const struct claim *claim, const struct policy *policy)
{
    return (struct contender){claim, 0, policy_trust(policy, claim->fact->source)};
}

/* ---- scalars and entries of maps ---- */

static bool is_last_of_record(struct claim_run run, size_t i)
{
    return i + 1 == run.count || run.items[i + 1].record != run.items[i].record;
}

/* "website", or "preferences.theme". */
static enum status rule_for(const struct claim *claim, const struct policy *policy,
                            struct arena *arena, enum survivorship_rule *rule)
{
    struct str name = claim->field->name;
    if (claim->field->shape == SHAPE_MAP && policy != policy_default()) {
        name = arena_format(arena, "%.*s.%.*s", STR_ARGS(name), STR_ARGS(claim->key));
        if (str_is_none(name)) return STATUS_OUT_OF_MEMORY;
    }
    *rule = policy_rule(policy, name);
    return STATUS_OK;
}

enum status golden_survivor(struct claim_run run, const struct policy *policy, struct arena *arena,
                            struct contender *survivor)
{
    *survivor = (struct contender){0};
    if (run.count == 1) *survivor = contender_of(&run.items[0], policy);
    if (run.count <= 1) return STATUS_OK;

    enum survivorship_rule rule;
    struct contender *contenders = arena_alloc(arena, run.count * sizeof(struct contender));
    if (!contenders) return STATUS_OUT_OF_MEMORY;
    TRY(rule_for(&run.items[0], policy, arena, &rule));
    size_t count = 0;
    for (size_t i = 0; i < run.count; i++)
        if (is_last_of_record(run, i)) contenders[count++] = contender_of(&run.items[i], policy);
    weigh(contenders, count, rule);
    *survivor = contenders[0];
    for (size_t i = 1; i < count; i++)
        if (compare_scalars(&contenders[i], survivor) < 0) *survivor = contenders[i];
    return STATUS_OK;
}

/* ---- lists ---- */

static bool is_later(const struct claim *a, const struct claim *b)
{
    if (a->fact->observed_at != b->fact->observed_at)
        return a->fact->observed_at > b->fact->observed_at;
    return a->fact->recorded_at > b->fact->recorded_at;
}

static const struct claim *latest_retraction(struct claim_run run)
{
    const struct claim *latest = NULL;
    for (size_t i = 0; i < run.count; i++)
        if (run.items[i].retracts && (!latest || is_later(&run.items[i], latest)))
            latest = &run.items[i];
    return latest;
}

static bool is_live(const struct claim *claim, const struct claim *retraction)
{
    return !claim->retracts && (!retraction || is_later(claim, retraction));
}

/* The best contender for one element; claim NULL when the element is not in the list. Every source
 * record that says it now counts once. */
static struct contender best_of_element(struct claim_run run, enum survivorship_rule rule,
                                        const struct policy *policy)
{
    const struct claim *retraction = latest_retraction(run);
    struct contender best = {0};
    int64_t records = 0;
    for (size_t i = 0; i < run.count; i++) {
        if (!is_last_of_record(run, i) || !is_live(&run.items[i], retraction)) continue;
        struct contender contender = contender_of(&run.items[i], policy);
        weigh(&contender, 1, rule);
        records++;
        if (!best.claim || compare_scalars(&contender, &best) < 0) best = contender;
    }
    if (rule == RULE_MOST_FREQUENT) best.weight = records;
    return best;
}

static int by_rank(const void *a, const void *b)
{
    return compare_elements(a, b);
}

static void sort_elements(struct contender *elements, size_t count)
{
    if (count > 1) qsort(elements, count, sizeof(elements[0]), by_rank);
}

/* Moves the elements that the act names to the front, in its order. */
static enum status apply_order(const struct list_order *order, struct contender *elements,
                               size_t count, struct arena *arena)
{
    size_t placed = 0;
    if (!order->list || order->list->type != JSON_ARRAY || count < 2) return STATUS_OK;
    for (size_t i = 0; i < order->list->count && placed < count; i++) {
        struct str key =
            profile_element_key(elements[0].claim->field, &order->list->items[i], arena);
        if (str_is_none(key)) return STATUS_OUT_OF_MEMORY;
        size_t at = placed;
        while (at < count && !str_equal(elements[at].claim->key, key)) at++;
        if (at == count) continue;
        struct contender contender = elements[at];
        for (; at > placed; at--) elements[at] = elements[at - 1];
        elements[placed++] = contender;
    }
    return STATUS_OK;
}

enum status golden_elements(struct claim_run run, const struct list_order *order,
                            const struct policy *policy, struct arena *arena,
                            struct contender **elements, size_t *count)
{
    *count = 0;
    *elements = NULL;
    if (run.count == 0) return STATUS_OK;
    *elements = arena_alloc(arena, run.count * sizeof(struct contender));
    if (!*elements) return STATUS_OUT_OF_MEMORY;
    enum survivorship_rule rule = policy_rule(policy, run.items[0].field->name);
    while (run.count > 0) {
        struct contender best = best_of_element(golden_take_key(&run), rule, policy);
        if (best.claim) (*elements)[(*count)++] = best;
    }
    sort_elements(*elements, *count);
    return apply_order(order, *elements, *count, arena);
}
