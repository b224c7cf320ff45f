/* See relationship.h. Hierarchies are small (a limit bounds the relationships of a customer), yet
 * all is near-linear: cycles are found by adding the edges from the earliest to the latest. */
#include "domain/relationship.h"

#include "base/identifier.h"
#include "domain/field.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct relationship_type relationship_types[] = {
    {STR("PARENT_OF"), STR("SUBSIDIARY_OF"), true},
    {STR("SUBSIDIARY_OF"), STR("PARENT_OF"), true},
    {STR("PARTNER_OF"), STR("PARTNER_OF"), false},
    {STR("HOUSEHOLD_MEMBER_OF"), STR("HOUSEHOLD_MEMBER_OF"), false},
    {STR("WORKS_FOR"), STR("EMPLOYS"), false},
    {STR("EMPLOYS"), STR("WORKS_FOR"), false},
    {STR("REFERRED_BY"), STR("REFERRED"), false},
    {STR("REFERRED"), STR("REFERRED_BY"), false},
};
const size_t relationship_type_count = COUNT(relationship_types);

const struct relationship_type *relationship_type_find(struct str name)
{
    for (size_t i = 0; i < relationship_type_count; i++)
        if (str_equal(relationship_types[i].name, name)) return &relationship_types[i];
    return NULL;
}

/* ---- input ---- */

const struct profile_field relationship_fields[] = {
    {.name = STR("type"),
     .shape = SHAPE_ENUM,
     .allowed = STR("PARENT_OF | SUBSIDIARY_OF | PARTNER_OF | HOUSEHOLD_MEMBER_OF | WORKS_FOR | "
                    "EMPLOYS | REFERRED_BY | REFERRED"),
     .required = true},
    {.name = STR("customerId"),
     .shape = SHAPE_IDENTIFIER,
     .allowed = STR(IDENTIFIER_ALLOWED),
     .required = true},
    {.name = STR("from"), .shape = SHAPE_DATE, .allowed = STR("a day as YYYY-MM-DD")},
    {.name = STR("to"), .shape = SHAPE_DATE, .allowed = STR("a day as YYYY-MM-DD")},
    {.name = STR("relationshipId"), .shape = SHAPE_IDENTIFIER, .allowed = STR(IDENTIFIER_ALLOWED)},
};
const size_t relationship_field_count = COUNT(relationship_fields);

static bool copy_member(struct json_value *to, const struct json_value *from, struct str name,
                        struct arena *arena)
{
    const struct json_value *value = json_get(from, name);
    return json_object_set(to, name, value ? *value : json_make_null(), arena);
}

enum status relationship_parse(const struct json_value *body, struct arena *arena,
                               struct str *relationship_id, struct str *other,
                               struct json_value **fact_body, struct error *error)
{
    struct json_value given;
    if (!body || body->type != JSON_OBJECT)
        return error_set(error, STATUS_INVALID_VALUE, STR(""), STR("a JSON object"),
                         "the body is not a JSON object");
    TRY(field_check_object(relationship_fields, relationship_field_count, body, NULL, NULL, arena,
                           &given, error));
    struct str from = json_text(json_get(&given, STR("from")));
    struct str to = json_text(json_get(&given, STR("to")));
    if (!str_is_none(from) && !str_is_none(to) && str_compare(to, from) < 0)
        return error_set(error, STATUS_INVALID_VALUE, STR("to"), STR("a day not before from"),
                         "lies before from");
    *relationship_id = json_text(json_get(&given, STR("relationshipId")));
    *other = json_text(json_get(&given, STR("customerId")));
    *fact_body = ARENA_NEW(arena, struct json_value);
    if (!*fact_body) return error_plain(error, STATUS_OUT_OF_MEMORY);
    **fact_body = json_make_object();
    if (!copy_member(*fact_body, &given, STR("type"), arena) ||
        !copy_member(*fact_body, &given, STR("from"), arena) ||
        !copy_member(*fact_body, &given, STR("to"), arena))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}

bool relationship_is_current(const struct json_value *fact_body, struct str day)
{
    struct str from = json_text(json_get(fact_body, STR("from")));
    struct str to = json_text(json_get(fact_body, STR("to")));
    return (str_is_none(from) || str_compare(from, day) <= 0) &&
           (str_is_none(to) || str_compare(day, to) <= 0);
}

/* ---- the relationships that are there ---- */

static int by_relationship(const void *a, const void *b)
{
    const struct fact *left = *(const struct fact *const *)a,
                      *right = *(const struct fact *const *)b;
    int order = str_compare(left->home, right->home);
    if (order == 0) order = str_compare(left->subject, right->subject);
    return order ? order : fact_compare(left, right);
}

static int by_order(const void *a, const void *b)
{
    return fact_compare(*(const struct fact *const *)a, *(const struct fact *const *)b);
}

enum status relationship_current_facts(const struct fact *facts, size_t count, struct arena *arena,
                                       const struct fact ***current, size_t *current_count)
{
    const struct fact **found = ARENA_NEW_ARRAY(arena, const struct fact *, count);
    size_t found_count = 0, kept = 0;
    if (!found) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < count; i++)
        if (facts[i].kind == FACT_RELATIONSHIP) found[found_count++] = &facts[i];
    if (found_count > 1) qsort(found, found_count, sizeof(found[0]), by_relationship);
    for (size_t i = 0; i < found_count; i++) {
        bool superseded = i + 1 < found_count &&
                          str_equal(found[i + 1]->subject, found[i]->subject) &&
                          str_equal(found[i + 1]->home, found[i]->home);
        if (!superseded && !json_get(found[i]->body, STR("removed"))) found[kept++] = found[i];
    }
    if (kept > 1) qsort(found, kept, sizeof(found[0]), by_order);
    *current = found;
    *current_count = kept;
    return STATUS_OK;
}

bool relationship_edge(struct str type, struct str home, struct str other,
                       struct hierarchy_edge *edge)
{
    bool parent = str_equal(type, STR("PARENT_OF"));
    if (!parent && !str_equal(type, STR("SUBSIDIARY_OF"))) return false;
    edge->parent = parent ? home : other;
    edge->child = parent ? other : home;
    return true;
}

/* ---- cycles ---- */

/* The customers of some edges, numbered; and the edges sorted by parent for walking downwards. */
struct graph {
    struct str *names;
    size_t name_count;
    const struct hierarchy_edge **edges; /* in the order of adding */
    uint32_t *parents;                   /* by edge, in that order */
    uint32_t *children;
    uint32_t *first; /* by customer: its latest added edge downwards, plus one; 0 for none */
    uint32_t *next;  /* by edge: the next with the same parent, plus one */
    uint32_t *stack;
    uint32_t *seen; /* by customer: in which search it was seen last */
    uint32_t search;
};

static int by_text(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static uint32_t number_of(const struct graph *graph, struct str name)
{
    const struct str *hit =
        bsearch(&name, graph->names, graph->name_count, sizeof(struct str), by_text);
    return (uint32_t)(hit - graph->names);
}

static void number_names(struct graph *graph, const struct hierarchy_edge *edges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        graph->names[2 * i] = edges[i].parent;
        graph->names[2 * i + 1] = edges[i].child;
    }
    qsort(graph->names, 2 * count, sizeof(struct str), by_text);
    for (size_t i = 0; i < 2 * count; i++)
        if (i == 0 || !str_equal(graph->names[i], graph->names[graph->name_count - 1]))
            graph->names[graph->name_count++] = graph->names[i];
}

static int by_age(const void *a, const void *b)
{
    const struct hierarchy_edge *left = *(struct hierarchy_edge *const *)a,
                                *right = *(struct hierarchy_edge *const *)b;
    if (left->recorded_at != right->recorded_at)
        return left->recorded_at < right->recorded_at ? -1 : 1;
    int order = str_compare(left->relationship_id, right->relationship_id);
    if (order == 0) order = str_compare(left->parent, right->parent);
    return order ? order : str_compare(left->child, right->child);
}

static enum status graph_init(struct graph *graph, struct hierarchy_edge *edges, size_t count,
                              struct hierarchy_edge **ordered, struct arena *arena)
{
    *graph = (struct graph){
        .names = ARENA_NEW_ARRAY(arena, struct str, 2 * count),
        .parents = ARENA_NEW_ARRAY(arena, uint32_t, count),
        .children = ARENA_NEW_ARRAY(arena, uint32_t, count),
        .first = ARENA_NEW_ARRAY(arena, uint32_t, 2 * count),
        .next = ARENA_NEW_ARRAY(arena, uint32_t, count),
        .stack = ARENA_NEW_ARRAY(arena, uint32_t, 2 * count),
        .seen = ARENA_NEW_ARRAY(arena, uint32_t, 2 * count),
    };
    if (!graph->names || !graph->parents || !graph->children || !graph->first || !graph->next ||
        !graph->stack || !graph->seen)
        return STATUS_OUT_OF_MEMORY;
    number_names(graph, edges, count);
    for (size_t i = 0; i < count; i++) ordered[i] = &edges[i];
    qsort(ordered, count, sizeof(ordered[0]), by_age);
    for (size_t i = 0; i < count; i++) {
        graph->parents[i] = number_of(graph, ordered[i]->parent);
        graph->children[i] = number_of(graph, ordered[i]->child);
    }
    return STATUS_OK;
}

/* Is `target` below `from`, or the same? Depth first, over the edges added so far. */
static bool reaches(struct graph *graph, uint32_t from, uint32_t target)
{
    size_t depth = 0;
    graph->search++;
    graph->stack[depth++] = from;
    graph->seen[from] = graph->search;
    while (depth > 0) {
        uint32_t at = graph->stack[--depth];
        if (at == target) return true;
        for (uint32_t edge = graph->first[at]; edge; edge = graph->next[edge - 1]) {
            uint32_t child = graph->children[edge - 1];
            if (graph->seen[child] == graph->search) continue;
            graph->seen[child] = graph->search;
            graph->stack[depth++] = child;
        }
    }
    return false;
}

static void add_edge(struct graph *graph, size_t edge)
{
    uint32_t parent = graph->parents[edge];
    graph->next[edge] = graph->first[parent];
    graph->first[parent] = (uint32_t)edge + 1;
}

enum status hierarchy_suspend_cycles(struct hierarchy_edge *edges, size_t count,
                                     struct arena *arena)
{
    struct graph graph;
    struct hierarchy_edge **ordered = ARENA_NEW_ARRAY(arena, struct hierarchy_edge *, count);
    if (!ordered) return STATUS_OUT_OF_MEMORY;
    TRY(graph_init(&graph, edges, count, ordered, arena));
    for (size_t i = 0; i < count; i++) {
        /* The edge is the latest of any cycle that it closes. */
        ordered[i]->suspended = reaches(&graph, graph.children[i], graph.parents[i]);
        if (!ordered[i]->suspended) add_edge(&graph, i);
    }
    return STATUS_OK;
}

enum status hierarchy_would_cycle(const struct hierarchy_edge *edges, size_t count,
                                  struct str parent, struct str child, struct arena *arena,
                                  bool *cycle)
{
    struct graph graph;
    struct hierarchy_edge *all = ARENA_NEW_ARRAY(arena, struct hierarchy_edge, count + 1);
    struct hierarchy_edge **ordered = ARENA_NEW_ARRAY(arena, struct hierarchy_edge *, count + 1);
    if (!all || !ordered) return STATUS_OUT_OF_MEMORY;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!edges[i].suspended) all[kept++] = edges[i];
    all[kept] =
        (struct hierarchy_edge){.parent = parent, .child = child, .recorded_at = INSTANT_FUTURE};
    TRY(graph_init(&graph, all, kept + 1, ordered, arena));
    for (size_t i = 0; i < kept + 1; i++)
        if (ordered[i] != &all[kept]) add_edge(&graph, i);
    *cycle = reaches(&graph, number_of(&graph, child), number_of(&graph, parent));
    return STATUS_OK;
}
