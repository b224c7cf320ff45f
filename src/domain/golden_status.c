/* The status of a tree: each home has one, by its own acts and those that speak for it; a hold of
 * any home holds the whole, and so do blocked accounts. See golden.h for why. */
#include "domain/credit.h"
#include "domain/golden_internal.h"

/* The acts recorded on one home. */
struct acts {
    const struct claim *items;
    size_t count;
};

static bool is_hold(const struct claim *claim)
{
    return str_equal(json_text(claim->value), STR("ON_HOLD"));
}

static int compare_acts(const struct contender *a, const struct contender *b)
{
    int order = golden_compare_contenders(a, b);
    /* In doubt the hold. */
    if (order == 0) order = is_hold(b->claim) - is_hold(a->claim);
    if (order == 0) order = json_compare(b->claim->value, a->claim->value);
    return order ? order : fact_compare(b->claim->fact, a->claim->fact);
}

static void consider(struct contender *best, const struct claim *claim, const struct policy *policy)
{
    int64_t trust = policy_trust(policy, claim->fact->source);
    bool by_trust = policy_rule(policy, claim->field->name) == RULE_MOST_TRUSTED;
    struct contender contender = {claim, by_trust ? trust : 0, trust};
    if (!best->claim || compare_acts(&contender, best) < 0) *best = contender;
}

/* Claims are sorted by source record and so by home. */
static enum status acts_by_home(const struct tree *tree, struct claim_run run, struct arena *arena,
                                struct acts **out)
{
    struct acts *acts = ARENA_NEW_ARRAY(arena, struct acts, tree->home_count);
    if (!acts) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < run.count; i++) {
        struct acts *own = &acts[run.items[i].home];
        if (own->count++ == 0) own->items = &run.items[i];
    }
    *out = acts;
    return STATUS_OK;
}

/* The act in force for one home: its own latest, or a later one of an ancestor that speaks for it
 * (tree_speaks_for, walked upwards with the latest edge so far). */
static struct contender act_for(const struct tree *tree, const struct acts *acts, int32_t home,
                                const struct policy *policy)
{
    struct contender best = {0};
    instant since = INSTANT_NONE;
    while (home >= 0) {
        for (size_t i = 0; i < acts[home].count; i++)
            if (acts[home].items[i].fact->recorded_at >= since)
                consider(&best, &acts[home].items[i], policy);
        if (tree->homes[home].joined_at > since) since = tree->homes[home].joined_at;
        home = tree->homes[home].parent;
    }
    return best;
}

/* What blocked accounts say, as a claim; NULL when none are. */
static enum status credit_hold(const struct tree *tree, struct arena *arena, struct claim **claim)
{
    const struct fact **latest;
    *claim = NULL;
    TRY(credit_latest(tree, arena, &latest));
    for (size_t i = 0; latest && i < tree->home_count; i++) {
        if (!latest[i] || !credit_blocks(latest[i])) continue;
        struct json_value *value = ARENA_NEW(arena, struct json_value);
        *claim = ARENA_NEW(arena, struct claim);
        if (!value || !*claim) return STATUS_OUT_OF_MEMORY;
        *value = json_make_string(STR("ON_HOLD"));
        **claim = (struct claim){.fact = latest[i], .value = value};
        return STATUS_OK;
    }
    return STATUS_OK;
}

static enum status status_by_acts(const struct tree *tree, struct claim_run run,
                                  const struct policy *policy, struct arena *arena,
                                  struct contender *decider)
{
    struct acts *acts;
    if (run.count == 0) return STATUS_OK;
    TRY(acts_by_home(tree, run, arena, &acts));
    struct contender own = act_for(tree, acts, 0, policy), hold = {0};
    for (size_t i = 0; i < tree->home_count; i++) {
        struct contender act = act_for(tree, acts, (int32_t)i, policy);
        if (act.claim && is_hold(act.claim) && (!hold.claim || compare_acts(&act, &hold) < 0))
            hold = act;
    }
    *decider = hold.claim ? hold : own;
    return STATUS_OK;
}

enum status golden_status(const struct tree *tree, struct claim_run run,
                          const struct policy *policy, struct arena *arena,
                          struct contender *decider)
{
    struct claim *credit;
    *decider = (struct contender){0};
    TRY(status_by_acts(tree, run, policy, arena, decider));
    TRY(credit_hold(tree, arena, &credit));
    if (credit && !(decider->claim && is_hold(decider->claim)))
        *decider = (struct contender){.claim = credit};
    return STATUS_OK;
}
