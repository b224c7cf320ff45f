#include "application/merge_customers.h"

#include <string.h>

#include "application/customer_change.h"
#include "application/customer_index.h"
#include "application/preview.h"
#include "application/review.h"
#include "base/identifier.h"
#include "domain/field.h"
#include "domain/plan.h"

enum { REASON_MAX = 200 };

struct merging {
    struct customer_change change; /* of the target */
    struct str target_id;
    const struct merge_request *request;
    struct profile_row source;
    struct tree source_tree;
    struct tree joined;
    struct golden after;
    struct str token;
    struct merge merge;
};

enum status merge_customers_check_reason(struct str reason, struct error *error)
{
    if (reason.len <= REASON_MAX && !field_has_control(reason)) return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, STR("mergeReason"),
                     STR("up to 200 bytes, no control characters"),
                     "is too long or holds control characters");
}

enum status merge_customers_parse(const struct json_value *body, struct merge_request *out,
                                  struct error *error)
{
    static const struct str known[] = {STR("sourceCustomerId"), STR("mergeReason"),
                                       STR("planToken"), STR_NONE};
    out->versioned = false;
    TRY(customer_known_members(body, known, STR("sourceCustomerId, mergeReason, planToken"),
                               error));
    TRY(customer_text_member(body, known[0], &out->source_id, error));
    TRY(customer_text_member(body, known[1], &out->reason, error));
    TRY(customer_text_member(body, known[2], &out->plan_token, error));
    if (str_is_none(out->source_id) || str_is_empty(out->source_id))
        return error_set(error, STATUS_REQUIRED_FIELD, known[0], STR("a customerId"),
                         "the field is required");
    return merge_customers_check_reason(out->reason, error);
}

/* The source's refusals name it, so that they are not taken for the target's. */
static enum status name_source(enum status status, struct error *error)
{
    if (status != STATUS_OK && error && error->field[0] == '\0')
        memcpy(error->field, "sourceCustomerId", sizeof("sourceCustomerId"));
    return status;
}

/* Both roots, locked in the order of their ids. */
static enum status get_roots(struct merging *merging, enum store_lock lock,
                             struct profile_row *target, struct error *error)
{
    struct store_session *session = merging->change.session;
    struct arena *arena = merging->change.arena;
    struct str source_id = merging->request->source_id;
    bool source_first = str_compare(source_id, merging->target_id) < 0;
    if (source_first)
        TRY(name_source(store_profile_get(session, source_id, lock, arena, &merging->source, error),
                        error));
    TRY(customer_get_root(session, merging->target_id, lock, arena, target, error));
    return name_source(customer_get_root(session, source_id, lock, arena, &merging->source, error),
                       error);
}

/* What was taken back is loaded with the rest, and so it counts. */
static size_t facts_of(const struct tree *tree)
{
    return tree->fact_count + tree->undone_count;
}

static enum status check_limits(const struct merging *merging, struct error *error)
{
    const struct application_limits *limits = &merging->change.application->limits;
    size_t homes = merging->change.tree.home_count + merging->source_tree.home_count;
    size_t facts = facts_of(&merging->change.tree) + facts_of(&merging->source_tree);
    if (homes > limits->homes_max)
        return results_exceeded(error, STR("sourceCustomerId"), limits->homes_max,
                                "customers merged into one");
    if (facts > limits->facts_max)
        return results_exceeded(error, STR("sourceCustomerId"), limits->facts_max,
                                "facts of both together");
    return STATUS_OK;
}

/* Everything up to the decision, the same for preview and merge. */
static enum status plan(struct merging *merging, enum store_lock lock, struct error *error)
{
    struct customer_change *change = &merging->change;
    struct profile_row target;
    if (str_equal(merging->target_id, merging->request->source_id))
        return error_set(error, STATUS_MERGE_WITH_SELF, STR("sourceCustomerId"), STR_NONE,
                         "a customer cannot be merged with itself");
    TRY(get_roots(merging, lock, &target, error));
    if (merging->request->versioned && merging->request->version != target.version)
        return error_plain(error, STATUS_VERSION_MISMATCH);
    TRY(customer_change_load(change, &target, error));
    TRY(store_tree_load(change->session, merging->source.customer_id, INSTANT_FUTURE, change->arena,
                        &merging->source_tree, error));
    if (change->now <= merging->source.updated_at) change->now = merging->source.updated_at + 1;
    TRY(check_limits(merging, error));
    merging->token = plan_token(target.customer_id, target.version, merging->source.customer_id,
                                merging->source.version, change->policy, change->arena);
    if (str_is_none(merging->token) ||
        tree_join(&change->tree, &merging->source_tree, change->now, change->arena,
                  &merging->joined) != STATUS_OK ||
        golden_record(&merging->joined, change->policy, change->arena, &merging->after) !=
            STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (merging->after.contacts->count > change->application->limits.contacts_max)
        return results_exceeded(error, STR("sourceCustomerId"),
                                change->application->limits.contacts_max,
                                "contacts of both together");
    return STATUS_OK;
}

static enum status preview_body(struct store_session *session, void *context, struct error *error)
{
    struct merging *merging = context;
    merging->change.session = session;
    return plan(merging, STORE_NO_LOCK, error);
}

static struct merging merging_of(struct application *application, const struct caller *caller,
                                 struct str target_id, const struct merge_request *request,
                                 struct arena *arena)
{
    return (struct merging){
        .change = {.application = application,
                   .caller = caller,
                   .policy = application->policy_for(application, caller->tenant),
                   .arena = arena},
        .target_id = target_id,
        .request = request};
}

enum status merge_customers_preview(struct application *application, const struct caller *caller,
                                    struct str target_id, const struct merge_request *request,
                                    struct arena *arena, struct str *json, struct error *error)
{
    struct merging merging = merging_of(application, caller, target_id, request, arena);
    TRY(store_read(application->store, caller->tenant, arena, preview_body, &merging, error));
    struct profile_row row = merging.change.row;
    row.version++;
    row.updated_at = merging.change.now;
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    struct preview_side sides[] = {{STR("merged"), &merging.joined},
                                   {STR("target"), &merging.change.tree},
                                   {STR("source"), &merging.source_tree}};
    json_object_begin(&writer);
    json_member_string(&writer, STR("planToken"), merging.token);
    json_key(&writer, STR("profile"));
    if (customer_render(&merging.after, arena, &row) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    json_raw(&writer, row.document);
    if (preview_changes(&writer, &merging.change.golden, &merging.after, arena) != STATUS_OK ||
        preview_consent_changes(&writer, sides, 3, merging.change.now, arena) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    json_object_end(&writer);
    *json = buffer_str(&out);
    return buffer_failed(&out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

/* The source becomes a child: a pointer, and no document of its own any more. */
static enum status write_source(struct merging *merging, struct error *error)
{
    struct customer_change *change = &merging->change;
    struct profile_row *source = &merging->source;
    source->version++;
    source->updated_at = change->now;
    source->survivor_id = merging->merge.target_id;
    source->merge_id = merging->merge.merge_id;
    source->document = STR_NONE;
    struct version_row version = {.customer_id = source->customer_id,
                                  .version = source->version,
                                  .recorded_at = change->now,
                                  .actor = change->caller->user_id,
                                  .cause = STR("MERGED"),
                                  .changed_fields = STR("")};
    TRY(store_profile_update(change->session, source, error));
    return store_version_append(change->session, &version, error);
}

/* Two customers became one: the review queue follows. */
static enum status follow(const struct merging *merging, struct error *error)
{
    const struct customer_change *change = &merging->change;
    struct review review = {change->session, change->caller->user_id, change->now, change->arena};
    return review_follow(&review, &merging->joined, error);
}

static enum status merge_body(struct store_session *session, void *context, struct error *error)
{
    struct merging *merging = context;
    struct customer_change *change = &merging->change;
    struct str wanted = merging->request->plan_token;
    struct str *fields, joined;
    size_t count;
    change->session = session;
    TRY(plan(merging, STORE_LOCK, error));
    if (!str_is_none(wanted) && !str_equal(wanted, merging->token))
        return error_set(error, STATUS_PLAN_CHANGED, STR("planToken"), STR("that of a new preview"),
                         "something changed since the preview: preview again");
    merging->merge = (struct merge){
        .merge_id = identifier_new(change->application->environment, STR("MRG"), change->arena),
        .source_id = merging->source.customer_id,
        .target_id = change->row.customer_id,
        .reason =
            str_is_empty(merging->request->reason) ? STR("DUPLICATE") : merging->request->reason,
        .actor = change->caller->user_id,
        .merged_at = change->now,
        .reversed_at = INSTANT_NONE};
    if (str_is_none(merging->merge.merge_id) ||
        customer_change_fields(change, &change->golden, &merging->after, STR_NONE, &fields, &count,
                               &joined) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(store_merge_insert(session, &merging->merge, error));
    TRY(customer_change_advance(change, &change->row, &change->golden, &merging->after,
                                STR("MERGED"), joined, error));
    TRY(write_source(merging, error));
    TRY(follow(merging, error));
    TRY(customer_index_tree(session, &merging->joined, change->arena, error));
    return customer_change_event(change, EVENT_PROFILE_MERGED, change->row.customer_id,
                                 event_payload_merged(merging->merge.target_id,
                                                      merging->merge.source_id,
                                                      merging->merge.reason, change->arena),
                                 error);
}

/* The members that a merge has everywhere it is shown. */
static void write_merge(struct json_writer *writer, const struct merge *merge)
{
    json_member_string(writer, STR("mergeId"), merge->merge_id);
    json_member_string(writer, STR("targetCustomerId"), merge->target_id);
    json_member_string(writer, STR("sourceCustomerId"), merge->source_id);
    json_member_string(writer, STR("mergeReason"), merge->reason);
    json_member_string(writer, STR("actor"), merge->actor);
    results_instant(writer, STR("mergedAt"), merge->merged_at);
}

static enum status describe(const struct merging *merging, struct merge_result *out,
                            struct error *error)
{
    struct buffer text = {.arena = merging->change.arena};
    struct json_writer writer = {.out = &text};
    json_object_begin(&writer);
    write_merge(&writer, &merging->merge);
    json_key(&writer, STR("profile"));
    json_raw(&writer, merging->change.row.document);
    json_object_end(&writer);
    if (buffer_failed(&text)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *out = (struct merge_result){.merge_id = merging->merge.merge_id,
                                 .version = merging->change.row.version,
                                 .json = buffer_str(&text)};
    return STATUS_OK;
}

enum status merge_customers_within(struct application *application, const struct caller *caller,
                                   struct store_session *session, struct str target_id,
                                   const struct merge_request *request, struct arena *arena,
                                   struct merge_result *out, struct error *error)
{
    struct merging merging = merging_of(application, caller, target_id, request, arena);
    TRY(merge_body(session, &merging, error));
    return describe(&merging, out, error);
}

enum status merge_customers(struct application *application, const struct caller *caller,
                            struct str target_id, const struct merge_request *request,
                            struct arena *arena, struct merge_result *out, struct error *error)
{
    struct merging merging = merging_of(application, caller, target_id, request, arena);
    TRY(store_write(application->store, caller->tenant, arena, merge_body, &merging, error));
    return describe(&merging, out, error);
}

struct merge_listing {
    struct str customer_id;
    struct arena *arena;
    struct merge *merges;
    size_t count;
};

static enum status list_body(struct store_session *session, void *context, struct error *error)
{
    struct merge_listing *listing = context;
    struct profile_row row;
    struct tree tree;
    TRY(store_profile_get(session, listing->customer_id, STORE_NO_LOCK, listing->arena, &row,
                          error));
    if (row.erased_at != INSTANT_NONE) return error_plain(error, STATUS_CUSTOMER_ERASED);
    TRY(store_tree_load(session, row.customer_id, INSTANT_FUTURE, listing->arena, &tree, error));
    struct str *homes = ARENA_NEW_ARRAY(listing->arena, struct str, tree.home_count);
    if (!homes) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < tree.home_count; i++) homes[i] = tree.homes[i].customer_id;
    return store_merge_list(session, homes, tree.home_count, listing->arena, &listing->merges,
                            &listing->count, error);
}

enum status merge_customers_list(struct application *application, const struct caller *caller,
                                 struct str customer_id, const struct page_request *request,
                                 struct arena *arena, struct json_page *page, struct error *error)
{
    struct results_slice slice;
    struct merge_listing listing = {.customer_id = customer_id, .arena = arena};
    TRY(store_read(application->store, caller->tenant, arena, list_body, &listing, error));
    struct str *keys = ARENA_NEW_ARRAY(arena, struct str, listing.count);
    if (!keys) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < listing.count; i++) keys[i] = listing.merges[i].merge_id;
    TRY(results_slice(application, request, keys, listing.count, arena, &slice, error));
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    results_page_begin(&writer);
    for (size_t i = slice.begin; i < slice.end; i++) {
        json_object_begin(&writer);
        write_merge(&writer, &listing.merges[i]);
        results_instant(&writer, STR("reversedAt"), listing.merges[i].reversed_at);
        json_member_string(&writer, STR("reverseActor"), listing.merges[i].reverse_actor);
        json_object_end(&writer);
    }
    results_page_end(&writer, slice.next);
    *page = (struct json_page){.body = buffer_str(&out), .next = slice.next};
    return buffer_failed(&out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}
