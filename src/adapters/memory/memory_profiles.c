/* Profile rows and their versions. */
#include "adapters/memory/memory_internal.h"

/* A row whose text is the store's own. */
static bool copy_row(struct memory_heap *heap, const struct profile_row *from,
                     struct profile_row *to)
{
    *to = *from;
    const struct str *in[] = {&from->customer_id, &from->survivor_id, &from->merge_id,
                              &from->kind,        &from->status,      &from->segment,
                              &from->name,        &from->document};
    struct str *out[] = {&to->customer_id, &to->survivor_id, &to->merge_id, &to->kind,
                         &to->status,      &to->segment,     &to->name,     &to->document};
    for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++) {
        *out[i] = arena_str(&heap->arena, *in[i]);
        if (in[i]->ptr && !out[i]->ptr) return false;
    }
    return true;
}

enum status memory_profiles_get(struct store_session *session, struct str id, enum store_lock lock,
                                struct arena *arena, struct profile_row *row, struct error *error)
{
    (void)arena;
    if (lock == STORE_LOCK && !memory_heap_of(session)) return error_plain(error, STATUS_INTERNAL);
    struct memory_profile *profile = memory_table_get(&memory_tenant_of(session)->profiles, id);
    if (!profile) return error_plain(error, STATUS_CUSTOMER_NOT_FOUND);
    *row = profile->row;
    return STATUS_OK;
}

enum status memory_profiles_get_many(struct store_session *session, const struct str *ids,
                                     size_t count, enum store_lock lock, struct arena *arena,
                                     struct profile_row *rows, struct error *error)
{
    (void)lock;
    (void)arena;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        const struct memory_profile *profile =
            memory_table_get(&memory_tenant_of(session)->profiles, ids[i]);
        rows[i] = profile ? profile->row : (struct profile_row){.erased_at = INSTANT_NONE};
    }
    return STATUS_OK;
}

enum status memory_profiles_exist(struct store_session *session, const struct str *ids,
                                  size_t count, bool *exist, struct error *error)
{
    (void)error;
    for (size_t i = 0; i < count; i++)
        exist[i] = memory_table_get(&memory_tenant_of(session)->profiles, ids[i]) != NULL;
    return STATUS_OK;
}

enum status memory_profiles_insert(struct store_session *session, const struct profile_row *row,
                                   struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    struct memory_tenant *tenant = memory_tenant_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    if (memory_table_get(&tenant->profiles, row->customer_id))
        return error_set(error, STATUS_CUSTOMER_EXISTS, STR("customerId"), STR_NONE,
                         "the customerId is taken");
    struct memory_profile *profile = ARENA_NEW(&heap->arena, struct memory_profile);
    if (!profile || !copy_row(heap, row, &profile->row) ||
        !memory_table_put(heap, &tenant->profiles, row->customer_id, profile) ||
        !memory_vector_insert(heap, &tenant->ordered,
                              memory_lower_bound(&tenant->ordered, row->customer_id), profile))
        return error_plain(error, STATUS_STORE_FULL);
    return STATUS_OK;
}

enum status memory_profiles_update(struct store_session *session, const struct profile_row *row,
                                   struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    struct memory_profile *profile =
        memory_table_get(&memory_tenant_of(session)->profiles, row->customer_id);
    if (!profile) return error_plain(error, STATUS_CUSTOMER_NOT_FOUND);
    struct profile_row copy;
    if (!copy_row(heap, row, &copy) || !memory_save(heap, &profile->row, sizeof(profile->row)))
        return error_plain(error, STATUS_STORE_FULL);
    profile->row = copy;
    return STATUS_OK;
}

static bool passes(const struct profile_row *row, const struct profile_filter *filter)
{
    bool erased = row->erased_at != INSTANT_NONE;
    bool shown = str_is_none(row->survivor_id) && (!str_is_none(row->document) || erased);
    if (erased && !filter->include_erased) return false;
    if (!shown && !filter->include_merged) return false;
    if (!str_is_none(filter->status) && !str_equal(filter->status, row->status)) return false;
    if (!str_is_none(filter->segment) && !str_equal(filter->segment, row->segment)) return false;
    return str_is_none(filter->kind) || str_equal(filter->kind, row->kind);
}

enum status memory_profiles_list(struct store_session *session, const struct profile_filter *filter,
                                 struct str after_id, size_t limit, struct arena *arena,
                                 struct profile_row **rows, size_t *count, struct error *error)
{
    const struct memory_vector *ordered = &memory_tenant_of(session)->ordered;
    *count = 0;
    *rows = NULL;
    size_t at = str_is_none(after_id) ? 0 : memory_lower_bound(ordered, after_id);
    size_t room = ordered->count - at < limit ? ordered->count - at : limit;
    if (room == 0) return STATUS_OK;
    *rows = ARENA_NEW_ARRAY(arena, struct profile_row, room);
    if (!*rows) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (; at < ordered->count && *count < room; at++) {
        const struct memory_profile *profile = ordered->items[at];
        if (!str_is_none(after_id) && str_equal(profile->row.customer_id, after_id)) continue;
        if (passes(&profile->row, filter)) (*rows)[(*count)++] = profile->row;
    }
    return STATUS_OK;
}

enum status memory_profiles_count(struct store_session *session, int64_t limit, int64_t *count,
                                  struct error *error)
{
    (void)error;
    *count = (int64_t)memory_tenant_of(session)->ordered.count;
    if (*count > limit) *count = limit;
    return STATUS_OK;
}

enum status memory_profiles_version_append(struct store_session *session,
                                           const struct version_row *row, struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    struct memory_profile *profile =
        memory_table_get(&memory_tenant_of(session)->profiles, row->customer_id);
    if (!profile) return error_plain(error, STATUS_CUSTOMER_NOT_FOUND);
    struct version_row *copy = ARENA_NEW(&heap->arena, struct version_row);
    if (!copy) return error_plain(error, STATUS_STORE_FULL);
    *copy = *row;
    copy->customer_id = profile->row.customer_id;
    copy->actor = arena_str(&heap->arena, row->actor);
    copy->cause = arena_str(&heap->arena, row->cause);
    copy->changed_fields = arena_str(&heap->arena, row->changed_fields);
    if ((row->actor.ptr && !copy->actor.ptr) || (row->cause.ptr && !copy->cause.ptr) ||
        (row->changed_fields.ptr && !copy->changed_fields.ptr) ||
        !memory_vector_add(heap, &profile->versions, copy))
        return error_plain(error, STATUS_STORE_FULL);
    return STATUS_OK;
}

enum status memory_profiles_version_list(struct store_session *session, struct str customer_id,
                                         int64_t before_version, size_t limit, struct arena *arena,
                                         struct version_row **rows, size_t *count,
                                         struct error *error)
{
    struct memory_profile *profile =
        memory_table_get(&memory_tenant_of(session)->profiles, customer_id);
    *count = 0;
    *rows = NULL;
    if (!profile) return STATUS_OK;
    size_t room = profile->versions.count < limit ? profile->versions.count : limit;
    *rows = ARENA_NEW_ARRAY(arena, struct version_row, room);
    if (!*rows) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = profile->versions.count; i > 0 && *count < room; i--) {
        const struct version_row *row = profile->versions.items[i - 1];
        if (before_version == 0 || row->version < before_version) (*rows)[(*count)++] = *row;
    }
    return STATUS_OK;
}
