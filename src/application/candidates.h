/* Which customers are worth comparing with a record: those that share enough keys with it. Internal
 * to application/.
 *
 * A key that says who a customer is makes a candidate by itself, and so does a telling key that few
 * homes have. Any other needs a second beside it, and one that more than CANDIDATES_HOMES_MAX homes
 * have is cut: it makes no candidates.
 *
 *     candidates_add(&candidates, home, NULL, kind, homes_of_the_key);     any number of times
 *     TRY(candidates_choose(&candidates));
 */
#ifndef APPLICATION_CANDIDATES_H
#define APPLICATION_CANDIDATES_H

#include "application/ports/matcher.h"

enum { CANDIDATES_HOMES_MAX = 32, CANDIDATES_HOMES_FEW = 8, CANDIDATES_MAX = 32 };

enum candidate_key { CANDIDATE_KEY_SUPPORTS, CANDIDATE_KEY_TELLS, CANDIDATE_KEY_DECIDES };

struct candidate {
    struct str home;
    const struct match_record *known; /* NULL: to be looked up */
    unsigned keys;                    /* shared; one that suffices counts twice */
    double rank;
};

struct candidates {
    struct arena *arena;
    struct candidate *items;
    size_t count;
    size_t room;
    bool failed;
};

static inline bool candidates_cut(enum candidate_key kind, size_t homes)
{
    return kind != CANDIDATE_KEY_DECIDES && homes > CANDIDATES_HOMES_MAX;
}

/* A home that shares a key, which `homes` homes have and which was not cut. */
void candidates_add(struct candidates *candidates, struct str home,
                    const struct match_record *known, enum candidate_key kind, size_t homes);
/* Each home once, without those that share too little, the likeliest first, at most CANDIDATES_MAX.
 * STATUS_OUT_OF_MEMORY only. */
MUST_CHECK enum status candidates_choose(struct candidates *candidates);

#endif
