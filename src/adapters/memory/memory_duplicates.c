/* The review queue. */
#include <stdlib.h>
#include <string.h>

#include "adapters/memory/memory_internal.h"

/* A row whose text is the store's own. */
static bool copy_row(struct memory_heap *heap, const struct duplicate_row *from,
                     struct duplicate_row *to)
{
    *to = *from;
    to->probability = duplicate_probability(duplicate_rank(from->probability));
    const struct str *in[] = {&from->duplicate_id, &from->home_a,        &from->home_b,
                              &from->evidence,     &from->model_version, &from->claimed_by,
                              &from->resolved_by,  &from->note};
    struct str *out[] = {&to->duplicate_id,  &to->home_a,     &to->home_b,      &to->evidence,
                         &to->model_version, &to->claimed_by, &to->resolved_by, &to->note};
    for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++) {
        *out[i] = arena_str(&heap->arena, *in[i]);
        if (in[i]->ptr && !out[i]->ptr) return false;
    }
    return true;
}

static bool replace_row(struct memory_heap *heap, struct duplicate_row *row,
                        const struct duplicate_row *with)
{
    struct duplicate_row copy;
    if (!copy_row(heap, with, &copy) || !memory_save(heap, row, sizeof(*row))) return false;
    *row = copy;
    return true;
}

static struct duplicate_row *find_pair(const struct memory_tenant *tenant, struct str home_a,
                                       struct str home_b)
{
    const struct memory_bucket *bucket = memory_table_get(&tenant->duplicates_of, home_a);
    for (size_t i = 0; bucket && i < bucket->vector.count; i++) {
        struct duplicate_row *row = bucket->vector.items[i];
        if (str_equal(row->home_a, home_a) && str_equal(row->home_b, home_b)) return row;
    }
    return NULL;
}

static bool add_row(struct memory_heap *heap, struct memory_tenant *tenant,
                    const struct duplicate_row *row)
{
    struct duplicate_row *copy = ARENA_NEW(&heap->arena, struct duplicate_row);
    struct memory_bucket *a = memory_bucket_at(heap, &tenant->duplicates_of, row->home_a);
    struct memory_bucket *b = memory_bucket_at(heap, &tenant->duplicates_of, row->home_b);
    return copy && a && b && copy_row(heap, row, copy) &&
           memory_table_put(heap, &tenant->duplicates, row->duplicate_id, copy) &&
           memory_vector_add(heap, &tenant->duplicates_all, copy) &&
           memory_vector_add(heap, &a->vector, copy) && memory_vector_add(heap, &b->vector, copy);
}

enum status memory_duplicates_insert(struct store_session *session, const struct duplicate_row *row,
                                     struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    struct memory_tenant *tenant = memory_tenant_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    struct duplicate_row *there = find_pair(tenant, row->home_a, row->home_b);
    if (!there)
        return add_row(heap, tenant, row) ? STATUS_OK : error_plain(error, STATUS_STORE_FULL);
    struct duplicate_row newer = *there;
    newer.probability = row->probability;
    newer.evidence = row->evidence;
    newer.model_version = row->model_version;
    newer.refreshed_at = row->refreshed_at;
    return replace_row(heap, there, &newer) ? STATUS_OK : error_plain(error, STATUS_STORE_FULL);
}

enum status memory_duplicates_update(struct store_session *session, const struct duplicate_row *row,
                                     struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    struct duplicate_row *there =
        memory_table_get(&memory_tenant_of(session)->duplicates, row->duplicate_id);
    if (!there) return error_plain(error, STATUS_DUPLICATE_NOT_FOUND);
    return replace_row(heap, there, row) ? STATUS_OK : error_plain(error, STATUS_STORE_FULL);
}

enum status memory_duplicates_get(struct store_session *session, struct str id,
                                  enum store_lock lock, struct arena *arena,
                                  struct duplicate_row *row, struct error *error)
{
    (void)arena;
    if (lock == STORE_LOCK && !memory_heap_of(session)) return error_plain(error, STATUS_INTERNAL);
    struct duplicate_row *found = memory_table_get(&memory_tenant_of(session)->duplicates, id);
    if (!found) return error_plain(error, STATUS_DUPLICATE_NOT_FOUND);
    *row = *found;
    return STATUS_OK;
}

static int compare_ids(const void *a, const void *b)
{
    return str_compare(((const struct duplicate_row *)a)->duplicate_id,
                       ((const struct duplicate_row *)b)->duplicate_id);
}

enum status memory_duplicates_list_of(struct store_session *session, const struct str *homes,
                                      size_t count, enum store_lock lock, struct arena *arena,
                                      struct duplicate_row **rows, size_t *row_count,
                                      struct error *error)
{
    const struct memory_table *of = &memory_tenant_of(session)->duplicates_of;
    size_t total = 0, kept = 0;
    if (lock == STORE_LOCK && !memory_heap_of(session)) return error_plain(error, STATUS_INTERNAL);
    for (size_t i = 0; i < count; i++) {
        const struct memory_bucket *bucket = memory_table_get(of, homes[i]);
        total += bucket ? bucket->vector.count : 0;
    }
    struct duplicate_row *found = ARENA_NEW_ARRAY(arena, struct duplicate_row, total);
    if (!found) return error_plain(error, STATUS_OUT_OF_MEMORY);
    total = 0;
    for (size_t i = 0; i < count; i++) {
        const struct memory_bucket *bucket = memory_table_get(of, homes[i]);
        for (size_t j = 0; bucket && j < bucket->vector.count; j++)
            found[total++] = *(struct duplicate_row *)bucket->vector.items[j];
    }
    if (total > 1) qsort(found, total, sizeof(*found), compare_ids);
    for (size_t i = 0; i < total; i++) /* one about two of the homes was taken twice */
        if (kept == 0 || compare_ids(&found[kept - 1], &found[i]) != 0) found[kept++] = found[i];
    *rows = found;
    *row_count = kept;
    return STATUS_OK;
}

enum status memory_duplicates_list(struct store_session *session,
                                   const struct duplicate_filter *filter,
                                   const struct duplicate_row *after, size_t limit,
                                   struct arena *arena, struct duplicate_row **rows, size_t *count,
                                   struct error *error)
{
    const struct memory_vector *all = &memory_tenant_of(session)->duplicates_all;
    struct duplicate_row *found = ARENA_NEW_ARRAY(arena, struct duplicate_row, all->count);
    size_t total = 0;
    if (!found) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < all->count; i++) {
        const struct duplicate_row *row = all->items[i];
        if (duplicate_passes(row, filter) && (!after || duplicate_compare(after, row) < 0))
            found[total++] = *row;
    }
    if (total > 1) qsort(found, total, sizeof(*found), duplicate_compare);
    *rows = found;
    *count = total < limit ? total : limit;
    return STATUS_OK;
}

static bool same_row(const struct duplicate_count *a, const struct duplicate_count *b)
{
    return a->shows == b->shows && a->cause == b->cause && a->resolution == b->resolution &&
           a->day == b->day;
}

enum status memory_duplicates_count(struct store_session *session, instant now, instant since,
                                    struct arena *arena, struct duplicate_count **counts,
                                    size_t *count, struct error *error)
{
    const struct memory_vector *all = &memory_tenant_of(session)->duplicates_all;
    struct duplicate_count *found = ARENA_NEW_ARRAY(arena, struct duplicate_count, all->count);
    size_t total = 0, at;
    if (!found) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < all->count; i++) {
        const struct duplicate_row *row = all->items[i];
        bool lately = row->resolved_at != INSTANT_NONE && row->resolved_at >= since;
        struct duplicate_count one = {.shows = duplicate_shows(row, now),
                                      .cause = row->cause,
                                      .resolution = row->resolution,
                                      .day = lately ? row->resolved_at / INSTANT_DAY : -1,
                                      .oldest = row->created_at};
        for (at = 0; at < total && !same_row(&found[at], &one);) at++;
        if (at == total) found[total++] = one;
        found[at].count++;
        if (row->created_at < found[at].oldest) found[at].oldest = row->created_at;
    }
    *counts = found;
    *count = total;
    return STATUS_OK;
}

enum status memory_duplicates_backlog(struct store *store, struct arena *arena, int64_t *waiting,
                                      instant *oldest, struct error *error)
{
    struct memory_store *memory = (struct memory_store *)store;
    (void)arena;
    (void)error;
    *waiting = 0;
    *oldest = INSTANT_NONE;
    (void)pthread_mutex_lock(&memory->mutex);
    for (size_t t = 0; t < memory->tenants.room; t++) {
        const struct memory_tenant *tenant = memory->tenants.slots[t].value;
        for (size_t i = 0; tenant && i < tenant->duplicates_all.count; i++) {
            const struct duplicate_row *row = tenant->duplicates_all.items[i];
            if (row->state != DUPLICATE_OPEN) continue;
            (*waiting)++;
            if (*oldest == INSTANT_NONE || row->created_at < *oldest) *oldest = row->created_at;
        }
    }
    (void)pthread_mutex_unlock(&memory->mutex);
    return STATUS_OK;
}
