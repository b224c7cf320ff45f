/* Takes customers out of the search index: their entries, their numbers in the blocks, and the
 * words that nobody else has. What is half merged is begun anew. */
#include <string.h>

#include "adapters/store/sql_store_internal.h"
#include "search/terms.h"

enum { LIVE = 0 };

struct erasing {
    struct sql_transaction *transaction;
    struct str tenant;
    struct arena *arena;
    int64_t *numbers;
    size_t number_count;
    int64_t segment;
};

static enum status execute(const struct erasing *erasing, const struct sql_statement *statement,
                           const struct sql_value *params, size_t count, struct error *error)
{
    return sql_execute(erasing->transaction, statement, params, count, error);
}

static enum status take_numbers(struct erasing *erasing, const struct str *homes, size_t count,
                                struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(erasing->tenant),
                                       SQL_PARAM_ARRAY(homes, count)};
    struct sql_rows rows = {0};
    TRY(sql_query(erasing->transaction, SQL_SEARCH_NUMBERS_OF, params, 2, erasing->arena, &rows,
                  error));
    erasing->numbers = ARENA_NEW_ARRAY(erasing->arena, int64_t, rows.row_count);
    if (!erasing->numbers) return error_plain(error, STATUS_OUT_OF_MEMORY);
    erasing->number_count = rows.row_count;
    for (size_t i = 0; i < rows.row_count; i++)
        erasing->numbers[i] = sql_cell_int64(&rows, i, 0, 0);
    TRY(execute(erasing, SQL_SEARCH_NEW_ERASE, params, 2, error));
    return execute(erasing, SQL_SEARCH_HOME_ERASE, params, 2, error);
}

static enum status replace(const struct erasing *erasing, struct str old_place, struct str place,
                           struct str body, struct error *error)
{
    const struct sql_value old[] = {SQL_PARAM_TEXT(erasing->tenant),
                                    SQL_PARAM_INT64(erasing->segment), SQL_PARAM_TEXT(old_place)};
    const struct sql_value fresh[] = {SQL_PARAM_TEXT(erasing->tenant),
                                      SQL_PARAM_INT64(erasing->segment), SQL_PARAM_TEXT(place),
                                      SQL_PARAM_TEXT(body)};
    TRY(execute(erasing, SQL_SEARCH_BLOCK_REMOVE, old, 3, error));
    return str_is_empty(body) ? STATUS_OK : execute(erasing, SQL_SEARCH_BLOCK_PUT, fresh, 4, error);
}

/* Blocks that may hold what begins with `from`. */
static enum status read_blocks(const struct erasing *erasing, struct str from,
                               struct sql_rows *rows, struct str *to, struct error *error)
{
    *to = arena_format(erasing->arena, "%.*s!", STR_ARGS(from));
    struct str begin = arena_format(erasing->arena, "%.*s ", STR_ARGS(from));
    if (str_is_none(*to) || str_is_none(begin)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    const struct sql_value params[] = {SQL_PARAM_TEXT(erasing->tenant),
                                       SQL_PARAM_INT64(erasing->segment), SQL_PARAM_TEXT(begin),
                                       SQL_PARAM_TEXT(*to)};
    return sql_query(erasing->transaction, SQL_SEARCH_BLOCK_RANGE, params, 4, erasing->arena, rows,
                     error);
}

/* Rewrites the blocks around a key without the numbers, and without the key when it is `dropped`.
 */
static enum status rewrite(const struct erasing *erasing, struct str key, bool dropped,
                           struct error *error)
{
    struct sql_rows rows = {0};
    struct str to;
    TRY(read_blocks(erasing, key, &rows, &to, error));
    for (size_t i = 0; i < rows.row_count; i++) {
        struct str place, rest;
        bool changed;
        enum status status =
            search_segment_without(sql_cell(&rows, i, 1), erasing->numbers, erasing->number_count,
                                   &key, dropped ? 1 : 0, erasing->arena, &place, &rest, &changed);
        if (status != STATUS_OK) return error_plain(error, status);
        if (changed) TRY(replace(erasing, sql_cell(&rows, i, 0), place, rest, error));
    }
    return STATUS_OK;
}

/* Does anybody have the word, in any field? */
static enum status is_used(const struct erasing *erasing, struct str word, bool *used,
                           struct error *error)
{
    struct sql_rows rows = {0};
    struct str to, from = arena_format(erasing->arena, "P%.*s", STR_ARGS(word));
    if (str_is_none(from)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(read_blocks(erasing, from, &rows, &to, error));
    *used = false;
    for (size_t i = 0; i < rows.row_count; i++) {
        struct search_reader reader = search_reader_of(sql_cell(&rows, i, 1));
        while (search_reader_list(&reader))
            *used = *used || str_equal(search_key_word(search_reader_key(&reader)), word);
    }
    return STATUS_OK;
}

static enum status erase_word(const struct erasing *erasing, struct str word, struct error *error)
{
    bool used = false;
    TRY(is_used(erasing, word, &used, error));
    if (used) return STATUS_OK;
    char key[SEARCH_KEY_MAX] = {'D', search_length(word.len)};
    memcpy(key + 2, word.ptr, word.len);
    TRY(rewrite(erasing, str_of(key, word.len + 2), true, error));
    key[0] = 'R';
    search_reversed(word, key + 2);
    TRY(rewrite(erasing, str_of(key, word.len + 2), true, error));
    size_t at = search_sound_key(word, key).len;
    if (at == 0) return STATUS_OK;
    memcpy(key + at, word.ptr, word.len);
    return rewrite(erasing, str_of(key, at + word.len), true, error);
}

static enum status erase_keys(const struct erasing *erasing, const struct str *keys, size_t count,
                              struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        struct arena_mark mark = arena_mark(erasing->arena);
        TRY(rewrite(erasing, keys[i], false, error));
        arena_rewind(erasing->arena, mark);
    }
    for (size_t i = 0; i < count; i++) {
        struct arena_mark mark = arena_mark(erasing->arena);
        struct str word = search_key_word(keys[i]);
        if (!str_is_none(word)) TRY(erase_word(erasing, word, error));
        arena_rewind(erasing->arena, mark);
    }
    return STATUS_OK;
}

/* A segment that no search reads goes as a whole; those that it was to be made from stay. */
static enum status clear_segment(const struct erasing *erasing, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(erasing->tenant),
                                       SQL_PARAM_INT64(erasing->segment)};
    TRY(execute(erasing, SQL_SEARCH_BLOCK_CLEAR, params, 2, error));
    return execute(erasing, SQL_SEARCH_SEGMENT_DELETE, params, 2, error);
}

static enum status erase_segments(struct erasing *erasing, const struct str *keys, size_t count,
                                  struct error *error)
{
    const struct sql_value tenant = SQL_PARAM_TEXT(erasing->tenant);
    struct sql_rows rows = {0};
    TRY(sql_query(erasing->transaction, SQL_SEARCH_SEGMENT_LIST, &tenant, 1, erasing->arena, &rows,
                  error));
    for (size_t i = 0; i < rows.row_count; i++) {
        erasing->segment = sql_cell_int64(&rows, i, 0, 0);
        if (sql_cell_int64(&rows, i, 2, LIVE) != LIVE) {
            TRY(clear_segment(erasing, error));
            continue;
        }
        const struct sql_value changed[] = {tenant, SQL_PARAM_INT64(erasing->segment),
                                            SQL_PARAM_INT64(search_index_moment())};
        TRY(execute(erasing, SQL_SEARCH_SEGMENT_CHANGE, changed, 3, error));
        TRY(erase_keys(erasing, keys, count, error));
    }
    return STATUS_OK;
}

enum status sql_search_erase(struct store_session *base, const struct str *homes, size_t count,
                             const struct str *keys, size_t key_count, struct error *error)
{
    struct sql_session *session = sql_session_of(base);
    struct erasing erasing = {
        .transaction = session->transaction, .tenant = base->tenant, .arena = session->arena};
    const struct sql_value tenant = SQL_PARAM_TEXT(base->tenant);
    struct sql_rows ignored = {0};
    TRY(sql_writes_flush(&session->writes, error));
    TRY(sql_query(erasing.transaction, SQL_SEARCH_LOCK_WAIT, &tenant, 1, erasing.arena, &ignored,
                  error));
    struct sql_store *store = (struct sql_store *)base->store;
    if (store->keys) search_index_erasing(store->index); /* where steps are planned */
    TRY(take_numbers(&erasing, homes, count, error));
    return erase_segments(&erasing, keys, key_count, error);
}
