#include "search/ranking.h"

#include <stdlib.h>
#include <string.h>

int search_hit_compare(const struct search_hit *a, const struct search_hit *b)
{
    if (a->rank != b->rank) return a->rank > b->rank ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

static int compare_hits(const void *a, const void *b)
{
    return search_hit_compare(a, b);
}

void search_ranking_init(struct search_ranking *ranking, const struct search_hit *after, size_t max,
                         struct arena *arena)
{
    *ranking = (struct search_ranking){.max = max, .after = after, .arena = arena};
    ranking->items = ARENA_NEW_ARRAY(arena, struct search_hit, max);
    ranking->failed = !ranking->items;
}

static void sink_down(struct search_ranking *ranking, size_t at)
{
    for (;;) {
        size_t worst = at, left = 2 * at + 1, right = left + 1;
        struct search_hit *items = ranking->items;
        if (left < ranking->count && search_hit_compare(&items[left], &items[worst]) > 0)
            worst = left;
        if (right < ranking->count && search_hit_compare(&items[right], &items[worst]) > 0)
            worst = right;
        if (worst == at) return;
        struct search_hit moved = items[at];
        items[at] = items[worst];
        items[worst] = moved;
        at = worst;
    }
}

static void pass(struct search_ranking *ranking, struct search_hit hit)
{
    if (ranking->passed_count == ranking->passed_room) {
        size_t room = ranking->passed_room ? 2 * ranking->passed_room : 64;
        struct search_hit *larger =
            arena_realloc(ranking->arena, ranking->passed, ranking->passed_room * sizeof(*larger),
                          room * sizeof(*larger));
        ranking->failed = !larger;
        if (!larger) return;
        ranking->passed = larger;
        ranking->passed_room = room;
    }
    ranking->passed[ranking->passed_count++] = hit;
}

bool search_ranking_is_too_bad(const struct search_ranking *ranking, int rank, int64_t number)
{
    const struct search_hit hit = {.rank = rank, .number = number};
    return ranking->count == ranking->max && search_hit_compare(&hit, &ranking->items[0]) >= 0;
}

void search_ranking_offer(struct search_ranking *ranking, struct search_hit hit)
{
    if (ranking->failed) return;
    if (ranking->after && search_hit_compare(&hit, ranking->after) <= 0) {
        pass(ranking, hit);
        return;
    }
    ranking->more = ranking->more || ranking->count == ranking->max;
    if (ranking->count < ranking->max) {
        ranking->items[ranking->count++] = hit;
        for (size_t i = ranking->count / 2; ranking->count == ranking->max && i-- > 0;)
            sink_down(ranking, i);
        return;
    }
    if (search_hit_compare(&hit, &ranking->items[0]) >= 0) return;
    ranking->items[0] = hit;
    sink_down(ranking, 0);
}

static void drop_repeated(struct search_hit *list, size_t *count)
{
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++)
        if (kept == 0 || list[kept - 1].number != list[i].number ||
            list[kept - 1].rank != list[i].rank)
            list[kept++] = list[i];
    *count = kept;
}

bool search_ranking_settle(struct search_ranking *ranking)
{
    if (ranking->failed) return false;
    qsort(ranking->items, ranking->count, sizeof(*ranking->items), compare_hits);
    drop_repeated(ranking->items, &ranking->count);
    if (ranking->passed_count == 0) return true;
    qsort(ranking->passed, ranking->passed_count, sizeof(*ranking->passed), compare_hits);
    drop_repeated(ranking->passed, &ranking->passed_count);
    size_t all = ranking->passed_count + ranking->count;
    struct search_hit *list = ARENA_NEW_ARRAY(ranking->arena, struct search_hit, all);
    if (!list) return false;
    memcpy(list, ranking->passed, ranking->passed_count * sizeof(*list));
    if (ranking->count > 0)
        memcpy(list + ranking->passed_count, ranking->items, ranking->count * sizeof(*list));
    ranking->items = list;
    ranking->count = all;
    return true;
}
