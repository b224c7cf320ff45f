#include "adapters/store/sql_store.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/store/search_homes.h"
#include "adapters/store/sql_store_internal.h"
#include "engines/loop/loop.h"

static struct sql_store *self_of(struct store *base)
{
    return (struct sql_store *)base;
}

/* --- what changed --- */

void sql_store_note_change(struct sql_session *session, struct str customer_id)
{
    struct sql_store *self = self_of(session->base.store);
    if (!self->cache || self->changed_too_many) return;
    if (self->changed_count == self->changed_capacity) {
        size_t capacity = self->changed_capacity ? self->changed_capacity * 2 : 1024;
        uint64_t *grown = realloc(self->changed, capacity * sizeof(*grown));
        if (!grown) {
            self->changed_too_many = true;
            return;
        }
        self->changed = grown;
        self->changed_capacity = capacity;
    }
    self->changed[self->changed_count++] =
        document_cache_key(self->cache, session->base.tenant, customer_id);
}

void sql_store_set_committed(struct store *store, void (*committed)(void *argument), void *argument)
{
    struct sql_store *self = self_of(store);
    (void)pthread_mutex_lock(&self->committed_mutex);
    self->committed = committed;
    self->committed_argument = argument;
    (void)pthread_mutex_unlock(&self->committed_mutex);
}

void sql_store_tell_commit(void *store)
{
    struct sql_store *self = store;
    (void)pthread_mutex_lock(&self->committed_mutex);
    if (self->committed) self->committed(self->committed_argument);
    (void)pthread_mutex_unlock(&self->committed_mutex);
}

/* Changes of units of work that were rolled back are in the list too; dropping more is harmless. */
void sql_store_committed(void *store)
{
    struct sql_store *self = store;
    if (self->keys) sqlite_keys_committed(self->keys);
    search_index_committed(self->index);
    search_worker_committed(self->worker);
    sql_store_tell_commit(self);
    if (!self->cache) return;
    if (self->changed_too_many) document_cache_invalidate_all(self->cache);
    for (size_t i = 0; i < self->changed_count; i++)
        document_cache_invalidate(self->cache, self->changed[i]);
    self->changed_count = 0;
    self->changed_too_many = false;
}

/* --- units of work --- */

struct work {
    struct sql_store *self;
    struct str tenant;
    struct arena *arena;
    store_body *body;
    void *context;
    struct store_locks *locks; /* NULL: nobody else writes meanwhile, or it only reads */
    bool is_write;
    bool takes_cached; /* see struct sql_session */
    uint64_t cache_ticket;
};

/* Rows are gathered where a statement is a message. */
void sql_session_begin(struct sql_session *session, struct sql_store *store,
                       struct sql_transaction *transaction, struct str tenant, struct arena *arena)
{
    *session = (struct sql_session){.base = {.store = &store->base, .tenant = tenant},
                                    .transaction = transaction,
                                    .arena = arena};
    sql_writes_init(&session->writes, transaction, tenant, !store->keys);
}

void sql_session_end(struct sql_session *session)
{
    sql_writes_release(&session->writes);
    sql_search_release(session);
}

static enum status run_work(struct sql_transaction *transaction, void *context, struct error *error)
{
    const struct work *work = context;
    struct sql_session session;
    sql_session_begin(&session, work->self, transaction, work->tenant, work->arena);
    session.base.locks = work->locks;
    session.is_write = work->is_write;
    session.takes_cached = work->takes_cached;
    session.cache_ticket = work->cache_ticket;
    enum status status =
        work->locks ? store_locks_take(&session.base, work->arena, error) : STATUS_OK;
    if (status == STATUS_OK) status = work->body(&session.base, work->context, error);
    if (status == STATUS_OK) status = sql_writes_flush(&session.writes, error);
    sql_session_end(&session);
    return status;
}

enum status sql_store_run(struct sql_store *self, struct sql_transaction *transaction,
                          struct str tenant, struct arena *arena, store_body *body, void *context,
                          struct error *error)
{
    struct work work = {
        .self = self, .tenant = tenant, .arena = arena, .body = body, .context = context};
    return run_work(transaction, &work, error);
}

enum status sql_store_query(struct sql_session *session, const struct sql_statement *statement,
                            const struct sql_value *params, size_t count, struct arena *arena,
                            struct sql_rows *rows, struct error *error)
{
    TRY(sql_writes_flush(&session->writes, error));
    return sql_query(session->transaction, statement, params, count, arena, rows, error);
}

/* What is tried passes over the rows that another has: are there more than it got? */
enum status sql_store_query_locking(struct sql_session *session,
                                    const struct sql_locking *statements, enum store_lock lock,
                                    const struct sql_value *params, size_t count,
                                    struct arena *arena, struct sql_rows *rows, struct error *error)
{
    const struct sql_statement *const forms[] = {[STORE_NO_LOCK] = statements->get,
                                                 [STORE_LOCK] = statements->lock,
                                                 [STORE_TRY_LOCK] = statements->try_lock};
    struct sql_rows all;
    TRY(sql_store_query(session, forms[lock], params, count, arena, rows, error));
    if (lock != STORE_TRY_LOCK) return STATUS_OK;
    struct arena_mark mark = arena_mark(arena);
    TRY(sql_store_query(session, statements->get, params, count, arena, &all, error));
    arena_rewind(arena, mark);
    return all.row_count == rows->row_count ? STATUS_OK : error_plain(error, STATUS_WRITE_CONFLICT);
}

enum status sql_store_ask_each(struct sql_session *session, const struct sql_statement *statement,
                               const struct str *texts, size_t count, bool *yes,
                               struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(session->base.tenant),
                                       SQL_PARAM_ARRAY(texts, count)};
    struct arena_mark mark = arena_mark(session->arena);
    struct sql_rows rows = {0};
    if (count == 0) return STATUS_OK;
    memset(yes, 0, count * sizeof(*yes));
    TRY(SESSION_QUERY(session, statement, params, session->arena, &rows, error));
    for (size_t i = 0; i < rows.row_count; i++) {
        int64_t number = sql_cell_int64(&rows, i, 0, -1);
        if (number >= 0 && (size_t)number < count) yes[number] = true;
    }
    arena_rewind(session->arena, mark);
    return STATUS_OK;
}

enum status sql_store_execute(struct sql_session *session, const struct sql_statement *statement,
                              const struct sql_value *params, size_t count, struct error *error)
{
    TRY(sql_writes_flush(&session->writes, error));
    return sql_execute(session->transaction, statement, params, count, error);
}

static enum status transact(struct store *base, enum sql_mode mode, struct str tenant,
                            struct arena *arena, store_body *body, void *context,
                            struct error *error)
{
    struct sql_store *self = self_of(base);
    struct store_locks locks;
    bool has_rivals = mode == SQL_WRITE && !self->keys; /* the embedded one has one writer */
    struct work work = {.self = self,
                        .tenant = tenant,
                        .arena = arena,
                        .body = body,
                        .context = context,
                        .locks = has_rivals ? &locks : NULL,
                        .is_write = mode == SQL_WRITE,
                        .takes_cached = self->cache && mode == SQL_READ};
    if (work.takes_cached) work.cache_ticket = document_cache_ticket(self->cache);
    if (has_rivals) store_locks_init(&locks);
    enum status status =
        self->driver->transact(self->driver, mode, tenant, arena, run_work, &work, error);
    if (has_rivals) store_locks_release(&locks);
    return status;
}

static enum status sql_store_read(struct store *base, struct str tenant, struct arena *arena,
                                  store_body *body, void *context, struct error *error)
{
    return transact(base, SQL_READ, tenant, arena, body, context, error);
}

static enum status sql_store_write(struct store *base, struct str tenant, struct arena *arena,
                                   store_body *body, void *context, struct error *error)
{
    enum status status = transact(base, SQL_WRITE, tenant, arena, body, context, error);
    /* Those on the event loops write little, and must not wait. */
    if (status == STATUS_OK && !coroutine_current())
        search_worker_keep_up(self_of(base)->worker, tenant);
    return status;
}

static enum status sql_store_write_grouped(struct store *base, struct str tenant,
                                           struct arena *arena, store_body *body, void *context,
                                           struct error *error)
{
    struct sql_store *self = self_of(base);
    enum status status;
    if (self->groups &&
        sql_write_groups_run(self->groups, tenant, arena, body, context, &status, error))
        return status;
    return sql_store_write(base, tenant, arena, body, context, error);
}

struct purging {
    const struct sql_statement *statement;
    instant moment;
    size_t most;
    struct arena *arena;
    size_t purged;
};

static enum status purge_body(struct sql_transaction *transaction, void *context,
                              struct error *error)
{
    struct purging *purging = context;
    const struct sql_value params[] = {SQL_PARAM_INT64(purging->moment),
                                       SQL_PARAM_INT64((int64_t)purging->most)};
    struct sql_rows rows;
    TRY(sql_query(transaction, purging->statement, params, SQL_COUNT(params), purging->arena, &rows,
                  error));
    purging->purged = rows.row_count;
    return STATUS_OK;
}

enum status sql_store_purge(struct store *base, const struct sql_statement *statement,
                            instant moment, size_t most, struct arena *arena, size_t *purged,
                            struct error *error)
{
    struct sql_driver *driver = self_of(base)->driver;
    struct purging purging = {
        .statement = statement, .moment = moment, .most = most, .arena = arena};
    enum status status =
        driver->transact(driver, SQL_WRITE, NO_TENANT, arena, purge_body, &purging, error);
    *purged = purging.purged;
    return status;
}

enum status sql_store_read_at(struct sql_store *self, struct sql_driver *replica, int64_t position,
                              struct str tenant, struct arena *arena, store_body *body,
                              void *context, struct error *error)
{
    struct work work = {
        .self = self, .tenant = tenant, .arena = arena, .body = body, .context = context};
    return replica->transact_at(replica, position, tenant, arena, run_work, &work, error);
}

/* --- look-up --- */

/* Who is asked: the store's own driver, or that of a replica. */
struct source {
    struct sql_store *self;
    struct sql_driver *replica; /* NULL: the own one */
    int64_t position;           /* that it must be at */
};

static enum status query_source(const struct source *source, struct str tenant,
                                const struct sql_statement *statement,
                                const struct sql_value *params, size_t count, struct arena *arena,
                                struct sql_rows *rows, struct error *error)
{
    struct sql_driver *replica = source->replica, *own = source->self->driver;
    if (!replica) return own->query_one(own, tenant, statement, params, count, arena, rows, error);
    return replica->query_one_at(replica, source->position, tenant, statement, params, count, arena,
                                 rows, error);
}

/* An id that has to be asked for. */
struct miss {
    struct str id;
    size_t index; /* in what the caller gave */
    uint64_t key;
    uint64_t ticket;
};

static int compare_misses(const void *a, const void *b)
{
    return str_compare(((const struct miss *)a)->id, ((const struct miss *)b)->id);
}

static enum status query_misses(const struct source *source, struct str tenant,
                                const struct miss *misses, size_t count, struct arena *arena,
                                struct sql_rows *rows, struct error *error)
{
    struct sql_value params[2] = {SQL_PARAM_TEXT(tenant), SQL_PARAM_TEXT(misses[0].id)};
    if (count == 1)
        return query_source(source, tenant, SQL_PROFILE_GET, params, 2, arena, rows, error);
    struct str *ids = ARENA_NEW_ARRAY(arena, struct str, count);
    if (!ids) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) ids[i] = misses[i].id;
    params[1] = SQL_PARAM_ARRAY(ids, count);
    return query_source(source, tenant, SQL_PROFILE_GET_MANY, params, 2, arena, rows, error);
}

/* Gives a row to every miss of its id: an id may have been asked for twice. */
static void hand_out(struct sql_store *self, struct str tenant, const struct profile_row *row,
                     const struct miss *misses, size_t count, struct profile_row *rows)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (str_compare(misses[middle].id, row->customer_id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < count && str_equal(misses[low].id, row->customer_id); low++) {
        rows[misses[low].index] = *row;
        if (self->cache)
            document_cache_put(self->cache, misses[low].key, misses[low].ticket, tenant, row);
    }
}

static enum status fetch_misses(const struct source *source, struct str tenant, struct miss *misses,
                                size_t count, struct arena *arena, struct profile_row *rows,
                                struct error *error)
{
    struct sql_rows found = {0};
    if (count > 1) qsort(misses, count, sizeof(*misses), compare_misses);
    TRY(query_misses(source, tenant, misses, count, arena, &found, error));
    for (size_t i = 0; i < found.row_count; i++) {
        struct profile_row row;
        sql_profiles_decode(&found, i, &row);
        hand_out(source->self, tenant, &row, misses, count, rows);
    }
    return STATUS_OK;
}

static enum status lookup(const struct source *source, struct str tenant, const struct str *ids,
                          size_t count, struct arena *arena, struct profile_row *rows,
                          struct error *error)
{
    struct sql_store *self = source->self;
    struct miss one = {0}, *misses = &one;
    size_t miss_count = 0;
    if (count > 1 && !(misses = ARENA_NEW_ARRAY(arena, struct miss, count)))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) {
        struct miss miss = {.id = ids[i], .index = i};
        if (self->cache) {
            miss.key = document_cache_key(self->cache, tenant, ids[i]);
            enum document_cache_result result = document_cache_get(
                self->cache, miss.key, tenant, ids[i], arena, &rows[i], &miss.ticket);
            if (result == DOCUMENT_CACHE_HIT) continue;
            if (result == DOCUMENT_CACHE_NO_MEMORY) return error_plain(error, STATUS_OUT_OF_MEMORY);
        }
        rows[i] = (struct profile_row){.erased_at = INSTANT_NONE};
        misses[miss_count++] = miss;
    }
    if (miss_count == 0) return STATUS_OK;
    return fetch_misses(source, tenant, misses, miss_count, arena, rows, error);
}

static enum status sql_store_lookup(struct store *base, struct str tenant, const struct str *ids,
                                    size_t count, struct arena *arena, struct profile_row *rows,
                                    struct error *error)
{
    const struct source own = {.self = self_of(base)};
    return lookup(&own, tenant, ids, count, arena, rows, error);
}

enum status sql_store_lookup_at(struct sql_store *self, struct sql_driver *replica,
                                int64_t position, struct str tenant, const struct str *ids,
                                size_t count, struct arena *arena, struct profile_row *rows,
                                struct error *error)
{
    const struct source source = {self, replica, position};
    return lookup(&source, tenant, ids, count, arena, rows, error);
}

/* --- readiness --- */

/* To who would take it for a whole store. */
static enum status refuse_half(const struct sql_rows *recorded, struct error *error)
{
    if (!sql_migrations_restoring(recorded)) return STATUS_OK;
    return error_set(error, STATUS_SCHEMA_MISMATCH, STR_NONE,
                     STR("customer360 restore with the backup once more, or a new store"),
                     "a restore into this store is under way or was broken off: nothing is in it");
}

static enum status check_whole(const struct sql_rows *recorded,
                               const struct sql_migration *migrations, size_t count, size_t *done,
                               struct error *error)
{
    TRY(refuse_half(recorded, error));
    return sql_migrations_check(recorded, migrations, count, done, error);
}

typedef enum status check_migrations(const struct sql_rows *recorded,
                                     const struct sql_migration *migrations, size_t count,
                                     size_t *done, struct error *error);

static enum status check_schema(struct sql_store *self, check_migrations *check,
                                struct error *error)
{
    struct sql_rows recorded;
    struct arena arena;
    size_t done = 0;
    arena_init(&arena, 1024 * 1024);
    enum status status = self->driver->query_one(self->driver, SQL_STORE_WHOLE, SQL_MIGRATION_LIST,
                                                 NULL, 0, &arena, &recorded, error);
    if (status == STATUS_OK)
        status = check(&recorded, self->migrations, self->migration_count, &done, error);
    arena_release(&arena);
    if (status == STATUS_OK && done < self->migration_count)
        status = error_set(error, STATUS_SCHEMA_MISMATCH, STR_NONE, STR_NONE,
                           "%zu of %zu migrations are applied: run migrate", done,
                           self->migration_count);
    return status;
}

/* Asked each time: a later version may have changed the schema meanwhile. */
static enum status sql_store_ready(struct store *base, struct error *error)
{
    struct sql_store *self = self_of(base);
    TRY(self->driver->ready(self->driver, error));
    return check_schema(self, check_whole, error);
}

enum status sql_store_check_exact(struct store *base, struct error *error)
{
    return check_schema(self_of(base), sql_migrations_check_exact, error);
}

/* Look-ups share connections of their own. */
static struct queue_wait sql_store_wait(struct store *base, enum store_use use)
{
    struct sql_store *self = self_of(base);
    if (use == STORE_LOOKUP) return (struct queue_wait){0};
    struct queue_wait wait =
        self->driver->wait(self->driver, use == STORE_WRITE ? SQL_WRITE : SQL_READ);
    if (use == STORE_READ || !self->groups) return wait;
    struct queue_wait grouped = sql_write_groups_wait(self->groups);
    return (struct queue_wait){.us = wait.us + grouped.us,
                               .ahead = wait.ahead + grouped.ahead,
                               .stands = wait.stands || grouped.stands};
}

/* --- life --- */

static const struct store_operations operations = {
    .read = sql_store_read,
    .write = sql_store_write,
    .write_grouped = sql_store_write_grouped,
    .lookup = sql_store_lookup,
    .ready = sql_store_ready,
    .wait = sql_store_wait,
    .search_backlog_tenant = sql_search_backlog_tenant,
    .outbox_list = sql_events_outbox_list,
    .relay_turn = sql_events_relay_turn,
    .instance_turn = sql_instances_turn,
    .dead_letter_put = sql_dead_letter_put,
    .dead_letter_parked = sql_dead_letter_parked,
    .dead_letter_list = sql_dead_letter_list,
    .dead_letter_remove = sql_dead_letter_remove,
    .dead_letter_count = sql_dead_letter_count,
    .dead_letters_purge = sql_dead_letters_purge,
    .profile_get = sql_profiles_get,
    .profiles_get = sql_profiles_get_many,
    .profiles_exist = sql_profiles_exist,
    .profile_insert = sql_profiles_insert,
    .profile_update = sql_profiles_update,
    .profile_list = sql_profiles_list,
    .profile_count = sql_profiles_count,
    .version_append = sql_profiles_version_append,
    .version_list = sql_profiles_version_list,
    .tree_load = sql_trees_load,
    .fact_append = sql_trees_fact_append,
    .facts_about = sql_trees_facts_about,
    .history_list = sql_history_list,
    .history_of = sql_history_of,
    .merge_insert = sql_trees_merge_insert,
    .merge_get = sql_trees_merge_get,
    .merge_reverse = sql_trees_merge_reverse,
    .merge_list = sql_trees_merge_list,
    .keys_lock = sql_lists_keys_lock,
    .creation_begin = sql_creations_begin,
    .creations_await = sql_creations_await,
    .creations_met = sql_creations_met,
    .keys_find = sql_lists_keys_find,
    .keys_put = sql_lists_keys_put,
    .search_put = sql_search_put,
    .search_view = sql_search_view,
    .search_profiles = sql_search_profiles,
    .search_backlog = sql_search_backlog,
    .search_erase = sql_search_erase,
    .search_backlog_done = sql_search_backlog_done,
    .keys_erase = sql_erasure_keys,
    .homes_erase = sql_erasure_homes,
    .event_append = sql_events_append,
    .event_list = sql_events_list,
    .event_newest = sql_events_newest,
    .suppression_put = sql_lists_suppression_put,
    .suppression_find = sql_lists_suppression_find,
    .suppression_remove = sql_lists_suppression_remove,
    .job_put = sql_jobs_put,
    .job_get = sql_jobs_get,
    .job_list = sql_jobs_list,
    .job_count = sql_jobs_count,
    .job_step_append = sql_jobs_step_append,
    .job_step_list = sql_jobs_step_list,
    .job_step_last = sql_jobs_step_last,
    .job_step_report = sql_jobs_step_report,
    .job_report_list = sql_jobs_report_list,
    .job_claim = sql_jobs_claim,
    .job_keep = sql_jobs_keep,
    .job_part_put = sql_jobs_part_put,
    .job_part_get = sql_jobs_part_get,
    .job_parts_remove = sql_jobs_parts_remove,
    .job_exports_erase = sql_jobs_exports_erase,
    .jobs_purge = sql_jobs_purge,
    .duplicate_insert = sql_duplicates_insert,
    .duplicate_update = sql_duplicates_update,
    .duplicate_get = sql_duplicates_get,
    .duplicate_list_of = sql_duplicates_list_of,
    .duplicate_list = sql_duplicates_list,
    .duplicate_count = sql_duplicates_count,
    .duplicate_backlog = sql_duplicates_backlog,
    .answer_claim = sql_answers_claim,
    .answer_put = sql_answers_put,
    .answers_purge = sql_answers_purge,
    .inbox_put = sql_inbox_put,
    .webhooks = &sql_webhook_operations,
    .replicas = &sql_replica_operations,
};

struct sql_store *sql_store_new(const struct sql_migration *migrations, size_t count,
                                size_t cache_bytes, size_t search_cache_bytes)
{
    struct sql_store *self = calloc(1, sizeof(*self));
    if (!self) return NULL;
    self->base.operations = &operations;
    self->migrations = migrations;
    self->migration_count = count;
    (void)pthread_mutex_init(&self->committed_mutex, NULL);
    self->index = search_index_new();
    if (cache_bytes > 0) self->cache = document_cache_new(cache_bytes);
    if (self->cache) self->homes = search_homes_new();
    self->search_cache = search_cache_new(search_cache_bytes);
    if (self->index && self->search_cache && ((self->cache && self->homes) || cache_bytes == 0))
        return self;
    sql_store_free(&self->base);
    return NULL;
}

void sql_store_free(struct store *store)
{
    if (!store) return;
    struct sql_store *self = self_of(store);
    search_worker_stop(self->worker);
    replicas_free(self->replicas);
    sql_write_groups_free(self->groups);
    if (self->driver) self->driver->free(self->driver);
    search_worker_free(self->worker); /* the writer calls it to its end */
    sqlite_keys_free(self->keys);
    search_index_free(self->index);
    search_cache_free(self->search_cache);
    document_cache_free(self->cache);
    search_homes_free(self->homes);
    free(self->changed);
    pthread_mutex_destroy(&self->committed_mutex);
    free(self);
}
