/* Facts, merges, and the trees they make. */
#include <stdlib.h>
#include <string.h>

#include "adapters/memory/memory_internal.h"

static bool in_force(const struct merge *merge, instant as_of)
{
    return merge->merged_at <= as_of &&
           (merge->reversed_at == INSTANT_NONE || merge->reversed_at > as_of);
}

/* Adds the homes under homes[at]. */
static bool add_children(const struct memory_tenant *tenant, struct tree *tree, size_t at,
                         instant as_of, size_t *room, struct arena *arena)
{
    const struct memory_profile *parent =
        memory_table_get(&tenant->profiles, tree->homes[at].customer_id);
    for (size_t i = 0; i < parent->merges.count; i++) {
        const struct merge *merge = parent->merges.items[i];
        if (!str_equal(merge->target_id, parent->row.customer_id) || !in_force(merge, as_of))
            continue;
        const struct memory_profile *child = memory_table_get(&tenant->profiles, merge->source_id);
        if (!child) continue;
        if (tree->home_count == *room) {
            struct home *larger = arena_realloc(arena, tree->homes, *room * sizeof(*larger),
                                                *room * 2 * sizeof(*larger));
            if (!larger) return false;
            tree->homes = larger;
            *room *= 2;
        }
        tree->homes[tree->home_count++] = (struct home){.customer_id = child->row.customer_id,
                                                        .parent = (int32_t)at,
                                                        .joined_at = merge->merged_at,
                                                        .created_at = child->row.created_at};
    }
    return true;
}

static bool add_facts(const struct memory_tenant *tenant, struct tree *tree, instant as_of,
                      struct arena *arena)
{
    size_t total = 0;
    for (size_t h = 0; h < tree->home_count; h++) {
        const struct memory_profile *home =
            memory_table_get(&tenant->profiles, tree->homes[h].customer_id);
        total += home->facts.count;
    }
    tree->facts = ARENA_NEW_ARRAY(arena, struct fact, total);
    if (!tree->facts) return false;
    for (size_t h = 0; h < tree->home_count; h++) {
        const struct memory_profile *home =
            memory_table_get(&tenant->profiles, tree->homes[h].customer_id);
        for (size_t i = 0; i < home->facts.count; i++) {
            const struct fact *fact = home->facts.items[i];
            if (fact->recorded_at <= as_of) tree->facts[tree->fact_count++] = *fact;
        }
    }
    tree_sort(tree);
    return true;
}

enum status memory_trees_load(struct store_session *session, struct str root, instant as_of,
                              struct arena *arena, struct tree *tree, struct error *error)
{
    const struct memory_tenant *tenant = memory_tenant_of(session);
    const struct memory_profile *profile = memory_table_get(&tenant->profiles, root);
    if (!profile || profile->row.created_at > as_of)
        return error_plain(error, STATUS_CUSTOMER_NOT_FOUND);
    size_t room = 2;
    *tree = (struct tree){.homes = ARENA_NEW_ARRAY(arena, struct home, room)};
    if (!tree->homes) return error_plain(error, STATUS_OUT_OF_MEMORY);
    tree->homes[tree->home_count++] = (struct home){.customer_id = profile->row.customer_id,
                                                    .parent = -1,
                                                    .joined_at = INSTANT_NONE,
                                                    .created_at = profile->row.created_at};
    for (size_t at = 0; at < tree->home_count; at++)
        if (!add_children(tenant, tree, at, as_of, &room, arena))
            return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (!add_facts(tenant, tree, as_of, arena)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}

enum status memory_trees_fact_append(struct store_session *session, const struct fact *fact,
                                     struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    struct memory_tenant *tenant = memory_tenant_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    struct memory_profile *home = memory_table_get(&tenant->profiles, fact->home);
    if (!home) return error_plain(error, STATUS_CUSTOMER_NOT_FOUND);
    struct fact *copy = ARENA_NEW(&heap->arena, struct fact);
    if (!copy) return error_plain(error, STATUS_STORE_FULL);
    *copy = *fact;
    copy->home = home->row.customer_id;
    copy->subject = arena_str(&heap->arena, fact->subject);
    copy->object = arena_str(&heap->arena, fact->object);
    copy->source = arena_str(&heap->arena, fact->source);
    copy->actor = arena_str(&heap->arena, fact->actor);
    copy->import_id = arena_str(&heap->arena, fact->import_id);
    copy->body = json_copy(fact->body, &heap->arena);
    struct memory_vector *facts = fact_kind_is_history(fact->kind) ? &home->history : &home->facts;
    copy->number = (int64_t)facts->count + 1;
    if ((fact->subject.ptr && !copy->subject.ptr) || (fact->object.ptr && !copy->object.ptr) ||
        (fact->source.ptr && !copy->source.ptr) || (fact->actor.ptr && !copy->actor.ptr) ||
        (fact->import_id.ptr && !copy->import_id.ptr) || !copy->body ||
        !memory_vector_add(heap, facts, copy))
        return error_plain(error, STATUS_STORE_FULL);
    if (copy->kind != FACT_RELATIONSHIP || !copy->object.ptr) return STATUS_OK;
    struct memory_bucket *bucket = memory_bucket_at(heap, &tenant->about, copy->object);
    if (!bucket || !memory_vector_add(heap, &bucket->vector, copy))
        return error_plain(error, STATUS_STORE_FULL);
    return STATUS_OK;
}

enum status memory_trees_facts_about(struct store_session *session, const struct str *objects,
                                     size_t count, struct arena *arena, struct fact **facts,
                                     size_t *fact_count, struct error *error)
{
    const struct memory_table *about = &memory_tenant_of(session)->about;
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        const struct memory_bucket *bucket = memory_table_get(about, objects[i]);
        total += bucket ? bucket->vector.count : 0;
    }
    struct tree sorted = {.facts = ARENA_NEW_ARRAY(arena, struct fact, total)};
    if (!sorted.facts) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) {
        const struct memory_bucket *bucket = memory_table_get(about, objects[i]);
        for (size_t j = 0; bucket && j < bucket->vector.count; j++)
            sorted.facts[sorted.fact_count++] = *(struct fact *)bucket->vector.items[j];
    }
    tree_sort(&sorted);
    *facts = sorted.facts;
    *fact_count = sorted.fact_count;
    return STATUS_OK;
}

enum status memory_trees_merge_insert(struct store_session *session, const struct merge *merge,
                                      struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    struct memory_tenant *tenant = memory_tenant_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    struct memory_profile *source = memory_table_get(&tenant->profiles, merge->source_id);
    struct memory_profile *target = memory_table_get(&tenant->profiles, merge->target_id);
    if (!source || !target) return error_plain(error, STATUS_CUSTOMER_NOT_FOUND);
    struct merge *copy = ARENA_NEW(&heap->arena, struct merge);
    if (!copy) return error_plain(error, STATUS_STORE_FULL);
    *copy = *merge;
    copy->merge_id = arena_str(&heap->arena, merge->merge_id);
    copy->source_id = source->row.customer_id;
    copy->target_id = target->row.customer_id;
    copy->reason = arena_str(&heap->arena, merge->reason);
    copy->actor = arena_str(&heap->arena, merge->actor);
    copy->reverse_actor = arena_str(&heap->arena, merge->reverse_actor);
    if (!copy->merge_id.ptr || (merge->reason.ptr && !copy->reason.ptr) ||
        (merge->actor.ptr && !copy->actor.ptr) ||
        (merge->reverse_actor.ptr && !copy->reverse_actor.ptr) ||
        !memory_table_put(heap, &tenant->merges, copy->merge_id, copy) ||
        !memory_vector_add(heap, &tenant->merges_all, copy) ||
        !memory_vector_add(heap, &source->merges, copy) ||
        !memory_vector_add(heap, &target->merges, copy))
        return error_plain(error, STATUS_STORE_FULL);
    return STATUS_OK;
}

enum status memory_trees_merge_get(struct store_session *session, struct str merge_id,
                                   struct arena *arena, struct merge *merge, struct error *error)
{
    (void)arena;
    struct merge *found = memory_table_get(&memory_tenant_of(session)->merges, merge_id);
    if (!found) return error_plain(error, STATUS_MERGE_NOT_FOUND);
    *merge = *found;
    return STATUS_OK;
}

enum status memory_trees_merge_reverse(struct store_session *session, const struct merge *merge,
                                       struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    struct merge *found = memory_table_get(&memory_tenant_of(session)->merges, merge->merge_id);
    if (!found) return error_plain(error, STATUS_MERGE_NOT_FOUND);
    struct str actor = arena_str(&heap->arena, merge->reverse_actor);
    if ((merge->reverse_actor.ptr && !actor.ptr) || !memory_save(heap, found, sizeof(*found)))
        return error_plain(error, STATUS_STORE_FULL);
    found->reversed_at = merge->reversed_at;
    found->reverse_actor = actor;
    return STATUS_OK;
}

static int compare_merges(const void *a, const void *b)
{
    const struct merge *left = a, *right = b;
    if (left->merged_at != right->merged_at) return left->merged_at < right->merged_at ? -1 : 1;
    return str_compare(left->merge_id, right->merge_id);
}

static size_t take(const struct memory_vector *from, struct merge *out, size_t count)
{
    for (size_t i = 0; i < from->count; i++) out[count++] = *(struct merge *)from->items[i];
    return count;
}

/* A merge between two of the customers was taken twice; they stand side by side once sorted. */
static size_t without_repeats(struct merge *merges, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || !str_equal(merges[kept - 1].merge_id, merges[i].merge_id))
            merges[kept++] = merges[i];
    return kept;
}

enum status memory_trees_merge_list(struct store_session *session, const struct str *customers,
                                    size_t count, struct arena *arena, struct merge **merges,
                                    size_t *merge_count, struct error *error)
{
    const struct memory_tenant *tenant = memory_tenant_of(session);
    size_t total = count == 0 ? tenant->merges_all.count : 0;
    for (size_t i = 0; i < count; i++) {
        const struct memory_profile *profile = memory_table_get(&tenant->profiles, customers[i]);
        total += profile ? profile->merges.count : 0;
    }
    struct merge *found = ARENA_NEW_ARRAY(arena, struct merge, total);
    if (!found) return error_plain(error, STATUS_OUT_OF_MEMORY);
    size_t taken = count == 0 ? take(&tenant->merges_all, found, 0) : 0;
    for (size_t i = 0; i < count; i++) {
        const struct memory_profile *profile = memory_table_get(&tenant->profiles, customers[i]);
        if (profile) taken = take(&profile->merges, found, taken);
    }
    if (taken) qsort(found, taken, sizeof(*found), compare_merges);
    *merges = found;
    *merge_count = without_repeats(found, taken);
    return STATUS_OK;
}
