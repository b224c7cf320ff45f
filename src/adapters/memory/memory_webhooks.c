/* Webhooks, what is held of them, and the log of their deliveries. A row that was changed is
 * another one; what was there before stays in the heap, as everything of this store does. */
#include "adapters/memory/memory_internal.h"
#include "application/ports/webhook_store.h"

struct memory_webhook {
    struct webhook_row row;
    struct memory_vector held;       /* struct webhook_held * by position */
    struct memory_vector deliveries; /* struct webhook_delivery * by number */
};

static struct memory_webhook *find(struct store_session *session, struct str id)
{
    return memory_table_get(&memory_tenant_of(session)->webhooks, id);
}

static bool own(struct memory_heap *heap, struct str *text)
{
    struct str copy = arena_str(&heap->arena, *text);
    if (!str_is_none(*text) && str_is_none(copy)) return false;
    *text = copy;
    return true;
}

static bool own_row(struct memory_heap *heap, struct webhook_row *row)
{
    struct str *texts[] = {&row->webhook_id, &row->url,    &row->event_types, &row->description,
                           &row->created_by, &row->key_id, &row->salt,        &row->previous_salt};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (!own(heap, texts[i])) return false;
    if (row->state == WEBHOOK_ACTIVE) row->cause = WEBHOOK_BY_OWNER;
    return true;
}

static bool take_out(struct memory_heap *heap, struct memory_vector *vector, size_t from,
                     size_t count)
{
    if (count == 0) return true;
    if (!memory_save(heap, vector->items, vector->count * sizeof(*vector->items)) ||
        !memory_save(heap, vector, sizeof(*vector)))
        return false;
    for (size_t i = from; i + count < vector->count; i++)
        vector->items[i] = vector->items[i + count];
    vector->count -= count;
    return true;
}

static enum status full(struct error *error)
{
    return error_plain(error, STATUS_STORE_FULL);
}

/* --- subscriptions --- */

static enum status insert(struct store_session *session, const struct webhook_row *row,
                          struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    struct memory_tenant *tenant = memory_tenant_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    struct memory_webhook *webhook = ARENA_NEW(&heap->arena, struct memory_webhook);
    if (!webhook) return full(error);
    webhook->row = *row;
    bool done = own_row(heap, &webhook->row) &&
                memory_table_put(heap, &tenant->webhooks, row->webhook_id, webhook) &&
                memory_add_ordered(heap, &tenant->webhooks_ordered, row->webhook_id);
    return done ? STATUS_OK : full(error);
}

static enum status update(struct store_session *session, const struct webhook_row *row,
                          struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    struct memory_webhook *webhook = find(session, row->webhook_id);
    struct webhook_row copy = *row;
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    if (!webhook) return error_plain(error, STATUS_WEBHOOK_NOT_FOUND);
    if (!own_row(heap, &copy) || !memory_save(heap, &webhook->row, sizeof(copy)))
        return full(error);
    webhook->row = copy;
    return STATUS_OK;
}

static enum status get(struct store_session *session, struct str id, enum store_lock lock,
                       struct arena *arena, struct webhook_row *row, struct error *error)
{
    (void)arena;
    if (lock == STORE_LOCK && !memory_heap_of(session)) return error_plain(error, STATUS_INTERNAL);
    const struct memory_webhook *webhook = find(session, id);
    if (!webhook) return error_plain(error, STATUS_WEBHOOK_NOT_FOUND);
    *row = webhook->row;
    return STATUS_OK;
}

static enum status list(struct store_session *session, struct str after_id, size_t limit,
                        struct arena *arena, struct webhook_row **rows, size_t *count,
                        struct error *error)
{
    const struct memory_vector *ids = &memory_tenant_of(session)->webhooks_ordered;
    size_t at = str_is_none(after_id) ? 0 : memory_lower_bound(ids, after_id);
    *count = 0;
    *rows = ARENA_NEW_ARRAY(arena, struct webhook_row, ids->count + 1);
    if (!*rows) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (; at < ids->count && *count < limit; at++) {
        const struct str *id = ids->items[at];
        const struct memory_webhook *webhook = find(session, *id);
        if (webhook && !str_equal(*id, after_id)) (*rows)[(*count)++] = webhook->row;
    }
    return STATUS_OK;
}

/* Its id stays in the order, with nothing behind it. */
static enum status remove_all(struct store_session *session, struct str id, struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    if (!find(session, id)) return STATUS_OK;
    return memory_table_put(heap, &memory_tenant_of(session)->webhooks, id, NULL) ? STATUS_OK
                                                                                  : full(error);
}

static size_t count_all(const struct memory_store *memory)
{
    size_t count = 0;
    for (size_t t = 0; t < memory->tenants.room; t++) {
        const struct memory_tenant *tenant = memory->tenants.slots[t].value;
        count += tenant ? tenant->webhooks.count : 0;
    }
    return count;
}

static size_t copy_all(const struct memory_slot *slot, struct webhook_row *rows)
{
    const struct memory_tenant *tenant = slot->value;
    size_t count = 0;
    for (size_t i = 0; tenant && i < tenant->webhooks.room; i++) {
        const struct memory_webhook *webhook = tenant->webhooks.slots[i].value;
        if (!webhook) continue;
        rows[count] = webhook->row;
        rows[count++].tenant = slot->key;
    }
    return count;
}

static enum status list_all(struct store *store, struct arena *arena, struct webhook_row **rows,
                            size_t *count, struct error *error)
{
    struct memory_store *memory = (struct memory_store *)store;
    *count = 0;
    (void)pthread_mutex_lock(&memory->mutex);
    struct webhook_row *all = ARENA_NEW_ARRAY(arena, struct webhook_row, count_all(memory) + 1);
    for (size_t t = 0; all && t < memory->tenants.room; t++)
        *count += copy_all(&memory->tenants.slots[t], all + *count);
    (void)pthread_mutex_unlock(&memory->mutex);
    *rows = all;
    return all ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}

/* --- what is held --- */

static size_t held_from(const struct memory_vector *held, int64_t position)
{
    size_t at = 0;
    while (at < held->count && ((struct webhook_held *)held->items[at])->position < position) at++;
    return at;
}

static bool is_held(const struct memory_vector *held, size_t at, int64_t position)
{
    return at < held->count && ((struct webhook_held *)held->items[at])->position == position;
}

static enum status held_put(struct store_session *session, struct str id,
                            const struct webhook_held *held, struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    struct memory_webhook *webhook = find(session, id);
    if (!heap || !webhook) return error_plain(error, STATUS_INTERNAL);
    struct webhook_held *copy = ARENA_NEW(&heap->arena, struct webhook_held);
    size_t at = held_from(&webhook->held, held->position);
    if (!copy) return full(error);
    *copy = *held;
    bool done = own(heap, &copy->event_id) && own(heap, &copy->customer_id);
    if (done && is_held(&webhook->held, at, held->position))
        done = take_out(heap, &webhook->held, at, 1);
    return done && memory_vector_insert(heap, &webhook->held, at, copy) ? STATUS_OK : full(error);
}

static enum status held_remove(struct store_session *session, struct str id, int64_t position,
                               struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    struct memory_webhook *webhook = find(session, id);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    size_t at = webhook ? held_from(&webhook->held, position) : 0;
    if (!webhook || !is_held(&webhook->held, at, position)) return STATUS_OK;
    return take_out(heap, &webhook->held, at, 1) ? STATUS_OK : full(error);
}

static enum status held_list(struct store_session *session, struct str id, int64_t after,
                             size_t limit, struct arena *arena, struct webhook_held **held,
                             size_t *count, struct error *error)
{
    const struct memory_webhook *webhook = find(session, id);
    size_t all = webhook ? webhook->held.count : 0;
    *count = 0;
    *held = ARENA_NEW_ARRAY(arena, struct webhook_held, all + 1);
    if (!*held) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = webhook ? held_from(&webhook->held, after + 1) : 0; i < all && *count < limit;
         i++)
        (*held)[(*count)++] = *(struct webhook_held *)webhook->held.items[i];
    return STATUS_OK;
}

static enum status held_count(struct store_session *session, struct str id, int64_t *count,
                              struct error *error)
{
    const struct memory_webhook *webhook = find(session, id);
    (void)error;
    *count = webhook ? (int64_t)webhook->held.count : 0;
    return STATUS_OK;
}

/* --- the log --- */

static enum status delivery_append(struct store_session *session, struct str id,
                                   const struct webhook_delivery *delivery, struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    struct memory_webhook *webhook = find(session, id);
    if (!heap || !webhook) return error_plain(error, STATUS_INTERNAL);
    struct webhook_delivery *copy = ARENA_NEW(&heap->arena, struct webhook_delivery);
    if (!copy) return full(error);
    *copy = *delivery;
    bool done = own(heap, &copy->event_id) && own(heap, &copy->event_type) &&
                own(heap, &copy->customer_id) &&
                memory_vector_add(heap, &webhook->deliveries, copy);
    return done ? STATUS_OK : full(error);
}

static enum status delivery_trim(struct store_session *session, struct str id, int64_t up_to,
                                 instant before, struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    struct memory_webhook *webhook = find(session, id);
    size_t gone = 0;
    if (!heap || !webhook) return error_plain(error, STATUS_INTERNAL);
    while (gone < webhook->deliveries.count) {
        const struct webhook_delivery *row = webhook->deliveries.items[gone];
        if (row->number > up_to && (before == INSTANT_NONE || row->at >= before)) break;
        gone++;
    }
    return take_out(heap, &webhook->deliveries, 0, gone) ? STATUS_OK : full(error);
}

static enum status delivery_get(struct store_session *session, struct str id, int64_t number,
                                struct arena *arena, struct webhook_delivery *delivery,
                                struct error *error)
{
    const struct memory_webhook *webhook = find(session, id);
    (void)arena;
    for (size_t i = 0; webhook && i < webhook->deliveries.count; i++) {
        *delivery = *(struct webhook_delivery *)webhook->deliveries.items[i];
        if (delivery->number == number) return STATUS_OK;
    }
    return error_plain(error, STATUS_DELIVERY_NOT_FOUND);
}

static enum status delivery_list(struct store_session *session, struct str id,
                                 const struct webhook_filter *filter, size_t limit,
                                 struct arena *arena, struct webhook_delivery **deliveries,
                                 size_t *count, struct error *error)
{
    const struct memory_webhook *webhook = find(session, id);
    size_t at = webhook ? webhook->deliveries.count : 0;
    *count = 0;
    *deliveries = ARENA_NEW_ARRAY(arena, struct webhook_delivery, at + 1);
    if (!*deliveries) return error_plain(error, STATUS_OUT_OF_MEMORY);
    while (at > 0 && *count < limit) {
        const struct webhook_delivery *row = webhook->deliveries.items[--at];
        if (row->number < filter->before && (!filter->failed || row->outcome != WEBHOOK_DELIVERED))
            (*deliveries)[(*count)++] = *row;
    }
    return STATUS_OK;
}

const struct webhook_operations memory_webhook_operations = {
    .list_all = list_all,
    .insert = insert,
    .update = update,
    .get = get,
    .list = list,
    .remove = remove_all,
    .held_put = held_put,
    .held_remove = held_remove,
    .held_list = held_list,
    .held_count = held_count,
    .delivery_append = delivery_append,
    .delivery_trim = delivery_trim,
    .delivery_get = delivery_get,
    .delivery_list = delivery_list,
};
