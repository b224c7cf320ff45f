/* The functions of the port forward to the adapter; locks are asked for in order (store_locks.h).
 */
#include "application/ports/store_locks.h"

enum status store_read(struct store *store, struct str tenant, struct arena *arena,
                       store_body *body, void *context, struct error *error)
{
    return store->operations->read(store, tenant, arena, body, context, error);
}

enum status store_write(struct store *store, struct str tenant, struct arena *arena,
                        store_body *body, void *context, struct error *error)
{
    return store->operations->write(store, tenant, arena, body, context, error);
}

enum status store_write_grouped(struct store *store, struct str tenant, struct arena *arena,
                                store_body *body, void *context, struct error *error)
{
    const struct store_operations *operations = store->operations;
    return operations->write_grouped
               ? operations->write_grouped(store, tenant, arena, body, context, error)
               : operations->write(store, tenant, arena, body, context, error);
}

enum status store_lookup(struct store *store, struct str tenant, const struct str *ids,
                         size_t count, struct arena *arena, struct profile_row *rows,
                         struct error *error)
{
    return store->operations->lookup(store, tenant, ids, count, arena, rows, error);
}

enum status store_ready(struct store *store, struct error *error)
{
    return store->operations->ready(store, error);
}

struct queue_wait store_wait(struct store *store, enum store_use use)
{
    return store->operations->wait(store, use);
}

enum status store_profile_get(struct store_session *session, struct str id, enum store_lock lock,
                              struct arena *arena, struct profile_row *row, struct error *error)
{
    if (lock == STORE_LOCK)
        TRY(store_locks_ask(session->locks, STORE_PLACE_CUSTOMER, &id, 1, &lock, error));
    return session->store->operations->profile_get(session, id, lock, arena, row, error);
}

enum status store_profiles_get(struct store_session *session, const struct str *ids, size_t count,
                               enum store_lock lock, struct arena *arena, struct profile_row *rows,
                               struct error *error)
{
    if (lock == STORE_LOCK)
        TRY(store_locks_ask(session->locks, STORE_PLACE_CUSTOMER, ids, count, &lock, error));
    return session->store->operations->profiles_get(session, ids, count, lock, arena, rows, error);
}

enum status store_profiles_exist(struct store_session *session, const struct str *ids, size_t count,
                                 bool *exist, struct error *error)
{
    return session->store->operations->profiles_exist(session, ids, count, exist, error);
}

enum status store_profile_insert(struct store_session *session, const struct profile_row *row,
                                 struct error *error)
{
    return session->store->operations->profile_insert(session, row, error);
}

enum status store_profile_update(struct store_session *session, const struct profile_row *row,
                                 struct error *error)
{
    return session->store->operations->profile_update(session, row, error);
}

enum status store_profile_list(struct store_session *session, const struct profile_filter *filter,
                               struct str after_id, size_t limit, struct arena *arena,
                               struct profile_row **rows, size_t *count, struct error *error)
{
    return session->store->operations->profile_list(session, filter, after_id, limit, arena, rows,
                                                    count, error);
}

enum status store_profile_count(struct store_session *session, int64_t limit, int64_t *count,
                                struct error *error)
{
    return session->store->operations->profile_count(session, limit, count, error);
}

enum status store_version_append(struct store_session *session, const struct version_row *row,
                                 struct error *error)
{
    return session->store->operations->version_append(session, row, error);
}

enum status store_version_list(struct store_session *session, struct str customer_id,
                               int64_t before_version, size_t limit, struct arena *arena,
                               struct version_row **rows, size_t *count, struct error *error)
{
    return session->store->operations->version_list(session, customer_id, before_version, limit,
                                                    arena, rows, count, error);
}

enum status store_tree_load(struct store_session *session, struct str root, instant as_of,
                            struct arena *arena, struct tree *tree, struct error *error)
{
    return session->store->operations->tree_load(session, root, as_of, arena, tree, error);
}

enum status store_fact_append(struct store_session *session, const struct fact *fact,
                              struct error *error)
{
    return session->store->operations->fact_append(session, fact, error);
}

enum status store_facts_about(struct store_session *session, const struct str *objects,
                              size_t count, struct arena *arena, struct fact **facts,
                              size_t *fact_count, struct error *error)
{
    return session->store->operations->facts_about(session, objects, count, arena, facts,
                                                   fact_count, error);
}

enum status store_history_list(struct store_session *session, const struct history_query *query,
                               struct arena *arena, struct fact **facts, size_t *count,
                               struct error *error)
{
    return session->store->operations->history_list(session, query, arena, facts, count, error);
}

enum status store_history_of(struct store_session *session, struct str home, enum fact_kind kind,
                             const struct fact *after, size_t limit, struct arena *arena,
                             struct fact **facts, size_t *count, struct error *error)
{
    return session->store->operations->history_of(session, home, kind, after, limit, arena, facts,
                                                  count, error);
}

enum status store_merge_insert(struct store_session *session, const struct merge *merge,
                               struct error *error)
{
    return session->store->operations->merge_insert(session, merge, error);
}

enum status store_merge_get(struct store_session *session, struct str merge_id, struct arena *arena,
                            struct merge *merge, struct error *error)
{
    return session->store->operations->merge_get(session, merge_id, arena, merge, error);
}

enum status store_merge_reverse(struct store_session *session, const struct merge *merge,
                                struct error *error)
{
    return session->store->operations->merge_reverse(session, merge, error);
}

enum status store_merge_list(struct store_session *session, const struct str *customers,
                             size_t count, struct arena *arena, struct merge **merges,
                             size_t *merge_count, struct error *error)
{
    return session->store->operations->merge_list(session, customers, count, arena, merges,
                                                  merge_count, error);
}

enum status store_keys_lock(struct store_session *session, const struct str *keys, size_t count,
                            struct error *error)
{
    enum store_lock how;
    TRY(store_locks_ask(session->locks, STORE_PLACE_KEY, keys, count, &how, error));
    return session->store->operations->keys_lock(session, keys, count, how, error);
}

enum status store_key_lock_last(struct store_session *session, struct str key, struct error *error)
{
    enum store_lock how;
    TRY(store_locks_ask(session->locks, STORE_PLACE_LAST, &key, 1, &how, error));
    return session->store->operations->keys_lock(session, &key, 1, how, error);
}

enum status store_creation_begin(struct store_session *session, struct error *error)
{
    store_locks_raise(session->locks, STORE_PLACE_LAST, STORE_CREATIONS);
    return session->store->operations->creation_begin(session, error);
}

enum status store_creations_await(struct store_session *session, int64_t *mark, struct error *error)
{
    *mark = 0;
    if (!session->locks) return STATUS_OK;
    return session->store->operations->creations_await(session, mark, error);
}

enum status store_creations_stop(struct store_session *session, int64_t mark, struct arena *arena,
                                 struct store_meeting **meetings, size_t *count,
                                 struct error *error)
{
    *meetings = NULL;
    *count = 0;
    if (!session->locks) return STATUS_OK;
    TRY(store_key_lock_last(session, STORE_CREATIONS, error));
    return session->store->operations->creations_met(session, mark, arena, meetings, count, error);
}

enum status store_keys_find(struct store_session *session, const struct str *keys, size_t count,
                            size_t homes_max, struct arena *arena, struct key_hit **hits,
                            size_t *hit_count, struct error *error)
{
    return session->store->operations->keys_find(session, keys, count, homes_max, arena, hits,
                                                 hit_count, error);
}

enum status store_keys_put(struct store_session *session, struct str home, const struct str *keys,
                           size_t count, struct error *error)
{
    return session->store->operations->keys_put(session, home, keys, count, error);
}

enum status store_search_put(struct store_session *session, struct str home, struct str entry,
                             struct error *error)
{
    return session->store->operations->search_put(session, home, entry, error);
}

enum status store_search_view(struct store_session *session, struct arena *arena,
                              struct search_view *view, struct error *error)
{
    return session->store->operations->search_view(session, arena, view, error);
}

enum status store_search_profiles(struct store_session *session, const int64_t *numbers,
                                  size_t count, struct arena *arena, struct profile_row *rows,
                                  struct error *error)
{
    return session->store->operations->search_profiles(session, numbers, count, arena, rows, error);
}

enum status store_search_backlog(struct store_session *session, size_t limit, struct arena *arena,
                                 struct str **homes, size_t *count, struct error *error)
{
    return session->store->operations->search_backlog(session, limit, arena, homes, count, error);
}

enum status store_search_backlog_done(struct store_session *session, const struct str *homes,
                                      size_t count, struct error *error)
{
    return session->store->operations->search_backlog_done(session, homes, count, error);
}

enum status store_search_backlog_tenant(struct store *store, struct arena *arena,
                                        struct str *tenant, struct error *error)
{
    return store->operations->search_backlog_tenant(store, arena, tenant, error);
}

enum status store_search_erase(struct store_session *session, const struct str *homes, size_t count,
                               const struct str *keys, size_t key_count, struct error *error)
{
    return session->store->operations->search_erase(session, homes, count, keys, key_count, error);
}

enum status store_keys_erase(struct store_session *session, const struct str *homes, size_t count,
                             struct error *error)
{
    return session->store->operations->keys_erase(session, homes, count, error);
}

enum status store_homes_erase(struct store_session *session, const struct erasure *erasure,
                              struct error *error)
{
    return session->store->operations->homes_erase(session, erasure, error);
}

enum status store_event_append(struct store_session *session, const struct event *event,
                               struct error *error)
{
    return session->store->operations->event_append(session, event, error);
}

enum status store_event_list(struct store_session *session, int64_t after, size_t limit,
                             struct arena *arena, struct event **events, size_t *count,
                             struct error *error)
{
    return session->store->operations->event_list(session, after, limit, arena, events, count,
                                                  error);
}

enum status store_suppression_put(struct store_session *session, struct str hash, struct str reason,
                                  instant at, struct error *error)
{
    return session->store->operations->suppression_put(session, hash, reason, at, error);
}

enum status store_suppression_find(struct store_session *session, const struct str *hashes,
                                   size_t count, bool *found, struct error *error)
{
    return session->store->operations->suppression_find(session, hashes, count, found, error);
}

enum status store_suppression_remove(struct store_session *session, struct str hash,
                                     struct error *error)
{
    return session->store->operations->suppression_remove(session, hash, error);
}

enum status store_job_put(struct store_session *session, const struct job_row *job,
                          struct error *error)
{
    return session->store->operations->job_put(session, job, error);
}

enum status store_job_get(struct store_session *session, struct str job_id, enum store_lock lock,
                          struct arena *arena, struct job_row *job, struct error *error)
{
    return session->store->operations->job_get(session, job_id, lock, arena, job, error);
}

enum status store_job_list(struct store_session *session, struct str after_id, size_t limit,
                           struct arena *arena, struct job_row **jobs, size_t *count,
                           struct error *error)
{
    return session->store->operations->job_list(session, after_id, limit, arena, jobs, count,
                                                error);
}

enum status store_job_count(struct store_session *session, int64_t *count, struct error *error)
{
    return session->store->operations->job_count(session, count, error);
}

enum status store_job_step_append(struct store_session *session, const struct job_step *step,
                                  struct error *error)
{
    return session->store->operations->job_step_append(session, step, error);
}

enum status store_job_step_list(struct store_session *session, struct str job_id, int64_t after,
                                size_t limit, struct arena *arena, struct job_step **steps,
                                size_t *count, struct error *error)
{
    return session->store->operations->job_step_list(session, job_id, after, limit, arena, steps,
                                                     count, error);
}

enum status store_job_step_last(struct store_session *session, struct str job_id,
                                struct arena *arena, struct job_step *step, struct error *error)
{
    return session->store->operations->job_step_last(session, job_id, arena, step, error);
}

enum status store_job_step_report(struct store_session *session, struct str job_id, int64_t number,
                                  struct str report, struct error *error)
{
    return session->store->operations->job_step_report(session, job_id, number, report, error);
}

enum status store_job_report_list(struct store_session *session, const struct job_step *after,
                                  size_t limit, struct arena *arena, struct job_step **steps,
                                  size_t *count, struct error *error)
{
    return session->store->operations->job_report_list(session, after, limit, arena, steps, count,
                                                       error);
}

enum status store_job_claim(struct store *store, const struct job_turn *turn, struct arena *arena,
                            struct job_claim *claim, struct error *error)
{
    return store->operations->job_claim(store, turn, arena, claim, error);
}

enum status store_job_keep(struct store_session *session, struct str job_id, int64_t epoch,
                           int64_t lease_ms, struct error *error)
{
    return session->store->operations->job_keep(session, job_id, epoch, lease_ms, error);
}

enum status store_job_part_put(struct store_session *session, struct str job_id, int64_t number,
                               instant at, struct str bytes, struct error *error)
{
    return session->store->operations->job_part_put(session, job_id, number, at, bytes, error);
}

enum status store_job_part_get(struct store_session *session, struct str job_id, int64_t number,
                               struct arena *arena, struct str *bytes, struct error *error)
{
    return session->store->operations->job_part_get(session, job_id, number, arena, bytes, error);
}

enum status store_job_parts_remove(struct store_session *session, struct str job_id,
                                   struct error *error)
{
    return session->store->operations->job_parts_remove(session, job_id, error);
}

enum status store_job_exports_erase(struct store_session *session, struct error *error)
{
    return session->store->operations->job_exports_erase(session, error);
}

enum status store_jobs_purge(struct store *store, instant before, struct arena *arena,
                             struct error *error)
{
    return store->operations->jobs_purge(store, before, arena, error);
}

enum status store_duplicate_insert(struct store_session *session, const struct duplicate_row *row,
                                   struct error *error)
{
    store_locks_raise(session->locks, STORE_PLACE_DUPLICATE, row->duplicate_id);
    return session->store->operations->duplicate_insert(session, row, error);
}

enum status store_duplicate_update(struct store_session *session, const struct duplicate_row *row,
                                   struct error *error)
{
    return session->store->operations->duplicate_update(session, row, error);
}

enum status store_duplicate_get(struct store_session *session, struct str id, enum store_lock lock,
                                struct arena *arena, struct duplicate_row *row, struct error *error)
{
    if (lock == STORE_LOCK)
        TRY(store_locks_ask(session->locks, STORE_PLACE_DUPLICATE, &id, 1, &lock, error));
    return session->store->operations->duplicate_get(session, id, lock, arena, row, error);
}

enum status store_duplicate_list_of(struct store_session *session, const struct str *homes,
                                    size_t count, enum store_lock lock, struct arena *arena,
                                    struct duplicate_row **rows, size_t *row_count,
                                    struct error *error)
{
    const struct store_operations *operations = session->store->operations;
    bool locks = lock == STORE_LOCK;
    if (locks) lock = store_locks_ask_some(session->locks, STORE_PLACE_DUPLICATE);
    enum status status =
        operations->duplicate_list_of(session, homes, count, lock, arena, rows, row_count, error);
    bool is_tried = status == STATUS_WRITE_CONFLICT && lock == STORE_TRY_LOCK;
    if (is_tried) /* which ones, for the next run */
        TRY(operations->duplicate_list_of(session, homes, count, STORE_NO_LOCK, arena, rows,
                                          row_count, error));
    for (size_t i = 0; i < *row_count && locks && (status == STATUS_OK || is_tried); i++)
        TRY(store_locks_note(session->locks, STORE_PLACE_DUPLICATE, (*rows)[i].duplicate_id,
                             error));
    return is_tried ? error_plain(error, status) : status;
}

enum status store_duplicate_list(struct store_session *session,
                                 const struct duplicate_filter *filter,
                                 const struct duplicate_row *after, size_t limit,
                                 struct arena *arena, struct duplicate_row **rows, size_t *count,
                                 struct error *error)
{
    return session->store->operations->duplicate_list(session, filter, after, limit, arena, rows,
                                                      count, error);
}

enum status store_duplicate_count(struct store_session *session, instant now, instant since,
                                  struct arena *arena, struct duplicate_count **counts,
                                  size_t *count, struct error *error)
{
    return session->store->operations->duplicate_count(session, now, since, arena, counts, count,
                                                       error);
}

enum status store_duplicate_backlog(struct store *store, struct arena *arena, int64_t *waiting,
                                    instant *oldest, struct error *error)
{
    return store->operations->duplicate_backlog(store, arena, waiting, oldest, error);
}

enum status store_answer_claim(struct store_session *session, struct str caller, struct str key,
                               instant now, struct arena *arena, struct answer_row *row,
                               struct error *error)
{
    return session->store->operations->answer_claim(session, caller, key, now, arena, row, error);
}

enum status store_answer_put(struct store_session *session, const struct answer_row *row,
                             instant now, struct error *error)
{
    return session->store->operations->answer_put(session, row, now, error);
}

enum status store_answers_purge(struct store *store, instant now, size_t most, struct arena *arena,
                                size_t *purged, struct error *error)
{
    return store->operations->answers_purge(store, now, most, arena, purged, error);
}

enum status store_event_newest(struct store_session *session, int64_t *position,
                               struct error *error)
{
    return session->store->operations->event_newest(session, position, error);
}

enum status store_outbox_list(struct store *store, int64_t after, size_t limit, struct arena *arena,
                              struct outbox_event **events, size_t *count, struct error *error)
{
    return store->operations->outbox_list(store, after, limit, arena, events, count, error);
}

enum status store_relay_turn(struct store *store, const struct relay_turn *turn,
                             struct arena *arena, struct relay_state *state, struct error *error)
{
    return store->operations->relay_turn(store, turn, arena, state, error);
}

enum status store_instance_turn(struct store *store, struct str instance, int64_t lease_ms,
                                struct arena *arena, int64_t *live, struct error *error)
{
    return store->operations->instance_turn(store, instance, lease_ms, arena, live, error);
}

enum status store_inbox_put(struct store_session *session, const struct str *ids, size_t count,
                            instant now, instant forget, bool *fresh, struct error *error)
{
    return session->store->operations->inbox_put(session, ids, count, now, forget, fresh, error);
}

enum status store_dead_letter_put(struct store_session *session, const struct dead_letter *letters,
                                  size_t count, struct error *error)
{
    return session->store->operations->dead_letter_put(session, letters, count, error);
}

enum status store_dead_letter_parked(struct store *store, struct str topic,
                                     const struct dead_letter *asked, size_t count,
                                     struct arena *arena, bool *parked, struct error *error)
{
    return store->operations->dead_letter_parked(store, topic, asked, count, arena, parked, error);
}

enum status store_dead_letter_list(struct store *store, const struct dead_letter *after,
                                   size_t limit, struct arena *arena, struct dead_letter **letters,
                                   size_t *count, struct error *error)
{
    return store->operations->dead_letter_list(store, after, limit, arena, letters, count, error);
}

enum status store_dead_letter_remove(struct store *store, const struct dead_letter *letter,
                                     struct arena *arena, struct error *error)
{
    return store->operations->dead_letter_remove(store, letter, arena, error);
}

enum status store_dead_letter_count(struct store *store, struct arena *arena,
                                    struct dead_letter_count *count, struct error *error)
{
    return store->operations->dead_letter_count(store, arena, count, error);
}

enum status store_dead_letters_purge(struct store *store, instant before, size_t most,
                                     struct arena *arena, size_t *purged, struct error *error)
{
    return store->operations->dead_letters_purge(store, before, most, arena, purged, error);
}
