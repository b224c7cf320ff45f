#include "application/customer.h"

#include <string.h>

#include "domain/profile.h"

enum status customer_root(struct store_session *session, const struct profile_row *row,
                          struct arena *arena, struct profile_row *root, struct error *error)
{
    *root = *row;
    while (!str_is_none(root->survivor_id))
        TRY(store_profile_get(session, root->survivor_id, STORE_NO_LOCK, arena, root, error));
    return STATUS_OK;
}

enum status customer_lookup_root(struct application *application, const struct caller *caller,
                                 const struct profile_row *row, struct arena *arena,
                                 struct profile_row *root, struct error *error)
{
    *root = *row;
    while (!str_is_none(root->survivor_id)) {
        struct str next = root->survivor_id;
        TRY(store_lookup(application->store, caller->tenant, &next, 1, arena, root, error));
        if (str_is_none(root->customer_id)) return error_plain(error, STATUS_INTERNAL);
    }
    return STATUS_OK;
}

enum status customer_get_root(struct store_session *session, struct str customer_id,
                              enum store_lock lock, struct arena *arena, struct profile_row *row,
                              struct error *error)
{
    TRY(store_profile_get(session, customer_id, lock, arena, row, error));
    if (row->erased_at != INSTANT_NONE) return error_plain(error, STATUS_CUSTOMER_ERASED);
    if (str_is_none(row->survivor_id)) return STATUS_OK;
    struct profile_row root;
    TRY(customer_root(session, row, arena, &root, error));
    return results_merged(root.customer_id, row->merge_id, arena, error);
}

enum status customer_render(const struct golden *golden, struct arena *arena,
                            struct profile_row *row)
{
    struct buffer out = {.arena = arena};
    struct profile_stamp stamp = {.customer_id = row->customer_id,
                                  .version = row->version,
                                  .created_at = row->created_at,
                                  .updated_at = row->updated_at};
    golden_write(golden, &stamp, &out);
    if (buffer_failed(&out)) return STATUS_OUT_OF_MEMORY;
    row->document = buffer_str(&out);
    struct golden_summary summary = golden_summarise(golden);
    row->kind = summary.kind;
    row->status = summary.status;
    row->segment = summary.segment;
    row->name = summary.name;
    return STATUS_OK;
}

#define FIND_PREFIX "find-"

bool customer_key_decides(struct str key)
{
    return !str_starts_with(key, STR(FIND_PREFIX));
}

struct str customer_find_key(struct str field, struct str raw, struct arena *arena)
{
    struct str value = str_equal(field, STR("email"))   ? profile_canonical_email(raw, arena)
                       : str_equal(field, STR("phone")) ? profile_canonical_phone(raw, arena)
                                                        : profile_canonical_name(raw, arena);
    if (str_is_none(value)) return STR_NONE;
    return arena_format(arena, FIND_PREFIX "%.*s|%.*s", STR_ARGS(field), STR_ARGS(value));
}

enum status customer_keys(struct application *application, const struct golden *golden,
                          struct arena *arena, struct str **keys, size_t *count)
{
    struct str *found;
    size_t found_count;
    TRY(application->matcher->keys(application->matcher, golden, arena, &found, &found_count));
    const struct json_value *emails = json_get(golden->attributes, STR("emails"));
    const struct json_value *phones = json_get(golden->attributes, STR("phones"));
    struct str name = json_text(json_get(golden->attributes, STR("name")));
    size_t room = found_count + (emails ? emails->count : 0) + (phones ? phones->count : 0) + 1;
    struct str *all = ARENA_NEW_ARRAY(arena, struct str, room);
    if (!all) return STATUS_OUT_OF_MEMORY;
    if (found_count) memcpy(all, found, found_count * sizeof(*all));
    size_t n = found_count;
    for (size_t i = 0; emails && i < emails->count; i++)
        all[n++] = customer_find_key(STR("email"), json_text(&emails->items[i]), arena);
    for (size_t i = 0; phones && i < phones->count; i++)
        all[n++] = customer_find_key(STR("phone"), json_text(&phones->items[i]), arena);
    if (!str_is_none(name)) all[n++] = customer_find_key(STR("name"), name, arena);
    for (size_t i = 0; i < n; i++)
        if (str_is_none(all[i])) return STATUS_OUT_OF_MEMORY;
    *keys = all;
    *count = n;
    return STATUS_OK;
}

enum status customer_text_member(const struct json_value *body, struct str name, struct str *out,
                                 struct error *error)
{
    const struct json_value *value = json_get(body, name);
    *out = json_text(value);
    if (!value || value->type == JSON_NULL || value->type == JSON_STRING) return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, name, STR("a text"), "is not a text");
}

enum status customer_known_members(const struct json_value *body, const struct str *known,
                                   struct str allowed, struct error *error)
{
    if (!body || body->type != JSON_OBJECT)
        return error_set(error, STATUS_INVALID_VALUE, STR(""), STR("an object"),
                         "the body is not a JSON object");
    for (size_t i = 0; i < body->count; i++) {
        const struct str *at = known;
        while (!str_is_none(*at) && !str_equal(*at, body->members[i].name)) at++;
        if (str_is_none(*at))
            return error_set(error, STATUS_UNKNOWN_FIELD, body->members[i].name, allowed,
                             "the field is not known here");
    }
    return STATUS_OK;
}
