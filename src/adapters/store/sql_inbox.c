/* What was consumed, and what was put aside: see store_inbox_put and store_dead_letter_put. */
#include "adapters/store/sql_store_internal.h"

#include <stdlib.h>

/* Each put takes away more than it puts, so that they do not pile up. */
enum { PURGED_PER_ROW = 2 };

static int compare(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static enum status purge(struct store_session *base, size_t count, instant forget,
                         struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_INT64(forget),
                                       SQL_PARAM_INT64((int64_t)(count * PURGED_PER_ROW))};
    return SESSION_EXECUTE(sql_session_of(base), SQL_INBOX_PURGE, params, error);
}

enum status sql_inbox_put(struct store_session *base, const struct str *ids, size_t count,
                          instant now, instant forget, bool *fresh, struct error *error)
{
    struct sql_session *session = sql_session_of(base);
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_ARRAY(ids, count),
                                       SQL_PARAM_INT64(now)};
    struct sql_rows rows;
    for (size_t i = 0; i < count; i++) fresh[i] = false;
    if (count == 0) return STATUS_OK;
    TRY(SESSION_QUERY(session, SQL_INBOX_PUT, params, session->arena, &rows, error));
    for (size_t i = 0; i < rows.row_count; i++) {
        struct str id = sql_cell(&rows, i, 0);
        const struct str *found = bsearch(&id, ids, count, sizeof(*ids), compare);
        if (found) fresh[found - ids] = true;
    }
    return purge(base, count, forget, error);
}

/* --- dead letters --- */

enum status sql_dead_letter_put(struct store_session *base, const struct dead_letter *letters,
                                size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        const struct dead_letter *letter = &letters[i];
        const struct sql_value params[] = {
            SQL_PARAM_TEXT(letter->topic),    SQL_PARAM_INT64(letter->partition),
            SQL_PARAM_INT64(letter->offset),  SQL_PARAM_TEXT(letter->key),
            SQL_PARAM_TEXT(letter->value),    SQL_PARAM_TEXT(letter->trace),
            SQL_PARAM_TEXT(letter->code),     SQL_PARAM_TEXT(letter->reason),
            SQL_PARAM_TEXT(letter->tenant),   SQL_PARAM_TEXT(letter->customer),
            SQL_PARAM_INT64(letter->sent_at), SQL_PARAM_INT64(letter->parked_at),
        };
        TRY(SESSION_EXECUTE(sql_session_of(base), SQL_DEAD_LETTER_PUT, params, error));
    }
    return STATUS_OK;
}

static struct sql_driver *driver_of(struct store *base)
{
    return ((struct sql_store *)base)->driver;
}

struct asked {
    struct str *keys, *tenants, *offsets;
};

static bool make_asked(const struct dead_letter *letters, size_t count, struct arena *arena,
                       struct asked *asked)
{
    *asked = (struct asked){ARENA_NEW_ARRAY(arena, struct str, count),
                            ARENA_NEW_ARRAY(arena, struct str, count),
                            ARENA_NEW_ARRAY(arena, struct str, count)};
    bool made = asked->keys && asked->tenants && asked->offsets;
    for (size_t i = 0; made && i < count; i++) {
        asked->keys[i] = letters[i].key;
        asked->tenants[i] = letters[i].tenant;
        asked->offsets[i] = arena_format(arena, "%lld", (long long)letters[i].offset);
        made = !str_is_none(asked->offsets[i]);
    }
    return made;
}

enum status sql_dead_letter_parked(struct store *base, struct str topic,
                                   const struct dead_letter *letters, size_t count,
                                   struct arena *arena, bool *parked, struct error *error)
{
    struct asked asked;
    struct sql_rows rows;
    for (size_t i = 0; i < count; i++) parked[i] = false;
    if (!make_asked(letters, count, arena, &asked)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    const struct sql_value params[] = {SQL_PARAM_TEXT(topic), SQL_PARAM_ARRAY(asked.keys, count),
                                       SQL_PARAM_ARRAY(asked.tenants, count),
                                       SQL_PARAM_ARRAY(asked.offsets, count)};
    TRY(driver_of(base)->query_one(driver_of(base), NO_TENANT, SQL_DEAD_LETTER_PARKED, params,
                                   SQL_COUNT(params), arena, &rows, error));
    for (size_t row = 0; row < rows.row_count; row++) {
        int64_t index = sql_cell_int64(&rows, row, 0, -1);
        if (index >= 0 && (size_t)index < count) parked[index] = true;
    }
    return STATUS_OK;
}

static void decode_letter(const struct sql_rows *rows, size_t i, struct dead_letter *letter)
{
    *letter = (struct dead_letter){
        .topic = sql_cell(rows, i, 0),
        .partition = sql_cell_int64(rows, i, 1, 0),
        .offset = sql_cell_int64(rows, i, 2, 0),
        .key = sql_cell(rows, i, 3),
        .value = sql_cell(rows, i, 4),
        .trace = sql_cell(rows, i, 5),
        .code = sql_cell(rows, i, 6),
        .reason = sql_cell(rows, i, 7),
        .tenant = sql_cell(rows, i, 8),
        .customer = sql_cell(rows, i, 9),
        .sent_at = sql_cell_int64(rows, i, 10, INSTANT_NONE),
        .parked_at = sql_cell_int64(rows, i, 11, INSTANT_NONE),
    };
}

enum status sql_dead_letter_list(struct store *base, const struct dead_letter *after, size_t limit,
                                 struct arena *arena, struct dead_letter **out, size_t *count,
                                 struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(after ? after->topic : STR("")),
                                       SQL_PARAM_INT64(after ? after->partition : -1),
                                       SQL_PARAM_INT64(after ? after->offset : -1),
                                       SQL_PARAM_INT64((int64_t)limit)};
    struct sql_rows rows;
    TRY(driver_of(base)->query_one(driver_of(base), NO_TENANT, SQL_DEAD_LETTER_LIST, params,
                                   SQL_COUNT(params), arena, &rows, error));
    *out = ARENA_NEW_ARRAY(arena, struct dead_letter, rows.row_count);
    if (!*out) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < rows.row_count; i++) decode_letter(&rows, i, &(*out)[i]);
    *count = rows.row_count;
    return STATUS_OK;
}

static enum status remove_letter(struct sql_transaction *transaction, void *context,
                                 struct error *error)
{
    const struct dead_letter *letter = context;
    const struct sql_value params[] = {SQL_PARAM_TEXT(letter->topic),
                                       SQL_PARAM_INT64(letter->partition),
                                       SQL_PARAM_INT64(letter->offset)};
    return sql_execute(transaction, SQL_DEAD_LETTER_REMOVE, params, SQL_COUNT(params), error);
}

enum status sql_dead_letter_remove(struct store *base, const struct dead_letter *letter,
                                   struct arena *arena, struct error *error)
{
    struct dead_letter context = *letter;
    return driver_of(base)->transact(driver_of(base), SQL_WRITE, NO_TENANT, arena, remove_letter,
                                     &context, error);
}

enum status sql_dead_letter_count(struct store *base, struct arena *arena,
                                  struct dead_letter_count *count, struct error *error)
{
    struct sql_rows rows;
    TRY(driver_of(base)->query_one(driver_of(base), NO_TENANT, SQL_DEAD_LETTER_COUNT, NULL, 0,
                                   arena, &rows, error));
    *count = (struct dead_letter_count){.letters = sql_cell_int64(&rows, 0, 0, 0),
                                        .keys = sql_cell_int64(&rows, 0, 1, 0),
                                        .oldest = sql_cell_int64(&rows, 0, 2, INSTANT_NONE)};
    return STATUS_OK;
}

enum status sql_dead_letters_purge(struct store *base, instant before, size_t most,
                                   struct arena *arena, size_t *purged, struct error *error)
{
    return sql_store_purge(base, SQL_DEAD_LETTERS_PURGE, before, most, arena, purged, error);
}
