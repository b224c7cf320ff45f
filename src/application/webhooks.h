/* Webhooks of a tenant: made, shown, changed, removed, and given a new secret. Who delivers to them
 * is adapters/webhooks.
 *
 * The secret is an output of its own, never a part of the JSON: it is shown once and not kept with
 * an answer. STATUS_UNAVAILABLE when this deployment has no key to make secrets with.
 */
#ifndef APPLICATION_WEBHOOKS_H
#define APPLICATION_WEBHOOKS_H

#include "application/ports/webhook_store.h"
#include "application/results.h"

enum { WEBHOOK_URL_MAX = 2000, WEBHOOK_DESCRIPTION_MAX = 200 };

struct webhook_view {
    struct str webhook_id;
    int64_t version;
    struct str json;
    struct str secret; /* absent: it is not shown */
};

/* {"url", "eventTypes"?, "description"?, "after"?}: told of what is behind the position `after`; of
 * what comes from now on when it is not given. STATUS_LIMIT_EXCEEDED. */
MUST_CHECK enum status webhooks_create(struct application *application, const struct caller *caller,
                                       const struct json_value *body, struct arena *arena,
                                       struct webhook_view *view, struct error *error);
MUST_CHECK enum status webhooks_get(struct application *application, const struct caller *caller,
                                    struct str webhook_id, struct arena *arena,
                                    struct webhook_view *view, struct error *error);
MUST_CHECK enum status webhooks_list(struct application *application, const struct caller *caller,
                                     struct str cursor, size_t limit, struct arena *arena,
                                     struct json_page *page, struct error *error);
/* A merge-patch of url, eventTypes, description and status. One that is made ACTIVE again goes on
 * where it was. */
MUST_CHECK enum status webhooks_change(struct application *application, const struct caller *caller,
                                       struct str webhook_id, const struct json_value *patch,
                                       int64_t if_match, struct arena *arena,
                                       struct webhook_view *view, struct error *error);
MUST_CHECK enum status webhooks_remove(struct application *application, const struct caller *caller,
                                       struct str webhook_id, struct arena *arena,
                                       struct error *error);
/* {"overlapSeconds"?}: for so long deliveries are signed with the secret before, too. */
MUST_CHECK enum status webhooks_rotate(struct application *application, const struct caller *caller,
                                       struct str webhook_id, const struct json_value *body,
                                       struct arena *arena, struct webhook_view *view,
                                       struct error *error);

/* --- what was delivered --- */

/* Newest first; `failed`: only what was not delivered. */
MUST_CHECK enum status webhooks_deliveries(struct application *application,
                                           const struct caller *caller, struct str webhook_id,
                                           bool failed, struct str cursor, size_t limit,
                                           struct arena *arena, struct json_page *page,
                                           struct error *error);
/* {"after"}: everything behind that position is told again, what is held included.
 * STATUS_WEBHOOK_DISABLED. */
MUST_CHECK enum status webhooks_replay(struct application *application, const struct caller *caller,
                                       struct str webhook_id, const struct json_value *body,
                                       struct arena *arena, struct webhook_view *view,
                                       struct error *error);
/* The event of one row of the log, again. */
MUST_CHECK enum status webhooks_replay_delivery(struct application *application,
                                                const struct caller *caller, struct str webhook_id,
                                                struct str delivery_id, struct arena *arena,
                                                struct webhook_view *view, struct error *error);
/* An event that tells of nothing is delivered; *json is {"eventId"}, as the log will have it. */
MUST_CHECK enum status webhooks_test(struct application *application, const struct caller *caller,
                                     struct str webhook_id, struct arena *arena, struct str *json,
                                     struct error *error);

/* --- shared by the two files --- */

struct webhook_work {
    struct application *application;
    const struct caller *caller;
    struct arena *arena;
    struct str webhook_id;
    instant now;
    int64_t if_match;
    const struct json_value *body;
    struct webhook_row row;
    int64_t held;
};
/* Locks the row, checks If-Match. */
MUST_CHECK enum status webhooks_take(struct store_session *session, struct webhook_work *work,
                                     struct error *error);
/* Writes it back as another turn: who delivers forgets what he knows. */
MUST_CHECK enum status webhooks_turn(struct store_session *session, struct webhook_work *work,
                                     struct error *error);
MUST_CHECK enum status webhooks_view(struct webhook_work *work, struct webhook_view *view,
                                     struct error *error);
void webhooks_wake(struct application *application);
/* A member that is a position of the feed; absent: `*position` stays. */
MUST_CHECK enum status webhooks_position(const struct json_value *body, struct str name,
                                         int64_t newest, int64_t *position, struct error *error);

#endif
