#include "domain/tree.h"

#include <stdlib.h>

/* What was taken back stands last. */
static int compare_facts(const void *a, const void *b)
{
    const struct fact *left = a, *right = b;
    return left->undone != right->undone ? left->undone - right->undone : fact_compare(a, b);
}

static bool takes_back(const struct fact *undo, const struct fact *fact)
{
    return (fact->kind == FACT_ASSERTION || fact->kind == FACT_CONTACT) &&
           str_equal(fact->import_id, undo->subject) && str_equal(fact->home, undo->home);
}

static bool same_contact(const struct fact *a, const struct fact *b)
{
    return a->kind == FACT_CONTACT && b->kind == FACT_CONTACT && str_equal(a->home, b->home) &&
           str_equal(a->subject, b->subject);
}

/* Is the fact what brought a contact that others had changed before `when`? */
static bool others_changed(const struct fact *facts, size_t count, const struct fact *fact,
                           instant when)
{
    bool changed = false;
    for (size_t i = 0; i < count; i++) {
        if (&facts[i] == fact || !same_contact(&facts[i], fact)) continue;
        if (facts[i].recorded_at < fact->recorded_at) return false;
        changed = changed || (!facts[i].undone && facts[i].recorded_at < when);
    }
    return changed;
}

static size_t mark_undone(struct fact *facts, size_t count)
{
    size_t undone = 0;
    for (size_t i = 0; i < count; i++) {
        if (facts[i].kind != FACT_UNDO) continue;
        for (size_t k = 0; k < count; k++)
            if (takes_back(&facts[i], &facts[k])) facts[k].undone = true;
    }
    for (size_t i = 0; i < count; i++) {
        if (facts[i].kind != FACT_UNDO) continue;
        for (size_t k = 0; k < count; k++)
            if (facts[k].undone && facts[k].kind == FACT_CONTACT &&
                takes_back(&facts[i], &facts[k]) &&
                others_changed(facts, count, &facts[k], facts[i].recorded_at))
                facts[k].undone = false;
    }
    for (size_t i = 0; i < count; i++) undone += facts[i].undone;
    return undone;
}

void tree_sort(struct tree *tree)
{
    size_t count = tree->fact_count + tree->undone_count, sorted = 1;
    tree->undone_count = mark_undone(tree->facts, count);
    tree->fact_count = count - tree->undone_count;
    /* A store usually returns them in order already. */
    while (sorted < count && compare_facts(&tree->facts[sorted - 1], &tree->facts[sorted]) <= 0)
        sorted++;
    if (sorted < count) qsort(tree->facts, count, sizeof(tree->facts[0]), compare_facts);
}

bool tree_is_silent(const struct tree *tree)
{
    for (size_t i = 0; i < tree->fact_count; i++) {
        const struct fact *fact = &tree->facts[i];
        bool of_import = fact->kind == FACT_CONSENT && !str_is_none(fact->import_id);
        if (fact->kind != FACT_UNDO && !of_import) return false;
    }
    return true;
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
