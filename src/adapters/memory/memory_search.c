/* The search index: entries as they came. Every search reads them all, which is enough for what
 * this store is for. */
#include "adapters/memory/memory_internal.h"

/* Entry number i + 1 stands at [i]. */
struct memory_entry {
    struct str home;
    struct str body;
};

enum status memory_search_put(struct store_session *session, struct str home, struct str body,
                              struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    struct memory_entry *entry = ARENA_NEW(&heap->arena, struct memory_entry);
    if (!entry) return error_plain(error, STATUS_STORE_FULL);
    *entry = (struct memory_entry){arena_str(&heap->arena, home), arena_str(&heap->arena, body)};
    if (!entry->home.ptr || !entry->body.ptr ||
        !memory_vector_add(heap, &memory_tenant_of(session)->entries, entry))
        return error_plain(error, STATUS_STORE_FULL);
    return STATUS_OK;
}

enum status memory_search_view(struct store_session *session, struct arena *arena,
                               struct search_view *view, struct error *error)
{
    const struct memory_vector *all = &memory_tenant_of(session)->entries;
    struct search_entry *entries = ARENA_NEW_ARRAY(arena, struct search_entry, all->count);
    if (!entries) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < all->count; i++)
        entries[i] = (struct search_entry){(int64_t)i + 1,
                                           ((const struct memory_entry *)all->items[i])->body};
    *view = (struct search_view){.entries = entries, .entry_count = all->count};
    return STATUS_OK;
}

enum status memory_search_profiles(struct store_session *session, const int64_t *numbers,
                                   size_t count, struct arena *arena, struct profile_row *rows,
                                   struct error *error)
{
    const struct memory_vector *all = &memory_tenant_of(session)->entries;
    for (size_t i = 0; i < count; i++) {
        rows[i] = (struct profile_row){.erased_at = INSTANT_NONE};
        if (numbers[i] < 1 || (size_t)numbers[i] > all->count) continue;
        const struct memory_entry *entry = all->items[numbers[i] - 1];
        TRY(memory_profiles_get(session, entry->home, STORE_NO_LOCK, arena, &rows[i], error));
    }
    return STATUS_OK;
}

enum status memory_search_erase(struct store_session *session, const struct str *homes,
                                size_t count, const struct str *keys, size_t key_count,
                                struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    const struct memory_vector *all = &memory_tenant_of(session)->entries;
    (void)keys, (void)key_count;
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    for (size_t i = 0; i < all->count; i++) {
        struct memory_entry *entry = all->items[i];
        if (!str_is_among(homes, count, entry->home)) continue;
        if (!memory_save(heap, entry, sizeof(*entry))) return error_plain(error, STATUS_STORE_FULL);
        entry->body = STR("");
    }
    return STATUS_OK;
}

/* It is never older than its index. */
enum status memory_search_backlog(struct store_session *session, size_t limit, struct arena *arena,
                                  struct str **homes, size_t *count, struct error *error)
{
    (void)session, (void)limit, (void)arena, (void)error;
    *homes = NULL;
    *count = 0;
    return STATUS_OK;
}

enum status memory_search_backlog_done(struct store_session *session, const struct str *homes,
                                       size_t count, struct error *error)
{
    (void)homes, (void)count;
    return memory_heap_of(session) ? STATUS_OK : error_plain(error, STATUS_INTERNAL);
}

enum status memory_search_backlog_tenant(struct store *store, struct arena *arena,
                                         struct str *tenant, struct error *error)
{
    (void)store, (void)arena, (void)error;
    *tenant = STR_NONE;
    return STATUS_OK;
}
