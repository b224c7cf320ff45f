/* What the files of this adapter share. */
#ifndef ADAPTERS_STORE_SQL_STORE_INTERNAL_H
#define ADAPTERS_STORE_SQL_STORE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "adapters/store/document_cache.h"
#include "adapters/store/replicas.h"
#include "adapters/store/search_cache.h"
#include "adapters/store/search_index.h"
#include "adapters/store/search_worker.h"
#include "adapters/store/sql_store.h"
#include "adapters/store/sql_write_group.h"
#include "adapters/store/sql_writes.h"
#include "adapters/store/sqlite_keys.h"
#include "application/ports/store_locks.h"
#include "application/ports/webhook_store.h"
#include "sql_statements.h"

#define NO_TENANT STORE_NO_TENANT

struct sql_store {
    struct store base;
    struct sql_driver *driver;
    struct replicas *replicas; /* NULL: there are none */
    int64_t lag_max_ms;        /* of any instance's; 0: none has any */
    const struct sql_migration *migrations;
    size_t migration_count;

    struct sql_write_groups *groups; /* PostgreSQL; NULL: each write has a transaction to itself */
    struct sqlite_keys *keys;        /* of the embedded store; NULL: the statements do it */
    struct search_index *index;
    struct search_worker *worker; /* NULL: it only reads */
    struct search_cache *search_cache;
    struct document_cache *cache; /* NULL: none */
    struct search_homes *homes;   /* with it; NULL: none */
    /* Cache keys of rows changed since the last commit; the writer thread's alone. */
    uint64_t *changed;
    size_t changed_count;
    size_t changed_capacity;
    bool changed_too_many;

    /* Who wants to know of each commit in this process. */
    pthread_mutex_t committed_mutex;
    void (*committed)(void *argument);
    void *committed_argument;
};

struct sql_session {
    struct store_session base;
    struct sql_transaction *transaction;
    struct arena *arena;
    struct sql_writes writes;
    /* The home that this unit of work made last, of whose facts it knows the number. */
    struct str new_home;
    int64_t new_home_facts;
    bool is_write;
    struct sql_search_view *search_view; /* that it has taken; NULL: none */
    bool takes_cached;                   /* it only reads, from the store that the cache is of */
    uint64_t cache_ticket;               /* from before its snapshot */
};

/* The one way to a session: in a transaction, or in what stands for one in a group; the others of
 * its members are the caller's to set. Ended in the same coroutine; what it has gathered goes with
 * it. */
void sql_session_begin(struct sql_session *session, struct sql_store *store,
                       struct sql_transaction *transaction, struct str tenant, struct arena *arena);
void sql_session_end(struct sql_session *session);
/* The driver is set by the caller, who opens it with sql_store_committed as its hook. */
struct sql_store *sql_store_new(const struct sql_migration *migrations, size_t count,
                                size_t cache_bytes, size_t search_cache_bytes);
void sql_store_committed(void *store);
/* Runs the body in a session of that tenant in a transaction that is under way. */
enum status sql_store_run(struct sql_store *self, struct sql_transaction *transaction,
                          struct str tenant, struct arena *arena, store_body *body, void *context,
                          struct error *error);
/* A read, and a look-up, of a replica. */
enum status sql_store_read_at(struct sql_store *self, struct sql_driver *replica, int64_t position,
                              struct str tenant, struct arena *arena, store_body *body,
                              void *context, struct error *error);
enum status sql_store_lookup_at(struct sql_store *self, struct sql_driver *replica,
                                int64_t position, struct str tenant, const struct str *ids,
                                size_t count, struct arena *arena, struct profile_row *rows,
                                struct error *error);
/* Of all tenants: a statement that takes a moment and a number of rows, and gives those it took. */
enum status sql_store_purge(struct store *base, const struct sql_statement *statement,
                            instant moment, size_t most, struct arena *arena, size_t *purged,
                            struct error *error);
/* For the hook of an engine whose store caches nothing. */
void sql_store_tell_commit(void *store);
void sql_store_note_change(struct sql_session *session, struct str customer_id);

static inline struct sql_session *sql_session_of(struct store_session *base)
{
    return (struct sql_session *)base;
}

/* INSTANT_NONE is NULL. */
static inline struct sql_value sql_instant(instant when)
{
    return when == INSTANT_NONE ? SQL_PARAM_NULL : SQL_PARAM_INT64(when);
}

#define SQL_COUNT(params) (sizeof(params) / sizeof(*(params)))

/* sql_query and sql_execute for a session, behind what it has gathered to be written. */
#define SESSION_QUERY(session, statement, params, arena, rows, error)                              \
    sql_store_query(session, statement, params, SQL_COUNT(params), arena, rows, error)
#define SESSION_EXECUTE(session, statement, params, error)                                         \
    sql_store_execute(session, statement, params, SQL_COUNT(params), error)
enum status sql_store_query(struct sql_session *session, const struct sql_statement *statement,
                            const struct sql_value *params, size_t count, struct arena *arena,
                            struct sql_rows *rows, struct error *error);
/* A statement in its three forms. */
struct sql_locking {
    const struct sql_statement *get, *lock, *try_lock;
};
#define SESSION_QUERY_LOCKING(session, statements, how, params, arena, rows, error)                \
    sql_store_query_locking(session, statements, how, params, SQL_COUNT(params), arena, rows, error)
/* STATUS_WRITE_CONFLICT when it is tried and another has one of the rows. */
enum status sql_store_query_locking(struct sql_session *session,
                                    const struct sql_locking *statements, enum store_lock lock,
                                    const struct sql_value *params, size_t count,
                                    struct arena *arena, struct sql_rows *rows,
                                    struct error *error);
/* A statement that gives the numbers, from 0, of those texts for which something holds. */
enum status sql_store_ask_each(struct sql_session *session, const struct sql_statement *statement,
                               const struct str *texts, size_t count, bool *yes,
                               struct error *error);
enum status sql_store_execute(struct sql_session *session, const struct sql_statement *statement,
                              const struct sql_value *params, size_t count, struct error *error);

/* The row's columns in the order of the profile statements. */
enum { SQL_PROFILE_COLUMNS = 12 };
void sql_profiles_decode(const struct sql_rows *rows, size_t index, struct profile_row *row);
/* The same where they begin at a later column. */
void sql_profiles_decode_from(const struct sql_rows *rows, size_t index, size_t column,
                              struct profile_row *row);

/* The port's operations, by file. */
enum status sql_profiles_get(struct store_session *, struct str id, enum store_lock, struct arena *,
                             struct profile_row *, struct error *);
enum status sql_profiles_get_many(struct store_session *, const struct str *ids, size_t count,
                                  enum store_lock, struct arena *, struct profile_row *rows,
                                  struct error *);
enum status sql_profiles_exist(struct store_session *, const struct str *ids, size_t count,
                               bool *exist, struct error *);
enum status sql_profiles_insert(struct store_session *, const struct profile_row *, struct error *);
enum status sql_profiles_update(struct store_session *, const struct profile_row *, struct error *);
enum status sql_profiles_list(struct store_session *, const struct profile_filter *,
                              struct str after_id, size_t limit, struct arena *,
                              struct profile_row **, size_t *count, struct error *);
enum status sql_profiles_count(struct store_session *, int64_t limit, int64_t *count,
                               struct error *);
enum status sql_profiles_version_append(struct store_session *, const struct version_row *,
                                        struct error *);
enum status sql_profiles_version_list(struct store_session *, struct str customer_id,
                                      int64_t before_version, size_t limit, struct arena *,
                                      struct version_row **, size_t *count, struct error *);

enum status sql_trees_load(struct store_session *, struct str root, instant as_of, struct arena *,
                           struct tree *, struct error *);
/* The home is new: it has no fact yet. */
enum status sql_trees_begin_home(struct sql_session *session, struct str home, struct error *error);
enum status sql_trees_fact_append(struct store_session *, const struct fact *, struct error *);
enum status sql_trees_facts_about(struct store_session *, const struct str *objects, size_t count,
                                  struct arena *, struct fact **, size_t *fact_count,
                                  struct error *);
/* Rows of home, then columns kind, subject, object, source, observed_at, recorded_at, actor, body,
 * import_id, number. */
enum status sql_trees_decode(const struct sql_rows *rows, struct arena *arena, struct fact **out,
                             size_t *count, struct error *error);
enum status sql_history_list(struct store_session *, const struct history_query *, struct arena *,
                             struct fact **, size_t *count, struct error *);
enum status sql_history_of(struct store_session *, struct str home, enum fact_kind,
                           const struct fact *after, size_t limit, struct arena *, struct fact **,
                           size_t *count, struct error *);
enum status sql_trees_merge_insert(struct store_session *, const struct merge *, struct error *);
enum status sql_trees_merge_get(struct store_session *, struct str merge_id, struct arena *,
                                struct merge *, struct error *);
enum status sql_trees_merge_reverse(struct store_session *, const struct merge *, struct error *);
enum status sql_trees_merge_list(struct store_session *, const struct str *customers, size_t count,
                                 struct arena *, struct merge **, size_t *merge_count,
                                 struct error *);

enum status sql_lists_keys_lock(struct store_session *, const struct str *keys, size_t count,
                                enum store_lock, struct error *);
enum status sql_creations_begin(struct store_session *, struct error *);
enum status sql_creations_await(struct store_session *, int64_t *mark, struct error *);
enum status sql_creations_met(struct store_session *, int64_t mark, struct arena *,
                              struct store_meeting **, size_t *count, struct error *);
enum status sql_lists_keys_find(struct store_session *, const struct str *keys, size_t count,
                                size_t homes_max, struct arena *, struct key_hit **,
                                size_t *hit_count, struct error *);
enum status sql_lists_keys_put(struct store_session *, struct str home, const struct str *keys,
                               size_t count, struct error *);
enum status sql_search_put(struct store_session *, struct str home, struct str entry,
                           struct error *);
enum status sql_search_view(struct store_session *, struct arena *, struct search_view *,
                            struct error *);
/* At the end of the session: its view is of no use any more. */
void sql_search_release(struct sql_session *session);
enum status sql_search_profiles(struct store_session *, const int64_t *numbers, size_t count,
                                struct arena *, struct profile_row *rows, struct error *);
enum status sql_search_backlog(struct store_session *, size_t limit, struct arena *,
                               struct str **homes, size_t *count, struct error *);
enum status sql_search_erase(struct store_session *, const struct str *homes, size_t count,
                             const struct str *keys, size_t key_count, struct error *);
enum status sql_search_backlog_done(struct store_session *, const struct str *homes, size_t count,
                                    struct error *);
enum status sql_search_backlog_tenant(struct store *, struct arena *, struct str *tenant,
                                      struct error *);
enum status sql_erasure_keys(struct store_session *, const struct str *homes, size_t count,
                             struct error *);
enum status sql_erasure_homes(struct store_session *, const struct erasure *, struct error *);

enum status sql_events_append(struct store_session *, const struct event *, struct error *);
enum status sql_events_list(struct store_session *, int64_t after, size_t limit, struct arena *,
                            struct event **, size_t *count, struct error *);
enum status sql_events_newest(struct store_session *, int64_t *position, struct error *);
enum status sql_events_outbox_list(struct store *, int64_t after, size_t limit, struct arena *,
                                   struct outbox_event **, size_t *count, struct error *);
enum status sql_events_relay_turn(struct store *, const struct relay_turn *, struct arena *,
                                  struct relay_state *, struct error *);
enum status sql_instances_turn(struct store *, struct str instance, int64_t lease_ms,
                               struct arena *, int64_t *live, struct error *);
enum status sql_lists_suppression_put(struct store_session *, struct str hash, struct str reason,
                                      instant at, struct error *);
enum status sql_lists_suppression_find(struct store_session *, const struct str *hashes,
                                       size_t count, bool *found, struct error *);
enum status sql_lists_suppression_remove(struct store_session *, struct str hash, struct error *);
enum status sql_jobs_put(struct store_session *, const struct job_row *, struct error *);
enum status sql_jobs_count(struct store_session *, int64_t *, struct error *);
enum status sql_jobs_get(struct store_session *, struct str job_id, enum store_lock, struct arena *,
                         struct job_row *, struct error *);
enum status sql_jobs_step_append(struct store_session *, const struct job_step *, struct error *);
enum status sql_jobs_step_list(struct store_session *, struct str job_id, int64_t after,
                               size_t limit, struct arena *, struct job_step **, size_t *count,
                               struct error *);
enum status sql_jobs_step_report(struct store_session *, struct str job_id, int64_t number,
                                 struct str report, struct error *);
enum status sql_jobs_report_list(struct store_session *, const struct job_step *after, size_t limit,
                                 struct arena *, struct job_step **, size_t *count, struct error *);
enum status sql_jobs_step_last(struct store_session *, struct str job_id, struct arena *,
                               struct job_step *, struct error *);
enum status sql_jobs_list(struct store_session *, struct str after_id, size_t limit, struct arena *,
                          struct job_row **, size_t *count, struct error *);
enum status sql_jobs_claim(struct store *, const struct job_turn *, struct arena *,
                           struct job_claim *, struct error *);
enum status sql_jobs_keep(struct store_session *, struct str job_id, int64_t epoch,
                          int64_t lease_ms, struct error *);
enum status sql_jobs_part_put(struct store_session *, struct str job_id, int64_t number, instant at,
                              struct str bytes, struct error *);
enum status sql_jobs_part_get(struct store_session *, struct str job_id, int64_t number,
                              struct arena *, struct str *bytes, struct error *);
enum status sql_jobs_parts_remove(struct store_session *, struct str job_id, struct error *);
enum status sql_jobs_exports_erase(struct store_session *, struct error *);
enum status sql_jobs_purge(struct store *, instant before, struct arena *, struct error *);

enum status sql_duplicates_insert(struct store_session *, const struct duplicate_row *,
                                  struct error *);
enum status sql_duplicates_update(struct store_session *, const struct duplicate_row *,
                                  struct error *);
enum status sql_duplicates_get(struct store_session *, struct str id, enum store_lock,
                               struct arena *, struct duplicate_row *, struct error *);
enum status sql_duplicates_list_of(struct store_session *, const struct str *homes, size_t count,
                                   enum store_lock, struct arena *, struct duplicate_row **,
                                   size_t *row_count, struct error *);
enum status sql_duplicates_list(struct store_session *, const struct duplicate_filter *,
                                const struct duplicate_row *after, size_t limit, struct arena *,
                                struct duplicate_row **, size_t *count, struct error *);
enum status sql_duplicates_count(struct store_session *, instant now, instant since, struct arena *,
                                 struct duplicate_count **, size_t *count, struct error *);
enum status sql_duplicates_backlog(struct store *, struct arena *, int64_t *waiting,
                                   instant *oldest, struct error *);
enum status sql_answers_claim(struct store_session *, struct str caller, struct str key,
                              instant now, struct arena *, struct answer_row *, struct error *);
enum status sql_answers_purge(struct store *, instant now, size_t most, struct arena *,
                              size_t *purged, struct error *);
enum status sql_answers_put(struct store_session *, const struct answer_row *, instant now,
                            struct error *);
enum status sql_inbox_put(struct store_session *, const struct str *ids, size_t count, instant now,
                          instant forget, bool *fresh, struct error *);
enum status sql_dead_letter_put(struct store_session *, const struct dead_letter *, size_t count,
                                struct error *);
enum status sql_dead_letter_parked(struct store *, struct str topic, const struct dead_letter *,
                                   size_t count, struct arena *, bool *parked, struct error *);
enum status sql_dead_letter_list(struct store *, const struct dead_letter *after, size_t limit,
                                 struct arena *, struct dead_letter **, size_t *count,
                                 struct error *);
enum status sql_dead_letter_remove(struct store *, const struct dead_letter *, struct arena *,
                                   struct error *);
enum status sql_dead_letter_count(struct store *, struct arena *, struct dead_letter_count *,
                                  struct error *);
enum status sql_dead_letters_purge(struct store *, instant before, size_t most, struct arena *,
                                   size_t *purged, struct error *);
extern const struct webhook_operations sql_webhook_operations;
extern const struct replica_operations sql_replica_operations;

#endif
