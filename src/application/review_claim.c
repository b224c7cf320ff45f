/* Claims of the review queue: see review_resolve.h. */
#include "application/review.h"
#include "application/review_item.h"
#include "application/review_resolve.h"

struct claiming {
    struct review review;
    struct str duplicate_id;
    instant until; /* INSTANT_NONE: the claim is given back */
};

static enum status claim_body(struct store_session *session, void *context, struct error *error)
{
    struct claiming *claiming = context;
    struct review *review = &claiming->review;
    struct duplicate_row row;
    review->session = session;
    TRY(review_take(review, claiming->duplicate_id, &row, error));
    row.claimed_until = claiming->until;
    row.claimed_by = claiming->until == INSTANT_NONE ? STR_NONE : review->actor;
    if (claiming->until != INSTANT_NONE) row.later_until = INSTANT_NONE;
    return store_duplicate_update(session, &row, error);
}

static enum status claim(struct application *application, const struct caller *caller,
                         struct str duplicate_id, int64_t minutes, struct arena *arena,
                         struct str *json, struct error *error)
{
    instant now = application->environment->now(application->environment);
    struct claiming claiming = {.review = {.actor = caller->user_id, .now = now, .arena = arena},
                                .duplicate_id = duplicate_id,
                                .until = minutes == 0 ? INSTANT_NONE
                                                      : now + minutes * 60 * INSTANT_SECOND};
    enum status status =
        store_write(application->store, caller->tenant, arena, claim_body, &claiming, error);
    if (status == STATUS_DUPLICATE_RESOLVED) review_keep(application, caller, duplicate_id, arena);
    TRY(status);
    return review_item_show(application, caller, duplicate_id, false, STR_NONE, arena, json, error);
}

enum status review_claim(struct application *application, const struct caller *caller,
                         struct str duplicate_id, int64_t minutes, struct arena *arena,
                         struct str *json, struct error *error)
{
    return claim(application, caller, duplicate_id, minutes, arena, json, error);
}

enum status review_release(struct application *application, const struct caller *caller,
                           struct str duplicate_id, struct arena *arena, struct str *json,
                           struct error *error)
{
    return claim(application, caller, duplicate_id, 0, arena, json, error);
}
