#include "application/review_scan.h"

#include "application/jobs.h"
#include "application/merge_customers.h"
#include "application/review.h"

static struct duplicate_search search_of(struct application *application,
                                         struct store_session *session, struct arena *arena)
{
    return (struct duplicate_search){.application = application,
                                     .policy =
                                         application->policy_for(application, session->tenant),
                                     .session = session,
                                     .arena = arena};
}

/* --- reading --- */

struct scan_reading {
    struct application *application;
    struct str after;
    size_t limit;
    struct arena *arena;
    struct review_scan_record *records;
    size_t count;
};

static enum status read_body(struct store_session *session, void *context, struct error *error)
{
    static const struct profile_filter survivors = {.include_merged = false};
    struct scan_reading *reading = context;
    const struct duplicate_search search = search_of(reading->application, session, reading->arena);
    struct profile_row *rows;
    TRY(store_profile_list(session, &survivors, reading->after, reading->limit, reading->arena,
                           &rows, &reading->count, error));
    reading->records = ARENA_NEW_ARRAY(reading->arena, struct review_scan_record, reading->count);
    if (!reading->records) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < reading->count; i++) {
        reading->records[i].customer_id = rows[i].customer_id;
        TRY(duplicates_describe(&search, &rows[i], &reading->records[i].normal, error));
    }
    return STATUS_OK;
}

enum status review_scan_read(struct application *application, const struct caller *caller,
                             struct str after, size_t limit, struct arena *arena,
                             struct review_scan_record **records, size_t *count,
                             struct error *error)
{
    struct scan_reading reading = {
        .application = application, .after = after, .limit = limit, .arena = arena};
    TRY(store_read(application->store, caller->tenant, arena, read_body, &reading, error));
    *records = reading.records;
    *count = reading.count;
    return STATUS_OK;
}

/* --- deciding --- */

struct deciding {
    struct application *application;
    const struct caller *caller;
    const struct review_scan_settings *settings;
    const struct review_scan_pair *pairs;
    size_t count;
    struct review review;
    struct review_scan_counts counts;
};

static enum status find_root(const struct review *review, struct str id, struct profile_row *root,
                             struct error *error)
{
    struct profile_row row;
    TRY(store_profile_get(review->session, id, STORE_NO_LOCK, review->arena, &row, error));
    return customer_root(review->session, &row, review->arena, root, error);
}

/* All customers of the pairs. */
static enum status lock_all(const struct deciding *deciding, struct error *error)
{
    const struct review *review = &deciding->review;
    size_t count = 2 * deciding->count;
    struct str *homes = ARENA_NEW_ARRAY(review->arena, struct str, count);
    if (!homes) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++)
        homes[i] = i % 2 ? deciding->pairs[i / 2].b : deciding->pairs[i / 2].a;
    return customer_lock_ahead(review->session, homes, count, review->arena, error);
}

/* The older one survives, as it is known the longest. */
static enum status merge(struct deciding *deciding, const struct profile_row customers[2],
                         struct duplicate_row *item, struct error *error)
{
    struct review *review = &deciding->review;
    bool first = customers[0].created_at < customers[1].created_at ||
                 (customers[0].created_at == customers[1].created_at &&
                  str_compare(customers[0].customer_id, customers[1].customer_id) < 0);
    struct merge_request request = {.source_id = customers[first ? 1 : 0].customer_id};
    struct merge_result merged;
    enum status status = merge_customers_within(
        deciding->application, deciding->caller, review->session,
        customers[first ? 0 : 1].customer_id, &request, review->arena, &merged, error);
    if (status == STATUS_LIMIT_EXCEEDED) return STATUS_OK; /* nothing was written: it stays open */
    TRY(status);
    item->state = DUPLICATE_MERGED;
    item->resolution = DUPLICATE_RESOLVED_AUTOMATIC;
    item->resolved_by = review->actor;
    item->resolved_at = review->now;
    TRY(store_duplicate_update(review->session, item, error));
    deciding->counts.merged++;
    return STATUS_OK;
}

/* The item that asks about the two, if one does and nobody is at it. */
static enum status merge_item(struct deciding *deciding, const struct profile_row customers[2],
                              const struct tree *tree, struct error *error)
{
    struct review *review = &deciding->review;
    struct review_pairs pairs;
    TRY(review_load(review, tree, &pairs, error));
    struct duplicate_row *item =
        review_find_open(&pairs, customers[0].customer_id, customers[1].customer_id);
    if (!item || duplicate_shows(item, review->now) != DUPLICATE_OPEN) return STATUS_OK;
    return merge(deciding, customers, item, error);
}

/* Since the pair was proposed: by an erasure, or the undo of an import. */
static bool is_gone(const struct profile_row *customer)
{
    return customer->erased_at != INSTANT_NONE || customer_is_removed(customer);
}

static enum status decide(struct deciding *deciding, const struct review_scan_pair *pair,
                          struct error *error)
{
    struct review *review = &deciding->review;
    struct profile_row customers[2];
    struct duplicate found = {.match = {.decision = MATCH_NONE}};
    struct duplicate_search search;
    struct tree tree;
    struct match as_shown;
    deciding->counts.pairs++;
    TRY(find_root(review, pair->a, &customers[0], error));
    TRY(find_root(review, pair->b, &customers[1], error));
    if (str_equal(customers[0].customer_id, customers[1].customer_id) || is_gone(&customers[0]) ||
        is_gone(&customers[1]))
        return STATUS_OK;
    found.customer_id = customers[1].customer_id;
    search = search_of(deciding->application, review->session, review->arena);
    TRY(duplicates_compare(&search, customers, &found.match, &as_shown, error));
    if (found.match.decision == MATCH_NONE) return STATUS_OK;
    deciding->counts.alike++;
    TRY(store_tree_load(review->session, customers[0].customer_id, INSTANT_FUTURE, review->arena,
                        &tree, error));
    TRY(review_queue(deciding->application, review, &tree, false, &found, 1, DUPLICATE_BY_SCAN,
                     error));
    if (as_shown.decision == MATCH_NONE || as_shown.probability < deciding->settings->merge_from)
        return STATUS_OK;
    return merge_item(deciding, customers, &tree, error);
}

/* Of each pair nothing stays in memory but the counts: both may have very many facts. */
static enum status decide_all(struct deciding *deciding, struct error *error)
{
    struct arena *arena = deciding->review.arena;
    struct arena_mark mark = arena_mark(arena);
    for (size_t i = 0; i < deciding->count; i++) {
        TRY(decide(deciding, &deciding->pairs[i], error));
        arena_rewind(arena, mark);
    }
    return STATUS_OK;
}

static enum status decide_body(struct store_session *session, void *context, struct error *error)
{
    struct deciding *deciding = context;
    deciding->review.session = session;
    deciding->counts = (struct review_scan_counts){0};
    if (!str_is_none(deciding->settings->job_id))
        TRY(jobs_hold(session, deciding->settings->job_id, deciding->settings->epoch,
                      deciding->review.arena, error));
    TRY(lock_all(deciding, error));
    return decide_all(deciding, error);
}

enum status review_scan_decide(struct application *application, const struct caller *caller,
                               const struct review_scan_settings *settings,
                               const struct review_scan_pair *pairs, size_t count,
                               struct arena *arena, struct review_scan_counts *counts,
                               struct error *error)
{
    struct deciding deciding = {
        .application = application,
        .caller = caller,
        .settings = settings,
        .pairs = pairs,
        .count = count,
        .review = {.actor = caller->user_id,
                   .now = application->environment->now(application->environment),
                   .arena = arena}};
    if (count > REVIEW_SCAN_PAIRS_MAX)
        return error_set(error, STATUS_LIMIT_EXCEEDED, STR(""), STR_NONE,
                         "at most %d pairs are decided at once", REVIEW_SCAN_PAIRS_MAX);
    TRY(store_write(application->store, caller->tenant, arena, decide_body, &deciding, error));
    counts->pairs += deciding.counts.pairs;
    counts->alike += deciding.counts.alike;
    counts->merged += deciding.counts.merged;
    return STATUS_OK;
}
