/* The functions of the port only forward to the adapter. */
#include "application/ports/webhook_store.h"

enum status webhook_list_all(struct store *store, struct arena *arena, struct webhook_row **rows,
                             size_t *count, struct error *error)
{
    return store->operations->webhooks->list_all(store, arena, rows, count, error);
}

enum status webhook_insert(struct store_session *session, const struct webhook_row *row,
                           struct error *error)
{
    return session->store->operations->webhooks->insert(session, row, error);
}

enum status webhook_update(struct store_session *session, const struct webhook_row *row,
                           struct error *error)
{
    return session->store->operations->webhooks->update(session, row, error);
}

enum status webhook_get(struct store_session *session, struct str id, enum store_lock lock,
                        struct arena *arena, struct webhook_row *row, struct error *error)
{
    return session->store->operations->webhooks->get(session, id, lock, arena, row, error);
}

enum status webhook_list(struct store_session *session, struct str after_id, size_t limit,
                         struct arena *arena, struct webhook_row **rows, size_t *count,
                         struct error *error)
{
    return session->store->operations->webhooks->list(session, after_id, limit, arena, rows, count,
                                                      error);
}

enum status webhook_remove(struct store_session *session, struct str id, struct error *error)
{
    return session->store->operations->webhooks->remove(session, id, error);
}

enum status webhook_held_put(struct store_session *session, struct str id,
                             const struct webhook_held *held, struct error *error)
{
    return session->store->operations->webhooks->held_put(session, id, held, error);
}

enum status webhook_held_remove(struct store_session *session, struct str id, int64_t position,
                                struct error *error)
{
    return session->store->operations->webhooks->held_remove(session, id, position, error);
}

enum status webhook_held_list(struct store_session *session, struct str id, int64_t after,
                              size_t limit, struct arena *arena, struct webhook_held **held,
                              size_t *count, struct error *error)
{
    return session->store->operations->webhooks->held_list(session, id, after, limit, arena, held,
                                                           count, error);
}

enum status webhook_held_count(struct store_session *session, struct str id, int64_t *count,
                               struct error *error)
{
    return session->store->operations->webhooks->held_count(session, id, count, error);
}

enum status webhook_delivery_append(struct store_session *session, struct str id,
                                    const struct webhook_delivery *delivery, struct error *error)
{
    return session->store->operations->webhooks->delivery_append(session, id, delivery, error);
}

enum status webhook_delivery_trim(struct store_session *session, struct str id, int64_t up_to,
                                  instant before, struct error *error)
{
    return session->store->operations->webhooks->delivery_trim(session, id, up_to, before, error);
}

enum status webhook_delivery_get(struct store_session *session, struct str id, int64_t number,
                                 struct arena *arena, struct webhook_delivery *delivery,
                                 struct error *error)
{
    return session->store->operations->webhooks->delivery_get(session, id, number, arena, delivery,
                                                              error);
}

enum status webhook_delivery_list(struct store_session *session, struct str id,
                                  const struct webhook_filter *filter, size_t limit,
                                  struct arena *arena, struct webhook_delivery **deliveries,
                                  size_t *count, struct error *error)
{
    return session->store->operations->webhooks->delivery_list(session, id, filter, limit, arena,
                                                               deliveries, count, error);
}
