#include "domain/tree.h"

#include <stdlib.h>

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
