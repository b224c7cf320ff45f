#include "application/record_keys.h"

#include <string.h>

#include "application/customer.h"
#include "application/new_customer.h"
#include "base/identifier.h"

enum { PAGE = 200 };

/* What is shown and everything that was ever said: values that are no longer current lead to
 * the customer, too. */
static enum status put_said(struct application *application, struct store_session *session,
                            const struct tree *tree, const struct json_value *shown,
                            struct arena *arena, struct error *error)
{
    struct match_record record;
    struct customer_keys keys;
    const struct json_value **said =
        ARENA_NEW_ARRAY(arena, const struct json_value *, tree->fact_count + 1);
    size_t count = 0;
    if (!said) return error_plain(error, STATUS_OUT_OF_MEMORY);
    said[count++] = shown;
    for (size_t i = 0; i < tree->fact_count; i++)
        if (tree->facts[i].kind == FACT_ASSERTION) said[count++] = tree->facts[i].body;
    if (application->matcher->describe(application->matcher, said, count, arena, &record) !=
            STATUS_OK ||
        customer_make_keys(application, &record, arena, &keys) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return customer_put_keys(session, tree->homes[0].customer_id, &keys, NULL, arena, error);
}

enum status record_keys_put(struct application *application, struct store_session *session,
                            const struct tree *tree, const struct json_value *document,
                            struct arena *arena, struct error *error)
{
    const struct policy *policy = application->policy_for(application, session->tenant);
    struct str home = tree->homes[0].customer_id;
    struct golden golden;
    if (golden_record(tree, policy, arena, &golden) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    const struct json_value *said = customer_said(&golden, arena);
    if (!said) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(put_said(application, session, tree, said, arena, error));
    if (document) TRY(put_said(application, session, tree, document, arena, error));
    for (size_t i = 0; i < tree->fact_count + tree->undone_count; i++) {
        const struct fact *fact = &tree->facts[i];
        if (fact->kind != FACT_ASSERTION || str_is_empty(fact->subject)) continue;
        struct str key = new_customer_source_key(fact->source, fact->subject, arena);
        if (str_is_none(key)) return error_plain(error, STATUS_OUT_OF_MEMORY);
        TRY(store_keys_put(session, home, &key, 1, error));
    }
    return STATUS_OK;
}

enum status record_keys_renew(struct application *application, struct store_session *session,
                              const struct profile_row *row, struct arena *arena,
                              struct error *error)
{
    struct tree tree, alone;
    struct json_value *document = NULL;
    TRY(store_tree_load(session, row->customer_id, INSTANT_FUTURE, arena, &tree, error));
    if (tree_alone(&tree, arena, &alone) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (!str_is_none(row->document)) TRY(json_parse(row->document, arena, &document, error));
    return record_keys_put(application, session, &alone, document, arena, error);
}

enum status record_keys_rebuild(struct application *application, struct store_session *session,
                                struct arena *arena, struct error *error)
{
    static const struct profile_filter all = {.include_merged = true};
    struct arena_mark mark = arena_mark(arena);
    char last[IDENTIFIER_MAX_BYTES];
    struct str after = STR_NONE;
    size_t count;
    do {
        struct profile_row *rows;
        arena_rewind(arena, mark);
        TRY(store_profile_list(session, &all, after, PAGE, arena, &rows, &count, error));
        for (size_t i = 0; i < count; i++) {
            struct arena_mark before = arena_mark(arena);
            TRY(record_keys_renew(application, session, &rows[i], arena, error));
            arena_rewind(arena, before);
        }
        if (count == 0) break;
        struct str id = rows[count - 1].customer_id;
        if (id.len > IDENTIFIER_MAX_BYTES) return error_plain(error, STATUS_STORE_CORRUPT);
        memcpy(last, id.ptr, id.len);
        after = str_of(last, id.len);
    } while (count == PAGE);
    arena_rewind(arena, mark);
    return STATUS_OK;
}
