/* Keys, events, suppressions and jobs. */
#include <stdlib.h>
#include <string.h>

#include "adapters/memory/memory_internal.h"

/* Every unit of work is alone already. */
enum status memory_lists_keys_lock(struct store_session *session, const struct str *keys,
                                   size_t count, struct error *error)
{
    (void)keys;
    (void)count;
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

enum status memory_lists_key_list(struct store_session *session, struct str key, struct str after,
                                  size_t limit, struct arena *arena, struct str **homes,
                                  size_t *count, struct error *error)
{
    const struct memory_bucket *bucket = memory_table_get(&memory_tenant_of(session)->keys, key);
    *count = 0;
    *homes = NULL;
    if (!bucket) return STATUS_OK;
    const struct memory_vector *all = &bucket->vector;
    size_t at = str_is_none(after) ? 0 : memory_lower_bound(all, after);
    if (at < all->count && str_equal(*(struct str *)all->items[at], after)) at++;
    size_t room = all->count - at < limit ? all->count - at : limit;
    *homes = ARENA_NEW_ARRAY(arena, struct str, room);
    if (!*homes) return error_plain(error, STATUS_OUT_OF_MEMORY);
    while (*count < room) (*homes)[(*count)++] = *(struct str *)all->items[at++];
    return STATUS_OK;
}

/* Puts a copy of `id` where it belongs; nothing when it is there. */
static bool add_ordered(struct memory_heap *heap, struct memory_vector *ids, struct str id)
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
        if (!bucket || !add_ordered(heap, &bucket->vector, home))
            return error_plain(error, STATUS_STORE_FULL);
    }
    return STATUS_OK;
}

enum status memory_lists_event_append(struct store_session *session, const struct event *event,
                                      struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    struct memory_vector *events = &memory_tenant_of(session)->events;
    struct event *copy = ARENA_NEW(&heap->arena, struct event);
    if (!copy) return error_plain(error, STATUS_STORE_FULL);
    *copy = *event;
    copy->position = (int64_t)events->count + 1;
    copy->event_id = arena_str(&heap->arena, event->event_id);
    copy->aggregate_id = arena_str(&heap->arena, event->aggregate_id);
    copy->payload = arena_str(&heap->arena, event->payload);
    copy->trace = arena_str(&heap->arena, event->trace);
    if (!copy->event_id.ptr || !copy->aggregate_id.ptr || !copy->payload.ptr ||
        (event->trace.ptr && !copy->trace.ptr) || !memory_vector_add(heap, events, copy))
        return error_plain(error, STATUS_STORE_FULL);
    return STATUS_OK;
}

enum status memory_lists_event_list(struct store_session *session, int64_t after, size_t limit,
                                    struct arena *arena, struct event **events, size_t *count,
                                    struct error *error)
{
    const struct memory_vector *all = &memory_tenant_of(session)->events;
    size_t at = after < 0 ? 0 : (size_t)after;
    *count = 0;
    *events = NULL;
    if (at >= all->count) return STATUS_OK;
    size_t room = all->count - at < limit ? all->count - at : limit;
    *events = ARENA_NEW_ARRAY(arena, struct event, room);
    if (!*events) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (; at < all->count && *count < room; at++) /* an erased one left its place */
        if (all->items[at]) (*events)[(*count)++] = *(struct event *)all->items[at];
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

enum status memory_lists_job_put(struct store_session *session, const struct job_row *job,
                                 struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    struct memory_tenant *tenant = memory_tenant_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    struct job_row *copy = ARENA_NEW(&heap->arena, struct job_row);
    if (!copy) return error_plain(error, STATUS_STORE_FULL);
    *copy = *job;
    copy->job_id = arena_str(&heap->arena, job->job_id);
    copy->kind = arena_str(&heap->arena, job->kind);
    copy->actor = arena_str(&heap->arena, job->actor);
    copy->document = arena_str(&heap->arena, job->document);
    if (!copy->job_id.ptr || !copy->kind.ptr || (job->actor.ptr && !copy->actor.ptr) ||
        (job->document.ptr && !copy->document.ptr) ||
        !memory_table_put(heap, &tenant->jobs, job->job_id, copy) ||
        !add_ordered(heap, &tenant->jobs_ordered, job->job_id))
        return error_plain(error, STATUS_STORE_FULL);
    return STATUS_OK;
}

enum status memory_lists_job_get(struct store_session *session, struct str job_id,
                                 struct arena *arena, struct job_row *job, struct error *error)
{
    (void)arena;
    struct job_row *found = memory_table_get(&memory_tenant_of(session)->jobs, job_id);
    if (!found) return error_plain(error, STATUS_JOB_NOT_FOUND);
    *job = *found;
    return STATUS_OK;
}

enum status memory_lists_job_list(struct store_session *session, struct str after_id, size_t limit,
                                  struct arena *arena, struct job_row **jobs, size_t *count,
                                  struct error *error)
{
    const struct memory_tenant *tenant = memory_tenant_of(session);
    size_t at = str_is_none(after_id) ? tenant->jobs_ordered.count
                                      : memory_lower_bound(&tenant->jobs_ordered, after_id);
    *count = 0;
    *jobs = NULL;
    size_t room = at < limit ? at : limit;
    if (room == 0) return STATUS_OK;
    *jobs = ARENA_NEW_ARRAY(arena, struct job_row, room);
    if (!*jobs) return error_plain(error, STATUS_OUT_OF_MEMORY);
    while (*count < room) {
        const struct str *id = tenant->jobs_ordered.items[--at];
        (*jobs)[(*count)++] = *(struct job_row *)memory_table_get(&tenant->jobs, *id);
    }
    return STATUS_OK;
}
