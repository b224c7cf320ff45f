/* See import_records.h and, for how the work is divided, import_batch.h. Per batch: one lock of all
 * keys that decide, one look-up of all keys, one of all ids that were given, one of all contact
 * points; then each row is an insert without further reading, unless it may be known already.
 */
#include "application/import_records.h"

#include <assert.h>

#include "application/import_candidates.h"
#include "application/import_known.h"
#include "application/import_trial.h"
#include "application/import_update.h"
#include "application/jobs.h"
#include "application/later_imports.h"
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
static enum status is_removed(const struct import_batch *batch, const struct import_batch_row *row,
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
static bool is_taken(const struct import_batch *batch, const struct import_batch_row *row)
{
    return row->customer.id_was_given &&
           (row->id_exists || batch->known[row->numbers[import_batch_key_count(row) - 1]].created);
}

static void refuse_taken_id(struct import_result *result)
{
    result->outcome = IMPORT_INVALID;
    (void)error_set(&result->error, STATUS_CUSTOMER_EXISTS, STR("customerId"), STR_NONE,
                    "the customerId is taken");
}

/* A removed customer that is about to be there again, and certainly is another one already. */
static enum status refuse_certain(const struct import_batch *batch,
                                  const struct import_batch_row *row, struct import_result *result,
                                  struct error *error)
{
    struct new_customer_found found = {.on_duplicate = batch->settings.on_duplicate};
    if (batch->settings.on_duplicate != ON_DUPLICATE_REJECT) return STATUS_OK;
    TRY(import_candidates_find(batch, row, &found, error));
    size_t certain = duplicates_certain(found.duplicates, found.count);
    if (!found.duplicates || certain == 0) return STATUS_OK;
    return refuse_duplicate(batch, found.duplicates, certain, result, error);
}

/* Says in the home, which is open, what the record adds to it. */
static enum status update_home(struct import_batch *batch, const struct import_batch_row *row,
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
static enum status open_known(const struct import_batch *batch, const struct import_batch_row *row,
                              struct customer_change *change, struct str *home, struct error *error)
{
    *home = STR_NONE;
    if (str_is_none(row->customer.source_key)) return STATUS_OK;
    const struct import_batch_key *key = &batch->known[row->numbers[row->customer.keys.searched]];
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
                                        const struct import_batch_row *row)
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
    TRY(import_batch_settle(result, status, why, error));
    for (size_t i = 0; i < change->home_count; i++) note_home(batch, change->homes[i]);
    return status == STATUS_OK && result->outcome == IMPORT_UNCHANGED
               ? note_unchanged(batch, home, error)
               : STATUS_OK;
}

/* *known: false when the source record was given to no home, and nothing was done. */
static enum status update_known(struct import_batch *batch, size_t index, bool *known,
                                struct error *error)
{
    const struct import_batch_row *row = &batch->rows[index];
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
    const struct import_batch_row *row = &batch->rows[index];
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
static bool refuse_tried(const struct import_batch *batch, const struct import_batch_row *row,
                         struct import_result *result)
{
    const struct customer_keys *keys = &row->customer.keys;
    const struct import_trial *trial = import_candidates_trial(batch);
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
    struct import_batch_row *row = &batch->rows[index];
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
    TRY(import_candidates_find(batch, row, &found, error));
    size_t certain = duplicates_certain(found.duplicates, found.count);
    if (found.duplicates && certain > 0 && batch->settings.on_duplicate == ON_DUPLICATE_REJECT)
        return refuse_duplicate(batch, found.duplicates, certain, result, error);
    if (refuse_tried(batch, row, result)) return STATUS_OK;
    if (import_candidates_trial(batch)) found.count = 0; /* some of them are in no store */
    TRY(new_customer_insert(batch->application, &row->caller, batch->session, &row->customer,
                            &found, batch->arena, &shown, error));
    result->customer_id = id;
    row->created = str_equal(shown.customer_id, id);
    note_home(batch, id);
    return import_candidates_note(batch, index) ? STATUS_OK
                                                : error_plain(error, STATUS_OUT_OF_MEMORY);
}

/* What a dry run found, for the batches after this one. */
static void remember_trial(const struct import_batch *batch)
{
    struct import_trial *trial = batch->settings.trial;
    for (size_t i = 0; i < batch->count; i++) {
        const struct import_batch_row *row = &batch->rows[i];
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
    TRY(import_known_read(batch, error));
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
    struct import_batch_row *rows = ARENA_NEW_ARRAY(arena, struct import_batch_row, count);
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
    TRY(import_batch_fill(batch, records, error));
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
