#include "application/review.h"

#include <stdlib.h>
#include <string.h>

#include "base/identifier.h"

/* The root of the tree that the home is a part of now. */
static enum status root_of(const struct review *review, const struct tree *tree, struct str home,
                           struct str *root, struct error *error)
{
    struct profile_row row, top;
    *root = tree->homes[0].customer_id;
    if (tree_find_home(tree, home) >= 0) return STATUS_OK;
    TRY(store_profile_get(review->session, home, STORE_NO_LOCK, review->arena, &row, error));
    TRY(customer_root(review->session, &row, review->arena, &top, error));
    *root = top.customer_id;
    return STATUS_OK;
}

static bool is_taken(const struct duplicate_row *item, instant now)
{
    enum duplicate_state shows = duplicate_shows(item, now);
    return shows == DUPLICATE_CLAIMED || shows == DUPLICATE_LATER;
}

static enum status add_pair(const struct review *review, const struct tree *tree,
                            struct judgement_pair pair, struct review_pairs *pairs,
                            struct error *error)
{
    TRY(root_of(review, tree, pair.home_a, &pair.root_a, error));
    TRY(root_of(review, tree, pair.home_b, &pair.root_b, error));
    pairs->pairs[pairs->pair_count++] = pair;
    return STATUS_OK;
}

enum status review_load(const struct review *review, const struct tree *tree,
                        struct review_pairs *pairs, struct error *error)
{
    struct str *homes = ARENA_NEW_ARRAY(review->arena, struct str, tree->home_count);
    struct merge *merges;
    size_t merge_count;
    *pairs = (struct review_pairs){0};
    if (!homes) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < tree->home_count; i++) homes[i] = tree->homes[i].customer_id;
    TRY(store_duplicate_list_of(review->session, homes, tree->home_count, STORE_LOCK, review->arena,
                                &pairs->items, &pairs->item_count, error));
    TRY(store_merge_list(review->session, homes, tree->home_count, review->arena, &merges,
                         &merge_count, error));
    pairs->pairs =
        ARENA_NEW_ARRAY(review->arena, struct judgement_pair, pairs->item_count + merge_count);
    if (!pairs->pairs) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < pairs->item_count; i++) {
        const struct duplicate_row *item = &pairs->items[i];
        struct judgement_pair pair = {.home_a = item->home_a,
                                      .home_b = item->home_b,
                                      .apart = item->apart,
                                      .asked = true,
                                      .taken = is_taken(item, review->now),
                                      .probability = item->probability};
        TRY(add_pair(review, tree, pair, pairs, error));
    }
    for (size_t i = 0; i < merge_count; i++) {
        struct judgement_pair pair = {
            .home_a = merges[i].source_id, .home_b = merges[i].target_id, .apart = true};
        if (merges[i].reversed_at != INSTANT_NONE) TRY(add_pair(review, tree, pair, pairs, error));
    }
    return STATUS_OK;
}

static bool is_resolved(enum duplicate_state state)
{
    return state == DUPLICATE_MERGED || state == DUPLICATE_NOT_DUPLICATE;
}

static void change_state(const struct review *review, struct duplicate_row *item,
                         enum duplicate_state state)
{
    bool resolved = is_resolved(state);
    item->state = state;
    item->resolution = resolved ? DUPLICATE_RESOLVED_ELSEWHERE : DUPLICATE_RESOLVED_NONE;
    item->resolved_by = resolved ? review->actor : STR_NONE;
    item->resolved_at = resolved ? review->now : INSTANT_NONE;
    if (!resolved) return;
    item->claimed_by = STR_NONE;
    item->claimed_until = item->later_until = INSTANT_NONE;
}

/* Brings the items to what judgement_settle() says and writes those that changed. What became
 * MERGED or NOT_DUPLICATE was resolved elsewhere, by the actor; what became open is not resolved.
 */
static enum status settle(const struct review *review, struct review_pairs *pairs,
                          struct error *error)
{
    if (judgement_settle(pairs->pairs, pairs->pair_count, review->arena) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < pairs->item_count; i++) {
        if (pairs->items[i].state == pairs->pairs[i].state) continue;
        change_state(review, &pairs->items[i], pairs->pairs[i].state);
        TRY(store_duplicate_update(review->session, &pairs->items[i], error));
    }
    return STATUS_OK;
}

enum status review_follow(const struct review *review, const struct tree *tree, struct error *error)
{
    struct review_pairs pairs;
    TRY(review_load(review, tree, &pairs, error));
    return settle(review, &pairs, error);
}

static struct str evidence_of(const struct match *match, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    json_key(&writer, STR("reasons"));
    json_array_begin(&writer);
    for (size_t i = 0; i < match->reason_count; i++) {
        json_object_begin(&writer);
        json_member_string(&writer, STR("field"), match->reasons[i].field);
        json_member_string(&writer, STR("reason"), match->reasons[i].reason);
        json_object_end(&writer);
    }
    json_array_end(&writer);
    json_key(&writer, STR("waterfall"));
    json_raw(&writer, str_is_none(match->waterfall) ? STR("null") : match->waterfall);
    json_object_end(&writer);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

struct duplicate_row *review_find_open(const struct review_pairs *pairs, struct str customer,
                                       struct str other)
{
    for (size_t i = 0; i < pairs->item_count; i++) {
        const struct judgement_pair *pair = &pairs->pairs[i];
        bool same = (str_equal(pair->root_a, customer) && str_equal(pair->root_b, other)) ||
                    (str_equal(pair->root_a, other) && str_equal(pair->root_b, customer));
        if (same && pairs->items[i].state == DUPLICATE_OPEN) return &pairs->items[i];
    }
    return NULL;
}

/* As a store gives it back: what is decided with it now is then decided the same later. */
static double as_stored(double probability)
{
    return duplicate_probability(duplicate_rank(probability));
}

static enum status refresh(const struct review *review, struct review_pairs *pairs,
                           struct duplicate_row *item, const struct match *match,
                           struct error *error)
{
    item->probability = as_stored(match->probability);
    pairs->pairs[item - pairs->items].probability = item->probability;
    item->evidence = evidence_of(match, review->arena);
    item->model_version = match->model_version;
    item->refreshed_at = review->now;
    if (str_is_none(item->evidence)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return store_duplicate_update(review->session, item, error);
}

static enum status insert(struct application *application, const struct review *review,
                          struct str home, const struct duplicate *found,
                          enum duplicate_cause cause, struct error *error)
{
    bool home_first = str_compare(home, found->customer_id) < 0;
    struct duplicate_row row = {
        .duplicate_id = identifier_new(application->environment, STR("DUP"), review->arena),
        .home_a = home_first ? home : found->customer_id,
        .home_b = home_first ? found->customer_id : home,
        .state = DUPLICATE_OPEN,
        .probability = as_stored(found->match.probability),
        .evidence = evidence_of(&found->match, review->arena),
        .model_version = found->match.model_version,
        .cause = cause,
        .created_at = review->now,
        .refreshed_at = review->now,
        .claimed_until = INSTANT_NONE,
        .later_until = INSTANT_NONE,
        .resolved_at = INSTANT_NONE};
    if (str_is_none(row.duplicate_id) || str_is_none(row.evidence))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return store_duplicate_insert(review->session, &row, error);
}

/* Whoever puts a pair that another is about to put waits for him: so pairs are put in their order,
 * which is that of the others, for one of each pair is the same. */
static int compare_customers(const void *a, const void *b)
{
    return str_compare(((const struct duplicate *)a)->customer_id,
                       ((const struct duplicate *)b)->customer_id);
}

enum status review_queue(struct application *application, const struct review *review,
                         const struct tree *tree, bool is_new, const struct duplicate *found,
                         size_t count, enum duplicate_cause cause, struct error *error)
{
    struct review_pairs pairs = {0};
    struct str root = tree->homes[0].customer_id;
    if (count == 0) return STATUS_OK;
    struct duplicate *ordered = ARENA_NEW_ARRAY(review->arena, struct duplicate, count);
    if (!ordered) return error_plain(error, STATUS_OUT_OF_MEMORY);
    memcpy(ordered, found, count * sizeof(*found));
    qsort(ordered, count, sizeof(*ordered), compare_customers);
    if (!is_new) TRY(review_load(review, tree, &pairs, error));
    for (size_t i = 0; i < count; i++) {
        struct str other = ordered[i].customer_id;
        if (str_equal(root, other) || judgement_parts(pairs.pairs, pairs.pair_count, root, other))
            continue;
        struct duplicate_row *open = review_find_open(&pairs, root, other);
        TRY(open ? refresh(review, &pairs, open, &ordered[i].match, error)
                 : insert(application, review, root, &ordered[i], cause, error));
    }
    return settle(review, &pairs, error);
}

static enum status refuse_claimed(const struct duplicate_row *row, struct arena *arena,
                                  struct error *error)
{
    enum status status = error_plain(error, STATUS_DUPLICATE_CLAIMED);
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    if (!error) return status;
    json_object_begin(&writer);
    json_member_string(&writer, STR("claimedBy"), row->claimed_by);
    results_instant(&writer, STR("claimedUntil"), row->claimed_until);
    json_object_end(&writer);
    if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    error->details_json = buffer_str(&out);
    return status;
}

static enum status check_open(const struct review *review, const struct duplicate_row *row,
                              struct error *error)
{
    enum duplicate_state shows = duplicate_shows(row, review->now);
    if (row->state == DUPLICATE_REPEATED)
        return error_set(error, STATUS_DUPLICATE_RESOLVED, STR(""), STR_NONE,
                         "another item asks about the same two customers");
    if (row->state != DUPLICATE_OPEN)
        return error_set(error, STATUS_DUPLICATE_RESOLVED, STR(""), STR_NONE,
                         "the item is resolved already: %.*s",
                         STR_ARGS(duplicate_state_name(row->state)));
    if (shows == DUPLICATE_CLAIMED && !str_equal(row->claimed_by, review->actor))
        return refuse_claimed(row, review->arena, error);
    return STATUS_OK;
}

/* Whoever writes an item locks the customer at one end of it. A merge at the other end that was
 * committed meanwhile has not seen it: so it is looked at again before anybody decides. */
static enum status look_again(const struct review *review, const struct duplicate_row *row,
                              struct error *error)
{
    struct profile_row home, root;
    struct tree tree;
    TRY(store_profile_get(review->session, row->home_a, STORE_NO_LOCK, review->arena, &home,
                          error));
    TRY(customer_root(review->session, &home, review->arena, &root, error));
    TRY(store_tree_load(review->session, root.customer_id, INSTANT_FUTURE, review->arena, &tree,
                        error));
    return review_follow(review, &tree, error);
}

enum status review_take(const struct review *review, struct str duplicate_id,
                        struct duplicate_row *row, struct error *error)
{
    TRY(store_duplicate_get(review->session, duplicate_id, STORE_NO_LOCK, review->arena, row,
                            error));
    TRY(check_open(review, row, error));
    TRY(look_again(review, row, error));
    TRY(store_duplicate_get(review->session, duplicate_id, STORE_LOCK, review->arena, row, error));
    return check_open(review, row, error);
}

struct keeping {
    struct review review;
    struct str duplicate_id;
};

static enum status keep_body(struct store_session *session, void *context, struct error *error)
{
    struct keeping *keeping = context;
    struct duplicate_row row;
    keeping->review.session = session;
    TRY(store_duplicate_get(session, keeping->duplicate_id, STORE_NO_LOCK, keeping->review.arena,
                            &row, error));
    return row.state == DUPLICATE_OPEN ? look_again(&keeping->review, &row, error) : STATUS_OK;
}

void review_keep(struct application *application, const struct caller *caller,
                 struct str duplicate_id, struct arena *arena)
{
    struct error ignored; /* the next who asks for the item tries again */
    struct keeping keeping = {
        .review = {.actor = caller->user_id,
                   .now = application->environment->now(application->environment),
                   .arena = arena},
        .duplicate_id = duplicate_id};
    enum status status =
        store_write(application->store, caller->tenant, arena, keep_body, &keeping, &ignored);
    (void)status;
}
