/* See import_records.h. Per batch: one lock of all keys, one look-up of all keys, one of all ids
 * that were given, one of all contact points; then each row is an insert without further reading,
 * unless it is known already.
 */
#include "application/import_records.h"

#include <assert.h>
#include <string.h>

#include "application/duplicates.h"
#include "application/import_update.h"
#include "base/identifier.h"

/* A key of a row that this batch has created, in a chained table. */
struct batch_key {
    struct str key;
    uint64_t hash;
    size_t row;
    struct batch_key *next;
};

struct batch_row {
    struct new_customer customer;
    const struct import_record *record;
    instant observed_at;
    struct str source_key; /* as a key; absent when the record has none */
    size_t first_point;    /* of its contact points among all */
    bool invalid;
    bool id_exists; /* a profile was there that has the id that was given */
};

struct import_batch {
    struct application *application;
    const struct caller *caller;
    const struct policy *policy;
    struct str source;
    enum duplicate_choice on_duplicate;
    struct arena *arena;
    struct batch_row *rows;
    size_t count;
    struct import_result *results;
    struct str *keys; /* of all rows, in order */
    size_t key_count;
    bool any_valid;
    struct arena_mark prepared; /* what the arena holds behind it is the unit of work's */
    /* Made in the unit of work. */
    struct store_session *session;
    struct key_hit *hits; /* in order of key */
    size_t *first_hit;    /* of each key, and behind the last */
    bool *suppressed;
    size_t point_count;
    struct batch_key **created;
    size_t created_room; /* a power of two */
};

/* Whether a status is about the row; any other is about the batch. */
static bool is_about_row(enum status status)
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
    if (!is_about_row(status)) {
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
        .source = batch->source,
        .source_key = record->source_key,
        .observed_at = record->observed_at == INSTANT_NONE ? now : record->observed_at,
        .now = now};
    *row = (struct batch_row){
        .record = record, .observed_at = input.observed_at, .first_point = batch->point_count};
    *result = (struct import_result){.outcome = IMPORT_CREATED};
    enum status status = new_customer_prepare(batch->application, batch->caller, batch->policy,
                                              &input, batch->arena, &row->customer, &row_error);
    row->invalid = status != STATUS_OK;
    TRY(settle_row(result, status, &row_error, error));
    if (row->invalid) return STATUS_OK;
    batch->point_count += row->customer.point_count;
    if (str_is_none(record->source_key)) return STATUS_OK;
    row->source_key = row->customer.keys[row->customer.key_count - 1];
    return STATUS_OK;
}

/* All keys by which rows can be known already (or that must be ours alone), each once. */
static enum status gather_keys(struct import_batch *batch)
{
    size_t room = 0, n = 0;
    for (size_t i = 0; i < batch->count; i++) room += batch->rows[i].customer.key_count + 1;
    struct str *all = ARENA_NEW_ARRAY(batch->arena, struct str, room);
    if (!all) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < batch->count; i++) {
        const struct new_customer *customer = &batch->rows[i].customer;
        if (batch->rows[i].invalid) continue;
        size_t more;
        TRY(new_customer_guards(customer, batch->arena, all + n, &more));
        n += more;
    }
    str_sort(all, n);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || !str_equal(all[kept - 1], all[i])) all[kept++] = all[i];
    batch->keys = all;
    batch->key_count = kept;
    return STATUS_OK;
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

static uint64_t hash_of(struct str key)
{
    static const struct hash_key hash = {1, 2}; /* no secret: a batch bounds its chains */
    return hash_bytes(hash, key);
}

/* The next of the batch's customers that has the key, after `before` or from the first on. */
static const struct batch_key *next_created(const struct import_batch *batch, struct str key,
                                            uint64_t hash, const struct batch_key *before)
{
    const struct batch_key *at =
        before ? before->next : batch->created[hash & (batch->created_room - 1)];
    while (at && !(at->hash == hash && str_equal(at->key, key))) at = at->next;
    return at;
}

static bool remember_key(struct import_batch *batch, struct str key, size_t row)
{
    struct batch_key *entry = ARENA_NEW(batch->arena, struct batch_key);
    if (!entry) return false;
    uint64_t hash = hash_of(key);
    struct batch_key **slot = &batch->created[hash & (batch->created_room - 1)];
    *entry = (struct batch_key){.key = key, .hash = hash, .row = row, .next = *slot};
    *slot = entry;
    return true;
}

/* By its keys and its id, which is like none of them. */
static bool remember_created(struct import_batch *batch, size_t row)
{
    const struct new_customer *customer = &batch->rows[row].customer;
    for (size_t k = 0; k < customer->key_count; k++)
        if (!remember_key(batch, customer->keys[k], row)) return false;
    return !customer->id_was_given || remember_key(batch, customer->row.customer_id, row);
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

static enum status find_hits(struct import_batch *batch, struct error *error)
{
    size_t hit_count, at = 0;
    TRY(store_keys_find(batch->session, batch->keys, batch->key_count, STORE_HOMES_MAX,
                        batch->arena, &batch->hits, &hit_count, error));
    batch->first_hit = ARENA_NEW_ARRAY(batch->arena, size_t, batch->key_count + 1);
    if (!batch->first_hit) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t key = 0; key <= batch->key_count; key++) {
        while (at < hit_count && batch->hits[at].key < key) at++;
        batch->first_hit[key] = at;
    }
    return STATUS_OK;
}

/* The store's homes of a key. */
static const struct key_hit *hits_of_key(const struct import_batch *batch, struct str key,
                                         size_t *count)
{
    size_t low = 0, high = batch->key_count;
    *count = 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (str_compare(batch->keys[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == batch->key_count || !str_equal(batch->keys[low], key)) return NULL;
    *count = batch->first_hit[low + 1] - batch->first_hit[low];
    return batch->hits + batch->first_hit[low];
}

/* The home that the source record was given to, before or by this batch; absent when it is new. */
static struct str known_home(const struct import_batch *batch, const struct batch_row *row)
{
    if (str_is_none(row->source_key)) return STR_NONE;
    size_t count;
    const struct key_hit *hit = hits_of_key(batch, row->source_key, &count);
    if (count > 0) return hit->home;
    const struct batch_key *at =
        next_created(batch, row->source_key, hash_of(row->source_key), NULL);
    return at ? batch->rows[at->row].customer.row.customer_id : STR_NONE;
}

/* Certain duplicates among the rows created by this batch, which the store's hits cannot show. */
static enum status find_in_batch(const struct import_batch *batch, const struct batch_row *row,
                                 struct duplicate *duplicate, bool *found)
{
    struct matcher *matcher = batch->application->matcher;
    *found = false;
    for (size_t k = 0; k < row->customer.key_count; k++) {
        struct str key = row->customer.keys[k];
        uint64_t hash = hash_of(key);
        const struct batch_key *at = NULL;
        while ((at = next_created(batch, key, hash, at))) {
            const struct new_customer *other = &batch->rows[at->row].customer;
            TRY(matcher->compare(matcher, &row->customer.golden, &other->golden, batch->arena,
                                 &duplicate->match));
            *found = duplicate->match.decision == MATCH_CERTAIN;
            duplicate->customer_id = other->row.customer_id;
            if (*found) return STATUS_OK;
        }
    }
    return STATUS_OK;
}

/* The store's hits of one row, which lie here and there among all. */
static enum status hits_of(const struct import_batch *batch, const struct batch_row *row,
                           struct key_hit **hits, size_t *count)
{
    size_t total = 0;
    *hits = NULL;
    *count = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t k = 0; k < row->customer.key_count; k++) {
            size_t more;
            const struct key_hit *of_key = hits_of_key(batch, row->customer.keys[k], &more);
            for (size_t i = 0; i < more && pass == 1; i++) (*hits)[(*count)++] = of_key[i];
            total += more;
        }
        if (pass == 1 || total == 0) return STATUS_OK;
        *hits = ARENA_NEW_ARRAY(batch->arena, struct key_hit, total);
        if (!*hits) return STATUS_OUT_OF_MEMORY;
    }
    return STATUS_OK;
}

static enum status refuse_duplicate(const struct import_batch *batch, const struct batch_row *row,
                                    struct import_result *result, struct error *error)
{
    struct duplicate *duplicates, in_batch;
    struct key_hit *hits;
    size_t count, hit_count;
    bool found;
    if (batch->on_duplicate == ON_DUPLICATE_ALLOW) return STATUS_OK;
    if (hits_of(batch, row, &hits, &hit_count) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(duplicates_judge(batch->application, batch->policy, batch->session, &row->customer.golden,
                         hits, hit_count, batch->arena, &duplicates, &count, error));
    if (count == 0) {
        if (find_in_batch(batch, row, &in_batch, &found) != STATUS_OK)
            return error_plain(error, STATUS_OUT_OF_MEMORY);
        if (!found) return STATUS_OK;
        duplicates = &in_batch;
        count = 1;
    }
    result->outcome = IMPORT_DUPLICATE;
    result->customer_id = duplicates[0].customer_id;
    enum status status = duplicates_refuse(duplicates, count, batch->arena, &result->error);
    return status == STATUS_DUPLICATE_CUSTOMER ? STATUS_OK : error_plain(error, status);
}

/* By a profile that was there, or by a row before. */
static bool is_taken(const struct import_batch *batch, const struct batch_row *row)
{
    struct str id = row->customer.row.customer_id;
    return row->customer.id_was_given &&
           (row->id_exists || next_created(batch, id, hash_of(id), NULL));
}

static void refuse_taken_id(struct import_result *result)
{
    result->outcome = IMPORT_INVALID;
    (void)error_set(&result->error, STATUS_CUSTOMER_EXISTS, STR("customerId"), STR_NONE,
                    "the customerId is taken");
}

static enum status create_row(struct import_batch *batch, size_t index, struct error *error)
{
    struct batch_row *row = &batch->rows[index];
    struct import_result *result = &batch->results[index];
    if (is_taken(batch, row))
        refuse_taken_id(result);
    else
        TRY(refuse_duplicate(batch, row, result, error));
    if (result->outcome != IMPORT_CREATED) return STATUS_OK;
    TRY(new_customer_insert(batch->application, batch->caller, batch->session, &row->customer,
                            batch->suppressed + row->first_point, batch->arena, error));
    result->customer_id = row->customer.row.customer_id;
    return remember_created(batch, index) ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}

static enum status update_row(struct import_batch *batch, size_t index, struct str home,
                              struct error *error)
{
    struct batch_row *row = &batch->rows[index];
    struct import_result *result = &batch->results[index];
    struct error row_error = {0};
    bool changed = false;
    struct customer_change change = {.application = batch->application,
                                     .caller = batch->caller,
                                     .policy = batch->policy,
                                     .session = batch->session,
                                     .arena = batch->arena};
    result->customer_id = home;
    enum status status = import_update(&change, home, &row->customer, row->record->source_key,
                                       batch->source, row->observed_at, &changed, &row_error);
    TRY(settle_row(result, status, &row_error, error));
    if (status == STATUS_OK) result->outcome = changed ? IMPORT_UPDATED : IMPORT_UNCHANGED;
    return STATUS_OK;
}

static enum status import_body(struct store_session *session, void *context, struct error *error)
{
    struct import_batch *batch = context;
    struct str *keys = batch->keys;
    size_t key_count = batch->key_count;
    batch->session = session;
    for (batch->created_room = 16; batch->created_room < 2 * key_count;) batch->created_room *= 2;
    batch->created = ARENA_NEW_ARRAY(batch->arena, struct batch_key *, batch->created_room);
    if (!batch->created) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (key_count > 0) TRY(store_keys_lock(session, keys, key_count, error));
    TRY(find_hits(batch, error));
    TRY(find_ids(batch, error));
    TRY(find_suppressed(batch, error));
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->rows[i].invalid) continue;
        batch->results[i] = (struct import_result){.outcome = IMPORT_CREATED};
        struct str home = known_home(batch, &batch->rows[i]);
        TRY(str_is_none(home) ? create_row(batch, i, error) : update_row(batch, i, home, error));
    }
    return STATUS_OK;
}

enum status import_records_prepare(struct application *application, const struct caller *caller,
                                   struct str source, const struct import_record *records,
                                   size_t count, enum duplicate_choice on_duplicate,
                                   struct arena *arena, struct import_result *results,
                                   struct import_batch **out, struct error *error)
{
    struct import_batch *batch = ARENA_NEW(arena, struct import_batch);
    struct batch_row *rows = ARENA_NEW_ARRAY(arena, struct batch_row, count);
    if (!batch || !rows) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *batch = (struct import_batch){.application = application,
                                   .caller = caller,
                                   .policy = application->policy_for(application, caller->tenant),
                                   .source = source,
                                   .on_duplicate = on_duplicate,
                                   .arena = arena,
                                   .rows = rows,
                                   .count = count,
                                   .results = results};
    if (count > IMPORT_BATCH_MAX)
        return error_set(error, STATUS_LIMIT_EXCEEDED, STR(""), STR_NONE,
                         "a batch has at most %d records", IMPORT_BATCH_MAX);
    if (!identifier_is_valid(source))
        return error_set(error, STATUS_INVALID_VALUE, STR("source"), STR(IDENTIFIER_ALLOWED),
                         "is not the name of a source");
    for (size_t i = 0; i < count; i++) {
        TRY(prepare_row(batch, &records[i], &batch->rows[i], &results[i], error));
        batch->any_valid = batch->any_valid || !batch->rows[i].invalid;
    }
    if (gather_keys(batch) != STATUS_OK) return error_plain(error, STATUS_OUT_OF_MEMORY);
    batch->prepared = arena_mark(arena);
    *out = batch;
    return STATUS_OK;
}

enum status import_records_write(struct import_batch *batch, struct error *error)
{
    if (!batch->any_valid) return STATUS_OK;
    arena_rewind(batch->arena, batch->prepared);
    return store_write(batch->application->store, batch->caller->tenant, batch->arena, import_body,
                       batch, error);
}

enum status import_records(struct application *application, const struct caller *caller,
                           struct str source, const struct import_record *records, size_t count,
                           enum duplicate_choice on_duplicate, struct arena *arena,
                           struct import_result *results, struct error *error)
{
    struct import_batch *batch = NULL;
    TRY(import_records_prepare(application, caller, source, records, count, on_duplicate, arena,
                               results, &batch, error));
    assert(batch);
    return import_records_write(batch, error);
}
