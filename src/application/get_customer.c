#include "application/get_customer.h"

#include <stdio.h>

#include "application/customer.h"

static enum status refuse_merged(struct application *application, const struct caller *caller,
                                 const struct profile_row *row, struct arena *arena,
                                 struct error *error)
{
    struct profile_row root;
    TRY(customer_lookup_root(application, caller, row, arena, &root, error));
    return results_merged(root.customer_id, row->merge_id, arena, error);
}

enum status get_customer(struct application *application, const struct caller *caller,
                         struct str customer_id, struct arena *arena, struct customer_document *out,
                         struct error *error)
{
    struct profile_row row;
    TRY(store_lookup(application->store, caller->tenant, &customer_id, 1, arena, &row, error));
    if (str_is_none(row.customer_id)) return error_plain(error, STATUS_CUSTOMER_NOT_FOUND);
    if (row.erased_at != INSTANT_NONE) return error_plain(error, STATUS_CUSTOMER_ERASED);
    if (!str_is_none(row.survivor_id))
        return refuse_merged(application, caller, &row, arena, error);
    if (customer_is_removed(&row)) return error_plain(error, STATUS_CUSTOMER_NOT_FOUND);
    *out = (struct customer_document){.customer_id = row.customer_id,
                                      .version = row.version,
                                      .updated_at = row.updated_at,
                                      .document = row.document};
    return STATUS_OK;
}

struct past {
    const struct policy *policy;
    struct str customer_id;
    instant as_of;
    struct arena *arena;
    struct profile_row row; /* as it was then */
};

/* The merge that made the customer a child and was in force at that time; false when there is
 * none. */
static enum status merge_then(struct store_session *session, struct str customer_id, instant as_of,
                              struct arena *arena, struct merge *merge, bool *found,
                              struct error *error)
{
    struct merge *merges;
    size_t count;
    *found = false;
    TRY(store_merge_list(session, &customer_id, 1, arena, &merges, &count, error));
    for (size_t i = 0; i < count; i++) {
        bool over = merges[i].reversed_at != INSTANT_NONE && merges[i].reversed_at <= as_of;
        if (!str_equal(merges[i].source_id, customer_id) || merges[i].merged_at > as_of || over)
            continue;
        *merge = merges[i];
        *found = true;
    }
    return STATUS_OK;
}

static enum status refuse_merged_then(struct store_session *session, const struct past *past,
                                      struct error *error)
{
    struct merge first, merge;
    bool found;
    TRY(merge_then(session, past->customer_id, past->as_of, past->arena, &first, &found, error));
    if (!found) return STATUS_OK;
    struct str survivor = first.target_id;
    while (found) {
        TRY(merge_then(session, survivor, past->as_of, past->arena, &merge, &found, error));
        if (found) survivor = merge.target_id;
    }
    return results_merged(survivor, first.merge_id, past->arena, error);
}

static enum status refuse_not_there_then(const struct past *past, struct error *error)
{
    char text[INSTANT_TEXT_MAX], allowed[64];
    struct str created = instant_format(past->row.created_at, text);
    if (past->as_of >= past->row.created_at)
        return error_set(error, STATUS_CUSTOMER_NOT_FOUND, STR("asOf"), STR_NONE,
                         "there was no such customer at that time");
    (void)snprintf(allowed, sizeof(allowed), "%.*s or later", STR_ARGS(created));
    return error_set(error, STATUS_CUSTOMER_NOT_FOUND, STR("asOf"), str_from_cstr(allowed),
                     "the customer was not there yet at that time");
}

/* The last version recorded at or before that time: versions are numbered without gaps. */
static enum status version_then(struct store_session *session, const struct past *past,
                                int64_t newest, struct version_row *version, struct error *error)
{
    int64_t low = 0, high = newest;
    *version = (struct version_row){0};
    while (low < high) {
        int64_t middle = low + (high - low + 1) / 2;
        struct version_row *rows;
        size_t count;
        TRY(store_version_list(session, past->customer_id, middle + 1, 1, past->arena, &rows,
                               &count, error));
        if (count == 1 && rows[0].recorded_at <= past->as_of) {
            *version = rows[0];
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low > 0 ? STATUS_OK : refuse_not_there_then(past, error);
}

static enum status as_of_body(struct store_session *session, void *context, struct error *error)
{
    struct past *past = context;
    struct tree tree;
    struct golden golden;
    struct version_row version;
    TRY(store_profile_get(session, past->customer_id, STORE_NO_LOCK, past->arena, &past->row,
                          error));
    if (past->row.erased_at != INSTANT_NONE) return error_plain(error, STATUS_CUSTOMER_ERASED);
    enum status status =
        store_tree_load(session, past->customer_id, past->as_of, past->arena, &tree, error);
    if (status == STATUS_CUSTOMER_NOT_FOUND) return refuse_not_there_then(past, error);
    TRY(status);
    TRY(refuse_merged_then(session, past, error));
    TRY(version_then(session, past, past->row.version, &version, error));
    past->row.version = version.version;
    past->row.updated_at = version.recorded_at;
    if (golden_record(&tree, past->policy, past->arena, &golden) != STATUS_OK ||
        customer_render(&golden, past->arena, &past->row) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return golden.is_silent ? refuse_not_there_then(past, error) : STATUS_OK;
}

enum status get_customer_as_of(struct application *application, const struct caller *caller,
                               struct str customer_id, instant as_of, struct arena *arena,
                               struct customer_document *out, struct error *error)
{
    struct past past = {.policy = application->policy_for(application, caller->tenant),
                        .customer_id = customer_id,
                        .as_of = as_of,
                        .arena = arena};
    TRY(store_read(application->store, caller->tenant, arena, as_of_body, &past, error));
    *out = (struct customer_document){.customer_id = past.row.customer_id,
                                      .version = past.row.version,
                                      .updated_at = past.row.updated_at,
                                      .document = past.row.document};
    return STATUS_OK;
}

struct reading {
    const struct policy *policy;
    struct str customer_id;
    struct arena *arena;
    struct tree tree;
    struct golden golden;
    int64_t before_version;
    size_t limit;
    struct version_row *versions;
    size_t version_count;
};

static enum status provenance_body(struct store_session *session, void *context,
                                   struct error *error)
{
    struct reading *reading = context;
    struct profile_row row;
    TRY(customer_get_root(session, reading->customer_id, STORE_NO_LOCK, reading->arena, &row,
                          error));
    TRY(store_tree_load(session, row.customer_id, INSTANT_FUTURE, reading->arena, &reading->tree,
                        error));
    if (golden_record(&reading->tree, reading->policy, reading->arena, &reading->golden) !=
        STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}

/* The value at "name", "emails[0]" or "preferences.theme"; NULL when the path leads nowhere. */
static const struct json_value *value_at(const struct json_value *attributes, struct str path)
{
    struct str rest = path, name;
    const struct json_value *value = attributes;
    ptrdiff_t dot = str_find_char(path, '.');
    if (dot > 0) {
        value = json_get(attributes, str_of(path.ptr, (size_t)dot));
        return json_get(value, str_skip(path, (size_t)dot + 1));
    }
    if (!str_split(&rest, '[', &name)) return NULL;
    value = json_get(attributes, name);
    int64_t index;
    if (str_is_none(rest)) return value;
    if (rest.len == 0 || !str_to_int64(str_of(rest.ptr, rest.len - 1), &index)) return NULL;
    if (!value || index < 0 || (size_t)index >= value->count) return NULL;
    return &value->items[index];
}

/* One value and the fact that it comes from; NULL for a value that follows from the others. */
static void write_provenance(struct json_writer *writer, struct str path,
                             const struct json_value *value, const struct fact *fact)
{
    json_object_begin(writer);
    json_member_string(writer, STR("path"), path);
    json_key(writer, STR("value"));
    if (value)
        json_write(writer, value);
    else
        json_null(writer);
    if (fact) {
        json_member_string(writer, STR("source"), fact->source);
        if (fact->kind == FACT_ASSERTION && !str_is_empty(fact->subject))
            json_member_string(writer, STR("sourceKey"), fact->subject);
        json_member_string(writer, STR("home"), fact->home);
        results_instant(writer, STR("observedAt"), fact->observed_at);
        results_instant(writer, STR("recordedAt"), fact->recorded_at);
        json_member_string(writer, STR("actor"), fact->actor);
        json_member_string(writer, STR("importId"), fact->import_id);
    } else {
        json_key(writer, STR("source"));
        json_null(writer);
    }
    json_object_end(writer);
}

/* The last that was said of that member of the home's contact. */
static const struct fact *said_of_contact(const struct tree *tree, struct str home,
                                          struct str contact_id, struct str member)
{
    for (size_t i = tree->fact_count; i-- > 0;) {
        const struct fact *fact = &tree->facts[i];
        if (fact->kind == FACT_CONTACT && str_equal(fact->subject, contact_id) &&
            str_equal(fact->home, home) && json_get(fact->body, member))
            return fact;
    }
    return NULL;
}

/* contacts[0].email and so on; the id is the contact's own. */
static void write_contact(struct json_writer *writer, const struct reading *reading, size_t index)
{
    const struct json_value *contact = &reading->golden.contacts->items[index];
    struct str id = json_text(json_get(contact, STR("contactId")));
    struct str home = reading->tree.homes[reading->golden.contact_homes[index]].customer_id;
    for (size_t i = 0; i < contact->count; i++) {
        struct str member = contact->members[i].name;
        const struct fact *fact = said_of_contact(&reading->tree, home, id, member);
        struct str path =
            arena_format(reading->arena, "contacts[%zu].%.*s", index, STR_ARGS(member));
        if (fact) write_provenance(writer, path, &contact->members[i].value, fact);
    }
}

enum status get_customer_provenance(struct application *application, const struct caller *caller,
                                    struct str customer_id, struct arena *arena, struct str *json,
                                    struct error *error)
{
    struct reading reading = {.policy = application->policy_for(application, caller->tenant),
                              .customer_id = customer_id,
                              .arena = arena};
    TRY(store_read(application->store, caller->tenant, arena, provenance_body, &reading, error));
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    json_member_string(&writer, STR("customerId"), customer_id);
    json_key(&writer, STR("fields"));
    json_array_begin(&writer);
    for (size_t i = 0; i < reading.golden.provenance_count; i++)
        write_provenance(&writer, reading.golden.provenance[i].path,
                         value_at(reading.golden.attributes, reading.golden.provenance[i].path),
                         reading.golden.provenance[i].fact);
    for (size_t i = 0; i < reading.golden.contacts->count; i++) write_contact(&writer, &reading, i);
    json_array_end(&writer);
    json_object_end(&writer);
    *json = buffer_str(&out);
    return buffer_failed(&out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

static enum status versions_body(struct store_session *session, void *context, struct error *error)
{
    struct reading *reading = context;
    struct profile_row row;
    TRY(store_profile_get(session, reading->customer_id, STORE_NO_LOCK, reading->arena, &row,
                          error));
    if (row.erased_at != INSTANT_NONE) return error_plain(error, STATUS_CUSTOMER_ERASED);
    return store_version_list(session, row.customer_id, reading->before_version, reading->limit + 1,
                              reading->arena, &reading->versions, &reading->version_count, error);
}

static void write_version(struct json_writer *writer, const struct version_row *version)
{
    struct str rest = version->changed_fields, field;
    json_object_begin(writer);
    json_key(writer, STR("version"));
    json_int64(writer, version->version);
    results_instant(writer, STR("recordedAt"), version->recorded_at);
    json_member_string(writer, STR("actor"), version->actor);
    json_member_string(writer, STR("cause"), version->cause);
    json_key(writer, STR("changedFields"));
    json_array_begin(writer);
    while (str_split(&rest, ',', &field))
        if (!str_is_empty(field)) json_string(writer, field);
    json_array_end(writer);
    json_object_end(writer);
}

enum status get_customer_versions(struct application *application, const struct caller *caller,
                                  struct str customer_id, struct str cursor, size_t limit,
                                  struct arena *arena, struct json_page *out, struct error *error)
{
    struct reading reading = {.customer_id = customer_id, .arena = arena};
    if (!str_is_none(cursor) &&
        (!str_to_int64(cursor, &reading.before_version) || reading.before_version < 1))
        return results_bad_cursor(error);
    TRY(results_limit(application, limit, &reading.limit, error));
    TRY(store_read(application->store, caller->tenant, arena, versions_body, &reading, error));
    size_t shown = reading.version_count > reading.limit ? reading.limit : reading.version_count;
    out->next = STR_NONE;
    if (reading.version_count > shown) {
        out->next = arena_format(arena, "%lld", (long long)reading.versions[shown - 1].version);
        if (str_is_none(out->next)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    struct buffer text = {.arena = arena};
    struct json_writer writer = {.out = &text};
    results_page_begin(&writer);
    for (size_t i = 0; i < shown; i++) write_version(&writer, &reading.versions[i]);
    results_page_end(&writer, out->next);
    out->body = buffer_str(&text);
    return buffer_failed(&text) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}
