#include "adapters/store/search_index.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/environment.h"
#include "sql_statements.h"

enum {
    BUILD_AT = 512,     /* entries that become a segment */
    BUILD_IDLE_AT = 16, /* when nobody waits */
    BUILD_MAX = 4096,   /* in one step */
    MERGE_FACTOR = 4,   /* segments of like size that become one */
    MERGE_IDLE_FROM = 2,
    /* Merged with one commit, and one more for each entry that came since the step before: so
     * merging keeps pace with what is to be merged, and no commit waits for much of it (30 us a
     * block). */
    STEP_BLOCKS = 32,
    STEP_BLOCKS_IDLE = 256,
    CLASSES_MAX = 32,  /* of MERGE_FACTOR each: more than there are numbers */
    READ_BLOCKS = 32,  /* of a segment at a time */
    DELETE_FACTOR = 2, /* blocks deleted where one would be merged */
    TENANT_MAX = 128,
    LOAD_ARENA_BYTES = 64 * 1024 * 1024,
};

enum segment_state { SEGMENT_LIVE, SEGMENT_BUILDING, SEGMENT_DEAD };

struct noted {
    char tenant[TENANT_MAX];
    size_t tenant_len;
    size_t put;      /* entries that are in no segment, at most */
    size_t since;    /* entries put since the step before */
    size_t unlooked; /* entries put since somebody asked how many there are */
    size_t tail;     /* how many there were when it was last seen */
    bool unfinished;
};

struct search_index {
    pthread_mutex_t mutex;
    struct noted *noted;
    size_t count, room;
    size_t turn;
    int64_t last_number;    /* the writer's alone */
    bool is_erasing;        /* the same: something is erased and not committed yet */
    atomic_ullong erasures; /* committed */
};

struct search_index *search_index_new(void)
{
    struct search_index *index = calloc(1, sizeof(*index));
    if (index) pthread_mutex_init(&index->mutex, NULL);
    return index;
}

void search_index_free(struct search_index *index)
{
    if (!index) return;
    pthread_mutex_destroy(&index->mutex);
    free(index->noted);
    free(index);
}

enum status search_index_load(struct search_index *index, struct sql_driver *driver,
                              struct error *error)
{
    struct arena arena;
    struct sql_rows rows;
    arena_init(&arena, LOAD_ARENA_BYTES);
    enum status status =
        driver->query_one(driver, STR("*"), SQL_SEARCH_NUMBER_LAST, NULL, 0, &arena, &rows, error);
    if (status == STATUS_OK) {
        index->last_number = sql_cell_int64(&rows, 0, 0, 0);
        status = driver->query_one(driver, STR("*"), SQL_SEARCH_TENANT_LIST, NULL, 0, &arena, &rows,
                                   error);
    }
    for (size_t i = 0; status == STATUS_OK && i < rows.row_count; i++)
        search_index_note(index, sql_cell(&rows, i, 0), 0);
    arena_release(&arena);
    return status;
}

int64_t search_index_number(struct search_index *index)
{
    return ++index->last_number;
}

/* --- which tenants --- */

/* A tenant without room is worked on when the next process starts to write for him. */
static struct noted *find(struct search_index *index, struct str tenant)
{
    for (size_t i = 0; i < index->count; i++)
        if (str_equal(str_of(index->noted[i].tenant, index->noted[i].tenant_len), tenant))
            return &index->noted[i];
    if (tenant.len > TENANT_MAX) return NULL;
    if (index->count == index->room) {
        size_t room = index->room ? index->room * 2 : 16;
        struct noted *larger = realloc(index->noted, room * sizeof(*larger));
        if (!larger) return NULL;
        index->noted = larger;
        index->room = room;
    }
    struct noted *added = &index->noted[index->count++];
    *added = (struct noted){.tenant_len = tenant.len, .unfinished = true};
    memcpy(added->tenant, tenant.ptr, tenant.len);
    return added;
}

void search_index_note(struct search_index *index, struct str tenant, size_t put)
{
    pthread_mutex_lock(&index->mutex);
    struct noted *noted = find(index, tenant);
    if (noted) {
        noted->put += put;
        noted->since += put;
        noted->unlooked += put;
    }
    pthread_mutex_unlock(&index->mutex);
}

void search_index_seen(struct search_index *index, struct str tenant, size_t tail)
{
    pthread_mutex_lock(&index->mutex);
    struct noted *noted = find(index, tenant);
    if (noted) noted->tail = tail;
    if (noted && noted->put < tail) noted->put = tail; /* by another process, or before this one */
    pthread_mutex_unlock(&index->mutex);
}

bool search_index_is_to_be_looked_at(struct search_index *index, struct str tenant, size_t put)
{
    pthread_mutex_lock(&index->mutex);
    struct noted *noted = find(index, tenant);
    bool now = noted && noted->unlooked >= put;
    if (now) noted->unlooked = 0;
    pthread_mutex_unlock(&index->mutex);
    return now;
}

size_t search_index_longest_tail(struct search_index *index)
{
    size_t longest = 0;
    pthread_mutex_lock(&index->mutex);
    for (size_t i = 0; i < index->count; i++)
        if (index->noted[i].tail > longest) longest = index->noted[i].tail;
    pthread_mutex_unlock(&index->mutex);
    return longest;
}

struct str search_index_next(struct search_index *index, bool idle, struct arena *arena)
{
    struct str tenant = STR_NONE;
    pthread_mutex_lock(&index->mutex);
    for (size_t i = 0; i < index->count && str_is_none(tenant); i++) {
        const struct noted *noted = &index->noted[(index->turn + i) % index->count];
        if (!noted->unfinished && noted->put < (idle ? BUILD_IDLE_AT : BUILD_AT)) continue;
        tenant = arena_str(arena, str_of(noted->tenant, noted->tenant_len));
        index->turn = (index->turn + i + 1) % index->count;
    }
    pthread_mutex_unlock(&index->mutex);
    return tenant;
}

/* How many blocks a step for the tenant may merge; *put: entries in no segment, at most. */
static size_t allowance(struct search_index *index, struct str tenant, bool idle, size_t *put)
{
    size_t blocks = idle ? STEP_BLOCKS_IDLE : STEP_BLOCKS;
    *put = 0;
    pthread_mutex_lock(&index->mutex);
    struct noted *noted = find(index, tenant);
    if (noted) {
        blocks += noted->since;
        noted->since = 0;
        *put = noted->put;
    }
    pthread_mutex_unlock(&index->mutex);
    return blocks;
}

/* What came of a step that began when `put` entries were in no segment. */
struct outcome {
    size_t put, taken; /* entries of which a segment was made */
    bool unfinished, idle;
};

static void note_step(struct search_index *index, struct str tenant, const struct outcome *step)
{
    const size_t too_few = (step->idle ? BUILD_IDLE_AT : BUILD_AT) - 1;
    size_t left = step->put - (step->taken < step->put ? step->taken : step->put);
    if (!step->unfinished && left > too_few) left = too_few;
    pthread_mutex_lock(&index->mutex);
    struct noted *noted = find(index, tenant);
    if (noted) {
        /* Two may be at it at once, and the one who waited did nothing. */
        size_t since = noted->put > step->put ? noted->put - step->put : 0;
        noted->put = left + since;
        noted->unfinished = step->unfinished;
    }
    pthread_mutex_unlock(&index->mutex);
}

/* --- a step --- */

struct segment {
    int64_t id, entries, into;
    enum segment_state state;
    struct str reached;
};

struct step {
    struct sql_transaction *transaction;
    struct search_plan *plan; /* what is written goes there; NULL: it is written at once */
    struct str tenant;
    struct arena *arena;
    bool idle;
    struct segment *segments; /* in the order of their ids, with room for one more */
    size_t count;
    size_t blocks_max; /* merged */
    size_t taken;      /* entries */
    size_t left;       /* entries, of those that were read */
    bool has_counted;  /* and these were all */
    int64_t target;    /* segment that blocks are written to */
};

static enum status execute(const struct step *step, const struct sql_statement *statement,
                           const struct sql_value *params, size_t count, struct error *error)
{
    if (step->plan) return search_plan_add(step->plan, statement, params, count, error);
    return sql_execute(step->transaction, statement, params, count, error);
}

static enum status load_segments(struct step *step, struct error *error)
{
    const struct sql_value tenant = SQL_PARAM_TEXT(step->tenant);
    struct sql_rows rows;
    TRY(sql_query(step->transaction, SQL_SEARCH_SEGMENT_LIST, &tenant, 1, step->arena, &rows,
                  error));
    step->count = rows.row_count;
    step->segments = ARENA_NEW_ARRAY(step->arena, struct segment, step->count + 1);
    if (!step->segments) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < step->count; i++)
        step->segments[i] = (struct segment){
            .id = sql_cell_int64(&rows, i, 0, 0),
            .entries = sql_cell_int64(&rows, i, 1, 0),
            .state = (enum segment_state)sql_cell_int64(&rows, i, 2, SEGMENT_LIVE),
            .into = sql_cell_int64(&rows, i, 3, 0),
            .reached = sql_cell(&rows, i, 4),
        };
    return STATUS_OK;
}

int64_t search_index_moment(void)
{
    return environment_system()->now(environment_system());
}

/* Above all that are there, and none that was there before: caches go by it. */
static int64_t next_id(const struct step *step)
{
    int64_t above = step->count > 0 ? step->segments[step->count - 1].id + 1 : 1;
    int64_t moment = search_index_moment();
    return above > moment ? above : moment;
}

static enum status add_segment(const struct step *step, int64_t id, int64_t entries,
                               enum segment_state state, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(step->tenant), SQL_PARAM_INT64(id),
                                       SQL_PARAM_INT64(entries), SQL_PARAM_INT64(state)};
    return execute(step, SQL_SEARCH_SEGMENT_ADD, params, 4, error);
}

static enum status set_segment(const struct step *step, const struct segment *segment,
                               struct error *error)
{
    const struct sql_value params[] = {
        SQL_PARAM_TEXT(step->tenant), SQL_PARAM_INT64(segment->id), SQL_PARAM_INT64(segment->state),
        segment->into ? SQL_PARAM_INT64(segment->into) : SQL_PARAM_NULL,
        SQL_PARAM_TEXT(segment->reached)};
    return execute(step, SQL_SEARCH_SEGMENT_SET, params, 5, error);
}

static enum status put_block(void *context, struct str place, struct str body, struct error *error)
{
    const struct step *step = context;
    const struct sql_value params[] = {SQL_PARAM_TEXT(step->tenant), SQL_PARAM_INT64(step->target),
                                       SQL_PARAM_TEXT(place), SQL_PARAM_TEXT(body)};
    return execute(step, SQL_SEARCH_BLOCK_PUT, params, 4, error);
}

/* --- entries become a segment --- */

/* Rows of (number, body). */
static enum status decode(const struct sql_rows *rows, struct arena *arena,
                          struct search_entry **entries, size_t *count, struct error *error)
{
    *count = rows->row_count;
    *entries = ARENA_NEW_ARRAY(arena, struct search_entry, rows->row_count);
    if (!*entries) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < rows->row_count; i++)
        (*entries)[i] = (struct search_entry){sql_cell_int64(rows, i, 0, 0), sql_cell(rows, i, 1)};
    return STATUS_OK;
}

/* PostgreSQL deletes with the first statement; it has no other. */
static enum status move_entries(const struct step *step, const struct sql_rows *rows,
                                struct error *error)
{
    struct str *numbers = ARENA_NEW_ARRAY(step->arena, struct str, rows->row_count);
    if (!numbers) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < rows->row_count; i++) numbers[i] = sql_cell(rows, i, 0);
    const struct sql_value params[] = {SQL_PARAM_TEXT(step->tenant),
                                       SQL_PARAM_ARRAY(numbers, rows->row_count)};
    TRY(execute(step, SQL_SEARCH_NEW_MOVE, params, 2, error));
    return execute(step, SQL_SEARCH_NEW_DELETE, params, 2, error);
}

static enum status build(struct step *step, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(step->tenant), SQL_PARAM_INT64(BUILD_MAX)};
    struct sql_rows rows;
    struct search_entry *entries;
    const struct search_sink sink = {put_block, step};
    size_t count;
    TRY(sql_query(step->transaction, SQL_SEARCH_NEW_LIST, params, 2, step->arena, &rows, error));
    step->has_counted = rows.row_count < BUILD_MAX;
    step->left = rows.row_count;
    if (rows.row_count < (step->idle ? BUILD_IDLE_AT : BUILD_AT)) return STATUS_OK;
    TRY(decode(&rows, step->arena, &entries, &count, error));
    step->target = next_id(step);
    step->segments[step->count++] = (struct segment){.id = step->target, .entries = (int64_t)count};
    TRY(add_segment(step, step->target, (int64_t)count, SEGMENT_LIVE, error));
    TRY(search_segment_build(entries, count, step->arena, &sink, error));
    TRY(move_entries(step, &rows, error));
    step->taken = count;
    step->left -= count;
    return STATUS_OK;
}

/* --- segments become one --- */

/* Blocks of one segment, read some at a time. */
struct block_source {
    struct step *step;
    int64_t segment;
    struct str from;
    struct sql_rows rows;
    size_t at;
    bool begun;
};

static enum status next_block(void *context, struct str *block, struct error *error)
{
    struct block_source *source = context;
    struct step *step = source->step;
    *block = STR_NONE;
    if (source->at == source->rows.row_count) {
        if (source->begun && source->rows.row_count < READ_BLOCKS) return STATUS_OK;
        const struct sql_value params[] = {
            SQL_PARAM_TEXT(step->tenant), SQL_PARAM_INT64(source->segment),
            SQL_PARAM_TEXT(source->from), SQL_PARAM_INT64(READ_BLOCKS)};
        TRY(sql_query(step->transaction, SQL_SEARCH_BLOCK_NEXT, params, 4, step->arena,
                      &source->rows, error));
        /* The block at the place where the last reading ended was read then. */
        source->at = source->begun ? 1 : 0;
        source->begun = true;
        if (source->rows.row_count > 0)
            source->from = sql_cell(&source->rows, source->rows.row_count - 1, 1);
    }
    if (source->at < source->rows.row_count) *block = sql_cell(&source->rows, source->at++, 0);
    return STATUS_OK;
}

/* The merge is whole: from now on searches read it, and no more those that it was made from. */
static enum status take_place(struct step *step, struct segment *target, struct error *error)
{
    for (size_t i = 0; i < step->count; i++) {
        struct segment *segment = &step->segments[i];
        if (segment->into != target->id) continue;
        *segment = (struct segment){.id = segment->id, .state = SEGMENT_DEAD};
        TRY(set_segment(step, segment, error));
    }
    target->state = SEGMENT_LIVE;
    target->reached = STR_NONE;
    return set_segment(step, target, error);
}

static enum status merge_some(struct step *step, struct segment *target, struct error *error)
{
    struct search_source sources[SEARCH_SOURCES_MAX] = {{0}};
    struct block_source readers[SEARCH_SOURCES_MAX] = {{0}};
    const struct search_sink sink = {put_block, step};
    size_t count = 0;
    for (size_t i = 0; i < step->count && count < SEARCH_SOURCES_MAX; i++) {
        if (step->segments[i].into != target->id) continue;
        struct str after = str_is_none(target->reached) ? STR("") : target->reached;
        readers[count] =
            (struct block_source){.step = step, .segment = step->segments[i].id, .from = after};
        sources[count] = (struct search_source){.next = next_block, .context = &readers[count]};
        count++;
    }
    struct str reached;
    step->target = target->id;
    TRY(search_segment_merge(sources, count, target->reached, step->blocks_max, step->arena, &sink,
                             &reached, error));
    if (str_is_none(reached)) return take_place(step, target, error);
    target->reached = reached;
    return set_segment(step, target, error);
}

static int size_class(int64_t entries)
{
    int class = 0;
    for (; entries >= BUILD_AT; entries /= MERGE_FACTOR) class ++;
    return class;
}

/* The smallest that is in the making; NULL: none is. */
static struct segment *smallest_building(struct step *step)
{
    struct segment *found = NULL;
    for (size_t i = 0; i < step->count; i++) {
        struct segment *segment = &step->segments[i];
        if (segment->state == SEGMENT_BUILDING && (!found || segment->entries < found->entries))
            found = segment;
    }
    return found;
}

/* Live, and nothing is made from it yet. */
static bool is_free(const struct segment *segment)
{
    return segment->state == SEGMENT_LIVE && !segment->into;
}

/* The smallest class that has so many free segments; `classes`: none below it has. */
static int class_with(const struct step *step, size_t enough, int classes)
{
    size_t counts[CLASSES_MAX] = {0};
    int class = 0;
    for (size_t i = 0; i < step->count; i++)
        if (is_free(&step->segments[i])) counts[size_class(step->segments[i].entries)]++;
    while (class < classes && counts[class] < enough) class ++;
    return class;
}

/* Its free segments, SEARCH_SOURCES_MAX at most, into a new one. */
static enum status merge_class(struct step *step, int class, struct error *error)
{
    int64_t id = next_id(step), entries = 0;
    size_t count = 0;
    for (size_t i = 0; i < step->count && count < SEARCH_SOURCES_MAX; i++) {
        struct segment *segment = &step->segments[i];
        if (!is_free(segment) || size_class(segment->entries) != class) continue;
        segment->into = id;
        entries += segment->entries;
        count++;
        TRY(set_segment(step, segment, error));
    }
    return add_segment(step, id, entries, SEGMENT_BUILDING, error);
}

/* Begins to merge the segments of the smallest class that has enough of them. A large merge that is
 * under way does not hold up smaller ones: while it lasts hundreds of segments may come, and every
 * search reads them all. */
static enum status begin_merge(struct step *step, bool *begun, struct error *error)
{
    const struct segment *building = smallest_building(step);
    int classes = building ? size_class(building->entries) : CLASSES_MAX;
    size_t enough = step->idle && !building ? MERGE_IDLE_FROM : MERGE_FACTOR;
    int class = class_with(step, enough, classes);
    *begun = class < classes;
    return *begun ? merge_class(step, class, error) : STATUS_OK;
}

static enum status delete_some(struct step *step, const struct segment *dead, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(step->tenant), SQL_PARAM_INT64(dead->id),
                                       SQL_PARAM_INT64(DELETE_FACTOR * (int64_t)step->blocks_max)};
    TRY(execute(step, SQL_SEARCH_BLOCK_DELETE, params, 3, error));
    return execute(step, SQL_SEARCH_SEGMENT_DELETE, params, 2, error);
}

static const struct segment *dead_one(const struct step *step)
{
    for (size_t i = 0; i < step->count; i++)
        if (step->segments[i].state == SEGMENT_DEAD) return &step->segments[i];
    return NULL;
}

/* Entries first, for every search reads them all; and of the rest what is left over, a new merge,
 * or what was begun, the smallest first. */
static enum status do_one(struct step *step, bool *more, struct error *error)
{
    const struct segment *dead;
    struct segment *building;
    *more = true;
    TRY(load_segments(step, error));
    TRY(build(step, error));
    if ((dead = dead_one(step))) return delete_some(step, dead, error);
    TRY(begin_merge(step, more, error));
    if (*more) return STATUS_OK;
    *more = true;
    if ((building = smallest_building(step))) return merge_some(step, building, error);
    *more = step->taken > 0;
    return STATUS_OK;
}

/* Does another have the tenant's index in hand? The embedded store has one writer, and no row. */
static enum status is_locked(struct step *step, bool *locked, struct error *error)
{
    const struct sql_value tenant = SQL_PARAM_TEXT(step->tenant);
    struct sql_rows rows = {0};
    TRY(sql_query(step->transaction, SQL_SEARCH_LOCK, &tenant, 1, step->arena, &rows, error));
    *locked = rows.row_count > 0 && !str_equal(sql_cell(&rows, 0, 0), STR("t"));
    return STATUS_OK;
}

enum status search_index_step(struct search_index *index, struct str tenant,
                              struct sql_transaction *transaction, bool idle, struct arena *arena,
                              bool *more, struct error *error)
{
    struct step step = {.transaction = transaction, .tenant = tenant, .arena = arena, .idle = idle};
    struct outcome outcome = {.idle = idle};
    bool locked;
    *more = false;
    TRY(is_locked(&step, &locked, error));
    step.blocks_max = allowance(index, tenant, idle, &outcome.put);
    if (!locked) TRY(do_one(&step, more, error));
    outcome.taken = step.taken;
    outcome.unfinished = *more;
    note_step(index, tenant, &outcome);
    if (step.has_counted) search_index_seen(index, tenant, step.left);
    return STATUS_OK;
}

/* --- a step that is planned, where there is one writer --- */

uint64_t search_index_erasures(struct search_index *index)
{
    return atomic_load(&index->erasures);
}

enum status search_index_plan(struct search_index *index, struct sql_transaction *transaction,
                              struct search_plan *plan, struct error *error)
{
    struct step step = {.transaction = transaction,
                        .plan = plan,
                        .tenant = plan->tenant,
                        .arena = plan->arena,
                        .idle = plan->idle,
                        .blocks_max = allowance(index, plan->tenant, plan->idle, &plan->put)};
    TRY(do_one(&step, &plan->more, error));
    plan->taken = step.taken;
    plan->left = step.left;
    plan->has_counted = step.has_counted;
    return STATUS_OK;
}

enum status search_index_apply(struct search_index *index, const struct search_plan *plan,
                               struct sql_transaction *transaction, struct error *error)
{
    bool stale = index->is_erasing || plan->erasures != search_index_erasures(index);
    const struct outcome outcome = {.put = plan->put,
                                    .taken = stale ? 0 : plan->taken,
                                    .unfinished = stale || plan->more,
                                    .idle = plan->idle};
    if (!stale) TRY(search_plan_execute(plan, transaction, error));
    note_step(index, plan->tenant, &outcome);
    if (plan->has_counted && !stale) search_index_seen(index, plan->tenant, plan->left);
    return STATUS_OK;
}

void search_index_erasing(struct search_index *index)
{
    index->is_erasing = true;
}

void search_index_committed(struct search_index *index)
{
    if (index->is_erasing) atomic_fetch_add(&index->erasures, 1);
    index->is_erasing = false;
}
