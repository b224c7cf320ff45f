#include "domain/tree.h"

#include <stdlib.h>
#include <string.h>

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

/* The import that the fact came with, or that it takes back. */
static struct str import_of(const struct fact *fact)
{
    return fact->kind == FACT_UNDO ? fact->subject : fact->import_id;
}

static int compare_imports(const struct fact *a, const struct fact *b)
{
    int order = str_compare(a->home, b->home);
    return order ? order : str_compare(import_of(a), import_of(b));
}

/* The last undo of an import stands before what it takes back. */
static int by_import(const void *a, const void *b)
{
    const struct fact *left = a, *right = b;
    int order = compare_imports(left, right);
    if (order == 0) order = (right->kind == FACT_UNDO) - (left->kind == FACT_UNDO);
    return order ? order : fact_compare(b, a);
}

static void mark_taken_back(struct fact *facts, size_t count)
{
    const struct fact *undo = NULL;
    qsort(facts, count, sizeof(facts[0]), by_import);
    for (size_t i = 0; i < count; i++) {
        struct fact *fact = &facts[i];
        if (fact->kind == FACT_UNDO && (!undo || compare_imports(undo, fact) != 0)) undo = fact;
        if (!undo || !takes_back(undo, fact)) continue;
        fact->undone = true;
        fact->undone_at = undo->recorded_at;
    }
}

static int by_contact(const void *a, const void *b)
{
    const struct fact *left = a, *right = b;
    int order = (right->kind == FACT_CONTACT) - (left->kind == FACT_CONTACT);
    if (order == 0) order = str_compare(left->home, right->home);
    if (order == 0) order = str_compare(left->subject, right->subject);
    return order ? order : fact_compare(a, b);
}

/* All facts of one contact, in order: what brought it stays when others had changed it before that
 * was taken back. */
static void keep_changed_contact(struct fact *facts, size_t count)
{
    const struct fact *standing = NULL;
    for (size_t i = 0; i < count && !standing; i++)
        if (!facts[i].undone) standing = &facts[i];
    if (!standing) return;
    for (size_t i = 0; i < count && facts[i].recorded_at == facts[0].recorded_at; i++)
        if (facts[i].undone && standing->recorded_at < facts[i].undone_at) facts[i].undone = false;
}

static void keep_changed_contacts(struct fact *facts, size_t count)
{
    qsort(facts, count, sizeof(facts[0]), by_contact);
    for (size_t from = 0, to; from < count && facts[from].kind == FACT_CONTACT; from = to) {
        for (to = from; to < count && same_contact(&facts[from], &facts[to]);) to++;
        keep_changed_contact(facts + from, to - from);
    }
}

/* Facts that were taken back may be as many as all that a tree may have: each is looked at a fixed
 * number of times, in an order that puts what belongs together side by side. */
static size_t mark_undone(struct fact *facts, size_t count)
{
    size_t undone = 0;
    bool any = false;
    for (size_t i = 0; i < count && !any; i++) any = facts[i].kind == FACT_UNDO;
    if (any) {
        mark_taken_back(facts, count);
        keep_changed_contacts(facts, count);
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

bool tree_counts(const struct tree *tree, const struct fact *fact)
{
    if (!json_get(fact->body, STR("whileMerged"))) return true;
    int32_t speaker = tree_find_home(tree, fact->home);
    for (size_t i = 0; speaker >= 0 && i < tree->home_count; i++)
        if ((int32_t)i != speaker && tree_speaks_for(tree, speaker, (int32_t)i, fact->recorded_at))
            return true;
    return false;
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

static bool is_of_root(const struct tree *tree, const struct fact *fact)
{
    return str_equal(fact->home, tree->homes[0].customer_id);
}

enum status tree_alone(const struct tree *tree, struct arena *arena, struct tree *alone)
{
    size_t total = tree->fact_count + tree->undone_count, own = 0;
    for (size_t i = 0; i < total; i++) own += is_of_root(tree, &tree->facts[i]);
    *alone = (struct tree){
        .homes = tree->homes, .home_count = 1, .facts = ARENA_NEW_ARRAY(arena, struct fact, own)};
    if (!alone->facts) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < total; i++) {
        if (!is_of_root(tree, &tree->facts[i])) continue;
        alone->facts[alone->fact_count + alone->undone_count] = tree->facts[i];
        *(i < tree->fact_count ? &alone->fact_count : &alone->undone_count) += 1;
    }
    return STATUS_OK;
}
