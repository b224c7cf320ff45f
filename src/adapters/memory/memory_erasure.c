/* Erasing: nothing points any more to what is erased. Its bytes stay in the heap until the process
 * ends, as everything of this store does. */
#include "adapters/memory/memory_internal.h"

typedef bool drops(const void *item, const void *context);

/* Takes the items for which `drop` holds out of the vector; their order stays. */
static bool drop_items(struct memory_heap *heap, struct memory_vector *vector, drops *drop,
                       const void *context)
{
    size_t kept = 0;
    if (vector->count == 0) return true;
    if (!memory_save(heap, vector->items, vector->count * sizeof(*vector->items)) ||
        !memory_save(heap, vector, sizeof(*vector)))
        return false;
    for (size_t i = 0; i < vector->count; i++)
        if (!drop(vector->items[i], context)) vector->items[kept++] = vector->items[i];
    vector->count = kept;
    return true;
}

static bool drop_in_buckets(struct memory_heap *heap, struct memory_table *table, drops *drop,
                            const void *context)
{
    for (size_t i = 0; i < table->room; i++) {
        struct memory_bucket *bucket = table->slots[i].value;
        if (bucket && !drop_items(heap, &bucket->vector, drop, context)) return false;
    }
    return true;
}

static bool any_item(const void *item, const void *context)
{
    (void)item, (void)context;
    return true;
}

struct homes {
    const struct str *ids;
    size_t count;
};

static bool is_home(const void *item, const void *context)
{
    const struct homes *homes = context;
    return str_is_among(homes->ids, homes->count, *(const struct str *)item);
}

static bool is_of_home(const void *item, const void *context)
{
    const struct fact *fact = item;
    return is_home(&fact->home, context);
}

static bool names_home(const void *item, const void *context)
{
    const struct duplicate_row *row = item;
    return is_home(&row->home_a, context) || is_home(&row->home_b, context);
}

static bool erase_duplicates(struct memory_heap *heap, struct memory_tenant *tenant,
                             const struct homes *gone)
{
    for (size_t i = 0; i < tenant->duplicates_all.count; i++) {
        const struct duplicate_row *row = tenant->duplicates_all.items[i];
        if (names_home(row, gone) &&
            !memory_table_put(heap, &tenant->duplicates, row->duplicate_id, NULL))
            return false;
    }
    return drop_items(heap, &tenant->duplicates_all, names_home, gone) &&
           drop_in_buckets(heap, &tenant->duplicates_of, names_home, gone);
}

enum status memory_erasure_keys(struct store_session *session, const struct str *homes,
                                size_t count, struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    const struct homes gone = {homes, count};
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    bool fits = drop_in_buckets(heap, &memory_tenant_of(session)->keys, is_home, &gone);
    return fits ? STATUS_OK : error_plain(error, STATUS_STORE_FULL);
}

static bool erase_reasons(struct memory_heap *heap, struct memory_tenant *tenant,
                          const struct erasure *erasure)
{
    struct str reason = arena_str(&heap->arena, erasure->reason);
    for (size_t i = 0; i < erasure->merge_count; i++) {
        struct merge *merge = memory_table_get(&tenant->merges, erasure->merges[i].merge_id);
        if (!merge || !memory_save(heap, merge, sizeof(*merge))) return false;
        merge->reason = reason;
    }
    return reason.ptr != NULL;
}

static bool erase_home(struct memory_heap *heap, struct memory_tenant *tenant, struct str home)
{
    struct memory_profile *profile = memory_table_get(&tenant->profiles, home);
    return !profile || (drop_items(heap, &profile->facts, any_item, NULL) &&
                        drop_items(heap, &profile->history, any_item, NULL) &&
                        drop_items(heap, &profile->versions, any_item, NULL));
}

/* Is the id there, between two such marks? */
static bool says(struct str text, char mark, struct str id)
{
    for (size_t at = 1; at + id.len < text.len; at++)
        if (text.ptr[at - 1] == mark && text.ptr[at + id.len] == mark &&
            str_equal(str_of(text.ptr + at, id.len), id))
            return true;
    return false;
}

static bool erase_answers(struct memory_heap *heap, struct memory_tenant *tenant,
                          const struct erasure *erasure)
{
    for (size_t slot = 0; slot < tenant->answers.room; slot++) {
        struct answer_row *row = tenant->answers.slots[slot].value;
        bool told = false;
        for (size_t i = 0; row && i < erasure->home_count + erasure->kin_count && !told; i++)
            told = says(row->body, '"', erasure->homes[i]) ||
                   says(row->headers, '/', erasure->homes[i]);
        if (!told) continue;
        if (!memory_save(heap, row, sizeof(*row))) return false;
        row->fingerprint = row->headers = STR("");
        row->body = STR_NONE;
    }
    return true;
}

enum status memory_erasure_homes(struct store_session *session, const struct erasure *erasure,
                                 struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    struct memory_tenant *tenant = memory_tenant_of(session);
    const struct homes gone = {erasure->homes, erasure->home_count};
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    bool fits = memory_events_erase(heap, &tenant->events, erasure) &&
                erase_reasons(heap, tenant, erasure) && erase_duplicates(heap, tenant, &gone) &&
                erase_answers(heap, tenant, erasure) &&
                memory_letters_erase(heap, session, erasure) &&
                drop_in_buckets(heap, &tenant->about, is_of_home, &gone);
    for (size_t i = 0; i < erasure->home_count && fits; i++)
        fits = erase_home(heap, tenant, erasure->homes[i]);
    return fits ? STATUS_OK : error_plain(error, STATUS_STORE_FULL);
}
