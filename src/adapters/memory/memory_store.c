/* Units of work and tenants. See memory_store.h. */
#include "adapters/memory/memory_store.h"

#include <stdlib.h>

#include "adapters/memory/memory_internal.h"

enum { RUNS_MAX = 8 }; /* of a body that reports conflicts */

struct memory_heap *memory_heap_of(struct store_session *session)
{
    return memory_session_of(session)->heap;
}

struct memory_bucket *memory_bucket_at(struct memory_heap *heap, struct memory_table *table,
                                       struct str key)
{
    struct memory_bucket *bucket = memory_table_get(table, key);
    if (bucket) return bucket;
    bucket = ARENA_NEW(&heap->arena, struct memory_bucket);
    if (!bucket || !memory_table_put(heap, table, key, bucket)) return NULL;
    return bucket;
}

size_t memory_lower_bound(const struct memory_vector *ids, struct str id)
{
    size_t low = 0, high = ids->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (str_compare(*(struct str *)ids->items[middle], id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct memory_store *of(struct store *store)
{
    return (struct memory_store *)store;
}

static enum status store_transact_read(struct store *store, struct str tenant, struct arena *arena,
                                       store_body *body, void *context, struct error *error)
{
    static struct memory_tenant nobody;
    struct memory_store *memory = of(store);
    (void)arena;
    (void)pthread_mutex_lock(&memory->mutex);
    struct memory_tenant *found = memory_table_get(&memory->tenants, tenant);
    struct memory_session session = {.session = {.store = store, .tenant = tenant},
                                     .tenant = found ? found : &nobody};
    enum status status = body(&session.session, context, error);
    (void)pthread_mutex_unlock(&memory->mutex);
    return status;
}

static struct memory_tenant *tenant_at(struct memory_store *memory, struct str name)
{
    struct memory_tenant *tenant = memory_table_get(&memory->tenants, name);
    if (tenant) return tenant;
    tenant = ARENA_NEW(&memory->heap.arena, struct memory_tenant);
    if (!tenant || !memory_table_put(&memory->heap, &memory->tenants, name, tenant)) return NULL;
    return tenant;
}

/* Everything that the body did, or nothing; a tenant that came with it included. */
static enum status run_once(struct memory_store *memory, struct str tenant, store_body *body,
                            void *context, struct error *error)
{
    struct memory_session session = {.session = {.store = &memory->store, .tenant = tenant},
                                     .heap = &memory->heap,
                                     .tenant = tenant_at(memory, tenant)};
    enum status status = session.tenant ? body(&session.session, context, error)
                                        : error_plain(error, STATUS_STORE_FULL);
    if (status == STATUS_OK)
        memory_journal_forget(&memory->heap);
    else
        memory_journal_undo(&memory->heap);
    return status;
}

static enum status store_transact_write(struct store *store, struct str tenant, struct arena *arena,
                                        store_body *body, void *context, struct error *error)
{
    struct memory_store *memory = of(store);
    struct arena_mark mark = arena_mark(arena);
    enum status status = STATUS_WRITE_CONFLICT;
    (void)pthread_mutex_lock(&memory->mutex);
    for (int run = 0; run < RUNS_MAX && status == STATUS_WRITE_CONFLICT; run++) {
        arena_rewind(arena, mark);
        status = run_once(memory, tenant, body, context, error);
    }
    (void)pthread_mutex_unlock(&memory->mutex);
    return status;
}

static enum status store_lookup_rows(struct store *store, struct str tenant, const struct str *ids,
                                     size_t count, struct arena *arena, struct profile_row *rows,
                                     struct error *error)
{
    struct memory_store *memory = of(store);
    (void)arena;
    (void)error;
    (void)pthread_mutex_lock(&memory->mutex);
    struct memory_tenant *found = memory_table_get(&memory->tenants, tenant);
    for (size_t i = 0; i < count; i++) {
        struct memory_profile *profile = found ? memory_table_get(&found->profiles, ids[i]) : NULL;
        rows[i] = profile ? profile->row : (struct profile_row){.erased_at = INSTANT_NONE};
    }
    (void)pthread_mutex_unlock(&memory->mutex);
    return STATUS_OK;
}

static enum status store_is_ready(struct store *store, struct error *error)
{
    (void)store;
    (void)error;
    return STATUS_OK;
}

/* All of it runs at once, or holds up the thread that would ask. */
static struct queue_wait no_wait(struct store *store, enum store_use use)
{
    (void)store, (void)use;
    return (struct queue_wait){0};
}

static enum status only_this_one(struct store *store, struct str instance, int64_t lease_ms,
                                 struct arena *arena, int64_t *live, struct error *error)
{
    (void)store, (void)instance, (void)lease_ms, (void)arena, (void)error;
    *live = 1;
    return STATUS_OK;
}

static const struct store_operations operations = {
    .read = store_transact_read,
    .write = store_transact_write,
    .lookup = store_lookup_rows,
    .ready = store_is_ready,
    .wait = no_wait,
    .dead_letter_put = memory_dead_letter_put,
    .dead_letter_parked = memory_dead_letter_parked,
    .dead_letter_list = memory_dead_letter_list,
    .dead_letter_remove = memory_dead_letter_remove,
    .dead_letter_count = memory_dead_letter_count,
    .dead_letters_purge = memory_dead_letters_purge,
    .profile_get = memory_profiles_get,
    .profiles_get = memory_profiles_get_many,
    .profiles_exist = memory_profiles_exist,
    .profile_insert = memory_profiles_insert,
    .profile_update = memory_profiles_update,
    .profile_list = memory_profiles_list,
    .profile_count = memory_profiles_count,
    .version_append = memory_profiles_version_append,
    .version_list = memory_profiles_version_list,
    .tree_load = memory_trees_load,
    .fact_append = memory_trees_fact_append,
    .facts_about = memory_trees_facts_about,
    .history_list = memory_history_list,
    .history_of = memory_history_of,
    .merge_insert = memory_trees_merge_insert,
    .merge_get = memory_trees_merge_get,
    .merge_reverse = memory_trees_merge_reverse,
    .merge_list = memory_trees_merge_list,
    .keys_lock = memory_lists_keys_lock,
    .creation_begin = memory_lists_creation_begin,
    .keys_find = memory_lists_keys_find,
    .keys_put = memory_lists_keys_put,
    .search_put = memory_search_put,
    .search_view = memory_search_view,
    .search_profiles = memory_search_profiles,
    .search_backlog = memory_search_backlog,
    .search_erase = memory_search_erase,
    .search_backlog_done = memory_search_backlog_done,
    .search_backlog_tenant = memory_search_backlog_tenant,
    .keys_erase = memory_erasure_keys,
    .homes_erase = memory_erasure_homes,
    .outbox_list = memory_events_outbox_list,
    .relay_turn = memory_events_relay_turn,
    .instance_turn = only_this_one,
    .event_append = memory_events_append,
    .event_list = memory_events_list,
    .event_newest = memory_events_newest,
    .suppression_put = memory_lists_suppression_put,
    .suppression_find = memory_lists_suppression_find,
    .suppression_remove = memory_lists_suppression_remove,
    .job_put = memory_jobs_put,
    .job_get = memory_jobs_get,
    .job_list = memory_jobs_list,
    .job_count = memory_jobs_count,
    .job_step_append = memory_jobs_step_append,
    .job_step_list = memory_jobs_step_list,
    .job_step_last = memory_jobs_step_last,
    .job_step_report = memory_jobs_step_report,
    .job_report_list = memory_jobs_report_list,
    .job_claim = memory_jobs_claim,
    .job_keep = memory_jobs_keep,
    .job_part_put = memory_jobs_part_put,
    .job_part_get = memory_jobs_part_get,
    .job_parts_remove = memory_jobs_parts_remove,
    .job_exports_erase = memory_jobs_exports_erase,
    .jobs_purge = memory_jobs_purge,
    .duplicate_insert = memory_duplicates_insert,
    .duplicate_update = memory_duplicates_update,
    .duplicate_get = memory_duplicates_get,
    .duplicate_list_of = memory_duplicates_list_of,
    .duplicate_list = memory_duplicates_list,
    .duplicate_count = memory_duplicates_count,
    .duplicate_backlog = memory_duplicates_backlog,
    .answer_claim = memory_answers_claim,
    .answer_put = memory_answers_put,
    .answers_purge = memory_answers_purge,
    .inbox_put = memory_inbox_put,
    .webhooks = &memory_webhook_operations,
};

enum status memory_store_new(size_t limit_bytes, struct store **out)
{
    struct memory_store *memory = calloc(1, sizeof(*memory));
    if (!memory) return STATUS_OUT_OF_MEMORY;
    memory->store.operations = &operations;
    (void)pthread_mutex_init(&memory->mutex, NULL);
    arena_init(&memory->heap.arena, limit_bytes);
    arena_init(&memory->heap.journal_arena, limit_bytes);
    *out = &memory->store;
    return STATUS_OK;
}

void memory_store_free(struct store *store)
{
    if (!store) return;
    struct memory_store *memory = of(store);
    arena_release(&memory->heap.arena);
    arena_release(&memory->heap.journal_arena);
    (void)pthread_mutex_destroy(&memory->mutex);
    free(memory);
}

void memory_store_reset(struct store *store)
{
    struct memory_store *memory = of(store);
    memory->tenants = memory->relays = (struct memory_table){0};
    memory->outbox = (struct memory_vector){0};
    memory_journal_forget(&memory->heap);
    arena_reset(&memory->heap.arena);
}
