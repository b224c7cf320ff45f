/* Hits: from lists of the index to ranked entries.
 *
 * Segment after segment, and in each token after token, from the one that has the fewest blocks on:
 * what meets it are the candidates, and of the next tokens' lists only those parts are read that
 * may have one of them. A reading of one token needs no candidates: its hits go to the ranking as
 * they are read, and as a list's numbers ascend and all have its weight, it is left at the first
 * that is too bad (an "impact-ordered" list is one whose terms are all alike: V. Anh, A. Moffat,
 * "Pruned query evaluation using pre-computed impacts", 2006).
 *
 *     struct search_ask ask = {.reading = &reading, .ranges = ranges, .close_only = true};
 *     TRY(search_hits_find(&view, &ask, arena, scratch, &ranking, error));
 *
 * The rank depends on the query and the entry alone, not on how often a word occurs among all
 * customers: so a page stays where it was while others are written. All tokens close (2000 and
 * more) come before typos (1000 and more) and these before entries that lack a token; within, the
 * mean of the tokens' weights; then the older entry.
 */
#ifndef SEARCH_HITS_H
#define SEARCH_HITS_H

#include "search/ranking.h"
#include "search/view.h"

enum { SEARCH_RANK_CLOSE = 2000, SEARCH_RANK_NEAR = 1000, SEARCH_RANK_MAX = 2999 };

struct search_ask {
    const struct search_reading *reading;
    struct search_ranges *ranges; /* where each token's keys are */
    bool close_only;              /* else typos and sounds meet a token, too */
    bool may_lack;                /* one token, where there are three or more */
};

/* Offers every entry that meets the reading to the ranking; an entry may come with several ranks,
 * of which the best is right. `scratch`: for a while. STATUS_OUT_OF_MEMORY and what reading the
 * view gives. */
MUST_CHECK enum status search_hits_find(const struct search_view *view,
                                        const struct search_ask *ask, struct arena *arena,
                                        struct arena *scratch, struct search_ranking *ranking,
                                        struct error *error);

#endif
