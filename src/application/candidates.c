#include "application/candidates.h"

#include <stdlib.h>

enum { DECISIVE_RANK = 1000, ENOUGH = 2 };

void candidates_add(struct candidates *candidates, struct str home,
                    const struct match_record *known, enum candidate_key kind, size_t homes)
{
    if (candidates->count == candidates->room) {
        size_t room = candidates->room ? 2 * candidates->room : 16;
        struct candidate *larger =
            arena_realloc(candidates->arena, candidates->items, candidates->room * sizeof(*larger),
                          room * sizeof(*larger));
        if (!larger) {
            candidates->failed = true;
            return;
        }
        candidates->items = larger;
        candidates->room = room;
    }
    bool decisive = kind == CANDIDATE_KEY_DECIDES;
    bool suffices = decisive || (kind == CANDIDATE_KEY_TELLS && homes <= CANDIDATES_HOMES_FEW);
    candidates->items[candidates->count++] =
        (struct candidate){.home = home,
                           .known = known,
                           .keys = suffices ? ENOUGH : 1,
                           .rank = decisive ? DECISIVE_RANK : 1.0 / (double)(homes + 1)};
}

static int by_home(const void *a, const void *b)
{
    return str_compare(((const struct candidate *)a)->home, ((const struct candidate *)b)->home);
}

static int by_rank(const void *a, const void *b)
{
    const struct candidate *left = a, *right = b;
    if (left->rank != right->rank) return left->rank > right->rank ? -1 : 1;
    return str_compare(left->home, right->home);
}

enum status candidates_choose(struct candidates *candidates)
{
    struct candidate *items = candidates->items;
    size_t homes = 0, kept = 0;
    if (candidates->failed) return STATUS_OUT_OF_MEMORY;
    if (candidates->count == 0) return STATUS_OK;
    qsort(items, candidates->count, sizeof(*items), by_home);
    for (size_t i = 0; i < candidates->count; i++) {
        if (homes > 0 && str_equal(items[homes - 1].home, items[i].home)) {
            items[homes - 1].keys += items[i].keys;
            items[homes - 1].rank += items[i].rank;
        } else {
            items[homes++] = items[i];
        }
    }
    for (size_t i = 0; i < homes; i++)
        if (items[i].keys >= ENOUGH) items[kept++] = items[i];
    if (kept > 1) qsort(items, kept, sizeof(*items), by_rank);
    candidates->count = kept < CANDIDATES_MAX ? kept : CANDIDATES_MAX;
    return STATUS_OK;
}
