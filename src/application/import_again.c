/* Certain by weight alone are two who share a blocking key. A creation locks its own, but those of
 * a batch are too many. So the batch looks at whom it met when all else is done.
 * docs/decisions/0116-an-import-looks-again.md */
#include "application/import_candidates.h"
#include "application/review.h"

static struct import_batch_row *created_row(const struct import_batch *batch, struct str home)
{
    for (size_t i = 0; i < batch->count; i++)
        if (batch->rows[i].created && str_equal(batch->rows[i].customer.row.customer_id, home))
            return &batch->rows[i];
    return NULL;
}

static enum status judge(const struct import_batch *batch, const struct import_batch_row *row,
                         struct str other, struct duplicate **found, size_t *count,
                         struct error *error)
{
    const struct customer_keys *keys = &row->customer.keys;
    const struct duplicate_search search = import_candidates_search(batch, row);
    struct candidates candidates = {.arena = batch->arena};
    bool *cut = ARENA_NEW_ARRAY(batch->arena, bool, keys->searched);
    if (!cut) return error_plain(error, STATUS_OUT_OF_MEMORY);
    candidates_add(&candidates, other, NULL, CANDIDATE_KEY_TELLS, 1);
    return duplicates_judge(&search, keys, cut, &candidates, found, count, error);
}

static enum status settle(const struct import_batch *batch, const struct import_batch_row *row,
                          struct str other, struct error *error)
{
    const struct review review = {batch->session, row->caller.user_id, row->customer.row.created_at,
                                  batch->arena};
    struct duplicate *found = NULL;
    size_t count = 0;
    TRY(judge(batch, row, other, &found, &count, error));
    if (duplicates_certain(found, count) > 0 && batch->settings.on_duplicate != ON_DUPLICATE_REVIEW)
        return error_plain(error, STATUS_WRITE_CONFLICT);
    return review_queue(batch->application, &review, &row->customer.tree, true, found, count,
                        DUPLICATE_BY_IMPORT, error);
}

static bool any_created(const struct import_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        if (batch->rows[i].created) return true;
    return false;
}

enum status import_batch_look_again(struct import_batch *batch, struct error *error)
{
    struct store_meeting *meetings;
    size_t count;
    if (batch->settings.trial || batch->settings.on_duplicate == ON_DUPLICATE_ALLOW ||
        !any_created(batch))
        return STATUS_OK;
    TRY(store_creations_stop(batch->session, batch->mark, batch->arena, &meetings, &count, error));
    for (size_t i = 0; i < count; i++) {
        const struct import_batch_row *row = created_row(batch, meetings[i].own);
        if (row) TRY(settle(batch, row, meetings[i].other, error));
    }
    return STATUS_OK;
}
