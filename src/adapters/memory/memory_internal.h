/* Shared by the files of this adapter. */
#ifndef ADAPTERS_MEMORY_MEMORY_INTERNAL_H
#define ADAPTERS_MEMORY_MEMORY_INTERNAL_H

#include <pthread.h>

#include "adapters/memory/memory_store.h"
#include "adapters/memory/memory_table.h"

struct memory_profile {
    struct profile_row row;
    struct memory_vector facts;    /* struct fact *, as they came */
    struct memory_vector history;  /* the same, of what is history */
    struct memory_vector versions; /* struct version_row *, ascending */
    struct memory_vector merges;   /* struct merge * with it as source or target */
};

/* A list behind a key of a table. */
struct memory_bucket {
    struct memory_vector vector;
};

struct memory_tenant {
    struct memory_table profiles; /* customerId -> struct memory_profile */
    struct memory_vector ordered; /* the same by customerId */
    struct memory_table about;    /* object -> bucket of struct fact * */
    struct memory_table merges;   /* mergeId -> struct merge */
    struct memory_vector merges_all;
    struct memory_table keys;          /* key -> bucket of struct str *, homes in order */
    struct memory_vector events;       /* struct outbox_event *, shared with those of all tenants */
    struct memory_vector entries;      /* of the search index */
    struct memory_table suppressed;    /* hash -> struct memory_suppression, or NULL */
    struct memory_table jobs;          /* jobId -> struct job_row */
    struct memory_vector jobs_ordered; /* struct str *, ids in order */
    struct memory_table job_steps;     /* jobId -> bucket of struct job_step * */
    struct memory_table job_parts;     /* jobId -> bucket of struct memory_part * */
    struct memory_table duplicates;    /* duplicateId -> struct duplicate_row */
    struct memory_table duplicates_of; /* home -> bucket of struct duplicate_row * */
    struct memory_vector duplicates_all;
    struct memory_table answers; /* caller and key -> struct answer_row */
    struct memory_table webhooks;
    struct memory_vector webhooks_ordered; /* struct str *, ids in order */
    struct memory_table inbox;             /* ids of consumed messages */
};

/* Of the file of a job. */
struct memory_part {
    instant written_at;
    struct str bytes;
};

/* Who publishes the outbox. */
struct memory_relay {
    struct str holder;
    struct str outbox_id;
    int64_t epoch;
    instant held_until;
    int64_t position;
};

struct memory_store {
    struct store store;
    pthread_mutex_t mutex;
    struct memory_heap heap;
    struct memory_table tenants;
    struct memory_vector outbox;  /* struct outbox_event * of all tenants; a place is a position */
    struct memory_table relays;   /* struct memory_relay by name */
    struct memory_vector letters; /* struct dead_letter *, in order; a removed one has no topic */
};

struct memory_session {
    struct store_session session;
    struct memory_heap *heap; /* NULL in a read */
    struct memory_tenant *tenant;
};

static inline struct memory_session *memory_session_of(struct store_session *session)
{
    return (struct memory_session *)session;
}
static inline struct memory_tenant *memory_tenant_of(struct store_session *session)
{
    return ((struct memory_session *)session)->tenant;
}
/* The heap to write to; NULL with *status set when the session only reads. */
struct memory_heap *memory_heap_of(struct store_session *session);

/* The list behind the key, made when it is missing; NULL when out of memory. */
struct memory_bucket *memory_bucket_at(struct memory_heap *heap, struct memory_table *table,
                                       struct str key);
/* Number of ids in the list of `struct str *` that come before `id`. */
size_t memory_lower_bound(const struct memory_vector *ids, struct str id);

/* Puts a copy of `id` where it belongs; nothing when it is there. False when out of memory. */
bool memory_add_ordered(struct memory_heap *heap, struct memory_vector *ids, struct str id);

/* Operations, by file. */
enum status memory_profiles_get(struct store_session *, struct str, enum store_lock, struct arena *,
                                struct profile_row *, struct error *);
enum status memory_profiles_get_many(struct store_session *, const struct str *, size_t,
                                     enum store_lock, struct arena *, struct profile_row *,
                                     struct error *);
enum status memory_profiles_exist(struct store_session *, const struct str *ids, size_t count,
                                  bool *exist, struct error *);
enum status memory_profiles_insert(struct store_session *, const struct profile_row *,
                                   struct error *);
enum status memory_profiles_update(struct store_session *, const struct profile_row *,
                                   struct error *);
enum status memory_profiles_list(struct store_session *, const struct profile_filter *, struct str,
                                 size_t, struct arena *, struct profile_row **, size_t *,
                                 struct error *);
enum status memory_profiles_count(struct store_session *, int64_t, int64_t *, struct error *);
enum status memory_profiles_version_append(struct store_session *, const struct version_row *,
                                           struct error *);
enum status memory_profiles_version_list(struct store_session *, struct str, int64_t, size_t,
                                         struct arena *, struct version_row **, size_t *,
                                         struct error *);

enum status memory_trees_load(struct store_session *, struct str, instant, struct arena *,
                              struct tree *, struct error *);
enum status memory_trees_fact_append(struct store_session *, const struct fact *, struct error *);
enum status memory_trees_facts_about(struct store_session *, const struct str *, size_t,
                                     struct arena *, struct fact **, size_t *, struct error *);
enum status memory_history_list(struct store_session *, const struct history_query *,
                                struct arena *, struct fact **, size_t *, struct error *);
enum status memory_history_of(struct store_session *, struct str, enum fact_kind,
                              const struct fact *, size_t, struct arena *, struct fact **, size_t *,
                              struct error *);
enum status memory_trees_merge_insert(struct store_session *, const struct merge *, struct error *);
enum status memory_trees_merge_get(struct store_session *, struct str, struct arena *,
                                   struct merge *, struct error *);
enum status memory_trees_merge_reverse(struct store_session *, const struct merge *,
                                       struct error *);
enum status memory_trees_merge_list(struct store_session *, const struct str *, size_t,
                                    struct arena *, struct merge **, size_t *, struct error *);

enum status memory_lists_keys_lock(struct store_session *, const struct str *, size_t,
                                   enum store_lock, struct error *);
enum status memory_lists_creation_begin(struct store_session *, struct error *);
enum status memory_lists_keys_find(struct store_session *, const struct str *, size_t, size_t,
                                   struct arena *, struct key_hit **, size_t *, struct error *);
enum status memory_lists_keys_put(struct store_session *, struct str, const struct str *, size_t,
                                  struct error *);
enum status memory_search_put(struct store_session *, struct str, struct str, struct error *);
enum status memory_search_view(struct store_session *, struct arena *, struct search_view *,
                               struct error *);
enum status memory_search_profiles(struct store_session *, const int64_t *, size_t, struct arena *,
                                   struct profile_row *, struct error *);
enum status memory_search_backlog(struct store_session *, size_t, struct arena *, struct str **,
                                  size_t *, struct error *);
enum status memory_search_erase(struct store_session *, const struct str *, size_t,
                                const struct str *, size_t, struct error *);
enum status memory_search_backlog_done(struct store_session *, const struct str *, size_t,
                                       struct error *);
enum status memory_search_backlog_tenant(struct store *, struct arena *, struct str *,
                                         struct error *);
enum status memory_erasure_keys(struct store_session *, const struct str *, size_t, struct error *);
enum status memory_erasure_homes(struct store_session *, const struct erasure *, struct error *);

enum status memory_events_append(struct store_session *, const struct event *, struct error *);
enum status memory_events_list(struct store_session *, int64_t, size_t, struct arena *,
                               struct event **, size_t *, struct error *);
enum status memory_events_newest(struct store_session *, int64_t *, struct error *);
enum status memory_events_outbox_list(struct store *, int64_t, size_t, struct arena *,
                                      struct outbox_event **, size_t *, struct error *);
enum status memory_events_relay_turn(struct store *, const struct relay_turn *, struct arena *,
                                     struct relay_state *, struct error *);
bool memory_events_erase(struct memory_heap *, struct memory_vector *events,
                         const struct erasure *);
enum status memory_lists_suppression_put(struct store_session *, struct str, struct str, instant,
                                         struct error *);
enum status memory_lists_suppression_find(struct store_session *, const struct str *, size_t,
                                          bool *, struct error *);
enum status memory_lists_suppression_remove(struct store_session *, struct str, struct error *);
enum status memory_jobs_put(struct store_session *, const struct job_row *, struct error *);
enum status memory_jobs_get(struct store_session *, struct str, enum store_lock, struct arena *,
                            struct job_row *, struct error *);
enum status memory_jobs_list(struct store_session *, struct str, size_t, struct arena *,
                             struct job_row **, size_t *, struct error *);
enum status memory_jobs_count(struct store_session *, int64_t *, struct error *);

enum status memory_jobs_step_append(struct store_session *, const struct job_step *,
                                    struct error *);
enum status memory_jobs_step_list(struct store_session *, struct str, int64_t, size_t,
                                  struct arena *, struct job_step **, size_t *, struct error *);
enum status memory_jobs_step_report(struct store_session *, struct str, int64_t, struct str,
                                    struct error *);
enum status memory_jobs_report_list(struct store_session *, const struct job_step *, size_t,
                                    struct arena *, struct job_step **, size_t *, struct error *);
/* Files of all jobs that have ended. */
enum status memory_jobs_exports_erase(struct store_session *, struct error *);
enum status memory_jobs_claim(struct store *, const struct job_turn *, struct arena *,
                              struct job_claim *, struct error *);
enum status memory_jobs_keep(struct store_session *, struct str, int64_t, int64_t, struct error *);
enum status memory_jobs_part_put(struct store_session *, struct str, int64_t, instant, struct str,
                                 struct error *);
enum status memory_jobs_part_get(struct store_session *, struct str, int64_t, struct arena *,
                                 struct str *, struct error *);
enum status memory_jobs_parts_remove(struct store_session *, struct str, struct error *);
enum status memory_jobs_purge(struct store *, instant, struct arena *, struct error *);
enum status memory_jobs_step_last(struct store_session *, struct str, struct arena *,
                                  struct job_step *, struct error *);

enum status memory_duplicates_insert(struct store_session *, const struct duplicate_row *,
                                     struct error *);
enum status memory_duplicates_update(struct store_session *, const struct duplicate_row *,
                                     struct error *);
enum status memory_duplicates_get(struct store_session *, struct str id, enum store_lock,
                                  struct arena *, struct duplicate_row *, struct error *);
enum status memory_duplicates_list_of(struct store_session *, const struct str *homes, size_t count,
                                      enum store_lock, struct arena *, struct duplicate_row **,
                                      size_t *row_count, struct error *);
enum status memory_duplicates_list(struct store_session *, const struct duplicate_filter *,
                                   const struct duplicate_row *after, size_t limit, struct arena *,
                                   struct duplicate_row **, size_t *count, struct error *);
enum status memory_duplicates_count(struct store_session *, instant now, instant since,
                                    struct arena *, struct duplicate_count **, size_t *count,
                                    struct error *);
enum status memory_duplicates_backlog(struct store *, struct arena *, int64_t *waiting,
                                      instant *oldest, struct error *);
enum status memory_answers_claim(struct store_session *, struct str, struct str, instant,
                                 struct arena *, struct answer_row *, struct error *);
enum status memory_answers_purge(struct store *, instant, size_t, struct arena *, size_t *,
                                 struct error *);
enum status memory_answers_put(struct store_session *, const struct answer_row *, instant,
                               struct error *);
extern const struct webhook_operations memory_webhook_operations;
enum status memory_inbox_put(struct store_session *, const struct str *, size_t, instant, instant,
                             bool *, struct error *);
enum status memory_dead_letter_put(struct store_session *, const struct dead_letter *, size_t count,
                                   struct error *);
enum status memory_dead_letter_parked(struct store *, struct str topic, const struct dead_letter *,
                                      size_t count, struct arena *, bool *parked, struct error *);
enum status memory_dead_letter_list(struct store *, const struct dead_letter *after, size_t limit,
                                    struct arena *, struct dead_letter **, size_t *count,
                                    struct error *);
enum status memory_dead_letter_remove(struct store *, const struct dead_letter *, struct arena *,
                                      struct error *);
enum status memory_dead_letter_count(struct store *, struct arena *, struct dead_letter_count *,
                                     struct error *);
enum status memory_dead_letters_purge(struct store *, instant before, size_t most, struct arena *,
                                      size_t *purged, struct error *);
/* False when out of memory. */
bool memory_letters_erase(struct memory_heap *heap, struct store_session *session,
                          const struct erasure *erasure);

#endif
