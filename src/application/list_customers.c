#include "application/list_customers.h"

#include <stdio.h>
#include <string.h>

#include "application/duplicates.h"
#include "domain/field.h"
#include "domain/profile.h"

struct listing {
    struct application *application;
    const struct caller *caller;
    const struct customer_query *query;
    struct profile_filter filter;
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

static enum status body_without_keys(struct store_session *session, void *context,
                                     struct error *error)
{
    struct listing *listing = context;
    return store_profile_list(session, &listing->filter, listing->query->cursor, listing->limit + 1,
                              listing->arena, &listing->rows, &listing->count, error);
}

static bool list_has_text(const struct json_value *document, struct str list, struct str wanted,
                          struct str (*canonical)(struct str, struct arena *), struct arena *arena)
{
    const struct json_value *items = json_get(document, list);
    for (size_t i = 0; items && i < items->count; i++)
        if (str_equal(canonical(json_text(&items->items[i]), arena), wanted)) return true;
    return false;
}

/* Does the document of a survivor still say what the query asks for? A key outlives its value. */
static enum status still_says(const struct listing *listing, const struct profile_row *row,
                              bool *says, struct error *error)
{
    const struct customer_query *query = listing->query;
    struct arena *arena = listing->arena;
    struct json_value *document;
    *says = (str_is_none(query->status) || str_equal(query->status, row->status)) &&
            (str_is_none(query->segment) || str_equal(query->segment, row->segment)) &&
            (str_is_none(query->kind) || str_equal(query->kind, row->kind));
    if (!*says) return STATUS_OK;
    TRY(json_parse(row->document, arena, &document, error));
    if (!str_is_none(query->email))
        *says = list_has_text(document, STR("emails"), profile_canonical_email(query->email, arena),
                              profile_canonical_email, arena);
    if (*says && !str_is_none(query->phone))
        *says = list_has_text(document, STR("phones"), profile_canonical_phone(query->phone, arena),
                              profile_canonical_phone, arena);
    if (*says && !str_is_none(query->name))
        *says = str_equal(profile_canonical_name(query->name, arena),
                          profile_canonical_name(row->name, arena));
    return STATUS_OK;
}

/* Puts the row in its place by id; the list never holds more than limit + 1. */
static void insert_row(struct listing *listing, const struct profile_row *row)
{
    size_t at = listing->count;
    while (at > 0 && str_compare(listing->rows[at - 1].customer_id, row->customer_id) > 0) at--;
    if (at > 0 && str_equal(listing->rows[at - 1].customer_id, row->customer_id)) return;
    if (at > listing->limit) return;
    if (listing->count <= listing->limit) listing->count++;
    memmove(&listing->rows[at + 1], &listing->rows[at],
            (listing->count - at - 1) * sizeof(*listing->rows));
    listing->rows[at] = *row;
}

/* The most selective of the given values leads; the others are checked on the documents. */
static struct str leading_key(const struct customer_query *query, struct arena *arena)
{
    if (!str_is_none(query->email)) return customer_find_key(STR("email"), query->email, arena);
    if (!str_is_none(query->phone)) return customer_find_key(STR("phone"), query->phone, arena);
    return customer_find_key(STR("name"), query->name, arena);
}

static enum status body_with_keys(struct store_session *session, void *context, struct error *error)
{
    struct listing *listing = context;
    struct str key = leading_key(listing->query, listing->arena);
    struct key_hit *hits;
    size_t hit_count;
    listing->count = 0;
    listing->rows = ARENA_NEW_ARRAY(listing->arena, struct profile_row, listing->limit + 2);
    if (str_is_none(key) || !listing->rows) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(store_keys_find(session, &key, 1, STORE_HOMES_MAX, listing->arena, &hits, &hit_count,
                        error));
    for (size_t i = 0; i < hit_count; i++) {
        struct profile_row row, root;
        bool says;
        TRY(store_profile_get(session, hits[i].home, STORE_NO_LOCK, listing->arena, &row, error));
        TRY(customer_root(session, &row, listing->arena, &root, error));
        if (root.erased_at != INSTANT_NONE) continue;
        if (!str_is_none(listing->query->cursor) &&
            str_compare(root.customer_id, listing->query->cursor) <= 0)
            continue;
        TRY(still_says(listing, &root, &says, error));
        if (says) insert_row(listing, &root);
    }
    return STATUS_OK;
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
    bool by_key =
        !str_is_none(query->email) || !str_is_none(query->phone) || !str_is_none(query->name);
    TRY(store_read(application->store, caller->tenant, arena,
                   by_key ? body_with_keys : body_without_keys, &listing, error));
    size_t shown = listing.count > listing.limit ? listing.limit : listing.count;
    struct buffer text = {.arena = arena};
    struct json_writer writer = {.out = &text};
    out->next = listing.count > shown ? listing.rows[shown - 1].customer_id : STR_NONE;
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
        return error_set(error, STATUS_LIMIT_EXCEEDED, STR("ids"), STR_NONE,
                         "at most %zu ids in one call", application->limits.lookup_max);
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
