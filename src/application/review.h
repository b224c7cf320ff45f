/* The review queue within a unit of work: putting possible duplicates into it, and keeping its
 * states in step with the trees. Internal to application/.
 */
#ifndef APPLICATION_REVIEW_H
#define APPLICATION_REVIEW_H

#include "application/duplicates.h"
#include "domain/judgement.h"

struct review {
    struct store_session *session;
    struct str actor;
    instant now;
    struct arena *arena;
};

/* What is known of pairs of which one home is in a tree: the items of the queue, locked, and the
 * merges that were taken back. pairs[i] is of items[i] for i < item_count. */
struct review_pairs {
    struct duplicate_row *items;
    size_t item_count;
    struct judgement_pair *pairs;
    size_t pair_count;
};
MUST_CHECK enum status review_load(const struct review *review, const struct tree *tree,
                                   struct review_pairs *pairs, struct error *error);
/* Both, for a tree that was made or cut in this unit of work. */
MUST_CHECK enum status review_follow(const struct review *review, const struct tree *tree,
                                     struct error *error);

/* Puts possible duplicates of a customer into the queue, in the unit of work in which they were
 * found. `tree` is the customer's, its root locked; `found` are survivors. Nothing happens for
 * those that were judged not to be this customer; where a question about the two is open it gets
 * the newer evidence. `is_new`: the customer was created in this unit of work. */
MUST_CHECK enum status review_queue(struct application *application, const struct review *review,
                                    const struct tree *tree, bool is_new,
                                    const struct duplicate *found, size_t count,
                                    enum duplicate_cause cause, struct error *error);

/* The item that asks about these two customers now; NULL when none does. */
struct duplicate_row *review_find_open(const struct review_pairs *pairs, struct str customer,
                                       struct str other);

/* The item, locked, as it is now: what changed at its other end while it was written is made up
 * for. STATUS_DUPLICATE_NOT_FOUND; when it is not open to a decision by the actor
 * STATUS_DUPLICATE_RESOLVED, or STATUS_DUPLICATE_CLAIMED with {"claimedBy","claimedUntil"} as
 * details. */
MUST_CHECK enum status review_take(const struct review *review, struct str duplicate_id,
                                   struct duplicate_row *row, struct error *error);
/* Keeps what review_take made up for, in a unit of work of its own: for after it refused. */
void review_keep(struct application *application, const struct caller *caller,
                 struct str duplicate_id, struct arena *arena);

#endif
