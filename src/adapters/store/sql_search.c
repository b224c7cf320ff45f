/* The search index in a session. What makes segments of it is search_index.c. */
#include <stdlib.h>

#include "adapters/store/search_homes.h"
#include "adapters/store/sql_store_internal.h"
#include "formats/metric.h"

enum {
    ENTRIES_MAX = 100000, /* far more than wait while the index is brought forward */
    PLACES_ARENA_BYTES = 1024 * 1024 * 1024, /* of a segment of some million blocks */
    LIST_FROM_BLOCKS = 4,                    /* of a token: 5,000 entries and more have it */
    LISTS_FROM_BYTES = 8 * 1024 * 1024,      /* of the cache, which would not keep any else */
    HELD_BASE = 64,                          /* at once, and so many more of a segment */
    HELD_OF_SEGMENT = 48,
};

enum status sql_search_put(struct store_session *base, struct str home, struct str entry,
                           struct error *error)
{
    struct sql_store *store = (struct sql_store *)base->store;
    struct sql_session *session = sql_session_of(base);
    if (store->keys) {
        const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(home),
                                           SQL_PARAM_TEXT(entry),
                                           SQL_PARAM_INT64(search_index_number(store->index))};
        TRY(SESSION_EXECUTE(session, SQL_SEARCH_PUT, params, error));
    } else {
        const struct sql_value values[] = {SQL_PARAM_TEXT(home), SQL_PARAM_TEXT(entry)};
        TRY(sql_writes_add(&session->writes, SQL_WRITES_SEARCH, values, error));
    }
    search_index_note(store->index, base->tenant, 1);
    search_worker_wake(store->worker);
    return STATUS_OK;
}

/* --- the index as a session sees it --- */

struct sql_search_view {
    struct sql_session *session;
    struct search_cache *cache;
    struct search_cached **segments;
    int64_t *ids;
    const struct search_directory **directories;
    size_t count;                 /* of those that are pinned */
    struct search_finding **held; /* what was recalled */
    size_t held_count, held_max;
};

void sql_search_release(struct sql_session *session)
{
    struct sql_search_view *view = session->search_view;
    for (size_t i = 0; view && i < view->held_count; i++) search_cache_let_go(view->held[i]);
    for (size_t i = 0; view && i < view->count; i++)
        search_cache_unpin(view->cache, view->segments[i]);
    session->search_view = NULL;
}

static enum status list_places(struct sql_search_view *view, int64_t id, struct arena *arena,
                               struct search_directory **directory, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(view->session->base.tenant),
                                       SQL_PARAM_INT64(id)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(view->session, SQL_SEARCH_PLACE_LIST, params, arena, &rows, error));
    *directory = search_directory_new(rows.cells, rows.row_count);
    return *directory ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}

/* Pins a segment; the first who sees it reads where its blocks stand. */
static enum status pin(struct sql_search_view *view, int64_t id, int64_t changed,
                       struct error *error)
{
    struct str tenant = view->session->base.tenant;
    struct search_cached *segment = search_cache_pin(view->cache, tenant, id, changed);
    if (!segment) {
        struct search_directory *directory = NULL;
        struct arena arena;
        arena_init(&arena, PLACES_ARENA_BYTES);
        enum status status = list_places(view, id, &arena, &directory, error);
        arena_release(&arena);
        TRY(status);
        segment = search_cache_add(view->cache, tenant, id, changed, directory);
        if (!segment) return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    view->segments[view->count] = segment;
    view->ids[view->count] = id;
    view->directories[view->count] = search_cached_directory(segment);
    view->count++;
    return STATUS_OK;
}

static struct str place_of(const struct sql_search_view *view, struct search_block_id block)
{
    return search_directory_place(view->directories[block.segment], block.block);
}

/* What was read goes into the cache and, where somebody waits for it, to him. */
static void give(struct sql_search_view *view, struct search_block_id block, struct str body,
                 struct str *out)
{
    search_cache_put(view->cache, view->segments[block.segment], block.block, body);
    if (out) *out = body;
}

static size_t run_at(const struct search_block_id *blocks, size_t count)
{
    size_t run = 1;
    while (run < count && blocks[run].segment == blocks[0].segment &&
           blocks[run].block == blocks[run - 1].block + 1)
        run++;
    return run;
}

static enum status is_missing(struct error *error)
{
    return error_set(error, STATUS_STORE_CORRUPT, STR_NONE, STR_NONE,
                     "a block of the search index is missing");
}

/* Blocks one behind the other are a statement, where that is a call of a function. */
static enum status read_runs(struct sql_search_view *view, const struct search_block_id *blocks,
                             size_t count, struct arena *arena, struct str *bodies,
                             struct error *error)
{
    for (size_t at = 0, run; at < count; at += run) {
        run = run_at(blocks + at, count - at);
        const struct sql_value params[] = {SQL_PARAM_TEXT(view->session->base.tenant),
                                           SQL_PARAM_INT64(view->ids[blocks[at].segment]),
                                           SQL_PARAM_TEXT(place_of(view, blocks[at])),
                                           SQL_PARAM_TEXT(place_of(view, blocks[at + run - 1]))};
        struct sql_rows rows;
        TRY(SESSION_QUERY(view->session, SQL_SEARCH_BLOCK_READ, params, arena, &rows, error));
        if (rows.row_count != run) return is_missing(error);
        for (size_t i = 0; i < run; i++)
            give(view, blocks[at + i], sql_cell(&rows, i, 0), bodies ? &bodies[at + i] : NULL);
    }
    return STATUS_OK;
}

/* All in one statement, where each is a way over a network. */
static enum status read_at_once(struct sql_search_view *view, const struct search_block_id *blocks,
                                size_t count, struct arena *arena, struct str *bodies,
                                struct error *error)
{
    struct str *texts = ARENA_NEW_ARRAY(arena, struct str, 2 * count);
    struct sql_rows rows;
    if (!texts) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) {
        texts[i] = arena_format(arena, "%lld", (long long)view->ids[blocks[i].segment]);
        texts[count + i] = place_of(view, blocks[i]);
        if (str_is_none(texts[i])) return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    const struct sql_value params[] = {SQL_PARAM_TEXT(view->session->base.tenant),
                                       SQL_PARAM_ARRAY(texts, count),
                                       SQL_PARAM_ARRAY(texts + count, count)};
    TRY(SESSION_QUERY(view->session, SQL_SEARCH_BLOCK_READ, params, arena, &rows, error));
    if (rows.row_count != count) return is_missing(error);
    for (size_t r = 0; r < count; r++) {
        size_t at = (size_t)sql_cell_int64(&rows, r, 0, 1) - 1;
        if (at >= count) return is_missing(error);
        give(view, blocks[at], sql_cell(&rows, r, 1), bodies ? &bodies[at] : NULL);
    }
    return STATUS_OK;
}

static enum status read_missing(struct sql_search_view *view, const struct search_block_id *blocks,
                                size_t count, struct arena *arena, struct str *bodies,
                                struct error *error)
{
    bool embedded = ((struct sql_store *)view->session->base.store)->keys != NULL;
    return (embedded ? read_runs : read_at_once)(view, blocks, count, arena, bodies, error);
}

static enum status read_blocks(void *context, const struct search_block_id *blocks, size_t count,
                               struct arena *arena, struct str *bodies, struct error *error)
{
    struct sql_search_view *view = context;
    struct search_block_id *missing = ARENA_NEW_ARRAY(arena, struct search_block_id, count);
    struct str *read = ARENA_NEW_ARRAY(arena, struct str, count);
    size_t missing_count = 0;
    if (!missing || !read) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) {
        bodies[i] = search_cache_get(view->cache, view->segments[blocks[i].segment],
                                     blocks[i].block, arena);
        if (str_is_none(bodies[i])) missing[missing_count++] = blocks[i];
    }
    if (missing_count == 0) return STATUS_OK;
    TRY(read_missing(view, missing, missing_count, arena, read, error));
    for (size_t i = 0, m = 0; i < count; i++)
        if (str_is_none(bodies[i])) bodies[i] = read[m++];
    return STATUS_OK;
}

/* Who recalls more than a search does is told that nothing is known. */
static struct str recall(void *context, size_t segment, struct str key)
{
    struct sql_search_view *view = context;
    if (view->held_count == view->held_max) return STR_NONE;
    struct search_finding *found = search_cache_recall(view->cache, view->segments[segment], key);
    if (!found) return STR_NONE;
    view->held[view->held_count++] = found;
    return search_cache_text(found);
}

static void remember(void *context, size_t segment, struct str key, struct str value)
{
    struct sql_search_view *view = context;
    search_cache_remember(view->cache, view->segments[segment], key, value);
}

static int compare_blocks(const void *a, const void *b)
{
    const struct search_block_id *x = a, *y = b;
    if (x->segment != y->segment) return x->segment < y->segment ? -1 : 1;
    return (x->block > y->block) - (x->block < y->block);
}

static enum status prepare_blocks(void *context, const struct search_block_id *blocks, size_t count,
                                  struct arena *arena, struct error *error)
{
    struct sql_search_view *view = context;
    struct arena_mark mark = arena_mark(arena);
    struct search_block_id *missing = ARENA_NEW_ARRAY(arena, struct search_block_id, count);
    size_t missing_count = 0, kept = 0;
    enum status status = STATUS_OK;
    if (!missing) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++)
        if (!search_cache_has(view->cache, view->segments[blocks[i].segment], blocks[i].block))
            missing[missing_count++] = blocks[i];
    qsort(missing, missing_count, sizeof(*missing), compare_blocks);
    for (size_t i = 0; i < missing_count; i++)
        if (kept == 0 || compare_blocks(&missing[kept - 1], &missing[i]) != 0)
            missing[kept++] = missing[i];
    if (kept > 0) status = read_missing(view, missing, kept, arena, NULL, error);
    arena_rewind(arena, mark);
    return status;
}

static struct sql_search_view *new_view(struct sql_session *session, size_t segments,
                                        struct arena *arena)
{
    struct sql_search_view *view = ARENA_NEW(arena, struct sql_search_view);
    if (!view) return NULL;
    view->session = session;
    view->cache = ((struct sql_store *)session->base.store)->search_cache;
    view->segments = ARENA_NEW_ARRAY(arena, struct search_cached *, segments + 1);
    view->ids = ARENA_NEW_ARRAY(arena, int64_t, segments + 1);
    view->directories = ARENA_NEW_ARRAY(arena, const struct search_directory *, segments + 1);
    view->held_max = HELD_BASE + HELD_OF_SEGMENT * segments;
    view->held = ARENA_NEW_ARRAY(arena, struct search_finding *, view->held_max);
    return view->segments && view->ids && view->directories && view->held ? view : NULL;
}

/* Of the rows, those with a body are entries. */
static size_t count_segments(const struct sql_rows *rows)
{
    size_t count = 0;
    for (size_t i = 0; i < rows->row_count; i++) count += str_is_none(sql_cell(rows, i, 2));
    return count;
}

static enum status take_rows(struct sql_search_view *view, const struct sql_rows *rows,
                             struct search_entry *entries, size_t *entry_count, struct error *error)
{
    *entry_count = 0;
    for (size_t i = 0; i < rows->row_count; i++) {
        int64_t number = sql_cell_int64(rows, i, 0, 0);
        struct str body = sql_cell(rows, i, 2);
        if (str_is_none(body))
            TRY(pin(view, number, sql_cell_int64(rows, i, 1, 0), error));
        else
            entries[(*entry_count)++] = (struct search_entry){number, body};
    }
    return STATUS_OK;
}

/* Rather none than an answer that may lack what was written last. */
static enum status is_behind(struct error *error)
{
    return error_set(error, STATUS_UNAVAILABLE, STR_NONE, STR_NONE,
                     "the search index is behind by more than %d entries", ENTRIES_MAX);
}

static size_t list_from(const struct sql_search_view *view)
{
    return search_cache_capacity(view->cache) < LISTS_FROM_BYTES ? SIZE_MAX : LIST_FROM_BLOCKS;
}

enum status sql_search_view(struct store_session *base, struct arena *arena,
                            struct search_view *out, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant),
                                       SQL_PARAM_INT64(ENTRIES_MAX + 1)};
    struct sql_session *session = sql_session_of(base);
    struct sql_store *store = (struct sql_store *)base->store;
    struct sql_rows rows;
    size_t entry_count;
    TRY(SESSION_QUERY(session, SQL_SEARCH_VIEW, params, arena, &rows, error));
    search_index_note(store->index, base->tenant, 0);
    search_worker_start(store->worker);
    if (rows.row_count > ENTRIES_MAX) return is_behind(error);
    size_t segments = count_segments(&rows);
    struct search_entry *entries =
        ARENA_NEW_ARRAY(arena, struct search_entry, rows.row_count - segments + 1);
    struct sql_search_view *view = new_view(session, segments, arena);
    if (!entries || !view) return error_plain(error, STATUS_OUT_OF_MEMORY);
    sql_search_release(session);
    session->search_view = view;
    TRY(take_rows(view, &rows, entries, &entry_count, error));
    search_index_seen(store->index, base->tenant, entry_count);
    *out = (struct search_view){.entries = entries,
                                .entry_count = entry_count,
                                .segments = view->directories,
                                .segment_count = view->count,
                                .read = read_blocks,
                                .prepare = store->keys ? NULL : prepare_blocks,
                                .recall = recall,
                                .remember = remember,
                                .list_from = list_from(view),
                                .context = view};
    return STATUS_OK;
}

void sql_search_write_metrics(struct store *store, struct buffer *out)
{
    metric_count(out, "customer360_search_waiting_entries", "gauge",
                 "Entries that are in no segment of the search index yet, of the tenant that has "
                 "most, as last seen.",
                 (int64_t)search_index_longest_tail(((struct sql_store *)store)->index));
}

struct wanted {
    int64_t number;
    size_t index;
};

static int compare_wanted(const void *a, const void *b)
{
    const struct wanted *x = a, *y = b;
    if (x->number != y->number) return x->number < y->number ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* Rows that are asked for. */
struct asking {
    struct sql_session *session;
    const int64_t *numbers;
    size_t count;
    struct profile_row *rows;
    struct wanted *wanted; /* all of them, by number and place */
    struct wanted *missing;
    size_t missing_count;
};

/* As he was last told, which may be after the snapshot. Who is merged, or is not there any more, is
 * read in it: his survivor is. */
static bool is_cacheable(const struct profile_row *row)
{
    return str_is_none(row->survivor_id) && row->erased_at == INSTANT_NONE &&
           !str_is_none(row->document);
}

static bool find_cached(const struct asking *asking, size_t index, struct arena *arena)
{
    const struct sql_session *session = asking->session;
    struct sql_store *store = (struct sql_store *)session->base.store;
    uint64_t ignored;
    if (!session->takes_cached || !store->homes) return false;
    struct str home = search_homes_find(store->homes, asking->numbers[index], arena);
    if (str_is_none(home)) return false;
    uint64_t key = document_cache_key(store->cache, session->base.tenant, home);
    return document_cache_get(store->cache, key, session->base.tenant, home, arena,
                              &asking->rows[index], &ignored) == DOCUMENT_CACHE_HIT &&
           is_cacheable(&asking->rows[index]);
}

/* A number may be there twice, as two readings propose one entry: the first of `wanted` is asked
 * for. */
static bool is_again(const struct asking *asking, size_t at)
{
    return at > 0 && asking->wanted[at - 1].number == asking->wanted[at].number;
}

static void take_cached(struct asking *asking, struct arena *arena)
{
    for (size_t i = 0; i < asking->count; i++)
        asking->wanted[i] = (struct wanted){asking->numbers[i], i};
    if (asking->count > 1)
        qsort(asking->wanted, asking->count, sizeof(*asking->wanted), compare_wanted);
    for (size_t i = 0; i < asking->count; i++) {
        const struct wanted *at = &asking->wanted[i];
        if (is_again(asking, i) || find_cached(asking, at->index, arena)) continue;
        asking->rows[at->index] = (struct profile_row){.erased_at = INSTANT_NONE};
        asking->missing[asking->missing_count++] = *at;
    }
}

static void give_again(struct asking *asking)
{
    for (size_t i = 0; i < asking->count; i++)
        if (is_again(asking, i))
            asking->rows[asking->wanted[i].index] = asking->rows[asking->wanted[i - 1].index];
}

static void keep_row(const struct asking *asking, int64_t number, const struct profile_row *row)
{
    const struct sql_session *session = asking->session;
    struct sql_store *store = (struct sql_store *)session->base.store;
    if (!session->takes_cached || !store->homes || !is_cacheable(row)) return;
    uint64_t key = document_cache_key(store->cache, session->base.tenant, row->customer_id);
    search_homes_put(store->homes, number, row->customer_id);
    document_cache_put(store->cache, key, session->cache_ticket, session->base.tenant, row);
}

static int compare_number(const void *number, const void *wanted)
{
    int64_t x = *(const int64_t *)number, y = ((const struct wanted *)wanted)->number;
    return (x > y) - (x < y);
}

static void give_row(const struct asking *asking, int64_t number, const struct profile_row *row)
{
    const struct wanted *at = bsearch(&number, asking->missing, asking->missing_count,
                                      sizeof(*asking->missing), compare_number);
    if (!at) return;
    asking->rows[at->index] = *row;
    keep_row(asking, number, row);
}

static enum status ask_missing(struct asking *asking, struct arena *arena, struct error *error)
{
    size_t count = asking->missing_count;
    struct str *texts = ARENA_NEW_ARRAY(arena, struct str, count);
    if (!texts) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) {
        texts[i] = arena_format(arena, "%lld", (long long)asking->missing[i].number);
        if (str_is_none(texts[i])) return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    const struct sql_value params[] = {SQL_PARAM_TEXT(asking->session->base.tenant),
                                       SQL_PARAM_ARRAY(texts, count)};
    struct sql_rows found;
    TRY(SESSION_QUERY(asking->session, SQL_SEARCH_PROFILES, params, arena, &found, error));
    for (size_t i = 0; i < found.row_count; i++) {
        struct profile_row row;
        sql_profiles_decode_from(&found, i, 1, &row);
        give_row(asking, sql_cell_int64(&found, i, 0, 0), &row);
    }
    return STATUS_OK;
}

enum status sql_search_profiles(struct store_session *base, const int64_t *numbers, size_t count,
                                struct arena *arena, struct profile_row *rows, struct error *error)
{
    struct asking asking = {
        .session = sql_session_of(base), .numbers = numbers, .count = count, .rows = rows};
    asking.wanted = ARENA_NEW_ARRAY(arena, struct wanted, count);
    asking.missing = ARENA_NEW_ARRAY(arena, struct wanted, count);
    if (!asking.wanted || !asking.missing) return error_plain(error, STATUS_OUT_OF_MEMORY);
    take_cached(&asking, arena);
    if (asking.missing_count > 0) TRY(ask_missing(&asking, arena, error));
    give_again(&asking);
    return STATUS_OK;
}

/* --- the backlog --- */

enum status sql_search_backlog(struct store_session *base, size_t limit, struct arena *arena,
                               struct str **homes, size_t *count, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant),
                                       SQL_PARAM_INT64((int64_t)limit)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_SEARCH_BACKLOG_LIST, params, arena, &rows, error));
    *homes = rows.cells;
    *count = rows.row_count;
    return STATUS_OK;
}

enum status sql_search_backlog_done(struct store_session *base, const struct str *homes,
                                    size_t count, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_ARRAY(homes, count)};
    if (count == 0) return STATUS_OK;
    return SESSION_EXECUTE(sql_session_of(base), SQL_SEARCH_BACKLOG_DONE, params, error);
}

enum status sql_search_backlog_tenant(struct store *base, struct arena *arena, struct str *tenant,
                                      struct error *error)
{
    struct sql_driver *driver = ((struct sql_store *)base)->driver;
    struct sql_rows rows;
    TRY(driver->query_one(driver, STR("*"), SQL_SEARCH_BACKLOG_TENANT, NULL, 0, arena, &rows,
                          error));
    *tenant = rows.row_count > 0 ? sql_cell(&rows, 0, 0) : STR_NONE;
    return STATUS_OK;
}
