#include "application/import_candidates.h"

#include "application/cut_keys.h"
#include "application/import_trial.h"

bool import_candidates_note(struct import_batch *batch, size_t index)
{
    const struct import_batch_row *row = &batch->rows[index];
    for (size_t k = 0; k < import_batch_key_count(row); k++) {
        struct import_batch_key *key = &batch->known[row->numbers[k]];
        struct import_batch_home *home = ARENA_NEW(batch->arena, struct import_batch_home);
        if (!home) return false;
        *home = (struct import_batch_home){.row = index, .next = key->created};
        key->created = home;
        key->created_count++;
    }
    return true;
}

struct import_trial *import_candidates_trial(const struct import_batch *batch)
{
    return batch->settings.on_duplicate == ON_DUPLICATE_REJECT ? batch->settings.trial : NULL;
}

/* That earlier batches of a dry run would have created. */
static void add_tried(const struct import_batch *batch, struct str text, enum candidate_key kind,
                      size_t homes, struct candidates *candidates)
{
    struct import_trial *trial = import_candidates_trial(batch);
    const struct match_record *record;
    struct str home;
    uint32_t at = 0;
    while (trial && import_trial_next_home(trial, text, &at, &home, &record))
        candidates_add(candidates, home, record, kind, homes);
}

static void add_candidates(const struct import_batch *batch, const struct import_batch_key *key,
                           enum candidate_key kind, size_t homes, struct candidates *candidates)
{
    for (size_t i = 0; i < key->hit_count; i++)
        candidates_add(candidates, key->hits[i].home, NULL, kind, homes);
    for (const struct import_batch_home *home = key->created; home; home = home->next) {
        const struct new_customer *other = &batch->rows[home->row].customer;
        /* Where rows are merged it may be a home of another by now. */
        bool alone =
            batch->settings.on_duplicate != ON_DUPLICATE_MERGE && !batch->rows[home->row].updated;
        candidates_add(candidates, other->row.customer_id, alone ? &other->record : NULL, kind,
                       homes);
    }
}

static size_t homes_of(const struct import_batch *batch, const struct import_batch_key *key,
                       struct str text)
{
    const struct import_trial *trial = import_candidates_trial(batch);
    return key->hit_count + key->created_count + (trial ? import_trial_homes(trial, text) : 0);
}

/* What a dry run has met is in no store. */
static void note_cut(const struct import_batch *batch, struct str key)
{
    if (!batch->settings.trial)
        cut_keys_add(batch->application->cut_keys, batch->caller->tenant, key);
}

struct duplicate_search import_candidates_search(const struct import_batch *batch,
                                                 const struct import_batch_row *row)
{
    return (struct duplicate_search){.application = batch->application,
                                     .policy = batch->policy,
                                     .session = batch->session,
                                     .arena = batch->arena,
                                     .record = &row->customer.record};
}

enum status import_candidates_find(const struct import_batch *batch,
                                   const struct import_batch_row *row,
                                   struct new_customer_found *found, struct error *error)
{
    const struct duplicate_search search = import_candidates_search(batch, row);
    struct candidates candidates = {.arena = batch->arena};
    const struct customer_keys *keys = &row->customer.keys;
    bool *cut = ARENA_NEW_ARRAY(batch->arena, bool, keys->searched);
    if (!cut) return error_plain(error, STATUS_OUT_OF_MEMORY);
    found->cut = cut;
    for (size_t k = 0; k < keys->searched; k++) {
        const struct import_batch_key *key = &batch->known[row->numbers[k]];
        enum candidate_key kind = customer_key_kind(keys, k);
        size_t homes = homes_of(batch, key, keys->items[k]);
        cut[k] = candidates_cut(kind, homes);
        if (cut[k]) note_cut(batch, keys->items[k]);
        if (cut[k]) continue;
        add_candidates(batch, key, kind, homes, &candidates);
        add_tried(batch, keys->items[k], kind, homes, &candidates);
    }
    return duplicates_judge(&search, keys, cut, &candidates, &found->duplicates, &found->count,
                            error);
}
