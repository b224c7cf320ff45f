#include "application/related.h"

enum { DAY_CHARS = 10 }; /* of an instant as text: YYYY-MM-DD */

/* The root that the customer stands for; absent when it was erased, or nobody speaks of it. */
static enum status root_id_of(struct store_session *session, const struct tree *tree,
                              struct str customer_id, struct arena *arena, struct str *root,
                              struct error *error)
{
    struct profile_row row, top;
    if (tree_find_home(tree, customer_id) >= 0) {
        *root = tree->homes[0].customer_id;
        return STATUS_OK;
    }
    TRY(store_profile_get(session, customer_id, STORE_NO_LOCK, arena, &row, error));
    TRY(customer_root(session, &row, arena, &top, error));
    bool gone = top.erased_at != INSTANT_NONE || customer_is_removed(&top);
    *root = gone ? STR_NONE : top.customer_id;
    return STATUS_OK;
}

/* Relationship facts of the tree and those about it, in order, each once. */
static enum status collect(struct store_session *session, const struct tree *tree,
                           struct arena *arena, struct tree *all, struct error *error)
{
    struct str *homes = ARENA_NEW_ARRAY(arena, struct str, tree->home_count);
    struct fact *about;
    size_t about_count;
    if (!homes) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < tree->home_count; i++) homes[i] = tree->homes[i].customer_id;
    TRY(store_facts_about(session, homes, tree->home_count, arena, &about, &about_count, error));
    *all =
        (struct tree){.facts = ARENA_NEW_ARRAY(arena, struct fact, tree->fact_count + about_count)};
    if (!all->facts) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < tree->fact_count; i++)
        if (tree->facts[i].kind == FACT_RELATIONSHIP)
            all->facts[all->fact_count++] = tree->facts[i];
    for (size_t i = 0; i < about_count; i++)
        if (tree_find_home(tree, about[i].home) < 0) all->facts[all->fact_count++] = about[i];
    tree_sort(all);
    return STATUS_OK;
}

enum status related_links(struct store_session *session, struct str root, struct arena *arena,
                          struct link **links, size_t *count, struct error *error)
{
    struct tree tree = {0}, all = {0};
    const struct fact **current;
    size_t total;
    *count = 0;
    TRY(store_tree_load(session, root, INSTANT_FUTURE, arena, &tree, error));
    TRY(collect(session, &tree, arena, &all, error));
    if (relationship_current_facts(all.facts, all.fact_count, arena, &current, &total) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    *links = ARENA_NEW_ARRAY(arena, struct link, total);
    if (!*links) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < total; i++) {
        struct link *link = &(*links)[*count];
        *link = (struct link){.relationship_id = current[i]->subject,
                              .home = current[i]->home,
                              .object = current[i]->object,
                              .body = current[i]->body,
                              .type = json_text(json_get(current[i]->body, STR("type"))),
                              .recorded_at = current[i]->recorded_at};
        TRY(root_id_of(session, &tree, link->home, arena, &link->home_root, error));
        TRY(root_id_of(session, &tree, link->object, arena, &link->object_root, error));
        bool stands = !str_is_none(link->home_root) && !str_is_none(link->object_root);
        if (stands && !str_equal(link->home_root, link->object_root)) (*count)++;
    }
    return STATUS_OK;
}

static bool has_edge(const struct hierarchy *hierarchy, struct str parent, struct str child,
                     struct str relationship_id)
{
    for (size_t i = 0; i < hierarchy->edge_count; i++)
        if (str_equal(hierarchy->edges[i].relationship_id, relationship_id) &&
            str_equal(hierarchy->edges[i].parent, parent) &&
            str_equal(hierarchy->edges[i].child, child))
            return true;
    return false;
}

static bool add_edge(struct hierarchy *hierarchy, const struct link *link, struct arena *arena)
{
    struct hierarchy_edge edge = {.relationship_id = link->relationship_id,
                                  .from = json_text(json_get(link->body, STR("from"))),
                                  .to = json_text(json_get(link->body, STR("to"))),
                                  .recorded_at = link->recorded_at};
    if (!relationship_edge(link->type, link->home_root, link->object_root, &edge)) return true;
    if (has_edge(hierarchy, edge.parent, edge.child, edge.relationship_id)) return true;
    if (hierarchy->edge_count == hierarchy->room) {
        size_t room = hierarchy->room ? hierarchy->room * 2 : 16;
        struct hierarchy_edge *larger = arena_realloc(
            arena, hierarchy->edges, hierarchy->room * sizeof(edge), room * sizeof(edge));
        if (!larger) return false;
        hierarchy->edges = larger;
        hierarchy->room = room;
    }
    hierarchy->edges[hierarchy->edge_count++] = edge;
    return true;
}

/* Puts a survivor on the list to be visited. */
static void visit(struct hierarchy *hierarchy, struct str customer_id, size_t customers_max)
{
    for (size_t i = 0; i < hierarchy->customer_count; i++)
        if (str_equal(hierarchy->customers[i], customer_id)) return;
    if (hierarchy->customer_count == customers_max)
        hierarchy->truncated = true;
    else
        hierarchy->customers[hierarchy->customer_count++] = customer_id;
}

struct str related_day(instant at, struct arena *arena)
{
    char text[INSTANT_TEXT_MAX];
    return arena_str(arena, str_of(instant_format(at, text).ptr, DAY_CHARS));
}

static bool is_edge(const struct link *link, enum related_time time, struct str day)
{
    struct str to = json_text(json_get(link->body, STR("to")));
    if (time == RELATED_ON) return relationship_is_current(link->body, day);
    return str_is_none(to) || str_compare(day, to) <= 0;
}

enum status related_load(struct store_session *session, struct str root, enum related_time time,
                         struct str day, size_t customers_max, struct arena *arena,
                         struct hierarchy *out, struct error *error)
{
    *out = (struct hierarchy){.customers = ARENA_NEW_ARRAY(arena, struct str, customers_max),
                              .names = ARENA_NEW_ARRAY(arena, struct str, customers_max)};
    if (!out->customers || !out->names) return error_plain(error, STATUS_OUT_OF_MEMORY);
    visit(out, root, customers_max);
    for (size_t at = 0; at < out->customer_count; at++) {
        struct profile_row row;
        struct link *links;
        size_t count;
        TRY(store_profile_get(session, out->customers[at], STORE_NO_LOCK, arena, &row, error));
        out->names[at] = row.name;
        TRY(related_links(session, out->customers[at], arena, &links, &count, error));
        for (size_t i = 0; i < count; i++) {
            struct hierarchy_edge edge;
            if (!relationship_edge(links[i].type, links[i].home_root, links[i].object_root,
                                   &edge) ||
                !is_edge(&links[i], time, day))
                continue;
            if (!add_edge(out, &links[i], arena)) return error_plain(error, STATUS_OUT_OF_MEMORY);
            visit(out, edge.parent, customers_max);
            visit(out, edge.child, customers_max);
        }
    }
    if (time == RELATED_ON &&
        hierarchy_suspend_cycles(out->edges, out->edge_count, arena) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}
