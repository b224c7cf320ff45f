#include "application/customer_index.h"

enum { CATCH_UP_AT_ONCE = 200 };

void customer_index_values(const struct fact *fact, search_visit *visit, void *context)
{
    if (fact->kind == FACT_CONTACT) search_values_of_contact(fact->body, visit, context);
    if (fact->kind != FACT_ASSERTION) return;
    search_values_of_profile(fact->body, visit, context);
    if (!str_is_empty(fact->subject)) visit(context, SEARCH_SOURCE_KEY, fact->subject);
}

static void add_facts(struct search_keys *keys, const struct fact *facts, size_t count,
                      struct str home)
{
    for (size_t i = 0; i < count; i++)
        if (str_is_none(home) || str_equal(facts[i].home, home))
            customer_index_values(&facts[i], search_keys_add, keys);
    search_keys_settle(keys);
}

struct str customer_index_entry(const struct fact *facts, size_t count, struct str home,
                                struct arena *arena)
{
    struct search_keys keys = {.arena = arena};
    add_facts(&keys, facts, count, home);
    return search_keys_entry(&keys);
}

struct search_keys customer_index_keys(const struct tree *tree, struct arena *arena)
{
    struct search_keys keys = {.arena = arena};
    add_facts(&keys, tree->facts, tree->fact_count + tree->undone_count, STR_NONE);
    return keys;
}

static enum status put(struct store_session *session, const struct tree *tree, struct str facts_of,
                       struct str home, struct arena *arena, struct error *error)
{
    struct str entry = customer_index_entry(tree->facts, tree->fact_count, facts_of, arena);
    if (str_is_none(entry)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return str_is_empty(entry) ? STATUS_OK : store_search_put(session, home, entry, error);
}

enum status customer_index_home(struct store_session *session, const struct tree *tree,
                                struct str home, struct arena *arena, struct error *error)
{
    return put(session, tree, home, home, arena, error);
}

enum status customer_index_tree(struct store_session *session, const struct tree *tree,
                                struct arena *arena, struct error *error)
{
    if (tree->home_count < 2) return STATUS_OK;
    return put(session, tree, STR_NONE, tree->homes[0].customer_id, arena, error);
}

static bool home_was_before(const struct fact *facts, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (str_equal(facts[i].home, facts[index].home)) return true;
    return false;
}

enum status customer_index_appended(struct store_session *session, const struct tree *tree,
                                    size_t appended, struct arena *arena, struct error *error)
{
    size_t old_count = tree->fact_count - appended;
    const struct fact *added = tree->facts + old_count;
    bool grown = false;
    for (size_t i = 0; i < appended; i++) {
        struct search_keys old = {.arena = arena}, fresh = {.arena = arena};
        if (home_was_before(added, i)) continue;
        add_facts(&fresh, added, appended, added[i].home);
        if (fresh.count == 0 && !fresh.failed) continue;
        add_facts(&old, tree->facts, old_count, added[i].home);
        if (old.failed || fresh.failed) return error_plain(error, STATUS_OUT_OF_MEMORY);
        if (search_keys_within(&fresh, &old)) continue;
        TRY(customer_index_home(session, tree, added[i].home, arena, error));
        grown = true;
    }
    return grown ? customer_index_tree(session, tree, arena, error) : STATUS_OK;
}

/* --- customers from before there was an index --- */

struct catching_up {
    struct arena *arena;
    size_t count;
};

static enum status catch_up_body(struct store_session *session, void *context, struct error *error)
{
    struct catching_up *catching_up = context;
    struct str *homes;
    TRY(store_search_backlog(session, CATCH_UP_AT_ONCE, catching_up->arena, &homes,
                             &catching_up->count, error));
    for (size_t i = 0; i < catching_up->count; i++) {
        struct arena_mark mark = arena_mark(catching_up->arena);
        struct tree tree;
        TRY(store_tree_load(session, homes[i], INSTANT_FUTURE, catching_up->arena, &tree, error));
        TRY(customer_index_home(session, &tree, homes[i], catching_up->arena, error));
        TRY(customer_index_tree(session, &tree, catching_up->arena, error));
        arena_rewind(catching_up->arena, mark);
    }
    return store_search_backlog_done(session, homes, catching_up->count, error);
}

enum status customer_index_catch_up(struct application *application, struct arena *arena,
                                    bool *done, struct error *error)
{
    struct catching_up catching_up = {.arena = arena};
    struct str tenant;
    TRY(store_search_backlog_tenant(application->store, arena, &tenant, error));
    *done = str_is_none(tenant);
    if (*done) return STATUS_OK;
    return store_write(application->store, tenant, arena, catch_up_body, &catching_up, error);
}
