#include "application/erase_customer.h"

#include <string.h>

#include "application/customer_change.h"
#include "application/customer_index.h"
#include "application/erase_exports.h"
#include "application/erase_reports.h"
#include "application/record_keys.h"
#include "application/suppressed_points.h"
#include "application/suppressions.h"
#include "domain/consent.h"

#define ERASED STR("ERASED")

struct erasing {
    struct customer_change change;
    const struct erase_request *request;
    /* Homes of the tree first, then those that were ever in one tree with one of them. */
    struct str *homes;
    size_t home_count, own_count;
    struct merge *merges; /* of the tree's homes */
    size_t merge_count;
    struct str *points; /* hashes of those to be suppressed */
    size_t point_count, point_room;
    size_t suppressed;
};

enum status erase_customer_parse(const struct json_value *body, struct erase_request *request,
                                 struct error *error)
{
    static const struct str known[] = {STR("customerId"), STR("suppress"), STR_NONE};
    const struct json_value *suppress = json_get(body, STR("suppress"));
    TRY(customer_known_members(body, known, STR("customerId, suppress"), error));
    TRY(customer_text_member(body, known[0], &request->customer_id, error));
    if (str_is_none(request->customer_id) || str_is_empty(request->customer_id))
        return error_set(error, STATUS_REQUIRED_FIELD, known[0], STR("a customerId"),
                         "the field is required");
    request->suppress = suppress && suppress->type == JSON_BOOLEAN && suppress->boolean;
    if (!suppress || suppress->type == JSON_BOOLEAN || suppress->type == JSON_NULL)
        return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, known[1], STR("true | false"),
                     "is neither true nor false");
}

/* Of a removed one is kept what the undone import said: that can be erased as well. */
static enum status open_customer(struct erasing *erasing, struct error *error)
{
    struct customer_change *change = &erasing->change;
    struct profile_row row;
    enum status status = customer_get_kept_root(change->session, erasing->request->customer_id,
                                                STORE_LOCK, change->arena, &row, error);
    if (status == STATUS_OK) status = customer_change_load(change, &row, error);
    if (status != STATUS_OK && error && error->field[0] == '\0')
        memcpy(error->field, "customerId", sizeof("customerId"));
    return status;
}

static bool add_home(struct erasing *erasing, size_t *room, struct str home)
{
    if (str_is_among(erasing->homes, erasing->home_count, home)) return true;
    if (erasing->home_count == *room) {
        struct str *larger = arena_realloc(erasing->change.arena, erasing->homes,
                                           *room * sizeof(*larger), *room * 2 * sizeof(*larger));
        if (!larger) return false;
        erasing->homes = larger;
        *room *= 2;
    }
    erasing->homes[erasing->home_count++] = home;
    return true;
}

/* The homes of the tree, and whoever they were merged with, and so on. */
static enum status gather_homes(struct erasing *erasing, struct error *error)
{
    struct customer_change *change = &erasing->change;
    size_t room = change->tree.home_count, asked = 0;
    erasing->homes = ARENA_NEW_ARRAY(change->arena, struct str, room);
    if (!erasing->homes) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < change->tree.home_count; i++)
        erasing->homes[i] = change->tree.homes[i].customer_id;
    erasing->home_count = erasing->own_count = change->tree.home_count;
    while (asked < erasing->home_count) {
        struct merge *merges;
        size_t count, from = asked;
        asked = erasing->home_count;
        TRY(store_merge_list(change->session, erasing->homes + from, asked - from, change->arena,
                             &merges, &count, error));
        if (from == 0) {
            erasing->merges = merges;
            erasing->merge_count = count;
        }
        for (size_t i = 0; i < count; i++)
            if (!add_home(erasing, &room, merges[i].source_id) ||
                !add_home(erasing, &room, merges[i].target_id))
                return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    return STATUS_OK;
}

/* --- withdrawn consent --- */

static enum status gather_point(struct erasing *erasing, struct str hash, struct error *error)
{
    struct arena *arena = erasing->change.arena;
    if (str_is_none(hash)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (erasing->point_count == erasing->point_room) {
        size_t room = 2 * erasing->point_room + 16;
        struct str *larger = arena_realloc(arena, erasing->points,
                                           erasing->point_room * sizeof(hash), room * sizeof(hash));
        if (!larger) return error_plain(error, STATUS_OUT_OF_MEMORY);
        erasing->points = larger;
        erasing->point_room = room;
    }
    erasing->points[erasing->point_count++] = hash;
    return STATUS_OK;
}

/* Whoever puts a point that another erasure is about to put waits for it: so they are put in order.
 */
static enum status suppress_gathered(struct erasing *erasing, struct error *error)
{
    struct customer_change *change = &erasing->change;
    str_sort(erasing->points, erasing->point_count);
    for (size_t i = 0; i < erasing->point_count; i++) {
        struct str hash = erasing->points[i];
        bool there;
        TRY(store_suppression_find(change->session, &hash, 1, &there, error));
        if (there) continue;
        erasing->suppressed++;
        TRY(store_suppression_put(change->session, hash, ERASED, change->now, error));
    }
    return STATUS_OK;
}

static enum status gather_points(struct erasing *erasing, const struct golden *golden,
                                 struct error *error)
{
    struct customer_change *change = &erasing->change;
    struct str *hashes, *texts;
    struct consent_row *rows;
    size_t point_count, row_count;
    if (suppressed_points_of(change->application, golden, change->arena, &hashes, &texts,
                             &point_count) != STATUS_OK ||
        consent_matrix(&change->tree, change->now, change->arena, &rows, &row_count) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < point_count && erasing->request->suppress; i++)
        TRY(gather_point(erasing, hashes[i], error));
    for (size_t r = 0; r < row_count; r++) {
        struct str point = rows[r].question.contact_point;
        if (rows[r].answer.state != CONSENT_REVOKED) continue;
        if (!str_is_none(point))
            TRY(gather_point(erasing, suppressions_hash(change->application, point, change->arena),
                             error));
        if (!str_is_none(point) || !str_is_none(consent_point_of(rows[r].answer.decider))) continue;
        for (size_t i = 0; i < point_count; i++)
            if (suppressed_points_is_of(texts[i], rows[r].question.channel))
                TRY(gather_point(erasing, hashes[i], error));
    }
    return STATUS_OK;
}

/* What an undone import said, as if it alone had spoken: those points are the customer's as well.
 */
static enum status gather_undone(struct erasing *erasing, struct error *error)
{
    struct customer_change *change = &erasing->change;
    struct tree undone = change->tree;
    struct golden golden;
    undone.facts += undone.fact_count;
    undone.fact_count = undone.undone_count;
    undone.undone_count = 0;
    if (undone.fact_count == 0) return STATUS_OK;
    if (golden_record(&undone, change->policy, change->arena, &golden) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return gather_points(erasing, &golden, error);
}

/* --- traces with others --- */

/* A merged row still says what its golden record was when it was merged. */
static enum status renew_row(struct erasing *erasing, struct profile_row *row, struct error *error)
{
    struct customer_change *change = &erasing->change;
    struct golden golden;
    struct tree tree;
    TRY(store_tree_load(change->session, row->customer_id, INSTANT_FUTURE, change->arena, &tree,
                        error));
    if (golden_record(&tree, change->policy, change->arena, &golden) != STATUS_OK ||
        customer_render(&golden, change->arena, row) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    row->document = STR_NONE;
    return store_profile_update(change->session, row, error);
}

static enum status renew(struct erasing *erasing, struct str home, struct error *error)
{
    struct customer_change *change = &erasing->change;
    struct profile_row row, root;
    TRY(store_profile_get(change->session, home, STORE_LOCK, change->arena, &row, error));
    if (row.erased_at != INSTANT_NONE) return STATUS_OK;
    TRY(customer_root(change->session, &row, change->arena, &root, error));
    TRY(store_profile_get(change->session, root.customer_id, STORE_LOCK, change->arena, &root,
                          error));
    TRY(record_keys_renew(change->application, change->session, &row, change->arena, error));
    struct tree tree;
    TRY(store_tree_load(change->session, home, INSTANT_FUTURE, change->arena, &tree, error));
    TRY(customer_index_home(change->session, &tree, home, change->arena, error));
    TRY(customer_index_tree(change->session, &tree, change->arena, error));
    return str_is_none(row.survivor_id) ? STATUS_OK : renew_row(erasing, &row, error);
}

/* --- the whole --- */

/* What stays of a home. */
static enum status leave(struct erasing *erasing, struct str home, struct error *error)
{
    struct customer_change *change = &erasing->change;
    struct profile_row row;
    TRY(store_profile_get(change->session, home, STORE_LOCK, change->arena, &row, error));
    row.version++;
    row.updated_at = row.erased_at = change->now;
    row.status = STR("INACTIVE");
    row.segment = row.document = STR_NONE;
    row.name = STR("");
    struct version_row version = {.customer_id = home,
                                  .version = row.version,
                                  .recorded_at = change->now,
                                  .actor = change->caller->user_id,
                                  .cause = ERASED,
                                  .changed_fields = STR("")};
    TRY(store_profile_update(change->session, &row, error));
    TRY(store_version_append(change->session, &version, error));
    return customer_change_event(change, EVENT_PROFILE_ERASED, home,
                                 event_payload_erased(home, change->arena), error);
}

static enum status erase_body(struct store_session *session, void *context, struct error *error)
{
    struct erasing *erasing = context;
    erasing->change.session = session;
    erasing->suppressed = erasing->point_count = erasing->point_room = 0;
    erasing->points = NULL;
    TRY(open_customer(erasing, error));
    TRY(gather_homes(erasing, error));
    TRY(gather_points(erasing, &erasing->change.golden, error));
    TRY(gather_undone(erasing, error));
    TRY(suppress_gathered(erasing, error));
    struct erasure erasure = {.homes = erasing->homes,
                              .home_count = erasing->own_count,
                              .kin_count = erasing->home_count - erasing->own_count,
                              .merges = erasing->merges,
                              .merge_count = erasing->merge_count,
                              .reason = ERASED};
    TRY(store_homes_erase(session, &erasure, error));
    TRY(erase_reports(session, &erasing->change.tree, erasing->change.arena, error));
    TRY(store_keys_erase(session, erasing->homes, erasing->home_count, error));
    struct search_keys keys = customer_index_keys(&erasing->change.tree, erasing->change.arena);
    if (keys.failed) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(store_search_erase(session, erasing->homes, erasing->home_count, keys.items, keys.count,
                           error));
    for (size_t i = 0; i < erasing->own_count; i++) TRY(leave(erasing, erasing->homes[i], error));
    for (size_t i = erasing->own_count; i < erasing->home_count; i++)
        TRY(renew(erasing, erasing->homes[i], error));
    return erase_exports(session, error);
}

static enum status describe(const struct erasing *erasing, struct arena *arena, struct str *json,
                            struct error *error)
{
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    json_member_string(&writer, STR("customerId"), erasing->request->customer_id);
    results_instant(&writer, STR("erasedAt"), erasing->change.now);
    json_member_string(&writer, STR("actor"), erasing->change.caller->user_id);
    json_key(&writer, STR("erasedCustomerIds"));
    json_array_begin(&writer);
    for (size_t i = 0; i < erasing->own_count; i++) json_string(&writer, erasing->homes[i]);
    json_array_end(&writer);
    json_key(&writer, STR("suppressedContactPoints"));
    json_int64(&writer, (int64_t)erasing->suppressed);
    json_object_end(&writer);
    *json = buffer_str(&out);
    return buffer_failed(&out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

/* A customer may have grown past what a request has room for (a lower http.request_memory, facts
 * of many kilobytes). The right to be erased (Regulation (EU) 2016/679, article 17) must not
 * depend on that, so this alone takes as much memory as it needs. */
#define ERASURE_BYTES_MAX ((size_t)2 << 30)

enum status erase_customer(struct application *application, const struct caller *caller,
                           const struct erase_request *request, struct arena *arena,
                           struct str *json, struct error *error)
{
    struct arena own;
    arena_init(&own, ERASURE_BYTES_MAX);
    struct erasing erasing = {
        .change = {.application = application,
                   .caller = caller,
                   .policy = application->policy_for(application, caller->tenant),
                   .arena = &own},
        .request = request};
    enum status status =
        store_write(application->store, caller->tenant, &own, erase_body, &erasing, error);
    if (status == STATUS_OK)
        status = describe(&erasing, arena, json, error);
    else if (error) /* what it says besides is of the other arena */
        error->details_json = arena_str(arena, error->details_json);
    arena_release(&own);
    return status;
}
