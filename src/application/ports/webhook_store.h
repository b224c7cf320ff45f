/* The part of the store's port that keeps webhooks: the subscriptions, how far each has been told
 * of the feed, what is held back, and a log of deliveries. Conventions are those of store.h.
 *
 * What is delivered of a webhook is: all events up to its position, but for those that are held.
 * So a crash at any moment costs at most repetitions. Who delivers changes progress and held rows
 * only while he holds the row's lock and finds his own epoch in it: a deliverer that was overtaken
 * can write nothing any more. A turn that is another says that the owner moved the position, or
 * asked for something again: what was known in memory is void.
 */
#ifndef APPLICATION_PORTS_WEBHOOK_STORE_H
#define APPLICATION_PORTS_WEBHOOK_STORE_H

#include "application/ports/store.h"
#include "domain/webhook.h"

struct webhook_progress {
    int64_t position;      /* in the feed */
    int64_t epoch;         /* of the lease under which it was last taken up */
    int64_t turn;          /* counts what the owner asked for */
    int64_t delivered;     /* since it was made */
    int64_t given_up;      /* since it was made */
    int64_t failures;      /* in a row, of any event */
    instant failing_since; /* the first of them; INSTANT_NONE: the last attempt succeeded */
    instant delivered_at;  /* last success */
    int64_t log_number;    /* of the newest row of the log */
};

struct webhook_row {
    struct str tenant; /* set by webhook_list_all alone */
    struct str webhook_id;
    struct str url;
    struct str event_types; /* see webhook_types_parse */
    struct str description; /* absent: none */
    enum webhook_state state;
    enum webhook_cause cause; /* while it is disabled */
    instant disabled_at;
    int64_t version;
    struct str created_by;
    instant created_at;
    instant updated_at;
    /* The secrets are made from these and a key that the store does not know. */
    struct str key_id; /* which key */
    struct str salt;
    struct str previous_salt; /* absent: none */
    instant previous_until;
    struct webhook_progress progress;
};

/* An event that is behind the position and not yet delivered. Position 0 is the test event. */
struct webhook_held {
    int64_t position;
    struct str event_id;
    struct str customer_id; /* what it is ordered by */
    int64_t attempts;
    instant next_at;
};

/* A row of the log: one attempt. It has ids and nothing of what was sent or answered. */
struct webhook_delivery {
    int64_t number; /* 1, 2, ... of the webhook */
    int64_t position;
    struct str event_id;
    struct str event_type;
    struct str customer_id;
    instant at;
    int64_t attempt; /* 1, 2, ... */
    enum webhook_outcome outcome;
    enum webhook_reason reason;
    int64_t http_status; /* 0: there was no answer */
    int64_t took_ms;
};

struct webhook_filter {
    int64_t before; /* numbers below; INT64_MAX: from the newest */
    bool failed;    /* only what was not delivered */
};

struct webhook_operations {
    enum status (*list_all)(struct store *, struct arena *, struct webhook_row **, size_t *count,
                            struct error *);
    enum status (*insert)(struct store_session *, const struct webhook_row *, struct error *);
    enum status (*update)(struct store_session *, const struct webhook_row *, struct error *);
    enum status (*get)(struct store_session *, struct str id, enum store_lock, struct arena *,
                       struct webhook_row *, struct error *);
    enum status (*list)(struct store_session *, struct str after_id, size_t limit, struct arena *,
                        struct webhook_row **, size_t *count, struct error *);
    enum status (*remove)(struct store_session *, struct str id, struct error *);
    enum status (*held_put)(struct store_session *, struct str id, const struct webhook_held *,
                            struct error *);
    enum status (*held_remove)(struct store_session *, struct str id, int64_t position,
                               struct error *);
    enum status (*held_list)(struct store_session *, struct str id, int64_t after, size_t limit,
                             struct arena *, struct webhook_held **, size_t *count, struct error *);
    enum status (*held_count)(struct store_session *, struct str id, int64_t *count,
                              struct error *);
    enum status (*delivery_append)(struct store_session *, struct str id,
                                   const struct webhook_delivery *, struct error *);
    enum status (*delivery_trim)(struct store_session *, struct str id, int64_t up_to,
                                 instant before, struct error *);
    enum status (*delivery_get)(struct store_session *, struct str id, int64_t number,
                                struct arena *, struct webhook_delivery *, struct error *);
    enum status (*delivery_list)(struct store_session *, struct str id,
                                 const struct webhook_filter *, size_t limit, struct arena *,
                                 struct webhook_delivery **, size_t *count, struct error *);
};

/* Those of all tenants, for who delivers. */
MUST_CHECK enum status webhook_list_all(struct store *store, struct arena *arena,
                                        struct webhook_row **rows, size_t *count,
                                        struct error *error);
MUST_CHECK enum status webhook_insert(struct store_session *session, const struct webhook_row *row,
                                      struct error *error);
/* All columns; the row must be locked. */
MUST_CHECK enum status webhook_update(struct store_session *session, const struct webhook_row *row,
                                      struct error *error);
/* STATUS_WEBHOOK_NOT_FOUND. */
MUST_CHECK enum status webhook_get(struct store_session *session, struct str id,
                                   enum store_lock lock, struct arena *arena,
                                   struct webhook_row *row, struct error *error);
/* In order of their ids, from `after_id` (absent: the first) exclusive. */
MUST_CHECK enum status webhook_list(struct store_session *session, struct str after_id,
                                    size_t limit, struct arena *arena, struct webhook_row **rows,
                                    size_t *count, struct error *error);
/* With what is held and its log. The row must be locked. */
MUST_CHECK enum status webhook_remove(struct store_session *session, struct str id,
                                      struct error *error);
/* Inserts or replaces the row of that position. */
MUST_CHECK enum status webhook_held_put(struct store_session *session, struct str id,
                                        const struct webhook_held *held, struct error *error);
/* Nothing when it is not there. */
MUST_CHECK enum status webhook_held_remove(struct store_session *session, struct str id,
                                           int64_t position, struct error *error);
/* In the order of the feed, behind a position (-1: from the first). */
MUST_CHECK enum status webhook_held_list(struct store_session *session, struct str id,
                                         int64_t after, size_t limit, struct arena *arena,
                                         struct webhook_held **held, size_t *count,
                                         struct error *error);
MUST_CHECK enum status webhook_held_count(struct store_session *session, struct str id,
                                          int64_t *count, struct error *error);
MUST_CHECK enum status webhook_delivery_append(struct store_session *session, struct str id,
                                               const struct webhook_delivery *delivery,
                                               struct error *error);
/* Takes away the rows up to that number, and those of before that time (INSTANT_NONE: by number
 * alone, which costs less). */
MUST_CHECK enum status webhook_delivery_trim(struct store_session *session, struct str id,
                                             int64_t up_to, instant before, struct error *error);
/* STATUS_DELIVERY_NOT_FOUND. */
MUST_CHECK enum status webhook_delivery_get(struct store_session *session, struct str id,
                                            int64_t number, struct arena *arena,
                                            struct webhook_delivery *delivery, struct error *error);
/* Newest first. */
MUST_CHECK enum status webhook_delivery_list(struct store_session *session, struct str id,
                                             const struct webhook_filter *filter, size_t limit,
                                             struct arena *arena,
                                             struct webhook_delivery **deliveries, size_t *count,
                                             struct error *error);

#endif
