/* See import_records.h. Per batch: one lock of all keys that decide, one look-up of all keys, one
 * of all ids that were given, one of all contact points; then each row is an insert without further
 * reading, unless it may be known already. Keys have numbers: texts are compared once, while the
 * batch is prepared.
 */
#include "application/import_records.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "application/cut_keys.h"
#include "application/import_batch.h"
#include "application/import_trial.h"
#include "application/import_update.h"
#include "application/jobs.h"
#include "application/later_imports.h"
#include "base/hash.h"
#include "base/identifier.h"

bool import_records_blames(enum status status)
{
    switch (status) {
    case STATUS_UNKNOWN_FIELD:
    case STATUS_DUPLICATE_FIELD:
    case STATUS_REQUIRED_FIELD:
    case STATUS_INVALID_VALUE:
    case STATUS_LIMIT_EXCEEDED:
    case STATUS_CONSENT_VIOLATION:
    case STATUS_CUSTOMER_EXISTS:
    case STATUS_CUSTOMER_ERASED:
        return true;
    default:
        return false;
    }
}

static enum status settle_row(struct import_result *result, enum status status,
                              const struct error *row_error, struct error *error)
{
    if (status == STATUS_OK) return STATUS_OK;
    if (!import_records_blames(status)) {
        if (error) *error = *row_error;
        return status;
    }
    result->outcome = IMPORT_INVALID;
    result->error = *row_error;
    return STATUS_OK;
}

static enum status prepare_row(struct import_batch *batch, const struct import_record *record,
                               struct batch_row *row, struct import_result *result,
                               struct error *error)
{
    struct environment *environment = batch->application->environment;
    instant now = environment->now(environment);
    struct error row_error = {0};
    struct new_customer_input input = {
        .body = record->body,
        .source = batch->settings.source,
        .import_id = batch->settings.import_id,
        .source_key = record->source_key,
        .observed_at = record->observed_at == INSTANT_NONE ? now : record->observed_at,
        .now = now};
    *row = (struct batch_row){.caller = *batch->caller,
                              .record = record,
                              .observed_at = input.observed_at,
                              .first_point = batch->point_count};
    if (!str_is_none(record->trace)) row->caller.trace = record->trace;
    *result = (struct import_result){.outcome = IMPORT_CREATED};
    enum status status = new_customer_prepare(batch->application, &row->caller, batch->policy,
                                              &input, batch->arena, &row->customer, &row_error);
    row->invalid = status != STATUS_OK;
    TRY(settle_row(result, status, &row_error, error));
    if (row->invalid) return STATUS_OK;
    batch->point_count += row->customer.point_count;
    if (!row->customer.id_was_given) return STATUS_OK;
    row->id_key = new_customer_id_key(&row->customer, batch->arena);
    if (str_is_none(row->id_key)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}

static size_t row_key_count(const struct batch_row *row)
{
    if (row->invalid) return 0;
    return row->customer.keys.searched + !str_is_none(row->customer.source_key) +
           row->customer.id_was_given;
}

/* A key as its row has it. */
struct row_key {
    struct str text;
    bool is_locked, is_id;
};

static struct row_key row_key_at(const struct batch_row *row, size_t key)
{
    const struct customer_keys *keys = &row->customer.keys;
    if (key < keys->searched)
        return (struct row_key){.text = keys->items[key], .is_locked = key < keys->decisive};
    bool is_id = key > keys->searched || str_is_none(row->customer.source_key);
    return (struct row_key){
        .text = is_id ? row->id_key : row->customer.source_key, .is_locked = true, .is_id = is_id};
}

/* The keys by a hash of their texts. */
struct numbering {
    struct import_batch *batch;
    struct hash_key hashed_with;
    uint64_t *hashes; /* by place; 0: it is free */
    size_t *numbers;  /* by place */
    size_t mask;
    bool *is_locked; /* by number */
};

static enum status numbering_init(struct numbering *numbering, struct import_batch *batch,
                                  size_t count)
{
    struct environment *environment = batch->application->environment;
    struct arena *arena = batch->arena;
    size_t room = 16;
    while (room < 2 * count) room *= 2;
    *numbering = (struct numbering){.batch = batch,
                                    .hashes = ARENA_NEW_ARRAY(arena, uint64_t, room),
                                    .numbers = ARENA_NEW_ARRAY(arena, size_t, room),
                                    .is_locked = ARENA_NEW_ARRAY(arena, bool, count),
                                    .mask = room - 1};
    environment->random(environment, (unsigned char *)&numbering->hashed_with,
                        sizeof(numbering->hashed_with));
    batch->keys = ARENA_NEW_ARRAY(arena, struct str, count);
    batch->asked = ARENA_NEW_ARRAY(arena, bool, count);
    bool fits = numbering->hashes && numbering->numbers && numbering->is_locked && batch->keys &&
                batch->asked;
    return fits ? STATUS_OK : STATUS_OUT_OF_MEMORY;
}

/* A key that was cut before is not asked for: it counts as one that too many have. Nor is that of
 * an id, which is there to be locked. */
static bool is_asked(const struct import_batch *batch, const struct row_key *key)
{
    return !key->is_id &&
           !cut_keys_has(batch->application->cut_keys, batch->caller->tenant, key->text);
}

static size_t number_of(struct numbering *numbering, const struct row_key *key)
{
    struct import_batch *batch = numbering->batch;
    uint64_t hash = hash_bytes(numbering->hashed_with, key->text) | 1;
    size_t at = hash >> 32 & numbering->mask;
    while (numbering->hashes[at] != 0 &&
           !(numbering->hashes[at] == hash &&
             str_equal(batch->keys[numbering->numbers[at]], key->text)))
        at = (at + 1) & numbering->mask;
    if (numbering->hashes[at] != 0) return numbering->numbers[at];
    numbering->hashes[at] = hash;
    numbering->numbers[at] = batch->key_count;
    batch->asked[batch->key_count] = is_asked(batch, key);
    batch->keys[batch->key_count] = key->text;
    return batch->key_count++;
}

/* Weight alone may be certain, and then the blocking keys decide. To lock those of a batch would be
 * thousands of locks, more than a database has room for; so batches of imports wait for each other
 * instead. It is no kind of key, and sorts before all of them. */
static const struct str import_lock = STR("!import");

static enum status list_locks(struct import_batch *batch, const bool *is_locked)
{
    batch->locks = ARENA_NEW_ARRAY(batch->arena, struct str, batch->key_count + 1);
    if (!batch->locks) return STATUS_OUT_OF_MEMORY;
    batch->locks[batch->lock_count++] = import_lock;
    for (size_t i = 0; i < batch->key_count; i++)
        if (is_locked[i]) batch->locks[batch->lock_count++] = batch->keys[i];
    str_sort(batch->locks, batch->lock_count);
    return STATUS_OK;
}

/* Gives the keys of all rows their numbers. */
static enum status number_keys(struct import_batch *batch)
{
    struct numbering numbering;
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) count += row_key_count(&batch->rows[i]);
    size_t *numbers = ARENA_NEW_ARRAY(batch->arena, size_t, count);
    if (!numbers) return STATUS_OUT_OF_MEMORY;
    TRY(numbering_init(&numbering, batch, count));
    for (size_t i = 0; i < batch->count; i++) {
        struct batch_row *row = &batch->rows[i];
        row->numbers = numbers;
        for (size_t k = 0; k < row_key_count(row); k++) {
            struct row_key key = row_key_at(row, k);
            *numbers = number_of(&numbering, &key);
            numbering.is_locked[*numbers++] |= key.is_locked;
        }
    }
    return list_locks(batch, numbering.is_locked);
}

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
    batch->known = ARENA_NEW_ARRAY(batch->arena, struct batch_key, batch->key_count);
    if (!asked || !numbers || !batch->known) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t key = 0; key < batch->key_count; key++) {
        batch->known[key] = (struct batch_key){.hit_count = CANDIDATES_HOMES_MAX + 1};
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
            (struct batch_key){.hits = hits + first, .hit_count = at - first};
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
    const struct batch_key **keys =
        ARENA_NEW_ARRAY(batch->arena, const struct batch_key *, batch->count);
    if (!keys) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_row *row = &batch->rows[i];
        if (row->invalid || str_is_none(row->customer.source_key)) continue;
        const struct batch_key *key = &batch->known[row->numbers[row->customer.keys.searched]];
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

static bool remember_created(struct import_batch *batch, size_t index)
{
    const struct batch_row *row = &batch->rows[index];
    for (size_t k = 0; k < row_key_count(row); k++) {
        struct batch_key *key = &batch->known[row->numbers[k]];
        struct batch_home *home = ARENA_NEW(batch->arena, struct batch_home);
        if (!home) return false;
        *home = (struct batch_home){.row = index, .next = key->created};
        key->created = home;
        key->created_count++;
    }
    return true;
}

/* Of a dry run in which it matters who was there before: where a duplicate is refused. */
static struct import_trial *refusing_trial(const struct import_batch *batch)
{
    return batch->settings.on_duplicate == ON_DUPLICATE_REJECT ? batch->settings.trial : NULL;
}

/* That earlier batches of a dry run would have created. */
static void add_tried(const struct import_batch *batch, struct str text, enum candidate_key kind,
                      size_t homes, struct candidates *candidates)
{
    struct import_trial *trial = refusing_trial(batch);
    const struct match_record *record;
    struct str home;
    uint32_t at = 0;
    while (trial && import_trial_next_home(trial, text, &at, &home, &record))
        candidates_add(candidates, home, record, kind, homes);
}

static void add_candidates(const struct import_batch *batch, const struct batch_key *key,
                           enum candidate_key kind, size_t homes, struct candidates *candidates)
{
    for (size_t i = 0; i < key->hit_count; i++)
        candidates_add(candidates, key->hits[i].home, NULL, kind, homes);
    for (const struct batch_home *home = key->created; home; home = home->next) {
        const struct new_customer *other = &batch->rows[home->row].customer;
        /* Where rows are merged it may be a home of another by now. */
        bool alone =
            batch->settings.on_duplicate != ON_DUPLICATE_MERGE && !batch->rows[home->row].updated;
        candidates_add(candidates, other->row.customer_id, alone ? &other->record : NULL, kind,
                       homes);
    }
}

static size_t homes_of(const struct import_batch *batch, const struct batch_key *key,
                       struct str text)
{
    const struct import_trial *trial = refusing_trial(batch);
    return key->hit_count + key->created_count + (trial ? import_trial_homes(trial, text) : 0);
}

/* What a dry run has met is in no store. */
static void note_cut(const struct import_batch *batch, struct str key)
{
    if (!batch->settings.trial)
        cut_keys_add(batch->application->cut_keys, batch->caller->tenant, key);
}

/* Who the row may be: customers of the store, and rows created by this batch. */
static enum status find_duplicates(const struct import_batch *batch, const struct batch_row *row,
                                   struct new_customer_found *found, struct error *error)
{
    const struct duplicate_search search = {.application = batch->application,
                                            .policy = batch->policy,
                                            .session = batch->session,
                                            .arena = batch->arena,
                                            .record = &row->customer.record};
    struct candidates candidates = {.arena = batch->arena};
    const struct customer_keys *keys = &row->customer.keys;
    bool *cut = ARENA_NEW_ARRAY(batch->arena, bool, keys->searched);
    if (!cut) return error_plain(error, STATUS_OUT_OF_MEMORY);
    found->cut = cut;
    for (size_t k = 0; k < keys->searched; k++) {
        const struct batch_key *key = &batch->known[row->numbers[k]];
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

static enum status refuse_duplicate(const struct import_batch *batch,
                                    const struct duplicate *duplicates, size_t certain,
                                    struct import_result *result, struct error *error)
{
    result->outcome = IMPORT_DUPLICATE;
    result->customer_id = duplicates[0].customer_id;
    enum status status = duplicates_refuse(duplicates, certain, batch->arena, &result->error);
    return status == STATUS_DUPLICATE_CUSTOMER ? STATUS_OK : error_plain(error, status);
}

static void note_home(struct import_batch *batch, struct str home)
{
    struct json_writer writer = {.out = &batch->homes, .need_comma = batch->homes.len > 1};
    json_string(&writer, home);
}

/* Whoever takes an import before this one back is told that it would be said still. */
static enum status note_unchanged(struct import_batch *batch, struct str home, struct error *error)
{
    struct str noted =
        arena_format(batch->arena, "%c%.*s", LATER_IMPORTS_UNCHANGED, STR_ARGS(home));
    if (str_is_none(noted)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    note_home(batch, noted);
    return STATUS_OK;
}

/* An undo has removed the customer that has the id that was given. */
static enum status is_removed(const struct import_batch *batch, const struct batch_row *row,
                              bool *removed, struct error *error)
{
    struct profile_row there;
    *removed = false;
    if (!row->id_exists) return STATUS_OK;
    TRY(store_profile_get(batch->session, row->customer.row.customer_id, STORE_NO_LOCK,
                          batch->arena, &there, error));
    *removed = customer_is_removed(&there);
    return STATUS_OK;
}

/* By a profile that was there, or by a row before. */
static bool is_taken(const struct import_batch *batch, const struct batch_row *row)
{
    return row->customer.id_was_given &&
           (row->id_exists || batch->known[row->numbers[row_key_count(row) - 1]].created);
}

static void refuse_taken_id(struct import_result *result)
{
    result->outcome = IMPORT_INVALID;
    (void)error_set(&result->error, STATUS_CUSTOMER_EXISTS, STR("customerId"), STR_NONE,
                    "the customerId is taken");
}

/* A removed customer that is about to be there again, and certainly is another one already. */
static enum status refuse_certain(const struct import_batch *batch, const struct batch_row *row,
                                  struct import_result *result, struct error *error)
{
    struct new_customer_found found = {.on_duplicate = batch->settings.on_duplicate};
    if (batch->settings.on_duplicate != ON_DUPLICATE_REJECT) return STATUS_OK;
    TRY(find_duplicates(batch, row, &found, error));
    size_t certain = duplicates_certain(found.duplicates, found.count);
    if (!found.duplicates || certain == 0) return STATUS_OK;
    return refuse_duplicate(batch, found.duplicates, certain, result, error);
}

/* Says in the home, which is open, what the record adds to it. */
static enum status update_home(struct import_batch *batch, const struct batch_row *row,
                               struct str home, struct customer_change *change,
                               struct import_result *result, struct error *error)
{
    bool changed = false;
    bool was_removed = change->golden.is_silent;
    if (was_removed) TRY(refuse_certain(batch, row, result, error));
    if (result->outcome == IMPORT_DUPLICATE) return STATUS_OK;
    result->customer_id = home;
    TRY(import_update(change, home, &row->customer, row->record->source_key, batch->settings.source,
                      row->observed_at, &changed, error));
    if (was_removed && !str_is_none(row->customer.source_key))
        TRY(store_keys_put(batch->session, home, &row->customer.source_key, 1, error));
    result->outcome = !changed ? IMPORT_UNCHANGED : was_removed ? IMPORT_CREATED : IMPORT_UPDATED;
    return STATUS_OK;
}

/* Opens the home that the source record was given to, before or by this batch; *home is absent
 * when it is new. A store finds homes by a hash of the key: their facts decide. */
static enum status open_known(const struct import_batch *batch, const struct batch_row *row,
                              struct customer_change *change, struct str *home, struct error *error)
{
    *home = STR_NONE;
    if (str_is_none(row->customer.source_key)) return STATUS_OK;
    const struct batch_key *key = &batch->known[row->numbers[row->customer.keys.searched]];
    for (size_t i = 0; i < key->hit_count; i++) {
        TRY(import_update_open(change, key->hits[i].home, error));
        if (!import_update_has(change, key->hits[i].home, batch->settings.source,
                               row->record->source_key))
            continue;
        *home = key->hits[i].home;
        return STATUS_OK;
    }
    if (!key->created) return STATUS_OK;
    batch->rows[key->created->row].updated = true;
    *home = batch->rows[key->created->row].customer.row.customer_id;
    return import_update_open(change, *home, error);
}

static struct customer_change change_of(const struct import_batch *batch,
                                        const struct batch_row *row)
{
    return (struct customer_change){.application = batch->application,
                                    .caller = &row->caller,
                                    .policy = batch->policy,
                                    .session = batch->session,
                                    .arena = batch->arena,
                                    .import_id = batch->settings.import_id,
                                    .imported = true};
}

/* The home was opened, or not, as `status` and `why` say. */
static enum status update_row(struct import_batch *batch, size_t index, struct str home,
                              struct customer_change *change, enum status status, struct error *why,
                              struct error *error)
{
    struct import_result *result = &batch->results[index];
    if (status == STATUS_OK)
        status = update_home(batch, &batch->rows[index], home, change, result, why);
    TRY(settle_row(result, status, why, error));
    for (size_t i = 0; i < change->home_count; i++) note_home(batch, change->homes[i]);
    return status == STATUS_OK && result->outcome == IMPORT_UNCHANGED
               ? note_unchanged(batch, home, error)
               : STATUS_OK;
}

/* *known: false when the source record was given to no home, and nothing was done. */
static enum status update_known(struct import_batch *batch, size_t index, bool *known,
                                struct error *error)
{
    const struct batch_row *row = &batch->rows[index];
    struct error why = {0};
    struct customer_change change = change_of(batch, row);
    struct str home;
    enum status status = open_known(batch, row, &change, &home, &why);
    *known = status != STATUS_OK || !str_is_none(home);
    if (!*known) return STATUS_OK;
    return update_row(batch, index, home, &change, status, &why, error);
}

static enum status update_removed(struct import_batch *batch, size_t index, struct str home,
                                  struct error *error)
{
    struct error why = {0};
    struct customer_change change = change_of(batch, &batch->rows[index]);
    enum status status = import_update_open(&change, home, &why);
    return update_row(batch, index, home, &change, status, &why, error);
}

/* A row that is about what an earlier batch of the dry run would have written; false when it is
 * not, or is compared with that as with any customer. */
static bool was_tried(const struct import_batch *batch, size_t index)
{
    struct import_trial *trial = batch->settings.trial;
    const struct batch_row *row = &batch->rows[index];
    struct import_result *result = &batch->results[index];
    bool same;
    if (!trial) return false;
    import_trial_next_row(trial);
    if (!str_is_none(row->customer.source_key) &&
        import_trial_said(trial, row->customer.source_key, row->record->body, &same)) {
        result->outcome = same ? IMPORT_UNCHANGED : IMPORT_UPDATED;
        return true;
    }
    if (str_is_none(row->id_key) || !import_trial_has(trial, row->id_key)) return false;
    refuse_taken_id(result);
    return true;
}

/* By a key of a customer that the dry run has not kept. */
static bool refuse_tried(const struct import_batch *batch, const struct batch_row *row,
                         struct import_result *result)
{
    const struct customer_keys *keys = &row->customer.keys;
    const struct import_trial *trial = refusing_trial(batch);
    bool found = false;
    if (!trial) return false;
    for (size_t k = 0; k < keys->decisive && !found; k++)
        found = import_trial_has(trial, keys->items[k]);
    if (!found) return false;
    result->outcome = IMPORT_DUPLICATE;
    (void)error_plain(&result->error, STATUS_DUPLICATE_CUSTOMER);
    return true;
}

static enum status create_row(struct import_batch *batch, size_t index, struct error *error)
{
    struct batch_row *row = &batch->rows[index];
    struct import_result *result = &batch->results[index];
    struct str id = row->customer.row.customer_id;
    bool removed;
    TRY(is_removed(batch, row, &removed, error));
    if (removed) return update_removed(batch, index, id, error);
    struct new_customer_found found = {.cause = DUPLICATE_BY_IMPORT,
                                       .suppressed = batch->suppressed + row->first_point,
                                       .on_duplicate = batch->settings.on_duplicate};
    struct profile_row shown;
    if (is_taken(batch, row)) {
        refuse_taken_id(result);
        return STATUS_OK;
    }
    TRY(find_duplicates(batch, row, &found, error));
    size_t certain = duplicates_certain(found.duplicates, found.count);
    if (found.duplicates && certain > 0 && batch->settings.on_duplicate == ON_DUPLICATE_REJECT)
        return refuse_duplicate(batch, found.duplicates, certain, result, error);
    if (refuse_tried(batch, row, result)) return STATUS_OK;
    if (refusing_trial(batch)) found.count = 0; /* some of them are in no store */
    TRY(new_customer_insert(batch->application, &row->caller, batch->session, &row->customer,
                            &found, batch->arena, &shown, error));
    result->customer_id = id;
    row->created = str_equal(shown.customer_id, id);
    note_home(batch, id);
    return remember_created(batch, index) ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}

/* What a dry run found, for the batches after this one. */
static void remember_trial(const struct import_batch *batch)
{
    struct import_trial *trial = batch->settings.trial;
    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_row *row = &batch->rows[i];
        const struct customer_keys *keys = &row->customer.keys;
        enum import_outcome outcome = batch->results[i].outcome;
        if (outcome != IMPORT_CREATED && outcome != IMPORT_UPDATED) continue;
        if (!str_is_none(row->customer.source_key))
            import_trial_say(trial, row->customer.source_key, row->record->body);
        if (outcome == IMPORT_CREATED && !str_is_none(row->id_key))
            import_trial_put(trial, row->id_key);
        if (outcome == IMPORT_CREATED &&
            import_trial_keep(trial, row->customer.row.customer_id, &row->customer.record,
                              keys->items, keys->searched))
            continue;
        for (size_t k = 0; k < keys->decisive; k++) import_trial_put(trial, keys->items[k]);
    }
}

static enum status write_step(struct import_batch *batch, struct error *error)
{
    struct import_step *step = batch->step;
    struct buffer document = {.arena = batch->arena}, report = {.arena = batch->arena};
    struct json_writer writer = {.out = &document};
    step->conclude(step, &report);
    json_object_begin(&writer);
    import_counts_write(&writer, &step->after);
    json_object_end(&writer);
    buffer_append_char(&batch->homes, ']');
    if (buffer_failed(&document) || buffer_failed(&report) || buffer_failed(&batch->homes))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (str_is_none(batch->settings.import_id) || batch->settings.trial) return STATUS_OK;
    const struct job_step row = {.job_id = batch->settings.import_id,
                                 .number = step->number,
                                 .document = buffer_str(&document),
                                 .homes = buffer_str(&batch->homes),
                                 .report = report.len ? buffer_str(&report) : STR_NONE};
    return store_job_step_append(batch->session, &row, error);
}

static enum status import_body(struct store_session *session, void *context, struct error *error)
{
    struct import_batch *batch = context;
    batch->session = session;
    batch->homes = (struct buffer){.arena = batch->arena};
    buffer_append_char(&batch->homes, '[');
    if (!str_is_none(batch->settings.import_id))
        TRY(jobs_hold(session, batch->settings.import_id, batch->settings.epoch, batch->arena,
                      error));
    TRY(store_keys_lock(session, batch->locks, batch->lock_count, error));
    TRY(store_creations_await(session, &batch->mark, error));
    TRY(find_known(batch, error));
    TRY(lock_known(batch, error));
    TRY(find_ids(batch, error));
    TRY(find_suppressed(batch, error));
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->rows[i].invalid) continue;
        batch->results[i] = (struct import_result){.outcome = IMPORT_CREATED};
        batch->rows[i].created = false;
        if (was_tried(batch, i)) continue;
        bool known;
        TRY(update_known(batch, i, &known, error));
        if (!known) TRY(create_row(batch, i, error));
    }
    if (batch->step) TRY(write_step(batch, error));
    TRY(import_batch_look_again(batch, error));
    return batch->settings.trial ? STATUS_ROLLED_BACK : STATUS_OK;
}

enum status import_records_prepare(struct application *application, const struct caller *caller,
                                   const struct import_settings *settings,
                                   const struct import_record *records, size_t count,
                                   struct arena *arena, struct import_result *results,
                                   struct import_batch **out, struct error *error)
{
    struct import_batch *batch = ARENA_NEW(arena, struct import_batch);
    struct batch_row *rows = ARENA_NEW_ARRAY(arena, struct batch_row, count);
    if (!batch || !rows) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *batch = (struct import_batch){.application = application,
                                   .caller = caller,
                                   .policy = application->policy_for(application, caller->tenant),
                                   .settings = *settings,
                                   .arena = arena,
                                   .rows = rows,
                                   .count = count,
                                   .results = results};
    if (count > IMPORT_BATCH_MAX)
        return error_set(error, STATUS_LIMIT_EXCEEDED, STR(""), STR_NONE,
                         "a batch has at most %d records", IMPORT_BATCH_MAX);
    if (!identifier_is_valid(settings->source))
        return error_set(error, STATUS_INVALID_VALUE, STR("source"), STR(IDENTIFIER_ALLOWED),
                         "is not the name of a source");
    for (size_t i = 0; i < count; i++) {
        TRY(prepare_row(batch, &records[i], &batch->rows[i], &results[i], error));
        batch->any_valid = batch->any_valid || !batch->rows[i].invalid;
    }
    if (number_keys(batch) != STATUS_OK) return error_plain(error, STATUS_OUT_OF_MEMORY);
    batch->prepared = arena_mark(arena);
    *out = batch;
    return STATUS_OK;
}

enum status import_records_write(struct import_batch *batch, struct import_step *step,
                                 struct error *error)
{
    batch->step = step;
    if (!batch->any_valid && !step) return STATUS_OK;
    arena_rewind(batch->arena, batch->prepared);
    enum status status = store_write(batch->application->store, batch->caller->tenant, batch->arena,
                                     import_body, batch, error);
    if (status != STATUS_ROLLED_BACK) return status;
    remember_trial(batch);
    return STATUS_OK;
}

enum status import_records(struct application *application, const struct caller *caller,
                           const struct import_settings *settings,
                           const struct import_record *records, size_t count, struct arena *arena,
                           struct import_result *results, struct error *error)
{
    struct import_batch *batch = NULL;
    TRY(import_records_prepare(application, caller, settings, records, count, arena, results,
                               &batch, error));
    assert(batch);
    return import_records_write(batch, NULL, error);
}
