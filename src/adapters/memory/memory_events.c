/* The outbox: one list for all tenants, whose places are the positions, and one of each tenant. An
 * erased event keeps its place, without its id. */
#include "adapters/memory/memory_internal.h"
#include "base/environment.h"

static struct memory_store *store_of(struct store_session *session)
{
    return (struct memory_store *)session->store;
}

static bool copy_texts(struct memory_heap *heap, struct str tenant, const struct event *event,
                       struct outbox_event *copy)
{
    copy->tenant = arena_str(&heap->arena, tenant);
    copy->event.event_id = arena_str(&heap->arena, event->event_id);
    copy->event.aggregate_id = arena_str(&heap->arena, event->aggregate_id);
    copy->event.payload = arena_str(&heap->arena, event->payload);
    copy->event.trace = arena_str(&heap->arena, event->trace);
    return copy->tenant.ptr && copy->event.event_id.ptr && copy->event.aggregate_id.ptr &&
           copy->event.payload.ptr && (!event->trace.ptr || copy->event.trace.ptr);
}

enum status memory_events_append(struct store_session *session, const struct event *event,
                                 struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    struct memory_vector *outbox = &store_of(session)->outbox;
    struct outbox_event *copy = ARENA_NEW(&heap->arena, struct outbox_event);
    if (!copy) return error_plain(error, STATUS_STORE_FULL);
    copy->event = *event;
    copy->event.position = (int64_t)outbox->count + 1;
    if (!copy_texts(heap, session->tenant, event, copy) || !memory_vector_add(heap, outbox, copy) ||
        !memory_vector_add(heap, &memory_tenant_of(session)->events, copy))
        return error_plain(error, STATUS_STORE_FULL);
    return STATUS_OK;
}

/* The first place behind a position. */
static size_t place_after(const struct memory_vector *events, int64_t position)
{
    size_t low = 0, high = events->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (((const struct outbox_event *)events->items[middle])->event.position <= position)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum status list(const struct memory_vector *all, int64_t after, size_t limit,
                        struct arena *arena, struct outbox_event **events, size_t *count,
                        struct error *error)
{
    size_t at = place_after(all, after);
    size_t room = all->count - at < limit ? all->count - at : limit;
    *count = 0;
    *events = ARENA_NEW_ARRAY(arena, struct outbox_event, room + 1);
    if (!*events) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (; at < all->count && *count < room; at++) {
        const struct outbox_event *event = all->items[at];
        if (!str_is_none(event->event.event_id)) (*events)[(*count)++] = *event;
    }
    return STATUS_OK;
}

enum status memory_events_list(struct store_session *session, int64_t after, size_t limit,
                               struct arena *arena, struct event **events, size_t *count,
                               struct error *error)
{
    struct outbox_event *found;
    TRY(list(&memory_tenant_of(session)->events, after, limit, arena, &found, count, error));
    *events = ARENA_NEW_ARRAY(arena, struct event, *count + 1);
    if (!*events) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < *count; i++) (*events)[i] = found[i].event;
    return STATUS_OK;
}

enum status memory_events_newest(struct store_session *session, int64_t *position,
                                 struct error *error)
{
    (void)error;
    *position = (int64_t)store_of(session)->outbox.count;
    return STATUS_OK;
}

bool memory_events_erase(struct memory_heap *heap, struct memory_vector *events,
                         const struct erasure *erasure)
{
    for (size_t i = 0; i < events->count; i++) {
        struct event *event = &((struct outbox_event *)events->items[i])->event;
        bool gone = str_is_among(erasure->homes, erasure->home_count, event->aggregate_id);
        for (size_t m = 0; m < erasure->merge_count && !gone; m++)
            gone = event->timestamp == erasure->merges[m].merged_at &&
                   str_equal(event->aggregate_id, erasure->merges[m].target_id);
        if (!gone) continue;
        if (!memory_save(heap, event, sizeof(*event))) return false;
        event->event_id = event->payload = event->trace = STR_NONE;
    }
    return true;
}

/* --- for all tenants --- */

/* What is given points into the store, where nothing moves or goes. */
enum status memory_events_outbox_list(struct store *store, int64_t after, size_t limit,
                                      struct arena *arena, struct outbox_event **events,
                                      size_t *count, struct error *error)
{
    struct memory_store *memory = (struct memory_store *)store;
    (void)pthread_mutex_lock(&memory->mutex);
    enum status status = list(&memory->outbox, after, limit, arena, events, count, error);
    (void)pthread_mutex_unlock(&memory->mutex);
    return status;
}

static struct memory_relay *relay_at(struct memory_store *memory, const struct relay_turn *turn)
{
    struct memory_relay *relay = memory_table_get(&memory->relays, turn->relay);
    if (relay) return relay;
    relay = ARENA_NEW(&memory->heap.arena, struct memory_relay);
    if (!relay || !memory_table_put(&memory->heap, &memory->relays, turn->relay, relay))
        return NULL;
    memory_journal_forget(&memory->heap); /* no unit of work is under way */
    relay->outbox_id = arena_str(&memory->heap.arena, turn->outbox_id);
    relay->holder = STR("");
    return relay;
}

static bool take_lease(struct memory_store *memory, struct memory_relay *relay,
                       const struct relay_turn *turn)
{
    instant now = environment_system()->now(environment_system());
    bool same = str_equal(relay->holder, turn->holder);
    bool keeps = same && turn->free_ms == 0;
    if (!keeps && relay->held_until + turn->free_ms * (INSTANT_SECOND / 1000) > now) return false;
    if (!same) {
        relay->holder = arena_str(&memory->heap.arena, turn->holder);
        relay->epoch++;
    }
    relay->held_until = now + turn->lease_ms * (INSTANT_SECOND / 1000);
    if (turn->position > relay->position) relay->position = turn->position;
    return true;
}

enum status memory_events_relay_turn(struct store *store, const struct relay_turn *turn,
                                     struct arena *arena, struct relay_state *state,
                                     struct error *error)
{
    struct memory_store *memory = (struct memory_store *)store;
    (void)arena;
    (void)pthread_mutex_lock(&memory->mutex);
    struct memory_relay *relay = relay_at(memory, turn);
    if (relay) {
        *state = (struct relay_state){.is_ours = take_lease(memory, relay, turn),
                                      .epoch = relay->epoch,
                                      .outbox_id = relay->outbox_id,
                                      .position = relay->position,
                                      .newest = (int64_t)memory->outbox.count};
    }
    (void)pthread_mutex_unlock(&memory->mutex);
    return relay ? STATUS_OK : error_plain(error, STATUS_STORE_FULL);
}
