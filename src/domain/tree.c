#include "domain/tree.h"

#include <stdlib.h>
#include <string.h>

static int compare_facts(const void *a, const void *b)
{
    return fact_compare(a, b);
}

void tree_sort(struct tree *tree)
{
    /* A store usually returns them in order already. */
    size_t sorted = 1;
    while (sorted < tree->fact_count &&
           fact_compare(&tree->facts[sorted - 1], &tree->facts[sorted]) <= 0)
        sorted++;
    if (sorted < tree->fact_count)
        qsort(tree->facts, tree->fact_count, sizeof(tree->facts[0]), compare_facts);
}

int32_t tree_find_home(const struct tree *tree, struct str customer_id)
{
    for (size_t i = 0; i < tree->home_count; i++)
        if (str_equal(tree->homes[i].customer_id, customer_id)) return (int32_t)i;
    return -1;
}

bool tree_speaks_for(const struct tree *tree, int32_t speaker, int32_t listener, instant when)
{
    while (listener != speaker) {
        const struct home *home = &tree->homes[listener];
        if (home->parent < 0 || home->joined_at > when) return false;
        listener = home->parent;
    }
    return true;
}

enum status tree_join(const struct tree *target, const struct tree *source, instant when,
                      struct arena *arena, struct tree *joined)
{
    *joined = (struct tree){.home_count = target->home_count + source->home_count,
                            .fact_count = target->fact_count + source->fact_count};
    joined->homes = ARENA_NEW_ARRAY(arena, struct home, joined->home_count);
    joined->facts = ARENA_NEW_ARRAY(arena, struct fact, joined->fact_count);
    if (!joined->homes || !joined->facts) return STATUS_OUT_OF_MEMORY;
    memcpy(joined->homes, target->homes, target->home_count * sizeof(*target->homes));
    for (size_t i = 0; i < source->home_count; i++) {
        struct home *home = &joined->homes[target->home_count + i];
        *home = source->homes[i];
        home->joined_at = i == 0 ? when : home->joined_at;
        home->parent = i == 0 ? 0 : home->parent + (int32_t)target->home_count;
    }
    if (target->fact_count)
        memcpy(joined->facts, target->facts, target->fact_count * sizeof(*target->facts));
    if (source->fact_count)
        memcpy(joined->facts + target->fact_count, source->facts,
               source->fact_count * sizeof(*source->facts));
    tree_sort(joined);
    return STATUS_OK;
}

/* Is home `at`, or a home above it, the home `top`? */
static bool is_under(const struct tree *tree, int32_t at, int32_t top)
{
    while (at >= 0 && at != top) at = tree->homes[at].parent;
    return at == top;
}

/* The homes for which `inside` of `top` holds, and their facts. */
static enum status part_of(const struct tree *tree, int32_t top, bool inside, struct arena *arena,
                           struct tree *part)
{
    *part = (struct tree){.homes = ARENA_NEW_ARRAY(arena, struct home, tree->home_count),
                          .facts = ARENA_NEW_ARRAY(arena, struct fact, tree->fact_count)};
    int32_t *index = ARENA_NEW_ARRAY(arena, int32_t, tree->home_count);
    if (!part->homes || !part->facts || !index) return STATUS_OUT_OF_MEMORY;
    if (inside) { /* the root comes first, wherever it stood */
        index[top] = 0;
        part->homes[part->home_count++] = tree->homes[top];
        part->homes[0].parent = -1;
        part->homes[0].joined_at = INSTANT_NONE;
    }
    for (size_t i = 0; i < tree->home_count; i++) {
        if (is_under(tree, (int32_t)i, top) != inside || (inside && (int32_t)i == top)) continue;
        index[i] = (int32_t)part->home_count;
        part->homes[part->home_count++] = tree->homes[i];
    }
    for (size_t i = inside ? 1 : 0; i < part->home_count; i++)
        if (part->homes[i].parent >= 0) part->homes[i].parent = index[part->homes[i].parent];
    for (size_t i = 0; i < tree->fact_count; i++)
        if (tree_find_home(part, tree->facts[i].home) >= 0)
            part->facts[part->fact_count++] = tree->facts[i];
    return STATUS_OK;
}

enum status tree_split(const struct tree *tree, int32_t cut, struct arena *arena,
                       struct tree *remaining, struct tree *restored)
{
    TRY(part_of(tree, cut, false, arena, remaining));
    return part_of(tree, cut, true, arena, restored);
}

enum status tree_alone(const struct tree *tree, struct arena *arena, struct tree *alone)
{
    *alone = (struct tree){.homes = tree->homes,
                           .home_count = 1,
                           .facts = ARENA_NEW_ARRAY(arena, struct fact, tree->fact_count)};
    if (!alone->facts) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < tree->fact_count; i++)
        if (str_equal(tree->facts[i].home, tree->homes[0].customer_id))
            alone->facts[alone->fact_count++] = tree->facts[i];
    return STATUS_OK;
}
