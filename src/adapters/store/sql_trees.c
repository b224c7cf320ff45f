/* Facts, merges, and the tree that they make. */
#include "adapters/store/sql_store_internal.h"

#include <stdlib.h>
#include <string.h>

/* --- facts --- */

enum { FACT_COLUMNS = 10 };

enum status sql_trees_begin_home(struct sql_session *session, struct str home, struct error *error)
{
    if (session->writes.is_gathering) return STATUS_OK;
    session->new_home = arena_str(&session->writes.arena, home);
    session->new_home_facts = 0;
    return str_is_none(session->new_home) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

/* What number the next fact of a home has need not be asked when the home is new. */
static enum status append_to_new(struct sql_session *session, const struct sql_value *values,
                                 size_t count, struct error *error)
{
    struct sql_value params[FACT_COLUMNS + 2] = {SQL_PARAM_TEXT(session->base.tenant),
                                                 SQL_PARAM_INT64(++session->new_home_facts)};
    memcpy(params + 2, values, count * sizeof(*values));
    return sql_execute(session->transaction, SQL_FACT_INSERT, params, count + 2, error);
}

enum status sql_trees_fact_append(struct store_session *base, const struct fact *fact,
                                  struct error *error)
{
    struct sql_session *session = sql_session_of(base);
    struct arena_mark mark = arena_mark(session->arena);
    struct str body =
        str_is_none(fact->text) ? json_written(fact->body, session->arena) : fact->text;
    if (str_is_none(body)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    const struct sql_value values[FACT_COLUMNS] = {
        SQL_PARAM_TEXT(fact->home),
        SQL_PARAM_TEXT(fact_kind_name(fact->kind)),
        SQL_PARAM_TEXT(fact->subject),
        SQL_PARAM_TEXT(fact->object),
        SQL_PARAM_TEXT(fact->source),
        SQL_PARAM_INT64(fact->observed_at),
        SQL_PARAM_INT64(fact->recorded_at),
        SQL_PARAM_TEXT(fact->actor),
        SQL_PARAM_TEXT(body),
        SQL_PARAM_TEXT(fact->import_id),
    };
    bool is_new = !str_is_none(session->new_home) && !fact_kind_is_history(fact->kind) &&
                  str_equal(fact->home, session->new_home);
    enum status status = is_new ? append_to_new(session, values, FACT_COLUMNS, error)
                                : sql_writes_add(&session->writes, SQL_WRITES_FACT, values, error);
    arena_rewind(session->arena, mark); /* they are taken over by the call */
    return status;
}

/* Columns kind, subject, object, source, observed_at, recorded_at, actor, body, import_id, number
 * from `column` on. */
static enum status decode_fact(const struct sql_rows *rows, size_t row, size_t column,
                               struct str home, struct arena *arena, struct fact *fact,
                               struct error *error)
{
    *fact = (struct fact){
        .home = home,
        .subject = sql_cell(rows, row, column + 1),
        .object = sql_cell(rows, row, column + 2),
        .source = sql_cell(rows, row, column + 3),
        .observed_at = sql_cell_int64(rows, row, column + 4, 0),
        .recorded_at = sql_cell_int64(rows, row, column + 5, 0),
        .actor = sql_cell(rows, row, column + 6),
        .import_id = sql_cell(rows, row, column + 8),
        .number = sql_cell_int64(rows, row, column + 9, 0),
    };
    if (!fact_kind_parse(sql_cell(rows, row, column), &fact->kind))
        return error_set(error, STATUS_STORE_CORRUPT, STR_NONE, STR_NONE,
                         "a fact of an unknown kind is stored");
    enum status status = json_parse(sql_cell(rows, row, column + 7), arena, &fact->body, error);
    if (status == STATUS_OK || status == STATUS_OUT_OF_MEMORY) return status;
    return error_set(error, STATUS_STORE_CORRUPT, STR_NONE, STR_NONE,
                     "a fact that is stored is not JSON");
}

enum status sql_trees_decode(const struct sql_rows *rows, struct arena *arena, struct fact **out,
                             size_t *count, struct error *error)
{
    struct fact *facts = ARENA_NEW_ARRAY(arena, struct fact, rows->row_count);
    if (!facts) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < rows->row_count; i++)
        TRY(decode_fact(rows, i, 1, sql_cell(rows, i, 0), arena, &facts[i], error));
    *out = facts;
    *count = rows->row_count;
    return STATUS_OK;
}

enum status sql_trees_facts_about(struct store_session *base, const struct str *objects,
                                  size_t count, struct arena *arena, struct fact **out,
                                  size_t *fact_count, struct error *error)
{
    *out = NULL;
    *fact_count = 0;
    if (count == 0) return STATUS_OK;
    const struct sql_value params[] = {
        SQL_PARAM_TEXT(base->tenant),
        SQL_PARAM_ARRAY(objects, count),
        SQL_PARAM_TEXT(fact_kind_name(FACT_RELATIONSHIP)),
    };
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_FACTS_ABOUT, params, arena, &rows, error));
    return sql_trees_decode(&rows, arena, out, fact_count, error);
}

/* --- the tree --- */

/* Columns of SQL_TREE_LOAD before those of the fact. */
enum { TREE_HOME, TREE_PARENT, TREE_JOINED_AT, TREE_CREATED_AT, TREE_FACT };

static int32_t find_home(const struct tree *tree, struct str customer_id)
{
    if (str_is_none(customer_id)) return -1;
    return tree_find_home(tree, customer_id);
}

/* Rows come home by home, parents before children. */
static enum status build_tree(const struct sql_rows *rows, struct arena *arena, struct tree *tree,
                              struct error *error)
{
    *tree = (struct tree){.homes = ARENA_NEW_ARRAY(arena, struct home, rows->row_count),
                          .facts = ARENA_NEW_ARRAY(arena, struct fact, rows->row_count)};
    if (!tree->homes || !tree->facts) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < rows->row_count; i++) {
        struct str home = sql_cell(rows, i, TREE_HOME);
        if (tree->home_count == 0 ||
            !str_equal(tree->homes[tree->home_count - 1].customer_id, home))
            tree->homes[tree->home_count++] = (struct home){
                .customer_id = home,
                .parent = find_home(tree, sql_cell(rows, i, TREE_PARENT)),
                .joined_at = sql_cell_int64(rows, i, TREE_JOINED_AT, INSTANT_NONE),
                .created_at = sql_cell_int64(rows, i, TREE_CREATED_AT, INSTANT_NONE),
            };
        if (str_is_none(sql_cell(rows, i, TREE_FACT))) continue;
        TRY(decode_fact(rows, i, TREE_FACT, tree->homes[tree->home_count - 1].customer_id, arena,
                        &tree->facts[tree->fact_count], error));
        tree->fact_count++;
    }
    return STATUS_OK;
}

enum status sql_trees_load(struct store_session *base, struct str root, instant as_of,
                           struct arena *arena, struct tree *tree, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(root),
                                       SQL_PARAM_INT64(as_of)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_TREE_LOAD, params, arena, &rows, error));
    if (rows.row_count == 0 || sql_cell_int64(&rows, 0, TREE_CREATED_AT, INSTANT_FUTURE) > as_of)
        return error_plain(error, STATUS_CUSTOMER_NOT_FOUND);
    TRY(build_tree(&rows, arena, tree, error));
    tree_sort(tree);
    return STATUS_OK;
}

/* --- merges --- */

static void decode_merge(const struct sql_rows *rows, size_t row, struct merge *merge)
{
    *merge = (struct merge){
        .merge_id = sql_cell(rows, row, 0),
        .source_id = sql_cell(rows, row, 1),
        .target_id = sql_cell(rows, row, 2),
        .reason = sql_cell(rows, row, 3),
        .actor = sql_cell(rows, row, 4),
        .merged_at = sql_cell_int64(rows, row, 5, INSTANT_NONE),
        .reversed_at = sql_cell_int64(rows, row, 6, INSTANT_NONE),
        .reverse_actor = sql_cell(rows, row, 7),
    };
}

enum status sql_trees_merge_insert(struct store_session *base, const struct merge *merge,
                                   struct error *error)
{
    const struct sql_value params[] = {
        SQL_PARAM_TEXT(base->tenant),         SQL_PARAM_TEXT(merge->merge_id),
        SQL_PARAM_TEXT(merge->source_id),     SQL_PARAM_TEXT(merge->target_id),
        SQL_PARAM_TEXT(merge->reason),        SQL_PARAM_TEXT(merge->actor),
        SQL_PARAM_INT64(merge->merged_at),    sql_instant(merge->reversed_at),
        SQL_PARAM_TEXT(merge->reverse_actor),
    };
    return SESSION_EXECUTE(sql_session_of(base), SQL_MERGE_INSERT, params, error);
}

enum status sql_trees_merge_get(struct store_session *base, struct str merge_id,
                                struct arena *arena, struct merge *merge, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(merge_id)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_MERGE_GET, params, arena, &rows, error));
    if (rows.row_count == 0) return error_plain(error, STATUS_MERGE_NOT_FOUND);
    decode_merge(&rows, 0, merge);
    return STATUS_OK;
}

enum status sql_trees_merge_reverse(struct store_session *base, const struct merge *merge,
                                    struct error *error)
{
    const struct sql_value params[] = {
        SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(merge->merge_id),
        sql_instant(merge->reversed_at), SQL_PARAM_TEXT(merge->reverse_actor)};
    return SESSION_EXECUTE(sql_session_of(base), SQL_MERGE_REVERSE, params, error);
}

enum status sql_trees_merge_list(struct store_session *base, const struct str *customers,
                                 size_t count, struct arena *arena, struct merge **out,
                                 size_t *merge_count, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant),
                                       SQL_PARAM_ARRAY(customers, count)};
    struct sql_rows rows;
    TRY(sql_store_query(sql_session_of(base), count > 0 ? SQL_MERGE_LIST_OF : SQL_MERGE_LIST,
                        params, count > 0 ? 2 : 1, arena, &rows, error));
    struct merge *merges = ARENA_NEW_ARRAY(arena, struct merge, rows.row_count);
    if (!merges) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < rows.row_count; i++) decode_merge(&rows, i, &merges[i]);
    *out = merges;
    *merge_count = rows.row_count;
    return STATUS_OK;
}
