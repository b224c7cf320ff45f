#include "domain/credit.h"

bool credit_blocks(const struct fact *fact)
{
    const struct json_value *blocked = json_get(fact->body, STR("blocked"));
    return fact->kind == FACT_CREDIT && blocked && blocked->boolean;
}

/* In doubt the block. */
static bool is_later(const struct fact *a, const struct fact *b)
{
    if (a->observed_at != b->observed_at) return a->observed_at > b->observed_at;
    if (credit_blocks(a) != credit_blocks(b)) return credit_blocks(a);
    return fact_compare(a, b) > 0;
}

static void consider(const struct tree *tree, const struct fact *fact, const struct fact **latest)
{
    int32_t home = tree_find_home(tree, fact->home);
    if (home >= 0 && (!latest[home] || is_later(fact, latest[home]))) latest[home] = fact;
}

enum status credit_latest(const struct tree *tree, struct arena *arena, const struct fact ***latest)
{
    *latest = NULL;
    for (size_t i = 0; i < tree->fact_count; i++) {
        if (tree->facts[i].kind != FACT_CREDIT) continue;
        if (!*latest) *latest = ARENA_NEW_ARRAY(arena, const struct fact *, tree->home_count);
        if (!*latest) return STATUS_OUT_OF_MEMORY;
        consider(tree, &tree->facts[i], *latest);
    }
    return STATUS_OK;
}
