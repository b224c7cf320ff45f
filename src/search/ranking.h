/* The best of what is offered, and all that stands up to a cursor.
 *
 *     search_ranking_init(&ranking, after, 100, arena);
 *     search_ranking_offer(&ranking, (struct search_hit){.rank = 2960, .number = 17});
 *     if (!search_ranking_settle(&ranking)) return STATUS_OUT_OF_MEMORY;
 *     ranking.items, ranking.count                          best first
 */
#ifndef SEARCH_RANKING_H
#define SEARCH_RANKING_H

#include "base/status.h"

struct search_hit {
    int rank;
    int64_t number;
    bool is_unsure; /* whether a token that is open is met, only the customer itself says */
};

/* Before (< 0) or behind (> 0) in the ranking. */
int search_hit_compare(const struct search_hit *a, const struct search_hit *b);

struct search_ranking {
    struct search_hit *items; /* a heap, the worst on top */
    size_t count, max;
    bool more;   /* than it holds; whoever does not offer what is too bad sets it too */
    bool is_cut; /* not all that there may be was looked at, of which some may be good enough */
    const struct search_hit *after;
    struct search_hit *passed; /* in no order */
    size_t passed_count, passed_room;
    struct arena *arena;
    bool failed; /* out of memory */
};

/* `after`: the cursor; NULL: none. At most `max` behind it are kept. */
void search_ranking_init(struct search_ranking *ranking, const struct search_hit *after, size_t max,
                         struct arena *arena);
void search_ranking_offer(struct search_ranking *ranking, struct search_hit hit);
/* Would a hit change nothing? Then neither would those behind it. */
bool search_ranking_is_too_bad(const struct search_ranking *ranking, int rank, int64_t number);
/* Puts all up to the cursor and those kept in order, each once. False: out of memory. */
MUST_CHECK bool search_ranking_settle(struct search_ranking *ranking);

#endif
