#include "application/list_customers.h"

#include <stdio.h>
#include <string.h>

#include "application/customer.h"
#include "application/search_customers.h"
#include "base/identifier.h"
#include "domain/field.h"
#include "domain/profile.h"

struct listing {
    struct application *application;
    const struct caller *caller;
    const struct customer_query *query;
    struct profile_filter filter;
    struct str after; /* the last customerId of the page before; absent: none */
    size_t limit;
    struct arena *arena;
    struct profile_row *rows; /* up to limit + 1 */
    size_t count;
};

/* A field without a list of values takes anything. */
static enum status check_choice(struct str name, struct str value, struct error *error)
{
    const struct profile_field *field = profile_field_find(name);
    if (str_is_none(value) || !field || field->shape != SHAPE_ENUM ||
        field_is_one_of(field->allowed, value))
        return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, name, field->allowed, "is not one of these");
}

/* "after.CUST-1": an id alone could be any text, and a list that goes on behind a text that no page
 * gave looks like one that has ended. */
static enum status take_cursor(struct listing *listing, struct error *error)
{
    struct str rest = listing->query->cursor, word;
    listing->after = STR_NONE;
    if (str_is_none(rest)) return STATUS_OK;
    if (!str_split(&rest, '.', &word) || !str_equal(word, STR("after")) || str_is_none(rest) ||
        !identifier_is_valid(rest))
        return results_bad_cursor(error);
    listing->after = rest;
    return STATUS_OK;
}

static enum status list_body(struct store_session *session, void *context, struct error *error)
{
    struct listing *listing = context;
    return store_profile_list(session, &listing->filter, listing->after, listing->limit + 1,
                              listing->arena, &listing->rows, &listing->count, error);
}

enum status list_customers(struct application *application, const struct caller *caller,
                           const struct customer_query *query, struct arena *arena,
                           struct json_page *out, struct error *error)
{
    struct listing listing = {
        .application = application,
        .caller = caller,
        .query = query,
        .filter = {.status = query->status, .segment = query->segment, .kind = query->kind},
        .arena = arena};
    TRY(results_limit(application, query->limit, &listing.limit, error));
    TRY(check_choice(STR("status"), query->status, error));
    TRY(check_choice(STR("kind"), query->kind, error));
    if (search_customers_wanted(query))
        return search_customers(application, caller, query, listing.limit, arena, out, error);
    if (!str_is_none(query->sort))
        return error_set(error, STATUS_INVALID_VALUE, STR("sort"),
                         STR("with name, email, phone or q"),
                         "a list without a search is in the order of customerIds");
    TRY(take_cursor(&listing, error));
    TRY(store_read(application->store, caller->tenant, arena, list_body, &listing, error));
    size_t shown = listing.count > listing.limit ? listing.limit : listing.count;
    struct buffer text = {.arena = arena};
    struct json_writer writer = {.out = &text};
    out->next = STR_NONE;
    if (listing.count > shown) {
        out->next =
            arena_format(arena, "after.%.*s", STR_ARGS(listing.rows[shown - 1].customer_id));
        if (str_is_none(out->next)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    results_page_begin(&writer);
    for (size_t i = 0; i < shown; i++) json_raw(&writer, listing.rows[i].document);
    results_page_end(&writer, out->next);
    out->body = buffer_str(&text);
    return buffer_failed(&text) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

/* The ids of a look-up body, checked. */
static enum status parse_ids(const struct application *application, const struct json_value *body,
                             struct arena *arena, struct str **ids, size_t *count,
                             struct error *error)
{
    static const struct str known[] = {STR("ids"), STR("customerIds"), STR_NONE};
    TRY(customer_known_members(body, known, STR("ids"), error));
    const struct json_value *list = json_get(body, STR("ids"));
    if (!list) list = json_get(body, STR("customerIds"));
    if (!list)
        return error_set(error, STATUS_REQUIRED_FIELD, STR("ids"), STR("a list of customerIds"),
                         "the field is required");
    if (list->type != JSON_ARRAY)
        return error_set(error, STATUS_INVALID_VALUE, STR("ids"), STR("a list of customerIds"),
                         "is not a list");
    if (list->count > application->limits.lookup_max)
        return results_exceeded(error, STR("ids"), application->limits.lookup_max,
                                "ids in one call");
    *ids = ARENA_NEW_ARRAY(arena, struct str, list->count);
    if (!*ids) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *count = list->count;
    for (size_t i = 0; i < list->count; i++) {
        char field[32];
        (*ids)[i] = json_text(&list->items[i]);
        if (!str_is_none((*ids)[i])) continue;
        (void)snprintf(field, sizeof(field), "ids[%zu]", i);
        return error_set(error, STATUS_INVALID_VALUE, str_from_cstr(field), STR("a customerId"),
                         "is not a text");
    }
    return STATUS_OK;
}

static enum status write_found(struct application *application, const struct caller *caller,
                               struct str id, const struct profile_row *row, struct arena *arena,
                               struct json_writer *writer, struct error *error)
{
    struct profile_row root;
    TRY(customer_lookup_root(application, caller, row, arena, &root, error));
    bool is_merged = !str_is_none(row->survivor_id);
    json_object_begin(writer);
    json_member_string(writer, STR("customerId"), id);
    json_member_string(writer, STR("result"),
                       str_is_none(row->customer_id)    ? STR("NOT_FOUND")
                       : row->erased_at != INSTANT_NONE ? STR("ERASED")
                       : is_merged                      ? STR("MERGED")
                       : customer_is_removed(&root)     ? STR("NOT_FOUND")
                                                        : STR("FOUND"));
    if (is_merged) {
        json_member_string(writer, STR("survivorId"), root.customer_id);
        json_member_string(writer, STR("mergeId"), row->merge_id);
    }
    if (!str_is_none(root.document) && root.erased_at == INSTANT_NONE) {
        json_key(writer, STR("profile"));
        json_raw(writer, root.document);
    }
    json_object_end(writer);
    return STATUS_OK;
}

enum status list_customers_lookup(struct application *application, const struct caller *caller,
                                  const struct json_value *body, struct arena *arena,
                                  struct str *json, struct error *error)
{
    struct str *ids = NULL;
    size_t count = 0;
    TRY(parse_ids(application, body, arena, &ids, &count, error));
    struct profile_row *rows = ARENA_NEW_ARRAY(arena, struct profile_row, count);
    if (!rows) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (count > 0)
        TRY(store_lookup(application->store, caller->tenant, ids, count, arena, rows, error));
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    results_page_begin(&writer);
    for (size_t i = 0; i < count; i++)
        TRY(write_found(application, caller, ids[i], &rows[i], arena, &writer, error));
    results_page_end(&writer, STR_NONE);
    *json = buffer_str(&out);
    return buffer_failed(&out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}
