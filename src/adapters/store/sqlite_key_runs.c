#include "adapters/store/sqlite_key_runs.h"

#include <endian.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/store/key_filter.h"
#include "sql_statements.h"

enum {
    FAN_IN = 4,
    LEVELS_MAX = 20,
    RUNS_MAX = 160,
    BUCKET_ENTRIES = 230,        /* at most, on average: a row of them fills a page */
    LEVEL_ENTRIES = 2048 * 1024, /* a run of more entries, not merged, is of a higher level */
    FILTERS_BYTES_MAX = 256 << 20,
    FILTER_BYTES_MAX = FILTERS_BYTES_MAX / 4, /* a run that takes more has none */
    DELETE_BUCKETS = 128,                     /* at a step */
    TASK_COUNT = LEVELS_MAX + 1
};

enum run_state { RUN_WRITING, RUN_LIVE, RUN_DEAD, RUN_STATE_COUNT };
static const struct str state_names[RUN_STATE_COUNT] = {
    [RUN_WRITING] = {"WRITING", 7}, [RUN_LIVE] = {"LIVE", 4}, [RUN_DEAD] = {"DEAD", 4}};

struct run {
    int64_t number; /* 0: the place is free */
    enum run_state state;
    unsigned level, bits;
    size_t entry_count;
    int64_t end_row;
    struct key_filter *filter;
    bool filter_is_whole;
    uint64_t learned;                       /* buckets that are in the filter */
    uint64_t deleted, deleted_if_committed; /* buckets, of a dead one */
    bool is_gone_if_committed;
};

/* A run being written: out of an index in memory, or of other runs. It is written group by group of
 * buckets; a group is the finest part that each source has as whole buckets. */
struct task {
    struct run *out; /* NULL: none */
    const struct key_index *index;
    struct run *sources[FAN_IN];
    size_t source_count;
    unsigned group_bits;
    uint64_t next, next_if_committed;
};

struct entries {
    struct key_entry *items;
    size_t count;
    size_t capacity;
};

struct sqlite_key_runs {
    pthread_mutex_t mutex; /* over numbers and filters: the writer changes them, readers look */
    struct run runs[RUNS_MAX];
    size_t filters_bytes;
    struct task tasks[TASK_COUNT]; /* [0] out of memory; [l + 1] merges runs of level l */
    struct arena arena;
    struct entries gathered, next, merged;
    struct entries erased; /* rows that may be gone and still be in memory, in order */
};

struct sqlite_key_runs *sqlite_key_runs_new(void)
{
    struct sqlite_key_runs *runs = calloc(1, sizeof(*runs));
    if (!runs) return NULL;
    pthread_mutex_init(&runs->mutex, NULL);
    arena_init(&runs->arena, 1 << 30);
    return runs;
}

void sqlite_key_runs_free(struct sqlite_key_runs *runs)
{
    if (!runs) return;
    for (size_t i = 0; i < RUNS_MAX; i++) key_filter_free(runs->runs[i].filter);
    free(runs->gathered.items);
    free(runs->next.items);
    free(runs->merged.items);
    free(runs->erased.items);
    arena_release(&runs->arena);
    pthread_mutex_destroy(&runs->mutex);
    free(runs);
}

/* --- runs --- */

static int64_t place_of(int64_t run_number, uint64_t bucket)
{
    return run_number << 32 | (int64_t)bucket;
}

static uint64_t bucket_of(uint64_t hash, unsigned bits)
{
    return bits ? hash >> (64 - bits) : 0;
}

static unsigned bits_for(size_t entry_count)
{
    unsigned bits = 0;
    while (entry_count >> bits > BUCKET_ENTRIES) bits++;
    return bits;
}

static struct run *free_place(struct sqlite_key_runs *runs)
{
    for (size_t i = 0; i < RUNS_MAX; i++)
        if (runs->runs[i].number == 0) return &runs->runs[i];
    return NULL;
}

static int64_t next_number(const struct sqlite_key_runs *runs)
{
    int64_t last = 0;
    for (size_t i = 0; i < RUNS_MAX; i++)
        if (runs->runs[i].number > last) last = runs->runs[i].number;
    return last + 1;
}

/* None where it would take too much memory: gives whether there is one. */
static bool has_filter(struct sqlite_key_runs *runs, struct run *run)
{
    size_t bytes = key_filter_bytes(run->entry_count);
    if (run->filter) return true;
    if (bytes > FILTER_BYTES_MAX || runs->filters_bytes + bytes > FILTERS_BYTES_MAX) return false;
    if (!(run->filter = key_filter_new(run->entry_count))) return false;
    runs->filters_bytes += bytes;
    return true;
}

/* Readers look at the number alone until the filter is whole. */
static struct run *add_run(struct sqlite_key_runs *runs, const struct run *content)
{
    struct run *run = free_place(runs);
    if (!run) return NULL;
    pthread_mutex_lock(&runs->mutex);
    *run = *content;
    pthread_mutex_unlock(&runs->mutex);
    if (run->state != RUN_DEAD) (void)has_filter(runs, run);
    return run;
}

static void remove_run(struct sqlite_key_runs *runs, struct run *run)
{
    struct key_filter *filter = run->filter;
    if (filter) runs->filters_bytes -= key_filter_bytes(run->entry_count);
    pthread_mutex_lock(&runs->mutex);
    *run = (struct run){0};
    pthread_mutex_unlock(&runs->mutex);
    key_filter_free(filter);
}

static enum status put_run(struct sql_transaction *transaction, const struct run *run,
                           enum run_state state, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_INT64(run->number),
                                       SQL_PARAM_TEXT(state_names[state]),
                                       SQL_PARAM_INT64(run->level),
                                       SQL_PARAM_INT64(run->bits),
                                       SQL_PARAM_INT64((int64_t)run->entry_count),
                                       SQL_PARAM_INT64(run->end_row)};
    return sql_execute(transaction, SQL_MATCH_KEY_RUN_PUT, params, 6, error);
}

/* What was being written when the program ended is of no use. */
static enum status decode_run(const struct sql_rows *rows, size_t row, struct run *run,
                              struct error *error)
{
    *run = (struct run){
        .number = sql_cell_int64(rows, row, 0, 0),
        .state = str_equal(sql_cell(rows, row, 1), state_names[RUN_LIVE]) ? RUN_LIVE : RUN_DEAD,
        .level = (unsigned)sql_cell_int64(rows, row, 2, 0),
        .bits = (unsigned)sql_cell_int64(rows, row, 3, 0),
        .entry_count = (size_t)sql_cell_int64(rows, row, 4, 0),
        .end_row = sql_cell_int64(rows, row, 5, 0)};
    if (run->number > 0 && run->level < LEVELS_MAX && run->bits < 32) return STATUS_OK;
    return error_set(error, STATUS_STORE_CORRUPT, STR_NONE, STR_NONE,
                     "a run of match keys is not as any that is written");
}

enum status sqlite_key_runs_load(struct sqlite_key_runs *runs, struct sql_transaction *transaction,
                                 struct arena *arena, int64_t *end_row, struct error *error)
{
    struct sql_rows rows = {0};
    *end_row = 0;
    TRY(sql_query(transaction, SQL_MATCH_KEY_RUN_LIST, NULL, 0, arena, &rows, error));
    for (size_t i = 0; i < rows.row_count; i++) {
        struct run run;
        TRY(decode_run(&rows, i, &run, error));
        if (!add_run(runs, &run)) return error_plain(error, STATUS_OUT_OF_MEMORY);
        if (run.state == RUN_LIVE && run.end_row > *end_row) *end_row = run.end_row;
    }
    return STATUS_OK;
}

/* --- finding --- */

enum status sqlite_key_runs_view(struct sql_transaction *transaction, struct arena *arena,
                                 struct key_run_view **out, size_t *count, struct error *error)
{
    struct sql_rows rows = {0};
    TRY(sql_query(transaction, SQL_MATCH_KEY_RUN_LIVE, NULL, 0, arena, &rows, error));
    struct key_run_view *views = ARENA_NEW_ARRAY(arena, struct key_run_view, rows.row_count);
    if (!views) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < rows.row_count; i++)
        views[i] = (struct key_run_view){.number = sql_cell_int64(&rows, i, 0, 0),
                                         .bits = (unsigned)sql_cell_int64(&rows, i, 1, 0)};
    *out = views;
    *count = rows.row_count;
    return STATUS_OK;
}

void sqlite_key_runs_filter(struct sqlite_key_runs *runs, const struct key_run_view *view,
                            const uint64_t *hashes, size_t count, bool *may)
{
    const struct key_filter *filter = NULL;
    pthread_mutex_lock(&runs->mutex);
    for (size_t i = 0; i < RUNS_MAX && !filter; i++)
        if (runs->runs[i].number == view->number && runs->runs[i].filter_is_whole)
            filter = runs->runs[i].filter;
    for (size_t i = 0; i < count; i++) may[i] = !filter || key_filter_may_have(filter, hashes[i]);
    pthread_mutex_unlock(&runs->mutex);
}

static struct key_entry entry_at(struct str bytes, size_t i)
{
    uint64_t words[2];
    memcpy(words, bytes.ptr + i * sizeof(words), sizeof(words));
    return (struct key_entry){.hash = le64toh(words[0]), .row = (int64_t)le64toh(words[1])};
}

static enum status read_bucket(struct sql_transaction *transaction, int64_t number, uint64_t bucket,
                               struct arena *arena, struct str *bytes, struct error *error)
{
    const struct sql_value place = SQL_PARAM_INT64(place_of(number, bucket));
    struct sql_rows rows = {0};
    TRY(sql_query(transaction, SQL_MATCH_KEY_BUCKET_GET, &place, 1, arena, &rows, error));
    if (rows.row_count == 0)
        return error_set(error, STATUS_STORE_CORRUPT, STR_NONE, STR_NONE,
                         "a bucket of a run of match keys is missing");
    *bytes = sql_cell(&rows, 0, 0);
    return STATUS_OK;
}

static enum status go_to_bucket(struct key_run_reader *reader, uint64_t bucket, struct error *error)
{
    if (!str_is_none(reader->bytes) && reader->bucket == bucket) return STATUS_OK;
    arena_reset(reader->arena);
    reader->bytes = STR_NONE;
    reader->bucket = bucket;
    return read_bucket(reader->transaction, reader->view->number, bucket, reader->arena,
                       &reader->bytes, error);
}

enum status sqlite_key_runs_find(struct key_run_reader *reader, uint64_t hash, size_t max,
                                 int64_t *rows, size_t *count, struct error *error)
{
    TRY(go_to_bucket(reader, bucket_of(hash, reader->view->bits), error));
    struct str bytes = reader->bytes;
    size_t low = 0, end = bytes.len / sizeof(struct key_entry), high = end;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (entry_at(bytes, middle).hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    *count = 0;
    for (; low < end && *count < max; low++) {
        struct key_entry entry = entry_at(bytes, low);
        if (entry.hash != hash) break;
        rows[(*count)++] = entry.row;
    }
    return STATUS_OK;
}

/* --- what a group has --- */

static bool reserve(struct entries *entries, size_t capacity)
{
    if (capacity <= entries->capacity) return true;
    size_t larger = capacity + capacity / 2;
    struct key_entry *items = realloc(entries->items, larger * sizeof(*items));
    if (!items) return false;
    entries->items = items;
    entries->capacity = larger;
    return true;
}

static int compare_entries(const void *a, const void *b)
{
    const struct key_entry *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static size_t place_of_erased(const struct entries *erased, int64_t row)
{
    size_t low = 0, high = erased->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (erased->items[middle].row < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool was_erased(const struct entries *erased, int64_t row)
{
    size_t at = place_of_erased(erased, row);
    return at < erased->count && erased->items[at].row == row;
}

/* Who erased may have been rolled back: the log says. */
static enum status drop_erased(struct sqlite_key_runs *runs, struct sql_transaction *transaction)
{
    struct error ignored;
    struct entries *out = &runs->gathered;
    size_t kept = 0;
    for (size_t i = 0; i < out->count; i++) {
        const struct sql_value row = SQL_PARAM_INT64(out->items[i].row);
        struct sql_rows rows = {.row_count = 1};
        if (was_erased(&runs->erased, out->items[i].row))
            TRY(sql_query(transaction, SQL_MATCH_KEY_LOG_HAS, &row, 1, &runs->arena, &rows,
                          &ignored));
        if (rows.row_count > 0) out->items[kept++] = out->items[i];
    }
    out->count = kept;
    return STATUS_OK;
}

static enum status gather_index(struct sqlite_key_runs *runs, struct sql_transaction *transaction,
                                const struct task *task, uint64_t group)
{
    struct entries *out = &runs->gathered;
    size_t count =
        key_index_bucket(task->index, task->group_bits, group, out->items, out->capacity);
    if (count > out->capacity) {
        if (!reserve(out, count)) return STATUS_OUT_OF_MEMORY;
        (void)key_index_bucket(task->index, task->group_bits, group, out->items, count);
    }
    out->count = count;
    if (runs->erased.count > 0) TRY(drop_erased(runs, transaction));
    if (out->count > 1) qsort(out->items, out->count, sizeof(*out->items), compare_entries);
    return STATUS_OK;
}

/* The buckets of a run that make the group, as they lie: in order. */
static enum status read_group(struct sqlite_key_runs *runs, struct sql_transaction *transaction,
                              const struct run *source, unsigned group_bits, uint64_t group)
{
    struct error ignored;
    struct entries *out = &runs->next;
    uint64_t buckets = 1ULL << (source->bits - group_bits);
    out->count = 0;
    for (uint64_t i = 0; i < buckets; i++) {
        struct str bytes = STR_NONE;
        arena_reset(&runs->arena);
        TRY(read_bucket(transaction, source->number, group * buckets + i, &runs->arena, &bytes,
                        &ignored));
        size_t count = bytes.len / sizeof(struct key_entry);
        if (!reserve(out, out->count + count)) return STATUS_OUT_OF_MEMORY;
        for (size_t e = 0; e < count; e++) out->items[out->count++] = entry_at(bytes, e);
    }
    return STATUS_OK;
}

static bool merge_next(struct sqlite_key_runs *runs)
{
    const struct entries *a = &runs->gathered, *b = &runs->next;
    struct entries *out = &runs->merged;
    if (!reserve(out, a->count + b->count)) return false;
    size_t i = 0, j = 0, n = 0;
    while (i < a->count && j < b->count)
        out->items[n++] =
            compare_entries(&b->items[j], &a->items[i]) < 0 ? b->items[j++] : a->items[i++];
    while (i < a->count) out->items[n++] = a->items[i++];
    while (j < b->count) out->items[n++] = b->items[j++];
    out->count = n;
    struct entries old = runs->gathered;
    runs->gathered = runs->merged;
    runs->merged = old;
    return true;
}

static enum status gather(struct sqlite_key_runs *runs, struct sql_transaction *transaction,
                          const struct task *task, uint64_t group)
{
    if (task->index) return gather_index(runs, transaction, task, group);
    runs->gathered.count = 0;
    for (size_t i = 0; i < task->source_count; i++) {
        TRY(read_group(runs, transaction, task->sources[i], task->group_bits, group));
        if (!merge_next(runs)) return STATUS_OUT_OF_MEMORY;
    }
    return STATUS_OK;
}

/* --- writing --- */

/* Of entries[0..count), those of the bucket; gives how many they are. */
static size_t encode_bucket(const struct key_entry *entries, size_t count, unsigned bits,
                            uint64_t bucket, char *bytes)
{
    size_t i = 0;
    for (; i < count && bucket_of(entries[i].hash, bits) == bucket; i++) {
        const uint64_t words[2] = {htole64(entries[i].hash), htole64((uint64_t)entries[i].row)};
        memcpy(bytes + i * sizeof(words), words, sizeof(words));
    }
    return i;
}

static enum status write_bucket(struct sqlite_key_runs *runs, struct sql_transaction *transaction,
                                struct run *out, uint64_t bucket, size_t *at)
{
    struct error ignored;
    const struct key_entry *entries = runs->gathered.items + *at;
    size_t left = runs->gathered.count - *at;
    arena_reset(&runs->arena);
    char *bytes = arena_alloc(&runs->arena, left * sizeof(*entries) + 1);
    if (!bytes) return STATUS_OUT_OF_MEMORY;
    size_t passed = encode_bucket(entries, left, out->bits, bucket, bytes);
    const struct sql_value params[] = {SQL_PARAM_INT64(place_of(out->number, bucket)),
                                       SQL_PARAM_BYTES(str_of(bytes, passed * sizeof(*entries)))};
    TRY(sql_execute(transaction, SQL_MATCH_KEY_BUCKET_PUT, params, 2, &ignored));
    for (size_t i = 0; i < passed && out->filter; i++) key_filter_add(out->filter, entries[i].hash);
    *at += passed;
    return STATUS_OK;
}

static enum status write_group(struct sqlite_key_runs *runs, struct sql_transaction *transaction,
                               const struct task *task, uint64_t group)
{
    uint64_t buckets = 1ULL << (task->out->bits - task->group_bits);
    size_t at = 0;
    TRY(gather(runs, transaction, task, group));
    for (uint64_t i = 0; i < buckets; i++)
        TRY(write_bucket(runs, transaction, task->out, group * buckets + i, &at));
    return STATUS_OK;
}

static enum status end_task(struct sql_transaction *transaction, const struct task *task)
{
    struct error ignored;
    TRY(put_run(transaction, task->out, RUN_LIVE, &ignored));
    for (size_t i = 0; i < task->source_count; i++)
        TRY(put_run(transaction, task->sources[i], RUN_DEAD, &ignored));
    return STATUS_OK;
}

static enum status step_task(struct sqlite_key_runs *runs, struct sql_transaction *transaction,
                             struct task *task, size_t entries)
{
    struct error ignored;
    uint64_t groups = 1ULL << task->group_bits, group = task->next;
    if (group == 0) TRY(put_run(transaction, task->out, RUN_WRITING, &ignored));
    for (size_t done = 0; group < groups && done < entries; group++) {
        TRY(write_group(runs, transaction, task, group));
        done += runs->gathered.count + 1;
    }
    if (group == groups) TRY(end_task(transaction, task));
    task->next_if_committed = group;
    return STATUS_OK;
}

static void task_committed(struct sqlite_key_runs *runs, struct task *task)
{
    task->next = task->next_if_committed;
    if (task->next < 1ULL << task->group_bits) return;
    pthread_mutex_lock(&runs->mutex);
    task->out->state = RUN_LIVE;
    task->out->filter_is_whole = task->out->filter != NULL;
    pthread_mutex_unlock(&runs->mutex);
    for (size_t i = 0; i < task->source_count; i++) task->sources[i]->state = RUN_DEAD;
    task->out = NULL;
}

/* --- erasing --- */

/* A run that is being written has not all of its buckets yet, one that is deleted not any more. */
static enum status erase_in_run(struct sqlite_key_runs *runs, struct sql_transaction *transaction,
                                const struct run *run, struct key_entry entry, struct error *error)
{
    const struct sql_value place =
        SQL_PARAM_INT64(place_of(run->number, bucket_of(entry.hash, run->bits)));
    struct sql_rows rows = {0};
    arena_reset(&runs->arena);
    TRY(sql_query(transaction, SQL_MATCH_KEY_BUCKET_GET, &place, 1, &runs->arena, &rows, error));
    if (rows.row_count == 0) return STATUS_OK;
    struct str bytes = sql_cell(&rows, 0, 0);
    char *kept = arena_alloc(&runs->arena, bytes.len + 1);
    size_t length = 0;
    if (!kept) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < bytes.len / sizeof(entry); i++) {
        struct key_entry other = entry_at(bytes, i);
        if (compare_entries(&other, &entry) == 0) continue;
        memcpy(kept + length, bytes.ptr + i * sizeof(entry), sizeof(entry));
        length += sizeof(entry);
    }
    if (length == bytes.len) return STATUS_OK;
    const struct sql_value params[] = {place, SQL_PARAM_BYTES(str_of(kept, length))};
    return sql_execute(transaction, SQL_MATCH_KEY_BUCKET_PUT, params, 2, error);
}

static bool remember_erased(struct sqlite_key_runs *runs, int64_t row)
{
    struct entries *erased = &runs->erased;
    size_t at = place_of_erased(erased, row);
    if (was_erased(erased, row)) return true;
    if (!reserve(erased, erased->count + 1)) return false;
    memmove(erased->items + at + 1, erased->items + at,
            (erased->count - at) * sizeof(*erased->items));
    erased->items[at] = (struct key_entry){.row = row};
    erased->count++;
    return true;
}

enum status sqlite_key_runs_erase(struct sqlite_key_runs *runs, struct sql_transaction *transaction,
                                  uint64_t hash, int64_t row, struct error *error)
{
    int64_t end_row = 0;
    for (size_t i = 0; i < RUNS_MAX; i++) {
        const struct run *run = &runs->runs[i];
        if (run->number == 0) continue;
        if (run->state != RUN_WRITING && run->end_row > end_row) end_row = run->end_row;
        TRY(erase_in_run(runs, transaction, run, (struct key_entry){hash, row}, error));
    }
    if (row > end_row && !remember_erased(runs, row))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}

/* --- beginning --- */

static void begin_task(struct sqlite_key_runs *runs, struct task *task, unsigned level,
                       size_t entry_count, int64_t end_row)
{
    const struct run run = {.number = next_number(runs),
                            .state = RUN_WRITING,
                            .level = level,
                            .bits = bits_for(entry_count),
                            .entry_count = entry_count,
                            .end_row = end_row};
    task->out = add_run(runs, &run);
    task->next = task->next_if_committed = 0;
    if (!task->out) return;
    task->group_bits = task->out->bits;
    for (size_t i = 0; i < task->source_count; i++)
        if (task->sources[i]->bits < task->group_bits) task->group_bits = task->sources[i]->bits;
}

bool sqlite_key_runs_can_begin(struct sqlite_key_runs *runs)
{
    return !runs->tasks[0].out && free_place(runs);
}

void sqlite_key_runs_begin(struct sqlite_key_runs *runs, const struct key_index *index,
                           int64_t end_row)
{
    struct task *task = &runs->tasks[0];
    unsigned level = 0;
    while (level + 2 < LEVELS_MAX && index->count >> (2 * level) > LEVEL_ENTRIES) level++;
    *task = (struct task){.index = index};
    begin_task(runs, task, level, index->count, end_row);
}

/* The oldest of a level, when there are enough. */
static void begin_merge(struct sqlite_key_runs *runs, unsigned level)
{
    struct task *task = &runs->tasks[level + 1];
    size_t entry_count = 0;
    int64_t end_row = 0, after = 0;
    if (task->out) return;
    *task = (struct task){0};
    while (task->source_count < FAN_IN) {
        struct run *oldest = NULL;
        for (size_t i = 0; i < RUNS_MAX; i++) {
            struct run *run = &runs->runs[i];
            if (run->state == RUN_LIVE && run->level == level && run->number > after &&
                (!oldest || run->number < oldest->number))
                oldest = run;
        }
        if (!oldest) return;
        task->sources[task->source_count++] = oldest;
        after = oldest->number;
        entry_count += oldest->entry_count;
        if (oldest->end_row > end_row) end_row = oldest->end_row;
    }
    begin_task(runs, task, level + 1, entry_count, end_row);
}

/* --- steps --- */

static enum status delete_some(struct sql_transaction *transaction, struct run *run)
{
    struct error ignored;
    uint64_t end = run->deleted + DELETE_BUCKETS, buckets = 1ULL << run->bits;
    const struct sql_value number = SQL_PARAM_INT64(run->number);
    const struct sql_value params[] = {SQL_PARAM_INT64(place_of(run->number, run->deleted)),
                                       SQL_PARAM_INT64(place_of(run->number, end))};
    TRY(sql_execute(transaction, SQL_MATCH_KEY_BUCKET_DELETE, params, 2, &ignored));
    if (end >= buckets)
        TRY(sql_execute(transaction, SQL_MATCH_KEY_RUN_DELETE, &number, 1, &ignored));
    run->is_gone_if_committed = end >= buckets;
    run->deleted_if_committed = end;
    return STATUS_OK;
}

/* After a restart. */
static enum status learn_some(struct sqlite_key_runs *runs, struct sql_transaction *transaction,
                              struct run *run, size_t entries)
{
    for (size_t done = 0; done < entries && run->learned < 1ULL << run->bits; run->learned++) {
        TRY(read_group(runs, transaction, run, run->bits, run->learned));
        for (size_t i = 0; i < runs->next.count; i++)
            key_filter_add(run->filter, runs->next.items[i].hash);
        done += runs->next.count + 1;
    }
    if (run->learned < 1ULL << run->bits) return STATUS_OK;
    pthread_mutex_lock(&runs->mutex);
    run->filter_is_whole = true;
    pthread_mutex_unlock(&runs->mutex);
    return STATUS_OK;
}

static enum status look_after(struct sqlite_key_runs *runs, struct sql_transaction *transaction,
                              size_t entries, bool *more)
{
    bool has_learned = false, has_deleted = false;
    for (size_t i = 0; i < RUNS_MAX; i++) {
        struct run *run = &runs->runs[i];
        if (run->number == 0 || run->state == RUN_WRITING) continue;
        bool to_learn = run->state == RUN_LIVE && !run->filter_is_whole && has_filter(runs, run);
        bool to_delete = run->state == RUN_DEAD;
        *more = *more || to_learn || to_delete;
        if (to_learn && !has_learned) TRY(learn_some(runs, transaction, run, entries));
        if (to_delete && !has_deleted) TRY(delete_some(transaction, run));
        has_learned = has_learned || to_learn;
        has_deleted = has_deleted || to_delete;
    }
    return STATUS_OK;
}

static void forget_step(struct sqlite_key_runs *runs)
{
    for (size_t i = 0; i < TASK_COUNT; i++) runs->tasks[i].next_if_committed = runs->tasks[i].next;
    for (size_t i = 0; i < RUNS_MAX; i++) {
        runs->runs[i].deleted_if_committed = runs->runs[i].deleted;
        runs->runs[i].is_gone_if_committed = false;
    }
}

static enum status step(struct sqlite_key_runs *runs, struct sql_transaction *transaction,
                        size_t entries, bool *more)
{
    TRY(look_after(runs, transaction, entries, more));
    for (unsigned level = 0; level + 1 < LEVELS_MAX; level++) begin_merge(runs, level);
    for (size_t i = 0; i < TASK_COUNT; i++) {
        if (!runs->tasks[i].out) continue;
        *more = true;
        TRY(step_task(runs, transaction, &runs->tasks[i], entries));
    }
    return STATUS_OK;
}

enum status sqlite_key_runs_step(struct sqlite_key_runs *runs, struct sql_transaction *transaction,
                                 size_t entries, bool *more)
{
    *more = false;
    forget_step(runs);
    enum status status = step(runs, transaction, entries, more);
    if (status != STATUS_OK) forget_step(runs);
    return status;
}

void sqlite_key_runs_committed(struct sqlite_key_runs *runs)
{
    for (size_t i = 0; i < TASK_COUNT; i++)
        if (runs->tasks[i].out) task_committed(runs, &runs->tasks[i]);
    for (size_t i = 0; i < RUNS_MAX; i++) {
        struct run *run = &runs->runs[i];
        if (run->is_gone_if_committed)
            remove_run(runs, run);
        else
            run->deleted = run->deleted_if_committed;
    }
}
