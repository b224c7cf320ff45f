/* Answers kept for retries, and what was consumed. Units of work are alone, so nothing is ever in
 * flight. */
#include "adapters/memory/memory_internal.h"

/* Absent when out of memory. Neither a caller nor a key has the separator in it. */
static struct str name_of(struct arena *arena, struct str caller, struct str key)
{
    return arena_format(arena, "%.*s\x1f%.*s", STR_ARGS(caller), STR_ARGS(key));
}

enum status memory_answers_claim(struct store_session *session, struct str caller, struct str key,
                                 instant now, struct arena *arena, struct answer_row *row,
                                 struct error *error)
{
    struct str name = name_of(arena, caller, key);
    *row = (struct answer_row){0};
    if (str_is_none(name)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    const struct answer_row *found = memory_table_get(&memory_tenant_of(session)->answers, name);
    if (found && found->expires_at > now) *row = *found;
    return STATUS_OK;
}

enum status memory_answers_put(struct store_session *session, const struct answer_row *row,
                               instant now, struct error *error)
{
    (void)now; /* nothing is given back before the store is */
    struct memory_heap *heap = memory_heap_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    struct answer_row *copy = ARENA_NEW(&heap->arena, struct answer_row);
    struct str name = name_of(&heap->arena, row->caller, row->key);
    if (!copy || str_is_none(name)) return error_plain(error, STATUS_STORE_FULL);
    *copy = *row;
    copy->caller = arena_str(&heap->arena, row->caller);
    copy->key = arena_str(&heap->arena, row->key);
    copy->fingerprint = arena_str(&heap->arena, row->fingerprint);
    copy->headers = arena_str(&heap->arena, row->headers);
    copy->body = arena_str(&heap->arena, row->body);
    if (!copy->caller.ptr || !copy->key.ptr || !copy->fingerprint.ptr || !copy->headers.ptr ||
        (row->body.ptr && !copy->body.ptr) ||
        !memory_table_put(heap, &memory_tenant_of(session)->answers, name, copy))
        return error_plain(error, STATUS_STORE_FULL);
    return STATUS_OK;
}

static void purge_tenant(struct memory_tenant *tenant, instant now, size_t most, size_t *purged)
{
    for (size_t i = 0; i < tenant->answers.room && *purged < most; i++) {
        const struct answer_row *row = tenant->answers.slots[i].value;
        if (!row || row->expires_at > now) continue;
        tenant->answers.slots[i].value = NULL;
        (*purged)++;
    }
}

enum status memory_answers_purge(struct store *store, instant now, size_t most, struct arena *arena,
                                 size_t *purged, struct error *error)
{
    struct memory_store *memory = (struct memory_store *)store;
    (void)arena, (void)error;
    *purged = 0;
    (void)pthread_mutex_lock(&memory->mutex);
    for (size_t i = 0; i < memory->tenants.room; i++)
        if (memory->tenants.slots[i].value)
            purge_tenant(memory->tenants.slots[i].value, now, most, purged);
    (void)pthread_mutex_unlock(&memory->mutex);
    return STATUS_OK;
}

enum status memory_inbox_put(struct store_session *session, const struct str *ids, size_t count,
                             instant now, instant forget, bool *fresh, struct error *error)
{
    (void)now, (void)forget; /* nothing is given back before the store is */
    struct memory_heap *heap = memory_heap_of(session);
    struct memory_table *inbox = &memory_tenant_of(session)->inbox;
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    for (size_t i = 0; i < count; i++) {
        struct str *id = ARENA_NEW(&heap->arena, struct str);
        fresh[i] = memory_table_get(inbox, ids[i]) == NULL;
        if (!fresh[i]) continue;
        if (!id || str_is_none(*id = arena_str(&heap->arena, ids[i])) ||
            !memory_table_put(heap, inbox, *id, id))
            return error_plain(error, STATUS_STORE_FULL);
    }
    return STATUS_OK;
}
