/* From facts to sorted claims: see golden_internal.h. */
#include "domain/golden_internal.h"

#include <stdlib.h>

/* ---- the assertions, by source record ---- */

static int compare_records(const struct fact *a, const struct fact *b)
{
    int order = str_compare(a->home, b->home);
    if (order == 0) order = str_compare(a->source, b->source);
    return order ? order : str_compare(a->subject, b->subject);
}

static int compare_assertions(const void *a, const void *b)
{
    const struct fact *left = *(const struct fact *const *)a,
                      *right = *(const struct fact *const *)b;
    int order = compare_records(left, right);
    return order ? order : fact_compare(left, right);
}

static enum status sorted_assertions(const struct tree *tree, struct arena *arena,
                                     const struct fact ***out, size_t *count)
{
    const struct fact **facts = ARENA_NEW_ARRAY(arena, const struct fact *, tree->fact_count);
    if (!facts) return STATUS_OUT_OF_MEMORY;
    *out = facts;
    *count = 0;
    for (size_t i = 0; i < tree->fact_count; i++)
        if (tree->facts[i].kind == FACT_ASSERTION && tree_counts(tree, &tree->facts[i]))
            facts[(*count)++] = &tree->facts[i];
    if (*count > 1) qsort(facts, *count, sizeof(facts[0]), compare_assertions);
    return STATUS_OK;
}

/* ---- claims ---- */

struct collector {
    const struct tree *tree;
    struct arena *arena;
    struct claims *claims;
    struct claim next; /* what the claims of the fact at hand have in common */
};

/* No less than the claims that the value makes. */
static size_t claim_bound(const struct json_value *value)
{
    if (value->type == JSON_ARRAY) return value->count;
    if (value->type != JSON_OBJECT) return 1;
    size_t sum = 0;
    for (size_t i = 0; i < value->count; i++) sum += claim_bound(&value->members[i].value);
    return sum;
}

static void add_claim(struct collector *collector, const struct profile_field *field,
                      struct str key, const struct json_value *value)
{
    struct claim *claim = &collector->claims->items[collector->claims->count++];
    *claim = collector->next;
    claim->field = field;
    claim->key = key;
    claim->value = value;
}

static enum status add_elements(struct collector *collector, const struct profile_field *field,
                                const struct json_value *list)
{
    for (size_t i = 0; list->type == JSON_ARRAY && i < list->count; i++) {
        struct str key = profile_element_key(field, &list->items[i], collector->arena);
        if (str_is_none(key)) return STATUS_OUT_OF_MEMORY;
        collector->next.position = (uint32_t)i;
        add_claim(collector, field, key, &list->items[i]);
    }
    collector->next.position = 0;
    return STATUS_OK;
}

static void add_entries(struct collector *collector, const struct profile_field *field,
                        const struct json_value *map)
{
    for (size_t i = 0; map->type == JSON_OBJECT && i < map->count; i++)
        add_claim(collector, field, map->members[i].name, &map->members[i].value);
}

static bool is_list(const struct profile_field *field)
{
    return field->shape == SHAPE_TEXT_LIST || field->shape == SHAPE_OBJECT_LIST;
}

static enum status add_retractions(struct collector *collector, const struct json_value *lists)
{
    enum status status = STATUS_OK;
    collector->next.retracts = true;
    for (size_t i = 0; i < lists->count && status == STATUS_OK; i++) {
        const struct profile_field *field = profile_field_find(lists->members[i].name);
        if (field && is_list(field))
            status = add_elements(collector, field, &lists->members[i].value);
    }
    collector->next.retracts = false;
    return status;
}

static int compare_times(const struct fact *a, const struct fact *b)
{
    if (a->observed_at != b->observed_at) return a->observed_at < b->observed_at ? -1 : 1;
    return fact_compare(a, b);
}

static void note_orders(struct collector *collector, const struct json_value *lists)
{
    for (size_t i = 0; i < lists->count; i++) {
        const struct profile_field *field = profile_field_find(lists->members[i].name);
        if (!field || !is_list(field)) continue;
        struct list_order *act = &collector->claims->orders[field - profile_fields];
        const struct fact *fact = collector->next.fact;
        if (!act->fact || compare_times(act->fact, fact) < 0)
            *act = (struct list_order){fact, &lists->members[i].value};
    }
}

static enum status add_member(struct collector *collector, const struct json_member *member)
{
    const struct profile_field *field = profile_field_find(member->name);
    if (!field) {
        if (str_equal(member->name, STR("retract")))
            return add_retractions(collector, &member->value);
        if (str_equal(member->name, STR("order"))) note_orders(collector, &member->value);
        return STATUS_OK;
    }
    if (is_list(field)) return add_elements(collector, field, &member->value);
    if (field->shape == SHAPE_MAP)
        add_entries(collector, field, &member->value);
    else
        add_claim(collector, field, STR(""), &member->value);
    return STATUS_OK;
}

static enum status add_fact(struct collector *collector, const struct fact *fact,
                            const struct fact *previous)
{
    struct claim *next = &collector->next;
    if (!previous || !str_equal(previous->home, fact->home))
        next->home = tree_find_home(collector->tree, fact->home);
    if (previous && compare_records(previous, fact) != 0) next->record++;
    if (next->home < 0) return STATUS_OK;
    next->fact = fact;
    for (size_t i = 0; i < fact->body->count; i++)
        TRY(add_member(collector, &fact->body->members[i]));
    return STATUS_OK;
}

/* ---- sorting ---- */

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* By what competes with what, then the words of one source record from the earliest to the latest;
 * at the same time a retraction is the later one. */
static int compare_claims(const void *left, const void *right)
{
    const struct claim *a = left, *b = right;
    if (a->field != b->field) return a->field < b->field ? -1 : 1;
    int order = str_compare(a->key, b->key);
    if (order == 0) order = compare_numbers(a->record, b->record);
    if (order == 0) order = compare_numbers(a->fact->observed_at, b->fact->observed_at);
    if (order == 0) order = compare_numbers(a->fact->recorded_at, b->fact->recorded_at);
    if (order == 0) order = a->retracts - b->retracts;
    if (order == 0) order = json_compare(a->value, b->value);
    if (order == 0) order = fact_compare(a->fact, b->fact);
    return order ? order : compare_numbers(a->position, b->position);
}

/* Most records have a dozen claims, nearly in order: insertion beats a call of qsort. */
static void sort_claims(struct claim *items, size_t count)
{
    if (count > 24) {
        qsort(items, count, sizeof(items[0]), compare_claims);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct claim claim = items[i];
        size_t at = i;
        for (; at > 0 && compare_claims(&items[at - 1], &claim) > 0; at--)
            items[at] = items[at - 1];
        items[at] = claim;
    }
}

enum status golden_collect(const struct tree *tree, struct arena *arena, struct claims *claims)
{
    const struct fact **facts;
    size_t count, bound = 0;
    TRY(sorted_assertions(tree, arena, &facts, &count));
    for (size_t i = 0; i < count; i++) bound += claim_bound(facts[i]->body);
    *claims = (struct claims){
        .items = arena_alloc(arena, bound * sizeof(struct claim)),
        .orders = ARENA_NEW_ARRAY(arena, struct list_order, profile_field_count),
    };
    if (!claims->items || !claims->orders) return STATUS_OUT_OF_MEMORY;
    struct collector collector = {.tree = tree, .arena = arena, .claims = claims};
    for (size_t i = 0; i < count; i++)
        TRY(add_fact(&collector, facts[i], i > 0 ? facts[i - 1] : NULL));
    sort_claims(claims->items, claims->count);
    return STATUS_OK;
}

/* ---- runs ---- */

static struct claim_run take(struct claim_run *rest, size_t count)
{
    struct claim_run run = {rest->items, count};
    rest->items += count;
    rest->count -= count;
    return run;
}

struct claim_run golden_take_field(struct claim_run *rest, const struct profile_field *field)
{
    size_t count = 0;
    while (count < rest->count && rest->items[count].field == field) count++;
    return take(rest, count);
}

struct claim_run golden_take_key(struct claim_run *rest)
{
    size_t count = 1;
    while (count < rest->count && str_equal(rest->items[count].key, rest->items[0].key)) count++;
    return take(rest, count);
}
