/* Keys and suppressions. */
#include <stdlib.h>
#include <string.h>

#include "adapters/memory/memory_internal.h"

/* Every unit of work is alone already; but what would lock up another store is found here. */
enum status memory_lists_keys_lock(struct store_session *session, const struct str *keys,
                                   size_t count, enum store_lock lock, struct error *error)
{
    (void)lock;
    bool sorted = true;
    for (size_t i = 1; i < count; i++) sorted = sorted && str_compare(keys[i - 1], keys[i]) <= 0;
    return memory_heap_of(session) && sorted ? STATUS_OK : error_plain(error, STATUS_INTERNAL);
}

enum status memory_lists_creation_begin(struct store_session *session, struct error *error)
{
    return memory_heap_of(session) ? STATUS_OK : error_plain(error, STATUS_INTERNAL);
}

enum status memory_lists_keys_find(struct store_session *session, const struct str *keys,
                                   size_t count, size_t homes_max, struct arena *arena,
                                   struct key_hit **hits, size_t *hit_count, struct error *error)
{
    const struct memory_table *table = &memory_tenant_of(session)->keys;
    size_t total = 0;
    *hit_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct memory_bucket *bucket = memory_table_get(table, keys[i]);
        total += bucket ? bucket->vector.count : 0;
    }
    *hits = ARENA_NEW_ARRAY(arena, struct key_hit, total);
    if (!*hits) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) {
        const struct memory_bucket *bucket = memory_table_get(table, keys[i]);
        for (size_t j = 0; bucket && j < bucket->vector.count && j < homes_max; j++)
            (*hits)[(*hit_count)++] =
                (struct key_hit){.key = i, .home = *(struct str *)bucket->vector.items[j]};
    }
    return STATUS_OK;
}

bool memory_add_ordered(struct memory_heap *heap, struct memory_vector *ids, struct str id)
{
    size_t at = memory_lower_bound(ids, id);
    if (at < ids->count && str_equal(*(struct str *)ids->items[at], id)) return true;
    struct str *copy = ARENA_NEW(&heap->arena, struct str);
    if (!copy) return false;
    *copy = arena_str(&heap->arena, id);
    return copy->ptr && memory_vector_insert(heap, ids, at, copy);
}

enum status memory_lists_keys_put(struct store_session *session, struct str home,
                                  const struct str *keys, size_t count, struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    for (size_t i = 0; i < count; i++) {
        struct memory_bucket *bucket =
            memory_bucket_at(heap, &memory_tenant_of(session)->keys, keys[i]);
        if (!bucket || !memory_add_ordered(heap, &bucket->vector, home))
            return error_plain(error, STATUS_STORE_FULL);
    }
    return STATUS_OK;
}

struct suppression {
    struct str reason;
    instant at;
};

enum status memory_lists_suppression_put(struct store_session *session, struct str hash,
                                         struct str reason, instant at, struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    struct suppression *entry = ARENA_NEW(&heap->arena, struct suppression);
    if (!entry) return error_plain(error, STATUS_STORE_FULL);
    *entry = (struct suppression){.reason = arena_str(&heap->arena, reason), .at = at};
    if ((reason.ptr && !entry->reason.ptr) ||
        !memory_table_put(heap, &memory_tenant_of(session)->suppressed, hash, entry))
        return error_plain(error, STATUS_STORE_FULL);
    return STATUS_OK;
}

enum status memory_lists_suppression_find(struct store_session *session, const struct str *hashes,
                                          size_t count, bool *found, struct error *error)
{
    (void)error;
    for (size_t i = 0; i < count; i++)
        found[i] = memory_table_get(&memory_tenant_of(session)->suppressed, hashes[i]) != NULL;
    return STATUS_OK;
}

enum status memory_lists_suppression_remove(struct store_session *session, struct str hash,
                                            struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    struct memory_table *table = &memory_tenant_of(session)->suppressed;
    if (memory_table_get(table, hash) && !memory_table_put(heap, table, hash, NULL))
        return error_plain(error, STATUS_STORE_FULL);
    return STATUS_OK;
}
