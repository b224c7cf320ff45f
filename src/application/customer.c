#include "application/customer.h"

#include <stdlib.h>
#include <string.h>

#include "domain/contact.h"

enum status customer_root(struct store_session *session, const struct profile_row *row,
                          struct arena *arena, struct profile_row *root, struct error *error)
{
    *root = *row;
    while (!str_is_none(root->survivor_id))
        TRY(store_profile_get(session, root->survivor_id, STORE_NO_LOCK, arena, root, error));
    return STATUS_OK;
}

/* --- roots --- */

/* Rows of some ids, each once and in order. */
struct rows {
    struct str *ids;
    struct profile_row *rows;
    size_t count;
};

static enum status get_rows(struct store_session *session, const struct str *ids, size_t count,
                            enum store_lock lock, struct arena *arena, struct rows *out,
                            struct error *error)
{
    out->ids = ARENA_NEW_ARRAY(arena, struct str, count);
    out->rows = ARENA_NEW_ARRAY(arena, struct profile_row, count);
    out->count = 0;
    if (!out->ids || !out->rows) return error_plain(error, STATUS_OUT_OF_MEMORY);
    memcpy(out->ids, ids, count * sizeof(*ids));
    str_sort(out->ids, count);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || !str_equal(out->ids[out->count - 1], out->ids[i]))
            out->ids[out->count++] = out->ids[i];
    if (out->count > 1)
        return store_profiles_get(session, out->ids, out->count, lock, arena, out->rows, error);
    enum status status = store_profile_get(session, *out->ids, lock, arena, out->rows, error);
    if (status != STATUS_CUSTOMER_NOT_FOUND) return status;
    *out->rows = (struct profile_row){.erased_at = INSTANT_NONE};
    return STATUS_OK;
}

static int compare_ids(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static const struct profile_row *row_of(const struct rows *rows, struct str id)
{
    const struct str *at = bsearch(&id, rows->ids, rows->count, sizeof(id), compare_ids);
    return &rows->rows[at - rows->ids];
}

/* Who the roots are, by pointers that are read without a lock. *moved: some home is none itself. */
static enum status find_roots(struct store_session *session, const struct str *homes, size_t count,
                              struct arena *arena, struct str *roots, bool *moved,
                              struct error *error)
{
    bool again = true;
    *moved = false;
    memcpy(roots, homes, count * sizeof(*homes));
    while (again) {
        struct rows rows;
        again = false;
        TRY(get_rows(session, roots, count, STORE_NO_LOCK, arena, &rows, error));
        for (size_t i = 0; i < count; i++) {
            const struct profile_row *row = row_of(&rows, roots[i]);
            if (str_is_none(row->survivor_id)) continue;
            roots[i] = row->survivor_id;
            again = *moved = true;
        }
    }
    return STATUS_OK;
}

/* While the locks were waited for, a root may have been merged, and a home may have left its root,
 * which need not have changed more than its version by that. */
enum status customer_lock_roots(struct store_session *session, const struct str *homes,
                                size_t count, struct arena *arena, struct profile_row *roots,
                                struct error *error)
{
    struct rows locked;
    bool moved;
    if (count == 0) return STATUS_OK;
    struct str *found = ARENA_NEW_ARRAY(arena, struct str, count);
    struct str *again = ARENA_NEW_ARRAY(arena, struct str, count);
    if (!found || !again) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(find_roots(session, homes, count, arena, found, &moved, error));
    TRY(get_rows(session, found, count, STORE_LOCK, arena, &locked, error));
    for (size_t i = 0; i < count; i++) {
        roots[i] = *row_of(&locked, found[i]);
        if (!str_is_none(roots[i].survivor_id)) return error_plain(error, STATUS_WRITE_CONFLICT);
    }
    if (!moved) return STATUS_OK;
    TRY(find_roots(session, homes, count, arena, again, &moved, error));
    for (size_t i = 0; i < count; i++)
        if (!str_equal(found[i], again[i])) return error_plain(error, STATUS_WRITE_CONFLICT);
    return STATUS_OK;
}

enum status customer_lock_ahead(struct store_session *session, const struct str *homes,
                                size_t count, struct arena *arena, struct error *error)
{
    if (!session->locks) return STATUS_OK;
    struct arena_mark mark = arena_mark(arena);
    struct profile_row *roots = ARENA_NEW_ARRAY(arena, struct profile_row, count);
    if (!roots) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(customer_lock_roots(session, homes, count, arena, roots, error));
    arena_rewind(arena, mark);
    return STATUS_OK;
}

enum status customer_lock_root(struct store_session *session, struct str home, struct arena *arena,
                               struct profile_row *root, struct error *error)
{
    TRY(customer_lock_roots(session, &home, 1, arena, root, error));
    return str_is_none(root->customer_id) ? error_plain(error, STATUS_CUSTOMER_NOT_FOUND)
                                          : STATUS_OK;
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

bool customer_is_removed(const struct profile_row *row)
{
    return str_is_none(row->survivor_id) && str_is_none(row->document) &&
           row->erased_at == INSTANT_NONE;
}

enum status customer_get_kept_root(struct store_session *session, struct str customer_id,
                                   enum store_lock lock, struct arena *arena,
                                   struct profile_row *row, struct error *error)
{
    TRY(store_profile_get(session, customer_id, lock, arena, row, error));
    if (row->erased_at != INSTANT_NONE) return error_plain(error, STATUS_CUSTOMER_ERASED);
    if (str_is_none(row->survivor_id)) return STATUS_OK;
    struct profile_row root;
    TRY(customer_root(session, row, arena, &root, error));
    return results_merged(root.customer_id, row->merge_id, arena, error);
}

enum status customer_get_root(struct store_session *session, struct str customer_id,
                              enum store_lock lock, struct arena *arena, struct profile_row *row,
                              struct error *error)
{
    TRY(customer_get_kept_root(session, customer_id, lock, arena, row, error));
    return customer_is_removed(row) ? error_plain(error, STATUS_CUSTOMER_NOT_FOUND) : STATUS_OK;
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
    row->document = golden->is_silent ? STR_NONE : buffer_str(&out);
    struct golden_summary summary = golden_summarise(golden);
    row->kind = summary.kind;
    row->status = summary.status;
    row->segment = summary.segment;
    row->name = str_is_none(summary.name) ? STR("") : summary.name;
    return STATUS_OK;
}

#define FIND_PREFIX "find-"

/* "find-email|..." and so on, of the canonical form. Absent when out of memory. */
static struct str find_key(struct str field, struct str raw, struct arena *arena)
{
    struct str value = str_equal(field, STR("email"))   ? profile_canonical_email(raw, arena)
                       : str_equal(field, STR("phone")) ? profile_canonical_phone(raw, arena)
                                                        : profile_canonical_name(raw, arena);
    if (str_is_none(value)) return STR_NONE;
    return ARENA_JOIN(arena, STR(FIND_PREFIX), field, STR("|"), value);
}

const struct json_value *customer_said(const struct golden *golden, struct arena *arena)
{
    if (golden->contacts->count == 0) return golden->attributes;
    struct json_value *said = ARENA_NEW(arena, struct json_value);
    if (!said) return NULL;
    *said = json_make_object();
    for (size_t i = 0; i < golden->attributes->count; i++) {
        const struct json_member *member = &golden->attributes->members[i];
        if (!json_object_set(said, member->name, member->value, arena)) return NULL;
    }
    return json_object_set(said, STR("contacts"), *golden->contacts, arena) ? said : NULL;
}

enum status customer_describe_golden(struct application *application, const struct golden *golden,
                                     struct arena *arena, struct match_record *record)
{
    const struct json_value *said = customer_said(golden, arena);
    return said ? customer_describe(application, said, arena, record) : STATUS_OUT_OF_MEMORY;
}

enum status customer_describe(struct application *application, const struct json_value *attributes,
                              struct arena *arena, struct match_record *record)
{
    const struct json_value **said = ARENA_NEW(arena, const struct json_value *);
    if (!said) return STATUS_OUT_OF_MEMORY;
    *said = attributes;
    return application->matcher->describe(application->matcher, said, 1, arena, record);
}

static bool add_email_keys(const struct json_value *said, struct arena *arena,
                           struct customer_keys *keys)
{
    struct contact_points emails = contact_points_of(said, CONTACT_POINT_EMAIL);
    struct str email;
    while (contact_points_next(&emails, &email)) {
        struct str key = find_key(STR("email"), email, arena);
        if (str_is_none(key)) return false;
        keys->items[keys->count++] = key;
    }
    return true;
}

enum status customer_make_keys(struct application *application, const struct match_record *record,
                               struct arena *arena, struct customer_keys *keys)
{
    struct match_keys found;
    const struct json_value *attributes = record->said[0];
    struct str name = json_text(json_get(attributes, STR("name")));
    TRY(application->matcher->keys(application->matcher, record, arena, &found));
    size_t room = found.count + contact_points_max(attributes, CONTACT_POINT_EMAIL) + 1;
    *keys = (struct customer_keys){.items = ARENA_NEW_ARRAY(arena, struct str, room),
                                   .decisive = found.decisive,
                                   .telling = found.telling,
                                   .blocking = found.count,
                                   .count = found.count};
    if (!keys->items) return STATUS_OUT_OF_MEMORY;
    if (found.count) memcpy(keys->items, found.items, found.count * sizeof(*found.items));
    if (!str_is_none(name)) {
        keys->items[keys->count] = find_key(STR("name"), name, arena);
        if (str_is_none(keys->items[keys->count++])) return STATUS_OUT_OF_MEMORY;
    }
    if (!add_email_keys(attributes, arena, keys)) return STATUS_OUT_OF_MEMORY;
    keys->searched = keys->count;
    return STATUS_OK;
}

enum candidate_key customer_key_kind(const struct customer_keys *keys, size_t key)
{
    if (key < keys->decisive) return CANDIDATE_KEY_DECIDES;
    return key >= keys->telling && key < keys->blocking ? CANDIDATE_KEY_SUPPORTS
                                                        : CANDIDATE_KEY_TELLS;
}

enum status customer_put_keys(struct store_session *session, struct str home,
                              const struct customer_keys *keys, const bool *cut,
                              struct arena *arena, struct error *error)
{
    struct str *kept = ARENA_NEW_ARRAY(arena, struct str, keys->count);
    size_t count = 0;
    if (!kept) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < keys->count; i++)
        if (!cut || i < keys->decisive || i >= keys->blocking || !cut[i])
            kept[count++] = keys->items[i];
    return count > 0 ? store_keys_put(session, home, kept, count, error) : STATUS_OK;
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
