#include "application/import_batch.h"

#include "application/cut_keys.h"
#include "base/hash.h"

enum status import_batch_settle(struct import_result *result, enum status status,
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
                               struct import_batch_row *row, struct import_result *result,
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
    *row = (struct import_batch_row){.caller = *batch->caller,
                                     .record = record,
                                     .observed_at = input.observed_at,
                                     .first_point = batch->point_count};
    if (!str_is_none(record->trace)) row->caller.trace = record->trace;
    *result = (struct import_result){.outcome = IMPORT_CREATED};
    enum status status = new_customer_prepare(batch->application, &row->caller, batch->policy,
                                              &input, batch->arena, &row->customer, &row_error);
    row->invalid = status != STATUS_OK;
    TRY(import_batch_settle(result, status, &row_error, error));
    if (row->invalid) return STATUS_OK;
    batch->point_count += row->customer.point_count;
    if (!row->customer.id_was_given) return STATUS_OK;
    row->id_key = new_customer_id_key(&row->customer, batch->arena);
    if (str_is_none(row->id_key)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}

/* A key as its row has it. */
struct row_key {
    struct str text;
    bool is_locked, is_id;
};

static struct row_key row_key_at(const struct import_batch_row *row, size_t key)
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
    for (size_t i = 0; i < batch->count; i++) count += import_batch_key_count(&batch->rows[i]);
    size_t *numbers = ARENA_NEW_ARRAY(batch->arena, size_t, count);
    if (!numbers) return STATUS_OUT_OF_MEMORY;
    TRY(numbering_init(&numbering, batch, count));
    for (size_t i = 0; i < batch->count; i++) {
        struct import_batch_row *row = &batch->rows[i];
        row->numbers = numbers;
        for (size_t k = 0; k < import_batch_key_count(row); k++) {
            struct row_key key = row_key_at(row, k);
            *numbers = number_of(&numbering, &key);
            numbering.is_locked[*numbers++] |= key.is_locked;
        }
    }
    return list_locks(batch, numbering.is_locked);
}

enum status import_batch_fill(struct import_batch *batch, const struct import_record *records,
                              struct error *error)
{
    for (size_t i = 0; i < batch->count; i++) {
        TRY(prepare_row(batch, &records[i], &batch->rows[i], &batch->results[i], error));
        batch->any_valid = batch->any_valid || !batch->rows[i].invalid;
    }
    return number_keys(batch) == STATUS_OK ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}
