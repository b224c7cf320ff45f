#include "domain/judgement.h"

#include <stdlib.h>

static struct str lesser(struct str a, struct str b)
{
    return str_compare(a, b) <= 0 ? a : b;
}

static struct str greater(struct str a, struct str b)
{
    return str_compare(a, b) <= 0 ? b : a;
}

static int compare_customers(const struct judgement_pair *a, const struct judgement_pair *b)
{
    int order = str_compare(lesser(a->root_a, a->root_b), lesser(b->root_a, b->root_b));
    if (order != 0) return order;
    return str_compare(greater(a->root_a, a->root_b), greater(b->root_a, b->root_b));
}

/* By customers; of two customers those told apart first, then the items in their order. */
static int compare_pairs(const void *left, const void *right)
{
    const struct judgement_pair *a = *(struct judgement_pair *const *)left;
    const struct judgement_pair *b = *(struct judgement_pair *const *)right;
    int order = compare_customers(a, b);
    if (order != 0) return order;
    if (a->apart != b->apart) return a->apart ? -1 : 1;
    if (a->taken != b->taken) return a->taken ? -1 : 1;
    if (a->probability != b->probability) return a->probability > b->probability ? -1 : 1;
    order = str_compare(a->home_a, b->home_a);
    return order != 0 ? order : str_compare(a->home_b, b->home_b);
}

enum status judgement_settle(struct judgement_pair *pairs, size_t count, struct arena *arena)
{
    struct judgement_pair **sorted = ARENA_NEW_ARRAY(arena, struct judgement_pair *, count);
    if (!sorted) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < count; i++) sorted[i] = &pairs[i];
    if (count > 1) qsort(sorted, count, sizeof(struct judgement_pair *), compare_pairs);
    bool apart = false, asked = false;
    for (size_t i = 0; i < count; i++) {
        struct judgement_pair *pair = sorted[i];
        if (i == 0 || compare_customers(sorted[i - 1], pair) != 0) apart = asked = false;
        apart = apart || pair->apart;
        if (!pair->asked) continue;
        pair->state = str_equal(pair->root_a, pair->root_b) ? DUPLICATE_MERGED
                      : apart                               ? DUPLICATE_NOT_DUPLICATE
                      : asked                               ? DUPLICATE_REPEATED
                                                            : DUPLICATE_OPEN;
        asked = true;
    }
    return STATUS_OK;
}

bool judgement_parts(const struct judgement_pair *pairs, size_t count, struct str root_a,
                     struct str root_b)
{
    const struct judgement_pair wanted = {.root_a = root_a, .root_b = root_b};
    for (size_t i = 0; i < count; i++)
        if (pairs[i].apart && compare_customers(&pairs[i], &wanted) == 0) return true;
    return false;
}
