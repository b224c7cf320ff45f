/* The port to durable state. Three adapters stand behind it (memory, SQLite, PostgreSQL), and one
 * contract suite runs against all of them: tests/contract.
 *
 * A unit of work is a function. store_write() runs `body` in one transaction of one tenant and
 * returns when its outcome is durable; all of it happened or nothing. The adapter chooses where the
 * body runs (the embedded store: on its writer thread, many bodies to one commit; PostgreSQL: in
 * the calling coroutine), so a body only touches its session, its context and the arena, and reads
 * as straight-line code. It may run again after a conflict: it must set its outputs anew each time,
 * and the arena is taken back to where it was. A body that returns anything but STATUS_OK is rolled
 * back, and that status is returned.
 *
 * No thread is blocked per request on PostgreSQL: inside a coroutine a wait suspends it.
 *
 * Failures of any operation, besides those named: STATUS_UNAVAILABLE (nothing happened),
 * STATUS_WRITE_CONFLICT (internal; retried by store_write a bounded number of times),
 * STATUS_OUTCOME_UNKNOWN (commit was sent and no answer came), STATUS_STORE_FULL,
 * STATUS_STORE_CORRUPT, STATUS_OUT_OF_MEMORY.
 *
 * Every operation is confined to the session's tenant.
 *
 * Locking: whoever changes a customer first gets its root with STORE_LOCK; all facts and edges of a
 * tree are guarded by the lock on its root. Version and event order per customer follow from that
 * lock. Locks are waited for in one order alone, so that no two units of work wait for each other
 * (ports/store_locks.h): keys, customers by their ids, items of the review queue. What is asked for
 * out of that order may be a conflict, after which the body runs again: it is right in any order,
 * and cheapest in this one. A job's row is locked before all of them.
 */
#ifndef APPLICATION_PORTS_STORE_H
#define APPLICATION_PORTS_STORE_H

#include "base/saturation.h"
#include "base/status.h"
#include "domain/duplicate.h"
#include "domain/event.h"
#include "domain/tree.h"
#include "search/view.h"

/* One row per customer, merged ones included. `document` is the profile as the API shows it, a
 * cache of the golden record, kept by whoever changes the tree; absent for merged customers, and
 * for roots whom nobody speaks of any more, since an import was undone (tree_is_silent). */
struct profile_row {
    struct str customer_id;
    int64_t version;
    struct str survivor_id; /* direct parent while merged; absent otherwise */
    struct str merge_id;    /* of the merge in force that made it so */
    instant created_at;
    instant updated_at;
    instant erased_at; /* INSTANT_NONE while it is not */
    struct str kind;   /* ORGANIZATION | PERSON: golden values that lists filter and sort by */
    struct str status;
    struct str segment; /* absent when there is none */
    struct str name;
    struct str document;
};

/* One row per version of a root: what changed, by whom. */
struct version_row {
    struct str customer_id;
    int64_t version;
    instant recorded_at;
    struct str actor;
    struct str
        cause; /* CREATED UPDATED MERGED UNMERGED UNDONE CONTACT RELATIONSHIP CONSENT POLICY */
    struct str changed_fields; /* comma-separated top-level names */
};

struct profile_filter {
    struct str status;   /* absent: any */
    struct str segment;  /* absent: any */
    struct str kind;     /* absent: any */
    bool include_merged; /* and those whom nobody speaks of any more */
    bool include_erased;
};

/* What is taken away of customers that are erased. */
struct erasure {
    const struct str *homes;
    size_t home_count;
    size_t kin_count; /* behind them, others that were ever merged with one of them and stay */
    const struct merge *merges; /* their reasons are replaced, and the events that told them go */
    size_t merge_count;
    struct str reason;
};

/* Which facts of history (fact_kind_is_history), and where their list goes on. */
struct history_query {
    const struct str *homes;
    size_t home_count;
    const enum fact_kind *kinds;
    size_t kind_count;
    bool first_only;           /* of each subject of a home the first as time goes */
    const struct fact *behind; /* its observed_at, home and number; NULL: from the newest on */
    size_t limit;
};

/* An exact, normalised value by which duplicates are found: "email+name|jane@acme.example|jane
 * doe". A home keeps every key it ever had. */
struct key_hit {
    size_t key; /* which of those that were asked for */
    struct str home;
};
enum { STORE_HOMES_MAX = 1000 };

/* Of a unit of work about what is no tenant's. No tenant can be called so. */
#define STORE_NO_TENANT STR("*")

enum job_state {
    JOB_QUEUED,
    JOB_RUNNING, /* was begun, and is or will be gone on with */
    JOB_DONE,
    JOB_FAILED,
    JOB_CANCELLED,
    JOB_UNDONE, /* an import that was taken back, or is being */
    JOB_STATE_COUNT
};

struct job_row {
    struct str job_id;
    struct str kind; /* IMPORT | EXPORT | SCAN | UNDO | RECOMPUTE */
    enum job_state state;
    struct str actor;
    struct str document; /* JSON: parameters, counts, rate, eta, errors */
    instant created_at;
    instant updated_at;
    /* Of what the service runs, one of a tenant after another: which of its lanes. Absent: it has
     * ended, or is not the service's to run. */
    struct str lane;
    int64_t epoch; /* how often it was taken; job_put leaves it as it is */
};

/* Who asks for a job: the instances of a service, each with a worker for a lane. */
struct job_turn {
    struct str lane;
    struct str holder;
    struct str after; /* the tenant whose job it had before; absent: none */
    int64_t lease_ms;
};

/* A job that an instance has taken: for as long as its lease is kept, and until another takes it.
 */
struct job_claim {
    struct str tenant; /* absent: there is none to take */
    struct str job_id;
    int64_t epoch;
};

/* What one transaction of a job did, written by that very transaction: how far the job is, and what
 * is needed to take it back. */
struct job_step {
    struct str job_id;
    int64_t number;      /* 1, 2, ... */
    struct str document; /* JSON: where it stands after this step */
    struct str homes;    /* JSON array: homes that facts were given to, and behind a '=' those that
                          * were found as the file has them; absent: none */
    struct str report;   /* lines of JSON: rows that have something to be told; absent: none */
};

/* How many items there are that agree in what stands here. */
struct duplicate_count {
    enum duplicate_state shows;
    enum duplicate_cause cause;
    enum duplicate_resolution resolution;
    int64_t day; /* since 1970 when it was resolved; -1: it was not, or too long ago */
    int64_t count;
    instant oldest; /* created_at */
};

/* Two homes that share a key, of which the unit of work could not know. */
struct store_meeting {
    struct str own;
    struct str other;
};

/* What was answered to a request that its caller named by a key. */
struct answer_row {
    struct str caller;
    struct str key;
    struct str fingerprint; /* of the request */
    int64_t status;
    struct str headers;
    struct str body; /* absent when there was none */
    instant expires_at;
};

/* An event with its tenant, for whoever passes on those of all tenants. */
struct outbox_event {
    struct event event;
    struct str tenant;
};

/* A message that was put aside, and why. While one of a key is there, the key is parked: for its
 * tenant, or for all when the tenant is not known. */
struct dead_letter {
    struct str topic;
    int64_t partition;
    int64_t offset;
    struct str key;   /* text, or base64url behind "base64url:"; absent: none */
    struct str value; /* the same */
    struct str trace; /* traceparent; absent: none */
    struct str code;  /* of a status */
    struct str reason;
    struct str tenant;   /* absent: not known */
    struct str customer; /* whom it is about; absent: not known */
    instant sent_at;
    instant parked_at;
};
struct dead_letter_count {
    int64_t letters;
    int64_t keys;   /* that are parked */
    instant oldest; /* parked_at; INSTANT_NONE: there is none */
};

/* A turn of one that publishes the outbox (a relay). */
struct relay_turn {
    struct str relay;     /* which one; one instance at a time works as it */
    struct str holder;    /* this instance */
    struct str outbox_id; /* the outbox's name when it has none yet */
    int64_t lease_ms;     /* for how long to be the one; 0: no longer */
    int64_t free_ms;      /* only when nobody has been the one for so long; 0: when nobody is */
    int64_t position;     /* published up to here, to be noted; negative: nothing to note */
};
struct relay_state {
    bool is_ours;
    int64_t epoch;        /* grows each time that another instance takes over */
    struct str outbox_id; /* tells this outbox from one restored from its backup; when is_ours */
    int64_t position;     /* last noted; 0: never */
    int64_t newest;       /* position in the outbox */
};

/* STORE_TRY_LOCK is the port's word to the adapters: when another has it, STATUS_WRITE_CONFLICT. */
enum store_lock { STORE_NO_LOCK, STORE_LOCK, STORE_TRY_LOCK };

/* What a request is about to do. */
enum store_use { STORE_LOOKUP, STORE_READ, STORE_WRITE };

struct store;
struct store_session;
struct store_locks;
struct webhook_operations;
struct replica_operations;

typedef enum status store_body(struct store_session *session, void *context, struct error *error);

/* What an adapter implements. Callers use the functions below, which forward, and see to the order
 * in which locks are waited for (store_locks.h). */
struct store_operations {
    enum status (*read)(struct store *, struct str tenant, struct arena *, store_body *, void *,
                        struct error *);
    enum status (*write)(struct store *, struct str tenant, struct arena *, store_body *, void *,
                         struct error *);
    enum status (*write_grouped)(struct store *, struct str tenant, struct arena *, store_body *,
                                 void *, struct error *); /* NULL: as write */
    enum status (*lookup)(struct store *, struct str tenant, const struct str *ids, size_t count,
                          struct arena *, struct profile_row *rows, struct error *);
    enum status (*ready)(struct store *, struct error *);
    struct queue_wait (*wait)(struct store *, enum store_use);
    enum status (*search_backlog_tenant)(struct store *, struct arena *, struct str *tenant,
                                         struct error *);
    enum status (*outbox_list)(struct store *, int64_t after, size_t limit, struct arena *,
                               struct outbox_event **, size_t *count, struct error *);
    enum status (*relay_turn)(struct store *, const struct relay_turn *, struct arena *,
                              struct relay_state *, struct error *);
    enum status (*instance_turn)(struct store *, struct str instance, int64_t lease_ms,
                                 struct arena *, int64_t *live, struct error *);

    enum status (*dead_letter_put)(struct store_session *, const struct dead_letter *, size_t count,
                                   struct error *);
    enum status (*dead_letter_parked)(struct store *, struct str topic, const struct dead_letter *,
                                      size_t count, struct arena *, bool *parked, struct error *);
    enum status (*dead_letter_list)(struct store *, const struct dead_letter *after, size_t limit,
                                    struct arena *, struct dead_letter **, size_t *count,
                                    struct error *);
    enum status (*dead_letter_remove)(struct store *, const struct dead_letter *, struct arena *,
                                      struct error *);
    enum status (*dead_letter_count)(struct store *, struct arena *, struct dead_letter_count *,
                                     struct error *);
    enum status (*dead_letters_purge)(struct store *, instant before, size_t most, struct arena *,
                                      size_t *purged, struct error *);

    enum status (*profile_get)(struct store_session *, struct str id, enum store_lock,
                               struct arena *, struct profile_row *, struct error *);
    enum status (*profiles_get)(struct store_session *, const struct str *ids, size_t count,
                                enum store_lock, struct arena *, struct profile_row *rows,
                                struct error *);
    enum status (*profiles_exist)(struct store_session *, const struct str *ids, size_t count,
                                  bool *exist, struct error *);
    enum status (*profile_insert)(struct store_session *, const struct profile_row *,
                                  struct error *);
    enum status (*profile_update)(struct store_session *, const struct profile_row *,
                                  struct error *);
    enum status (*profile_list)(struct store_session *, const struct profile_filter *,
                                struct str after_id, size_t limit, struct arena *,
                                struct profile_row **, size_t *count, struct error *);
    enum status (*profile_count)(struct store_session *, int64_t limit, int64_t *count,
                                 struct error *);
    enum status (*version_append)(struct store_session *, const struct version_row *,
                                  struct error *);
    enum status (*version_list)(struct store_session *, struct str customer_id,
                                int64_t before_version, size_t limit, struct arena *,
                                struct version_row **, size_t *count, struct error *);
    enum status (*tree_load)(struct store_session *, struct str root, instant as_of, struct arena *,
                             struct tree *, struct error *);
    enum status (*fact_append)(struct store_session *, const struct fact *, struct error *);
    enum status (*facts_about)(struct store_session *, const struct str *objects, size_t count,
                               struct arena *, struct fact **, size_t *fact_count, struct error *);
    enum status (*history_list)(struct store_session *, const struct history_query *,
                                struct arena *, struct fact **, size_t *count, struct error *);
    enum status (*history_of)(struct store_session *, struct str home, enum fact_kind,
                              const struct fact *after, size_t limit, struct arena *,
                              struct fact **, size_t *count, struct error *);
    enum status (*merge_insert)(struct store_session *, const struct merge *, struct error *);
    enum status (*merge_get)(struct store_session *, struct str merge_id, struct arena *,
                             struct merge *, struct error *);
    enum status (*merge_reverse)(struct store_session *, const struct merge *, struct error *);
    enum status (*merge_list)(struct store_session *, const struct str *customers, size_t count,
                              struct arena *, struct merge **, size_t *merge_count, struct error *);
    enum status (*keys_lock)(struct store_session *, const struct str *keys, size_t count,
                             enum store_lock, struct error *);
    enum status (*creation_begin)(struct store_session *, struct error *);
    /* These two only where units of work do not follow each other. */
    enum status (*creations_await)(struct store_session *, int64_t *mark, struct error *);
    enum status (*creations_met)(struct store_session *, int64_t mark, struct arena *,
                                 struct store_meeting **, size_t *count, struct error *);
    enum status (*keys_find)(struct store_session *, const struct str *keys, size_t count,
                             size_t homes_max, struct arena *, struct key_hit **, size_t *hit_count,
                             struct error *);
    enum status (*keys_put)(struct store_session *, struct str home, const struct str *keys,
                            size_t count, struct error *);
    enum status (*search_put)(struct store_session *, struct str home, struct str entry,
                              struct error *);
    enum status (*search_view)(struct store_session *, struct arena *, struct search_view *,
                               struct error *);
    enum status (*search_profiles)(struct store_session *, const int64_t *numbers, size_t count,
                                   struct arena *, struct profile_row *rows, struct error *);
    enum status (*search_backlog)(struct store_session *, size_t limit, struct arena *,
                                  struct str **homes, size_t *count, struct error *);
    enum status (*search_erase)(struct store_session *, const struct str *homes, size_t count,
                                const struct str *keys, size_t key_count, struct error *);
    enum status (*search_backlog_done)(struct store_session *, const struct str *homes,
                                       size_t count, struct error *);
    enum status (*keys_erase)(struct store_session *, const struct str *homes, size_t count,
                              struct error *);
    enum status (*homes_erase)(struct store_session *, const struct erasure *, struct error *);
    enum status (*event_append)(struct store_session *, const struct event *, struct error *);
    enum status (*event_list)(struct store_session *, int64_t after, size_t limit, struct arena *,
                              struct event **, size_t *count, struct error *);
    enum status (*event_newest)(struct store_session *, int64_t *position, struct error *);
    enum status (*suppression_put)(struct store_session *, struct str hash, struct str reason,
                                   instant at, struct error *);
    enum status (*suppression_find)(struct store_session *, const struct str *hashes, size_t count,
                                    bool *found, struct error *);
    enum status (*suppression_remove)(struct store_session *, struct str hash, struct error *);
    enum status (*job_put)(struct store_session *, const struct job_row *, struct error *);
    enum status (*job_get)(struct store_session *, struct str job_id, enum store_lock,
                           struct arena *, struct job_row *, struct error *);
    enum status (*job_list)(struct store_session *, struct str after_id, size_t limit,
                            struct arena *, struct job_row **, size_t *count, struct error *);
    enum status (*job_count)(struct store_session *, int64_t *count, struct error *);
    enum status (*job_step_append)(struct store_session *, const struct job_step *, struct error *);
    enum status (*job_step_list)(struct store_session *, struct str job_id, int64_t after,
                                 size_t limit, struct arena *, struct job_step **, size_t *count,
                                 struct error *);
    enum status (*job_step_last)(struct store_session *, struct str job_id, struct arena *,
                                 struct job_step *, struct error *);
    enum status (*job_step_report)(struct store_session *, struct str job_id, int64_t number,
                                   struct str report, struct error *);
    enum status (*job_report_list)(struct store_session *, const struct job_step *after,
                                   size_t limit, struct arena *, struct job_step **, size_t *count,
                                   struct error *);
    enum status (*job_claim)(struct store *, const struct job_turn *, struct arena *,
                             struct job_claim *, struct error *);
    enum status (*job_keep)(struct store_session *, struct str job_id, int64_t epoch,
                            int64_t lease_ms, struct error *);
    enum status (*job_part_put)(struct store_session *, struct str job_id, int64_t number,
                                instant at, struct str bytes, struct error *);
    enum status (*job_part_get)(struct store_session *, struct str job_id, int64_t number,
                                struct arena *, struct str *bytes, struct error *);
    enum status (*job_parts_remove)(struct store_session *, struct str job_id, struct error *);
    enum status (*job_exports_erase)(struct store_session *, struct error *);
    enum status (*jobs_purge)(struct store *, instant before, struct arena *, struct error *);
    enum status (*duplicate_insert)(struct store_session *, const struct duplicate_row *,
                                    struct error *);
    enum status (*duplicate_update)(struct store_session *, const struct duplicate_row *,
                                    struct error *);
    enum status (*duplicate_get)(struct store_session *, struct str id, enum store_lock,
                                 struct arena *, struct duplicate_row *, struct error *);
    enum status (*duplicate_list_of)(struct store_session *, const struct str *homes, size_t count,
                                     enum store_lock, struct arena *, struct duplicate_row **,
                                     size_t *row_count, struct error *);
    enum status (*duplicate_list)(struct store_session *, const struct duplicate_filter *,
                                  const struct duplicate_row *after, size_t limit, struct arena *,
                                  struct duplicate_row **, size_t *count, struct error *);
    enum status (*duplicate_count)(struct store_session *, instant now, instant since,
                                   struct arena *, struct duplicate_count **, size_t *count,
                                   struct error *);
    enum status (*duplicate_backlog)(struct store *, struct arena *, int64_t *waiting,
                                     instant *oldest, struct error *);
    enum status (*answer_claim)(struct store_session *, struct str caller, struct str key,
                                instant now, struct arena *, struct answer_row *, struct error *);
    enum status (*answers_purge)(struct store *, instant now, size_t most, struct arena *,
                                 size_t *purged, struct error *);
    enum status (*answer_put)(struct store_session *, const struct answer_row *, instant now,
                              struct error *);
    enum status (*inbox_put)(struct store_session *, const struct str *ids, size_t count,
                             instant now, instant forget, bool *fresh, struct error *);
    const struct webhook_operations *webhooks; /* webhook_store.h */
    const struct replica_operations *replicas; /* store_replicas.h; NULL: there are none */
};

/* Adapters embed these two as their first member. */
struct store {
    const struct store_operations *operations;
};
struct store_session {
    struct store *store;
    struct str tenant;
    struct store_locks *locks; /* NULL: it only reads, nobody else writes meanwhile, or, in a
                                  group, it leaves rather than wait for a lock */
};

/* Runs `body` in one read-only snapshot. */
MUST_CHECK enum status store_read(struct store *store, struct str tenant, struct arena *arena,
                                  store_body *body, void *context, struct error *error);
/* Runs `body` in one durable transaction; see above. */
MUST_CHECK enum status store_write(struct store *store, struct str tenant, struct arena *arena,
                                   store_body *body, void *context, struct error *error);
/* The same, for bodies of which many come at once: PostgreSQL carries out those that wait at the
 * same time in one transaction. To gain by it a body locks and reads by store_keys_lock,
 * store_creation_begin, store_keys_find, store_profiles_exist, store_profiles_get (without a lock)
 * and store_suppression_find, and then adds rows; one that does anything else is begun anew, alone.
 */
MUST_CHECK enum status store_write_grouped(struct store *store, struct str tenant,
                                           struct arena *arena, store_body *body, void *context,
                                           struct error *error);
/* The hot path: rows by id without a session, in the order of the ids; a missing one gets an absent
 * customer_id. Serves own writes: an acknowledged change is seen. */
MUST_CHECK enum status store_lookup(struct store *store, struct str tenant, const struct str *ids,
                                    size_t count, struct arena *arena, struct profile_row *rows,
                                    struct error *error);
/* Can it answer and is its schema right? For /readyz. */
MUST_CHECK enum status store_ready(struct store *store, struct error *error);
/* For what the calling coroutine began now. */
struct queue_wait store_wait(struct store *store, enum store_use use);

/* STATUS_CUSTOMER_NOT_FOUND. With STORE_LOCK the row stays ours until the transaction ends; only in
 * a write. Merged and erased rows are returned like others. */
MUST_CHECK enum status store_profile_get(struct store_session *session, struct str id,
                                         enum store_lock lock, struct arena *arena,
                                         struct profile_row *row, struct error *error);
/* Many at once, each id asked for once; a missing one gets an absent customer_id. With STORE_LOCK,
 * where the ids are in order (str_sort), as with store_profile_get. */
MUST_CHECK enum status store_profiles_get(struct store_session *session, const struct str *ids,
                                          size_t count, enum store_lock lock, struct arena *arena,
                                          struct profile_row *rows, struct error *error);
/* exist[i]: there is a profile of ids[i], merged and erased ones included. */
MUST_CHECK enum status store_profiles_exist(struct store_session *session, const struct str *ids,
                                            size_t count, bool *exist, struct error *error);
/* STATUS_CUSTOMER_EXISTS when the id is taken (may be reported by a later call of the same
 * session, or by the write as a whole). */
MUST_CHECK enum status store_profile_insert(struct store_session *session,
                                            const struct profile_row *row, struct error *error);
/* The row must be locked. */
MUST_CHECK enum status store_profile_update(struct store_session *session,
                                            const struct profile_row *row, struct error *error);
/* In order of customer_id, from `after_id` (absent: the first) exclusive. */
MUST_CHECK enum status store_profile_list(struct store_session *session,
                                          const struct profile_filter *filter, struct str after_id,
                                          size_t limit, struct arena *arena,
                                          struct profile_row **rows, size_t *count,
                                          struct error *error);
/* Of all rows of the tenant, merged and erased ones too; `limit` when there are more. */
MUST_CHECK enum status store_profile_count(struct store_session *session, int64_t limit,
                                           int64_t *count, struct error *error);
MUST_CHECK enum status store_version_append(struct store_session *session,
                                            const struct version_row *row, struct error *error);
/* Newest first, below `before_version` (0: from the newest). */
MUST_CHECK enum status store_version_list(struct store_session *session, struct str customer_id,
                                          int64_t before_version, size_t limit, struct arena *arena,
                                          struct version_row **rows, size_t *count,
                                          struct error *error);
/* The tree under `root` as it was known at `as_of` (INSTANT_FUTURE: now): edges made at or before
 * and not reversed at or before it, facts recorded at or before it,  history left out, sorted
 * (tree_sort). The root itself need not be a root today. STATUS_CUSTOMER_NOT_FOUND when there is no
 * such customer, or there was none yet. */
MUST_CHECK enum status store_tree_load(struct store_session *session, struct str root,
                                       instant as_of, struct arena *arena, struct tree *tree,
                                       struct error *error);
MUST_CHECK enum status store_fact_append(struct store_session *session, const struct fact *fact,
                                         struct error *error);
/* Relationship facts whose object is one of these customers. */
MUST_CHECK enum status store_facts_about(struct store_session *session, const struct str *objects,
                                         size_t count, struct arena *arena, struct fact **facts,
                                         size_t *fact_count, struct error *error);
/* At most `limit`, newest first by observed_at; of one time by home, and what came later first. */
MUST_CHECK enum status store_history_list(struct store_session *session,
                                          const struct history_query *query, struct arena *arena,
                                          struct fact **facts, size_t *count, struct error *error);
/* Of one home and kind, at most `limit` behind `after` (its subject, observed_at and number; NULL:
 * from the first on): by subject, then as time goes, then as they came. */
MUST_CHECK enum status store_history_of(struct store_session *session, struct str home,
                                        enum fact_kind kind, const struct fact *after, size_t limit,
                                        struct arena *arena, struct fact **facts, size_t *count,
                                        struct error *error);
MUST_CHECK enum status store_merge_insert(struct store_session *session, const struct merge *merge,
                                          struct error *error);
/* STATUS_MERGE_NOT_FOUND. */
MUST_CHECK enum status store_merge_get(struct store_session *session, struct str merge_id,
                                       struct arena *arena, struct merge *merge,
                                       struct error *error);
/* Records reversed_at and reverse_actor. */
MUST_CHECK enum status store_merge_reverse(struct store_session *session, const struct merge *merge,
                                           struct error *error);
/* All merges, reversed ones too, in which any of the customers is source or target; by merged_at,
 * then id. With count 0: all of the tenant. */
MUST_CHECK enum status store_merge_list(struct store_session *session, const struct str *customers,
                                        size_t count, struct arena *arena, struct merge **merges,
                                        size_t *merge_count, struct error *error);
/* Makes "no such key yet" a decision that holds until the transaction ends: another write that
 * locks one of these keys waits. The keys are in order (str_sort). */
MUST_CHECK enum status store_keys_lock(struct store_session *session, const struct str *keys,
                                       size_t count, struct error *error);
/* A key that is locked behind everything else, by whoever is about to end. */
MUST_CHECK enum status store_key_lock_last(struct store_session *session, struct str key,
                                           struct error *error);
/* Creations beside a unit of work that cannot lock all the keys that it looks for. A creation
 * begins behind its keys' locks and before it looks; it waits for nothing any more, and whoever
 * stops creations waits for it to end. Nothing to do where units of work follow each other. */
MUST_CHECK enum status store_creation_begin(struct store_session *session, struct error *error);
/* Before looking: waits for the creations under way, and no longer holds anybody up when it
 * returns. */
MUST_CHECK enum status store_creations_await(struct store_session *session, int64_t *mark,
                                             struct error *error);
/* The last thing that is waited for: no creation goes on until the unit of work ends. Gives homes
 * that it made or changed each with a home that was created since the mark and has a key that it
 * put there. */
MUST_CHECK enum status store_creations_stop(struct store_session *session, int64_t mark,
                                            struct arena *arena, struct store_meeting **meetings,
                                            size_t *count, struct error *error);
/* In the order of the keys asked for, then of home. Of each key at most `homes_max` homes (up to
 * STORE_HOMES_MAX); which, when it has more, is not said. The SQL stores keep keys as 64-bit
 * hashes: a home may be found that has another key of the same hash instead. */
MUST_CHECK enum status store_keys_find(struct store_session *session, const struct str *keys,
                                       size_t count, size_t homes_max, struct arena *arena,
                                       struct key_hit **hits, size_t *hit_count,
                                       struct error *error);
/* Keys that the home has already are ignored. */
MUST_CHECK enum status store_keys_put(struct store_session *session, struct str home,
                                      const struct str *keys, size_t count, struct error *error);
/* The search index (src/search). An entry, the keys of a home (search_keys_entry), gets a number
 * above all that are there; a home may have several, of which each has all its keys of that time.
 * The index only says where a customer may be: who reads it looks whether he is there. */
MUST_CHECK enum status store_search_put(struct store_session *session, struct str home,
                                        struct str entry, struct error *error);
/* The index as the session sees it, until it ends. Entries that are in no segment yet, some
 * thousand at most while the store keeps up, are in order. */
MUST_CHECK enum status store_search_view(struct store_session *session, struct arena *arena,
                                         struct search_view *view, struct error *error);
/* Rows of the homes that have these entries, in that order, one for each number though it is there
 * twice; an absent customer_id where there is none. In a read one may be as it was told since. */
MUST_CHECK enum status store_search_profiles(struct store_session *session, const int64_t *numbers,
                                             size_t count, struct arena *arena,
                                             struct profile_row *rows, struct error *error);
/* Homes from before there was an index, which are to be put and then taken off that list. */
MUST_CHECK enum status store_search_backlog(struct store_session *session, size_t limit,
                                            struct arena *arena, struct str **homes, size_t *count,
                                            struct error *error);
MUST_CHECK enum status store_search_backlog_done(struct store_session *session,
                                                 const struct str *homes, size_t count,
                                                 struct error *error);
/* Takes away all entries of these homes, and these keys, which are theirs, wherever no other entry
 * has them. */
MUST_CHECK enum status store_search_erase(struct store_session *session, const struct str *homes,
                                          size_t count, const struct str *keys, size_t key_count,
                                          struct error *error);
/* A tenant with such homes; absent when none is left. */
MUST_CHECK enum status store_search_backlog_tenant(struct store *store, struct arena *arena,
                                                   struct str *tenant, struct error *error);
/* Takes away all keys of these homes. */
MUST_CHECK enum status store_keys_erase(struct store_session *session, const struct str *homes,
                                        size_t count, struct error *error);
/* Takes away facts, versions, events and possible duplicates of the homes, and kept answers that
 * name one of them or their kin, in the body ("ID") or in the headers (/ID/): the answers' keys
 * stay, as used for another request. The rows of the homes and the merges
 * stay, what others say of them (a relationship) stays, and so do the keys. The roots of the homes
 * must be locked. */
MUST_CHECK enum status store_homes_erase(struct store_session *session,
                                         const struct erasure *erasure, struct error *error);
/* `position` is ignored and given by the store: the feed lists events in an order in which those of
 * one aggregate stand as committed, and nothing appears before a position that was read already. */
MUST_CHECK enum status store_event_append(struct store_session *session, const struct event *event,
                                          struct error *error);
/* Events after the position, in feed order. */
MUST_CHECK enum status store_event_list(struct store_session *session, int64_t after, size_t limit,
                                        struct arena *arena, struct event **events, size_t *count,
                                        struct error *error);
/* The position of the newest event, of any tenant; what is not yet in the feed comes behind it. */
MUST_CHECK enum status store_event_newest(struct store_session *session, int64_t *position,
                                          struct error *error);
/* Of all tenants, in the order of the feed, whose positions are given once for all of them. */
MUST_CHECK enum status store_outbox_list(struct store *store, int64_t after, size_t limit,
                                         struct arena *arena, struct outbox_event **events,
                                         size_t *count, struct error *error);
/* Takes, keeps or gives up the relay's lease, by the clock of the store, and notes how far it has
 * come if it is ours. A lease saves instances from getting into each other's way; it does not keep
 * one that was stopped for long from going on, which only the receiver of the events can. */
MUST_CHECK enum status store_relay_turn(struct store *store, const struct relay_turn *turn,
                                        struct arena *arena, struct relay_state *state,
                                        struct error *error);
/* The instance is live for `lease_ms` from now on, by the clock of the store, and so many are, with
 * it; 0: it is not live any more, and nothing is told. The embedded stores have one process. */
MUST_CHECK enum status store_instance_turn(struct store *store, struct str instance,
                                           int64_t lease_ms, struct arena *arena, int64_t *live,
                                           struct error *error);
/* Dead letters are seen in every session and without one: whoever consumes for all asks for them.
 * One that is there already (topic, partition, offset) stays as it is. */
MUST_CHECK enum status store_dead_letter_put(struct store_session *session,
                                             const struct dead_letter *letters, size_t count,
                                             struct error *error);
/* Of letters that may have to be made, which have a key: parked[i] says that one is there with the
 * key of asked[i] in this topic, at its offset or before, of its tenant or of none that is known.
 */
MUST_CHECK enum status store_dead_letter_parked(struct store *store, struct str topic,
                                                const struct dead_letter *asked, size_t count,
                                                struct arena *arena, bool *parked,
                                                struct error *error);
/* By topic, partition and offset, behind `after` (NULL: from the first). */
MUST_CHECK enum status store_dead_letter_list(struct store *store, const struct dead_letter *after,
                                              size_t limit, struct arena *arena,
                                              struct dead_letter **letters, size_t *count,
                                              struct error *error);
/* One that is not there is no error. */
MUST_CHECK enum status store_dead_letter_remove(struct store *store,
                                                const struct dead_letter *letter,
                                                struct arena *arena, struct error *error);
MUST_CHECK enum status store_dead_letter_count(struct store *store, struct arena *arena,
                                               struct dead_letter_count *count,
                                               struct error *error);
/* At most so many of those that were put aside before that time are taken away, oldest first. */
MUST_CHECK enum status store_dead_letters_purge(struct store *store, instant before, size_t most,
                                                struct arena *arena, size_t *purged,
                                                struct error *error);
/* Suppression list of hashed contact points. Put again: the reason is replaced. Find: found[i] says
 * it of hashes[i]. */
MUST_CHECK enum status store_suppression_put(struct store_session *session, struct str hash,
                                             struct str reason, instant at, struct error *error);
MUST_CHECK enum status store_suppression_find(struct store_session *session,
                                              const struct str *hashes, size_t count, bool *found,
                                              struct error *error);
MUST_CHECK enum status store_suppression_remove(struct store_session *session, struct str hash,
                                                struct error *error);
/* Inserts or replaces. */
MUST_CHECK enum status store_job_put(struct store_session *session, const struct job_row *job,
                                     struct error *error);
/* STATUS_JOB_NOT_FOUND. With STORE_LOCK nobody else puts it until the transaction ends. */
MUST_CHECK enum status store_job_get(struct store_session *session, struct str job_id,
                                     enum store_lock lock, struct arena *arena, struct job_row *job,
                                     struct error *error);
/* Newest first, below `after_id` (absent: from the newest). */
MUST_CHECK enum status store_job_list(struct store_session *session, struct str after_id,
                                      size_t limit, struct arena *arena, struct job_row **jobs,
                                      size_t *count, struct error *error);
/* Jobs of the tenant that are in a lane, whichever. */
MUST_CHECK enum status store_job_count(struct store_session *session, int64_t *count,
                                       struct error *error);
/* A number that is there already is a conflict: somebody else runs the same job. */
MUST_CHECK enum status store_job_step_append(struct store_session *session,
                                             const struct job_step *step, struct error *error);
/* In order of their numbers, from `after` exclusive. */
MUST_CHECK enum status store_job_step_list(struct store_session *session, struct str job_id,
                                           int64_t after, size_t limit, struct arena *arena,
                                           struct job_step **steps, size_t *count,
                                           struct error *error);
/* The last one without its homes and report; number 0 when there is none. */
MUST_CHECK enum status store_job_step_last(struct store_session *session, struct str job_id,
                                           struct arena *arena, struct job_step *step,
                                           struct error *error);
/* Another report for a step that is there. */
MUST_CHECK enum status store_job_step_report(struct store_session *session, struct str job_id,
                                             int64_t number, struct str report,
                                             struct error *error);
/* Steps that have a report, with nothing but that, of all jobs of the tenant: in order of their
 * jobs and numbers, behind one; NULL: from the first. */
MUST_CHECK enum status store_job_report_list(struct store_session *session,
                                             const struct job_step *after, size_t limit,
                                             struct arena *arena, struct job_step **steps,
                                             size_t *count, struct error *error);
/* Takes the next job of the lane, which is the holder's for `lease_ms`. One of a tenant at a time:
 * nobody has any of his in the lane. Of his the one that was begun, else the one that was made
 * first; of the tenants that have one, the next behind `after` by name, and round again. The
 * embedded stores have one process, which is running none of the lane when it asks: there a lease
 * is over at once. */
MUST_CHECK enum status store_job_claim(struct store *store, const struct job_turn *turn,
                                       struct arena *arena, struct job_claim *claim,
                                       struct error *error);
/* From now on for `lease_ms`; 0 gives it up. Nothing when it has ended or another has taken it. */
MUST_CHECK enum status store_job_keep(struct store_session *session, struct str job_id,
                                      int64_t epoch, int64_t lease_ms, struct error *error);
/* The file of a job, in parts 1, 2, ...; a part that is there already is a conflict. */
MUST_CHECK enum status store_job_part_put(struct store_session *session, struct str job_id,
                                          int64_t number, instant at, struct str bytes,
                                          struct error *error);
/* Absent when there is none of that number. */
MUST_CHECK enum status store_job_part_get(struct store_session *session, struct str job_id,
                                          int64_t number, struct arena *arena, struct str *bytes,
                                          struct error *error);
MUST_CHECK enum status store_job_parts_remove(struct store_session *session, struct str job_id,
                                              struct error *error);
/* Takes away the files of all exports of the tenant, and those that have not ended from whoever
 * runs them: they are there to be taken again at once. */
MUST_CHECK enum status store_job_exports_erase(struct store_session *session, struct error *error);
/* Of all tenants: files that were put before that time, but for jobs that have not ended, and the
 * reports of jobs that ended before it. */
MUST_CHECK enum status store_jobs_purge(struct store *store, instant before, struct arena *arena,
                                        struct error *error);
/* A new item. When there is one about these two homes it gets the evidence, probability, model
 * version and time of this one, and nothing else changes. */
MUST_CHECK enum status store_duplicate_insert(struct store_session *session,
                                              const struct duplicate_row *row, struct error *error);
/* The row must be locked. */
MUST_CHECK enum status store_duplicate_update(struct store_session *session,
                                              const struct duplicate_row *row, struct error *error);
/* STATUS_DUPLICATE_NOT_FOUND. Lock as for a profile. */
MUST_CHECK enum status store_duplicate_get(struct store_session *session, struct str id,
                                           enum store_lock lock, struct arena *arena,
                                           struct duplicate_row *row, struct error *error);
/* All items about any of the homes, in order of their ids. */
MUST_CHECK enum status store_duplicate_list_of(struct store_session *session,
                                               const struct str *homes, size_t count,
                                               enum store_lock lock, struct arena *arena,
                                               struct duplicate_row **rows, size_t *row_count,
                                               struct error *error);
/* By falling probability, then id, behind `after` (NULL: from the first), of which only these two
 * are looked at. */
MUST_CHECK enum status store_duplicate_list(struct store_session *session,
                                            const struct duplicate_filter *filter,
                                            const struct duplicate_row *after, size_t limit,
                                            struct arena *arena, struct duplicate_row **rows,
                                            size_t *count, struct error *error);
/* What shows at `now`; those resolved from `since` on by day. In no particular order. */
MUST_CHECK enum status store_duplicate_count(struct store_session *session, instant now,
                                             instant since, struct arena *arena,
                                             struct duplicate_count **counts, size_t *count,
                                             struct error *error);
/* Of all tenants: how many are open (put off and claimed ones included) and since when the oldest
 * one is; INSTANT_NONE when there is none. */
MUST_CHECK enum status store_duplicate_backlog(struct store *store, struct arena *arena,
                                               int64_t *waiting, instant *oldest,
                                               struct error *error);
/* What was answered to this request of that caller; its `key` is absent when nothing was, or what
 * was has expired. The key is ours until the transaction ends: STATUS_REQUEST_IN_FLIGHT when it is
 * another's. Only in a write. */
MUST_CHECK enum status store_answer_claim(struct store_session *session, struct str caller,
                                          struct str key, instant now, struct arena *arena,
                                          struct answer_row *row, struct error *error);
/* The key must be claimed and without an answer. Some that expired before `now` are taken away. */
MUST_CHECK enum status store_answer_put(struct store_session *session, const struct answer_row *row,
                                        instant now, struct error *error);
/* Of all tenants: at most so many that expired before `now` are taken away, so that those of a
 * tenant that asks for nothing any more go as well. */
MUST_CHECK enum status store_answers_purge(struct store *store, instant now, size_t most,
                                           struct arena *arena, size_t *purged,
                                           struct error *error);
/* What was consumed, by the id of each message: fresh[i] says that ids[i] was not here yet. The ids
 * are in order and each is given once. Another unit of work that puts one of them waits for this
 * one's end. Some that were put before `forget` are taken away. */
MUST_CHECK enum status store_inbox_put(struct store_session *session, const struct str *ids,
                                       size_t count, instant now, instant forget, bool *fresh,
                                       struct error *error);

#endif
