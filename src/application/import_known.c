#include "application/import_known.h"

#include "application/customer.h"
#include "application/duplicates.h"

static enum status find_suppressed(struct import_batch *batch, struct error *error)
{
    struct str *points = ARENA_NEW_ARRAY(batch->arena, struct str, batch->point_count);
    batch->suppressed = ARENA_NEW_ARRAY(batch->arena, bool, batch->point_count);
    if (!points || !batch->suppressed) return error_plain(error, STATUS_OUT_OF_MEMORY);
    size_t n = 0;
    for (size_t i = 0; i < batch->count; i++)
        for (size_t p = 0; p < batch->rows[i].customer.point_count && !batch->rows[i].invalid; p++)
            points[n++] = batch->rows[i].customer.points[p];
    if (n == 0) return STATUS_OK;
    return store_suppression_find(batch->session, points, n, batch->suppressed, error);
}

static enum status find_known(struct import_batch *batch, struct error *error)
{
    struct str *asked = ARENA_NEW_ARRAY(batch->arena, struct str, batch->key_count);
    size_t *numbers = ARENA_NEW_ARRAY(batch->arena, size_t, batch->key_count);
    struct key_hit *hits;
    size_t hit_count, count = 0, at = 0;
    batch->known = ARENA_NEW_ARRAY(batch->arena, struct import_batch_key, batch->key_count);
    if (!asked || !numbers || !batch->known) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t key = 0; key < batch->key_count; key++) {
        batch->known[key] = (struct import_batch_key){.hit_count = CANDIDATES_HOMES_MAX + 1};
        if (!batch->asked[key]) continue;
        numbers[count] = key;
        asked[count++] = batch->keys[key];
    }
    TRY(store_keys_find(batch->session, asked, count, CANDIDATES_HOMES_MAX + 1, batch->arena, &hits,
                        &hit_count, error));
    for (size_t i = 0; i < count; i++) {
        size_t first = at;
        while (at < hit_count && hits[at].key == i) at++;
        batch->known[numbers[i]] =
            (struct import_batch_key){.hits = hits + first, .hit_count = at - first};
    }
    return STATUS_OK;
}

/* Which of the ids that were given are there already. */
static enum status find_ids(struct import_batch *batch, struct error *error)
{
    struct str *ids = ARENA_NEW_ARRAY(batch->arena, struct str, batch->count);
    bool *exist = ARENA_NEW_ARRAY(batch->arena, bool, batch->count);
    size_t n = 0;
    if (!ids || !exist) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < batch->count; i++)
        if (!batch->rows[i].invalid && batch->rows[i].customer.id_was_given)
            ids[n++] = batch->rows[i].customer.row.customer_id;
    TRY(store_profiles_exist(batch->session, ids, n, exist, error));
    n = 0;
    for (size_t i = 0; i < batch->count; i++)
        batch->rows[i].id_exists =
            !batch->rows[i].invalid && batch->rows[i].customer.id_was_given && exist[n++];
    return STATUS_OK;
}

/* The customers that source records of the batch were given to, before any of them is changed. */
static enum status lock_known(const struct import_batch *batch, struct error *error)
{
    size_t count = 0, n = 0;
    const struct import_batch_key **keys =
        ARENA_NEW_ARRAY(batch->arena, const struct import_batch_key *, batch->count);
    if (!keys) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < batch->count; i++) {
        const struct import_batch_row *row = &batch->rows[i];
        if (row->invalid || str_is_none(row->customer.source_key)) continue;
        const struct import_batch_key *key =
            &batch->known[row->numbers[row->customer.keys.searched]];
        if (!key->hits) continue;
        keys[n++] = key;
        count += key->hit_count;
    }
    if (count == 0) return STATUS_OK;
    struct str *homes = ARENA_NEW_ARRAY(batch->arena, struct str, count);
    if (!homes) return error_plain(error, STATUS_OUT_OF_MEMORY);
    count = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t h = 0; h < keys[i]->hit_count; h++) homes[count++] = keys[i]->hits[h].home;
    return customer_lock_ahead(batch->session, homes, count, batch->arena, error);
}

enum status import_known_read(struct import_batch *batch, struct error *error)
{
    TRY(find_known(batch, error));
    TRY(lock_known(batch, error));
    TRY(find_ids(batch, error));
    return find_suppressed(batch, error);
}
