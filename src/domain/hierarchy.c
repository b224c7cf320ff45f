/* See hierarchy.h. Cycles are found by adding the edges from the earliest to the latest and asking
 * of each whether its parent is already below its child. */
#include "domain/hierarchy.h"

#include <stdlib.h>

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

size_t hierarchy_on(const struct hierarchy_edge *edges, size_t count, struct str day,
                    struct hierarchy_edge *held)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        bool begun = str_is_none(edges[i].from) || str_compare(edges[i].from, day) <= 0;
        bool over = !str_is_none(edges[i].to) && str_compare(edges[i].to, day) < 0;
        if (begun && !over) held[kept++] = edges[i];
    }
    return kept;
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
