#include "application/unmerge_customers.h"

#include "application/customer_change.h"
#include "application/customer_index.h"
#include "application/preview.h"
#include "application/review.h"
#include "domain/plan.h"

struct unmerging {
    struct customer_change change; /* of the root that the source is cut from */
    struct str customer_id;
    struct str merge_id;
    struct str wanted; /* plan token; absent: none is demanded */
    struct str token;
    struct merge merge;
    struct profile_row restored_row;
    struct tree remaining, restored;
    struct golden remaining_golden, restored_golden;
};

/* The merge, which must be in force. */
static enum status get_merge(struct unmerging *unmerging, struct error *error)
{
    TRY(store_merge_get(unmerging->change.session, unmerging->merge_id, unmerging->change.arena,
                        &unmerging->merge, error));
    return unmerging->merge.reversed_at == INSTANT_NONE ? STATUS_OK
                                                        : error_plain(error, STATUS_MERGE_REVERSED);
}

static enum status find_root(const struct unmerging *unmerging, struct profile_row *root,
                             struct error *error)
{
    struct profile_row row;
    TRY(store_profile_get(unmerging->change.session, unmerging->merge.target_id, STORE_NO_LOCK,
                          unmerging->change.arena, &row, error));
    return customer_root(unmerging->change.session, &row, unmerging->change.arena, root, error);
}

/* The root of the tree that holds the edge, and the source, both at once. They may have been
 * parted, or the root merged, before we have them. */
static enum status get_root(struct unmerging *unmerging, enum store_lock lock,
                            struct profile_row *root, struct error *error)
{
    struct profile_row rows[2], again;
    TRY(find_root(unmerging, root, error));
    struct str ids[] = {root->customer_id, unmerging->merge.source_id};
    str_sort(ids, 2);
    int source = str_equal(ids[0], root->customer_id) ? 1 : 0;
    TRY(store_profiles_get(unmerging->change.session, ids, 2, lock, unmerging->change.arena, rows,
                           error));
    unmerging->restored_row = rows[source];
    *root = rows[1 - source];
    TRY(get_merge(unmerging, error));
    TRY(find_root(unmerging, &again, error));
    return str_equal(again.customer_id, root->customer_id)
               ? STATUS_OK
               : error_plain(error, STATUS_WRITE_CONFLICT);
}

static bool is_addressed(const struct unmerging *unmerging, const struct profile_row *root)
{
    struct str id = unmerging->customer_id;
    return str_is_none(id) || str_equal(id, unmerging->merge.source_id) ||
           str_equal(id, unmerging->merge.target_id) || str_equal(id, root->customer_id);
}

/* Everything up to the writing, the same for preview and reversal. */
static enum status plan(struct unmerging *unmerging, enum store_lock lock, struct error *error)
{
    struct customer_change *change = &unmerging->change;
    struct profile_row root;
    TRY(get_merge(unmerging, error));
    TRY(get_root(unmerging, lock, &root, error));
    if (!is_addressed(unmerging, &root)) return error_plain(error, STATUS_MERGE_NOT_FOUND);
    if (root.erased_at != INSTANT_NONE) return error_plain(error, STATUS_CUSTOMER_ERASED);
    TRY(customer_change_load(change, &root, error));
    if (change->now <= unmerging->restored_row.updated_at)
        change->now = unmerging->restored_row.updated_at + 1;
    int32_t cut = tree_find_home(&change->tree, unmerging->merge.source_id);
    if (cut < 1) return error_plain(error, STATUS_INTERNAL);
    unmerging->token =
        plan_reversal_token(root.customer_id, root.version, unmerging->merge_id,
                            unmerging->restored_row.version, change->policy, change->arena);
    if (str_is_none(unmerging->token) ||
        tree_split(&change->tree, cut, change->arena, &unmerging->remaining,
                   &unmerging->restored) != STATUS_OK ||
        golden_record(&unmerging->remaining, change->policy, change->arena,
                      &unmerging->remaining_golden) != STATUS_OK ||
        golden_record(&unmerging->restored, change->policy, change->arena,
                      &unmerging->restored_golden) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}

enum status unmerge_customers_parse(const struct json_value *body, struct str *plan_token,
                                    struct error *error)
{
    static const struct str known[] = {STR("planToken"), STR_NONE};
    *plan_token = STR_NONE;
    if (!body) return STATUS_OK;
    TRY(customer_known_members(body, known, STR("planToken"), error));
    return customer_text_member(body, known[0], plan_token, error);
}

static struct unmerging unmerging_of(struct application *application, const struct caller *caller,
                                     struct str customer_id, struct str merge_id,
                                     struct arena *arena)
{
    return (struct unmerging){
        .change = {.application = application,
                   .caller = caller,
                   .policy = application->policy_for(application, caller->tenant),
                   .arena = arena},
        .customer_id = customer_id,
        .merge_id = merge_id};
}

static enum status preview_body(struct store_session *session, void *context, struct error *error)
{
    struct unmerging *unmerging = context;
    unmerging->change.session = session;
    return plan(unmerging, STORE_NO_LOCK, error);
}

/* null for a profile that nobody speaks of but the other one. */
static void write_document(struct json_writer *writer, struct str name,
                           const struct profile_row *row)
{
    json_key(writer, name);
    if (str_is_none(row->document))
        json_null(writer);
    else
        json_raw(writer, row->document);
}

static enum status write_profile(struct json_writer *writer, struct str name,
                                 const struct golden *golden, struct profile_row row, instant now,
                                 struct arena *arena)
{
    row.version++;
    row.updated_at = now;
    TRY(customer_render(golden, arena, &row));
    write_document(writer, name, &row);
    return STATUS_OK;
}

enum status unmerge_customers_preview(struct application *application, const struct caller *caller,
                                      struct str customer_id, struct str merge_id,
                                      struct arena *arena, struct str *json, struct error *error)
{
    struct unmerging unmerging = unmerging_of(application, caller, customer_id, merge_id, arena);
    TRY(store_read(application->store, caller->tenant, arena, preview_body, &unmerging, error));
    const struct customer_change *change = &unmerging.change;
    struct preview_side sides[] = {{STR("merged"), &change->tree},
                                   {STR("remaining"), &unmerging.remaining},
                                   {STR("restored"), &unmerging.restored}};
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    json_member_string(&writer, STR("mergeId"), merge_id);
    json_member_string(&writer, STR("planToken"), unmerging.token);
    if (write_profile(&writer, STR("remaining"), &unmerging.remaining_golden, change->row,
                      change->now, arena) != STATUS_OK ||
        write_profile(&writer, STR("restored"), &unmerging.restored_golden, unmerging.restored_row,
                      change->now, arena) != STATUS_OK ||
        preview_changes(&writer, &change->golden, &unmerging.remaining_golden, arena) !=
            STATUS_OK ||
        preview_consent_changes(&writer, sides, 3, change->now, arena) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    json_object_end(&writer);
    *json = buffer_str(&out);
    return buffer_failed(&out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

/* The two that were one are judged not to be one: the review queue follows. */
static enum status follow(const struct unmerging *unmerging, struct error *error)
{
    const struct customer_change *change = &unmerging->change;
    struct review review = {change->session, change->caller->user_id, change->now, change->arena};
    TRY(review_follow(&review, &unmerging->remaining, error));
    return review_follow(&review, &unmerging->restored, error);
}

static enum status unmerge_body(struct store_session *session, void *context, struct error *error)
{
    struct unmerging *unmerging = context;
    struct customer_change *change = &unmerging->change;
    struct profile_row *restored = &unmerging->restored_row;
    struct str *fields, joined;
    size_t count;
    change->session = session;
    TRY(plan(unmerging, STORE_LOCK, error));
    if (!str_is_none(unmerging->wanted) && !str_equal(unmerging->wanted, unmerging->token))
        return error_set(error, STATUS_PLAN_CHANGED, STR("planToken"), STR("that of a new preview"),
                         "something changed since the preview: preview again");
    unmerging->merge.reversed_at = change->now;
    unmerging->merge.reverse_actor = change->caller->user_id;
    TRY(store_merge_reverse(session, &unmerging->merge, error));
    if (customer_change_fields(change, &change->golden, &unmerging->remaining_golden, STR_NONE,
                               &fields, &count, &joined) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(customer_change_advance(change, &change->row, &change->golden, &unmerging->remaining_golden,
                                STR("UNMERGED"), joined, error));
    restored->survivor_id = STR_NONE;
    restored->merge_id = STR_NONE;
    TRY(customer_change_advance(change, restored, NULL, &unmerging->restored_golden,
                                STR("UNMERGED"), STR(""), error));
    TRY(customer_index_tree(session, &unmerging->remaining, change->arena, error));
    TRY(customer_index_tree(session, &unmerging->restored, change->arena, error));
    TRY(follow(unmerging, error));
    return customer_change_event(change, EVENT_PROFILE_UNMERGED, change->row.customer_id,
                                 event_payload_unmerged(unmerging->merge.target_id,
                                                        unmerging->merge.source_id,
                                                        unmerging->merge_id, change->arena),
                                 error);
}

enum status unmerge_customers(struct application *application, const struct caller *caller,
                              struct str customer_id, struct str merge_id, struct str plan_token,
                              struct arena *arena, struct str *json, struct error *error)
{
    struct unmerging unmerging = unmerging_of(application, caller, customer_id, merge_id, arena);
    unmerging.wanted = plan_token;
    TRY(store_write(application->store, caller->tenant, arena, unmerge_body, &unmerging, error));
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    json_member_string(&writer, STR("mergeId"), merge_id);
    json_member_string(&writer, STR("targetCustomerId"), unmerging.merge.target_id);
    json_member_string(&writer, STR("sourceCustomerId"), unmerging.merge.source_id);
    results_instant(&writer, STR("reversedAt"), unmerging.merge.reversed_at);
    json_member_string(&writer, STR("actor"), caller->user_id);
    write_document(&writer, STR("profile"), &unmerging.restored_row);
    write_document(&writer, STR("survivor"), &unmerging.change.row);
    json_object_end(&writer);
    *json = buffer_str(&out);
    return buffer_failed(&out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}
